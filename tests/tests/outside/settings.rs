//! Settings that make no sense: exit code 2, what was typed, and what to type.

use tests::{Folder, Report, Table, gpu};

#[track_caller]
fn refused(arguments: &[&str], essentials: &[&str]) {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let all = ["fit", "t.csv", "--target", "y"].iter().chain(arguments);
    folder.train(all).fails(2, essentials);
    assert_eq!(folder.names(), ["t.csv"], "nothing is left behind");
}

#[test]
fn names_that_do_not_exist() {
    refused(
        &["--backend", "cuda"],
        &[
            "--backend",
            "there is no backend `cuda`; one of auto, ndarray, flex, wgpu",
        ],
    );
    refused(
        &["--gradient", "tape"],
        &["there is no gradient `tape`; one of auto, fused, analytic, autodiff"],
    );
    refused(
        &["--solver", "simplex"],
        &["there is no solver `simplex`; one of auto, newton"],
    );
    refused(
        &["--schedule", "warm"],
        &["there is no schedule `warm`; one of constant, step"],
    );
    refused(
        &["--task", "ternary"],
        &["'ternary'", "binary", "multinomial", "linear"],
    );
    refused(
        &["--missing", "guess"],
        &["'guess'", "impute", "drop", "error"],
    );
    refused(&["--precision", "f16"], &["'f16'", "f32", "f64"]);
    refused(
        &["--penalty", "l3"],
        &["'l3'", "none", "l2", "l1", "elastic-net"],
    );
    refused(&["--delimiter", "ab"], &["'ab'", "one character"]);
    refused(&["--traget", "y"], &["--traget", "--target"]);
}

#[test]
#[cfg(not(feature = "wgpu"))]
fn a_backend_that_is_not_compiled() {
    refused(
        &["--backend", "wgpu"],
        &[
            "the backend wgpu is not compiled into this program",
            "--features wgpu",
            "ndarray, flex",
        ],
    );
    let folder = Folder::new();
    folder
        .infer(["predict", "m", "t.csv", "--backend", "wgpu"])
        .fails(
            2,
            &[
                "the backend wgpu is not compiled into this program",
                "--features wgpu",
            ],
        );
}

#[test]
#[cfg(all(feature = "wgpu", target_os = "linux"))]
fn a_backend_without_an_adapter() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let run = |backend: &str| {
        folder
            .program("train")
            .args(["fit", "t.csv", "--target", "y", "--backend", backend])
            // Neither a driver of Vulkan nor one of OpenGL.
            .env("VK_DRIVER_FILES", "/nonexistent")
            .env("VK_ICD_FILENAMES", "/nonexistent")
            .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
            .run()
    };
    let outcome = run("wgpu");
    if outcome.code == Some(0) {
        // This machine has a driver that these variables do not take away.
        return;
    }
    outcome.fails(
        2,
        &[
            "the backend wgpu finds no adapter on this machine",
            "try",
            "--backend flex",
        ],
    );
    run("auto").ok().shows(&["wgpu finds no adapter"]);
}

#[test]
fn a_gpu_is_not_asked_to_compute_in_f64() {
    // Vulkan's shaders have no exponential in f64; drivers answer with garbage, not with an error.
    if gpu::choice("settings::a_gpu_is_not_asked_to_compute_in_f64").is_none() {
        return;
    }
    let message = [
        "cannot compute in f64",
        "try --precision f32, or --backend flex",
    ];
    refused(&["--backend", "wgpu", "--precision", "f64"], &message);
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    Report::fit(
        &folder,
        &["t.csv", "--target", "y", "--precision", "f64", "--out", "m"],
    );
    folder
        .infer(["predict", "m", "t.csv", "--backend", "wgpu"])
        .fails(2, &message);
    let rounded = [
        "predict",
        "m",
        "t.csv",
        "--backend",
        "wgpu",
        "--precision",
        "f32",
    ];
    folder.infer(rounded).ok();
    folder.infer(["inspect", "m"]).ok();
}

