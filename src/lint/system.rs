//! What a live system holds, from saved lists: images and recipes of IMS, configurations of CFS, the product catalog.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::input;
use crate::text::SourceText;
use crate::yaml::{NodeId, Tree};

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct ListError {
    /// The file.
    pub path: String,
    /// What is wrong, and what was expected.
    pub why: String,
}

/// A recipe or image in IMS.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    id: String,
    name: String,
    arch: Option<&'static str>,
}

/// A version of a product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductVersion {
    /// The commit of its configuration repository.
    pub commit: Option<String>,
    /// It has a configuration repository.
    pub has_configuration: bool,
    /// The names of its recipes.
    pub recipes: Vec<String>,
    /// The names of its images.
    pub images: Vec<String>,
}

/// What a live system holds. Nothing is known of what no list was given of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    images: Option<Vec<Stored>>,
    recipes: Option<Vec<Stored>>,
    configurations: Option<BTreeSet<String>>,
    products: Option<BTreeMap<String, BTreeMap<String, ProductVersion>>>,
    roles: Option<BTreeSet<String>>,
}

impl System {
    /// Takes in the output of `cray ims images list --format json`, or that of `recipes list`.
    ///
    /// # Errors
    /// A file that is no such list.
    pub fn add_images(&mut self, path: &str, text: &str) -> Result<(), ListError> {
        let wrong = |why: &str| ListError { path: path.to_owned(), why: why.to_owned() };
        let expected =
            "expected the output of `cray ims images list --format json` or `cray ims recipes list --format json`";
        let list: Vec<Json> =
            serde_json::from_str(text).map_err(|error| wrong(&format!("{}; {expected}", input::no_json(&error))))?;
        let is_recipes = list.iter().any(|entry| entry.get("recipe_type").is_some());
        let stored = list
            .iter()
            .map(|entry| {
                let name = entry.get("name").and_then(Json::as_str)?.to_owned();
                let arch = match entry.get("arch").and_then(Json::as_str) {
                    Some("x86_64") => Some("x86_64"),
                    Some("aarch64") => Some("aarch64"),
                    _ => super::subject::arch_in(&name, false),
                };
                Some(Stored { id: entry.get("id").and_then(Json::as_str)?.to_owned(), name, arch })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| wrong(expected))?;
        let kind = if is_recipes { &mut self.recipes } else { &mut self.images };
        kind.get_or_insert_default().extend(stored);
        Ok(())
    }

    /// Takes in the output of `cray cfs configurations list --format json`, v2 or v3.
    ///
    /// # Errors
    /// A file that is no such list.
    pub fn add_configurations(&mut self, path: &str, text: &str) -> Result<(), ListError> {
        let wrong = |why: &str| ListError { path: path.to_owned(), why: why.to_owned() };
        let expected = "expected the output of `cray cfs v3 configurations list --format json`";
        let json: Json =
            serde_json::from_str(text).map_err(|error| wrong(&format!("{}; {expected}", input::no_json(&error))))?;
        // What is on the next page would be told as missing.
        if json.get("next").is_some_and(|next| !next.is_null()) {
            return Err(wrong(
                "this is one page of a list that goes on: its `next` is not null. Give the configurations of all pages in one JSON list",
            ));
        }
        let list = json.get("configurations").unwrap_or(&json).as_array().ok_or_else(|| wrong(expected))?;
        let names = list
            .iter()
            .map(|entry| entry.get("name").and_then(Json::as_str).map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| wrong(expected))?;
        self.configurations.get_or_insert_default().extend(names);
        Ok(())
    }

    /// Takes in the product catalog: the ConfigMap `cray-product-catalog` as YAML or JSON, or products by name as in it.
    ///
    /// # Errors
    /// A file that is no product catalog.
    pub fn add_products(&mut self, path: &str, list: &str) -> Result<(), ListError> {
        let wrong = |why: String| ListError { path: path.to_owned(), why };
        let expected = "expected the output of `kubectl get configmap -n services cray-product-catalog -o yaml`";
        let text = |text: &str| SourceText::new(path, text.as_bytes()).map_err(|error| wrong(error.to_string()));
        let tree = Tree::parse(&text(list)?).map_err(|error| ListError {
            path: format!("{path}:{}:{}", error.at.line, error.at.column),
            why: format!("{}; {expected}", error.what),
        })?;
        let root = tree.root().ok_or_else(|| wrong(format!("nothing is in it; {expected}")))?;
        let data = tree.get(root, "data").unwrap_or(root);
        let products = tree.entries(data).ok_or_else(|| wrong(expected.to_owned()))?;
        let known = self.products.get_or_insert_default();
        for (name, versions) in products {
            let Some(name) = tree.scalar(*name) else { continue };
            let entry = known.entry(name.to_owned()).or_default();
            match tree.scalar(*versions) {
                // In the ConfigMap each product is a text that is YAML itself.
                Some(inner) => {
                    let inner = Tree::parse(&text(inner)?).map_err(|error| {
                        wrong(format!("product {name}, from its own first line on: {error}; {expected}"))
                    })?;
                    entry.extend(inner.root().map(|root| versions_of(&inner, root)).unwrap_or_default());
                }
                None => entry.extend(versions_of(&tree, *versions)),
            }
        }
        Ok(())
    }

    /// Takes in the roles of a site, beside those every system has: a JSON list or one name a line.
    ///
    /// # Errors
    /// A file that holds something else.
    pub fn add_roles(&mut self, path: &str, text: &str) -> Result<(), ListError> {
        let names = serde_json::from_str::<Vec<String>>(text)
            .unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect());
        let is_name = |name: &String| name.chars().all(|letter| letter.is_alphanumeric() || "_-".contains(letter));
        if let Some(other) = names.iter().find(|name| !is_name(name)) {
            let shown: String = other.chars().take(40).collect();
            let why =
                format!("'{shown}' is no role; expected roles and sub-roles as in HSM, one a line: Application_UAN");
            return Err(ListError { path: path.to_owned(), why });
        }
        self.roles.get_or_insert_default().extend(names);
        Ok(())
    }

