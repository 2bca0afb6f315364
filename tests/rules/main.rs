//! The rules of `incfg check`, each by its own examples: what it finds, what it leaves alone, and what its fix leaves.

use incfg::lint::repair::repair;
use incfg::lint::{self, Checked, Context, Example, Finding, Rule, Severity, rules};
use incfg::text::SourceText;

fn context(example: &Example) -> Context {
    let mut context = Context { target: example.target.parse().unwrap(), ..Context::default() };
    if !example.variables.is_empty() {
        context.add_variables(&[("vars.yaml".to_owned(), example.variables.into())], &[]).unwrap();
    }
    if !example.images.is_empty() {
        context.system.add_images("images.json", example.images).unwrap();
    }
    if !example.configurations.is_empty() {
        context.system.add_configurations("configurations.json", example.configurations).unwrap();
    }
    if !example.products.is_empty() {
        context.system.add_products("products.yaml", example.products).unwrap();
    }
    context
}

fn findings(example: &Example) -> Vec<Finding> {
    let context = context(example);
    let checked = lint::check(&SourceText::new("bootprep.yaml", example.file.as_bytes()).unwrap(), &context);
    let in_variables = lint::check_variables(&context, [&checked]);
    let Checked { findings, .. } = checked;
    findings.into_iter().chain(in_variables).collect()
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn every_rule_finds_what_its_wrong_example_shows_and_leaves_the_right_one_alone() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let (bad, good) = (findings(&rule.bad), findings(&rule.good));
        if !ids(&bad).contains(&rule.id) {
            wrong.push(format!("{}: not found in its wrong example, only {:?}", rule.id, ids(&bad)));
        }
        if ids(&good).contains(&rule.id) {
            wrong.push(format!("{}: found in its right example", rule.id));
        }
        let others: Vec<&Finding> = good.iter().filter(|finding| finding.severity == Severity::Error).collect();
        // The examples of some rules leave out what others ask for; none of those makes SAT refuse the file.
        for finding in others {
            if !["image-ref-dangling"].contains(&finding.rule.id) {
                wrong.push(format!(
                    "{}: its right example has an error of {}: {}",
                    rule.id, finding.rule.id, finding.message
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_defect_is_one_error() {
    let mut wrong = Vec::new();
    for rule in rules::all().filter(|rule| rule.severity == Severity::Error) {
        let errors: Vec<Finding> =
            findings(&rule.bad).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        let others: Vec<&str> = ids(&errors).into_iter().filter(|id| *id != rule.id).collect();
        if !others.is_empty() {
            wrong.push(format!("{}: its wrong example has errors of {others:?}, too", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fix_leaves_neither_its_finding_nor_a_new_error() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let before = findings(&rule.bad);
        let Some(fixable) = before.iter().find(|finding| finding.rule.id == rule.id && finding.fix.is_some()) else {
            continue;
        };
        if fixable.variables_file.is_some() {
            continue;
        }
        let context = context(&rule.bad);
        let text = SourceText::new("bootprep.yaml", rule.bad.file.as_bytes()).unwrap();
        let only = |text: &SourceText| -> Vec<Finding> {
            lint::check(text, &context).findings.into_iter().filter(|finding| finding.rule.id == rule.id).collect()
        };
        let repaired = repair(&text, true, only);
        if !repaired.refused.is_empty() || repaired.fixed.is_empty() {
            wrong.push(format!("{}: its fix was refused: {:?}", rule.id, repaired.refused));
        }
        if repaired.left.iter().any(|finding| finding.fix.is_some()) {
            wrong.push(format!("{}: its finding is left after its fix:\n{}", rule.id, repaired.text.as_str()));
        }
        let known = ids(&before);
        for finding in lint::check(&repaired.text, &context).findings {
            if finding.severity == Severity::Error && !known.contains(&finding.rule.id) {
                wrong.push(format!(
                    "{}: its fix makes an error of {}:\n{}",
                    rule.id,
                    finding.rule.id,
                    repaired.text.as_str()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_are_words_with_hyphens_and_stand_once() {
    let mut seen = std::collections::BTreeSet::new();
    for rule in rules::all() {
        assert!(rule.id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{}", rule.id);
        assert!(seen.insert(rule.id), "{} stands twice", rule.id);
    }
}

/// The ids of the catalogue: scripts and ignore comments rely on them.
#[test]
fn the_rules_of_the_catalogue_are_there() {
    let ids: Vec<&str> = rules::all().map(|rule: &Rule| rule.id).collect();
    insta::assert_snapshot!(ids.join("\n"));
}
