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
    // An answer without a word says the same as a session that was deleted, and may come from a proxy.
    for fault in ["503", "login", "garbage", "hang-after", "empty"] {
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
    let rehearsed = site.incfg(&["run", "plan.yaml", "--dry-run", "--cray", "./no-such-cray"]);
    assert_eq!(rehearsed.code, 4);
    assert!(rehearsed.stdout.contains("cfs v3 sessions create"), "{}", rehearsed.stdout);
    assert!(
        rehearsed.stderr.contains("there is no such program") && rehearsed.stderr.contains("could not be asked"),
        "{}",
        rehearsed.stderr
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

/// A `kubectl` that has a log of each of these containers.
fn containers(site: &Site, logs: &[(&str, &str)]) {
    let each = logs.iter().map(|(name, log)| format!("*' -c {name} '*) printf '{log}' ;;\n"));
    let each = each.collect::<String>();
    site.program("kubectl", &format!("#!/bin/sh\ncase \"$* \" in\n{each}*) echo 'no pod' >&2; exit 1 ;;\nesac\n"));
}

const PASSED: &str =
    "Running sma-ldms-compute.yml from repo https://vcs/sma.git\\nAll playbooks completed successfully\\n";

#[test]
fn the_log_of_the_container_that_says_why_is_kept_before_the_session_is_deleted() {
    let inventory = "Inventory generation failed. Exiting\\n";
    for (log, container, said) in [
        (PASSED, "teardown", "all layers passed, so it went wrong after them"),
        (inventory, "inventory", "no layer ran"),
    ] {
        let site = Site::new();
        site.fates(&json!({"3": ["fail", "ok"]}));
        containers(&site, &[("ansible", log), (container, "no room left\\n")]);
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let session = site.steps("session")[1].as_str().unwrap().to_owned();
        let more = format!("plan.{session}.{container}.log");
        for part in [said, &format!("{more}, the log of container {container}, tells more")] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
        assert_eq!(site.read(&more), "no room left\n");
        assert_eq!(site.sessions(), Vec::<String>::new(), "{container}");
    }
}

/// What kubectl says of a container that has not begun.
const NOT_BEGUN: &str = "#!/bin/sh\ncase \"$* \" in\n*' -c git-clone '*) [ ! -e no-clone ] && echo 'fatal: unable to access vcs' || { echo 'Error from server (NotFound)' >&2; exit 1; } ;;\n*) echo 'Error from server (BadRequest): container \"ansible\" in pod \"cfs-1\" is waiting to start: PodInitializing' >&2; exit 1 ;;\nesac\n";

#[test]
fn the_log_of_git_clone_is_kept_where_ansible_never_began() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail", "ok"]}));
    site.program("kubectl", NOT_BEGUN);
    site.write("no-clone", "");
    // Without that log, nobody would know why: the session stays, and the words say where to look.
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    let command = format!("kubectl logs -n services -l cfsession={session} -c git-clone");
    for part in ["no layer ran, as container ansible never began", "the log of container git-clone", &command] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("-c ansible"), "{}", outcome.stderr);
    assert_eq!(site.sessions(), std::slice::from_ref(&session));
    fs::remove_file(site.path().join("no-clone")).unwrap();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let log = format!("plan.{session}.git-clone.log");
    assert!(
        outcome.stderr.contains(&format!("{log}, the log of container git-clone, tells more")),
        "{}",
        outcome.stderr
    );
    assert_eq!(site.read(&log), "fatal: unable to access vcs\n");
    site.is_whole();
    assert_eq!(site.left_over(), [log]);
}

#[test]
fn status_names_the_log_that_says_why() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail"]}));
    let told = |site: &Site| (site.incfg(&["status", "plan.yaml"]).stdout, site.steps("log")[1].clone());
    site.program("kubectl", "#!/bin/sh\nexit 1\n");
    assert_eq!(site.run(&[]).code, 1);
    let (text, log) = told(&site);
    assert!(text.contains("no log is kept yet: incfg next tells of which containers") && log.is_null(), "{text}");
    // By hand, each container that may say why is named.
    let next = site.incfg(&["next", "plan.yaml"]).stdout;
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    for container in ["ansible", "git-clone", "inventory", "teardown"] {
        let command = format!("kubectl logs -n services -l cfsession={session} -c {container} --tail=-1 > {session}");
        assert!(next.contains(&command), "{container}: {next}");
    }
    for (log, container) in [
        ("Inventory generation failed. Exiting\\n", "inventory"),
        (PASSED, "teardown"),
        ("Waiting for Inventory\\n", "inventory"),
    ] {
        let site = Site::new();
        site.fates(&json!({"3": ["fail"]}));
        containers(&site, &[("ansible", log), (container, "why\\n")]);
        assert_eq!(site.run(&["--keep-sessions"]).code, 1);
        let (text, log) = told(&site);
        let session = site.steps("session")[1].as_str().unwrap().to_owned();
        assert_eq!(log, format!("plan.{session}.{container}.log"));
        assert!(text.contains(&format!("log plan.{session}.{container}.log, beside the plan")), "{text}");
        assert_eq!(site.steps("failed_layer")[1], Value::Null);
        // What is kept beside the plan need not be kept again.
        assert!(!site.incfg(&["next", "plan.yaml"]).stdout.contains("kubectl"));
    }
}

