//! The catalog of `datasets/` is true of the files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Violation;
use crate::catalog::{self, CATALOG, Problem};
use crate::tree::File;

const WHY: &str = "people cite and trust the catalog (`cargo xtask datasets`)";

/// Tests the checksum and shape of every table, and that every table is listed.
pub(crate) fn check(root: &Path) -> Result<Vec<Violation>> {
    let text = fs::read_to_string(root.join(CATALOG)).context(CATALOG)?;
    let problems = catalog::verify(&catalog::parse(&text)?, &catalog::tables(root)?);
    let file = File::new(CATALOG, text);
    Ok(problems
        .into_iter()
        .map(|problem| violation(&file, &problem))
        .collect())
}

fn violation(file: &File, problem: &Problem) -> Violation {
    let entry = format!("name = \"{}\"", problem.table);
    let line = file
        .text
        .lines()
        .position(|line| line.trim() == entry)
        .map_or(1, |line| line + 1);
    Violation::new(
        file,
        line,
        format!("{}: {}", problem.table, problem.what),
        WHY,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_to_its_entry() {
        let file = File::new(CATALOG, "# tables\n[[table]]\nname = \"iris\"\n");
        let problem = Problem {
            table: "iris".to_owned(),
            what: "149 rows".to_owned(),
        };
        let violation = violation(&file, &problem);
        assert_eq!(violation.line, 3);
        assert_eq!(violation.what, "iris: 149 rows");
    }
}
