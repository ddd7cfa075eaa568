//! What needs a process of its own: how a program ends. Each test starts itself again as that
//! program and looks at it from outside.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Output, Stdio};

use terminal::{Exit, Failure, Sink, guard, interrupt};

/// Set in the program that a test starts.
const PROGRAM: &str = "TERMINAL_TEST_PROGRAM";

fn is_program() -> bool {
    std::env::var_os(PROGRAM).is_some()
}

fn program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
    command
        .args(["--exact", test, "--nocapture"])
        .env(PROGRAM, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn start(test: &str) -> Output {
    program(test).output().expect("a test program starts")
}

/// `ExitCode` has no number, so the program compares it and ends with one.
fn end(actual: ExitCode, expected: u8) {
    let as_expected = actual == ExitCode::from(expected);
    std::process::exit(if as_expected { i32::from(expected) } else { 99 });
}

#[test]
fn a_panic_is_an_error_that_blames_the_program() {
    if is_program() {
        end(guard(|| false, || panic!("index 7 is out of range")), 1);
    }
    let output = start("a_panic_is_an_error_that_blames_the_program");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    // The message may be broken at any blank.
    let text = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.starts_with("error: this is a mistake in the program ("),
        "{stderr}"
    );
    assert!(text.contains("process.rs:"), "{stderr}");
    let end = "index 7 is out of range try report it with the command that you typed";
    assert!(text.ends_with(end), "{stderr}");
}

#[test]
fn a_failure_is_printed_and_gives_its_exit_code() {
    if is_program() {
        end(
            guard(|| false, || Err(Failure::new("no such table", Exit::Data))),
            3,
        );
    }
    let output = start("a_failure_is_printed_and_gives_its_exit_code");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.stderr, b"error: no such table\n");
}

#[test]
fn success_is_silent() {
    if is_program() {
        end(guard(|| false, || Ok(Exit::Doubtful.into())), 4);
    }
    let output = start("success_is_silent");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(output.stderr, b"");
}

#[test]
fn standard_output_without_a_reader_is_closed_not_an_error() {
    if is_program() {
        let mut sink = Sink::open(None).unwrap();
        assert_eq!(sink.place(), "standard output");
        while !sink.is_closed() {
            sink.write_all(&[b'#'; 4096]).unwrap();
        }
        sink.finish().unwrap();
        std::process::exit(0);
    }
    let mut child = program("standard_output_without_a_reader_is_closed_not_an_error")
        .spawn()
        .unwrap();
    // What the test runner prints comes first; then the reader leaves.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.skip_until(b'#').unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}

#[test]
#[cfg(unix)]
fn the_first_interrupt_sets_the_flag_and_the_second_ends_the_program() {
    use std::thread::sleep;
    use std::time::Duration;

    if is_program() {
        let interrupted = interrupt::watch().unwrap();
        let again = interrupt::watch().unwrap_err();
        assert!(again.to_string().starts_with("error: "), "{again}");
        assert!(!interrupted.is_set());
        let this = std::process::id().to_string();
        let press = || Command::new("kill").args(["-INT", &this]).status().unwrap();
        press();
        while !interrupted.is_set() {
            sleep(Duration::from_millis(1));
        }
        eprintln!("in good order");
        press();
        sleep(Duration::from_mins(1));
        std::process::exit(0);
    }
    let output = start("the_first_interrupt_sets_the_flag_and_the_second_ends_the_program");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stderr, b"in good order\n");
}
