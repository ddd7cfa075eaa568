//! Running other programs: their output in the order it was written, and a sign of life meanwhile.

use std::io::{self, BufRead, BufReader};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::say::{self, say};

/// How long a captured program may stay silent before a line says what it is doing.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// What a finished program left.
pub(crate) struct Outcome {
    pub(crate) success: bool,
    /// Its standard output and error together, in the order they were written.
    pub(crate) output: String,
}

/// What to do with the output while the program runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Keep it; every half a minute say what its latest line was.
    Later,
    /// Pass every line on as it comes.
    AtOnce,
}

/// Runs a program to its end.
///
/// # Errors
/// When the program cannot be started, with its name; a program that fails is no error here but
/// an [`Outcome`] without `success`.
pub(crate) fn run(name: &str, mut command: Command, show: Show) -> Result<Outcome> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = io::pipe().context("a pipe")?;
    command
        .stdout(writer.try_clone().context("a pipe")?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("could not start `{program}`"))?;
    drop(command); // and with it our ends of the pipe, so that the reader sees the end

    let (lines, arriving) = mpsc::channel();
    let collector = thread::spawn(move || forward(BufReader::new(reader), &lines));
    let (start, mut output, mut latest) = (Instant::now(), Vec::new(), String::new());
    let mut quiet_since = start;
    loop {
        match arriving.recv_timeout(HEARTBEAT.saturating_sub(quiet_since.elapsed())) {
            Ok(line) => {
                if show == Show::AtOnce {
                    say::bytes(&line)?;
                }
                String::from_utf8_lossy(&line)
                    .trim()
                    .clone_into(&mut latest);
                output.extend_from_slice(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if quiet_since.elapsed() >= HEARTBEAT {
            quiet_since = Instant::now();
            if show == Show::Later {
                say!(
                    "  {name} runs for {:.0} s: {latest}",
                    start.elapsed().as_secs_f64()
                );
            }
        }
    }
    let status = child
        .wait()
        .with_context(|| format!("waiting for `{program}`"))?;
    drop(collector.join());
    let output = String::from_utf8_lossy(&output).into_owned();
    Ok(Outcome {
        success: status.success(),
        output,
    })
}

fn forward(mut reader: impl BufRead, lines: &mpsc::Sender<Vec<u8>>) {
    loop {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if lines.send(line).is_err() => return,
            Ok(_) => {}
        }
    }
}

/// The `cargo` that runs us, so that a toolchain chosen with `cargo +NAME` stays chosen.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run("shell", command, Show::Later).unwrap()
    }

    #[test]
    fn output_keeps_its_order_and_failure_is_seen() {
        let good = shell("echo one; echo two >&2; printf three");
        assert!(good.success);
        assert_eq!(good.output, "one\ntwo\nthree");
        let bad = shell("echo why; exit 3");
        assert!(!bad.success);
        assert_eq!(bad.output, "why\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run("nothing", Command::new("no-such-program"), Show::Later)
            .err()
            .unwrap();
        assert!(error.to_string().contains("no-such-program"));
    }
}
