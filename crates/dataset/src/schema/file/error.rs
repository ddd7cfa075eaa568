//! What can be wrong with a schema file.

use std::io;

use thiserror::Error;

use crate::schema::Role;
use crate::suggestion::{nearest_text, one_of};

/// Why a text is not a schema. Lines and columns count from 1, columns in characters.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaFileError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not TOML.
    #[error("{path}:{line}:{column}: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A key that means nothing.
    #[error("{path}:{line}:{column}: no key `{key}` here{}", nearest_text(nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// The keys that there are.
        known: Box<[String]>,
    },
    /// A value of the wrong type.
    #[error("{path}:{line}:{column}: `{key}` is {found}, not {expected}")]
    WrongType {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A text that is none of those that a key may have.
    #[error("{path}:{line}:{column}: {value:?} is no {key}{}", nearest_text(nearest.as_deref()))]
    UnknownValue {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// The key.
        key: &'static str,
        /// The text.
        value: String,
        /// The text that was probably meant.
        nearest: Option<String>,
        /// The texts that there are, or some of them.
        known: Box<[String]>,
    },
    /// Two keys of a column that contradict each other.
    #[error("{path}:{line}:{column}: column `{name}`: {reason}")]
    Contradiction {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// The column of the table.
        name: String,
        /// What does not fit.
        reason: &'static str,
    },
    /// Two targets, weights or offsets.
    #[error("{path}:{line}:{column}: `{second}` is the {role}, and so is `{first}`")]
    SecondRole {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// The character.
        column: usize,
        /// The role.
        role: Role,
        /// The column above.
        first: String,
        /// The column here.
        second: String,
    },
}

impl SchemaFileError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Io { .. } => Some("a file as `train schema TABLE` writes it".to_owned()),
            Self::Syntax { .. } => Some(
                "a line such as income = { role = \"feature\", kind = \"numeric\" }".to_owned(),
            ),
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            }
            | Self::UnknownValue {
                nearest: Some(nearest),
                ..
            } => Some(format!("write {nearest}")),
            Self::UnknownKey { known, .. } | Self::UnknownValue { known, .. } => {
                Some(one_of(known))
            }
            Self::WrongType { expected, .. } => Some(format!("write {expected}")),
            Self::Contradiction { .. } => Some("leave one of the two out".to_owned()),
            Self::SecondRole { role, .. } => Some(format!("leave one {role}")),
        }
    }
}
