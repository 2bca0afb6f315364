//! `incfg check`: what it prints, in every form, with which exit code, and what it leaves on the disk.

use std::fs;

use serde_json::Value;

use crate::harness::*;

/// A file without a fault.
const GOOD: &str = "\
schema_version: 1.0.6
configurations:
- name: compute
  layers:
  - name: site
    playbook: site.yml
    git:
      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git
      branch: main
images:
- name: base
  ref_name: base
  base:
    product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}
- name: compute
  ref_name: compute
  base: {image_ref: base}
  configuration: compute
  configuration_group_names: [Compute]
session_templates:
- name: compute
  image: {image_ref: compute}
  configuration: compute
  bos_parameters:
    boot_sets:
      compute:
        arch: X86
        kernel_parameters: quiet
        node_roles_groups: [Compute]
        rootfs_provider: sbps
        rootfs_provider_passthrough: sbps:v1:iqn.2023-06.csm.iscsi:_sbps-hsn._tcp.winter.example.org:300
";

fn check(file: &str, flags: &[&str]) -> Outcome {
    let dir = Dir::new();
    dir.file("b.yaml", file);
    dir.run(&[&["check", "b.yaml"], flags].concat())
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}{}", outcome.stdout, outcome.stderr))
}

/// Rule, line and column of each finding, in order.
fn found(file: &str, flags: &[&str]) -> Vec<(String, u64, u64)> {
    let outcome = check(file, &[&["--format", "json"], flags].concat());
    let document = json(&outcome);
    let files = document["files"].as_array().unwrap();
    let findings = files.iter().flat_map(|file| file["findings"].as_array().unwrap());
    findings
        .map(|one| {
            let number = |key: &str| one[key].as_u64().unwrap();
            (one["rule"].as_str().unwrap().to_owned(), number("line"), number("column"))
        })
        .collect()
}

fn one(rule: &str, line: u64, column: u64) -> Vec<(String, u64, u64)> {
    vec![(rule.to_owned(), line, column)]
}

