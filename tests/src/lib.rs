//! What the tests of this package share: the programs `train` and `infer` run from outside, and
//! the backends are compared with one another.
//!
//! - [`program`]: a built program, run in a folder of its own
//! - [`report`]: what `train fit --format json` prints
//! - [`table`]: small CSV tables to read, change and write
//! - [`reference`](mod@reference): fits by other software
//! - [`gpu`]: the wgpu device, or a test that says that it is skipped
//! - [`tolerance`]: every tolerance of this package, with its reason

pub mod gpu;
pub mod program;
pub mod reference;
pub mod report;
pub mod table;
pub mod tolerance;

pub use program::{Folder, Outcome};
pub use report::Report;
pub use table::Table;
