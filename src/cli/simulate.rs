//! `plimsoll simulate`: being written.

use super::Failure;

/// Run a whole leveraged market and report what happened.
#[derive(clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::run("simulate is not supported yet"))
}
