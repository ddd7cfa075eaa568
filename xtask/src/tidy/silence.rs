//! Library modules neither print, nor exit, nor parse arguments: programs do.
//!
//! The crate `terminal` is the part of the programs that they share: it prints and ends them, but
//! parses no arguments either.

use super::{Violation, code};
use crate::tree::File;

const FORBIDDEN: [(&str, &str); 12] = [
    ("println!", PRINT),
    ("print!", PRINT),
    ("eprintln!", PRINT),
    ("eprint!", PRINT),
    ("dbg!", PRINT),
    ("io::stdout", PRINT),
    ("io::stderr", PRINT),
    ("process::exit", EXIT),
    ("ExitCode", EXIT),
    ("clap", ARGUMENTS),
    ("env::args", ARGUMENTS),
    ("env::args_os", ARGUMENTS),
];

const PRINT: &str = "a library returns what is to be said; main.rs, cli/ and terminal print it";
const EXIT: &str = "a library returns an error; main.rs and cli/ turn it into an exit code";
/// The crate that talks to a person for both programs.
const TERMINAL: &str = "crates/terminal/src/";

const ARGUMENTS: &str = "a library takes a config; main.rs and cli/ make it from arguments";

/// Tests every module of every crate but `main.rs`, `cli.rs`, `cli/` and `bin/`; tests (also as
/// `tests.rs`) may print.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && is_library(&file.path))
    {
        let code = code::without_tests(&code::code(&file.text));
        let terminal = file.path.starts_with(TERMINAL);
        for (word, why) in FORBIDDEN {
            if terminal && why != ARGUMENTS {
                continue;
            }
            for line in code::lines_with(&code, word) {
                violations.push(Violation::new(file, line, format!("`{word}`"), why));
            }
        }
    }
    violations
}

fn is_library(path: &str) -> bool {
    let mut parts = path.split('/');
    let in_source = parts.next() == Some("crates") && parts.nth(1) == Some("src");
    let place = parts.next().unwrap_or_default();
    let program = matches!(place, "main.rs" | "cli.rs" | "cli" | "bin");
    in_source && !program && !path.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        let violations = check(&[File::new(path, text)]);
        violations
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn printing_exiting_and_arguments_are_found() {
        let path = "crates/train/src/fit.rs";
        for line in [
            "println!(\"x\");",
            "print!(\"x\");",
            "eprintln!(\"x\");",
            "eprint!(\"x\");",
            "dbg!(x);",
            "std::process::exit(1);",
            "let out = std::io::stdout();",
            "use clap::Parser;",
            "std::env::args();",
        ] {
            assert_eq!(
                found(path, &format!("fn f() {{\n{line}\n}}")),
                [2],
                "{line}"
            );
        }
        assert_eq!(
            found("crates/train/src/stochastic/mod.rs", "println!()"),
            [1]
        );
    }

    #[test]
    fn the_crate_for_terminals_prints_and_exits_but_parses_nothing() {
        let path = "crates/terminal/src/failure.rs";
        let text = "eprintln!(\"x\");\nstd::process::exit(1);\nuse clap::Parser;\n";
        assert_eq!(found(path, text), [3]);
    }

    #[test]
    fn programs_tests_and_documentation_may() {
        let text = "println!(\"x\"); use clap::Parser;";
        for path in [
            "crates/train/src/main.rs",
            "crates/train/src/cli.rs",
            "crates/train/src/cli/summary.rs",
            "crates/train/src/split/tests.rs",
            "crates/train/tests/a.rs",
            "xtask/src/main.rs",
            "examples/own_loop/src/main.rs",
        ] {
            assert_eq!(found(path, text), [0; 0], "{path}");
        }
        let library = "/// println!(\"x\")\nfn f() { g(\"println!\") }\nwriteln!(w, \"x\");\n\
                       #[cfg(test)]\nmod tests { fn g() { println!(\"x\") } }\n";
        assert_eq!(found("crates/train/src/fit.rs", library), [0; 0]);
    }
}
