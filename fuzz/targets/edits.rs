//! Every edit in any place of any document: the value is as intended, and no other byte changes.

use incfg::text::SourceText;
use incfg::yaml::change::{Change, Editor, make};
use incfg::yaml::edit::Edit;
use incfg::yaml::{NodeKind, Path, Step, Tree};
use incfg_fuzz::meaning::{at, remove, rename};
use incfg_fuzz::other_reader::read;
use serde_yaml::Value;

const WORDS: [&str; 6] = ["word", "two words: and # more", "yes", "it's \"quoted\\\"", "1.10", "ä"];

fn outside_is_same(before: &str, after: &str, edits: &[Edit]) -> bool {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let (mut rest, mut done) = (after, 0);
    for edit in &edits {
        let Some(next) = rest.strip_prefix(&before[done..edit.range.start]) else { return false };
        let Some(next) = next.strip_prefix(edit.text.as_str()) else { return false };
        (rest, done) = (next, edit.range.end);
    }
    rest == &before[done..]
}

/// Makes a change. `intend` does the same to what the other reader sees; none where it does not find the place, because a
/// key is no text to it.
fn hold(
    text: &SourceText,
    tree: &Tree,
    change: Option<Change>,
    path: &Path,
    intend: impl Fn(&mut Value, &[Step]) -> Option<()>,
) {
    let Some(change) = change else { return };
    // Refusing is always right; a wrong result never is.
    let Ok(result) = make(text, Some(tree), &[&change]) else { return };
    assert!(outside_is_same(text.as_str(), result.as_str(), &change.edits), "other bytes change: {change:?}");
    assert_eq!(text.has_bom(), result.has_bom());
    let (Some(mut wanted), Some(found)) = (read(text.as_str()), read(result.as_str())) else { return };
    if intend(&mut wanted, &path.0).is_none() {
        return;
    }
    assert_eq!(found, wanted, "{change:?} makes {:?} of {:?}", result.as_str(), text.as_str());
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let Some(text) = incfg_fuzz::text(data) else { return };
    let Ok(tree) = Tree::parse(&text) else { return };
    let Some(root) = tree.root() else { return };
    let parents = tree.parents();
    let editor = Editor { text: &text, tree: &tree, parents: &parents };
    let word = WORDS[usize::from(*choice) % WORDS.len()];
    for (count, node) in tree.within(root).into_iter().enumerate() {
        if count % 7 != usize::from(*choice) / WORDS.len() % 7 {
            continue;
        }
        let path = parents.path(node);
        match &tree.node(node).kind {
            NodeKind::Scalar { .. } if parents.key(node) == Some(node) => {
                hold(&text, &tree, editor.remove(node), &path, remove);
                hold(&text, &tree, editor.rename(node, "other_name"), &path, |value, steps| {
                    rename(value, steps, "other_name")
                });
            }
            NodeKind::Scalar { text: held, .. } => {
                hold(&text, &tree, editor.set_text(node, word), &path, |value, steps| {
                    *at(value, steps)? = Value::from(word);
                    Some(())
                });
                hold(&text, &tree, editor.quote(node), &path, |value, steps| {
                    *at(value, steps)? = Value::from(*held);
                    Some(())
                });
            }
            NodeKind::Mapping { .. } => {
                hold(&text, &tree, editor.append(node, "new_key", "new", *choice > 127), &path, |value, steps| {
                    at(value, steps)?.as_mapping_mut()?.insert(Value::from("new_key"), Value::from("new"));
                    Some(())
                });
            }
            NodeKind::Sequence { items, .. } => {
                for from in 1..items.len().min(4) {
                    hold(&text, &tree, editor.move_item(node, from, from - 1), &path, |value, steps| {
                        at(value, steps)?.as_sequence_mut()?.swap(from - 1, from);
                        Some(())
                    });
                }
            }
            NodeKind::Alias { .. } => {}
        }
    }
}
