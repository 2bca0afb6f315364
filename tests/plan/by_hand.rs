//! `incfg next` and `incfg record`: the plan driven by hand, without a network.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{BASE_ID, CONFIGURATION, Outcome, Site};

/// The commands that `incfg next` prints, without its words.
fn commands(site: &Site) -> Vec<String> {
    let outcome = site.incfg(&["next", "plan.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout.lines().filter_map(|line| line.strip_prefix("      ")).map(str::to_owned).collect()
}

/// Types a command into a shell that finds `cray` and `incfg`.
fn typed(site: &Site, command: &str) -> Outcome {
    let incfg = std::path::Path::new(env!("CARGO_BIN_EXE_incfg")).parent().unwrap();
    let path = format!("{}:{}:{}", site.path().display(), incfg.display(), std::env::var("PATH").unwrap());
    Command::new("sh").args(["-c", command]).env("PATH", path).current_dir(site.path()).output().unwrap().into()
}

/// Does what `incfg next` says until the image of the step is made; what the last answer was.
fn step_by_hand(site: &Site) -> Outcome {
    let session = all_typed(site);
    if session.stdout.starts_with("unchecked ") { all_typed(site) } else { session }
}

/// Does what `incfg next` says; what the last answer was.
fn all_typed(site: &Site) -> Outcome {
    let commands = commands(site);
    let mut last = None;
    for command in &commands {
        for _ in 0..10 {
            let outcome = typed(site, command);
            let waiting = outcome.stdout.starts_with("waiting ");
            if !command.contains("sessions delete") {
                last = Some(outcome);
            }
            if !waiting {
                break;
            }
        }
    }
    last.unwrap()
}

#[test]
fn the_printed_commands_make_the_images() {
    for form in ["v3", "1.4"] {
        let site = Site::bare();
        site.state("form", form);
        site.plan(if form == "v3" { &[] } else { &["--cfs", "v2"] });
        for left in [2, 1, 0] {
            let before = site.read("plan.yaml");
            let outcome = step_by_hand(&site);
            assert_eq!(outcome.code, 0, "{form}: {}", outcome.stderr);
            assert!(outcome.stdout.starts_with("made "), "{form}: {}", outcome.stdout);
            assert_ne!(site.read("plan.yaml"), before);
            let open = site.steps("state").iter().filter(|state| **state != "done").count();
            assert_eq!(open, left);
        }
        site.is_whole();
        let outcome = site.incfg(&["next", "plan.yaml"]);
        assert!(outcome.stdout.contains("--from plan.yaml"), "{}", outcome.stdout);
    }
}

#[test]
fn next_changes_nothing_and_prints_the_same_again() {
    let site = Site::new();
    let before = site.read("plan.yaml");
    assert_eq!(commands(&site), commands(&site));
    assert_eq!(site.read("plan.yaml"), before);
    let outcome = site.incfg(&["next", "plan.yaml", "--image", "nope"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("it makes compute.x86_64"), "{}", outcome.stderr);
}

#[test]
fn names_stay_one_word_in_a_shell() {
    let site = Site::bare();
    site.plan(&["--result-name", "it's $(touch hacked) & more", "--group", "My Group"]);
    for _ in 0..3 {
        assert_eq!(step_by_hand(&site).code, 0);
    }
    site.is_whole();
    assert_eq!(site.left_over(), Vec::<String>::new());
    let last = site.status()["images"][0]["current_image_id"].clone();
    assert!(
        site.read(&format!("state/images/{}.json", last.as_str().unwrap())).contains("it's $(touch hacked) & more")
    );
}

#[test]
fn the_script_makes_the_images_and_can_be_run_again() {
    let site = Site::new();
    site.faults(&json!({"cfs sessions describe 4": "503", "cfs sessions create 2": "503"}));
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    let first = typed(&site, "POLL=0 sh rest.sh");
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(first.stderr.contains("Run this script again"), "{}", first.stderr);
    let second = typed(&site, "POLL=0 sh rest.sh");
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stdout.contains("3 of 3 steps done"), "{}", second.stdout);
    site.is_whole();
}

#[test]
fn the_script_asks_again_when_an_answer_is_none() {
    for fault in ["503", "login", "garbage", "404-gateway", "unreachable", "empty", "traceback"] {
        let site = Site::new();
        let calls = ["cfs sessions describe 1", "cfs sessions describe 3", "ims images describe 2"];
        let calls = calls.into_iter().chain(["cfs configurations describe 1", "cfs configurations describe 2"]);
        let faults: serde_json::Map<String, Value> = calls.map(|call| (call.to_owned(), fault.into())).collect();
        site.faults(&faults.into());
        site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
        let outcome = typed(&site, "POLL=0 sh rest.sh");
        assert_eq!(outcome.code, 0, "{fault}: {}", outcome.stderr);
        site.is_whole();
    }
}

#[test]
fn the_script_stops_when_a_layer_has_changed_while_it_was_applied() {
    let site = Site::new();
    site.fates(&json!({"4": ["changes-4"]}));
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    for _ in 0..2 {
        let outcome = typed(&site, "POLL=0 sh rest.sh");
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("commit of layer 4 is 4444"), "{}", outcome.stderr);
    }
    assert_eq!(site.steps("state"), ["done", "done", "created"]);
    assert_eq!((site.created().len(), site.sessions().len()), (3, 1));
}

#[test]
fn the_script_makes_nothing_twice() {
    for fault in ["lost", "503", "ok"] {
        let site = Site::new();
        site.faults(&json!({"cfs sessions delete 1": fault}));
        site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
        for _ in 0..2 {
            let outcome = typed(&site, "POLL=0 sh rest.sh");
            assert_eq!(outcome.code, 0, "{fault}: {}", outcome.stderr);
            assert!(outcome.stdout.contains("3 of 3 steps done"), "{fault}: {}", outcome.stdout);
        }
        let told = site.incfg(&["status", "plan.yaml"]).stdout;
        assert!(!told.contains("sessions delete"), "{fault}: {told}");
        assert_eq!(site.created().len(), 3, "{fault}");
        site.is_whole();
    }
}

#[test]
fn the_script_calls_no_session_deleted_that_is_still_there() {
    for fault in ["login", "empty"] {
        let site = Site::new();
        // In its turn, and when it is tried once more at the end.
        site.faults(&json!({"cfs sessions delete 1": fault, "cfs sessions delete 4": fault}));
        site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
        let outcome = typed(&site, "POLL=0 sh rest.sh");
        assert_eq!(outcome.code, 5, "{fault}: {}", outcome.stderr);
        assert_eq!(site.status()["done"], json!(true), "{fault}");
        let [session] = site.sessions().try_into().unwrap();
        let told = format!("session {session} was not deleted: cray printed no error, and it is still there");
        assert!(outcome.stderr.contains(&told), "{fault}: {}", outcome.stderr);
        let left =
            format!("every image is made, and these sessions were not deleted: {session}. Run this script again");
        assert!(outcome.stderr.contains(&left), "{fault}: {}", outcome.stderr);
        assert!(outcome.stdout.contains(&format!("sessions delete {session}")), "{fault}: {}", outcome.stdout);
        let again = typed(&site, "POLL=0 sh rest.sh");
        assert_eq!((again.code, site.sessions()), (0, Vec::new()), "{fault}: {}", again.stderr);
        site.is_whole();
    }
}

#[test]
fn the_script_tries_once_more_to_delete_what_it_could_not_delete_in_its_turn() {
    let site = Site::new();
    site.faults(&json!({"cfs sessions delete 1": "login"}));
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    let outcome = typed(&site, "POLL=0 sh rest.sh");
    assert_eq!((outcome.code, site.sessions()), (0, Vec::new()), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("was not deleted: cray printed no error"), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("sessions delete"), "{}", outcome.stdout);
    site.is_whole();
}

#[test]
fn the_script_does_not_end_well_while_a_session_that_was_given_up_is_there() {
    let (site, given_up) = given_up(&["running", "ok"]);
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    site.faults(&json!({"cfs sessions delete": "login"}));
    let outcome = typed(&site, "POLL=0 sh rest.sh");
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert_eq!(site.status()["done"], json!(true));
    let (_, left) = outcome.stderr.trim_end().rsplit_once("these sessions were not deleted: ").unwrap();
    let sessions = site.sessions();
    assert!(sessions.contains(&given_up) && sessions.len() == 2, "{sessions:?}");
    assert!(sessions.iter().all(|session| left.contains(session.as_str())), "{left}");
    site.faults(&json!({}));
    let again = typed(&site, "POLL=0 sh rest.sh");
    assert_eq!((again.code, site.sessions()), (0, Vec::new()), "{}", again.stderr);
    site.is_whole();
}

#[test]
fn the_script_says_when_incfg_cannot_take_an_answer_in() {
    let site = Site::new();
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    site.program("breaking", "#!/bin/sh\necho x >> plan.yaml\nexec ./cray \"$@\"\n");
    let outcome = typed(&site, "CRAY=./breaking POLL=0 sh rest.sh");
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    for part in ["plan.yaml", "incfg could not take in what it was told by: cray ims images describe"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("not what the plan expects"), "{}", outcome.stderr);
}

#[test]
fn the_script_stops_at_a_last_image_that_is_not_whole() {
    for (fate, said) in [
        ("no-link", "has no link"),
        ("not-in-ims", "there is no such thing: cray ims images describe"),
        ("other-arch", "is an aarch64"),
    ] {
        let site = Site::new();
        site.fates(&json!({"4": [fate]}));
        site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
        for _ in 0..2 {
            let outcome = typed(&site, "POLL=0 sh rest.sh");
            assert_eq!(outcome.code, 1, "{fate}: {}", outcome.stderr);
            assert!(outcome.stderr.contains(said), "{fate}: {}", outcome.stderr);
        }
        assert_eq!((site.sessions().len(), site.created().len()), (1, 3), "{fate}");
        assert_eq!(site.steps("state")[2], "created", "{fate}");
    }
}

#[test]
fn the_script_stops_at_the_first_surprise() {
    for (fates, faults, said) in [
        (json!({"3": ["fail"]}), json!({}), "step compute.x86_64/3 failed"),
        (json!({"3": ["no-artifact"]}), json!({}), "does not say what it made"),
        (json!({}), json!({"cfs sessions create 1": "lost"}), "may not have been created"),
        (json!({}), json!({"cfs sessions describe": "login"}), "no whole JSON"),
        (
            json!({}),
            json!({"cfs sessions describe": "404-gateway"}),
            "asked 8 times without an answer: cray cfs v3 sessions",
        ),
        (json!({}), json!({"ims images describe": "503"}), "503 Service Unavailable"),
        (json!({}), json!({"cfs sessions describe 3": "expired"}), "cray cannot be used"),
    ] {
        let site = Site::new();
        site.fates(&fates);
        site.faults(&faults);
        site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
        let outcome = typed(&site, "POLL=0 sh rest.sh");
        assert_ne!(outcome.code, 0, "{said}");
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

/// The session of the next step, as it is when it has succeeded.
fn session(site: &Site) -> Value {
    let name = site.steps("session").into_iter().zip(site.steps("state")).find(|(_, state)| state != "done").unwrap().0;
    json!({
        "ansible": {"config": "cfs-default-ansible-cfg", "limit": null, "passthrough": null, "verbosity": 0},
        "configuration": {"limit": "0,1,2", "name": CONFIGURATION},
        "name": name,
        "status": {
            "artifacts": [{"image_id": BASE_ID, "result_id": "11111111-2222-4333-8444-555555555555", "type": "ims_customized_image"}],
            "session": {"completionTime": "2026-11-22T05:05:45", "job": "cfs-1", "startTime": "2026-11-22T04:05:45", "status": "complete", "succeeded": "true"}
        },
        "tags": {},
        "target": {"definition": "image", "groups": [{"members": [BASE_ID], "name": "Compute"}], "image_map": []}
    })
}

type Change = fn(&mut Value);

fn record(site: &Site, document: &Value) -> Outcome {
    site.incfg_with_stdin(&["record", "plan.yaml"], &format!("{document:#}"))
}

const RESULT_ID: &str = "11111111-2222-4333-8444-555555555555";

/// The image that the session of the next step makes.
fn image() -> Value {
    json!({"arch": "x86_64", "id": RESULT_ID, "link": {"path": "s3://boot-images/x/manifest.json"}, "name": "x"})
}

/// Records what counts beside the session: the configuration as it is, and the image that the session has named.
fn looked_at(site: &Site) -> [Outcome; 2] {
    let configuration = site.incfg(&["record", "plan.yaml", "winter/configuration.json"]);
    [configuration, record(site, &image())]
}

#[test]
fn a_session_typed_without_tags_is_taken() {
    let site = Site::new();
    let outcome = record(&site, &session(&site));
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "unchecked 11111111-2222-4333-8444-555555555555\n"),
        "{}",
        outcome.stderr
    );
    for look in [format!("cray ims images describe {RESULT_ID}"), format!("configurations describe {CONFIGURATION}")] {
        let look = format!("{look} --format json | incfg record plan.yaml -\n");
        assert!(outcome.stderr.contains(&look), "{look}: {}", outcome.stderr);
    }
    assert_eq!(site.steps("state"), ["created", "todo", "todo"]);
    let [configuration, image] = looked_at(&site);
    assert_eq!((configuration.code, configuration.stdout.as_str()), (0, "same\n"), "{}", configuration.stderr);
    assert_eq!((image.code, image.stdout), (0, format!("made {RESULT_ID}\n")), "{}", image.stderr);
    assert_eq!(site.steps("state"), ["done", "todo", "todo"]);
    assert_eq!(site.status()["images"][0]["current_image_id"], "11111111-2222-4333-8444-555555555555");
}

#[test]
fn an_image_counts_when_its_configuration_was_looked_at_too() {
    let site = Site::new();
    // What was looked at before the session had ended does not count.
    assert_eq!(site.incfg(&["record", "plan.yaml", "winter/configuration.json"]).stdout, "same\n");
    record(&site, &session(&site));
    let outcome = record(&site, &image());
    assert_eq!(outcome.stdout, format!("unchecked {RESULT_ID}\n"), "{}", outcome.stderr);
    let looks = commands(&site).into_iter().filter(|command| !command.contains("sessions delete"));
    let looks: Vec<String> = looks.collect();
    let look = format!("cray cfs v3 configurations describe {CONFIGURATION} --format json | incfg record plan.yaml -");
    assert_eq!(looks.join("\n"), look);
    assert!(outcome.stderr.contains(&look), "{}", outcome.stderr);
    let outcome = site.incfg(&["record", "plan.yaml", "winter/configuration.json"]);
    assert_eq!(outcome.stdout, format!("made {RESULT_ID}\n"), "{}", outcome.stderr);
    assert_eq!(site.steps("state"), ["done", "todo", "todo"]);
}

/// The configuration with another commit in a layer.
fn changed(site: &Site, layer: usize) -> Value {
    let mut configuration: Value = serde_json::from_str(&site.read("winter/configuration.json")).unwrap();
    configuration["layers"][layer]["commit"] = "d4373419e20ccd1f73d4635e16fc57ec66cf9f60".into();
    configuration
}

#[test]
fn an_image_does_not_count_when_its_layers_changed_meanwhile() {
    let site = Site::new();
    let name = site.steps("session")[0].as_str().unwrap().to_owned();
    record(&site, &session(&site));
    record(&site, &image());
    let before = site.read("plan.yaml");
    let accept = ["record", "plan.yaml", "-", "--accept-configuration"];
    for outcome in [record(&site, &changed(&site, 1)), site.incfg_with_stdin(&accept, &changed(&site, 1).to_string())] {
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, "refused\n"), "{}", outcome.stderr);
        for part in [
            "commit of layer 1 is d4373419",
            "whether it reads the old or the new is open, so its image does not count",
            &format!("incfg record plan.yaml --give-up {name}"),
        ] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
    }
    assert_eq!(site.read("plan.yaml"), before);
    // What it says to do is what helps, and the image is not forgotten.
    assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &name]).code, 0);
    assert_eq!(site.incfg_with_stdin(&accept, &changed(&site, 1).to_string()).stdout, "accepted\n");
    site.state(&format!("configurations/{CONFIGURATION}.json"), &changed(&site, 1).to_string());
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert!(outcome.stdout.contains(&format!("images delete {RESULT_ID}  #")), "{}", outcome.stdout);
}

