//! The small real tables that ship with the project, embedded in the program.

use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::read::{Input, ReadError};
use crate::schema::SchemaOptions;

/// A table of `datasets/` and what `catalog.toml` says about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The name on the command line.
    pub name: String,
    /// The file in `datasets/`.
    pub file: String,
    /// What it is about.
    pub title: String,
    /// The package or publication that it comes from.
    pub source: String,
    /// The version of the source.
    pub version: String,
    /// The licence of the data.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Rows without the header.
    pub rows: usize,
    /// Columns in the header.
    pub columns: usize,
    /// The column to predict.
    pub target: String,
    /// The label of the positive class, for a binary target.
    #[serde(default)]
    pub positive: Option<String>,
    /// `binary`, `multinomial` or `linear`.
    pub task: String,
    /// Columns that are categorical whatever their cells look like.
    #[serde(default)]
    pub categorical: Vec<String>,
    /// Columns to ignore.
    #[serde(default)]
    pub drop: Vec<String>,
    /// What it shows well.
    pub good_for: String,
}

impl Entry {
    /// The file itself.
    pub fn bytes(&self) -> &'static [u8] {
        FILES
            .iter()
            .find(|(file, _)| *file == self.file)
            .map_or(&[], |(_, bytes)| bytes)
    }

    /// The file as something to read.
    pub fn input(&self) -> Input {
        Input::bytes(self.name.clone(), self.bytes())
    }

    /// The roles and kinds of its columns.
    pub fn schema_options(&self) -> SchemaOptions {
        SchemaOptions {
            target: Some(self.target.clone()),
            drop: self.drop.clone(),
            categorical: self.categorical.clone(),
            ..SchemaOptions::default()
        }
    }
}

/// Every shipped table, in the order of `catalog.toml`.
///
/// # Examples
/// ```
/// let iris = dataset::catalog::find("iris").ok_or("not shipped")?;
/// assert_eq!((iris.rows, iris.target.as_str()), (150, "species"));
/// # Ok::<(), &str>(())
/// ```
pub fn catalog() -> &'static [Entry] {
    static CATALOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        #[derive(Deserialize)]
        struct Catalog {
            table: Vec<Entry>,
        }
        // A test reads the same text, so that a mistake in it never ships.
        toml::from_str::<Catalog>(CATALOG_TOML).map_or_else(|_| Vec::new(), |catalog| catalog.table)
    });
    &CATALOG
}

/// The shipped table of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    catalog().iter().find(|entry| entry.name == name)
}

/// The table of a name that a person typed: what [`Input::named`] reads, otherwise a table that
/// ships.
///
/// # Errors
/// [`ReadError::FileNotFound`] when there is neither, and [`ReadError::Io`].
///
/// # Examples
/// ```
/// let (input, entry) = dataset::catalog::resolve("iris")?;
/// assert_eq!((input.name(), entry.map(|entry| entry.rows)), ("iris", Some(150)));
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub fn resolve(name: &str) -> Result<(Input, Option<&'static Entry>), ReadError> {
    match shipped(name) {
        Some(entry) => Ok((entry.input(), Some(entry))),
        None => Ok((Input::named(name)?, None)),
    }
}

/// The table that ships under a name, unless a file has that name.
pub fn shipped(name: &str) -> Option<&'static Entry> {
    find(name).filter(|_| !Path::new(name).exists())
}

const CATALOG_TOML: &str = include_str!("../../../datasets/catalog.toml");

macro_rules! files {
    ($($file:literal),*) => {
        [$(($file, include_bytes!(concat!("../../../datasets/", $file)))),*]
    };
}

const FILES: [(&str, &[u8]); 7] = files![
    "breast_cancer.csv",
    "penguins.csv",
    "anes96.csv",
    "iris.csv",
    "wine.csv",
    "longley.csv",
    "challenger.csv"
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::sha256;
    use crate::read::{CsvOptions, read_table};

    #[test]
    fn every_file_is_described_and_every_description_is_right() {
        assert_eq!(catalog().len(), FILES.len());
        for entry in catalog() {
            assert_eq!(sha256(entry.bytes()), entry.sha256, "{}", entry.name);
            let read = read_table(
                &entry.input(),
                &CsvOptions::default(),
                &entry.schema_options(),
            );
            let (table, schema, fingerprint) = read.unwrap();
            assert_eq!(table.rows(), entry.rows, "{}", entry.name);
            assert_eq!(schema.columns.len(), entry.columns, "{}", entry.name);
            assert_eq!(fingerprint.sha256, entry.sha256);
            assert_eq!(fingerprint.bytes, entry.bytes().len() as u64);
        }
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        assert_eq!(find("titanic"), None);
    }
}
