//! What a fit may hold in memory, and what it needs.
//!
//! A bound counts the program itself, what the solver adds up in, and what belongs to each row beside its
//! cells; the rest is for reading, fitting the preprocessing and encoding ([`dataset::storage`]). What does
//! not fit is said before the work that it would take.

use std::path::PathBuf;

use dataset::{Storage, StorageError};
use model::device::{self, Backend, Choice};
use serde::{Deserialize, Serialize};
use solver::Shape;
use solver::tolerance::{NEWTON_PARAMETERS, PACKED_BYTES, PACKED_SHARE};

use crate::config::FitConfig;
use crate::error::FitError;
use crate::method::Gradient;

/// The program with its libraries and what its allocator keeps: a fit of 150 rows was measured at 27 MiB of
/// resident memory, the most of it code. A driver of a GPU is not counted.
const PROGRAM: u64 = 40 << 20;

/// What partial sums over rows take at most ([`solver`] adds them up in waves of 32 MiB).
const SUMS: u64 = 32 << 20;

/// What the smallest block of rows takes while it is read.
const READING: u64 = 12 << 20;

/// Bytes for each row: its place and its target for all rows, for its part, and in the order of the
/// split.
const ROW: u64 = 80;

/// Bytes for each row and output: its score, and what solvers keep of it.
const OUTPUT: u64 = 32;

/// Matrices of parameters by parameters that a fit and its certificate have at a time.
const MATRICES: u64 = 4;

/// Vectors of parameters that L-BFGS and its line search have.
const VECTORS: u64 = 64;

/// Copies of a batch between the file and the step that is made with it.
const COPIES_OF_BATCH: u64 = 3;

/// A bound for the memory of the process, and where the rest goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Bytes that the process may hold.
    pub bytes: u64,
    /// The folder for columns and encoded rows.
    pub folder: PathBuf,
}

impl Memory {
    /// What reading may hold.
    pub(crate) fn storage(&self) -> Storage {
        Storage {
            folder: self.folder.clone(),
            bytes: self.bytes.saturating_sub(PROGRAM),
        }
    }

    /// What is left for columns and blocks of a table of so many rows.
    ///
    /// # Errors
    /// [`FitError::Memory`] where the rows alone take too much.
    pub(crate) fn beside_rows(&self, rows: usize) -> Result<u64, FitError> {
        let rows = rows as u64 * ROW;
        self.check("the targets of the rows", PROGRAM + READING + rows)?;
        Ok(self.bytes - PROGRAM - rows)
    }

    /// Checks that there is room for a solver, which has so many rows of a batch at a time.
    ///
    /// # Errors
    /// [`FitError::Memory`].
    pub(crate) fn check_solver(&self, shape: &Shape, batch: usize) -> Result<(), FitError> {
        let parameters = shape.outputs * (shape.columns + usize::from(shape.intercept));
        let rows = shape.rows as u64 * (ROW + OUTPUT * shape.outputs as u64);
        let parameters_of_newton = if parameters <= NEWTON_PARAMETERS {
            MATRICES * 8 * (parameters as u64).pow(2)
        } else {
            VECTORS * 8 * parameters as u64
        };
        let copies = if shape.l1 {
            (PACKED_BYTES + 8 * shape.rows * shape.columns / PACKED_SHARE) as u64
        } else {
            0
        };
        let batch = COPIES_OF_BATCH * 8 * (batch * shape.columns) as u64;
        let needed = PROGRAM + SUMS + rows + parameters_of_newton + copies + batch;
        self.check("the solver", needed)
    }

    fn check(&self, what: &'static str, needed: u64) -> Result<(), FitError> {
        if needed <= self.bytes {
            return Ok(());
        }
        Err(FitError::Memory {
            what,
            needed,
            bytes: self.bytes,
        })
    }
}

