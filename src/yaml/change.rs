//! Changes to a tree: each is its edits, and what the document means once they are made.

use std::ops::Range;

use crate::text::SourceText;

use super::edit::{Edit, Refused, apply};
use super::{NodeId, NodeKind, Parents, Path, ScalarStyle, Sense, Step, Tree, Value, owned};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The edits.
    pub edits: Vec<Edit>,
    /// What they mean, in this order.
    pub means: Vec<Meant>,
}

/// What a change means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// The value at a path becomes another.
    Set(Path, Value),
    /// The last entry with the key at the end of the path goes.
    Remove(Path),
    /// Of the entries with the key at the end of the path, all but the last go.
    KeepLast(Path),
    /// The key at the end of the path gets another name.
    Rename(Path, String),
    /// A mapping gets an entry, at its end.
    Append(Path, String, Value),
    /// The document, a mapping, gets an entry at its beginning.
    Prepend(String, Value),
    /// An item of a list takes the place before another.
    Move {
        /// The list.
        list: Path,
        /// The item that moves.
        from: usize,
        /// The item it will stand before.
        before: usize,
    },
    /// The meaning stays: only the way it is written changes.
    Nothing,
    /// There was no meaning: the text was no YAML.
    Anything,
}

impl Change {
    /// Two changes that belong together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.edits.extend(other.edits);
        self.means.extend(other.means);
        self
    }

    /// Whether the edits of two changes touch.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.edits.iter().any(|one| {
            other.edits.iter().any(|two| one.range.start <= two.range.end && two.range.start <= one.range.end)
        })
    }
}

/// Makes changes, all or none. The result is read again, and given only when it means exactly the original with them.
///
/// # Errors
/// Changes that overlap, or a result that means anything else.
pub fn make(text: &SourceText, tree: Option<&Tree>, changes: &[&Change]) -> Result<SourceText, Refused> {
    let edits: Vec<Edit> = changes.iter().flat_map(|change| change.edits.iter().cloned()).collect();
    let meanings: Vec<&Meant> = changes.iter().flat_map(|change| &change.means).collect();
    let root = tree.and_then(|tree| tree.root().map(|root| tree.value(root))).transpose()?;
    match root {
        Some(mut value) if !meanings.contains(&&Meant::Anything) => {
            for meant in meanings {
                intend(&mut value, meant);
            }
            apply(text, &edits, Sense::from(&value))
        }
        _ => super::edit::apply_unread(text, &edits),
    }
}

fn intend(value: &mut Value, meant: &Meant) {
    let split = |path: &Path| {
        let (last, rest) = path.0.split_last()?;
        Some((Path(rest.to_vec()), last.clone()))
    };
    match meant {
        Meant::Set(path, new) => {
            if let Some(old) = value.at_mut(path) {
                *old = new.clone();
            }
        }
        Meant::Remove(path) => {
            let Some((parent, last)) = split(path) else { return };
            match (value.at_mut(&parent).map(Value::untagged_mut), last) {
                (Some(Value::Mapping(entries)), Step::Key(key)) => {
                    if let Some(at) = entries.iter().rposition(|(name, _)| name.is(&key)) {
                        entries.remove(at);
                    }
                }
                (Some(Value::Sequence(items)), Step::Item(index)) if index < items.len() => {
                    items.remove(index);
                }
                _ => {}
            }
        }
        Meant::KeepLast(path) => {
            let Some((parent, Step::Key(key))) = split(path) else { return };
            if let Some(Value::Mapping(entries)) = value.at_mut(&parent).map(Value::untagged_mut) {
                let last = entries.iter().rposition(|(name, _)| name.is(&key));
                let mut at = 0;
                entries.retain(|(name, _)| {
                    at += 1;
                    !name.is(&key) || Some(at - 1) == last
                });
            }
        }
        Meant::Rename(path, new) => {
            let Some((parent, Step::Key(key))) = split(path) else { return };
            if let Some(Value::Mapping(entries)) = value.at_mut(&parent).map(Value::untagged_mut)
                && let Some((name, _)) = entries.iter_mut().rev().find(|(name, _)| name.is(&key))
            {
                *name = Value::Scalar { text: new.clone(), plain: matches!(name, Value::Scalar { plain: true, .. }) };
            }
        }
        Meant::Append(path, key, new) => {
            if let Some(Value::Mapping(entries)) = value.at_mut(path).map(Value::untagged_mut) {
                entries.push((Value::plain(key), new.clone()));
            }
        }
        Meant::Prepend(key, new) => {
            if let Value::Mapping(entries) = value.untagged_mut() {
                entries.insert(0, (Value::plain(key), new.clone()));
            }
        }
        Meant::Move { list, from, before } => {
            if let Some(Value::Sequence(items)) = value.at_mut(list).map(Value::untagged_mut)
                && from > before
                && *from < items.len()
            {
                let item = items.remove(*from);
                items.insert(*before, item);
            }
        }
        Meant::Nothing | Meant::Anything => {}
    }
}