#[test]
fn an_image_counts_when_only_other_layers_changed_meanwhile() {
    let site = Site::new();
    record(&site, &session(&site));
    let outcome = record(&site, &changed(&site, 4));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "same\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("in nothing that the session which is over has applied"), "{}", outcome.stderr);
    assert_eq!(record(&site, &image()).stdout, format!("made {RESULT_ID}\n"));
    // The next session would apply it: that has to be accepted.
    let refused = record(&site, &changed(&site, 4));
    assert!(refused.code == 3 && refused.stderr.contains("--accept-configuration`"), "{}", refused.stderr);
}

#[test]
fn a_session_can_be_recorded_twice() {
    let site = Site::new();
    let made = session(&site);
    record(&site, &made);
    looked_at(&site);
    assert_eq!(record(&site, &image()).stdout, "same\n");
    let plan = site.read("plan.yaml");
    let again = record(&site, &made);
    assert_eq!(again.code, 0);
    assert!(again.stderr.contains("was recorded before"), "{}", again.stderr);
    assert_eq!(site.read("plan.yaml"), plan);
    let mut other = made;
    other["status"]["artifacts"][0]["result_id"] = "21111111-2222-4333-8444-555555555555".into();
    let refused = record(&site, &other);
    assert!(refused.code == 3 && refused.stderr.contains("this session says otherwise"), "{}", refused.stderr);
}

