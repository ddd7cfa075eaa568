//! What a person may say about the encoding, and how it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::MissingPolicy;
use super::column_encoding::{ColumnEncoding, EncodingError, written};
use crate::number::{Parsed, parse, text};

/// How to preprocess.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, Pipeline, PipelineOptions, SchemaOptions, read_table};
///
/// let input = Input::bytes("t.csv", b"age,town\n20,a\n30,b\n40,a\n50,c\n65,a\n".as_slice());
/// let (table, schema, _) =
///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
/// let options = PipelineOptions {
///     max_levels: Some(2),
///     encodings: [("age".to_owned(), "spline:3".parse()?)].into(),
///     interactions: vec!["age:town".parse()?],
///     ..PipelineOptions::default()
/// };
/// let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2, 3, 4], None, &options)?;
/// let names: Vec<_> = pipeline.columns.iter().map(|column| column.name.as_str()).collect();
/// assert_eq!(
///     names,
///     ["age", "age~2", "town=(other)", "age:town=(other)", "age~2:town=(other)"]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineOptions {
    /// What to do with missing cells.
    pub missing: MissingPolicy,
    /// Whether the columns of the design matrix are scaled.
    pub standardize: bool,
    /// Whether standardised columns are shifted to mean 0, too. A model without an intercept must
    /// not have them shifted: the shift would be an intercept by another name.
    pub center: bool,
    /// Most levels of a category, [`OTHER_LEVEL`](super::OTHER_LEVEL) included and
    /// [`MISSING_LEVEL`](super::MISSING_LEVEL) not; at least 2. The levels of most training rows
    /// are kept (ties: the first in code-point order), the rest is one level together.
    pub max_levels: Option<usize>,
    /// Levels below this are one level together.
    pub min_level: Option<LevelThreshold>,
    /// Whether a number with missing training cells gets a second column, which is 1 where its cell
    /// is missing. Only for [`MissingPolicy::Impute`].
    pub missing_indicators: bool,
    /// Encodings of single columns.
    pub encodings: BTreeMap<String, ColumnEncoding>,
    /// Products of features.
    pub interactions: Vec<Interaction>,
}

impl Default for PipelineOptions {
    /// Imputes and standardises, and encodes nothing in an unusual way.
    fn default() -> Self {
        Self {
            missing: MissingPolicy::Impute,
            standardize: true,
            center: true,
            max_levels: None,
            min_level: None,
            missing_indicators: false,
            encodings: BTreeMap::new(),
            interactions: Vec::new(),
        }
    }
}

/// The fewest training rows that a level may have: `20`, or `0.5%` of them.
///
/// A row of weight 2 counts as two rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LevelThreshold {
    /// That many rows.
    Rows(f64),
    /// That share of the rows, from 0 to 1.
    Share(f64),
}

/// Two features whose products are columns of the design matrix: `a:b`, or `a:*` for `a` with every
/// other feature. A colon, an asterisk or a backslash that belongs to a name has a backslash before
/// it.
///
/// # Examples
/// ```
/// use dataset::pipeline::{Interaction, Partner};
///
/// let interaction: Interaction = r"ratio 3\:1:*".parse()?;
/// assert_eq!(interaction.first, "ratio 3:1");
/// assert_eq!(interaction.second, Partner::Every);
/// assert_eq!(interaction.to_string(), r"ratio 3\:1:*");
/// # Ok::<(), dataset::pipeline::EncodingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interaction {
    /// The column.
    pub first: String,
    /// What it is multiplied with.
    pub second: Partner,
}

/// The second part of an [`Interaction`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partner {
    /// A column.
    Column(String),
    /// Every other feature.
    Every,
}

impl FromStr for Interaction {
    type Err = EncodingError;

