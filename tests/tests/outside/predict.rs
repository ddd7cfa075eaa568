//! `infer predict`: what comes out is what the coefficients say.

use std::collections::HashMap;

use tests::reference::number;
use tests::tolerance::{self, assert_near};
use tests::{Folder, Report, Table};

/// Scores of a row by the coefficients on the table's scale, computed here and nowhere else.
fn scores(report: &Report, table: &Table, row: usize, medians: &HashMap<&str, f64>) -> Vec<f64> {
    let coefficients = report.0["coefficients"].as_array().unwrap();
    let mut scores: Vec<f64> = report
        .original()
        .iter()
        .map(|class| *class.last().unwrap())
        .collect();
    let classes = report.classes();
    for one in coefficients {
        let class = classes
            .iter()
            .position(|class| class.as_deref() == one["class"].as_str());
        let source = one["source"].as_str().unwrap();
        let cell = table.cell(row, source);
        let value = match one["level"].as_str() {
            Some(level) => f64::from(u8::from(cell == level)),
            None if ["", "NA"].contains(&cell) => medians[source],
            None => cell.parse().unwrap(),
        };
        scores[class.unwrap()] += value * number(&one["estimate"]);
    }
    scores
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// What the column `flags` is allowed to be, and the tolerance on a probability.
fn precisions() -> [(&'static str, f64); 2] {
    [
        ("f32", tolerance::PROBABILITY_F32),
        ("f64", tolerance::PROBABILITY_F64),
    ]
}

#[test]
fn probabilities_are_those_of_the_coefficients() {
    for (table, more) in [
        ("breast_cancer", &[][..]),
        ("penguins", &["--missing", "drop"]),
        ("anes96", &[]),
    ] {
        for (precision, allowed) in precisions() {
            for backend in ["ndarray", "flex"] {
                let folder = Folder::new();
                let fixed = [table, "--precision", precision, "--out", "run"];
                let report = Report::fit(&folder, &[&fixed[..], more].concat());
                let rows = Table::shipped(table).filtered(|row| {
                    !Table::shipped(table).rows[row]
                        .iter()
                        .any(|cell| cell == "NA")
                });
                folder.write("t.csv", rows.csv());
                let arguments = ["predict", "run", "t.csv", "--backend", backend, "--quiet"];
                let out = Table::parse(&folder.infer(arguments).ok().stdout);
                assert_eq!(out.header, ["probability", "label", "flags"]);
                assert_eq!(out.rows.len(), rows.rows.len());
                let labels = tests::reference::strings(&report.0["labels"]);
                let none = HashMap::new();
                let expected: Vec<f64> = (0..rows.rows.len())
                    .map(|row| sigmoid(scores(&report, &rows, row, &none)[0]))
                    .collect();
                let actual = out.numbers("probability");
                let what = format!("{table} {precision} {backend}");
                // Absolute: a floor of 1 is above every probability.
                assert_near(&what, &actual, &expected, allowed, 1.0);
                for row in 0..out.rows.len() {
                    let label = &labels[usize::from(actual[row] >= 0.5)];
                    assert_eq!(out.cell(row, "label"), label, "{what}");
                    assert_eq!(out.cell(row, "flags"), "", "{what}");
                }
            }
        }
    }
}

#[test]
fn probabilities_of_several_classes() {
    for table in ["iris", "wine"] {
        for (precision, allowed) in precisions() {
            let folder = Folder::new();
            let report = Report::fit(&folder, &[table, "--precision", precision, "--out", "run"]);
            let rows = Table::shipped(table);
            folder.write("t.csv", rows.csv());
            let arguments = ["predict", "run", "t.csv", "--backend", "flex", "--quiet"];
            let out = Table::parse(&folder.infer(arguments).ok().stdout);
            let labels = tests::reference::strings(&report.0["labels"]);
            let names: Vec<String> = labels
                .iter()
                .map(|one| format!("probability {one}"))
                .collect();
            let header = [&["label".to_owned()], &names[..], &["flags".to_owned()]].concat();
            assert_eq!(out.header, header);
            for row in 0..rows.rows.len() {
                let expected = softmax(&scores(&report, &rows, row, &HashMap::new()));
                let actual: Vec<f64> = names.iter().map(|name| out.number(row, name)).collect();
                assert_near(
                    &format!("{table} {precision}"),
                    &actual,
                    &expected,
                    allowed,
                    1.0,
                );
                let best = (0..3)
                    .max_by(|&a, &b| actual[a].total_cmp(&actual[b]))
                    .unwrap();
                assert_eq!(out.cell(row, "label"), labels[best]);
            }
        }
    }
}

#[test]
fn predictions_of_a_number() {
    for (precision, allowed) in precisions() {
        let folder = Folder::new();
        let arguments = [
            "penguins",
            "--target",
            "body_mass_g",
            "--precision",
            precision,
            "--out",
            "run",
        ];
        let report = Report::fit(&folder, &arguments);
        let rows = Table::shipped("penguins").filtered(|row| {
            Table::shipped("penguins").rows[row]
                .iter()
                .all(|cell| cell != "NA")
        });
        folder.write("t.csv", rows.csv());
        let arguments = ["predict", "run", "t.csv", "--backend", "ndarray", "--quiet"];
        let out = Table::parse(&folder.infer(arguments).ok().stdout);
        assert_eq!(out.header, ["prediction", "flags"]);
        let none = HashMap::new();
        let expected: Vec<f64> = (0..rows.rows.len())
            .map(|row| scores(&report, &rows, row, &none)[0])
            .collect();
        // Thousands of grams: relative, as digits are lost in proportion.
        assert_near(
            precision,
            &out.numbers("prediction"),
            &expected,
            allowed,
            1.0,
        );
    }
}

#[test]
fn offsets_are_added() {
    let folder = Folder::new();
    let table = Table::small().with_column("o", |row| format!("{}", row as f64 / 10.0 - 3.0));
    folder.write("t.csv", table.csv());
    let arguments = ["t.csv", "--target", "y", "--offset", "o", "--out", "run"];
    let report = Report::fit(&folder, &[&arguments[..], &["--precision", "f64"]].concat());
    let arguments = ["predict", "run", "t.csv", "--backend", "flex", "--quiet"];
    let out = Table::parse(&folder.infer(arguments).ok().stdout);
    let none = HashMap::new();
    let expected: Vec<f64> = (0..60)
        .map(|row| sigmoid(scores(&report, &table, row, &none)[0] + table.number(row, "o")))
        .collect();
    let actual = out.numbers("probability");
    assert_near(
        "offset",
        &actual,
        &expected,
        tolerance::PROBABILITY_F64,
        1.0,
    );
    folder
        .infer(["inspect", "run"])
        .ok()
        .shows(&["offset o is added to the score"]);
}

#[test]
fn missing_cells_are_imputed_and_flagged() {
    let folder = Folder::new();
    let report = Report::fit(&folder, &["penguins", "--precision", "f64", "--out", "run"]);
    let table = Table::shipped("penguins");
    let medians = HashMap::from([
        ("bill_length_mm", 44.5),
        ("bill_depth_mm", 17.3),
        ("flipper_length_mm", 197.0),
        ("body_mass_g", 4050.0),
    ]);
    folder.write("t.csv", table.csv());
    let outcome = folder
        .infer(["predict", "run", "t.csv", "--backend", "flex"])
        .ok();
    let outcome = outcome.says(&["scored 344 rows", "note 2 rows with a missing cell"]);
    let out = Table::parse(&outcome.stdout);
    let expected: Vec<f64> = (0..344)
        .map(|row| sigmoid(scores(&report, &table, row, &medians)[0]))
        .collect();
    let actual = out.numbers("probability");
    assert_near(
        "medians",
        &actual,
        &expected,
        tolerance::PROBABILITY_F64,
        1.0,
    );
    assert_eq!(
        out.cell(3, "flags"),
        "missing bill_length_mm; missing bill_depth_mm; missing flipper_length_mm; \
         missing body_mass_g"
    );
    let flagged = (0..344)
        .filter(|&row| !out.cell(row, "flags").is_empty())
        .count();
    assert_eq!(flagged, 2, "a missing target is nothing unusual");
}

#[test]
fn columns_are_matched_by_name() {
    let folder = Folder::new();
    Report::fit(&folder, &["penguins", "--out", "run"]);
    let table = Table::shipped("penguins");
    let predict = |table: &Table| {
        folder.write("t.csv", table.csv());
        folder
            .infer(["predict", "run", "t.csv", "--backend", "flex", "--quiet"])
            .ok()
            .stdout
    };
    let expected = predict(&table);
    assert_eq!(
        predict(&table.with_order(&[7, 6, 5, 4, 3, 2, 1, 0])),
        expected
    );
    assert_eq!(predict(&table.without(&["sex"])), expected);
    assert_eq!(
        predict(&table.clone().with_column("extra", |row| format!("x{row}"))),
        expected
    );
}

#[test]
fn a_level_that_no_training_row_had() {
    let folder = Folder::new();
    let report = Report::fit(
        &folder,
        &[
            "penguins",
            "--missing",
            "drop",
            "--precision",
            "f64",
            "--out",
            "run",
        ],
    );
    let table = Table::shipped("penguins").with_cell(1, "species", "Martian");
    folder.write("t.csv", table.csv());
    let outcome = folder
        .infer(["predict", "run", "t.csv", "--backend", "flex"])
        .ok();
    let outcome = outcome.says(&["note 1 row with a level that no training row had"]);
    let out = Table::parse(&outcome.stdout);
    assert_eq!(out.cell(1, "flags"), "unseen species=Martian");
    // Every dummy is zero, as for the reference level.
    let reference = Table::shipped("penguins").with_cell(1, "species", "Adelie");
    let expected = sigmoid(scores(&report, &reference, 1, &HashMap::new())[0]);
    let actual = out.number(1, "probability");
    assert_near(
        "unseen",
        &[actual],
        &[expected],
        tolerance::PROBABILITY_F64,
        1.0,
    );
    // Row 4 of the file has missing cells, and this model does not impute.
    assert_eq!((out.cell(3, "probability"), out.cell(3, "label")), ("", ""));
    assert!(out.cell(3, "flags").starts_with("missing bill_length_mm"));

    folder
        .infer(["predict", "run", "t.csv", "--strict", "-o", "s.csv"])
        .fails(
            3,
            &[
                "t.csv:3: column `species`: \"Martian\" does not occur",
                "leave --strict out",
            ],
        );
    assert_eq!(folder.names(), ["run", "t.csv"]);
}

#[test]
fn kept_columns_come_first_and_unchanged() {
    let folder = Folder::new();
    let table = Table::small();
    let rows: Vec<String> = (0..60)
        .map(|row| {
            let [a, b] = ["a", "b"].map(|name| table.cell(row, name));
            format!("\"n, {row}\",{b},00{row},{a}\n")
        })
        .collect();
    folder.write("t.csv", table.csv());
    folder.write("n.csv", format!("name,b,id,a\n{}", rows.concat()));
    Report::fit(&folder, &["t.csv", "--target", "y", "--out", "run"]);
    let arguments = ["predict", "run", "n.csv", "--keep", "id,name,a", "--quiet"];
    let out = folder.infer(arguments).ok().stdout;
    let plain = folder
        .infer(["predict", "run", "t.csv", "--quiet"])
        .ok()
        .stdout;
    assert!(
        out.starts_with("id,name,a,probability,label,flags\n"),
        "{out}"
    );
    for (row, (line, scored)) in out.lines().zip(plain.lines()).skip(1).enumerate() {
        let kept = format!("00{row},\"n, {row}\",{},", table.cell(row, "a"));
        assert_eq!(line, kept + scored);
    }
}

#[test]
fn every_way_in_and_out_gives_the_same() {
    let folder = Folder::new();
    let table = Table::small();
    folder.write("t.csv", table.csv());
    Report::fit(&folder, &["t.csv", "--target", "y"]);
    let expected = folder
        .infer(["predict", "runs/latest", "t.csv", "--quiet"])
        .ok()
        .stdout;
    let predict = |more: &[&str], stdin: &str| {
        folder
            .program("infer")
            .args(["predict"])
            .args(more)
            .stdin(stdin)
            .run()
            .ok()
    };
    assert_eq!(
        predict(&["runs/latest", "-", "-q"], &table.csv()).stdout,
        expected
    );
    let model = "runs/latest/model.safetensors";
    assert_eq!(predict(&[model, "t.csv", "-q"], "").stdout, expected);
    folder.write(
        "semicolon.csv",
        format!("\u{feff}{}", table.delimited(";")).replace('\n', "\r\n"),
    );
    assert_eq!(
        predict(&[model, "semicolon.csv", "-q"], "").stdout,
        expected
    );
    assert_eq!(
        predict(&[model, "semicolon.csv", "-q", "--delimiter", ";"], "").stdout,
        expected
    );
    let written = predict(&[model, "t.csv", "-o", "s.csv"], "");
    assert_eq!(written.stdout, "");
    written.says(&["scored 60 rows", "wrote s.csv"]);
    assert_eq!(folder.read("s.csv"), expected);
    assert_eq!(
        predict(&[model, "t.csv", "-o", "s.csv", "-q"], "").stderr,
        ""
    );
    let quoted = table
        .csv()
        .replace(",yes", ",\"yes\"")
        .replace("a,b,y", "\"a\",\"b\",\"y\"");
    assert_eq!(predict(&[model, "-", "-q"], &quoted).stdout, expected);
    // Another word for missing, only here.
    let unknown = table.clone().with_cell(5, "a", "?").csv();
    let out = predict(&[model, "-", "-q", "--na", "?"], &unknown).stdout;
    assert!(out.lines().nth(6).unwrap().ends_with(",missing a"), "{out}");
}

#[test]
fn backends_and_precisions_agree() {
    let folder = Folder::new();
    Report::fit(
        &folder,
        &["breast_cancer", "--precision", "f64", "--out", "run"],
    );
    folder.write("t.csv", Table::shipped("breast_cancer").csv());
    let predict = |more: &[&str]| {
        let arguments = [&["predict", "run", "t.csv", "--quiet"], more].concat();
        Table::parse(&folder.infer(arguments).ok().stdout).numbers("probability")
    };
    let expected = predict(&["--backend", "flex"]);
    let same = predict(&["--backend", "ndarray"]);
    assert_near("f64", &same, &expected, tolerance::PROBABILITY_F64, 1.0);
    let mut backends = vec!["flex", "ndarray"];
    let gpu = tests::gpu::choice("predict::backends_and_precisions_agree");
    backends.extend(gpu.map(|_| "wgpu"));
    for backend in backends {
        let rounded = predict(&["--backend", backend, "--precision", "f32"]);
        assert_near(
            backend,
            &rounded,
            &expected,
            tolerance::PROBABILITY_F32,
            1.0,
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_rows_take_bounded_memory() {
    const ROWS: usize = 1_000_000;
    let folder = Folder::new();
    let rows = ROWS.to_string();
    let generate = [
        "generate",
        "classification",
        "--rows",
        &rows,
        "--columns",
        "10",
    ];
    folder
        .train([&generate[..], &["-o", "t.csv"]].concat())
        .ok();
    let few: String = folder
        .read("t.csv")
        .lines()
        .take(5001)
        .flat_map(|line| [line, "\n"])
        .collect();
    folder.write("few.csv", few);
    for (precision, allowed) in precisions() {
        let fixed = [
            "few.csv",
            "--target",
            "y",
            "--out",
            precision,
            "--precision",
            precision,
        ];
        let report = Report::fit(&folder, &fixed);
        let mut peak = 0;
        folder
            .program("infer")
            .args([
                "predict",
                precision,
                "t.csv",
                "-o",
                "s.csv",
                "--backend",
                "flex",
            ])
            .run_with(|child| peak = peak.max(resident_peak(child.id())))
            .ok()
            .says(&["scored 1,000,000 rows"]);
        eprintln!("measured {peak} kB: the most memory that {ROWS} rows took");
        assert!(
            (1..tolerance::PREDICT_MEMORY_KB).contains(&peak),
            "{precision}: {peak} kB"
        );
        let (table, scored) = (folder.read("t.csv"), folder.read("s.csv"));
        let [coefficients] = report.original().try_into().unwrap();
        let mut worst = 0.0_f64;
        let mut count = 0;
        for (row, scored) in table.lines().zip(scored.lines()).skip(1) {
            let cells = row.split(',').map(|cell| cell.parse::<f64>().unwrap());
            let z: f64 = cells.zip(&coefficients[..10]).map(|(x, b)| x * b).sum();
            let probability: f64 = scored.split(',').next().unwrap().parse().unwrap();
            worst = worst.max((probability - sigmoid(z + coefficients[10])).abs());
            count += 1;
        }
        eprintln!("measured {worst:.1e}: {precision}");
        assert_eq!(count, ROWS);
        assert!(worst <= allowed, "{precision}: off by {worst:.1e}");
    }
}

/// The most memory that a process has held so far, in kB; 0 when it has ended.
#[cfg(target_os = "linux")]
fn resident_peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
