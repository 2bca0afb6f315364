//! Names and messages of a file in every form in which they leave incfg: shown, given to a shell, to CI services and to
//! readers of JSON and XML.

use incfg::lint::{Context, Severity, check};
use incfg::report::diff::unified;
use incfg::report::findings::{self, FileReport, Report};
use incfg::report::{html, printable, shell_word};
use incfg_fuzz::{halves, shown};

/// A file whose findings repeat what it says.
fn file(name: &str) -> String {
    let quoted = serde_json::Value::from(name).to_string();
    format!(
        "schema_version: 1.0.5\nimages:\n- name: {quoted}\n  ref_name: {quoted}\n  base: {{image_ref: {quoted}}}\n  configuration: {quoted}\n  {quoted}: 1\n"
    )
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let (text, other) = halves(data);
    let (text, other) = (String::from_utf8_lossy(text), String::from_utf8_lossy(other));
    shown::is_plain(&printable(&text));
    assert!(!printable(&text).contains('\n'), "a name is one line");
    let word = shell_word(&text);
    shown::is_plain(&word);
    assert_eq!(shown::read_word(&word), Some((text.clone().into_owned(), "")), "{word}");
    shown::is_plain(&unified(&text, &text, &other));

    let source = incfg_fuzz::text(file(&text).as_bytes()).expect("a text");
    let findings = check(&source, &Context::default()).findings;
    let report = Report {
        files: vec![
            FileReport { path: text.clone().into_owned(), text: Some(source), findings, left_out: 0, error: None },
            FileReport {
                path: other.clone().into_owned(),
                text: None,
                findings: Vec::new(),
                left_out: 0,
                error: Some(text.clone().into_owned()),
            },
        ],
        skipped: Vec::new(),
    };
    shown::is_report(&report);
    let junit = findings::junit::document(&report, Severity::Info);
    let junit = junit.as_str();
    let cases = report.files.iter().map(|file| file.findings.len().max(1)).sum::<usize>();
    assert_eq!(junit.matches("<testcase ").count(), cases, "{junit}");
    assert_eq!(junit.matches('<').count(), junit.matches('>').count(), "{junit}");
    let annotations = findings::github::annotations(&report);
    let annotations = annotations.as_str();
    let all = report.files.iter().map(|file| file.findings.len() + usize::from(file.error.is_some())).sum::<usize>();
    assert_eq!(annotations.lines().count(), all, "{annotations}");
    if data.len() % 8 == 0 {
        shown::is_page(html::findings::document(&report).expect("a page").as_str());
    }
}
