//! A run is made again, and compared with what it was.

use serde_json::Value;
use tests::{Folder, Outcome, Report, Table, gpu};

/// A run of a small table.
fn run(arguments: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let all = [&["t.csv", "--target", "y", "--out", "r"][..], arguments].concat();
    Report::fit(&folder, &all);
    folder
}

fn replay(folder: &Folder, arguments: &[&str]) -> Outcome {
    let all = [&["replay", "r", "--format", "json"][..], arguments].concat();
    folder.train(all)
}

fn verdict(outcome: &Outcome) -> (Option<i32>, String, String) {
    let document: Value = outcome.json();
    let reasons = document["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason.as_str().unwrap());
    let reasons: Vec<&str> = reasons.collect();
    (
        outcome.code,
        document["verdict"].as_str().unwrap().to_owned(),
        reasons.join("; "),
    )
}

#[test]
fn the_same_fit_is_equal_to_the_bit() {
    let solvers: [&[&str]; 5] = [
        &["--test", "0.3", "--seed", "5"],
        &[
            "--solver",
            "adam",
            "--epochs",
            "3",
            "--gradient",
            "autodiff",
        ],
        &["--penalty", "l1", "--lambda", "0.01"],
        &["--backend", "ndarray", "--encode", "a=spline:3"],
        &["--missing", "drop", "--precision", "f64", "--na", "?"],
    ];
    for arguments in solvers {
        let folder = run(arguments);
        let outcome = replay(&folder, &[]);
        assert_eq!(
            verdict(&outcome),
            (Some(0), "equal".to_owned(), String::new()),
            "{outcome}"
        );
        let said = folder.train(["replay", "r"]).ok();
        said.shows(&[
            "equal every coefficient has the same bits",
            "the same file of 60 rows",
        ]);
    }
}

#[test]
fn another_backend_is_within_the_certificate() {
    let folder = run(&["--backend", "ndarray", "--gradient", "autodiff"]);
    let outcome = replay(&folder, &["--backend", "flex"]);
    let (code, verdict, reasons) = verdict(&outcome);
    assert_eq!(code, Some(0), "{outcome}");
    // The two may agree to the bit after the polish: then there is nothing to explain but the backend.
    assert!(
        ["equal", "within_certificate"].contains(&verdict.as_str()),
        "{outcome}"
    );
    assert_eq!(reasons, "the backend was ndarray, and now is flex");
    let document = outcome.json();
    assert!(
        document["difference"].as_f64() <= document["bound"].as_f64(),
        "{outcome}"
    );
}

#[test]
fn wgpu_repeats_itself_and_is_within_the_certificate_of_flex() {
    if gpu::choice("replay::wgpu_repeats_itself_and_is_within_the_certificate_of_flex").is_none() {
        return;
    }
    let folder = run(&["--backend", "wgpu"]);
    let (code, same, _) = verdict(&replay(&folder, &[]));
    assert_eq!((code, same.as_str()), (Some(0), "equal"));
    let outcome = replay(&folder, &["--backend", "flex"]);
    let (code, other, reasons) = verdict(&outcome);
    assert_eq!(code, Some(0), "{outcome}");
    assert!(
        ["equal", "within_certificate"].contains(&other.as_str()),
        "{outcome}"
    );
    assert!(
        reasons.contains("the backend was wgpu, and now is flex"),
        "{outcome}"
    );
}

#[test]
fn a_fit_that_stopped_early_elsewhere_is_different() {
    // Mini-batches in f32 on two backends round differently, and nothing certifies where they stopped.
    let folder = run(&[
        "--backend",
        "ndarray",
        "--solver",
        "sgd",
        "--epochs",
        "2",
        "--gradient",
        "autodiff",
    ]);
    let outcome = replay(&folder, &["--backend", "flex"]);
    let (code, verdict, reasons) = verdict(&outcome);
    if verdict != "equal" {
        assert_eq!(
            (code, verdict.as_str()),
            (Some(4), "different"),
            "{outcome}"
        );
        assert!(reasons.contains("the backend was ndarray"), "{outcome}");
    }
}

#[test]
fn other_data_are_different_and_named() {
    let folder = run(&[]);
    let table = Table::small().csv();
    // A cell of the column `a` is another.
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    let cells: Vec<&str> = lines[1].split(',').collect();
    let edited = format!(
        "{},{}",
        cells[0].parse::<f64>().unwrap() + 5.0,
        cells[1..].join(",")
    );
    lines[1] = edited;
    folder.write("t.csv", lines.join("\n") + "\n");
    let outcome = replay(&folder, &[]);
    let (code, found, reasons) = verdict(&outcome);
    assert_eq!((code, found.as_str()), (Some(4), "different"), "{outcome}");
    assert_eq!(reasons, "column `a`: different in its cells", "{outcome}");
    // A row less.
    lines.pop();
    folder.write("less.csv", lines.join("\n") + "\n");
    let outcome = replay(&folder, &["less.csv"]);
    let (code, found, reasons) = verdict(&outcome);
    assert_eq!((code, found.as_str()), (Some(4), "different"), "{outcome}");
    assert_eq!(
        reasons, "the table had 60 rows, and now has 59",
        "{outcome}"
    );
    folder
        .train(["replay", "r", "less.csv"])
        .exits(4)
        .shows(&["different", "because the table had 60 rows"]);
    // The same cells in another file.
    let same = table.replace(',', ";");
    folder.write("same.csv", same);
    let (code, found, reasons) = verdict(&replay(&folder, &["same.csv"]));
    assert_eq!((code, found.as_str()), (Some(0), "equal"));
    assert!(
        reasons.contains("the cells that were read are the same"),
        "{reasons}"
    );
}

#[test]
fn another_version_is_told() {
    let folder = run(&[]);
    // As an earlier version would have written it: the model's own numbers moved by its certificate.
    let mut manifest: Value = serde_json::from_str(&folder.read("r/run.json")).unwrap();
    manifest.as_object_mut().unwrap().remove("seal");
    manifest["versions"]["kindling"] = "0.0.1".into();
    let seal = dataset::fingerprint::sha256(manifest.to_string().as_bytes());
    manifest["seal"] = seal.into();
    folder.write("r/run.json", manifest.to_string());
    let (code, found, reasons) = verdict(&replay(&folder, &[]));
    assert_eq!((code, found.as_str()), (Some(0), "equal"));
    assert!(
        reasons.starts_with("the version of Kindling was 0.0.1, and now is"),
        "{reasons}"
    );
}

#[test]
fn what_cannot_be_replayed_says_so() {
    let folder = run(&[]);
    folder
        .train(["replay", "none"])
        .fails(3, &["none: there is no run.json here", "train runs"]);
    folder
        .train(["replay", "r", "--backend", "cuda"])
        .fails(2, &["no backend `cuda`"]);
    let manifest = folder.read("r/run.json");
    folder.write("r/run.json", manifest.replace("\"seed\": 0", "\"seed\": 1"));
    folder.train(["replay", "r"]).fails(
        3,
        &["r/run.json was changed after it was written", "fit again"],
    );
    folder.write(
        "r/run.json",
        manifest.replace("\"format\": 1", "\"format\": 9"),
    );
    folder
        .train(["replay", "r"])
        .fails(3, &["format 9", "up to 1"]);
    folder.write("r/run.json", &manifest[..manifest.len() / 2]);
    folder.train(["replay", "r"]).fails(3, &["r/run.json"]);
    folder.write("r/run.json", &manifest);
    std::fs::remove_file(folder.path("t.csv")).unwrap();
    folder.train(["replay", "r"]).fails(3, &["t.csv"]);
    folder.write("t.csv", "a,b\n1,2\n");
    folder.train(["replay", "r"]).fails(2, &["no column `y`"]);
    // A table from standard input is gone.
    let csv = Table::small().csv();
    folder
        .program("train")
        .args(["-", "--target", "y", "--out", "s"])
        .stdin(csv)
        .run()
        .ok();
    folder
        .train(["replay", "s"])
        .fails(2, &["standard input", "train replay s TABLE"]);
}
