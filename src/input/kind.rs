//! What an input is, by its first lines.

use crate::limits;
use crate::line::{self, Dialect, Level, Voice};

/// A kind of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `install.log`: lines of `iuf` with a stamp.
    InstallLog,
    /// The console of `iuf`, captured: the same without stamps.
    Console,
    /// What SAT and the script around it print, without stamps: `main.log` from S3, or a run by hand.
    MainLog,
    /// The same as `iuf` kept it, with a stamp on each line: `argo_logs/<pod>-main.txt`.
    ArgoLog,
    /// `sat.log`, from inside the container.
    SatLog,
    /// The log of an ansible container.
    AnsibleLog,
    /// A JSON document.
    Json,
    /// The state of an activity, as YAML.
    ActivityState,
    /// `activity_dict.yaml`.
    ActivityHistory,
    /// A bootprep file.
    Bootprep,
    /// A plan of incfg.
    Plan,
    /// Nothing, or blank lines only.
    Empty,
    /// A tar archive. Its files are logs all the same, but not in the order in which they were written.
    Archive,
    /// Not text.
    Binary,
    /// Text of no known kind.
    Unknown,
}

impl Kind {
    /// The name of the kind in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InstallLog => "install.log",
            Self::Console => "iuf-console",
            Self::MainLog => "main.log",
            Self::ArgoLog => "argo-log",
            Self::SatLog => "sat.log",
            Self::AnsibleLog => "ansible-log",
            Self::Json => "json",
            Self::ActivityState => "activity-state",
            Self::ActivityHistory => "activity-history",
            Self::Bootprep => "bootprep",
            Self::Plan => "plan",
            Self::Empty => "empty",
            Self::Archive => "archive",
            Self::Binary => "binary",
            Self::Unknown => "unknown",
        }
    }
}

/// When so many have been heard and three of four say the same, the others are not asked.
const ENOUGH: usize = 24;

/// Beginnings of lines that only an ansible container of CFS prints.
const ANSIBLE: [&str; 14] = [
    "Waiting for Inventory",
    "Inventory generation ",
    "SSH keys migrated",
    "Waiting for Sidecar",
    "Sidecar available",
    "Running ",
    "PLAY [",
    "PLAY RECAP",
    "TASK [",
    "fatal: [",
    "changed: [",
    "ok: [",
    "Waiting for the previous configuration layer",
    "All playbooks completed successfully",
];

/// Recognises an input by the text at its head; the name is used only where the text leaves two kinds.
pub(super) fn recognise(head: &[u8], name: &str) -> Kind {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.trim_ascii().is_empty() {
        return Kind::Empty;
    }
    if is_archive(head) {
        return Kind::Archive;
    }
    let by_lines = vote(text, name);
    if by_lines == Kind::Unknown && is_binary(text) {
        return Kind::Binary;
    }
    if by_lines != Kind::Unknown {
        return by_lines;
    }
    if begins_json(text.trim_ascii_start()) { Kind::Json } else { yaml_kind(text) }
}

/// Whether a text begins as an object or a list of JSON: a section of an INI or TOML file has a bracket, too.
fn begins_json(text: &[u8]) -> bool {
    match text.split_first() {
        Some((b'{', inside)) => matches!(inside.trim_ascii_start().first(), None | Some(b'"' | b'}')),
        Some((b'[', inside)) => {
            let inside = inside.trim_ascii_start();
            let word = || ["true", "false", "null"].iter().any(|word| inside.starts_with(word.as_bytes()));
            matches!(inside.first(), None | Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9')) || word()
        }
        _ => false,
    }
}

/// Where a tar archive says that it is one.
const TAR_MAGIC_AT: usize = 257;

/// Whether bytes begin as those of a tar archive do.
pub(super) fn is_archive(head: &[u8]) -> bool {
    head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar"))
}

/// Text may have a stray sign in it, and what is packed or compiled is full of them.
fn is_binary(text: &[u8]) -> bool {
    let signs = text.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    signs * 100 > text.len()
}

fn vote(text: &[u8], name: &str) -> Kind {
    let mut votes = [0_usize; 6];
    for line in lines(text).filter(|line| !line.trim_ascii().is_empty()).take(limits::KIND_LINES) {
        if let Some(at) = voice_of(line) {
            if let Some(count) = votes.get_mut(at) {
                *count += 1;
            }
            let cast: usize = votes.iter().sum();
            if cast >= ENOUGH && votes.iter().any(|count| count * 4 >= cast * 3) {
                break;
            }
        }
    }
    let kinds = [Kind::InstallLog, Kind::Console, Kind::MainLog, Kind::ArgoLog, Kind::SatLog, Kind::AnsibleLog];
    let most = votes.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return Kind::Unknown;
    }
    // The lines of a console that was captured without its first lines, and those of the script in main.log, look alike.
    let loudest = votes.iter().position(|count| *count == most);
    let kind = loudest.and_then(|at| kinds.get(at).copied()).unwrap_or(Kind::Unknown);
    if kind == Kind::InstallLog && crate::argo::pod_of_file(name).is_some() { Kind::ArgoLog } else { kind }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    let breaks = memchr::memchr_iter(b'\n', text).chain([text.len()]);
    breaks.map(move |end| text.get(std::mem::replace(&mut begin, end + 1)..end).unwrap_or_default())
}

