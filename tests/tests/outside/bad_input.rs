//! Bad tables: each is an error with its exit code, its place and its remedy.

use tests::{Folder, Table};

/// Fits the target `y` of a table with this content, which must fail with exit code 3.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, more: &[&str], essentials: &[&str]) {
    refused_with(3, content, more, essentials);
}

#[track_caller]
fn refused_with(code: i32, content: impl AsRef<[u8]>, more: &[&str], essentials: &[&str]) {
    let folder = Folder::new();
    folder.write("t.csv", content);
    let arguments: Vec<&str> = ["fit", "t.csv", "--target", "y"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    folder.train(arguments).fails(code, essentials);
    assert_eq!(folder.names(), ["t.csv"], "nothing is left behind");
}

#[test]
fn a_file_that_is_not_there() {
    let folder = Folder::new();
    let names = "breast_cancer, penguins, anes96, iris, wine, longley, challenger";
    folder
        .train(["fit", "no/such.csv", "--target", "y"])
        .fails(3, &["no/such.csv: no such file", "try", names]);
    folder
        .train(["fit", "penguin"])
        .fails(3, &["penguin: no such file", "try", names]);
    folder
        .train(["fit", ".", "--target", "y"])
        .fails(3, &[".: "]);
}

#[test]
fn a_file_without_rows() {
    refused(
        "",
        &[],
        &["t.csv is empty", "try", "first line names the columns"],
    );
    refused("\n\n \n", &[], &["t.csv is empty"]);
    refused(
        "a,y\n",
        &[],
        &["t.csv has a header and no rows", "at least one row below"],
    );
}

#[test]
fn a_file_that_is_not_a_table() {
    let row = "try correct the row, or put quotes around a cell that contains the delimiter";
    refused(
        "a,b,y\n1,2,no\n1,2\n",
        &[],
        &["t.csv:3: 2 cells where the header has 3", row],
    );
    refused(
        "a,b,y\n1,2,no\n1,2,3,yes\n",
        &[],
        &["t.csv:3: 4 cells where the header has 3", row],
    );
    refused(
        b"a,y\n1,no\n\xff2,yes\n",
        &[],
        &["t.csv:3: not UTF-8 text", "try", "iconv -f LATIN1"],
    );
    refused(
        "a,b,a,y\n1,2,3,no\n",
        &[],
        &[
            "t.csv:1: columns 1 and 3 are both named `a`",
            "try rename one of the two columns",
        ],
    );
    refused(
        "a,,y\n1,2,no\n",
        &[],
        &["t.csv:1: column 2 has no name", "give column 2 a name"],
    );
    refused(
        "a,y\n1,no\n\"2,yes\n3,no\n",
        &[],
        &[
            "t.csv:3: a quote is opened in this row and never closed",
            "try close the quote",
        ],
    );
}

#[test]
fn columns_that_are_not_there() {
    let table = Table::small().csv().replace("a,b,y", "age,income,default");
    let folder = Folder::new();
    folder.write("loans.csv", table);
    let fails = |arguments: &[&str], essentials: &[&str]| {
        let all = ["fit", "loans.csv"].iter().chain(arguments);
        folder.train(all).fails(2, essentials);
    };
    fails(
        &[],
        &[
            "no column was named as the target",
            "try --target with one of",
        ],
    );
    fails(
        &["--target", "defualt"],
        &[
            "loans.csv: no column `defualt` for the target (nearest: `default`)",
            "--target default",
        ],
    );
    fails(
        &["--target", "zzzzzz"],
        &[
            "no column `zzzzzz` for the target",
            "try one of age, income, default",
        ],
    );
    for (option, what) in [("--weight", "weight"), ("--offset", "offset")] {
        fails(
            &["--target", "default", option, "aeg"],
            &["no column `aeg`", what, "`age`"],
        );
    }
    for option in ["--drop", "--features", "--categorical"] {
        fails(
            &["--target", "default", option, "incom"],
            &["no column `incom`", "`income`"],
        );
    }
    fails(
        &["--target", "default", "--drop", "default"],
        &["column `default` cannot be both", "--target", "--drop"],
    );
    fails(
        &["--target", "default", "--positive", "yess"],
        &[
            "target `default` is never \"yess\" (nearest: `yes`)",
            "try --positive yes",
        ],
    );
    assert_eq!(folder.names(), ["loans.csv"]);
}

#[test]
fn targets_that_cannot_be_predicted() {
    let differs = "try --target with a column that differs between rows";
    refused(
        "a,y\n1,no\n2,no\n",
        &[],
        &["target `y` has one value in all rows: \"no\"", differs],
    );
    refused(
        "a,y\n1,NA\n2,\n",
        &[],
        &["target `y` is missing in every row", differs],
    );
    let labels: Vec<String> = (0..60).map(|row| format!("{row},label{row}\n")).collect();
    refused(
        format!("a,y\n{}", labels.concat()),
        &[],
        &[
            "target `y` has 60 different values in 60 rows, too many to be classes",
            "--task linear for a number",
        ],
    );
    refused(
        "a,y\n1,r\n2,g\n3,b\n4,r\n",
        &["--task", "binary"],
        &[
            "target `y` has 3 values, a binary target has 2",
            "--positive LABEL",
            "--task multinomial",
        ],
    );
    refused(
        "a,y\n1,r\n2,g\n3,b\n4,r\n",
        &["--task", "linear"],
        &["column `y` is not numeric", "try a column of numbers"],
    );
    refused(
        "a,y\n1,r\n2,g\n3,b\n4,r\n",
        &["--positive", ">3"],
        &["target `y` is text", "try --positive LABEL"],
    );
}

#[test]
fn rows_without_a_target_are_dropped_and_said() {
    let folder = Folder::new();
    let table = Table::small().with_cell(3, "y", "NA").with_cell(9, "y", "");
    folder.write("t.csv", table.csv());
    folder
        .train(["fit", "t.csv", "--target", "y", "--test", "0"])
        .ok()
        .shows(&["fit on 58 rows", "note 2 rows without y dropped"]);
}

#[test]
fn a_stray_word_is_named_with_its_place() {
    let table = Table::small().with_cell(40, "b", "12,5OO".replace(',', ".").as_str());
    refused(
        table.csv(),
        &[],
        &[
            "t.csv:42: column `b`: \"12.5OO\" is not a number",
            "(the other 59 cells of the column are)",
            "try correct the cell, --na \"12.5OO\", or --categorical b",
        ],
    );
    // The line is the file's, whatever rows span before it.
    let csv = table.csv().replacen("a,b,y\n", "a,b,y\n\n\n", 1);
    refused(csv, &[], &["t.csv:44: column `b`"]);
    // The remedies do what they say.
    let folder = Folder::new();
    folder.write("t.csv", table.csv());
    for remedy in [["--na", "12.5OO"], ["--categorical", "b"]] {
        let arguments = ["fit", "t.csv", "--target", "y", "--test", "0"];
        folder.train(arguments.iter().chain(&remedy)).ok();
    }
}

#[test]
fn cells_that_are_not_finite() {
    for cell in ["inf", "-inf", "NaN", "1e400"] {
        let table = Table::small().with_cell(10, "a", cell);
        refused(
            table.csv(),
            &[],
            &[
                &format!("t.csv:12: column `a`: \"{cell}\" is not a finite number"),
                &format!("--na \"{cell}\""),
            ],
        );
    }
    // Finite, but not in the precision of the fit.
    let table = Table::small().with_cell(10, "a", "1e300");
    let folder = Folder::new();
    folder.write("t.csv", table.csv());
    let arguments = [
        "fit",
        "t.csv",
        "--target",
        "y",
        "--test",
        "0",
        "--no-standardize",
    ];
    folder.train(arguments).fails(
        3,
        &[
            "t.csv:12: column `a`: 1e300 is too large for f32",
            "try --precision f64",
        ],
    );
}

#[test]
fn columns_that_do_not_vary() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        Table::small().with_column("k", |_| "7".to_owned()).csv(),
    );
    let fitted = folder
        .train(["fit", "t.csv", "--target", "y", "--test", "0"])
        .ok();
    fitted.shows(&["dropped k: is 7 in every row"]);
    let constant = "k,c,y\n".to_owned() + &"7,z,no\n7,z,yes\n".repeat(5);
    refused(
        constant,
        &["--test", "0"],
        &[
            "no feature is left: `k` is 7 in every row",
            "`c`",
            "try a table with a column that varies",
        ],
    );
    refused(
        "y\nyes\nno\nyes\n",
        &["--test", "0"],
        &["no feature is left"],
    );
}