#[test]
fn a_session_typed_without_tags_is_followed_by_run() {
    let site = Site::new();
    let create = commands(&site).into_iter().find(|command| command.contains("sessions create")).unwrap();
    let (before, after) = create.split_once(" --tags ").unwrap();
    typed(&site, &format!("{before} {}", after.split_once(' ').unwrap().1));
    let describe = commands(&site).into_iter().find(|command| command.contains("sessions describe")).unwrap();
    assert_eq!(typed(&site, &describe).stdout, "waiting pending\n");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
}

#[test]
fn a_session_that_was_deleted_by_hand_is_not_told_of_any_more() {
    let site = Site::new();
    let deletions = |text: &str| text.matches("sessions delete").count();
    assert_eq!(all_typed(&site).code, 0);
    for command in commands(&site).iter().filter(|command| !command.contains("sessions delete")) {
        assert_eq!(typed(&site, command).code, 0);
    }
    // The step is done, and its session is still there: it is told of until it is gone.
    assert_eq!((deletions(&site.incfg(&["next", "plan.yaml"]).stdout), site.sessions().len()), (1, 1));
    assert_eq!(typed(&site, &commands(&site)[0]).code, 0);
    assert_eq!((deletions(&site.incfg(&["next", "plan.yaml"]).stdout), site.sessions().len()), (0, 0));
    assert_eq!(site.run(&["--keep-sessions"]).code, 0);
    typed(&site, &format!("cray cfs v3 sessions delete {}", site.sessions()[0]));
    let last = site.sessions()[0].clone();
    let told = site.incfg(&["status", "plan.yaml"]).stdout;
    let command = format!(
        "cray cfs v3 sessions delete {last} --format json; cray cfs v3 sessions describe {last} --format json 2>&1 | grep -q 'Session {last} could not be found' && incfg record plan.yaml --deleted {last}"
    );
    assert!(deletions(&told) == 2 && told.contains(&command), "{told}");
    assert_eq!(typed(&site, &command).code, 0);
    assert_eq!(deletions(&site.incfg(&["status", "plan.yaml"]).stdout), 1);
    // The other one is gone already, which only the plan has to be told: by the same command, or in short.
    assert_eq!(site.sessions(), Vec::<String>::new());
    let other = site.steps("session")[1].as_str().unwrap().to_owned();
    assert_eq!(typed(&site, &command.replace(&last, &other)).code, 0);
    assert_eq!(site.incfg(&["record", "plan.yaml", "--deleted", &other]).code, 0);
    assert_eq!(deletions(&site.incfg(&["status", "plan.yaml"]).stdout), 0);
}

