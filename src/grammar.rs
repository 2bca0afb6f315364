//! The wording of log lines, as data.
//!
//! A grammar file lists line kinds: how a line of that kind is worded, by whom, which [`Fact`] it states, samples that
//! prove it, and lines it must not take. The files of `grammars/` are built in; `--grammar DIR` adds more, and an entry
//! with the id of a built-in one takes its place. A new wording in a later release of IUF, SAT or CFS needs an entry in
//! such a file and no Rust.

mod entry;
mod needle;
mod selftest;
mod template;
mod wording;

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use smallvec::SmallVec;

use crate::fact::{self, Builder, Fact, KINDS};
use crate::line::{Dialect, Level, Line, Voice};
use crate::sieve::{ByByte, Head, Opening, Sieve, after_blanks};
use crate::yaml::decode;

use entry::{Entry, GrammarFile, LevelName, Speaker};
use template::{Part, Template};
use wording::Wording;

pub use selftest::{Defect, Taken, explain};

// The files of `grammars/`, and the pieces of their literals by which logs are searched: made by build.rs.
include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

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

/// A kind of line.
#[derive(Debug, Clone)]
pub struct LineKind {
    /// Its name, unique over all grammar files.
    pub id: Cow<'static, str>,
    /// The grammar file it comes from.
    pub file: Cow<'static, str>,
    fact: Cow<'static, str>,
    speaker: Speaker,
    level: Option<Level>,
    message: Wording,
    column: Option<Wording>,
    set: Cow<'static, [Pair]>,
    /// The message of each line it takes begins with one of these, after blanks; empty when that is not known.
    begins: Cow<'static, [Literal]>,
    /// Each line it takes holds one of these.
    needles: Cow<'static, [Literal]>,
    /// The needles stand in the message, and knowing its begin is not knowing that one is there.
    needle_in_message: bool,
    opens: bool,
    /// No match can be the head of a longer one.
    closed: bool,
    /// The line kind it follows: logs are not searched for it.
    after: Option<Cow<'static, str>>,
    /// The first release with this wording, as the grammar says.
    pub since: Option<Cow<'static, str>>,
    /// The last release with this wording, as the grammar says.
    pub until: Option<Cow<'static, str>>,
    samples: Cow<'static, [Sample]>,
    not: Cow<'static, [Cow<'static, str>]>,
}

type Pair = (Cow<'static, str>, Cow<'static, str>);
type Literal = Cow<'static, [u8]>;

#[derive(Debug, Clone)]
struct Sample {
    line: Cow<'static, str>,
    expect: Cow<'static, [Pair]>,
    text: Option<Speaker>,
}

/// All line kinds, ready to read logs.
pub struct Grammar {
    kinds: Vec<Cow<'static, LineKind>>,
    /// By [`Dialect`], made when a log of it is read.
    sieves: [OnceLock<Sieve>; 3],
    order: OnceLock<Order>,
}

/// Which line kinds are worth trying, in the order of the list of all.
struct Order {
    /// By the first byte of a message, after blanks.
    by_byte: ByByte<Vec<Try>>,
    /// The kinds that follow another one.
    rows: Vec<Try>,
    /// How the kind at that place makes its fact, and whether rows follow a line of it, or it is one itself.
    told: Vec<(Option<Builder>, bool)>,
}

/// A line kind that is worth trying where a message begins so: many begin with the same byte.
#[derive(Clone, Copy)]
struct Try {
    place: usize,
    opening: Opening,
}

impl Try {
    /// For a message that begins with `begin`, after blanks.
    fn new(place: usize, begin: &[u8]) -> Self {
        Self { place, opening: Opening::of(begin) }
    }
}

impl Order {
    fn of(kinds: &[Cow<'static, LineKind>]) -> Self {
        let mut order = Self { by_byte: ByByte::default(), rows: Vec::new(), told: Vec::new() };
        let followed: Vec<&str> = kinds.iter().filter_map(|kind| kind.after.as_deref()).collect();
        for (place, kind) in kinds.iter().enumerate() {
            if kind.begins.is_empty() {
                order.by_byte.all_mut().for_each(|tries| tries.push(Try::new(place, b"")));
            }
            for begin in kind.begins.iter() {
                if let Some(first) = begin.first() {
                    order.by_byte.of_mut(*first).push(Try::new(place, begin));
                }
            }
            if kind.after.is_some() {
                order.rows.push(Try::new(place, b""));
            }
            let goes_on = kind.after.is_some() || followed.contains(&&*kind.id);
            order.told.push((Fact::builder(&kind.fact), goes_on));
        }
        order
    }
}

/// What a line says.
pub struct Said<'l> {
    /// The fact.
    pub fact: Fact<'l>,
    /// The lines after this one are to be looked at whatever they hold: those of a kind that follows it may be among
    /// them.
    pub goes_on: bool,
}

