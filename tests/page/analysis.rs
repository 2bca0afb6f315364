//! The page of an analysis.

use std::process::Command;

use crate::harness::{self, Dir, InstallLog, MANAGED, WORKFLOW};
use crate::sound;

const WINTER: &[&str] = &[
    "analyze",
    "testdata/winter/iuf",
    "testdata/winter/ansible.log",
    "testdata/winter/configuration.json",
    "--bootprep",
    "testdata/winter/compute-and-uan-bootprep.yaml",
    "--vars-file",
    "testdata/winter/session_vars.yaml",
    "--format",
    "html",
];

fn in_repository(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn page_of(dir: &Dir, arguments: &[&str]) -> String {
    let outcome = dir.run(&[&["analyze", "--format", "html"], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn the_page_of_the_winter_activity_tells_what_the_story_tells() {
    let html = sound(&in_repository(WINTER));
    for told in [
        "Activity winter-24.11",
        "compute-hpe-cos-24.11.x86_64-winter failed in layer 3 of its configuration",
        "in prepare-managed-images of session winter-24-11-t5v9c, attempt 2 of 2",
        "layer 3 of 0 to 4: sma-integration-24.11, sma-ldms-compute.yml",
        "counted in testdata/winter/ansible.log and checked against configuration winter-compute-24.11",
        "sma-config-management.git TASK [sma : start ldmsd]: FAILED! => {\"changed\": false, \"msg\": \"Could not find",
        "Proven good 0,1,2 the layers, as CFS takes them in configuration_limit",
        "TASK [sma : start ldmsd]: FAILED!",
        "Base image there, layers 0 to 2 passed, layer 3 failed, layer 4 not run, no image made.",
        "8ecc2e27-78e5-4edd-8b55-1be4b28f96fc",
        "Session winter-24-11-k3m7q",
        "no bootprep file was given, so SAT did nothing",
    ] {
        assert!(html.text.contains(told), "{told}\n{}", html.text);
    }
}

#[test]
fn the_commands_are_those_of_the_text() {
    let logs_alone = ["analyze", "testdata/winter/iuf", "--format", "html"];
    for (words, count) in [(WINTER, 3), (&logs_alone, 8)] {
        let html = sound(&in_repository(words));
        let text = in_repository(&[&words[..words.len() - 2], &["--color", "never"]].concat());
        let commands: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("      "))
            .filter(|line| ["incfg ", "cray ", "kubectl "].iter().any(|word| line.starts_with(word)))
            .collect();
        assert_eq!(commands.len(), count, "{text}");
        for command in commands {
            assert!(html.text.contains(command), "{command}");
        }
    }
}

#[test]
fn the_lines_around_a_fact_stand_in_its_fold_with_their_numbers() {
    let page = in_repository(WINTER);
    sound(&page);
    let log = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/winter/ansible.log")).unwrap();
    let line = log.lines().nth(51).unwrap();
    assert!(line.contains("Could not find the requested service"), "{line}");
    let escaped = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    assert!(page.contains(&format!("<li value=\"52\" class=\"here\"><mark>{escaped}</mark></li>")));
    assert!(page.contains("<li value=\"50\">") && page.contains("<figcaption><bdi>ansible.log</bdi></figcaption>"));
}

#[test]
fn a_flag_stays_whole_where_a_line_is_broken() {
    let page = in_repository(WINTER);
    let flag =
        "compute-and-uan-bootprep.yaml <span class=\"flag\">--vars-file</span> testdata/winter/session_vars.yaml";
    assert!(page.contains(flag), "{page}");
}

#[test]
fn two_pages_of_the_same_logs_are_the_same_bytes() {
    assert_eq!(in_repository(WINTER), in_repository(WINTER));
}

#[test]
fn o_writes_the_page_that_goes_to_standard_output_otherwise() {
    let dir = Dir::new();
    dir.file("main.log", harness::as_main_log(&harness::compute_fails("ansible")));
    let printed = page_of(&dir, &["main.log"]);
    let outcome = dir.run(&["analyze", "main.log", "--format", "html", "-o", "report.html"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join("report.html")).unwrap(), printed);
    let into = dir.run(&["analyze", "main.log", "--format", "html", "-o", "no/such/report.html"]);
    assert_eq!(into.code, 3);
    assert!(into.stderr.contains("no/such/report.html"), "{}", into.stderr);
}

#[test]
fn a_log_from_standard_input_and_a_packed_one_show_their_lines_too() {
    let dir = Dir::new();
    let log = harness::as_main_log(&harness::compute_fails("ansible-2"));
    let outcome = dir.run_with_stdin(&["analyze", "-", "--format", "html"], log.as_bytes());
    let shown = "<mark>ERROR: Creation of image compute-cos-base failed</mark>";
    assert!(outcome.stdout.contains(shown), "{}", outcome.stdout);
    sound(&outcome.stdout);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, log.as_bytes()).unwrap();
    dir.file("main.log.gz", packer.finish().unwrap());
    assert!(page_of(&dir, &["main.log.gz"]).contains(shown));
}

#[test]
fn the_layers_of_an_image_that_was_made_are_those_of_its_configuration() {
    let dir = Dir::new();
    let lines = [
        harness::begin("managed", 2),
        harness::items(&[None, Some(0)]),
        harness::built(harness::BASE, harness::BASE_ID),
        harness::customized("compute-cos-base", harness::FINAL_ID),
    ]
    .concat();
    dir.file("main.log", harness::as_main_log(&lines));
    dir.file(
        "b.yaml",
        "images:\n- {name: cos-base, ref_name: ref0, base: {product: {name: cos, type: recipe}}}\n- {name: 'compute-{{base.name}}', ref_name: compute, base: {image_ref: ref0}, configuration: c, configuration_group_names: [Compute]}\n",
    );
    let layers: Vec<String> = (0..40)
        .map(|n| {
            format!("{{\"name\": \"layer-{n}\", \"playbook\": \"p{n}.yml\", \"clone_url\": \"u\", \"commit\": \"c\"}}")
        })
        .collect();
    dir.file("c.json", format!("{{\"name\": \"c\", \"last_updated\": \"x\", \"layers\": [{}]}}", layers.join(",")));
    let html = sound(&page_of(&dir, &["main.log", "c.json", "--bootprep", "b.yaml"]));
    assert!(html.text.contains("Base image there, layers 0 to 39 passed, image made."), "{}", html.text);
    assert!(html.tags.iter().any(|tag| tag.get("title") == Some("layer-39, p39.yml, u")));
}

#[test]
fn an_image_without_an_end_is_not_told_as_failed() {
    let dir = Dir::new();
    let lines = [
        harness::begin("managed", 3),
        harness::items(&[None, Some(0), Some(0)]),
        harness::built(harness::BASE, harness::BASE_ID),
        harness::customizing("compute-cos-base"),
        harness::customizing("uan-cos-base"),
    ]
    .concat();
    dir.file("main.log", harness::as_main_log(&lines));
    let html = sound(&page_of(&dir, &["main.log"]));
    assert!(html.text.contains("2 images have no end in the log, 1 image can be reused"), "{}", html.text);
    assert!(html.text.contains("whether an image was made is not known"));
}

#[test]
fn a_run_that_failed_before_any_image_is_told_in_the_words_of_sat() {
    let dir = Dir::new();
    let mut lines = harness::begin("managed", 0);
    lines.truncate(2);
    lines.push(("ERROR", "Input file is invalid with the following validation errors:".into()));
    lines.push(("ERROR", "['images'][1]['base']: 'ims' is a required property".into()));
    lines.push(("", "Script content exited with return code 1".into()));
    dir.file("main.log", harness::as_main_log(&lines));
    let html = sound(&page_of(&dir, &["main.log"]));
    assert!(html.text.contains("prepare-managed-images failed before it made anything"), "{}", html.text);
    assert!(html.text.contains("'ims' is a required property"));
}

#[test]
fn a_hook_that_failed_before_sat_stands_at_the_head() {
    let dir = Dir::new();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    log.column("ERR", "cos-pre-hook-prepare-images", "END call-hook-script [Failed]");
    log.column("ERR", "STAGE: prepare-images", "END Failed in 0:00:40");
    dir.file("act/log/20240201090000/install.log", log.text());
    let html = sound(&page_of(&dir, &["act"]));
    let head = "Stage prepare-images failed, and SAT never ran What failed step call-hook-script of cos-pre-hook-prepare-images ended as Failed";
    assert!(html.text.contains(head), "{}", html.text);
}

#[test]
fn a_gap_between_stages_and_a_clock_that_was_set_back_are_told() {
    let dir = Dir::new();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(
        MANAGED,
        &harness::compute_fails("ansible"),
        "Failed",
    );
    log.column("ERR", "STAGE: prepare-images", "END Failed in 0:00:40");
    let mut later = InstallLog::at(95);
    later.begin("demo", "demo-zz9zz").stage("prepare-images", "demo-zz9zz-prepare-images-q1w2e").sat(
        MANAGED,
        &harness::compute_fails("ansible"),
        "Failed",
    );
    dir.file("act/log/20240201090000/install.log", log.text());
    dir.file("act/log/20240201103500/install.log", later.text());
    let html = sound(&page_of(&dir, &["act"]));
    assert!(html.text.contains("1 h 34 min in which nothing of these logs begins or ends"), "{}", html.text);
    assert!(html.text.contains("attempt 1 of 2") && html.text.contains("superseded"));
    assert!(!html.text.contains("Clock:"));

    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", format!("{}{}", later.text(), log.text()));
    let html = sound(&page_of(&dir, &["act"]));
    assert!(html.text.contains("the clock was set back between them"), "{}", html.text);
}

#[test]
fn the_text_and_the_assignments_go_to_a_file_too() {
    let dir = Dir::new();
    dir.file("main.log", harness::as_main_log(&harness::compute_fails("ansible-2")));
    assert_eq!(dir.run(&["analyze", "main.log", "-o", "story.txt"]).code, 0);
    let story = std::fs::read_to_string(dir.path().join("story.txt")).unwrap();
    assert!(story.contains("compute-cos-base") && !story.contains('\u{1b}'), "{story}");
    let refused = dir.run(&["analyze", "main.log", "--format", "env", "-o", "vars"]);
    assert_eq!(refused.code, 1);
    assert!(!dir.path().join("vars").exists());
}
