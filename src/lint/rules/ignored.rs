//! Comments that ask to leave findings out.

use super::super::finding::{Example, Needs, Rule, Severity};
use super::Family;

/// This rule. It is checked last, by whoever applies the comments.
pub static FAMILY: Family = Family { name: "Ignore comments", rules: &[&UNUSED], check: |_, _| {} };

/// An ignore comment that leaves nothing out.
pub static UNUSED: Rule = Rule {
    id: "unused-ignore",
    severity: Severity::Warning,
    finds: "a comment `# incfg: ignore[rule]` that leaves no finding out",
    otherwise: "It hides the next real finding of that rule in the same place.",
    needs: Needs::Nothing,
    bad: Example::of("session_templates: []\nimages: [] # incfg: ignore[duplicate-ref-name] was two\n"),
    good: Example::of("session_templates: []\nimages: []\n"),
};
