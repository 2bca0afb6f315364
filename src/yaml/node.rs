//! The nodes of a tree: as they are looked at, and as they are kept. A document has as many nodes as its text has words,
//! and two trees of it are at hand while a change is compared with what it is to be, so a node is kept in 28 bytes.

#![allow(
    clippy::indexing_slicing,
    reason = "only this arena gives out the number of a node, and the places of its texts and children; it never shrinks"
)]

use std::ops::Range;
use std::sync::Arc;

use foldhash::HashMap;

/// The number of a node in its tree.
pub type NodeId = usize;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// As it is.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// `|` or `>`.
    Block,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind<'t> {
    /// A single value, as text.
    Scalar {
        /// The text, unescaped.
        text: &'t str,
        /// How it is written.
        style: ScalarStyle,
    },
    /// Keys and values, in order; a key may stand twice.
    Mapping {
        /// `{...}`, not a block.
        flow: bool,
        /// Keys and values.
        entries: &'t [(NodeId, NodeId)],
    },
    /// Items, in order.
    Sequence {
        /// `[...]`, not a block.
        flow: bool,
        /// The items.
        items: &'t [NodeId],
    },
    /// `*name`: the same as another node.
    Alias {
        /// The node it stands for.
        target: NodeId,
    },
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'t> {
    /// What it is.
    pub kind: NodeKind<'t>,
    /// Its text, from its first to behind its last byte; of a block, to the end of its last child.
    pub span: Range<usize>,
    /// Where it begins with its anchor, its tag, and the sign of a block of text.
    pub outer: usize,
    /// Its tag, in full: `tag:yaml.org,2002:str`.
    pub tag: Option<&'t str>,
    /// It carries an anchor.
    pub anchored: bool,
    /// An alias elsewhere stands for this node.
    pub shared: bool,
}

/// All nodes of a tree, in the order in which they begin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Nodes {
    kept: Vec<Kept>,
    /// Texts and tags, each once.
    texts: Vec<Arc<str>>,
    /// Of all mappings, one after the other.
    entries: Vec<(NodeId, NodeId)>,
    /// Of all sequences, one after the other.
    items: Vec<NodeId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    form: Form,
    anchored: bool,
    shared: bool,
    /// The place of its text, or of its first entry or item, or the node it stands for.
    first: u32,
    /// How many entries or items.
    count: u32,
    start: u32,
    end: u32,
    outer: u32,
    /// The place of its tag among the texts.
    tag: u32,
}

/// A node without a tag.
const NO_TAG: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Scalar(ScalarStyle),
    Mapping { flow: bool },
    Sequence { flow: bool },
    Alias,
}

/// Where a node stands, and what stands before it.
pub(super) struct Standing<'a> {
    pub(super) span: Range<usize>,
    pub(super) outer: usize,
    pub(super) tag: Option<&'a str>,
    pub(super) anchored: bool,
}

/// The places of the texts that are kept.
pub(super) type Texts = HashMap<Arc<str>, u32>;

