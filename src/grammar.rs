//! The wording of log lines, as data.
//!
//! A grammar file lists line kinds: how a line of that kind is worded, by whom, which [`Fact`] it states, samples that
//! prove it, and lines it must not take. The files of `grammars/` are built in; `--grammar DIR` adds more, and an entry
//! with the id of a built-in one takes its place. A new wording in a later release of IUF, SAT or CFS needs an entry in
//! such a file and no Rust.

mod needle;
mod selftest;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::fact::{Fact, KINDS};
use crate::line::{Dialect, Level, Line, Voice};

pub use selftest::{Defect, Taken, explain};

/// The files of `grammars/`, in the order in which their patterns are tried.
const BUILT_IN: [(&str, &str); 3] = [
    ("grammars/iuf.yaml", include_str!("../grammars/iuf.yaml")),
    ("grammars/sat.yaml", include_str!("../grammars/sat.yaml")),
    ("grammars/cfs.yaml", include_str!("../grammars/cfs.yaml")),
];

/// Why a grammar cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    /// The file is not YAML, or not of the shape of a grammar.
    #[error(
        "{file}: this is no grammar file: {why}. A grammar has a list `lines`, each with `id`, `fact`, `in`, `pattern` and `samples`"
    )]
    Shape {
        /// The grammar file.
        file: String,
        /// What the YAML reader says, with line and column.
        why: String,
    },
    /// An entry is wrong.
    #[error("{file}: line kind '{id}': {why}")]
    Entry {
        /// The grammar file.
        file: String,
        /// The entry.
        id: String,
        /// What is wrong and what was expected.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrammarFile {
    /// What the file is about, for its readers.
    #[serde(rename = "title")]
    _title: Option<String>,
    lines: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    fact: String,
    #[serde(rename = "in")]
    speaker: Speaker,
    pattern: String,
    column: Option<String>,
    level: Option<LevelName>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    needle: Vec<String>,
    #[serde(default)]
    opens: bool,
    since: Option<String>,
    until: Option<String>,
    #[serde(default)]
    samples: Vec<Sample>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    Iuf,
    Pod,
    Ansible,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LevelName {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    line: String,
    #[serde(default)]
    expect: BTreeMap<String, String>,
    /// In which text the line stands, where that is not the speaker's own.
    text: Option<Speaker>,
}

/// A kind of line.
pub struct LineKind {
    /// Its name, unique over all grammar files.
    pub id: String,
    /// The grammar file it comes from.
    pub file: String,
    fact: String,
    speaker: Speaker,
    level: Option<Level>,
    message: LazyRegex,
    column: Option<LazyRegex>,
    set: BTreeMap<String, String>,
    /// Each line it takes holds one of these.
    needles: Vec<memchr::memmem::Finder<'static>>,
    /// The needles stand in the message, not in its envelope.
    needle_in_message: bool,
    opens: bool,
    /// No match can be the head of a longer one.
    closed: bool,
    /// The first release with this wording, as the grammar says.
    pub since: Option<String>,
    /// The last release with this wording, as the grammar says.
    pub until: Option<String>,
    samples: Vec<Sample>,
    not: Vec<String>,
}

/// Compiled when a line of its kind first comes by: most runs meet a few kinds only.
struct LazyRegex {
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    fn new(pattern: String) -> Self {
        Self { pattern, compiled: OnceLock::new() }
    }

    /// `None` for a pattern too large to compile, which the check of a grammar reports.
    fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.pattern).ok()).as_ref()
    }
}

/// Bytes, not characters: logs are not always UTF-8. A dot takes a line break too: names may hold one.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).dot_matches_new_line(true).size_limit(1 << 20).build()
}

/// All line kinds, ready to read logs.
pub struct Grammar {
    kinds: Vec<LineKind>,
    needles: AhoCorasick,
}

impl Grammar {
    /// The grammars that incfg brings along.
    ///
    /// # Errors
    /// Never for a released incfg: its tests load them.
    pub fn built_in() -> Result<Self, GrammarError> {
        Self::with_files(&[])
    }

