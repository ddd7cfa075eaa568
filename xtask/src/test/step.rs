//! The steps of `cargo xtask test`, cheapest first, and the command of each.

use std::io::IsTerminal;
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::process;

/// The wgpu backend, in both programs and in the tests.
const WGPU: &str = "tests/wgpu";

/// One step; the order here is the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    Format,
    Tidy,
    Clippy,
    Benches,
    Rustdoc,
    Build,
    Tests,
    DocTests,
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::Benches => "benches",
            Self::Rustdoc => "rustdoc",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::DocTests => "doc-tests",
        }
    }

    /// The step without which this one makes no sense: tests run the programs that it builds.
    pub(crate) fn needs(self) -> Option<Self> {
        matches!(self, Self::Tests | Self::DocTests).then_some(Self::Build)
    }

    /// Whether its output is worth reading as it comes.
    pub(crate) fn is_streamed(self) -> bool {
        matches!(self, Self::Tests | Self::DocTests)
    }

    /// The part of the toolchain that this step needs and the machine lacks.
    pub(crate) fn missing_component(self) -> Option<&'static str> {
        let (subcommand, component) = match self {
            Self::Format => ("fmt", "rustfmt"),
            Self::Clippy | Self::Benches => ("clippy", "clippy"),
            _ => return None,
        };
        let mut command = process::cargo();
        command
            .args([subcommand, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let found = command.status().is_ok_and(|status| status.success());
        (!found).then_some(component)
    }

    /// The command of this step; `runner` are arguments of the test runner.
    ///
    /// Burn must be compiled once for all of these (its wgpu backend takes many minutes), so the
    /// selections must agree in the features of everything under it. The package `benches` stays
    /// out: criterion turns on features of ciborium, which lies under Burn's runtime, and every
    /// crate above would be compiled a second time. On its own it reaches no Burn at all.
    /// Everything is selected where that is possible, so that one compilation finds all faults.
    pub(crate) fn command(self, wgpu: bool, runner: &[String]) -> Command {
        let mut command = process::cargo();
        match self {
            Self::Format => command.args(["fmt", "--all", "--check", "--", "--color", color()]),
            Self::Tidy => unreachable!("tidy runs in this process"),
            Self::Clippy => command.args(["clippy", "--all-targets"]),
            Self::Benches => command.args(["clippy", "--package", "benches", "--all-targets"]),
            Self::Rustdoc => command
                .args(["doc", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
            // Not `xtask`, which is running: Windows would refuse to replace it.
            Self::Build => command.args(["build", "--all-targets", "--exclude", "xtask"]),
            Self::Tests => command.args([
                "test",
                "--lib",
                "--bins",
                "--tests",
                "--examples",
                "--no-fail-fast",
            ]),
            Self::DocTests => command.args(["test", "--doc", "--no-fail-fast"]),
        };
        if !matches!(self, Self::Format | Self::Benches) {
            command.args(["--workspace", "--exclude", "benches"]);
            if wgpu {
                command.args(["--features", WGPU]);
            }
        }
        match self {
            Self::Clippy | Self::Benches => command.args(["--", "-D", "warnings"]),
            Self::Tests | Self::DocTests if !runner.is_empty() => command.arg("--").args(runner),
            _ => &mut command,
        };
        if !self.is_streamed() && std::env::var_os("CARGO_TERM_COLOR").is_none() {
            command.env("CARGO_TERM_COLOR", color());
        }
        command
    }
}

/// What we capture and show later is for the same reader as what we print.
fn color() -> &'static str {
    let plain = std::env::var_os("NO_COLOR").is_some() || !std::io::stdout().is_terminal();
    if plain { "never" } else { "always" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(step: Step, wgpu: bool, runner: &[&str]) -> String {
        let runner: Vec<String> = runner.iter().map(ToString::to_string).collect();
        let command = step.command(wgpu, &runner);
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        arguments.join(" ")
    }

    #[test]
    fn steps_that_compile_burn_select_the_same_features() {
        for step in [
            Step::Clippy,
            Step::Rustdoc,
            Step::Build,
            Step::Tests,
            Step::DocTests,
        ] {
            let with = text(step, true, &[]);
            assert!(with.contains("--workspace --exclude benches --features tests/wgpu"));
            assert!(!text(step, false, &[]).contains("wgpu"));
        }
        assert!(!text(Step::Benches, true, &[]).contains("wgpu"));
    }

    #[test]
    fn arguments_reach_their_program() {
        assert!(text(Step::Tests, true, &["newton"]).ends_with("-- newton"));
        assert!(text(Step::Clippy, true, &["newton"]).ends_with("-- -D warnings"));
        assert!(!text(Step::Tests, true, &[]).contains(" -- "));
    }
}
