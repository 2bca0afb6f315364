//! Secrets that stand in an input of a plan, in an answer of `cray` or in a log are in no plan, no kept log and no output.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::harness::{BASE_ID, CONFIGURATION, Outcome, Site};
use crate::planted::{KEY, PLANTED, assert_clean};

fn clean(outcome: &Outcome, what: &str) {
    assert_clean(&outcome.stdout, what);
    assert_clean(&outcome.stderr, what);
}

/// What the plan is, says and shows holds no secret.
fn all_forms_are_clean(site: &Site, what: &str) {
    assert_clean(&site.read("plan.yaml"), &format!("{what}: the plan"));
    for words in [
        vec!["status", "plan.yaml"],
        vec!["status", "plan.yaml", "--format", "json"],
        vec!["status", "plan.yaml", "--format", "html"],
        vec!["next", "plan.yaml"],
        vec!["next", "plan.yaml", "--script"],
    ] {
        let outcome = site.incfg(&words);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        clean(&outcome, &format!("{what}: {words:?}"));
    }
}

#[test]
fn the_log_of_a_session_is_kept_and_told_without_its_secrets() {
    for (planted, _) in PLANTED.iter().copied().chain([(KEY, "")]) {
        let site = Site::short();
        site.fates(&json!({"0,1,2": ["fail", "ok"]}));
        let detail = serde_json::to_string(planted).unwrap();
        let log = format!(
            "Inventory generation completed\n{planted}\nRunning site.yml from repo https://crayvcs:Zx9planted@vcs/x\nPLAY [all] ****\nTASK [cos : install] ****\nfatal: [host]: FAILED! => {{\"msg\": {detail}}}\nPLAY RECAP ****\nPlaybook site.yml from repo x failed\n"
        );
        site.state("ansible.log", &log);
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        clean(&outcome, planted);
        let name = site.left_over().pop().unwrap();
        let kept = site.read(&name);
        assert_clean(&kept, &name);
        assert_eq!(kept.lines().count(), log.lines().count());
        assert!(kept.contains("TASK [cos : install]") && kept.contains("[masked]"), "{kept}");
        assert_eq!(fs::metadata(site.path().join(&name)).unwrap().permissions().mode() & 0o777, 0o600);
        all_forms_are_clean(&site, planted);
    }
}

#[test]
fn what_cray_says_is_told_and_kept_without_its_secrets() {
    for (planted, _) in PLANTED {
        let site = Site::short();
        site.write("words", &format!("Error: {planted}\n"));
        for (code, to) in [("2", " >&2"), ("1", ""), ("0", ""), ("2", "")] {
            site.program("cray", &format!("#!/bin/sh\ncat words{to}\nexit {code}\n"));
            let outcome = site.run(&["--call-timeout", "20s"]);
            assert_ne!(outcome.code, 0);
            clean(&outcome, planted);
            clean(&site.incfg_with_stdin(&["record", "plan.yaml", "-"], planted), planted);
            all_forms_are_clean(&site, planted);
        }
    }
}

