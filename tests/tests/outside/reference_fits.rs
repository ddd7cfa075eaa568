//! Fits through the program agree with those of other software.

use model::device::Backend;
use tests::reference::{self, number};
use tests::tolerance::{self, assert_close};
use tests::{Folder, Report, gpu};

/// A reference fit and the arguments that ask `train fit` for it.
struct Case {
    name: &'static str,
    fit: &'static str,
    arguments: &'static [&'static str],
}

const CASES: [Case; 12] = [
    Case {
        name: "breast_cancer",
        fit: "l2_c1",
        arguments: &["breast_cancer"],
    },
    Case {
        name: "penguins",
        fit: "l2_c1",
        arguments: &[
            "penguins",
            "--target",
            "sex",
            "--positive",
            "male",
            "--missing",
            "drop",
        ],
    },
    Case {
        name: "penguins",
        fit: "none",
        arguments: &["penguins", "--missing", "drop", "--penalty", "none"],
    },
    Case {
        name: "anes96",
        fit: "l2_c1",
        arguments: &["anes96"],
    },
    Case {
        name: "anes96",
        fit: "none",
        arguments: &["anes96", "--penalty", "none"],
    },
    Case {
        name: "challenger",
        fit: "l2_c1",
        arguments: &["challenger"],
    },
    Case {
        name: "challenger",
        fit: "none",
        arguments: &["challenger", "--penalty", "none"],
    },
    Case {
        name: "iris",
        fit: "l2_c1",
        arguments: &["iris"],
    },
    Case {
        name: "wine",
        fit: "l2_c1",
        arguments: &["wine"],
    },
    Case {
        name: "longley",
        fit: "none",
        arguments: &["longley", "--penalty", "none"],
    },
    Case {
        name: "penguins_mass",
        fit: "none",
        arguments: &["penguins", "--target", "body_mass_g", "--missing", "drop"],
    },
    Case {
        name: "penguins_mass",
        fit: "ridge_alpha1",
        arguments: &[
            "penguins",
            "--target",
            "body_mass_g",
            "--missing",
            "drop",
            "--lambda",
            "0.003003003003003003",
        ],
    },
];

impl Case {
    /// Fits with more arguments, and compares all numbers.
    fn check(&self, more: &[&str]) {
        self.check_to(more, tolerance::REFERENCE);
    }

    /// The same, with coefficients and metrics to so many digits.
    fn check_to(&self, more: &[&str], digits: f64) {
        let expected = reference::fit(self.name, self.fit);
        let arguments: Vec<&str> = self.arguments.iter().chain(more).copied().collect();
        let report = Report::fit(&Folder::new(), &arguments);
        let what = format!("{} {} {}", self.name, self.fit, more.join(" "));
        assert_eq!(report.status(), "converged", "{what}");
        assert_eq!(report.0["rows"]["train"], expected.rows, "{what}");
        assert_eq!(report.columns(), expected.columns, "{what}");
        let (actual, originals) = (report.original(), &expected.original);
        assert_eq!(actual.len(), originals.len(), "{what}");
        for (class, (actual, expected)) in actual.iter().zip(originals).enumerate() {
            assert_close(&format!("{what}, class {class}"), actual, expected, digits);
        }
        for (actual, expected) in report.standardized().iter().zip(&expected.standardized) {
            // A single output's standardised intercept is not in the report.
            let expected = &expected[..actual.len()];
            assert_close(&format!("{what}, standardised"), actual, expected, digits);
        }
        let objective = [report.number("objective")];
        assert_close(
            &format!("{what}, objective"),
            &objective,
            &[expected.objective],
            tolerance::OBJECTIVE,
        );
        let lambda = [number(&report.0["penalty"]["lambda"])];
        assert_close(
            &format!("{what}, lambda"),
            &lambda,
            &[expected.lambda],
            tolerance::ROUNDING,
        );
        Self::check_metrics(&what, &report, &expected, digits);
    }

