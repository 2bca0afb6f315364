//! The adapter to the parser underneath: its events become our tree. Another parser would need another of these files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle as Written, ScanError, Span, StructureStyle, Tag};

use crate::limits;
use crate::text::{Position, SourceText};

use super::{Node, NodeId, NodeKind, ScalarStyle, Tree, YamlError};

pub(super) fn read(text: &SourceText) -> Result<Tree, YamlError> {
    let mut builder = Builder {
        text,
        tree: Tree { nodes: Vec::new(), root: None, comments: Vec::new() },
        open: Vec::new(),
        anchors: HashMap::new(),
        aliases: 0,
        documents: 0,
    };
    let parser = Parser::new_from_str_with_options(text.as_str(), options());
    for event in parser {
        let (event, span) = event.map_err(|error| builder.syntax(&error))?;
        builder.take(event, &span)?;
    }
    Ok(builder.tree)
}

fn options() -> Options {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.max_buffered_comment_events = limits::YAML_COMMENTS;
    options.flow_nesting_limit = limits::YAML_DEPTH;
    options.block_nesting_limit = limits::YAML_DEPTH;
    options
}

/// A collection whose end has not come yet.
struct Open {
    id: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

struct Builder<'a> {
    text: &'a SourceText,
    tree: Tree,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    documents: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), YamlError> {
        let range = span.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.error(
                        range.start,
                        "a second YAML document begins here; SAT reads files with one document only",
                    ));
                }
            }
            Event::Comment(..) => self.tree.comments.push(range),
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    Written::Plain => ScalarStyle::Plain,
                    Written::Literal | Written::Folded => ScalarStyle::Block,
                    _ => ScalarStyle::Quoted,
                };
                let range = if style == ScalarStyle::Block { self.block_scalar(range) } else { range };
                self.add(
                    NodeKind::Scalar { text: Cow::into_owned(value), style },
                    range,
                    span,
                    anchor,
                    tag.as_deref(),
                )?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.add(
                    NodeKind::Sequence { flow: style == StructureStyle::Flow, items: Vec::new() },
                    range,
                    span,
                    anchor,
                    tag.as_deref(),
                )?;
                self.open.push(Open { id, key: None });
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.add(
                    NodeKind::Mapping { flow: style == StructureStyle::Flow, entries: Vec::new() },
                    range,
                    span,
                    anchor,
                    tag.as_deref(),
                )?;
                self.open.push(Open { id, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => {
                self.aliases += 1;
                if self.aliases > limits::YAML_ALIASES {
                    return Err(self.error(range.start, &format!("more than {} aliases", limits::YAML_ALIASES)));
                }
                let target = *self
                    .anchors
                    .get(&anchor)
                    .ok_or_else(|| self.error(range.start, "an alias for a node that is not over yet"))?;
                self.tree.nodes[target].shared = true;
                self.add(NodeKind::Alias { target }, range, span, 0, None)?;
            }
            Event::Anchor(id, _) => {
                if let Some(node) = self.anchors.get(&id) {
                    self.tree.nodes[*node].outer = self.tree.nodes[*node].outer.min(range.start);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add(
        &mut self,
        kind: NodeKind,
        range: Range<usize>,
        span: &Span,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<NodeId, YamlError> {
        let id = self.tree.nodes.len();
        if id >= limits::YAML_NODES {
            return Err(self.error(
                range.start,
                &format!("more than {} values; a bootprep file has a few thousand", limits::YAML_NODES),
            ));
        }
        let outer =
            span.tag_start().and_then(|mark| mark.byte_offset()).map_or(range.start, |tag| tag.min(range.start));
        let tag = tag.map(ToString::to_string);
        self.tree.nodes.push(Node { kind, span: range, outer, tag, anchored: anchor != 0, shared: false });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        let Some(parent) = self.open.last_mut() else {
            self.tree.root = Some(id);
            return Ok(id);
        };
        match &mut self.tree.nodes[parent.id].kind {
            NodeKind::Sequence { items, .. } => items.push(id),
            NodeKind::Mapping { entries, .. } => match parent.key.take() {
                Some(key) => entries.push((key, id)),
                None => parent.key = Some(id),
            },
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
        Ok(id)
    }

    /// The parser ends a block where the next token begins; ours ends with its last child.
    fn close(&mut self, end: usize) {
        let Some(Open { id, .. }) = self.open.pop() else { return };
        let last = match &self.tree.nodes[id].kind {
            NodeKind::Sequence { flow: false, items } => items.last().copied(),
            NodeKind::Mapping { flow: false, entries } => entries.last().map(|(key, value)| {
                // A value that is not there stands before the colon.
                if self.tree.nodes[*value].span.end <= self.tree.nodes[*key].span.end { *key } else { *value }
            }),
            _ => None,
        };
        let end = last.map_or(end, |last| self.tree.nodes[last].span.end);
        let span = &mut self.tree.nodes[id].span;
        span.end = end.max(span.start);
    }

    /// The parser takes the blank lines after a block scalar, and the indent of the next line, as part of it.
    fn block_scalar(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.text.as_str()[range.clone()];
        range.start..range.start + text.trim_end_matches(['\n', '\r', ' ', '\t']).len()
    }

    fn error(&self, offset: usize, what: &str) -> YamlError {
        YamlError { at: self.text.position(offset), offset, what: what.to_owned() }
    }

    fn syntax(&self, error: &ScanError) -> YamlError {
        let mark = error.marker();
        let at = Position { line: mark.line().max(1), column: mark.col() + 1 };
        let line = self.text.line_range(at.line - 1);
        let ahead = self.text.as_str()[line.clone()].char_indices().nth(mark.col()).map_or(line.len(), |(at, _)| at);
        YamlError { at, offset: line.start + ahead, what: format!("not YAML: {}", error.info()) }
    }
}
