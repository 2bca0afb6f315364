//! Ids and names of images in IMS.

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, Boots, Text};
use crate::image_id::{ImageId, is_canonical_uuid};
use crate::jinja;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family =
    Family { name: "Images in IMS", rules: &[&NOT_UUID, &PLACEHOLDER, &PREFER_ID, &AMBIGUOUS], check };

const GOOD: Example = Example::of(
    "images:\n- name: compute\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
);

static NOT_UUID: Rule = Rule {
    id: "ims-id-not-uuid",
    severity: Severity::Error,
    finds: "an id that is no whole lower-case UUID",
    otherwise: "IMS compares ids letter for letter and finds nothing; for a session template only after all images are built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {id: golden-compute, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

static PLACEHOLDER: Rule = Rule {
    id: "ims-id-placeholder",
    severity: Severity::Error,
    finds: "a placeholder where an id is due: <...>, BASE_IMAGE_ID, $VAR, a UUID of zeros",
    otherwise: "It was copied from the documentation. For a session template SAT says so only after all images are built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {id: BASE_IMAGE_ID, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

static PREFER_ID: Rule = Rule {
    id: "prefer-ims-id",
    severity: Severity::Info,
    finds: "an image in IMS by its name",
    otherwise: "Names need not be unique in IMS, and a run that was tried again leaves twins; SAT then stops.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: golden-compute, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

const TWINS: &str = "[{\"id\": \"5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11\", \"name\": \"golden-compute\"}, {\"id\": \"5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d12\", \"name\": \"golden-compute\"}]";

static AMBIGUOUS: Rule = Rule {
    id: "ims-name-ambiguous",
    severity: Severity::Error,
    finds: "a name that several images in IMS have",
    otherwise: "SAT stops: the image `must be specified by \"id\"`.",
    needs: Needs::Images,
    bad: Example::of("images:\n- name: compute\n  base: {ims: {name: golden-compute, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").images(TWINS),
    good: Example::of("images:\n- name: compute\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").images(TWINS),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for image in &subject.file.images {
        let Base::Ims(ims) = &image.base else { continue };
        let scope = (!ims.deprecated).then_some(Scope::File);
        id(subject, ims.id.as_ref(), scope, found);
        name(subject, ims.name.as_ref(), scope, ims.recipe == Some(true), found);
    }
    for template in &subject.file.templates {
        match &template.image {
            Boots::Id(written) => id(subject, Some(written), Some(Scope::File), found),
            Boots::Name(written) => name(subject, Some(written), Some(Scope::File), false, found),
            Boots::ImageRef(_) | Boots::NameOrId(_) | Boots::Unknown => {}
        }
    }
}

fn id(subject: &Subject, written: Option<&Text>, scope: Option<Scope>, found: &mut Vec<Finding>) {
    let Some(written) = written.filter(|written| written.is_text()) else { return };
    let place = subject.place(written.node);
    if is_placeholder(written.as_str()) {
        found.push(
            PLACEHOLDER
                .at(place, format!("{:?} is a placeholder", written.text))
                .help("write the id; the log and `cray ims images list` tell it"),
        );
        return;
    }
    let Some(id) = subject.rendered(written, scope) else { return };
    if is_canonical_uuid(&id) || jinja::is_template(&id) {
        return;
    }
    let suggestion = id.parse::<ImageId>().err().and_then(|error| error.suggestion);
    let finding = NOT_UUID.at(place, format!("{id:?} is no id of IMS: expected a whole lower-case UUID"));
    found.push(match suggestion {
        Some(spelled) => {
            let fix = (written.as_str() == id).then(|| subject.editor().set_text(written.node, &spelled)).flatten();
            finding.help(format!("IMS knows it as {spelled}")).safe_fix("spell it as IMS does", fix)
        }
        None => finding.help("if this is a name, write name: instead of id:"),
    });
}

/// What people paste from documentation.
fn is_placeholder(text: &str) -> bool {
    let zeros = text.len() >= 32 && text.chars().all(|letter| letter == '0' || letter == '-');
    let shouted = text.contains("ID")
        && text.contains('_')
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    let word = ["IMAGE_ID", "UUID", "ID", "TODO", "CHANGEME", "FIXME", "XXX"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    (text.starts_with('<') && text.ends_with('>'))
        || text.starts_with('$')
        || text.starts_with("xxxx")
        || zeros
        || shouted
        || word
}

fn name(subject: &Subject, written: Option<&Text>, scope: Option<Scope>, recipe: bool, found: &mut Vec<Finding>) {
    let Some(written) = written else { return };
    let place = subject.place(written.node);
    let system = &subject.context.system;
    let known = subject.rendered(written, scope).and_then(|name| {
        let count = if recipe { system.recipes_named(&name) } else { system.images_named(&name) };
        count.map(|count| (name, count))
    });
    if let Some((name, count)) = known.filter(|(_, count)| *count > 1) {
        found.push(
            AMBIGUOUS
                .at(place, format!("IMS has {count} called {name}: SAT wants the id"))
                .help("write id: instead of name:"),
        );
    } else if !recipe {
        found.push(
            PREFER_ID
                .at(place, "an image by its name: SAT stops when IMS has two of that name")
                .help("write id: instead of name:"),
        );
    }
}
