//! A kind and a role for every column.

pub mod file;
mod options;

pub(crate) use options::Told;
pub use options::{Mention, SchemaOptions};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::date::DatePart;
use crate::notation::Notation;
use crate::recognition::{Finding, Notice};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// Text, or codes that are not amounts.
    Categorical,
    /// Text in one of the spellings of yes and no (`true`/`false`, `yes`/`no`, `t`/`f`, `y`/`n`);
    /// it is read in lower case and otherwise treated as categorical.
    Boolean,
    /// Dates, perhaps with a time of day, as seconds since 1970-01-01T00:00; a model sees
    /// [parts](DatePart) of them.
    Date,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
            Self::Boolean => "boolean",
            Self::Date => "date",
        })
    }
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Predicts the target.
    Feature,
    /// Is predicted.
    Target,
    /// How often a row counts.
    Weight,
    /// Is added to the score with coefficient 1.
    Offset,
    /// Is not read into the table.
    Ignored,
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Feature => "feature",
            Self::Target => "target",
            Self::Weight => "weight",
            Self::Offset => "offset",
            Self::Ignored => "ignored",
        })
    }
}

/// One column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// What it is used for.
    pub role: Role,
    /// How its numbers or dates are written in the file, where that is not plain digits with a
    /// decimal point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notation: Option<Notation>,
    /// The parts of a date that a model sees; of parts that are not said, the
    /// [default ones](DatePart::DEFAULT).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<DatePart>,
    /// What was recognised when the table was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

impl ColumnSchema {
    /// A column that is written plainly, with nothing notable about it.
    pub fn new(name: impl Into<String>, kind: Kind, role: Role) -> Self {
        Self {
            name: name.into(),
            kind,
            role,
            notation: None,
            parts: Vec::new(),
            finding: None,
        }
    }
}

/// All columns of the file, in file order, the ignored ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnSchema>,
}

impl Schema {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of that role, in file order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &ColumnSchema> {
        self.columns
            .iter()
            .filter(move |column| column.role == role)
    }

    /// The features, in file order.
    pub fn features(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.with_role(Role::Feature)
    }

    /// What was recognised when the table was read, in file order: what was done with a column that
    /// is not what it looks like, or what a person might do.
    ///
    /// # Examples
    /// ```
    /// use dataset::{CsvOptions, Input, Kind, Role, SchemaOptions, read_table};
    ///
    /// let rows: String =
    ///     (0..30).map(|row| format!("{row},{}.1.2026,\"{row},000\"\n", row % 9 + 19)).collect();
    /// let input = Input::bytes("visits.csv", format!("id,day,cost\n{rows}").into_bytes());
    /// let (table, schema, _) =
    ///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
    /// let said: Vec<_> = schema.notices().iter().map(ToString::to_string).collect();
    /// assert_eq!(said[0], "`id` is left out: it looks like an identifier");
    /// assert_eq!(said[1], "`day` holds dates, written like 31.01.2026: a model sees days, weekday");
    /// assert_eq!(schema.columns[0].role, Role::Ignored);
    /// assert_eq!(schema.columns[1].kind, Kind::Date);
    /// assert!(table.column("id").is_none());
    /// # Ok::<(), dataset::ReadError>(())
    /// ```
    pub fn notices(&self) -> Vec<Notice> {
        let notice = |column: &ColumnSchema| {
            Some(Notice {
                column: column.name.clone(),
                finding: column.finding?,
                parts: column.parts.clone(),
            })
        };
        self.columns.iter().filter_map(notice).collect()
    }

    /// How columns of numbers and dates are written, where that is not plainly: what
    /// [`BatchOptions::notations`](crate::BatchOptions::notations) wants.
    pub fn notations(&self) -> BTreeMap<String, Notation> {
        let notation = |column: &ColumnSchema| Some((column.name.clone(), column.notation?));
        self.columns.iter().filter_map(notation).collect()
    }

    /// The target, if one was named.
    pub fn target(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Target).next()
    }

    /// The column of row weights, if one was named.
    pub fn weight(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Weight).next()
    }

    /// The column of offsets, if one was named.
    pub fn offset(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Offset).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_written_in_plain_words() {
        let column = ColumnSchema::new("a", Kind::Numeric, Role::Feature);
        let json = serde_json::to_string(&Schema {
            columns: vec![column],
        })
        .unwrap();
        assert_eq!(
            json,
            r#"{"columns":[{"name":"a","kind":"numeric","role":"feature"}]}"#
        );
    }
}
