//! Reading what the arguments name: whole files, bounded.

use std::io::Read;
use std::path::Path;

use crate::limits;

use super::{Exit, Failure};

/// The bytes of a file; `-` is stdin. One byte beyond the limit is read, so that its excess is seen.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    try_read(path).map_err(|why| Failure::new(Exit::Input, why))
}

/// The same, with the reason as a sentence.
pub(super) fn try_read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: cannot be read: {error}", path.display());
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES + 1;
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    }
    Ok(bytes)
}

/// The text of a file, packed or not.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    crate::input::read_document(path).map_err(|error| Failure::new(Exit::Input, error))
}

/// A variable as `name.attribute=value`.
pub(super) fn variable(text: &str) -> Result<(Vec<String>, String), String> {
    let expected = "expected NAME=VALUE or NAME.ATTRIBUTE=VALUE";
    let (name, value) = text.split_once('=').ok_or(expected)?;
    let names: Vec<String> = name.split('.').map(|part| part.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(expected.into());
    }
    Ok((names, value.to_owned()))
}
