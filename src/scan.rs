//! From bytes to the lines worth looking at, in constant memory, on as many cores as are given.
//!
//! A log of gigabytes holds a few thousand lines that matter. Text comes in pieces of whole lines; in each piece the
//! lines that hold a literal of the grammar are found, with their numbers, and then the pieces are gone through in
//! order. Only the first half of this is work, so that half is shared out: the pieces of a file among threads that each
//! read their own, and those of a stream between one that reads and one that searches. What comes out is the same
//! whatever the number of threads and wherever a piece ends, because a line belongs to the piece in which it begins, and
//! how much of a long line is looked at depends on the line alone.

mod piece;
mod turns;

use std::collections::VecDeque;
use std::sync::mpsc::{channel, sync_channel};

use crate::input::Opened;
use crate::limits::{LINE_BYTES, PIECES};
use crate::sieve::Sieve;

use piece::{End, FilePieces, Piece, StreamPieces};
use turns::{Next, Part, Turns};

/// A line of an input, without its line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLine<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes; the head of them where `cut` is set.
    pub bytes: &'a [u8],
    /// The line is longer than [`LINE_BYTES`].
    pub cut: bool,
    /// The input ended in this line, without a line break: it may be half a line.
    pub unfinished: bool,
    /// The sieve lets it through; else it was only asked for.
    pub let_through: bool,
}

/// What an input held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines; an unfinished last line counts.
    pub lines: u64,
    /// Lines longer than [`LINE_BYTES`].
    pub cut_lines: u64,
}

/// How many lines after this one the consumer wants whatever they hold.
pub type Wanted = usize;

/// Reads inputs, one after the other, and keeps its buffers between them.
pub struct Scanner<'a> {
    threads: usize,
    piece_bytes: usize,
    /// The memory of pieces that are not in use. They are used in turn: what was not used for the longest time has left the
    /// cache that is nearest to the processor, and the system copies to such memory faster.
    spare: VecDeque<Piece>,
    watch: &'a mut dyn FnMut(u64),
}

impl<'a> Scanner<'a> {
    /// A scanner that uses up to `threads` threads, takes `piece_bytes` at a time (at most [`LINE_BYTES`]), and tells
    /// `watch` the size of each piece it has gone through.
    pub fn new(threads: usize, piece_bytes: usize, watch: &'a mut dyn FnMut(u64)) -> Self {
        let piece_bytes = piece_bytes.clamp(1, LINE_BYTES);
        Self { threads: threads.max(1), piece_bytes, spare: (0..PIECES).map(|_| Piece::default()).collect(), watch }
    }

