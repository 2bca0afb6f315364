//! Where YAML sets traps for whoever edits it: each file, and what it becomes, byte for byte.

use crate::harness::*;

/// Pins `a` and expects `wanted`, in which `ID` stands for the id.
fn becomes(file: &str, wanted: &str) {
    let dir = Dir::new();
    dir.file("b.yaml", file);
    let outcome = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &format!("a={BASE_ID}")]);
    assert_eq!((outcome.code, outcome.stdout), (0, wanted.replace("ID", BASE_ID)), "{file}\n{}", outcome.stderr);
}

/// Pins `a` and expects to hear why the file is left alone.
fn refused(file: &str, said: &str) {
    let dir = Dir::new();
    dir.file("b.yaml", file);
    let outcome = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &format!("a={BASE_ID}")]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{file}");
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
}

#[test]
fn a_dash_may_stand_alone_and_a_reference_may_come_first() {
    becomes(
        "images:\n-\n  name: a\n  ref_name: a\n-\n  # why\n  name: b\n  base:\n    image_ref: a\n",
        "images:\n-\n  # why\n  name: b\n  base:\n    ims:\n      id: ID\n      type: image\n",
    );
    becomes(
        "images:\n- base:\n    image_ref: a\n  name: b\n- ref_name: a\n  name: a\n",
        "images:\n- base:\n    ims:\n      id: ID\n      type: image\n  name: b\n",
    );
}

#[test]
fn blank_lines_and_the_blocks_of_text_before_them_stay() {
    becomes(
        "images:\n- name: b\n  note: |+\n    text\n\n- name: a\n  ref_name: a\n\n- name: c\n",
        "images:\n- name: b\n  note: |+\n    text\n\n- name: c\n",
    );
    becomes(
        "images:\n- name: a\n  ref_name: a\n  note: |+\n    text\n\n\n- name: c\n  base: {image_ref: a}\n",
        "images:\n\n\n- name: c\n  base: {ims: {id: ID, type: image}}\n",
    );
    // To SAT a text at the end of the file ends as the file does.
    becomes(
        "images:\n- name: b\n  base: {image_ref: a}\n- name: c\n  ref_name: |\n    a",
        "images:\n- name: b\n  base: {ims: {id: ID, type: image}}",
    );
    // Without the line break in between the kept text would end otherwise.
    becomes(
        "images:\n- name: c\n  note: |+\n    keep\n\n- name: a\n  ref_name: a\n  note: |\n    end",
        "images:\n- name: c\n  note: |+\n    keep\n\n",
    );
}

#[test]
fn values_that_are_nothing_have_no_text_of_their_own() {
    becomes(
        "images:\n- name: a\n  ref_name: a\n  configuration:\n- name: c\n  base:\n    image_ref: a\n  configuration:\nsession_templates:\n",
        "images:\n- name: c\n  base:\n    ims:\n      id: ID\n      type: image\n  configuration:\nsession_templates:\n",
    );
}

#[test]
fn flow_style_keeps_its_commas_comments_and_braces() {
    becomes(
        "images: [\n  {name: a, ref_name: a}, # the base\n  # about b\n  {name: b, base: { image_ref: a }, configuration: c}, # b\n]\n",
        "images: [\n  # about b\n  {name: b, base: { ims: {id: ID, type: image} }, configuration: c}, # b\n]\n",
    );
    becomes(
        "images: [\n  {name: b}, # b\n  # about a\n  {name: a, ref_name: a} # the base\n]\n",
        "images: [\n  {name: b} # b\n]\n",
    );
    becomes(
        "images: [{name: a, ref_name: a}, # the base\n  # about b\n  {name: b}\n  , {name: c}]\n",
        "images: [ # the base\n  # about b\n  {name: b}\n  , {name: c}]\n",
    );
    becomes(
        "{\"images\": [{\"name\": \"a\", \"ref_name\": \"a\"}, {\"name\": \"b\", \"base\": {\"image_ref\": \"a\"}}]}",
        "{\"images\": [{\"name\": \"b\", \"base\": {ims: {id: ID, type: image}}}]}",
    );
}

#[test]
fn comments_belong_to_entries_or_to_nobody() {
    // Commented out YAML and the tail of the list stay; a line above and deeper lines below go.
    becomes(
        "images:\n# - name: arm\n#   ref_name: arm\n# about a\n- name: a\n  ref_name: a\n  # more of a\n# tail\n",
        "images: []\n# - name: arm\n#   ref_name: arm\n# tail\n",
    );
    let many = "# note\n".repeat(150);
    becomes(
        &format!("images:\n- name: z\n{many}- name: a\n  ref_name: a\n- name: b\n  base:\n    image_ref: a # why\n"),
        "images:\n- name: z\n- name: b\n  base:\n    ims:\n      id: ID\n      type: image # why\n",
    );
}

