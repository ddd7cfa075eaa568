//! The table, the roles of its columns, and how it is read: the same for every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TaskArg {
    /// From the target: two values are yes/no, several labels are classes, numbers are numbers
    Auto,
    /// Yes or no
    Binary,
    /// One of several classes
    Multinomial,
    /// A number
    Linear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MissingArg {
    /// The median of numbers; a level of its own for categories
    Impute,
    /// Leave out rows with a missing cell
    Drop,
    /// Stop at the first
    Error,
}

/// What is read: the table and what its columns are.
#[derive(Debug, Args)]
pub(in crate::cli) struct ColumnArgs {
    /// CSV, TSV, JSON lines or svmlight, plain or compressed with gzip or zstd: a file, a pattern
    /// ('part-*.csv') or several files for one table, `-` for standard input, or the name of a table
    /// that comes with the program
    #[arg(value_name = "TABLE", default_value = "breast_cancer")]
    pub(in crate::cli) tables: Vec<String>,

    /// The column to predict
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) target: Option<String>,
    /// Use these columns alone
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) features: Option<Vec<String>>,
    /// Leave these columns out
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) drop: Vec<String>,
    /// Use these columns even if they look like identifiers
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) keep: Vec<String>,
    /// Read these columns as categories even if they are numbers
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) categorical: Vec<String>,
    /// Read these columns as numbers: a cell that is none is an error
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) numeric: Vec<String>,
    /// Read these columns as yes or no, 1 and 0 included
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) boolean: Vec<String>,
    /// Read these columns as dates; plain numbers are seconds since 1970
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) date: Vec<String>,
    /// Column of row weights: 2 is the row twice, 0 is no row
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) weight: Option<String>,
    /// Column that is added to the score as it is
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) offset: Option<String>,

    /// What the columns are, as `train schema` writes it; other options win over it
    #[arg(long, value_name = "FILE.toml", help_heading = "Reading")]
    pub(in crate::cli) schema: Option<PathBuf>,
    /// More cells that mean missing, beside empty, NA, N/A, NULL and null
    #[arg(
        long,
        value_name = "TEXT,TEXT",
        help_heading = "Reading",
        allow_hyphen_values = true
    )]
    pub(in crate::cli) na: Option<String>,
    /// What separates cells [default: found out among , ; tab |]
    #[arg(long, value_name = "CHAR", value_parser = terminal::args::delimiter, help_heading = "Reading")]
    pub(in crate::cli) delimiter: Option<u8>,
}

/// The table, the question that is asked of it, and how its columns become numbers.
#[derive(Debug, Args)]
pub(in crate::cli) struct TableArgs {
    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArgs,
    /// What to do with missing cells of features
    #[arg(long, value_enum, default_value_t = MissingArg::Impute, help_heading = "Reading")]
    pub(in crate::cli) missing: MissingArg,

    /// The label that counts as yes; or a condition on a number, such as '>15'
    #[arg(
        long,
        value_name = "LABEL|'>X'",
        help_heading = "Columns",
        allow_hyphen_values = true
    )]
    pub(in crate::cli) positive: Option<String>,
    /// What kind of question it is
    #[arg(long, value_enum, default_value_t = TaskArg::Auto, help_heading = "Columns")]
    pub(in crate::cli) task: TaskArg,

    #[command(flatten)]
    pub(in crate::cli) encoding: EncodingArgs,
}

/// How columns become numbers, where that is not one number or one dummy for each level.
#[derive(Debug, Args)]
pub(in crate::cli) struct EncodingArgs {
    /// age=spline:5, age=polynomial:3, age=bins:4, age=bins@18,65 for numbers; town=hash:12 for
    /// text, which then has 2 to the power of 12 columns at most; may be given again
    #[arg(long, value_name = "COLUMN=ENCODING", help_heading = "Encoding")]
    pub(in crate::cli) encode: Vec<String>,
    /// Products of two columns, or of one with every other (a:*); may be given again
    #[arg(long, value_name = "A:B", help_heading = "Encoding")]
    pub(in crate::cli) interact: Vec<String>,
    /// Most levels of a category; the rarer ones are one level, (other)
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        help_heading = "Encoding"
    )]
    pub(in crate::cli) max_levels: usize,
    /// Levels of fewer training rows are one level, (other)
    #[arg(long, value_name = "N|P%", help_heading = "Encoding")]
    pub(in crate::cli) min_level_rows: Option<String>,
    /// A column for each number or date with missing cells, which says where
    #[arg(long, help_heading = "Encoding")]
    pub(in crate::cli) missing_indicators: bool,
}
