//! The table, the roles of its columns, and how it is read: the same for every command.

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

#[derive(Debug, Args)]
pub(in crate::cli) struct TableArgs {
    /// CSV, TSV, JSON lines or svmlight, plain or compressed with gzip or zstd: a file, a pattern
    /// ('part-*.csv') or several files for one table, `-` for standard input, or the name of a table
    /// that comes with the program
    #[arg(value_name = "TABLE", default_value = "breast_cancer")]
    pub(in crate::cli) tables: Vec<String>,

    /// The column to predict
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) target: Option<String>,
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
    /// Read these columns as categories even if they are numbers
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(in crate::cli) categorical: Vec<String>,
    /// Column of row weights: 2 is the row twice, 0 is no row
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) weight: Option<String>,
    /// Column that is added to the score as it is
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(in crate::cli) offset: Option<String>,

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
    /// What to do with missing cells of features
    #[arg(long, value_enum, default_value_t = MissingArg::Impute, help_heading = "Reading")]
    pub(in crate::cli) missing: MissingArg,
}
