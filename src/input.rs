//! Where bytes come from: files, directories, stdin, compressed or not; and what they are.
//!
//! An input is recognised by its content. Its name only helps where content cannot tell: the pod of a file under
//! `argo_logs`, the workflow of a file under `state/sessions`.

mod activity;
mod kind;

use std::fs::{File, Metadata};
use std::io::{BufReader, Cursor, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use crate::limits;

pub use kind::Kind;

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path names nothing.
    #[error(
        "{path}: there is no such file or directory. Give an IUF activity directory (/etc/cray/upgrade/csm/iuf/<activity>), its log/, or log files"
    )]
    Missing {
        /// The path as given.
        path: String,
    },
    /// The file cannot be read.
    #[error("{path}: cannot be read: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A directory of grammars is none.
    #[error("{path}: {found}; grammars are read from a directory of files called *.yaml")]
    NoDirectory {
        /// The path.
        path: String,
        /// What is there.
        found: &'static str,
    },
    /// A document is larger than incfg reads whole.
    #[error("{path}: larger than {} MiB; a document of this kind is a few hundred kB. Is it the right file?", limits::DOCUMENT_BYTES >> 20)]
    TooLarge {
        /// The path.
        path: String,
    },
    /// A document is a tar archive.
    #[error(
        "{path}: this is a tar archive; unpack it (tar -xf, in an empty directory) and give the file in it that is meant"
    )]
    Archive {
        /// The path.
        path: String,
    },
    /// A document is packed as incfg does not read it.
    #[error("{path}: this is packed with {with}; unpack it first. gzip and zstd are read as they are")]
    Packed {
        /// The path.
        path: String,
        /// The program that packed it.
        with: &'static str,
    },
    /// A document that is written in its place is packed.
    #[error(
        "{path}: this is packed with {with}, and incfg writes this file in its place, so it is read only as it is written. Unpack it and give the file that comes out"
    )]
    PackedInPlace {
        /// The path.
        path: String,
        /// The program that packed it.
        with: &'static str,
    },
    /// A directory holds several activities.
    #[error("{path}: this directory holds {} activities ({}). Give the directory of one of them", .activities.len(), .activities.join(", "))]
    SeveralActivities {
        /// The path.
        path: String,
        /// Their names.
        activities: Vec<String>,
    },
    /// A directory holds nothing to read.
    #[error(
        "{path}: no logs in this directory. Looked for log/<14 digits>/install.log, argo_logs/*-main.txt, state/sessions/*.yaml, and for any file that is a log of IUF, SAT or ansible by its content"
    )]
    NothingInDirectory {
        /// The path.
        path: String,
    },
}

/// An input, recognised and not yet read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path to print: as given, or below a directory as given.
    pub shown: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it was named on the command line, not found in a directory.
    pub named: bool,
    bytes: Bytes,
}

/// An input that is open.
pub enum Opened<'a> {
    /// A regular file, and how many bytes it had when it was opened: a log that is being written has an end all the same.
    File(File, u64),
    /// Anything else, to be read from one end to the other.
    Stream(Box<dyn Read + Send + 'a>),
}

#[derive(Debug, Clone)]
enum Bytes {
    /// A file, and how many bytes it had when it was recognised, if they are its text.
    File(PathBuf, Option<u64>),
    /// A pipe can be read once, so what recognising took is kept.
    Pipe(Vec<u8>, Rest),
}

/// What is still in a pipe.
#[derive(Debug, Clone)]
enum Rest {
    Stdin,
    /// A pipe that has a path, as `<(zcat ...)` in a shell.
    Named(Arc<File>),
}

/// What a directory or path list came to.
#[derive(Debug, Default)]
pub struct Collected {
    /// The inputs, in the order in which they are to be read.
    pub sources: Vec<Source>,
    /// Inputs that were left out, and why.
    pub left_out: Vec<LeftOut>,
}

/// An input that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The path.
    pub path: String,
    /// Why, in a sentence.
    pub why: String,
}