#[test]
fn a_secret_of_a_configuration_is_in_no_plan_and_its_change_is_no_change() {
    let site = Site::bare();
    let with = |password: &str| {
        let mut configuration: Value = serde_json::from_str(&site.read("winter/configuration.json")).unwrap();
        for layer in configuration["layers"].as_array_mut().unwrap() {
            let key = if layer.get("clone_url").is_some() { "clone_url" } else { "cloneUrl" };
            layer[key] = json!(format!("https://crayvcs:{password}@vcs/x.git"));
            layer["name"] = json!(format!("{} token={password}", layer["name"].as_str().unwrap()));
            layer["commit"] = json!("$6$salt$abcdefghijklmnopqrstuvwxyz");
        }
        configuration.to_string()
    };
    site.write("configuration.json", &with("Zx9planted-1"));
    let made = site.plan_of(&["winter/iuf", "winter/ansible.log", "configuration.json"], &["--strategy", "all"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(site.read("plan.yaml").contains("https://crayvcs:[masked]@vcs/x.git"), "{}", site.read("plan.yaml"));
    all_forms_are_clean(&site, "the configuration");
    // It was renewed meanwhile: that is nothing a layer consists of.
    site.state(&format!("configurations/{CONFIGURATION}.json"), &with("Zx9planted-2"));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    clean(&outcome, "run");
    site.is_whole();
}

#[test]
fn a_name_that_looks_like_a_secret_is_no_plan() {
    let site = Site::bare();
    for flags in [["--result-name", "token=Zx9planted-1"], ["--group", "password=Zx9planted-2"]] {
        let flags = [flags[0], &format!("compute.x86_64={}", flags[1])];
        let refused = site.plan(&flags);
        assert_eq!(refused.code, 3, "{}", refused.stderr);
        assert!(refused.stderr.contains("looks like a password or a token"), "{}", refused.stderr);
        clean(&refused, flags[0]);
    }
    let bootprep = site.read("winter/compute-and-uan-bootprep.yaml");
    site.write("bootprep.yaml", &bootprep.replace("compute.x86_64", "password=Zx9planted-3"));
    let inputs = ["winter/iuf", "winter/ansible.log", "winter/configuration.json", "--bootprep", "bootprep.yaml"];
    let refused =
        site.incfg(&[&["plan"], inputs.as_slice(), &["--vars-file", "winter/session_vars.yaml", "-o", "p"]].concat());
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("its ref_name"), "{}", refused.stderr);
    assert!(refused.stderr.contains("Change it in the bootprep file"), "{}", refused.stderr);
    clean(&refused, "ref_name");
    let site = Site::short();
    let plan = site.read("plan.yaml");
    site.write("plan.yaml", &plan.replace("result_name: ", "result_name: token=Zx9planted-"));
    let refused = site.incfg(&["status", "plan.yaml"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    clean(&refused, "an edited plan");
}

#[test]
fn a_path_that_looks_like_a_secret_is_told_with_the_way_out() {
    let site = Site::bare();
    let dir = "token=Zx9planted-5";
    fs::create_dir(site.path().join(dir)).unwrap();
    for name in ["compute-and-uan-bootprep.yaml", "session_vars.yaml"] {
        site.write(&format!("{dir}/{name}"), &site.read(&format!("winter/{name}")));
    }
    let made = |bootprep: &str, vars: &str, plan: &str| {
        let logs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json"];
        site.incfg(&[&logs[..], &["--bootprep", bootprep, "--vars-file", vars, "-o", plan]].concat())
    };
    let (bootprep, vars) = ("winter/compute-and-uan-bootprep.yaml", "winter/session_vars.yaml");
    let (secret_bootprep, secret_vars) =
        (format!("{dir}/compute-and-uan-bootprep.yaml"), format!("{dir}/session_vars.yaml"));
    for (flag, refused) in [
        ("--bootprep", made(&secret_bootprep, vars, "p")),
        ("--vars-file", made(bootprep, &secret_vars, "p")),
        ("-o", made(bootprep, vars, &format!("{dir}/p"))),
    ] {
        assert_eq!(refused.code, 3, "{flag}: {}", refused.stderr);
        for part in [flag, "looks like a password or a token", "by a link of another name"] {
            assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
        }
        clean(&refused, flag);
    }
    assert!(!site.path().join("p").exists());
    // The way out is one.
    std::os::unix::fs::symlink(dir, site.path().join("files")).unwrap();
    let outcome = made("files/compute-and-uan-bootprep.yaml", "files/session_vars.yaml", "files/p");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    // A plan that lies there nevertheless prints no command that would do something else.
    let plan = format!("{dir}/p");
    for words in [vec!["status", &plan], vec!["next", &plan], vec!["run", &plan, "--dry-run", "--cray", "./cray"]] {
        let outcome = site.incfg(&words);
        assert_eq!(outcome.code, 0, "{words:?}: {}", outcome.stderr);
        clean(&outcome, "the path of the plan");
        let commands = outcome.stdout.lines().filter(|line| line.starts_with("      "));
        assert!(commands.clone().all(|line| !line.contains("[masked]")), "{}", outcome.stdout);
    }
}

#[test]
fn an_activity_that_looks_like_a_secret_is_left_open() {
    let site = Site::bare();
    let mut analysis = site.analysis();
    analysis["activity"] = json!("password=Zx9planted-6");
    site.write("analysis.json", &analysis.to_string());
    let made = site.plan_of(&["--analysis", "analysis.json"], &["--strategy", "all"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stderr.contains("the name of the activity holds") && made.stderr.contains("\"$ACTIVITY\""),
        "{}",
        made.stderr
    );
    clean(&made, "plan");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("iuf -a \"$ACTIVITY\" -m"), "{}", outcome.stdout);
    all_forms_are_clean(&site, "the activity");
}

#[test]
fn an_image_that_exists_under_a_name_like_a_secret_is_no_pin() {
    let site = Site::bare();
    let run = "winter/iuf/log/20240614101544";
    let pod = "winter-24-11-t5v9c-prepare-images-x7wzk-sat-wrapper-3870673064-main.txt";
    for (from, to) in [
        ("winter/compute-and-uan-bootprep.yaml".to_owned(), "bootprep.yaml"),
        (format!("{run}/install.log"), "install.log"),
        (format!("{run}/argo_logs/{pod}"), pod),
    ] {
        site.write(to, &site.read(&from).replace("base.x86_64", "password=Zx9planted-4"));
    }
    let logs = ["install.log", pod, "winter/ansible.log", "winter/configuration.json"];
    let files = ["--bootprep", "bootprep.yaml", "--vars-file", "winter/session_vars.yaml", "-o", "plan.yaml"];
    let made = site.incfg(&[&["plan"], logs.as_slice(), &files].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains(&format!("image {BASE_ID} exists, but its ref_name")), "{}", made.stderr);
    let plan = site.read("plan.yaml");
    assert!(!plan.contains("Zx9planted") && !plan.contains("ref_name: '[masked]'"), "{plan}");
    clean(&made, "plan");
}

#[test]
fn a_fetched_log_is_masked_and_for_its_owner_only() {
    let site = Site::bare();
    let key = "argo/w-x2k4z/w-x2k4z-prepare-managed-images-1234567890/main.log";
    site.write("act.log", &format!("INFO LOG FILE FOR sat-bootprep-run: {key}\n"));
    let analysis = site.incfg(&["analyze", "winter/iuf", "--format", "json"]);
    site.write("analysis.json", &analysis.stdout);
    let analysis: Value = serde_json::from_str(&analysis.stdout).unwrap();
    let keys: Vec<&str> =
        analysis["sat_runs"].as_array().unwrap().iter().filter_map(|run| run["s3_key"].as_str()).collect();
    let text: String = PLANTED.iter().map(|(planted, _)| format!("ERROR: {planted}\n")).collect();
    for key in &keys {
        site.state(&format!("objects/{}", key.replace('/', "_")), &format!("INFO: Creating images\n{text}{KEY}\n"));
    }
    let fetched = site.incfg(&["fetch", "--analysis", "analysis.json", "--dir", "logs", "--cray", "./cray"]);
    assert_eq!(fetched.code, 0, "{}", fetched.stderr);
    let names: Vec<String> = fetched.stdout.lines().map(str::to_owned).collect();
    assert!(!names.is_empty());
    for name in &names {
        let kept = site.read(name);
        assert_clean(&kept, name);
        assert_eq!(kept.lines().count(), 1 + PLANTED.len() + KEY.lines().count());
        assert_eq!(fs::metadata(site.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(site.path().join("logs")).unwrap().count(), names.len(), "nothing else is left");
}