#[test]
fn a_failed_session_stays_while_the_log_that_says_why_is_nowhere_else() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail", "ok"]}));
    containers(&site, &[("ansible", PASSED)]);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    let command = format!("kubectl logs -n services -l cfsession={session} -c teardown");
    assert!(outcome.stderr.contains(&command), "{}", outcome.stderr);
    assert_eq!(site.sessions(), [session]);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_log_is_not_blamed_for_what_it_does_not_say() {
    let site = Site::new();
    site.fates(&json!({"3": ["changes-3"]}));
    containers(&site, &[("ansible", PASSED)]);
    site.run(&[]);
    let reason = site.steps("reason")[1].as_str().unwrap().to_owned();
    assert!(reason.ends_with("may hold other layers than the plan says"), "{reason}");

    let site = Site::new();
    site.fates(&json!({"3": ["running", "ok"]}));
    containers(&site, &[("ansible", "Running sma-ldms-compute.yml from repo https://vcs/sma.git\\n")]);
    assert_eq!(site.run(&["--running-timeout", "50ms"]).code, 1);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &session]).code, 0);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let told = "given up by hand: the log ends in layer 3 (sma-integration-24.11, sma-ldms-compute.yml)";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    assert!(!site.read("plan.yaml").contains("    failed_layer: 3\n      log"), "{}", site.read("plan.yaml"));
    // CFS itself said that it failed, and the log ends in the layer: then it is that layer.
    for (fate, layer) in [("fail", json!(3)), ("unknown", Value::Null)] {
        let site = Site::new();
        site.fates(&json!({"3": [fate]}));
        containers(&site, &[("ansible", "Running sma-ldms-compute.yml from repo https://vcs/sma.git\\n")]);
        assert_eq!(site.run(&[]).code, 1);
        assert_eq!(site.steps("failed_layer")[1], layer, "{fate}");
    }
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
    site.program("kubectl", "#!/bin/sh\nsleep 1000\n");
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
    for (fate, limit, said) in
        [("pending", "--pending-timeout", "is still pending"), ("running", "--running-timeout", "is still running")]
    {
        let site = Site::new();
        site.fates(&json!({"0,1,2": [fate]}));
        let outcome = site.run(&[limit, "100ms"]);
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
}

/// Changes the configuration that CFS has.
fn change(site: &Site, change: impl Fn(&mut Value)) -> String {
    let path = format!("configurations/{CONFIGURATION}.json");
    let mut configuration: Value = serde_json::from_str(&site.read(&format!("state/{path}"))).unwrap();
    change(&mut configuration);
    site.state(&path, &configuration.to_string());
    configuration.to_string()
}

const OTHER_COMMIT: &str = "d4373419e20ccd1f73d4635e16fc57ec66cf9f60";

#[test]
fn a_change_in_layers_that_are_applied_is_told_with_what_helps() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/3"]);
    let sessions = site.steps("session");
    let (first, second) = (sessions[0].as_str().unwrap(), sessions[1].as_str().unwrap());
    let changed = change(&site, |configuration| configuration["layers"][2]["commit"] = OTHER_COMMIT.into());
    let again = format!("`incfg record plan.yaml --give-up {second} && incfg record plan.yaml --give-up {first}`");
    for _ in 0..2 {
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        for part in [
            "commit of layer 2 is d4373419",
            "Images hold layer 2 from before the change",
            "Undo the change in CFS",
            &again,
        ] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("goes on from there"), "{}", outcome.stderr);
    }
    // It is in the plan for whoever looks later.
    for command in ["status", "next"] {
        let told = site.incfg(&[command, "plan.yaml"]).stdout;
        assert!(
            told.contains("in the way") && told.contains("Images hold layer 2 from before the change"),
            "{command}: {told}"
        );
    }
    assert_eq!(site.status()["images"][0]["obstacle"]["about"], "configuration");
    let accept = ["record", "plan.yaml", "-", "--accept-configuration"];
    let refused = site.incfg_with_stdin(&accept, &changed);
    assert!(refused.code == 3 && refused.stderr.contains(&again), "{}", refused.stderr);
    for session in [second, first] {
        assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", session]).code, 0);
    }
    assert_eq!(site.incfg_with_stdin(&accept, &changed).code, 0);
    assert!(!site.incfg(&["status", "plan.yaml"]).stdout.contains("in the way"));
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert_eq!(site.steps("attempt"), [2, 2, 1]);
}

