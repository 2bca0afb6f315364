//! A directory of the process, for what has to be a file.

use std::path::PathBuf;
use std::sync::LazyLock;

static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("incfg-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory for scratch files");
    path
});

/// Writes a file, with the directories it stands in, and gives its path.
#[must_use]
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = DIRECTORY.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a directory for scratch files");
    }
    std::fs::write(&path, bytes).expect("a scratch file");
    path
}
