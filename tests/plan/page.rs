//! The page of a plan.

use serde_json::json;

use crate::harness::{Site, UAN_ID};

fn page(site: &Site) -> String {
    let outcome = site.incfg(&["status", "plan.yaml", "--format", "html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.len() < 500_000);
    assert!(outcome.stdout.starts_with("<!DOCTYPE html>") && outcome.stdout.ends_with("</html>"));
    outcome.stdout
}

/// The page without the marks that keep a flag on one line: a browser copies what stands between them.
fn without_marks_of_flags(page: &str) -> String {
    let mut parts = page.split("<span class=\"flag\">");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &part.replacen("</span>", "", 1))
}

fn tells(page: &str, told: &[&str]) {
    let page = without_marks_of_flags(page);
    for told in told {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn a_plan_that_is_not_begun_shows_its_layers_and_its_next_commands() {
    let site = Site::new();
    let page = page(&site);
    tells(
        &page,
        &[
            "Next: layers 0,1,2 of compute.x86_64",
            "0 of 3 steps done",
            "0 of 5 layers applied",
            "sma-integration-24.11, sma-ldms-compute.yml",
            "incfg run plan.yaml",
            "incfg record plan.yaml -",
        ],
    );
    let by_hand = site.incfg(&["next", "plan.yaml"]).stdout;
    let page = without_marks_of_flags(&page);
    for command in by_hand.lines().filter_map(|line| line.strip_prefix("      ")) {
        let escaped = command.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.contains(&escaped.replace('\'', "&#39;")), "{command}");
    }
}

#[test]
fn a_layer_that_failed_is_told_with_its_attempt_and_its_reason() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail"]}));
    site.run(&[]);
    let status = site.status();
    let failed = &status["images"][0]["steps"][1];
    assert_eq!(failed["state"], "failed", "{status:#}");
    let page = page(&site);
    tells(
        &page,
        &["Layer 3 of compute.x86_64 failed; it can be done again", "attempt 1, failed", "3 of 5 layers applied"],
    );
    tells(&page, &[failed["session"].as_str().unwrap(), failed["reason"].as_str().unwrap()]);
    tells(&page, &[site.steps("result_id")[0].as_str().unwrap()]);
}

#[test]
fn a_plan_that_is_through_tells_the_pins_the_restart_and_what_to_delete() {
    let site = Site::new();
    site.run(&["--keep-sessions"]);
    let page = page(&site);
    tells(
        &page,
        &[
            "The image is made",
            "3 of 3 steps done",
            "incfg rewrite-bootprep winter/compute-and-uan-bootprep.yaml",
            "run -r prepare-images",
            "cray ims images delete",
            "id=\"delete\"",
        ],
    );
    let results = site.steps("result_id");
    tells(&page, &[results[2].as_str().unwrap()]);
    for session in site.steps("session") {
        tells(&page, &[&format!("delete {}", session.as_str().unwrap())]);
    }
}

#[test]
fn what_stands_in_the_way_is_told_at_the_head_of_the_page() {
    let site = Site::new();
    site.fates(&json!({"3": ["changes-3"]}));
    assert_eq!(site.run(&[]).code, 1);
    let page = page(&site);
    let (head, rest) = page.split_once("id=\"next\"").unwrap();
    tells(head, &["Something is in the way of compute.x86_64", "commit of layer 3 is 3333"]);
    assert!(!head.contains("it can be done again"), "{head}");
    let plan = site.read("plan.yaml");
    let made: Vec<&str> = plan.lines().filter_map(|line| line.trim().strip_prefix("result_id: ")).collect();
    tells(rest, &["something is in the way", &format!("image {}, which is of no use", made[1])]);
}

#[test]
fn images_that_do_not_count_are_on_the_page() {
    let site = Site::short();
    site.fates(&json!({"3,4": ["several"]}));
    site.run(&[]);
    let plan = site.read("plan.yaml");
    let others: Vec<&str> = plan.lines().filter_map(|line| line.trim().strip_prefix("- 0000")).collect();
    assert_eq!(others.len(), 2, "{plan}");
    for other in others {
        tells(&page(&site), &[&format!("image 0000{other}, which its session named and the plan does not use")]);
    }
}

#[test]
fn an_image_that_is_gone_is_no_pin_on_the_page() {
    let site = Site::short();
    std::fs::remove_file(site.path().join(format!("state/images/{UAN_ID}.json"))).unwrap();
    assert_eq!(site.run(&[]).code, 0);
    tells(&page(&site), &[&format!("no pin: uan.x86_64 existed as {UAN_ID}, which IMS has no more")]);
}

#[test]
fn the_page_of_a_plan_is_the_same_each_time_and_goes_to_a_file() {
    let site = Site::new();
    let first = page(&site);
    assert_eq!(first, page(&site));
    let outcome = site.incfg(&["status", "plan.yaml", "--format", "html", "-o", "plan.html"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    assert_eq!(site.read("plan.html"), first);
}

#[test]
fn hostile_words_of_a_plan_stay_text() {
    let site = Site::new();
    let plan = site.read("plan.yaml");
    let hostile = "\"sma<script>alert(1)</script>\\u202e\\\" onload=x\"";
    let changed = plan.replacen("name: sma-integration-24.11", &format!("name: {hostile}"), 1);
    assert_ne!(plan, changed);
    site.write("plan.yaml", &changed);
    let page = page(&site);
    assert_eq!(page.matches("<script>").count(), 1);
    tells(&page, &["sma&lt;script&gt;alert(1)&lt;/script&gt;\u{fffd}&quot; onload=x"]);
}
