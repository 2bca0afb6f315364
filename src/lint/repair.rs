//! Applying fixes: through the gate, and again until none is left that applies.

use crate::limits;
use crate::text::SourceText;
use crate::yaml::Tree;
use crate::yaml::change::{Change, make};
use crate::yaml::edit::Refused;

use super::{Finding, Fix};

/// A repaired file.
#[derive(Debug)]
pub struct Repaired {
    /// The text.
    pub text: SourceText,
    /// What was fixed, in order: rule and title.
    pub fixed: Vec<(&'static str, String)>,
    /// Fixes the gate refused.
    pub refused: Vec<Refusal>,
    /// What is found in the repaired text.
    pub left: Vec<Finding>,
}

/// A fix that the gate refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: &'static str,
    /// The path of the finding.
    pub path: String,
    /// Why.
    pub why: Refused,
}

impl Refusal {
    fn is_of(&self, finding: &Finding) -> bool {
        self.rule == finding.rule.id && self.path == finding.path
    }
}

/// Applies the fixes of what `check` finds in a text, safe ones or all, and checks the result again.
#[must_use]
pub fn repair(text: &SourceText, all: bool, check: impl Fn(&SourceText) -> Vec<Finding>) -> Repaired {
    let mut text = text.clone();
    let mut fixed = Vec::new();
    let mut refused: Vec<Refusal> = Vec::new();
    let mut left = check(&text);
    for _ in 0..limits::REPAIR_ROUNDS {
        let taken = fitting(&left, &refused, all);
        if taken.is_empty() {
            break;
        }
        let tree = Tree::parse(&text).ok();
        let changes: Vec<&Change> = taken.iter().map(|(_, fix)| &fix.change).collect();
        let next = match make(&text, tree.as_ref(), &changes) {
            Ok(next) => {
                fixed.extend(taken.iter().map(|(finding, fix)| (finding.rule.id, fix.title.clone())));
                next
            }
            // One of them is at fault: those that pass alone go one after the other.
            Err(_) => {
                let mut passing = None;
                for (finding, fix) in &taken {
                    match make(&text, tree.as_ref(), &[&fix.change]) {
                        Ok(next) => {
                            fixed.push((finding.rule.id, fix.title.clone()));
                            passing = Some(next);
                            break;
                        }
                        Err(why) => refused.push(Refusal { rule: finding.rule.id, path: finding.path.clone(), why }),
                    }
                }
                match passing {
                    Some(next) => next,
                    None => break,
                }
            }
        };
        text = next;
        left = check(&text);
    }
    Repaired { text, fixed, refused, left }
}

/// Fixes that can be made together.
fn fitting<'f>(findings: &'f [Finding], refused: &[Refusal], all: bool) -> Vec<(&'f Finding, &'f Fix)> {
    let mut taken: Vec<(&Finding, &Fix)> = Vec::new();
    for finding in findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safe || all) else { continue };
        let free = taken.iter().all(|(_, other)| !other.change.meets(&fix.change));
        if free && !refused.iter().any(|refusal| refusal.is_of(finding)) {
            taken.push((finding, fix));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Place, rules};
    use crate::yaml::change::Editor;

    /// Finds a number, until it is the last one, and would make it the next.
    fn counting(text: &SourceText, last: usize) -> Vec<Finding> {
        let tree = Tree::parse(text).unwrap();
        let value = tree.entry(tree.root().unwrap(), "count").unwrap().1;
        let number: usize = tree.scalar(value).unwrap().parse().unwrap();
        let editor = Editor { text, tree: &tree, parents: &tree.parents() };
        let place = Place { range: tree.node(value).span.clone(), path: "count".into() };
        let finding = rules::all().next().unwrap().at(place, format!("{number}"));
        let fix = editor.set_plain(value, &(number + 1).to_string());
        if number == last { Vec::new() } else { vec![finding.safe_fix("count on", fix)] }
    }

    #[test]
    fn what_is_left_after_as_many_rounds_as_are_made_stays_a_finding() {
        let text = SourceText::new("f.yaml", b"count: 0\n").unwrap();
        for last in [limits::REPAIR_ROUNDS, limits::REPAIR_ROUNDS + 1] {
            let repaired = repair(&text, false, |text| counting(text, last));
            assert_eq!(repaired.text.as_str(), format!("count: {}\n", limits::REPAIR_ROUNDS));
            assert_eq!(
                (repaired.fixed.len(), repaired.left.len()),
                (limits::REPAIR_ROUNDS, last - limits::REPAIR_ROUNDS)
            );
        }
    }
}
