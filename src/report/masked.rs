//! What leaves incfg: text without secrets, and without signs that do something on a terminal.
//!
//! The command layer writes nothing but [`Masked`] documents and lines that pass through here, so no printer can forget
//! it. The one exception is a bootprep file that was rewritten, whose bytes are exact.

use std::borrow::Cow;
use std::io::{self, Write};

use anstream::adapter::strip_str;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use crate::secret;
use crate::shown::{is_obeyed, on_terminal, printable};

/// A document without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked(String);

impl Masked {
    /// Plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(secret::masked(text).into_owned())
    }

    /// JSON, with a line break at its end; each string in it is masked for itself, so it stays JSON.
    ///
    /// # Errors
    /// None that input can cause.
    pub fn json<T: Serialize>(value: &T) -> serde_json::Result<Self> {
        Self::json_but(value, None)
    }

    /// The same, but for the text under a key of the outermost object: that is a file, whose bytes are exact.
    ///
    /// # Errors
    /// None that input can cause.
    pub fn json_but<T: Serialize>(value: &T, exact: Option<&'static str>) -> serde_json::Result<Self> {
        let mut bytes = Vec::new();
        let formatter = MaskingFormatter { exact, ..MaskingFormatter::default() };
        value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
        bytes.push(b'\n');
        let lossy = |error: std::string::FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
        Ok(Self(String::from_utf8(bytes).unwrap_or_else(lossy)))
    }

    /// A document in a form of its own, whose every word of an input was masked before it was written.
    pub(in crate::report) fn of_masked_words(document: String) -> Self {
        Self(document)
    }

    /// The document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text for a terminal, with the colours of incfg and nothing else that a terminal obeys. A line that holds a secret
/// loses its colours, which may begin and end within it.
#[must_use]
pub fn styled(text: &str) -> String {
    let plain = if text.contains('\u{1b}') { Cow::Owned(strip_str(text).to_string()) } else { Cow::Borrowed(text) };
    let masked = secret::masked(&plain);
    if masked == plain {
        return on_terminal(text);
    }
    let lines = text.split('\n').zip(plain.split('\n').zip(masked.split('\n')));
    let lines =
        lines.map(|(styled, (plain, masked))| if plain == masked { on_terminal(styled) } else { printable(masked) });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes JSON as serde_json does, with each string masked.
#[derive(Default)]
struct MaskingFormatter {
    pretty: PrettyFormatter<'static>,
    /// The string that is being written.
    string: String,
    depth: usize,
    /// The last key of the outermost object.
    key: String,
    in_key: bool,
    exact: Option<&'static str>,
}

impl Formatter for MaskingFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        self.pretty.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_key = false;
        self.pretty.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.string.clear();
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, _: &mut W, fragment: &str) -> io::Result<()> {
        self.string.push_str(fragment);
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, _: &mut W, escape: CharEscape) -> io::Result<()> {
        self.string.push(match escape {
            CharEscape::Quote => '"',
            CharEscape::ReverseSolidus => '\\',
            CharEscape::Solidus => '/',
            CharEscape::Backspace => '\u{8}',
            CharEscape::FormFeed => '\u{c}',
            CharEscape::LineFeed => '\n',
            CharEscape::CarriageReturn => '\r',
            CharEscape::Tab => '\t',
            CharEscape::AsciiControl(byte) => char::from(byte),
        });
        Ok(())
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let outermost = self.depth == 1;
        if self.in_key && outermost {
            self.key.clone_from(&self.string);
        }
        let exact = outermost && !self.in_key && self.exact == Some(self.key.as_str());
        let text = if exact { self.string.as_str().into() } else { secret::masked(&self.string) };
        // Nearly every text: nothing in it has to be looked at letter by letter.
        if text.bytes().all(|byte| byte < 0x7f) {
            return serde_json::to_writer(writer, &*text).map_err(io::Error::from);
        }
        let written = serde_json::to_string(&*text).map_err(io::Error::from)?;
        if !written.contains(is_obeyed) {
            return writer.write_all(written.as_bytes());
        }
        // The same text to a program, and nothing that a terminal obeys.
        let mut units = [0; 2];
        for letter in written.chars() {
            if is_obeyed(letter) {
                for unit in letter.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                write!(writer, "{letter}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_what_it_was_but_for_the_secrets() {
        let value = serde_json::json!({"a": ["x\"\\\u{1}\n\té", 1, null, {}], "b": {"c": [], "d": 1.5}});
        assert_eq!(Masked::json(&value).unwrap().as_str(), format!("{value:#}\n"));
        let value =
            serde_json::json!({"result": "password: abc", "a": "token=\"x\\y\"&", "b": {"result": "password: abc"}});
        let masked = Masked::json_but(&value, Some("result")).unwrap();
        let masked: serde_json::Value = serde_json::from_str(masked.as_str()).unwrap();
        let expected = serde_json::json!({"result": "password: abc", "a": "token=\"[masked]\"&", "b": {"result": "password: [masked]"}});
        assert_eq!(masked, expected);
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_reads_as_it_was() {
        let value = serde_json::json!(["a\u{9b}2J\u{202e}b\u{e0041}"]);
        let written = Masked::json(&value).unwrap();
        assert_eq!(written.as_str(), "[\n  \"a\\u009b2J\\u202eb\\udb40\\udc41\"\n]\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(written.as_str()).unwrap(), value);
    }

    #[test]
    fn a_secret_in_colours_is_masked_and_other_lines_keep_theirs() {
        let text = "\u{1b}[1mtitle\u{1b}[0m\npass\u{1b}[4mword: hun\u{1b}[0mter2\n\u{1b}[2Jz";
        assert_eq!(styled(text), "\u{1b}[1mtitle\u{1b}[0m\npassword: [masked]\n\u{fffd}[2Jz");
    }
}
