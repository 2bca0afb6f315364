//! The page of all rules, as Markdown.

use std::fmt::Write;

use crate::report::Masked;

use crate::lint::rules::{FAMILIES, parts};

/// The page.
#[must_use]
pub fn markdown() -> Masked {
    let mut out = String::from(
        "# Rules of `incfg check`\n\n\
         This page is printed by `incfg check --list-rules --format markdown`. `incfg check --explain RULE` says the same of one rule.\n",
    );
    for family in FAMILIES {
        let _ = write!(out, "\n## {}\n", family.name);
        for rule in family.rules {
            let _ = write!(
                out,
                "\n### `{}`\n\n**{}.** Finds {}.\n\n{}\n",
                rule.id,
                rule.severity.name(),
                rule.finds,
                rule.otherwise
            );
            if let Some(flag) = rule.needs.flag() {
                let _ = write!(out, "\nChecked with `{flag}`.\n");
            }
            for (name, example) in [("Wrong", &rule.bad), ("Right", &rule.good)] {
                for (title, text) in parts(example) {
                    let language = match title {
                        "with --target" => "text",
                        _ if text.starts_with(['[', '{']) => "json",
                        _ => "yaml",
                    };
                    let title = title.strip_prefix("with ").map_or(String::new(), |flag| format!(", with `{flag}`"));
                    let end = if text.ends_with('\n') { "" } else { "\n" };
                    let _ = write!(out, "\n{name}{title}:\n\n```{language}\n{text}{end}```\n");
                }
            }
        }
    }
    // The words of the rules themselves: their examples of secrets are none.
    Masked::of_masked_words(out)
}
