//! Every exit code of both programs, and what is written all the same.

use serde_json::Value;
use tests::{Folder, Outcome, Report, Table};

/// The run's folder is whole, and its model can be used.
#[track_caller]
fn assert_whole_run(folder: &Folder, run: &str) -> Value {
    for name in ["model.safetensors", "run.json", "history.jsonl"] {
        assert!(folder.path(run).join(name).is_file(), "{run} has no {name}");
    }
    folder.infer(["inspect", run]).ok();
    serde_json::from_str(&folder.read(format!("{run}/run.json"))).expect("JSON")
}

#[test]
fn success_is_0() {
    let folder = Folder::new();
    folder.train(["--version"]).ok().shows(&["train 0."]);
    folder.infer(["--version"]).ok().shows(&["infer 0."]);
    folder.train(["iris", "--out", "run"]).ok();
    assert_whole_run(&folder, "run");
    folder
        .train(["generate", "regression", "--rows", "10"])
        .ok();
    folder.infer(["inspect", "run"]).ok();
}

#[test]
fn what_cannot_be_written_is_1() {
    let folder = Folder::new();
    folder.write("file", "");
    let out = ["fit", "iris", "--out", "file/run"];
    folder.train(out).fails(
        1,
        &[
            "file/run",
            "try --out FOLDER, somewhere that can be written",
        ],
    );
    let out = ["generate", "classification", "-o", "file/rows.csv"];
    folder.train(out).fails(1, &["file/rows.csv"]);
    folder.write("runs", "a file where the folder of runs should be");
    folder.train(["fit", "iris"]).fails(1, &["runs", "--out"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_1() {
    let folder = Folder::new();
    Report::fit(&folder, &["iris", "--out", "run"]);
    folder.write("t.csv", Table::shipped("iris").csv());
    for line in [
        "train fit iris --out again > /dev/full",
        "train generate classification > /dev/full",
        "infer predict run t.csv > /dev/full",
        "infer inspect run > /dev/full",
    ] {
        let outcome = folder.shell(line).run().exits(1);
        let outcome = outcome.says(&["error: standard output: "]);
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome}");
    }
}

#[test]
fn usage_is_2_and_data_is_3() {
    let folder = Folder::new();
    folder
        .train(["fit", "iris", "--no-such-option"])
        .fails(2, &["--no-such-option"]);
    folder.infer::<&str>([]).exits(2);
    folder
        .train(["fit", "nowhere.csv"])
        .fails(3, &["nowhere.csv"]);
    folder.infer(["inspect", "nowhere"]).fails(3, &["nowhere"]);
}

#[test]
fn an_iteration_limit_is_4() {
    for precision in ["f32", "f64"] {
        for gradient in ["fused", "autodiff"] {
            let folder = Folder::new();
            let arguments = ["breast_cancer", "--max-iterations", "1", "--out", "run"];
            let how = ["--precision", precision, "--gradient", gradient];
            let outcome = Report::outcome(&folder, &[&arguments[..], &how].concat()).exits(4);
            let report = Report(outcome.json());
            assert_eq!(report.status(), "iteration limit");
            assert!(
                report.number("iterations") <= 1.0,
                "{how:?}: {}",
                report.number("iterations")
            );
            let manifest = assert_whole_run(&folder, "run");
            assert_eq!(manifest["status"], "iteration limit");
            let text = folder
                .train(["fit", "breast_cancer", "--max-iterations", "1"])
                .exits(4);
            text.shows(&["iteration limit"]);
        }
    }
}

#[test]
fn a_time_limit_is_4_and_writes_how_far_it_came() {
    let folder = Folder::new();
    let arguments = ["breast_cancer", "--time-limit", "1e-9", "--out", "run"];
    let outcome = Report::outcome(&folder, &arguments).exits(4);
    let report = Report(outcome.json());
    assert_eq!(report.status(), "iteration limit");
    let detail = report.0["detail"].as_str().unwrap();
    assert!(detail.starts_with("out of time"), "{detail}");
    assert_whole_run(&folder, "run");
    // Time enough is no limit.
    Report::fit(&folder, &["breast_cancer", "--time-limit", "1e300"]);
}

#[test]
fn separated_classes_are_4() {
    let folder = Folder::new();
    let unpenalised = ["breast_cancer", "--penalty", "none", "--out", "run"];
    let outcome = Report::outcome(&folder, &unpenalised).exits(4);
    assert_eq!(Report(outcome.json()).status(), "separated");
    let manifest = assert_whole_run(&folder, "run");
    assert_eq!(manifest["status"], "separated");
    let certificate = &manifest["certificate"];
    assert!(
        certificate["probability_error"].is_null(),
        "no claim of an optimum: {certificate}"
    );
    folder
        .train(["fit", "breast_cancer", "--penalty", "none"])
        .exits(4)
        .shows(&[
            "separated no finite coefficients exist without a penalty",
            "try",
            "coefficients not shown",
        ]);
}

#[test]
fn collinear_columns_are_4() {
    let table = Table::small();
    let sum = |row| (table.number(row, "a") + table.number(row, "b")).to_string();
    let folder = Folder::new();
    folder.write("t.csv", table.clone().with_column("c", sum).csv());
    let arguments = [
        "t.csv",
        "--target",
        "y",
        "--penalty",
        "none",
        "--out",
        "run",
    ];
    for precision in ["f32", "f64"] {
        let all = [&arguments[..], &["--precision", precision]].concat();
        let outcome = Report::outcome(&folder, &all).exits(4);
        assert_eq!(Report(outcome.json()).status(), "collinear", "{precision}");
        assert_whole_run(&folder, "run");
    }
    let all = [
        "fit",
        "t.csv",
        "--target",
        "y",
        "--penalty",
        "none",
        "--test",
        "0",
    ];
    let text = folder.train(all).exits(4);
    text.shows(&[
        "collinear",
        "dependent c = a + b on every row",
        "try --drop c, or --penalty l2",
    ]);
    // The default penalty chooses among the equivalent coefficients.
    assert_eq!(Report::fit(&folder, &arguments[..3]).status(), "converged");
}

#[test]
fn divergence_is_4() {
    let folder = Folder::new();
    let arguments = [
        "longley",
        "--solver",
        "sgd",
        "--learning-rate",
        "1e30",
        "--epochs",
        "20",
        "--out",
        "run",
    ];
    let outcome = Report::outcome(&folder, &arguments).exits(4);
    let report = Report(outcome.json());
    assert_eq!(report.status(), "diverged");
    let detail = report.0["detail"].as_str().unwrap();
    assert!(detail.contains("learning rate"), "{detail}");
    // The last finite parameters are there.
    assert_whole_run(&folder, "run");
}

#[test]
#[cfg(unix)]
fn an_interrupted_fit_is_130_and_written() {
    use std::time::{Duration, Instant};

    let folder = Folder::new();
    let started = Instant::now();
    let mut sent = false;
    let outcome = folder
        .program("train")
        .args([
            "fit",
            "breast_cancer",
            "--solver",
            "sgd",
            "--epochs",
            "100000000",
        ])
        .args([
            "--backend",
            "flex",
            "--out",
            "run",
            "--format",
            "json",
            "--batch-size",
            "64",
        ])
        .run_with(|child| {
            if !sent && started.elapsed() > Duration::from_millis(1500) {
                sent = true;
                interrupt(child.id());
            }
        })
        .exits(130);
    let report = Report(outcome.json());
    assert_eq!(report.status(), "interrupted");
    assert!(
        report.number("iterations") > 0.0,
        "a second and a half is an epoch or more"
    );
    let manifest = assert_whole_run(&folder, "run");
    assert_eq!(manifest["status"], "interrupted");
    let lines = folder.read("run/history.jsonl").lines().count();
    assert_eq!(lines as f64, report.number("iterations"));
}

#[cfg(unix)]
pub(crate) fn interrupt(process: u32) {
    let status = std::process::Command::new("kill")
        .args(["-INT", &process.to_string()])
        .status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[test]
#[cfg(unix)]
fn an_interrupted_prediction_is_130_and_leaves_no_half_file() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    Report::fit(&folder, &["t.csv", "--target", "y", "--out", "run"]);
    // Rows without end; `$!` is the last program of the pipe.
    let line = "{ echo a,b; yes 0.5,0.5; } | infer predict run - -o s.csv & \
                sleep 1; kill -INT $!; wait $!";
    folder.shell(line).run().exits(130);
    assert_eq!(folder.names(), ["run", "t.csv"]);
}

/// Runs `line` and closes its output after two lines; `line` writes its exit code to `code`.
fn cut_short(folder: &Folder, line: &str) -> Outcome {
    let outcome = folder
        .shell(&format!("{{ {line}; echo $? > code; }} | head -n 2"))
        .run();
    let outcome = outcome.ok();
    assert_eq!(outcome.stdout.lines().count(), 2, "{outcome}");
    assert_eq!(folder.read("code"), "0\n", "{outcome}");
    outcome
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_gone_is_no_error() {
    let folder = Folder::new();
    let generate = "train generate classification --rows 20000 --columns 10";
    let outcome = cut_short(&folder, generate);
    assert_eq!(outcome.stderr, "", "{outcome}");
    folder
        .shell(&format!("{generate} -o rows.csv --seed 1"))
        .run()
        .ok();
    Report::fit(&folder, &["rows.csv", "--target", "y", "--out", "run"]);
    let outcome = cut_short(&folder, "infer predict run rows.csv --quiet");
    assert_eq!(outcome.stderr, "", "{outcome}");
    let outcome = cut_short(&folder, "infer inspect run");
    assert_eq!(outcome.stderr, "", "{outcome}");
    let outcome = cut_short(&folder, "train fit breast_cancer --out again");
    assert_eq!(outcome.stderr, "", "{outcome}");
    assert_whole_run(&folder, "again");
}
