//! Every edit incfg can make, made in every place of every YAML file at hand, and compared with what another reader of YAML
//! makes of the file before and after.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use incfg::lint::rules;
use incfg::text::SourceText;
use incfg::yaml::change::{Change, Editor, make};
use incfg::yaml::edit::Edit;
use incfg::yaml::{NodeId, NodeKind, Parents, Path, Step, Tree};
use serde_yaml::Value;

/// Shapes of files that are traps for whoever edits them.
const SHAPES: &[&str] = &[
    "a: 1\nb: 2",
    "a:\n  - b: 1\n    c: 2\n  - d: 3\n",
    "a:\n- b: 1\n  c: 2\n\n# about d\n- d: 3\n  # inside\n  e: 4\n",
    "a: {b: 1, c: [x, y], d: {}}\n",
    "a: { b: 1 , c: 2 , }\n",
    "a:\n  b: |\n    text\n\n    more\n  c: 1\n",
    "a:\n  b: >-\n    folded\n    text\n",
    "a:\n  b: |+\n    kept\n\n\nc: 1\n",
    "'a b': \"c\"\n? d\n: e\n",
    "a:\nb: ~\nc:\n  d:\n",
    "-\n  a: 1\n-\n  - b\n  - - c\n    - d\n",
    "a: x # one\nb: y   # two\n# three\nc: z\n",
    "ä: €\n𝄞: \"𝄞 z\" # ö\nq: ü\n",
    "---\na: 1\n...\n",
    "# header\n\na: 1\n",
    "a: &x\n  b: 1\nc: *x\nd: {<<: *x, e: 2}\n",
    "a:   1\nb  : 2\n\"c\" : 3\n",
    "? a # x: y\n: - b: 1\n    c: 2\n  - d: 3\n? e # f: g\n: h\n",
    "a: {<<: {b: 1}, <<: [{c: 2}, {}], d: 3}\n<<:\n  e: 4\nf: 5\n",
    "a: 'b\n\nc'#1\nd: {e: \"f\"#2\n  ,g:[h]}#3\n",
    "a: 1\rb:\r- c: 2\r  d: 3\r- e: |\r    f\r\r# g\r",
    "a: |2- # b | c\n   d\n? >\n  e\n: !!str |\n\n  f\n",
    "images:\n- name: \"{{a}}-b\" # c\n  base: {image_ref: x}\n  configuration_group_names:\n  - Compute\n",
];

fn yaml_files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![FilePath::new(env!("CARGO_MANIFEST_DIR")).join(below)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "yaml") {
                found.push(path);
            }
        }
    }
    found
}

/// Every text, as it is, with CR LF, and without its last line break.
fn texts() -> Vec<String> {
    let examples = rules::all().step_by(3).flat_map(|rule| [rule.bad.file, rule.good.file]).map(str::to_owned);
    let all: Vec<String> = SHAPES.iter().map(|shape| (*shape).to_owned()).chain(examples).collect();
    let windows = all.iter().filter(|text| !text.contains('\r')).map(|text| text.replace('\n', "\r\n"));
    let open = all.iter().map(|text| text.trim_end_matches('\n').to_owned());
    let files = ["testdata", "grammars"].into_iter().flat_map(yaml_files).map(|path| fs::read_to_string(path).unwrap());
    all.iter().cloned().chain(windows).chain(open).chain(files).collect()
}

/// What the other reader makes of a text; none where it is not for it: it refuses doubled keys and tabs.
fn read(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_mapping_mut()?.get_mut(key.as_str()),
        Step::Item(index) => value.as_sequence_mut()?.get_mut(*index),
    })
}

struct Tally {
    made: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Makes a change and holds the result against what the other reader makes of it.
    fn hold(
        &mut self,
        text: &SourceText,
        tree: &Tree,
        change: Option<Change>,
        what: &str,
        intend: impl Fn(&mut Value),
    ) {
        let Some(change) = change else { return };
        let Some(mut wanted) = read(text.as_str()) else { return };
        intend(&mut wanted);
        match make(text, Some(tree), &[&change]) {
            Ok(result) => {
                self.made += 1;
                if read(result.as_str()).as_ref() != Some(&wanted) {
                    self.wrong.push(format!("{what} in {:?} gives {:?}", text.as_str(), result.as_str()));
                }
                if !outside_is_same(text.as_str(), result.as_str(), &change.edits) {
                    self.wrong.push(format!("{what} in {:?} changes other bytes", text.as_str()));
                }
            }
            Err(why) => self.wrong.push(format!("{what} in {:?} is refused: {why}", text.as_str())),
        }
    }
}