#[test]
fn a_session_that_a_login_page_did_not_delete_is_told_of_again() {
    for fault in ["login", "503", "empty"] {
        let site = Site::short();
        step_by_hand(&site);
        let session = site.steps("session")[0].as_str().unwrap().to_owned();
        site.cray(&format!(
            "cfs v3 sessions create --name {session} --configuration-name {CONFIGURATION} --format json"
        ));
        let told = |site: &Site| site.incfg(&["next", "plan.yaml"]).stdout.contains(&format!("delete {session}"));
        let plan = site.read("plan.yaml");
        // As if the first deletion had not reached CFS.
        site.write("plan.yaml", &plan.replace("session_deleted: true", "session_deleted: false"));
        site.faults(&json!({"cfs sessions delete 2": fault}));
        for (left, code) in [(1, 1), (0, 0)] {
            assert!(told(&site), "{fault}");
            let delete = commands(&site).into_iter().find(|command| command.contains("sessions delete")).unwrap();
            assert_eq!(typed(&site, &delete).code, code, "{fault}");
            assert_eq!(site.sessions().len(), left, "{fault}");
        }
        assert!(!told(&site), "{fault}");
    }
}

#[test]
fn only_a_session_that_is_over_can_be_called_deleted() {
    let site = Site::new();
    let name = site.steps("session")[0].as_str().unwrap().to_owned();
    let before = site.read("plan.yaml");
    for (session, said) in
        [(name.as_str(), "is not over as far as the plan knows"), ("x", "x is no session of this plan")]
    {
        let outcome = site.incfg(&["record", "plan.yaml", "--deleted", session]);
        assert!(outcome.code == 3 && outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    assert_eq!(site.read("plan.yaml"), before);
    record(&site, &session(&site));
    let outcome = site.incfg(&["record", "plan.yaml", "--deleted", &name]);
    assert!(outcome.code == 3 && outcome.stderr.contains(&format!("--give-up {name}")), "{}", outcome.stderr);
}

#[test]
fn only_a_session_of_the_plan_has_something_recorded_of_it() {
    let site = Site::new();
    let all: Vec<String> = site.steps("session").iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let before = site.read("plan.yaml");
    for session in &all {
        assert_eq!(site.incfg(&["record", "plan.yaml", "--known", session]).stdout, "open\n");
    }
    let outcome = site.incfg(&["record", "plan.yaml", "--known", "example"]);
    let said = format!("plan.yaml: example is no session of this plan. Its sessions: {}", all[0]);
    assert!(outcome.code == 3 && outcome.stderr.contains(&said), "{}", outcome.stderr);
    assert_eq!((outcome.stdout.as_str(), site.read("plan.yaml")), ("", before));
    // The other refusals say which plan it is, too, or which file.
    site.write("other.json", "{\"name\": \"example\"}");
    let mut named = session(&site);
    named["name"] = "example".into();
    site.write("example.json", &named.to_string());
    for (arguments, said) in [
        (&["--give-up", "example"][..], "plan.yaml: no session example of this plan is under way"),
        (&["--deleted", "example"], "plan.yaml: example is no session of this plan"),
        (&["example.json"], "plan.yaml: example is no session of this plan that is awaited now"),
        (&["other.json"], "other.json: this is no CFS session"),
    ] {
        let outcome = site.incfg(&[&["record", "plan.yaml"], arguments].concat());
        assert!(outcome.code == 3 && outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

#[test]
fn what_is_awaited_is_told_once_and_as_it_is_now() {
    let site = Site::new();
    let other = json!({"arch": "x86_64", "id": "77777777-2222-4333-8444-555555555555", "link": null, "name": "x"});
    let told = |site: &Site, document: &Value| {
        let outcome = record(site, document);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, "refused\n"), "{}", outcome.stderr);
        outcome.stderr
    };
    assert!(told(&site, &other).contains(&format!("It awaits {BASE_ID}\n")));
    // An image that does not count yet is the one to look at.
    assert_eq!(record(&site, &session(&site)).code, 0);
    let said = told(&site, &other);
    assert!(said.contains(&format!("It awaits {RESULT_ID}\n")), "{said}");
    // A plan that is through awaits nothing.
    let site = Site::short();
    let mut foreign = session(&site);
    foreign["name"] = "example".into();
    assert_eq!(site.run(&[]).code, 0);
    let said = told(&site, &foreign);
    assert!(said.contains("is awaited now. None is: every image is made. incfg next shows what follows\n"), "{said}");
}

#[test]
fn an_image_that_became_useless_is_told_with_what_helps_now() {
    let site = Site::new();
    let status = |site: &Site| (site.steps("session"), site.steps("result_id"));
    let told = |site: &Site, id: &Value| {
        let outcome = record(site, &json!({"arch": "x86_64", "id": id, "link": null, "name": "x"}));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, "refused\n"), "{}", outcome.stderr);
        outcome.stderr
    };
    site.fates(&json!({"3": ["running"]}));
    assert_eq!(site.run(&["--running-timeout", "100ms"]).code, 1);
    let (sessions, results) = status(&site);
    let given_up = |at: usize| format!("incfg record plan.yaml --give-up {}", sessions[at].as_str().unwrap());
    // What is under way on it has to go first, and then the commands are taken.
    let said = told(&site, &results[0]);
    assert!(said.contains(&format!(": {} && {}, then incfg run", given_up(1), given_up(0))), "{said}");
    assert!(told(&site, &json!(BASE_ID)).contains("The plan has gone on from it since, and needs it no more"));
    for command in [given_up(1), given_up(0)] {
        assert_eq!(typed(&site, &command).code, 0, "{command}");
    }
    assert!(told(&site, &json!(BASE_ID)).contains("Make a new plan with another base"));
}

#[test]
fn the_wrong_thing_is_told_for_what_it_is() {
    let wrong: [(&str, Change, i32, &str); 12] = [
        (
            "another session",
            |s| s["name"] = "example".into(),
            3,
            "example is no session of this plan that is awaited now. Awaited: incfg-",
        ),
        (
            "another base",
            |s| s["target"]["groups"][0]["members"][0] = "21111111-2222-4333-8444-555555555555".into(),
            3,
            "its groups and base image is 'Compute=21111111",
        ),
        (
            "another limit",
            |s| s["configuration"]["limit"] = "0".into(),
            3,
            "its configuration limit is '0', expected '0,1,2'",
        ),
        ("another configuration", |s| s["configuration"]["name"] = "x".into(), 3, "its configuration is 'x'"),
        ("no image session", |s| s["target"]["definition"] = "dynamic".into(), 3, "its target definition is 'dynamic'"),
        ("another plan", |s| s["tags"]["incfg-plan"] = "00000000".into(), 3, "its tag incfg-plan is '00000000'"),
        (
            "another result name",
            |s| s["target"]["image_map"] = json!([{"source_id": BASE_ID, "result_name": "x"}]),
            3,
            "its image map is",
        ),
        ("no artifact", |s| s["status"]["artifacts"] = json!([]), 1, "status.artifacts is empty"),
        (
            "result equals base",
            |s| s["status"]["artifacts"][0]["result_id"] = BASE_ID.into(),
            1,
            "the result equals the base image",
        ),
        (
            "two artifacts",
            |s| {
                let one = s["status"]["artifacts"][0].clone();
                s["status"]["artifacts"].as_array_mut().unwrap().push(one);
            },
            1,
            "names 2 images made from",
        ),
        ("failed", |s| s["status"]["session"]["succeeded"] = "false".into(), 1, "CFS says that the session failed"),
        (
            "no id",
            |s| s["status"]["artifacts"][0]["result_id"] = "11111111222243338444555555555555".into(),
            1,
            "is no IMS image id",
        ),
    ];
    for (what, change, code, said) in wrong {
        let site = Site::new();
        let mut changed = session(&site);
        change(&mut changed);
        let before = site.read("plan.yaml");
        let outcome = record(&site, &changed);
        assert_eq!(outcome.code, code, "{what}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{what}: {}", outcome.stderr);
        assert_eq!(code == 3, site.read("plan.yaml") == before, "{what}");
    }
}

#[test]
fn a_result_that_ims_does_not_have_whole_is_not_made() {
    let wrong: [(&str, Change); 2] =
        [("has no link", |i| i["link"] = Value::Null), ("is an aarch64 image", |i| i["arch"] = "aarch64".into())];
    for (said, change) in wrong {
        let site = Site::new();
        let name = site.steps("session")[0].as_str().unwrap().to_owned();
        record(&site, &session(&site));
        let mut unusable = image();
        change(&mut unusable);
        let outcome = record(&site, &unusable);
        assert_eq!(outcome.code, 3, "{said}: {}", outcome.stderr);
        for part in [said, &format!("--give-up {name}")] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
        assert_eq!(site.steps("state")[0], "created");
        assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &name]).code, 0);
        assert_eq!(site.run(&[]).code, 0);
        assert_eq!(site.steps("attempt"), [2, 1, 1]);
    }
}

