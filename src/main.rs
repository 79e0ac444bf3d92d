//! The `attune` program.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]
#![allow(missing_docs, reason = "the program's own modules are nobody's interface")]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::run(cli::args::Cli::parse())
}
