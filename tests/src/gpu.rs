//! The wgpu device, where there is one; otherwise the test says that it is skipped.

use std::fs::OpenOptions;
use std::io::Write;

use model::device::{Backend, Choice, DeviceError, select};

/// Makes a missing adapter a failure.
const REQUIRE: &str = "KINDLING_REQUIRE_WGPU";
/// Names the file to which a skipped test appends its name.
const SKIPPED: &str = "KINDLING_SKIPPED";

/// The wgpu device for a test of this name, or none, and then the test does nothing.
///
/// # Panics
/// When none answers and the environment requires one.
pub fn choice(test: &str) -> Option<Choice> {
    match select(Backend::Wgpu) {
        Ok(choice) => Some(choice),
        Err(error) => {
            skip(test, &error);
            None
        }
    }
}

/// The devices of every compiled backend; a wgpu without an adapter is left out and said.
///
/// # Panics
/// When none answers and the environment requires one, or a CPU backend does not open.
pub fn every_choice(test: &str) -> Vec<Choice> {
    let cpus = Backend::compiled().filter(|&backend| backend != Backend::Wgpu);
    let mut choices: Vec<Choice> = cpus
        .map(|backend| select(backend).expect("a compiled CPU backend opens"))
        .collect();
    choices.extend(choice(test));
    choices
}

#[allow(
    clippy::print_stdout,
    reason = "the test runner shows it with --nocapture"
)]
fn skip(test: &str, error: &DeviceError) {
    let required = std::env::var_os(REQUIRE).is_some_and(|value| value == "1");
    assert!(!required, "{test}: {REQUIRE} is set, but {error}");
    println!("skipped: no wgpu adapter ({test}: {error})");
    if let Some(file) = std::env::var_os(SKIPPED) {
        let file = OpenOptions::new().append(true).create(true).open(file);
        // One write, as other tests write too. A list that cannot be written to is no failure.
        let line = format!("{test}\n");
        drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
    }
}
