//! Which solver fits, with which gradient, and why.

use model::device;
use solver::{Choice, Shape};

use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::method::{Gradient, SolverChoice};

/// What a fit is made with; nothing in it is `auto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The solver, by the name that people type.
    pub solver: SolverChoice,
    /// The same with its settings.
    pub method: solver::Plan,
    /// How gradients are computed.
    pub gradient: Gradient,
    /// Why this solver, in a few words for the summary.
    pub reason: String,
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
        device: &device::Choice,
        shape: &Shape,
    ) -> Result<Self, FitError> {
        let (solver, choice) = choose(settings, shape);
        on_host(solver, settings.gradient)?;
        Ok(Self {
            solver,
            method: choice.plan,
            gradient: settings.gradient.resolve(device, solver),
            reason: choice.reason,
        })
    }
}

/// The solver that was asked for, or what `auto` stands for, and why.
pub(crate) fn choose(settings: &Hyperparameters, shape: &Shape) -> (SolverChoice, Choice) {
    let asked = |plan| Choice {
        plan,
        reason: "as asked".to_owned(),
    };
    let choice = match settings.solver {
        SolverChoice::Auto => {
            let taped = !matches!(settings.gradient, Gradient::Auto | Gradient::Fused);
            // One step needs no gradient, so one that is asked for asks for steps.
            let shape = Shape {
                squared: shape.squared && !taped,
                ..*shape
            };
            let choice = Choice::auto(&shape);
            return (name(choice.plan), choice);
        }
        SolverChoice::Newton => asked(Choice::newton(shape).plan),
        SolverChoice::Lbfgs => asked(solver::Plan::Lbfgs { newton_after: None }),
        SolverChoice::Coordinate => asked(solver::Plan::Coordinate),
        _ => asked(solver::Plan::LeastSquares),
    };
    (settings.solver, choice)
}

/// The name that people type.
fn name(plan: solver::Plan) -> SolverChoice {
    match plan {
        solver::Plan::Lbfgs { .. } => SolverChoice::Lbfgs,
        solver::Plan::Coordinate => SolverChoice::Coordinate,
        solver::Plan::LeastSquares => SolverChoice::LeastSquares,
        _ => SolverChoice::Newton,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PenaltyChoice;

    fn chosen(settings: &Hyperparameters, linear: bool, parameters: usize) -> SolverChoice {
        let shape = Shape {
            rows: 2000,
            columns: parameters - 1,
            outputs: 1,
            squared: linear,
            l1: settings.has_l1(),
            intercept: true,
            stored: None,
        };
        choose(settings, &shape).0
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
