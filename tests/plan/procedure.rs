//! The whole procedure by hand, and the bootprep file at its end.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::{BASE_ID, Outcome, Site, UAN_ID, wait_until};

/// Types a command as incfg prints it.
fn typed(site: &Site, command: &str) -> Outcome {
    let incfg = Path::new(env!("CARGO_BIN_EXE_incfg")).parent().unwrap();
    let path = format!("{}:{}:{}", site.path().display(), incfg.display(), std::env::var("PATH").unwrap());
    let command = format!("{{ {command}\n}} 2>&1");
    Command::new("sh").args(["-c", &command]).env("PATH", path).current_dir(site.path()).output().unwrap().into()
}

/// The commands that incfg prints in this text.
fn commands_in(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("      ")).map(str::to_owned).collect()
}

#[test]
fn the_whole_procedure_by_hand_ends_in_the_same_file() {
    let site = Site::bare();
    site.fates(&json!({"3": ["fail", "ok"]}));
    site.state("ansible.log", "Running site.yml from repo x\n");
    let inputs = "winter/iuf winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml";
    let facts = typed(&site, &format!("incfg analyze {inputs} --format env")).stdout;
    assert!(facts.contains(&format!("BASE_IMAGE_ID={BASE_ID}\n")), "{facts}");
    typed(&site, &format!("incfg plan {inputs} -o plan.yaml"));
    let mut steps = 0;
    let last_page = loop {
        let page = typed(&site, "incfg next plan.yaml").stdout;
        if page.contains("--from plan.yaml") {
            break page;
        }
        steps += 1;
        assert!(steps < 20, "{page}");
        for command in commands_in(&page) {
            for _ in 0..5 {
                let outcome = typed(&site, &command);
                assert!(outcome.code == 0 || outcome.stdout.starts_with("failed\n"), "{command}: {}", outcome.stdout);
                if !outcome.stdout.starts_with("waiting ") {
                    break;
                }
            }
        }
    };
    let result = site.status()["images"][0]["current_image_id"].clone();
    assert_eq!((site.layers_of(&result).as_str(), site.created().len()), ("0 1 2 3 4", 4));
    let rewrite = commands_in(&last_page).into_iter().find(|command| command.contains("rewrite-bootprep")).unwrap();
    assert_eq!(typed(&site, &rewrite).code, 0);
    rewritten(&site, result.as_str().unwrap());
    // What is left to delete is what nobody uses.
    for command in commands_in(&last_page).iter().filter(|command| command.contains(" delete ")) {
        assert_eq!(typed(&site, command).code, 0, "{command}");
    }
    let images = fs::read_dir(site.path().join("state/images")).unwrap().map(|image| image.unwrap().file_name());
    let mut images: Vec<String> = images.map(|image| image.to_string_lossy().replace(".json", "")).collect();
    images.sort();
    let mut used = vec![BASE_ID.to_owned(), UAN_ID.to_owned(), result.as_str().unwrap().to_owned()];
    used.sort();
    assert_eq!(images, used);
    assert_eq!(site.sessions(), Vec::<String>::new());
}

/// The new file boots the result, builds nothing of what exists, and leaves the rest as it was.
fn rewritten(site: &Site, result: &str) {
    let old = site.read("winter/compute-and-uan-bootprep.yaml");
    let new = site.read("new-compute-and-uan-bootprep.yaml");
    assert!(new.contains(&format!("  image:\n    ims:\n      id: {result}\n")), "{new}");
    assert!(new.contains("images: []"), "{new}");
    let (before, after) =
        (old.split("images:").next().unwrap(), old.split("  configuration: \"{{default.note}}compute").last().unwrap());
    assert!(new.starts_with(before) && new.ends_with(after), "{new}");
}