/// Finds and recognises the inputs below `paths`; `-` is standard input.
///
/// # Errors
/// A path that does not exist, cannot be read, or holds several activities.
pub fn collect(paths: &[PathBuf]) -> Result<Collected, InputError> {
    let mut found = Collected::default();
    let mut recogniser = Recogniser::default();
    for path in paths {
        let shown = path.display().to_string();
        if shown == "-" {
            let mut head = Vec::new();
            std::io::stdin()
                .lock()
                .take(limits::HEAD_BYTES as u64)
                .read_to_end(&mut head)
                .map_err(|error| unreadable("-", &error))?;
            let kind = recognise_head(&head, "-");
            found.sources.push(Source { shown, kind, named: true, bytes: Bytes::Pipe(head, Rest::Stdin) });
            continue;
        }
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => InputError::Missing { path: shown.clone() },
            _ => unreadable(&shown, &error),
        })?;
        if metadata.is_dir() {
            let before = found.sources.len();
            for file in activity::files_below(path, &mut found.left_out)? {
                let shown = file.display().to_string();
                match recogniser.recognise(&file) {
                    Ok(Some((kind, bytes))) => {
                        found.sources.push(Source { shown, kind, named: false, bytes: Bytes::File(file, bytes) });
                    }
                    Ok(None) => {}
                    Err(error) => {
                        found
                            .left_out
                            .push(LeftOut { why: format!("cannot be read: {}", reason(&error)), path: shown });
                    }
                }
            }
            if found.sources.len() == before {
                return Err(InputError::NothingInDirectory { path: shown });
            }
        } else if !metadata.is_file() {
            let head_of = |file: &File| -> std::io::Result<Vec<u8>> {
                let mut head = Vec::new();
                file.take(limits::HEAD_BYTES as u64).read_to_end(&mut head)?;
                Ok(head)
            };
            let file = File::open(path).map_err(|error| unreadable(&shown, &error))?;
            let head = head_of(&file).map_err(|error| unreadable(&shown, &error))?;
            let kind = recognise_head(&head, &shown);
            found.sources.push(Source {
                shown,
                kind,
                named: true,
                bytes: Bytes::Pipe(head, Rest::Named(Arc::new(file))),
            });
        } else if let Some((kind, bytes)) = recogniser.recognise(path).map_err(|error| unreadable(&shown, &error))? {
            found.sources.push(Source { shown, kind, named: true, bytes: Bytes::File(path.clone(), bytes) });
        }
    }
    Ok(found)
}

fn unreadable(path: &str, error: &std::io::Error) -> InputError {
    InputError::Unreadable { path: path.to_owned(), why: reason(error) }
}

/// Why the system does not let a file be read, and what to do, to stand behind "cannot be read: ".
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => {
            "this user may not read it. Ask its owner or root for a copy, or let root run incfg".into()
        }
        std::io::ErrorKind::IsADirectory => "this is a directory. Give a file in it".into(),
        std::io::ErrorKind::AlreadyExists => "a file has that name. Give a directory".into(),
        std::io::ErrorKind::NotADirectory => "what stands before the last / is a file, not a directory".into(),
        _ => error.to_string(),
    }
}

/// Tells what files are, each of them once.
#[derive(Default)]
struct Recogniser {
    /// Device and number of the files that were met: one file may be reached by several paths.
    seen: std::collections::HashSet<(u64, u64)>,
    head: Vec<u8>,
}

impl Recogniser {
    /// What a file is, and how many bytes of text it holds if it is not packed; `None` if it was met before.
    fn recognise(&mut self, path: &Path) -> std::io::Result<Option<(Kind, Option<u64>)>> {
        let (mut file, metadata) = open_plain(path)?;
        if !self.seen.insert((metadata.dev(), metadata.ino())) {
            return Ok(None);
        }
        self.head.resize(limits::HEAD_BYTES, 0);
        // A file that has as many bytes as it is said to have is at its end: nearly always the first call gets them all.
        let head = filled(&mut file, &mut self.head, |read| read as u64 == metadata.len())?;
        let bytes = packing(head).is_none().then_some(metadata.len());
        Ok(Some((recognise_head(head, &path.display().to_string()), bytes)))
    }
}

fn recognise_head(head: &[u8], name: &str) -> Kind {
    if packing(head).is_none() {
        return kind::recognise(head, name);
    }
    let mut text = Vec::new();
    match decompressed(Cursor::new(head)) {
        // Half a compressed stream gives an error at its end; what came before it is enough.
        Ok(reader) => drop(reader.take(limits::HEAD_BYTES as u64).read_to_end(&mut text)),
        Err(_) => return Kind::Binary,
    }
    kind::recognise(&text, name)
}

fn open_plain(path: &Path) -> std::io::Result<(File, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "this is a directory"));
    }
    Ok((file, metadata))
}

