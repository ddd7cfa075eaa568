//! Which tests did nothing because no wgpu adapter answered.
//!
//! The test runner counts such a test as passed and swallows what it prints, so each one appends
//! its name, a line of its own, to the file that the variable `KINDLING_SKIPPED` names.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

/// The variable that tells tests where to write.
const VARIABLE: &str = "KINDLING_SKIPPED";

/// The file for the names; gone when this value is dropped.
pub(crate) struct Skipped {
    file: PathBuf,
}

impl Skipped {
    /// An empty file for this process.
    pub(crate) fn new() -> Result<Self> {
        let file = std::env::temp_dir().join(format!("kindling-skipped-{}", std::process::id()));
        fs::write(&file, "").with_context(|| file.display().to_string())?;
        Ok(Self { file })
    }

    /// Tells `command` where its tests are to write.
    pub(crate) fn announce(&self, command: &mut Command) {
        command.env(VARIABLE, &self.file);
    }

    /// How many were skipped, which, and what to do about it; nothing when none was.
    pub(crate) fn summary(&self) -> Option<String> {
        summary(&fs::read_to_string(&self.file).unwrap_or_default())
    }
}

impl Drop for Skipped {
    fn drop(&mut self) {
        // A file left in the folder for temporary ones does no harm.
        let _ = fs::remove_file(&self.file);
    }
}

fn summary(text: &str) -> Option<String> {
    let names: BTreeSet<&str> = text
        .lines()
        .map(str::trim)
        .filter(|n| !n.is_empty())
        .collect();
    if names.is_empty() {
        return None;
    }
    let list = names.iter().copied().collect::<Vec<_>>().join("\n  ");
    let (count, tests) = (names.len(), if names.len() == 1 { "test" } else { "tests" });
    Some(format!(
        "{count} {tests} skipped: no wgpu adapter\n  {list}\n\
         software Vulkan is enough; on Debian: apt-get install mesa-vulkan-drivers libvulkan1"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_once() {
        let text = summary("a::b\nc\n\na::b\n").unwrap();
        assert!(
            text.starts_with("2 tests skipped: no wgpu adapter\n  a::b\n  c\n"),
            "{text}"
        );
        assert!(text.contains("apt-get install"));
        assert_eq!(summary("\n"), None);
    }

    #[test]
    fn what_tests_append_is_read() {
        let skipped = Skipped::new().unwrap();
        assert_eq!(skipped.summary(), None);
        fs::write(&skipped.file, "one\n").unwrap();
        assert!(skipped.summary().unwrap().starts_with("1 test skipped"));
        let mut command = Command::new("true");
        skipped.announce(&mut command);
        let (variable, value) = command.get_envs().next().unwrap();
        assert_eq!(
            (variable.to_str(), value),
            (Some(VARIABLE), Some(skipped.file.as_os_str()))
        );
        let file = skipped.file.clone();
        drop(skipped);
        assert!(!file.exists());
    }
}
