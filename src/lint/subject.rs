//! A file under check, with everything a rule may ask of it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::bootprep::examined::{Examined, MismatchKind, examine};
use crate::bootprep::names::{Names, Scope};
use crate::bootprep::refs::Refs;
use crate::bootprep::schema;
use crate::bootprep::{Base, Bootprep, Section, Text};
use crate::jinja;
use crate::limits;
use crate::nearness;
use crate::text::SourceText;
use crate::yaml::change::Editor;
use crate::yaml::{NodeId, Parents, Tree};

use super::Context;
use super::finding::{Needs, Place, Rule};
use super::target::Dialect;

/// A file under check.
pub struct Subject<'a> {
    /// Its text.
    pub text: &'a SourceText,
    /// Its tree.
    pub tree: &'a Tree,
    /// Where everything stands.
    pub parents: Parents<'a>,
    /// What it defines.
    pub file: Bootprep,
    /// Who refers to whom.
    pub refs: Refs,
    /// What its names render to.
    pub names: Names,
    /// What the table of fields says of it.
    pub examined: Examined,
    /// What it is checked against.
    pub context: &'a Context,
    /// By image: its architecture, where its base tells.
    archs: Vec<Option<&'static str>>,
    /// By name, as written and rendered: the image.
    by_name: HashMap<String, usize>,
    /// What is left to be spent on guessing what was meant.
    guesses: Cell<usize>,
    /// Values the schema refuses: what is wrong with them is told by the rules of the schema alone.
    refused: HashSet<NodeId>,
}

impl<'a> Subject<'a> {
    /// A file under check.
    #[must_use]
    pub fn new(text: &'a SourceText, tree: &'a Tree, context: &'a Context) -> Self {
        let file = Bootprep::lenient(text, tree);
        let refs = Refs::of(&file, &context.variables);
        let names = Names::of(&file, &refs, &context.variables);
        let examined = examine(tree);
        let refused = examined.mismatches.iter().map(|mismatch| mismatch.node).collect();
        let mut subject = Self {
            text,
            tree,
            parents: tree.parents(),
            file,
            refs,
            names,
            examined,
            context,
            archs: Vec::new(),
            by_name: HashMap::new(),
            guesses: Cell::new(limits::GUESSES),
            refused,
        };
        subject.archs = (0..subject.file.images.len()).map(|image| subject.own_arch(image)).collect();
        subject.archs = (0..subject.file.images.len()).map(|image| subject.arch(subject.root(image)?)).collect();
        for (index, image) in subject.file.images.iter().enumerate() {
            let names = [Some(image.name()), subject.names.image(index)];
            for name in names.into_iter().flatten() {
                subject.by_name.entry(name.to_owned()).or_insert(index);
            }
        }
        subject
    }

    /// Whether what a rule needs is there.
    #[must_use]
    pub fn applies(&self, rule: &Rule) -> bool {
        match rule.needs {
            Needs::Nothing => true,
            Needs::Variables => self.context.has_variables,
            Needs::Images => self.context.system.knows_images(),
            Needs::Configurations => self.context.system.knows_configurations(),
            Needs::Products => self.context.system.knows_products(),
            Needs::Manta => self.context.target.dialect() == Dialect::Manta,
        }
    }

