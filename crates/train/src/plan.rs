//! Which solver fits, with which gradient, and why.

use model::device::Choice;
use terminal::number::{count, counted};

use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::method::{Gradient, SolverChoice};

/// Parameters up to which `auto` takes Newton: a curvature of 4,000 × 4,000 takes 128 MB, and its
/// factorisation as long as some dozens of passes over a matrix that such a fit would have.
const NEWTON_PARAMETERS: usize = 4000;

/// What a fit is made with; nothing in it is `auto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The solver.
    pub solver: SolverChoice,
    /// How gradients are computed.
    pub gradient: Gradient,
    /// Why this solver, in a few words for the summary.
    pub reason: String,
}

/// What the choice depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Whether the target is a number.
    pub linear: bool,
    /// Parameters of the objective.
    pub parameters: usize,
}

/// Refuses solvers that cannot follow the penalty, before any work is done.
///
/// # Errors
/// [`FitError::Unsuitable`].
pub fn check(settings: &Hyperparameters) -> Result<(), FitError> {
    let solver = settings.solver;
    if settings.has_l1() && !matches!(solver, SolverChoice::Auto | SolverChoice::Coordinate) {
        return Err(FitError::Unsuitable {
            solver,
            reason: "cannot follow an L1 penalty, which has corners".to_owned(),
            remedy: "--solver coordinate (the default here), or --penalty l2",
        });
    }
    on_host(solver, settings.gradient)
}

/// Refuses a gradient where none is needed.
fn on_host(solver: SolverChoice, gradient: Gradient) -> Result<(), FitError> {
    if solver.is_on_host() && !matches!(gradient, Gradient::Auto | Gradient::Fused) {
        return Err(FitError::Unsuitable {
            solver,
            reason: format!(
                "works on rows in host memory and has no use for --gradient {gradient}"
            ),
            remedy: "leave out --gradient, or take --solver newton",
        });
    }
    Ok(())
}

impl Plan {
    /// What the settings mean for a problem of this shape on this device.
    ///
    /// # Errors
    /// [`FitError::Unsuitable`] for a gradient that the solver has no use for.
    pub fn new(
        settings: &Hyperparameters,
        device: &Choice,
        shape: Shape,
    ) -> Result<Self, FitError> {
        let (solver, reason) = choose(settings, shape);
        on_host(solver, settings.gradient)?;
        Ok(Self {
            solver,
            gradient: settings.gradient.resolve(device, solver),
            reason,
        })
    }
}

/// The solver that was asked for, or what `auto` stands for, and why.
pub(crate) fn choose(settings: &Hyperparameters, shape: Shape) -> (SolverChoice, String) {
    if settings.solver != SolverChoice::Auto {
        return (settings.solver, "as asked".to_owned());
    }
    let free = matches!(settings.gradient, Gradient::Auto | Gradient::Fused);
    if settings.has_l1() {
        let reason = "the penalty has an L1 part".to_owned();
        (SolverChoice::Coordinate, reason)
    } else if shape.linear && free {
        let reason = "a number has its optimum in one step".to_owned();
        (SolverChoice::LeastSquares, reason)
    } else if shape.parameters <= NEWTON_PARAMETERS {
        let reason = format!(
            "few enough for it: {}",
            counted(shape.parameters, "parameter")
        );
        (SolverChoice::Newton, reason)
    } else {
        let reason = format!(
            "a curvature for {} parameters would be too large",
            count(shape.parameters)
        );
        (SolverChoice::Lbfgs, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PenaltyChoice;

    fn chosen(settings: &Hyperparameters, linear: bool, parameters: usize) -> SolverChoice {
        choose(settings, Shape { linear, parameters }).0
    }

    #[test]
    fn auto_takes_the_solver_that_suits_the_problem() {
        let plain = Hyperparameters::default();
        assert_eq!(chosen(&plain, false, 31), SolverChoice::Newton);
        assert_eq!(chosen(&plain, false, 20_001), SolverChoice::Lbfgs);
        assert_eq!(chosen(&plain, true, 31), SolverChoice::LeastSquares);
        let lasso = Hyperparameters {
            penalty: PenaltyChoice::Lambda(0.1),
            l1_ratio: 1.0,
            ..Hyperparameters::default()
        };
        assert_eq!(chosen(&lasso, true, 31), SolverChoice::Coordinate);
        let taped = Hyperparameters {
            gradient: Gradient::Autodiff,
            ..Hyperparameters::default()
        };
        assert_eq!(chosen(&taped, true, 31), SolverChoice::Newton);
    }

    #[test]
    fn an_l1_penalty_of_weight_zero_is_none() {
        let nothing = Hyperparameters {
            penalty: PenaltyChoice::Lambda(0.0),
            l1_ratio: 1.0,
            solver: SolverChoice::Newton,
            ..Hyperparameters::default()
        };
        assert!(check(&nothing).is_ok());
        let lasso = Hyperparameters {
            penalty: PenaltyChoice::C(1.0),
            ..nothing
        };
        let error = check(&lasso).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--solver newton cannot follow an L1 penalty, which has corners"
        );
        assert!(error.remedy().unwrap().contains("--solver coordinate"));
    }
}
