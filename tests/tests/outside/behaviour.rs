//! What must not change a fit, and what must change it in a known way.

use tests::tolerance::{self, assert_close};
use tests::{Folder, Report, Table};

fn folder(table: &Table) -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", table.csv());
    folder
}

/// Fits `y` of a table in f64.
#[track_caller]
fn fit(table: &Table, more: &[&str]) -> Report {
    let arguments = [&["t.csv", "--target", "y", "--precision", "f64"], more].concat();
    Report::fit(&folder(table), &arguments)
}

#[track_caller]
fn assert_same(what: &str, actual: &Report, expected: &Report) {
    let tolerance = tolerance::SAME_PROBLEM;
    let (actual, expected) = (actual.original(), expected.original());
    assert_close(what, &actual.concat(), &expected.concat(), tolerance);
}

/// The small table with classes of three labels, or a number, in place of yes and no.
fn with_target(cell: impl Fn(f64, f64) -> String) -> Table {
    let table = Table::small();
    (0..60).fold(table.clone(), |changed, row| {
        let cell = cell(table.number(row, "a"), table.number(row, "b"));
        changed.with_cell(row, "y", &cell)
    })
}

fn every_task() -> [(&'static str, Table); 3] {
    let level = |a: f64, b: f64| {
        match (7.0 * a + 13.0 * b) % 3.0 {
            x if x < 1.0 => "p",
            x if x < 2.0 => "q",
            _ => "r",
        }
        .to_owned()
    };
    let number = |a: f64, b: f64| format!("{:.4}", 3.0 * a - b + (40.0 * a * b).sin());
    [
        ("binary", Table::small()),
        ("multinomial", with_target(level)),
        ("linear", with_target(number)),
    ]
}

#[test]
fn a_weight_of_two_is_the_row_twice_and_of_zero_no_row() {
    for (task, table) in every_task() {
        let weight = |row: usize| row % 3;
        let weighted = table
            .clone()
            .with_column("w", |row| weight(row).to_string());
        let mut repeated = table.clone();
        repeated.rows = (0..60)
            .flat_map(|row| std::iter::repeat_n(table.rows[row].clone(), weight(row)))
            .collect();
        for more in [
            &[][..],
            &["--penalty", "none"],
            &["--lambda", "0.03"],
            &["--no-intercept"],
        ] {
            let weighted = fit(&weighted, &[&["--weight", "w"], more].concat());
            let repeated = fit(&repeated, more);
            assert_eq!(weighted.0["task"], task);
            assert_same(&format!("{task} {more:?}"), &weighted, &repeated);
            let objectives = [weighted.number("objective"), repeated.number("objective")];
            assert_close(
                task,
                &objectives[..1],
                &objectives[1..],
                tolerance::SAME_PROBLEM,
            );
            let loss = |report: &Report| {
                let train = &report.0["metrics"]["train"];
                train["log_loss"]
                    .as_f64()
                    .or(train["mse"].as_f64())
                    .unwrap()
            };
            let losses = [loss(&weighted), loss(&repeated)];
            assert_close(task, &losses[..1], &losses[1..], tolerance::SAME_PROBLEM);
        }
    }
}

#[test]
fn the_scale_of_the_weights_does_not_matter_at_a_given_lambda() {
    let weighted = |scale: f64| {
        let table =
            Table::small().with_column("w", |row| (scale * (1.0 + (row % 4) as f64)).to_string());
        fit(&table, &["--weight", "w", "--lambda", "0.02"])
    };
    assert_same("weights", &weighted(1.0), &weighted(1000.0));
}

#[test]
fn the_other_positive_label_flips_every_sign() {
    let yes = fit(&Table::small(), &["--positive", "yes"]);
    let no = fit(&Table::small(), &["--positive", "no"]);
    assert_eq!(
        (yes.0["positive"].as_str(), no.0["positive"].as_str()),
        (Some("yes"), Some("no"))
    );
    let flipped: Vec<f64> = no.estimates().iter().map(|value| -value).collect();
    assert_close("signs", &yes.estimates(), &flipped, tolerance::SAME_PROBLEM);
}

#[test]
fn the_balance_of_the_classes_never_flips_a_sign() {
    let table = Table::small();
    for label in ["yes", "no"] {
        let mut count = 0;
        let mut rare = table.clone();
        rare.rows.retain(|cells| {
            count += usize::from(cells[2] == label);
            cells[2] != label || count <= 8
        });
        let report = fit(&rare, &[]);
        assert_eq!(report.0["positive"], "yes");
        assert!(
            report.estimate("a") > 0.0 && report.estimate("b") < 0.0,
            "{label}"
        );
    }
}

#[test]
fn the_positive_label_is_the_customary_one() {
    for (labels, positive) in [
        (["0", "1"], "1"),
        (["yes", "no"], "yes"),
        // A yes or no is read as what it means, whatever its letters.
        (["TRUE", "FALSE"], "true"),
        (["apple", "pear"], "pear"),
        (["2", "1"], "2"),
    ] {
        let mut table = Table::small();
        for cells in &mut table.rows {
            cells[2] = labels[usize::from(cells[2] == "yes")].to_owned();
        }
        assert_eq!(fit(&table, &[]).0["positive"], positive, "{labels:?}");
    }
}

#[test]
fn the_order_of_columns_and_rows_does_not_matter() {
    for (task, table) in every_task() {
        let expected = fit(&table, &[]);
        let permuted = fit(&table.with_order(&[2, 1, 0]), &[]);
        for name in ["a", "b"] {
            let (actual, expected) = ([permuted.estimate(name)], [expected.estimate(name)]);
            assert_close(task, &actual, &expected, tolerance::SAME_PROBLEM);
        }
        let mut reversed = table.clone();
        reversed.rows.reverse();
        assert_same(task, &fit(&reversed, &[]), &expected);
    }
}

#[test]
fn the_scale_of_a_column_does_not_matter_when_standardised() {
    let table = Table::small();
    let expected = fit(&table, &[]);
    let mut scaled = table.clone();
    for (row, cells) in scaled.rows.iter_mut().enumerate() {
        cells[0] = (1.7e9 + 1e6 * table.number(row, "a")).to_string();
    }
    for precision in ["f32", "f64"] {
        let folder = folder(&scaled);
        let arguments = ["t.csv", "--target", "y", "--precision", precision];
        let report = Report::fit(&folder, &arguments);
        let actual = [report.estimate("a") * 1e6, report.estimate("b")];
        let expected = [expected.estimate("a"), expected.estimate("b")];
        assert_close(precision, &actual, &expected, tolerance::SHIFTED_COLUMN);
    }
}

#[test]
fn threads_never_change_a_digit() {
    let folder = Folder::new();
    let rows = [
        "generate",
        "classification",
        "--rows",
        "20000",
        "--columns",
        "12",
        "-o",
        "t.csv",
    ];
    folder.train(rows).ok();
    for precision in ["f32", "f64"] {
        for backend in ["ndarray", "flex"] {
            let fitted = ["1", "2", "5"].map(|threads| {
                let arguments = [
                    "t.csv",
                    "--target",
                    "y",
                    "--threads",
                    threads,
                    "--precision",
                    precision,
                    "--backend",
                    backend,
                    "--out",
                    threads,
                ];
                Report::fit(&folder, &arguments).lasting()
            });
            assert_eq!(fitted[0], fitted[1], "{precision} {backend}");
            assert_eq!(fitted[0], fitted[2], "{precision} {backend}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_fit_to_the_bit() {
    let folder = Folder::new();
    let arguments = [
        "breast_cancer",
        "--solver",
        "adam",
        "--epochs",
        "5",
        "--test",
        "0.3",
    ];
    for gradient in ["fused", "analytic", "autodiff"] {
        let fit = |seed: &str| {
            let more = ["--gradient", gradient, "--seed", seed];
            Report::fit(&folder, &[&arguments[..], &more].concat()).lasting()
        };
        let first = fit("7");
        assert_eq!(first, fit("7"), "{gradient}");
        assert_ne!(
            first["coefficients"],
            fit("8")["coefficients"],
            "{gradient}"
        );
    }
}

#[test]
fn the_model_file_is_the_same_to_the_byte_but_for_its_date() {
    let folder = Folder::new();
    let model = |out: &str, threads: &str| {
        Report::fit(&folder, &["wine", "--out", out, "--threads", threads]);
        let inspect = folder
            .infer(["inspect", out, "--format", "json"])
            .ok()
            .json();
        let mut bytes = std::fs::read(folder.path(out).join("model.safetensors")).unwrap();
        let created = inspect["training"]["created"].as_str().unwrap().as_bytes();
        let at = bytes
            .windows(created.len())
            .position(|window| window == created)
            .unwrap();
        bytes[at..at + created.len()].fill(b'0');
        bytes
    };
    assert_eq!(model("one", "1"), model("two", "2"));
}

#[test]
fn both_conventions_of_the_penalty_say_the_same() {
    for (task, table) in every_task() {
        // λ = 1 / (C·W), W = 60 rows.
        for (c, lambda) in [
            ("1", 1.0 / 60.0),
            ("0.05", 20.0 / 60.0),
            ("100", 0.01 / 60.0),
        ] {
            let by_c = fit(&table, &["--c", c]);
            let by_lambda = fit(&table, &["--lambda", &lambda.to_string()]);
            assert_same(&format!("{task} C = {c}"), &by_c, &by_lambda);
            let stated = [by_c.0["penalty"]["lambda"].as_f64().unwrap()];
            assert_close(c, &stated, &[lambda], tolerance::ROUNDING);
            let stated = [by_lambda.0["penalty"]["c"].as_f64().unwrap()];
            assert_close(c, &stated, &[c.parse().unwrap()], tolerance::ROUNDING);
        }
        let default = fit(&table, &[]);
        let explicit = fit(
            &table,
            &["--penalty", if task == "linear" { "none" } else { "l2" }],
        );
        assert_same(task, &default, &explicit);
        assert_same(
            task,
            &fit(&table, &["--lambda", "0"]),
            &fit(&table, &["--penalty", "none"]),
        );
    }
}

#[test]
fn a_fit_on_the_columns_own_scales() {
    for (task, table) in every_task() {
        // Without a penalty the scale is a matter of computing alone.
        let standardised = fit(&table, &["--penalty", "none"]);
        let own = fit(&table, &["--penalty", "none", "--no-standardize"]);
        assert_eq!(own.0["standardized"], false);
        // A softmax has a free constant a column, which the sum over classes settles: of the
        // coefficients on either scale, so the same; of the intercepts, on their own.
        let slopes = |report: &Report| -> Vec<f64> {
            report
                .original()
                .iter()
                .flat_map(|class| class[..2].to_vec())
                .collect()
        };
        assert_close(
            task,
            &slopes(&own),
            &slopes(&standardised),
            tolerance::SAME_PROBLEM,
        );
        // With one, it is another question.
        let penalised = [
            fit(&table, &["--lambda", "1"]),
            fit(&table, &["--lambda", "1", "--no-standardize"]),
        ];
        assert!(
            (penalised[0].estimate("a") - penalised[1].estimate("a")).abs() > 0.01,
            "{task}"
        );
        let estimates = penalised[1].original().concat();
        let scaled = penalised[1].standardized().concat();
        assert_eq!(
            estimates[..2],
            scaled[..2],
            "{task}: there is one scale only"
        );
    }
}

#[test]
fn a_fit_without_an_intercept() {
    for (task, table) in every_task() {
        let report = fit(&table, &["--no-intercept", "--no-standardize"]);
        assert!(report.0["intercept"].is_null(), "{task}");
        assert_eq!(
            report.0["intercepts"].as_array().unwrap().len(),
            0,
            "{task}"
        );
        // The gradient is zero for the coefficients alone: the mean residual is not.
        assert_eq!(report.status(), "converged");
    }
    let number = &every_task()[2].1;
    let report = fit(number, &["--no-intercept", "--no-standardize"]);
    let (a, b, y) = (
        number.numbers("a"),
        number.numbers("b"),
        number.numbers("y"),
    );
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    let (aa, ab, bb, ay, by) = (
        dot(&a, &a),
        dot(&a, &b),
        dot(&b, &b),
        dot(&a, &y),
        dot(&b, &y),
    );
    let determinant = aa * bb - ab * ab;
    let expected = [
        (bb * ay - ab * by) / determinant,
        (aa * by - ab * ay) / determinant,
    ];
    let actual = [report.estimate("a"), report.estimate("b")];
    assert_close(
        "normal equations",
        &actual,
        &expected,
        tolerance::SAME_PROBLEM,
    );
}

#[test]
fn a_constant_offset_moves_the_intercept_alone() {
    let table = Table::small();
    let plain = fit(&table, &[]);
    let moved = fit(
        &table.with_column("o", |_| "0.75".to_owned()),
        &["--offset", "o"],
    );
    let expected = [
        plain.estimate("a"),
        plain.estimate("b"),
        plain.number("intercept") - 0.75,
    ];
    assert_close(
        "offset",
        &moved.estimates(),
        &expected,
        tolerance::SAME_PROBLEM,
    );
}

#[test]
fn an_offset_of_the_fit_itself_leaves_nothing_to_fit() {
    let table = Table::small();
    let plain = fit(&table, &["--penalty", "none"]);
    let [a, b, intercept] = plain.estimates().try_into().unwrap();
    let score = |row| a * table.number(row, "a") + b * table.number(row, "b") + intercept;
    let offset = table.clone().with_column("o", |row| score(row).to_string());
    let rest = fit(&offset, &["--offset", "o", "--penalty", "none"]);
    assert!(
        rest.estimates().iter().all(|value| value.abs() < 1e-8),
        "{:?}",
        rest.estimates()
    );
}

#[test]
fn a_threshold_makes_a_question_of_a_number() {
    let table = &every_task()[2].1;
    let mut asked = table.clone();
    for (row, cells) in asked.rows.iter_mut().enumerate() {
        cells[2] = if table.number(row, "y") > 1.0 {
            "yes"
        } else {
            "no"
        }
        .to_owned();
    }
    let expected = fit(&asked, &[]);
    let report = fit(table, &["--positive", ">1"]);
    assert_eq!(
        (report.0["task"].as_str(), report.0["positive"].as_str()),
        (Some("binary"), Some(">1"))
    );
    assert_same(">", &report, &expected);
    let other = fit(table, &["--positive", "<=1"]);
    let flipped: Vec<f64> = other.estimates().iter().map(|value| -value).collect();
    assert_close(
        "<=",
        &flipped,
        &expected.estimates(),
        tolerance::SAME_PROBLEM,
    );
}

#[test]
fn integer_codes_can_be_categories() {
    let codes = |row: usize| ["3", "1", "20"][row % 3].to_owned();
    let words = |row: usize| ["c", "a", "b"][row % 3].to_owned();
    let table = Table::small();
    let numbers = fit(&table.clone().with_column("k", codes), &[]);
    assert_eq!(numbers.columns(), ["a", "b", "k"]);
    let declared = fit(
        &table.clone().with_column("k", codes),
        &["--categorical", "k"],
    );
    // Code points: 1 before 20 before 3.
    assert_eq!(declared.columns(), ["a", "b", "k=20", "k=3"]);
    assert_same(
        "codes",
        &declared,
        &fit(&table.with_column("k", words), &[]),
    );
}

#[test]
fn a_multinomial_of_two_classes_is_the_binary_fit() {
    // At the same probabilities, the difference of the two classes' scores is the binary score;
    // two coefficients ±β/2 cost half as much as β, so half the penalty asks the same question.
    let mut table = Table::small();
    for cells in &mut table.rows {
        cells[2] = if cells[2] == "yes" { "q" } else { "p" }.to_owned();
    }
    let outcome = Report::outcome(
        &folder(&table),
        &[
            "t.csv",
            "--target",
            "y",
            "--task",
            "multinomial",
            "--lambda",
            "0.04",
            "--precision",
            "f64",
        ],
    );
    if outcome.code == Some(0) {
        let several = Report(outcome.json());
        let [p, q]: [Vec<f64>; 2] = several.original().try_into().unwrap();
        let difference: Vec<f64> = q.iter().zip(&p).map(|(q, p)| q - p).collect();
        let binary = fit(&table, &["--lambda", "0.02"]);
        assert_close(
            "two classes",
            &difference,
            &binary.estimates(),
            tolerance::SAME_PROBLEM,
        );
    } else {
        outcome.exits(2).says(&["multinomial", "try"]);
    }
}
