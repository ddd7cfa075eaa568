//! One epoch of mini-batches, as Kindling's adapters make it, whatever computes the gradient.

use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use solver::ObjectiveError;
use solver::stochastic::{BatchGradient, Measured, Rule, Settings, State, Watch, train};

use crate::protocol::{Fitted, Request, Said};

/// The settings of a request for an epoch.
///
/// # Errors
/// When there is no such optimizer.
pub fn settings(request: &Request, solver: &str) -> Result<Settings, Box<dyn Error>> {
    let rule = match solver {
        "sgd" => Rule::Sgd,
        "adam" => Rule::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            amsgrad: false,
        },
        other => return Err(format!("there is no optimizer `{other}`").into()),
    };
    Ok(Settings {
        epochs: 1,
        batch_size: request.batch_size.unwrap_or(256),
        ..Settings::new(rule, request.learning_rate.unwrap_or(0.01))
    })
}

/// Makes an epoch from zero: the shuffle and every step, and no look at all rows at its end.
///
/// # Errors
/// What the gradient's source returns.
pub fn one(
    source: &mut dyn BatchGradient,
    settings: &Settings,
    columns: usize,
    lambda: f64,
) -> Result<Fitted, Box<dyn Error>> {
    let mut decay = vec![lambda; columns];
    decay.push(0.0);
    let state = State::new(vec![0.0; columns + 1]);
    let never = AtomicBool::new(false);
    let begin = Instant::now();
    let trained = train(source, settings, &decay, state, &never, &mut NoLook)?;
    Ok(Fitted {
        seconds: Some(begin.elapsed().as_secs_f64()),
        said: Said {
            iterations: Some(trained.state.moments.steps as usize),
            ..Said::default()
        },
        theta: trained.theta,
    })
}

/// Measures nothing: the judge does.
struct NoLook;

impl Watch<ObjectiveError> for NoLook {
    fn measure(&mut self, _: &[f64]) -> Result<Measured, ObjectiveError> {
        Ok(Measured {
            objective: 0.0,
            gradient_max: 0.0,
            validation_loss: None,
            watched: None,
        })
    }
}
