//! Model files that were damaged or forged: each is an error with exit code 3, never a panic.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde_json::{Value, json};
use tests::{Folder, Report};

const CHANGED: &str = "try the file was changed after it was written: fit the model again";

/// A model file taken apart.
#[derive(Clone)]
struct Parts {
    /// The metadata; none in a foreign file.
    document: Option<Value>,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        assert_eq!(
            metadata.len(),
            1,
            "one key: several would change order from write to write"
        );
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = tensors
            .iter()
            .map(|(name, tensor)| {
                let bytes = tensor.data().to_vec();
                (
                    name.to_owned(),
                    tensor.dtype(),
                    tensor.shape().to_vec(),
                    bytes,
                )
            })
            .collect();
        Self {
            document: Some(serde_json::from_str(&metadata["kindling"]).unwrap()),
            tensors,
        }
    }

    fn write(&self, path: &Path) {
        let metadata = self
            .document
            .as_ref()
            .map(|document| HashMap::from([("kindling".to_owned(), document.to_string())]));
        let views = self.tensors.iter().map(|(name, dtype, shape, bytes)| {
            (
                name.as_str(),
                TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
            )
        });
        fs::write(path, serialize(views, metadata).unwrap()).unwrap();
    }

    fn document(&mut self) -> &mut Value {
        self.document.as_mut().unwrap()
    }

    fn tensor(&mut self, name: &str) -> &mut (String, Dtype, Vec<usize>, Vec<u8>) {
        self.tensors.iter_mut().find(|one| one.0 == name).unwrap()
    }
}

/// A folder with the run of a fit to the penguins and their table.
fn fitted() -> (Folder, Parts) {
    let folder = Folder::new();
    fs::copy(tests::reference::shipped("penguins"), folder.path("t.csv")).unwrap();
    Report::fit(&folder, &["penguins", "--out", "run"]);
    let parts = Parts::read(&folder.path("run/model.safetensors"));
    (folder, parts)
}

/// Both commands refuse the file, and predicting leaves nothing behind.
#[track_caller]
fn refused(folder: &Folder, essentials: &[&str]) {
    let before = folder.names();
    folder
        .infer(["predict", "m", "t.csv", "-o", "s.csv"])
        .fails(3, essentials);
    folder.infer(["inspect", "m"]).fails(3, essentials);
    folder
        .infer(["inspect", "m", "--format", "json"])
        .fails(3, essentials);
    assert_eq!(folder.names(), before);
}

/// The same for a file that is forged out of a good one.
#[track_caller]
fn forged(essentials: &[&str], forge: impl FnOnce(&mut Parts)) {
    let (folder, mut parts) = fitted();
    forge(&mut parts);
    parts.write(&folder.path("m"));
    refused(&folder, essentials);
}

#[test]
fn taking_a_file_apart_changes_nothing() {
    let (folder, parts) = fitted();
    parts.write(&folder.path("m"));
    let names: Vec<&str> = parts.tensors.iter().map(|one| one.0.as_str()).collect();
    assert!(
        names.contains(&"linear.weight") && names.contains(&"linear.bias"),
        "{names:?}"
    );
    assert!(names.contains(&"coefficients"), "{names:?}");
    folder.infer(["predict", "m", "t.csv"]).ok();
    folder.infer(["inspect", "m"]).ok();
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new();
    folder.write("t.csv", "a\n1\n");
    for model in ["nowhere", "runs/latest"] {
        folder
            .infer(["predict", model, "t.csv"])
            .fails(3, &[model, "try name a model file or a run folder"]);
    }
    // A folder that is no run.
    folder
        .infer(["inspect", "."])
        .fails(3, &["model.safetensors", "try name a model file"]);
}