#[test]
fn a_base_image_of_another_architecture_is_refused() {
    let site = Site::new();
    let mut base = image();
    base["id"] = BASE_ID.into();
    base["arch"] = "aarch64".into();
    let outcome = record(&site, &base);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is an aarch64 image, and compute.x86_64 is x86_64"), "{}", outcome.stderr);
}

#[test]
fn what_is_named_by_a_session_is_taken_by_run_even_when_the_session_is_gone() {
    let site = Site::new();
    all_typed(&site);
    assert_eq!(site.steps("state")[0], "created");
    site.cray(&format!("cfs v3 sessions delete {}", site.sessions()[0]));
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert_eq!(site.steps("attempt"), [1, 1, 1]);
}

#[test]
fn a_step_whose_result_is_gone_can_be_done_again() {
    let site = Site::new();
    site.run(&["--until", "compute.x86_64/3", "--keep-sessions"]);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    let result = site.steps("result_id")[1].as_str().unwrap().to_owned();
    std::fs::remove_file(site.path().join(format!("state/images/{result}.json"))).unwrap();
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("incfg record plan.yaml --give-up {session}")), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("goes on from there"), "{}", outcome.stderr);
    let first = site.steps("session")[0].as_str().unwrap().to_owned();
    assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &first]).code, 3, "a step rests on it");
    assert_eq!(site.incfg(&["record", "plan.yaml", "--give-up", &session]).code, 0);
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    site.is_whole();
    assert_eq!(site.steps("attempt"), [1, 2, 1]);
}

