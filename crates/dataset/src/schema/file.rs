//! A schema as a file that a person can edit: TOML, one line for each column.
//!
//! ```toml
//! others = "error"                 # what a column that is not named here is
//! missing = ["", "NA", "unknown"]  # cells that mean missing
//!
//! [columns]
//! approved = { role = "target", kind = "boolean" }
//! income = { role = "feature", kind = "numeric", notation = "1,234.5" }
//! opened = { role = "feature", kind = "date", parts = ["days", "month"] }
//! id = { role = "ignored" }
//! ```
//!
//! Every key may be left out. A column is a feature unless `role` says otherwise; what else is not
//! said is recognised as without a file. [`text`] writes the schema of a table in this form.

mod error;
mod parse;
mod text;

use std::path::Path;

pub use error::SchemaFileError;
pub(crate) use text::key;
pub use text::{quoted, text};

use super::{Kind, Role, SchemaOptions};
use crate::date::DatePart;
use crate::notation::Notation;
use crate::read::CsvOptions;

/// What a column is that a schema file does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Others {
    /// A mistake.
    #[default]
    Error,
    /// Ignored.
    Ignored,
    /// A feature.
    Feature,
}

/// What a schema file says.
///
/// # Examples
/// ```
/// use dataset::schema::file::{SchemaFile, text};
/// use dataset::{CsvOptions, Input, Kind, Role, SchemaOptions, read_table};
///
/// let csv = CsvOptions::default();
/// let input = Input::bytes("loans.csv", b"income,zip,paid\n\"1,200.5\",04109,no\n900,80331,yes\n".as_slice());
/// // The schema as it is recognised; a person makes text of the zip codes, and a target.
/// let (_, schema, _) = read_table(&input, &csv, &SchemaOptions::default())?;
/// let written = text("loans.csv", &schema, &csv)
///     .replace(r#"zip = { role = "feature", kind = "numeric""#, r#"zip = { role = "feature", kind = "categorical""#)
///     .replace(r#"paid = { role = "feature""#, r#"paid = { role = "target""#);
///
/// let file = SchemaFile::parse("loans.toml", &written)?;
/// let (_, schema, _) =
///     read_table(&input, &file.csv_options(csv), &file.options(&SchemaOptions::default()))?;
/// assert_eq!(schema.columns[0].notation.map(|n| n.to_string()).as_deref(), Some("1,234.5"));
/// assert_eq!(schema.columns[1].kind, Kind::Categorical);
/// assert_eq!(schema.columns[2].role, Role::Target);
///
/// let mistake = SchemaFile::parse("loans.toml", "[columns]\nincome = { rule = \"feature\" }\n");
/// assert_eq!(
///     mistake.unwrap_err().to_string(),
///     "loans.toml:2:12: no key `rule` here (nearest: `role`)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaFile {
    /// Cells that mean missing; `None` for the default ones.
    pub missing: Option<Vec<String>>,
    /// What a column is that is not named.
    pub others: Others,
    /// The columns that are named, each once.
    pub columns: Vec<ColumnEntry>,
}

/// What a schema file says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnEntry {
    /// The name in the header.
    pub name: String,
    /// What it is used for.
    pub role: Role,
    /// What its cells are; `None` to find out.
    pub kind: Option<Kind>,
    /// How its numbers or dates are written; `None` to find out.
    pub notation: Option<Notation>,
    /// What a model sees of a date; `None` for the default parts that vary.
    pub parts: Option<Vec<DatePart>>,
}

