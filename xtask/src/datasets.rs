//! `cargo xtask datasets`: what is in `datasets/`, and whether it is what the catalog says.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::say::say;
use crate::{catalog, tree};

/// List the tables in datasets/ and verify them against catalog.toml.
///
/// Verified: the SHA-256 of every file, its rows and columns, that the columns which the catalog
/// names exist, and that every CSV file has an entry.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask datasets                  the list
  cargo run --release -p train -- iris  a table by its name")]
pub(crate) struct Args {
    /// Also print source, licence and citation
    #[arg(long)]
    sources: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = tree::root()?;
    let text = fs::read_to_string(root.join(catalog::CATALOG)).context(catalog::CATALOG)?;
    let entries = catalog::parse(&text)?;
    let problems = catalog::verify(&entries, &catalog::tables(&root)?);

    let width = entries
        .iter()
        .map(|entry| entry.name.len())
        .max()
        .unwrap_or(0);
    for entry in &entries {
        let wrong = problems.iter().any(|problem| problem.table == entry.name);
        say!(
            "{:width$}  {:6}  {:>6} rows  {:>3} columns  {:11}  -> {}",
            entry.name,
            if wrong { "WRONG" } else { "ok" },
            entry.rows,
            entry.columns,
            entry.task,
            entry.target
        );
        say!("{:width$}  {}", "", entry.good_for);
        if args.sources {
            say!("{:width$}  {}", "", entry.title);
            say!(
                "{:width$}  from {} {}, {}",
                "",
                entry.source,
                entry.version,
                entry.licence
            );
            say!("{:width$}  {}", "", entry.citation);
        }
    }
    for problem in &problems {
        say!("{}: {}", problem.table, problem.what);
    }
    if problems.is_empty() {
        say!(
            "\n{} tables, all as {} says",
            entries.len(),
            catalog::CATALOG
        );
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
