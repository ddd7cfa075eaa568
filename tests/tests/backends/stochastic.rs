//! Stochastic training reaches the optimum that Newton finds, through the program.

use tests::tolerance::{self, assert_close};
use tests::{Folder, Report, gpu};

fn objective(more: &[&str]) -> f64 {
    let report = Report::fit(&Folder::new(), &[&["breast_cancer"], more].concat());
    let status = report.status();
    assert!(
        status == "converged" || status == "completed",
        "{more:?}: {status}"
    );
    report.number("objective")
}

/// The most that an epoch of each optimizer needs to come within a thousandth.
const SETTINGS: [(&str, &[&str]); 8] = [
    ("sgd", &["--learning-rate", "0.5", "--epochs", "400"]),
    ("momentum", &["--learning-rate", "0.1", "--epochs", "200"]),
    ("adam", &["--learning-rate", "0.05", "--epochs", "200"]),
    ("rmsprop", &["--learning-rate", "0.02", "--epochs", "200"]),
    ("adagrad", &["--learning-rate", "0.5", "--epochs", "300"]),
    ("nesterov", &["--learning-rate", "0.1", "--epochs", "200"]),
    ("adan", &["--learning-rate", "0.05", "--epochs", "200"]),
    ("lion", &["--learning-rate", "0.02", "--epochs", "200"]),
];

#[track_caller]
fn assert_reaches(solver: &str, settings: &[&str], more: &[&str], newton: f64) {
    let fixed = [
        "--solver",
        solver,
        "--batch-size",
        "64",
        "--schedule",
        "cosine",
    ];
    let reached = objective(&[&fixed[..], settings, more].concat());
    let what = format!("{solver} {more:?}");
    assert_close(&what, &[reached], &[newton], tolerance::STOCHASTIC);
    assert!(
        reached >= newton * (1.0 - 1e-9),
        "{what}: nothing is below the minimum"
    );
}

#[test]
fn every_optimizer_reaches_newtons_objective_on_the_cpu() {
    let newton = objective(&["--precision", "f64"]);
    for backend in ["ndarray", "flex"] {
        for (solver, settings) in SETTINGS {
            assert_reaches(solver, settings, &["--backend", backend], newton);
        }
        for gradient in ["analytic", "autodiff"] {
            let (solver, settings) = SETTINGS[2];
            let more = ["--backend", backend, "--gradient", gradient];
            assert_reaches(solver, settings, &more, newton);
        }
    }
}

#[test]
fn a_gpu_reaches_newtons_objective() {
    if gpu::choice("stochastic::a_gpu_reaches_newtons_objective").is_none() {
        return;
    }
    let newton = objective(&["--precision", "f64"]);
    for gradient in ["analytic", "autodiff"] {
        let (solver, settings) = SETTINGS[2];
        assert_reaches(
            solver,
            settings,
            &["--backend", "wgpu", "--gradient", gradient],
            newton,
        );
    }
}

#[test]
fn decoupled_decay_settles_near_the_optimum() {
    // AdamW shrinks the weights instead of adding the penalty's slope: by its definition it walks
    // to another point, close by.
    let newton = objective(&["--precision", "f64"]);
    let settings = ["--learning-rate", "0.05", "--epochs", "200"];
    let fixed = [
        "--solver",
        "adamw",
        "--batch-size",
        "64",
        "--schedule",
        "cosine",
    ];
    let reached = objective(&[&fixed[..], &settings].concat());
    assert_close("adamw", &[reached], &[newton], tolerance::DECOUPLED_DECAY);
}

#[test]
fn full_batches_of_descent_are_the_textbooks() {
    // One step of a full batch from zero, on standardised columns: the intercept moves by the
    // learning rate times the mean residual, and nothing is known of the order of rows.
    let full = [
        "--solver",
        "sgd",
        "--batch-size",
        "all",
        "--epochs",
        "1",
        "--learning-rate",
        "1",
    ];
    let folder = Folder::new();
    let arguments = [&["breast_cancer", "--precision", "f64"], &full[..]].concat();
    let seeds = ["1", "2"].map(|seed| {
        let report = Report::fit(&folder, &[&arguments[..], &["--seed", seed]].concat());
        report.standardized().concat()
    });
    assert_close("order", &seeds[0], &seeds[1], tolerance::STEPS_F64);
}