/// What a reader gives until the buffer is full, or `is_all` that can come.
fn filled<'b>(
    input: &mut impl Read,
    buffer: &'b mut [u8],
    is_all: impl Fn(usize) -> bool,
) -> std::io::Result<&'b [u8]> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled > 0 && is_all(filled) {
            break;
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}

/// Unpacks gzip and zstd, by their magic bytes; other bytes pass as they are.
fn decompressed<'a, R: Read + Send + 'a>(mut input: R) -> std::io::Result<Box<dyn Read + Send + 'a>> {
    let mut magic = [0; 4];
    let magic = filled(&mut input, &mut magic, |_| false)?;
    let whole = Cursor::new(magic.to_vec()).chain(input);
    Ok(match packing(magic) {
        Some(Packing::Gzip) => Box::new(MultiGzDecoder::new(BufReader::with_capacity(limits::CHUNK_BYTES, whole))),
        Some(Packing::Zstd) => Box::new(zstd::stream::read::Decoder::new(whole)?),
        None => Box::new(whole),
    })
}

enum Packing {
    Gzip,
    Zstd,
}

fn packing(magic: &[u8]) -> Option<Packing> {
    match magic {
        [0x1f, 0x8b, ..] => Some(Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
        _ => None,
    }
}

impl Source {
    /// Opens the input, to be scanned. A file that is not compressed can be read at any place.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(&self) -> std::io::Result<Opened<'_>> {
        if let Bytes::File(path, _) = &self.bytes {
            let (file, metadata) = open_plain(path)?;
            let mut magic = [0; 4];
            if metadata.is_file() && metadata.len() > 0 {
                let read = file.read_at(&mut magic, 0)?;
                if magic.get(..read).and_then(packing).is_none() {
                    return Ok(Opened::File(file, metadata.len()));
                }
            }
        }
        Ok(Opened::Stream(self.reader()?))
    }

    /// The text of the input, unpacked, from one end to the other.
    ///
    /// # Errors
    /// The system's error.
    pub fn reader(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        match &self.bytes {
            Bytes::File(path, _) => decompressed(open_plain(path)?.0),
            Bytes::Pipe(head, Rest::Stdin) => decompressed(Cursor::new(head.as_slice()).chain(std::io::stdin())),
            Bytes::Pipe(head, Rest::Named(file)) => decompressed(Cursor::new(head.as_slice()).chain(&**file)),
        }
    }

    /// How many bytes will be read, where that is known: of a file that is not compressed.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self.bytes {
            Bytes::File(_, bytes) => bytes,
            Bytes::Pipe(..) => None,
        }
    }

    /// The text once more, as far as it can be had: of a pipe the whole lines at its head.
    ///
    /// # Errors
    /// The system's error.
    pub fn open_again(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        match &self.bytes {
            Bytes::File(..) => self.reader(),
            Bytes::Pipe(head, _) => {
                let whole = if head.len() < limits::HEAD_BYTES {
                    head.len()
                } else {
                    memchr::memrchr(b'\n', head).map_or(0, |last| last + 1)
                };
                decompressed(Cursor::new(head.get(..whole).unwrap_or_default()))
            }
        }
    }

    /// The whole text of a document.
    ///
    /// # Errors
    /// The system's error, or a document larger than [`limits::DOCUMENT_BYTES`].
    pub fn read_document(&self) -> Result<String, InputError> {
        let reader = self.reader().map_err(|error| unreadable(&self.shown, &error))?;
        read_bounded(reader, &self.shown)
    }
}

/// A file that may be packed, as its text.
///
/// # Errors
/// The system's error.
pub fn open_unpacked(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    open_plain(path).and_then(|(file, _)| decompressed(file))
}

/// Why a text is not the JSON that is wanted.
pub(crate) fn no_json(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof if error.column() == 0 => "nothing is in it".into(),
        serde_json::error::Category::Eof => {
            "this is no whole JSON: it ends in the middle. Was it copied to its end?".into()
        }
        // The whole of it is another thing: where that begins, and what this program calls it, helps nobody.
        serde_json::error::Category::Data if error.column() == 0 => "this is JSON of another kind".into(),
        serde_json::error::Category::Data => format!("this is JSON of another kind ({error})"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("this is no whole JSON ({error})")
        }
    }
}

