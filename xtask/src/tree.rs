//! The repository as the rules see it: its root and its text files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Text files worth reading, by extension; files without one (`LICENSE-MIT`, `.ci/run`) are read too.
const TEXT: [&str; 11] = [
    "rs", "toml", "md", "py", "sh", "yml", "yaml", "json", "jsonl", "txt", "trycmd",
];

/// One text file of the repository.
pub(crate) struct File {
    /// Relative to the root, with `/` between folders on every system.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether this is the manifest of a member: not the workspace's own, nor another workspace's.
    pub(crate) fn is_member_manifest(&self) -> bool {
        self.path.ends_with("/Cargo.toml")
            && !self.text.lines().any(|line| line.trim() == "[workspace]")
    }
}

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> Result<PathBuf> {
    // `cargo run` says where the package is; a copied binary looks upwards from where it stands.
    let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_dir().context("the current folder")?,
    };
    for folder in start.ancestors() {
        let manifest = folder.join("Cargo.toml");
        if fs::read_to_string(manifest).is_ok_and(|text| text.contains("[workspace]")) {
            return Ok(folder.to_path_buf());
        }
    }
    bail!(
        "no workspace at or above {}; run this inside the repository",
        start.display()
    )
}

/// Every text file of the repository in the order of their paths: build outputs, runs, virtual
/// environments and hidden folders (other than `.ci` and `.cargo`) are left out.
pub(crate) fn files(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry.with_context(|| folder.display().to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (full, path) = (entry.path(), format!("{prefix}{name}"));
        let kind = entry.file_type().with_context(|| path.clone())?;
        if kind.is_dir() {
            if !is_left_out(&full, &name) {
                walk(&full, &format!("{path}/"), files)?;
            }
        } else if kind.is_file() && is_text(&name) {
            let bytes = fs::read(&full).with_context(|| path.clone())?;
            files.push(File::new(path, String::from_utf8_lossy(&bytes)));
        }
    }
    Ok(())
}

fn is_left_out(full: &Path, name: &str) -> bool {
    let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
    let built = matches!(name, "target" | "runs" | "__pycache__" | "node_modules");
    hidden || built || full.join("CACHEDIR.TAG").exists() || full.join("pyvenv.cfg").exists()
}

fn is_text(name: &str) -> bool {
    match Path::new(name).extension() {
        Some(extension) => TEXT.iter().any(|known| extension == *known),
        None => !name.starts_with('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_and_read() {
        let root = root().unwrap();
        let files = files(&root).unwrap();
        assert!(files.iter().any(|file| file.path == "Cargo.toml"));
        assert!(
            files
                .iter()
                .any(|file| file.path == "xtask/src/main.rs" && file.is_rust())
        );
        assert!(
            files
                .iter()
                .any(|file| file.path == "crates/dataset/Cargo.toml")
        );
        assert!(!files.iter().any(|file| file.path.starts_with("target/")));
        assert!(!files.iter().any(|file| file.path.starts_with(".git/")));
    }

    #[test]
    fn a_workspace_of_its_own_is_no_member() {
        let member = |text| File::new("a/Cargo.toml", text).is_member_manifest();
        assert!(member("[package]\n[lints]\nworkspace = true\n"));
        assert!(!member("[workspace]\n[package]\n"));
    }

    #[test]
    fn text_is_told_from_data() {
        assert!(is_text("lib.rs") && is_text("run") && is_text("LICENSE-MIT"));
        assert!(!is_text("iris.csv") && !is_text("model.safetensors") && !is_text(".DS_Store"));
    }
}
