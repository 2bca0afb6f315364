//! Secrets that stand in logs and files, and texts without them.
//!
//! A log may quote a token, a header, a URL with a password or a private key. What incfg prints or keeps has [`MASK`] in
//! its place. Names and ids that an operator needs (images, commits, digests, sessions, keys of S3) are left alone, and
//! so is what only speaks of secrets: `token expired`, `password: "{{ password }}"`, `secretName: x`.
//!
//! What is a secret is decided by its shape (a JWT, a hash of `crypt`, a key block) or by the name before it. A password
//! without either is not to be told from any other word, so nothing can be promised of it.

mod assignment;
mod shape;

use std::borrow::Cow;
use std::io::{BufRead, Read, Write};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::limits;

/// What stands where a secret stood.
pub const MASK: &str = "[masked]";

/// One of these stands in every line that opens or holds a secret; a line without any is passed over at once.
const SIGNS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "private-key",
    "privatekey",
    "private key",
    "credential",
    "authorization",
    "bearer",
    "basic ",
    "cookie",
    "eyj",
    "://",
    "akia",
    "asia",
    "$1$",
    "$2a$",
    "$2b$",
    "$2y$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$gy$",
    "$ansible_vault",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "hvs.",
    "hvb.",
    "curl",
];

static SIGN: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(SIGNS)
        .ok()
});

/// Whether a text may hold a secret: cheap, and never no where there is one.
fn may_hold(text: &str) -> bool {
    SIGN.as_ref().is_none_or(|signs| signs.is_match(text))
}

/// A text without its secrets. It has as many lines as before, and to mask it again changes nothing.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if !may_hold(text) {
        return Cow::Borrowed(text);
    }
    let mut now = Cow::Borrowed(text);
    // What is masked may make a name and a value neighbours; a text has no more than a few layers of quoting.
    for _ in 0..8 {
        let found = spans(&now);
        let next = without(&now, &found);
        if next == now {
            break;
        }
        now = Cow::Owned(next);
    }
    now
}

/// Whether a text holds a secret.
#[must_use]
pub fn is_in(text: &str) -> bool {
    masked(text) != text
}

/// Where the secrets of a text stand, in order: ranges of bytes, none across lines.
#[must_use]
pub fn spans(text: &str) -> Vec<Range<usize>> {
    let mut lines = Lines::default();
    let mut all = Vec::new();
    if !may_hold(text) {
        return all;
    }
    let mut at = 0;
    for line in text.split('\n') {
        all.extend(lines.spans(line).into_iter().map(|span| at + span.start..at + span.end));
        at += line.len() + 1;
    }
    all
}

/// What stands there in a line.
fn at<'a>(line: &'a str, range: &Range<usize>) -> &'a str {
    line.get(range.clone()).unwrap_or_default()
}