fn outside_is_same(before: &str, after: &str, edits: &[Edit]) -> bool {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.range.start);
    let mut rest = after;
    let mut done = 0;
    for edit in &edits {
        let Some(next) = rest.strip_prefix(&before[done..edit.range.start]) else { return false };
        let Some(next) = next.strip_prefix(edit.text.as_str()) else { return false };
        rest = next;
        done = edit.range.end;
    }
    rest == &before[done..]
}

fn split(path: &Path) -> Option<(Vec<Step>, String)> {
    match path.0.split_last()? {
        (Step::Key(key), rest) => Some((rest.to_vec(), key.clone())),
        (Step::Item(_), _) => None,
    }
}

fn edit_everything(text: &SourceText, tree: &Tree, parents: &Parents<'_>, tally: &mut Tally) {
    let editor = Editor { text, tree, parents };
    let nodes: Vec<NodeId> = tree.root().map(|root| tree.within(root)).unwrap_or_default();
    // Of a large file, places all over it.
    let step = nodes.len() / 300 + 1;
    for node in nodes.into_iter().step_by(step) {
        let path = parents.path(node);
        match tree.node(node).kind {
            NodeKind::Scalar { .. } if parents.key(node) != Some(node) => {
                for word in ["word", "two words: and # more", "yes", "it's \"quoted\"", "1.10"] {
                    let set = |value: &mut Value| {
                        if let Some(held) = at(value, &path.0) {
                            *held = Value::from(word);
                        }
                    };
                    tally.hold(text, tree, editor.set_text(node, word), &format!("{path} = {word}"), set);
                }
                tally.hold(text, tree, editor.quote(node), &format!("quotes around {path}"), |value| {
                    if let (Some(held), Some(text)) = (at(value, &path.0), tree.scalar(node)) {
                        *held = Value::from(text);
                    }
                });
            }
            NodeKind::Mapping { entries, .. } => {
                let append = editor.append(node, "new_key", "new", false);
                tally.hold(text, tree, append, &format!("a new key in {path}"), |value| {
                    if let Some(mapping) = at(value, &path.0).and_then(Value::as_mapping_mut) {
                        mapping.insert(Value::from("new_key"), Value::from("new"));
                    }
                });
                for (key, _) in entries {
                    let Some((rest, name)) = split(&parents.path(*key)) else { continue };
                    tally.hold(text, tree, editor.remove(*key), &format!("{name} out of {path}"), |value| {
                        if let Some(mapping) = at(value, &rest).and_then(Value::as_mapping_mut) {
                            mapping.remove(name.as_str());
                        }
                    });
                    tally.hold(
                        text,
                        tree,
                        editor.rename(*key, "other_name"),
                        &format!("another name for {name} in {path}"),
                        |value| {
                            if let Some(mapping) = at(value, &rest).and_then(Value::as_mapping_mut)
                                && let Some(held) = mapping.remove(name.as_str())
                            {
                                mapping.insert(Value::from("other_name"), held);
                            }
                        },
                    );
                }
            }
            NodeKind::Sequence { items, .. } => {
                for from in 1..items.len().min(4) {
                    let moved = editor.move_item(node, from, from - 1);
                    tally.hold(text, tree, moved, &format!("item {from} of {path} up"), |value| {
                        if let Some(list) = at(value, &path.0).and_then(Value::as_sequence_mut) {
                            list.swap(from - 1, from);
                        }
                    });
                }
            }
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }
}

#[test]
fn every_edit_in_every_place_means_what_was_meant_and_changes_no_other_byte() {
    let mut tally = Tally { made: 0, wrong: Vec::new() };
    for text in texts() {
        let text = SourceText::new("f.yaml", text.as_bytes()).unwrap();
        let Ok(tree) = Tree::parse(&text) else { continue };
        edit_everything(&text, &tree, &tree.parents(), &mut tally);
    }
    let shown: Vec<&String> = tally.wrong.iter().take(20).collect();
    assert!(tally.wrong.is_empty(), "{} of {} wrong: {shown:#?}", tally.wrong.len(), tally.made);
    assert!(tally.made > 10_000, "only {} edits were made", tally.made);
}

#[test]
fn text_that_an_alias_shares_is_never_edited() {
    let text = SourceText::new("f.yaml", b"a: &x {b: 1, c: 2}\nd: *x\ne: 3\n").unwrap();
    let tree = Tree::parse(&text).unwrap();
    let parents = tree.parents();
    let editor = Editor { text: &text, tree: &tree, parents: &parents };
    let shared = tree.get(tree.root().unwrap(), "a").unwrap();
    let (key, value) = tree.entry(shared, "b").unwrap();
    assert_eq!(editor.set_text(value, "z"), None);
    assert_eq!(editor.remove(key), None);
    assert_eq!(editor.append(shared, "k", "v", false), None);
}
