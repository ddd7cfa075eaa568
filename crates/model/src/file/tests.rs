use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::json;

use super::*;

mod refusals;

const TENSORS: [&str; 4] = [
    "coefficients",
    "linear.bias",
    "linear.weight",
    "statistics.covariance",
];

/// A model of two columns with every optional part; its numbers are exact in `f32`.
fn sample(task: Task, precision: Precision) -> ModelFile {
    let labels: &[&str] = match task {
        Task::Binary => &["benign", "malignant"],
        Task::Multinomial => &["a", "b", "c"],
        Task::Linear => &[],
    };
    let outputs = labels.len().max(1) - usize::from(task == Task::Binary);
    let (features, side) = (2, outputs * 3);
    let numbers = |count: usize| (1..=count).map(|i| 0.25 * i as f64).collect::<Vec<_>>();
    let parameters = Parameters {
        features,
        outputs,
        weight: numbers(features * outputs),
        bias: Some(numbers(outputs)),
    };
    let design = vec![2.0, -1.0];
    let score = |output: usize| {
        let at = output * features;
        let weights = &parameters.weight[at..at + features];
        0.25 * (output + 1) as f64 + 2.0 * weights[0] - weights[1]
    };
    ModelFile {
        task,
        target: "diagnosis".to_owned(),
        labels: labels.iter().map(ToString::to_string).collect(),
        offset: Some("exposure".to_owned()),
        na: vec!["NA".to_owned()],
        columns: vec!["radius".to_owned(), "grade=3, \"é\"".to_owned()],
        precision,
        coefficients: (0..side).map(|i| 0.1 * i as f64).collect(),
        covariance: Some((0..side * side).map(|i| 0.3 * i as f64).collect()),
        pipeline: json!({"columns": [{"name": "radius", "median": 0.1}]}),
        training: record(),
        calibration: Some(json!({"slope": 0.9})),
        threshold: (task == Task::Binary).then_some(0.5),
        golden: vec![GoldenRow {
            cells: vec![
                ("radius".to_owned(), Some("2.0".to_owned())),
                ("grade".to_owned(), None),
            ],
            sparse: false,
            design,
            offset: 0.0,
            scores: (0..outputs).map(score).collect(),
        }],
        parameters,
    }
}

fn record() -> TrainingRecord {
    TrainingRecord {
        data: DataRecord {
            source: "breast_cancer".to_owned(),
            sha256: "00".repeat(32),
            bytes: 119_897,
            rows: 569,
        },
        rows: RowCounts {
            train: 455,
            validation: 0,
            test: 114,
        },
        seed: u64::MAX,
        solver: "newton".to_owned(),
        gradient: "fused".to_owned(),
        backend: "flex".to_owned(),
        adapter: None,
        penalty: Penalty {
            lambda: 1.0 / 455.0,
            l1_ratio: 0.0,
            c: Some(1.0),
        },
        status: "converged".to_owned(),
        iterations: 7,
        objective: 0.1 + 0.2,
        certificate: Some(Certificate {
            gradient_max: 1.1e-11,
            newton_decrement: Some(f64::MIN_POSITIVE),
            probability_error: None,
            score_error: Some(1e-9),
        }),
        metrics: json!({"train": {"auc": 0.997}}),
        hyperparameters: json!({}),
        versions: Versions {
            kindling: "0.1.0".to_owned(),
            burn: "0.22.1".to_owned(),
        },
        created: "2026-01-01T12:00:00Z".to_owned(),
    }
}

fn every_kind() -> impl Iterator<Item = ModelFile> {
    let tasks = [Task::Binary, Task::Multinomial, Task::Linear];
    tasks
        .into_iter()
        .flat_map(|task| [Precision::F32, Precision::F64].map(|precision| sample(task, precision)))
}

/// A folder, and the path of a model file in it.
fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    (folder, path)
}

fn write(file: &ModelFile) -> Vec<u8> {
    let (_folder, path) = folder();
    file.write(&path).unwrap();
    fs::read(&path).unwrap()
}

fn read(bytes: &[u8]) -> Result<ModelFile, FileError> {
    let (_folder, path) = folder();
    fs::write(&path, bytes).unwrap();
    ModelFile::read(&path)
}

