//! Objectives over host rows, solvers, and the proof of their answers. Pure numerics, no Burn.
//!
//! An [`Objective`] gives value, gradient and curvature; [`minimize()`] runs a [`Solver`] on it;
//! [`fit()`] does that for rows in host memory, certifies the answer and explains what is wrong where
//! it cannot.
//!
//! Reading order: what is minimised ([`objective`]), when a fit stops ([`mod@minimize`]), how a step
//! is computed ([`newton`], [`newton_cg`], [`sampled`], [`lbfgs`]; [`mod@least_squares`] needs only one) and which
//! method is taken ([`choice`]), how far the answer can be from the optimum ([`certificate`]), why
//! there may be none ([`mod@separation`], [`rank`]), all of it in order ([`mod@fit`]), and which penalty
//! predicts best ([`cross_validation`]). Beside them, the methods that see a few rows at a time
//! ([`stochastic`]).

pub mod certificate;
pub mod choice;
pub mod coordinate;
pub mod cross_validation;
mod factor;
pub mod fit;
pub mod lbfgs;
pub mod least_squares;
mod line_search;
pub mod minimize;
mod near_collinear;
pub mod newton;
pub mod newton_cg;
pub mod objective;
mod pairs;
pub mod rank;
pub mod sampled;
pub mod separation;
mod spread;
pub mod stochastic;
pub mod tolerance;

pub use certificate::{Basis, Certificate, certify, certify_held};
pub use choice::{Choice, Plan, Shape};
pub use coordinate::{
    Coordinate, DualityGap, Lambdas, Path, PathOptions, PathPoint, coordinate, coordinate_observed,
    duality_gap, path,
};
pub use cross_validation::{
    CrossValidated, CrossValidation, CrossValidationError, Rule, Score, penalties,
};
pub use fit::{Diagnosis, Fit, conclude, fit, fit_observed};
pub use lbfgs::Lbfgs;
pub use least_squares::{LeastSquares, LeastSquaresError, LeastSquaresMethod, least_squares};
pub use minimize::{
    Iterate, Outlook, Record, Solution, SolveError, Solver, Status, Stop, minimize,
    minimize_observed,
};
pub use newton::Newton;
pub use newton_cg::NewtonCg;
pub use objective::{
    CurvatureProduct, Gauge, HostObjective, Objective, ObjectiveError, Penalty, Problem,
    Restricted, TargetValues,
};
pub use rank::{Dependence, dependences};
pub use sampled::SampledNewton;
pub use separation::{Alone, Separation, Verdict, separation};
