//! The program `train`.

use std::process::ExitCode;

fn main() -> ExitCode {
    train::cli::run()
}
