//! The programs, run from outside.

#![allow(clippy::unwrap_used, reason = "where a test unwraps, the test fails")]
#![allow(clippy::float_cmp, reason = "counts in JSON are exact")]

mod bad_input;
mod bad_models;
mod behaviour;
mod compare;
mod config;
mod encodings;
mod exit_codes;
mod fit;
mod help;
mod json;
mod memory;
mod notices;
mod parquet;
mod predict;
mod predict_errors;
mod rates;
mod reference_fits;
mod replay;
mod runs;
mod schema;
mod search;
mod search_errors;
mod settings;
mod several_files;
mod sparse;
mod wide;

/// The tables that come with the programs.
const SHIPPED_TABLES: [&str; 7] = [
    "breast_cancer",
    "penguins",
    "anes96",
    "iris",
    "wine",
    "longley",
    "challenger",
];
