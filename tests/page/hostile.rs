//! Names that would like to be something else than text.

use crate::harness::{self, Dir};
use crate::hostile_names::HOSTILE;
use crate::sound;

/// Those that can stand in one line of a log.
fn hostile() -> impl Iterator<Item = &'static str> {
    HOSTILE.iter().copied().filter(|name| !name.contains(['\n', '\r', '\0']))
}

fn log_with(name: &str) -> String {
    let lines = [
        harness::begin("managed", 2),
        harness::items(&[None, Some(0)]),
        harness::built(&format!("base-{name}"), harness::BASE_ID),
        harness::failed_in(&format!("compute-{name}"), "ansible", 1),
        vec![("ERROR", format!("Failed for {name}"))],
        harness::ended_badly(1),
    ]
    .concat();
    harness::as_main_log(&lines)
}

fn page_with(name: &str) -> String {
    let dir = Dir::new();
    dir.file("main.log", log_with(name));
    let outcome = dir.run(&["analyze", "main.log", "--format", "html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn a_page_has_the_same_tags_whatever_the_names() {
    let harmless = page_with("plain");
    let harmless = sound(&harmless);
    for name in hostile() {
        let page = page_with(name);
        let html = sound(&page);
        assert_eq!(html.skeleton(), harmless.skeleton(), "{name:?}");
        let seen = incfg::shown::printable(name);
        let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(html.text.contains(&format!("compute-{seen} failed")), "{name:?}: {}", html.text);
    }
}

#[test]
fn hostile_paths_and_activities_stay_text() {
    for name in hostile().filter(|name| !name.contains('/')) {
        let dir = Dir::new();
        let path = format!("{name}/log/20240201090000/install.log");
        let mut log = harness::InstallLog::new();
        log.begin(name, "demo-ab1cd").stage("prepare-images", harness::WORKFLOW).sat(
            harness::MANAGED,
            &harness::compute_fails("ansible"),
            "Failed",
        );
        dir.file(&path, log.text());
        let outcome = dir.run(&["analyze", &format!("./{name}"), "--format", "html"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        sound(&outcome.stdout);
    }
}

#[test]
fn hostile_bootprep_files_stay_text() {
    for name in HOSTILE {
        let dir = Dir::new();
        let quoted = serde_json::to_string(name).unwrap();
        dir.file(
            "b.yaml",
            format!(
                "images:\n- name: {quoted}\n  ref_name: {quoted}\n  base: {{image_ref: {quoted}}}\n  {quoted}: 1\n"
            ),
        );
        let outcome = dir.run(&["check", "b.yaml", "--format", "html"]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let html = sound(&outcome.stdout);
        assert!(html.all("/li").count() > 2, "{name:?} has findings");
    }
}
