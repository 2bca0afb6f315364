//! Lets through the lines of a text that a line kind may take, at the pace at which the text can be read.
//!
//! Nearly every line kind knows how its message begins, and a message begins at few places of a line: after the stamp,
//! the level, the bracket column. So a line is let through when one of the begins stands at one of these places; the
//! rest of the line is passed over, and the number of line kinds costs nothing. Where the places are is decided more
//! loosely than [`crate::line::parse`] does it: a line too many costs little, a line too few would be a fact lost. Line
//! kinds that do not know their begin are searched for by their literals, in the whole text.

#![allow(
    clippy::indexing_slicing,
    reason = "what is sliced off a text was counted or found in it, and a hash has no more bits than its table has places for"
)]

mod breaks;
mod by_byte;
mod equal;
mod head;

use aho_corasick::{AhoCorasick, Span, packed};
use memchr::memmem;

use crate::line::{COLUMN_WIDTH, Dialect};

use breaks::each_break;
pub(crate) use by_byte::ByByte;
use equal::equal;
use head::HEAD;
pub(crate) use head::{Head, Opening};

/// What is let through of a text.
pub struct Sieve {
    dialect: Dialect,
    begins: Begins,
    errors: bool,
    literals: Vec<Vec<u8>>,
    search: std::sync::OnceLock<Search>,
}

impl Sieve {
    /// A sieve that lets nothing through.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, begins: Begins::new(), errors: false, literals: Vec::new(), search: std::sync::OnceLock::new() }
    }

    /// Lets through lines whose message begins with this, after blanks or none, and, if it is too short to be rare,
    /// holds one of `literals` from there on; none of them is any message.
    pub fn let_begin<'l>(&mut self, begin: &[u8], literals: impl Iterator<Item = &'l [u8]>) {
        self.begins.add(Begin::new(begin, literals));
    }

    /// Lets through lines of level error.
    pub fn let_errors(&mut self) {
        self.errors = true;
    }

    /// Lets through lines that hold this, wherever.
    pub fn let_hold(&mut self, literal: &[u8]) {
        if !self.literals.iter().any(|known| known == literal) {
            self.literals.push(literal.to_vec());
            self.search = std::sync::OnceLock::new();
        }
    }

    /// Whether a line is let through.
    #[must_use]
    pub fn lets_through(&self, line: &[u8]) -> bool {
        let mut through = false;
        self.each_line(line, |_| through = true);
        through
    }

    /// Gives the place at which each line of `text` begins that is let through, in order, with the number of lines before
    /// it; and the number of line breaks in the text.
    pub fn each(&self, text: &[u8], mut hit: impl FnMut(usize, u64)) -> u64 {
        match self.dialect {
            Dialect::Iuf => self.each_taken(text, |line| self.takes_iuf(line), &mut hit),
            Dialect::Pod => self.each_taken(text, |line| self.takes_pod(line), &mut hit),
            Dialect::Ansible => self.each_taken(text, |line| self.takes_ansible(line), &mut hit),
        }
    }

    #[inline]
    fn each_taken(&self, text: &[u8], takes: impl Fn(&[u8]) -> bool, hit: &mut impl FnMut(usize, u64)) -> u64 {
        let search = self.search.get_or_init(|| Search::new(&self.literals));
        let mut held = search.from(text, 0).unwrap_or(usize::MAX);
        let (mut begin, mut number) = (0, 0);
        let mut line = |begin: usize, end: usize, number: u64| {
            if held < end {
                hit(begin, number);
                held = search.from(text, end).unwrap_or(usize::MAX);
            } else if takes(&text[begin..end]) {
                hit(begin, number);
            }
        };
        each_break(text, |end| {
            line(begin, end, number);
            begin = end + 1;
            number += 1;
        });
        if begin < text.len() {
            line(begin, text.len(), number);
        }
        number
    }

    fn each_line(&self, text: &[u8], mut hit: impl FnMut(usize)) {
        self.each(text, |at, _| hit(at));
    }

    fn takes_ansible(&self, line: &[u8]) -> bool {
        self.begins.at(line) || self.begins.at(after_stamp(line))
    }

    #[inline(always)]
    fn takes_iuf(&self, line: &[u8]) -> bool {
        match relayed(line) {
            Some((level, message)) => self.begins.in_message(message) || self.errors && is_error(level),
            None => self.takes_any_iuf(line),
        }
    }

    /// For lines of every form.
    #[inline(never)]
    fn takes_any_iuf(&self, line: &[u8]) -> bool {
        let rest = after_stamp(line);
        let level = level_length(rest);
        if level == 0 {
            return false;
        }
        if self.errors && is_error(rest) {
            return true;
        }
        let rest = after_blanks(&rest[level..]);
        // With `iuf -v` the place in its source stands before the rest.
        let module = memchr::memchr(b' ', rest).filter(|end| rest[0] != b'[' && rest[..*end].contains(&b':'));
        self.takes_rest(rest) || module.is_some_and(|end| self.takes_rest(&rest[end + 1..]))
    }

    fn takes_rest(&self, rest: &[u8]) -> bool {
        let Some(inside) = rest.strip_prefix(b"[") else {
            return self.begins.in_message(rest);
        };
        let end = match inside.get(COLUMN_WIDTH) {
            Some(b']') => Some(COLUMN_WIDTH),
            _ => memchr::memchr(b']', inside),
        };
        let message = end.map_or(&b""[..], |end| after_blanks(&inside[end + 1..]));
        self.begins.in_message(message) || self.begins.at(rest)
    }

    #[inline]
    fn takes_pod(&self, line: &[u8]) -> bool {
        if self.begins.at(line) {
            return true;
        }
        let rest = after_stamp(line);
        let level = level_length(rest);
        if level == 0 {
            return self.begins.at(rest) || (line.get(10) == Some(&b' ') && self.takes_sat_log(line));
        }
        if self.errors && is_error(rest) {
            return true;
        }
        let message = &rest[level..];
        self.begins.at(rest) || self.begins.at(message.strip_prefix(b":").unwrap_or(message))
    }

    /// `2024-02-01 09:00:00,123 - INFO - sat.cli.bootprep - message`.
    fn takes_sat_log(&self, line: &[u8]) -> bool {
        let mut rest = line;
        for at in 0..3 {
            let Some(end) = memmem::find(rest, b" - ") else { return false };
            rest = &rest[end + 3..];
            if at == 0 && self.errors && is_error(rest) {
                return true;
            }
        }
        self.begins.at(rest)
    }
}