#[test]
fn a_good_file_is_passed_in_silence() {
    let outcome = check(GOOD, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    assert!(outcome.stderr.starts_with("1 file checked, nothing found\n"), "{}", outcome.stderr);
}

#[test]
fn a_finding_shows_the_place_the_line_and_what_to_do() {
    let outcome =
        check(&GOOD.replace("image: {image_ref: compute}", "image: {image_ref: computer}"), &["--color=never"]);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome.stdout, @r#"
    b.yaml:22:22: error[template-image-ref-dangling]: no image of this file has the ref_name "computer"
    22 |   image: {image_ref: computer}
       |                      ^^^^^^^^
       = help: did you mean compute?
       = fix: write compute (--fix --unsafe)
    "#);
}

#[test]
fn json_has_the_shape_of_the_contract() {
    let outcome = check(&GOOD.replace("{image_ref: base}", "{image_ref: bass}"), &["--format=json"]);
    let document = json(&outcome);
    assert_eq!((outcome.code, document["schema"].as_str()), (1, Some("incfg.check/1")));
    let finding = document["files"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "image-ref-dangling")
        .unwrap();
    assert_eq!(finding["path"], "images[1].base.image_ref");
    assert_eq!((&finding["line"], &finding["column"]), (&Value::from(17), &Value::from(21)));
    assert_eq!((&finding["end_line"], &finding["end_column"]), (&Value::from(17), &Value::from(25)));
    assert_eq!((&finding["severity"], &finding["fix"]["safe"]), (&Value::from("error"), &Value::from(false)));
    assert_eq!(finding["fix"]["edits"][0]["text"], "base");
    assert_eq!(document["summary"]["errors"], 1);
    let skipped: Vec<&str> =
        document["skipped"].as_array().unwrap().iter().map(|rule| rule["needs"].as_str().unwrap()).collect();
    assert!(skipped.contains(&"--images") && skipped.contains(&"--products"), "{skipped:?}");
}

#[test]
fn the_exit_code_follows_the_threshold() {
    let warned = GOOD.replace("        rootfs_provider: sbps\n", "");
    let warned = warned.lines().filter(|line| !line.contains("passthrough")).collect::<Vec<_>>().join("\n");
    assert_eq!(check(&warned, &[]).code, 0);
    assert_eq!(check(&warned, &["--min-severity=warning"]).code, 1);
    assert_eq!(check(&warned, &["--min-severity=warning", "--skip=rootfs-provider-missing"]).code, 0);
    assert_eq!(check(&warned, &["--only", "image-ref-dangling", "--min-severity=info"]).code, 0);
}

#[test]
fn an_unknown_rule_is_a_usage_error_with_the_nearest_name() {
    let outcome = check(GOOD, &["--skip=image-ref-danglin"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("did you mean image-ref-dangling?"), "{}", outcome.stderr);
    assert_eq!(Dir::new().run(&["check"]).code, 2);
}

#[test]
fn columns_count_characters_and_line_ends_do_not_matter() {
    let file = "images:\r\n- name: \"ä€\"\r\n  base: {image_ref: ä€x}\r\n  configuration: c\r\n  configuration_group_names: [Compute]\r\n";
    assert_eq!(found(file, &["--only=image-ref-dangling"]), one("image-ref-dangling", 3, 21));
    let marked = format!("\u{feff}{file}");
    assert_eq!(found(&marked, &["--only=image-ref-dangling"]), one("image-ref-dangling", 3, 21));
}

#[test]
fn a_file_that_is_no_yaml_names_the_true_cause_and_is_still_checked() {
    let broken = GOOD.replace("  base: {image_ref: base}", "\tbase: {image_ref: bass}");
    let rules: Vec<String> = found(&broken, &[]).into_iter().map(|(rule, line, _)| format!("{rule} {line}")).collect();
    assert_eq!(rules, ["yaml-syntax 17", "image-ref-dangling 17"]);
    let unquoted = GOOD.replace("- name: compute\n  ref_name", "- name: {{base.name}}-compute\n  ref_name");
    assert_eq!(found(&unquoted, &[]), one("yaml-unquoted-jinja", 15, 9));
    // A letter of several bytes behind the braces.
    let letters = GOOD.replace("{image_ref: base}", "{image_ref: {{x}}é}");
    assert!(found(&letters, &[]).iter().any(|(rule, ..)| rule == "yaml-unquoted-jinja"));
    let colon = GOOD.replace("kernel_parameters: quiet", "kernel_parameters: quiet: yes");
    assert_eq!(found(&colon, &[]), one("yaml-syntax", 28, 28));
    let indent = GOOD.replace("    playbook: site.yml", "   playbook: site.yml");
    assert_eq!(found(&indent, &[]), one("yaml-syntax", 6, 1));
    let quote = GOOD.replace("name: compute\n  layers", "name: \"compute\n  layers");
    assert_eq!(found(&quote, &[]), one("yaml-syntax", 3, 9));
    let second = format!("{GOOD}---\nimages: []\n");
    assert_eq!(found(&second, &[]), one("yaml-multiple-documents", 32, 1));
}

#[test]
fn a_tab_that_only_sat_refuses_is_found_where_it_stands() {
    let file = GOOD.replace("branch: main", "branch: main\t# the line of the site");
    assert_eq!(found(&file, &[]), one("yaml-syntax", 9, 19));
}

#[test]
fn a_slip_in_a_key_is_one_finding() {
    let file = GOOD.replace("  layers:", "  layer:");
    assert_eq!(found(&file, &[]), one("schema-unknown-key", 4, 3));
    let file = GOOD.replace("base: {image_ref: base}", "base: {image_reff: base}");
    let found = found(&file, &["--min-severity=error"]);
    assert_eq!(found.iter().filter(|(rule, ..)| rule.starts_with("schema")).count(), 1, "{found:?}");
}

#[test]
fn variables_decide_what_a_template_means_and_without_them_nothing_is_guessed() {
    let file = GOOD.replace("- name: base\n", "- name: \"base{{default.sufix}}\"\n");
    assert_eq!(found(&file, &[]), []);
    let dir = Dir::new();
    dir.file("b.yaml", &file).file("v.yaml", "default: {suffix: -1}\n");
    let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--format=json"]);
    let finding = &json(&outcome)["files"][0]["findings"][0];
    assert_eq!((finding["rule"].as_str(), finding["line"].as_u64()), (Some("jinja-undefined-silent"), Some(11)));
    assert_eq!((finding["column"].as_u64(), finding["help"].as_str()), (Some(16), Some("did you mean suffix?")));
    let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--vars", "default.sufix=x"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}

#[test]
fn a_defect_of_a_file_of_variables_stands_in_that_file() {
    let dir = Dir::new();
    dir.file(
        "b.yaml",
        GOOD.replace("name: uss, type", "name: uss, version: \"{{uss.version}}\", type")
            .replace("version: 1.1.0, ", ""),
    );
    for (variables, rule, line) in [
        ("uss: {version: 1.10}\n", "vars-version-not-string", 1),
        ("a: 1\n- b\n", "yaml-syntax", 2),
        ("- uss\n", "vars-not-mapping", 1),
        ("uss: {version: \"{{ version }}\"}\n", "jinja-nested-variable", 1),
        ("uss: {version: 1.1.0}\nu-s: 1\nu_s: 2\n", "vars-hyphen-collision", 3),
    ] {
        dir.file("v.yaml", variables);
        let document = json(&dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--format=json"]));
        let file = &document["files"][1];
        assert_eq!(file["path"], "v.yaml", "{document:#}");
        let findings = file["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{document:#}"));
        assert_eq!(finding["line"].as_u64(), Some(line));
        let own = document["files"][0]["findings"].as_array().unwrap();
        assert!(own.iter().all(|finding| finding["severity"] != "error"), "{own:#?}");
    }
}

#[test]
fn the_target_decides_what_the_system_accepts() {
    let file = GOOD.replace("    playbook: site.yml\n", "");
    assert_eq!(check(&file, &[]).code, 1);
    assert_eq!(check(&file, &["--target=cfs=v2"]).code, 0);
    assert_eq!(check(&file, &["--target=sat=3.32"]).code, 0);
    assert_eq!(check(GOOD, &["--target=schema=1.0.5"]).code, 1);
    assert_eq!(check(GOOD, &["--target=sat"]).code, 2);
    let old = found(&GOOD.replace("schema_version: 1.0.6\n", ""), &["--target=sat=3.21", "--min-severity=error"]);
    assert!(old.contains(&("schema-version-feature".to_owned(), 26, 9)), "{old:?}");
}

#[test]
fn lists_of_the_system_answer_what_the_file_cannot() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD.replace("configuration: compute\n  bos", "configuration: elsewhere\n  bos"));
    dir.file("c.json", "{\"configurations\": [{\"name\": \"elsewhere\"}]}").file("d.json", "[{\"name\": \"other\"}]");
    let run =
        |list: &str| json(&dir.run(&["check", "b.yaml", "--format=json", "--configurations", list]))["summary"].clone();
    assert_eq!(run("c.json"), serde_json::json!({"errors": 0, "warnings": 0, "infos": 1}));
    assert_eq!(run("d.json")["errors"], 1);
    dir.file(
        "page.json",
        "{\"configurations\": [{\"name\": \"other\"}], \"next\": {\"after_id\": \"other\", \"limit\": 1}}",
    )
    .file("last.json", "{\"configurations\": [{\"name\": \"elsewhere\"}], \"next\": null}");
    assert_eq!(run("last.json")["errors"], 0);
    let outcome = dir.run(&["check", "b.yaml", "--configurations", "page.json"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""));
    assert!(outcome.stderr.contains("page.json: this is one page of a list that goes on"), "{}", outcome.stderr);
    let outcome = dir.run(&["check", "b.yaml", "--images", "c.json"]);
    assert_eq!(outcome.code, 3);
    assert!(
        outcome.stderr.contains("c.json: this is JSON of another kind")
            && outcome.stderr.contains("cray ims images list"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_group_is_what_ansible_would_call_it() {
    for (group, called) in [("2nd", "_nd"), ("uan-1", "uan_1"), ("9", "_")] {
        let file = GOOD.replace("[Compute]\nsession", &format!("[\"{group}\"]\nsession"));
        let outcome = check(&file, &[]);
        let said = format!("help: Ansible calls it {called}\n");
        assert!(outcome.stdout.contains("no digit first") && outcome.stdout.contains(&said), "{}", outcome.stdout);
    }
    assert_eq!(found(&GOOD.replace("[Compute]\nsession", "[\u{d6}ffi]\nsession"), &[]), []);
}

#[test]
fn where_all_keys_stand_already_a_stranger_is_to_be_removed() {
    let file = GOOD.replace("arch: x86_64}", "arch: x86_64, prefix: a, wildcard: b, colour: red}");
    let outcome = check(&format!("{file}colours: []\nlayers: []\n"), &[]);
    for said in [
        "help: remove it: all keys of a filter are there already\n",
        "help: remove it: all keys of a bootprep file are there already\n",
        "help: it is a key of a configuration; here, remove it: all keys of a bootprep file are there already\n",
    ] {
        assert!(outcome.stdout.contains(said), "{said}: {}", outcome.stdout);
    }
    let nodes = "        node_list: [x3000c0s19b1n0]\n        colour: red\n";
    let outcome = check(&format!("{GOOD}{nodes}"), &[]);
    assert!(outcome.stdout.contains("help: expected one of node_groups\n"), "{}", outcome.stdout);
    let outcome = check(&format!("{GOOD}{nodes}        node_groups: [blue]\n"), &[]);
    assert!(outcome.stdout.contains("help: remove it: all keys of a boot set are there"), "{}", outcome.stdout);
}

#[test]
fn the_architecture_of_an_image_is_known_by_what_its_id_or_name_renders_to() {
    let dir = Dir::new();
    dir.file("v.yaml", "golden: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, name: golden}\n").file(
        "images.json",
        "[{\"id\": \"5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11\", \"name\": \"golden\", \"arch\": \"aarch64\"}]",
    );
    for image in ["id: \"{{golden.id}}\"", "name: \"{{golden.name}}\""] {
        dir.file("b.yaml", GOOD.replace("{image_ref: compute}", &format!("{{ims: {{{image}}}}}")));
        let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--images", "images.json"]);
        assert_eq!(outcome.code, 1, "{image}: {}", outcome.stderr);
        let said = "error[arch-mismatch]: the image is for ARM, and this boot set is for X86";
        assert!(outcome.stdout.contains(said), "{image}: {}", outcome.stdout);
    }
}

#[test]
fn a_dollar_before_a_template_is_no_variable_of_a_shell() {
    let with = |parameters: &str| found(&GOOD.replace("quiet", parameters), &[]);
    assert_eq!(with("\"a=${{default.note}}\""), []);
    assert_eq!(with("a=${note}"), one("kernel-parameters-has-root", 28, 30));
}

#[test]
fn a_product_without_versions_is_told_as_that() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD).file("p.yaml", "uss: {}\n");
    let outcome = dir.run(&["check", "b.yaml", "--products", "p.yaml"]);
    let said = "the catalog holds no version 1.1.0 of uss";
    assert!(outcome.stdout.contains(said) && outcome.stdout.contains("help: it holds none\n"), "{}", outcome.stdout);
}

#[test]
fn an_ignore_comment_leaves_its_finding_out_and_no_other() {
    let dangling = GOOD
        .replace("base: {image_ref: base}", "base: {image_ref: bass} # incfg: ignore[image-ref-dangling] comes later");
    assert_eq!(found(&dangling, &[]), []);
    let above = GOOD.replace("- name: compute\n  ref_name: compute\n  base: {image_ref: base}", "# incfg: ignore[image-ref-dangling, unused-ref-name]\n- name: compute\n  ref_name: compute\n  base: {image_ref: bass}");
    let rules = found(&above, &[]);
    assert_eq!(rules.iter().map(|(rule, line, _)| (rule.as_str(), *line)).collect::<Vec<_>>(), [("unused-ignore", 15)]);
    assert_eq!(found(&dangling, &["--no-ignores", "--only=image-ref-dangling"]), one("image-ref-dangling", 17, 21));
    let in_text =
        GOOD.replace("kernel_parameters: quiet", "kernel_parameters: \"quiet # incfg: ignore[image-ref-dangling]\"");
    assert_eq!(found(&in_text, &[]), []);
}

#[test]
fn an_unknown_rule_in_a_comment_is_told() {
    let file = format!("{GOOD}# incfg: ignore[image-ref-danglin]\n");
    let document = json(&check(&file, &["--format=json"]));
    let finding = &document["files"][0]["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["help"].as_str()),
        (Some("unused-ignore"), Some("did you mean image-ref-dangling?"))
    );
}

#[test]
fn fixes_change_what_is_wrong_and_no_other_byte() {
    let dir = Dir::new();
    let wrong = GOOD
        .replace("version: 1.1.0", "version: 1.10")
        .replace("arch: X86\n", "arch: X86   # of the cabinet\n        network: nmn\n")
        .replace('\n', "\r\n");
    let right = wrong.replace("version: 1.10", "version: \"1.10\"").replace("        network: nmn\r\n", "");
    dir.file("b.yaml", &wrong);
    let shown = dir.run(&["check", "b.yaml", "--fix", "--diff", "--color=never"]);
    assert!(shown.stdout.contains("-        network: nmn"), "{}", shown.stdout);
    assert_eq!((shown.code, fs::read_to_string(dir.path().join("b.yaml")).unwrap()), (0, wrong));
    let outcome = dir.run(&["check", "b.yaml", "--fix"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("2 fixed"), "{}", outcome.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("b.yaml")).unwrap(), right);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no other file is left");
}

#[test]
fn a_fix_that_a_person_has_to_look_at_waits_for_unsafe() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD.replace("image: {image_ref: compute}", "image: {image_ref: computer}"));
    assert_eq!(dir.run(&["check", "b.yaml", "--fix"]).code, 1);
    assert_eq!(dir.run(&["check", "b.yaml", "--fix", "--unsafe"]).code, 0);
    assert_eq!(fs::read_to_string(dir.path().join("b.yaml")).unwrap(), GOOD);
}