/// The device of a fit. Where memory is bounded, `auto` does not look for a GPU, and what needs all rows
/// on a device, or a bound that has no room for the program, is refused: both before any work is done.
///
/// # Errors
/// [`FitError::Device`], [`FitError::Memory`] and [`FitError::Setting`].
pub(crate) fn device(config: &FitConfig) -> Result<Choice, FitError> {
    let settings = &config.hyperparameters;
    let Some(memory) = &config.memory else {
        return Ok(device::select_for(settings.backend, settings.precision)?);
    };
    memory.check("any fit", PROGRAM + SUMS + READING)?;
    let choice = match settings.backend {
        Backend::Auto => device::on_cpu("memory is bounded")?,
        named => device::select_for(named, settings.precision)?,
    };
    let gradient = settings.gradient.resolve(&choice, settings.solver);
    if gradient == Gradient::Fused || !settings.solver.is_full_batch() {
        return Ok(choice);
    }
    let (option, value) = match settings.gradient {
        Gradient::Auto => ("--backend", settings.backend.to_string()),
        named => ("--gradient", named.to_string()),
    };
    Err(FitError::Setting {
        option,
        value,
        reason: "it keeps all rows on the device, which --memory does not allow: take \
                 --gradient fused, or mini-batches (--solver adam)",
    })
}

/// How the program ends where the disk stands in for memory.
pub(crate) fn exit(error: &StorageError) -> terminal::Exit {
    match error {
        StorageError::TooSmall { .. }
        | StorageError::TooManyLevels { .. }
        | StorageError::WholeOnly { .. } => terminal::Exit::Usage,
        _ => terminal::Exit::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Hyperparameters;
    use crate::method::SolverChoice;

    fn memory(mib: u64) -> Memory {
        Memory {
            bytes: mib << 20,
            folder: "runs/cache".into(),
        }
    }

    fn shape(rows: usize, columns: usize) -> Shape {
        Shape {
            rows,
            columns,
            outputs: 1,
            squared: false,
            l1: false,
            intercept: true,
            stored: None,
        }
    }

    #[test]
    fn what_does_not_fit_is_said_with_what_it_needs() {
        assert!(memory(96).check_solver(&shape(100_000, 128), 0).is_ok());
        // 40 + 32 MiB, 112 bytes for each of a million rows, four matrices of 129 by 129.
        let needed = (72 << 20) + 112_000_000 + 4 * 8 * 129 * 129;
        let error = memory(96)
            .check_solver(&shape(1_000_000, 128), 0)
            .unwrap_err();
        let FitError::Memory { needed: said, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(said, needed);
        assert_eq!(
            error.to_string(),
            "--memory 96.0 MiB: the solver needs 179.3 MiB"
        );
        assert_eq!(error.remedy().unwrap(), "--memory 180MiB");
        assert!(memory(180).check_solver(&shape(1_000_000, 128), 0).is_ok());
        // Four matrices of 4,001 by 4,001 are 489 MiB; L-BFGS has none.
        assert!(memory(512).check_solver(&shape(1000, 4000), 0).is_err());
        assert!(memory(512).check_solver(&shape(1000, 50_000), 0).is_ok());
        let lasso = Shape {
            l1: true,
            ..shape(100_000, 128)
        };
        assert!(memory(96).check_solver(&lasso, 0).is_err());
        assert!(memory(96).check_solver(&shape(100_000, 128), 1024).is_ok());
        assert!(
            memory(96)
                .check_solver(&shape(100_000, 128), 100_000)
                .is_err()
        );
    }

    #[test]
    fn rows_on_a_device_are_refused_and_batches_are_not() {
        let config = |gradient, solver| FitConfig {
            memory: Some(memory(96)),
            hyperparameters: Hyperparameters {
                gradient,
                solver,
                ..Hyperparameters::default()
            },
            ..FitConfig::default()
        };
        assert!(device(&config(Gradient::Auto, SolverChoice::Auto)).is_ok());
        assert!(device(&config(Gradient::Autodiff, SolverChoice::Adam)).is_ok());
        let error = device(&config(Gradient::Autodiff, SolverChoice::Newton)).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("--gradient autodiff: it keeps all rows")
        );
        let small = FitConfig {
            memory: Some(memory(64)),
            ..FitConfig::default()
        };
        assert!(matches!(device(&small), Err(FitError::Memory { .. })));
        assert!(device(&FitConfig::default()).is_ok());
    }
}
