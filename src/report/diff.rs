//! The difference between two texts, as `diff -u` has it, with the words that changed.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::printable;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// A unified diff. Carriage returns are shown, so that a change of line breaks cannot hide.
#[must_use]
pub fn unified(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let bold = Style::new().bold();
    let mut out = String::new();
    for (at, hunk) in diff.unified_diff().context_radius(CONTEXT).iter_hunks().enumerate() {
        if at == 0 {
            let _ = writeln!(
                out,
                "{bold}--- {}{bold:#}\n{bold}+++ {} (rewritten){bold:#}",
                printable(name),
                printable(name)
            );
        }
        let _ = writeln!(out, "{}", hunk.header());
        for op in hunk.ops() {
            for change in diff.iter_inline_changes(op) {
                let (sign, style) = match change.tag() {
                    ChangeTag::Delete => ("-", AnsiColor::Red.on_default()),
                    ChangeTag::Insert => ("+", AnsiColor::Green.on_default()),
                    ChangeTag::Equal => (" ", Style::new()),
                };
                let _ = write!(out, "{style}{sign}{style:#}");
                for (emphasised, text) in change.iter_strings_lossy() {
                    let style = if emphasised { style.underline() } else { style };
                    let text = text.trim_end_matches(['\n', '\r']);
                    let _ = write!(out, "{style}{}{style:#}", printable(text));
                }
                out.push('\n');
                if change.missing_newline() {
                    out.push_str("\\ No newline at end of file\n");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified("f", "a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn a_difference_names_the_file_and_the_lines() {
        let plain = anstream::adapter::strip_str(&unified("f", "a\nb\nc\n", "a\nc\n")).to_string();
        assert_eq!(plain, "--- f\n+++ f (rewritten)\n@@ -1,3 +1,2 @@\n a\n-b\n c\n");
    }
}
