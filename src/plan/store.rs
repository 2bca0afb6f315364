//! A plan on disk: locked while it is worked on, always whole, and never written over what another hand changed.

use std::fs::{File, TryLockError};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::input::{self, InputError};
use crate::limits;
use crate::whole_file::{self, NotCreated, NotWritten};

use super::{BadPlan, Plan};

/// A plan holds ids and reasons that are nobody else's business.
const MODE: u32 = 0o600;

/// Why a plan cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// It is no plan.
    #[error(transparent)]
    Bad(#[from] BadPlan),
    /// It holds other files, or is packed.
    #[error(transparent)]
    NoDocument(#[from] InputError),
    /// Another incfg is at work on it.
    #[error(
        "{path}: another incfg is at work on this plan. Wait for it, or end it first; incfg status shows how far it is"
    )]
    Busy {
        /// The file.
        path: String,
    },
    /// It cannot be locked.
    #[error(
        "{path}: cannot be locked: {why}. Without a lock two incfg could do the same step; keep the plan on a local disk"
    )]
    NoLock {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// It was changed meanwhile.
    #[error(
        "{path}: changed by another hand since incfg read it, so it was left alone. What is not written in it: {meant}"
    )]
    Changed {
        /// The file.
        path: String,
        /// What could not be written.
        meant: String,
    },
    /// It cannot be written.
    #[error("{0}")]
    NotWritten(#[from] NotWritten),
    /// A file of that name is there.
    #[error("{path}: {found}")]
    Exists {
        /// The file.
        path: String,
        /// What it is.
        found: Found,
    },
}

/// A plan that this process, and no other, works on.
#[derive(Debug)]
pub struct Store {
    /// As it was given.
    shown: PathBuf,
    /// Behind all links.
    path: PathBuf,
    file: File,
    bytes: Vec<u8>,
    plan: Plan,
}

/// Reads a plan without a lock: it is whole at any moment.
///
/// # Errors
/// A file that cannot be read or is no plan.
pub fn read(path: &Path) -> Result<Plan, StoreError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Plan::parse(&path.display().to_string(), &content(&file, path)?)?)
}

/// Writes a new plan. A plan is never written over, whoever made it and when; an empty file has nothing to lose.
///
/// # Errors
/// A file of that name, or one that cannot be written.
pub fn create(path: &Path, plan: &Plan) -> Result<(), StoreError> {
    whole_file::create(path, plan.to_yaml().as_bytes(), MODE).map_err(|error| match error {
        NotCreated::Exists => {
            StoreError::Exists { path: path.display().to_string(), found: Found::of(read(path).ok().as_ref()) }
        }
        NotCreated::NotWritten(error) => error.into(),
    })
}

/// What stands where a plan was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No plan.
    Other,
    /// A plan that has not begun.
    Plan,
    /// A plan whose sessions are under way, or have made images.
    Begun,
}

impl Found {
    fn of(plan: Option<&Plan>) -> Self {
        let begun = |plan: &Plan| plan.steps().any(|step| !step.attempts.is_empty());
        plan.map_or(Self::Other, |plan| if begun(plan) { Self::Begun } else { Self::Plan })
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Other => "is there already. A plan never takes the place of another file; choose another name, or remove it if it is of no use",
            Self::Plan => "is there already: a plan that has not begun, perhaps made a moment ago. A plan is never written over; choose another name, or remove it if it is of no use",
            Self::Begun => "is there already: a plan that has begun. Go on with it (incfg status shows how far it is); only it knows its sessions and images. For another plan choose another name",
        })
    }
}

impl Store {
    /// Reads a plan and locks it.
    ///
    /// # Errors
    /// A file that cannot be read, is no plan, or is another's at the moment.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        // Behind a link stands the file that is written and locked.
        let real = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        loop {
            let file = File::options()
                .read(true)
                .write(true)
                .open(&real)
                .or_else(|_| File::open(&real))
                .map_err(|error| unreadable(path, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: shown }),
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::NoLock { path: shown, why: error.to_string() });
                }
            }
            // Between opening and locking another process may have put a newer plan in its place.
            if is_at(&file, &real) {
                let bytes = content(&file, path)?;
                let plan = Plan::parse(&shown, &bytes)?;
                return Ok(Self { shown: path.to_path_buf(), path: real, file, bytes, plan });
            }
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it is, as it was given.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Goes on with another plan in memory, for one that is only rehearsed; the file stays as it is.
    pub fn suppose(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// Changes the plan, on disk first: when this returns, the change is safe. `meant` says what would be lost.
    ///
    /// # Errors
    /// A plan that another hand changed, or that cannot be written; it is as it was then.
    pub fn save(&mut self, plan: Plan, meant: &str) -> Result<(), StoreError> {
        let changed = || StoreError::Changed { path: self.shown.display().to_string(), meant: meant.to_owned() };
        let now = std::fs::read(&self.path).map_err(|_| changed())?;
        if now != self.bytes || !is_at(&self.file, &self.path) {
            return Err(changed());
        }
        let bytes = plan.to_yaml().into_bytes();
        self.file = whole_file::replace_locked(&self.path, &bytes, MODE)?;
        self.bytes = bytes;
        self.plan = plan;
        Ok(())
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let same = |one: std::fs::Metadata, other: std::fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    file.metadata().is_ok_and(|file| std::fs::metadata(path).is_ok_and(|path| same(file, path)))
}

fn content(file: &File, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    file.take(limits::DOCUMENT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    input::is_plain_document(&bytes, &path.display().to_string())?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> StoreError {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file. incfg plan -o FILE makes a plan".to_owned(),
        std::io::ErrorKind::IsADirectory => {
            "this is a directory. A plan is one file, which incfg plan -o FILE makes".to_owned()
        }
        _ => input::reason(error),
    };
    StoreError::Unreadable { path: path.display().to_string(), why }
}
