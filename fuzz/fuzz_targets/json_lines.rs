//! Any bytes read as JSON lines. `cargo +nightly fuzz run json_lines`, or with a stable toolchain
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run json_lines`.

#![no_main]

use dataset::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::check(Format::JsonLines, bytes));
