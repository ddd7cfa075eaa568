use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::design::Element;
use crate::pipeline::{ColumnEncoding, Interaction, MissingPolicy, PipelineOptions};
use crate::rows::{RowSource, RowSourceError};
use crate::schema::Schema;
use crate::table::Table;
use crate::{CsvOptions, Input, SchemaOptions, Storage, StorageError, read_stored, read_table};

/// Rows with numbers near and far from 0, missing cells, levels, rare ones, dates.
fn text(rows: usize) -> String {
    let mut text = "x,y,gap,level,many,day\n".to_owned();
    for row in 0..rows {
        let x = ((row * 17) % 211) as f64 / 7.0;
        let gap = if row % 9 == 4 {
            String::new()
        } else {
            format!("{}", row % 5)
        };
        let level = ["a", "b", "c", ""][row * row % 7 % 4];
        let _ = writeln!(
            text,
            "{x},{},{gap},{level},m{},2026-{:02}-11",
            1e9 + x * 3.0,
            (row * row) % 37,
            1 + row % 12
        );
    }
    text
}

struct Example {
    folder: tempfile::TempDir,
    table: Table,
    stored: StoredTable,
    schema: Schema,
    data: Fingerprint,
}

impl Example {
    fn new(text: &str, memory: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let input = Input::bytes("t.csv", text.as_bytes().to_vec());
        let storage = Storage {
            folder: folder.path().join("cells"),
            bytes: memory,
        };
        let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
        let (table, schema, data) = read_table(&input, &csv, &options).unwrap();
        let (stored, ..) = read_stored(&input, &csv, &options, &storage).unwrap();
        Self {
            folder,
            table,
            stored,
            schema,
            data,
        }
    }

    fn cache(&self) -> CacheFolder {
        CacheFolder::new(self.folder.path().join("cache")).unwrap()
    }

    fn fit(&self, rows: &[usize], options: &PipelineOptions) -> Pipeline {
        let weights: Vec<f64> = rows.iter().map(|row| (row % 3) as f64).collect();
        let pipeline = Pipeline::fit(&self.stored, &self.schema, rows, Some(&weights), options);
        let pipeline = pipeline.unwrap();
        let same = Pipeline::fit(&self.table, &self.schema, rows, Some(&weights), options);
        assert_eq!(pipeline, same.unwrap());
        pipeline
    }

    fn open(&self, pipeline: &Pipeline, rows: &[usize]) -> Result<RowCache, PipelineError> {
        let key = pipeline.cache_key(&self.stored, &self.data, rows).unwrap();
        pipeline.cache_rows(&self.stored, rows, &self.cache(), &key, true)
    }
}

fn options() -> PipelineOptions {
    PipelineOptions {
        max_levels: Some(20),
        missing_indicators: true,
        encodings: [("x", "spline:4"), ("many", "hash:4")]
            .map(|(name, encoding)| (name.to_owned(), encoding.parse::<ColumnEncoding>().unwrap()))
            .into(),
        interactions: vec!["gap:level".parse::<Interaction>().unwrap()],
        ..PipelineOptions::default()
    }
}

fn bits<T: Element>(cells: &[T]) -> Vec<u64> {
    cells.iter().map(|cell| cell.to_f64().to_bits()).collect()
}

fn same_rows<T: Element>(example: &Example, pipeline: &Pipeline, rows: &[usize], cache: &RowCache)
where
    RowCache: RowSource<T>,
{
    let (design, flags) = pipeline.design::<T>(&example.table, rows).unwrap();
    let source: &dyn RowSource<T> = cache;
    assert_eq!(
        (source.rows(), source.columns()),
        (rows.len(), design.columns())
    );
    let mut scratch = Vec::new();
    for range in [
        0..rows.len(),
        0..0,
        3..4,
        100..1100,
        rows.len() - 1..rows.len(),
    ] {
        let expected =
            &design.values()[range.start * design.columns()..][..range.len() * design.columns()];
        assert!(bits(source.cells(range, &mut scratch).unwrap()) == bits(expected));
    }
    let some = [0, 7, 8, 9, 1190, 3];
    let expected = design.select(&some);
    assert_eq!(
        bits(source.gather(&some, &mut scratch).unwrap()),
        bits(expected.values())
    );
    let unseen = flags.iter().filter(|flags| flags.unseen).count();
    assert_eq!(cache.unseen().map_or(0, |(count, _)| count), unseen);
}