/// Level and message of a line of the form that nearly every line of a large log has: one that `iuf` relays, with all
/// columns as wide as `iuf` makes them.
#[inline(always)]
fn relayed(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const LEVEL: usize = 28;
    const MESSAGE: usize = 34 + COLUMN_WIDTH + 8;
    let (head, message) = line.split_first_chunk::<MESSAGE>()?;
    // What differs from that form, eight bytes at a time; put together before anything is decided.
    let fraction = word(&head[19..]) & SIX_DIGITS ^ word(b".000000Z");
    let level = word(&head[27..]) & 0x00ff_ff00_0000_00ff ^ word(b" \0\0\0\0 [\0");
    let column = word(&head[MESSAGE - 8..]) ^ word(b"]       ");
    let other = fraction | level | column | u64::from(head[STAMP_T] ^ b'T');
    (other == 0).then(|| (&line[LEVEL..], message))
}

/// Eight bytes of a text, the first in the lowest bits; none where it is shorter.
#[inline]
fn word(text: &[u8]) -> u64 {
    text.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// Where the `T` of a stamp is.
const STAMP_T: usize = 10;

/// What stands after `2024-02-01T09:00:00.123456Z `, which is looked at in passing; the line, if that is not there.
#[inline]
fn after_stamp(line: &[u8]) -> &[u8] {
    const SECONDS: usize = 19;
    const LONGEST: usize = 30;
    if line.get(STAMP_T) != Some(&b'T') {
        return line;
    }
    let end = match line.get(SECONDS..).and_then(|fraction| fraction.split_first_chunk::<8>()) {
        Some((fraction, _)) if word(fraction) & SIX_DIGITS == word(b".000000Z") => Some(SECONDS + 7),
        Some((fraction, [b'0'..=b'9', b'0'..=b'9', b'Z', ..]))
            if word(fraction) & SEVEN_DIGITS == word(b".0000000") =>
        {
            Some(SECONDS + 10)
        }
        _ => memchr::memchr(b'Z', &line[..line.len().min(LONGEST)]),
    };
    match end {
        Some(end) if line.get(end + 1) == Some(&b' ') => &line[end + 2..],
        _ => line,
    }
}

/// `.123456Z`; digits are told by the half of a byte that all of them share.
const SIX_DIGITS: u64 = 0xfff0_f0f0_f0f0_f0ff_u64.swap_bytes();

/// `.1234567`.
const SEVEN_DIGITS: u64 = 0xfff0_f0f0_f0f0_f0f0_u64.swap_bytes();

/// A text behind the blanks that it begins with.
#[inline]
pub(crate) fn after_blanks(mut text: &[u8]) -> &[u8] {
    // Many at a time: how many there are is hard to foresee.
    while let Some((many, rest)) = text.split_first_chunk::<32>() {
        let blanks = equal(many, b' ').trailing_ones() as usize;
        if blanks < many.len() {
            return &text[blanks..];
        }
        text = rest;
    }
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

/// How many letters of a level stand here: capitals, as every level is written.
#[inline]
fn level_length(text: &[u8]) -> usize {
    text.iter().take(9).take_while(|byte| byte.is_ascii_uppercase()).count()
}

#[inline]
fn is_error(text: &[u8]) -> bool {
    matches!(text, [b'E', b'R', b'R', ..] | [b'C', b'R', b'I', ..])
}

/// A begin shorter than this is in too many lines.
const RARE: usize = 3;

/// How a message begins.
struct Begin {
    opening: Opening,
    /// What follows its head.
    tail: Vec<u8>,
    /// One of these must follow somewhere, if there are any.
    literals: Vec<memmem::Finder<'static>>,
    first: u8,
    four: Option<[u8; 4]>,
}

impl Begin {
    fn new<'l>(begin: &[u8], literals: impl Iterator<Item = &'l [u8]>) -> Option<Self> {
        let first = *begin.first()?;
        let literals = if begin.len() < RARE { literals.collect() } else { Vec::new() };
        Some(Self {
            opening: Opening::of(begin),
            tail: begin.get(HEAD..).unwrap_or_default().to_vec(),
            literals: literals.into_iter().map(|literal| memmem::Finder::new(literal).into_owned()).collect(),
            first,
            four: begin.first_chunk().copied(),
        })
    }

    #[inline]
    fn stands(&self, head: Head, text: &[u8]) -> bool {
        self.opening.is_of(head)
            && (self.tail.is_empty() || text.get(HEAD..).unwrap_or_default().starts_with(&self.tail))
            && (self.literals.is_empty() || self.literals.iter().any(|literal| literal.find(text).is_some()))
    }
}

/// Begins of messages. What a line says and no begin, it says in words that begin alike often enough: so it is told by
/// four bytes, not by fewer, that no begin stands in nearly every line.
struct Begins {
    /// A bit for each hash: whether it is that of the first four bytes of one.
    fours: Box<[u64; 1 << (FOURS - 6)]>,
    /// Whether one that has fewer begins with that byte.
    short: ByByte<bool>,
    /// By their first byte.
    all: ByByte<Vec<Begin>>,
}

/// Bits of a hash of four bytes: so many that a word which stands in many lines hardly ever has that of a begin.
const FOURS: u32 = 16;

#[inline]
fn hash(four: [u8; 4]) -> (usize, u32) {
    let hash = u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1);
    ((hash >> (32 - FOURS + 6)) as usize, hash >> (32 - FOURS) & 63)
}

