//! What was typed becomes configuration, with the catalog's knowledge of a table that ships.

use std::collections::BTreeMap;
use std::path::Path;

use dataset::catalog::{self, Entry};
use dataset::pipeline::{ColumnEncoding, EncodingError, Interaction, LevelThreshold};
use dataset::schema::file::SchemaFile;
use dataset::{
    CsvOptions, Input, MissingPolicy, PipelineOptions, ReadProgress, SchemaOptions, TargetOptions,
    TaskChoice,
};
use terminal::number::counted;
use terminal::watch::{Reading, Watch};
use terminal::{Exit, Failure, tell};

use super::args::{
    ColumnArgs, EncodingArgs, MissingArg, PenaltyArg, PenaltyArgs, TableArgs, TaskArg,
};
use crate::config::{FitConfig, Hyperparameters, PenaltyChoice};
use crate::error::FitError;
use crate::memory::Memory;
use crate::report::NoticeReport;

/// L1's part of an elastic net when nothing is said: scikit-learn's default, too.
const L1_RATIO: f64 = 0.5;

/// A table that is about to be read.
pub(super) struct Source {
    /// Its short name.
    pub(super) name: String,
    /// Its bytes.
    input: Input,
    /// What the catalog knows of it.
    entry: Option<&'static Entry>,
}

impl Source {
    /// The table by path, by catalog name, or from standard input; several names are one table. Where
    /// memory is bounded, what can be read only once is moved to the disk.
    pub(super) fn open(names: &[String], memory: Option<&Memory>) -> Result<Self, Failure> {
        let (input, entry) = match (names, memory) {
            ([name], None) => catalog::resolve(name),
            (_, None) => Input::several(names).map(|input| (input, None)),
            (names, Some(memory)) => match names.first().and_then(|name| catalog::shipped(name)) {
                Some(entry) if names.len() == 1 => Ok((entry.input(), Some(entry))),
                _ => Input::several_spooled(names, &memory.folder).map(|input| (input, None)),
            },
        }
        .map_err(FitError::from)?;
        let name = match entry {
            Some(entry) => entry.name.clone(),
            None => short_name(&input, names),
        };
        Ok(Self { name, input, entry })
    }

    /// Its bytes, and a line of progress while they are read.
    pub(super) fn watched(&self, quiet: bool) -> (Input, Watch) {
        let progress = ReadProgress::default();
        let input = self.input.clone().with_progress(&progress);
        let total = input.size();
        let watch = Watch::new(quiet, move || Reading {
            bytes: progress.bytes(),
            total,
            rows: progress.rows(),
            pass: progress.pass(),
        });
        (input, watch)
    }

    /// How to read it and what to ask of it, with these settings of the fit.
    pub(super) fn config(
        &self,
        args: &TableArgs,
        hyperparameters: Hyperparameters,
    ) -> Result<FitConfig, Failure> {
        let (schema, csv) = self.reading(&args.columns)?;
        let known = self.known(schema.target.as_deref());
        Ok(FitConfig {
            csv,
            schema,
            target: target(args, known),
            encoding: encoding(&args.encoding)?,
            hyperparameters,
            memory: None,
        })
    }

    /// What the columns are and how cells are read.
    pub(super) fn reading(
        &self,
        args: &ColumnArgs,
    ) -> Result<(SchemaOptions, CsvOptions), Failure> {
        let Some(path) = &args.schema else {
            let known = self.known(args.target.as_deref());
            return Ok((self.schema(args, known), csv(args)));
        };
        let file = SchemaFile::read(path).map_err(FitError::from)?;
        // The file says what the catalog would, but perhaps not what to predict.
        let mut schema = file.options(&flags(args, SchemaOptions::default()));
        if let (None, Some(entry)) = (&schema.target, self.entry) {
            let flags = SchemaOptions {
                target: Some(entry.target.clone()),
                ..flags(args, SchemaOptions::default())
            };
            schema = file.options(&flags);
        }
        Ok((schema, file.csv_options(csv(args))))
    }

