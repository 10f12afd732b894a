//! The subcommands and what they share: how a run fails, and how arguments are refused.

pub mod audit;
pub mod backtest;
pub mod bench;
pub mod calc;
pub mod convert;
pub mod files;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod lab;
pub mod output;
pub mod progress;
pub mod replay;
pub mod serve;
pub mod simulate;
pub mod sweep;

use clap::error::ErrorKind;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Why a run ended early: one line for people and the exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    line: String,
}

impl Failure {
    /// The run failed: exit 1.
    pub fn run(what: impl Display) -> Failure {
        Failure { code: 1, line: what.to_string() }
    }

    /// Bad arguments or bad input: exit 2.
    pub fn input(what: impl Display) -> Failure {
        Failure { code: 2, line: what.to_string() }
    }

    /// Prints the line and gives the exit code.
    pub fn report(self) -> ExitCode {
        let _ = writeln!(std::io::stderr(), "{}", self.line);
        ExitCode::from(self.code)
    }
}

/// Answers arguments that could not be used: help and version on stdout, anything else in one line and exit 2.
pub fn refused_arguments(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let line = "error: expected a subcommand, found nothing (see plimsoll --help)";
        return Failure::input(line).report();
    }
    let text = error.render().to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        .collect();
    Failure::input(format!("{} (see plimsoll --help)", lines.join(" "))).report()
}
