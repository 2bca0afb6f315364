//! Names written out, so that they stay what they were.

use crate::bootprep::Section;
use crate::bootprep::names::Variables;
use crate::text::Position;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeKind, ScalarStyle, Value};

use super::renamed::Renamed;
use super::{RewriteError, Work};

/// A name that is written out.
pub(super) struct Kept {
    pub(super) edit: Edit,
    pub(super) section: Section,
    pub(super) index: usize,
    pub(super) at: usize,
    /// The template.
    pub(super) before: String,
    /// What stands there now, as YAML reads it.
    pub(super) after: Value,
}

/// Words that YAML 1.1 takes for something else than text.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

impl Work<'_> {
    /// The edits that write out the names that would follow a pinned image.
    pub(super) fn kept(&self, renamed: &[Renamed], variables: &Variables) -> Result<Vec<Kept>, RewriteError> {
        renamed.iter().filter(|renamed| renamed.direct).map(|renamed| self.keep(renamed, variables)).collect()
    }

    fn keep(&self, renamed: &Renamed, variables: &Variables) -> Result<Kept, RewriteError> {
        let owner = match renamed.section {
            Section::Images => self.file.images[renamed.index].node,
            Section::SessionTemplates => self.file.templates[renamed.index].node,
        };
        self.own_text(self.list(renamed.section).into_iter().chain([owner]))?;
        let Some((_, name)) = self.tree.own_entry(owner, "name") else {
            return Err(self.shared(owner, "`name` comes from another place by a merge key".to_owned()));
        };
        self.own_text([name])?;
        let node = self.tree.node(name);
        let at = self.text.position(node.outer);
        let Some(before) = &renamed.before else { return Err(self.name_unknown(at, &renamed.template)) };
        let literal = literal(before);
        if variables.pattern(&literal).text() != Some(before) {
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
            section: renamed.section,
            index: renamed.index,
            at: node.outer,
            before: renamed.template.clone(),
            after: Value::Scalar { text: literal, plain },
        })
    }

    fn name_unknown(&self, at: Position, template: &str) -> RewriteError {
        RewriteError::NameUnknown { path: self.path.to_owned(), at, template: template.to_owned() }
    }
}

/// Text that SAT's Jinja2 renders to `name`.
fn literal(name: &str) -> String {
    if ["{{", "{%", "{#"].iter().any(|sign| name.contains(sign)) {
        name.replace('{', "{{ '{' }}")
    } else {
        name.to_owned()
    }
}

/// Whether text without quotes is text to every reader.
fn is_plain(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
