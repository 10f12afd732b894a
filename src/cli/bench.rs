//! `plimsoll bench`: being written.

use super::Failure;

/// Measure the exchange on this machine.
#[derive(clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::run("bench is not supported yet"))
}