    /// What the catalog knows, if this is its question.
    fn known(&self, target: Option<&str>) -> Option<&'static Entry> {
        self.entry
            .filter(|entry| target.is_none_or(|target| target == entry.target))
    }

    fn schema(&self, args: &ColumnArgs, known: Option<&Entry>) -> SchemaOptions {
        let base = match (known, self.entry) {
            (Some(entry), _) => entry.schema_options(),
            // Another question to the same table: its kinds still hold.
            (None, Some(entry)) => SchemaOptions {
                categorical: entry.categorical.clone(),
                ..SchemaOptions::default()
            },
            (None, None) => SchemaOptions::default(),
        };
        let mut schema = flags(args, base);
        if let Some(features) = &schema.features {
            // Naming the features says what to leave out of the catalog's advice.
            schema
                .drop
                .retain(|name| args.drop.contains(name) || !features.contains(name));
        }
        schema
    }
}

/// What was typed of the columns, over what is known of them.
fn flags(args: &ColumnArgs, base: SchemaOptions) -> SchemaOptions {
    let typed = [&args.numeric, &args.boolean, &args.date];
    let mut advised = base.drop;
    advised.retain(|name| !args.keep.contains(name));
    let mut schema = SchemaOptions {
        target: args.target.clone().or(base.target),
        weight: args.weight.clone(),
        offset: args.offset.clone(),
        features: args.features.clone(),
        drop: if args.drop.is_empty() {
            advised
        } else {
            args.drop.clone()
        },
        keep: args.keep.clone(),
        categorical: base.categorical,
        numeric: args.numeric.clone(),
        boolean: args.boolean.clone(),
        date: args.date.clone(),
        ..SchemaOptions::default()
    };
    // Another kind that is typed wins over the catalog's.
    schema
        .categorical
        .retain(|name| !typed.iter().any(|names| names.contains(name)));
    for name in &args.categorical {
        if !schema.categorical.contains(name) {
            schema.categorical.push(name.clone());
        }
    }
    schema
}

/// How columns become numbers. Missing cells and scales are settings of their own.
fn encoding(args: &EncodingArgs) -> Result<PipelineOptions, Failure> {
    let usage = |option: &str, error: &EncodingError| {
        Failure::new(format!("{option}: {error}"), Exit::Usage).with_remedy(error.remedy())
    };
    let mut encodings = BTreeMap::new();
    for written in &args.encode {
        let (column, encoding) =
            ColumnEncoding::assignment(written).map_err(|error| usage("--encode", &error))?;
        if let Some(first) = encodings.insert(column.clone(), encoding) {
            return Err(Failure::new(
                format!("--encode {written}: column `{column}` is {first} already"),
                Exit::Usage,
            )
            .with_remedy(Some("leave one of them out")));
        }
    }
    let mut interactions = Vec::new();
    for written in &args.interact {
        let pair = written
            .parse::<Interaction>()
            .map_err(|error| usage("--interact", &error))?;
        interactions.push(pair);
    }
    let min_level = match &args.min_level_rows {
        None => None,
        Some(written) => Some(
            written
                .parse::<LevelThreshold>()
                .map_err(|error| usage("--min-level-rows", &error))?,
        ),
    };
    Ok(PipelineOptions {
        max_levels: Some(args.max_levels),
        min_level,
        missing_indicators: args.missing_indicators,
        encodings,
        interactions,
        ..PipelineOptions::default()
    })
}

/// A name that a folder can have: the first file's, and how many there are beside it.
fn short_name(input: &Input, names: &[String]) -> String {
    if names.first().is_some_and(|name| name == "-") {
        return "stdin".to_owned();
    }
    let mut files = input.each();
    let first = files.next().unwrap_or_else(|| input.clone());
    let stem = Path::new(first.name()).file_stem();
    let stem = stem.unwrap_or_default().to_string_lossy();
    match files.count() {
        0 => stem.into_owned(),
        more => format!("{stem}+{more}"),
    }
}

