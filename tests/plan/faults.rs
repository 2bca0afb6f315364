//! Every way in which `cray`, CFS and IMS fail: what `incfg run` does then, and that the plan still comes to its end.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{BASE_ID, CONFIGURATION, Outcome, Site};

/// Runs with a fault, and again without it.
fn survives(faults: &Value, first: i32) -> (Site, Outcome) {
    let site = Site::short();
    site.faults(faults);
    // A machine that is busy is not to be taken for a server that hangs.
    let timeout = if faults.to_string().contains("hang") { "500ms" } else { "20s" };
    let outcome = site.run(&["--call-timeout", timeout]);
    assert_eq!(outcome.code, first, "{faults}: {}", outcome.stderr);
    site.faults(&json!({}));
    let again = site.run(&[]);
    assert_eq!(again.code, 0, "{faults}: {}", again.stderr);
    site.is_whole();
    (site, outcome)
}

#[test]
fn a_reply_that_is_lost_costs_nothing() {
    for call in [
        "cfs sessions create 1",
        "cfs sessions create 2",
        "cfs sessions delete 1",
        "cfs sessions describe 2",
        "ims images describe 1",
        "cfs configurations describe 2",
    ] {
        survives(&json!({call: "lost"}), 0);
    }
}

#[test]
fn answers_that_are_none_are_asked_for_again() {
    let faults =
        ["503", "500", "unreachable", "404-gateway", "login", "empty", "garbage", "traceback", "flood", "other"];
    let later = [
        "cfs sessions describe 1",
        "cfs sessions describe 3",
        "ims images describe 2",
        "cfs configurations describe 1",
    ];
    for (fault, later) in faults.iter().zip(later.iter().cycle()) {
        survives(&json!({"cfs sessions create 1": fault, *later: fault}), 0);
    }
}

#[test]
fn a_delete_that_fails_is_tried_again() {
    for fault in ["503", "login", "garbage", "hang-after"] {
        survives(&json!({"cfs sessions delete 1": fault}), 0);
    }
}

#[test]
fn a_call_that_hangs_is_ended() {
    survives(&json!({"cfs sessions create 1": "hang", "cfs sessions describe 4": "hang"}), 0);
    survives(&json!({"cfs sessions create 2": "hang-after"}), 0);
}

#[test]
fn nothing_is_created_while_it_is_not_known_whether_it_is_there() {
    let (_, outcome) = survives(&json!({"cfs sessions describe": "404-gateway"}), 4);
    assert!(outcome.stderr.contains("asked 8 times without an answer"), "{}", outcome.stderr);
    let site = Site::new();
    site.faults(&json!({"cfs sessions describe": "login"}));
    assert_eq!(site.run(&[]).code, 4);
    assert_eq!(site.created(), Vec::<String>::new());
}

#[test]
fn a_login_that_has_run_out_stops_at_once_and_says_what_to_type() {
    let said = |fault: &str| if fault == "uninitialised" { "cray init" } else { "cray auth login" };
    for (fault, call) in [
        ("401", "cfs configurations describe 1"),
        ("uninitialised", "ims images describe 1"),
        ("expired", "cfs sessions create 1"),
        ("401", "cfs sessions describe 3"),
        ("401", "cfs sessions delete 1"),
    ] {
        let (_, outcome) = survives(&json!({call: fault}), 4);
        for part in [said(fault), "incfg run plan.yaml goes on"] {
            assert!(outcome.stderr.contains(part), "{fault}: {}", outcome.stderr);
        }
    }
}

