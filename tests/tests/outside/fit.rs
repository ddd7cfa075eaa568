//! `train fit` as a person sees it: the summary, the run's folder, and how tables are read.

use tests::reference::shipped;
use tests::tolerance::{self, assert_close};
use tests::{Folder, Report, Table};

#[test]
fn train_alone_fits_the_breast_cancer_table() {
    let folder = Folder::new();
    let outcome = folder.train::<&str>([]).ok().shows(&[
        "breast_cancer 569 rows, 30 numeric columns -> diagnosis (malignant 212, benign 357)",
        "fit on 455 rows; held out: 114 to test (stratified, seed 0)",
        "newton",
        "penalty L2, lambda 0.0022 (scikit-learn C = 1), columns standardised",
        "converged",
        "certificate no fitted probability is more than",
        "per unit per sd odds ratio per sd",
        "intercept",
        "fitted test",
        "log loss",
        "AUC",
        "of 114",
        "wrote runs/breast_cancer-",
        "next cargo run --release -p infer -- predict runs/latest TABLE.csv",
    ]);
    assert_eq!(outcome.stderr, "", "progress is for terminals");
    assert!(
        outcome
            .stdout
            .lines()
            .all(|line| line.chars().count() <= 80),
        "{outcome}"
    );
    let run = folder.names();
    assert_eq!(run, ["runs"]);
    let latest = folder.path("runs/latest");
    for name in ["model.safetensors", "run.json", "history.jsonl"] {
        assert!(latest.join(name).is_file(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path("runs")).unwrap().count(), 2);
}

#[test]
fn an_l1_penalty_leaves_exact_zeros_in_the_file_too() {
    for (penalty, words) in [
        ("l1", "penalty L1, lambda 0.030 (scikit-learn C ="),
        (
            "elastic-net",
            "penalty elastic net, L1 ratio 0.5, lambda 0.030",
        ),
    ] {
        let folder = Folder::new();
        let arguments = ["breast_cancer", "--penalty", penalty, "--lambda", "0.03"];
        let report = Report::fit(&folder, &arguments);
        assert_eq!(report.0["solver"], "coordinate");
        assert_eq!(report.status(), "converged");
        let zero = |one: &&serde_json::Value| one["estimate"] == 0.0 && one["standardized"] == 0.0;
        let all = report.0["coefficients"].as_array().unwrap();
        let zeros = all.iter().filter(zero).count();
        assert!(zeros > 5 && zeros < 30, "{penalty}: {zeros}");
        assert_eq!(report.0["zero_coefficients"], zeros);
        let gap = report.0["duality_gap"]["gap"].as_f64().unwrap();
        assert!(gap < 1e-7, "{penalty}: {gap}");
        folder.train(arguments).ok().shows(&[
            words,
            "duality gap the objective is no more than",
            "of 30 coefficients are exactly zero",
            "certificate no fitted probability is more than",
        ]);
        folder.write("t.csv", Table::shipped("breast_cancer").csv());
        folder.infer(["predict", "runs/latest", "t.csv"]).ok();
    }
}

#[test]
fn every_run_has_a_folder_of_its_own_and_latest_is_the_newest() {
    let folder = Folder::new();
    let out = |arguments: &[&str]| {
        Report::fit(&folder, arguments).0["out"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let runs = [
        out(&["iris"]),
        out(&["iris"]),
        out(&["iris", "--seed", "4"]),
    ];
    assert!(
        runs[0] != runs[1] && runs[1] != runs[2] && runs[0] != runs[2],
        "{runs:?}"
    );
    assert!(
        runs.iter().all(|run| run.starts_with("runs/iris-")),
        "{runs:?}"
    );
    let newest = folder.read("runs/latest/run.json");
    assert_eq!(newest, folder.read(format!("{}/run.json", runs[2])));
    folder
        .infer(["inspect", "runs/latest"])
        .ok()
        .shows(&["seed 4"]);
    // A folder that was named is not the newest of the runs.
    out(&["wine", "--out", "elsewhere"]);
    assert_eq!(newest, folder.read("runs/latest/run.json"));
}

#[test]
fn other_tasks_have_their_own_summaries() {
    let folder = Folder::new();
    folder.train(["fit", "iris"]).ok().shows(&[
        "-> species (setosa 50, versicolor 50, virginica 50)",
        "setosa versicolor virginica",
        "accuracy",
        "of 30",
    ]);
    folder
        .train(["fit", "longley", "--test", "0"])
        .ok()
        .shows(&[
            "longley 16 rows, 6 numeric columns -> TOTEMP (a number)",
            "fit on 16 rows, none held out",
            "penalty none, columns standardised",
            "no fitted value is more than",
            "RMSE",
        ]);
    folder
        .train([
            "fit",
            "penguins",
            "--missing",
            "drop",
            "--validation",
            "0.1",
        ])
        .ok()
        .shows(&[
            "5 numeric and 2 categorical columns -> sex (male 168, female 165)",
            "to validate",
            "note 11 rows without sex dropped",
            "species=Gentoo",
            "fitted validation test",
        ]);
}

#[test]
fn the_shape_of_a_file_does_not_matter() {
    let folder = Folder::new();
    let table = Table::small();
    folder.write("plain.csv", table.csv());
    let plain = Report::fit(&folder, &["plain.csv", "--target", "y"]);
    let same = |name: &str, content: String, more: &[&str]| {
        folder.write(name, content);
        let report = Report::fit(&folder, &[&[name, "--target", "y"], more].concat());
        assert_eq!(
            report.0["coefficients"], plain.0["coefficients"],
            "{name} {more:?}"
        );
        assert_eq!(
            report.0["intercept"], plain.0["intercept"],
            "{name} {more:?}"
        );
    };
    same("crlf.csv", table.csv().replace('\n', "\r\n"), &[]);
    same(
        "bom.csv",
        format!("\u{feff}{}", table.csv()).replace('\n', "\r\n"),
        &[],
    );
    same("open.csv", table.csv().trim_end().to_owned(), &[]);
    same("blank.csv", table.csv().replace('\n', "\n\n"), &[]);
    same("spaced.csv", table.delimited(" , "), &[]);
    for (delimiter, option) in [(";", ";"), ("\t", "tab"), ("\t", "\\t"), ("|", "|")] {
        same("found.csv", table.delimited(delimiter), &[]);
        same(
            "given.csv",
            table.delimited(delimiter),
            &["--delimiter", option],
        );
    }
    same("hash.csv", table.delimited("#"), &["--delimiter", "#"]);
    let quoted = table
        .csv()
        .replace(",yes", ",\"yes\"")
        .replace("a,b,y", "\"a\",\"b\",\"y\"");
    same("quoted.csv", quoted, &[]);
}

#[test]
fn a_table_comes_from_standard_input() {
    let folder = Folder::new();
    let table = Table::small().csv();
    folder.write("t.csv", &table);
    let file = Report::fit(&folder, &["t.csv", "--target", "y"]);
    let arguments = [
        "fit",
        "-",
        "--target",
        "y",
        "--test",
        "0",
        "--backend",
        "flex",
    ];
    let program = folder
        .program("train")
        .args(arguments)
        .args(["--format", "json"]);
    let piped = Report(program.stdin(table).run().ok().json());
    assert_eq!(piped.0["coefficients"], file.0["coefficients"]);
    assert_eq!(piped.0["table"]["sha256"], file.0["table"]["sha256"]);
    assert_eq!(piped.0["table"]["source"], "standard input");
    assert!(piped.0["out"].as_str().unwrap().starts_with("runs/stdin-"));
    folder
        .program("train")
        .args(["fit", "-", "--target", "y"])
        .stdin("a,y\n1,no\n2\n")
        .run()
        .fails(3, &["standard input:3: 1 cell where the header has 2"]);
}

#[test]
fn a_path_and_a_shipped_name_give_the_same() {
    let folder = Folder::new();
    let path = shipped("penguins");
    let named = Report::fit(&folder, &["penguins", "--missing", "drop"]);
    let path = path.to_str().unwrap();
    let arguments = [path, "--target", "sex", "--missing", "drop"];
    let read = Report::fit(&folder, &arguments);
    assert_eq!(read.0["coefficients"], named.0["coefficients"]);
    assert_eq!(read.0["positive"], "male");
    // A file of the same name comes before the table that ships.
    folder.write("iris", Table::small().csv());
    let own = Report::fit(&folder, &["iris", "--target", "y"]);
    assert_eq!(own.columns(), ["a", "b"]);
}

#[test]
fn names_and_cells_of_any_text() {
    let folder = Folder::new();
    let table = Table::small();
    let rows: Vec<String> = (0..60)
        .map(|row| {
            let place = ["\"Aix, \"\"en\"\" P.\"", "Zürich", "北京"][row % 3];
            format!(
                "{},{place},{}\n",
                table.cell(row, "a"),
                table.cell(row, "y")
            )
        })
        .collect();
    folder.write("t.csv", format!("größe,\"ci,ty\",y\n{}", rows.concat()));
    let report = Report::fit(&folder, &["t.csv", "--target", "y", "--out", "run"]);
    assert_eq!(report.columns(), ["größe", "ci,ty=Zürich", "ci,ty=北京"]);
    folder
        .train(["fit", "t.csv", "--target", "y"])
        .ok()
        .shows(&["größe", "ci,ty=北京"]);
    folder
        .infer(["predict", "run", "t.csv", "-o", "s.csv"])
        .ok();
    folder
        .infer(["inspect", "run"])
        .ok()
        .shows(&["Aix, \"en\" P., Zürich, 北京"]);
}

#[test]
fn cells_that_mean_missing() {
    let folder = Folder::new();
    let table = Table::small().with_cell(4, "a", "?").with_cell(9, "b", "-");
    folder.write("t.csv", table.csv());
    let arguments = ["t.csv", "--target", "y", "--na", "?,-"];
    let imputed = Report::fit(&folder, &arguments);
    // The same as the median in their place.
    let median = |name: &str, without: usize| {
        let mut values: Vec<f64> = (0..60)
            .filter(|&row| row != without)
            .map(|row| table.number(row, name))
            .collect();
        values.sort_by(f64::total_cmp);
        values[29].to_string()
    };
    let filled =
        table
            .clone()
            .with_cell(4, "a", &median("a", 4))
            .with_cell(9, "b", &median("b", 9));
    folder.write("filled.csv", filled.csv());
    let expected = Report::fit(&folder, &["filled.csv", "--target", "y"]);
    let (actual, expected) = (imputed.estimates(), expected.estimates());
    assert_close("median", &actual, &expected, tolerance::SAME_PROBLEM);
    // And dropping them is the table without those rows.
    let dropped = Report::fit(&folder, &[&arguments[..], &["--missing", "drop"]].concat());
    folder.write(
        "fewer.csv",
        table.filtered(|row| row != 4 && row != 9).csv(),
    );
    let fewer = Report::fit(&folder, &["fewer.csv", "--target", "y"]);
    let (actual, expected) = (dropped.estimates(), fewer.estimates());
    assert_close("dropped", &actual, &expected, tolerance::SAME_PROBLEM);
    assert_eq!(dropped.0["rows"]["train"], 58);
}

#[test]
fn a_missing_category_is_a_level() {
    let folder = Folder::new();
    let level = |row: usize| ["u", "v", "NA"][row % 3].to_owned();
    folder.write("t.csv", Table::small().with_column("c", level).csv());
    let report = Report::fit(&folder, &["t.csv", "--target", "y", "--out", "run"]);
    assert_eq!(report.columns(), ["a", "b", "c=v", "c=(missing)"]);
    let named = |row: usize| ["u", "v", "zz"][row % 3].to_owned();
    folder.write("named.csv", Table::small().with_column("c", named).csv());
    let named = Report::fit(&folder, &["named.csv", "--target", "y"]);
    let (actual, expected) = (report.estimates(), named.estimates());
    assert_close("level", &actual, &expected, tolerance::SAME_PROBLEM);
}

#[test]
fn columns_are_chosen_by_name() {
    let folder = Folder::new();
    let chosen = |more: &[&str]| Report::fit(&folder, &[&["penguins"], more].concat()).columns();
    assert_eq!(
        chosen(&["--features", "year,bill_depth_mm"]),
        ["bill_depth_mm", "year"]
    );
    let dropped = chosen(&["--drop", "species,island,year"]);
    assert_eq!(
        dropped,
        [
            "bill_length_mm",
            "bill_depth_mm",
            "flipper_length_mm",
            "body_mass_g"
        ]
    );
    let years = ["--features", "year", "--categorical", "year"];
    assert_eq!(chosen(&years), ["year=2008", "year=2009"]);
}

#[test]
fn held_out_rows_are_stratified_and_seeded() {
    let folder = Folder::new();
    let fit = |seed: &str| {
        let arguments = [
            "breast_cancer",
            "--validation",
            "0.1",
            "--test",
            "0.2",
            "--seed",
            seed,
        ];
        Report::fit(&folder, &arguments)
    };
    let [one, again, other] = [fit("1"), fit("1"), fit("2")];
    assert_eq!(one.lasting(), again.lasting());
    assert_ne!(one.0["coefficients"], other.0["coefficients"]);
    assert_eq!(one.0["rows"], other.0["rows"]);
    // 212 of 569 are malignant, 37.26 %, in every part to within a row.
    for part in ["train", "validation", "test"] {
        let metrics = &one.0["metrics"][part];
        let confusion = &metrics["confusion"];
        let malignant = confusion["tp"].as_f64().unwrap() + confusion["fn"].as_f64().unwrap();
        let rows = metrics["rows"].as_f64().unwrap();
        assert!(
            (malignant - rows * 212.0 / 569.0).abs() <= 1.0,
            "{part}: {malignant} of {rows}"
        );
    }
}
