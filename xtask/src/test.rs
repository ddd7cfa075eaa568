//! `cargo xtask test`: everything that must hold before a change goes in, cheapest first.

mod skipped;
mod step;
mod totals;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::process::{self, Show};
use crate::say::{self, say};
use crate::{tidy, tree};
use skipped::Skipped;
use step::Step;
use totals::Totals;

/// Run everything that must hold: format, tidy, clippy, rustdoc, build, tests, doc tests.
///
/// The steps run from the cheapest to the dearest. A step that fails shows its whole output; the
/// others still run, unless they need what failed, and the exit code is 1.
#[derive(clap::Args)]
#[command(after_help = "Steps:
  format     cargo fmt --all --check
  tidy       the rules of this repository (cargo xtask tidy)
  clippy     every lint of the workspace, warnings denied
  benches    the same for the package of benches, which is compiled and never timed here
  rustdoc    the documentation of every crate, warnings denied
  build      the programs and the tests
  tests      unit, integration and property tests, and the programs run from outside
  doc-tests  the examples in the documentation

Examples:
  cargo xtask test                          everything, as CI does
  cargo xtask test --only format,tidy       a second's worth
  cargo xtask test --only tests -- newton   the tests whose name contains `newton`
  cargo xtask test --no-wgpu                the CPU backends alone: saves the long GPU build

Tests that need a GPU use whatever adapter wgpu finds, Mesa's software Vulkan included. Where none
answers they are skipped, and the last lines say how many; with KINDLING_REQUIRE_WGPU=1 a missing
adapter is a failure.")]
pub(crate) struct Args {
    /// Run these steps alone, for example `format,tidy` (`tests` builds first)
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP,STEP")]
    only: Vec<Step>,
    /// Leave out the wgpu backend and its tests (its first build takes many minutes)
    #[arg(long)]
    no_wgpu: bool,
    /// Stop at the first step that fails
    #[arg(long)]
    fail_fast: bool,
    /// Arguments of the test runner: names to run alone, --ignored, --nocapture
    #[arg(last = true, value_name = "ARGUMENT")]
    runner: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let required = std::env::var("KINDLING_REQUIRE_WGPU").is_ok_and(|value| value == "1");
    if required && args.no_wgpu {
        bail!("--no-wgpu and KINDLING_REQUIRE_WGPU=1 ask for opposite things; drop one of them");
    }
    std::env::set_current_dir(tree::root()?)?;
    let skipped = Skipped::new()?;
    let mut failed: Vec<&str> = Vec::new();
    for step in chosen(&args.only) {
        if let Some(needed) = step
            .needs()
            .filter(|needed| failed.contains(&needed.name()))
        {
            say!("{:12}not run, {} failed", step.name(), needed.name());
            continue;
        }
        let start = Instant::now();
        let (success, detail) = perform(step, args, &skipped)?;
        let verdict = if success { "ok" } else { "FAILED" };
        let seconds = start.elapsed().as_secs_f64();
        let line = format!("{:12}{verdict:6} {seconds:8.1} s   {detail}", step.name());
        say!("{}", line.trim_end());
        if !success {
            failed.push(step.name());
            if args.fail_fast {
                break;
            }
        }
    }
    if args.no_wgpu {
        say!("\nthe wgpu backend was left out (--no-wgpu): neither compiled nor tested");
    }
    if let Some(summary) = skipped.summary() {
        say!("\n{summary}");
        if required {
            say!("KINDLING_REQUIRE_WGPU=1: a test that is skipped is a failure");
            failed.push("skipped tests");
        }
    }
    if failed.is_empty() {
        say!("\nall ok");
        return Ok(ExitCode::SUCCESS);
    }
    say!("\nFAILED: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// The steps to run, in their order; what a chosen step needs is chosen too.
fn chosen(only: &[Step]) -> Vec<Step> {
    let all = Step::value_variants().iter().copied();
    let wanted = |step: &Step| {
        only.is_empty()
            || only.contains(step)
            || only.iter().any(|chosen| chosen.needs() == Some(*step))
    };
    all.filter(wanted).collect()
}

/// Runs one step; whether it went well, and a few words for its line.
fn perform(step: Step, args: &Args, skipped: &Skipped) -> Result<(bool, String)> {
    if step == Step::Tidy {
        let (report, success) = tidy::report()?;
        if !success {
            say::bytes(report.as_bytes())?;
        }
        return Ok((
            success,
            report.lines().last().unwrap_or_default().to_owned(),
        ));
    }
    if let Some(component) = step.missing_component() {
        let detail = format!("{component} is not installed: rustup component add {component}");
        return Ok((false, detail));
    }
    let show = if step.is_streamed() {
        Show::AtOnce
    } else {
        Show::Later
    };
    let mut command = step.command(!args.no_wgpu, &args.runner);
    skipped.announce(&mut command);
    let outcome = process::run(step.name(), command, show)?;
    if !outcome.success && show == Show::Later {
        say::bytes(outcome.output.as_bytes())?;
    }
    if !step.is_streamed() {
        return Ok((outcome.success, String::new()));
    }
    let totals = Totals::of(&outcome.output);
    let none = totals.passed == 0 && args.runner.is_empty();
    let detail = if none {
        "no test ran".to_owned()
    } else {
        totals.to_string()
    };
    Ok((outcome.success && !none, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_runs_unless_some_are_named() {
        assert_eq!(chosen(&[]), Step::value_variants());
        assert_eq!(
            chosen(&[Step::Tidy, Step::Format]),
            [Step::Format, Step::Tidy]
        );
        assert_eq!(chosen(&[Step::Tests]), [Step::Build, Step::Tests]);
    }
}
