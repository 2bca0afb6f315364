//! The adapter to the parser underneath: its events become our tree. Another parser would need another of these files.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle as Written, ScanError, Span, StructureStyle, Tag,
};

use crate::limits;
use crate::text::{Position, SourceText};

use super::node::{Nodes, Standing, Texts};
use super::padded::Padded;
use super::{NodeId, NodeKind, ScalarStyle, Tree, YamlError, owned};

pub(super) fn read(text: &SourceText) -> Result<Tree, YamlError> {
    if u32::try_from(text.as_str().len()).is_err() {
        let at = Position { line: 1, column: 1 };
        return Err(YamlError { at, offset: 0, what: "a document of 4 GiB or more is not read".into() });
    }
    let mut padded = Padded::new(text.as_str());
    let mut bytes_read = 0;
    loop {
        match read_padded(text, &padded) {
            Ok(tree) => return Ok(tree),
            Err(Stop { error, missing }) => {
                bytes_read += error.offset + padded.blanks();
                match missing.filter(|_| bytes_read <= limits::YAML_READ_AGAIN) {
                    Some(Blanks { places, count }) => padded.pad(&places, count),
                    None => return Err(error),
                }
            }
        }
    }
}

/// Why reading stopped.
struct Stop {
    error: YamlError,
    /// What the parser asks for where SAT reads on without.
    missing: Option<Blanks>,
}

/// Blanks that make no difference to what a text means to SAT.
struct Blanks {
    places: Vec<usize>,
    count: usize,
}

impl Blanks {
    /// The blanks that an error asks for.
    fn missing(error: &ScanError, text: &SourceText, at: usize) -> Option<Self> {
        match error.kind() {
            // `"a"#comment`
            ErrorKind::CommentNotSeparated => Some(Self::one(at)),
            // `{a:{b: c}}`, told at the colon
            ErrorKind::FlowMappingValueAdjacentCollection => Some(Self::one(at + 1)),
            // A quoted text that goes on in the column of what is around it: how deep that is the parser does not say.
            ErrorKind::InvalidQuotedScalarIndent if !ends_document(text.line(text.line_of(at))) => {
                Some(Self { places: quoted_lines(text, at), count: 64 })
            }
            _ => None,
        }
    }

    fn one(at: usize) -> Self {
        Self { places: vec![at], count: 1 }
    }
}

/// A place at the beginning of a line of a quoted text, and the beginnings of the lines below that belong to it, too:
/// all of them at once, or a text of many lines would be read as often. A line without any quote does not end it.
fn quoted_lines(text: &SourceText, at: usize) -> Vec<usize> {
    let first = text.line_of(at);
    let goes_on = |line: &usize| !ends_document(text.line(*line)) && !text.line(line - 1).contains(['"', '\'']);
    let below = (first + 1..text.lines()).take_while(goes_on).map(|line| text.line_range(line).start);
    std::iter::once(at).chain(below).collect()
}

/// Whether a line ends a document, be it in quotes or not.
fn ends_document(line: &str) -> bool {
    let behind = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t']))
}

impl From<YamlError> for Stop {
    fn from(error: YamlError) -> Self {
        Self { error, missing: None }
    }
}

fn read_padded(text: &SourceText, padded: &Padded<'_>) -> Result<Tree, Stop> {
    let mut builder = Builder {
        text,
        padded,
        tree: Tree { nodes: Nodes::default(), root: None, comments: Vec::new() },
        open: Vec::new(),
        children: Vec::new(),
        texts: Texts::default(),
        heights: Vec::new(),
        anchors: HashMap::new(),
        aliases: 0,
        documents: 0,
    };
    let parser = Parser::new_from_str_with_options(padded.as_str(), options());
    for event in parser {
        let (event, span) = event.map_err(|error| {
            let told = builder.syntax(&error);
            Stop { missing: Blanks::missing(&error, text, told.offset), error: told }
        })?;
        builder.take(event, &span)?;
    }
    Ok(builder.tree)
}

/// What is wrong, in words; of a bound its size.
fn what(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            format!("collections within collections go more than {} levels deep", limits::YAML_DEPTH)
        }
        ErrorKind::TooManyComments => format!("more than {} comments in a row", limits::YAML_COMMENTS),
        _ => format!("not YAML: {}", error.info()),
    }
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
    /// Where its first child is among those of all.
    children: usize,
}

