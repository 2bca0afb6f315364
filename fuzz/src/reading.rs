//! Logs read in every way that may not matter: with several threads, in small pieces, as a file and as a stream.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::sync::LazyLock;

use incfg::evidence::FileId;
use incfg::grammar::{Grammar, Taken, explain};
use incfg::input::Opened;
use incfg::line::Dialect;
use incfg::scan::{Extent, Scanner};
use incfg::statement::{Statement, Window, read_statements};
use serde_yaml::Value;

use crate::scratch;

/// How a text is read.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub threads: usize,
    pub piece_bytes: usize,
    /// Bytes that a read gives at most; of a file, not a stream, when none.
    pub read_bytes: Option<usize>,
}

/// The way that all others are held against: one thread, one piece.
pub const PLAIN: Way = Way { threads: 1, piece_bytes: 1 << 20, read_bytes: Some(usize::MAX) };

/// Gives a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// What a text says, in words that differ where it does, and how long it is.
#[must_use]
pub fn told(data: &[u8], dialect: Dialect, grammar: &Grammar, way: Way) -> (Vec<String>, Extent) {
    let mut told = Vec::new();
    let extent = statements(data, dialect, grammar, way, |said| told.push(format!("{said:?}")));
    (told, extent)
}

/// Gives each thing that a text says, and how long it is.
pub fn statements(
    data: &[u8],
    dialect: Dialect,
    grammar: &Grammar,
    way: Way,
    mut take: impl FnMut(Statement<'_>),
) -> Extent {
    let input = match way.read_bytes {
        Some(bytes) => Opened::Stream(Box::new(Slow(data, bytes.max(1)))),
        None => Opened::File(File::open(scratch::file("log", data)).expect("a scratch file"), data.len() as u64),
    };
    let (mut places, mut seen) = (Vec::new(), 0);
    let mut watch = |bytes| seen += bytes;
    let mut scanner = Scanner::new(way.threads, way.piece_bytes, &mut watch);
    let read = read_statements(&mut scanner, input, FileId(0), dialect, grammar, Window::default(), |said| {
        places.push(said.place);
        take(said);
    });
    let extent = read.expect("bytes that can be read");
    assert_eq!((extent.bytes, seen), (data.len() as u64, data.len() as u64), "every byte is read once");
    assert_eq!(extent.lines, data.split_inclusive(|byte| *byte == b'\n').count() as u64);
    assert!(places.iter().all(|place| (1..=extent.lines).contains(&place.line)));
    extent
}

/// Line kinds of grammar files for whose lines logs are searched by what their pattern tells: those that follow no other
/// line and bring no needle of their own.
#[must_use]
pub fn searched_by_pattern(text: &str) -> HashSet<String> {
    let file: Value = serde_yaml::from_str(text).unwrap_or_default();
    let lines = file.get("lines").and_then(Value::as_sequence).cloned().unwrap_or_default();
    let given = |entry: &Value, key: &str| entry.get(key).is_some_and(|value| !value.is_null());
    let found = lines.iter().filter(|entry| !given(entry, "after") && !given(entry, "needle"));
    found.filter_map(|entry| Some(entry.get("id")?.as_str()?.to_owned())).collect()
}

/// Those of the grammars that incfg brings along.
pub static SEARCHED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let files = [
        include_str!("../../grammars/iuf.yaml"),
        include_str!("../../grammars/sat.yaml"),
        include_str!("../../grammars/cfs.yaml"),
    ];
    files.into_iter().flat_map(searched_by_pattern).collect()
});

/// Refuses a search that passes over a line which a line kind takes: a fact would be lost.
pub fn nothing_is_passed_over(data: &[u8], dialect: Dialect, grammar: &Grammar, searched: &HashSet<String>) {
    for line in data.split(|byte| *byte == b'\n').take(200) {
        let (Taken::By { id, .. } | Taken::Opens { id }) = explain(grammar, dialect, line) else { continue };
        if searched.contains(&id) {
            let through = grammar.sieve(dialect).lets_through(line);
            assert!(through, "{id} takes {:?}, and logs are not searched for it", String::from_utf8_lossy(line));
        }
    }
}