/// A text cut out of a longer one, as the lines around a place are, without its secrets: it may begin or end within a key,
/// so that lines which look like those of a key go too.
#[must_use]
pub fn masked_part(text: &str) -> String {
    let masked = masked(text);
    let lines = masked.split('\n').map(|line| match shape::last_word(line) {
        Some(word) if shape::is_line_of_a_key(at(line, &word)) => {
            Cow::Owned(without(line, std::slice::from_ref(&word)))
        }
        _ => Cow::Borrowed(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Characters `range` of a line, between what stands before and behind it, all without secrets: those of the line are at
/// `secrets`, ranges of bytes. A secret that is only partly in the range is counted to it.
#[must_use]
pub fn around(line: &str, range: Range<usize>, secrets: &[Range<usize>]) -> (String, String, String) {
    let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (mut from, mut to) = (byte(range.start), byte(range.end.max(range.start)));
    for secret in secrets {
        let touches = secret.start < to && secret.end > from || secret.contains(&from);
        if touches {
            from = from.min(secret.start);
            to = to.max(secret.end);
        }
    }
    let part = |part: Range<usize>| {
        let own: Vec<Range<usize>> = secrets
            .iter()
            .filter(|secret| secret.start >= part.start && secret.end <= part.end)
            .map(|secret| secret.start - part.start..secret.end - part.start)
            .collect();
        line.get(part).map(|text| without(text, &own)).unwrap_or_default()
    };
    (part(0..from), part(from..to), part(to..line.len()))
}

/// A text with [`MASK`] in place of these ranges.
fn without(text: &str, spans: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        out.push_str(text.get(at..span.start).unwrap_or_default());
        out.push_str(MASK);
        at = span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Masks texts that follow each other, as the messages of a log do: a private key may go over several of them.
pub fn mask_in_a_row<'a>(texts: impl IntoIterator<Item = &'a mut String>) {
    let mut lines = Lines::default();
    for text in texts {
        let masked: Vec<Cow<'_, str>> = text.split('\n').map(|line| lines.mask(line)).collect();
        if masked.iter().any(|line| matches!(line, Cow::Owned(_))) {
            *text = masked.join("\n");
        }
    }
}

/// What the lines before say of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Within {
    /// Nothing.
    #[default]
    Nothing,
    /// It belongs to a private key, of which this many lines were seen.
    Key(usize),
    /// It belongs to a text that ansible has encrypted.
    Vault,
    /// It belongs to a value that stands below its name, deeper than this.
    Block(usize),
}

/// Masks a text line by line; keys and values that are spread over lines are followed.
#[derive(Debug, Default)]
pub struct Lines {
    within: Within,
}

impl Lines {
    /// A line, without its break, and without its secrets.
    pub fn mask<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        let found = self.spans(line);
        if found.is_empty() {
            return Cow::Borrowed(line);
        }
        let once = without(line, &found);
        Cow::Owned(if self.within == Within::Nothing { masked(&once).into_owned() } else { once })
    }

    /// Where the secrets of the next line stand.
    fn spans(&mut self, line: &str) -> Vec<Range<usize>> {
        if self.within == Within::Nothing && !may_hold(line) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let begin = self.go_on(line, &mut found);
        let rest = line.get(begin..).unwrap_or_default();
        let mut own = Vec::new();
        shape::find(rest, &mut own);
        if let Some(block) = assignment::find(rest, &mut own)
            && begin == 0
        {
            self.within = Within::Block(block);
        }
        if let Some(at) = shape::key_without_end(rest) {
            own.push(at..rest.len());
            self.within = Within::Key(0);
        } else if shape::opens_vault(rest) {
            self.within = Within::Vault;
        }
        found.extend(own.into_iter().map(|span| begin + span.start..begin + span.end));
        joined(line, found)
    }

    /// Takes the part of a line that belongs to what began before; the byte from which on it is a line like others.
    fn go_on(&mut self, line: &str, found: &mut Vec<Range<usize>>) -> usize {
        match self.within {
            Within::Nothing => 0,
            Within::Key(lines) => {
                if let Some(end) = shape::end_of_key(line) {
                    found.push(line.len() - line.trim_start().len()..end);
                    self.within = Within::Nothing;
                    return end;
                }
                found.extend(shape::last_word(line).filter(|word| shape::may_be_of_a_key(at(line, word))));
                self.within = if lines < limits::KEY_LINES { Within::Key(lines + 1) } else { Within::Nothing };
                0
            }
            Within::Vault => {
                match shape::last_word(line).filter(|word| shape::is_encrypted(at(line, word))) {
                    Some(word) => found.push(word),
                    None => self.within = Within::Nothing,
                }
                0
            }
            Within::Block(indent) => {
                let text = line.trim_start();
                if text.trim_end().is_empty() {
                    return line.len();
                }
                let from = line.len() - text.len();
                if from <= indent {
                    self.within = Within::Nothing;
                    return 0;
                }
                if text.trim_end() != MASK && !text.starts_with("$ANSIBLE_VAULT") {
                    found.push(from..from + text.trim_end().len());
                }
                line.len()
            }
        }
    }
}

/// Ranges in order, those that touch as one, without what is masked already.
fn joined(line: &str, mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let open = MASK.trim_end_matches(']');
    found.retain(|span| !span.is_empty() && line.get(span.clone()).is_some_and(|text| !text.starts_with(open)));
    found.sort_by_key(|span| span.start);
    let mut all: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for span in found {
        match all.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => all.push(span),
        }
    }
    all
}

/// Copies a log line by line, without its secrets; the number of its bytes before. Lines that are no UTF-8 stay as they
/// are, unless they hold a secret.
///
/// # Errors
/// What reading or writing says.
pub fn copy(log: &mut dyn BufRead, to: &mut dyn Write) -> std::io::Result<u64> {
    let mut lines = Lines::default();
    let mut line = Vec::new();
    let mut copied = 0;
    loop {
        line.clear();
        // A line without an end costs no more than this at once.
        let read = log.take(limits::COPIED_BYTES).read_until(b'\n', &mut line)?;
        if read == 0 {
            to.flush()?;
            return Ok(copied);
        }
        copied += read as u64;
        let text = String::from_utf8_lossy(&line);
        let (text, end) = text.strip_suffix('\n').map_or((&*text, ""), |text| (text, "\n"));
        match lines.mask(text) {
            Cow::Borrowed(_) => to.write_all(&line)?,
            Cow::Owned(masked) => to.write_all(format!("{masked}{end}").as_bytes())?,
        }
    }
}

#[cfg(test)]
mod tests;