#[test]
fn cached_rows_have_the_bits_of_the_design_matrix() {
    let example = Example::new(&text(6000), 11 << 20);
    let train: Vec<usize> = (0..6000).filter(|row| row % 5 != 2).collect();
    let test: Vec<usize> = (0..6000).filter(|row| row % 5 == 2).collect();
    for options in [PipelineOptions::default(), options()] {
        let pipeline = example.fit(&train, &options);
        for rows in [&train, &test] {
            let cache = example.open(&pipeline, rows).unwrap();
            assert!(!cache.reused());
            same_rows::<f64>(&example, &pipeline, rows, &cache);
            same_rows::<f32>(&example, &pipeline, rows, &cache);
            assert_eq!(cache.bytes(), fs::metadata(cache.path()).unwrap().len());
            let again = example.open(&pipeline, rows).unwrap();
            assert!(again.reused());
            same_rows::<f64>(&example, &pipeline, rows, &again);
        }
    }
}

#[test]
fn what_the_rows_follow_from_is_in_the_key() {
    let example = Example::new(&text(2000), 11 << 20);
    let rows: Vec<usize> = (0..1600).collect();
    let pipeline = example.fit(&rows, &PipelineOptions::default());
    let key = |example: &Example, pipeline: &Pipeline, rows: &[usize]| {
        pipeline
            .cache_key(&example.stored, &example.data, rows)
            .unwrap()
    };
    let own = key(&example, &pipeline, &rows);
    assert_eq!(own, key(&example, &pipeline, &rows));
    assert_ne!(own, key(&example, &pipeline, &rows[1..]));
    let other = PipelineOptions {
        standardize: false,
        ..PipelineOptions::default()
    };
    assert_ne!(own, key(&example, &example.fit(&rows, &other), &rows));
    // One cell of a row that no statistic has looked at.
    let changed = text(2000)
        .replacen('\n', "\n1", 1900)
        .replacen("\n1", "\n", 1899);
    let changed = Example::new(&changed, 11 << 20);
    assert_ne!(own, key(&changed, &pipeline, &rows));
}

/// Every way in which a file can be another than the one that was written.
#[test]
fn a_file_that_is_not_what_was_written_is_written_again() {
    let example = Example::new(&text(2000), 11 << 20);
    let rows: Vec<usize> = (0..2000).collect();
    let pipeline = example.fit(&rows, &PipelineOptions::default());
    let path = example.open(&pipeline, &rows).unwrap().path().to_owned();
    let sound = fs::read(&path).unwrap();
    let key = pipeline
        .cache_key(&example.stored, &example.data, &rows)
        .unwrap();
    let folder = example.cache();
    let opened = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let opened = RowCache::open(&folder, &key);
        let again = example.open(&pipeline, &rows).unwrap();
        assert!(!again.reused());
        assert!(fs::read(&path).unwrap() == sound, "written again as it was");
        opened.err().unwrap()
    };
    for length in [
        0,
        1,
        8,
        9,
        31,
        32,
        33,
        1000,
        sound.len() / 2,
        sound.len() - 25,
        sound.len() - 1,
    ] {
        let error = opened(&sound[..length]);
        let cut = matches!(
            error,
            StorageError::Truncated { .. } | StorageError::NotACache { .. }
        );
        assert!(cut, "{length} bytes: {error}");
    }
    let longer = [&sound[..], &[0]].concat();
    assert!(matches!(opened(&longer), StorageError::Truncated { .. }));
    // Every bit counts, wherever it is.
    for place in (0..sound.len())
        .step_by(sound.len() / 97)
        .chain(sound.len() - 60..sound.len())
    {
        let mut other = sound.clone();
        other[place] ^= 1 << (place % 8);
        let error = opened(&other);
        if (8..8 + 8 * 2000).contains(&place) {
            assert!(
                matches!(error, StorageError::Damaged { row: 0, .. }),
                "{place}: {error}"
            );
        }
    }
    // Other rows under the name of these.
    let fewer = example.open(&pipeline, &rows[1..]).unwrap();
    let other = fs::read(fewer.path()).unwrap();
    assert!(matches!(opened(&other), StorageError::OtherRows { .. }));
}

#[test]
fn a_file_that_is_written_to_while_in_use_is_an_error() {
    let example = Example::new(&text(2000), 11 << 20);
    let rows: Vec<usize> = (0..2000).collect();
    let pipeline = example.fit(&rows, &PipelineOptions::default());
    let cache = example.open(&pipeline, &rows).unwrap();
    let mut scratch: Vec<f64> = Vec::new();
    assert!(cache.cells(0..10, &mut scratch).is_ok());
    let file = fs::OpenOptions::new()
        .write(true)
        .open(cache.path())
        .unwrap();
    file.set_len(1000).unwrap();
    let RowSourceError::Storage(error) = cache.cells(0..10, &mut scratch).unwrap_err() else {
        panic!("another error");
    };
    assert!(matches!(error, StorageError::Changed { .. }));
    assert_eq!(
        error.remedy().unwrap(),
        "try again when nothing writes to the file"
    );
}

