//! What can be typed after `train search`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FitArgs;

/// Which penalty of a path is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RuleArg {
    /// The one with the least loss
    Min,
    /// The largest within a standard error of the least loss
    #[value(name = "1se")]
    OneStandardError,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train search                                a hundred ridge penalties, ten folds each
  train search --penalty l1 --rule 1se        lasso: the simplest model that is not clearly worse
  train search --penalty elastic-net --vary l1-ratio=0.1,0.5,0.9
                                              the mix of both, each with a path of its own
  train search visits.csv --target ill --group patient
                                              rows of a patient are held out together
  train search sales.csv --target sold --time day --folds 4
                                              nothing is fitted on what came later
  train search penguins --vary max-levels=2,3 --nested 3
                                              an encoding, and what such a search is worth
  train search --solver adam --folds 3 --vary learning-rate=0.01,0.1 --vary batch-size=64,256
                                              a grid of mini-batch settings
  train search --solver sgd --folds 3 --trials 4 --vary learning-rate=0.01..1:log
                                              combinations at random
  train search --picture search.svg           loss and coefficients along the penalties
  train search --csv search.csv               a line for each setting and penalty

All rows take part, unless --test holds some out. What stands after `train fit` can stand here;
without --lambda, --c and --penalty none, a full-batch solver follows a whole path of penalties, on
f64 rows on the host. The best is fitted to all rows and saved as `train fit` does it.

Exit codes: 0 ok; 2 usage; 3 bad data; 4 no setting could be judged, or the best is not to be
trusted as it stands; 130 interrupted.")]
pub(in crate::cli) struct SearchArgs {
    /// Folds: each is held out once
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Search")]
    pub(in crate::cli) folds: usize,
    /// Hold out rows with the same cell of this column together
    #[arg(
        long,
        value_name = "COLUMN",
        help_heading = "Search",
        conflicts_with = "time"
    )]
    pub(in crate::cli) group: Option<String>,
    /// Hold out rows that are later, by this column of numbers or dates, than all that are fitted on
    #[arg(long, value_name = "COLUMN", help_heading = "Search")]
    pub(in crate::cli) time: Option<String>,
    /// Search anew without each of so many folds, and judge what was chosen on them
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(in crate::cli) nested: Option<usize>,
    /// Penalties of a path
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "Search")]
    pub(in crate::cli) penalties: usize,
    /// The last penalty of a path over the first [default: 0.0001 with an L1 part, 0.01 where there
    /// are no more rows than columns; for ridge as far as C = 100]
    #[arg(
        long,
        value_name = "X",
        help_heading = "Search",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) penalty_ratio: Option<f64>,
    /// Which penalty of a path to take
    #[arg(long, value_enum, default_value_t = RuleArg::Min, help_heading = "Search")]
    pub(in crate::cli) rule: RuleArg,
    /// Try these values of an option: learning-rate=0.1,0.01 or, with --trials, any between two,
    /// learning-rate=0.001..0.1:log; may be given again, for every combination
    #[arg(
        long,
        value_name = "OPTION=VALUES",
        help_heading = "Search",
        allow_hyphen_values = true
    )]
    pub(in crate::cli) vary: Vec<String>,
    /// Try so many combinations, drawn at random by --seed
    #[arg(long, value_name = "N", help_heading = "Search", requires = "vary")]
    pub(in crate::cli) trials: Option<usize>,
    /// Draw the loss and the coefficients along the penalties into this file
    #[arg(long, value_name = "FILE.svg", help_heading = "Output")]
    pub(in crate::cli) picture: Option<PathBuf>,
    /// Write the table, a line for each setting and penalty, into this file
    #[arg(long, value_name = "FILE.csv", help_heading = "Output")]
    pub(in crate::cli) csv: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) fit: FitArgs,
}