/// The file's JSON document and tensors, changed by `change`, as a new file.
fn changed(
    bytes: &[u8],
    change: impl FnOnce(&mut Value, &mut Vec<(String, Dtype, Vec<usize>, Vec<u8>)>),
) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let json = &header.metadata().as_ref().unwrap()["kindling"];
    let mut document = serde_json::from_str(json).unwrap();
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors = file
        .iter()
        .map(|(name, view)| {
            let (dtype, shape) = (view.dtype(), view.shape().to_vec());
            (name.to_owned(), dtype, shape, view.data().to_vec())
        })
        .collect();
    change(&mut document, &mut tensors);
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = TensorView::new(*dtype, shape.clone(), data).unwrap();
        (name.clone(), view)
    });
    let metadata = [("kindling".to_owned(), document.to_string())];
    safetensors::serialize(views, Some(metadata.into())).unwrap()
}

fn reason(error: &FileError) -> &str {
    match error {
        FileError::Invalid { reason, .. } | FileError::Broken { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_read_to_the_bit() {
    for mut file in every_kind() {
        assert_eq!(read(&write(&file)).unwrap(), file);
        file.parameters.bias = None;
        file.covariance = None;
        file.offset = None;
        file.calibration = None;
        file.training.certificate = None;
        file.golden.clear();
        assert_eq!(read(&write(&file)).unwrap(), file);
    }
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    for file in every_kind() {
        let bytes = write(&file);
        for _ in 0..5 {
            assert_eq!(write(&file), bytes);
        }
        assert_eq!(write(&read(&bytes).unwrap()), bytes);
    }
}

#[test]
fn the_module_is_rounded_once_and_the_coefficients_never() {
    let mut file = sample(Task::Binary, Precision::F32);
    file.parameters.weight[0] = 0.1;
    file.coefficients[0] = 0.1;
    let back = read(&write(&file)).unwrap();
    assert_eq!(back.parameters.weight[0], f64::from(0.1_f32));
    assert_eq!(back.coefficients[0], 0.1);
}

#[test]
fn other_readers_see_the_layout_of_pytorch() {
    for file in every_kind() {
        let bytes = write(&file);
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let mut names = tensors.names();
        names.sort_unstable();
        assert_eq!(names, TENSORS);
        let outputs = file.parameters.outputs;
        let module = match file.precision {
            Precision::F32 => Dtype::F32,
            Precision::F64 => Dtype::F64,
        };
        let shapes = [
            ("linear.weight", module, vec![outputs, 2]),
            ("linear.bias", module, vec![outputs]),
            ("coefficients", Dtype::F64, vec![outputs, 3]),
            ("statistics.covariance", Dtype::F64, vec![outputs * 3; 2]),
        ];
        for (name, dtype, shape) in shapes {
            let tensor = tensors.tensor(name).unwrap();
            assert_eq!((tensor.dtype(), tensor.shape()), (dtype, shape.as_slice()));
        }
        // The first output's two weights come first: 0.25 and 0.5.
        let weight = tensors.tensor("linear.weight").unwrap().data().to_vec();
        let first = match file.precision {
            Precision::F32 => [0.25_f32, 0.5].map(f32::to_le_bytes).concat(),
            Precision::F64 => [0.25_f64, 0.5].map(f64::to_le_bytes).concat(),
        };
        assert!(weight.starts_with(&first));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().as_ref().unwrap();
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["kindling"]);
    }
}

#[test]
fn the_document_has_its_keys() {
    let bytes = write(&sample(Task::Binary, Precision::F32));
    changed(&bytes, |document, _| {
        let keys: Vec<_> = document.as_object().unwrap().keys().cloned().collect();
        let expected = "calibration columns format golden labels na offset pipeline precision \
                        target task threshold training";
        assert_eq!(keys.join(" "), expected);
        assert_eq!(document["format"], FORMAT);
        assert_eq!(document["task"], "binary");
        assert_eq!(document["precision"], "f32");
    });
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let (_folder, path) = folder();
    let refused = |change: &dyn Fn(&mut ModelFile)| {
        let mut file = sample(Task::Binary, Precision::F32);
        change(&mut file);
        file.write(&path).unwrap_err()
    };
    let error = refused(&|file| file.parameters.weight[1] = f64::NAN);
    assert!(
        matches!(error, FileError::NotFinite { index: 1, .. }),
        "{error:?}"
    );
    // Finite, but not as `f32`.
    let error = refused(&|file| file.parameters.bias = Some(vec![1e39]));
    assert!(
        matches!(error, FileError::NotFinite { index: 0, .. }),
        "{error:?}"
    );
    let error = refused(&|file| file.parameters.features = 1);
    assert!(matches!(error, FileError::Shape { .. }), "{error:?}");
    let error = refused(&|file| file.coefficients.push(0.0));
    assert!(matches!(error, FileError::Shape { .. }), "{error:?}");
    let error = refused(&|file| file.labels.push("third".to_owned()));
    assert_eq!(reason(&error), "3 labels for a binary model");
    let error = refused(&|file| {
        file.columns.clear();
        file.parameters = Parameters::zeros(0, 1, true);
        file.coefficients = vec![0.0];
    });
    assert_eq!(reason(&error), "the model has no columns");
    assert!(!path.exists());
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() {
    let (folder, path) = folder();
    write_whole(&path, b"old").unwrap();
    let mut file = sample(Task::Binary, Precision::F32);
    file.coefficients[0] = f64::NAN;
    file.write(&path).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"old");

    // A folder in the way of the rename, which comes after every byte was written.
    let blocked = folder.path().join("blocked");
    fs::create_dir_all(blocked.join("inside")).unwrap();
    let error = write_whole(&blocked, b"new").unwrap_err();
    assert!(matches!(error, FileError::Io { .. }), "{error:?}");
    assert!(blocked.join("inside").exists());
    // Nor does anything temporary stay behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let (folder, _) = folder();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    for path in [folder.path().join("none/m"), in_the_way.join("m")] {
        let error = sample(Task::Linear, Precision::F64)
            .write(&path)
            .unwrap_err();
        assert!(matches!(error, FileError::Io { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&path.display().to_string()));
    }
}

#[cfg(feature = "flex")]
mod loaded {
    use burn::tensor::Tensor;

    use super::*;
    use crate::device::{Backend, select};
    use crate::parameters::to_host;

    fn load(file: &ModelFile, precision: Precision) -> Result<(ModelFile, Regression), FileError> {
        let device = select(Backend::Flex).unwrap().device;
        let (_folder, path) = folder();
        file.write(&path).unwrap();
        ModelFile::load(&path, &device, precision)
    }

    #[test]
    fn a_module_of_either_precision_scores_its_golden_rows() {
        for file in every_kind() {
            for precision in [Precision::F32, Precision::F64] {
                let (loaded, module) = load(&file, precision).unwrap();
                assert_eq!(loaded, file);
                let device = select(Backend::Flex).unwrap().device;
                let row = Tensor::from_data([[2.0, -1.0]], (&device, precision.dtype()));
                let scores = module.scores(row);
                assert_eq!(scores.dtype(), precision.dtype());
                assert_eq!(to_host(scores), file.golden[0].scores);
            }
        }
    }

    #[test]
    fn a_score_that_moved_by_more_than_rounding_is_found() {
        for (mut file, precision) in every_kind().zip([Precision::F32, Precision::F64].repeat(3)) {
            let tolerance = file.golden[0].tolerance(&file, 0, precision);
            assert!(tolerance < 1e-5 && tolerance > 0.0, "{tolerance}");
            let expected = file.golden[0].scores[0];
            file.golden[0].scores[0] = expected + 0.5 * tolerance;
            load(&file, precision).unwrap();
            file.golden[0].scores[0] = expected + 2.0 * tolerance;
            let error = load(&file, precision).unwrap_err();
            let FileError::Golden { row: 1, actual, .. } = error else {
                panic!("{error:?}");
            };
            assert_eq!(actual, expected);
            assert!(error.remedy().unwrap().contains("--backend flex"));
        }
    }

    #[test]
    fn a_changed_weight_no_longer_gives_the_golden_score() {
        let mut file = sample(Task::Binary, Precision::F64);
        file.parameters.weight[0] += 1e-9;
        assert!(matches!(
            load(&file, Precision::F64),
            Err(FileError::Golden { .. })
        ));
    }
}
