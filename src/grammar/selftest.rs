//! Grammars prove themselves: samples against patterns, and which pattern takes which line of a file.

use crate::line::{self, Dialect, Line};

use super::{Grammar, LineKind};

/// A grammar entry that does not do what its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The grammar file.
    pub file: String,
    /// The line kind.
    pub id: String,
    /// What is wrong, in a sentence.
    pub what: String,
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: line kind '{}': {}", self.file, self.id, self.what)
    }
}

/// Who took a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A line kind, with what it captured.
    By {
        /// Its id.
        id: String,
        /// Capture names and texts.
        captures: Vec<(String, String)>,
    },
    /// It may be the first line of a message over several lines.
    Opens {
        /// The line kind.
        id: String,
    },
    /// No line kind: the nearest misses.
    Nobody {
        /// Line kinds whose literal stands in the line although the pattern does not match, each with the reason.
        near: Vec<(String, String)>,
    },
    /// The line has no envelope of this text: a continuation line.
    NoEnvelope,
}

impl Grammar {
    /// Tries every sample and every counter-sample. Empty when all is as the grammar files say.
    #[must_use]
    pub fn defects(&self) -> Vec<Defect> {
        self.kinds()
            .flat_map(|kind| {
                self.defects_of(kind).into_iter().map(|what| Defect {
                    file: kind.file.to_string(),
                    id: kind.id.to_string(),
                    what,
                })
            })
            .collect()
    }

    fn defects_of(&self, kind: &LineKind) -> Vec<String> {
        let mut found = Vec::new();
        for sample in kind.samples.iter() {
            let mut parts = sample.line.split('\n').map(|part| line::parse(kind.dialect(sample), part.as_bytes()));
            let Some(Some(line)) = parts.next() else {
                found.push(format!("the sample has no envelope: {}", sample.line));
                continue;
            };
            let body = parts
                .flatten()
                .fold(line.body.to_vec(), |joined, part| [&joined, b"\n".as_slice(), part.body].concat());
            if kind.after.is_none()
                && !self
                    .sieve(kind.dialect(sample))
                    .lets_through(sample.line.split('\n').next().unwrap_or_default().as_bytes())
            {
                found.push(format!("a log would not be searched for the sample: {}", sample.line));
            }
            let Some(captures) = kind.takes(&line, &body) else {
                found.push(format!("the pattern does not take its sample: {}", sample.line));
                continue;
            };
            for (name, want) in sample.expect.iter() {
                match captures.get(name.as_ref()) {
                    Some(got) if got == want => {}
                    Some(got) => {
                        found.push(format!("'{name}' of the sample is '{got}', expected '{want}': {}", sample.line))
                    }
                    None => found
                        .push(format!("'{name}' of the sample is not captured, expected '{want}': {}", sample.line)),
                }
            }
            if let Some(first) = self.first_taker(&line, &body).filter(|first| first.id != kind.id) {
                found.push(format!("line kind '{}' takes its sample first: {}", first.id, sample.line));
            }
        }
        for text in kind.not.iter() {
            for dialect in [Dialect::Iuf, Dialect::Pod, Dialect::Ansible] {
                if line::parse(dialect, text.as_bytes()).is_some_and(|line| kind.takes(&line, line.body).is_some()) {
                    found.push(format!("the pattern takes a line it must not take: {text}"));
                }
            }
        }
        found
    }

    fn first_taker(&self, line: &Line<'_>, body: &[u8]) -> Option<&LineKind> {
        let closed = self.kinds().filter(|kind| !kind.opens);
        closed.chain(self.kinds().filter(|kind| kind.opens)).find(|kind| kind.takes(line, body).is_some())
    }
}

/// Says which line kind takes a line, or why none does.
#[must_use]
pub fn explain(grammar: &Grammar, dialect: Dialect, text: &[u8]) -> Taken {
    let Some(line) = line::parse(dialect, text) else { return Taken::NoEnvelope };
    if let Some(kind) = grammar.first_taker(&line, line.body) {
        let id = kind.id.to_string();
        if kind.opens {
            return Taken::Opens { id };
        }
        return Taken::By {
            id,
            captures: kind.takes(&line, line.body).unwrap_or_default().all().into_iter().collect(),
        };
    }
    let near = grammar
        .kinds()
        .filter(|kind| kind.holds_needle(line.body))
        .map(|kind| (kind.id.to_string(), kind.why_not(&line)))
        .collect();
    Taken::Nobody { near }
}

impl LineKind {
    fn why_not(&self, line: &Line<'_>) -> String {
        if !self.speaker.may_say(line.voice) {
            return format!("it is for lines of {:?}, this one is of {:?}", self.speaker, line.voice);
        }
        if self.level.is_some_and(|level| line.level != Some(level)) {
            return format!("it is for level {:?}, the line has {:?}", self.level, line.level);
        }
        match (&self.column, line.column) {
            (Some(_), None) => return "it needs a bracket column, the line has none".into(),
            (Some(column), Some(text)) if !column.takes(text) => {
                return format!("the column does not match {}", column.pattern);
            }
            _ => {}
        }
        format!("the message does not match {}", self.message.pattern)
    }
}