#[test]
fn keys_may_be_announced_quoted_tagged_and_doubled() {
    becomes(
        "images:\n- {name: a, ref_name: a}\n- name: b\n  base:\n    ? image_ref\n    : a\n",
        "images:\n- name: b\n  base:\n    ims:\n      id: ID\n      type: image\n",
    );
    becomes(
        "'images':\n- {\"name\": a, 'ref_name': !!str a}\n- name: b\n  \"base\": !!map\n    'image_ref':\n      \"a\"\n",
        "'images':\n- name: b\n  \"base\": !!map\n    ims:\n      id: ID\n      type: image\n",
    );
    // SAT reads the last of two equal keys.
    becomes(
        "images:\n- name: z\nimages:\n- {name: old, name: a, ref_name: a}\n- {name: b, base: {image_ref: z}, base: {image_ref: a}}\n",
        "images:\n- name: z\nimages:\n- {name: b, base: {image_ref: z}, base: {ims: {id: ID, type: image}}}\n",
    );
}

#[test]
fn the_first_entry_may_stand_beside_the_colon_of_an_announced_key() {
    becomes(
        "? images\n: - name: a\n    ref_name: a\n    # more of a\n  # about b\n  - name: b\n    base: {image_ref: a}\n",
        "? images\n:\n  # about b\n  - name: b\n    base: {ims: {id: ID, type: image}}\n",
    );
    becomes(
        "? images\n: - name: b\n    base: {image_ref: a}\n  - name: a\n    ref_name: a",
        "? images\n: - name: b\n    base: {ims: {id: ID, type: image}}",
    );
    becomes("? images # of: all\n: - name: a\n    ref_name: a\nx: y\n", "? images # of: all\n: []\nx: y\n");
    becomes("x: y\n? images\n:  -  {name: a, ref_name: a}", "x: y\n? images\n: []");
    becomes("? images # of: all\n: # c\n  - name: a\n    ref_name: a\n", "? images # of: all\n: [] # c\n");
    becomes(
        "images:\n- {name: a, ref_name: a}\n- name: b\n  ? |-\n    base\n  : ? >-\n      image_ref\n    : a\n",
        "images:\n- name: b\n  ? |-\n    base\n  : ims:\n      id: ID\n      type: image\n",
    );
}

#[test]
fn a_carriage_return_alone_ends_a_line() {
    let file = "# all\nimages:\n# of a\n- name: a\n  ref_name: a\n- name: b # ö\n  note: |\n    text\n\n  base:\n    image_ref: a # why\n";
    let wanted = "# all\nimages:\n- name: b # ö\n  note: |\n    text\n\n  base:\n    ims:\n      id: ID\n      type: image # why\n";
    becomes(&file.replace('\n', "\r"), &wanted.replace('\n', "\r"));
    becomes(
        "images:\r- name: a\n  ref_name: a\r\n- name: b\r  base:\n    image_ref: a\r\n",
        "images:\r- name: b\r  base:\n    ims:\r      id: ID\r      type: image\r\n",
    );
    becomes("images:\r- name: a\r  ref_name: a", "images: []");
    refused("images:\r- name: a\r- name: b\r- [\r", "b.yaml:");
}

#[test]
fn blanks_may_be_left_out_where_sat_does_not_ask_for_them() {
    let long = "x".repeat(100);
    becomes(
        &format!(
            "images: [{{name: a, ref_name: a}},#1\n {{name: 'b'#2\n ,base:{{?image_ref: \"a\"}},c:['{long}\n\n{long}']}}]#3\n"
        ),
        &format!("images: [#1\n {{name: 'b'#2\n ,base:{{ims: {{id: ID, type: image}}}},c:['{long}\n\n{long}']}}]#3\n"),
    );
    becomes(
        "images:\n- name: a\n  ref_name: a\n- name: 'b\n\n  c'#1\n  note: \"one\n  two\nthree\"#2\n  base: {image_ref: a}#3\n",
        "images:\n- name: 'b\n\n  c'#1\n  note: \"one\n  two\nthree\"#2\n  base: {ims: {id: ID, type: image}}#3\n",
    );
    refused("images:\n- name: \"a\n  b\"#1\n  ref_name: a\n- name: 'c'#2\n   - d\n", "b.yaml:6:4: not YAML");
}

#[test]
fn an_alias_that_is_only_the_value_goes_with_it() {
    becomes(
        "images:\n- name: a\n  ref_name: &r a\n- name: b\n  base:\n    image_ref: *r\n",
        "images:\n- name: b\n  base:\n    ims:\n      id: ID\n      type: image\n",
    );
}

#[test]
fn line_separators_of_unicode_and_wide_letters_are_text() {
    becomes(
        "images:\n- {name: \"ä\u{2028}€\", ref_name: a}\n- name: \"𝄞\u{2028}z\"\n  base:\n    image_ref: a # ö\u{2028}\n",
        "images:\n- name: \"𝄞\u{2028}z\"\n  base:\n    ims:\n      id: ID\n      type: image # ö\u{2028}\n",
    );
    // To SAT the line ends there: what is a comment here is a key there.
    refused(
        "images:\n- name: a\n  ref_name: a\n- name: b # why\u{85}  base: {image_ref: a}\n",
        "b.yaml:4:16: SAT ends the line at the character U+0085 here",
    );
}

#[test]
fn templates_of_jinja_that_are_no_yaml_are_told_where() {
    let dir = Dir::new();
    dir.file("b.yaml", "images:\n- name: {{x}}-y\n  ref_name: a\n");
    let refused = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &format!("a={BASE_ID}")]);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""));
    assert!(refused.stderr.contains("b.yaml:2:"), "{}", refused.stderr);
}