#[test]
fn a_file_that_is_no_yaml_becomes_one() {
    let dir = Dir::new();
    dir.file(
        "b.yaml",
        GOOD.replace("  base: {image_ref: base}", "\tbase: {image_ref: base}")
            .replace("- name: base\n", "- name: {{base.name}}-1\n"),
    );
    let outcome = dir.run(&["check", "b.yaml", "--fix"]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(
        fs::read_to_string(dir.path().join("b.yaml")).unwrap(),
        GOOD.replace("- name: base\n", "- name: \"{{base.name}}-1\"\n")
    );
}

#[test]
fn what_is_added_behind_a_block_of_text_does_not_become_part_of_it() {
    let layer = |last: &str| {
        GOOD.replace("    playbook: site.yml\n", "").replace("      branch: main\n", &format!("      branch: {last}"))
    };
    let dir = Dir::new();
    let fixed = |file: &str| {
        dir.file("b.yaml", file).run(&["check", "b.yaml", "--fix", "--unsafe"]);
        fs::read_to_string(dir.path().join("b.yaml")).unwrap()
    };
    for (last, blank) in [("|+\n        main\n\n\n", ""), ("|\n        main\n", "\n"), (">-\n        main\n", "\n\n")] {
        assert_eq!(fixed(&layer(&format!("{last}{blank}"))), layer(&format!("{last}    playbook: site.yml\n{blank}")),);
    }
    assert_eq!(fixed(&layer("main\n\n")), layer("main\n    playbook: site.yml\n\n"));
    // At the end of the file the text would get a line break that it does not have.
    let file = layer("|\n        main\n");
    let (from, to) = (file.find("configurations:").unwrap(), file.find("images:").unwrap());
    let last = [&file[..from], &file[to..], file[from..to].trim_end()].concat();
    assert_eq!(fixed(&last), last);
    let outcome = dir.run(&["check", "b.yaml"]);
    assert!(outcome.stdout.contains("playbook: site.yml is what CFS v2 runs"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("= fix: add playbook"), "{}", outcome.stdout);
}

#[test]
fn a_file_of_variables_may_begin_with_a_byte_order_mark_and_hold_a_tab_before_a_comment() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD.replace("1.1.0", "\"{{uss.version}}\""));
    dir.file("v.yaml", "\u{feff}uss:\t# of\n  version: '1.1.0'\t# tab\n\t# more\n");
    let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
}

