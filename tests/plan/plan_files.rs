//! Plans that were cut, edited or mixed up are refused with the place and the reason, by every command.

use serde_json::json;

use crate::harness::Site;

fn refusal(site: &Site) -> String {
    let refused = site.incfg(&["status", "plan.yaml"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(!refused.stderr.contains("defect"), "{}", refused.stderr);
    refused.stderr
}

#[test]
fn a_plan_that_was_edited_is_told_where_it_does_not_hold() {
    let edits = [
        ("limit: 0,1,2", "limit: 0,1", ":87:12:", "images[0].steps[0].limit: expected '0,1,2', the layers of the step"),
        ("limit: '3'", "limit: '4'", "", "images[0].steps[1].limit: expected '3'"),
        ("id: compute.x86_64/3", "id: compute.x86_64/4", "", "steps[1].id: expected 'compute.x86_64/3'"),
        ("  - Compute\n", "  - --help\n", "", "begins with a hyphen"),
        ("index: 2", "index: 3", "", "configuration.layers[2].index: expected 2"),
        (
            "schema: incfg.plan/1",
            "schema: incfg.plan/2",
            ":4:9:",
            "a plan of schema 'incfg.plan/2'; this incfg reads incfg.plan/1",
        ),
        ("schema: incfg.plan/1", "schema: incfg.analysis/1", "", "this is no plan"),
        ("target:", "targets:", "plan.yaml:9:1:", "unknown field `targets`"),
        (
            "c5e01698-9dea-448f-80aa-21dba7c0cbb6\n    name",
            "C5E01698-9dea-448f-80aa-21dba7c0cbb6\n    name",
            "",
            "is no IMS image id",
        ),
        ("attempts: []\n...", "attempts: {}\n...", "", "expected a sequence"),
        ("images:", "images: [", "plan.yaml:", "a plan is YAML as incfg plan writes it"),
    ];
    for (from, to, place, said) in edits {
        let site = Site::new();
        let plan = site.read("plan.yaml");
        assert!(plan.contains(from), "{from}");
        site.write("plan.yaml", &plan.replacen(from, to, 1));
        let told = refusal(&site);
        assert!(told.contains(said) && told.contains(place), "{from} -> {to}: {told}");
    }
}

#[test]
fn a_report_never_takes_the_place_of_its_plan() {
    let site = Site::new();
    std::os::unix::fs::symlink("plan.yaml", site.path().join("report")).unwrap();
    let plan = site.read("plan.yaml");
    for output in ["plan.yaml", "./plan.yaml", "report"] {
        let refused = site.incfg(&["status", "plan.yaml", "--format", "html", "-o", output]);
        assert_eq!(refused.code, 2, "{output}: {}", refused.stderr);
        assert!(refused.stderr.contains("given to be read"), "{}", refused.stderr);
        assert_eq!(site.read("plan.yaml"), plan, "{output}");
    }
}

#[test]
fn an_attempt_that_cannot_be_is_refused() {
    let site = Site::new();
    site.run(&["--until", "3"]);
    let plan = site.read("plan.yaml");
    let results = site.steps("result_id");
    let first = results[0].as_str().unwrap();
    for (from, to, said) in [
        (
            format!("base_id: {first}"),
            "base_id: c5e01698-9dea-448f-80aa-21dba7c0cbb6".to_owned(),
            "steps[1].attempts[0].base_id: expected",
        ),
        ("state: done".into(), "state: failed".into(), "the step before has no result, so this one cannot have begun"),
        ("number: 1".into(), "number: 2".into(), "attempts[0].number: expected 1"),
        ("-l0-2-a1".into(), "-l0-2-a9".into(), "attempts[0].session: expected incfg-"),
        (format!("result_id: {first}"), "result_id: null".into(), "result_id"),
    ] {
        site.write("plan.yaml", &plan.replacen(&from, &to, 1));
        let told = refusal(&site);
        assert!(told.contains(&said.to_owned()), "{from}: {told}");
    }
}

#[test]
fn what_is_no_plan_is_told_by_every_command() {
    for (content, said) in [
        ("", "this file is empty"),
        ("\n\n", "this file is empty"),
        ("just words", "this is no plan"),
        ("- a\n- b\n", "this is no plan"),
        ("{\"schema\": \"incfg.analysis/1\"}", "this is no plan"),
        ("a: b: c", "a plan is YAML"),
        ("a:\n\tb: c", "a plan is YAML"),
        ("\u{0}", "plan.yaml"),
    ] {
        let site = Site::bare();
        site.write("plan.yaml", content);
        for command in [
            vec!["status", "plan.yaml"],
            vec!["next", "plan.yaml"],
            vec!["record", "plan.yaml", "winter/configuration.json"],
            vec!["run", "plan.yaml", "--cray", "./cray"],
            vec!["rewrite-bootprep", "winter/compute-and-uan-bootprep.yaml", "--from", "plan.yaml"],
        ] {
            let refused = site.incfg(&command);
            assert_eq!(refused.code, 3, "{content:?} {command:?}: {}", refused.stderr);
            assert!(refused.stderr.contains(said), "{content:?}: {}", refused.stderr);
        }
        assert_eq!(site.read("plan.yaml"), content);
    }
}

#[test]
fn a_plan_cut_anywhere_is_refused() {
    let site = Site::new();
    site.run(&["--until", "3"]);
    let plan = site.read("plan.yaml");
    let whole = plan.trim_end().len();
    for end in (0..whole).step_by(97).chain(whole - 40..whole) {
        site.write("plan.yaml", &plan[..end]);
        refusal(&site);
    }
    site.write("plan.yaml", &plan[..whole]);
    assert_eq!(site.incfg(&["status", "plan.yaml"]).code, 0, "only the last line break is missing");
}

#[test]
fn a_comment_or_another_order_does_no_harm() {
    let site = Site::new();
    let plan = site.read("plan.yaml").replace("activity: winter-24.11\n", "activity: winter-24.11  # the second try\n");
    site.write("plan.yaml", &plan);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_plan_behind_a_link_is_changed_where_it_is() {
    let site = Site::new();
    std::fs::rename(site.path().join("plan.yaml"), site.path().join("real.yaml")).unwrap();
    std::os::unix::fs::symlink("real.yaml", site.path().join("plan.yaml")).unwrap();
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert!(site.path().join("plan.yaml").symlink_metadata().unwrap().is_symlink());
}

#[test]
fn only_a_plan_that_is_not_there_is_to_be_made() {
    let site = Site::new();
    for (plan, advised) in [("state", false), ("no-plan.yaml", true)] {
        let outcome = site.incfg(&["status", plan]);
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("incfg plan -o FILE makes a plan"), advised, "{}", outcome.stderr);
    }
}

/// A plan as incfg wrote it before plans told of obstacles, looks and other images, with its first step done.
#[test]
fn a_plan_of_an_older_incfg_goes_on_where_it_was() {
    let site = Site::bare();
    let old = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans/first-form.yaml");
    std::fs::copy(old, site.path().join("plan.yaml")).unwrap();
    assert_eq!(site.steps("state"), ["done", "todo", "todo"]);
    let made = site.steps("result_id")[0].as_str().unwrap().to_owned();
    site.image(&made, "compute-hpe-cos-24.11.x86_64-winter-incfg-988f48e3-0-l0-2-a1");
    site.state(&format!("layers/{made}.json"), "[\"0\", \"1\", \"2\"]");
    let next = site.incfg(&["next", "plan.yaml"]).stdout;
    assert!(next.contains(&format!("--target-group Compute {made} --configuration-limit 3")), "{next}");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    let plan = site.read("plan.yaml");
    for later in ["obstacle:", "looked_at:", "other_images:", "gone_at:"] {
        assert!(!plan.contains(later), "{later} stands only where it says something");
    }
}

#[test]
fn a_field_that_is_not_known_is_refused_and_not_lost() {
    let site = Site::new();
    site.run(&["--until", "3"]);
    let plan = site.read("plan.yaml");
    for (field, new) in [
        ("activity:", "colour: red\nactivity:"),
        ("    attempts:", "    colour: red\n    attempts:"),
        ("      session_deleted:", "      colour: red\n      session_deleted:"),
        ("  result_name:", "  colour: red\n  result_name:"),
    ] {
        assert!(plan.contains(field), "{field}\n{plan}");
        let edited = plan.replacen(field, new, 1);
        site.write("plan.yaml", &edited);
        for command in [vec!["status", "plan.yaml"], vec!["run", "plan.yaml", "--cray", "./cray"]] {
            let refused = site.incfg(&command);
            assert_eq!(refused.code, 3, "{field}: {}", refused.stderr);
            for part in ["unknown field `colour`", "A newer incfg than this", "may have written it"] {
                assert!(refused.stderr.contains(part), "{field}: {}", refused.stderr);
            }
        }
        assert_eq!(site.read("plan.yaml"), edited);
    }
}

#[test]
fn what_a_session_has_named_cannot_be_an_image_in_use() {
    let site = Site::new();
    site.fates(&json!({"3": ["several"]}));
    site.run(&[]);
    let plan = site.read("plan.yaml");
    let other = plan.lines().find_map(|line| line.trim().strip_prefix("- 00000003-5555")).unwrap().to_owned();
    let base = site.steps("result_id")[0].as_str().unwrap().to_owned();
    site.write("plan.yaml", &plan.replace(&format!("- 00000003-5555{other}"), &format!("- {base}")));
    let told = refusal(&site);
    assert!(told.contains("other_images") && told.contains("is its base image or its result"), "{told}");
}