fn csv(args: &ColumnArgs) -> CsvOptions {
    let mut csv = CsvOptions {
        delimiter: args.delimiter,
        ..CsvOptions::default()
    };
    if let Some(na) = &args.na {
        csv.na.extend(terminal::args::list(na));
    }
    csv
}

fn target(args: &TableArgs, known: Option<&Entry>) -> TargetOptions {
    TargetOptions {
        task: match args.task {
            TaskArg::Auto => TaskChoice::Auto,
            TaskArg::Binary => TaskChoice::Binary,
            TaskArg::Multinomial => TaskChoice::Multinomial,
            TaskArg::Linear => TaskChoice::Linear,
        },
        positive: args.positive.clone().or_else(|| {
            let fits = matches!(args.task, TaskArg::Auto | TaskArg::Binary);
            known
                .filter(|_| fits)
                .and_then(|entry| entry.positive.clone())
        }),
        missing: match args.missing {
            MissingArg::Impute => MissingPolicy::Impute,
            MissingArg::Drop => MissingPolicy::Drop,
            MissingArg::Error => MissingPolicy::Error,
        },
    }
}

/// The penalty's weight in the convention that was typed, and L1's part of it.
pub(super) fn penalty(args: &PenaltyArgs) -> Result<(PenaltyChoice, f64), Failure> {
    let usage = |message: String, remedy: &str| {
        Err(Failure::new(message, Exit::Usage).with_remedy(Some(remedy)))
    };
    let l1_ratio = match (args.penalty, args.l1_ratio) {
        (Some(PenaltyArg::ElasticNet), ratio) => ratio.unwrap_or(L1_RATIO),
        (None, Some(ratio)) => {
            return usage(
                format!("--l1-ratio {ratio} mixes two penalties, and none is named"),
                "--penalty elastic-net",
            );
        }
        (Some(PenaltyArg::None), Some(ratio)) => {
            return usage(
                format!("--penalty none and --l1-ratio {ratio} contradict each other"),
                "leave one of them out",
            );
        }
        (Some(PenaltyArg::L1 | PenaltyArg::L2), Some(ratio)) => {
            return usage(
                format!("--l1-ratio {ratio} is the mix of --penalty elastic-net alone"),
                "--penalty elastic-net, or leave it out",
            );
        }
        (Some(PenaltyArg::L1), None) => 1.0,
        (Some(PenaltyArg::None | PenaltyArg::L2) | None, None) => 0.0,
    };
    let weight = match (args.penalty, args.lambda, args.c) {
        (Some(PenaltyArg::None), None, None) => PenaltyChoice::None,
        (Some(PenaltyArg::None), _, _) => {
            return usage(
                "--penalty none and a weight of the penalty contradict each other".to_owned(),
                "leave one of them out",
            );
        }
        (_, Some(lambda), _) => PenaltyChoice::Lambda(lambda),
        (_, None, Some(c)) => PenaltyChoice::C(c),
        (Some(_), None, None) => PenaltyChoice::C(1.0),
        (None, None, None) => PenaltyChoice::Default,
    };
    Ok((weight, l1_ratio))
}

/// Notices that are written out.
const NOTICES: usize = 20;

/// Says what was recognised in the table, if it is to be said.
pub(super) fn tell_notices(notices: &[NoticeReport], told: bool) {
    if !told {
        return;
    }
    let shown = notices.len().min(NOTICES);
    for notice in &notices[..shown] {
        tell(&terminal::notice(&notice.message, &notice.remedy));
    }
    if shown < notices.len() {
        let more = counted(notices.len() - shown, "column");
        let message = format!("{more} more of which the like is to be said");
        tell(&terminal::notice(
            &message,
            "train schema writes all of them into a file",
        ));
    }
}

/// Limits the threads; there is one for each core when no number is given.
pub(super) fn use_threads(threads: Option<usize>) -> Result<(), Failure> {
    let Some(threads) = threads else {
        return Ok(());
    };
    if threads == 0 {
        return Err(Failure::new(
            "--threads 0: it must be at least 1",
            Exit::Usage,
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Failure::new(error, Exit::Unexpected))
}
