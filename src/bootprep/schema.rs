//! The fields of a bootprep file: which there are, what they hold, since when, and what SAT renders.
//!
//! One table. The checks, the JSON Schema for editors and the answer to "is this field rendered?" all come from it.

use std::fmt;
use std::str::FromStr;

use crate::limits;
use crate::yaml::{Meaning, NodeId, NodeKind, Tree};

use super::names::Scope;

/// A version of SAT's bootprep schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The version SAT assumes where a file declares none.
    pub const ASSUMED: Self = Self(1, 0, 0);
    /// The newest there is.
    pub const NEWEST: Self = Self(1, 0, 9);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.').map(|part| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let canonical = plain && (part == "0" || !part.starts_with('0'));
            if canonical { part.parse::<u32>().map_err(|_| ()) } else { Err(()) }
        });
        let mut next = || parts.next().unwrap_or(Err(()));
        let version = Self(next()?, next()?, next()?);
        if parts.next().is_some() { Err(()) } else { Ok(version) }
    }
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text(Rendered),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A text that must not be empty.
    FilledText(Rendered),
    /// A truth.
    Bool,
    /// A list of texts.
    Texts,
    /// A list of mappings.
    List(&'static Mapping),
    /// A mapping.
    Mapping(&'static Mapping),
    /// A mapping whose keys are names; at least one.
    Named(&'static Mapping),
    /// A text or a mapping.
    TextOr(Rendered, &'static Mapping),
}

/// Whether SAT renders a text, and which record it can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendered {
    /// It does not.
    No,
    /// With the variables.
    Plain,
    /// With the variables and `base`.
    WithBase,
    /// With the variables and `image`.
    WithImage,
}

/// A key of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// The mapping is refused without it.
    pub required: bool,
    /// The version of the schema that brought it.
    pub since: Version,
    /// What it says, for people.
    pub about: &'static str,
}

/// Keys of which one excludes the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The keys.
    pub keys: &'static [&'static str],
    /// One of them, or of `instead`, must be there.
    pub needed: bool,
    /// Keys that do as well, and exclude nothing.
    pub instead: &'static [&'static str],
}

/// A mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// What it is called.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Other keys are let through.
    pub open: bool,
    /// Keys that exclude each other.
    pub choices: &'static [Choice],
    /// It must not be empty.
    pub filled: bool,
}

impl Mapping {
    /// Its name with its article: `an image`.
    #[must_use]
    pub fn called(&self) -> String {
        let article = if self.name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.name)
    }

    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const fn key(name: &'static str, shape: Shape, patch: u32, about: &'static str) -> Key {
    Key { name, shape, required: false, since: Version(1, 0, patch), about }
}

const fn required(name: &'static str, shape: Shape, patch: u32, about: &'static str) -> Key {
    Key { name, shape, required: true, since: Version(1, 0, patch), about }
}

const fn mapping(name: &'static str, keys: &'static [Key], choices: &'static [Choice]) -> Mapping {
    Mapping { name, keys, open: false, choices, filled: false }
}

const fn one_of(keys: &'static [&'static str]) -> Choice {
    Choice { keys, needed: true, instead: &[] }
}

const UNRENDERED: Shape = Shape::Text(Rendered::No);
const PLAIN: Shape = Shape::Text(Rendered::Plain);
const IF_EXISTS: Key = key(
    "if_exists",
    Shape::Word(&["skip", "overwrite", "abort"]),
    8,
    "What to do where one of this name exists already.",
);
const DESCRIPTION: Key = key("description", UNRENDERED, 0, "For people; SAT ignores it.");
const KINDS: Shape = Shape::Word(&["recipe", "image"]);

/// The whole file.
pub static FILE: Mapping = mapping(
    "bootprep file",
    &[
        key("schema_version", UNRENDERED, 1, "The version of the schema the file is written for, quoted: '1.0.6'."),
        key("configurations", Shape::List(&CONFIGURATION), 0, "The CFS configurations to create."),
        key("images", Shape::List(&IMAGE), 0, "The IMS images to create."),
        key("session_templates", Shape::List(&SESSION_TEMPLATE), 0, "The BOS session templates to create."),
    ],
    &[],
);

