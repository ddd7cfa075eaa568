//! Settings come from a file, and are written into one.

use tests::{Folder, Report, Table};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    folder
}

#[test]
fn a_file_says_what_options_say() {
    let folder = folder();
    folder.write(
        "fit.toml",
        "table = \"t.csv\"\ntarget = \"y\"\nlambda = 0.25\nno-standardize = true\nseed = 3\n",
    );
    let typed = [
        "t.csv",
        "--target",
        "y",
        "--lambda",
        "0.25",
        "--no-standardize",
        "--seed",
        "3",
    ];
    let typed = Report::fit(&folder, &typed);
    let filed = Report::fit(&folder, &["--config", "fit.toml"]);
    assert_eq!(filed.lasting(), typed.lasting());
    // What is typed wins.
    let other = Report::fit(&folder, &["--config", "fit.toml", "--lambda", "0.5"]);
    assert_eq!(other.0["penalty"]["lambda"], 0.5);
    // Without a subcommand it is the same, and `compare` reads files, too.
    folder
        .train(["--config", "fit.toml", "--backend", "flex"])
        .ok();
    folder.write(
        "compare.toml",
        "backend = [\"flex\"]\ngradient = [\"analytic\"]\nrepetitions = 1\n",
    );
    let compared = [
        "compare",
        "t.csv",
        "--target",
        "y",
        "--config",
        "compare.toml",
        "--format",
        "json",
    ];
    let compared = folder.train(compared).ok().json();
    assert_eq!(compared["comparison"].as_array().unwrap().len(), 1);
}

#[test]
fn all_settings_are_printed_and_nothing_is_fitted() {
    let folder = folder();
    let arguments = [
        "fit",
        "t.csv",
        "--target",
        "y",
        "--penalty",
        "l1",
        "--drop",
        "a",
        "--print-config",
    ];
    let printed = folder.train(arguments).ok();
    assert_eq!(printed.stderr, "");
    for line in [
        "table = [\"t.csv\"]",
        "target = \"y\"",
        "penalty = \"l1\"",
        "drop = [\"a\"]",
        "test = 0.2",
        "strict = false",
        "# lambda = \"X\"",
    ] {
        assert!(
            printed.stdout.lines().any(|own| own == line),
            "{line}: {printed}"
        );
    }
    assert_eq!(folder.names(), ["t.csv"]);
    folder.write("all.toml", &printed.stdout);
    let again = folder
        .train(["fit", "--config", "all.toml", "--print-config"])
        .ok();
    assert_eq!(again.stdout, printed.stdout);
}

#[test]
fn mistakes_in_the_file_have_their_line() {
    let folder = folder();
    let fails = |text: &str, essentials: &[&str]| {
        folder.write("c.toml", text);
        folder
            .train(["t.csv", "--config", "c.toml"])
            .fails(2, essentials);
    };
    fails(
        "target = \"y\"\nepoch = 3\n",
        &["c.toml:2: there is no setting `epoch`", "try write epochs"],
    );
    fails(
        "epochs = \"three\"\n",
        &["c.toml:1: invalid value 'three' for '--epochs"],
    );
    fails(
        "target = [\"y\", \"a\"]\n",
        &[
            "c.toml:1: `target` is of the type array",
            "one text or number",
        ],
    );
    fails("strict = \"yes\"\n", &["c.toml:1:", "true or false"]);
    fails("lambda = 1\nc = 1\n", &["c.toml:", "cannot be used with"]);
    fails("lambda = \n", &["c.toml:1:"]);
    let absent = folder.train(["t.csv", "--config", "none.toml"]);
    absent.fails(2, &["none.toml", "--print-config"]);
    assert_eq!(folder.names(), ["c.toml", "t.csv"]);
}
