//! Finds snapshots that no test compares anything with.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::server::root;

/// Tells insta to append the path of every snapshot that an assertion uses to a file.
const REFERENCES_FILE: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";

/// The snapshots that a run of the tests uses.
pub(crate) struct References {
    folder: TempDir,
}

impl References {
    /// An empty set.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// Makes the tests that a command runs add the snapshots they use.
    pub(crate) fn record(&self, tests: &mut Command) {
        tests.env(REFERENCES_FILE, self.file());
    }

    /// Fails when the crates have snapshots that were not used. Only meaningful after all tests ran and passed: a test
    /// that fails does not reach its later assertions.
    pub(crate) fn reject_unreferenced(&self) -> Result<()> {
        let file = self.file();
        let used = if file.exists() { fs::read_to_string(file)? } else { String::new() };
        let stray = unreferenced(&root().join("crates"), &used)?;
        if stray.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = stray.iter().map(|path| path.display().to_string()).collect();
        bail!("no test uses these snapshots (delete them):\n  {}", names.join("\n  "));
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("references")
    }
}

/// The snapshots below a folder that are not among these paths, one path a line.
fn unreferenced(folder: &Path, used: &str) -> Result<Vec<PathBuf>> {
    // One snapshot is listed once for each assertion, and not always by the same path.
    let used: BTreeSet<&str> = used.lines().collect();
    let used: BTreeSet<PathBuf> = used.into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let mut found = Vec::new();
    find_snapshots(&fs::canonicalize(folder)?, &mut found)?;
    found.retain(|path| !used.contains(path));
    found.sort();
    Ok(found)
}

fn find_snapshots(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("`{}` could not be read", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find_snapshots(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "snap") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_no_test_used_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = folder.path().join("server/tests/it/snapshots");
        fs::create_dir_all(&snapshots).unwrap();
        for name in ["used.snap", "stray.snap", "pending.snap.new", "notes.txt"] {
            fs::write(snapshots.join(name), "").unwrap();
        }
        let used = snapshots.join("../snapshots/used.snap");
        let deleted = snapshots.join("deleted.snap");
        let used = format!("{0}\n{0}\n{1}\n", used.display(), deleted.display());

        let stray = unreferenced(folder.path(), &used).unwrap();

        assert_eq!(stray, [fs::canonicalize(snapshots.join("stray.snap")).unwrap()]);
    }
}