#[test]
fn a_cray_that_is_not_there_is_told() {
    let site = Site::new();
    let outcome = site.incfg(&["run", "plan.yaml", "--cray", "./no-such-cray"]);
    assert_eq!(outcome.code, 4);
    assert!(
        outcome.stderr.contains("./no-such-cray cannot be started: there is no such program"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_failed_layer_is_told_by_its_place_and_tried_again_on_the_same_image() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail", "ok"]}));
    let log = site.read("winter/ansible.log");
    let failing = log.lines().position(|line| line.starts_with("Running sma-ldms-compute.yml")).unwrap();
    let own: Vec<&str> = log.lines().skip(failing).collect();
    site.state("ansible.log", &format!("Inventory generation completed\n{}\n", own.join("\n")));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    let session = format!("incfg-{}-0-l3-a1", site.status()["id"].as_str().unwrap());
    assert!(
        outcome
            .stderr
            .contains("layer 3 (sma-integration-24.11, sma-ldms-compute.yml) failed in task [sma : start ldmsd]"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains(&format!("plan.{session}.log")), "{}", outcome.stderr);
    assert_eq!(site.steps("state"), ["done", "failed", "todo"]);
    assert_eq!(site.steps("failed_layer")[1], 3);
    assert_eq!(site.left_over(), [format!("plan.{session}.log")]);
    assert_eq!(site.sessions(), Vec::<String>::new(), "its log is kept, so the session is not needed");
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert_eq!(site.steps("attempt"), [1, 2, 1]);
}

#[test]
fn a_failed_session_stays_while_its_log_is_nowhere_else() {
    let site = Site::new();
    site.fates(&json!({"4": ["fail", "ok"]}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    assert_eq!(site.sessions().len(), 1);
    assert!(outcome.stderr.contains("kubectl logs -n services -l cfsession="), "{}", outcome.stderr);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_log_that_does_not_come_is_not_waited_for_for_ever() {
    let site = Site::short();
    site.fates(&json!({"0,1,2": ["fail", "ok"]}));
    site.write("kubectl", "#!/bin/sh\nsleep 1000\n");
    let outcome = site.run(&["--call-timeout", "3s"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    for part in ["CFS says that the session failed; its log is fetched", "kubectl gave no answer within 3 s"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert_eq!(site.steps("state")[0], "failed");
}

#[test]
fn a_change_of_layers_that_a_session_does_not_apply_keeps_its_image() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    site.fates(&json!({"3": ["running"]}));
    assert_eq!(site.run(&["--running-timeout", "50ms"]).code, 1);
    site.fates(&json!({}));
    let path = format!("configurations/{CONFIGURATION}.json");
    let mut changed: Value = serde_json::from_str(&site.read(&format!("state/{path}"))).unwrap();
    changed["layers"][4]["commit"] = "d4373419e20ccd1f73d4635e16fc57ec66cf9f60".into();
    site.state(&path, &changed.to_string());
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("in nothing that this session applies"), "{}", outcome.stderr);
    assert_eq!(site.steps("state"), ["done", "done", "todo"]);
    let accepted = site.incfg_with_stdin(&["record", "plan.yaml", "-", "--accept-configuration"], &changed.to_string());
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn images_of_failed_attempts_are_told_for_deletion() {
    let site = Site::short();
    site.fates(&json!({"3,4": ["other-arch", "ok"]}));
    site.run(&[]);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let plan = site.read("plan.yaml");
    let ids: Vec<&str> = plan.lines().filter_map(|line| line.trim().strip_prefix("result_id: ")).collect();
    assert_eq!(ids.len(), 3, "{plan}");
    let deletion = format!("cray ims images delete {}  # compute.x86_64/3-4, attempt 1, which failed", ids[1]);
    assert!(outcome.stdout.contains(&deletion), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains(&format!("delete {}", ids[2])), "{}", outcome.stdout);
}

#[test]
fn results_that_cannot_be_used_fail_their_step() {
    for (fate, said) in [
        ("no-artifact", "status.artifacts is empty"),
        ("equal", "the result equals the base image"),
        ("no-link", "has no link"),
        ("not-in-ims", "is not in IMS"),
        ("other-arch", "is an aarch64 image"),
        ("unknown", "unknown"),
    ] {
        let site = Site::short();
        site.fates(&json!({"3,4": [fate, "ok"]}));
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 1, "{fate}");
        assert!(outcome.stderr.contains(said), "{fate}: {}", outcome.stderr);
        assert_eq!(site.steps("state"), ["done", "failed"], "{fate}");
        assert_eq!(site.run(&[]).code, 0, "{fate}");
        site.is_whole();
    }
}

#[test]
fn a_session_that_does_not_move_is_left_alone_when_its_time_is_up() {
    for (fate, said) in [("pending", "is still pending"), ("running", "is still running")] {
        let site = Site::new();
        site.fates(&json!({"0,1,2": [fate]}));
        let outcome = site.run(&["--pending-timeout", "100ms", "--running-timeout", "100ms"]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains(said) && outcome.stderr.contains("sessions delete"), "{}", outcome.stderr);
        assert_eq!((site.sessions().len(), site.steps("state")[0].clone()), (1, json!("created")));
        // It is ended by hand, and the next run makes another.
        site.cray(&format!("cfs v3 sessions delete {}", site.sessions()[0]));
        site.fates(&json!({}));
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        site.is_whole();
        assert_eq!(site.steps("attempt"), [2, 1, 1]);
    }
}

#[test]
fn a_session_that_vanishes_while_it_is_waited_for_is_a_failed_attempt() {
    let site = Site::new();
    site.fates(&json!({"3": ["vanish", "ok"]}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("was deleted by another hand"), "{}", outcome.stderr);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_base_image_that_is_not_there_or_empty_stops_before_anything_is_created() {
    let site = Site::new();
    let path = site.path().join(format!("state/images/{BASE_ID}.json"));
    let image = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains(&format!("image {BASE_ID}, on which the step begins, is not in IMS")),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("--image compute.x86_64 --base-image-id ID"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("goes on from there"), "{}", outcome.stderr);
    let mut empty: Value = serde_json::from_str(&image).unwrap();
    empty["link"] = Value::Null;
    fs::write(&path, empty.to_string()).unwrap();
    let outcome = site.run(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("has no link"), "{}", outcome.stderr);
    empty = serde_json::from_str(&image.replace("x86_64", "aarch64")).unwrap();
    fs::write(&path, empty.to_string()).unwrap();
    let outcome = site.run(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is an aarch64 image"), "{}", outcome.stderr);
    assert_eq!(site.created(), Vec::<String>::new());
    fs::write(&path, image).unwrap();
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_configuration_that_changed_stops_and_can_be_accepted_for_open_layers() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    let path = format!("configurations/{CONFIGURATION}.json");
    let before = site.read(&format!("state/{path}"));
    let rewritten = before.replace("2024-06-14T08:17:02Z", "2024-06-15T08:17:02Z");
    let changed =
        rewritten.replace("c4373419e20ccd1f73d4635e16fc57ec66cf9f60", "d4373419e20ccd1f73d4635e16fc57ec66cf9f60");
    site.state(&path, &changed);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("commit of layer 3 is d4373419e20ccd1f73d4635e16fc57ec66cf9f60 now, and was c4373419"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("incfg record plan.yaml - --accept-configuration")
            || outcome.stderr.contains("--accept-configuration"),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.created().len(), 1);
    let refused = site.incfg_with_stdin(&["record", "plan.yaml", "-"], &changed);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let accepted = site.incfg_with_stdin(&["record", "plan.yaml", "-", "--accept-configuration"], &changed);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    // A layer that was applied is not to be had anew.
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    let applied =
        before.replace("e76b2b40274de6b5b8e573303707596469bdb4ee", "a76b2b40274de6b5b8e573303707596469bdb4ee");
    let refused = site.incfg_with_stdin(&["record", "plan.yaml", "-", "--accept-configuration"], &applied);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("Images have layer 0 as it was"), "{}", refused.stderr);
}

#[test]
fn a_configuration_that_was_only_written_anew_is_told_and_does_not_stop() {
    let site = Site::new();
    let path = format!("configurations/{CONFIGURATION}.json");
    let before = site.read(&format!("state/{path}"));
    site.state(&path, &before.replace("2024-06-14T08:17:02Z", "2024-06-15T08:17:02Z"));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("was written anew at 2024-06-15T08:17:02Z with the same layers"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_configuration_that_is_gone_is_told() {
    let site = Site::new();
    fs::remove_file(site.path().join(format!("state/configurations/{CONFIGURATION}.json"))).unwrap();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    for part in [
        "does not exist any more",
        "create it again",
        &format!("incfg plan ... --image compute.x86_64 --configuration NAME --base-image-id {BASE_ID}"),
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("goes on from there"), "{}", outcome.stderr);
}

#[test]
fn a_foreign_session_of_that_name_is_left_alone() {
    let site = Site::new();
    let name = site.steps("session")[0].as_str().unwrap().to_owned();
    site.cray(&format!(
        "cfs v3 sessions create --name {name} --configuration-name {CONFIGURATION} --target-definition image --target-group Compute 11111111-2222-4333-8444-555555555555 --configuration-limit 0,1,2,3 --format json"
    ));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1);
    for part in
        ["is not the one the plan means", "its configuration limit is '0,1,2,3', expected '0,1,2'", "tag incfg-plan"]
    {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert_eq!(site.sessions().join(" "), name);
    assert_eq!(site.steps("state")[0], "todo");
    site.cray(&format!("cfs v3 sessions delete {name}"));
    fs::remove_file(site.path().join("state/created")).unwrap();
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_plan_of_yesterday_finds_its_sessions_of_today() {
    let site = Site::new();
    let yesterday = site.read("plan.yaml");
    site.run(&["--until", "compute.x86_64/0-2", "--keep-sessions"]);
    site.write("plan.yaml", &yesterday);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is there already, and is the one the plan means"), "{}", outcome.stderr);
    site.is_whole();
}

#[test]
fn a_session_that_cfs_refuses_is_told_in_its_words() {
    let site = Site::new();
    site.state("faults.json", "{}");
    let plan = site.read("plan.yaml").replace("winter-compute-24.11\n", "winter-other\n");
    site.write("plan.yaml", &plan);
    let outcome = site.run(&[]);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("configuration winter-other does not exist"),
        "{}",
        outcome.stderr
    );
}
