//! What every member's `Cargo.toml` has in common.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Violation;
use crate::tree::File;

const ONE_PLACE: &str = "versions stand only in [workspace.dependencies], `workspace = true` here";
const LINTS: &str = "the workspace's lints hold for every member";
const REASON: &str = "a lint that is allowed for everyone says why on its line";

/// Tests where versions stand, that lints are shared, and that the workspace's lints give reasons.
pub(crate) fn check(files: &[File]) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_member_manifest()) {
        let manifest: Table = file.text.parse().with_context(|| file.path.clone())?;
        for (section, key) in with_own_version(&manifest) {
            let what = format!("the dependency `{key}` has its own version or path");
            let line = line_of(&file.text, &section, &key);
            violations.push(Violation::new(file, line, what, ONE_PLACE));
        }
        let shared = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        if shared.and_then(Value::as_bool) != Some(true) {
            let what = "no `[lints] workspace = true`";
            violations.push(Violation::new(file, 1, what, LINTS));
        }
    }
    if let Some(file) = files.iter().find(|file| file.path == "Cargo.toml") {
        let mut lints = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.starts_with('[') {
                lints = line.starts_with("[workspace.lints");
            } else if lints && line.contains("\"allow\"") && !line.contains('#') {
                let what = format!("`{}` without a reason", line.trim());
                violations.push(Violation::new(file, index + 1, what, REASON));
            }
        }
    }
    Ok(violations)
}

/// The line of `key` in `[section]` of a manifest; 1 when it is written in some other way.
pub(crate) fn line_of(text: &str, section: &str, key: &str) -> usize {
    let plain = |text: &str| text.replace(['\'', '"', ' '], "");
    let (header, key_header) = (format!("[{section}]"), format!("[{section}.{key}]"));
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = plain(line);
        if line.starts_with('[') {
            inside = line == plain(&header);
            if line == plain(&key_header) {
                return index + 1;
            }
        } else if inside
            && line
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(['=', '.']))
        {
            return index + 1;
        }
    }
    1
}

/// Section and key of every dependency that does not come from the workspace.
fn with_own_version(manifest: &Table) -> Vec<(String, String)> {
    let mut sections = vec![(String::new(), manifest)];
    for (target, table) in manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
    {
        sections.extend(
            table
                .as_table()
                .map(|table| (format!("target.{target}."), table)),
        );
    }
    let mut found = Vec::new();
    for (prefix, table) in sections {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (key, value) in table
                .get(section)
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                    found.push((format!("{prefix}{section}"), key.clone()));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let violations = check(&[File::new(path, text)]).unwrap();
        violations
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn a_shared_manifest_passes() {
        let text = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\n\
                    [lints]\nworkspace = true\n";
        assert_eq!(lines("crates/x/Cargo.toml", text), [0; 0]);
    }

    #[test]
    fn a_version_or_path_of_its_own_is_found() {
        let text = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = \"1\"\n\
                    [dev-dependencies]\nc = { path = \"../c\" }\n\
                    [target.'cfg(unix)'.dependencies]\nd = { version = \"2\" }\n\
                    [dependencies.e]\nversion = \"3\"\n";
        let mut found = lines("crates/x/Cargo.toml", text);
        found.sort_unstable();
        assert_eq!(found, [5, 7, 9, 10]);
    }

    #[test]
    fn missing_lints_and_reasons_are_found() {
        assert_eq!(
            lines("crates/x/Cargo.toml", "[package]\nname = \"x\"\n"),
            [1]
        );
        assert_eq!(
            lines("crates/x/Cargo.toml", "[lints]\nworkspace = false\n"),
            [1]
        );
        let root = "[workspace.lints.clippy]\na = \"allow\" # noise\nb = \"allow\"\nc = \"warn\"\n";
        assert_eq!(lines("Cargo.toml", root), [3]);
    }

    #[test]
    fn a_manifest_that_is_no_toml_is_an_error() {
        let error = check(&[File::new("crates/x/Cargo.toml", "[")]).unwrap_err();
        assert!(error.to_string().contains("crates/x/Cargo.toml"));
    }
}