#[test]
fn truncated_files() {
    let (folder, _) = fitted();
    let bytes = fs::read(folder.path("run/model.safetensors")).unwrap();
    let copy = "try copy the file again, or fit the model again";
    for length in [
        0,
        1,
        7,
        8,
        9,
        100,
        bytes.len() / 2,
        bytes.len() - 8,
        bytes.len() - 1,
    ] {
        folder.write("m", &bytes[..length]);
        refused(&folder, &["m: this is not a whole safetensors file", copy]);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    folder.write("m", longer);
    refused(&folder, &["m: this is not a whole safetensors file", copy]);
    // A header that claims to be larger than memory.
    let mut oversized = bytes.clone();
    oversized[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    folder.write("m", oversized);
    refused(&folder, &["m: this is not a whole safetensors file", copy]);
    folder.write("m", "a,b\n1,2\n".repeat(100));
    refused(&folder, &["m: this is not a whole safetensors file", copy]);
}

#[test]
fn no_damaged_byte_makes_a_program_panic() {
    let (folder, _) = fitted();
    let bytes = fs::read(folder.path("run/model.safetensors")).unwrap();
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x15;
        folder.write("m", damaged);
        let outcome = folder.infer(["inspect", "m"]);
        let code = outcome.code.unwrap();
        // A letter of a citation may change unnoticed; a number of the model may not.
        assert!(code == 0 || code == 3, "byte {place}: {outcome}");
        outcome.exits(code);
        refused += u32::from(code == 3);
    }
    assert!(refused > 20, "only {refused} were noticed");
}

#[test]
fn files_of_others() {
    let mine = "try name a file that `train` wrote";
    forged(
        &["m: this safetensors file has no `kindling` metadata", mine],
        |parts| {
            parts.document = None;
        },
    );
    forged(
        &[
            "m: format 99, but this program reads formats up to 1",
            "try update Kindling",
        ],
        |parts| {
            // Of a newer format nothing else can be expected to be there.
            parts.document = Some(json!({ "format": 99, "rooms": [] }));
        },
    );
}

#[test]
fn metadata_that_is_not_as_it_was_written() {
    let keys = [
        "format",
        "task",
        "target",
        "labels",
        "na",
        "columns",
        "precision",
        "pipeline",
        "training",
        "golden",
    ];
    let (folder, parts) = fitted();
    for key in keys {
        let mut forged = parts.clone();
        forged
            .document()
            .as_object_mut()
            .unwrap()
            .remove(key)
            .unwrap();
        forged.write(&folder.path("m"));
        refused(&folder, &["m: metadata: missing field", key, CHANGED]);
    }
    for (key, value) in [
        ("format", json!("one")),
        ("task", json!("ternary")),
        ("labels", json!(["male"])),
        ("labels", json!(["a", "b", "c"])),
        ("columns", json!(["year"])),
        ("columns", json!([])),
        ("pipeline", json!({})),
        ("pipeline", json!(7)),
    ] {
        let mut forged = parts.clone();
        forged.document()[key] = value;
        forged.write(&folder.path("m"));
        refused(&folder, &["m: ", "try"]);
    }
}

#[test]
fn a_pipeline_that_contradicts_itself() {
    forged(&["m: the pipeline", CHANGED], |parts| {
        let columns = parts.document()["pipeline"]["columns"]
            .as_array_mut()
            .unwrap();
        columns.swap(0, 1);
    });
    forged(&["m: the pipeline", CHANGED], |parts| {
        parts.document()["pipeline"]["columns"][2]["scale"] = json!(0.0);
    });
    forged(&["m: the pipeline", CHANGED], |parts| {
        let features = parts.document()["pipeline"]["features"]
            .as_array_mut()
            .unwrap();
        features.pop();
    });
}

#[test]
fn tensors_that_do_not_fit() {
    forged(
        &["m: there is no tensor `linear.weight`", CHANGED],
        |parts| {
            parts.tensors.retain(|one| one.0 != "linear.weight");
        },
    );
    forged(
        &["m: there is no tensor `coefficients`", CHANGED],
        |parts| {
            parts.tensors.retain(|one| one.0 != "coefficients");
        },
    );
    forged(
        &[
            "m: tensor `linear.weight` has shape [1, 8], not [1, 9]",
            CHANGED,
        ],
        |parts| {
            let (_, _, shape, bytes) = parts.tensor("linear.weight");
            *shape = vec![1, 8];
            bytes.truncate(8 * 4);
        },
    );
    forged(
        &[
            "m: tensor `linear.weight` has shape [9, 1], not [1, 9]",
            CHANGED,
        ],
        |parts| {
            parts.tensor("linear.weight").2 = vec![9, 1];
        },
    );
    forged(
        &["m: tensor `linear.bias` has shape [], not [1]", CHANGED],
        |parts| {
            parts.tensor("linear.bias").2 = vec![];
        },
    );
    forged(
        &[
            "m: tensor `linear.weight` has type I32, not F32 or F64",
            CHANGED,
        ],
        |parts| {
            parts.tensor("linear.weight").1 = Dtype::I32;
        },
    );
    for (value, place) in [(f32::NAN, 0), (f32::INFINITY, 3), (f32::NEG_INFINITY, 8)] {
        let essential = format!("m: tensor `linear.weight` is not finite at index {place}");
        forged(&[&essential, CHANGED], |parts| {
            let bytes = &mut parts.tensor("linear.weight").3;
            bytes[4 * place..4 * (place + 1)].copy_from_slice(&value.to_le_bytes());
        });
    }
    forged(
        &["m: tensor `coefficients` is not finite at index 9", CHANGED],
        |parts| {
            let bytes = &mut parts.tensor("coefficients").3;
            bytes[8 * 9..8 * 10].copy_from_slice(&f64::NAN.to_le_bytes());
        },
    );
}

#[test]
fn golden_rows_that_no_longer_match() {
    let elsewhere = [
        "m: golden row 1 scores",
        "when the model was written",
        "fit the model again",
    ];
    // One coefficient that is a hundredth larger than it was.
    forged(&elsewhere, |parts| {
        let bytes = &mut parts.tensor("linear.weight").3;
        let (first, _) = bytes.split_at_mut(4);
        let value = f32::from_le_bytes(first.try_into().unwrap()) * 1.01;
        first.copy_from_slice(&value.to_le_bytes());
    });
    // A score that somebody else computed.
    forged(&elsewhere, |parts| {
        parts.document()["golden"][0]["scores"] = json!([0.5]);
    });
    // A model without its intercept.
    forged(
        &["m: golden row", "scores", "when the model was written"],
        |parts| {
            parts.tensors.retain(|one| one.0 != "linear.bias");
        },
    );
    // Levels in another order: the raw cell becomes another number.
    forged(
        &["m: ", "golden row", "column `species=", CHANGED],
        |parts| {
            let cells = parts.document()["golden"][0]["cells"]
                .as_array_mut()
                .unwrap();
            let species = cells.iter_mut().find(|cell| cell[0] == "species").unwrap();
            species[1] = json!("Gentoo");
        },
    );
    forged(
        &[
            "m: golden row 2, column `body_mass_g`: the raw cell becomes",
            CHANGED,
        ],
        |parts| {
            let cells = parts.document()["golden"][1]["cells"]
                .as_array_mut()
                .unwrap();
            let mass = cells
                .iter_mut()
                .find(|cell| cell[0] == "body_mass_g")
                .unwrap();
            mass[1] = json!("1");
        },
    );
    forged(
        &[
            "m: ",
            "golden",
            "`body_mass_g`",
            "\"heavy\" is not a number",
            CHANGED,
        ],
        |parts| {
            let cells = parts.document()["golden"][1]["cells"]
                .as_array_mut()
                .unwrap();
            let mass = cells
                .iter_mut()
                .find(|cell| cell[0] == "body_mass_g")
                .unwrap();
            mass[1] = json!("heavy");
        },
    );
    forged(
        &["m: golden row 1 does not fit the model", CHANGED],
        |parts| {
            parts.document()["golden"][0]["design"] = json!([1.0]);
        },
    );
}