/// The changes that can be made to a document; none where the text is shared with another place, or where the change is
/// not one incfg knows how to write.
#[derive(Debug, Clone, Copy)]
pub struct Editor<'a> {
    /// The text.
    pub text: &'a SourceText,
    /// Its tree.
    pub tree: &'a Tree,
    /// Where everything stands.
    pub parents: &'a Parents<'a>,
}

impl Editor<'_> {
    /// Whether a change here changes nothing elsewhere: no alias stands for this text, and it is no alias.
    fn is_own(&self, node: NodeId) -> bool {
        let mut at = Some(node);
        while let Some(id) = at {
            if self.tree.node(id).shared || matches!(self.tree.node(id).kind, NodeKind::Alias { .. }) {
                return false;
            }
            at = self.parents.of(id);
        }
        true
    }

    /// Puts another text in the place of a single value. The style stays where it can.
    #[must_use]
    pub fn set_text(&self, node: NodeId, text: &str) -> Option<Change> {
        let NodeKind::Scalar { style, .. } = self.tree.node(node).kind else { return None };
        let quote = style == ScalarStyle::Quoted || !plain_is_safe(text);
        self.write(node, text, quote)
    }

    /// Puts quotes around a plain value.
    #[must_use]
    pub fn quote(&self, node: NodeId) -> Option<Change> {
        let NodeKind::Scalar { text, style: ScalarStyle::Plain } = &self.tree.node(node).kind else { return None };
        self.write(node, text, true)
    }

    /// Puts a plain word in the place of a single value.
    #[must_use]
    pub fn set_plain(&self, node: NodeId, word: &str) -> Option<Change> {
        self.write(node, word, false)
    }

    fn write(&self, node: NodeId, text: &str, quoted: bool) -> Option<Change> {
        let written = self.tree.node(node);
        let NodeKind::Scalar { style, .. } = written.kind else { return None };
        if !self.is_own(node)
            || style == ScalarStyle::Block
            || written.tag.is_some()
            || text.chars().any(char::is_control)
        {
            return None;
        }
        let double = self.text.part(written.span.clone()).starts_with('"') || style == ScalarStyle::Plain;
        let new = match (quoted, double) {
            (false, _) => text.to_owned(),
            (true, true) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            (true, false) => format!("'{}'", text.replace('\'', "''")),
        };
        let edit = if written.span.is_empty() {
            let at = self.behind_colon(node)?;
            Edit { range: at..at, text: format!(" {new}") }
        } else {
            Edit { range: written.span.clone(), text: new }
        };
        Some(Change {
            edits: vec![edit],
            means: vec![Meant::Set(self.parents.path(node), Value::Scalar { text: text.to_owned(), plain: !quoted })],
        })
    }

    /// Where the value of an entry would begin that has none: the parser puts it before the colon.
    fn behind_colon(&self, value: NodeId) -> Option<usize> {
        let key = self.tree.node(self.parents.key(value)?).span.end;
        owned::sign_after(self.text.as_str(), key, ':').map(|colon| colon + 1)
    }

    /// Puts a mapping or list of any kind in the place of a value, in flow style.
    #[must_use]
    pub fn set_flow(&self, node: NodeId, written: &str, value: Value) -> Option<Change> {
        let span = self.tree.node(node).span.clone();
        let one_line = self.text.line_of(span.start) == self.text.line_of(span.end);
        (self.is_own(node) && one_line).then(|| Change {
            edits: vec![Edit { range: self.tree.node(node).outer..span.end, text: written.to_owned() }],
            means: vec![Meant::Set(self.parents.path(node), value)],
        })
    }

    /// Gives a key another name.
    #[must_use]
    pub fn rename(&self, key: NodeId, name: &str) -> Option<Change> {
        let node = self.tree.node(key);
        let NodeKind::Scalar { style, .. } = node.kind else { return None };
        if !self.is_own(key)
            || style == ScalarStyle::Block
            || node.tag.is_some()
            || node.anchored
            || !plain_is_safe(name)
        {
            return None;
        }
        let new = if style == ScalarStyle::Plain { name.to_owned() } else { format!("\"{name}\"") };
        Some(Change {
            edits: vec![Edit { range: node.span.clone(), text: new }],
            means: vec![Meant::Rename(self.parents.path(key), name.to_owned())],
        })
    }

    /// Takes an entry out of a mapping; the last one leaves `{}`.
    #[must_use]
    pub fn remove(&self, key: NodeId) -> Option<Change> {
        let range = self.entry_lines(key)?;
        Some(Change {
            edits: vec![Edit { range, text: String::new() }],
            means: vec![Meant::Remove(self.parents.path(key))],
        })
    }

    /// Takes out an entry whose key stands again below, where it counts.
    #[must_use]
    pub fn remove_earlier(&self, key: NodeId) -> Option<Change> {
        let range = self.entry_lines(key)?;
        Some(Change {
            edits: vec![Edit { range, text: String::new() }],
            means: vec![Meant::KeepLast(self.parents.path(key))],
        })
    }

    /// The text of an entry: whole lines in a block, the entry and one comma in flow style.
    fn entry_lines(&self, key: NodeId) -> Option<Range<usize>> {
        let mapping = self.parents.of(key)?;
        let entries = self.tree.entries(mapping)?;
        let (at, entry) = entries.iter().copied().enumerate().find(|(_, (name, _))| *name == key)?;
        if !self.is_own(key) || entries.len() == 1 || self.holds_anchor(entry.1) {
            return None;
        }
        let (start, end) = (self.tree.node(key).outer, self.end_of(entry));
        if self.tree.is_flow(mapping) {
            return Some(match entries.get(at + 1) {
                Some((next, _)) => start..self.tree.node(*next).outer,
                None => self.end_of(*entries.get(at.checked_sub(1)?)?)..end,
            });
        }
        let line = self.text.line_of(start);
        let lines = self.text.line_range(line).start
            ..self.text.line_range(self.text.line_of(end.saturating_sub(1).max(start))).end;
        let before = self.text.part(lines.start..start);
        if before.trim().is_empty() {
            return Some(lines);
        }
        // The first key of an item shares its line with the dash: the next key comes up to it.
        let (next, _) = entries.get(at + 1)?;
        (before.trim_start().trim_end_matches(' ') == "-").then(|| start..self.tree.node(*next).outer)
    }

    fn holds_anchor(&self, node: NodeId) -> bool {
        self.tree.within(node).into_iter().any(|inner| self.tree.node(inner).shared)
    }

    fn end_of(&self, (key, value): (NodeId, NodeId)) -> usize {
        let key = self.tree.node(key).span.end;
        let colon = owned::sign_after(self.text.as_str(), key, ':').map_or(key, |colon| colon + 1);
        self.tree.node(value).span.end.max(colon)
    }

    /// Adds an entry with a single value behind the last one of a mapping.
    #[must_use]
    pub fn append(&self, mapping: NodeId, key: &str, word: &str, quoted: bool) -> Option<Change> {
        let entries = self.tree.entries(mapping)?;
        let last = *entries.last()?;
        let first_of_line = self.text.line_range(self.text.line_of(self.tree.node(last.0).outer)).start;
        let ahead = self.text.part(first_of_line..self.tree.node(last.0).outer);
        let announced = ahead.trim_end().ends_with('?');
        if !self.is_own(mapping) || !plain_is_safe(key) || announced {
            return None;
        }
        let value = if quoted { format!("\"{word}\"") } else { word.to_owned() };
        let means = vec![Meant::Append(
            self.parents.path(mapping),
            key.to_owned(),
            Value::Scalar { text: word.to_owned(), plain: !quoted },
        )];
        if self.tree.is_flow(mapping) {
            let at = self.end_of(last);
            return Some(Change { edits: vec![Edit { range: at..at, text: format!(", {key}: {value}") }], means });
        }
        let mut last_line = self.text.line_of(self.end_of(last).saturating_sub(1));
        if let Some(head) = self.head_of_last_block(last.1) {
            let keeps = self.text.part(head).contains('+');
            while keeps && last_line + 1 < self.text.lines() && self.text.line(last_line + 1).trim().is_empty() {
                last_line += 1;
            }
            // Without a line break at its end the text would get one.
            if last_line + 1 == self.text.lines() && !self.text.is_closed() {
                return None;
            }
        }
        let end = self.text.line_range(last_line);
        let indent = self.text.column_bytes(self.tree.node(last.0).outer);
        let line_break = self.text.line_break();
        let closed = self.text.part(end.clone()).ends_with(['\n', '\r']);
        let line = format!("{:indent$}{key}: {value}", "");
        let text = if closed { format!("{line}{line_break}") } else { format!("{line_break}{line}") };
        Some(Change { edits: vec![Edit { range: end.end..end.end, text }], means })
    }

    /// The head of the block of text with which a value ends.
    fn head_of_last_block(&self, mut node: NodeId) -> Option<Range<usize>> {
        loop {
            node = match &self.tree.node(node).kind {
                NodeKind::Mapping { flow: false, entries } => entries.last()?.1,
                NodeKind::Sequence { flow: false, items } => *items.last()?,
                NodeKind::Scalar { style: ScalarStyle::Block, .. } => return self.tree.head_of_block(self.text, node),
                _ => return None,
            };
        }
    }

    /// Puts an item of a block list before an earlier one.
    #[must_use]
    pub fn move_item(&self, list: NodeId, from: usize, before: usize) -> Option<Change> {
        let items = self.tree.items(list)?;
        if self.tree.is_flow(list) || from <= before || !self.is_own(list) {
            return None;
        }
        let lines = |item: usize| owned::lines(self.text, self.tree, *items.get(item)?);
        let (from_lines, to) = (lines(from)?, lines(before)?.start);
        let mut gone = self.text.line_range(from_lines.start).start..self.text.line_range(from_lines.end - 1).end;
        let target = self.text.line_range(to).start;
        let mut text = self.text.part(gone.clone()).to_owned();
        if !text.ends_with(['\n', '\r']) {
            text.push_str(self.text.line_break());
            let above = from_lines.start - 1;
            gone.start = self.text.line_range(above).start + self.text.line(above).len();
        }
        Some(Change {
            edits: vec![Edit { range: target..target, text }, Edit { range: gone, text: String::new() }],
            means: vec![Meant::Move { list: self.parents.path(list), from, before }],
        })
    }

    /// Edits that change nothing but the way something is written.
    #[must_use]
    pub fn rewrite(&self, range: Range<usize>, text: String) -> Change {
        Change { edits: vec![Edit { range, text }], means: vec![Meant::Nothing] }
    }
}

/// Whether a text without quotes is the same text to every reader.
fn plain_is_safe(text: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    text.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
        && text.chars().all(word)
        && super::plain_meaning(text) == super::Meaning::Text
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .iter()
            .any(|known| text.eq_ignore_ascii_case(known))
}
