//! What `train search` refuses, and what to type instead.

use tests::{Folder, Table};

use crate::search::search;

#[test]
#[allow(clippy::too_many_lines, reason = "a table of mistakes")]
fn what_cannot_be_searched() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let refused = |code: i32, more: &[&str], essentials: &[&str]| {
        search(&folder, &[&["t.csv", "--target", "y"], more].concat()).fails(code, essentials);
    };
    // nothing to try
    refused(
        2,
        &["--penalties", "0"],
        &["there is nothing to try", "--penalties 100"],
    );
    refused(
        2,
        &["--vary", "epochs="],
        &["--vary epochs=: a value is empty"],
    );
    refused(
        2,
        &["--vary", "epochs=1..9"],
        &["a range has no end of values", "--trials 20"],
    );
    refused(
        2,
        &["--vary", "epochs=1,2", "--trials", "0"],
        &["there is nothing to try"],
    );
    // values that make no sense
    for rate in ["0", "-1", "NaN"] {
        let vary = format!("learning-rate={rate},0.1");
        let words = format!("--learning-rate {rate}: it must be a number above 0");
        refused(2, &["--solver", "sgd", "--vary", &vary], &[&words]);
    }
    refused(
        2,
        &["--solver", "sgd", "--vary", "batch-size=0,8"],
        &["--batch-size 0: it must be at least 1"],
    );
    refused(
        2,
        &["--vary", "solver=newton,sdg"],
        &["there is no solver `sdg`"],
    );
    refused(
        2,
        &["--vary", "batchsize=8,9"],
        &["`batchsize`", "--vary batch-size=8,9"],
    );
    refused(
        2,
        &["--penalty-ratio", "0"],
        &["--penalty-ratio 0: it must be a number above 0 and below 1"],
    );
    refused(2, &["--lambda", "-1"], &["--lambda -1"]);
    // folds
    refused(
        2,
        &["--folds", "1"],
        &["1 folds: cross-validation needs at least 2"],
    );
    refused(
        2,
        &["--folds", "61"],
        &["61 folds of only 60 rows", "try at most 60 folds"],
    );
    refused(2, &["--nested", "61"], &["61 folds of only 60 rows"]);
    refused(
        2,
        &["--group", "bb"],
        &["there is no column `bb` for --group", "--group b"],
    );
    refused(
        2,
        &["--time", "zzzzz"],
        &["there is no column `zzzzz` for --time", "one of a, b, y"],
    );
    refused(
        3,
        &["--time", "y"],
        &["column `y` holds text, which has no order in time"],
    );
    refused(
        2,
        &["--group", "a", "--test", "0.2"],
        &["--test 0.2 and --group", "--nested 5"],
    );
    refused(2, &["--group", "a", "--time", "b"], &["--group", "--time"]);
    let holes =
        Table::small().with_column("g", |row| if row == 4 { String::new() } else { "x".into() });
    folder.write("holes.csv", holes.csv());
    search(&folder, &["holes.csv", "--target", "y", "--group", "g"]).fails(
        3,
        &["holes.csv:6: column `g` is empty, and --group needs it"],
    );
    // options that would do nothing
    refused(
        2,
        &["--rule", "1se", "--lambda", "1"],
        &["no path", "leave out --rule"],
    );
    refused(
        2,
        &["--picture", "p.svg", "--c", "1"],
        &["there is none", "leave out --picture"],
    );
    refused(
        2,
        &["--validation", "0.2"],
        &["--validation", "the folds are held out"],
    );
    assert_eq!(
        folder.names(),
        ["holes.csv", "t.csv"],
        "nothing is left behind"
    );
}
