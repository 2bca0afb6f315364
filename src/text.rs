//! A source text: what stands where, and what has to stay as it is.

use std::ops::Range;
use std::slice::SliceIndex;

use crate::limits;

/// Why bytes are no source text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More bytes than incfg reads of a document.
    #[error("{path}: larger than {} MiB; a bootprep file is a few kB. Is it the right file?", limits::DOCUMENT_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: String,
    },
    /// The bytes are no UTF-8.
    #[error("{path}:{line}:{column}: not UTF-8 text: byte 0x{byte:02x}; was the file damaged, or is it compressed?")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// The first byte that is wrong.
        byte: u8,
    },
}

/// A line and a column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A text with its lines. A byte order mark is kept apart: offsets and columns count from behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    text: String,
    bom: bool,
    line_starts: Vec<usize>,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl SourceText {
    /// The text in `bytes`; `path` is for messages.
    ///
    /// # Errors
    /// Too many bytes, or bytes that are no UTF-8.
    pub fn new(path: &str, bytes: &[u8]) -> Result<Self, TextError> {
        if bytes.len() as u64 > limits::DOCUMENT_BYTES {
            return Err(TextError::TooLarge { path: path.to_owned() });
        }
        let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let text = match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let good = String::from_utf8_lossy(body.get(..error.valid_up_to()).unwrap_or_default()).into_owned();
                let byte = body.get(error.valid_up_to()).copied().unwrap_or_default();
                let at = Self::of(good, false).position(error.valid_up_to());
                return Err(TextError::NotUtf8 { path: path.to_owned(), line: at.line, column: at.column, byte });
            }
        };
        Ok(Self::of(text, body.len() < bytes.len()))
    }

    /// A text with the byte order mark of this one.
    #[must_use]
    pub fn with_text(&self, text: String) -> Self {
        Self::of(text, self.bom)
    }

    fn of(text: String, bom: bool) -> Self {
        let bytes = text.as_bytes();
        // A carriage return ends a line, too, unless it is the first half of a line break.
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|at| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n'));
        let line_starts = std::iter::once(0).chain(breaks.map(|at| at + 1)).collect();
        Self { text, bom, line_starts }
    }

    /// The text, without byte order mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands at a range that was found in this text.
    ///
    /// # Panics
    /// With a range of another text: that would end in a file nobody meant, so it has to end at once.
    #[must_use]
    #[allow(
        clippy::string_slice,
        reason = "spans come from this text, on the borders of its letters; the fuzz target `yaml` holds that"
    )]
    pub fn part<R: SliceIndex<str, Output = str>>(&self, range: R) -> &str {
        &self.text[range]
    }

    /// The bytes to write: the text, with the mark it came with.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.bom { [BOM, self.text.as_bytes()].concat() } else { self.text.clone().into_bytes() }
    }

    /// Whether a byte order mark stands before it.
    #[must_use]
    pub fn has_bom(&self) -> bool {
        self.bom
    }

    /// The line break of the text: that of its first line.
    #[must_use]
    pub fn line_break(&self) -> &'static str {
        let first = self.line_range(0);
        match self.text.get(self.line(0).len()..first.end) {
            Some("\r\n") => "\r\n",
            Some("\r") => "\r",
            _ => "\n",
        }
    }

    /// Whether the text ends with a line break.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.text.ends_with(['\n', '\r'])
    }

    /// The index of the line that holds `offset`, from 0.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The range of a line, with its line break.
    #[must_use]
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(line + 1).copied().unwrap_or(self.text.len());
        start..end
    }

    /// A line, without its line break.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let line = self.text.get(self.line_range(line)).unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// How many lines there are; an empty last one does not count.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.line_starts.len() - usize::from(self.text.is_empty() || self.is_closed())
    }

    /// Where `offset` stands.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_of(offset);
        let start = self.line_range(line).start;
        let end = offset.min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |before| before.chars().count()) + 1;
        Position { line: line + 1, column }
    }

    /// Bytes between the beginning of its line and `offset`.
    #[must_use]
    pub fn column_bytes(&self, offset: usize) -> usize {
        offset - self.line_range(self.line_of(offset)).start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_behind_the_mark() {
        let text = SourceText::new("x", "\u{feff}a: ä€z\r\nb\n".as_bytes()).unwrap();
        let z = text.as_str().find('z').unwrap();
        assert_eq!((text.position(z), text.line_break(), text.lines()), (Position { line: 1, column: 6 }, "\r\n", 2));
        assert_eq!(text.to_bytes(), "\u{feff}a: ä€z\r\nb\n".as_bytes());
    }

    #[test]
    fn a_carriage_return_ends_a_line() {
        let text = SourceText::new("x", b"a: b\rc: d\r\ne: f\r").unwrap();
        assert_eq!((text.line(1), text.line(2), text.lines(), text.line_break()), ("c: d", "e: f", 3, "\r"));
        assert_eq!(text.position(11), Position { line: 3, column: 1 });
    }

    #[test]
    fn bytes_that_are_no_text_are_told_where() {
        let error = SourceText::new("f.yaml", b"a: b\nc: \xff\n").unwrap_err();
        assert!(error.to_string().starts_with("f.yaml:2:4: not UTF-8 text: byte 0xff"), "{error}");
    }
}
