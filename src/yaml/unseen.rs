//! Characters that end a line to SAT, whose YAML is that of 2005, and to no other program.

use crate::text::SourceText;

use super::{NodeKind, ScalarStyle, Tree, YamlError};

const UNSEEN: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

impl Tree {
    /// The first end of a line that only SAT sees, where that makes a difference: outside of quotes, or in a comment that
    /// goes on behind it.
    #[must_use]
    pub fn unseen_line_break(&self, text: &SourceText) -> Option<YamlError> {
        let source = text.as_str();
        if source.is_ascii() || !source.contains(UNSEEN) {
            return None;
        }
        let (offset, letter) =
            source.char_indices().find(|(at, letter)| UNSEEN.contains(letter) && !self.is_harmless(text, *at))?;
        let what = format!(
            "SAT ends the line at the character U+{:04X} here, and other programs do not: take it out",
            u32::from(letter)
        );
        Some(YamlError { at: text.position(offset), offset, what })
    }

    fn is_harmless(&self, text: &SourceText, at: usize) -> bool {
        let comment = self.comments.partition_point(|comment| comment.start <= at).checked_sub(1);
        if let Some(comment) = comment.and_then(|last| self.comments.get(last)).filter(|comment| comment.contains(&at))
        {
            let rest =
                text.part(at..comment.end).trim_start_matches(|letter| UNSEEN.contains(&letter) || letter == ' ');
            return rest.is_empty() || rest.starts_with('#');
        }
        // Nodes are in the order of the text, but for values that are not there: those stand before their colon.
        let scalar = (0..self.nodes.up_to(at)).rev().map(|id| self.nodes.get(id));
        let mut scalar = scalar.filter(|node| matches!(node.kind, NodeKind::Scalar { .. }) && !node.span.is_empty());
        scalar.next().is_some_and(|node| {
            node.span.contains(&at) && matches!(node.kind, NodeKind::Scalar { style: ScalarStyle::Quoted, .. })
        })
    }
}
