//! Sums over many rows on an `f32` device keep their digits.

use dataset::DesignMatrix;
use model::device::Choice;
use model::{LogisticRegression, Parameters, Supervised};
use solver::{HostObjective, Objective, Penalty, Problem, TargetValues};
use tests::gpu;
use tests::tolerance;
use train::method::Gradient;
use train::objective::DeviceObjective;
use train::rows::{Number, Upload};

/// Largest relative errors: of the loss, and of the gradient by its largest component.
#[derive(Debug, Clone, Copy)]
struct Errors {
    loss: f64,
    gradient: f64,
}

fn errors(loss: f64, gradient: &[f64], exact: (f64, &[f64])) -> Errors {
    let size = exact.1.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let apart = gradient.iter().zip(exact.1).map(|(a, b)| (a - b).abs());
    Errors {
        loss: ((loss - exact.0) / exact.0).abs(),
        gradient: apart.fold(0.0, f64::max) / size,
    }
}

/// Standard columns, and targets that follow them with noise.
fn rows(count: usize, columns: usize) -> (DesignMatrix<f32>, Vec<f64>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u32 << 24) as f32
    };
    // Variance 1 and mean 0, as columns are after standardisation.
    let cells: Vec<f32> = (0..count * columns)
        .map(|_| 3.464_101_6 * (uniform() - 0.5))
        .collect();
    let targets = cells
        .chunks_exact(columns)
        .map(|row| {
            f64::from(u8::from(
                row[0] - 0.5 * row[1] + 3.0 * (uniform() - 0.5) > 0.0,
            ))
        })
        .collect();
    let design = DesignMatrix::new(count, columns, cells).unwrap();
    (design, targets)
}

/// Errors of all rows in one sum, as a batch has them, and of sums in blocks.
fn compare(count: usize, columns: usize, gradient: Gradient, choice: &Choice) -> [Errors; 2] {
    let (design, targets) = rows(count, columns);
    let problem = Problem {
        penalty: Penalty::NONE,
        ..Problem::new(&design, TargetValues::Binary(&targets))
    };
    let theta: Vec<f64> = (0..=columns).map(|at| 0.3 - 0.05 * at as f64).collect();
    let mut exact = vec![0.0; theta.len()];
    let host = HostObjective::new(problem).unwrap();
    let loss = host.gradient(&theta, &mut exact).unwrap();
    let exact = (loss, exact.as_slice());

    let parameters = Parameters::from_flat(&theta, columns, 1, true);
    let device = &choice.device;
    let all: Vec<usize> = (0..count).collect();
    let batch = problem.upload_batch(&all, None, device).unwrap();
    let slope = match gradient {
        Gradient::Autodiff => batch.autodiff(&LogisticRegression::from_parameters(
            &parameters,
            &device.clone().autodiff(),
            f32::PRECISION,
        )),
        _ => batch.analytic(&LogisticRegression::from_parameters(
            &parameters,
            device,
            f32::PRECISION,
        )),
    };
    let mut whole = model::parameters::to_host(slope.weight.flatten::<1>(0, 1));
    whole.extend(model::parameters::to_host(slope.bias.unwrap()));
    let whole_loss = model::parameters::to_host(slope.loss)[0];
    drop(batch);

    let objective =
        DeviceObjective::<LogisticRegression, f32>::new(&problem, gradient, device).unwrap();
    let mut blocked = vec![0.0; theta.len()];
    let blocked_loss = objective.gradient(&theta, &mut blocked).unwrap();
    let value = objective.value(&theta).unwrap();
    assert!(
        (value - blocked_loss).abs() <= 1e-12,
        "one loss, whoever asks"
    );
    [
        errors(whole_loss, &whole, exact),
        errors(blocked_loss, &blocked, exact),
    ]
}

#[test]
fn blocks_keep_the_digits_of_many_rows() {
    // Blocks, and a rest that fills none.
    let count = 150 * train::blocks::BLOCK + 100;
    for choice in gpu::every_choice("accuracy::blocks_keep_the_digits_of_many_rows") {
        for gradient in [Gradient::Analytic, Gradient::Autodiff] {
            let [_, blocked] = compare(count, 6, gradient, &choice);
            let worst = blocked.loss.max(blocked.gradient);
            assert!(
                worst <= tolerance::BLOCKED_SUMS_F32,
                "{} {gradient}: {blocked:?}",
                choice.backend
            );
        }
    }
}

#[test]
#[ignore = "a measurement: a million rows"]
#[allow(clippy::print_stdout, reason = "what a measurement is for")]
fn a_million_rows() {
    for choice in gpu::every_choice("accuracy::a_million_rows") {
        for gradient in [Gradient::Analytic, Gradient::Autodiff] {
            let [whole, blocked] = compare(1_000_000, 28, gradient, &choice);
            println!(
                "{:8} {gradient:9} one sum: loss {:.1e}, gradient {:.1e}; blocks: {:.1e}, {:.1e}",
                choice.backend, whole.loss, whole.gradient, blocked.loss, blocked.gradient
            );
        }
    }
}