static CONFIGURATION: Mapping = mapping(
    "configuration",
    &[
        required("name", PLAIN, 0, "Its name in CFS."),
        DESCRIPTION,
        required("layers", Shape::List(&LAYER), 0, "The playbooks to run, in order."),
        key("additional_inventory", Shape::Mapping(&ADDITIONAL_INVENTORY), 7, "A repository with more inventory."),
        IF_EXISTS,
    ],
    &[],
);

static LAYER: Mapping = mapping(
    "layer",
    &[
        key("name", PLAIN, 0, "Its name."),
        key("playbook", PLAIN, 0, "The playbook in its repository; CFS v3 needs one."),
        key("git", Shape::Mapping(&GIT), 0, "A repository by its URL."),
        key("product", Shape::Mapping(&LAYER_PRODUCT), 0, "The repository of a product."),
        key("source", PLAIN, 7, "A source that CFS knows by name."),
        key("branch", UNRENDERED, 7, "The branch of the source."),
        key("commit", UNRENDERED, 9, "The commit of the source."),
        key("special_parameters", Shape::Mapping(&SPECIAL_PARAMETERS), 6, "Parameters for the session."),
    ],
    &[one_of(&["git", "product", "source"])],
);

/// How a layer of a source says what to take of it.
pub static SOURCE_REF: Choice = one_of(&["branch", "commit"]);

static SPECIAL_PARAMETERS: Mapping = mapping(
    "set of special parameters",
    &[key("ims_require_dkms", Shape::Bool, 6, "Whether the image is customized with kernel modules allowed.")],
    &[],
);

static GIT: Mapping = mapping(
    "git layer",
    &[
        required("url", PLAIN, 0, "The URL of the repository."),
        key("branch", PLAIN, 0, "The branch."),
        key("commit", PLAIN, 0, "The commit, in full."),
    ],
    &[one_of(&["branch", "commit"])],
);

static LAYER_PRODUCT: Mapping = mapping(
    "product layer",
    &[
        required("name", UNRENDERED, 0, "The product, as the product catalog names it."),
        key("version", PLAIN, 0, "Its version, quoted."),
        key("branch", PLAIN, 0, "The branch."),
        key("commit", PLAIN, 0, "The commit, in full."),
    ],
    &[Choice { keys: &["branch", "commit"], needed: true, instead: &["version"] }],
);

static ADDITIONAL_INVENTORY: Mapping = Mapping {
    name: "additional inventory",
    keys: &[
        required("url", PLAIN, 7, "The URL of the repository."),
        key("branch", PLAIN, 7, "The branch."),
        key("commit", PLAIN, 7, "The commit, in full."),
        key("name", PLAIN, 7, "Its name."),
    ],
    open: true,
    choices: &[one_of(&["branch", "commit"])],
    filled: false,
};

static IMAGE: Mapping = mapping(
    "image",
    &[
        required("name", Shape::Text(Rendered::WithBase), 0, "Its name in IMS."),
        key("ref_name", UNRENDERED, 2, "The name by which other entries of the file refer to it."),
        DESCRIPTION,
        key("base", Shape::Mapping(&BASE), 2, "What it builds on."),
        key("ims", Shape::Mapping(&OLD_IMS), 0, "What it builds on, in the old form; use `base`."),
        key("configuration", Shape::Text(Rendered::WithBase), 0, "The CFS configuration that customizes it."),
        key("configuration_group_names", Shape::Texts, 0, "The Ansible groups it is a member of."),
        IF_EXISTS,
    ],
    &[one_of(&["base", "ims"])],
);

static BASE: Mapping = mapping(
    "base",
    &[
        key("ims", Shape::Mapping(&BASE_IMS), 2, "A recipe or image in IMS."),
        key("product", Shape::Mapping(&BASE_PRODUCT), 2, "A recipe or image of a product."),
        key("image_ref", UNRENDERED, 2, "The ref_name of another image of this file."),
    ],
    &[one_of(&["ims", "product", "image_ref"])],
);

static BASE_IMS: Mapping = mapping(
    "base in IMS",
    &[
        required("type", KINDS, 2, "Whether it is a recipe or an image."),
        key("id", PLAIN, 2, "Its id."),
        key("name", PLAIN, 2, "Its name; ids are safer, names need not be unique."),
    ],
    &[one_of(&["id", "name"])],
);

