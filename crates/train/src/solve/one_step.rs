//! Least squares, which need one step.

use solver::{
    HostObjective, LeastSquaresMethod, Objective, Record, Solution, Status, least_squares,
};

use super::largest;
use crate::error::FitError;

/// Solves in one step, on the `f64` rows, and says the condition number of what was solved.
pub(super) fn in_one_step(
    exact: &HostObjective<'_, f64>,
    method: LeastSquaresMethod,
) -> Result<(Solution, f64), FitError> {
    let solved = least_squares(exact.problem(), method)?;
    let mut history = Vec::new();
    for (iteration, theta) in [&vec![0.0; solved.theta.len()], &solved.theta]
        .into_iter()
        .enumerate()
    {
        let mut gradient = vec![0.0; theta.len()];
        history.push(Record {
            iteration,
            objective: exact.gradient(theta, &mut gradient)?,
            gradient_max: largest(&gradient),
            step: if iteration == 0 { 0.0 } else { 1.0 },
        });
    }
    let last = history[history.len() - 1];
    let solution = Solution {
        theta: solved.theta,
        status: Status::Converged,
        objective: last.objective,
        gradient_max: last.gradient_max,
        detail: None,
        sample_steps: 0,
        history,
    };
    Ok((solution, solved.condition))
}