#[test]
fn a_pin_that_is_given_wins_over_that_of_the_plan() {
    let site = Site::new();
    assert_eq!(site.run(&[]).code, 0);
    let other = "99999999-2222-4333-8444-555555555555";
    let file = "winter/compute-and-uan-bootprep.yaml";
    // By ref_name, as written, and by the name that only the log knows.
    let names = [
        ["uan.x86_64", "uan-{{base.name}}", "uan-hpe-cos-24.11.x86_64-winter"],
        ["compute.x86_64", "compute-{{base.name}}", "compute-hpe-cos-24.11.x86_64-winter"],
        ["base.x86_64", "{{base.name}}{{default.suffix}}", "hpe-cos-24.11.x86_64-winter"],
    ];
    for name in names.iter().flatten() {
        let pin = format!("{name}={other}");
        let vars = ["--vars-file", "winter/session_vars.yaml"];
        let words = [&["rewrite-bootprep", file], vars.as_slice(), &["--from", "plan.yaml", "--pin", &pin]].concat();
        let outcome = site.incfg(&words);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
        assert_eq!(
            outcome.stderr.matches(&format!("removed; it exists as {other}")).count(),
            1,
            "{name}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr.contains(UAN_ID), !name.starts_with("uan"), "{name}: {}", outcome.stderr);
        assert_eq!(
            outcome.stderr.contains(BASE_ID),
            names[2].iter().all(|base| base != name),
            "{name}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_pin_by_a_rendered_name_wins_over_that_of_the_plan() {
    let site = Site::bare();
    let old = site
        .read("winter/compute-and-uan-bootprep.yaml")
        .replace("\"{{base.name}}{{default.suffix}}\"", "\"hpe-cos-24.11.x86_64{{default.suffix}}\"");
    site.write("b.yaml", &old);
    let words = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json", "--bootprep", "b.yaml"];
    let vars = ["--vars-file", "winter/session_vars.yaml"];
    let made = site.incfg(&[words.as_slice(), &vars, &["-o", "plan.yaml"]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(site.run(&[]).code, 0);
    let pin = "compute-hpe-cos-24.11.x86_64-winter=99999999-2222-4333-8444-555555555555";
    let outcome = site
        .incfg(&[&["rewrite-bootprep", "b.yaml"], vars.as_slice(), &["--from", "plan.yaml", "--pin", pin]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("id: 99999999-2222-4333-8444-555555555555"), "{}", outcome.stdout);
    // Two pins of one image that differ are still an error.
    let twice = site.incfg(
        &[
            &["rewrite-bootprep", "b.yaml"],
            vars.as_slice(),
            &["--from", "plan.yaml", "--pin", pin, "--pin", &format!("compute.x86_64={UAN_ID}")],
        ]
        .concat(),
    );
    assert!(twice.code == 3 && twice.stderr.contains("is pinned twice"), "{}", twice.stderr);
}

#[test]
fn an_image_that_is_gone_from_ims_is_no_pin_any_more() {
    let site = Site::new();
    std::fs::remove_file(site.path().join(format!("state/images/{UAN_ID}.json"))).unwrap();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("give --pin uan.x86_64=ID to incfg rewrite-bootprep"), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains(&format!("uan.x86_64={UAN_ID}")), "{}", outcome.stdout);
    // It stays in the plan as gone, and whoever looks is told.
    for command in ["status", "next"] {
        let told = site.incfg(&[command, "plan.yaml"]).stdout;
        assert!(told.contains(&format!("no pin: uan.x86_64 existed as {UAN_ID}, which IMS has no more")), "{told}");
        assert!(!told.contains(&format!("uan.x86_64={UAN_ID}")), "{told}");
    }
    assert_eq!(site.status()["gone"][0]["ref_name"], "uan.x86_64");
    let file = "winter/compute-and-uan-bootprep.yaml";
    let rewritten =
        site.incfg(&["rewrite-bootprep", file, "--vars-file", "winter/session_vars.yaml", "--from", "plan.yaml"]);
    assert_eq!(rewritten.code, 0, "{}", rewritten.stderr);
    assert!(!rewritten.stderr.contains(UAN_ID), "{}", rewritten.stderr);
    assert!(rewritten.stdout.contains("ref_name: uan.x86_64"), "its entry stays: {}", rewritten.stdout);
}

#[test]
fn a_rewrite_from_a_plan_that_is_not_through_is_refused() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/0-2"]);
    let file = "winter/compute-and-uan-bootprep.yaml";
    let arguments = ["rewrite-bootprep", file, "--vars-file", "winter/session_vars.yaml", "--from", "plan.yaml"];
    let refused = site.incfg(&arguments);
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""), "{}", refused.stderr);
    assert!(
        refused.stderr.contains(
            "plan.yaml: the plan is not through: compute.x86_64/3 is open. incfg run or incfg next goes on with it"
        ),
        "{}",
        refused.stderr
    );
    site.run(&[]);
    let result = site.status()["images"][0]["current_image_id"].as_str().unwrap().to_owned();
    let from_plan = site.incfg(&arguments);
    assert_eq!(from_plan.code, 0, "{}", from_plan.stderr);
    let pins = [format!("base.x86_64={BASE_ID}"), format!("uan.x86_64={UAN_ID}"), format!("compute.x86_64={result}")];
    let by_pins: Vec<&str> = pins.iter().flat_map(|pin| ["--pin", pin.as_str()]).collect();
    let by_hand = site.incfg(&[&arguments[..4], &by_pins].concat());
    assert_eq!(from_plan.stdout, by_hand.stdout);
    // The plan knows the activity, and which of the two files it is.
    let restart =
        "iuf -a winter-24.11 -m \"$MEDIA_DIR\" run -r prepare-images -sv \"$SITE_VARS\" -rv \"$PRODUCT_VARS\" -bc";
    assert!(from_plan.stderr.contains(restart) && !from_plan.stderr.contains("$ACTIVITY"), "{}", from_plan.stderr);
    assert!(by_hand.stderr.contains("iuf -a \"$ACTIVITY\""), "{}", by_hand.stderr);
}

#[test]
fn fetch_gives_each_log_a_file_of_its_own() {
    let site = Site::bare();
    let dry = site.incfg(&["fetch", "winter/iuf", "--dry-run", "--dir", "logs"]);
    let keys: Vec<&str> = dry.stdout.lines().map(|line| line.split(' ').nth(4).unwrap()).collect();
    assert_eq!(keys.len(), 3, "{}", dry.stdout);
    for key in &keys[1..] {
        site.state(&format!("objects/{}", key.replace('/', "_")), &format!("INFO: {key}\n"));
    }
    let fetched = site.incfg(&["fetch", "winter/iuf", "--dir", "logs", "--cray", "./cray"]);
    assert_eq!(fetched.code, 1, "one log is not in S3: {}", fetched.stderr);
    assert!(fetched.stderr.contains(&format!("{}: not in S3", keys[0])), "{}", fetched.stderr);
    let files: Vec<&str> = fetched.stdout.lines().collect();
    assert_eq!(files.len(), 2);
    for (file, key) in files.iter().zip(&keys[1..]) {
        assert_eq!(site.read(file), format!("INFO: {key}\n"));
    }
    assert_eq!(fs::read_dir(site.path().join("logs")).unwrap().count(), 2);
    let again = site.incfg(&["fetch", "winter/iuf", "--dir", "logs", "--cray", "./cray"]);
    assert!(again.stderr.contains("is there already and was left alone"), "{}", again.stderr);
    let missing = site.incfg(&["fetch", "winter/iuf", "--dir", "logs", "--cray", "./no-cray"]);
    assert_eq!(missing.code, 4, "{}", missing.stderr);
    site.write("nowhere", "a file");
    let nowhere = site.incfg(&["fetch", "winter/iuf", "--dir", "nowhere", "--cray", "./cray"]);
    assert!(nowhere.code == 3 && nowhere.stderr.contains("--dir nowhere: cannot be made"), "{}", nowhere.stderr);
}

/// A site where S3 has every log that the activity names.
pub fn with_logs_in_s3() -> Site {
    let site = Site::bare();
    let dry = site.incfg(&["fetch", "winter/iuf", "--dry-run"]);
    for key in dry.stdout.lines().map(|line| line.split(' ').nth(4).unwrap()) {
        site.state(&format!("objects/{}", key.replace('/', "_")), "INFO: a log\n");
    }
    site
}

/// Fetches them.
pub const FETCH: [&str; 6] = ["fetch", "winter/iuf", "--dir", "logs", "--cray", "./cray"];

#[test]
fn fetch_tells_a_cray_that_answers_nothing_from_logs_that_are_missing() {
    for (fault, code, files) in [
        (json!({"artifacts get config-data": "503"}), 4, 0),
        (json!({"artifacts get config-data": "login"}), 4, 0),
        (json!({"artifacts get config-data": "expired"}), 4, 0),
        (json!({"artifacts get config-data 2": "unreachable"}), 1, 2),
        (json!({}), 0, 3),
    ] {
        let site = with_logs_in_s3();
        site.faults(&fault);
        let outcome = site.incfg(&FETCH);
        assert_eq!(outcome.code, code, "{fault}: {}", outcome.stderr);
        assert_eq!(fs::read_dir(site.path().join("logs")).unwrap().count(), files, "{fault}");
    }
    // Each of them is asked for and not there: that is an answer.
    let site = Site::bare();
    assert_eq!(site.incfg(&FETCH).code, 1);
}

#[test]
fn a_fetch_that_is_stopped_leaves_whole_files_only() {
    for signal in ["-INT", "-TERM"] {
        let site = with_logs_in_s3();
        site.faults(&json!({"artifacts get config-data 2": "hang"}));
        let fetch = site.command(&FETCH).spawn().unwrap();
        wait_until("the second call", || site.calls().len() == 2);
        Command::new("kill").args([signal, &fetch.id().to_string()]).status().unwrap();
        let ended: Outcome = fetch.wait_with_output().unwrap().into();
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("the same command fetches the others"), "{}", ended.stderr);
        let files: Vec<_> = fs::read_dir(site.path().join("logs")).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        site.faults(&json!({}));
        assert_eq!(site.incfg(&FETCH).code, 0);
    }
}
