//! The programs, run from outside.

mod bad_input;
mod bad_models;
mod behaviour;
mod exit_codes;
mod fit;
mod help;
mod json;
mod predict;
mod predict_errors;
mod reference_fits;
mod settings;