impl Grammar {
    /// The grammars that incfg brings along.
    #[must_use]
    pub fn built_in() -> Self {
        Self { kinds: BUILT_IN.iter().map(Cow::Borrowed).collect(), sieves: Default::default(), order: OnceLock::new() }
    }

    /// The grammars that incfg brings along and the given files, as (name, text). An entry takes the place of an
    /// earlier one with the same id; other entries are tried before the built-in ones.
    ///
    /// # Errors
    /// A file that is no grammar, or an entry that cannot work: the first such.
    pub fn with_files(files: &[(String, String)]) -> Result<Self, GrammarError> {
        let mut grammar = Self::built_in();
        let mut first = Vec::new();
        for (file, text) in files {
            for kind in entries(file, text)? {
                if !kind.message.compiles() || kind.column.as_ref().is_some_and(|column| !column.compiles()) {
                    return Err(kind.error("the pattern is too large to compile; make it shorter".into()));
                }
                match grammar.kinds.iter_mut().find(|known| known.id == kind.id) {
                    Some(known) => *known = Cow::Owned(kind),
                    None => first.push(Cow::Owned(kind)),
                }
            }
        }
        grammar.kinds.splice(..0, first);
        let mut places: HashMap<&str, &LineKind> = HashMap::new();
        for kind in &grammar.kinds {
            if let Some(first) = places.insert(&kind.id, kind) {
                return Err(kind.error(format!("the id is taken already, in {}", first.file)));
            }
        }
        if let Some(kind) =
            grammar.kinds.iter().find(|kind| kind.after.as_deref().is_some_and(|before| !places.contains_key(before)))
        {
            let before = kind.after.as_deref().unwrap_or_default();
            return Err(kind.error(format!("it comes after '{before}', but there is no line kind of that id")));
        }
        Ok(grammar)
    }

    /// All line kinds, in the order in which they are tried.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &LineKind> {
        self.kinds.iter().map(AsRef::as_ref)
    }

    /// What lets through the lines of a text that a line kind may take.
    #[must_use]
    pub fn sieve(&self, dialect: Dialect) -> &Sieve {
        let [iuf, pod, ansible] = &self.sieves;
        let sieve = match dialect {
            Dialect::Iuf => iuf,
            Dialect::Pod => pod,
            Dialect::Ansible => ansible,
        };
        sieve.get_or_init(|| {
            let mut sieve = Sieve::new(dialect);
            for kind in self.kinds().filter(|kind| kind.after.is_none() && kind.speaker.speaks_in(dialect)) {
                if !kind.begins.is_empty() {
                    let needles = if kind.needle_in_message { &*kind.needles } else { &[] };
                    kind.begins.iter().for_each(|begin| sieve.let_begin(begin, needles.iter().map(AsRef::as_ref)));
                } else if kind.level == Some(Level::Error) {
                    sieve.let_errors();
                } else {
                    kind.needles.iter().for_each(|needle| sieve.let_hold(needle));
                }
            }
            sieve
        })
    }

    /// What a line says; `body` is its message, joined from several lines where it spans them. Of a line that may be
    /// cut, only a kind whose end is there is taken: half a name is none.
    #[must_use]
    pub fn said<'l>(&'l self, line: &Line<'l>, body: &'l [u8], may_be_cut: bool) -> Option<Said<'l>> {
        let message = after_blanks(body);
        let first = message.first().copied().unwrap_or(b' ');
        self.first_of(self.order().by_byte.of(first), Head::of(message), line, body, may_be_cut)
    }

    /// What a line says that the sieve holds back: only a kind that follows another one may take it.
    #[must_use]
    pub fn row<'l>(&'l self, line: &Line<'l>, may_be_cut: bool) -> Option<Said<'l>> {
        self.first_of(&self.order().rows, Head::of(b""), line, line.body, may_be_cut)
    }

    fn first_of<'l>(
        &'l self,
        tries: &[Try],
        head: Head,
        line: &Line<'l>,
        body: &'l [u8],
        may_be_cut: bool,
    ) -> Option<Said<'l>> {
        tries.iter().filter(|one| one.opening.is_of(head)).find_map(|one| {
            let kind = self.kinds.get(one.place).filter(|kind| !kind.opens && (kind.closed || !may_be_cut))?;
            let (build, goes_on) = self.order().told.get(one.place)?;
            let mut captures = Captures::default();
            kind.captures(line, body, &mut captures)?;
            Some(Said { fact: build.as_ref()?(&mut |name| captures.take(name))?, goes_on: *goes_on })
        })
    }

    fn order(&self) -> &Order {
        self.order.get_or_init(|| Order::of(&self.kinds))
    }

    /// Whether a line may be the first of a message over several lines.
    #[must_use]
    pub fn is_open(&self, line: &Line<'_>) -> bool {
        self.kinds().any(|kind| kind.opens && kind.takes(line, line.body).is_some())
    }
}