    /// A list of images was given.
    #[must_use]
    pub fn knows_images(&self) -> bool {
        self.images.is_some()
    }

    /// A list of configurations was given.
    #[must_use]
    pub fn knows_configurations(&self) -> bool {
        self.configurations.is_some()
    }

    /// The product catalog was given.
    #[must_use]
    pub fn knows_products(&self) -> bool {
        self.products.is_some()
    }

    /// Whether CFS has a configuration; none where that is not known.
    #[must_use]
    pub fn has_configuration(&self, name: &str) -> Option<bool> {
        self.configurations.as_ref().map(|known| known.contains(name))
    }

    /// The names of the configurations in CFS.
    pub fn configurations(&self) -> impl Iterator<Item = &str> {
        self.configurations.iter().flatten().map(String::as_str)
    }

    /// How many images of a name IMS has; none where that is not known.
    #[must_use]
    pub fn images_named(&self, name: &str) -> Option<usize> {
        self.images.as_ref().map(|images| images.iter().filter(|image| image.name == name).count())
    }

    /// How many recipes of a name IMS has; none where that is not known.
    #[must_use]
    pub fn recipes_named(&self, name: &str) -> Option<usize> {
        self.recipes.as_ref().map(|recipes| recipes.iter().filter(|recipe| recipe.name == name).count())
    }

    /// The name of an image or recipe, by its id.
    #[must_use]
    pub fn name_of(&self, id: &str) -> Option<&str> {
        self.stored().find(|stored| stored.id == id).map(|stored| stored.name.as_str())
    }

    /// The architecture of an image or recipe, by its id.
    #[must_use]
    pub fn arch_of_id(&self, id: &str) -> Option<&'static str> {
        self.stored().find(|stored| stored.id == id)?.arch
    }

    /// The architecture of an image or recipe, by its name, where all of that name have the same.
    #[must_use]
    pub fn arch_of_name(&self, name: &str) -> Option<&'static str> {
        let mut found = self.stored().filter(|stored| stored.name == name).map(|stored| stored.arch);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)?
    }

    fn stored(&self) -> impl Iterator<Item = &Stored> {
        self.images.iter().chain(&self.recipes).flatten()
    }

    /// The versions of a product in the catalog; none where it has no such product, or no catalog was given.
    #[must_use]
    pub fn product(&self, name: &str) -> Option<&BTreeMap<String, ProductVersion>> {
        self.products.as_ref()?.get(name)
    }

    /// The names of the products in the catalog.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.products.iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The roles of the site, beside those every system has.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().flatten().map(String::as_str)
    }
}

fn versions_of(tree: &Tree, node: NodeId) -> BTreeMap<String, ProductVersion> {
    let names = |version: NodeId, key: &str| -> Vec<String> {
        let entries = tree.get(version, key).and_then(|node| tree.entries(node)).unwrap_or(&[]);
        entries.iter().filter_map(|(name, _)| tree.scalar(*name)).map(str::to_owned).collect()
    };
    let entries = tree.entries(node).unwrap_or(&[]);
    entries
        .iter()
        .filter_map(|(version, held)| {
            let configuration = tree.get(*held, "configuration");
            let commit = configuration.and_then(|node| tree.get(node, "commit")).and_then(|node| tree.scalar(node));
            let held = ProductVersion {
                commit: commit.filter(|commit| !commit.is_empty()).map(str::to_owned),
                has_configuration: configuration.is_some(),
                recipes: names(*held, "recipes"),
                images: names(*held, "images"),
            };
            Some((tree.scalar(*version)?.to_owned(), held))
        })
        .collect()
}