#[test]
fn a_layer_that_changes_while_it_is_applied_is_told_with_what_helps() {
    let site = Site::new();
    site.fates(&json!({"3": ["changes-3", "ok"]}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let accept = format!(
        "cray cfs v3 configurations describe {CONFIGURATION} --format json | incfg record plan.yaml - --accept-configuration"
    );
    for part in ["was changed while the session was under way (commit of layer 3 is 3333", &accept] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("goes on from there"), "{}", outcome.stderr);
    assert!(site.incfg(&["next", "plan.yaml"]).stdout.contains(&accept));
    let now = site.read(&format!("state/configurations/{CONFIGURATION}.json"));
    assert_eq!(site.incfg_with_stdin(&["record", "plan.yaml", "-", "--accept-configuration"], &now).code, 0);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert_eq!(site.steps("attempt"), [1, 2, 1]);
}

#[test]
fn a_change_that_is_undone_lets_the_plan_go_on() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    let before = site.read(&format!("state/configurations/{CONFIGURATION}.json"));
    change(&site, |configuration| configuration["layers"][2]["commit"] = OTHER_COMMIT.into());
    assert_eq!(site.run(&[]).code, 1);
    site.state(&format!("configurations/{CONFIGURATION}.json"), &before);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert!(!site.read("plan.yaml").contains("obstacle"));
}

#[test]
fn a_configuration_with_another_number_of_layers_asks_for_a_new_plan() {
    for until in [None, Some("compute.x86_64/0-2")] {
        let site = Site::new();
        if let Some(until) = until {
            site.run(&["--until", until]);
        }
        let changed = change(&site, |configuration| drop(configuration["layers"].as_array_mut().unwrap().pop()));
        let outcome = site.run(&[]);
        let accept = ["record", "plan.yaml", "-", "--accept-configuration"];
        for outcome in [outcome, site.incfg_with_stdin(&accept, &changed)] {
            assert_ne!(outcome.code, 0, "{}", outcome.stderr);
            for part in ["it has 4 layers now, and had 5", &format!("--image compute.x86_64 --base-image-id {BASE_ID}")]
            {
                assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
            }
            assert!(!outcome.stderr.contains("--accept-configuration"), "{}", outcome.stderr);
        }
        assert_eq!(site.created().len(), usize::from(until.is_some()));
    }
}

#[test]
fn a_change_in_the_layers_of_a_session_that_may_be_there_is_told_with_what_helps() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    // Killed between intent and creation: whether the session is there is not known until CFS is asked.
    let next = site.calls().len() + 4;
    site.faults(&json!({format!("#{next}"): "kill-instead"}));
    assert_eq!(site.run(&[]).code, -1);
    site.faults(&json!({}));
    assert_eq!(site.steps("state")[1], "intended");
    let changed = change(&site, |configuration| configuration["layers"][3]["commit"] = OTHER_COMMIT.into());
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    let told = format!("Give it up: `incfg record plan.yaml --give-up {session}`");
    assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
    assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &session]).code, 0);
    let accept = ["record", "plan.yaml", "-", "--accept-configuration"];
    assert_eq!(site.incfg_with_stdin(&accept, &changed).code, 0);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn an_image_that_is_done_keeps_its_configuration_and_is_in_nobodys_way() {
    let site = Site::new();
    site.run(&[]);
    let changed = change(&site, |configuration| configuration["layers"][0]["commit"] = OTHER_COMMIT.into());
    let plan = site.read("plan.yaml");
    let refused = site.incfg_with_stdin(&["record", "plan.yaml", "-", "--accept-configuration"], &changed);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert_eq!((site.run(&[]).code, site.read("plan.yaml")), (0, plan));
}