#[test]
fn weights_that_cannot_be() {
    let weighted = |cell: &'static str| {
        let cell = move |row| if row == 5 { cell } else { "1" }.to_owned();
        Table::small().with_column("w", cell).csv()
    };
    let weight = ["--weight", "w"];
    refused(
        weighted("-2"),
        &weight,
        &["t.csv:7: weight `w` is -2, below 0", "0 leaves the row out"],
    );
    refused(
        weighted(""),
        &weight,
        &["t.csv:7: weight `w` is missing", "fill the cell in"],
    );
    refused(
        weighted("inf"),
        &weight,
        &["t.csv:7: column `w`: \"inf\" is not a finite number"],
    );
    refused(
        weighted("heavy"),
        &weight,
        &["t.csv:7: column `w`: \"heavy\" is not a number"],
    );
    let zero = Table::small().with_column("w", |_| "0".to_owned()).csv();
    refused(
        zero,
        &weight,
        &["weight `w` is 0 in every row", "a weight above 0"],
    );
    let words = Table::small().with_column("w", |_| "one".to_owned()).csv();
    refused(words, &weight, &["column `w`", "\"one\" is not a number"]);
}

#[test]
fn offsets_that_cannot_be() {
    let cell = |row| {
        if row == 5 {
            String::new()
        } else {
            "0.5".to_owned()
        }
    };
    let table = Table::small().with_column("o", cell).csv();
    refused(
        table,
        &["--offset", "o"],
        &["t.csv:7: offset `o` is missing", "fill the cell in"],
    );
}

