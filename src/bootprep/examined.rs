//! A file held against the table of fields: which texts it has and what SAT does with them, which keys it uses, and what
//! the schema refuses.

use crate::limits;
use crate::yaml::{Meaning, NodeId, NodeKind, Tree};

use super::names::Scope;
use super::schema::{BOOT_SET, Choice, FILE, IMAGE, Key, LAYER, Mapping, Rendered, SOURCE_REF, Shape};

/// A text of a file, and what SAT does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub node: NodeId,
    /// Whether SAT renders it.
    pub rendered: Rendered,
    /// The entry it belongs to.
    pub scope: Scope,
}

/// A key that a file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedKey {
    /// Where the key stands.
    pub node: NodeId,
    /// What the table says of it.
    pub key: &'static Key,
    /// The mapping it stands in.
    pub mapping: &'static Mapping,
}

/// Something the schema refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub kind: MismatchKind,
    /// The value it is wrong with: for a key, the key; for something missing, the mapping that lacks it.
    pub node: NodeId,
    /// The mapping the schema speaks of.
    pub mapping: &'static Mapping,
}

/// What the schema refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchKind {
    /// A key the mapping does not have.
    UnknownKey,
    /// A key that is not there.
    MissingKey(&'static str),
    /// A value of another kind than this key holds.
    OtherKind(&'static Key),
    /// An item of another kind than the list of this key holds.
    OtherItem(&'static Key),
    /// A word that is none of those the key takes.
    OtherWord(&'static Key, &'static [&'static str]),
    /// An empty text.
    EmptyText(&'static Key),
    /// A mapping without a key.
    Empty,
    /// None of the keys of a choice.
    NoneOf(&'static Choice),
    /// Several keys of a choice.
    SeveralOf(&'static Choice),
    /// `configuration` without `configuration_group_names`.
    NoGroups,
}

/// What the table says of a file.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// Its texts.
    pub fields: Vec<Field>,
    /// The keys it uses.
    pub keys: Vec<UsedKey>,
    /// What the schema refuses.
    pub mismatches: Vec<Mismatch>,
}

/// Holds a file against the table.
#[must_use]
pub fn examine(tree: &Tree) -> Examined {
    let mut examiner = Examiner { tree, found: Examined::default(), scope: Scope::File };
    if let Some(root) = tree.root().filter(|root| tree.entries(*root).is_some()) {
        examiner.mapping(root, &FILE);
    }
    examiner.found
}

struct Examiner<'t> {
    tree: &'t Tree,
    found: Examined,
    scope: Scope,
}

impl Examiner<'_> {
    fn refuse(&mut self, kind: MismatchKind, node: NodeId, mapping: &'static Mapping) {
        self.found.mismatches.push(Mismatch { kind, node, mapping });
    }

    fn mapping(&mut self, node: NodeId, mapping: &'static Mapping) {
        let entries = self.tree.effective(node);
        let mut names: Vec<&str> = Vec::with_capacity(entries.len());
        let mut strangers = 0;
        for (key_node, value) in &entries {
            let name = self.tree.scalar(*key_node).unwrap_or_default();
            names.push(name);
            match mapping.key(name) {
                Some(key) => {
                    self.found.keys.push(UsedKey { node: *key_node, key, mapping });
                    self.value(*value, key, mapping);
                }
                None if mapping.open => self.open_value(*value, mapping),
                None if strangers < limits::STRANGERS => {
                    strangers += 1;
                    self.refuse(MismatchKind::UnknownKey, *key_node, mapping);
                }
                None => {}
            }
        }
        if mapping.filled && entries.is_empty() {
            self.refuse(MismatchKind::Empty, node, mapping);
        }
        for key in mapping.keys.iter().filter(|key| key.required && !names.contains(&key.name)) {
            self.refuse(MismatchKind::MissingKey(key.name), node, mapping);
        }
        for choice in mapping.choices {
            let given = choice.keys.iter().filter(|key| names.contains(key)).count();
            let instead = choice.instead.iter().any(|key| names.contains(key));
            if given > 1 {
                self.refuse(MismatchKind::SeveralOf(choice), node, mapping);
            } else if given == 0 && choice.needed && !instead {
                self.refuse(MismatchKind::NoneOf(choice), node, mapping);
            }
        }
        let source_layer = std::ptr::eq(mapping, &raw const LAYER) && names.contains(&"source");
        if source_layer {
            let given = SOURCE_REF.keys.iter().filter(|key| names.contains(key)).count();
            match given {
                0 => self.refuse(MismatchKind::NoneOf(&SOURCE_REF), node, mapping),
                1 => {}
                _ => self.refuse(MismatchKind::SeveralOf(&SOURCE_REF), node, mapping),
            }
        }
        let grouped = names.contains(&"configuration_group_names");
        if std::ptr::eq(mapping, &raw const IMAGE) && names.contains(&"configuration") && !grouped {
            self.refuse(MismatchKind::NoGroups, node, mapping);
        }
    }

    fn value(&mut self, node: NodeId, key: &'static Key, mapping: &'static Mapping) {
        match key.shape {
            Shape::Text(rendered) => self.text(node, key, mapping, rendered),
            Shape::FilledText(rendered) => {
                self.text(node, key, mapping, rendered);
                if self.tree.is_text(node) && self.tree.scalar(node) == Some("") {
                    self.refuse(MismatchKind::EmptyText(key), node, mapping);
                }
            }
            Shape::Word(words) => match self.tree.scalar(node) {
                Some(_) if !self.tree.is_text(node) => self.refuse(MismatchKind::OtherKind(key), node, mapping),
                Some(word) if words.contains(&word) => {}
                Some(_) => self.refuse(MismatchKind::OtherWord(key, words), node, mapping),
                None => self.refuse(MismatchKind::OtherKind(key), node, mapping),
            },
            Shape::Bool => {
                if self.tree.scalar(node).is_none() || !matches!(self.tree.meaning(node), Meaning::Bool(_)) {
                    self.refuse(MismatchKind::OtherKind(key), node, mapping);
                }
            }
            Shape::Texts => match self.tree.items(node) {
                Some(items) => {
                    for item in items.iter().copied() {
                        self.item_text(item, key, mapping);
                    }
                }
                None => self.refuse(MismatchKind::OtherKind(key), node, mapping),
            },
            Shape::List(of) => match self.tree.items(node) {
                Some(items) => {
                    for (index, item) in items.iter().copied().enumerate() {
                        self.scope = match key.name {
                            "images" => Scope::Image(index),
                            "session_templates" => Scope::Template(index),
                            _ => self.scope,
                        };
                        if self.tree.entries(item).is_some() {
                            self.mapping(item, of);
                        } else {
                            self.refuse(MismatchKind::OtherItem(key), item, of);
                        }
                    }
                    if std::ptr::eq(mapping, &raw const FILE) {
                        self.scope = Scope::File;
                    }
                }
                None => self.refuse(MismatchKind::OtherKind(key), node, mapping),
            },
            Shape::Mapping(of) => self.nested(node, key, mapping, of),
            Shape::Named(of) => match self.tree.entries(node) {
                Some([]) => self.refuse(MismatchKind::Empty, node, mapping),
                Some(_) => {
                    for (_, value) in self.tree.effective(node) {
                        self.nested(value, key, mapping, of);
                    }
                }
                None => self.refuse(MismatchKind::OtherKind(key), node, mapping),
            },
            Shape::TextOr(rendered, of) => {
                if self.tree.entries(node).is_some() {
                    self.mapping(node, of);
                } else {
                    self.text(node, key, mapping, rendered);
                }
            }
        }
    }

    fn nested(&mut self, node: NodeId, key: &'static Key, mapping: &'static Mapping, of: &'static Mapping) {
        if self.tree.entries(node).is_some() {
            self.mapping(node, of);
        } else {
            self.refuse(MismatchKind::OtherKind(key), node, mapping);
        }
    }

    fn text(&mut self, node: NodeId, key: &'static Key, mapping: &'static Mapping, rendered: Rendered) {
        if self.tree.is_text(node) {
            self.found.fields.push(Field { node, rendered, scope: self.scope });
        } else {
            self.refuse(MismatchKind::OtherKind(key), node, mapping);
        }
    }

    fn item_text(&mut self, node: NodeId, key: &'static Key, mapping: &'static Mapping) {
        if self.tree.is_text(node) {
            let rendered = if std::ptr::eq(mapping, &raw const BOOT_SET) { Rendered::WithImage } else { Rendered::No };
            self.found.fields.push(Field { node, rendered, scope: self.scope });
        } else {
            self.refuse(MismatchKind::OtherItem(key), node, mapping);
        }
    }

    /// A value the schema says nothing of; in a boot set its texts are rendered all the same.
    fn open_value(&mut self, node: NodeId, mapping: &'static Mapping) {
        if !std::ptr::eq(mapping, &raw const BOOT_SET) {
            return;
        }
        for inner in self.tree.within(node) {
            if matches!(self.tree.node(inner).kind, NodeKind::Scalar { .. }) && self.tree.is_text(inner) {
                self.found.fields.push(Field { node: inner, rendered: Rendered::WithImage, scope: self.scope });
            }
        }
    }
}
