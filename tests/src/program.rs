//! A built program, run from outside in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a program may take: the slowest test takes seconds, so this is a program that hangs.
const PATIENCE: Duration = Duration::from_mins(4);

/// Words that no message to a person may contain.
const NEVER: [&str; 4] = [
    "panicked",
    "mistake in the program",
    "unwrap",
    "RUST_BACKTRACE",
];

/// The path of a built program: beside the folder of the test that runs.
///
/// # Panics
/// When it was not built, or is older than a source that the tests were built from.
pub fn built(name: &str) -> PathBuf {
    const BUILD: &str = "run `cargo build --workspace` first (with the features of the tests)";
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests run in target/PROFILE/deps");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let made = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let built = made(&program).unwrap_or_else(|| panic!("there is no {name}: {BUILD}"));
    // Cargo lists the sources of a program beside it. One that was changed after the program was
    // built, but before this test was, is in the test and not in the program.
    let sources = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    for source in sources
        .split_once(": ")
        .map_or("", |(_, list)| list)
        .split_whitespace()
    {
        let changed = made(Path::new(source));
        let stale = changed > Some(built) && changed < made(&test);
        assert!(!stale, "{name} is older than {source}: {BUILD}");
    }
    program
}

/// A fresh folder in which programs run and leave their files; gone with this value.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    ///
    /// # Panics
    /// When the system gives none.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("the system has a folder for temporary files"))
    }

    /// A path in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Panics
    /// When the disk is full, say.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the folder can be written to");
        path
    }

    /// Reads a file as text.
    ///
    /// # Panics
    /// When it is not there.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names of what is in it, sorted.
    ///
    /// # Panics
    /// When it cannot be listed.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Runs `train` with these arguments.
    pub fn train<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Outcome {
        self.program("train").args(arguments).run()
    }

    /// Runs `infer` with these arguments.
    pub fn infer<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Outcome {
        self.program("infer").args(arguments).run()
    }

    /// A program that will run in this folder.
    pub fn program(&self, name: &str) -> Program<'_> {
        Program::new(self, Command::new(built(name)))
    }

    /// A shell command that will run in this folder and finds both programs.
    ///
    /// # Panics
    /// When they were not built.
    pub fn shell(&self, line: &str) -> Program<'_> {
        let mut command = Command::new("sh");
        let programs = built("train")
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.path("bin"), programs]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).expect("folders of the search path");
        command.args(["-c", line]).env("PATH", path);
        Program::new(self, command)
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that is about to run.
#[derive(Debug)]
pub struct Program<'f> {
    command: Command,
    stdin: Vec<u8>,
    folder: &'f Folder,
}

impl<'f> Program<'f> {
    fn new(folder: &'f Folder, mut command: Command) -> Self {
        command
            .current_dir(folder.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_remove("RUST_BACKTRACE");
        if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            // Mesa complains on stderr without one.
            command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
        }
        Self {
            command,
            stdin: Vec::new(),
            folder,
        }
    }

    /// With more arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With these bytes on standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs to the end.
    pub fn run(self) -> Outcome {
        self.run_with(|_| ())
    }

    /// Runs to the end, and calls `watch` every few milliseconds meanwhile.
    ///
    /// # Panics
    /// When it does not start, or does not end.
    pub fn run_with(mut self, mut watch: impl FnMut(&Child)) -> Outcome {
        let line = format!("{:?}", self.command);
        let started = Instant::now();
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let bytes = std::mem::take(&mut self.stdin);
        // A program that ends early closes its input: no concern of ours.
        let writer = thread::spawn(move || drop(stdin.write_all(&bytes)));
        let stdout = drain(child.stdout.take().expect("stdout is piped"));
        let stderr = drain(child.stderr.take().expect("stderr is piped"));
        let status = loop {
            if let Some(status) = child.try_wait().expect("the program can be waited for") {
                break status;
            }
            if started.elapsed() > PATIENCE {
                drop(child.kill());
                panic!("{line}: still running after {PATIENCE:?}");
            }
            watch(&child);
            thread::sleep(Duration::from_millis(3));
        };
        writer.join().expect("stdin was written");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("programs print UTF-8");
        Outcome {
            line,
            code: status.code(),
            stdout: text(stdout.join().expect("stdout was read")),
            stderr: text(stderr.join().expect("stderr was read")),
            folder: self.folder.0.path().to_owned(),
        }
    }
}

fn drain(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("output can be read");
        bytes
    })
}

/// How a program ended, and what it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    line: String,
    /// The exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    folder: PathBuf,
}

#[allow(
    clippy::return_self_not_must_use,
    reason = "assertions in a row, the last one's value too"
)]
impl Outcome {
    /// Asserts that it ended with this code, and never speaks like a crashed program.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for word in NEVER {
            assert!(
                !self.stderr.contains(word) && !self.stdout.contains(word),
                "{word}: {self}"
            );
        }
        self
    }

    /// Asserts that it went well, and returns it.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Asserts an error: its code, an empty standard output, and the essentials of its message,
    /// whatever the line breaks.
    ///
    /// # Panics
    /// When one of them differs.
    #[track_caller]
    pub fn fails(self, code: i32, essentials: &[&str]) -> Self {
        let outcome = self.exits(code);
        assert_eq!(outcome.stdout, "", "{outcome}");
        assert!(outcome.stderr.starts_with("error: "), "{outcome}");
        outcome.says(essentials)
    }

    /// Asserts that standard error contains these, whatever the line breaks.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn says(self, essentials: &[&str]) -> Self {
        let said = unwrapped(&self.stderr);
        for essential in essentials {
            assert!(
                said.contains(&unwrapped(essential)),
                "no `{essential}` in: {self}"
            );
        }
        self
    }

    /// Asserts that standard output contains these, whatever the line breaks.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn shows(self, essentials: &[&str]) -> Self {
        let shown = unwrapped(&self.stdout);
        for essential in essentials {
            assert!(
                shown.contains(&unwrapped(essential)),
                "no `{essential}` in: {self}"
            );
        }
        self
    }

    /// Standard output as the one JSON object that it is, in one line; standard error is silent.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.stderr, "", "{self}");
        assert_eq!(self.stdout.matches('\n').count(), 1, "one line: {self}");
        assert!(self.stdout.ends_with('\n'), "{self}");
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document: {error}: {self}"));
        assert!(value.is_object(), "{self}");
        value
    }

    /// The folder that it ran in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            line,
            code,
            stdout,
            stderr,
            ..
        } = self;
        write!(
            f,
            "{line}\nexit {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}

/// One blank for each run of them.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
