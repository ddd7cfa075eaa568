//! A problem with more columns than the whole curvature is certified for.

use tests::{Folder, Report, Table};

/// Rows, and levels of each of two columns: cheap to read, and 1,398 columns of the design matrix.
const ROWS: u64 = 12_000;
const LEVELS: u64 = 700;

/// The high bits of a multiplicative hash, below `limit`.
fn scattered(seed: u64, limit: u64) -> u64 {
    ((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) * limit) >> 31
}

#[test]
fn very_many_columns_are_certified_by_a_bound_of_the_curvature() {
    let folder = Folder::new();
    let row = |row: u64| {
        let [first, second] = [2 * row, 2 * row + 1].map(|seed| scattered(seed, LEVELS));
        // Levels have effects from -2 to 2, and chance one from -1 to 1.
        let score = scattered(1_000_003 * first, 4001)
            + scattered(2_000_003 * second + 1, 4001)
            + scattered(3_000_017 * row + 5, 2001);
        let label = if score > 5000 { "yes" } else { "no" };
        vec![format!("a{first}"), format!("b{second}"), label.to_owned()]
    };
    let table = Table {
        header: ["first", "second", "y"].map(str::to_owned).to_vec(),
        rows: (0..ROWS).map(row).collect(),
    };
    folder.write("t.csv", table.csv());
    let fit = |threads: &str| {
        let arguments = [
            "t.csv",
            "--target",
            "y",
            "--lambda",
            "0.01",
            "--max-levels",
            "1000",
            "--threads",
            threads,
        ];
        Report::fit(&folder, &arguments)
    };
    let report = fit("1");
    assert_eq!(report.status(), "converged");
    assert_eq!(report.columns().len() as u64, 2 * (LEVELS - 1));
    let certificate = &report.0["certificate"];
    let basis = certificate["basis"].as_str().unwrap();
    assert!(["penalty", "sampled_curvature"].contains(&basis), "{basis}");
    let error = certificate["probability_error"].as_f64().unwrap();
    eprintln!("measured {error:.1e}: probability error by {basis}");
    assert!(error > 0.0 && error < 1e-4, "{error}");
    assert!(certificate["gradient_max"].as_f64().unwrap() < 1e-8);
    assert_eq!(certificate["reason"], serde_json::Value::Null);
    assert_eq!(fit("2").lasting(), report.lasting());
    folder
        .train([
            "t.csv",
            "--target",
            "y",
            "--lambda",
            "0.01",
            "--test",
            "0",
            "-q",
            "--max-levels",
            "1000",
        ])
        .ok()
        .shows(&["certificate no fitted probability is more than", "a weak"]);
}
