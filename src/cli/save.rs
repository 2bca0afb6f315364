//! Writing the result of a command to the file that was named.

use std::path::Path;

use crate::report::{Masked, styled};
use crate::whole_file;

use super::{Exit, Failure, print_document, print_styled};

/// A report holds text of logs, which is nobody else's business.
const REPORT_MODE: u32 = 0o600;

/// Writes a bootprep file or what belongs to one to `path`, whole or not at all; a new file is as the umask has it.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    whole_file::replace(path, bytes, 0o666).map_err(|error| Failure::new(Exit::Input, error))
}

fn save_report(path: &Path, text: &str) -> Result<(), Failure> {
    whole_file::replace(path, text.as_bytes(), REPORT_MODE).map_err(|error| Failure::new(Exit::Input, error))
}

/// Writes a report to the file that was named, else to standard output.
pub(super) fn deliver(path: Option<&Path>, document: &Masked) -> Result<(), Failure> {
    match path {
        Some(path) => save_report(path, document.as_str()),
        None => print_document(document),
    }
}

/// Writes text for people to the file that was named, without colours, else to standard output.
pub(super) fn deliver_styled(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => save_report(path, &anstream::adapter::strip_str(&styled(text)).to_string()),
        None => print_styled(text),
    }
}
