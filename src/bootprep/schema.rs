//! The fields of a bootprep file: which there are, what they hold, since when, and what SAT renders.
//!
//! One table. The checks, the JSON Schema for editors and the answer to "is this field rendered?" all come from it.

use std::fmt;
use std::str::FromStr;

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

/// A layer.
pub(super) static LAYER: Mapping = mapping(
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

/// An image.
pub(super) static IMAGE: Mapping = mapping(
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