/// A node that begins.
enum New<'t> {
    Scalar(&'t str, ScalarStyle),
    Mapping { flow: bool },
    Sequence { flow: bool },
    Alias(NodeId),
}

struct Builder<'a> {
    text: &'a SourceText,
    padded: &'a Padded<'a>,
    tree: Tree,
    open: Vec<Open>,
    /// Of the open collections, one after the other.
    children: Vec<NodeId>,
    texts: Texts,
    /// By node: how many collections stand in each other there at most, aliases written out.
    heights: Vec<u16>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    documents: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let range = span.byte_range().unwrap_or(0..0);
        let range = self.padded.original(range.start)..self.padded.original(range.end);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let what = "a second YAML document begins here; SAT reads files with one document only";
                    return Err(self.error(range.start, what).into());
                }
            }
            Event::Comment(..) => self.tree.comments.push(range),
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    Written::Plain => ScalarStyle::Plain,
                    Written::Literal | Written::Folded => ScalarStyle::Block,
                    _ => ScalarStyle::Quoted,
                };
                if style == ScalarStyle::Plain && self.text.part(range.start..).starts_with('?') && self.in_flow() {
                    // To SAT it announces a key, with or without a blank behind it.
                    let error = self.error(range.start, "a plain text cannot begin with `?` in a flow list or mapping");
                    return Err(Stop { error, missing: Some(Blanks::one(range.start + 1)) });
                }
                if style == ScalarStyle::Plain && self.text.part(range.start..).starts_with(':') && self.in_flow() {
                    // To SAT it is the colon between a key and its value, whatever comes behind it.
                    let what = "a plain text cannot begin with `:` in a flow list or mapping; quote it";
                    return Err(self.error(range.start, what).into());
                }
                let (range, head) =
                    if style == ScalarStyle::Block { self.block_scalar(range) } else { (range.clone(), range.start) };
                let is_outermost = self.open.is_empty() && style == ScalarStyle::Block && range.start != head;
                if is_outermost && self.text.column_bytes(range.start) == 0 {
                    let what = "to SAT the block of text is over here: its lines have to be indented";
                    return Err(self.error(range.start, what).into());
                }
                let text = if style == ScalarStyle::Block && self.has_break_too_many(&range, &value) {
                    value.strip_suffix('\n').unwrap_or(&value)
                } else {
                    &value
                };
                let text = New::Scalar(text, style);
                let id = self.add(text, range, span, anchor, tag.as_deref())?;
                self.tree.nodes.begins_at_most(id, head);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let new = New::Sequence { flow: style == StructureStyle::Flow };
                let id = self.add(new, range, span, anchor, tag.as_deref())?;
                self.begin(id);
            }
            Event::MappingStart(style, anchor, tag) => {
                let new = New::Mapping { flow: style == StructureStyle::Flow };
                let id = self.add(new, range, span, anchor, tag.as_deref())?;
                self.begin(id);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end)?,
            Event::Alias(anchor) => {
                self.aliases += 1;
                if self.aliases > limits::YAML_ALIASES {
                    return Err(self.error(range.start, &format!("more than {} aliases", limits::YAML_ALIASES)).into());
                }
                let target = *self
                    .anchors
                    .get(&anchor)
                    .filter(|target| self.open.iter().all(|open| open.id != **target))
                    .ok_or_else(|| self.error(range.start, "an alias for a node that is not over yet"))?;
                let id = self.add(New::Alias(target), range, span, 0, None)?;
                self.set_height(id, self.height(target));
            }
            Event::Anchor(id, name) => {
                let known = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
                if !name.chars().all(known) {
                    let what = format!(
                        "the anchor &{name}: to SAT the name of an anchor is made of letters without accents, digits, - and _"
                    );
                    return Err(self.error(range.start, &what).into());
                }
                if let Some(node) = self.anchors.get(&id) {
                    self.tree.nodes.begins_at_most(*node, range.start);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn height(&self, id: NodeId) -> u16 {
        self.heights.get(id).copied().unwrap_or_default()
    }

    fn set_height(&mut self, id: NodeId, height: u16) {
        if let Some(own) = self.heights.get_mut(id) {
            *own = height;
        }
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| self.tree.is_flow(open.id))
    }

    fn begin(&mut self, id: NodeId) {
        self.open.push(Open { id, children: self.children.len() });
    }

    fn add(
        &mut self,
        new: New<'_>,
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
        let outer = self.offset(span.tag_start()).map_or(range.start, |tag| tag.min(range.start));
        let tag = tag.map(ToString::to_string);
        let at = Standing { span: range, outer, tag: tag.as_deref(), anchored: anchor != 0 };
        let (nodes, texts) = (&mut self.tree.nodes, &mut self.texts);
        match new {
            New::Scalar(text, style) => nodes.add_scalar(text, style, at, texts),
            New::Mapping { flow } => nodes.add_mapping(flow, at, texts),
            New::Sequence { flow } => nodes.add_sequence(flow, at, texts),
            New::Alias(target) => nodes.add_alias(target, at, texts),
        };
        self.heights.push(0);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        if self.open.is_empty() {
            self.tree.root = Some(id);
        } else {
            self.children.push(id);
        }
        Ok(id)
    }

    /// The parser ends a block where the next token begins; ours ends with its last child.
    fn close(&mut self, end: usize) -> Result<(), YamlError> {
        let Some(Open { id, children }) = self.open.pop() else { return Ok(()) };
        let own = self.children.get(children..).unwrap_or_default();
        self.tree.nodes.fill(id, own);
        let height = own.iter().map(|child| self.height(*child)).max().unwrap_or_default() + 1;
        self.set_height(id, height);
        if usize::from(height) > limits::YAML_EXPANDED_DEPTH {
            let what =
                format!("with its aliases written out this goes more than {} levels deep", limits::YAML_EXPANDED_DEPTH);
            return Err(self.error(self.tree.nodes.span(id).start, &what));
        }
        self.children.truncate(children);
        let nodes = &self.tree.nodes;
        let last = match nodes.kind(id) {
            NodeKind::Sequence { flow: false, items } => items.last().copied(),
            // A value that is not there stands before the colon.
            NodeKind::Mapping { flow: false, entries } => entries
                .last()
                .map(|(key, value)| if nodes.span(*value).end <= nodes.span(*key).end { *key } else { *value }),
            _ => None,
        };
        let end = last.map_or(end, |last| nodes.span(last).end);
        self.tree.nodes.ends_at(id, end);
        Ok(())
    }

    /// Whether the parser has given a block of text a line break that is not there: the last line of the file has none,
    /// and to SAT the text then has none either.
    fn has_break_too_many(&self, written: &Range<usize>, text: &str) -> bool {
        if self.text.is_closed() || !text.ends_with('\n') || !self.text.part(written.end..).trim().is_empty() {
            return false;
        }
        let last = self.text.lines().saturating_sub(1);
        let end = self.text.line_of(written.end);
        if text.trim().is_empty() {
            // Only blanks stand below the head, and as many line breaks are meant as there are.
            return text.len() >= last - end;
        }
        // The last line belongs to the text, too, where its blanks reach behind the indent.
        end == last || self.text.line(last).len() > self.text.column_bytes(written.start)
    }

    /// The text of a block scalar, or its head where there is none, and where its head begins. The parser takes the blank
    /// lines after it, and the indent of the next line, as part of it.
    fn block_scalar(&self, range: Range<usize>) -> (Range<usize>, usize) {
        let text = self.text.part(range.clone()).trim_end_matches(['\n', '\r', ' ', '\t']);
        let written = range.start..range.start + text.len();
        match owned::head_of_block(self.text.as_str(), &self.tree.comments, range.start) {
            Some(head) if text.is_empty() => (head.clone(), head.start),
            Some(head) => (written, head.start),
            None => (written, range.start),
        }
    }

    fn offset(&self, mark: Option<Marker>) -> Option<usize> {
        Some(self.padded.original(mark?.byte_offset()?))
    }

    fn error(&self, offset: usize, what: &str) -> YamlError {
        YamlError { at: self.text.position(offset), offset, what: what.to_owned() }
    }

    fn syntax(&self, error: &ScanError) -> YamlError {
        let mark = error.marker();
        if self.padded.blanks() > 0
            && let Some(offset) = self.offset(Some(*mark))
        {
            return self.error(offset, &what(error));
        }
        let at = Position { line: mark.line().max(1), column: mark.col() + 1 };
        let line = self.text.line_range(at.line - 1);
        let ahead = self.text.part(line.clone()).char_indices().nth(mark.col()).map_or(line.len(), |(at, _)| at);
        YamlError { at, offset: line.start + ahead, what: what(error) }
    }
}
