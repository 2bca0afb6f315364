//! The session templates of a file and their boot sets.

use crate::yaml::{NodeId, Tree};

use super::{Text, TextList};

/// An entry of `session_templates`.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionTemplate {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: Option<Text>,
    /// What it boots.
    pub image: Boots,
    /// The node of `image`.
    pub image_node: Option<NodeId>,
    /// The configuration of the booted nodes, as written.
    pub configuration: Option<Text>,
    /// Its boot sets.
    pub boot_sets: Vec<BootSet>,
    /// The node of `boot_sets`.
    pub boot_sets_node: Option<NodeId>,
    /// What becomes of a template of the same name in BOS.
    pub if_exists: Option<Text>,
}

/// What a session template boots; all as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Boots {
    /// An entry of `images`, by its `ref_name`; rendered before it is looked up.
    ImageRef(Text),
    /// An image in IMS, by its id.
    Id(Text),
    /// An image in IMS, by its name.
    Name(Text),
    /// The old form: an image in IMS by its name, or else by its id.
    NameOrId(Text),
    /// Nothing that incfg understands.
    Unknown,
}

/// A boot set: which nodes boot, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct BootSet {
    /// Its name: the key.
    pub name: Text,
    /// Its place in the file.
    pub node: NodeId,
    /// The architecture of its nodes; X86 where none is given.
    pub arch: Option<Text>,
    /// The parameters of the kernel.
    pub kernel_parameters: Option<Text>,
    /// What provides the root file system.
    pub rootfs_provider: Option<Text>,
    /// What the provider is told.
    pub rootfs_provider_passthrough: Option<Text>,
    /// Nodes by xname.
    pub node_list: Option<TextList>,
    /// Nodes by role and sub-role.
    pub node_roles_groups: Option<TextList>,
    /// Nodes by group.
    pub node_groups: Option<TextList>,
}

impl SessionTemplate {
    pub(super) fn read(tree: &Tree, node: NodeId) -> Self {
        let image_node = tree.get(node, "image");
        let boot_sets_node = tree.get(node, "bos_parameters").and_then(|parameters| tree.get(parameters, "boot_sets"));
        let boot_sets = boot_sets_node.map(|node| tree.effective(node)).unwrap_or_default();
        Self {
            node,
            name: Text::field(tree, node, "name"),
            image: Boots::read(tree, image_node),
            image_node,
            configuration: Text::field(tree, node, "configuration"),
            boot_sets: boot_sets.into_iter().filter_map(|(key, node)| BootSet::read(tree, key, node)).collect(),
            boot_sets_node,
            if_exists: Text::field(tree, node, "if_exists"),
        }
    }

    /// The name, as written; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", Text::as_str)
    }
}

impl Boots {
    fn read(tree: &Tree, image: Option<NodeId>) -> Self {
        let Some(image) = image else { return Self::Unknown };
        if let Some(name) = Text::read(tree, image) {
            return Self::NameOrId(name);
        }
        match (Text::field(tree, image, "image_ref"), tree.get(image, "ims")) {
            (Some(image_ref), None) => Self::ImageRef(image_ref),
            (None, Some(ims)) => match (Text::field(tree, ims, "id"), Text::field(tree, ims, "name")) {
                (Some(id), None) => Self::Id(id),
                (None, Some(name)) => Self::Name(name),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

impl BootSet {
    fn read(tree: &Tree, key: NodeId, node: NodeId) -> Option<Self> {
        let text = |key: &str| Text::field(tree, node, key);
        let list = |key: &str| TextList::field(tree, node, key);
        Some(Self {
            name: Text::read(tree, key)?,
            node,
            arch: text("arch"),
            kernel_parameters: text("kernel_parameters"),
            rootfs_provider: text("rootfs_provider"),
            rootfs_provider_passthrough: text("rootfs_provider_passthrough"),
            node_list: list("node_list"),
            node_roles_groups: list("node_roles_groups"),
            node_groups: list("node_groups"),
        })
    }
}
