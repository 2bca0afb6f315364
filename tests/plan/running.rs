//! `incfg run` when all goes well, and when it is asked to do less.

use serde_json::json;

use crate::harness::{BASE_ID, CONFIGURATION, Site, UAN_ID, wait_until};

#[test]
fn a_plan_runs_to_its_end_and_says_how_to_go_on() {
    let site = Site::new();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert_eq!(site.left_over(), Vec::<String>::new());
    let result = site.status()["images"][0]["current_image_id"].as_str().unwrap().to_owned();
    for promised in [
        format!("base.x86_64={BASE_ID}"),
        format!("uan.x86_64={UAN_ID}"),
        format!("compute.x86_64={result}"),
        "incfg rewrite-bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml --from plan.yaml -o new-compute-and-uan-bootprep.yaml".into(),
        "iuf -a winter-24.11 -m \"$MEDIA_DIR\" run -r prepare-images -sv \"$SITE_VARS\" -rv \"$PRODUCT_VARS\" -bc new-compute-and-uan-bootprep.yaml".into(),
        format!("cray ims images delete {}  # compute.x86_64/0-2", site.steps("result_id")[0].as_str().unwrap()),
    ] {
        assert!(outcome.stdout.contains(&promised), "{promised}\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains(&format!("images delete {result}")), "the last image is no intermediate one");
    assert!(!outcome.stdout.contains("sessions delete"), "no session is left");
}

#[test]
fn a_session_says_all_that_the_facts_ask_for() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2", "--keep-sessions"]);
    let session = &site.sessions()[0];
    let made: serde_json::Value = serde_json::from_str(&site.read(&format!("state/sessions/{session}.json"))).unwrap();
    assert!(session.len() <= 45);
    assert_eq!(made["configuration"], json!({"name": CONFIGURATION, "limit": "0,1,2"}));
    assert_eq!(made["target"]["groups"], json!([{"name": "Compute", "members": [BASE_ID]}]));
    assert_eq!(made["target"]["image_map"][0]["source_id"], BASE_ID);
    assert_eq!(made["tags"]["incfg-layer"], "0-2");
    assert_eq!(made["tags"]["incfg-attempt"], "1");
    assert_eq!(made["tags"]["incfg-plan"].as_str().unwrap().len(), 8);
}

#[test]
fn only_the_last_image_has_the_name_of_the_image() {
    let site = Site::new();
    site.run(&[]);
    let name = |id: &serde_json::Value| {
        let path = format!("state/images/{}.json", id.as_str().unwrap());
        let image: serde_json::Value = serde_json::from_str(&site.read(&path)).unwrap();
        image["name"].as_str().unwrap().to_owned()
    };
    let names: Vec<String> = site.steps("result_id").iter().map(name).collect();
    assert_eq!(names[2], "compute-hpe-cos-24.11.x86_64-winter");
    assert!(names[0].starts_with("compute-hpe-cos-24.11.x86_64-winter-incfg-"), "{names:?}");
}

#[test]
fn every_form_of_cfs_is_spoken() {
    for (form, group) in [("v3", "cfs v3 sessions"), ("v2", "cfs sessions"), ("1.4", "cfs sessions")] {
        let site = Site::bare();
        site.state("form", form);
        let made = if form == "v3" { site.plan(&[]) } else { site.plan(&["--cfs", "v2"]) };
        assert_eq!(made.code, 0, "{}", made.stderr);
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{form}: {}", outcome.stderr);
        site.is_whole();
        let sessions = |line: &&String| line.contains("sessions create");
        assert!(site.calls().iter().filter(sessions).all(|line| line.starts_with(group)), "{form}");
    }
}

#[test]
fn a_cray_without_v3_is_found_out() {
    let site = Site::new();
    site.state("form", "1.4");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert!(site.read("plan.yaml").contains("cfs: v2"));
}

#[test]
fn until_ends_behind_its_step_and_the_next_run_goes_on() {
    let site = Site::new();
    for until in ["compute.x86_64/3", "3"] {
        let outcome = site.run(&["--until", until]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(site.steps("state"), ["done", "done", "todo"]);
    }
    assert_eq!(site.created().len(), 2);
    let outcome = site.run(&["--until", "9"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("compute.x86_64/0-2, compute.x86_64/3, compute.x86_64/4"), "{}", outcome.stderr);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_dry_run_prints_every_command_and_calls_only_reads() {
    let site = Site::new();
    let before = site.read("plan.yaml");
    let outcome = site.run(&["--dry-run"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("sessions create").count(), 3);
    assert!(outcome.stdout.contains("--target-group Compute RESULT_OF_compute.x86_64/0-2"), "{}", outcome.stdout);
    assert!(site.calls().iter().all(|call| call.contains(" describe ")), "{:?}", site.calls());
    assert_eq!(site.read("plan.yaml"), before);
}

/// The commands that a dry run prints, as a run would call them: with the images that it makes, without what is only for a
/// session that fails.
fn rehearsed(text: &str, results: &[(String, String)]) -> Vec<String> {
    let commands = text.lines().filter_map(|line| line.strip_prefix("      "));
    let commands = commands.filter(|command| !command.contains("  # if it fails"));
    let called = commands.map(|command| {
        let command = command.split(" > ").next().unwrap();
        let command = command.strip_prefix("./cray ").unwrap_or(command).replace("./kubectl", "kubectl");
        results.iter().fold(command, |command, (step, id)| command.replace(&format!("RESULT_OF_{step}"), id))
    });
    let mut called: Vec<String> = called.collect();
    called.dedup();
    called
}

/// The results of the steps of the first image.
fn results(site: &Site) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    site.steps("id").iter().zip(&site.steps("result_id")).map(|(step, id)| (text(step), text(id))).collect()
}

#[test]
fn a_dry_run_prints_what_a_run_calls_in_its_order() {
    type Before = fn(&Site);
    let befores: [(&str, Before, &[&str]); 5] = [
        ("from the beginning", |_| {}, &[]),
        ("sessions are kept", |_| {}, &["--keep-sessions"]),
        ("with sessions that were kept", |site| drop(site.run(&["--until", "0-2", "--keep-sessions"])), &[]),
        (
            "after a layer has failed, without a log of it",
            |site| {
                site.fates(&json!({"3": ["fail", "ok"]}));
                assert_eq!(site.run(&[]).code, 1);
            },
            &[],
        ),
        (
            "while a session is waited for",
            |site| {
                site.fates(&json!({"3": ["running"]}));
                assert_eq!(site.run(&["--running-timeout", "20ms"]).code, 1);
                site.fates(&json!({}));
            },
            &[],
        ),
    ];
    for (what, before, flags) in befores {
        let site = Site::new();
        before(&site);
        let dry = site.run(&[&["--dry-run"], flags].concat());
        assert_eq!(dry.code, 0, "{what}: {}", dry.stderr);
        site.state("calls", "");
        assert_eq!(site.run(flags).code, 0, "{what}");
        // A session is asked for again and again.
        let mut calls = site.calls();
        calls.dedup();
        assert_eq!(rehearsed(&dry.stdout, &results(&site)), calls, "{what}");
        let log = "./kubectl logs -n services -l cfsession=";
        assert!(
            dry.stdout.contains(log) && dry.stdout.contains("-c ansible --tail=-1 > plan.incfg-"),
            "{}",
            dry.stdout
        );
    }
    let site = Site::new();
    let dry = site.run(&["--dry-run", "--until", "0-2"]).stdout;
    assert_eq!((dry.matches("sessions create").count(), dry.matches(UAN_ID).count()), (1, 0), "{dry}");
}

#[test]
fn a_dry_run_goes_on_with_the_version_that_cray_has() {
    let site = Site::new();
    site.state("form", "1.4");
    let before = site.read("plan.yaml");
    let dry = site.run(&["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert!(dry.stderr.contains("this cray has no cfs v3"), "{}", dry.stderr);
    assert_eq!((dry.stdout.matches("cfs v3").count(), dry.stdout.matches("cfs sessions create").count()), (0, 3));
    assert_eq!(site.read("plan.yaml"), before);
    site.state("calls", "");
    assert_eq!(site.run(&[]).code, 0);
    let mut calls: Vec<String> = site.calls().into_iter().filter(|call| !call.contains("cfs v3")).collect();
    calls.dedup();
    assert_eq!(rehearsed(&dry.stdout, &results(&site)), calls);
    // A version that was given is not left.
    let site = Site::bare();
    assert_eq!(site.plan(&["--cfs", "v3"]).code, 0);
    site.state("form", "1.4");
    let dry = site.run(&["--dry-run"]);
    assert_eq!(dry.code, 4, "{}", dry.stderr);
}

#[test]
fn a_dry_run_finds_what_would_stop_the_plan() {
    let site = Site::new();
    std::fs::remove_file(site.path().join(format!("state/images/{BASE_ID}.json"))).unwrap();
    let outcome = site.run(&["--dry-run"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("is not in IMS"), "{}", outcome.stderr);
}

#[test]
fn sessions_that_are_to_be_kept_are_kept() {
    let site = Site::new();
    let outcome = site.run(&["--keep-sessions"]);
    assert_eq!(site.sessions().len(), 3);
    assert_eq!(outcome.stdout.matches("sessions delete").count(), 3, "{}", outcome.stdout);
    site.run(&[]);
    site.is_whole();
}

#[test]
fn the_restart_speaks_of_the_bootprep_file_that_it_is_not_given() {
    for (operation, flag, other) in [
        ("prepare-managed-images", "-bc new-", "with -bm or -bpcd"),
        ("prepare-management-images", "-bm new-", "with -bc or -bpcd"),
    ] {
        let site = Site::bare();
        let mut analysis = site.analysis();
        analysis["recoveries"][0]["operation"] = operation.into();
        site.write("analysis.json", &analysis.to_string());
        let made = site.plan_of(&["--analysis", "analysis.json"], &["--strategy", "all"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let told = site.run(&[]).stdout;
        assert!(told.contains(flag) && told.contains(other), "{operation}: {told}");
    }
}

#[test]
fn a_plan_that_is_through_is_left_alone() {
    let site = Site::new();
    site.run(&[]);
    let (plan, calls) = (site.read("plan.yaml"), site.calls().len());
    let outcome = site.run(&[]);
    assert_eq!((outcome.code, site.calls().len(), site.read("plan.yaml")), (0, calls, plan));
    assert!(outcome.stdout.contains("--from plan.yaml"));
}

#[test]
fn two_images_go_their_own_ways() {
    let site = Site::bare();
    let uan = site.read("winter/configuration.json").replace(CONFIGURATION, "winter-uan-24.11");
    site.write("uan.json", &uan);
    site.state("configurations/winter-uan-24.11.json", &uan);
    let mut analysis = site.analysis();
    let run = analysis["sat_runs"].as_array_mut().unwrap().last_mut().unwrap();
    let uan = run["images"].as_array_mut().unwrap().iter_mut().find(|image| image["ref_name"] == "uan.x86_64").unwrap();
    uan["status"] = "failed".into();
    uan["id"] = serde_json::Value::Null;
    site.write("analysis.json", &analysis.to_string());
    let made = site.plan_of(
        &["--analysis", "analysis.json"],
        &[
            "--configuration-file",
            "uan.json",
            "--image",
            "compute.x86_64",
            "--image",
            "uan.x86_64",
            "--strategy",
            "all",
        ],
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    site.fates(&json!({"0,1,2": ["fail", "ok"]}));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let status = site.status();
    assert_eq!((&status["images"][0]["done"], &status["images"][1]["done"]), (&json!(false), &json!(true)));
    assert_eq!(site.layers_of(&status["images"][1]["current_image_id"]), "0 1 2 3 4");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert!(outcome.stdout.contains("uan.x86_64="), "{}", outcome.stdout);
}

#[test]
fn a_run_to_which_nobody_listens_goes_on() {
    let site = Site::short();
    let incfg = env!("CARGO_BIN_EXE_incfg");
    let run = format!("{{ '{incfg}' run plan.yaml --cray ./cray --poll 5ms; echo $? > code; }} 2>&1 | head -n 1");
    let output = std::process::Command::new("sh").args(["-c", &run]).current_dir(site.path()).output().unwrap();
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
    wait_until("the end of the run", || site.path().join("code").exists());
    assert_eq!(site.read("code"), "0\n");
    site.is_whole();
}