#[test]
fn variables_are_fixed_in_their_file_and_stdin_on_stdout() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD).file("v.yaml", "uss: {version: 1.10} # of 2024\n");
    assert_eq!(dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--fix"]).code, 0);
    assert_eq!(fs::read_to_string(dir.path().join("v.yaml")).unwrap(), "uss: {version: \"1.10\"} # of 2024\n");
    let outcome = dir.run_with_stdin(&["check", "-", "--fix"], GOOD.replace("1.1.0", "1.10").as_bytes());
    assert_eq!((outcome.code, outcome.stdout), (0, GOOD.replace("1.1.0", "\"1.10\"")));
}

#[test]
fn a_fix_is_never_made_in_text_that_an_alias_shares() {
    let file = "schema_version: 1.0.6\nimages:\n- name: one\n  base: &b {product: {name: uss, type: recipe, version: 1.10}}\n- name: two\n  base: *b\n";
    let dir = Dir::new();
    dir.file("b.yaml", file);
    assert_eq!(dir.run(&["check", "b.yaml", "--fix", "--unsafe"]).code, 1);
    assert_eq!(fs::read_to_string(dir.path().join("b.yaml")).unwrap(), file);
}

#[test]
fn directories_are_searched_for_bootprep_files_and_gitignore_is_heard() {
    let dir = Dir::new();
    dir.file("site/a.yaml", GOOD).file("site/deep/b.yml", GOOD.replace("{image_ref: base}", "{image_ref: bass}"));
    dir.file("site/chart.yaml", "images:\n- docker.io/library/x\n").file("site/broken.yaml", "a: b: c\n");
    dir.file("site/out/c.yaml", "images: {}\n").file("site/.gitignore", "out/\n").file("empty/a.txt", "");
    let paths = |flags: &[&str]| -> Vec<String> {
        let document = json(&dir.run(&[&["check", "--format=json"], flags].concat()));
        document["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(&["site"]), ["site/a.yaml", "site/deep/b.yml"]);
    assert_eq!(paths(&["site/**/*.yml"]), ["site/deep/b.yml"]);
    assert_eq!(paths(&["site/deep/b.yml", "site/a.yaml", "site/a.yaml"]), ["site/a.yaml", "site/deep/b.yml"]);
    let empty = dir.run(&["check", "empty"]);
    assert_eq!(empty.code, 3);
    assert!(empty.stderr.contains("no bootprep file in this directory"), "{}", empty.stderr);
    assert_eq!(dir.run(&["check", "site/*.nope"]).code, 3);
    dir.file("site/latin.yaml", b"images:\n- name: \xff\n  base: {}\n");
    let outcome = dir.run(&["check", "site", "--skip=image-ref-dangling"]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("site/latin.yaml:2:9: not UTF-8 text"), "{}", outcome.stderr);
}

#[test]
fn stdin_has_the_name_it_is_given() {
    let dir = Dir::new();
    let outcome = dir.run_with_stdin(&["check", "-", "--stdin-name", "site/b.yaml", "--color=never"], b"images:\n");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.starts_with("site/b.yaml:1:1: error[yaml-null-value]: "), "{}", outcome.stdout);
}

#[test]
fn a_baseline_leaves_out_what_is_known_also_when_lines_move() {
    let dir = Dir::new();
    let known = GOOD.replace("{image_ref: base}", "{image_ref: bass}");
    dir.file("b.yaml", &known);
    assert_eq!(dir.run(&["check", "b.yaml", "--write-baseline", "known.json"]).code, 0);
    assert_eq!(dir.run(&["check", "b.yaml", "--baseline", "known.json"]).code, 0);
    dir.file("b.yaml", format!("# a new line\n{known}"));
    assert_eq!(dir.run(&["check", "b.yaml", "--baseline", "known.json"]).code, 0);
    dir.file("b.yaml", known.replace("image: {image_ref: compute}", "image: {image_ref: comptue}"));
    let outcome = dir.run(&["check", "b.yaml", "--baseline", "known.json", "--format=json"]);
    let document = json(&outcome);
    assert_eq!((outcome.code, &document["summary"]["errors"]), (1, &Value::from(1)));
    assert_eq!(dir.run(&["check", "b.yaml", "--baseline", "b.yaml"]).code, 3);
}

/// Names that would break out of each form.
#[test]
fn names_stay_text_in_every_form() {
    let name = "a::error::b]]>%0A<x>&\\\"\\n\\e[31m\\u202e,c";
    let dir = Dir::new();
    dir.file("b,1:2.yaml", format!("images:\n- name: x\n  base: {{image_ref: \"{name}\"}}\n  configuration: c\n  configuration_group_names: [Compute]\n"));
    let run = |form: &str| dir.run(&["check", "b,1:2.yaml", "--color=never", "--format", form]).stdout;
    let text = run("text");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let github = run("github");
    assert_eq!(
        github.lines().filter(|line| line.starts_with("::error file=b%2C1%3A2.yaml,line=3,col=")).count(),
        1,
        "{github}"
    );
    assert_eq!(github.lines().count(), github.lines().filter(|line| line.starts_with("::")).count(), "{github}");
    assert!(!github.contains(['\u{1b}', '\u{202e}']), "{github}");
    let junit = run("junit");
    assert!(!junit.contains('\u{1b}') && !junit.contains("<x>") && junit.contains("]]&gt;"), "{junit}");
    assert_eq!(junit.matches("<failure ").count(), 1);
    let sarif: Value = serde_json::from_str(&run("sarif")).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(location, "b%2C1%3A2.yaml");
}

#[test]
fn sarif_names_rules_places_fixes_and_fingerprints() {
    let outcome = check(&GOOD.replace("1.1.0", "1.10"), &["--format=sarif"]);
    let log: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!((outcome.code, log["version"].as_str()), (1, Some("2.1.0")));
    let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][at]["id"], "yaml-version-not-string");
    assert_eq!(result["ruleId"], "yaml-version-not-string");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region, &serde_json::json!({"startLine": 14, "startColumn": 49, "endLine": 14, "endColumn": 53}));
    let replaced = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replaced["insertedContent"]["text"], "\"1.10\"");
    assert_eq!(result["partialFingerprints"]["incfg/v1"].as_str().map(str::len), Some(16));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_checked() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD.replace("{image_ref: base}", "{image_ref: bass}")).file("latin.yaml", b"a: \xff\n");
    dir.file("chart.yaml", "apiVersion: v1\nkind: ConfigMap\n").file("large.yaml", vec![b'#'; 17 << 20]);
    let outcome =
        dir.run(&["check", "b.yaml", "latin.yaml", "chart.yaml", "large.yaml", "missing.yaml", "--format=json"]);
    let document = json(&outcome);
    assert_eq!((outcome.code, &document["summary"]["errors"]), (3, &Value::from(1)));
    for said in [
        "latin.yaml:1:4: not UTF-8 text",
        "chart.yaml:1:1: this is no bootprep file",
        "large.yaml: larger than 16 MiB",
        "missing.yaml: there is no such file or directory. Give bootprep files",
    ] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    assert_eq!(dir.run(&["check", "b.yaml", "--vars-file", "missing.yaml"]).code, 3);
}

