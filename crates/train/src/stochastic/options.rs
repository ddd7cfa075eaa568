//! What a person sets of a stochastic fit, and the rule that follows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use solver::stochastic::{Pace, Rule, SettingError, Settings, Stopping};

use crate::method::{SolverChoice, UnknownName, named};

/// Keeps the division by a vanishing second moment finite (Kingma, Ba 2015, §2).
const EPSILON: f64 = 1e-8;

/// Share of the velocity that a step keeps; the customary value.
const MOMENTUM: f64 = 0.9;

/// Rows in a batch where none are named; fewer where there are not as many.
const BATCH: usize = 256;

/// The settings of the mini-batch loop. `None` stands for what is customary for the solver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows in a batch.
    pub batch_size: BatchSize,
    /// The full learning rate; none asks for one that suits the columns.
    pub learning_rate: Option<f64>,
    /// How it changes.
    #[serde(flatten)]
    pub pace: Pace,
    /// Share of the velocity that a step keeps.
    pub momentum: Option<f64>,
    /// Memory of the gradient.
    pub beta1: Option<f64>,
    /// Memory of its square; of its change for `adan`.
    pub beta2: Option<f64>,
    /// Memory of the square for `adan`.
    pub beta3: Option<f64>,
    /// Memory of the square for `rmsprop`.
    pub smoothing: Option<f64>,
    /// What keeps the division by a vanishing square finite.
    pub epsilon: Option<f64>,
    /// Whether `adam` and `adamw` divide by the largest square so far.
    pub amsgrad: bool,
    /// Whether `rmsprop` divides by the variance.
    pub centered: bool,
    /// The longest gradient.
    pub clip_norm: Option<f64>,
    /// Batches of a step.
    pub accumulate: usize,
    /// The last epochs that are averaged.
    pub average: usize,
    /// Epochs without improvement after which to stop; none to go on to the end.
    pub patience: Option<usize>,
    /// What an improvement must be more than.
    pub min_change: f64,
    /// What is to improve.
    pub watch: Watched,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epochs: 30,
            batch_size: BatchSize::Auto,
            learning_rate: None,
            pace: Pace::default(),
            momentum: None,
            beta1: None,
            beta2: None,
            beta3: None,
            smoothing: None,
            epsilon: None,
            amsgrad: false,
            centered: false,
            clip_norm: None,
            accumulate: 1,
            average: 0,
            patience: None,
            min_change: 0.0,
            watch: Watched::Loss,
        }
    }
}

/// Rows in a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchSize {
    /// 256, or all where there are fewer.
    #[default]
    Auto,
    /// Every row: plain gradient descent.
    All,
    /// So many.
    #[serde(untagged)]
    Rows(usize),
}

/// What early stopping and the plateau look at, on the validation rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Watched {
    /// The mean loss.
    #[default]
    Loss,
    /// Share of rows whose class is right.
    Accuracy,
    /// Area under the ROC curve.
    Auc,
    /// Harmonic mean of precision and recall.
    F1,
    /// Mean squared error of the probability.
    Brier,
    /// Mean absolute error of the number.
    Mae,
    /// Share of the variance explained.
    R2,
}

named!(Watched, "metric", {
    Loss => "loss", Accuracy => "accuracy", Auc => "auc", F1 => "f1", Brier => "brier",
    Mae => "mae", R2 => "r2",
});

impl Watched {
    /// Whether it is a metric of this task.
    pub fn suits(self, task: model::Task) -> bool {
        use model::Task::{Binary, Linear, Multinomial};
        match self {
            Self::Loss => true,
            Self::Accuracy | Self::Auc => matches!(task, Binary | Multinomial),
            Self::F1 | Self::Brier => task == Binary,
            Self::Mae | Self::R2 => task == Linear,
        }
    }
}

impl BatchSize {
    /// Rows in a batch, of so many.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Auto => BATCH.min(rows),
            Self::All => rows,
            Self::Rows(size) => size,
        }
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::All => f.pad("all"),
            Self::Rows(size) => size.fmt(f),
        }
    }
}

impl FromStr for BatchSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "all" => Ok(Self::All),
            _ => (text.parse().map(Self::Rows))
                .map_err(|_| "it is a number of rows, auto or all".to_owned()),
        }
    }
}

