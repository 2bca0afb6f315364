//! From bytes to the lines worth looking at, in constant memory.
//!
//! A log of gigabytes holds a few thousand lines that matter. The scanner searches the bytes for the needles of the
//! grammar, all at once, and hands on only lines that hold one, with their numbers. It keeps one chunk and at most one
//! line; of a line longer than [`limits::LINE_BYTES`] it keeps the head.

use std::io::Read;

use aho_corasick::AhoCorasick;

use crate::limits;

/// A line of an input, without its line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLine<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes; the head of them where `cut` is set.
    pub bytes: &'a [u8],
    /// The line was longer than [`limits::LINE_BYTES`].
    pub cut: bool,
    /// The input ended in this line, without a line break: it may be half a line.
    pub unfinished: bool,
}

/// What an input held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines; an unfinished last line counts.
    pub lines: u64,
    /// Lines longer than [`limits::LINE_BYTES`].
    pub cut_lines: u64,
}

/// How many lines after this one the consumer wants whatever they hold.
pub type Wanted = usize;

/// Reads `input` to its end and gives `consume` every line that holds a needle, and every line it asks for.
///
/// # Errors
/// The error of the reader, with what had been read until then.
pub fn scan<R: Read>(
    mut input: R,
    needles: &AhoCorasick,
    mut consume: impl FnMut(RawLine<'_>) -> Wanted,
) -> Result<Extent, (std::io::Error, Extent)> {
    let mut buffer = vec![0; limits::CHUNK_BYTES];
    let mut filled = 0;
    let mut state = State { extent: Extent::default(), wanted: 0, skipping: false };
    loop {
        if filled == buffer.len() {
            if buffer.len() < limits::LINE_BYTES {
                buffer.resize((buffer.len() * 2).min(limits::LINE_BYTES), 0);
            } else {
                state.long_line(&buffer, needles, &mut consume);
                filled = 0;
            }
        }
        let read = match input.read(&mut buffer[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                state.last_line(&buffer[..filled], needles, &mut consume);
                return Err((error, state.extent));
            }
        };
        if read == 0 {
            state.last_line(&buffer[..filled], needles, &mut consume);
            return Ok(state.extent);
        }
        state.extent.bytes += read as u64;
        let end = filled + read;
        let Some(last) = memchr::memrchr(b'\n', &buffer[filled..end]) else {
            filled = end;
            continue;
        };
        let complete = filled + last + 1;
        state.lines(&buffer[..complete], needles, &mut consume);
        buffer.copy_within(complete..end, 0);
        filled = end - complete;
    }
}

struct State {
    extent: Extent,
    wanted: usize,
    /// Inside a line whose head has been handed on.
    skipping: bool,
}

impl State {
    /// Whole lines, each with its line break.
    fn lines(&mut self, mut text: &[u8], needles: &AhoCorasick, consume: &mut impl FnMut(RawLine<'_>) -> Wanted) {
        if self.skipping {
            let end = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
            text = &text[end..];
            self.skipping = false;
        }
        while !text.is_empty() {
            if self.wanted == 0 {
                let Some(hit) = needles.find(text) else {
                    self.extent.lines += memchr::memchr_iter(b'\n', text).count() as u64;
                    return;
                };
                let start = memchr::memrchr(b'\n', &text[..hit.start()]).map_or(0, |at| at + 1);
                self.extent.lines += memchr::memchr_iter(b'\n', &text[..start]).count() as u64;
                text = &text[start..];
            }
            let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
            self.hand_on(&text[..end], false, false, consume);
            text = text.get(end + 1..).unwrap_or_default();
        }
    }

    /// A full buffer without a line break.
    fn long_line(&mut self, text: &[u8], needles: &AhoCorasick, consume: &mut impl FnMut(RawLine<'_>) -> Wanted) {
        if self.skipping {
            return;
        }
        self.extent.cut_lines += 1;
        self.skipping = true;
        if self.wanted > 0 || needles.is_match(text) {
            self.hand_on(text, true, false, consume);
        } else {
            self.extent.lines += 1;
        }
    }

    /// What is left at the end of the input.
    fn last_line(&mut self, text: &[u8], needles: &AhoCorasick, consume: &mut impl FnMut(RawLine<'_>) -> Wanted) {
        if text.is_empty() || self.skipping {
            return;
        }
        if self.wanted > 0 || needles.is_match(text) {
            self.hand_on(text, false, true, consume);
        } else {
            self.extent.lines += 1;
        }
    }

    fn hand_on(&mut self, bytes: &[u8], cut: bool, unfinished: bool, consume: &mut impl FnMut(RawLine<'_>) -> Wanted) {
        self.extent.lines += 1;
        let more = consume(RawLine { number: self.extent.lines, bytes, cut, unfinished });
        self.wanted = self.wanted.saturating_sub(1).max(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most `step` bytes a read, so that every line is split somewhere.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let taken = self.0.len().min(self.1).min(buffer.len());
            buffer[..taken].copy_from_slice(&self.0[..taken]);
            self.0 = &self.0[taken..];
            Ok(taken)
        }
    }

    fn found(text: &[u8], step: usize, wanted: usize) -> (Vec<(u64, String)>, Extent) {
        let needles = AhoCorasick::new(["needle"]).unwrap();
        let mut lines = Vec::new();
        let extent = scan(Slow(text, step), &needles, |line| {
            lines.push((line.number, String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(40)]).into_owned()));
            if line.bytes.starts_with(b"needle") { wanted } else { 0 }
        })
        .unwrap();
        (lines, extent)
    }

    #[test]
    fn lines_are_found_whatever_the_reads() {
        let text = b"hay\nneedle one\nhay\n\nhay needle\nhay\nneedle at the end";
        let whole = found(text, 4096, 0);
        assert_eq!(whole.0, [(2, "needle one".into()), (5, "hay needle".into()), (7, "needle at the end".into())]);
        assert_eq!(whole.1.lines, 7);
        for step in 1..20 {
            assert_eq!(found(text, step, 0), whole, "{step} bytes a read");
        }
    }

    #[test]
    fn lines_asked_for_come_whatever_they_hold() {
        let (lines, _) = found(b"needle\na\nb\nc\nneedle\nd\n", 3, 2);
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 5, 6]);
    }

    #[test]
    fn a_line_longer_than_the_bound_is_cut_and_those_after_it_are_found() {
        let mut text = b"first needle\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * limits::LINE_BYTES));
        text.extend_from_slice(b" needle\nneedle after\n");
        let (lines, extent) = found(&text, 1 << 20, 0);
        assert_eq!(lines, [(1, "first needle".into()), (3, "needle after".into())]);
        assert_eq!((extent.lines, extent.cut_lines, extent.bytes), (3, 1, text.len() as u64));
    }
}
