//! A bootprep file: which configurations and images it defines, on what, and what boots them.
//!
//! Every part knows its node in the tree, so that what is said of it can be shown, and changed, where it stands. The file
//! is read as SAT reads it; what another reader would read otherwise is told in [`Bootprep::remarks`].

pub mod configuration;
pub mod examined;
pub mod image;
pub mod names;
pub mod refs;
pub mod schema;
pub mod session_template;
pub mod variables;

use std::sync::Arc;

use crate::text::{Position, SourceText, TextError};
use crate::yaml::{Meaning, NodeId, NodeKind, Tree, YamlError};

pub use configuration::{AdditionalInventory, Configuration, Layer, LayerSource};
pub use image::{Base, Filter, Image, Ims, Product};
pub use session_template::{BootSet, Boots, SessionTemplate};

/// Why a file is no bootprep file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootprepError {
    /// It is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It is not YAML.
    #[error("{path}:{error}")]
    Syntax {
        /// The file.
        path: String,
        /// What is wrong, and where.
        error: YamlError,
    },
    /// It is YAML of another kind.
    #[error("{path}:{}:{}: this is no bootprep file: {why}", .at.line, .at.column)]
    Shape {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// What was expected.
        why: String,
    },
}

/// A list of a bootprep file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `configurations`.
    Configurations,
    /// `images`.
    Images,
    /// `session_templates`.
    SessionTemplates,
}

impl Section {
    /// All of them, in the order in which SAT works.
    pub const ALL: [Self; 3] = [Self::Configurations, Self::Images, Self::SessionTemplates];

    /// Its key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Configurations => "configurations",
            Self::Images => "images",
            Self::SessionTemplates => "session_templates",
        }
    }
}

/// A single value of a file, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// What is written, unescaped; a template where SAT renders the field.
    pub text: Arc<str>,
    /// Where.
    pub node: NodeId,
    /// What SAT reads: where a text is due it refuses anything else.
    pub meaning: Meaning,
}

impl Text {
    fn read(tree: &Tree, node: NodeId) -> Option<Self> {
        tree.kept_scalar(node).map(|text| Self { text, node, meaning: tree.meaning(node) })
    }

    fn field(tree: &Tree, mapping: NodeId, key: &str) -> Option<Self> {
        tree.get(mapping, key).and_then(|node| Self::read(tree, node))
    }

    /// What is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether SAT reads a text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.meaning == Meaning::Text
    }
}

/// A list of single values.
#[derive(Debug, Clone, PartialEq)]
pub struct TextList {
    /// The list.
    pub node: NodeId,
    /// Its items.
    pub items: Vec<Text>,
}

impl TextList {
    fn field(tree: &Tree, mapping: NodeId, key: &str) -> Option<Self> {
        let node = tree.get(mapping, key)?;
        let mut items: Vec<Text> = tree.items(node)?.iter().filter_map(|item| Text::read(tree, *item)).collect();
        items.shrink_to_fit();
        Some(Self { node, items })
    }
}

/// Something SAT reads in another way than a reader of YAML 1.2, or a person, may expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub node: NodeId,
    /// What SAT reads.
    pub what: String,
}

/// A bootprep file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bootprep {
    /// The version of the schema it declares.
    pub schema_version: Option<Text>,
    /// Its configurations, in order; SAT counts them from 0.
    pub configurations: Vec<Configuration>,
    /// Its images, in order; SAT counts them from 0.
    pub images: Vec<Image>,
    /// Its session templates, in order; SAT counts them from 0.
    pub templates: Vec<SessionTemplate>,
    /// By section: its key and its list.
    sections: [Option<(NodeId, NodeId)>; 3],
    /// What SAT reads in another way than may be expected.
    pub remarks: Vec<Remark>,
}