    fn from_str(written: &str) -> Result<Self, EncodingError> {
        let not_a_pair = || EncodingError::NotAPair {
            text: written.to_owned(),
        };
        let mut parts = vec![String::new()];
        let mut characters = written.chars();
        let mut every = false;
        while let Some(character) = characters.next() {
            let part = parts.last_mut().ok_or_else(not_a_pair)?;
            match character {
                ':' => parts.push(String::new()),
                '\\' => part.push(characters.next().ok_or_else(not_a_pair)?),
                '*' if part.is_empty() && characters.as_str().is_empty() => every = true,
                other => part.push(other),
            }
        }
        let Ok([first, second]) = <[String; 2]>::try_from(parts) else {
            return Err(not_a_pair());
        };
        if first.is_empty() || (second.is_empty() && !every) {
            return Err(not_a_pair());
        }
        if !every && first == second {
            return Err(EncodingError::Itself { column: first });
        }
        let second = if every {
            Partner::Every
        } else {
            Partner::Column(second)
        };
        Ok(Self { first, second })
    }
}

impl fmt::Display for Interaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |name: &str| {
            name.replace('\\', r"\\")
                .replace(':', r"\:")
                .replace('*', r"\*")
        };
        match &self.second {
            Partner::Column(second) => {
                write!(formatter, "{}:{}", escaped(&self.first), escaped(second))
            }
            Partner::Every => write!(formatter, "{}:*", escaped(&self.first)),
        }
    }
}

impl FromStr for LevelThreshold {
    type Err = EncodingError;

    fn from_str(written: &str) -> Result<Self, EncodingError> {
        let share = written.strip_suffix('%');
        let number = match parse(share.unwrap_or(written).trim().as_bytes()) {
            Parsed::Number(number) if number >= 0.0 => Some(number),
            _ => None,
        };
        match (number, share) {
            (Some(number), None) => Ok(Self::Rows(number)),
            (Some(number), Some(_)) if number <= 100.0 => Ok(Self::Share(number / 100.0)),
            _ => Err(EncodingError::Threshold {
                text: written.to_owned(),
            }),
        }
    }
}

impl fmt::Display for LevelThreshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => formatter.write_str(&text(*rows)),
            Self::Share(share) => write!(formatter, "{}%", text(share * 100.0)),
        }
    }
}

written!(Interaction, LevelThreshold);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_written_as_they_are_read() {
        for written in ["a:b", "a:*", r"a\:b:c\*", r"a\\:b"] {
            let interaction: Interaction = written.parse().unwrap();
            assert_eq!(interaction.to_string(), written);
        }
        for written in ["", "a", "a:", ":b", "a:b:c", "*:a:", r"a:\"] {
            let error = written.parse::<Interaction>().unwrap_err();
            assert_eq!(
                error,
                EncodingError::NotAPair {
                    text: written.to_owned()
                }
            );
        }
        let error = "a:a".parse::<Interaction>().unwrap_err();
        assert_eq!(error.remedy().unwrap(), "a=polynomial:2 for its square");
    }

    #[test]
    fn thresholds_are_rows_or_shares() {
        assert_eq!("20".parse(), Ok(LevelThreshold::Rows(20.0)));
        assert_eq!("0.5%".parse(), Ok(LevelThreshold::Share(0.005)));
        assert_eq!(LevelThreshold::Share(0.005).to_string(), "0.5%");
        for written in ["", "-1", "101%", "many", "NaN"] {
            assert!(written.parse::<LevelThreshold>().is_err(), "{written}");
        }
    }

    #[test]
    fn options_are_the_same_in_a_file() {
        let toml = "max_levels = 10\nmin_level = '1%'\ninteractions = ['a:b']\n\
                    [encodings]\nage = 'spline:5'\n";
        let options: PipelineOptions = toml::from_str(toml).unwrap();
        assert_eq!(options.max_levels, Some(10));
        assert_eq!(options.min_level, Some(LevelThreshold::Share(0.01)));
        assert_eq!(
            options.encodings["age"],
            ColumnEncoding::Spline { knots: 5 }
        );
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(
            serde_json::from_str::<PipelineOptions>(&json).unwrap(),
            options
        );
        let error = toml::from_str::<PipelineOptions>("[encodings]\nage = 'splin'\n").unwrap_err();
        assert!(error.to_string().contains("nearest: `spline`"), "{error}");
    }
}