#[test]
fn fractions_out_of_range() {
    refused(
        &["--test", "1"],
        &[
            "the test fraction is 1, not at least 0 and below 1",
            "--test 0.2",
        ],
    );
    refused(
        &["--test", "1.5"],
        &["the test fraction is 1.5", "try --test 0.2"],
    );
    refused(
        &["--test", "NaN"],
        &["the test fraction is NaN", "try --test 0.2"],
    );
    refused(
        &["--test", "-0.5"],
        &["the test fraction is -0.5", "try --test 0.2"],
    );
    refused(
        &["--validation", "2"],
        &["the validation fraction is 2", "--validation 0.2"],
    );
    refused(
        &["--validation", "0.5", "--test", "0.5"],
        &[
            "of 60 rows",
            "leave none to fit on",
            "--validation 0 --test 0",
        ],
    );
    refused(&["--test", "half"], &["'half'", "--test"]);
}

#[test]
fn penalties_that_contradict_themselves() {
    let both = "--penalty none and a weight of the penalty contradict each other";
    refused(
        &["--penalty", "none", "--lambda", "0.1"],
        &[both, "leave one of them out"],
    );
    refused(&["--penalty", "none", "--c", "1"], &[both]);
    refused(
        &["--lambda", "0.1", "--c", "1"],
        &["--lambda", "--c", "cannot be used with"],
    );
    refused(
        &["--lambda", "-1"],
        &["--lambda -1: it must be a number from 0 upwards"],
    );
    refused(
        &["--lambda", "inf"],
        &["--lambda inf: it must be a number from 0 upwards"],
    );
    refused(
        &["--l1-ratio", "0.5"],
        &[
            "--l1-ratio 0.5",
            "none is named",
            "try --penalty elastic-net",
        ],
    );
    refused(
        &["--penalty", "none", "--l1-ratio", "0.5"],
        &["--penalty none and --l1-ratio 0.5 contradict each other"],
    );
    refused(
        &["--penalty", "l2", "--l1-ratio", "0.5"],
        &["--l1-ratio 0.5 is the mix of --penalty elastic-net alone"],
    );
    for ratio in ["-0.1", "1.5", "NaN"] {
        refused(
            &["--penalty", "elastic-net", "--l1-ratio", ratio],
            &[&format!(
                "--l1-ratio {ratio}: it must be a number from 0 (ridge) to 1 (lasso)"
            )],
        );
    }
    refused(&["--c", "0"], &["--c 0: it must be a number above 0"]);
    refused(&["--c", "NaN"], &["--c NaN: it must be a number above 0"]);
}

#[test]
fn numbers_that_no_fit_can_be_made_with() {
    for rate in ["0", "-1", "NaN", "inf"] {
        refused(
            &["--solver", "adam", "--learning-rate", rate],
            &[&format!(
                "--learning-rate {rate}: it must be a number above 0"
            )],
        );
    }
    refused(
        &["--solver", "sgd", "--batch-size", "0"],
        &["--batch-size 0: it must be at least 1"],
    );
    refused(
        &["--solver", "sgd", "--batch-size", "456"],
        &[
            "--batch-size 456: a batch has no more rows than there are to fit on",
            "try --batch-size all",
        ],
    );
    refused(
        &["--solver", "sgd", "--schedule", "sine"],
        &["there is no schedule `sine`", "cosine-restarts"],
    );
    let wrong: [(&[&str], &str); 17] = [
        (
            &["--warmup", "30"],
            "--warmup 30: the warm-up must end before the run does",
        ),
        (
            &["--period", "0"],
            "--period 0: a period has at least 1 epoch",
        ),
        (
            &["--period-growth", "0.5"],
            "--period-growth 0.5: periods can stay",
        ),
        (
            &["--decay-factor", "1"],
            "--decay-factor 1: the rate is multiplied",
        ),
        (&["--floor", "-1"], "--floor -1: it is the least share"),
        (
            &["--schedule", "plateau", "--plateau-patience", "0"],
            "--plateau-patience 0: the plateau has to last",
        ),
        (
            &["--momentum", "1"],
            "--momentum 1: it is the share of the past",
        ),
        (
            &["--clip-norm", "0"],
            "--clip-norm 0: it must be a number above 0",
        ),
        (&["--accumulate", "0"], "--accumulate 0: a step needs"),
        (
            &["--average", "31"],
            "--average 31: no more epochs can be averaged",
        ),
        (
            &["--patience", "3"],
            "--patience 3: early stopping looks at rows",
        ),
        (
            &["--watch", "auc"],
            "--watch auc: only early stopping and the plateau",
        ),
        (
            &["--min-change", "0.1"],
            "--min-change 0.1: only early stopping",
        ),
        (
            &["--beta1", "0.5"],
            "--beta1 0.5: the solver has no use for it",
        ),
        (&["--amsgrad"], "--amsgrad"),
        (
            &["--period", "3"],
            "--period 3: the schedule has no use for it",
        ),
        (
            &["--watch", "r2", "--validation", "0.2", "--patience", "2"],
            "--watch r2: it is no metric of this target",
        ),
    ];
    for (arguments, message) in wrong {
        let solver = ["--solver", "momentum"];
        refused(&[&solver[..], arguments].concat(), &[message, "try "]);
    }
    refused(
        &["--solver", "sgd", "--epochs", "0"],
        &["--epochs 0: it must be at least 1"],
    );
    refused(&["--threads", "0"], &["--threads 0: it must be at least 1"]);
    refused(&["--tolerance", "NaN"], &["tolerance", "NaN"]);
    refused(&["--tolerance", "-1"], &["tolerance", "-1"]);
    refused(&["--seed", "-1"], &["-1"]);
    refused(&["--seed", "one"], &["'one'", "--seed"]);
    refused(&["--epochs", "many"], &["'many'", "--epochs"]);
}