impl Begins {
    fn new() -> Self {
        Self { fours: Box::new([0; 1 << (FOURS - 6)]), short: ByByte::default(), all: ByByte::default() }
    }

    fn add(&mut self, begin: Option<Begin>) {
        let Some(begin) = begin else { return };
        match begin.four {
            Some(four) => {
                let (word, bit) = hash(four);
                self.fours[word] |= 1 << bit;
            }
            None => *self.short.of_mut(begin.first) = true,
        }
        self.all.of_mut(begin.first).push(begin);
    }

    /// Whether one stands here, after blanks or none, and after a stamp or none.
    #[inline(always)]
    fn in_message(&self, message: &[u8]) -> bool {
        let message = after_blanks(message);
        self.here(message) || message.get(STAMP_T) == Some(&b'T') && self.at(after_stamp(message))
    }

    /// Whether one stands here, after blanks or none.
    #[inline]
    fn at(&self, text: &[u8]) -> bool {
        self.here(after_blanks(text))
    }

    /// Whether one stands here.
    #[inline(always)]
    fn here(&self, text: &[u8]) -> bool {
        let Some(four) = text.first_chunk::<4>() else { return self.stands(text) };
        let (word, bit) = hash(*four);
        (self.fours[word] >> bit & 1 != 0 || *self.short.of(four[0])) && self.stands(text)
    }

