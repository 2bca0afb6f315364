//! The groups of an image: where the plays of its configuration find it.

use std::collections::HashSet;

use crate::bootprep::{Image, TextList};
use crate::jinja;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Groups", rules: &[&EMPTY, &INVALID, &WITHOUT_CONFIGURATION], check };

const GOOD: Example = Example::of(
    "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
);

static EMPTY: Rule = Rule {
    id: "empty-configuration-group-names",
    severity: Severity::Error,
    finds: "an image with a configuration and an empty list of groups",
    otherwise: "SAT's schema takes it. CFS refuses the session with 400, `At least one target group must be specified`, after the base was built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: []\n",
    ),
    good: GOOD,
};

static INVALID: Rule = Rule {
    id: "group-name-invalid",
    severity: Severity::Warning,
    finds: "a group that Ansible cannot have, one given twice, a sub-role that does not exist, or an Application sub-role without Application",
    otherwise: "No play matches it: the layer succeeds and does nothing.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: uan\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: uan\n  configuration_group_names: [Application_UAN]\n",
    ),
    good: Example::of(
        "images:\n- name: uan\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: uan\n  configuration_group_names: [Application, Application_UAN]\n",
    ),
};

static WITHOUT_CONFIGURATION: Rule = Rule {
    id: "groups-without-configuration",
    severity: Severity::Warning,
    finds: "configuration_group_names of an image without a configuration",
    otherwise: "They are ignored. It is usually what is left when a configuration was taken out, or was forgotten.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

/// The roles of HSM.
pub(super) const ROLES: [&str; 6] = ["Compute", "Service", "System", "Application", "Storage", "Management"];
/// The sub-roles of HSM.
pub(super) const SUB_ROLES: [&str; 8] =
    ["Worker", "Master", "Storage", "UAN", "Gateway", "LNETRouter", "Visualization", "UserDefined"];

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for image in &subject.file.images {
        let Some(groups) = &image.groups else { continue };
        let configured = image.configuration.is_some();
        if !configured && subject.tree.get(image.node, "configuration").is_none() {
            let key = subject.tree.entry(image.node, "configuration_group_names").map(|(key, _)| key);
            let place = key.map_or_else(|| subject.place(groups.node), |key| subject.at_key(key));
            found.push(
                WITHOUT_CONFIGURATION
                    .at(place, "groups without a configuration are ignored")
                    .help("add the configuration, or remove the groups")
                    .unsafe_fix("remove the groups", key.and_then(|key| subject.editor().remove(key))),
            );
        } else if configured && subject.tree.items(groups.node).is_some_and(<[usize]>::is_empty) {
            found.push(
                EMPTY
                    .at(
                        subject.place(groups.node),
                        "CFS needs at least one group, and refuses the session after the base was built",
                    )
                    .help("say to which Ansible groups the image belongs: [Compute]"),
            );
        }
        names(subject, image, groups, found);
    }
}

fn names(subject: &Subject, image: &Image, groups: &TextList, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    let has_application = groups.items.iter().any(|group| group.as_str() == "Application");
    let site: Vec<&str> = subject.context.system.roles().collect();
    for group in groups.items.iter().filter(|group| group.is_text() && !jinja::is_template(group.as_str())) {
        let name = group.as_str();
        let place = subject.place(group.node);
        let starts = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        let words = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if !starts || !words {
            let fits = |at: usize, letter: char| letter.is_alphabetic() || at > 0 && letter.is_alphanumeric();
            let clean = name.chars().enumerate().map(|(at, letter)| if fits(at, letter) { letter } else { '_' });
            let clean: String = clean.collect();
            found.push(
                INVALID
                    .at(
                        place,
                        format!("{name:?} is no name of an Ansible group: letters, digits and _ only, no digit first"),
                    )
                    .help(format!("Ansible calls it {clean}")),
            );
        } else if !seen.insert(name) {
            found.push(INVALID.at(place, format!("{name} stands twice in the groups of {}", image.label())));
        } else if let Some((role, sub_role)) = name.split_once('_').filter(|(role, _)| ROLES.contains(role)) {
            if !SUB_ROLES.contains(&sub_role) && !site.contains(&name) && !site.contains(&sub_role) {
                let finding = INVALID.at(place, format!("{role} has no sub-role {sub_role}: no node is in this group"));
                found.push(
                    match subject
                        .nearest(SUB_ROLES, sub_role)
                        .or_else(|| SUB_ROLES.into_iter().find(|known| known.eq_ignore_ascii_case(sub_role)))
                    {
                        Some(near) => finding.help(format!("did you mean {role}_{near}?")).unsafe_fix(
                            format!("write {role}_{near}"),
                            subject.editor().set_text(group.node, &format!("{role}_{near}")),
                        ),
                        None => finding.help(format!("the sub-roles are {}", SUB_ROLES.join(", "))),
                    },
                );
            } else if role == "Application" && !has_application {
                found.push(
                    INVALID
                        .at(
                            place,
                            format!(
                                "{name} without Application: the plays for all application nodes leave the image out"
                            ),
                        )
                        .help("add Application before it"),
                );
            }
        }
    }
}