fn names(folder: &CacheFolder) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_keeps_the_rows_that_are_wanted_or_in_use() {
    let example = Example::new(&text(2000), 11 << 20);
    let folder = example.cache();
    let rows: Vec<usize> = (0..2000).collect();
    let pipeline = example.fit(&rows, &PipelineOptions::default());
    let used = example.open(&pipeline, &rows).unwrap();
    let unused = example
        .open(&pipeline, &rows[1..])
        .unwrap()
        .path()
        .to_owned();
    let left = folder.path().join("rows-killed.partial");
    let foreign = folder.path().join("notes.txt");
    fs::write(&left, "half").unwrap();
    fs::write(&foreign, "mine").unwrap();
    let writing = folder.partial().unwrap();
    folder.keep_only(&[]).unwrap();
    let kept = names(&folder);
    assert!(
        kept.contains(&used.path().to_owned()),
        "another process could not read on"
    );
    assert!(kept.contains(&writing.path().to_owned()) && kept.contains(&foreign));
    assert!(!kept.contains(&left) && !kept.contains(&unused));
    drop((used, writing));
    folder.keep_only(&[]).unwrap();
    assert_eq!(names(&folder), [foreign]);
}

#[test]
fn levels_that_no_training_row_has_are_counted_and_refused() {
    let mut rows = text(2000);
    rows += "1,1,1,new,m1,2026-01-11\n2,2,2,newer,m1,2026-01-11\n";
    let example = Example::new(&rows, 11 << 20);
    let (train, test): (Vec<usize>, Vec<usize>) = ((0..2000).collect(), (1900..2002).collect());
    let options = PipelineOptions::default();
    let fitted = Pipeline::fit(&example.stored, &example.schema, &train, None, &options);
    let pipeline = fitted.unwrap();
    let cache = example.open(&pipeline, &test).unwrap();
    assert_eq!(cache.unseen(), Some((2, 100)));
    let refused = pipeline
        .refuse_unseen_in_cache(&example.stored, &test, &cache)
        .unwrap_err();
    let (_, flags) = pipeline.design::<f64>(&example.table, &test).unwrap();
    assert_eq!(
        pipeline
            .refuse_unseen(&example.table, &test, &flags)
            .unwrap_err(),
        refused
    );
    assert!(refused.to_string().starts_with("t.csv:2002:"), "{refused}");
    let seen = example.open(&pipeline, &train).unwrap();
    assert_eq!(seen.unseen(), None);
    assert!(
        pipeline
            .refuse_unseen_in_cache(&example.stored, &train, &seen)
            .is_ok()
    );
}

#[test]
fn a_number_that_f32_cannot_hold_is_an_error_only_there() {
    let rows = format!("x\n{}1e300\n", "1\n2\n".repeat(1000));
    let example = Example::new(&rows, 11 << 20);
    let (train, all): (Vec<usize>, Vec<usize>) = ((0..2000).collect(), (0..2001).collect());
    let pipeline = Pipeline::fit(
        &example.stored,
        &example.schema,
        &train,
        None,
        &PipelineOptions::default(),
    )
    .unwrap();
    let key = pipeline
        .cache_key(&example.stored, &example.data, &all)
        .unwrap();
    let open = |narrow| pipeline.cache_rows(&example.stored, &all, &example.cache(), &key, narrow);
    let same = pipeline.design::<f32>(&example.table, &all).unwrap_err();
    assert_eq!(open(true).unwrap_err(), same);
    assert!(names(&example.cache()).is_empty(), "no half of a file");
    assert!(open(false).is_ok());
    assert_eq!(
        open(true).unwrap_err(),
        same,
        "also of a file that is there"
    );
    assert!(open(false).unwrap().reused());
}

#[test]
fn missing_cells_are_refused_and_dropped_as_in_memory() {
    let example = Example::new(&text(2000), 11 << 20);
    let rows: Vec<usize> = (0..2000).collect();
    for policy in [
        MissingPolicy::Impute,
        MissingPolicy::Drop,
        MissingPolicy::Error,
    ] {
        let complete =
            |table| crate::pipeline::complete_rows(table, &example.schema, &rows, policy);
        assert_eq!(complete(&example.stored), complete(&example.table));
    }
}
