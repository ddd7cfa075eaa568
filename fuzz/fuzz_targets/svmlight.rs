//! Any bytes read as svmlight. `cargo +nightly fuzz run svmlight`, or with a stable toolchain
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run svmlight`.

#![no_main]

use dataset::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::check(Format::Svmlight, bytes));