/// Documents are smaller than what this can count, which is checked before one is read.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn places(first: u32, count: u32) -> Range<usize> {
    first as usize..first as usize + count as usize
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn get(&self, id: NodeId) -> Node<'_> {
        let kept = self.kept[id];
        Node {
            kind: self.kind(id),
            span: kept.start as usize..kept.end as usize,
            outer: kept.outer as usize,
            tag: self.texts.get(kept.tag as usize).map(|tag| &**tag),
            anchored: kept.anchored,
            shared: kept.shared,
        }
    }

    #[inline]
    pub(super) fn kind(&self, id: NodeId) -> NodeKind<'_> {
        let kept = &self.kept[id];
        match kept.form {
            Form::Scalar(style) => NodeKind::Scalar { text: &self.texts[kept.first as usize], style },
            Form::Mapping { flow } => {
                NodeKind::Mapping { flow, entries: &self.entries[places(kept.first, kept.count)] }
            }
            Form::Sequence { flow } => NodeKind::Sequence { flow, items: &self.items[places(kept.first, kept.count)] },
            Form::Alias => NodeKind::Alias { target: kept.first as usize },
        }
    }

    /// The text of a scalar.
    #[inline]
    pub(super) fn scalar(&self, id: NodeId) -> Option<&str> {
        let kept = &self.kept[id];
        matches!(kept.form, Form::Scalar(_)).then(|| &*self.texts[kept.first as usize])
    }

    /// The node that an alias stands for.
    #[inline]
    pub(super) fn target(&self, id: NodeId) -> Option<NodeId> {
        let kept = &self.kept[id];
        (kept.form == Form::Alias).then_some(kept.first as usize)
    }

    pub(super) fn span(&self, id: NodeId) -> Range<usize> {
        self.kept[id].start as usize..self.kept[id].end as usize
    }

    /// The text of a scalar, to be kept by others.
    pub(super) fn text(&self, id: NodeId) -> Option<Arc<str>> {
        let kept = self.kept[id];
        match kept.form {
            Form::Scalar(_) => self.texts.get(kept.first as usize).map(Arc::clone),
            _ => None,
        }
    }

    /// How many nodes begin at a place of the text or before it, where they are in the order of the text.
    pub(super) fn up_to(&self, at: usize) -> usize {
        self.kept.partition_point(|node| node.start as usize <= at)
    }

    pub(super) fn add_scalar(&mut self, text: &str, style: ScalarStyle, at: Standing<'_>, texts: &mut Texts) -> NodeId {
        let text = self.keep(text, texts);
        self.add(Form::Scalar(style), text, at, texts)
    }

    /// Adds a mapping that is to be filled.
    pub(super) fn add_mapping(&mut self, flow: bool, at: Standing<'_>, texts: &mut Texts) -> NodeId {
        self.add(Form::Mapping { flow }, 0, at, texts)
    }

    /// Adds a sequence that is to be filled.
    pub(super) fn add_sequence(&mut self, flow: bool, at: Standing<'_>, texts: &mut Texts) -> NodeId {
        self.add(Form::Sequence { flow }, 0, at, texts)
    }

    pub(super) fn add_alias(&mut self, target: NodeId, at: Standing<'_>, texts: &mut Texts) -> NodeId {
        self.kept[target].shared = true;
        self.add(Form::Alias, narrow(target), at, texts)
    }

    fn add(&mut self, form: Form, first: u32, at: Standing<'_>, texts: &mut Texts) -> NodeId {
        let tag = at.tag.map_or(NO_TAG, |tag| self.keep(tag, texts));
        self.kept.push(Kept {
            form,
            anchored: at.anchored,
            shared: false,
            first,
            count: 0,
            start: narrow(at.span.start),
            end: narrow(at.span.end),
            outer: narrow(at.outer),
            tag,
        });
        self.kept.len() - 1
    }

    fn keep(&mut self, text: &str, texts: &mut Texts) -> u32 {
        if let Some(known) = texts.get(text) {
            return *known;
        }
        let (place, text) = (narrow(self.texts.len()), Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        texts.insert(text, place);
        place
    }

    /// Gives a mapping its keys and values in turn, a sequence its items.
    pub(super) fn fill(&mut self, id: NodeId, children: &[NodeId]) {
        let kept = &mut self.kept[id];
        let before = match kept.form {
            Form::Mapping { .. } => {
                let before = self.entries.len();
                self.entries.extend(children.as_chunks().0.iter().map(|[key, value]| (*key, *value)));
                kept.count = narrow(self.entries.len() - before);
                before
            }
            Form::Sequence { .. } => {
                let before = self.items.len();
                self.items.extend(children);
                kept.count = narrow(children.len());
                before
            }
            Form::Scalar(_) | Form::Alias => return,
        };
        kept.first = narrow(before);
    }

    pub(super) fn ends_at(&mut self, id: NodeId, end: usize) {
        let kept = &mut self.kept[id];
        kept.end = narrow(end).max(kept.start);
    }

    pub(super) fn begins_at_most(&mut self, id: NodeId, outer: usize) {
        let kept = &mut self.kept[id];
        kept.outer = kept.outer.min(narrow(outer));
    }
}
