//! The tree of a document: where everything stands, what it means, and that another reader says the same.

use std::collections::HashSet;

use incfg::text::SourceText;
use incfg::yaml::{NodeKind, Tree};
use incfg_fuzz::other_reader::{agrees, read};

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let Some(text) = incfg_fuzz::text(data) else { return };
    let source = text.as_str();
    let tree = match Tree::parse(&text) {
        Ok(tree) => tree,
        Err(error) => {
            assert!(error.offset <= source.len() && source.is_char_boundary(error.offset), "{error:?}");
            return;
        }
    };
    for comment in tree.comments() {
        assert!(source[comment.clone()].starts_with('#'), "{comment:?}");
        assert!(!source[comment.clone()].contains(['\n', '\r']), "{comment:?}");
    }
    let Some(root) = tree.root() else { return };
    let parents = tree.parents();
    for id in tree.within(root) {
        let node = tree.node(id);
        assert!(node.outer <= node.span.start && node.span.start <= node.span.end, "{node:?}");
        assert!(
            source.get(node.outer..node.span.end).is_some() && source.is_char_boundary(node.span.start),
            "{node:?}"
        );
        if let Some(parent) = parents.of(id) {
            let holder = tree.node(parent);
            assert!(holder.outer <= node.outer && node.span.end <= holder.span.end, "{holder:?} {node:?}");
        }
        if let NodeKind::Mapping { .. } = node.kind {
            let effective = tree.effective(id);
            let mut names = HashSet::new();
            for (key, value) in &effective {
                let Some(name) = tree.scalar(*key) else { continue };
                assert!(names.insert(name), "{name} stands twice in {effective:?}");
                assert_eq!(tree.entry(id, name), Some((*key, *value)));
                assert_eq!(tree.all_entries(id, name).first(), Some(&(*key, *value)));
            }
        }
        let _ = (tree.meaning(id), tree.doubled(id), parents.path(id).to_string(), tree.place_in(&text, id, 0));
    }
    if let Ok(value) = tree.value(root) {
        // The text as it is, and with another line break, means the same.
        let windows = SourceText::new("f", source.replace('\n', "\r\n").as_bytes()).expect("a text");
        if !source.contains('\r') {
            let same = Tree::parse(&windows).expect("a document");
            assert_eq!(same.root().map(|root| same.value(root)), Some(Ok(value)));
        }
    }
    if let Some(other) = read(source) {
        assert!(agrees(&tree, root, &other), "{:?} is {other:?} to the other reader", tree.value(root));
    }
}