    /// The grammars that incfg brings along and the given files, as (name, text). An entry takes the place of an
    /// earlier one with the same id; other entries are tried before the built-in ones.
    ///
    /// # Errors
    /// A file that is no grammar, or an entry that cannot work: the first such.
    pub fn with_files(files: &[(String, String)]) -> Result<Self, GrammarError> {
        let mut kinds: Vec<LineKind> = Vec::new();
        for (file, text) in BUILT_IN {
            kinds.extend(entries(file, text)?);
        }
        let mut added = Vec::new();
        for (file, text) in files {
            for kind in entries(file, text)? {
                if kind.message.get().is_none() || kind.column.as_ref().is_some_and(|column| column.get().is_none()) {
                    return Err(kind.error("the pattern is too large to compile; make it shorter".into()));
                }
                match kinds.iter().position(|known| known.id == kind.id) {
                    Some(at) => kinds[at] = kind,
                    None => added.push(kind),
                }
            }
        }
        added.extend(kinds);
        let mut places: HashMap<&str, &LineKind> = HashMap::new();
        for kind in &added {
            if let Some(first) = places.insert(&kind.id, kind) {
                return Err(kind.error(format!("the id is taken already, in {}", first.file)));
            }
        }
        let literals: Vec<&[u8]> =
            added.iter().flat_map(|kind| kind.needles.iter().map(memchr::memmem::Finder::needle)).collect();
        let literals = needle::without_covered(literals);
        let needles = AhoCorasick::new(&literals)
            .map_err(|error| GrammarError::Shape { file: "all grammars".into(), why: error.to_string() })?;
        Ok(Self { kinds: added, needles })
    }

    /// All line kinds, in the order in which they are tried.
    #[must_use]
    pub fn kinds(&self) -> &[LineKind] {
        &self.kinds
    }

    /// A search for the literals without which no line kind matches.
    #[must_use]
    pub fn needles(&self) -> &AhoCorasick {
        &self.needles
    }

    /// What a line says; `body` is its message, joined from several lines where it spans them. Of a line that may be
    /// cut, only a kind whose end is there is taken: half a name is none.
    #[must_use]
    pub fn fact(&self, line: &Line<'_>, body: &[u8], may_be_cut: bool) -> Option<Fact> {
        self.kinds
            .iter()
            .filter(|kind| !kind.opens && (kind.closed || !may_be_cut))
            .find_map(|kind| kind.fact(line, body))
    }

    /// Whether a line may be the first of a message over several lines.
    #[must_use]
    pub fn is_open(&self, line: &Line<'_>) -> bool {
        self.kinds.iter().any(|kind| kind.opens && kind.takes(line, line.body).is_some())
    }
}

impl LineKind {
    /// How many samples prove it.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    fn fact(&self, line: &Line<'_>, body: &[u8]) -> Option<Fact> {
        let captures = self.takes(line, body)?;
        Fact::build(&self.fact, &|name| captures.get(name).cloned())
    }

    /// The captures and constants, if this kind takes the line.
    fn takes(&self, line: &Line<'_>, body: &[u8]) -> Option<BTreeMap<String, String>> {
        if !self.speaker.may_say(line.voice) || self.level.is_some_and(|level| line.level != Some(level)) {
            return None;
        }
        if self.speaker == Speaker::Iuf && self.column.is_some() != line.column.is_some() {
            return None;
        }
        if self.needle_in_message && !self.needles.iter().any(|finder| finder.find(body).is_some()) {
            return None;
        }
        let mut captures = self.set.clone();
        if let Some(column) = &self.column {
            collect(column.get()?, line.column?, &mut captures)?;
        }
        collect(self.message.get()?, body, &mut captures)?;
        Some(captures)
    }

    /// The dialect in which a sample of this kind stands.
    fn dialect(&self, sample: &Sample) -> Dialect {
        match sample.text.unwrap_or(self.speaker) {
            Speaker::Iuf => Dialect::Iuf,
            Speaker::Pod => Dialect::Pod,
            Speaker::Ansible => Dialect::Ansible,
        }
    }

    fn error(&self, why: String) -> GrammarError {
        GrammarError::Entry { file: self.file.clone(), id: self.id.clone(), why }
    }
}