#[test]
fn missing_cells_where_they_are_refused() {
    let table = Table::small().with_cell(8, "a", "").with_cell(9, "a", "NA");
    refused(
        table.csv(),
        &["--missing", "error"],
        &[
            "t.csv:10: column `a` is missing, as it is in 2 rows",
            "try --missing impute, or --missing drop",
        ],
    );
    let every = Table::small().with_column("c", |_| String::new());
    refused(
        every.csv(),
        &["--missing", "drop"],
        &[
            "every row has a missing cell; column `c` is missing in 60 rows",
            "try --drop c",
        ],
    );
}

#[test]
fn levels_that_training_rows_lack_are_refused_when_strict() {
    // One row of a level of its own lands among the held-out rows for some seed.
    let table = Table::small().with_column("c", |row| {
        if row == 0 {
            "rare"
        } else {
            ["u", "v"][row % 2]
        }
        .to_owned()
    });
    let folder = Folder::new();
    folder.write("t.csv", table.csv());
    let run = |seed: &str, more: &[&str]| {
        let arguments = [
            "fit", "t.csv", "--target", "y", "--test", "0.5", "--seed", seed,
        ];
        folder.train(arguments.iter().chain(more))
    };
    let seeds: Vec<String> = (0..20).map(|seed| seed.to_string()).collect();
    let noted = |seed: &&String| {
        run(seed, &[])
            .ok()
            .stdout
            .contains("a level that no training row")
    };
    let seed = seeds
        .iter()
        .find(noted)
        .expect("one of twenty seeds holds the row out");
    run(seed, &["--strict"]).fails(
        3,
        &[
            "t.csv:2: column `c`: \"rare\" does not occur in the rows",
            "leave --strict out",
        ],
    );
}
