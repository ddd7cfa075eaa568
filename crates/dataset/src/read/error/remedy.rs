//! What to do about a file.

use super::ReadError;
use crate::schema::Mention;
use crate::suggestion::{argument, one_of};

impl ReadError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::FileNotFound { .. } => {
                let shipped: Vec<_> = crate::catalog::catalog()
                    .iter()
                    .map(|entry| entry.name.as_str())
                    .collect();
                Some(format!(
                    "the path of a file, `-` for standard input, or a shipped table: {}",
                    shipped.join(", ")
                ))
            }
            Self::Io { .. } => None,
            Self::Storage(error) => error.remedy(),
            Self::Changed { .. } => Some("try again when nothing writes to the file".to_owned()),
            Self::Empty { .. } => Some("a CSV file whose first line names the columns".to_owned()),
            Self::NoRows { .. } => Some("a file with at least one row below the header".to_owned()),
            Self::Ragged { .. } => Some(
                "correct the row, or put quotes around a cell that contains the delimiter"
                    .to_owned(),
            ),
            Self::NotUtf8 { .. } => {
                Some("convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW".to_owned())
            }
            Self::UnclosedQuote { .. } | Self::RowTooLong { .. } => {
                Some("close the quote; inside quotes, a quote is written twice: \"\"".to_owned())
            }
            Self::DuplicateName { column, .. } => Some(format!(
                "rename one of the two columns `{column}` in the header"
            )),
            Self::EmptyName { position, .. } => {
                Some(format!("give column {position} a name in the header"))
            }
            Self::UnknownColumn {
                mention: Mention::Schema,
                name,
                nearest,
                ..
            } => Some(match nearest {
                Some(nearest) => format!("rename `{name}` in the schema to `{nearest}`"),
                None => format!("take `{name}` out of the schema"),
            }),
            Self::UnknownColumn {
                mention,
                nearest: Some(nearest),
                ..
            } => Some(format!("{} {}", mention.option(), argument(nearest))),
            Self::UnknownColumn { columns, .. } => Some(one_of(columns)),
            Self::MissingColumn {
                name,
                nearest: Some(nearest),
                ..
            } => Some(format!("rename column `{nearest}` to `{name}`")),
            Self::MissingColumn { name, .. } => Some(format!("add a column `{name}`")),
            Self::Contradiction {
                column,
                first,
                second,
                ..
            } => Some(format!(
                "leave {} out of {} or of {}",
                argument(column),
                first.option(),
                second.option()
            )),
            Self::NotANumber { column, value, .. } => Some(format!(
                "correct the cell, --na {}, or --categorical {}",
                list_item(value),
                argument(column)
            )),
            Self::NotFinite { value, .. } => Some(format!(
                "correct the cell, or --na {} to take it for missing",
                list_item(value)
            )),
            Self::Truncated { .. } => Some("copy or download the file again".to_owned()),
            Self::Corrupt { compression, .. } => Some(format!(
                "check the file: {} -t FILE",
                if *compression == "gzip" { "gzip" } else { "zstd" }
            )),
            Self::OtherFormat { .. } => Some(
                "write the table as CSV, JSON lines, svmlight, Parquet or Arrow IPC, plain or compressed with gzip or zstd"
                    .to_owned(),
            ),
            Self::NeedsFeature { feature, .. } => Some(format!(
                "build with --features {feature}, or write the table as CSV"
            )),
            Self::Damaged { .. } => Some("copy, download or write the file again".to_owned()),
            Self::ColumnType { column, .. } | Self::UnreadableCell { column, .. } => Some(format!(
                "--drop {}, or write it as columns of plain values",
                argument(column)
            )),
            Self::OtherType { column, .. } => Some(format!(
                "write `{column}` with the same type in all files, or --drop {}",
                argument(column)
            )),
            Self::NoMatch { .. } | Self::Pattern { .. } => Some(
                "a pattern such as 'data/*.csv', or the path of one file".to_owned(),
            ),
            Self::OtherColumns { first, .. } => Some(format!(
                "give the file the columns of {first}, in the same order"
            )),
            Self::MixedFormats { expected, .. } => {
                Some(format!("write all files of the table as {expected}"))
            }
            Self::NotJson { .. } => Some(
                "one object a line, such as {\"age\": 41, \"sex\": \"f\"}".to_owned(),
            ),
            Self::Nested { column, .. } => Some(format!(
                "write the parts of `{column}` as columns of their own"
            )),
            Self::RepeatedKey { column, .. } => {
                Some(format!("leave one of the two values of `{column}`"))
            }
            Self::NotSvmlight { .. } => Some(
                "a line is a label and INDEX:VALUE pairs with ascending indices".to_owned(),
            ),
            Self::TooWide { .. } => Some(
                "fewer columns: hash the indices to 2^20 numbers, say".to_owned(),
            ),
            Self::OtherNotation { column, .. } => Some(format!(
                "correct the cell, or say how `{}` is written in a schema file (notation), or --categorical {}",
                column,
                argument(column)
            )),
            Self::AmbiguousDates { first, .. } => Some(format!(
                "say which in a schema file: notation = \"{first}\""
            )),
            Self::UnlistedColumn { column, .. } => Some(format!(
                "add [columns.{}] to the schema, or say others = \"ignored\" or \"feature\" in it",
                crate::schema::file::key(column)
            )),
            Self::NotABoolean { column, .. } => Some(format!(
                "correct the cell, or --categorical {}",
                argument(column)
            )),
        }
    }
}

/// A cell as one item of a list between commas on the command line.
fn list_item(value: &str) -> String {
    if value.contains(',') {
        format!("'\"{value}\"'")
    } else {
        format!("\"{value}\"")
    }
}