    /// The changes that can be made.
    #[must_use]
    pub fn editor(&self) -> Editor<'_> {
        Editor { text: self.text, tree: self.tree, parents: &self.parents }
    }

    /// Whether the schema refuses a value, so that nothing else has to be said of it.
    #[must_use]
    pub fn is_refused(&self, node: NodeId) -> bool {
        self.refused.contains(&node)
    }

    /// A value; where there is none, its key.
    #[must_use]
    pub fn place(&self, node: NodeId) -> Place {
        let range = match self.tree.node(node).span.clone() {
            span if span.is_empty() => self.key(node).unwrap_or(span),
            span => span,
        };
        Place { range, path: self.parents.path(node).to_string() }
    }

    /// A part of a text, by its bytes; the whole value where it is not written letter for letter.
    #[must_use]
    pub fn part(&self, node: NodeId, part: &Range<usize>) -> Place {
        let place = self.place(node);
        let at = |offset| self.tree.place_in(self.text, node, offset);
        match (at(part.start), at(part.end)) {
            (Some(start), Some(end)) => Place { range: start..end, ..place },
            _ => place,
        }
    }

    /// The head of a mapping, for what it lacks: its key, or the first key of an item.
    #[must_use]
    pub fn head(&self, node: NodeId) -> Place {
        let path = self.parents.path(node).to_string();
        let first = self.tree.entries(node).and_then(|entries| entries.first()).map(|(key, _)| *key);
        let range = self.key(node).unwrap_or_else(|| self.tree.node(first.unwrap_or(node)).span.clone());
        Place { range, path }
    }

    /// The key of an entry, by the path of the entry.
    #[must_use]
    pub fn at_key(&self, key: NodeId) -> Place {
        Place { range: self.tree.node(key).span.clone(), path: self.parents.path(key).to_string() }
    }

    /// The key under which a value stands.
    #[must_use]
    pub fn key_node(&self, node: NodeId) -> Option<NodeId> {
        self.parents.key(node)
    }

    fn key(&self, node: NodeId) -> Option<Range<usize>> {
        self.key_node(node).map(|key| self.tree.node(key).span.clone())
    }

    /// The line of a node, from 1.
    #[must_use]
    pub fn line(&self, node: NodeId) -> usize {
        self.text.position(self.tree.node(node).span.start).line
    }

    /// What a text means once SAT has rendered it; none where that cannot be known. `None` as the scope: it is not rendered.
    #[must_use]
    pub fn rendered(&self, text: &Text, scope: Option<Scope>) -> Option<String> {
        if !text.is_text() {
            return None;
        }
        let Some(scope) = scope else { return Some(text.text.to_string()) };
        let template = text.as_str();
        let rendered = || self.names.render(&self.context.variables, template, scope);
        if !jinja::is_template(template) {
            return rendered();
        }
        // What Jinja2 refuses, or leaves as braces, is told by the rules of templates.
        let inspection = jinja::inspect(template).ok()?;
        let of_record = |lookup: &jinja::Lookup| ["base", "image"].contains(&lookup.root());
        let is_known = self.context.has_variables || inspection.lookups.iter().all(of_record);
        if !is_known || inspection.slips.iter().any(|slip| slip.kind.is_fatal()) {
            return None;
        }
        rendered().filter(|rendered| !jinja::is_template(rendered))
    }

    /// The name of an image, where it can be known, or as it is written.
    #[must_use]
    pub fn label(&self, image: usize) -> &str {
        self.file.image(image).label()
    }

    /// The architecture of an image, where its base tells.
    #[must_use]
    pub fn arch(&self, image: usize) -> Option<&'static str> {
        self.archs.get(image).copied().flatten()
    }

    /// The image at the end of the chain that an image builds on.
    #[must_use]
    pub fn root(&self, image: usize) -> Option<usize> {
        self.refs.root(image)
    }

    /// The image of a name, as written or rendered.
    #[must_use]
    pub fn image_named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether a section is not what the file means: it stands under a wrong key, twice, or is no list.
    #[must_use]
    pub fn section_is_unsure(&self, section: Section) -> bool {
        let Some(entries) = self.tree.root().and_then(|root| self.tree.entries(root)) else { return false };
        let mut keys = entries.iter().filter_map(|(key, value)| Some((self.tree.scalar(*key)?, *value)));
        let own: Vec<NodeId> = keys.clone().filter(|(key, _)| *key == section.key()).map(|(_, value)| value).collect();
        let stranger = |key: &str| schema::FILE.key(key).is_none();
        match own.as_slice() {
            [] => keys.any(|(key, _)| stranger(key)),
            [one] => self.tree.items(*one).is_none(),
            _ => true,
        }
    }

    /// Whether an image may have a `ref_name` that cannot be read.
    #[must_use]
    pub fn ref_names_are_unsure(&self) -> bool {
        self.section_is_unsure(Section::Images)
            || self.examined.mismatches.iter().any(|mismatch| match mismatch.kind {
                MismatchKind::UnknownKey if mismatch.mapping.name == "image" => {
                    self.tree.scalar(mismatch.node).is_some_and(|key| nearness::nearest(["ref_name"], key).is_some())
                }
                MismatchKind::OtherKind(key) => key.name == "ref_name",
                _ => false,
            })
    }

    /// What may have been meant. A file full of slips gets no more suggestions at some point.
    #[must_use]
    pub fn nearest<'n>(&self, names: impl IntoIterator<Item = &'n str>, given: &str) -> Option<&'n str> {
        let names: Vec<&str> = names.into_iter().take(self.guesses.get()).collect();
        self.guesses.set(self.guesses.get().saturating_sub(names.len() + 1));
        nearness::nearest(names, given)
    }

    /// The architecture that the base of an image tells by itself.
    fn own_arch(&self, image: usize) -> Option<&'static str> {
        match &self.file.image(image).base {
            Base::Product(product) => {
                let filter = product.filter.as_ref()?;
                let known = |text: &Option<Text>, whole: bool| {
                    let text = self.rendered(text.as_ref()?, Some(Scope::File))?;
                    arch_in(&text, whole)
                };
                known(&filter.arch, true)
                    .or_else(|| known(&filter.wildcard, false))
                    .or_else(|| known(&filter.prefix, false))
            }
            Base::Ims(ims) => {
                let scope = (!ims.deprecated).then_some(Scope::File);
                let text = |text: &Option<Text>| self.rendered(text.as_ref()?, scope);
                match (text(&ims.id), text(&ims.name)) {
                    (Some(id), None) => self.context.system.arch_of_id(&id),
                    (None, Some(name)) => self.context.system.arch_of_name(&name).or_else(|| arch_in(&name, false)),
                    _ => None,
                }
            }
            Base::ImageRef(_) | Base::Unknown => None,
        }
    }
}

/// The architecture that a name tells, as IMS spells it.
#[must_use]
pub fn arch_in(name: &str, whole: bool) -> Option<&'static str> {
    let known = ["x86_64", "aarch64"];
    known.into_iter().find(|arch| if whole { name == *arch } else { name.trim_end_matches('*').ends_with(arch) })
}