static OLD_IMS: Mapping = mapping(
    "base in IMS, old form",
    &[
        required("is_recipe", Shape::Bool, 0, "Whether it is a recipe."),
        key("id", UNRENDERED, 0, "Its id."),
        key("name", UNRENDERED, 0, "Its name."),
    ],
    &[one_of(&["id", "name"])],
);

static BASE_PRODUCT: Mapping = mapping(
    "base of a product",
    &[
        required("name", UNRENDERED, 2, "The product, as the product catalog names it."),
        required("type", KINDS, 2, "Whether to take a recipe or an image."),
        key("version", PLAIN, 2, "Its version, quoted; the latest where none is given."),
        key("filter", Shape::Mapping(&FILTER), 3, "Which of several."),
    ],
    &[],
);

static FILTER: Mapping = Mapping {
    name: "filter",
    keys: &[
        key("prefix", PLAIN, 3, "How its name begins."),
        key("wildcard", PLAIN, 4, "How its name looks, with * and ?."),
        key("arch", PLAIN, 5, "Its architecture: x86_64 or aarch64."),
    ],
    open: false,
    choices: &[],
    filled: true,
};

static SESSION_TEMPLATE: Mapping = mapping(
    "session template",
    &[
        required("name", Shape::Text(Rendered::WithImage), 0, "Its name in BOS."),
        required("image", Shape::TextOr(Rendered::Plain, &TEMPLATE_IMAGE), 0, "What its nodes boot."),
        required("configuration", PLAIN, 0, "The CFS configuration of its booted nodes."),
        required("bos_parameters", Shape::Mapping(&BOS_PARAMETERS), 0, "How BOS boots its nodes."),
        IF_EXISTS,
    ],
    &[],
);

static TEMPLATE_IMAGE: Mapping = mapping(
    "image of a session template",
    &[
        key("ims", Shape::Mapping(&TEMPLATE_IMS), 2, "An image in IMS."),
        key("image_ref", PLAIN, 2, "The ref_name of an image of this file."),
    ],
    &[one_of(&["ims", "image_ref"])],
);

static TEMPLATE_IMS: Mapping = mapping(
    "image in IMS",
    &[key("id", PLAIN, 2, "Its id."), key("name", PLAIN, 2, "Its name; ids are safer, names need not be unique.")],
    &[one_of(&["id", "name"])],
);

static BOS_PARAMETERS: Mapping = Mapping {
    name: "set of BOS parameters",
    keys: &[required("boot_sets", Shape::Named(&BOOT_SET), 0, "Which nodes boot, and how; by name.")],
    open: true,
    choices: &[],
    filled: false,
};

/// A boot set. SAT lets other keys through; BOS does not.
pub static BOOT_SET: Mapping = Mapping {
    name: "boot set",
    keys: &[
        key(
            "arch",
            Shape::Word(&["X86", "ARM", "Other", "Unknown"]),
            5,
            "The architecture of its nodes; X86 if absent.",
        ),
        key("kernel_parameters", Shape::Text(Rendered::WithImage), 0, "The parameters of the kernel."),
        key("node_list", Shape::Texts, 0, "Nodes by xname."),
        key("node_roles_groups", Shape::Texts, 0, "Nodes by role, with or without sub-role."),
        key("node_groups", Shape::Texts, 0, "Nodes by HSM group."),
        key("rootfs_provider", Shape::FilledText(Rendered::WithImage), 0, "What provides the root file system."),
        key(
            "rootfs_provider_passthrough",
            Shape::FilledText(Rendered::WithImage),
            0,
            "What the provider of the root file system is told.",
        ),
    ],
    open: true,
    choices: &[],
    filled: false,
};

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

/// The mappings that have a key of this name.
#[must_use]
pub fn holders(name: &str) -> Vec<&'static Mapping> {
    let mut found = Vec::new();
    let mut open: Vec<&'static Mapping> = vec![&FILE];
    while let Some(mapping) = open.pop() {
        if mapping.key(name).is_some() && !found.contains(&mapping) {
            found.push(mapping);
        }
        open.extend(mapping.keys.iter().filter_map(|key| match key.shape {
            Shape::List(of) | Shape::Mapping(of) | Shape::Named(of) | Shape::TextOr(_, of) => Some(of),
            _ => None,
        }));
    }
    found.reverse();
    found
}