#[test]
fn a_base_image_that_a_run_found_gone_is_told_by_status_and_next() {
    let site = Site::new();
    let path = site.path().join(format!("state/images/{BASE_ID}.json"));
    let image = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(site.run(&["--dry-run"]).code, 1);
    assert!(!site.read("plan.yaml").contains("obstacle"), "a dry run changes nothing");
    assert_eq!(site.run(&[]).code, 1);
    for command in ["status", "next"] {
        let told = site.incfg(&[command, "plan.yaml"]).stdout;
        for part in ["in the way", &format!("image {BASE_ID}, on which the step begins, is not in IMS")] {
            assert!(told.contains(part), "{command}: {told}");
        }
    }
    let obstacle = site.status()["images"][0]["obstacle"].clone();
    assert_eq!(obstacle["about"], "image");
    // By hand it is out of the way as soon as the image is seen again.
    let record = |image: &str| site.incfg_with_stdin(&["record", "plan.yaml", "-"], image);
    assert_eq!(record(&image).code, 0);
    assert_eq!(site.status()["images"][0]["obstacle"], Value::Null);
    fs::write(&path, image).unwrap();
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn images_that_sessions_name_beside_a_result_are_not_forgotten() {
    for (fate, ids) in [
        ("unknown-with-image", vec!["00000003-1111-4222-8333-444444444444"]),
        ("several", vec!["00000003-1111-4222-8333-444444444444", "00000003-5555-4222-8333-444444444444"]),
    ] {
        let site = Site::short();
        site.fates(&json!({"3,4": [fate, "ok"]}));
        assert_eq!(site.run(&[]).code, 1, "{fate}");
        let step = site.status()["images"][0]["steps"][1].clone();
        assert_eq!(step["other_images"], json!(ids), "{fate}");
        for id in &ids {
            let status = site.incfg(&["status", "plan.yaml"]).stdout;
            assert!(status.contains(&format!("image {id}, which its session named")), "{fate}: {status}");
        }
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{fate}: {}", outcome.stderr);
        site.is_whole();
        for id in &ids {
            let deletion = format!("cray ims images delete {id}  # compute.x86_64/3-4, attempt 1");
            assert_eq!(outcome.stdout.matches(&deletion).count(), 1, "{fate}: {}", outcome.stdout);
        }
        assert!(!outcome.stdout.contains(&format!("delete {BASE_ID}")), "{fate}: the base image is in use");
    }
}

#[test]
fn an_image_that_a_session_makes_after_it_was_given_up_is_not_forgotten() {
    for log in [None, Some("Running sma-ldms-compute.yml from repo https://vcs/sma.git\n")] {
        let site = Site::short();
        if let Some(log) = log {
            site.state("ansible.log", log);
        }
        site.fates(&json!({"3,4": ["running", "ok"]}));
        assert_eq!(site.run(&["--running-timeout", "50ms"]).code, 1);
        let session = site.steps("session")[1].as_str().unwrap().to_owned();
        assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &session]).code, 0);
        site.fates(&json!({}));
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        site.is_whole();
        let images = site.read("plan.yaml").lines().filter(|line| line.contains("- 00000004-1111")).count();
        assert_eq!(images, 1, "{}", site.read("plan.yaml"));
        assert!(outcome.stdout.contains("images delete 00000004-1111-4222-8333-444444444444  #"), "{}", outcome.stdout);
    }
}

#[test]
fn a_name_that_is_in_use_is_looked_at() {
    // The reply to a creation is lost, and the session is not to be seen at once: the second creation meets the first.
    let site = Site::short();
    site.faults(&json!({"cfs sessions create 1": "lost", "cfs sessions describe 2": "not-found"}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let creations = site.calls().iter().filter(|call| call.contains("sessions create")).count();
    assert_eq!((creations, site.created().len()), (3, 2), "the name was in use once");
    assert!(outcome.stderr.contains("is there already, and is the one the plan means"), "{}", outcome.stderr);
    site.is_whole();
    // Another hand makes a session of that name between the look and the creation.
    let site = Site::short();
    site.faults(&json!({"cfs sessions create 1": "foreign"}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    for part in ["its configuration limit is '7', expected '0,1,2'", "It was left alone"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert_eq!((site.sessions().len(), site.created().len()), (1, 1));
    assert!(site.incfg(&["status", "plan.yaml"]).stdout.contains("in the way"));
}

#[test]
fn a_configuration_that_was_only_written_anew_is_told_and_does_not_stop() {
    let site = Site::new();
    let path = format!("configurations/{CONFIGURATION}.json");
    let before = site.read(&format!("state/{path}"));
    site.state(&path, &before.replace("2024-06-14T08:17:02Z", "2024-06-15T08:17:02Z"));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let told = outcome.stderr.matches("was written anew at 2024-06-15T08:17:02Z with the same layers").count();
    assert_eq!(told, 1, "{}", outcome.stderr);
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
