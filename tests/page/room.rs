//! However much there is to tell, a page stays small, tells the worst, and says what it leaves out.

use incfg::lint::{Place, Rule, Severity, rules};
use incfg::report::findings::{FileReport, Report};
use incfg::text::SourceText;

use crate::harness::{self, Dir, InstallLog};
use crate::sound;

#[test]
fn two_hundred_images_are_all_told() {
    let dir = Dir::new();
    let mut lines = harness::begin("managed", 201);
    lines.extend(harness::items(&[vec![None], vec![Some(0); 200]].concat()));
    lines.extend(harness::built(harness::BASE, harness::BASE_ID));
    for number in 0..200 {
        let name = format!("compute-{number:03}-with-a-name-as-long-as-people-make-them-{}.x86_64", harness::BASE);
        if number % 10 == 3 {
            lines.extend(harness::failed_in(&name, &format!("ansible-{}", number % 7), number + 1));
        } else {
            lines.extend(harness::customized(&name, &format!("{number:08x}-2222-4333-8444-555555555555")));
        }
    }
    lines.extend(harness::ended_badly(20));
    dir.file("main.log", harness::as_main_log(&lines));
    let outcome = dir.run(&["analyze", "main.log", "--format", "html"]);
    let html = sound(&outcome.stdout);
    assert!(html.text.contains("20 images failed, 181 images can be reused"), "{:.900}", html.text);
    for number in 0..200 {
        assert!(html.text.contains(&format!("compute-{number:03}-with")), "image {number}");
    }
}

#[test]
fn images_that_may_be_the_base_of_many_are_named_once() {
    let dir = Dir::new();
    let mut lines = harness::begin("managed", 9);
    lines.extend(harness::items(&[vec![None, None], vec![Some(0); 7]].concat()));
    lines.extend(harness::built("base.x86", harness::BASE_ID));
    lines.extend(harness::built("base.arm", harness::OTHER_ID));
    for number in 0..7 {
        lines.extend(harness::failed_in(&format!("compute-{number}"), "ansible-1", number + 2));
    }
    lines.extend(harness::ended_badly(7));
    dir.file("main.log", harness::as_main_log(&lines));
    let html = sound(&dir.run(&["analyze", "main.log", "--format", "html"]).stdout);
    let named = format!("may be {} base.x86 or {} base.arm", harness::BASE_ID, harness::OTHER_ID);
    assert_eq!(html.text.matches(&named).count(), 1, "{}", html.text);
    assert_eq!(html.text.matches("may be one of those named for compute-0").count(), 6, "{}", html.text);
}

#[test]
fn of_thousands_of_sessions_the_newest_are_told_and_the_rest_is_counted() {
    let dir = Dir::new();
    let mut text = String::new();
    for number in 0..3_000 {
        let mut log = InstallLog::at(number % 600);
        let workflow = format!("demo-{number:05}-prepare-images-x2k4z");
        log.begin("demo", &format!("demo-{number:05}")).stage("prepare-images", &workflow).sat(
            harness::MANAGED,
            &harness::compute_fails("ansible"),
            "Failed",
        );
        text += log.text();
    }
    dir.file("act/log/20240201090000/install.log", text);
    let outcome = dir.run(&["analyze", "act", "--format", "html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let html = sound(&outcome.stdout);
    assert!(html.text.contains("older rows left out: the newest are shown"), "{:.2000}", html.text);
    assert!(html.text.contains("attempt 3000 of 3000"));
}

#[test]
fn names_as_long_as_a_line_may_be_do_not_fill_the_page() {
    let dir = Dir::new();
    let long = "<&\">'x".repeat(20_000);
    let mut lines = harness::begin("managed", 9);
    for number in 0..30 {
        lines.extend(harness::failed_in(&format!("{number}-{long}"), "ansible", number));
    }
    dir.file("main.log", harness::as_main_log(&lines));
    let outcome = dir.run(&["analyze", "main.log", "--format", "html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let html = sound(&outcome.stdout);
    assert!(html.text.contains("more characters)"), "{:.900}", html.text);
}

#[test]
fn of_a_hundred_thousand_findings_the_errors_are_told_and_the_rest_is_counted() {
    let rules: Vec<&'static Rule> = rules::all().collect();
    let line = "- {name: \"<b>\", base: {image_ref: nothing}}\n";
    let mut report = Report::default();
    for file in 0..200 {
        let text = SourceText::new("b.yaml", line.repeat(500).as_bytes()).unwrap();
        let found = |number: usize| {
            let start = number * line.len();
            let place = Place { range: start + 2..start + 20, path: format!("images[{number}]") };
            let mut finding = rules[number % rules.len()].at(place, format!("<i>finding</i> {number} & more"));
            finding.severity = if number == 499 { Severity::Error } else { Severity::Info };
            finding.help(format!("help {number}"))
        };
        let findings = (0..500).map(found).collect();
        let path = format!("site/{file:03}/bootprep.yaml");
        report.files.push(FileReport { path, text: Some(text), findings, left_out: 7, error: None });
    }
    let html = sound(incfg::report::html::findings::document(&report).unwrap().as_str());
    assert!(html.text.contains("200 errors in 200 files"), "{:.900}", html.text);
    assert!(html.text.contains("left out, the worst are shown"), "{:.900}", html.text);
    let errors = html.all("li").filter(|tag| tag.get("class") == Some("finding error")).count();
    assert_eq!(errors, 200, "every error is told");
}

#[test]
fn paths_as_long_as_a_system_takes_them_do_not_fill_the_page() {
    let dir = Dir::new();
    let folder = "'".repeat(200);
    let path = format!("{}/main.log", [folder.as_str(); 15].join("/"));
    let mut lines = harness::begin("managed", 9);
    for number in 0..200 {
        lines.extend(harness::failed_in(&format!("image-{number}"), "ansible", number));
    }
    dir.file(&path, harness::as_main_log(&lines));
    let outcome = dir.run(&["analyze", &path, "--format", "html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let html = sound(&outcome.stdout);
    assert!(html.text.contains("too long for this page"), "{:.900}", html.text);
    assert!(!html.text.contains("incfg analyze '"), "half a command is worse than none");
}
