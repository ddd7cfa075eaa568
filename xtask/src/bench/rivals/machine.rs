//! What the figures were measured on.

use std::fs;
use std::thread;

/// Threads that may run at once.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Processor, cores, memory and system in a line.
pub(crate) fn describe(used: usize) -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|size| size.trim_end_matches("kB").trim().parse::<f64>().ok())
        .map_or_else(String::new, |kilobytes| {
            format!(", {:.0} GiB of memory", kilobytes / 1024.0 / 1024.0)
        });
    format!(
        "{processor} ({}), {} cores, {used} threads used{memory}, {}",
        std::env::consts::ARCH,
        threads(),
        std::env::consts::OS
    )
}

/// The value of the first `name : value` line of one of Linux's tables.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
