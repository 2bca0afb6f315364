//! Pieces of whole lines, cut out of files and streams.

#![allow(
    clippy::indexing_slicing,
    reason = "`room` makes a buffer as long as what is read into it, and what a piece holds lies in what was read"
)]

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::limits::LINE_BYTES;
use crate::sieve::Sieve;

/// The system copies to the begin of a memory page several times as fast as to the middle of one.
const PAGE: usize = 4096;

/// Room before the page at which a read begins, for the begin of a line that the last read ended in.
const FRONT: usize = 16 * PAGE;

/// Bytes read at a time to find the end of a line.
const TAIL: usize = PAGE;

/// How the last line of a piece ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum End {
    /// With a line break.
    #[default]
    Whole,
    /// Where incfg stops looking: the line goes on.
    Cut,
    /// With the input.
    Unfinished,
}

/// Whole lines, and which of them are worth a look.
#[derive(Default)]
pub(super) struct Piece {
    buffer: Vec<u8>,
    text: Range<usize>,
    /// How its last line ends.
    pub(super) end: End,
    /// How many bytes of the input it stands for.
    pub(super) read_bytes: u64,
    /// How many lines it holds.
    pub(super) lines: u64,
    /// The lines that are let through: where each begins, and how many stand before it.
    pub(super) hits: Vec<(usize, u64)>,
}

impl Piece {
    /// The lines.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[self.text.clone()]
    }

    /// Finds the lines that are let through, and counts them all.
    pub(super) fn sift(&mut self, sieve: &Sieve) {
        let text = &self.buffer[self.text.clone()];
        let hits = &mut self.hits;
        hits.clear();
        let breaks = sieve.each(text, |at, before| hits.push((at, before)));
        self.lines = breaks + u64::from(self.end != End::Whole);
    }

    /// Room for `front` bytes before a page and `bytes` from its begin; gives the place of that page.
    fn room(&mut self, front: usize, bytes: usize) -> usize {
        let front = front.next_multiple_of(PAGE).max(FRONT);
        let size = PAGE + front + bytes;
        if self.buffer.len() < size {
            self.buffer = vec![0; size];
        }
        let address = self.buffer.as_ptr().addr() + front;
        front + address.next_multiple_of(PAGE) - address
    }

    fn hold(&mut self, text: Range<usize>, end: End) {
        self.text = text;
        self.end = end;
    }
}

/// A regular file, cut into pieces that can be read in any order. A line belongs to the piece in which it begins; one that
/// begins right behind a piece belongs to that piece, so that no piece has to look at what stands before it.
pub(super) struct FilePieces {
    /// The file.
    pub(super) file: File,
    /// How many bytes of it are read.
    pub(super) bytes: u64,
    /// Bytes of a piece.
    pub(super) piece_bytes: u64,
}

impl FilePieces {
    /// How many pieces there are.
    pub(super) fn count(&self) -> u64 {
        self.bytes.div_ceil(self.piece_bytes)
    }

    /// Reads a piece.
    pub(super) fn read(&self, at: u64, piece: &mut Piece) -> Result<()> {
        let start = at * self.piece_bytes;
        let size = usize::try_from(self.piece_bytes.min(self.bytes - start)).unwrap_or(LINE_BYTES);
        let page = piece.room(0, size + TAIL);
        piece.read_bytes = 0;
        piece.hold(page..page, End::Whole);
        let (mut filled, mut outcome) = self.fill(&mut piece.buffer[page..page + size + TAIL], start);
        let own = filled.min(size);
        piece.read_bytes = own as u64;
        let text = &piece.buffer[page..page + own];
        let begin = if at == 0 { Some(0) } else { memchr::memchr(b'\n', text).map(|end| end + 1) };
        let Some(begin) = begin else { return outcome };
        let last = memchr::memrchr(b'\n', text).map_or(begin, |end| end + 1);
        let mut looked = own;
        loop {
            let known = filled.min(last + LINE_BYTES);
            let unseen = &piece.buffer[page + looked..page + known];
            if let Some(end) = memchr::memchr(b'\n', unseen) {
                piece.hold(page + begin..page + looked + end + 1, End::Whole);
                return outcome;
            }
            if known == last + LINE_BYTES {
                piece.hold(page + begin..page + known, End::Cut);
                return outcome;
            }
            looked = known;
            let more =
                if outcome.is_ok() && start + (filled as u64) < self.bytes { TAIL.max(filled - last) } else { 0 };
            if piece.buffer.len() < page + filled + more {
                piece.buffer.resize(page + filled + more, 0);
            }
            let read = self.fill(&mut piece.buffer[page + filled..page + filled + more], start + filled as u64);
            outcome = outcome.and(read.1);
            if read.0 == 0 {
                piece.hold(page + begin..page + filled, if filled > last { End::Unfinished } else { End::Whole });
                return outcome;
            }
            filled += read.0;
        }
    }

