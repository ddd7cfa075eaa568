//! Tables and encoded rows on the disk: `--memory`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use tests::{Folder, Report, Table};

/// The smallest round bound that the program itself leaves room in.
const BOUND: &str = "96MiB";

/// Numbers near and far from 0, missing cells, levels, a rare one, dates; targets of every kind.
fn mixed(rows: usize) -> String {
    let mut text = "w,x,far,gap,level,day,yes,class,number\n".to_owned();
    for row in 0..rows {
        let x = ((row * 37) % 211) as f64 / 50.0 - 2.0;
        let gap = if row % 9 == 4 {
            String::new()
        } else {
            format!("{}", (row * row) % 5)
        };
        let level =
            ["a", "b", "c", "", "a", "rare"][if row % 101 == 0 { 5 } else { row * row % 7 % 5 }];
        let noise = ((row * 7919) % 1000) as f64 / 250.0 - 2.0;
        let score = x + noise + if level == "b" { 0.7 } else { 0.0 };
        let _ = writeln!(
            text,
            "{},{x},{},{gap},{level},2026-{:02}-{:02},{},{},{score}",
            (row * row / 5) % 3,
            1e9 + 3.0 * ((row * 53) % 97) as f64,
            1 + row % 12,
            1 + (row * row / 12) % 28,
            if score > 0.3 { "yes" } else { "no" },
            if score > 1.0 {
                "high"
            } else if score > -1.0 {
                "middle"
            } else {
                "low"
            },
        );
    }
    text
}

/// A report without what differs from run to run: times, places, notes of where rows are.
fn lasting(report: &Report) -> Value {
    let mut value = report.lasting();
    let notes = value["notes"].as_array().cloned().unwrap_or_default();
    let kept = |note: &Value| {
        !note
            .as_str()
            .unwrap_or_default()
            .starts_with("encoded rows")
    };
    value["notes"] = notes.into_iter().filter(kept).collect();
    value
}

