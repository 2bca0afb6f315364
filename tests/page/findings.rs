//! The page of checked bootprep files.

use crate::harness::Dir;
use crate::sound;

const FILE: &str = "\
configurations:
- name: c
  layers:
  - name: one
    playbook: site.yml
    product: {name: cos, version: 1.10}
images:
- name: a
  ref_name: one
  base: {image_ref: nothing}
";

#[test]
fn a_finding_stands_on_its_line_with_help_and_its_rule() {
    let dir = Dir::new();
    dir.file("site/b.yaml", FILE);
    dir.file("site/empty/readme.txt", "no bootprep file");
    let outcome = dir.run(&["check", "site", "--format", "html"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let page = outcome.stdout;
    let html = sound(&page);
    assert!(page.contains("<li value=\"6\" class=\"here\">    product: {name: cos, version: <mark>1.10</mark>}</li>"));
    assert!(html.text.contains("b.yaml:6:35"), "{}", html.text);
    assert!(html.text.contains("yaml-version-not-string"));
    assert!(html.text.contains("incfg check --explain yaml-version-not-string"));
    assert!(html.text.contains("--vars-file"), "what was not checked is told");
    for severity in ["error", "warning", "info"] {
        let filter = html.all("input").find(|tag| tag.get("id") == Some(&format!("show-{severity}")));
        assert!(filter.is_some_and(|filter| filter.get("checked").is_some()), "{severity}");
    }
}

#[test]
fn the_page_goes_to_a_file_and_the_exit_code_is_that_of_the_check() {
    let dir = Dir::new();
    dir.file("b.yaml", FILE);
    let outcome = dir.run(&["check", "b.yaml", "--format", "html", "-o", "findings.html"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    sound(&std::fs::read_to_string(dir.path().join("findings.html")).unwrap());
}

#[test]
fn a_file_without_findings_and_one_that_cannot_be_read_are_told() {
    let dir = Dir::new();
    dir.file("good.yaml", "images: []\n");
    let good = dir.run(&["check", "good.yaml", "--format", "html"]);
    assert!(sound(&good.stdout).text.contains("1 bootprep file checked"), "{}", good.stdout);
    dir.file("bad.yaml", b"images: [\xff]\n");
    let bad = dir.run(&["check", "good.yaml", "bad.yaml", "--format", "html"]);
    assert_eq!(bad.code, 3);
    assert!(sound(&bad.stdout).text.contains("not UTF-8 text"), "{}", bad.stdout);
}
