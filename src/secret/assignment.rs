//! Secrets that are known by the name before them, in JSON, YAML, Python, shell and URLs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::shape::{is_expression, pattern};

/// A name that a secret follows: flag, word, what is written on to it, its quote, what ties the value to it.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?ix)
        (?<before> [A-Za-z0-9_.-]* )
        (?<word> password | passwd | passphrase | passcode | _pass | secret | token | api[_-]?key | access[_-]?key
               | private[_-]?key | credential | pwd )
        (?<more> [A-Za-z0-9_-]* )
        (?<quote> \\*["'] )?
        (?<tie> \s* (?: => | = | : | %3D ) \s* | \s+ )"#,
    )
});

/// What may be written on to such a name: `passwords`, `secret_key`, `tokenValue`, `password2`. Others are no secret:
/// `token_type`, `secretName`, `password_file`, `secretary`.
const MORE: &[&str] = &[
    "s",
    "value",
    "hash",
    "hashed",
    "data",
    "string",
    "text",
    "plain",
    "b64",
    "base64",
    "encrypted",
    "key",
    "id",
    "old",
    "new",
    "root",
    "admin",
    "user",
    "prod",
    "test",
    "current",
    "b",
];

/// Words that stand behind such a name where it is only spoken of.
const SPOKEN: &[&str] = &[
    "a",
    "absent",
    "acquired",
    "an",
    "and",
    "are",
    "bad",
    "basic",
    "bearer",
    "bool",
    "can",
    "cannot",
    "changed",
    "could",
    "created",
    "default",
    "deleted",
    "denied",
    "did",
    "digest",
    "does",
    "empty",
    "expired",
    "expires",
    "fail",
    "failed",
    "fails",
    "false",
    "for",
    "found",
    "from",
    "generated",
    "has",
    "have",
    "if",
    "in",
    "incorrect",
    "int",
    "invalid",
    "is",
    "it",
    "malformed",
    "mismatch",
    "missing",
    "must",
    "need",
    "needed",
    "never",
    "new",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "obtained",
    "of",
    "ok",
    "omit",
    "on",
    "optional",
    "or",
    "outdated",
    "present",
    "refreshed",
    "refused",
    "rejected",
    "renewed",
    "required",
    "revoked",
    "rotated",
    "set",
    "should",
    "str",
    "string",
    "that",
    "the",
    "this",
    "to",
    "true",
    "unauthorized",
    "undefined",
    "unexpected",
    "unknown",
    "unset",
    "unsupported",
    "updated",
    "valid",
    "was",
    "were",
    "will",
    "with",
    "wrong",
    "yes",
    "~",
];

/// How the words begin that make a sentence one about a failure.
const FAILURES: &[&str] = &[
    "can't",
    "cannot",
    "could",
    "couldn't",
    "denied",
    "error",
    "expected",
    "expired",
    "fail",
    "illegal",
    "invalid",
    "malformed",
    "missing",
    "refus",
    "reject",
    "unable",
    "unauthorized",
    "unexpected",
    "unknown",
    "unrecognized",
    "unsupported",
];

/// How the reasons of a failure begin that stand behind `password: `. People choose passwords, plain words among them, so
/// any other word there is one; what a machine makes, as a token, is no plain word, and needs no such list.
const REASONS: &[&str] = &[
    "access",
    "account",
    "all",
    "already",
    "any",
    "at",
    "authentication",
    "authorization",
    "bad",
    "certificate",
    "command",
    "connection",
    "database",
    "directory",
    "either",
    "entry",
    "every",
    "file",
    "gateway",
    "host",
    "http",
    "https",
    "input",
    "insufficient",
    "internal",
    "keycloak",
    "length",
    "less",
    "login",
    "module",
    "more",
    "name",
    "network",
    "only",
    "operation",
    "out",
    "password",
    "passwords",
    "permission",
    "please",
    "read",
    "request",
    "resource",
    "response",
    "secret",
    "server",
    "service",
    "session",
    "ssh",
    "ssl",
    "system",
    "there",
    "time",
    "timed",
    "timeout",
    "tls",
    "token",
    "too",
    "try",
    "user",
    "value",
    "vault",
    "you",
    "your",
];

