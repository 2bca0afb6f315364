//! Who builds on what, and who boots what.

use std::collections::{HashMap, HashSet};

use super::variables::Variables;
use super::{Base, Bootprep, Boots};

/// The references between the entries of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refs {
    by_ref: HashMap<String, usize>,
    users: HashMap<String, Vec<usize>>,
    boots: Vec<Option<String>>,
    booted: HashSet<String>,
    /// By image: the image at the end of the chain it builds on.
    roots: Vec<Option<usize>>,
}

impl Refs {
    /// The references of a file. SAT compares the `image_ref` of an image as it is written, and that of a session template
    /// once it is rendered.
    #[must_use]
    pub fn of(file: &Bootprep, variables: &Variables) -> Self {
        let mut refs = Self::default();
        for (index, image) in file.images.iter().enumerate() {
            if let Some(ref_name) = image.ref_name() {
                refs.by_ref.entry(ref_name.to_owned()).or_insert(index);
            }
            if let Base::ImageRef(image_ref) = &image.base {
                refs.users.entry(image_ref.text.to_string()).or_default().push(index);
            }
        }
        refs.boots = file
            .templates
            .iter()
            .map(|template| match &template.image {
                Boots::ImageRef(written) => Some(
                    variables.pattern(written.as_str()).text().map_or_else(|| written.text.to_string(), str::to_owned),
                ),
                _ => None,
            })
            .collect();
        refs.booted = refs.boots.iter().flatten().cloned().collect();
        refs.roots = roots(file, &refs);
        refs
    }

    /// The image with this `ref_name`; of several the first.
    #[must_use]
    pub fn by_ref(&self, ref_name: &str) -> Option<usize> {
        self.by_ref.get(ref_name).copied()
    }

    /// The image that an image builds on.
    #[must_use]
    pub fn base(&self, file: &Bootprep, image: usize) -> Option<usize> {
        file.images.get(image)?.base.image_ref().and_then(|image_ref| self.by_ref(image_ref))
    }

    /// The image at the end of the chain that an image builds on; none where the chain leads nowhere or in a circle.
    #[must_use]
    pub fn root(&self, image: usize) -> Option<usize> {
        self.roots.get(image).copied().flatten()
    }

    /// The images that build on this `ref_name`.
    #[must_use]
    pub fn users(&self, ref_name: &str) -> &[usize] {
        self.users.get(ref_name).map_or(&[], Vec::as_slice)
    }

    /// The `ref_name` that a session template boots, rendered.
    #[must_use]
    pub fn boots(&self, template: usize) -> Option<&str> {
        self.boots.get(template)?.as_deref()
    }

    /// Whether a session template boots this `ref_name`.
    #[must_use]
    pub fn is_booted(&self, ref_name: &str) -> bool {
        self.booted.contains(ref_name)
    }
}

/// The ends of the chains, each link followed once.
fn roots(file: &Bootprep, refs: &Refs) -> Vec<Option<usize>> {
    let mut roots: Vec<Option<usize>> = vec![None; file.images.len()];
    let mut settled = HashSet::new();
    for start in 0..file.images.len() {
        let mut chain = Vec::new();
        let mut next = Some(start);
        while let Some(at) = next.filter(|at| settled.insert(*at)) {
            chain.push(at);
            next = refs.base(file, at);
        }
        let root = match (next, chain.last()) {
            (Some(known), _) => roots.get(known).copied().flatten(),
            (None, Some(last)) => Some(*last).filter(|last| file.image(*last).base.image_ref().is_none()),
            (None, None) => None,
        };
        for at in chain {
            if let Some(own) = roots.get_mut(at) {
                *own = root;
            }
        }
    }
    roots
}