#[test]
fn hostile_files_are_findings_or_errors_in_bounded_time() {
    let bomb = format!(
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n{}images: *a8\n",
        (1..9)
            .map(|at| format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 9].join(",")))
            .collect::<String>()
    );
    let deep = format!("images: {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let chain: String = (0..10_000).map(|at| format!("- {{name: n{at}, ref_name: r{at}, base: {{image_ref: r{}}}, configuration: c, configuration_group_names: [Compute]}}\n", at + 1)).collect();
    let circle = format!(
        "images:\n{chain}- {{name: z, ref_name: r10000, base: {{image_ref: r0}}, configuration: c, configuration_group_names: [Compute]}}\n"
    );
    let deep_aliases: String = (1..9_000).map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1)).collect();
    let deep_aliases = format!("a0: &a0 [x]\n{deep_aliases}images: []\n");
    let merged: String = (1..40).map(|at| format!("m{at}: &m{at} {{<<: [*m{0}, *m{0}]}}\n", at - 1)).collect();
    let merged = format!("m0: &m0 {{x: y}}\n{merged}images:\n- *m39\n");
    let keys = format!("images: []\n{}", (0..100_000).map(|at| format!("k{at}: 1\n")).collect::<String>());
    let cut = &GOOD[..GOOD.len() / 2];
    for file in [
        bomb.as_str(),
        &deep,
        &circle,
        &keys,
        &deep_aliases,
        &merged,
        "images:\n- &a {name: b, base: *a, x: {<<: *a}}\n",
        cut,
        "\0",
        "\u{2028}",
        "?",
        "- - - -",
        "&a *a",
        "{{{{",
        "images: &a [*a]",
    ] {
        let outcome = check(file, &["--format=json", "--min-severity=info"]);
        assert!([0, 1, 3].contains(&outcome.code), "{}: {}", outcome.code, outcome.stderr);
        assert!(!outcome.stderr.contains("defect"), "{}", outcome.stderr);
    }
    assert_eq!(found(&circle, &["--only=image-ref-cycle"]).len(), 1);
}