    /// Reads `input` to its end and gives `consume` every line that the sieve lets through, and every line it asks for.
    ///
    /// # Errors
    /// The error of the reader, with what had been read until then.
    pub fn scan(
        &mut self,
        input: Opened<'_>,
        sieve: &Sieve,
        consume: impl FnMut(RawLine<'_>) -> Wanted,
    ) -> Result<Extent, (std::io::Error, Extent)> {
        let mut fold = Fold { extent: Extent::default(), wanted: 0, consume };
        let outcome = match input {
            Opened::File(file, bytes) => {
                let pieces = FilePieces { file, bytes, piece_bytes: self.piece_bytes as u64 };
                let threads = self.threads.min(usize::try_from(pieces.count()).unwrap_or(usize::MAX));
                if threads > 1 {
                    self.share_file(&pieces, sieve, threads, &mut fold)
                } else {
                    (0..pieces.count())
                        .try_for_each(|at| self.go_through(&mut fold, sieve, |piece| pieces.read(at, piece)))
                }
            }
            Opened::Stream(reader) => {
                let mut pieces = StreamPieces::new(reader, self.piece_bytes);
                if self.threads > 1 {
                    self.share_stream(pieces, sieve, &mut fold)
                } else {
                    let mut outcome = Ok(());
                    while outcome.is_ok() && !pieces.is_over() {
                        outcome = self.go_through(&mut fold, sieve, |piece| pieces.read(piece));
                    }
                    outcome
                }
            }
        };
        outcome.map(|()| fold.extent).map_err(|error| (error, fold.extent))
    }

    /// Reads one piece, searches it and goes through it, on this thread.
    fn go_through(
        &mut self,
        fold: &mut Fold<impl FnMut(RawLine<'_>) -> Wanted>,
        sieve: &Sieve,
        read: impl FnOnce(&mut Piece) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let mut piece = self.spare.pop_front().unwrap_or_default();
        let outcome = read(&mut piece);
        piece.sift(sieve);
        fold.take(&piece);
        (self.watch)(piece.read_bytes);
        self.spare.push_back(piece);
        outcome
    }

    /// Each thread takes the next piece that none has taken, reads and searches it. So does this one, as long as the piece
    /// whose turn it is has not come: to wait for it would leave a core idle, and so would a thread more than cores.
    fn share_file(
        &mut self,
        pieces: &FilePieces,
        sieve: &Sieve,
        threads: usize,
        fold: &mut Fold<impl FnMut(RawLine<'_>) -> Wanted>,
    ) -> std::io::Result<()> {
        self.spare.resize_with(threads * PIECES, Piece::default);
        let turns = Turns::new(pieces.count(), std::mem::take(&mut self.spare));
        let sifted = |at, mut piece: Piece| {
            let outcome = pieces.read(at, &mut piece);
            piece.sift(sieve);
            (piece, outcome)
        };
        let outcome = std::thread::scope(|scope| {
            let _part = Part(&turns);
            for _ in 1..threads {
                scope.spawn(|| {
                    let _part = Part(&turns);
                    let mut done = None;
                    while let Some((at, piece)) = turns.exchange(done) {
                        done = Some((at, sifted(at, piece)));
                    }
                });
            }
            let mut done = None;
            loop {
                match turns.next(done.take()) {
                    Next::Over => return Ok(()),
                    Next::Read(at, piece) => turns.put(at, sifted(at, piece)),
                    Next::Fold((piece, outcome)) => {
                        fold.take(&piece);
                        (self.watch)(piece.read_bytes);
                        if outcome.is_err() {
                            turns.stop();
                            return outcome;
                        }
                        done = Some(piece);
                    }
                }
            }
        });
        self.spare = turns.into_spare();
        outcome
    }

    /// One thread reads; this one searches and goes through the pieces.
    fn share_stream(
        &mut self,
        mut pieces: StreamPieces<'_>,
        sieve: &Sieve,
        fold: &mut Fold<impl FnMut(RawLine<'_>) -> Wanted>,
    ) -> std::io::Result<()> {
        std::thread::scope(|scope| {
            let (done, finished) = sync_channel(PIECES - 1);
            let (give_back, returned) = channel::<Piece>();
            scope.spawn(move || {
                while !pieces.is_over() {
                    let mut piece = returned.try_recv().unwrap_or_default();
                    let outcome = pieces.read(&mut piece);
                    let failed = outcome.is_err();
                    if done.send((piece, outcome)).is_err() || failed {
                        return;
                    }
                }
            });
            for (mut piece, outcome) in &finished {
                piece.sift(sieve);
                fold.take(&piece);
                (self.watch)(piece.read_bytes);
                drop(give_back.send(piece));
                outcome?;
            }
            Ok(())
        })
    }
}

/// Goes through pieces in their order.
struct Fold<F> {
    extent: Extent,
    wanted: Wanted,
    consume: F,
}

impl<F: FnMut(RawLine<'_>) -> Wanted> Fold<F> {
    fn take(&mut self, piece: &Piece) {
        let text = piece.text();
        let mut hits = piece.hits.iter().peekable();
        let (mut at, mut before) = (0, 0);
        while at < text.len() {
            let mut hit = hits.next_if(|(start, _)| *start <= at);
            if self.wanted == 0 && hit.is_none() {
                hit = hits.next();
                let Some(next) = hit else { break };
                (at, before) = *next;
            }
            let rest = text.get(at..).unwrap_or_default();
            let bytes = memchr::memchr(b'\n', rest).and_then(|end| rest.get(..end)).unwrap_or(rest);
            let end = at + bytes.len();
            let ends = if end == text.len() { piece.end } else { End::Whole };
            let line = RawLine {
                number: self.extent.lines + before + 1,
                bytes,
                cut: ends == End::Cut,
                unfinished: ends == End::Unfinished,
                let_through: hit.is_some(),
            };
            self.wanted = self.wanted.saturating_sub(1).max((self.consume)(line));
            at = end + 1;
            before += 1;
        }
        self.extent.bytes += piece.read_bytes;
        self.extent.lines += piece.lines;
        self.extent.cut_lines += u64::from(piece.end == End::Cut);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};

    use super::*;
    use crate::line::Dialect;

    type Found = (Vec<(u64, usize, String, bool, bool)>, Extent);

    /// Gives at most `step` bytes a read, so that every line is split somewhere.
    struct Slow(Vec<u8>, usize, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let taken = (self.0.len() - self.2).min(self.1).min(buffer.len());
            buffer[..taken].copy_from_slice(&self.0[self.2..self.2 + taken]);
            self.2 += taken;
            Ok(taken)
        }
    }

    fn found(input: Opened<'_>, threads: usize, piece_bytes: usize) -> Found {
        let (found, failure) = found_until_failure(input, threads, piece_bytes);
        assert_eq!(failure, None);
        found
    }

    fn found_until_failure(input: Opened<'_>, threads: usize, piece_bytes: usize) -> (Found, Option<String>) {
        let mut sieve = Sieve::new(Dialect::Ansible);
        sieve.let_hold(b"needle");
        let (mut lines, mut seen) = (Vec::new(), 0);
        let mut watch = |bytes| seen += bytes;
        let scanned = Scanner::new(threads, piece_bytes, &mut watch).scan(input, &sieve, |line| {
            let head = String::from_utf8_lossy(&line.bytes[..line.bytes.len().min(40)]).into_owned();
            lines.push((line.number, line.bytes.len(), head, line.cut, line.unfinished));
            if line.bytes.starts_with(b"needle+") { 2 } else { 0 }
        });
        let (extent, failure) = match scanned {
            Ok(extent) => (extent, None),
            Err((error, extent)) => (extent, Some(error.to_string())),
        };
        assert_eq!(seen, extent.bytes);
        ((lines, extent), failure)
    }

    fn file(text: &[u8]) -> Opened<'static> {
        let path =
            std::env::temp_dir().join(format!("incfg-scan-{}-{:?}", std::process::id(), std::thread::current().id()));
        std::fs::File::create(&path).unwrap().write_all(text).unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        Opened::File(file, text.len() as u64)
    }

    fn stream(text: &[u8], step: usize) -> Opened<'static> {
        Opened::Stream(Box::new(Slow(text.to_vec(), step, 0)))
    }

    /// What line by line reading gives, with no regard for pieces.
    fn expected(text: &[u8]) -> Found {
        let mut lines = Vec::new();
        let mut extent = Extent { bytes: text.len() as u64, ..Extent::default() };
        let mut wanted = 0_usize;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            extent.lines += 1;
            let bytes = line.strip_suffix(b"\n").unwrap_or(line);
            let cut = bytes.len() >= LINE_BYTES;
            let head = &bytes[..bytes.len().min(LINE_BYTES)];
            extent.cut_lines += u64::from(cut);
            if wanted > 0 || memchr::memmem::find(head, b"needle").is_some() {
                let shown = String::from_utf8_lossy(&head[..head.len().min(40)]).into_owned();
                lines.push((extent.lines, head.len(), shown, cut, !cut && !line.ends_with(b"\n")));
                wanted = wanted.saturating_sub(1).max(if head.starts_with(b"needle+") { 2 } else { 0 });
            }
        }
        (lines, extent)
    }

