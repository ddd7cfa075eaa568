//! The tables in `datasets/` against what `datasets/catalog.toml` says of them.
//!
//! This reads the files on its own, not through the crate `dataset`: a fault in our reader must
//! not be able to hide a fault in the data, and `xtask` must build in seconds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where the catalog lies.
pub(crate) const CATALOG: &str = "datasets/catalog.toml";

/// What the catalog says of one table; the crate `dataset` reads the rest.
#[derive(Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) version: String,
    pub(crate) licence: String,
    pub(crate) citation: String,
    pub(crate) sha256: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) target: String,
    pub(crate) task: String,
    #[serde(default)]
    pub(crate) categorical: Vec<String>,
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    pub(crate) good_for: String,
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    table: Vec<Entry>,
}

/// Something that is not as the catalog says.
pub(crate) struct Problem {
    /// The table's name, or the file's where no table has it.
    pub(crate) table: String,
    pub(crate) what: String,
}

/// The entries of the catalog, in its order.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>> {
    let catalog: Catalog = toml::from_str(text).context(CATALOG)?;
    Ok(catalog.table)
}

/// The CSV files in `datasets/`, by name.
pub(crate) fn tables(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let folder = root.join("datasets");
    let mut tables = BTreeMap::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "csv")
            && let Some(name) = path.file_name()
        {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            tables.insert(name.to_string_lossy().into_owned(), bytes);
        }
    }
    Ok(tables)
}

/// Everything that differs between the catalog and the files.
pub(crate) fn verify(entries: &[Entry], tables: &BTreeMap<String, Vec<u8>>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let mut say = |what| {
            let table = entry.name.clone();
            problems.push(Problem { table, what });
        };
        if entries
            .iter()
            .take(index)
            .any(|other| other.name == entry.name)
        {
            say("the name stands twice in the catalog".to_owned());
        }
        for (key, value) in [
            ("title", &entry.title),
            ("source", &entry.source),
            ("version", &entry.version),
            ("licence", &entry.licence),
            ("citation", &entry.citation),
            ("good_for", &entry.good_for),
        ] {
            if value.trim().is_empty() {
                say(format!("`{key}` is empty"));
            }
        }
        match tables.get(&entry.file) {
            Some(bytes) => compare(entry, bytes, &mut say),
            None => say(format!("datasets/{} is not there", entry.file)),
        }
    }
    for file in tables.keys() {
        if !entries.iter().any(|entry| entry.file == *file) {
            let what = "is in datasets/ but not in the catalog".to_owned();
            problems.push(Problem {
                table: file.clone(),
                what,
            });
        }
    }
    problems
}

fn compare(entry: &Entry, bytes: &[u8], say: &mut impl FnMut(String)) {
    let sum = sha256(bytes);
    if sum != entry.sha256 {
        say(format!(
            "sha256 is {sum}, the catalog says {}",
            entry.sha256
        ));
    }
    let records = records(bytes);
    let Some((header, rows)) = records.split_first() else {
        return say("the file is empty".to_owned());
    };
    if rows.len() != entry.rows {
        say(format!(
            "{} rows, the catalog says {}",
            rows.len(),
            entry.rows
        ));
    }
    if header.len() != entry.columns {
        say(format!(
            "{} columns, the catalog says {}",
            header.len(),
            entry.columns
        ));
    }
    if let Some(row) = rows.iter().position(|row| row.len() != header.len()) {
        say(format!(
            "row {} has {} cells of {}",
            row + 1,
            rows[row].len(),
            header.len()
        ));
    }
    for name in [&entry.target]
        .into_iter()
        .chain(&entry.categorical)
        .chain(&entry.drop)
    {
        if !header.contains(name) {
            say(format!("`{name}` is no column of the file"));
        }
    }
}

/// The SHA-256 of `bytes` in hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The cells of a comma-separated file, quotes understood, blank lines left out.
fn records(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                if !(record.is_empty() && cell.is_empty()) {
                    record.push(std::mem::take(&mut cell));
                    records.push(std::mem::take(&mut record));
                }
            }
            _ => cell.push(character),
        }
    }
    if !(record.is_empty() && cell.is_empty()) {
        record.push(cell);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"x,\"a, b\",y\n1,\"two\nlines\",0\n\n2,\"\"\"q\"\"\",1\n";

    fn catalog(change: impl Fn(&str) -> String) -> Vec<Problem> {
        let text = format!(
            "[[table]]\nname = \"t\"\nfile = \"t.csv\"\ntitle = \"T\"\nsource = \"s\"\n\
             version = \"1\"\nlicence = \"CC0\"\ncitation = \"c\"\nsha256 = \"{}\"\nrows = 2\n\
             columns = 3\ntarget = \"y\"\ntask = \"binary\"\ncategorical = [\"a, b\"]\n\
             good_for = \"tests\"\n",
            sha256(TABLE)
        );
        let tables = BTreeMap::from([("t.csv".to_owned(), TABLE.to_vec())]);
        verify(&parse(&change(&text)).unwrap(), &tables)
    }

    fn said(change: impl Fn(&str) -> String) -> String {
        let problems = catalog(change);
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.table, problem.what))
            .collect();
        lines.join(
            "
",
        )
    }

    #[test]
    fn records_understand_quotes_and_blank_lines() {
        let records = records(TABLE);
        assert_eq!(records.len(), 3);
        assert_eq!(records[0], ["x", "a, b", "y"]);
        assert_eq!(records[1], ["1", "two\nlines", "0"]);
        assert_eq!(records[2], ["2", "\"q\"", "1"]);
        assert!(super::records(b"").is_empty());
    }

    #[test]
    fn the_sum_is_the_standard_one() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }

    #[test]
    fn a_true_catalog_passes() {
        assert_eq!(said(str::to_owned), "");
    }

    #[test]
    fn every_difference_is_named() {
        assert!(said(|text| text.replace("rows = 2", "rows = 3")).contains("2 rows"));
        assert!(said(|text| text.replace("columns = 3", "columns = 4")).contains("3 columns"));
        assert!(said(|text| text.replace("sha256 = \"", "sha256 = \"0")).contains("sha256 is"));
        assert!(said(|text| text.replace("\"y\"", "\"z\"")).contains("`z` is no column"));
        assert!(said(|text| text.replace("\"CC0\"", "\"\"")).contains("`licence` is empty"));
        assert!(said(|text| format!("{text}{text}")).contains("stands twice"));
        assert!(said(|text| text.replace("t.csv", "u.csv")).contains("u.csv is not there"));
        assert!(said(|_| String::new()).contains("t.csv: is in datasets/ but not in the catalog"));
        assert!(parse("[[table]]\nname = 1").is_err());
    }

    #[test]
    fn a_ragged_row_is_named() {
        let bytes = b"x,y\n1,2\n3\n";
        let text = "[[table]]\nname='t'\nfile='t.csv'\ntitle='T'\nsource='s'\nversion='1'\n\
                    licence='l'\ncitation='c'\nsha256='0'\nrows=2\ncolumns=2\ntarget='y'\n\
                    task='linear'\ngood_for='g'\n";
        let tables = BTreeMap::from([("t.csv".to_owned(), bytes.to_vec())]);
        let problems = verify(&parse(text).unwrap(), &tables);
        assert!(
            problems
                .iter()
                .any(|problem| problem.what == "row 2 has 1 cells of 2")
        );
    }
}