impl SchemaFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Every variant of [`SchemaFileError`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, SchemaFileError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(source) => Err(SchemaFileError::Io { path: name, source }),
        }
    }

    /// Reads a text; `path` stands for it in messages.
    ///
    /// # Errors
    /// Every variant of [`SchemaFileError`] but [`Io`](SchemaFileError::Io).
    pub fn parse(path: &str, text: &str) -> Result<Self, SchemaFileError> {
        parse::parse(path, text)
    }

    /// How to read a table: what the file says, where `flags` say nothing of the same.
    ///
    /// `flags` win column by column: a kind over a kind (and over a notation of another kind), a
    /// role over a role. A column that the file makes the target, the weight or the offset is
    /// ignored when `flags` name another: it would be a feature that knows the answer.
    #[must_use]
    pub fn options(&self, flags: &SchemaOptions) -> SchemaOptions {
        let mut options = flags.clone();
        let mut features = Vec::new();
        for entry in &self.columns {
            let name = entry.name.as_str();
            let named = |names: &[String]| names.iter().any(|given| given == name);
            let is = |given: &Option<String>| given.as_deref() == Some(name);
            let own = || name.to_owned();
            // 1. Its role.
            let role = if is(&flags.target) || is(&flags.weight) || is(&flags.offset) {
                Role::Target // Whichever: the flag has said it.
            } else if named(&flags.drop) {
                Role::Ignored
            } else if named(&flags.keep) || flags.features.as_ref().is_some_and(|f| named(f)) {
                Role::Feature
            } else {
                let sole = match entry.role {
                    Role::Target => Some(&mut options.target),
                    Role::Weight => Some(&mut options.weight),
                    Role::Offset => Some(&mut options.offset),
                    Role::Feature | Role::Ignored => None,
                };
                match sole {
                    Some(place @ None) => {
                        *place = Some(own());
                        entry.role
                    }
                    Some(Some(_)) => {
                        options.drop.push(own());
                        Role::Ignored
                    }
                    None => {
                        if entry.role == Role::Ignored {
                            options.drop.push(own());
                        }
                        entry.role
                    }
                }
            };
            if role == Role::Feature {
                features.push(own());
                let flagged = flags.features.as_ref().is_none_or(|f| named(f));
                if flagged && !named(&flags.keep) {
                    options.keep.push(own());
                }
            }
            // 2. What its cells are.
            if role == Role::Ignored {
                continue;
            }
            let lists = [
                (Kind::Categorical, &flags.categorical),
                (Kind::Numeric, &flags.numeric),
                (Kind::Boolean, &flags.boolean),
                (Kind::Date, &flags.date),
            ];
            let flagged = lists.iter().find(|(_, names)| named(names));
            let kind = flagged.map(|(kind, _)| *kind).or(entry.kind);
            if flagged.is_none() {
                match kind {
                    Some(Kind::Categorical) => options.categorical.push(own()),
                    Some(Kind::Numeric) => options.numeric.push(own()),
                    Some(Kind::Boolean) => options.boolean.push(own()),
                    Some(Kind::Date) => options.date.push(own()),
                    None => {}
                }
            }
            if let Some(notation) = entry.notation
                && kind.is_none_or(|kind| kind == notation.kind())
            {
                options.notations.entry(own()).or_insert(notation);
            }
            if let Some(parts) = &entry.parts
                && kind.is_none_or(|kind| kind == Kind::Date)
            {
                options.parts.entry(own()).or_insert_with(|| parts.clone());
            }
        }
        let names = || self.columns.iter().map(|entry| entry.name.clone());
        // Whatever else is said of a column, it is the file that is wrong where the table lacks it.
        options.named.extend(names());
        match self.others {
            Others::Error => {
                options.only.get_or_insert_with(|| names().collect());
            }
            Others::Ignored => {
                features.extend(flags.keep.iter().cloned());
                options.features.get_or_insert(features);
            }
            Others::Feature => {}
        }
        options
    }

    /// How cells are read: the spellings of a missing cell are those of the file, and those of
    /// `flags` that are not among the default ones.
    #[must_use]
    pub fn csv_options(&self, mut flags: CsvOptions) -> CsvOptions {
        if let Some(missing) = &self.missing {
            let default = CsvOptions::default().na;
            let own =
                |spelling: &String| !default.contains(spelling) && !missing.contains(spelling);
            flags.na.retain(own);
            flags.na.splice(..0, missing.iter().cloned());
        }
        flags
    }
}

#[cfg(test)]
mod tests;
