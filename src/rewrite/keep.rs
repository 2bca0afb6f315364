//! Names written out, so that they stay what they were.

use crate::jinja::literal;
use crate::text::Position;
use crate::yaml::edit::Edit;
use crate::yaml::{Meaning, NodeId, NodeKind, ScalarStyle, Value, plain_meaning};

use super::renamed::Renamed;
use super::{RewriteError, Work};

/// A text that is written out.
pub(super) struct Kept {
    pub(super) edit: Edit,
    pub(super) node: NodeId,
    /// The template.
    pub(super) before: String,
    /// What stands there now, as YAML reads it.
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
        let literal = literal(before);
        if self.variables.pattern(&literal).text() != Some(before) {
            return Err(self.name_unknown(at, &renamed.template));
        }
        let is_block = matches!(node.kind, NodeKind::Scalar { style: ScalarStyle::Block, .. });
        if is_block || literal.chars().any(char::is_control) {
            return Err(RewriteError::NameNotKept { path: self.path.to_owned(), at, name: before.clone() });
        }
        let source = &self.text.as_str()[node.span.clone()];
        let plain = matches!(node.kind, NodeKind::Scalar { style: ScalarStyle::Plain, .. }) && is_plain(&literal);
        let text = if plain {
            literal.clone()
        } else if source.starts_with('"') {
            format!("\"{}\"", literal.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            format!("'{}'", literal.replace('\'', "''"))
        };
        Ok(Kept {
            edit: Edit { range: node.span.clone(), text },
            node: renamed.node,
            before: renamed.template.clone(),
            after: Value::Scalar { text: literal, plain },
        })
    }

    fn name_unknown(&self, at: Position, template: &str) -> RewriteError {
        RewriteError::NameUnknown { path: self.path.to_owned(), at, template: template.to_owned() }
    }
}

/// Whether text without quotes is text to every reader.
fn is_plain(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        && plain_meaning(text) == Meaning::Text
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