/// Adds the secrets of a line that a name announces; the indent of the name, where its value stands in the lines below.
pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) -> Option<usize> {
    let name = NAME.as_ref()?;
    let mut from = 0;
    // Braces that are open before the name: counted on, so that a long line is walked through once.
    let (mut counted, mut braces) = (0, 0_usize);
    while let Some(captures) = name.captures_at(line, from) {
        let whole = captures.get(0)?;
        for byte in line.get(counted..whole.start()).unwrap_or_default().bytes() {
            match byte {
                b'{' => braces += 1,
                b'}' => braces = braces.saturating_sub(1),
                _ => {}
            }
        }
        counted = whole.start();
        from = whole.end();
        let part = |name| captures.name(name).map_or("", |part| part.as_str());
        let named = Named {
            line,
            begin: whole.start(),
            before: part("before"),
            word: part("word"),
            more: part("more"),
            quoted: captures.name("quote").is_some(),
            tie: part("tie"),
            value: whole.end(),
            in_braces: braces > 0,
        };
        if !named.announces() {
            continue;
        }
        if let Some(indent) = named.block() {
            return Some(indent);
        }
        if let Some(value) = named.value() {
            from = from.max(value.end);
            found.push(value);
        }
    }
    None
}

/// A name that may announce a secret, and what ties a value to it.
struct Named<'a> {
    line: &'a str,
    begin: usize,
    before: &'a str,
    word: &'a str,
    more: &'a str,
    quoted: bool,
    tie: &'a str,
    value: usize,
    in_braces: bool,
}