    #[inline(never)]
    fn stands(&self, text: &[u8]) -> bool {
        let head = Head::of(text);
        text.first().is_some_and(|first| self.all.of(*first).iter().any(|begin| begin.stands(head, text)))
    }
}

/// A search for literals.
enum Search {
    None,
    One(memmem::Finder<'static>),
    /// With vector instructions, many at once.
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Search {
    fn new(literals: &[Vec<u8>]) -> Self {
        match literals {
            [] => Self::None,
            [one] => Self::One(memmem::Finder::new(one).into_owned()),
            _ => match (packed::Searcher::new(literals), AhoCorasick::new(literals)) {
                (Some(packed), _) => Self::Packed(packed),
                (None, Ok(automaton)) => Self::Automaton(automaton),
                (None, Err(_)) => Self::None,
            },
        }
    }

    fn from(&self, text: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::One(finder) => finder.find(&text[from..]).map(|at| from + at),
            Self::Packed(searcher) => {
                searcher.find_in(text, Span { start: from, end: text.len() }).map(|hit| hit.start())
            }
            Self::Automaton(automaton) => {
                automaton.find(aho_corasick::Input::new(text).span(from..text.len())).map(|hit| hit.start())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(sieve: &Sieve, text: &str) -> Vec<u64> {
        let mut lines = Vec::new();
        let breaks = sieve.each(text.as_bytes(), |at, number| {
            assert!(at == 0 || text.as_bytes()[at - 1] == b'\n');
            lines.push(number);
        });
        assert_eq!(breaks, text.matches('\n').count() as u64);
        lines
    }

    #[test]
    fn a_message_is_looked_for_where_messages_begin() {
        let mut sieve = Sieve::new(Dialect::Iuf);
        sieve.let_begin(b"Creation of image ", std::iter::empty());
        for line in [
            "2024-02-01T09:00:00.000001Z INFO [prepare-managed-images                                   ]       Creation of image a",
            "2024-02-01T09:00:00Z ERR  [prepare-managed-images] Creation of image a",
            "INFO [x] 2024-02-01T09:00:00.123456789Z Creation of image a",
            "2024-02-01T09:00:00.1Z DBG  Activity.monitor:12 [x]       Creation of image a",
            "2024-02-01T09:00:00.1Z DBG  Activity.monitor:12 Creation of image a",
            "2024-02-01T09:00:00.1Z INFO Creation of image a",
            "2024-02-01T09:00:00.1Z DEBUG 2024-02-01T09:00:00.123456789Z     Creation of image a",
        ] {
            assert!(sieve.lets_through(line.as_bytes()), "{line}");
        }
        for line in
            ["    Creation of image a", "INFO [x] no Creation of image a", "", "INFO", "2024-02-01T09:00:00.1Z "]
        {
            assert!(!sieve.lets_through(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn each_line_that_is_let_through_is_given_once_with_its_number() {
        let mut sieve = Sieve::new(Dialect::Pod);
        sieve.let_begin(b"alpha", [b"not looked for".as_slice()].into_iter());
        sieve.let_begin(b"al gamma", std::iter::empty());
        sieve.let_begin(b"/", [b"theta".as_slice(), b"iota".as_slice()].into_iter());
        sieve.let_hold(b"omega");
        sieve.let_errors();
        let text = "alpha omega\nINFO: beta\n\n  al gamma\nERROR: x\nbeta omega, omega\nINFO alpha\nal beta\nomega\n/theta\n / iota\n/ eta\n/";
        assert_eq!(through(&sieve, text), [0, 3, 4, 5, 6, 8, 9, 10]);
    }

    #[test]
    fn hundreds_of_literals_are_all_searched_for() {
        let mut sieve = Sieve::new(Dialect::Ansible);
        (0..300).for_each(|number| sieve.let_hold(format!("word{number:03}").as_bytes()));
        let text: String =
            (0..300).rev().map(|number| format!("here is word{number:03} and\nhere is none\n")).collect();
        assert_eq!(through(&sieve, &text), (0..300).map(|line| line * 2).collect::<Vec<_>>());
    }
}
