//! Any bytes read as CSV. `cargo +nightly fuzz run csv`, or with a stable toolchain
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run csv`.

#![no_main]

use dataset::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::check(Format::Csv, bytes));
