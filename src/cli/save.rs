//! Writing the result of a command to the file that was named.

use std::path::Path;

use crate::whole_file;

use super::{Exit, Failure};

/// Writes `bytes` to `path`, whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    whole_file::replace(path, bytes, 0o666).map_err(|error| Failure::new(Exit::Input, error))
}
