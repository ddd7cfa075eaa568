//! The runs of a folder are listed.

use tests::{Folder, Report, Table};

#[test]
fn runs_are_listed_with_their_status_and_metrics() {
    let folder = Folder::new();
    folder
        .train(["runs"])
        .ok()
        .shows(&["there is none in runs", "train TABLE"]);
    folder.write("t.csv", Table::small().csv());
    Report::fit(&folder, &["t.csv", "--target", "y", "--out", "runs/first"]);
    Report::fit(&folder, &["longley", "--out", "runs/second"]);
    std::fs::create_dir(folder.path("runs/broken")).unwrap();
    folder.write("runs/half", "no folder");
    let shown = folder.train(["runs"]).ok();
    assert!(
        shown.stdout.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    let shown = shown.shows(&[
        "first converged train: log loss 0.",
        "y of t, 60 rows; newton on flex",
        "RMSE",
        "broken not a whole run: runs/broken: there is no run.json",
    ]);
    let (first, second) = (shown.stdout.find("first"), shown.stdout.find("second"));
    assert!(first < second, "the newest is last: {shown}");
    let listing = folder.train(["runs", "--format", "json"]).ok().json();
    let names: Vec<_> = listing["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["name"].clone())
        .collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(listing["runs"][0]["table"]["target"], "y");
    assert_eq!(listing["skipped"][0]["name"], "broken");
}
