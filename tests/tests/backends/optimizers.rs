//! The host's optimizers make Burn's steps.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdaGradConfig, AdamConfig, AdamWConfig, AdanConfig, GradientsParams, LionConfig,
    ModuleOptimizer, RmsPropConfig, SgdConfig,
};
use burn::tensor::{DType, Device, Tensor};
use model::device::{Backend, select};
use solver::stochastic::{Moments, Rule};
use tests::tolerance::{self, assert_near};

const STEPS: usize = 6;
const RATE: f64 = 0.05;

/// Burn keeps settings in f32. These have few enough bits that they, their powers up to the sixth and
/// one less those are exact there, so that nothing but the formulas can differ.
const ONE: f64 = 0.875;
const TWO: f64 = 0.75;
const THREE: f64 = 0.5;
const DECAY: f64 = 0.25;
const EPSILON: f64 = 1.0 / 1_048_576.0;

/// Gradients of a step, of any sign and size.
fn gradient(step: usize) -> [f64; 3] {
    [(0, 0.1), (1, 1.0), (2, 10.0)].map(|(j, size)| (1.7 * (step * 3 + j) as f64).sin() * size)
}

/// Parameters after each step of a Burn optimizer.
fn burns(mut optimizer: ModuleOptimizer) -> Vec<f64> {
    let plain = select(Backend::Flex).unwrap().device;
    let tensor = |values: [f64; 3], device: &Device| {
        let column = values.map(|value| [value]);
        Tensor::<2>::from_data(column, (device, DType::F64))
    };
    let mut module = Linear {
        weight: Param::from_tensor(tensor([0.5, -1.0, 2.0], &plain.clone().autodiff())),
        bias: None,
    };
    let mut walk = Vec::new();
    for step in 0..STEPS {
        let mut gradients = GradientsParams::new();
        gradients.register(module.weight.id, tensor(gradient(step), &plain));
        module = optimizer.step(RATE, module, gradients);
        let values = module.valid().weight.val().into_data();
        walk.extend(values.iter::<f64>());
    }
    walk
}

/// The same on the host.
fn ours(rule: Rule) -> Vec<f64> {
    let (mut theta, mut moments) = ([0.5, -1.0, 2.0], Moments::default());
    let step = |step| {
        rule.step(
            RATE,
            &[DECAY; 3],
            &mut gradient(step),
            &mut moments,
            &mut theta,
        );
        theta
    };
    (0..STEPS).flat_map(step).collect()
}

fn assert_same(what: &str, rule: Rule, burn: ModuleOptimizer) {
    assert_near(what, &ours(rule), &burns(burn), tolerance::STEPS_F64, 1.0);
}

#[allow(clippy::unnecessary_wraps, reason = "what the builders take")]
fn decay() -> Option<WeightDecayConfig> {
    Some(WeightDecayConfig::new(DECAY as f32))
}

#[test]
fn descent_and_momentum() {
    let plain = SgdConfig::new().with_weight_decay(decay());
    assert_same("sgd", Rule::Sgd, plain.init());
    for nesterov in [false, true] {
        let momentum = MomentumConfig::new()
            .with_momentum(ONE)
            .with_dampening(0.0)
            .with_nesterov(nesterov);
        let rule = Rule::Momentum {
            momentum: ONE,
            nesterov,
        };
        let burn = plain.clone().with_momentum(Some(momentum));
        assert_same(&format!("nesterov {nesterov}"), rule, burn.init());
    }
}

#[test]
fn adam_and_its_kin() {
    for amsgrad in [false, true] {
        let rule = Rule::Adam {
            beta1: ONE,
            beta2: TWO,
            epsilon: EPSILON,
            amsgrad,
        };
        let burn = AdamConfig::new()
            .with_beta_1(ONE as f32)
            .with_beta_2(TWO as f32)
            .with_epsilon(EPSILON as f32)
            .with_amsgrad(amsgrad)
            .with_weight_decay(decay());
        assert_close("adam", rule, burn.init());
        let rule = Rule::AdamW {
            beta1: ONE,
            beta2: TWO,
            epsilon: EPSILON,
            amsgrad,
        };
        let burn = AdamWConfig::new()
            .with_beta_1(ONE as f32)
            .with_beta_2(TWO as f32)
            .with_epsilon(EPSILON as f32)
            .with_amsgrad(amsgrad)
            .with_weight_decay(DECAY as f32);
        assert_same("adamw", rule, burn.init());
    }
}

/// Burn's Adam takes the root of its correction in f32.
fn assert_close(what: &str, rule: Rule, burn: ModuleOptimizer) {
    assert_near(what, &ours(rule), &burns(burn), tolerance::STEPS_F32, 1.0);
}

#[test]
fn root_mean_squares() {
    for (momentum, centered) in [(0.0, false), (THREE, true)] {
        let rule = Rule::RmsProp {
            smoothing: TWO,
            momentum,
            centered,
            epsilon: EPSILON,
        };
        let burn = RmsPropConfig::new()
            .with_alpha(TWO as f32)
            .with_momentum(momentum as f32)
            .with_centered(centered)
            .with_epsilon(EPSILON as f32)
            .with_weight_decay(decay());
        assert_same("rmsprop", rule, burn.init());
    }
    let burn = AdaGradConfig::new()
        .with_epsilon(EPSILON as f32)
        .with_weight_decay(decay());
    assert_same("adagrad", Rule::AdaGrad { epsilon: EPSILON }, burn.init());
}

/// Burn decouples the decay of these two, here it is the objective's penalty: without decay they agree.
#[test]
fn adan_and_lion() {
    let without = |rule: Rule| {
        let (mut theta, mut moments) = ([0.5, -1.0, 2.0], Moments::default());
        let step = |step| {
            rule.step(
                RATE,
                &[0.0; 3],
                &mut gradient(step),
                &mut moments,
                &mut theta,
            );
            theta
        };
        (0..STEPS).flat_map(step).collect::<Vec<f64>>()
    };
    let adan = Rule::Adan {
        beta1: ONE,
        beta2: TWO,
        beta3: THREE,
        epsilon: EPSILON,
    };
    let burn = AdanConfig::new()
        .with_beta_1(ONE as f32)
        .with_beta_2(TWO as f32)
        .with_beta_3(THREE as f32)
        .with_epsilon(EPSILON as f32);
    // Burn takes the root of its correction in f32
    let found = without(adan);
    assert_near(
        "adan",
        &found,
        &burns(burn.init()),
        tolerance::STEPS_F32,
        1.0,
    );
    let lion = Rule::Lion {
        beta1: ONE,
        beta2: TWO,
    };
    let burn = LionConfig::new()
        .with_beta_1(ONE as f32)
        .with_beta_2(TWO as f32);
    let found = without(lion);
    assert_near(
        "lion",
        &found,
        &burns(burn.init()),
        tolerance::STEPS_F64,
        1.0,
    );
}