/// The files of encoded rows in a folder.
fn caches(folder: &Folder, place: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.path(place)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of fits")]
fn every_fit_has_the_same_bits_with_rows_on_the_disk() {
    let folder = Folder::new();
    folder.write("t.csv", mixed(3000));
    let common = [
        "t.csv",
        "--test",
        "0.2",
        "--validation",
        "0.1",
        "--max-levels",
        "3",
    ];
    for more in [
        &["--target", "yes", "--drop", "class,number"][..],
        &[
            "--target",
            "yes",
            "--drop",
            "class,number",
            "--precision",
            "f64",
            "--solver",
            "lbfgs",
        ],
        &[
            "--target",
            "class",
            "--drop",
            "yes,number",
            "--interact",
            "x:level",
        ],
        &[
            "--target",
            "number",
            "--drop",
            "yes,class",
            "--encode",
            "x=spline:4",
        ],
        &[
            "--target",
            "number",
            "--drop",
            "yes,class",
            "--penalty",
            "l1",
            "--lambda",
            "0.05",
        ],
        &[
            "--target",
            "yes",
            "--drop",
            "class,number",
            "--penalty",
            "l1",
            "--lambda",
            "0.01",
            "--weight",
            "w",
            "--missing",
            "drop",
        ],
        &[
            "--target",
            "yes",
            "--drop",
            "class,number",
            "--missing",
            "drop",
            "--no-intercept",
        ],
        &[
            "--target",
            "class",
            "--drop",
            "yes,number",
            "--solver",
            "adam",
            "--epochs",
            "3",
        ],
        &[
            "--target",
            "yes",
            "--drop",
            "class,number",
            "--solver",
            "sgd",
            "--epochs",
            "2",
            "--gradient",
            "autodiff",
            "--precision",
            "f64",
        ],
    ] {
        let in_memory = Report::fit(&folder, &[&common[..], more].concat());
        let bounded = [&common[..], more, &["--memory", "128MiB"]].concat();
        let written = Report::fit(&folder, &bounded);
        assert_eq!(lasting(&written), lasting(&in_memory), "{more:?}");
        let found = Report::fit(&folder, &bounded);
        assert_eq!(
            lasting(&found),
            lasting(&in_memory),
            "{more:?}, found again"
        );
        let notes = found.0["notes"].to_string();
        assert!(notes.contains("found in runs/cache"), "{notes}");
        // Those of the last fit: to fit on, to validate and to test.
        assert_eq!(caches(&folder, "runs/cache").len(), 3);
    }
    let listed = folder.train(["runs", "--format", "json"]).ok().json();
    assert_eq!(
        listed["skipped"],
        Value::Array(Vec::new()),
        "the cache is no run"
    );
    folder
        .train(["replay", "runs/latest"])
        .ok()
        .shows(&["equal"]);
}

#[test]
fn standard_input_and_several_files_go_to_the_disk() {
    let folder = Folder::new();
    let text = mixed(2000);
    folder.write("t.csv", &text);
    let settings = [
        "--target",
        "yes",
        "--drop",
        "class,number",
        "--test",
        "0",
        "--backend",
        "flex",
        "--format",
        "json",
    ];
    let fit = |names: &[&str], input: &str, memory: &[&str]| {
        let program = folder
            .program("train")
            .args(["fit"])
            .args(names)
            .args(settings);
        let outcome = program.args(memory).stdin(input.as_bytes()).run().ok();
        let mut report = lasting(&Report(outcome.json()));
        report["table"]["name"] = Value::Null;
        report["table"]["source"] = Value::Null;
        report
    };
    let expected = fit(&["t.csv"], "", &[]);
    let bounded = ["--memory", BOUND, "--cache", "elsewhere"];
    assert_eq!(fit(&["-"], &text, &bounded), expected);
    assert_eq!(fit(&["/dev/stdin"], &text, &bounded), expected);
    assert_eq!(caches(&folder, "elsewhere").len(), 1);
    assert!(caches(&folder, "runs/cache").is_empty());
    let (header, rows) = text.split_once('\n').unwrap();
    folder.write("rest.csv", format!("{header}\n{rows}"));
    let two = fit(&["t.csv", "rest.csv"], "", &[]);
    assert_eq!(fit(&["t.csv", "rest.csv"], "", &bounded), two);
}

#[test]
fn what_a_bound_has_no_room_for_is_said_before_the_work() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let fails = |more: &[&str], code, essentials: &[&str]| {
        let arguments = [&["t.csv", "--target", "y"][..], more].concat();
        folder.train(arguments).fails(code, essentials);
    };
    fails(&["--memory", "many"], 2, &["--memory", "2GiB"]);
    fails(
        &["--memory", "8MiB"],
        2,
        &["--memory 8.0 MiB: any fit needs", "--memory 84MiB"],
    );
    fails(&["--cache", "there"], 2, &["--memory"]);
    let device = ["--memory", BOUND, "--gradient", "analytic"];
    fails(
        &device,
        2,
        &[
            "--gradient analytic",
            "all rows on the device",
            "--gradient fused",
        ],
    );
    folder.write("t.svm", "1 1:2\n-1 3:1\n1 1:1\n-1 2:1\n");
    let svmlight = ["t.svm", "--memory", BOUND];
    folder.train(svmlight).fails(
        2,
        &[
            "t.svm cannot be read in bounded memory",
            "leave out --memory",
        ],
    );
    // 800,000 texts of which none stands twice.
    let mut text = "t,y\n".to_owned();
    for row in 0..800_000 {
        let _ = writeln!(text, "a long text that is number {row},{}", row % 2);
    }
    folder.write("texts.csv", text);
    let texts = ["texts.csv", "--target", "y", "--memory", BOUND];
    folder
        .train(texts)
        .fails(2, &["distinct texts", "column `t`", "--drop t"]);
    assert!(
        !folder.names().contains(&"runs".to_owned()) || caches(&folder, "runs/cache").is_empty()
    );
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::new();
    let path = folder.write("t.csv", mixed(300_000));
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    let program = folder
        .program("train")
        .args(["t.csv", "--target", "yes", "--memory", BOUND]);
    let outcome = program.run_with(|_| file.write_all(b"1,1,1,1,a,2026-01-01,no,low,1\n").unwrap());
    outcome.fails(
        3,
        &[
            "t.csv changed while it was read",
            "nothing writes to the file",
        ],
    );
    assert!(caches(&folder, "runs/cache").is_empty());
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_rows() {
    let folder = Folder::new();
    folder.write("t.csv", mixed(60_000));
    let full = "no room for";
    // Cells, then encoded rows: the first do not fit into 64 kB, the others not into 6 MB.
    for blocks in [128, 12_000] {
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec train t.csv --target yes --drop class,number --memory {BOUND}"
        );
        let outcome = folder.shell(&line).run();
        outcome.fails(1, &[full, "on the disk", "--cache DIR"]);
        assert!(
            caches(&folder, "runs/cache").is_empty(),
            "{:?}",
            caches(&folder, "runs/cache")
        );
    }
}