    fn check_metrics(what: &str, report: &Report, expected: &reference::Fit, digits: f64) {
        let train = &report.0["metrics"]["train"];
        let keys: &[&str] = match report.0["task"].as_str() {
            Some("binary") => &["log_loss", "auc", "accuracy"],
            Some("multinomial") => &["log_loss", "accuracy"],
            _ => &["mse", "r2"],
        };
        for key in keys {
            assert_close(
                &format!("{what}, {key}"),
                &[number(&train[*key])],
                &[number(&expected.fit[*key])],
                // What a coefficient is off by shows in the metrics, in first order.
                if digits > tolerance::REFERENCE {
                    digits
                } else {
                    tolerance::METRICS
                },
            );
        }
    }
}

#[test]
fn newton_in_f64_finds_the_reference_on_both_cpu_backends() {
    for case in &CASES {
        for backend in ["ndarray", "flex"] {
            case.check(&["--precision", "f64", "--backend", backend]);
        }
    }
}

#[test]
fn every_gradient_finds_it_in_f64() {
    for case in &CASES {
        for backend in ["ndarray", "flex"] {
            for gradient in ["analytic", "autodiff"] {
                let more = [
                    "--precision",
                    "f64",
                    "--backend",
                    backend,
                    "--gradient",
                    gradient,
                ];
                case.check(&more);
            }
        }
    }
}

#[test]
fn every_gradient_finds_it_in_f32_too() {
    for case in &CASES {
        for gradient in ["fused", "analytic", "autodiff"] {
            case.check(&["--backend", "flex", "--gradient", gradient]);
        }
        case.check(&["--backend", "ndarray"]);
    }
}

#[test]
fn lbfgs_finds_it_too() {
    for case in &CASES {
        case.check_to(&["--solver", "lbfgs"], tolerance::LBFGS);
        let more = [
            "--solver",
            "lbfgs",
            "--gradient",
            "autodiff",
            "--backend",
            "flex",
        ];
        case.check_to(&more, tolerance::LBFGS);
    }
}

#[test]
fn least_squares_finds_it_in_one_step() {
    let numbers = CASES
        .iter()
        .filter(|case| ["longley", "penguins_mass"].contains(&case.name));
    for case in numbers {
        case.check(&["--solver", "least-squares"]);
    }
    let folder = Folder::new();
    folder.train(["--solver", "least-squares"]).fails(
        2,
        &[
            "least squares need numbers as targets, not classes",
            "--solver newton",
        ],
    );
    let tape = [
        "longley",
        "--solver",
        "least-squares",
        "--gradient",
        "autodiff",
    ];
    folder
        .train(tape)
        .fails(2, &["has no use for --gradient autodiff"]);
}

#[test]
fn a_gpu_finds_it() {
    let name = "reference_fits::a_gpu_finds_it";
    let Some(choice) = gpu::choice(name) else {
        return;
    };
    assert_eq!(choice.backend, Backend::Wgpu);
    // Each process compiles its shaders again, so one case a task is enough here.
    for case in CASES
        .iter()
        .filter(|case| ["penguins", "iris", "longley"].contains(&case.name))
    {
        for gradient in ["analytic", "autodiff"] {
            case.check(&["--backend", "wgpu", "--gradient", gradient]);
        }
    }
}

#[test]
fn longley_agrees_with_nist() {
    let certified = &reference::fit("longley", "none").document["nist_certified"];
    let estimates: Vec<f64> = reference::strings(&certified["estimates"])
        .iter()
        .map(|text| text.parse().expect("a number"))
        .collect();
    // NIST lists the intercept first.
    let expected: Vec<f64> = estimates[1..]
        .iter()
        .chain(&estimates[..1])
        .copied()
        .collect();
    for precision in ["f32", "f64"] {
        let report = Report::fit(&Folder::new(), &["longley", "--precision", precision]);
        assert_close(
            precision,
            &report.estimates(),
            &expected,
            tolerance::LONGLEY,
        );
    }
}