#[test]
fn a_session_under_way_is_recorded_as_such() {
    let site = Site::new();
    let mut under_way = session(&site);
    under_way["status"]["artifacts"] = json!([]);
    under_way["status"]["session"]["succeeded"] = "none".into();
    for state in ["pending", "running"] {
        under_way["status"]["session"]["status"] = state.into();
        let outcome = record(&site, &under_way);
        assert_eq!((outcome.code, outcome.stdout), (0, format!("waiting {state}\n")), "{}", outcome.stderr);
    }
    assert_eq!(site.steps("state")[0], "created");
    assert_eq!(commands(&site).len(), 1, "only the look is left");
    let name = under_way["name"].as_str().unwrap();
    let outcome = site.incfg(&["record", "plan.yaml", "--give-up", name]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(site.steps("state")[0], "failed");
    let outcome = site.incfg(&["record", "plan.yaml", "--give-up", name]);
    assert!(
        outcome.code == 3
            && outcome.stderr.contains("is under way, and no other either. incfg status shows where it stands"),
        "{}",
        outcome.stderr
    );
    let create = commands(&site).into_iter().find(|command| command.contains("sessions create")).unwrap();
    assert!(create.contains("-l0-2-a2 "), "the next attempt has a session of its own: {create}");
}

/// A site whose second session was waited for too long and given up; its name.
fn given_up(fates: &[&str]) -> (Site, String) {
    let site = Site::short();
    site.fates(&json!({"3,4": fates}));
    assert_eq!(site.run(&["--running-timeout", "50ms"]).code, 1);
    let session = site.steps("session")[1].as_str().unwrap().to_owned();
    let outcome = site.incfg(&["record", "plan.yaml", "--give-up", &session]);
    assert!(outcome.stderr.contains("look once more what has become of it before it is deleted"), "{}", outcome.stderr);
    (site, session)
}

#[test]
fn a_session_that_was_given_up_is_looked_at_before_it_is_deleted() {
    let (site, session) = given_up(&["running", "ok"]);
    let page = site.incfg(&["next", "plan.yaml"]).stdout;
    assert!(
        page.contains("Attempt 1: given up by hand\n") && page.contains("it may have made an image since"),
        "{page}"
    );
    let at = |what: &str| commands(&site).iter().position(|command| command.contains(what)).unwrap();
    let (look, delete) = (at(&format!("sessions describe {session}")), at(&format!("sessions delete {session}")));
    assert!(look < delete, "{page}");
    let look = commands(&site)[look].clone();
    let outcome = typed(&site, &look);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, "failed\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is not over: to delete it ends it"), "{}", outcome.stderr);
    // It ends well after all: its image is in the plan before the session goes.
    site.fates(&json!({}));
    let outcome = typed(&site, &look);
    let id = "00000003-1111-4222-8333-444444444444";
    for part in [format!("was given up, and names image {id}"), "the plan does not go on with it".to_owned()] {
        assert!(outcome.stderr.contains(&part), "{part}: {}", outcome.stderr);
    }
    assert_eq!(site.status()["images"][0]["steps"][1]["other_images"], json!([id]));
    // The rest by hand: the session goes, the next attempt makes its own image, and the end tells of the other.
    all_typed(&site);
    assert_eq!(site.sessions().iter().filter(|name| **name == session).count(), 0);
    assert_eq!(step_by_hand(&site).code, 0);
    site.is_whole();
    let told = site.incfg(&["status", "plan.yaml"]).stdout;
    assert_eq!(told.matches(&format!("images delete {id}  #")).count(), 1, "{told}");
}

