//! Turns the grammar files into tables, so that a run of incfg reads no YAML and takes no pattern apart before it has
//! to: half of the time a small log would cost.

use std::path::Path;

#[path = "src/grammar/entry.rs"]
mod entry;
#[path = "src/limits.rs"]
#[allow(dead_code)]
mod limits;
#[path = "src/grammar/needle.rs"]
#[allow(dead_code)]
mod needle;
#[path = "src/grammar/template.rs"]
mod template;

use entry::{Entry, GrammarFile, LevelName, Speaker};
use template::{Part, Template};

/// The grammar files, in the order in which their patterns are tried.
const FILES: [&str; 3] = ["grammars/iuf.yaml", "grammars/sat.yaml", "grammars/cfs.yaml"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut entries = Vec::new();
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
        let text = std::fs::read_to_string(file)?;
        let parsed: GrammarFile = serde_yaml::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        entries.extend(parsed.lines.into_iter().map(|entry| (file, entry)));
    }
    for source in
        ["build.rs", "src/grammar/entry.rs", "src/grammar/needle.rs", "src/grammar/template.rs", "src/limits.rs"]
    {
        println!("cargo::rerun-if-changed={source}");
    }
    let mut table = format!("static BUILT_IN: [LineKind; {}] = [\n", entries.len());
    for (file, entry) in &entries {
        let wrong = |why: &str| format!("{file}: line kind '{}': {why}", entry.id);
        let shape = needle::shape(&entry.pattern).map_err(|why| wrong(&why))?;
        let found = needles(entry, &shape).ok_or_else(|| wrong("no literal to search for"))?;
        table += &kind(file, entry, &shape, &found).map_err(|why| wrong(&why))?;
    }
    table += "];\n";
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    std::fs::write(Path::new(&out).join("built_in.rs"), table)?;
    Ok(())
}

fn needles(entry: &Entry, shape: &needle::Shape) -> Option<Vec<Vec<u8>>> {
    if entry.after.is_some() {
        Some(Vec::new())
    } else if entry.needle.is_empty() {
        shape.needles.clone()
    } else {
        Some(entry.needle.iter().map(|text| text.as_bytes().to_vec()).collect())
    }
}

fn kind(file: &str, entry: &Entry, shape: &needle::Shape, needles: &[Vec<u8>]) -> Result<String, String> {
    let text = |text: &str| format!("Cow::Borrowed({text:?})");
    let option =
        |value: &Option<String>| value.as_deref().map_or("None".to_owned(), |value| format!("Some({})", text(value)));
    let wording = |pattern: &str| {
        let shape = needle::shape(pattern)?;
        let template =
            shape.template.as_ref().map_or("None".to_owned(), |template| format!("Some({})", parts(template)));
        Ok::<_, String>(format!("Wording::new({}, {template})", text(pattern)))
    };
    let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("({}, {})", text(name), text(value))).collect();
        format!("Cow::Borrowed(&[{}])", pairs.join(", "))
    };
    let speaker = |speaker: Speaker| format!("Speaker::{speaker:?}");
    let samples: Vec<String> = entry
        .samples
        .iter()
        .map(|sample| {
            format!(
                "Sample {{ line: {}, expect: {}, text: {} }}",
                text(&sample.line),
                pairs(&sample.expect),
                sample.text.map_or("None".to_owned(), |text| format!("Some({})", speaker(text)))
            )
        })
        .collect();
    let not: Vec<String> = entry.not.iter().map(|line| text(line)).collect();
    let level = match entry.level {
        None => "None",
        Some(LevelName::Info) => "Some(Level::Info)",
        Some(LevelName::Warning) => "Some(Level::Warning)",
        Some(LevelName::Error) => "Some(Level::Error)",
    };
    let column = entry.column.as_deref().map(wording).transpose()?;
    Ok(format!(
        "LineKind {{ id: {}, file: {}, fact: {}, speaker: {}, level: {level}, message: {}, column: {}, set: {}, \
         begins: Cow::Borrowed(&{}), needles: Cow::Borrowed(&{}), needle_in_message: {}, opens: {}, closed: {}, \
         after: {}, since: {}, until: {}, samples: Cow::Borrowed(&[{}]), not: Cow::Borrowed(&[{}]) }},\n",
        text(&entry.id),
        text(file),
        text(&entry.fact),
        speaker(entry.speaker),
        wording(&entry.pattern)?,
        column.map_or("None".to_owned(), |column| format!("Some({column})")),
        pairs(&entry.set),
        byte_strings(&shape.begins),
        byte_strings(needles),
        !needles.is_empty() && entry.needle.is_empty() && !needle::in_begins(&shape.begins, needles),
        entry.opens,
        shape.closed,
        option(&entry.after),
        option(&entry.since),
        option(&entry.until),
        samples.join(", "),
        not.join(", "),
    ))
}

fn parts(template: &Template) -> String {
    let one = |part: &Part| match part {
        Part::Text(text) => format!("Part::Text({})", byte_string(text)),
        Part::OneOf(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| byte_string(text)).collect();
            format!("Part::OneOf(Cow::Borrowed(&[{}]))", texts.join(", "))
        }
        Part::Run { set, least, most, greedy } => {
            format!("Part::Run {{ set: {set:?}, least: {least}, most: {most}, greedy: {greedy} }}")
        }
    };
    let all: Vec<String> = template.parts.iter().map(one).collect();
    let groups: Vec<String> = template
        .groups
        .iter()
        .map(|(name, first, behind)| format!("(Cow::Borrowed({name:?}), {first}, {behind})"))
        .collect();
    format!(
        "Template {{ parts: Cow::Borrowed(&[{}]), groups: Cow::Borrowed(&[{}]), to_end: {} }}",
        all.join(", "),
        groups.join(", "),
        template.to_end
    )
}

fn byte_strings(literals: &[Vec<u8>]) -> String {
    format!("[{}]", literals.iter().map(|literal| byte_string(literal)).collect::<Vec<_>>().join(", "))
}

fn byte_string(text: &[u8]) -> String {
    format!("Cow::Borrowed(b\"{}\".as_slice())", text.escape_ascii())
}
