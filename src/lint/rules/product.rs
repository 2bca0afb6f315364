//! Products: versions that are not pinned, and what the product catalog does not hold.

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, LayerSource, Product, Text};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::{Subject, arch_in};
use super::super::system::ProductVersion;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "Products",
    rules: &[&VERSION_MISSING, &VERSION_LATEST, &NOT_IN_CATALOG, &NO_COMMIT, &AMBIGUOUS, &NO_MATCH, &NO_SUCH_KIND],
    check,
};

const CATALOG: &str = "data:\n  uss: |\n    1.1.0:\n      configuration: {commit: 2b7e0f5c8d6a4b39a1c3e5d7f9b1a3c5e7f90123}\n      recipes:\n        uss-compute-1.1.0.x86_64: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}\n        uss-compute-1.1.0.aarch64: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d12}\n  bare: |\n    1.0.0:\n      configuration: {clone_url: https://vcs.example.org/vcs/cray/bare.git}\n";

const IMAGE: Example = Example::of(
    "images:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}}\n",
)
.products(CATALOG);

static VERSION_MISSING: Rule = Rule {
    id: "product-version-missing",
    severity: Severity::Warning,
    finds: "a base of a product without a version",
    otherwise: "SAT takes the latest installed one. A restart after another product was installed silently builds on another base.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: base\n  base: {product: {name: uss, type: recipe}}\n"),
    good: Example::of("images:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0}}\n"),
};

static VERSION_LATEST: Rule = Rule {
    id: "product-version-latest",
    severity: Severity::Info,
    finds: "`version: latest` in a layer",
    otherwise: "The same file makes another configuration after a product was installed.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: uss, playbook: a.yml, product: {name: uss, version: latest}}]\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: uss, playbook: a.yml, product: {name: uss, version: 1.1.0}}]\n",
    ),
};

static NOT_IN_CATALOG: Rule = Rule {
    id: "product-not-in-catalog",
    severity: Severity::Error,
    finds: "a product, or a version of one, that the product catalog does not hold",
    otherwise: "SAT stops when it creates the configuration or looks up the base.",
    needs: Needs::Products,
    bad: Example::of("configurations:\n- name: compute\n  layers: [{name: uss, playbook: a.yml, product: {name: uss, version: 1.2.0}}]\n").products(CATALOG),
    good: Example::of("configurations:\n- name: compute\n  layers: [{name: uss, playbook: a.yml, product: {name: uss, version: 1.1.0}}]\n").products(CATALOG),
};

static NO_COMMIT: Rule = Rule {
    id: "product-no-commit",
    severity: Severity::Error,
    finds: "a product layer without branch and commit, of a version for which the catalog holds no commit",
    otherwise: "SAT fails to create the configuration: `... has no commit hash`.",
    needs: Needs::Products,
    bad: Example::of("configurations:\n- name: compute\n  layers: [{name: bare, playbook: a.yml, product: {name: bare, version: 1.0.0}}]\n").products(CATALOG),
    good: Example::of("configurations:\n- name: compute\n  layers: [{name: bare, playbook: a.yml, product: {name: bare, version: 1.0.0, branch: main}}]\n").products(CATALOG),
};

static AMBIGUOUS: Rule = Rule {
    id: "product-filter-ambiguous",
    severity: Severity::Error,
    finds: "a base of a product of which several recipes or images fit",
    otherwise: "SAT stops when it looks up the base.",
    needs: Needs::Products,
    bad: Example::of("images:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0}}\n")
        .products(CATALOG),
    good: IMAGE,
};

static NO_MATCH: Rule = Rule {
    id: "product-filter-no-match",
    severity: Severity::Error,
    finds: "a filter that fits nothing: an architecture that IMS does not know, or, with the catalog, no recipe or image",
    otherwise: "SAT stops when it looks up the base: `Found no matches in IMS`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86-64}}}\n",
    ),
    good: IMAGE,
};

static NO_SUCH_KIND: Rule = Rule {
    id: "product-no-such-kind",
    severity: Severity::Error,
    finds: "a base of type image of a product that brought recipes only, or the other way round",
    otherwise: "SAT stops when it looks up the base.",
    needs: Needs::Products,
    bad: Example::of("images:\n- name: base\n  base: {product: {name: uss, type: image, version: 1.1.0}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").products(CATALOG),
    good: IMAGE,
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for layer in subject.file.configurations.iter().flat_map(|configuration| &configuration.layers) {
        let LayerSource::Product { name: Some(name), version, branch, commit, .. } = &layer.source else { continue };
        if version.as_ref().and_then(|version| subject.rendered(version, Some(Scope::File))).as_deref()
            == Some("latest")
        {
            let node = version.as_ref().map_or(name.node, |version| version.node);
            found.push(
                VERSION_LATEST
                    .at(subject.place(node), "latest is another version after an installation")
                    .help("write the version out"),
            );
        }
        let pinned = branch.is_some() || commit.is_some();
        if let Some(held) = in_catalog(subject, name, version.as_ref(), !pinned, found)
            && !pinned
            && held.commit.is_none()
        {
            found.push(
                NO_COMMIT
                    .at(
                        subject.head(layer.node),
                        format!("the catalog holds no commit for this version of {}", name.text),
                    )
                    .help("say a branch or a commit"),
            );
        }
    }
    for image in &subject.file.images {
        let Base::Product(product) = &image.base else { continue };
        base(subject, product, found);
    }
}

