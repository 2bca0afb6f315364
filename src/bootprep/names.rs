//! What the names of a file render to, as far as it can be known.

use std::collections::HashSet;

use crate::image_id::is_canonical_uuid;
use crate::jinja::NamePattern;
use crate::limits;

use super::refs::Refs;
use super::variables::Variables;
use super::{Base, Bootprep, Boots, Ims, Text};

/// The entry a field belongs to: it decides what `base` and `image` mean in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// None: there is neither.
    File,
    /// An image, with the record of its base.
    Image(usize),
    /// A session template, with the name of its image.
    Template(usize),
}

/// The names of a file, each rendered once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    configurations: Vec<Option<String>>,
    images: Vec<Option<String>>,
    /// By image: the name of its base.
    bases: Vec<Option<String>>,
    /// By session template: the name of its image.
    booted: Vec<Option<String>>,
    templates: Vec<Option<String>>,
}

impl Names {
    /// The names of a file.
    #[must_use]
    pub fn of(file: &Bootprep, refs: &Refs, variables: &Variables) -> Self {
        let text = |text: Option<&Text>| variables.pattern(text?.as_str()).text().map(str::to_owned);
        let mut names = Self {
            configurations: file.configurations.iter().map(|entry| text(entry.name.as_ref())).collect(),
            ..Self::default()
        };
        (names.images, names.bases) = images(file, refs, variables);
        names.booted = file
            .templates
            .iter()
            .enumerate()
            .map(|(index, template)| match &template.image {
                Boots::ImageRef(_) => refs
                    .boots(index)
                    .and_then(|ref_name| refs.by_ref(ref_name))
                    .and_then(|image| names.image(image).map(str::to_owned)),
                Boots::Name(name) => text(Some(name)),
                Boots::NameOrId(name) => text(Some(name)).filter(|name| !is_canonical_uuid(name)),
                Boots::Id(_) | Boots::Unknown => None,
            })
            .collect();
        let templates = file.templates.iter().enumerate();
        names.templates = templates
            .map(|(index, template)| names.render(variables, template.name(), Scope::Template(index)))
            .collect();
        names
    }

    /// The name of a configuration, where that can be known.
    #[must_use]
    pub fn configuration(&self, configuration: usize) -> Option<&str> {
        self.configurations.get(configuration)?.as_deref()
    }

    /// The name of an image, where that can be known.
    #[must_use]
    pub fn image(&self, image: usize) -> Option<&str> {
        self.images.get(image)?.as_deref()
    }

    /// The name of a session template, where that can be known.
    #[must_use]
    pub fn template(&self, template: usize) -> Option<&str> {
        self.templates.get(template)?.as_deref()
    }

    /// What a text of an entry renders to, where that can be known.
    #[must_use]
    pub fn render(&self, variables: &Variables, text: &str, scope: Scope) -> Option<String> {
        let (pattern, record) = match scope {
            Scope::File => (variables.pattern(text), None),
            Scope::Image(image) => (variables.pattern(text), self.bases.get(image).and_then(Option::as_ref)),
            Scope::Template(template) => {
                (variables.pattern_of_template(text), self.booted.get(template).and_then(Option::as_ref))
            }
        };
        let pattern = match record {
            Some(name) if pattern.has_base() => pattern.with_base(name),
            _ => pattern,
        };
        pattern.text().filter(|name| name.chars().count() <= limits::RENDERED_CHARS).map(str::to_owned)
    }
}

/// The names of images and of their bases, in the order of the bases: a name may hold that of its base.
fn images(file: &Bootprep, refs: &Refs, variables: &Variables) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let patterns: Vec<NamePattern> = file.images.iter().map(|image| variables.pattern(image.name())).collect();
    let in_ims = |image: usize| match &file.image(image).base {
        Base::Ims(Ims { name: Some(name), id: None, deprecated, .. }) => {
            if *deprecated {
                Some(name.text.to_string())
            } else {
                variables.pattern(name.as_str()).text().map(str::to_owned)
            }
        }
        _ => None,
    };
    let mut names: Vec<Option<String>> = patterns.iter().map(|pattern| pattern.text().map(str::to_owned)).collect();
    let named = names.iter().enumerate().filter(|(_, name)| name.is_some());
    let mut seen: HashSet<usize> = named.map(|(image, _)| image).collect();
    for image in 0..names.len() {
        let mut chain = Vec::new();
        let mut next = Some(image);
        while let Some(at) = next.filter(|at| seen.insert(*at)) {
            chain.push(at);
            next = refs.base(file, at).filter(|_| patterns.get(at).is_some_and(NamePattern::has_base));
        }
        let mut base = match chain.last() {
            Some(last) if next.is_none() => in_ims(*last),
            _ => next.and_then(|at| names.get(at)?.clone()),
        };
        for at in chain.into_iter().rev() {
            base = base
                .and_then(|base| patterns.get(at)?.with_base(&base).text().map(str::to_owned))
                .filter(|name| name.len() <= limits::RENDERED_CHARS);
            if let Some(name) = names.get_mut(at) {
                name.clone_from(&base);
            }
        }
    }
    let bases = (0..names.len())
        .map(|image| match refs.base(file, image) {
            Some(base) => names.get(base).cloned().flatten(),
            None => in_ims(image),
        })
        .collect();
    (names, bases)
}
