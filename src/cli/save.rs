//! Writing the result of a command to the file that was named.

use std::path::Path;

use crate::whole_file;

use super::{Exit, Failure, print, print_styled};

/// Writes `bytes` to `path`, whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    whole_file::replace(path, bytes, 0o666).map_err(|error| Failure::new(Exit::Input, error))
}

/// Writes a result to the file that was named, else to standard output.
pub(super) fn deliver(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => save(path, text.as_bytes()),
        None => print(text),
    }
}

/// Writes text for people to the file that was named, without colours, else to standard output.
pub(super) fn deliver_styled(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => save(path, anstream::adapter::strip_str(text).to_string().as_bytes()),
        None => print_styled(text),
    }
}
