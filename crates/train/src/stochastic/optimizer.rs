//! Burn's optimizers, with the settings that their papers and PyTorch agree on.

use burn::module::ParamGroup;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdaGradConfig, AdamConfig, AdamWConfig, DynOptimizer, ModuleOptimizer, RmsPropConfig, SgdConfig,
};

use crate::method::SolverChoice;

/// Keeps the division by a vanishing second moment finite (Kingma, Ba 2015, §2).
const EPSILON: f32 = 1e-8;
/// Share of the velocity that a step keeps; the customary value.
const MOMENTUM: f64 = 0.9;

/// The optimizer of a stochastic solver; `None` for a full-batch one.
///
/// `decay` is the weight `λ(1-α)` of the objective's L2 penalty. Every optimizer adds `decay·w` to
/// the gradient, so that it walks towards the optimum of the objective itself; `AdamW` by its
/// definition shrinks the weights instead, whatever their gradient, and settles elsewhere: the
/// certificate says how far away. Intercepts are never shrunk.
pub fn optimizer(solver: SolverChoice, decay: f64) -> Option<ModuleOptimizer> {
    let coupled = (decay > 0.0).then(|| WeightDecayConfig::new(decay as f32));
    Some(match solver {
        SolverChoice::Auto
        | SolverChoice::Newton
        | SolverChoice::Lbfgs
        | SolverChoice::Coordinate
        | SolverChoice::LeastSquares
        | SolverChoice::NormalEquations
        | SolverChoice::SimpleRegression => return None,
        SolverChoice::Sgd => {
            let plain = SgdConfig::new();
            let decayed = plain.clone().with_weight_decay(coupled);
            without_intercept(decayed.init(), plain.build())
        }
        SolverChoice::Momentum => {
            let momentum = MomentumConfig::new()
                .with_momentum(MOMENTUM)
                .with_dampening(0.0);
            let plain = SgdConfig::new().with_momentum(Some(momentum));
            let decayed = plain.clone().with_weight_decay(coupled);
            without_intercept(decayed.init(), plain.build())
        }
        SolverChoice::Adam => {
            let plain = AdamConfig::new().with_epsilon(EPSILON);
            let decayed = plain.clone().with_weight_decay(coupled);
            without_intercept(decayed.init(), plain.build())
        }
        SolverChoice::AdamW => {
            let plain = AdamWConfig::new()
                .with_epsilon(EPSILON)
                .with_weight_decay(0.0);
            let decayed = plain.clone().with_weight_decay(decay as f32);
            without_intercept(decayed.init(), plain.build())
        }
        SolverChoice::RmsProp => {
            let plain = RmsPropConfig::new()
                .with_momentum(0.0)
                .with_epsilon(EPSILON);
            let decayed = plain.clone().with_weight_decay(coupled);
            without_intercept(decayed.init(), plain.build())
        }
        SolverChoice::AdaGrad => {
            let plain = AdaGradConfig::new().with_epsilon(EPSILON);
            let decayed = plain.clone().with_weight_decay(coupled);
            without_intercept(decayed.init(), plain.build())
        }
    })
}

/// `decayed` for the coefficients, `plain` for the intercepts.
fn without_intercept(
    decayed: ModuleOptimizer,
    plain: impl DynOptimizer + 'static,
) -> ModuleOptimizer {
    decayed.with_group(ParamGroup::from_predicate("bias"), plain, None)
}

/// The learning rate when none is given.
///
/// For plain descent it is the inverse of a bound of the objective's curvature: at most
/// `c·mean‖x̃‖²`, with `c` = ¼ for log loss, ½ for the softmax and 1 for squared loss (Böhning
/// 1992), which is the largest rate at which every full step is sure to descend. Momentum adds up
/// to ten such steps, so it takes a tenth. The adaptive methods have their customary rates.
pub fn default_rate(solver: SolverChoice, curvature_bound: f64) -> f64 {
    let descent = 1.0 / curvature_bound.max(f64::MIN_POSITIVE);
    match solver {
        SolverChoice::Momentum => descent * (1.0 - MOMENTUM),
        SolverChoice::Adam | SolverChoice::AdamW | SolverChoice::RmsProp => 0.01,
        SolverChoice::AdaGrad => 0.1,
        _ => descent,
    }
}
