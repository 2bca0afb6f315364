//! A grammar file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A grammar file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the list `lines`")]
pub struct GrammarFile {
    /// What the file is about, for its readers.
    #[serde(rename = "title")]
    pub _title: Option<String>,
    /// The line kinds, in the order in which they are tried.
    pub lines: Vec<Entry>,
}

/// A kind of line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping that describes a kind of line")]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// The fact it states.
    pub fact: String,
    /// Who says it.
    #[serde(rename = "in")]
    pub speaker: Speaker,
    /// The wording of the message.
    pub pattern: String,
    /// The wording of the bracket column.
    pub column: Option<String>,
    /// How loud it is.
    pub level: Option<LevelName>,
    /// Fields of the fact that are no captures.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Literals to search for, where the pattern has none.
    #[serde(default)]
    pub needle: Vec<String>,
    /// It may be the first line of a message over several lines.
    #[serde(default)]
    pub opens: bool,
    /// The line kind it follows: logs are not searched for it.
    pub after: Option<String>,
    /// The first release with this wording.
    pub since: Option<String>,
    /// The last release with this wording.
    pub until: Option<String>,
    /// Lines that it takes.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Lines that it must not take.
    #[serde(default)]
    pub not: Vec<String>,
}

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "`iuf`, `pod` or `ansible`")]
pub enum Speaker {
    /// The `iuf` command.
    Iuf,
    /// A pod: SAT, and the script around it.
    Pod,
    /// An ansible container of CFS.
    Ansible,
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "`info`, `warning` or `error`")]
pub enum LevelName {
    /// Information.
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// A line that a kind takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `line` and `expect`")]
pub struct Sample {
    /// The line.
    pub line: String,
    /// What is captured of it.
    #[serde(default)]
    pub expect: BTreeMap<String, String>,
    /// In which text the line stands, where that is not the speaker's own.
    pub text: Option<Speaker>,
}