/// The kind a line speaks for, as an index into the list of [`vote`].
fn voice_of(line: &[u8]) -> Option<usize> {
    let pod = line::parse(Dialect::Pod, line)?;
    // Without a level, it is taken apart as the line of an ansible container is.
    if pod.level.is_none() && ansible_line(pod.body) {
        return Some(5);
    }
    let nanoseconds =
        line.iter().take(31).position(|byte| *byte == b'Z').is_some_and(|at| at > "2023-11-01T14:06:36.128255".len());
    if pod.stamp.is_some() && nanoseconds {
        return Some(3);
    }
    if line.starts_with(b"INFO: ")
        || line.starts_with(b"WARNING: ")
        || line.starts_with(b"ERROR: ")
        || line.starts_with(b"DEBUG: ")
    {
        return Some(2);
    }
    if pod.stamp.is_none() && pod.level.is_some() && line.first().is_some_and(u8::is_ascii_digit) {
        return Some(4);
    }
    match line::parse(Dialect::Iuf, line) {
        Some(own) if own.stamp.is_some() => return Some(0),
        Some(own) if own.column.is_some() && own.voice != Voice::Ansible => return Some(1),
        Some(own) if own.level == Some(Level::Info) && own.body.starts_with(b"All logs will be stored in ") => {
            return Some(1);
        }
        _ => {}
    }
    let script = line.starts_with(b"INFO Using bootprep ")
        || line.starts_with(b"INFO Cannot access bootprep ")
        || line.starts_with(b"Script content exited ");
    let report = ["    \"configurations\": [", "    \"images\": [", "    \"session_templates\": ["]
        .iter()
        .any(|section| line == section.as_bytes());
    (script || report).then_some(2)
}

fn ansible_line(body: &[u8]) -> bool {
    let starts =
        |beginning: &str| body.first() == beginning.as_bytes().first() && body.starts_with(beginning.as_bytes());
    ANSIBLE.iter().any(|beginning| {
        starts(beginning) && (*beginning != "Running " || memchr::memmem::find(body, b" from ").is_some())
    })
}

fn yaml_kind(text: &[u8]) -> Kind {
    let keys: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| line.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'"'))
        .filter_map(|line| line.split(|byte| *byte == b':').next())
        .take(limits::KIND_LINES)
        .collect();
    let has = |name: &[u8]| keys.contains(&name);
    if has(b"input_parameters")
        || has(b"operation_outputs")
        || (has(b"kind") && memchr::memmem::find(text, b"iuf_activity").is_some())
    {
        return Kind::ActivityState;
    }
    if memchr::memmem::find(text, b"\n  states:").is_some() && memchr::memmem::find(text, b"workflow_id:").is_some() {
        return Kind::ActivityHistory;
    }
    if has(b"schema") && memchr::memmem::find(text, b"schema: incfg.plan/").is_some() {
        return Kind::Plan;
    }
    if has(b"schema_version") || has(b"configurations") || has(b"images") || has(b"session_templates") {
        return Kind::Bootprep;
    }
    Kind::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_content() {
        for (text, kind) in [
            ("2024-02-01T09:00:00.000001Z INFO All logs will be stored in /x\n", Kind::InstallLog),
            ("INFO [STAGE: prepare-images                                    ] BEG Argo workflow: w\n", Kind::Console),
            ("INFO: Creation of image x succeeded: ID y\n", Kind::MainLog),
            (
                "{\n    \"configurations\": [\n        {\n            \"name\": \"x\"\n        }\n    ]\n}\n",
                Kind::MainLog,
            ),
            ("2024-02-01T09:00:00.123456789Z INFO Creating images\n", Kind::ArgoLog),
            ("2024-02-01 09:00:00,123 - INFO - sat.cli - Creating images\n", Kind::SatLog),
            ("Waiting for Inventory\nRunning site.yml from repo x\n", Kind::AnsibleLog),
            ("2024-02-01T09:00:00.123456789Z PLAY [all] ****\n", Kind::AnsibleLog),
            ("{\"layers\": [], \"name\": \"c\"}\n", Kind::Json),
            ("[\n  {\"name\": \"c\"}\n]\n", Kind::Json),
            ("[false, 1]", Kind::Json),
            ("[package]\nname = \"x\"\n", Kind::Unknown),
            ("[features]\n", Kind::Unknown),
            ("{{ default.suffix }}\n", Kind::Unknown),
            ("input_parameters:\n  stages: []\nname: demo\n", Kind::ActivityState),
            ("schema_version: 1.0.2\nimages: []\n", Kind::Bootprep),
            ("# A plan of incfg\nschema: incfg.plan/1\nid: 1a2b3c4d\nimages: []\n", Kind::Plan),
            ("\n  \n", Kind::Empty),
            ("hello\n", Kind::Unknown),
        ] {
            assert_eq!(recognise(text.as_bytes(), "x"), kind, "{text}");
        }
        assert_eq!(recognise(b"\x7fELF\0\0\0\0\0\0", "x"), Kind::Binary);
    }
}