impl Named<'_> {
    fn announces(&self) -> bool {
        let more = self.more.trim_start_matches(['_', '-']).to_ascii_lowercase();
        let more = more.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let apart = more.len() != self.more.len() || self.more.starts_with(|letter: char| letter.is_ascii_uppercase());
        let known = more.is_empty() || more.split(['_', '-']).all(|part| part.is_empty() || MORE.contains(&part));
        let id = more == "id"
            && !matches!(self.word.to_ascii_lowercase().as_str(), "secret" | "accesskey" | "access_key" | "access-key");
        if !known || id || (!apart && !more.is_empty() && !matches!(more, "s" | "value" | "hash" | "b64")) {
            return false;
        }
        if self.tie.trim().is_empty() {
            // Only a flag has its value behind a blank: `--password x`.
            return self.before.starts_with("--") && !self.quoted;
        }
        let spaced = self.tie.starts_with(char::is_whitespace);
        let colon = self.tie.trim() == ":";
        if colon && spaced && !self.quoted {
            // `TASK [role.secret : Fetch it]`
            return false;
        }
        // `secret-init:1.2` is an image, `cray-token:x` is one too.
        let near = colon && !self.tie.ends_with(char::is_whitespace) && !self.quoted;
        let part_of_a_name = self.more.starts_with('-')
            || self.before.ends_with('-')
            || self.line.get(..self.begin).is_some_and(|before| before.ends_with('/'));
        !(near && part_of_a_name && !self.rest().starts_with(['"', '\'']))
    }

    fn rest(&self) -> &str {
        self.line.get(self.value..).unwrap_or_default()
    }

    /// How deep the entry of this name stands, where it is one of YAML: nothing but blanks and dashes before it.
    fn indent(&self) -> Option<usize> {
        let before = self.line.get(..self.begin)?.trim_end_matches(['"', '\'']);
        let blank = before.chars().all(|letter| letter == ' ' || letter == '-');
        (blank && self.tie.trim() == ":" && (self.tie.len() > 1 || self.rest().is_empty())).then_some(before.len())
    }

    /// The indent, where the value stands below: `password: |`.
    fn block(&self) -> Option<usize> {
        let mut rest = self.rest();
        if let Some(tagged) = rest.strip_prefix('!') {
            rest = tagged.split_once(char::is_whitespace)?.1.trim_start();
        }
        let sign = rest.strip_prefix(['|', '>'])?.trim_start_matches(|letter: char| "+-0123456789".contains(letter));
        let bare = sign.trim_start();
        (bare.is_empty() || (bare.starts_with('#') && bare.len() < sign.len())).then(|| self.indent())?
    }

    /// Where the value stands.
    fn value(&self) -> Option<Range<usize>> {
        let mut from = self.value;
        let mut rest = self.rest();
        // A tag or an anchor of YAML, and the sign of a string of Python.
        while rest.starts_with(['!', '&']) && self.indent().is_some() {
            let word = rest.find(' ')?;
            let blank = rest.get(word..)?.len() - rest.get(word..)?.trim_start().len();
            from += word + blank;
            rest = self.line.get(from..)?;
        }
        let slashes = rest.len() - rest.trim_start_matches('\\').len();
        let python = rest.strip_prefix(['u', 'b', 'r']).is_some_and(|text| text.starts_with(['"', '\'']));
        if python {
            from += 1;
            rest = self.line.get(from..)?;
        }
        let opened = rest.get(slashes..)?;
        let inside = if let Some(quote) = opened.chars().next().filter(|letter| "\"'".contains(*letter)) {
            let begin = slashes + 1;
            let end = closing(rest.get(begin..)?, slashes, quote);
            let text = rest.get(begin..begin + end)?;
            // A quote of the value within an outer one of the same kind: `"token=" + x`.
            return Self::is_secret_text(text).then(|| from + begin..from + begin + end);
        } else if rest.starts_with('[') && !rest.starts_with(super::MASK) {
            let end = rest.find(']').unwrap_or(rest.len());
            let text = rest.get(1..end)?;
            return Self::is_secret_text(text.trim_matches(['"', '\'', ' '])).then(|| from + 1..from + end);
        } else if rest.starts_with(['{', '*', '=', '<', '(', '>', '|', '%']) || rest.starts_with(super::MASK) {
            return None;
        } else if self.indent().is_some() {
            let end = rest.find(" #").unwrap_or(rest.len());
            rest.get(..end)?.trim_end()
        } else if self.is_spoken_of(rest) || self.is_told_of(rest) {
            return None;
        } else if self.tie.trim() == ":" && self.in_braces {
            let end = rest.find([',', '}', '"', '\'', '⏎']).unwrap_or(rest.len());
            rest.get(..end)?.trim_end()
        } else {
            let end = rest.find(|letter: char| letter.is_whitespace() || "\"'<>&,;)}]|⏎".contains(letter));
            let word = rest.get(..end.unwrap_or(rest.len()))?;
            let word = word.split("\\n").next()?.split("\\r").next()?;
            word.trim_end_matches(['\\', '.', ':'])
        };
        (!inside.is_empty() && self.is_secret(inside)).then(|| from..from + inside.len())
    }

    fn is_secret_text(text: &str) -> bool {
        let text = text.trim();
        let empty = ["", "null", "none", "true", "false", "omit", "undefined", "redacted", "<redacted>", "string"];
        !empty.contains(&text.to_ascii_lowercase().as_str())
            && !is_expression(text)
            && !text.chars().all(|letter| "*x.".contains(letter))
            && text != "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
            && !is_path(text)
    }

    /// Whether the name is only spoken of, or a program assigns to it.
    fn is_spoken_of(&self, rest: &str) -> bool {
        let first =
            rest.split(|letter: char| letter.is_whitespace() || ",;&\"'".contains(letter)).next().unwrap_or_default();
        let called = first.find('(').is_some_and(|at| {
            at > 0 && first.bytes().take(at).all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
        });
        let first = first.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}']);
        called || is_variable(first) || SPOKEN.contains(&first.to_ascii_lowercase().as_str())
    }

    /// Whether the name ends a part of a sentence, and what follows is the reason or the name of a thing:
    /// `failed to get token: connection refused`, `invalid token: cos-config-23.7`.
    fn is_told_of(&self, rest: &str) -> bool {
        let before = self.line.get(..self.begin).unwrap_or_default();
        let sentence =
            before.strip_suffix(' ').filter(|before| before.ends_with(|letter: char| letter.is_alphabetic()));
        let Some(sentence) = sentence.filter(|_| self.before.is_empty() && self.tie == ": " && !self.quoted) else {
            return false;
        };
        let clause = sentence.rsplit_once(": ").map_or(sentence, |(_, clause)| clause).to_ascii_lowercase();
        let failed = clause.split(' ').any(|word| FAILURES.iter().any(|failure| word.starts_with(failure)));
        let mut words = rest.split(' ').map(|word| word.trim_end_matches(['.', ',', ';', ':']));
        let plain = |word: &str| {
            let lower = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let acronym = word.len() < 6 && word.bytes().all(|byte| byte.is_ascii_uppercase());
            let begins = word.starts_with(|letter: char| letter.is_ascii_alphabetic());
            (2..=20).contains(&word.len()) && begins && (acronym || word.get(1..).is_some_and(lower))
        };
        let first = words.next().unwrap_or_default();
        let lower = first.to_ascii_lowercase();
        let begins = || {
            let failure = FAILURES.iter().any(|failure| lower.starts_with(failure));
            failure || REASONS.contains(&lower.as_str())
        };
        let reason = plain(first) && words.next().is_some_and(plain) && (!self.is_chosen() || begins());
        failed && (reason || (self.word.eq_ignore_ascii_case("token") && is_versioned_name(first)))
    }

    fn is_secret(&self, text: &str) -> bool {
        let plural = self.more.eq_ignore_ascii_case("s") && text.bytes().all(|byte| byte.is_ascii_digit());
        Self::is_secret_text(text) && !plural && (!self.is_spoken_of(text) || self.is_phrase(text))
    }

    /// Whether people choose what stands behind this name.
    fn is_chosen(&self) -> bool {
        ["password", "passwd", "passphrase", "passcode", "pwd"].contains(&self.word.to_ascii_lowercase().as_str())
    }

    /// Whether the value of an entry is a phrase that someone chose, though it begins with a word of a sentence:
    /// `new horse battery`, and not `must not be empty`.
    fn is_phrase(&self, text: &str) -> bool {
        let spoken = |word: &str| {
            let word = word.trim_end_matches(['.', ',', ';', ':']).to_ascii_lowercase();
            SPOKEN.contains(&word.as_str()) || FAILURES.iter().any(|failure| word.starts_with(failure))
        };
        let mut words = text.split_whitespace();
        self.is_chosen()
            && self.indent().is_some()
            && words.next().is_some_and(spoken)
            && words.next().is_some_and(|second| !spoken(second))
    }
}

