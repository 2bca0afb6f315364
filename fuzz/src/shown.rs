//! What may be shown to a person, or given to a shell, whatever the input holds.

use incfg::lint::Severity;
use incfg::report::findings::{self, Report};

/// Refuses signs that move the cursor, colour what they should not, or turn the direction of text.
pub fn is_plain(shown: &str) {
    let mut rest = shown;
    while let Some(at) = rest.find(|letter: char| letter.is_control() && letter != '\n') {
        // Colours are ours.
        let colour = rest[at..].strip_prefix("\u{1b}[").and_then(|code| {
            let end = code.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
            code[end..].strip_prefix('m')
        });
        rest = colour.unwrap_or_else(|| panic!("a control character is shown: {:?}", &rest[at..]));
    }
    let turns = |letter: char| {
        matches!(
            letter,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}'
        )
    };
    assert!(!shown.contains(turns), "the direction of text is turned, or it hides: {shown:?}");
}

/// Refuses a report of which a form shows what it should not, or is not of that form.
pub fn is_report(report: &Report) {
    is_plain(&findings::text::findings(report, true, None));
    for json in [findings::json::document(report), findings::sarif::log(report)] {
        serde_json::from_str::<serde_json::Value>(json.expect("JSON").as_str()).expect("JSON");
    }
    let junit = findings::junit::document(report, Severity::Info);
    let junit = junit.as_str();
    assert!(!junit.contains(|letter: char| letter.is_control() && letter != '\n'), "{junit:?}");
    for line in findings::github::annotations(report).as_str().lines() {
        let known = ["::error ", "::warning ", "::notice "].iter().any(|begin| line.starts_with(begin));
        assert!(known && !line.contains(|letter: char| letter.is_control() && letter != '\t'), "{line:?}");
    }
}

/// Refuses a page with an element that no template has: more scripts, styles, frames, handlers.
pub fn is_page(page: &str) {
    assert!(!page.contains(|letter: char| letter.is_control() && letter != '\n'), "a control character in a page");
    for (tag, most) in
        [("<script", 1), ("</script", 1), ("<style", 1), ("<iframe", 0), ("<img", 0), ("<base", 0), ("<form", 0)]
    {
        let found = page.to_ascii_lowercase().matches(tag).count();
        assert!(found <= most, "{tag} stands {found} times in a page");
    }
}

/// What a shell reads a word as, from its begin, and what follows the word. None where a letter of it does something.
#[must_use]
pub fn read_word(word: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some(letter) = rest.chars().next() {
        rest = match letter {
            '$' => ansi_quoted(rest.strip_prefix("$'")?, &mut bytes)?,
            '\'' => {
                let (quoted, rest) = rest[1..].split_once('\'')?;
                bytes.extend(quoted.bytes());
                rest
            }
            '\\' => {
                let escaped = rest[1..].chars().next().filter(|letter| *letter != '\n')?;
                bytes.extend(escaped.to_string().bytes());
                &rest[1 + escaped.len_utf8()..]
            }
            _ if letter.is_ascii_alphanumeric() || "-_./:@%+,=".contains(letter) => {
                bytes.push(letter as u8);
                &rest[1..]
            }
            _ => break,
        };
    }
    Some((String::from_utf8(bytes).ok()?, rest))
}

/// `$'...'` from behind its first quote.
fn ansi_quoted<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let at = rest.find(['\'', '\\'])?;
        bytes.extend(rest[..at].bytes());
        let escaped = rest[at..].strip_prefix('\\');
        rest = &rest[at + 1..];
        let Some(escaped) = escaped else { return Some(rest) };
        if escaped.starts_with(['\'', '\\']) {
            bytes.extend(escaped[..1].bytes());
            rest = &rest[1..];
        } else {
            bytes.push(u8::from_str_radix(escaped.get(..3)?, 8).ok()?);
            rest = &rest[3..];
        }
    }
}

/// Refuses lines that are more than `NAME=word` to a shell.
pub fn are_assignments(lines: &str) {
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let (name, word) = line.split_once('=').expect("an assignment");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line:?}");
        assert_eq!(read_word(word).map(|(_, rest)| rest), Some(""), "{line:?}");
    }
}