impl LineKind {
    /// How many samples prove it.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// The captures and constants, if this kind takes the line.
    fn takes<'l>(&'l self, line: &Line<'l>, body: &'l [u8]) -> Option<Captures<'l>> {
        let mut captures = Captures::default();
        self.captures(line, body, &mut captures).map(|()| captures)
    }

    fn captures<'l>(&'l self, line: &Line<'l>, body: &'l [u8], captures: &mut Captures<'l>) -> Option<()> {
        if !self.speaker.may_say(line.voice) || self.level.is_some_and(|level| line.level != Some(level)) {
            return None;
        }
        if self.speaker == Speaker::Iuf && self.column.is_some() != line.column.is_some() {
            return None;
        }
        // A wording that is compared as it stands tells no later that it begins otherwise.
        if !self.begins.is_empty() && !self.message.is_plain() {
            let message = after_blanks(body);
            if !self.begins.iter().any(|begin| message.starts_with(begin)) {
                return None;
            }
        }
        if self.needle_in_message && !self.message.is_plain() && !self.holds_needle(body) {
            return None;
        }
        self.set.iter().for_each(|(name, value)| captures.0.push((name, Cow::Borrowed(value))));
        if let Some(column) = &self.column {
            captures.add(column, line.column?)?;
        }
        captures.add(&self.message, body)
    }

    fn holds_needle(&self, body: &[u8]) -> bool {
        self.needles.iter().any(|needle| memchr::memmem::find(body, needle).is_some())
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
        GrammarError::Entry { file: self.file.to_string(), id: self.id.to_string(), why }
    }
}

/// What the named parts of a line hold; of two parts with one name, the later one counts.
#[derive(Debug, Default)]
struct Captures<'l>(SmallVec<[(&'l str, Cow<'l, str>); 4]>);

