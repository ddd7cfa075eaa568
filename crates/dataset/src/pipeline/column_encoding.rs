//! The encoding of a column, as it is written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::number::{Parsed, parse, texts};
use crate::suggestion::{nearest, nearest_text};

/// The encoding of one column, where it is not the usual one.
///
/// It is written the same way in a flag and in a configuration:
///
/// | text | for | meaning |
/// |---|---|---|
/// | `polynomial:3` | a number | [polynomials](super::Polynomial) up to that degree |
/// | `spline`, `spline:5` | a number | a [natural cubic spline](super::Spline) with 4 knots, or that many, at quantiles |
/// | `spline@20,40,60` | a number | one with these knots |
/// | `bins:4` | a number | [intervals](super::Bins) that have about as many training rows each |
/// | `bins@18,65` | a number | intervals between these edges |
/// | `hash:12` | text | 2¹² [buckets](super::Encoding::Hashed) that levels are hashed to |
///
/// # Examples
/// ```
/// use dataset::pipeline::ColumnEncoding;
///
/// let (column, encoding) = ColumnEncoding::assignment("body mass=spline:5")?;
/// assert_eq!((column.as_str(), encoding), ("body mass", ColumnEncoding::Spline { knots: 5 }));
///
/// let error = ColumnEncoding::assignment("age=splin:4").unwrap_err();
/// assert_eq!(error.to_string(), "`splin` is no encoding (nearest: `spline`)");
/// # Ok::<(), dataset::pipeline::EncodingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ColumnEncoding {
    /// Polynomials of degree 1 to this.
    Polynomial {
        /// The highest degree.
        degree: usize,
    },
    /// A natural cubic spline with knots at quantiles of the training rows.
    Spline {
        /// How many knots.
        knots: usize,
    },
    /// A natural cubic spline with these knots, in ascending order.
    SplineAt {
        /// The knots.
        knots: Vec<f64>,
    },
    /// Intervals between quantiles of the training rows.
    Bins {
        /// How many intervals.
        bins: usize,
    },
    /// Intervals between these edges, in ascending order.
    BinsAt {
        /// The edges; the first interval has no lower end, and the last no upper.
        edges: Vec<f64>,
    },
    /// Levels hashed to 2 to the power of `bits` buckets.
    Hash {
        /// The logarithm of the number of buckets to the base 2.
        bits: u32,
    },
}

const ENCODINGS: [&str; 4] = ["polynomial", "spline", "bins", "hash"];
/// Enough for most numbers (Harrell 2015, Regression Modeling Strategies, §2.4.6).
const KNOTS: usize = 4;
const DEGREES: std::ops::RangeInclusive<usize> = 2..=10;
const KNOT_COUNTS: std::ops::RangeInclusive<usize> = 3..=20;
const BIN_COUNTS: std::ops::RangeInclusive<usize> = 2..=1000;
const BITS: std::ops::RangeInclusive<usize> = 1..=24;

/// Why a text says nothing about an encoding.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodingError {
    /// A column without an encoding.
    #[error("{text:?} does not say which column has which encoding")]
    NotAnAssignment {
        /// The text.
        text: String,
    },
    /// A name that no encoding has.
    #[error("`{name}` is no encoding{}", nearest_text(*nearest))]
    Unknown {
        /// The name.
        name: String,
        /// The encoding that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An encoding with a number that it cannot have.
    #[error("`{text}` is not how the encoding `{encoding}` is written")]
    Argument {
        /// The text.
        text: String,
        /// The encoding.
        encoding: &'static str,
    },
    /// A text that does not name two columns.
    #[error("{text:?} does not name two columns")]
    NotAPair {
        /// The text.
        text: String,
    },
    /// The product of a column with itself.
    #[error("column `{column}` is paired with itself")]
    Itself {
        /// The column.
        column: String,
    },
    /// A text that is no number of rows and no share of them.
    #[error("{text:?} is no number of rows")]
    Threshold {
        /// The text.
        text: String,
    },
}

impl EncodingError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotAnAssignment { .. } => "column=encoding, as in age=spline:4".to_owned(),
            Self::Unknown { .. } => format!("one of {}", ENCODINGS.join(", ")),
            Self::Argument { encoding, .. } => match *encoding {
                "polynomial" => "polynomial:2, up to polynomial:10".to_owned(),
                "spline" => {
                    "spline:3 up to spline:20, or three or more ascending knots as in spline@20,40,60"
                        .to_owned()
                }
                "bins" => {
                    "bins:2 up to bins:1000, or ascending edges as in bins@18,65".to_owned()
                }
                _ => "hash:1 up to hash:24, for 2 to the power of that many buckets".to_owned(),
            },
            Self::NotAPair { .. } => {
                r"a:b, or a:* for every other feature; a colon of a name is written \:".to_owned()
            }
            Self::Itself { column } => format!("{column}=polynomial:2 for its square"),
            Self::Threshold { .. } => "a number as 20, or a share as 0.5%".to_owned(),
        })
    }
}

impl ColumnEncoding {
    /// A column and its encoding, from `column=encoding`; the last `=` counts, so that names may
    /// have one.
    ///
    /// # Errors
    /// [`EncodingError`].
    pub fn assignment(text: &str) -> Result<(String, Self), EncodingError> {
        match text.rsplit_once('=') {
            Some((column, encoding)) if !column.is_empty() => {
                Ok((column.to_owned(), encoding.parse()?))
            }
            _ => Err(EncodingError::NotAnAssignment {
                text: text.to_owned(),
            }),
        }
    }

