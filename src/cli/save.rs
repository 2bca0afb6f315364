//! Writing the result of a command to the file that was named.

use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
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

/// A device takes a report as it comes; only a file can be half written.
fn save_report(path: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_char_device())
        || path == Path::new("/dev/stdout")
    {
        let failed = |error| Failure::new(Exit::Input, format!("{}: cannot be written: {error}", path.display()));
        let mut device = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
        return device.write_all(text.as_bytes()).map_err(failed);
    }
    whole_file::replace(path, text.as_bytes(), REPORT_MODE).map_err(|error| Failure::new(Exit::Input, error))
}

/// Refuses a file for a result that is one of those that were given to be read: its content would be gone.
pub(super) fn spare<'a>(output: Option<&Path>, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let file = |path: &Path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let Some((path, there)) = output.and_then(|path| Some((path, file(path)?))) else { return Ok(()) };
    let same = |input: &Path| file(input).is_some_and(|input| (input.dev(), input.ino()) == (there.dev(), there.ino()));
    if inputs.into_iter().any(same) {
        let why = "is one of the files that were given to be read, and is left as it is. Give the result another name";
        return Err(Failure::new(Exit::Usage, format!("{}: {why}", path.display())));
    }
    Ok(())
}

/// Writes a report to the file that was named, else, and for `-`, to standard output.
pub(super) fn deliver(path: Option<&Path>, document: &Masked) -> Result<(), Failure> {
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => save_report(path, document.as_str()),
        None => print_document(document),
    }
}

/// Writes text for people to the file that was named, without colours, else to standard output.
pub(super) fn deliver_styled(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => save_report(path, &anstream::adapter::strip_str(&styled(text)).to_string()),
        None => print_styled(text),
    }
}
