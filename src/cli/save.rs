//! Writing a file so that there is always a whole one: the old or the new.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Exit, Failure};

/// Writes `bytes` to `path` by way of a temporary file beside it. A link is followed; mode and owner are kept.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(Exit::Input, format!("{}: cannot be written: {why}. Nothing was changed", path.display()))
    };
    let target = target_of(path).map_err(|error| failed(error.to_string()))?;
    let existing = match fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(metadata) if metadata.is_dir() => {
            return Err(failed("this is a directory; give the name of a file in it".into()));
        }
        Ok(_) => return Err(failed("this is no regular file; without -o the result goes to standard output".into())),
        Err(_) => None,
    };
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = Temporary::create(
        directory,
        existing.as_ref().map_or(0o666, |metadata| metadata.permissions().mode() & 0o7777),
    )
    .map_err(|error| failed(format!("in directory {}: {error}", directory.display())))?;
    temporary
        .fill(bytes, existing.as_ref())
        .and_then(|()| temporary.become_file(&target))
        .map_err(|error| failed(error.to_string()))?;
    // The name is safe only when its directory is; not every file system can be asked.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Where a link leads; the path itself when it is none, or leads to a file that is not there yet.
fn target_of(path: &Path) -> std::io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path),
        _ => Ok(path.to_path_buf()),
    }
}

/// A file that is gone when it did not become the real one.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(directory: &Path, mode: u32) -> std::io::Result<Self> {
        for number in 0..1_000_u32 {
            let path = directory.join(format!(".incfg-{}-{number}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "a thousand temporary files of incfg lie here; remove them",
        ))
    }

    fn fill(&self, bytes: &[u8], existing: Option<&fs::Metadata>) -> std::io::Result<()> {
        let mut file = &self.file;
        file.write_all(bytes)?;
        if let Some(existing) = existing {
            // Only root may give a file away; for others the file is theirs already, or stays theirs.
            let _ = std::os::unix::fs::fchown(&self.file, Some(existing.uid()), Some(existing.gid()));
            self.file.set_permissions(existing.permissions())?;
        }
        self.file.sync_all()
    }

    fn become_file(&self, target: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is no file of that name any more.
        let _ = fs::remove_file(&self.path);
    }
}