    /// Whether it is for text; the others are for numbers.
    pub fn is_for_text(&self) -> bool {
        matches!(self, Self::Hash { .. })
    }
}

impl FromStr for ColumnEncoding {
    type Err = EncodingError;

    fn from_str(written: &str) -> Result<Self, EncodingError> {
        let at = written.find([':', '@']).unwrap_or(written.len());
        let (name, argument) = written.split_at(at);
        let Some(&encoding) = ENCODINGS.iter().find(|known| **known == name) else {
            return Err(EncodingError::Unknown {
                name: name.to_owned(),
                nearest: nearest(name, ENCODINGS)
                    .and_then(|near| ENCODINGS.into_iter().find(|known| *known == near)),
            });
        };
        let wrong = || EncodingError::Argument {
            text: written.to_owned(),
            encoding,
        };
        let places = argument.strip_prefix('@');
        let count = |allowed: std::ops::RangeInclusive<usize>| {
            let count = argument.strip_prefix(':').and_then(|n| n.parse().ok());
            count.filter(|n| allowed.contains(n)).ok_or_else(wrong)
        };
        match (encoding, places) {
            ("spline", None) if argument.is_empty() => Ok(Self::Spline { knots: KNOTS }),
            ("spline", None) => count(KNOT_COUNTS).map(|knots| Self::Spline { knots }),
            ("spline", Some(knots)) => match ascending(knots) {
                Some(knots) if knots.len() >= 3 => Ok(Self::SplineAt { knots }),
                _ => Err(wrong()),
            },
            ("bins", None) => count(BIN_COUNTS).map(|bins| Self::Bins { bins }),
            ("bins", Some(edges)) => match ascending(edges) {
                Some(edges) => Ok(Self::BinsAt { edges }),
                None => Err(wrong()),
            },
            ("polynomial", None) => count(DEGREES).map(|degree| Self::Polynomial { degree }),
            ("hash", None) => count(BITS).map(|bits| Self::Hash { bits: bits as u32 }),
            _ => Err(wrong()),
        }
    }
}

/// One or more numbers in ascending order, with commas between.
fn ascending(list: &str) -> Option<Vec<f64>> {
    let number = |cell: &str| match parse(cell.trim().as_bytes()) {
        Parsed::Number(number) => Some(number),
        _ => None,
    };
    let numbers: Vec<f64> = list.split(',').map(number).collect::<Option<_>>()?;
    numbers
        .windows(2)
        .all(|pair| pair[0] < pair[1])
        .then_some(numbers)
}

impl fmt::Display for ColumnEncoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Polynomial { degree } => write!(formatter, "polynomial:{degree}"),
            Self::Spline { knots } => write!(formatter, "spline:{knots}"),
            Self::SplineAt { knots } => write!(formatter, "spline@{}", texts(knots, ",")),
            Self::Bins { bins } => write!(formatter, "bins:{bins}"),
            Self::BinsAt { edges } => write!(formatter, "bins@{}", texts(edges, ",")),
            Self::Hash { bits } => write!(formatter, "hash:{bits}"),
        }
    }
}

/// Texts stand for these types in files.
macro_rules! written {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = EncodingError;

            fn try_from(written: String) -> Result<Self, EncodingError> {
                written.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}

pub(super) use written;

written!(ColumnEncoding);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_written_as_they_are_read() {
        for written in [
            "polynomial:3",
            "spline:5",
            "spline@-1.5,0,1e300",
            "bins:4",
            "bins@65",
            "bins@18,65",
            "hash:12",
        ] {
            let encoding: ColumnEncoding = written.parse().unwrap();
            assert_eq!(encoding.to_string(), written);
        }
        assert_eq!("spline".parse(), Ok(ColumnEncoding::Spline { knots: 4 }));
        let (column, encoding) = ColumnEncoding::assignment("a=b:c=bins@1").unwrap();
        assert_eq!(
            (column.as_str(), encoding.to_string().as_str()),
            ("a=b:c", "bins@1")
        );
    }

    #[test]
    fn what_is_no_encoding_says_how_it_is_written() {
        for (written, message) in [
            (
                "age",
                "\"age\" does not say which column has which encoding",
            ),
            (
                "=spline",
                "\"=spline\" does not say which column has which encoding",
            ),
            ("age=hsah:4", "`hsah` is no encoding (nearest: `hash`)"),
            ("age=", "`` is no encoding"),
            (
                "age=polynomial",
                "`polynomial` is not how the encoding `polynomial` is written",
            ),
            (
                "age=polynomial:1",
                "`polynomial:1` is not how the encoding `polynomial` is written",
            ),
            (
                "age=spline:2",
                "`spline:2` is not how the encoding `spline` is written",
            ),
            (
                "age=spline@1,2",
                "`spline@1,2` is not how the encoding `spline` is written",
            ),
            (
                "age=spline@3,2,1",
                "`spline@3,2,1` is not how the encoding `spline` is written",
            ),
            (
                "age=bins@",
                "`bins@` is not how the encoding `bins` is written",
            ),
            (
                "age=bins@1,inf",
                "`bins@1,inf` is not how the encoding `bins` is written",
            ),
            (
                "age=hash:25",
                "`hash:25` is not how the encoding `hash` is written",
            ),
            (
                "age=hash@4",
                "`hash@4` is not how the encoding `hash` is written",
            ),
        ] {
            let error = ColumnEncoding::assignment(written).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.remedy().is_some());
        }
    }
}
