//! From the bytes of a log to statements: facts, with where they stand and what the envelope of their line tells.

use chrono::{DateTime, Utc};

use crate::evidence::{FileId, Place};
use crate::fact::{Fact, Text};
use crate::grammar::{Grammar, Said};
use crate::input::Opened;
use crate::limits;
use crate::line::{self, Dialect, Level, Voice};
use crate::scan::{Extent, Scanner};

/// A fact, with where it stands and what the envelope of its line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'l> {
    /// The line; the first one, for a message over several lines.
    pub place: Place,
    /// When the line was written.
    pub stamp: Option<DateTime<Utc>>,
    /// How loud it is.
    pub level: Option<Level>,
    /// The bracket column of `iuf`.
    pub column: Option<Text<'l>>,
    /// A number that two copies of one relayed line share.
    pub copy: Option<u64>,
    /// What it says.
    pub fact: Fact<'l>,
}

/// The stretch of time to look at; lines without a stamp are always looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub since: Option<DateTime<Utc>>,
    /// The last moment.
    pub until: Option<DateTime<Utc>>,
}

impl Window {
    fn holds(self, stamp: Option<DateTime<Utc>>) -> bool {
        stamp.is_none_or(|stamp| {
            self.since.is_none_or(|since| stamp >= since) && self.until.is_none_or(|until| stamp <= until)
        })
    }
}

/// Reads a log to its end and hands on each statement in order.
///
/// # Errors
/// The error of the reader; what was read until then has been handed on.
pub fn read_statements(
    scanner: &mut Scanner<'_>,
    input: Opened<'_>,
    file: FileId,
    dialect: Dialect,
    grammar: &Grammar,
    window: Window,
    mut consume: impl FnMut(Statement<'_>),
) -> Result<Extent, (std::io::Error, Extent)> {
    let mut open: Option<OpenMessage> = None;
    let mut columns = Columns::default();
    scanner.scan(input, grammar.sieve(dialect), |raw| {
        let Some(line) = line::parse(dialect, raw.bytes) else { return 0 };
        let may_be_cut = raw.cut || raw.unfinished;
        if !window.holds(line.stamp) {
            return 0;
        }
        let mut told = |said: Option<Said>, line: &line::Line<'_>, place: Place| {
            said.map(|said| {
                consume(Statement {
                    place,
                    stamp: line.stamp,
                    level: line.level,
                    column: line.column.map(|column| columns.text(column)),
                    copy: line.printed.map(|printed| copy_number(printed, line.body)),
                    fact: said.fact,
                });
                if said.goes_on { limits::ROW_LINES } else { 0 }
            })
        };
        let place = Place { file, line: raw.number };
        let said =
            if raw.let_through { grammar.said(&line, line.body, may_be_cut) } else { grammar.row(&line, may_be_cut) };
        if let Some(wanted) = told(said, &line, place) {
            open = None;
            return wanted;
        }
        let opens = raw.let_through && !may_be_cut && grammar.is_open(&line);
        if let Some(message) = open.take_if(|message| message.goes_on_in(&line)).filter(|_| !opens) {
            let joined = message.joined(line.body);
            if told(grammar.said(&line, &joined, may_be_cut), &line, message.place).is_none() {
                open = message.longer(joined);
            }
            return open.as_ref().map_or(0, |message| message.lines_left);
        }
        if opens {
            open = Some(OpenMessage::new(&line, place));
            return limits::JOINED_LINES;
        }
        0
    })
}

/// The column of the line before, as text: nearly always the next one has the same.
#[derive(Default)]
struct Columns(Vec<u8>, String);

impl Columns {
    fn text(&mut self, column: &[u8]) -> Text<'_> {
        if self.0 != column {
            *self = Self(column.to_vec(), String::from_utf8_lossy(column).into_owned());
        }
        Text::Borrowed(&self.1)
    }
}

fn copy_number(printed: &[u8], body: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (printed, body).hash(&mut hasher);
    hasher.finish()
}

/// A message whose first line is here and whose end is on a later one.
struct OpenMessage {
    place: Place,
    column: Option<Vec<u8>>,
    voice: Voice,
    text: Vec<u8>,
    lines_left: usize,
}

impl OpenMessage {
    fn new(line: &line::Line<'_>, place: Place) -> Self {
        Self {
            place,
            column: line.column.map(<[u8]>::to_vec),
            voice: line.voice,
            text: line.body.to_vec(),
            lines_left: limits::JOINED_LINES,
        }
    }

    fn goes_on_in(&self, line: &line::Line<'_>) -> bool {
        line.column == self.column.as_deref() && line.voice == self.voice
    }

    fn joined(&self, body: &[u8]) -> Vec<u8> {
        [&self.text, b"\n".as_slice(), body].concat()
    }

    fn longer(mut self, text: Vec<u8>) -> Option<Self> {
        self.lines_left -= 1;
        (self.lines_left > 0 && text.len() <= limits::JOINED_BYTES).then_some(Self { text, ..self })
    }
}
