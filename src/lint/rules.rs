//! The rules, one tight family a file. A family says what its rules are and holds a file against them.

pub mod arch;
pub mod boot_set;
mod cause;
pub mod comments;
pub mod configuration;
pub mod configuration_ref;
pub mod document;
pub mod ignored;
pub mod image_base;
pub mod image_groups;
pub mod image_name;
pub mod image_ref;
pub mod ims_id;
pub mod jinja;
pub mod layer;
pub mod manta;
pub mod mending;
pub mod product;
pub mod rootfs;
pub mod schema;
pub mod schema_version;
pub mod syntax;
pub mod template;
pub mod unused;
pub mod value;
pub mod variables;
pub mod written;

use super::finding::{Example, Finding, Rule};
use super::subject::Subject;

/// Rules that are checked together.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// What it is about.
    pub name: &'static str,
    /// Its rules.
    pub rules: &'static [&'static Rule],
    /// Holds a file against them.
    pub check: fn(&Subject, &mut Vec<Finding>),
}

/// All families.
pub static FAMILIES: &[Family] = &[
    syntax::FAMILY,
    document::FAMILY,
    value::FAMILY,
    comments::FAMILY,
    written::FAMILY,
    schema::FAMILY,
    schema_version::FAMILY,
    configuration::FAMILY,
    layer::FAMILY,
    product::FAMILY,
    image_ref::FAMILY,
    image_name::FAMILY,
    image_base::FAMILY,
    image_groups::FAMILY,
    ims_id::FAMILY,
    configuration_ref::FAMILY,
    unused::FAMILY,
    template::FAMILY,
    boot_set::FAMILY,
    rootfs::FAMILY,
    arch::FAMILY,
    jinja::FAMILY,
    variables::FAMILY,
    manta::FAMILY,
    ignored::FAMILY,
];

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.rules.iter().copied())
}

/// The rule of an id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// The parts of an example, each with the flag that gives it; the bootprep file itself comes first and has none.
#[must_use]
pub fn parts(example: &Example) -> Vec<(&'static str, &'static str)> {
    let parts = [
        ("with --target", example.target),
        ("with --vars-file", example.variables),
        ("with --images", example.images),
        ("with --configurations", example.configurations),
        ("with --products", example.products),
    ];
    let given = parts.into_iter().filter(|(_, text)| !text.is_empty());
    std::iter::once(("", example.file)).chain(given).collect()
}