impl<'l> Captures<'l> {
    /// Adds the named parts of a text, if the wording takes it.
    fn add(&mut self, wording: &'l Wording, text: &'l [u8]) -> Option<()> {
        let whole = LazyCell::new(|| str::from_utf8(text).ok());
        wording.captures(text, &mut |name, place| {
            let value = match whole.and_then(|whole| whole.get(place.clone())) {
                Some(value) => Cow::Borrowed(value),
                None => fact::text(text.get(place).unwrap_or_default()),
            };
            self.0.push((name, value));
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// By name.
    /// Takes the text of that name out.
    fn take(&mut self, name: &str) -> Option<Cow<'l, str>> {
        self.0.iter_mut().rfind(|(known, _)| *known == name).map(|(_, value)| std::mem::take(value))
    }

    fn all(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
    }
}

impl Speaker {
    fn may_say(self, voice: Voice) -> bool {
        match self {
            Self::Iuf => matches!(voice, Voice::Iuf | Voice::IufOrPod),
            Self::Pod => matches!(voice, Voice::Pod | Voice::IufOrPod),
            Self::Ansible => voice == Voice::Ansible,
        }
    }

    fn speaks_in(self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Iuf => self != Self::Ansible,
            Dialect::Pod => self == Self::Pod,
            Dialect::Ansible => self == Self::Ansible,
        }
    }
}

fn entries(file: &str, text: &str) -> Result<Vec<LineKind>, GrammarError> {
    let parsed: GrammarFile =
        decode(file, text).map_err(|error| GrammarError::Shape { file: file.to_owned(), why: error.to_string() })?;
    parsed.lines.into_iter().map(|entry| entry.checked(file)).collect()
}

impl Entry {
    fn checked(self, file: &str) -> Result<LineKind, GrammarError> {
        let error = |why: String| GrammarError::Entry { file: file.to_owned(), id: self.id.clone(), why };
        let Some((_, fields)) = KINDS.iter().find(|(name, _)| *name == self.fact) else {
            let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(error(format!("there is no fact '{}'; the facts are {}", self.fact, known.join(", "))));
        };
        let shape = |pattern: &str| {
            needle::shape(pattern).map_err(|why| error(format!("the pattern is no regular expression: {why}")))
        };
        let message = shape(&self.pattern)?;
        let column = self.column.as_deref().map(shape).transpose()?.unwrap_or_default();
        let filled: Vec<&String> = self.set.keys().chain(&message.captures).chain(&column.captures).collect();
        if let Some(field) = filled.iter().find(|name| !fields.iter().any(|(field, _)| field == **name)) {
            let known: Vec<_> = fields.iter().map(|(field, _)| *field).collect();
            return Err(error(format!("fact '{}' has no field '{field}'; it has: {}", self.fact, known.join(", "))));
        }
        if let Some((field, _)) = fields
            .iter()
            .find(|(field, required)| *required && !self.opens && !filled.iter().any(|name| *name == field))
        {
            return Err(error(format!(
                "fact '{}' needs '{field}': capture it as (?<{field}>...) or give it under `set`",
                self.fact
            )));
        }
        if self.samples.is_empty() {
            return Err(error("it has no sample; give at least one line it takes, under `samples`".into()));
        }
        if let Some(short) = self.needle.iter().find(|text| text.len() < needle::SHORTEST) {
            return Err(error(format!(
                "the needle '{short}' is too short to search logs for; give three bytes or more"
            )));
        }
        let needles = if self.after.is_some() {
            Vec::new()
        } else if self.needle.is_empty() {
            message.needles.ok_or_else(|| error("no text of three bytes or more stands in every line it takes, so logs cannot be searched for it; make the pattern more exact, or give such texts under `needle`".into()))?
        } else {
            self.needle.iter().map(|text| text.as_bytes().to_vec()).collect()
        };
        let needle_in_message =
            self.after.is_none() && self.needle.is_empty() && !needle::in_begins(&message.begins, &needles);
        let literals = |literals: Vec<Vec<u8>>| literals.into_iter().map(Cow::Owned).collect::<Vec<Literal>>().into();
        Ok(LineKind {
            level: self.level.map(|level| match level {
                LevelName::Info => Level::Info,
                LevelName::Warning => Level::Warning,
                LevelName::Error => Level::Error,
            }),
            id: self.id.into(),
            file: file.to_owned().into(),
            fact: self.fact.into(),
            speaker: self.speaker,
            message: Wording::new(self.pattern.into(), message.template),
            column: self.column.map(|pattern| Wording::new(pattern.into(), column.template)),
            set: pairs(self.set),
            begins: literals(message.begins),
            needles: literals(needles),
            needle_in_message,
            opens: self.opens,
            closed: message.closed,
            after: self.after.map(Cow::Owned),
            since: self.since.map(Cow::Owned),
            until: self.until.map(Cow::Owned),
            samples: self
                .samples
                .into_iter()
                .map(|sample| Sample { line: sample.line.into(), expect: pairs(sample.expect), text: sample.text })
                .collect(),
            not: self.not.into_iter().map(Cow::Owned).collect(),
        })
    }
}

fn pairs(pairs: BTreeMap<String, String>) -> Cow<'static, [Pair]> {
    pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, Hir, HirKind};

    use super::*;
    use crate::line;

    /// A text that the expression takes, another one for another number; anchors take none.
    fn example(hir: &Hir, number: &mut u64) -> Vec<u8> {
        let mut draw = |below: u64| {
            *number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*number >> 33) % below
        };
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Vec::new(),
            HirKind::Literal(literal) => literal.0.to_vec(),
            HirKind::Capture(capture) => example(&capture.sub, number),
            HirKind::Concat(parts) => parts.iter().flat_map(|part| example(part, number)).collect(),
            HirKind::Alternation(branches) => {
                let branch = draw(branches.len() as u64) as usize;
                example(&branches[branch], number)
            }
            HirKind::Repetition(repetition) => {
                let most = u64::from(repetition.max.unwrap_or(repetition.min + 3).min(repetition.min + 3));
                let times = u64::from(repetition.min) + draw(most - u64::from(repetition.min) + 1);
                (0..times).flat_map(|_| example(&repetition.sub, number)).collect()
            }
            HirKind::Class(class) => {
                let Class::Bytes(class) = class else { panic!("a class of characters in a pattern of bytes") };
                let bytes: Vec<u8> = class.iter().flat_map(|range| range.start()..=range.end()).collect();
                let seen: Vec<u8> =
                    bytes.iter().copied().filter(|byte| byte.is_ascii_graphic() || *byte == b' ').collect();
                let bytes = if seen.is_empty() { bytes } else { seen };
                vec![bytes[draw(bytes.len() as u64) as usize]]
            }
        }
    }

    /// The forms in which a line of a speaker comes; `$` is the place of the column, `@` that of the message.
    fn envelopes(dialect: Dialect) -> &'static [&'static str] {
        match dialect {
            Dialect::Iuf => &[
                "2024-02-01T09:00:00.000001Z ERR  $ @",
                "2024-02-01T09:00:00Z INFO $       @",
                "2024-02-01T09:00:00.1Z ERROR @",
                "2024-02-01T09:00:00.123456Z DBG  Activity.monitor_workflow:868 @",
                "2024-02-01T09:00:00.123456Z ERR  $       2024-02-01T08:59:59.123456789Z @",
                "2024-02-01T09:00:00.123456Z ERR  $       2024-02-01T08:59:59.12Z @",
                "2023-08-20T10:02:53.978248Z ERROR             @",
                "ERR  [prepare-managed-images] @",
                "WARN @",
            ],
            Dialect::Pod => &[
                "@",
                "ERROR: @",
                "INFO @",
                "2024-02-01T09:00:00.123456789Z @",
                "2024-02-01T09:00:00.123456789Z ERROR @",
                "2024-02-01 09:00:00,123 - ERROR - sat.cli.bootprep.main - @",
            ],
            Dialect::Ansible => &["@", "2024-02-01T09:00:00.123456789Z @"],
        }
    }

    #[test]
    fn no_line_that_a_kind_takes_is_held_back() {
        let grammar = Grammar::built_in();
        let parse = |pattern: &str| {
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
        };
        let mut taken: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
        let mut number = 24_11;
        for kind in grammar.kinds().filter(|kind| kind.after.is_none()) {
            let message = parse(&kind.message.pattern);
            let column = kind.column.as_ref().map(|column| parse(&column.pattern));
            for dialect in [Dialect::Iuf, Dialect::Pod, Dialect::Ansible] {
                for envelope in envelopes(dialect).iter().copied().cycle().take(45) {
                    let column = column
                        .as_ref()
                        .map_or(b"prepare-managed-images".to_vec(), |column| example(column, &mut number));
                    let column = format!("[{:<57}]", String::from_utf8_lossy(&column) + "x");
                    let (before, after) = envelope.split_once('@').unwrap();
                    let mut text = before.replace('$', &column).into_bytes();
                    text.extend(example(&message, &mut number));
                    text.extend_from_slice(after.as_bytes());
                    let Some(line) = line::parse(dialect, &text) else { continue };
                    if kind.takes(&line, line.body).is_some() {
                        taken.insert(&kind.id);
                        let shown = String::from_utf8_lossy(&text);
                        assert!(grammar.sieve(dialect).lets_through(&text), "{}: {dialect:?}: {shown}", kind.id);
                    }
                }
            }
        }
        let missed: Vec<&str> = grammar
            .kinds()
            .filter(|kind| kind.after.is_none() && !taken.contains(&*kind.id))
            .map(|kind| &*kind.id)
            .collect();
        assert!(missed.is_empty(), "no example was taken of {missed:?}");
    }

    #[test]
    fn the_tables_are_what_the_files_say() {
        let files = [
            ("grammars/iuf.yaml", include_str!("../grammars/iuf.yaml")),
            ("grammars/sat.yaml", include_str!("../grammars/sat.yaml")),
            ("grammars/cfs.yaml", include_str!("../grammars/cfs.yaml")),
        ];
        let read: Vec<LineKind> = files.iter().flat_map(|(file, text)| entries(file, text).unwrap()).collect();
        let shown = |kinds: &[LineKind]| kinds.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>();
        for (read, built_in) in shown(&read).iter().zip(shown(&BUILT_IN)) {
            assert_eq!(*read, built_in);
        }
        assert_eq!(read.len(), BUILT_IN.len());
    }
}
