//! `incfg rewrite-bootprep`: exact edits, or none.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::harness::*;

const FILE: &str = "\
---
# header
schema_version: 1.0.6
images:
# the base
- name: \"{{default.note}}{{base.name}}\"
  ref_name: base
  base:
    product: {name: cos, type: recipe}

- name: \"compute-{{base.name}}\"  # keep
  ref_name: compute
  base:
    image_ref: base  # on the base
  configuration: c
  configuration_group_names: [Compute]
#- name: compute-arm
#  ref_name: compute.arm
- name: uan
  ref_name: uan
  base: {image_ref: base}
  configuration: u
  configuration_group_names: [Application]
session_templates:
- name: t
  image:
    image_ref: compute
- {name: u, image: {image_ref: uan}}
";

fn rewritten(file: &str, flags: &[&str]) -> Outcome {
    let dir = Dir::new();
    dir.file("b.yaml", file);
    let outcome = dir.run(&[&["rewrite-bootprep", "b.yaml"], flags].concat());
    assert_eq!(fs::read(dir.path().join("b.yaml")).unwrap(), file.as_bytes(), "the original is as it was");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no other file is left");
    outcome
}

fn pin(image: &str, id: &str) -> String {
    format!("--pin={image}={id}")
}

/// Rewrites and expects exactly these lines to go and these to come, in order.
fn exactly(file: &str, pins: &[&str], replaced: &[(&str, &str)]) {
    let flags: Vec<String> = pins.iter().map(|image| pin(image, BASE_ID)).collect();
    let outcome = rewritten(file, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut expected = file.to_owned();
    for (from, to) in replaced {
        assert_eq!(expected.matches(from).count(), 1, "{from}");
        expected = expected.replace(from, &to.replace("ID", BASE_ID));
    }
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn an_image_goes_with_its_comments_and_what_boots_it_gets_the_id() {
    exactly(
        FILE,
        &["compute"],
        &[
            (
                "- name: \"compute-{{base.name}}\"  # keep\n  ref_name: compute\n  base:\n    image_ref: base  # on the base\n  configuration: c\n  configuration_group_names: [Compute]\n",
                "",
            ),
            ("    image_ref: compute\n", "    ims:\n      id: ID\n"),
        ],
    );
}

#[test]
fn a_base_goes_and_what_builds_on_it_gets_the_id_and_its_type() {
    exactly(
        FILE,
        &["base"],
        &[
            (
                "# the base\n- name: \"{{default.note}}{{base.name}}\"\n  ref_name: base\n  base:\n    product: {name: cos, type: recipe}\n",
                "",
            ),
            ("    image_ref: base  # on", "    ims:\n      id: ID\n      type: image  # on"),
            ("{image_ref: base}", "{ims: {id: ID, type: image}}"),
        ],
    );
}

#[test]
fn the_last_image_leaves_an_empty_list_and_no_null() {
    let file = "images: # all\n- {name: a, ref_name: a, base: {product: {name: p, type: recipe}}}\nsession_templates:\n- name: t\n  image: {image_ref: a}";
    exactly(
        file,
        &["a"],
        &[
            (
                "images: # all\n- {name: a, ref_name: a, base: {product: {name: p, type: recipe}}}\n",
                "images: [] # all\n",
            ),
            ("{image_ref: a}", "{ims: {id: ID}}"),
        ],
    );
}

#[test]
fn images_are_found_by_their_names_too() {
    exactly(
        FILE,
        &["uan"],
        &[
            (
                "- name: uan\n  ref_name: uan\n  base: {image_ref: base}\n  configuration: u\n  configuration_group_names: [Application]\n",
                "",
            ),
            ("{image_ref: uan}", "{ims: {id: ID}}"),
        ],
    );
    let by_raw_name = rewritten(FILE, &[&pin("compute-{{base.name}}", BASE_ID)]);
    assert_eq!(by_raw_name.stdout, rewritten(FILE, &[&pin("compute", BASE_ID)]).stdout);
}

#[test]
fn line_breaks_byte_order_mark_and_end_of_file_stay() {
    let file = "\u{feff}images:\r\n  - name: ä€\r\n    ref_name: a\r\n    base: {product: {name: p, type: recipe}}\r\n  - name: b\r\n    base:\r\n        image_ref: a\r\n    configuration: c";
    exactly(
        file,
        &["a"],
        &[
            ("  - name: ä€\r\n    ref_name: a\r\n    base: {product: {name: p, type: recipe}}\r\n", ""),
            ("        image_ref: a\r\n", "        ims:\r\n            id: ID\r\n            type: image\r\n"),
        ],
    );
    let last = "session_templates: []\nimages:\n- name: a\n  ref_name: a\n  base: {image_ref: x}\n- name: b\n  ref_name: b\n  base: {image_ref: x}";
    exactly(last, &["b"], &[("\n- name: b\n  ref_name: b\n  base: {image_ref: x}", "")]);
}

#[test]
fn a_flow_list_keeps_its_commas_and_lines() {
    let file = "images: [{name: a, ref_name: a, base: {image_ref: x}}, {name: b, ref_name: b, base: {image_ref: a}, configuration: c}, {name: c, ref_name: c}]\n";
    exactly(
        file,
        &["a"],
        &[("{name: a, ref_name: a, base: {image_ref: x}}, ", ""), ("{image_ref: a}", "{ims: {id: ID, type: image}}")],
    );
    exactly(file, &["c"], &[(", {name: c, ref_name: c}", "")]);
    exactly(file, &["a", "b", "c"], &[(&file["images: ".len()..file.len() - 1], "[]")]);
    let lines = "images: [\n  {name: a, ref_name: a},  # first\n  {name: b, ref_name: b},\n  ]\n";
    exactly(lines, &["a"], &[("  {name: a, ref_name: a},  # first\n", "")]);
}

#[test]
fn a_chain_is_pinned_link_by_link() {
    let file = "images:\n- name: base\n  ref_name: base\n  base: {product: {name: p, type: recipe}}\n- name: mid\n  ref_name: mid\n  base: {image_ref: base}\n  configuration: c\n- name: leaf\n  ref_name: leaf\n  base: {image_ref: mid}\n  configuration: c\n";
    let outcome = rewritten(file, &[&pin("base", BASE_ID), &pin("mid", FINAL_ID)]);
    assert_eq!(
        outcome.stdout,
        format!(
            "images:\n- name: leaf\n  ref_name: leaf\n  base: {{ims: {{id: {FINAL_ID}, type: image}}}}\n  configuration: c\n"
        )
    );
}

#[test]
fn the_rendered_reference_of_a_template_counts() {
    let file = "images:\n- name: a\n  ref_name: a.x86\n  base: {image_ref: x}\nsession_templates:\n- {name: t, image: {image_ref: 'a.{{arch}}'}}\n- {name: u, image: {image_ref: \"{{ 'a.x86' }}\"}}\n";
    let dir = Dir::new();
    dir.file("b.yaml", file).file("v.yaml", "arch: x86\n");
    let outcome = dir.run(&["rewrite-bootprep", "b.yaml", "--vars-file", "v.yaml", &pin("a.x86", BASE_ID)]);
    assert_eq!(
        outcome.stdout,
        format!(
            "images: []\nsession_templates:\n- {{name: t, image: {{ims: {{id: {BASE_ID}}}}}}}\n- {{name: u, image: {{ims: {{id: {BASE_ID}}}}}}}\n"
        )
    );
}

#[test]
fn blank_lines_stay_unless_a_text_before_would_take_them() {
    let file = "images:\n- name: a\n  description: |+\n    text\n- name: b\n  ref_name: b\n  base: {image_ref: x}\n\n\n- name: c\n";
    exactly(file, &["b"], &[("- name: b\n  ref_name: b\n  base: {image_ref: x}\n\n\n", "")]);
    let clipped = file.replace("|+", "|");
    exactly(&clipped, &["b"], &[("- name: b\n  ref_name: b\n  base: {image_ref: x}\n", "")]);
}

#[test]
fn text_that_an_alias_shares_is_never_changed() {
    for (file, image, said) in [
        (
            "images:\n- {name: a, ref_name: a}\n- {name: b, base: &b {image_ref: a}, configuration: c}\n- {name: c, base: *b, configuration: c}\n",
            "a",
            "b.yaml:3:19: this text is shared by the alias in line 4",
        ),
        ("images:\n- &a {name: a, ref_name: a}\n- *a\n", "a", "alias"),
        (
            "images:\n- {name: a, ref_name: a, configuration: &c x}\n- {name: b, configuration: *c}\n",
            "a",
            "the alias in line 3 needs its text",
        ),
        ("x: &x {base: {image_ref: a}}\nimages:\n- {name: a, ref_name: a}\n- {<<: *x, name: b}\n", "a", "merge key"),
    ] {
        let outcome = rewritten(file, &[&pin(image, BASE_ID)]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{file}");
        assert!(outcome.stderr.contains(said) || outcome.stderr.contains("2 images"), "{file}: {}", outcome.stderr);
    }
    let only_the_reference =
        "images:\n- {name: a, ref_name: a}\nx: &b {image_ref: a}\nsession_templates:\n- {name: t, image: *b}\n";
    exactly(
        only_the_reference,
        &["a"],
        &[("images:\n- {name: a, ref_name: a}\n", "images: []\n"), ("image: *b", "image: {ims: {id: ID}}")],
    );
}

#[test]
fn builds_that_nobody_needs_any_more_are_told_or_pruned() {
    let outcome = rewritten(FILE, &[&pin("compute", BASE_ID), &pin("uan", FINAL_ID)]);
    assert!(
        outcome.stderr.contains(
            "b.yaml:6: images[0]: base is referred to by nothing any more, and would still be built; --prune removes it"
        ),
        "{}",
        outcome.stderr
    );
    let pruned = rewritten(FILE, &["--prune", &pin("compute", BASE_ID), &pin("uan", FINAL_ID)]);
    assert!(
        pruned.stdout.contains("images: []\n")
            && pruned.stdout.contains("#- name: compute-arm\n#  ref_name: compute.arm\n"),
        "{}",
        pruned.stdout
    );
    assert!(
        pruned.stderr.contains("b.yaml:6: images[0]: base removed; nothing refers to it any more"),
        "{}",
        pruned.stderr
    );
}

#[test]
fn names_that_follow_the_pinned_image_are_told() {
    let dir = Dir::new();
    let file = "images:\n- {name: 'n-{{v}}', ref_name: a, base: {image_ref: x}}\n- {name: 'compute-{{base.name}}', base: {image_ref: a}, configuration: c}\n";
    dir.file("b.yaml", file).file("v.yaml", "v: 1\n");
    let outcome =
        dir.run(&["rewrite-bootprep", "b.yaml", "--format", "json", "--vars-file", "v.yaml", &pin("a", BASE_ID)]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["schema"], "incfg.rewrite/1");
    assert_eq!(report["renamed"][0]["before"], "compute-n-1");
    assert_eq!(
        (report["renamed"][0]["stays_if_called"].as_str(), report["renamed"][0]["line"].as_u64()),
        (Some("n-1"), Some(3))
    );
    assert_eq!(report["changes"][1]["path"], "images[1].base.image_ref");
    assert_eq!(
        report["result"],
        format!(
            "images:\n- {{name: 'compute-{{{{base.name}}}}', base: {{ims: {{id: {BASE_ID}, type: image}}}}, configuration: c}}\n"
        )
    );
}

#[test]
fn names_that_follow_through_other_names_are_told_too() {
    let file = "images:\n- {name: one, ref_name: a, base: {image_ref: x}}\n- {name: 'b-{{base.name}}', ref_name: b, base: {image_ref: a}, configuration: c}\n- {name: 'c-{{base.name}}', ref_name: c, base: {image_ref: b}, configuration: c}\nsession_templates:\n- {name: 't-{{image.name}}', image: {image_ref: c}}\n- {name: 'u-{{ image.name }}', image: {image_ref: a}}\n";
    let outcome = rewritten(file, &["--format", "json", &pin("a", BASE_ID)]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let told: Vec<_> = report["renamed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|renamed| (renamed["path"].as_str().unwrap(), renamed["before"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("images[1].name", "b-one"),
            ("images[2].name", "c-b-one"),
            ("session_templates[0].name", "t-c-b-one"),
            ("session_templates[1].name", "u-one")
        ]
    );
    let kept = rewritten(file, &["--keep-names", &pin("a", BASE_ID)]);
    assert_eq!(
        kept.stdout,
        format!(
            "images:\n- {{name: 'b-one', ref_name: b, base: {{ims: {{id: {BASE_ID}, type: image}}}}, configuration: c}}\n- {{name: 'c-{{{{base.name}}}}', ref_name: c, base: {{image_ref: b}}, configuration: c}}\nsession_templates:\n- {{name: 't-{{{{image.name}}}}', image: {{image_ref: c}}}}\n- {{name: 'u-one', image: {{ims: {{id: {BASE_ID}}}}}}}\n"
        )
    );
    assert!(
        kept.stderr.contains("b.yaml:3: images[1].name: b-{{base.name}} -> 'b-one', the name it had"),
        "{}",
        kept.stderr
    );
    assert!(!kept.stderr.contains("follows"), "{}", kept.stderr);
}

#[test]
fn a_kept_name_is_written_as_the_old_one_was() {
    let with = |name: &str, variables: &str| {
        let dir = Dir::new();
        let file = format!(
            "images:\n- {{name: 'it''s \"{{{{v}}}}\"', ref_name: a, base: {{image_ref: x}}}}\n- name: {name} # why\n  base: {{image_ref: a}}\n  configuration: c\n"
        );
        dir.file("b.yaml", file).file("v.yaml", variables);
        let outcome =
            dir.run(&["rewrite-bootprep", "b.yaml", "--vars-file", "v.yaml", "--keep-names", &pin("a", BASE_ID)]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout.lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(with("'x-{{base.name}}'", "v: 1\n"), "- name: 'x-it''s \"1\"' # why");
    assert_eq!(with("\"x-{{base.name}}\"", "v: 1\n"), "- name: \"x-it's \\\"1\\\"\" # why");
    assert_eq!(with("x-{{base.name}}", "v: 1\n"), "- name: 'x-it''s \"1\"' # why");
    // A name that holds the signs of a template stays text.
    assert_eq!(with("'x-{{base.name}}'", "v: '{{w}}'\n"), "- name: 'x-it''s \"{{ ''{'' }}{{ ''{'' }}w}}\"' # why");
}

#[test]
fn a_name_that_is_not_known_is_not_kept() {
    let recipe = "images:\n- {name: 'n-{{base.name}}', ref_name: a, base: {product: {name: cos, type: recipe}}}\n- name: 'x-{{base.name}}'\n  base: {image_ref: a}\n  configuration: c\n";
    let refused = rewritten(recipe, &["--keep-names", &pin("a", BASE_ID)]);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""));
    assert!(refused.stderr.contains("b.yaml:3:9: the name x-{{base.name}} cannot be kept"), "{}", refused.stderr);
    let told = rewritten(recipe, &[&pin("a", BASE_ID)]).stderr;
    assert!(told.contains("look at that text before the restart\n"), "no flag is named that cannot help: {told}");
    let filtered = "images:\n- {name: n, ref_name: a, base: {image_ref: x}}\n- {name: 'x-{{base.name | length}}', base: {image_ref: a}, configuration: c}\n";
    assert_eq!(rewritten(filtered, &["--keep-names", &pin("a", BASE_ID)]).code, 3);
}

#[test]
fn a_name_in_a_block_of_text_is_kept_in_one_line() {
    let kept = |name: &str| {
        let file = format!(
            "images:\n- {{name: n, ref_name: a, base: {{image_ref: x}}}}\n- name: {name}  base: {{image_ref: a}}\n  configuration: c\n"
        );
        let outcome = rewritten(&file, &["--keep-names", &pin("a", BASE_ID)]);
        assert_eq!(outcome.code, 0, "{file}{}", outcome.stderr);
        let (name, rest) = outcome.stdout.strip_prefix("images:\n- name: ").unwrap().split_once("  base: ").unwrap();
        assert!(rest.starts_with(&format!("{{ims: {{id: {BASE_ID}, type: image}}}}\n")), "{rest}");
        name.to_owned()
    };
    assert_eq!(kept("|\n    x-{{base.name}}\n"), "'x-n'\n");
    assert_eq!(kept(">-\n    x-{{base.name}}\n"), "'x-n'\n");
    assert_eq!(kept("|1-\n    x-{{base.name}}\n"), "' x-n'\n");
    assert_eq!(
        kept("!!str |+ # why | not\n\n    x-{{base.name}}\n\n\n"),
        "!!str \"\\nx-n\\n\\n\\n\" # why | not\n\n\n"
    );
    assert_eq!(kept("|\n    x-{{base.name}}\n    \"y\"\n"), "\"x-n\\n\\\"y\\\"\"\n");
}

#[test]
fn a_restart_that_would_delete_a_pinned_image_is_refused() {
    let file = "images:\n- {name: same, ref_name: a, base: {image_ref: x}}\n- {name: same, ref_name: b, base: {image_ref: x}}\n";
    let refused = rewritten(file, &[&pin("a", BASE_ID)]);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""));
    assert!(
        refused.stderr.contains(&format!(
            "would delete image {BASE_ID} (same), because images[1] in line 3 is built under its name"
        )),
        "{}",
        refused.stderr
    );
    assert_eq!(rewritten(file, &["--force", &pin("a", BASE_ID)]).code, 0);
}

#[test]
fn an_image_without_configuration_on_a_pinned_one_has_nothing_to_do() {
    let outcome = rewritten(
        "images:\n- {name: a, ref_name: a, base: {image_ref: x}}\n- {name: copy, base: {image_ref: a}}\n",
        &[&pin("a", BASE_ID)],
    );
    assert!(
        outcome.stderr.contains("images[1]: copy has no configuration and builds on an existing image"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_cannot_be_done_says_why_and_leaves_everything_as_it_was() {
    let upper = BASE_ID.to_uppercase();
    for (file, flags, code, said) in [
        (FILE, vec![pin("compte", BASE_ID)], 3, "no image has the ref_name or name 'compte'; did you mean compute"),
        (FILE, vec![pin("compute", &upper)], 2, &*format!("IMS would know it as {BASE_ID}")),
        (FILE, vec![pin("compute", &BASE_ID.replace('-', ""))], 2, &*format!("IMS would know it as {BASE_ID}")),
        (FILE, vec![pin("compute", BASE_ID), pin("compute", FINAL_ID)], 3, "is pinned twice"),
        (FILE, vec![], 2, "--pin <IMAGE=ID>"),
        ("images:\n\t- a\n", vec![pin("a", BASE_ID)], 3, "b.yaml:2:"),
        ("a: 1\n", vec![pin("a", BASE_ID)], 3, "b.yaml:1:1: this is no bootprep file: expected a mapping"),
        ("", vec![pin("a", BASE_ID)], 3, "it is empty"),
        ("images: []\n---\nimages: []\n", vec![pin("a", BASE_ID)], 3, "a second YAML document begins here"),
        ("images: [{name: :a}]\n", vec![pin("a", BASE_ID)], 3, "b.yaml:1:17: a plain text cannot begin with `:`"),
        ("images: [{name: a, !x :b}]\n", vec![pin("a", BASE_ID)], 3, "b.yaml:1:23: a plain text cannot begin with `:`"),
        ("|\n#- {name: a}\n", vec![pin("a", BASE_ID)], 3, "b.yaml:2:1: to SAT the block of text is over here"),
        ("images: []\n", vec![pin("a", BASE_ID)], 3, "the file has no images"),
        (
            "images: 5\n",
            vec![pin("a", BASE_ID)],
            3,
            "b.yaml:1:9: this is no bootprep file: expected a list under `images`",
        ),
        ("images: [{name: a}, {name: a}]\n", vec![pin("a", BASE_ID)], 3, "'a' is the name of 2 images; pin it by"),
        ("images: [{name: a, ref_name: r}, {ref_name: r}]\n", vec![pin("r", BASE_ID)], 3, "the ref_name of 2 images"),
    ] {
        let outcome = rewritten(file, &flags.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (code, ""), "{file} {flags:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

#[test]
fn the_wrong_file_is_told_as_what_it_is() {
    let dir = Dir::new();
    dir.file("binary", [0x7f, b'E', b'L', b'F', 0xd0, 0x00]).file("huge", vec![b'#'; (16 << 20) + 1]);
    dir.file("logs/install.log", "");
    for (file, said) in [
        ("binary", "binary:1:5: not UTF-8 text: byte 0xd0"),
        ("huge", "huge: larger than 16 MiB"),
        ("logs", "logs: cannot be read"),
        ("nothing", "nothing: cannot be read"),
    ] {
        let outcome = dir.run(&["rewrite-bootprep", file, &pin("a", BASE_ID)]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{file}");
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

#[test]
fn hostile_documents_end_in_an_error_in_no_time() {
    let deep = format!("images: {}", "{a: ".repeat(50_000));
    let bomb = format!(
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{}images:\n- {{name: a, ref_name: a}}\n",
        (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))).collect::<String>()
    );
    let chain = format!(
        "a0: &a0 [x]\n{}images:\n- {{name: a, ref_name: a}}\n",
        (1..9_000).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect::<String>()
    );
    let circle = "x: &x {y: *x}\nimages:\n- {name: a, ref_name: a}\n";
    for file in [deep.as_str(), &bomb, &chain, circle, "images: \"\\uD800\"\n", "images:\n- {name: \0}\n"] {
        let outcome = rewritten(file, &[&pin("a", BASE_ID)]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""));
        assert!(outcome.stderr.starts_with("incfg: b.yaml:"), "{}", outcome.stderr);
    }
    // What each of forty mappings takes over twice is read once.
    let merged: String = (1..40).map(|n| format!("m{n}: &m{n} {{<<: [*m{0}, *m{0}]}}\n", n - 1)).collect();
    let file = format!(
        "m0: &m0 {{image_ref: z}}\n{merged}images:\n- {{name: a, ref_name: a}}\n- {{name: b, base: {{<<: *m39}}}}\n"
    );
    assert_eq!(rewritten(&file, &[&pin("a", BASE_ID)]).code, 3);
}

#[test]
fn the_result_goes_where_it_is_told() {
    let dir = Dir::new();
    dir.file("b.yaml", FILE);
    let path = |name: &str| dir.path().join(name);
    fs::set_permissions(path("b.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    let flag = pin("compute", BASE_ID);
    let result = dir.run(&["rewrite-bootprep", "b.yaml", &flag]).stdout;
    assert_eq!(dir.run(&["rewrite-bootprep", "b.yaml", &flag, "--check"]).code, 1);
    assert_eq!(dir.run(&["rewrite-bootprep", "b.yaml", &flag, "-o", "new.yaml"]).code, 0);
    assert_eq!(fs::read_to_string(path("new.yaml")).unwrap(), result);
    let own = dir.run(&["rewrite-bootprep", "b.yaml", &flag, "-o", "./b.yaml"]);
    assert_eq!((own.code, own.stderr.contains("--in-place changes it")), (2, true));
    symlink("b.yaml", path("link.yaml")).unwrap();
    let in_place = dir.run(&["rewrite-bootprep", "link.yaml", &flag, "--in-place=.orig"]);
    assert_eq!(in_place.code, 0, "{}", in_place.stderr);
    assert!(
        in_place.stderr.contains("run -r prepare-images") && in_place.stderr.contains("-bc link.yaml"),
        "{}",
        in_place.stderr
    );
    assert_eq!(
        (fs::read_to_string(path("b.yaml")).unwrap(), fs::read_to_string(path("link.yaml.orig")).unwrap()),
        (result, FILE.to_owned())
    );
    assert!(fs::symlink_metadata(path("link.yaml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(path("b.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tmp"))
        .collect();
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn what_cannot_be_written_is_told_and_nothing_is_left() {
    let dir = Dir::new();
    dir.file("b.yaml", FILE).file("sub/x", "");
    for (target, said) in
        [("sub", "this is a directory"), ("/dev/null", "no regular file"), ("missing/new.yaml", "missing")]
    {
        let outcome = dir.run(&["rewrite-bootprep", "b.yaml", &pin("compute", BASE_ID), "-o", target]);
        assert_eq!(outcome.code, 3, "{target}");
        assert!(outcome.stderr.contains(said) && outcome.stderr.contains("Nothing was changed"), "{}", outcome.stderr);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_difference_can_be_looked_at_first() {
    let outcome = rewritten(FILE, &["--diff", &pin("compute", BASE_ID)]);
    insta::assert_snapshot!(outcome.stdout.replace(BASE_ID, "ID"));
}

#[test]
fn the_old_form_of_a_session_template_that_names_a_pinned_image_becomes_its_id() {
    let file = "images:\n- name: base\n  ims: {is_recipe: true, name: recipe}\n- name: other\n  ims: {is_recipe: true, name: r}\nsession_templates:\n- name: t\n  image: \"base\" # in IMS\n- name: u\n  image: other\n";
    exactly(
        file,
        &["base"],
        &[
            ("- name: base\n  ims: {is_recipe: true, name: recipe}\n", ""),
            ("image: \"base\" #", &format!("image: {{ims: {{id: {BASE_ID}}}}} #")),
        ],
    );
}

#[test]
fn the_old_form_may_be_a_block_of_text() {
    let file = "images:\n- {name: base, ref_name: b, base: {ims: {name: r, type: recipe}}}\nsession_templates:\n- name: t\n  image: |\n    base\n  configuration: c\n";
    let outcome = rewritten(file, &[&pin("b", BASE_ID)]);
    let wanted =
        format!("images: []\nsession_templates:\n- name: t\n  image: {{ims: {{id: {BASE_ID}}}}}\n  configuration: c\n");
    assert_eq!((outcome.code, outcome.stdout), (0, wanted), "{}", outcome.stderr);
}

#[test]
fn texts_beside_names_that_follow_a_pinned_image_are_told_and_kept() {
    let file = "images:\n- {name: base, ref_name: base, base: {ims: {name: r, type: recipe}}}\n- name: c\n  ref_name: c\n  base: {image_ref: base}\n  configuration: \"cfg-{{base.name}}\"\n  configuration_group_names: [Compute]\nsession_templates:\n- name: t\n  image: {image_ref: base}\n  configuration: x\n  bos_parameters: {boot_sets: {c: {kernel_parameters: \"quiet name={{image.name}}\"}}}\n";
    let outcome = rewritten(file, &[&pin("base", BASE_ID), "--format=json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let told: Vec<(&str, &str)> = report["renamed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|renamed| (renamed["path"].as_str().unwrap(), renamed["before"].as_str().unwrap()))
        .collect();
    let boot_set = "session_templates[0].bos_parameters.boot_sets.c.kernel_parameters";
    assert_eq!(told, [("images[1].configuration", "cfg-base"), (boot_set, "quiet name=base")]);
    let kept = rewritten(file, &[&pin("base", BASE_ID), "--keep-names"]);
    assert!(kept.stdout.contains("configuration: \"cfg-base\"\n"), "{}", kept.stdout);
    assert!(kept.stdout.contains("kernel_parameters: \"quiet name=base\""), "{}", kept.stdout);
}

#[test]
fn what_depends_on_more_than_the_name_of_a_pinned_image_is_told_without_a_guess() {
    let file = "images:\n- {name: base, ref_name: base, base: {ims: {name: r, type: recipe}}}\n- name: \"c-{{base.arch}}\"\n  base: {image_ref: base}\n";
    let outcome = rewritten(file, &[&pin("base", BASE_ID)]);
    assert!(outcome.stderr.contains("images[1].name: c-{{base.arch}} now follows the record"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("--keep-names"), "{}", outcome.stderr);
    assert_eq!(rewritten(file, &[&pin("base", BASE_ID), "--keep-names"]).code, 3);
}

#[test]
fn a_single_variable_can_be_given_on_the_command_line() {
    let file = "images:\n- {name: \"b{{default.suffix}}\", ref_name: b, base: {ims: {name: r, type: recipe}}}\nsession_templates:\n- {name: t, image: {image_ref: b}}\n";
    let outcome = rewritten(file, &["--vars", "default.suffix=-1", &pin("b-1", BASE_ID)]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(rewritten(file, &[&pin("b-1", BASE_ID)]).code, 3);
    assert_eq!(rewritten(file, &["--vars", "default", &pin("b", BASE_ID)]).code, 2);
}

#[test]
fn what_sat_reads_in_another_way_is_told() {
    let file = "images:\n- {name: 1.10, ref_name: a, base: {ims: {name: r, type: recipe}}}\n- {name: x, name: y, base: {image_ref: a}}\n";
    let outcome = rewritten(file, &[&pin("a", BASE_ID)]);
    assert_eq!(outcome.code, 0);
    assert!(
        outcome.stderr.contains("b.yaml:2: images[0].name: SAT reads 1.10 as a number, 1.1, and refuses it"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("b.yaml:3: images[1].name: `name` stands in line 3 already"), "{}", outcome.stderr);
}

#[test]
fn what_was_there_before_does_not_hide_what_was_changed() {
    let image = |at: usize| format!("- {{name: 1.{at}, ref_name: r{at}, base: {{ims: {{name: r, type: recipe}}}}}}\n");
    for (count, more) in [(20, None), (22, Some("and 2 more of these, which `incfg check"))] {
        let file = format!("images:\n{}", (1..=count).map(image).collect::<String>());
        let outcome = rewritten(&file, &[&pin("r1", BASE_ID)]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.matches("as a number").count(), 20, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("more of these"), more.is_some(), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(more.unwrap_or_default()), "{}", outcome.stderr);
    }
}

#[test]
fn a_template_that_may_mean_a_pinned_image_is_not_left_behind() {
    let file = "images:\n- {name: leaf, ref_name: leaf, base: {ims: {name: r, type: recipe}}}\nsession_templates:\n- {name: t, image: {image_ref: \"{{ booted }}\"}}\n";
    let refused = rewritten(file, &[&pin("leaf", BASE_ID)]);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""));
    assert!(refused.stderr.contains("b.yaml:4:32: {{ booted }} may mean the pinned image leaf"), "{}", refused.stderr);
    let outcome = rewritten(file, &["--vars=booted=leaf", &pin("leaf", BASE_ID)]);
    assert!(outcome.stdout.contains(&format!("image: {{ims: {{id: {BASE_ID}}}}}")), "{}", outcome.stdout);
    assert_eq!(rewritten(file, &["--vars=booted=other", &pin("leaf", BASE_ID)]).code, 0);
}

#[test]
fn what_uses_a_pinned_image_by_its_name_in_ims_is_told() {
    let file = "images:\n- {name: base, ref_name: base, base: {ims: {name: r, type: recipe}}}\n- {name: c, base: {ims: {name: base, type: image}}, configuration: x}\n";
    let outcome = rewritten(file, &[&pin("base", BASE_ID)]);
    assert!(
        outcome.stderr.contains("b.yaml:3: images[1].base: c uses a pinned image by its name"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn of_a_reference_that_stands_twice_nothing_is_left() {
    let a = "images:\n- {name: a, ref_name: a, base: {ims: {name: r, type: recipe}}}\n";
    let without = "images:\n";
    exactly(
        &format!("{a}- {{name: b, base: {{image_ref: z, image_ref: a}}, configuration: c}}\n"),
        &["a"],
        &[(a, without), ("image_ref: z, ", ""), ("image_ref: a}", "ims: {id: ID, type: image}}")],
    );
    exactly(
        &format!("{a}- name: b\n  base:\n    # old\n    image_ref: z\n    image_ref: a\n"),
        &["a"],
        &[(a, without), ("    image_ref: z\n", ""), ("image_ref: a", "ims:\n      id: ID\n      type: image")],
    );
}

#[test]
fn a_reference_that_a_merge_key_writes_out_becomes_an_id_where_it_stands() {
    let a = "images:\n- {name: a, ref_name: a, base: {ims: {name: r, type: recipe}}}\n";
    let (gone, flow) = ((a, "images:\n"), ("image_ref: a", "ims: {id: ID, type: image}"));
    for file in [
        "- {name: b, base: {<<: {image_ref: a}}, configuration: c}\n",
        "- {name: b, <<: {base: {image_ref: a}}, configuration: c}\n",
        "- {name: b, <<: [{name: x}, {base: {image_ref: a}, name: y}], configuration: c}\n",
        "- {name: b, base: {<<: [{}, {<<: {image_ref: a}}]}, configuration: c}\n",
        "- {name: b, base: {<<: {image_ref: a}, <<: {}}, configuration: c}\n",
    ] {
        exactly(&format!("{a}{file}"), &["a"], &[gone, flow]);
    }
    exactly(
        &format!("{a}- name: b\n  <<:\n    configuration: c\n    base:\n        <<:\n            image_ref: a # why\n"),
        &["a"],
        &[gone, ("image_ref: a", "ims:\n                id: ID\n                type: image")],
    );
    // What the reference hid must not come to light: SAT takes the first of a list, and the last merge key.
    for (file, hidden) in [
        ("- {name: b, base: {image_ref: a, <<: {type: x, image_ref: z}}, configuration: c}\n", ", image_ref: z"),
        ("- {name: b, base: {<<: [{image_ref: a}, {image_ref: z, x: y}]}, configuration: c}\n", "image_ref: z, "),
        ("- {name: b, base: {<<: {image_ref: z, x: y}, <<: {image_ref: a}}, configuration: c}\n", "image_ref: z, "),
    ] {
        exactly(&format!("{a}{file}"), &["a"], &[gone, (hidden, ""), flow]);
    }
    exactly(
        &format!("{a}- {{name: b, base: {{image_ref: a, <<: {{image_ref: z}}}}, configuration: c}}\n"),
        &["a"],
        &[gone, flow, ("image_ref: z", "ims: {id: ID, type: image}")],
    );
    // In quotes it is a key like any other.
    exactly(&format!("{a}- {{name: b, base: {{\"<<\": {{image_ref: a}}}}, configuration: c}}\n"), &["a"], &[gone]);
    exactly(
        "<<: {images: [{name: a, ref_name: a}, {name: b, base: {image_ref: a}}]}\nsession_templates:\n- {name: t, <<: {image: {image_ref: a}}}\n- {name: t, <<: {image: a}}\n",
        &["a"],
        &[
            ("{name: a, ref_name: a}, ", ""),
            ("{image_ref: a}}]", "{ims: {id: ID, type: image}}}]"),
            ("{image_ref: a}", "{ims: {id: ID}}"),
            ("image: a", "image: {ims: {id: ID}}"),
        ],
    );
}

#[test]
fn a_reference_that_is_hidden_in_shared_text_is_refused() {
    let file = "x: &x {image_ref: z}\nimages:\n- {name: a, ref_name: a}\n- {name: b, base: {image_ref: a, <<: *x}}\n";
    let refused = rewritten(file, &[&pin("a", BASE_ID)]);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""));
    assert!(refused.stderr.contains("`image_ref` comes from another place by a merge key"), "{}", refused.stderr);
}

#[test]
fn a_copy_keeps_the_mode_and_an_earlier_copy_is_never_lost() {
    let dir = Dir::new();
    let path = dir.path().join("b.yaml");
    dir.file("b.yaml", FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let run = |image: &str| dir.run(&["rewrite-bootprep", "b.yaml", &pin(image, BASE_ID), "--in-place=.orig"]);
    assert_eq!(run("compute").code, 0);
    let copy = dir.path().join("b.yaml.orig");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o640);
    let once = fs::read(&path).unwrap();
    let refused = run("uan");
    assert_eq!(
        (refused.code, fs::read(&path).unwrap(), fs::read_to_string(&copy).unwrap()),
        (3, once, FILE.to_owned())
    );
    assert!(refused.stderr.contains("b.yaml.orig: is there already"), "{}", refused.stderr);
}

#[test]
fn a_packed_file_is_read_and_never_written() {
    let dir = Dir::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, FILE.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    dir.file("b.yaml.gz", &packed);
    let outcome = dir.run(&["rewrite-bootprep", "b.yaml.gz", &pin("compute", BASE_ID), "-o", "-"]);
    assert_eq!((outcome.code, outcome.stdout), (0, rewritten(FILE, &[&pin("compute", BASE_ID)]).stdout));
    let refused = dir.run(&["rewrite-bootprep", "b.yaml.gz", &pin("compute", BASE_ID), "--in-place"]);
    assert_eq!((refused.code, fs::read(dir.path().join("b.yaml.gz")).unwrap()), (3, packed));
    assert!(refused.stderr.contains("unpack it first"), "{}", refused.stderr);
}

#[test]
fn the_old_form_is_told_and_kept_like_the_new_one() {
    let file = "images:\n- {name: \"a{{v}}\", ref_name: r, base: {ims: {name: x, type: recipe}}}\nsession_templates:\n- {name: \"t-{{image.name}}\", image: \"a{{v}}\"}\n";
    let outcome = rewritten(file, &[&pin("r", BASE_ID)]);
    assert!(outcome.stdout.contains(&format!("image: {{ims: {{id: {BASE_ID}}}}}")), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("session_templates[0].name: t-{{image.name}} now follows the record"),
        "{}",
        outcome.stderr
    );
    let kept = rewritten(file, &["--vars=v=1", "--keep-names", &pin("r", BASE_ID)]);
    assert!(kept.stdout.contains("name: \"t-a1\""), "{}", kept.stdout);
}

/// What SAT refuses, the checks find: a rewritten file has no error that the original has not.
#[test]
fn whatever_is_pinned_the_result_is_a_file_that_the_checks_pass() {
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/winter/");
    let variables = format!("{testdata}session_vars.yaml");
    let file = fs::read_to_string(format!("{testdata}compute-and-uan-bootprep.yaml")).unwrap();
    let images = ["base.x86_64", "compute.x86_64", "uan.x86_64"];
    for chosen in 1..8_usize {
        for flags in [&["--vars-file", &variables][..], &["--vars-file", &variables, "--prune"]] {
            let dir = Dir::new();
            dir.file("b.yaml", &file);
            let pins: Vec<String> = (0..3)
                .filter(|at| chosen & (1 << at) != 0)
                .map(|at| pin(images[at], [BASE_ID, FINAL_ID, OTHER_ID][at]))
                .collect();
            let pins: Vec<&str> = pins.iter().map(String::as_str).collect();
            let rewritten = dir.run(&[&["rewrite-bootprep", "b.yaml", "-o", "new.yaml"], flags, &pins].concat());
            assert_eq!(rewritten.code, 0, "{}", rewritten.stderr);
            let checked = dir.run(&["check", "new.yaml", "--vars-file", &variables, "--format=json"]);
            assert_eq!(checked.code, 0, "{pins:?}: {}", checked.stdout);
            let left = serde_json::from_str::<Value>(&checked.stdout).unwrap();
            let rules = left["files"][0]["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["rule"].as_str().unwrap());
            assert!(
                rules.clone().all(|rule| rule != "image-without-work"),
                "{pins:?}: {:?}",
                rules.collect::<Vec<_>>()
            );
        }
    }
}
