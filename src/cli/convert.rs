//! `plimsoll convert`: being written.

use super::Failure;

/// Commands in, events out.
#[derive(clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::run("convert is not supported yet"))
}