/// The length of a quoted text up to the quote that closes it, or up to the end.
fn closing(text: &str, slashes: usize, quote: char) -> usize {
    let mut before = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            before += 1;
            continue;
        }
        if letter == quote && (if slashes == 0 { before % 2 == 0 } else { before <= slashes }) {
            let doubled = slashes == 0 && quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == '\'');
            if !doubled {
                return at - before.min(slashes);
            }
            letters.next();
        }
        before = 0;
    }
    text.len()
}

/// A path of a file: several parts, none of which can be of base64.
fn is_path(text: &str) -> bool {
    let from_root = text.starts_with('/') || text.starts_with("./") || text.starts_with("~/");
    from_root
        && text.matches('/').count() > 1
        && text.split('/').all(|part| part.len() < 32 && !part.contains(['+', '=']))
        && !text.contains(char::is_whitespace)
}

/// A name of a thing in the words of the field, as people give them: `cos-config-23.7`. What is generated is not of short
/// words and of numbers.
fn is_versioned_name(text: &str) -> bool {
    let word = |part: &str| (2..=12).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split(['-', '.', '_']);
    parts.clone().count() > 1 && parts.next().is_some_and(word) && parts.all(|part| word(part) || number(part))
}

/// The name of a variable in a program, as tracebacks show them: `token=self.token`.
fn is_variable(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    word.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_.".contains(&byte))
        && ["password", "token", "secret", "passwd"].iter().any(|name| lower.contains(name))
}