fn collect(regex: &Regex, text: &[u8], into: &mut BTreeMap<String, String>) -> Option<()> {
    let captures = regex.captures(text)?;
    for name in regex.capture_names().flatten() {
        if let Some(group) = captures.name(name) {
            into.insert(name.to_owned(), String::from_utf8_lossy(group.as_bytes()).into_owned());
        }
    }
    Some(())
}

impl Speaker {
    fn may_say(self, voice: Voice) -> bool {
        match self {
            Self::Iuf => matches!(voice, Voice::Iuf | Voice::IufOrPod),
            Self::Pod => matches!(voice, Voice::Pod | Voice::IufOrPod),
            Self::Ansible => voice == Voice::Ansible,
        }
    }
}

fn entries(file: &str, text: &str) -> Result<Vec<LineKind>, GrammarError> {
    let parsed: GrammarFile = serde_yaml::from_str(text)
        .map_err(|error| GrammarError::Shape { file: file.to_owned(), why: error.to_string() })?;
    parsed.lines.into_iter().map(|entry| entry.checked(file)).collect()
}

impl Entry {
    fn checked(self, file: &str) -> Result<LineKind, GrammarError> {
        let error = |why: String| GrammarError::Entry { file: file.to_owned(), id: self.id.clone(), why };
        let Some((_, fields)) = KINDS.iter().find(|(name, _)| *name == self.fact) else {
            let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(error(format!("there is no fact '{}'; the facts are {}", self.fact, known.join(", "))));
        };
        let mut filled: Vec<String> = self.set.keys().cloned().collect();
        for pattern in std::iter::once(&self.pattern).chain(&self.column) {
            filled.extend(
                needle::capture_names(pattern)
                    .map_err(|why| error(format!("the pattern is no regular expression: {why}")))?,
            );
        }
        if let Some(field) = filled.iter().find(|name| !fields.iter().any(|(field, _)| field == name)) {
            let known: Vec<_> = fields.iter().map(|(field, _)| *field).collect();
            return Err(error(format!("fact '{}' has no field '{field}'; it has: {}", self.fact, known.join(", "))));
        }
        if let Some((field, _)) =
            fields.iter().find(|(field, required)| *required && !self.opens && !filled.iter().any(|name| name == field))
        {
            return Err(error(format!(
                "fact '{}' needs '{field}': capture it as (?<{field}>...) or give it under `set`",
                self.fact
            )));
        }
        if self.samples.is_empty() {
            return Err(error("it has no sample; give at least one line it takes, under `samples`".into()));
        }
        let needles = if self.needle.is_empty() {
            needle::required(&self.pattern).ok_or_else(|| error("no text of three bytes or more stands in every line it takes, so logs cannot be searched for it; make the pattern more exact, or give such texts under `needle`".into()))?
        } else {
            self.needle.iter().map(|text| text.as_bytes().to_vec()).collect()
        };
        Ok(LineKind {
            level: self.level.map(|level| match level {
                LevelName::Info => Level::Info,
                LevelName::Warning => Level::Warning,
                LevelName::Error => Level::Error,
            }),
            id: self.id,
            file: file.to_owned(),
            fact: self.fact,
            speaker: self.speaker,
            message: LazyRegex::new(self.pattern.clone()),
            column: self.column.map(LazyRegex::new),
            set: self.set,
            needles: needles.iter().map(|needle| memchr::memmem::Finder::new(needle).into_owned()).collect(),
            needle_in_message: self.needle.is_empty(),
            opens: self.opens,
            closed: needle::is_closed(&self.pattern),
            since: self.since,
            until: self.until,
            samples: self.samples,
            not: self.not,
        })
    }
}