impl Bootprep {
    /// Reads a bootprep file.
    ///
    /// # Errors
    /// Bytes that are no text, text that is not YAML, or YAML of another kind.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, BootprepError> {
        let text = SourceText::new(path, bytes)?;
        let tree = Tree::parse(&text).map_err(|error| BootprepError::Syntax { path: path.to_owned(), error })?;
        Self::read(path, &text, &tree)
    }

    /// The file in a tree.
    ///
    /// # Errors
    /// YAML of another kind.
    pub fn read(path: &str, text: &SourceText, tree: &Tree) -> Result<Self, BootprepError> {
        let shape = |offset: usize, why: &str| BootprepError::Shape {
            path: path.to_owned(),
            at: text.position(offset),
            why: why.to_owned(),
        };
        let root = tree.root().ok_or_else(|| shape(0, &format!("it is empty; {EXPECTED}")))?;
        if let Some(why) = what_else(tree) {
            return Err(shape(tree.node(root).outer, &why));
        }
        for section in Section::ALL {
            let Some(node) = tree.get(root, section.key()).filter(|node| !tree.is_null(*node)) else { continue };
            if tree.items(node).is_none() {
                return Err(shape(tree.node(node).outer, &format!("expected a list under `{}`", section.key())));
            }
        }
        Ok(Self::lenient(text, tree))
    }

    /// What there is of a file, be it right or wrong.
    #[must_use]
    pub fn lenient(text: &SourceText, tree: &Tree) -> Self {
        let Some(root) = tree.root() else { return Self::default() };
        let list = |section: Section| tree.get(root, section.key()).and_then(|node| tree.items(node)).unwrap_or(&[]);
        Self {
            schema_version: Text::field(tree, root, "schema_version"),
            configurations: list(Section::Configurations).iter().map(|node| Configuration::read(tree, *node)).collect(),
            images: list(Section::Images).iter().map(|node| Image::read(tree, *node)).collect(),
            templates: list(Section::SessionTemplates).iter().map(|node| SessionTemplate::read(tree, *node)).collect(),
            sections: Section::ALL.map(|section| tree.entry(root, section.key())),
            remarks: remarks(text, tree, root),
        }
    }

    /// The key and the list of a section.
    #[must_use]
    pub fn section(&self, section: Section) -> Option<(NodeId, NodeId)> {
        self.sections.get(section as usize).copied().flatten()
    }

    /// The image at a position that was found in this file.
    ///
    /// # Panics
    /// With a position of another file: what is said of one image must never be said of another.
    #[must_use]
    #[allow(
        clippy::indexing_slicing,
        reason = "positions come from the list itself, which nothing changes once it is read"
    )]
    pub fn image(&self, at: usize) -> &Image {
        &self.images[at]
    }

    /// The position of the image with this `ref_name`.
    #[must_use]
    pub fn by_ref(&self, ref_name: &str) -> Option<usize> {
        self.images.iter().position(|image| image.ref_name() == Some(ref_name))
    }
}

const EXPECTED: &str = "expected a mapping with configurations, images or session_templates";

/// Whether the `schema` of a document is one of those that incfg writes.
#[must_use]
pub fn is_of_incfg(schema: &str) -> bool {
    schema.starts_with("incfg.")
}

/// What a document is that is no bootprep file, or what would make it one; none for a bootprep file.
#[must_use]
pub fn what_else(tree: &Tree) -> Option<String> {
    let has = |key| tree.root().and_then(|root| tree.get(root, key));
    match has("schema").and_then(|schema| tree.scalar(schema)) {
        Some(schema) if schema.starts_with("incfg.plan/") => {
            return Some("it is a plan of incfg; incfg status says where it stands".to_owned());
        }
        Some(schema) if is_of_incfg(schema) => return Some("incfg has written it, as a report".to_owned()),
        _ => {}
    }
    let known = ["schema_version", "configurations", "images", "session_templates"];
    (!known.into_iter().any(|key| has(key).is_some())).then(|| EXPECTED.to_owned())
}

/// What SAT reads in another way than may be expected: doubled keys, and names that are no text.
fn remarks(text: &SourceText, tree: &Tree, root: NodeId) -> Vec<Remark> {
    let mut found = Vec::new();
    for node in tree.within(root) {
        let NodeKind::Mapping { entries, .. } = tree.node(node).kind else { continue };
        for (first, again) in tree.doubled(node) {
            let (name, line) =
                (tree.scalar(again).unwrap_or_default(), text.position(tree.node(first).span.start).line);
            found.push(Remark {
                node: again,
                what: format!("`{name}` stands in line {line} already; SAT reads the last one without a word"),
            });
        }
        for (key, value) in entries {
            let Some(name) = tree.scalar(*key) else { continue };
            let meaning = tree.meaning(*value);
            let named = ["name", "ref_name", "image_ref", "configuration", "image", "version", "schema_version"];
            if named.contains(&name)
                && let Some(written) = tree.scalar(*value)
                && !matches!(meaning, Meaning::Text | Meaning::Null)
            {
                let printed = meaning.printed().filter(|printed| printed != written);
                let printed = printed.map(|printed| format!(", {printed}")).unwrap_or_default();
                found.push(Remark {
                    node: *value,
                    what: format!(
                        "SAT reads {written} as {}{printed}, and refuses it where a text is due; quote it",
                        meaning.name()
                    ),
                });
            }
        }
    }
    found.sort_by_key(|remark| tree.node(remark.node).span.start);
    found
}
