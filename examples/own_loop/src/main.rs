//! Trains Kindling's logistic regression in a Burn loop of one's own.
//!
//! `model::LogisticRegression` is an ordinary Burn module: any optimizer, schedule or loop takes it.
//! What it adds to a linear layer is the link and a loss that stays finite for every score.
//!
//! ```text
//! cargo run -p own_loop
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people to read"
)]

use std::process::ExitCode;

use burn::module::Module;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use model::device::{Backend, select};
use model::{LogisticRegression, LogisticRegressionConfig, Parameters};

/// Hours of practice, hours of sleep, and whether the exam was passed.
///
/// No line through the plane divides the passes from the failures, so the coefficients that explain
/// them best are finite and the loop has something to arrive at.
const EXAMS: [([f32; 2], f32); 12] = [
    ([0.5, 7.0], 0.0),
    ([1.0, 8.0], 0.0),
    ([1.5, 5.0], 0.0),
    ([2.0, 6.5], 1.0),
    ([2.0, 4.0], 0.0),
    ([2.5, 7.5], 0.0),
    ([3.0, 6.0], 1.0),
    ([3.5, 4.5], 0.0),
    ([4.0, 7.0], 1.0),
    ([4.5, 5.0], 1.0),
    ([5.0, 8.0], 1.0),
    ([5.5, 6.0], 1.0),
];
const STEPS: usize = 500;
/// The loss curves by at most a quarter of `Σ|x|²/n`, here (1 + 1 + 1) / 4: any rate below 2 over
/// that descends, and 1 leaves room.
const LEARNING_RATE: f64 = 1.0;

fn main() -> ExitCode {
    // `auto` prefers a GPU that is there; the features in Cargo.toml say what there is to choose from.
    let device = match select(Backend::Auto) {
        Ok(choice) => choice.device,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (model, first, last) = train(&device);
    let coefficients = Parameters::from_linear(&model.linear);
    println!("loss           {first:.4} -> {last:.4} in {STEPS} steps");
    println!(
        "practice       {:+.3} per standard deviation",
        coefficients.weight[0]
    );
    println!(
        "sleep          {:+.3} per standard deviation",
        coefficients.weight[1]
    );
    println!(
        "intercept      {:+.3}",
        coefficients.bias.map_or(0.0, |bias| bias[0])
    );
    if last < first {
        ExitCode::SUCCESS
    } else {
        eprintln!("error: the loss did not fall");
        ExitCode::FAILURE
    }
}

/// The trained model, and the loss before and after.
fn train(device: &Device) -> (LogisticRegression, f32, f32) {
    // The data stay on the plain device; only the module is on the one that records a tape, so that
    // no gradient with respect to the data is computed.
    let (rows, targets) = data(device);
    let mut model = LogisticRegressionConfig::new(2).init(&device.clone().autodiff());
    let mut optimizer = SgdConfig::new().init();
    let loss = |model: &LogisticRegression| model.loss(rows.clone(), targets.clone(), None);
    let first = loss(&model).into_scalar::<f32>();
    for _ in 0..STEPS {
        let gradients = loss(&model).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        model = optimizer.step(LEARNING_RATE, model, gradients);
    }
    // `valid` takes the tape away again.
    let model = model.valid();
    let last = loss(&model).into_scalar::<f32>();
    (model, first, last)
}

/// Standardised rows, `[12, 2]`, and targets, `[12]`.
///
/// Gradient descent crawls along a valley where columns differ in scale; `train` standardises for
/// the same reason.
fn data(device: &Device) -> (Tensor<2>, Tensor<1>) {
    let rows = Tensor::<2>::from_floats(EXAMS.map(|(row, _)| row), device);
    let targets = Tensor::<1>::from_floats(EXAMS.map(|(_, passed)| passed), device);
    let centred = rows.clone() - rows.mean_dim(0);
    let deviation = centred.clone().square().mean_dim(0).sqrt();
    (centred / deviation, targets)
}

#[cfg(test)]
mod tests {
    use model::device::DeviceError;

    use super::*;

    #[test]
    fn the_loop_arrives_at_the_optimum() -> Result<(), DeviceError> {
        let (model, first, last) = train(&select(Backend::Flex)?.device);
        assert!((first - 2.0_f32.ln()).abs() < 1e-6, "{first}");
        assert!(last < first, "{last}");
        // Newton's method in 64 bits on the same twelve rows.
        let optimum = [2.742_434_7, 0.971_568_2, 0.252_554];
        let found = Parameters::from_linear(&model.linear).to_flat();
        for (found, optimum) in found.into_iter().zip(optimum) {
            assert!((found - optimum).abs() < 1e-4, "{found} is not {optimum}");
        }
        assert!((last - 0.343_639).abs() < 1e-6, "{last}");
        Ok(())
    }
}
