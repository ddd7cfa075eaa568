//! Any bytes read as Parquet and as Arrow IPC. `cargo +nightly fuzz run --features columns columns`, or
//! with a stable toolchain `RUSTC_BOOTSTRAP=1 cargo fuzz run --features columns columns`.
//!
//! The decoders give up with a panic on some damaged files. The reader makes an error of that, and the
//! fuzzer must not end at it: its hook, which aborts, is taken out, so that only what leaves the reader
//! is found.

#![no_main]

use std::panic;
use std::sync::Once;

use dataset::Format;
use libfuzzer_sys::fuzz_target;

static HOOK: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    HOOK.call_once(|| panic::set_hook(Box::new(|_| {})));
    for format in [Format::Parquet, Format::Arrow] {
        if panic::catch_unwind(|| fuzz::check(format, bytes)).is_err() {
            std::process::abort();
        }
    }
});
