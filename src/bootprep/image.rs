//! The images of a file and what they build on.

use crate::yaml::{Meaning, NodeId, Tree};

use super::{Text, TextList};

/// An entry of `images`.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: Option<Text>,
    /// The name by which other entries refer to it; never rendered.
    pub ref_name: Option<Text>,
    /// What it builds on.
    pub base: Base,
    /// The node of `base`.
    pub base_node: Option<NodeId>,
    /// The configuration, as written.
    pub configuration: Option<Text>,
    /// The groups; never rendered.
    pub groups: Option<TextList>,
    /// What becomes of images of the same name in IMS.
    pub if_exists: Option<Text>,
}

/// What an image builds on.
#[derive(Debug, Clone, PartialEq)]
pub enum Base {
    /// Another entry, by its `ref_name`; never rendered.
    ImageRef(Text),
    /// A recipe or image in IMS.
    Ims(Ims),
    /// A recipe or image that a product brought.
    Product(Box<Product>),
    /// None that incfg understands, or several at once.
    Unknown,
}

/// A recipe or image in IMS.
#[derive(Debug, Clone, PartialEq)]
pub struct Ims {
    /// The node of `ims`.
    pub node: NodeId,
    /// A recipe, not an image; none where neither is said.
    pub recipe: Option<bool>,
    /// Its id.
    pub id: Option<Text>,
    /// Its name.
    pub name: Option<Text>,
    /// The old form: beside `name`, with `is_recipe`, and never rendered.
    pub deprecated: bool,
}

/// A recipe or image that a product brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The node of `product`.
    pub node: NodeId,
    /// The product; never rendered.
    pub name: Option<Text>,
    /// A recipe, not an image; none where neither is said.
    pub recipe: Option<bool>,
    /// Its version; the latest where none is given.
    pub version: Option<Text>,
    /// Which of its recipes or images.
    pub filter: Option<Filter>,
}

/// Which of several recipes or images of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The node of `filter`.
    pub node: NodeId,
    /// How its name begins.
    pub prefix: Option<Text>,
    /// How its name looks, with `*` and `?`.
    pub wildcard: Option<Text>,
    /// Its architecture.
    pub arch: Option<Text>,
}

impl Image {
    pub(super) fn read(tree: &Tree, node: NodeId) -> Self {
        let base_node = tree.get(node, "base");
        Self {
            node,
            name: Text::field(tree, node, "name"),
            ref_name: Text::field(tree, node, "ref_name"),
            base: Base::read(tree, node, base_node),
            base_node,
            configuration: Text::field(tree, node, "configuration"),
            groups: TextList::field(tree, node, "configuration_group_names"),
            if_exists: Text::field(tree, node, "if_exists"),
        }
    }

    /// The name, as written; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", Text::as_str)
    }

    /// The name by which other entries refer to it.
    #[must_use]
    pub fn ref_name(&self) -> Option<&str> {
        self.ref_name.as_ref().map(Text::as_str)
    }

    /// The configuration, as written.
    #[must_use]
    pub fn configuration(&self) -> Option<&str> {
        self.configuration.as_ref().map(Text::as_str)
    }

    /// The groups.
    #[must_use]
    pub fn group_names(&self) -> Option<Vec<String>> {
        self.groups.as_ref().map(|groups| groups.items.iter().map(|group| group.text.to_string()).collect())
    }

    /// What people call it: its `ref_name`, or else its name as written.
    #[must_use]
    pub fn label(&self) -> &str {
        self.ref_name().unwrap_or_else(|| self.name())
    }
}

impl Base {
    fn read(tree: &Tree, image: NodeId, base: Option<NodeId>) -> Self {
        if let (Some(node), None) = (tree.get(image, "ims"), base) {
            let recipe = match tree.get(node, "is_recipe").map(|is_recipe| tree.meaning(is_recipe)) {
                Some(Meaning::Bool(recipe)) => Some(recipe),
                _ => None,
            };
            return Self::Ims(Ims::read(tree, node, recipe, true));
        }
        let Some(base) = base else { return Self::Unknown };
        let recipe = |node: NodeId| match tree.get(node, "type").and_then(|kind| tree.scalar(kind)) {
            Some("recipe") => Some(true),
            Some("image") => Some(false),
            _ => None,
        };
        match (Text::field(tree, base, "image_ref"), tree.get(base, "ims"), tree.get(base, "product")) {
            (Some(image_ref), None, None) => Self::ImageRef(image_ref),
            (None, Some(node), None) => Self::Ims(Ims::read(tree, node, recipe(node), false)),
            (None, None, Some(node)) => Self::Product(Box::new(Product::read(tree, node, recipe(node)))),
            _ => Self::Unknown,
        }
    }

    /// The `ref_name` of the entry it builds on.
    #[must_use]
    pub fn image_ref(&self) -> Option<&str> {
        match self {
            Self::ImageRef(image_ref) => Some(image_ref.as_str()),
            _ => None,
        }
    }

    /// Whether building it takes a job of IMS; none where that is not said.
    #[must_use]
    pub fn is_recipe(&self) -> Option<bool> {
        match self {
            Self::ImageRef(_) => Some(false),
            Self::Ims(ims) => ims.recipe,
            Self::Product(product) => product.recipe,
            Self::Unknown => None,
        }
    }
}

impl Ims {
    fn read(tree: &Tree, node: NodeId, recipe: Option<bool>, deprecated: bool) -> Self {
        Self { node, recipe, id: Text::field(tree, node, "id"), name: Text::field(tree, node, "name"), deprecated }
    }
}

impl Product {
    fn read(tree: &Tree, node: NodeId, recipe: Option<bool>) -> Self {
        Self {
            node,
            name: Text::field(tree, node, "name"),
            recipe,
            version: Text::field(tree, node, "version"),
            filter: tree.get(node, "filter").map(|filter| Filter {
                node: filter,
                prefix: Text::field(tree, filter, "prefix"),
                wildcard: Text::field(tree, filter, "wildcard"),
                arch: Text::field(tree, filter, "arch"),
            }),
        }
    }
}
