//! The names of a file, each rendered once, and who refers to whom.

use std::collections::HashMap;

use crate::bootprep::names::{NamePattern, Variables};
use crate::bootprep::{Base, Bootprep, Boots};
use crate::limits;

/// What the names of a file mean.
pub(super) struct Names<'a> {
    by_ref: HashMap<&'a str, usize>,
    users: HashMap<&'a str, Vec<usize>>,
    /// By template: the `ref_name` it boots, rendered.
    boots: Vec<Option<String>>,
    /// By image: its name, where that can be known.
    rendered: Vec<Option<String>>,
    /// By template: its name, where that can be known.
    templates: Vec<Option<String>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(file: &'a Bootprep, variables: &Variables) -> Self {
        let mut by_ref = HashMap::new();
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, item) in file.images.iter().enumerate() {
            if let Some(ref_name) = &item.ref_name {
                by_ref.entry(ref_name.as_str()).or_insert(index);
            }
            if let Base::ImageRef(ref_name) = &item.base {
                users.entry(ref_name).or_default().push(index);
            }
        }
        let boots = file.templates.iter().map(|template| match &template.image {
            Boots::ImageRef(written) => {
                Some(variables.pattern(written).text().map_or_else(|| written.clone(), str::to_owned))
            }
            _ => None,
        });
        let boots: Vec<Option<String>> = boots.collect();
        let rendered = rendered(file, variables, &by_ref);
        let templates = file.templates.iter().zip(&boots).map(|(template, boots)| {
            let pattern = variables.pattern_of_template(&template.name);
            let image = boots.as_ref().and_then(|ref_name| by_ref.get(ref_name.as_str()));
            let pattern = match image.and_then(|image| rendered[*image].as_ref()) {
                Some(name) => pattern.with_base(name),
                None => pattern,
            };
            pattern.text().map(str::to_owned)
        });
        let templates = templates.collect();
        Self { by_ref, users, boots, rendered, templates }
    }

    /// The image with this `ref_name`.
    pub(super) fn by_ref(&self, ref_name: &str) -> Option<usize> {
        self.by_ref.get(ref_name).copied()
    }

    /// The images that build on this `ref_name`.
    pub(super) fn users(&self, ref_name: &str) -> &[usize] {
        self.users.get(ref_name).map_or(&[], Vec::as_slice)
    }

    /// The `ref_name` that a template boots: SAT renders it before it looks it up.
    pub(super) fn boots(&self, template: usize) -> Option<&str> {
        self.boots[template].as_deref()
    }

    /// Whether a template boots this `ref_name`.
    pub(super) fn is_booted(&self, ref_name: &str) -> bool {
        self.boots.iter().flatten().any(|boots| boots == ref_name)
    }

    /// The name of a session template, where that can be known.
    pub(super) fn template(&self, template: usize) -> Option<&str> {
        self.templates[template].as_deref()
    }

    /// The name of an image, where that can be known.
    pub(super) fn rendered(&self, image: usize) -> Option<&str> {
        self.rendered[image].as_deref()
    }
}

/// Names in the order of their bases: a name may hold that of its base.
fn rendered(file: &Bootprep, variables: &Variables, by_ref: &HashMap<&str, usize>) -> Vec<Option<String>> {
    let patterns: Vec<NamePattern> = file.images.iter().map(|item| variables.pattern(&item.name)).collect();
    let mut names: Vec<Option<String>> = patterns.iter().map(|pattern| pattern.text().map(str::to_owned)).collect();
    let mut seen: Vec<bool> = names.iter().map(Option::is_some).collect();
    for image in 0..names.len() {
        let mut chain = Vec::new();
        let mut next = Some(image);
        while let Some(at) = next.filter(|at| !seen[*at]) {
            seen[at] = true;
            chain.push(at);
            next = match &file.images[at].base {
                Base::ImageRef(ref_name) if patterns[at].has_base() => by_ref.get(ref_name.as_str()).copied(),
                _ => None,
            };
        }
        let mut base = next.and_then(|at| names[at].clone());
        for at in chain.into_iter().rev() {
            base = base
                .and_then(|base| patterns[at].with_base(&base).text().map(str::to_owned))
                .filter(|name| name.len() <= limits::RENDERED_CHARS);
            names[at].clone_from(&base);
        }
    }
    names
}
