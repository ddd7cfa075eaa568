//! The adapters of Rust libraries share reader and protocol with Kindling's own: the same files.

#[path = "../../../src/epochs.rs"]
pub mod epochs;
#[path = "../../../src/npy.rs"]
pub mod npy;
#[path = "../../../src/protocol.rs"]
pub mod protocol;
