//! Why a fit cannot be made.

use dataset::schema::file::SchemaFileError;
use dataset::{
    DesignError, PipelineError, ReadError, RowSourceError, SplitError, StorageError,
    SyntheticError, TargetError,
};
use evaluate::EvaluateError;
use model::FileError;
use model::device::DeviceError;
use solver::stochastic::SettingError;
use solver::{LeastSquaresError, ObjectiveError, SolveError};
use terminal::Exit;
use thiserror::Error;

use crate::memory;
use crate::method::SolverChoice;
use crate::run::RunError;
use crate::search::SearchError;

/// Why a fit cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// The table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The schema file cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaFileError),
    /// The target cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The rows cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The features cannot be turned into numbers.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The numbers do not make a design matrix.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// There is no such device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The objective refuses the rows.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The solver refuses the objective.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// There are no least squares.
    #[error(transparent)]
    LeastSquares(#[from] LeastSquaresError),
    /// The predictions cannot be judged.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// No such table can be made.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// The model file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run's folder cannot be written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Rows of very many columns are to be dense.
    #[error("{rows} rows of {columns} columns would take {:.1} GB with every zero in its place",
        *bytes as f64 / 1e9)]
    TooWide {
        /// Rows of the part.
        rows: usize,
        /// Columns of the design matrix.
        columns: usize,
        /// Bytes of the dense rows.
        bytes: usize,
    },
    /// The settings cannot be searched.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A setting of the mini-batch loop makes no sense.
    #[error("--{0}")]
    Stochastic(#[from] SettingError),
    /// A solver that cannot do what is asked of it.
    #[error("--solver {solver} {reason}")]
    Unsuitable {
        /// The solver asked for.
        solver: SolverChoice,
        /// Why not.
        reason: String,
        /// What to type.
        remedy: &'static str,
    },
    /// A number that is set makes no sense.
    #[error("{option} {value}: {reason}")]
    Setting {
        /// The option.
        option: &'static str,
        /// What was typed.
        value: String,
        /// What it should be.
        reason: &'static str,
    },
    /// Rows and columns cannot be kept on the disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The bound of memory is too small.
    #[error("--memory {}: {what} needs {}", mebibytes(*bytes), mebibytes(*needed))]
    Memory {
        /// What has no room.
        what: &'static str,
        /// Bytes that the process would hold.
        needed: u64,
        /// Bytes that it may hold.
        bytes: u64,
    },
    /// The pipeline or a number cannot be written as JSON.
    #[error("the model cannot be described: {0}")]
    Describe(#[from] serde_json::Error),
}

impl FitError {
    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.remedy(),
            Self::Schema(error) => error.remedy(),
            Self::Target(error) => error.remedy(),
            Self::Split(error) => error.remedy(),
            Self::Pipeline(error) => error.remedy(),
            Self::Device(error) => error.remedy(),
            Self::Objective(error) => error.remedy(),
            Self::Solve(error) => error.remedy(),
            Self::LeastSquares(LeastSquaresError::Classes) => Some("--solver newton".to_owned()),
            Self::LeastSquares(
                LeastSquaresError::NotSimple { .. } | LeastSquaresError::Singular { .. },
            ) => Some("--solver least-squares".to_owned()),
            Self::LeastSquares(error) => error.remedy(),
            Self::Evaluate(error) => error.remedy(),
            Self::Synthetic(error) => error.remedy(),
            Self::File(error) => error.remedy(),
            Self::Run(error) => error.remedy(),
            Self::Search(error) => error.remedy(),
            Self::Stochastic(error) => Some(error.remedy.to_owned()),
            Self::Unsuitable { remedy, .. } => Some((*remedy).to_owned()),
            Self::TooWide { .. } => Some(
                "leave out --gradient and stochastic solvers: newton, lbfgs and coordinate fit \
                 sparse rows; or fewer columns"
                    .to_owned(),
            ),
            Self::Storage(error) => error.remedy(),
            Self::Memory { needed, .. } => {
                Some(format!("--memory {}MiB", needed.div_ceil(1 << 20)))
            }
            Self::Design(_) | Self::Setting { .. } | Self::Describe(_) => None,
        }
    }

    /// How the program ends: the command line, the data, or the machine is at fault.
    pub fn exit(&self) -> Exit {
        if let Some(error) = self.storage() {
            return memory::exit(error);
        }
        match self {
            Self::Search(error) => error.exit(),
            Self::Read(ReadError::UnknownColumn { .. } | ReadError::Contradiction { .. })
            | Self::Target(TargetError::NoTarget { .. } | TargetError::UnknownPositive { .. })
            | Self::Pipeline(
                PipelineError::NotAFeature { .. }
                | PipelineError::EncodingKind { .. }
                | PipelineError::TooFewValues { .. }
                | PipelineError::TooFewLevels { .. }
                | PipelineError::IndicatorWithoutImputation,
            )
            | Self::Split(_)
            | Self::Device(_)
            | Self::Synthetic(_)
            | Self::Solve(SolveError::Tolerance { .. })
            | Self::LeastSquares(
                LeastSquaresError::Classes | LeastSquaresError::NotSimple { .. },
            )
            | Self::Objective(ObjectiveError::Lambda { .. })
            | Self::Run(RunError::NotARun { .. })
            | Self::Stochastic(_)
            | Self::Unsuitable { .. }
            | Self::TooWide { .. }
            | Self::Memory { .. }
            | Self::Setting { .. } => Exit::Usage,
            Self::Read(_)
            | Self::Schema(_)
            | Self::Target(_)
            | Self::Pipeline(_)
            | Self::Design(_)
            | Self::Objective(_)
            | Self::Solve(_)
            | Self::LeastSquares(_)
            | Self::Run(
                RunError::Absent { .. }
                | RunError::Unreadable { .. }
                | RunError::Edited { .. }
                | RunError::Newer { .. },
            )
            | Self::Evaluate(_) => Exit::Data,
            Self::Storage(_) | Self::File(_) | Self::Run(_) | Self::Describe(_) => Exit::Unexpected,
        }
    }

    /// What is wrong with files that stand in for memory, wherever it was noticed.
    fn storage(&self) -> Option<&StorageError> {
        match self {
            Self::Storage(error)
            | Self::Read(ReadError::Storage(error))
            | Self::Target(TargetError::Features(PipelineError::Storage(error)))
            | Self::Pipeline(PipelineError::Storage(error))
            | Self::Objective(ObjectiveError::Rows(RowSourceError::Storage(error)))
            | Self::Solve(SolveError::Objective(ObjectiveError::Rows(RowSourceError::Storage(
                error,
            )))) => Some(error),
            _ => None,
        }
    }
}

/// Bytes as bounds are written.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