impl Options {
    /// The rule of a stochastic solver; `None` for a full-batch one.
    pub fn rule(&self, solver: SolverChoice) -> Option<Rule> {
        let momentum = self.momentum.unwrap_or(MOMENTUM);
        let epsilon = self.epsilon.unwrap_or(EPSILON);
        let (one, two) = (self.beta1.unwrap_or(0.9), self.beta2.unwrap_or(0.999));
        Some(match solver {
            SolverChoice::Sgd => Rule::Sgd,
            SolverChoice::Momentum | SolverChoice::Nesterov => Rule::Momentum {
                momentum,
                nesterov: solver == SolverChoice::Nesterov,
            },
            SolverChoice::Adam => Rule::Adam {
                beta1: one,
                beta2: two,
                epsilon,
                amsgrad: self.amsgrad,
            },
            SolverChoice::AdamW => Rule::AdamW {
                beta1: one,
                beta2: two,
                epsilon,
                amsgrad: self.amsgrad,
            },
            SolverChoice::RmsProp => Rule::RmsProp {
                smoothing: self.smoothing.unwrap_or(0.99),
                momentum: self.momentum.unwrap_or(0.0),
                centered: self.centered,
                epsilon,
            },
            SolverChoice::AdaGrad => Rule::AdaGrad { epsilon },
            SolverChoice::Adan => Rule::Adan {
                beta1: self.beta1.unwrap_or(0.98),
                beta2: self.beta2.unwrap_or(0.92),
                beta3: self.beta3.unwrap_or(0.99),
                epsilon,
            },
            SolverChoice::Lion => Rule::Lion {
                beta1: self.beta1.unwrap_or(0.9),
                beta2: self.beta2.unwrap_or(0.99),
            },
            _ => return None,
        })
    }

    /// Refuses settings that a stochastic solver has no use for.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check_use(&self, solver: SolverChoice) -> Result<(), SettingError> {
        use SolverChoice::{AdaGrad, Adam, AdamW, Adan, Lion, Momentum, Nesterov, RmsProp};
        let used = |by: &[SolverChoice]| by.contains(&solver);
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let flag = |on: bool| on.then(String::new);
        let memories = [Adam, AdamW, Adan, Lion];
        let divides = [Adam, AdamW, RmsProp, AdaGrad, Adan];
        let settings = [
            (
                "momentum",
                number(self.momentum),
                used(&[Momentum, Nesterov, RmsProp]),
            ),
            ("beta1", number(self.beta1), used(&memories)),
            ("beta2", number(self.beta2), used(&memories)),
            ("beta3", number(self.beta3), used(&[Adan])),
            ("smoothing", number(self.smoothing), used(&[RmsProp])),
            ("epsilon", number(self.epsilon), used(&divides)),
            ("amsgrad", flag(self.amsgrad), used(&[Adam, AdamW])),
            ("centered", flag(self.centered), used(&[RmsProp])),
        ];
        for (setting, value, used) in settings {
            if let (Some(value), false) = (value, used) {
                return Err(SettingError {
                    setting,
                    value,
                    reason: "the solver has no use for it",
                    remedy: "leave it out; train fit --help says whose it is",
                });
            }
        }
        if self.min_change > 0.0 && self.patience.is_none() {
            return Err(SettingError {
                setting: "min-change",
                value: self.min_change.to_string(),
                reason: "only early stopping looks at it",
                remedy: "--patience 10 --validation 0.2",
            });
        }
        Ok(())
    }

    /// The settings of a run over so many rows; `learning_rate` is for where none is set.
    pub fn settings(&self, rule: Rule, rows: usize, learning_rate: f64, seed: u64) -> Settings {
        Settings {
            epochs: self.epochs,
            batch_size: self.batch_size.of(rows),
            pace: self.pace,
            seed,
            clip: self.clip_norm,
            accumulate: self.accumulate,
            average: self.average,
            stopping: self.patience.map(|patience| Stopping {
                patience,
                change: self.min_change,
            }),
            ..Settings::new(rule, self.learning_rate.unwrap_or(learning_rate))
        }
    }
}

/// The learning rate when none is given, from what is sure to descend.
///
/// `safe` is a rate at which plain descent by such batches is sure to approach the optimum. Momentum adds
/// up to `1/(1 - μ)` such steps, so it takes a share of `1 - μ`. The adaptive methods, whose steps do not
/// depend on the gradient's size, have their customary rates.
pub fn default_rate(rule: Rule, safe: f64) -> f64 {
    match rule {
        Rule::Momentum { momentum, .. } => safe * (1.0 - momentum),
        Rule::Adam { .. } | Rule::AdamW { .. } | Rule::RmsProp { .. } | Rule::Adan { .. } => 0.01,
        Rule::AdaGrad { .. } => 0.1,
        Rule::Lion { .. } => 0.001,
        _ => safe,
    }
}