#[test]
fn solvers_that_cannot_do_what_is_asked() {
    for solver in ["newton", "lbfgs", "sgd", "adam", "least-squares"] {
        refused(
            &["--penalty", "l1", "--solver", solver],
            &[
                &format!("--solver {solver} cannot follow an L1 penalty"),
                "try --solver coordinate",
                "--penalty l2",
            ],
        );
    }
    for solver in ["coordinate", "least-squares", "normal-equations"] {
        refused(
            &["--solver", solver, "--gradient", "autodiff"],
            &[
                &format!("--solver {solver} works on rows in host memory"),
                "--gradient autodiff",
                "try leave out --gradient",
            ],
        );
    }
    for solver in ["least-squares", "normal-equations", "simple-regression"] {
        refused(
            &["--solver", solver],
            &["least squares need numbers", "try --solver newton"],
        );
    }
    // Six columns, where the formulas are for one.
    let folder = Folder::new();
    let several = ["longley", "--solver", "simple-regression"];
    folder.train(several).fails(
        2,
        &[
            "simple regression is for one column",
            "try --solver least-squares",
        ],
    );
    refused(
        &["--time-limit", "0"],
        &["--time-limit 0: it must be a number above 0"],
    );
    refused(&["--time-limit", "NaN"], &["--time-limit NaN"]);
}

#[test]
fn folders_that_are_not_runs() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    std::fs::create_dir(folder.path("kept")).unwrap();
    folder.write("kept/letter.txt", "dear");
    for out in ["kept", "t.csv"] {
        folder
            .train(["fit", "t.csv", "--target", "y", "--out", out])
            .fails(2, &[out, "holds no run", "try", "--out"]);
    }
    assert_eq!(folder.read("kept/letter.txt"), "dear");
    assert_eq!(folder.names(), ["kept", "t.csv"]);
    // An empty folder is fine, and so is the same run again.
    std::fs::create_dir(folder.path("empty")).unwrap();
    for _ in 0..2 {
        folder
            .train(["fit", "t.csv", "--target", "y", "--out", "empty"])
            .ok();
    }
}

#[test]
fn tables_that_cannot_be_generated() {
    let folder = Folder::new();
    let fails = |arguments: &[&str], essentials: &[&str]| {
        folder
            .train(["generate"].iter().chain(arguments))
            .fails(2, essentials);
    };
    fails(
        &["clusters"],
        &["'clusters'", "classification", "regression"],
    );
    fails(
        &["classification", "--columns", "2", "--informative", "5"],
        &["informative"],
    );
    fails(&["classification", "--classes", "0"], &["class"]);
    fails(&["classification", "--flip", "2"], &["flip"]);
    fails(
        &["classification", "--weights", "0.5,0.6,0.7"],
        &["weights"],
    );
    fails(
        &["regression", "--rows", "0"],
        &["--rows is 0", "at least 1"],
    );
    fails(&["regression", "--noise", "-1"], &["noise"]);
    fails(&["regression", "--noise", "NaN"], &["noise"]);
}
