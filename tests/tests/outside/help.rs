//! Every example of the help texts does what it says.

use tests::{Folder, Report, Table};

/// The command lines of a help text: what stands between the margin and the explanation.
fn examples(help: &str) -> Vec<String> {
    let programs = ["train", "infer", "zcat"];
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    let examples = lines.filter(|line| {
        let word = line.split(' ').next().unwrap_or_default();
        programs.contains(&word)
    });
    examples
        .map(|line| line.split("  ").next().unwrap_or(line).trim().to_owned())
        .collect()
}

/// A folder with everything that the examples speak of, small.
fn furnished() -> Folder {
    let folder = Folder::new();
    let loans = Table::small()
        .with_column("id", |row| format!("{row}"))
        .with_column("name", |row| {
            if row == 3 {
                "?".to_owned()
            } else {
                format!("n{row}")
            }
        });
    let rename = |text: String, name: &str| text.replacen("a,b,y", name, 1);
    folder.write("loans.csv", rename(loans.csv(), "age,income,default"));
    let mut houses = Table::small();
    for (row, cells) in houses.rows.iter_mut().enumerate() {
        cells[2] = (100_000 + 7919 * row).to_string();
    }
    folder.write("houses.csv", rename(houses.csv(), "rooms,distance,price"));
    let visits = Table::small().with_column("patient", |row| format!("p{}", row / 3));
    folder.write("visits.csv", rename(visits.csv(), "age,dose,ill"));
    let sales = Table::small().with_column("day", |row| format!("2026-01-{:02}", 1 + row / 2));
    folder.write("sales.csv", rename(sales.csv(), "price,size,sold"));
    // What an example before writes, for the one that reads it.
    folder
        .train(["schema", "loans.csv", "--out", "loans.toml"])
        .ok();
    for name in ["new.csv", "part-1.csv", "part-2.csv"] {
        folder.write(name, rename(loans.csv(), "age,income,default"));
    }
    let arguments = [
        "loans.csv",
        "--target",
        "default",
        "--drop",
        "id,name",
        "--na",
        "?",
    ];
    Report::fit(&folder, &arguments);
    let model = std::fs::read(folder.path("runs/latest/model.safetensors")).unwrap();
    folder.write("model.safetensors", model);
    // What the examples pipe into, where the machine has it not: it reads, and is silent.
    std::fs::create_dir(folder.path("bin")).unwrap();
    program(&folder, "jq", "cat > /dev/null");
    program(&folder, "zcat", "cat new.csv");
    folder
}

fn program(folder: &Folder, name: &str, line: &str) {
    let path = folder.write(&format!("bin/{name}"), format!("#!/bin/sh\n{line}\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    #[cfg(not(unix))]
    drop(path);
}

#[test]
#[cfg(unix)]
fn every_example_runs() {
    let mut count = 0;
    for (name, subcommands) in [
        (
            "train",
            &[
                "", "fit", "compare", "search", "generate", "schema", "runs", "replay",
            ][..],
        ),
        ("infer", &["", "predict", "inspect"]),
    ] {
        for subcommand in subcommands {
            let folder = furnished();
            for flag in ["-h", "--help"] {
                let words = [*subcommand, flag]
                    .into_iter()
                    .filter(|word| !word.is_empty());
                let help = folder.program(name).args(words).run().ok().stdout;
                for example in examples(&help) {
                    let mut line = example.replace("1000000", "1000");
                    if !line.contains("--repetitions") {
                        line = line.replace("train compare", "train compare --repetitions 1");
                    }
                    let outcome = folder.shell(&line).run().exits(0);
                    assert!(!outcome.stderr.contains("error"), "{example}: {outcome}");
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 20, "only {count} examples were found");
}

#[test]
fn every_option_is_explained() {
    let folder = Folder::new();
    for (name, subcommand) in [
        ("train", "fit"),
        ("train", "compare"),
        ("train", "search"),
        ("train", "generate"),
        ("train", "schema"),
        ("train", "runs"),
        ("train", "replay"),
        ("infer", "predict"),
        ("infer", "inspect"),
    ] {
        let help = folder
            .program(name)
            .args([subcommand, "--help"])
            .run()
            .ok()
            .stdout;
        let lines: Vec<&str> = help.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let option = line.trim_start();
            if !option.starts_with('-') || line.len() - option.len() > 6 {
                continue;
            }
            let words = option
                .split_once("  ")
                .map_or("", |(_, words)| words)
                .trim();
            let below = lines.get(index + 1).map_or("", |line| line.trim());
            assert!(
                !words.is_empty() || !below.is_empty(),
                "{name} {subcommand}: {option}"
            );
        }
    }
}

#[test]
fn the_tables_that_the_help_names_are_there() {
    let folder = Folder::new();
    let help = folder.train(["--help"]).ok().stdout;
    for name in crate::SHIPPED_TABLES {
        assert!(help.contains(name), "{name}");
        Report::fit(&folder, &[name]);
    }
}
