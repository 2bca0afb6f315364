//! Names written out, so that they stay what they were.

use crate::jinja::literal;
use crate::text::Position;
use crate::yaml::edit::Edit;
use crate::yaml::{Meaning, NodeId, NodeKind, ScalarStyle, Value, plain_meaning};

use super::renamed::Renamed;
use super::{RewriteError, Work};

/// A text that is written out.
pub(super) struct Kept {
    pub(super) edits: Vec<Edit>,
    pub(super) node: NodeId,
    /// The template.
    pub(super) before: String,
    /// What stands there now.
    pub(super) written: String,
    /// The same, as YAML reads it.
    pub(super) after: Value,
}

/// Words that some reader of YAML takes for something else than text.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

impl Work<'_> {
    /// The edits that write out the texts that would follow a pinned image.
    pub(super) fn kept(&self, renamed: &[Renamed]) -> Result<Vec<Kept>, RewriteError> {
        renamed.iter().filter(|renamed| renamed.direct).map(|renamed| self.keep(renamed)).collect()
    }

    fn keep(&self, renamed: &Renamed) -> Result<Kept, RewriteError> {
        let mut holders = Vec::new();
        let mut holder = Some(renamed.node);
        while let Some(node) = holder {
            holders.push(node);
            holder = self.parents.of(node);
        }
        self.own_text(holders)?;
        let node = self.tree.node(renamed.node);
        let at = self.text.position(node.outer);
        let Some(before) = &renamed.before else { return Err(self.name_unknown(at, &renamed.template)) };
        // Jinja2 drops the last line break of a template.
        let literals = [literal(before), literal(before) + "\n"];
        let Some(literal) = literals.into_iter().find(|text| self.variables.pattern(text).text() == Some(before))
        else {
            return Err(self.name_unknown(at, &renamed.template));
        };
        let source = self.text.part(node.span.clone());
        let plain = matches!(node.kind, NodeKind::Scalar { style: ScalarStyle::Plain, .. }) && is_plain(&literal);
        let written = if plain {
            literal.clone()
        } else if source.starts_with('"') || !literal.chars().all(is_printed) {
            in_double_quotes(&literal)
        } else {
            format!("'{}'", literal.replace('\'', "''"))
        };
        let after = Value::Scalar { text: literal, plain };
        Ok(Kept {
            edits: self.in_place_of(renamed.node, node.span.start, &written),
            node: renamed.node,
            before: renamed.template.clone(),
            written,
            after: match &node.tag {
                Some(tag) => Value::Tagged(tag.to_string(), Box::new(after)),
                None => after,
            },
        })
    }

    /// The edits that put a text in the place of a single value. Of a block of text the comment at its head stays.
    pub(super) fn in_place_of(&self, node: NodeId, start: usize, text: &str) -> Vec<Edit> {
        let span = self.tree.node(node).span.clone();
        let is_block = matches!(self.tree.node(node).kind, NodeKind::Scalar { style: ScalarStyle::Block, .. });
        let head = self.tree.head_of_block(self.text, node).filter(|_| is_block);
        let Some(head) = head else { return vec![Edit { range: start..span.end, text: text.to_owned() }] };
        let line = self.text.line_of(head.start);
        let below = self.text.line_range(line).start + self.text.line(line).len();
        let mut edits = vec![Edit { range: start.min(head.start)..head.end, text: text.to_owned() }];
        if below < span.end {
            edits.push(Edit { range: below..span.end, text: String::new() });
        }
        edits
    }

    fn name_unknown(&self, at: Position, template: &str) -> RewriteError {
        RewriteError::NameUnknown { path: self.path.to_owned(), at, template: template.to_owned() }
    }
}

/// Whether a letter may stand in quotes as it is.
fn is_printed(letter: char) -> bool {
    !letter.is_control() && !['\u{2028}', '\u{2029}', '\u{feff}'].contains(&letter)
}

fn in_double_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            _ if is_printed(letter) => quoted.push(letter),
            _ => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether text without quotes is text to every reader.
fn is_plain(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        && plain_meaning(text) == Meaning::Text
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
