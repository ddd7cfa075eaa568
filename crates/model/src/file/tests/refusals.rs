//! Files that are not what they say, each with its error.

use super::*;

/// The error of a file whose document was changed.
fn refused(change: impl FnOnce(&mut Value)) -> FileError {
    let bytes = write(&sample(Task::Binary, Precision::F32));
    read(&changed(&bytes, |document, _| change(document))).unwrap_err()
}

/// The error of a file one of whose tensors was changed.
fn refused_tensor(
    name: &str,
    change: impl FnOnce(&mut Dtype, &mut Vec<usize>, &mut Vec<u8>),
) -> FileError {
    let bytes = write(&sample(Task::Binary, Precision::F32));
    let bytes = changed(&bytes, |_, tensors| {
        let (_, dtype, shape, data) = tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap();
        change(dtype, shape, data);
    });
    read(&bytes).unwrap_err()
}

#[test]
fn a_file_cut_anywhere_is_broken() {
    let bytes = write(&sample(Task::Binary, Precision::F32));
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).unwrap_err();
        assert!(
            matches!(error, FileError::Broken { .. }),
            "{length}: {error:?}"
        );
        assert!(error.to_string().contains("not a whole safetensors file"));
    }
    let longer = [bytes.as_slice(), b"more"].concat();
    assert!(matches!(read(&longer), Err(FileError::Broken { .. })));
}

#[test]
fn a_changed_byte_never_panics() {
    let bytes = write(&sample(Task::Binary, Precision::F32));
    for at in 0..bytes.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            // Some changes make another sound file; what counts is an answer.
            let _ = read(&changed);
        }
    }
}

#[test]
fn an_oversized_header_is_refused_before_it_is_believed() {
    for length in [100_000_001, u64::MAX / 2, u64::MAX] {
        let mut bytes = write(&sample(Task::Binary, Precision::F32));
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        let error = read(&bytes).unwrap_err();
        assert!(matches!(error, FileError::Broken { .. }), "{error:?}");
    }
}

#[test]
fn a_file_of_someone_else_is_foreign() {
    let view = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    for metadata in [None, Some([("format".to_owned(), "pt".to_owned())].into())] {
        let bytes = safetensors::serialize([("weight", &view)], metadata).unwrap();
        let error = read(&bytes).unwrap_err();
        assert!(matches!(error, FileError::Foreign { .. }), "{error:?}");
        assert!(error.remedy().unwrap().contains("`train`"));
    }
}

#[test]
fn a_newer_format_says_so_whatever_else_it_holds() {
    let error = refused(|document| *document = json!({"format": FORMAT + 1, "new": []}));
    assert!(matches!(error, FileError::Newer { found, .. } if found == FORMAT + 1));
    let text = error.to_string();
    assert!(
        text.ends_with("format 2, but this program reads formats up to 1"),
        "{text}"
    );
    assert!(error.remedy().unwrap().starts_with("update"));
}

#[test]
fn a_missing_or_strange_key_is_named() {
    for key in [
        "format",
        "task",
        "target",
        "columns",
        "precision",
        "pipeline",
        "golden",
    ] {
        let error = refused(|document| {
            document.as_object_mut().unwrap().remove(key);
        });
        assert!(
            reason(&error).contains(&format!("missing field `{key}`")),
            "{error}"
        );
    }
    let error = refused(|document| document["task"] = json!("ordinal"));
    assert!(
        reason(&error).contains("unknown variant `ordinal`"),
        "{error}"
    );
    let error = refused(|document| *document = json!("text"));
    assert!(matches!(error, FileError::Invalid { .. }), "{error:?}");
}

#[test]
fn a_missing_tensor_is_named() {
    for name in ["linear.weight", "coefficients"] {
        let bytes = write(&sample(Task::Binary, Precision::F32));
        let bytes = changed(&bytes, |_, tensors| {
            tensors.retain(|tensor| tensor.0 != name);
        });
        let error = read(&bytes).unwrap_err();
        assert_eq!(reason(&error), format!("there is no tensor `{name}`"));
    }
}

#[test]
fn a_tensor_of_whole_numbers_is_refused() {
    for name in TENSORS {
        let error = refused_tensor(name, |dtype, _, _| {
            *dtype = if *dtype == Dtype::F32 {
                Dtype::I32
            } else {
                Dtype::I64
            };
        });
        assert!(
            reason(&error).starts_with(&format!("tensor `{name}` has type I")),
            "{error}"
        );
    }
}

#[test]
fn another_shape_is_shown_beside_the_one_that_fits() {
    let error = refused_tensor("linear.weight", |_, shape, _| shape.reverse());
    let text = error.to_string();
    assert!(
        text.ends_with("tensor `linear.weight` has shape [2, 1], not [1, 2]"),
        "{text}"
    );
    for name in TENSORS {
        let error = refused_tensor(name, |dtype, shape, data| {
            shape[0] += 1;
            let row = shape[1..].iter().product::<usize>() * dtype.bitsize() / 8;
            data.extend(vec![0; row]);
        });
        assert!(
            matches!(error, FileError::Shape { .. }),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn nan_and_infinity_are_found_with_their_place() {
    for name in TENSORS {
        for value in [f64::NAN, f64::INFINITY] {
            let error = refused_tensor(name, |dtype, _, data| {
                if *dtype == Dtype::F32 {
                    let at = data.len() - 4;
                    data[at..].copy_from_slice(&(value as f32).to_le_bytes());
                } else {
                    let at = data.len() - 8;
                    data[at..].copy_from_slice(&value.to_le_bytes());
                }
            });
            let FileError::NotFinite { tensor, index, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(tensor, name);
            let last = match name {
                "linear.bias" => 0,
                "linear.weight" => 1,
                "coefficients" => 2,
                _ => 8,
            };
            assert_eq!(*index, last);
        }
    }
}

#[test]
fn labels_that_do_not_fit_the_task_are_refused() {
    let error = refused(|document| document["labels"] = json!(["a"]));
    assert_eq!(reason(&error), "1 labels for a binary model");
    let error = refused(|document| document["labels"] = json!([]));
    assert_eq!(reason(&error), "0 labels for a binary model");
    let error = refused(|document| document["task"] = json!("linear"));
    assert_eq!(reason(&error), "2 labels for a linear model");
    // As many outputs as labels; the shapes no longer fit.
    let error = refused(|document| document["task"] = json!("multinomial"));
    assert!(matches!(error, FileError::Shape { .. }), "{error:?}");
}

#[test]
fn golden_rows_of_another_model_are_refused() {
    for (key, value) in [("design", json!([1.0])), ("scores", json!([1.0, 2.0]))] {
        let error = refused(|document| document["golden"][0][key] = value);
        assert_eq!(reason(&error), "golden row 1 does not fit the model");
    }
}

#[test]
fn a_file_that_is_not_there_says_where_models_are() {
    let (_folder, path) = folder();
    let error = ModelFile::read(&path).unwrap_err();
    assert!(matches!(error, FileError::Io { .. }), "{error:?}");
    assert!(error.remedy().unwrap().contains("runs/latest"));
}