/// The whole text of a file that the user names as a document: bootprep, variables, grammar.
///
/// # Errors
/// A file that cannot be read, is larger than [`limits::DOCUMENT_BYTES`], or holds other files.
pub fn read_document(path: &Path) -> Result<String, InputError> {
    let shown = path.display().to_string();
    let file = open_plain(path).and_then(|(file, _)| decompressed(file)).map_err(|error| unreadable(&shown, &error))?;
    read_bounded(file, &shown)
}

/// The files of a directory of grammars: every `*.yaml` and `*.yml`, in the order of their names.
///
/// # Errors
/// A directory that cannot be listed, or a file that cannot be read.
pub fn read_grammar_directory(path: &Path) -> Result<Vec<(String, String)>, InputError> {
    let shown = path.display().to_string();
    let entries = std::fs::read_dir(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            InputError::NoDirectory { path: shown.clone(), found: "there is no such directory" }
        }
        std::io::ErrorKind::NotADirectory => InputError::NoDirectory { path: shown.clone(), found: "this is a file" },
        _ => unreadable(&shown, &error),
    })?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"))
        .collect();
    files.sort();
    files.iter().map(|file| Ok((file.display().to_string(), read_grammar_file(file)?))).collect()
}

/// Nobody has named this file: to wait for what a pipe among them may hold would be to wait for ever.
fn read_grammar_file(path: &Path) -> Result<String, InputError> {
    let waits = |found: &std::fs::Metadata| !found.is_file() && !found.is_dir();
    if std::fs::metadata(path).as_ref().is_ok_and(waits) {
        let why = "this is a pipe or a device, and a grammar is a file. Take it out of the directory".to_owned();
        return Err(InputError::Unreadable { path: path.display().to_string(), why });
    }
    read_document(path)
}

fn read_bounded(reader: impl Read, shown: &str) -> Result<String, InputError> {
    let mut text = Vec::new();
    reader.take(limits::DOCUMENT_BYTES + 1).read_to_end(&mut text).map_err(|error| unreadable(shown, &error))?;
    is_one_document(&text, shown)?;
    if text.len() as u64 > limits::DOCUMENT_BYTES {
        return Err(InputError::TooLarge { path: shown.to_owned() });
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The bytes of a document, unpacked where gzip or zstd has packed them. Of those beyond
/// [`limits::DOCUMENT_BYTES`] one is kept, so that their excess is seen.
///
/// # Errors
/// What was packed and is damaged, and what holds other files.
pub fn unpacked(bytes: Vec<u8>, shown: &str) -> Result<Vec<u8>, InputError> {
    let bytes = if packing(&bytes).is_some() {
        let mut text = Vec::new();
        decompressed(Cursor::new(bytes))
            .and_then(|reader| reader.take(limits::DOCUMENT_BYTES + 1).read_to_end(&mut text))
            .map_err(|error| unreadable(shown, &error))?;
        text
    } else {
        bytes
    };
    is_one_document(&bytes, shown)?;
    Ok(bytes)
}

/// Refuses what holds other files, and what is packed as incfg does not unpack it: as the text of a document it would be
/// told by the first of its bytes that is none.
///
/// # Errors
/// A tar archive, and what zip, xz or bzip2 has packed.
fn is_one_document(bytes: &[u8], shown: &str) -> Result<(), InputError> {
    if kind::is_archive(bytes) {
        return Err(InputError::Archive { path: shown.to_owned() });
    }
    foreign_packing(bytes).map_or(Ok(()), |with| Err(InputError::Packed { path: shown.to_owned(), with }))
}

/// Refuses what is not a document as it stands: what holds other files, and what anything has packed.
///
/// # Errors
/// A tar archive, packed or not, and all else that is packed.
pub fn is_plain_document(bytes: &[u8], shown: &str) -> Result<(), InputError> {
    let with = match packing(bytes) {
        None if kind::is_archive(bytes) => return Err(InputError::Archive { path: shown.to_owned() }),
        None => foreign_packing(bytes),
        Some(_) if recognise_head(bytes, shown) == Kind::Archive => {
            return Err(InputError::Archive { path: shown.to_owned() });
        }
        Some(Packing::Gzip) => Some("gzip"),
        Some(Packing::Zstd) => Some("zstd"),
    };
    with.map_or(Ok(()), |with| Err(InputError::PackedInPlace { path: shown.to_owned(), with }))
}

/// The program that packed bytes which incfg does not unpack.
fn foreign_packing(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("zip"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..] => Some("bzip2"),
        _ => None,
    }
}
