//! The configurations of a file and their layers.

use crate::yaml::{NodeId, Tree};

use super::Text;

/// An entry of `configurations`.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: Option<Text>,
    /// Its layers, in the order in which CFS applies them.
    pub layers: Vec<Layer>,
    /// The list of layers.
    pub layers_node: Option<NodeId>,
    /// Where hosts and variables come from beside the layers.
    pub additional_inventory: Option<AdditionalInventory>,
    /// What becomes of a configuration of the same name in CFS.
    pub if_exists: Option<Text>,
}

/// A layer: a playbook of a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its place in the file.
    pub node: NodeId,
    /// The name, as written.
    pub name: Option<Text>,
    /// The playbook, as written.
    pub playbook: Option<Text>,
    /// Where its repository is.
    pub source: LayerSource,
    /// Whether IMS is to start the job with kernel modules allowed.
    pub require_dkms: Option<Text>,
}

/// Where the repository of a layer is.
#[derive(Debug, Clone, PartialEq)]
pub enum LayerSource {
    /// At a URL.
    Git {
        /// The node of `git`.
        node: NodeId,
        /// The URL.
        url: Option<Text>,
        /// The branch.
        branch: Option<Text>,
        /// The commit.
        commit: Option<Text>,
    },
    /// The one a product brought.
    Product {
        /// The node of `product`.
        node: NodeId,
        /// The product.
        name: Option<Text>,
        /// Its version.
        version: Option<Text>,
        /// The branch.
        branch: Option<Text>,
        /// The commit.
        commit: Option<Text>,
    },
    /// A source CFS knows by name.
    Source {
        /// Its name.
        name: Text,
        /// The branch; never rendered.
        branch: Option<Text>,
        /// The commit; never rendered.
        commit: Option<Text>,
    },
    /// None that incfg understands, or several at once.
    Unknown,
}

impl LayerSource {
    /// The branch.
    #[must_use]
    pub fn branch(&self) -> Option<&Text> {
        match self {
            Self::Git { branch, .. } | Self::Product { branch, .. } | Self::Source { branch, .. } => branch.as_ref(),
            Self::Unknown => None,
        }
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> Option<&Text> {
        match self {
            Self::Git { commit, .. } | Self::Product { commit, .. } | Self::Source { commit, .. } => commit.as_ref(),
            Self::Unknown => None,
        }
    }
}

/// Where hosts and variables come from beside the layers.
#[derive(Debug, Clone, PartialEq)]
pub struct AdditionalInventory {
    /// Its place in the file.
    pub node: NodeId,
    /// Its name.
    pub name: Option<Text>,
    /// The URL of its repository.
    pub url: Option<Text>,
    /// The branch.
    pub branch: Option<Text>,
    /// The commit.
    pub commit: Option<Text>,
}

impl Configuration {
    pub(super) fn read(tree: &Tree, node: NodeId) -> Self {
        let layers_node = tree.get(node, "layers");
        let layers = layers_node.and_then(|layers| tree.items(layers)).unwrap_or(&[]);
        Self {
            node,
            name: Text::field(tree, node, "name"),
            layers: layers.iter().map(|layer| Layer::read(tree, *layer)).collect(),
            layers_node,
            additional_inventory: tree.get(node, "additional_inventory").map(|node| AdditionalInventory {
                node,
                name: Text::field(tree, node, "name"),
                url: Text::field(tree, node, "url"),
                branch: Text::field(tree, node, "branch"),
                commit: Text::field(tree, node, "commit"),
            }),
            if_exists: Text::field(tree, node, "if_exists"),
        }
    }
}

impl Layer {
    fn read(tree: &Tree, node: NodeId) -> Self {
        Self {
            node,
            name: Text::field(tree, node, "name"),
            playbook: Text::field(tree, node, "playbook"),
            source: LayerSource::read(tree, node),
            require_dkms: tree
                .get(node, "special_parameters")
                .and_then(|parameters| Text::field(tree, parameters, "ims_require_dkms")),
        }
    }
}

impl LayerSource {
    fn read(tree: &Tree, layer: NodeId) -> Self {
        match (tree.get(layer, "git"), tree.get(layer, "product"), Text::field(tree, layer, "source")) {
            (Some(node), None, None) => Self::Git {
                node,
                url: Text::field(tree, node, "url"),
                branch: Text::field(tree, node, "branch"),
                commit: Text::field(tree, node, "commit"),
            },
            (None, Some(node), None) => Self::Product {
                node,
                name: Text::field(tree, node, "name"),
                version: Text::field(tree, node, "version"),
                branch: Text::field(tree, node, "branch"),
                commit: Text::field(tree, node, "commit"),
            },
            (None, None, Some(name)) => Self::Source {
                name,
                branch: Text::field(tree, layer, "branch"),
                commit: Text::field(tree, layer, "commit"),
            },
            _ => Self::Unknown,
        }
    }
}