/// The version of a product in the catalog; says so when there is none.
fn in_catalog<'s>(
    subject: &'s Subject,
    name: &Text,
    version: Option<&Text>,
    version_needed: bool,
    found: &mut Vec<Finding>,
) -> Option<&'s ProductVersion> {
    let system = &subject.context.system;
    if !system.knows_products() || !name.is_text() || crate::jinja::is_template(name.as_str()) {
        return None;
    }
    let Some(versions) = system.product(name.as_str()) else {
        let near = subject.nearest(system.products(), name.as_str());
        let finding =
            NOT_IN_CATALOG.at(subject.place(name.node), format!("the catalog holds no product {}", name.text));
        found.push(match near {
            Some(near) => finding
                .help(format!("did you mean {near}?"))
                .unsafe_fix(format!("write {near}"), subject.editor().set_text(name.node, near)),
            None => finding,
        });
        return None;
    };
    let written = version?;
    let wanted = subject.rendered(written, Some(Scope::File))?;
    match versions.get(&wanted) {
        Some(held) => Some(held),
        None if wanted == "latest" || !version_needed => None,
        None => {
            let known: Vec<&str> = versions.keys().map(String::as_str).collect();
            found.push(
                NOT_IN_CATALOG
                    .at(subject.place(written.node), format!("the catalog holds no version {wanted} of {}", name.text))
                    .help(if known.is_empty() {
                        "it holds none".to_owned()
                    } else {
                        format!("it holds {}", known.join(", "))
                    }),
            );
            None
        }
    }
}

fn base(subject: &Subject, product: &Product, found: &mut Vec<Finding>) {
    if product.version.is_none() && subject.tree.get(product.node, "version").is_none() {
        found.push(
            VERSION_MISSING
                .at(subject.head(product.node), "no version: SAT takes the latest one that is installed")
                .help("write the version, quoted"),
        );
    }
    if let Some(finding) = unknown_arch(subject, product) {
        found.push(finding);
        return;
    }
    in_the_catalog(subject, product, found);
}

/// An architecture in the filter that no recipe and no image can have.
fn unknown_arch(subject: &Subject, product: &Product) -> Option<Finding> {
    let text = product.filter.as_ref()?.arch.as_ref()?;
    let arch = subject.rendered(text, Some(Scope::File)).filter(|arch| arch_in(arch, true).is_none())?;
    let known = match arch.to_ascii_lowercase().replace('-', "_").as_str() {
        "x86_64" | "x86" | "amd64" => Some("x86_64"),
        "aarch64" | "arm64" | "arm" => Some("aarch64"),
        _ => None,
    };
    let finding = NO_MATCH.at(subject.place(text.node), format!("IMS knows x86_64 and aarch64, not {arch:?}"));
    Some(match known {
        Some(known) => finding
            .help(format!("did you mean {known}?"))
            .unsafe_fix(format!("write {known}"), subject.editor().set_text(text.node, known)),
        None => finding,
    })
}

/// A base that fits none of what its product brought, or several.
fn in_the_catalog(subject: &Subject, product: &Product, found: &mut Vec<Finding>) {
    let filter = product.filter.as_ref();
    let text = |text: Option<&Text>| text.map(|text| subject.rendered(text, Some(Scope::File)));
    let arch = text(filter.and_then(|filter| filter.arch.as_ref()));
    let (Some(name), Some(recipe)) = (&product.name, product.recipe) else { return };
    let Some(held) = in_catalog(subject, name, product.version.as_ref(), true, found) else { return };
    let (kind, names) = if recipe { ("recipe", &held.recipes) } else { ("image", &held.images) };
    if names.is_empty() {
        found.push(
            NO_SUCH_KIND
                .at(subject.head(product.node), format!("{} brought no {kind} in this version", name.text))
                .help(if recipe { "its images: type: image" } else { "its recipes: type: recipe" }),
        );
        return;
    }
    let prefix = text(filter.and_then(|filter| filter.prefix.as_ref()));
    let wildcard = text(filter.and_then(|filter| filter.wildcard.as_ref()));
    let (Some(prefix), Some(wildcard), Some(arch)) = (known(prefix), known(wildcard), known(arch)) else { return };
    let mut unsure = false;
    let fits: Vec<&String> = names
        .iter()
        .filter(|name| prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix.as_str())))
        .filter(|name| wildcard.as_ref().is_none_or(|wildcard| glob(wildcard, name)))
        .filter(|name| {
            let own = subject.context.system.arch_of_name(name).or_else(|| arch_in(name, false));
            unsure |= arch.is_some() && own.is_none();
            arch.as_ref().is_none_or(|arch| own == Some(arch.as_str()))
        })
        .collect();
    if unsure {
        return;
    }
    let held = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if fits.is_empty() {
        let node = filter.map_or(product.node, |filter| filter.node);
        found.push(
            NO_MATCH
                .at(subject.head(node), format!("no {kind} of this version of {} fits", name.text))
                .help(format!("it has {held}")),
        );
    } else if fits.len() > 1 {
        found.push(
            AMBIGUOUS
                .at(subject.head(product.node), format!("{} {kind}s of this version of {} fit", fits.len(), name.text))
                .help(format!(
                    "choose one with filter: {}",
                    fits.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
                )),
        );
    }
}

/// A filter that is not there fits everything; one whose text is not known decides nothing.
#[allow(clippy::option_option)]
fn known(text: Option<Option<String>>) -> Option<Option<String>> {
    match text {
        None => Some(None),
        Some(text) => text.map(Some),
    }
}

/// Whether a name fits a pattern of `*` and `?`.
fn glob(pattern: &str, name: &str) -> bool {
    let escaped = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    regex::Regex::new(&format!("^(?s:{escaped})$")).is_ok_and(|pattern| pattern.is_match(name))
}