#[test]
fn a_rule_is_explained_with_its_examples() {
    let dir = Dir::new();
    let outcome = dir.run(&["check", "--explain", "jinja-undefined-silent", "--color=never"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stdout.starts_with("jinja-undefined-silent (error)\n\nFinds "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("default.sufix") && outcome.stdout.contains("--vars-file"), "{}", outcome.stdout);
    let list = dir.run(&["check", "--list-rules", "--color=never"]);
    assert!(list.stdout.lines().count() > 120 && list.stdout.contains("\n  image-ref-cycle "), "{}", list.stdout);
}

#[test]
fn the_page_of_the_rules_is_what_the_command_prints() {
    let printed = Dir::new().run(&["check", "--list-rules", "--format=markdown"]).stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        printed,
        "print it anew: incfg check --list-rules --format markdown > docs/rules.md"
    );
}

#[test]
fn the_json_schema_takes_a_good_file_apart_as_the_check_does() {
    let outcome = Dir::new().run(&["schema"]);
    let schema: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let image = &schema["properties"]["images"]["items"];
    assert_eq!(outcome.code, 0);
    assert_eq!(image["additionalProperties"], false);
    assert_eq!(image["properties"]["if_exists"]["enum"], serde_json::json!(["skip", "overwrite", "abort"]));
    assert_eq!(image["dependencies"]["configuration"], serde_json::json!(["configuration_group_names"]));
    assert_eq!(
        schema["properties"]["session_templates"]["items"]["required"],
        serde_json::json!(["name", "image", "configuration", "bos_parameters"])
    );
}

/// The rules of the errors found, with their lines.
fn errors(file: &str, flags: &[&str]) -> Vec<(String, u64)> {
    let document = json(&check(file, &[&["--format", "json"], flags].concat()));
    let files = document["files"].as_array().unwrap().iter();
    files
        .flat_map(|file| file["findings"].as_array().unwrap())
        .filter(|one| one["severity"] == "error")
        .map(|one| (one["rule"].as_str().unwrap().to_owned(), one["line"].as_u64().unwrap()))
        .collect()
}

#[test]
fn a_template_that_asks_first_is_no_error() {
    let dir = Dir::new();
    dir.file("v.yaml", "default: {wlm: slurm, suffix: -1}\nrecipe: {version: 24.11.0}\n");
    for name in [
        "{% if default.wlm == 'pbs' %}{{ pbs.version }}{% else %}{{ recipe.version }}{% endif %}",
        "{% if cos is defined %}{{ cos.version }}{% else %}b{% endif %}",
        "{% if cos and cos.version %}{{ cos.version }}{% endif %}x",
        "{{ cos.version if cos is defined else 'x' }}",
        "{% if version %}{{ version }}{% endif %}x",
        "{{ nope | default('x') }}",
        "{{ nope or 'x' }}",
        "x{{ default.suffix }}{{ recipe.version.split('.')[0] }}",
    ] {
        dir.file("b.yaml", GOOD.replace("- name: base\n", &format!("- name: \"{name}\"\n")));
        let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--color=never"]);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.stdout);
    }
}

#[test]
fn what_jinja2_stops_at_is_told_from_what_it_leaves_empty() {
    let dir = Dir::new();
    dir.file("v.yaml", "recipe: {version: 24.11.0}\n");
    for (name, rule) in [
        ("{{ cos.version }}", "jinja-undefined-variable"),
        ("{{ x + 'a' }}", "jinja-undefined-variable"),
        ("{{ x[0] }}", "jinja-undefined-variable"),
        ("{{ lookup('env', 'X') }}", "jinja-undefined-variable"),
        ("{{ 'a' if x > 3 }}", "jinja-undefined-variable"),
        ("a{{ x }}", "jinja-undefined-silent"),
        ("a{{ recipe.versoin }}", "jinja-undefined-silent"),
        ("a{{ recipe.version.minor }}", "jinja-undefined-silent"),
    ] {
        dir.file("b.yaml", GOOD.replace("- name: base\n", &format!("- name: \"{name}\"\n")));
        let document = json(&dir.run(&["check", "b.yaml", "--vars-file", "v.yaml", "--format=json"]));
        let found = document["files"][0]["findings"].as_array().unwrap();
        let rules: Vec<&str> = found.iter().map(|one| one["rule"].as_str().unwrap()).collect();
        assert_eq!(rules, [rule], "{name}");
    }
}

#[test]
fn one_cause_is_one_error_wherever_it_shows() {
    for (from, to, rule, line) in [
        ("boot_sets:", "bootsets:", "schema-missing-key", 24),
        ("bos_parameters:", "bos_params:", "schema-unknown-key", 24),
        ("ref_name: base\n", "refname: base\n", "schema-unknown-key", 12),
        ("images:\n", "imgs:\n", "schema-unknown-key", 10),
        ("      url: ", "      repo: ", "schema-unknown-key", 8),
        ("{image_ref: base}", "{image_ref: bsae}", "image-ref-dangling", 17),
        ("        arch: X86\n", "        arch: no\n", "yaml-boolean-trap", 27),
        (
            "product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}",
            "image_ref: compute",
            "image-ref-cycle",
            14,
        ),
    ] {
        let file = GOOD.replace(from, to);
        assert_eq!(errors(&file, &[]), [(rule.to_owned(), line)], "{to}");
    }
}

#[test]
fn a_file_that_is_no_yaml_is_told_by_what_the_author_wrote() {
    for (from, to, rule, line) in [
        ("{image_ref: base}", "{image_ref: {{x}}-base}", "yaml-unquoted-jinja", 17),
        ("{image_ref: compute}", "{image_ref: c-{{x}}}", "yaml-unquoted-jinja", 22),
        ("kernel_parameters: quiet", "kernel_parameters: @quiet", "yaml-syntax", 28),
        ("kernel_parameters: quiet", "kernel_parameters: *quiet", "yaml-syntax", 28),
        (
            "{product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}}",
            "{name: uss",
            "yaml-syntax",
            14,
        ),
        (
            "  configuration: compute\n  configuration_group",
            "  configuration:compute\n  configuration_group",
            "yaml-syntax",
            18,
        ),
    ] {
        let file = GOOD.replace(from, to).replace(
            "    product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}",
            if to == "{name: uss" {
                "    product: {name: uss"
            } else {
                "    product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}"
            },
        );
        let found = errors(&file, &[]);
        assert!(found.contains(&(rule.to_owned(), line)), "{to}: {found:?}");
    }
}

#[test]
fn a_feature_that_came_later_is_told_once() {
    let file = GOOD.replace("schema_version: 1.0.6", "schema_version: 1.0.3").replace(
        "    playbook: site.yml\n",
        "    playbook: site.yml\n    special_parameters: {ims_require_dkms: true}\n",
    );
    let late: Vec<u64> =
        found(&file, &["--only=schema-version-feature"]).into_iter().map(|(_, line, _)| line).collect();
    assert_eq!(late, [7, 15, 28], "special_parameters, filter.arch and arch");
    assert_eq!(found(&GOOD.replace("1.0.6", "0.9.0"), &[]), one("schema-version-major", 1, 17));
    assert_eq!(
        found(&GOOD.replace("1.0.6", "1.0.0"), &["--only=schema-version-feature"])
            .iter()
            .filter(|(_, line, _)| *line == 1)
            .count(),
        0
    );
}

#[test]
fn a_key_that_stands_twice_in_a_file_of_variables_is_told_there() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD).file("v.yaml", "uss: {version: 1.1.0, version: 1.2.0}\ncsm: {}\ncsm: {}\n");
    let document = json(&dir.run(&[
        "check",
        "b.yaml",
        "--vars-file",
        "v.yaml",
        "--format=json",
        "--only=yaml-duplicate-key,vars-hyphen-collision",
    ]));
    let found = document["files"][1]["findings"].as_array().unwrap();
    let places: Vec<(&str, u64)> =
        found.iter().map(|one| (one["rule"].as_str().unwrap(), one["line"].as_u64().unwrap())).collect();
    assert_eq!(places, [("yaml-duplicate-key", 1), ("yaml-duplicate-key", 3)]);
}

