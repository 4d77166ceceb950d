//! What the tests of this crate share: directories that vanish with the test.

use std::path::{Path, PathBuf};

/// A directory of its own for one test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// A fresh, empty directory; `name` tells it from those of the other tests of this process.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("norn-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).expect("temporary directory");
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
