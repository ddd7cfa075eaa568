//! One file names backends, so that one more costs a feature and a match arm.

use super::{Violation, code};
use crate::tree::File;

/// Burn's types whose associated names choose a backend or an adapter.
const TYPES: [&str; 3] = ["Device::", "DeviceKind::", "DeviceType::"];

/// The associated functions of `Device` that choose one; `default` picks by compiled features.
const CONSTRUCTORS: [&str; 15] = [
    "cpu",
    "cuda",
    "default",
    "flex",
    "libtorch",
    "libtorch_cuda",
    "libtorch_mps",
    "libtorch_vulkan",
    "metal",
    "ndarray",
    "remote_options",
    "rocm",
    "vulkan",
    "webgpu",
    "wgpu",
];

const WHY: &str = "only crates/model/src/device.rs names a backend; ask it for a device";

/// Tests every Rust file of the crates and the tests, their unit tests included.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && is_watched(&file.path))
    {
        let code = code::code(&file.text);
        for kind in TYPES {
            for place in code::places(&code, kind) {
                let name = code::identifier(&code[place.end..]);
                let constructor = CONSTRUCTORS.contains(&name) || name == "wgpu_options";
                if constructor || (kind != "Device::" && !name.is_empty()) {
                    let line = code::line_of(&code, place.start);
                    violations.push(Violation::new(file, line, format!("`{kind}{name}`"), WHY));
                }
            }
        }
    }
    violations
}

fn is_watched(path: &str) -> bool {
    let place = path.strip_prefix("crates/model/src/").unwrap_or_default();
    let the_one = place == "device.rs" || place.starts_with("device/");
    (path.starts_with("crates/") || path.starts_with("tests/")) && !the_one
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&[File::new(path, text)]).len()
    }

    #[test]
    fn a_named_backend_is_found() {
        for text in [
            "let d = Device::wgpu(kind);",
            "let d = burn::Device::flex();",
            "let d = Device::ndarray();",
            "let d = Device::cuda(0);",
            "let d = Device::default();",
            "let d = Device::wgpu_options();",
            "let k = DeviceKind::DefaultDevice;",
            "Device::enumerate(DeviceType::Wgpu);",
        ] {
            assert_eq!(found("crates/train/src/fit.rs", text), 1, "{text}");
            assert_eq!(found("tests/tests/backends.rs", text), 1, "{text}");
            assert_eq!(found("crates/model/src/device.rs", text), 0, "{text}");
            assert_eq!(found("examples/own_loop/src/main.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn other_uses_of_devices_pass() {
        for text in [
            "fn f(device: &Device) { Device::seed(device, 1); }",
            "MyDevice::wgpu();",
            "Backend::Wgpu",
            "// Device::wgpu\n\"Device::wgpu\"",
            "use burn::tensor::Device;",
        ] {
            assert_eq!(found("crates/train/src/fit.rs", text), 0, "{text}");
        }
    }
}
