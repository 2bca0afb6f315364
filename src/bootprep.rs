//! A bootprep file: which images it defines, on what, with which configuration, and what boots them.
//!
//! Every part knows its node in the tree, so that what is said of it can be shown, and changed, where it stands.

pub mod names;

use crate::text::{Position, SourceText, TextError};
use crate::yaml::{NodeId, Tree, YamlError};

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
    /// `images`.
    Images,
    /// `session_templates`.
    SessionTemplates,
}

impl Section {
    /// Its key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::SessionTemplates => "session_templates",
        }
    }

    /// The key under which its entries refer to an image.
    #[must_use]
    pub fn reference(self) -> &'static str {
        match self {
            Self::Images => "base",
            Self::SessionTemplates => "image",
        }
    }
}

/// A bootprep file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bootprep {
    /// Its images, in order; SAT counts them from 0.
    pub images: Vec<Item>,
    /// Its session templates, in order.
    pub templates: Vec<Template>,
    /// The key and the list of `images`.
    pub images_entry: Option<(NodeId, NodeId)>,
    /// The list of `session_templates`.
    pub templates_node: Option<NodeId>,
}

/// An entry of `images`. Names and configurations are as written: templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: String,
    /// The node of the name.
    pub name_node: Option<NodeId>,
    /// The name by which other entries refer to it; never rendered.
    pub ref_name: Option<String>,
    /// What it builds on.
    pub base: Base,
    /// The node of the base.
    pub base_node: Option<NodeId>,
    /// The configuration, as written.
    pub configuration: Option<String>,
    /// The groups.
    pub groups: Option<Vec<String>>,
}

/// What an image builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Another entry, by its `ref_name`.
    ImageRef(String),
    /// A recipe or image in IMS; id and name as written.
    Ims {
        /// A recipe, not an image.
        recipe: bool,
        /// Its id.
        id: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// A recipe or image that a product brought.
    Product {
        /// A recipe, not an image.
        recipe: bool,
    },
    /// None that incfg understands.
    Unknown,
}

/// An entry of `session_templates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: String,
    /// What it boots.
    pub image: Boots,
    /// The node of what it boots.
    pub image_node: Option<NodeId>,
}

/// What a session template boots; all as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boots {
    /// An entry of `images`, by its `ref_name`; rendered before it is looked up.
    ImageRef(String),
    /// An image in IMS, by its id.
    Id(String),
    /// An image in IMS, by its name, in the current or the deprecated form.
    Name(String),
    /// Nothing that incfg understands.
    Unknown,
}

impl Base {
    /// Whether building it takes a job of IMS.
    #[must_use]
    pub fn is_recipe(&self) -> Option<bool> {
        match self {
            Self::ImageRef(_) => Some(false),
            Self::Ims { recipe, .. } | Self::Product { recipe } => Some(*recipe),
            Self::Unknown => None,
        }
    }
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
        let expected = "expected a mapping with configurations, images or session_templates";
        let root = tree.root().ok_or_else(|| shape(0, &format!("it is empty; {expected}")))?;
        let known = ["schema_version", "configurations", "images", "session_templates"];
        if known.iter().all(|key| tree.get(root, key).is_none()) {
            return Err(shape(tree.node(root).outer, expected));
        }
        let list = |key: &str| match tree.get(root, key) {
            None => Ok(&[][..]),
            Some(node) if tree.scalar(node).is_some_and(|text| text.is_empty() || text == "null" || text == "~") => {
                Ok(&[][..])
            }
            Some(node) => {
                tree.items(node).ok_or_else(|| shape(tree.node(node).outer, &format!("expected a list under `{key}`")))
            }
        };
        Ok(Self {
            images: list("images")?.iter().map(|node| Item::read(tree, *node)).collect(),
            templates: list("session_templates")?.iter().map(|node| Template::read(tree, *node)).collect(),
            images_entry: tree.entry(root, "images"),
            templates_node: tree.get(root, "session_templates"),
        })
    }

    /// The position of the entry with this `ref_name`.
    #[must_use]
    pub fn by_ref(&self, ref_name: &str) -> Option<usize> {
        self.images.iter().position(|item| item.ref_name.as_deref() == Some(ref_name))
    }
}

impl Item {
    fn read(tree: &Tree, node: NodeId) -> Self {
        let base_node = tree.get(node, "base");
        Self {
            node,
            name: text(tree, node, "name").unwrap_or_default(),
            name_node: tree.get(node, "name"),
            ref_name: text(tree, node, "ref_name"),
            base: Base::read(tree, node, base_node),
            base_node,
            configuration: text(tree, node, "configuration"),
            groups: tree
                .get(node, "configuration_group_names")
                .and_then(|groups| tree.items(groups))
                .map(|groups| groups.iter().filter_map(|group| tree.scalar(*group)).map(str::to_owned).collect()),
        }
    }
}

impl Base {
    fn read(tree: &Tree, item: NodeId, base: Option<NodeId>) -> Self {
        if let Some(ims) = tree.get(item, "ims") {
            let recipe = text(tree, ims, "is_recipe").is_some_and(|value| is_true(&value));
            return Self::Ims { recipe, id: text(tree, ims, "id"), name: text(tree, ims, "name") };
        }
        let Some(base) = base else { return Self::Unknown };
        if let Some(ref_name) = text(tree, base, "image_ref") {
            return Self::ImageRef(ref_name);
        }
        let is_recipe = |node: NodeId| text(tree, node, "type").as_deref() == Some("recipe");
        if let Some(ims) = tree.get(base, "ims") {
            return Self::Ims { recipe: is_recipe(ims), id: text(tree, ims, "id"), name: text(tree, ims, "name") };
        }
        tree.get(base, "product").map_or(Self::Unknown, |product| Self::Product { recipe: is_recipe(product) })
    }
}

impl Template {
    fn read(tree: &Tree, node: NodeId) -> Self {
        let image_node = tree.get(node, "image");
        Self {
            node,
            name: text(tree, node, "name").unwrap_or_default(),
            image: Boots::read(tree, image_node),
            image_node,
        }
    }
}

impl Boots {
    fn read(tree: &Tree, image: Option<NodeId>) -> Self {
        let Some(image) = image else { return Self::Unknown };
        if let Some(name) = tree.scalar(image) {
            return Self::Name(name.to_owned());
        }
        if let Some(ref_name) = text(tree, image, "image_ref") {
            return Self::ImageRef(ref_name);
        }
        let ims = tree.get(image, "ims");
        let of_ims = |key: &str| ims.and_then(|ims| text(tree, ims, key));
        of_ims("id").map(Self::Id).or_else(|| of_ims("name").map(Self::Name)).unwrap_or(Self::Unknown)
    }
}

/// The words SAT's YAML 1.1 reads as true.
fn is_true(word: &str) -> bool {
    ["true", "yes", "on"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn text(tree: &Tree, mapping: NodeId, key: &str) -> Option<String> {
    tree.get(mapping, key).and_then(|node| tree.scalar(node)).map(str::to_owned)
}
