//! The report that SAT prints at its end. Its JSON is mutated, with the run around it as it was; and reports of any
//! names, printed as SAT prints them, say exactly what went in.

use std::collections::BTreeSet;

use incfg::line::Dialect;
use incfg::sat::SatText;
use incfg_fuzz::reading::{PLAIN, statements};
use incfg_fuzz::winter::GRAMMAR;
use serde_json::Value;

const BEFORE: &[u8] = b"INFO: Creating 0 CFS configurations\nINFO: Creating 1 images\n";

fn read(log: &[u8]) -> SatText {
    let mut sat = SatText::default();
    statements(log, Dialect::Pod, &GRAMMAR, PLAIN, |said| sat.take(said));
    sat.finish();
    sat
}

/// A string as Python's `json` writes it: in ASCII.
fn written(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::new();
    for letter in json.chars() {
        match letter {
            ' '..='~' => out.push(letter),
            _ => letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04x}")),
        }
    }
    out
}

fn id(at: usize) -> String {
    format!("{at:08x}-0000-4000-8000-000000000000")
}

/// Names go in, and come out.
fn holds(names: &[&str]) {
    let (configurations, images) = names.split_at(names.len() / 2);
    let rows =
        |rows: Vec<String>| if rows.is_empty() { "[]".to_owned() } else { format!("[\n{}\n    ]", rows.join(",\n")) };
    let row = |fields: String| format!("        {{\n{fields}\n        }}");
    let configuration_rows = configurations.iter().map(|name| row(format!("            \"name\": {}", written(name))));
    let image_rows = images.iter().enumerate().map(|(at, name)| {
        row(format!(
            "            \"name\": {0},\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": \"{1}\",\n            \"configuration\": {0},\n            \"configuration_group_names\": [\n                {0}\n            ]",
            written(name),
            id(at)
        ))
    });
    let report = format!(
        "{{\n    \"configurations\": {},\n    \"images\": {},\n    \"session_templates\": []\n}}\n",
        rows(configuration_rows.collect()),
        rows(image_rows.collect())
    );
    let sat = read(&[BEFORE, report.as_bytes()].concat());
    let found: Vec<&str> = sat.configurations.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found, configurations, "{report}");
    let found: Vec<&str> = sat.images().iter().map(|image| image.name.as_str()).collect();
    assert_eq!(found, images, "{report}");
    for (at, image) in sat.images().iter().enumerate() {
        let row = image.row.as_ref().expect("a row");
        assert_eq!(row.final_id.as_ref().map(|(id, _)| id.as_str().to_owned()), Some(id(at)), "{report}");
        assert_eq!(row.configuration.as_ref().map(|(name, _)| name.as_str()), Some(images[at]), "{report}");
        assert_eq!(row.groups.as_deref(), Some(&[images[at].to_owned()][..]), "{report}");
    }
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if *first == b'#' {
        // A name with a line break stands in more lines than its own, and `iuf` logs no name that is empty.
        let text = String::from_utf8_lossy(rest);
        let names: BTreeSet<&str> =
            text.lines().map(|name| name.trim_end_matches('\r')).filter(|name| !name.is_empty()).collect();
        holds(&names.into_iter().collect::<Vec<_>>());
        return;
    }
    let once = read(&[BEFORE, data, b"\n"].concat());
    assert!(once.images().len() <= data.len());
    // A report that was printed twice says no more than one, and the same run again no more than the run.
    let mut both = once.clone();
    both.absorb(once.clone());
    assert_eq!(both.images().len(), once.images().len());
}
