//! The sum over all test programs of what each reports in its closing line.

use std::fmt;

/// Counts of tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    failed: usize,
    ignored: usize,
}

impl Totals {
    /// Adds up the lines `test result: ok. 5 passed; 0 failed; 1 ignored; ...` of a test run.
    pub(crate) fn of(output: &str) -> Self {
        let mut totals = Self::default();
        for line in output.lines() {
            let Some((_, counts)) = line
                .strip_prefix("test result: ")
                .and_then(|rest| rest.split_once(". "))
            else {
                continue;
            };
            for count in counts.split("; ") {
                let (number, kind) = count.split_once(' ').unwrap_or_default();
                let number = number.parse().unwrap_or(0);
                match kind {
                    "passed" => totals.passed += number,
                    "failed" => totals.failed += number,
                    "ignored" => totals.ignored += number,
                    _ => {}
                }
            }
        }
        totals
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed", self.passed)?;
        for (count, what) in [(self.failed, "failed"), (self.ignored, "ignored")] {
            if count > 0 {
                write!(formatter, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        let totals = Totals::of(output);
        assert_eq!(
            totals,
            Totals {
                passed: 42,
                failed: 3,
                ignored: 1
            }
        );
        assert_eq!(totals.to_string(), "42 passed, 3 failed, 1 ignored");
        assert_eq!(Totals::of("nothing").to_string(), "0 passed");
    }
}
