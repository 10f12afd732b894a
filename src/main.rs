//! The command line: one binary, one subcommand a job.

mod cli;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An exchange in a box: price-time matching with inline margin and liquidation.
#[derive(Parser)]
#[command(name = "plimsoll", version, after_help = EXAMPLE, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

const EXAMPLE: &str = "Example:
  plimsoll replay EXCHANGE.toml COMMANDS.jsonl > EVENTS.jsonl

Exit codes: 0 success, 1 the run failed, 2 bad arguments or bad input.";

#[derive(Subcommand)]
enum Job {
    Simulate(cli::simulate::Args),
    Backtest(cli::backtest::Args),
    Lab(cli::lab::Args),
    Sweep(cli::sweep::Args),
    Replay(cli::replay::Args),
    Journal(cli::journal::Args),
    Bench(cli::bench::Args),
    Calc(cli::calc::Args),
    Audit(cli::audit::Args),
    Convert(cli::convert::Args),
    Keys(cli::keys::Args),
    Serve(cli::serve::Args),
}

fn main() -> ExitCode {
    let job = match Arguments::try_parse() {
        Ok(arguments) => arguments.job,
        Err(error) => return cli::refused_arguments(&error),
    };
    let result = match job {
        Job::Simulate(args) => cli::simulate::run(args),
        Job::Backtest(args) => cli::backtest::run(args),
        Job::Lab(args) => cli::lab::run(args),
        Job::Sweep(args) => cli::sweep::run(args),
        Job::Replay(args) => cli::replay::run(args),
        Job::Journal(args) => cli::journal::run(args),
        Job::Bench(args) => cli::bench::run(args),
        Job::Calc(args) => cli::calc::run(args),
        Job::Audit(args) => cli::audit::run(args),
        Job::Convert(args) => cli::convert::run(args),
        Job::Keys(args) => cli::keys::run(args),
        Job::Serve(args) => cli::serve::run(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
