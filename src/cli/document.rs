//! Reading what the arguments name: whole files, bounded.

use std::io::Read;
use std::path::Path;

use crate::input;
use crate::limits;

use super::{Exit, Failure};

/// The bytes of a file; `-` is stdin. One byte beyond the limit is read, so that its excess is seen.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    try_read(path).map_err(|why| Failure::new(Exit::Input, why))
}

/// The same, with the reason as a sentence.
pub(super) fn try_read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: cannot be read: {}", path.display(), input::reason(&error));
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES + 1;
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
    }
    input::unpacked(bytes, &super::shown_as_input(path)).map_err(|error| error.to_string())
}

/// Whether bytes are packed with gzip or zstd.
fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Refuses to write into a file that cannot be written as it was read: packed, or changed since.
pub(super) fn unchanged(path: &Path, original: &[u8]) -> Result<(), Failure> {
    let refused = |why: &str| Failure::new(Exit::Input, format!("{}: {why}. It was left alone", path.display()));
    let now = std::fs::read(path).map_err(|error| refused(&format!("cannot be read any more: {error}")))?;
    if is_packed(&now) {
        return Err(refused("packed with gzip or zstd; unpack it first"));
    }
    if now != original {
        return Err(refused("changed by another hand since it was read; try again"));
    }
    Ok(())
}

/// The text of a file, packed or not.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    input::read_document(path).map_err(|error| Failure::new(Exit::Input, error))
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
