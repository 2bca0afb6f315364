//! Secrets that are known by their shape, whatever stands before them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A pattern of this crate; a test compiles all of them.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

/// Each names the secret `s`.
const SHAPES: &[&str] = &[
    // JSON Web Tokens, whole or cut.
    r"(?:^|[^A-Za-z0-9])(?<s>eyJ[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]*){0,4})",
    // The password of a URL, and a token in place of its user.
    r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:"'<>{}]*:(?<s>[^\s/"'<>]+)@"#,
    r#"[A-Za-z][A-Za-z0-9+.-]*://(?<s>[A-Za-z0-9_.~-]{20,})@"#,
    // Headers: what an authorization consists of depends on its scheme, so all of it goes.
    r#"(?i)authorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:bearer|basic|digest|negotiate|token|apikey)\s+)(?<s>[^"'\\⏎]*[^"'\\⏎\s,;\]})])"#,
    r#"(?i)authorization\\*["']?\s*[:=]\s*\\*["']?(?<s>[^\s"'\\⏎,;\]})\[{]*[0-9+/=_.-][^\s"'\\⏎,;\]})]*)"#,
    r"(?i)\bbearer\s+(?<s>[A-Za-z0-9._~+/-]*[0-9_~+/][A-Za-z0-9._~+/-]*={0,2})",
    r"(?i)\bbasic\s+(?<s>[A-Za-z0-9+/]*[0-9+/=][A-Za-z0-9+/]{6,}={0,2})",
    r"(?i)\bbasic\s+(?<s>[A-Za-z0-9+/]{8,}={1,2})",
    r#"(?i)\b(?:set-)?cookie\\*["']?:\s*\\*["']?(?<s>[^"'\\⏎\s][^"'\\⏎]*=[^"'\\⏎]*)"#,
    // Keys of services.
    r"\b(?<s>(?:AKIA|ASIA)[0-9A-Z]{16})\b",
    r"\b(?<s>gh[pousr]_[A-Za-z0-9]{20,})",
    r"\b(?<s>github_pat_[A-Za-z0-9_]{20,})",
    r"\b(?<s>glpat-[A-Za-z0-9_-]{16,})",
    r"\b(?<s>xox[abeoprs]-[A-Za-z0-9-]{10,})",
    r"\b(?<s>hv[sb]\.[A-Za-z0-9_-]{16,})",
    // Hashes of crypt(3), as the vault of HPE holds them for root.
    r"(?<s>\$(?:1|2[aby]|5|6|7|y|gy)\$[./A-Za-z0-9$=,]{8,})",
    // What ansible has encrypted, on one line.
    r#"\$ANSIBLE_VAULT;[^\s"'\\⏎]+(?:(?:\\+n|⏎|\s)+(?<s>[0-9a-f]{20,}(?:(?:\\+n|⏎|\s)+[0-9a-f]{4,})*))"#,
    // Words of commands.
    r#"\bcurl\b[^|;]*?\s(?:-u|--user)[\s=]*["']?[^\s:"']+:(?<s>[^\s"']+)"#,
    r#"\bsshpass\s+-p\s*["']?(?<s>[^\s"']+)"#,
    // A name and its value as a container has them in its environment.
    r#"(?i)"name"\s*:\s*"[^"]*(?:passw|secret|token|api_?key|access_?key|credential)[^"]*"\s*,\s*"value"\s*:\s*"(?<s>[^"]+)""#,
];

static FINDERS: LazyLock<Vec<Regex>> = LazyLock::new(|| SHAPES.iter().filter_map(|text| pattern(text)).collect());

const BEGIN: &str = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----";
const END: &str = r"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----";

static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(BEGIN));
static TAIL: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(END));

/// Adds the secrets of a line that are known by their shape.
pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    for finder in FINDERS.iter() {
        let secrets = finder.captures_iter(line).filter_map(|captures| captures.name("s"));
        found.extend(
            secrets
                .filter(|secret| !is_expression(secret.as_str()) && !secret.as_str().starts_with("{{"))
                .map(|secret| secret.range()),
        );
    }
    keys(line, found);
}

/// Private keys that begin and end in a line, as they do in JSON.
fn keys(line: &str, found: &mut Vec<Range<usize>>) {
    let (Some(head), Some(tail)) = (HEAD.as_ref(), TAIL.as_ref()) else { return };
    let mut from = 0;
    while let Some(begin) = head.find_at(line, from) {
        let Some(end) = tail.find_at(line, begin.end()) else { return };
        found.push(begin.start()..end.end());
        from = end.end();
    }
}

/// Where a private key begins whose end is not in the line.
pub(super) fn key_without_end(line: &str) -> Option<usize> {
    let begin = HEAD.as_ref()?.find_iter(line).last()?;
    TAIL.as_ref()?.find_at(line, begin.end()).is_none().then_some(begin.start())
}

/// Where a private key ends that began before the line.
pub(super) fn end_of_key(line: &str) -> Option<usize> {
    let end = TAIL.as_ref()?.find(line)?;
    let begin = HEAD.as_ref()?.find(line).map_or(line.len(), |begin| begin.start());
    (end.start() < begin).then_some(end.end())
}

/// Whether the next lines are what ansible has encrypted.
pub(super) fn opens_vault(line: &str) -> bool {
    line.find("$ANSIBLE_VAULT;")
        .is_some_and(|at| !line.get(at..).unwrap_or_default().trim_end().contains(char::is_whitespace))
}

/// An expression of a template, a variable of a shell, or what is masked already: no secret itself.
pub(super) fn is_expression(value: &str) -> bool {
    value.starts_with(super::MASK)
        || (value.starts_with("{{") && value.ends_with("}}"))
        || (value.starts_with("{%") && value.ends_with("%}"))
        || value
            .strip_prefix("${")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_}".contains(&byte)))
        || value.strip_prefix('$').is_some_and(|name| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
}

/// The last word of a line, without quotes and what ends an entry.
pub(super) fn last_word(line: &str) -> Option<Range<usize>> {
    let text = line.trim_end_matches(|letter: char| letter.is_whitespace() || "\"',\\".contains(letter));
    let parts = |letter: char| letter.is_whitespace() || "\"'|>".contains(letter);
    let from = text.char_indices().rfind(|(_, letter)| parts(*letter)).map_or(0, |(at, letter)| at + letter.len_utf8());
    (from < text.len()).then_some(from..text.len())
}

fn is_base64(word: &str) -> bool {
    word.trim_end_matches('=').bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

/// Whether a word may stand in a private key: any but a number and a word of a language.
pub(super) fn may_be_of_a_key(word: &str) -> bool {
    let plain =
        word.bytes().all(|byte| byte.is_ascii_digit()) || word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
    is_base64(word) && (!plain || word.len() > 30)
}

/// Whether a word can hardly be anything but a whole line of a key: as long as those are, and made of all kinds of letters.
pub(super) fn is_line_of_a_key(word: &str) -> bool {
    (60..=80).contains(&word.len())
        && is_base64(word)
        && word.bytes().any(|byte| byte.is_ascii_uppercase())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a word is a line of what ansible has encrypted.
pub(super) fn is_encrypted(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_used() {
        assert_eq!(FINDERS.len(), SHAPES.len());
        assert!(HEAD.is_some() && TAIL.is_some());
    }
}
