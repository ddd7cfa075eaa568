//! What the benches measure on, and the yardstick beside every figure.
//!
//! The data are made from a seed, outside the timer. The yardstick is one [`read_once`] of the same
//! memory, timed in the same process: a pass over the rows cannot be faster, and the ratio of the
//! two holds on other machines better than either time. Rows that fit in a cache are read from it,
//! by the bench and by its yardstick alike.
//!
//! The adapters of `rivals/` that are written in Rust share [`epochs`], [`npy`] and [`protocol`].

mod data;
pub mod epochs;
pub mod npy;
pub mod protocol;
mod shapes;
pub mod svmlight;
mod yardstick;

pub use data::{Data, table};
pub use shapes::{Shape, shapes};
pub use yardstick::read_once;