    #[test]
    fn lines_are_the_same_whatever_the_pieces_the_reads_and_the_threads() {
        let texts: [&[u8]; 7] = [
            b"hay\nneedle one\nhay\n\nhay needle\nhay\nneedle at the end",
            b"needle+\na\nb\nc\nneedle+\nd\n",
            b"\n\nneedle\n",
            b"needle",
            b"",
            b"\n",
            b"no break at all, and nothing to find in it either",
        ];
        for text in texts {
            let want = expected(text);
            for piece_bytes in 1..60 {
                for threads in [1, 2, 3] {
                    assert_eq!(
                        found(file(text), threads, piece_bytes),
                        want,
                        "file, {piece_bytes} bytes, {threads} threads"
                    );
                    assert_eq!(
                        found(stream(text, 7), threads, piece_bytes),
                        want,
                        "stream, {piece_bytes} bytes, {threads} threads"
                    );
                }
            }
        }
    }

    #[test]
    fn a_stream_that_breaks_gives_all_it_had_whatever_the_pieces_and_the_threads() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the stream broke"))
            }
        }
        for text in [&b"hay\nneedle one\nneedle two\nhalf a needle"[..], b"needle\n", b"hay", b"a\nneedle\n\n", b""] {
            let want = (expected(text), Some("the stream broke".to_owned()));
            for piece_bytes in 1..60 {
                for threads in [1, 2] {
                    let stream = Opened::Stream(Box::new(Slow(text.to_vec(), 5, 0).chain(Broken)));
                    assert_eq!(
                        found_until_failure(stream, threads, piece_bytes),
                        want,
                        "{piece_bytes} bytes, {threads} threads"
                    );
                }
            }
        }
    }

    #[test]
    fn a_consumer_that_panics_leaves_no_thread_waiting() {
        let mut sieve = Sieve::new(Dialect::Ansible);
        sieve.let_hold(b"needle");
        let text = b"hay\nneedle\n".repeat(100);
        for threads in [1, 2, 3] {
            for input in [file(&text), stream(&text, 7)] {
                let scanned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    Scanner::new(threads, 16, &mut |_| {}).scan(input, &sieve, |line| {
                        if line.number > 20 {
                            std::panic::resume_unwind(Box::new("enough"));
                        }
                        0
                    })
                }));
                assert!(scanned.is_err(), "{threads} threads");
            }
        }
    }

    #[test]
    fn a_line_is_cut_at_the_same_byte_whatever_the_pieces_and_those_after_it_are_found() {
        for length in [LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 3 * LINE_BYTES + 17] {
            for after in ["\nneedle after\nlast", "", "\n"] {
                let mut text = b"first needle\nneedle+".to_vec();
                text.resize(text.len() + length - 7, b'x');
                text.extend_from_slice(after.as_bytes());
                let want = expected(&text);
                for piece_bytes in [LINE_BYTES, LINE_BYTES - 1, 300_001] {
                    for threads in [1, 2] {
                        assert_eq!(
                            found(file(&text), threads, piece_bytes),
                            want,
                            "file, {length}, {piece_bytes}, {threads}"
                        );
                        assert_eq!(
                            found(stream(&text, 1 << 20), threads, piece_bytes),
                            want,
                            "stream, {length}, {piece_bytes}, {threads}"
                        );
                    }
                }
            }
        }
    }
}