    /// Fills `buffer` from a place of the file, as far as the file goes.
    fn fill(&self, buffer: &mut [u8], from: u64) -> (usize, Result<()>) {
        let most = usize::try_from(self.bytes - from).unwrap_or(usize::MAX).min(buffer.len());
        let mut filled = 0;
        while filled < most {
            match self.file.read_at(&mut buffer[filled..most], from + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (filled, Err(error)),
            }
        }
        (filled, Ok(()))
    }
}

/// A stream, cut into pieces as it comes.
pub(super) struct StreamPieces<'a> {
    reader: Box<dyn Read + Send + 'a>,
    piece_bytes: usize,
    /// What was read and belongs to the next piece.
    rest: Vec<u8>,
    /// Inside a line whose head has been given out.
    skipping: bool,
    ended: bool,
    /// Why it ended; told when all that was read before has been given out.
    failure: Option<Error>,
}

impl<'a> StreamPieces<'a> {
    /// Pieces of at least `piece_bytes`, as long as the stream has them.
    pub(super) fn new(reader: Box<dyn Read + Send + 'a>, piece_bytes: usize) -> Self {
        Self { reader, piece_bytes, rest: Vec::new(), skipping: false, ended: false, failure: None }
    }

    /// Whether all has been given out.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.rest.is_empty()
    }

    /// Reads the next piece; it may be without a line. An error comes with the last of what was read before it.
    pub(super) fn read(&mut self, piece: &mut Piece) -> Result<()> {
        self.take(piece);
        if self.is_over() { self.failure.take().map_or(Ok(()), Err) } else { Ok(()) }
    }

    fn take(&mut self, piece: &mut Piece) {
        let front = self.rest.len();
        // A rest that holds whole lines is given out first: only then can just the first line of a piece be a long one.
        let reads = !self.ended && memchr::memchr(b'\n', &self.rest).is_none();
        let bytes = if reads { self.piece_bytes } else { 0 };
        let page = piece.room(front, bytes);
        let begin = page - front;
        piece.buffer[begin..page].copy_from_slice(&self.rest);
        self.rest.clear();
        let filled = if reads { self.fill(&mut piece.buffer[page..page + bytes]) } else { 0 };
        piece.read_bytes = filled as u64;
        let end = page + filled;
        piece.hold(begin..begin, End::Whole);
        let mut begin = begin;
        if self.skipping {
            let Some(over) = memchr::memchr(b'\n', &piece.buffer[begin..end]) else { return };
            begin += over + 1;
            self.skipping = false;
        }
        let text = &piece.buffer[begin..end];
        let first = memchr::memchr(b'\n', text);
        if first.unwrap_or(text.len()) >= LINE_BYTES {
            self.skipping = first.is_none();
            self.rest.extend_from_slice(first.and_then(|end| text.get(end + 1..)).unwrap_or_default());
            piece.hold(begin..begin + LINE_BYTES, End::Cut);
        } else if let Some(last) = memchr::memrchr(b'\n', text) {
            self.rest.extend_from_slice(&text[last + 1..]);
            piece.hold(begin..begin + last + 1, End::Whole);
        } else if self.ended {
            piece.hold(begin..end, if begin < end { End::Unfinished } else { End::Whole });
        } else {
            self.rest.extend_from_slice(text);
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                    break;
                }
            }
        }
        filled
    }
}