#[test]
fn a_base_that_moves_up_takes_its_comments_along() {
    let dir = Dir::new();
    let compute = "# of the nodes\n- name: compute\n  base: {image_ref: base}\n  configuration: c\n  configuration_group_names: [Compute]\n";
    let base =
        "# of the recipe\n- name: \"b-{{base.name}}\"\n  ref_name: base\n  base: {ims: {name: r, type: recipe}}\n";
    dir.file("b.yaml", format!("schema_version: 1.0.6\nimages:\n{compute}{base}"));
    assert_eq!(dir.run(&["check", "b.yaml", "--fix"]).code, 0);
    assert_eq!(
        fs::read_to_string(dir.path().join("b.yaml")).unwrap(),
        format!("schema_version: 1.0.6\nimages:\n{base}{compute}")
    );
}

#[test]
fn comments_leave_findings_out_in_files_of_variables_too_and_have_to_be_whole() {
    let dir = Dir::new();
    dir.file("b.yaml", GOOD.replace("- name: base\n", "- name: \"base{{recipe.version}}\"\n"));
    dir.file("v.yaml", "recipe: {version: 24.10} # incfg: ignore[vars-version-not-string] on purpose\n");
    let outcome = dir.run(&["check", "b.yaml", "--vars-file", "v.yaml"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    for comment in ["incfg: ignore", "incfg: ignore[]", "incfg: ignore image-ref-cycle", "incfg:ignore[image-ref-cycle"]
    {
        assert_eq!(found(&format!("{GOOD}# {comment}\n"), &[]), one("unused-ignore", 32, 1), "{comment}");
    }
}

#[test]
fn an_image_on_an_image_of_the_file_without_a_configuration_is_no_work() {
    let file = GOOD.replace("  configuration: compute\n  configuration_group_names: [Compute]\n", "");
    assert_eq!(errors(&file, &[]), [("image-without-work".to_owned(), 15)]);
}

#[test]
fn signs_that_end_a_line_for_sat_only_are_found_in_comments() {
    let file = GOOD.replace("branch: main", "branch: main # one\u{2028}two");
    assert_eq!(found(&file, &[]), one("yaml-syntax", 9, 25));
}
