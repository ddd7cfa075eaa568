//! The program `infer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    infer::cli::run()
}