#[test]
fn the_script_looks_at_sessions_that_were_given_up_before_it_deletes_them() {
    let (site, session) = given_up(&["running", "ok"]);
    site.write("rest.sh", &site.incfg(&["next", "plan.yaml", "--script"]).stdout);
    site.fates(&json!({}));
    site.cray(&format!("cfs v3 sessions describe {session}"));
    for _ in 0..2 {
        let outcome = typed(&site, "POLL=0 sh rest.sh");
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    site.is_whole();
    let told = site.incfg(&["status", "plan.yaml"]).stdout;
    assert_eq!(told.matches("images delete 00000003-1111-4222-8333-444444444444  #").count(), 1, "{told}");
    assert_eq!(site.created().len(), 3);
}

#[test]
fn status_for_scripts_has_the_image_that_does_not_count_yet() {
    let site = Site::new();
    record(&site, &session(&site));
    let step = |site: &Site| site.status()["images"][0]["steps"][0].clone();
    let fields = |step: Value| {
        [step["state"].clone(), step["result_id"].clone(), step["unchecked_id"].clone(), step["open_looks"].clone()]
    };
    assert_eq!(
        fields(step(&site)),
        [json!("created"), Value::Null, json!(RESULT_ID), json!(["configuration", "image"])]
    );
    record(&site, &image());
    assert_eq!(fields(step(&site))[3], json!(["configuration"]));
    site.incfg(&["record", "plan.yaml", "winter/configuration.json"]);
    assert_eq!(fields(step(&site)), [json!("done"), json!(RESULT_ID), Value::Null, json!([])]);
}

#[test]
fn what_is_no_session_is_told() {
    let site = Site::new();
    let before = site.read("plan.yaml");
    for (text, said) in [
        ("", "nothing is in it, expected JSON"),
        ("name = \"x\"\n", "cray prints JSON only with --format json"),
        ("{\"name\": \"x\"", "this is no whole JSON"),
        ("{\"name\": \"x\"}", "status.session is missing"),
        ("[]", "this is no CFS session"),
        ("{\"name\": \"other\", \"layers\": []}", "other is no configuration of this plan"),
        ("{\"id\": \"x\", \"name\": \"y\", \"link\": null}", "x is no image this plan begins with"),
    ] {
        let outcome = site.incfg_with_stdin(&["record", "plan.yaml", "-"], text);
        assert_eq!(outcome.code, 3, "{text}");
        assert!(outcome.stderr.contains(said), "{text}: {}", outcome.stderr);
    }
    assert_eq!(site.read("plan.yaml"), before);
    // What a terminal shows around the JSON does not matter.
    let pasted = format!("$ cray cfs sessions describe x --format json\n{:#}\n$ ", session(&site));
    assert_eq!(site.incfg_with_stdin(&["record", "plan.yaml"], &pasted).code, 0);
}

#[test]
fn run_goes_on_where_hands_have_looked_at_one_thing_only() {
    for look in ["ims images describe", "configurations describe"] {
        let site = Site::short();
        assert!(all_typed(&site).stdout.starts_with("unchecked "));
        let looks = commands(&site);
        let command = looks.iter().find(|command| command.contains(look)).unwrap();
        assert_eq!(typed(&site, command).code, 0, "{look}");
        assert_eq!(site.steps("state")[0], "created", "{look}");
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{look}: {}", outcome.stderr);
        site.is_whole();
    }
}

#[test]
fn hands_and_run_can_take_turns() {
    let site = Site::new();
    assert_eq!(step_by_hand(&site).code, 0);
    assert_eq!(site.run(&["--until", "compute.x86_64/3"]).code, 0);
    assert_eq!(step_by_hand(&site).code, 0);
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}
