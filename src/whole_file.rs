//! Writing a file so that there is always a whole one: the old or the new.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a file was not written. What was there is as it was.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be written: {why}. Nothing was changed", .path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub why: String,
}

/// Why a file was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotCreated {
    /// There is one of that name.
    #[error("is there already")]
    Exists,
    /// It could not be written.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

/// Writes `bytes` to `path` by way of a temporary file beside it. A link is followed; mode and owner of what was there
/// are kept, a new file gets `mode`.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), NotWritten> {
    written(path, bytes, mode, None).map(drop)
}

/// Writes `bytes` to a new file, whole or not at all. Of two processes that do so at the same moment one is told that the
/// file is there; an empty file has nothing to lose.
///
/// # Errors
/// A file of that name, or what the system says.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), NotCreated> {
    let failed = |error: std::io::Error| NotWritten { path: path.to_path_buf(), why: error.to_string() };
    let directory = directory_of(path);
    let in_directory = |error: std::io::Error| NotWritten {
        path: path.to_path_buf(),
        why: format!("in directory {}: {error}", directory.display()),
    };
    if let Ok(metadata) = fs::symlink_metadata(path) {
        return if metadata.is_file() && metadata.len() == 0 {
            fill_empty(path, bytes)
        } else {
            Err(NotCreated::Exists)
        };
    }
    let temporary = Temporary::create(directory, mode).map_err(in_directory)?;
    temporary.fill(bytes, None).map_err(failed)?;
    match fs::hard_link(&temporary.path, path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(NotCreated::Exists),
        // A file system without links: the name is taken by an empty file first.
        Err(error) if is_no_link(&error) => {
            match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
                Ok(_) => return fill_empty(path, bytes),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(NotCreated::Exists),
                Err(error) => return Err(failed(error).into()),
            }
        }
        Err(error) => return Err(failed(error).into()),
    }
    sync_directory(directory);
    Ok(())
}

/// Puts a whole file in the place of an empty one, unless another process does so at the same moment.
fn fill_empty(path: &Path, bytes: &[u8]) -> Result<(), NotCreated> {
    let failed = |error: std::io::Error| NotWritten { path: path.to_path_buf(), why: error.to_string() };
    let empty = File::open(path).map_err(failed)?;
    match empty.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(NotCreated::Exists),
        Err(TryLockError::Error(error)) => return Err(failed(error).into()),
    }
    // Whoever held the lock before may have put a file in its place.
    let same = |now: fs::Metadata, then: fs::Metadata| (now.dev(), now.ino(), now.len()) == (then.dev(), then.ino(), 0);
    if !fs::symlink_metadata(path).is_ok_and(|now| empty.metadata().is_ok_and(|then| same(now, then))) {
        return Err(NotCreated::Exists);
    }
    Ok(replace(path, bytes, 0o600)?)
}

fn is_no_link(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::Unsupported)
}

/// The same for a file of which the caller holds the lock. The new file is locked before it takes the name, so that
/// there is no moment without a lock, and is returned. Nobody else writes, so the temporary file has one name: what a
/// process that was killed left behind goes with the next write.
///
/// # Errors
/// What the system says.
pub fn replace_locked(path: &Path, bytes: &[u8], mode: u32) -> Result<File, NotWritten> {
    let name = path.file_name().map(|name| format!(".{}.tmp", name.to_string_lossy()));
    written(path, bytes, mode, Some(&name.unwrap_or_else(|| ".incfg.tmp".into())))
}

fn written(path: &Path, bytes: &[u8], mode: u32, own_name: Option<&str>) -> Result<File, NotWritten> {
    let failed = |why: String| NotWritten { path: path.to_path_buf(), why };
    let target = target_of(path).map_err(|error| failed(error.to_string()))?;
    let existing = match fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(metadata) if metadata.is_dir() => {
            return Err(failed("this is a directory; give the name of a file in it".into()));
        }
        Ok(_) => return Err(failed("this is no regular file; without -o the result goes to standard output".into())),
        Err(_) => None,
    };
    let directory = directory_of(&target);
    let mode = existing.as_ref().map_or(mode, |metadata| metadata.permissions().mode() & 0o7777);
    let mut temporary = match own_name {
        Some(name) => Temporary::create_as(directory.join(name), mode),
        None => Temporary::create(directory, mode),
    }
    .map_err(|error| failed(format!("in directory {}: {error}", directory.display())))?;
    let locked = || if own_name.is_some() { temporary.file.try_lock().map_err(std::io::Error::from) } else { Ok(()) };
    temporary
        .fill(bytes, existing.as_ref())
        .and_then(|()| locked())
        .and_then(|()| temporary.become_file(&target))
        .map_err(|error| failed(error.to_string()))?;
    sync_directory(directory);
    temporary.file.try_clone().map_err(|error| failed(error.to_string()))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name is safe on the disk only when its directory is; not every file system can be asked.
pub fn sync_directory(directory: &Path) {
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
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
    renamed: bool,
}

impl Temporary {
    fn create(directory: &Path, mode: u32) -> std::io::Result<Self> {
        for number in 0..1_000_u32 {
            let path = directory.join(format!(".incfg-{}-{number}.tmp", std::process::id()));
            match Self::create_new(path, mode) {
                Ok(temporary) => return Ok(temporary),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "a thousand temporary files of incfg lie here; remove them",
        ))
    }

    fn create_as(path: PathBuf, mode: u32) -> std::io::Result<Self> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Self::create_new(path, mode),
        }
    }

    fn create_new(path: PathBuf, mode: u32) -> std::io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&path)?;
        Ok(Self { path, file, renamed: false })
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

    fn become_file(&mut self, target: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, target)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}