#[test]
fn a_killed_fit_leaves_nothing_that_is_taken_for_whole() {
    let folder = Folder::new();
    folder.write("t.csv", mixed(60_000));
    let arguments = [
        "t.csv",
        "--target",
        "yes",
        "--drop",
        "class,number",
        "--memory",
        BOUND,
    ];
    let without = &arguments[..arguments.len() - 2];
    let expected = lasting(&Report::fit(&folder, without));
    let started = Instant::now();
    Report::fit(&folder, &[&arguments[..], &["--cache", "timed"]].concat());
    let whole = started.elapsed();
    let mut killed = 0;
    for moment in 1..16 {
        let moment = whole * moment / 16;
        let started = Instant::now();
        let program = folder
            .program("train")
            .args(arguments)
            .args(["--test", "0"]);
        program.run_with(|child| {
            if started.elapsed() >= moment {
                // SIGKILL, which nobody can handle.
                let line = format!("kill -9 {} 2>/dev/null", child.id());
                let _ = std::process::Command::new("sh")
                    .args(["-c", &line])
                    .status();
                killed += 1;
            }
        });
        if moment > whole / 2 {
            // What is there is whole, or left and not read.
            let again = lasting(&Report::fit(&folder, &arguments));
            assert_eq!(again, expected, "after a kill at {moment:?}");
            let kept = caches(&folder, "runs/cache");
            assert!(
                kept.iter().all(|name| !name.ends_with(".partial")),
                "{kept:?}"
            );
            assert_eq!(kept.len(), 1);
            fs::remove_dir_all(folder.path("runs/cache")).unwrap();
        }
    }
    assert!(killed > 0);
}

/// Numbers of two digits, one column in sixteen of levels, and a target that depends on them.
fn generate(path: &Path, rows: usize, columns: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    writeln!(file, "{},y", names.join(",")).unwrap();
    let mut state = 7_u64;
    let mut line = String::new();
    for _ in 0..rows {
        line.clear();
        let mut score = 0;
        for column in 0..columns {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = state >> 57;
            if column % 16 == 15 {
                let _ = write!(line, "l{},", number % 4);
            } else {
                let _ = write!(line, "{}.{},", number / 10, number % 10);
                score += if column % 2 == 0 {
                    number
                } else {
                    127 - number
                };
            }
        }
        let half = 127 * (columns as u64 - columns as u64 / 16) / 2;
        let noise = (state >> 20) % 1000;
        writeln!(file, "{line}{}", u8::from(score + noise > half + 500)).unwrap();
    }
    file.flush().unwrap();
}

/// Bytes of resident memory at the peak so far.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_of_four_times_the_bound_is_fitted_within_it() {
    const ROWS: usize = 98_304;
    const COLUMNS: usize = 512;
    let bound = 96 << 20;
    assert_eq!(ROWS * COLUMNS * 8, 4 * bound);
    let folder = Folder::new();
    generate(&folder.path("t.csv"), ROWS, COLUMNS);
    let arguments = [
        "fit",
        "t.csv",
        "--target",
        "y",
        "--backend",
        "flex",
        "--solver",
        "lbfgs",
        "--format",
        "json",
    ];
    let mut held = Vec::new();
    let mut fit = |more: &[&str]| {
        let mut most = 0;
        let program = folder.program("train").args(arguments).args(more);
        let outcome = program
            .run_with(|child| most = peak(child.id()).unwrap_or(0).max(most))
            .ok();
        held.push(most);
        lasting(&Report(outcome.json()))
    };
    let bounded = fit(&["--memory", BOUND]);
    let in_memory = fit(&[]);
    println!(
        "measured {} MiB of {} MiB, {} MiB without a bound",
        held[0] >> 20,
        bound >> 20,
        held[1] >> 20
    );
    assert!(
        held[0] > 0 && held[0] < bound as u64,
        "{} bytes at the peak",
        held[0]
    );
    assert!(
        held[1] > 4 * bound as u64,
        "the table would have fitted into the bound"
    );
    assert_eq!(bounded, in_memory);
}
