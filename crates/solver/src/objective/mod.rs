//! What is minimised: a sum over rows plus a penalty.

mod batch;
mod elementary;
mod error;
mod gram;
mod host;
mod kernel;
mod losses;
mod narrow;
mod panel;
mod pass;
mod penalty;
pub mod pointwise;
mod problem;
mod product;
mod restricted;
mod rows;
mod single;
pub(crate) mod sparse;
mod strips;

use faer::Mat;

pub use error::ObjectiveError;
pub use host::HostObjective;
pub use penalty::Penalty;
pub use problem::{Problem, TargetValues};
pub use product::CurvatureProduct;
pub use restricted::Restricted;

pub(crate) use gram::{add_gram, pairs, scale_rows, scatter};
pub(crate) use kernel::{Block, larger};
pub(crate) use narrow::{Map, NARROW, longest_image};
pub(crate) use panel::PANEL;
pub(crate) use pass::{Sums, Wanted};
pub(crate) use problem::Layout;
pub(crate) use restricted::submatrix;
pub(crate) use rows::{Rows, dot, dot_absolute, squared_length, weighted_squares};
pub(crate) use sparse::SparseRows;

use crate::tolerance;

/// Value, gradient and curvature at given parameters, as `f64` on the host.
///
/// Where the rows live (host memory, a device, a file) is the implementation's own affair; a solver
/// never knows. `value`, `gradient` and `curvature` must describe the same function.
///
/// # Examples
/// A parabola with its minimum at 3:
/// ```
/// use solver::{Newton, Objective, ObjectiveError, Status, Stop, minimize};
///
/// struct Parabola;
///
/// impl Objective for Parabola {
///     fn dimension(&self) -> usize {
///         1
///     }
///     fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
///         Ok(0.5 * (theta[0] - 3.0).powi(2))
///     }
///     fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
///         gradient[0] = theta[0] - 3.0;
///         self.value(theta)
///     }
///     fn curvature(
///         &self,
///         theta: &[f64],
///         gradient: &mut [f64],
///         curvature: &mut faer::Mat<f64>,
///     ) -> Result<f64, ObjectiveError> {
///         *curvature = faer::Mat::from_fn(1, 1, |_, _| 1.0);
///         self.gradient(theta, gradient)
///     }
/// }
///
/// let solution = minimize(&Newton::default(), &Parabola, &[0.0], &Stop::default())?;
/// assert_eq!(solution.status, Status::Converged);
/// assert_eq!(solution.theta, [3.0]);
/// # Ok::<(), solver::SolveError>(())
/// ```
pub trait Objective {
    /// Number of parameters.
    fn dimension(&self) -> usize;

    /// The objective at `theta`, `[dimension]`.
    ///
    /// # Errors
    /// [`ObjectiveError::Length`] for a `theta` of another length, and whatever the rows' home
    /// adds. A value that is not finite is a value, not an error.
    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError>;

    /// Writes the gradient, `[dimension]`, and returns the value.
    ///
    /// An L1 penalty adds its subgradient `λα·sign(β)`, zero at zero.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError>;

    /// Writes the gradient and the curvature, `[dimension × dimension]` with both triangles, and
    /// returns the value: all three in one pass. A curvature of another shape is replaced.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError>;

    /// The curvature at `theta` by its products with vectors, without a matrix of parameters by
    /// parameters. `None` where the objective cannot.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn curvature_product(
        &self,
        theta: &[f64],
    ) -> Result<Option<Box<dyn CurvatureProduct + '_>>, ObjectiveError> {
        let _ = theta;
        Ok(None)
    }

    /// The largest change of any row's score when the parameters move by `direction`: for the
    /// multinomial, the largest spread of the changes of a row's scores. `None` where the
    /// objective cannot say.
    ///
    /// Solvers ask for it once, where the gradient is small, to tell a minimum from a descent
    /// towards infinity.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn score_change(&self, direction: &[f64]) -> Result<Option<f64>, ObjectiveError> {
        let _ = direction;
        Ok(None)
    }

    /// Whether a value this low proves that the classes are completely separated, so that there is
    /// no minimum.
    ///
    /// Without penalty and offsets a total loss below the smallest weight times `log 2` leaves no
    /// row on its wrong side.
    fn proves_separation(&self, value: f64) -> bool {
        let _ = value;
        false
    }

    /// Directions along which the objective is flat by construction.
    fn gauge(&self) -> Option<Gauge> {
        None
    }

    /// The same objective over at least `rows` of its rows, at most about twice as many, spread over the
    /// whole table: the same parameters and penalty, the mean loss of the rows that it has. None where
    /// there are not enough rows, or the objective cannot.
    ///
    /// The choice of the rows depends on their number alone, so that results do not depend on threads, and
    /// a table sorted in any way is sampled evenly. It must be cheap: solvers ask for it at every step.
    fn sample(&self, rows: usize) -> Option<Box<dyn Objective + '_>> {
        let _ = rows;
        None
    }

    /// Weight of `‖β‖₁` within the objective; zero where it is smooth.
    fn l1(&self) -> f64 {
        0.0
    }

    /// Weight of `|θⱼ|` for one parameter: [`l1`](Self::l1), or zero for one that is not penalised, as an
    /// intercept is. Objectives with an intercept must say so here.
    fn l1_at(&self, at: usize) -> f64 {
        let _ = at;
        self.l1()
    }

    /// The unit in which a change of a score counts as large or small: 1 where scores are logits, the spread of
    /// the targets where they are numbers. Solvers measure gradients and steps in it, so that the targets' unit
    /// does not matter.
    fn scale(&self) -> f64 {
        1.0
    }

    /// Relative rounding of the value: differences below `rounding · |value|` are noise.
    fn rounding(&self) -> f64 {
        tolerance::OBJECTIVE_ROUNDING
    }
}

/// Flat directions of a softmax: the same number added to one coordinate of every class changes no
/// probability.
///
/// Parameters are `[classes × stride]`; the coordinates `from..stride` of each class are
/// unpenalised, hence free to shift together. Solvers keep their sum over classes at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Number of classes.
    pub classes: usize,
    /// Parameters per class.
    pub stride: usize,
    /// First coordinate of a class that is free to shift.
    pub from: usize,
}

impl Gauge {
    /// Shifts the free coordinates so that their sum over classes is zero.
    pub fn project(&self, theta: &mut [f64]) {
        for at in self.from..self.stride {
            let class = |k: usize| k * self.stride + at;
            let mean =
                (0..self.classes).map(|k| theta[class(k)]).sum::<f64>() / self.classes as f64;
            (0..self.classes).for_each(|k| theta[class(k)] -= mean);
        }
    }

    /// Adds `c·11ᵀ` over the classes of each free coordinate, with `c` that coordinate's mean
    /// diagonal entry over the number of classes: a curvature that is positive but for the flat
    /// directions becomes positive definite, and acts as before on everything orthogonal to them.
    pub fn fix(&self, curvature: &mut Mat<f64>) {
        for at in self.from..self.stride {
            let class = |k: usize| k * self.stride + at;
            let trace: f64 = (0..self.classes)
                .map(|k| curvature[(class(k), class(k))])
                .sum();
            let c = trace / (self.classes * self.classes) as f64;
            for k in 0..self.classes {
                for l in 0..self.classes {
                    curvature[(class(k), class(l))] += c;
                }
            }
        }
    }
}
