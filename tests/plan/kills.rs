//! A run that is killed anywhere, a disk that is full, a plan that is another's: nothing is done twice, nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use serde_json::json;

use crate::harness::{BASE_ID, CONFIGURATION, Outcome, Site, UAN_ID, wait_until};
use crate::procedure::{FETCH, with_logs_in_s3};

/// Kills a run at a call and lets the next one go on; whether there was such a call.
fn killed_at(site: &Site, call: usize, when: &str) -> bool {
    site.faults(&json!({format!("#{call}"): when}));
    let outcome = site.run(&[]);
    if outcome.code == 0 {
        return false;
    }
    assert_eq!(outcome.code, -1, "{when} {call}: {}", outcome.stderr);
    site.faults(&json!({}));
    let again = site.run(&[]);
    assert_eq!(again.code, 0, "{when} {call}: {}", again.stderr);
    site.is_whole();
    assert_eq!(site.left_over(), Vec::<String>::new(), "{when} {call}");
    true
}

#[test]
fn a_run_killed_before_any_call_goes_on() {
    let calls = (1..).take_while(|call| killed_at(&Site::short(), *call, "kill-before")).count();
    assert!(calls > 15, "{calls}");
}

/// A site with a plan of one step.
fn one_step() -> Site {
    let site = Site::bare();
    let made = site.plan(&["--strategy", "all", "--failed-layer", "0"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    site
}

#[test]
fn a_run_killed_before_a_call_reaches_cray_goes_on() {
    let calls = (1..).take_while(|call| killed_at(&one_step(), *call, "kill-instead")).count();
    assert!(calls > 10, "{calls}");
}

#[test]
fn a_run_killed_after_any_call_goes_on() {
    let calls = (1..).take_while(|call| killed_at(&one_step(), *call, "kill-after")).count();
    assert!(calls > 10, "{calls}");
}

#[test]
fn a_run_killed_at_its_end_leaves_the_look_at_the_pins_to_the_next() {
    for call in ["cfs sessions delete", "ims images describe 3"] {
        let site = one_step();
        site.faults(&json!({call: "kill-before"}));
        assert_eq!(site.run(&[]).code, -1, "{call}");
        assert_eq!(site.status()["done"], true, "{call}");
        site.faults(&json!({}));
        fs::remove_file(site.path().join(format!("state/images/{UAN_ID}.json"))).unwrap();
        let outcome = site.run(&[]);
        assert_eq!(outcome.code, 0, "{call}: {}", outcome.stderr);
        assert!(outcome.stdout.contains("no pin: uan.x86_64"), "{call}: {}", outcome.stdout);
        site.is_whole();
    }
}

#[test]
fn a_run_killed_again_and_again_goes_on() {
    let site = Site::new();
    site.fates(&json!({"3": ["fail", "ok"]}));
    let mut runs = 0;
    loop {
        // Each run gets a few calls further than the one before.
        let done = site.calls().iter().filter(|call| !call.starts_with("kubectl")).count();
        site.faults(&json!({format!("#{}", done + 5): if runs % 2 == 0 { "kill-after" } else { "kill-before" }}));
        let outcome = site.run(&[]);
        runs += 1;
        assert!(runs < 60, "{}", outcome.stderr);
        if outcome.code == 0 {
            break;
        }
    }
    assert!(runs > 5, "{runs}");
    site.is_whole();
    assert_eq!(site.steps("attempt"), [1, 2, 1]);
}

#[test]
fn a_run_killed_while_it_fetches_a_log_leaves_that_to_the_next() {
    let site = Site::short();
    site.fates(&json!({"0,1,2": ["fail", "ok"]}));
    let kubectl = site.read("kubectl");
    site.program("kubectl", "#!/bin/sh\necho asked > state/asked\nsleep 1000\n");
    let mut run = site.start(&[]);
    wait_until("the fetching of the log", || site.path().join("state/asked").exists());
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(site.steps("state")[0], "failed");
    site.program("kubectl", &kubectl);
    site.state("ansible.log", "Running x.yml from repo x\nPlaybook x.yml from repo x failed\n");
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the attempt before: CFS says that the session failed: playbook x.yml"),
        "{}",
        outcome.stderr
    );
    site.is_whole();
    let session = site.created()[0].clone();
    assert_eq!(site.left_over(), [format!("plan.{session}.log")]);
}

#[test]
fn half_a_plan_that_a_killed_run_was_writing_is_of_no_account() {
    let site = Site::short();
    site.write(".plan.yaml.tmp", "schema: incfg.plan/1\nid: half");
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    assert_eq!(site.left_over(), Vec::<String>::new());
}

/// Runs incfg in a shell that cannot write files of more than a few blocks.
fn with_little_room(site: &Site, blocks: u32, arguments: &str) -> (i32, String) {
    let script = format!("ulimit -f {blocks}; exec '{}' {arguments}", env!("CARGO_BIN_EXE_incfg"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(site.path()).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_disk_that_is_full_stops_before_the_session_is_created() {
    let site = Site::short();
    let before = site.read("plan.yaml");
    // Room for what cray prints, and none for a plan that has grown.
    let blocks = u32::try_from(before.len() / 512).unwrap();
    let (code, said) = with_little_room(&site, blocks, "run plan.yaml --cray ./cray --kubectl ./kubectl --poll 5ms");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("plan.yaml: cannot be written: File too large"), "{said}");
    assert_eq!((site.read("plan.yaml"), site.created()), (before, Vec::<String>::new()));
    assert_eq!(site.left_over(), Vec::<String>::new());
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_plan_for_which_there_is_no_room_is_not_half_written() {
    let site = Site::bare();
    let inputs = "winter/iuf winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml";
    let (code, said) = with_little_room(&site, 1, &format!("plan {inputs} -o plan.yaml"));
    assert_eq!(code, 3, "{said}");
    assert_eq!(site.left_over(), Vec::<String>::new());
    assert!(!site.path().join("plan.yaml").exists());
    let (code, said) = with_little_room(&site, 1, &format!("plan {inputs} -o no/such/directory/plan.yaml"));
    assert!(code == 3 && said.contains("No such file or directory"), "{said}");
}

#[test]
fn a_result_that_cannot_be_kept_keeps_its_session() {
    let site = Site::short();
    site.run(&["--until", "compute.x86_64/0-2"]);
    // The plan grows with each attempt: somewhere between here and its end there is no more room.
    let blocks = u32::try_from(site.read("plan.yaml").len() / 512 + 1).unwrap();
    let (code, said) = with_little_room(&site, blocks, "run plan.yaml --cray ./cray --kubectl ./kubectl --poll 5ms");
    assert_eq!(code, 3, "{said}");
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

/// A user who owns nothing: what is read-only is so even where the tests run as root.
const NOBODY: u32 = 65_534;

/// Runs incfg on a plan as a user who may not write beside it; a `cray` in front of it answers from files, and says when it
/// is to create something.
fn where_nothing_can_be_written(site: &Site, words: &[&str]) -> Outcome {
    let path = |name: &str| site.path().join(name);
    let open = |name: &str, mode| fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
    let configuration = fs::read(path(&format!("state/configurations/{CONFIGURATION}.json"))).unwrap();
    fs::write(path("configuration"), configuration).unwrap();
    fs::copy(path(&format!("state/images/{BASE_ID}.json")), path("image")).unwrap();
    let cray = format!(
        "#!/bin/sh\ncd '{}'\ncase \"$*\" in\n*'images describe'*) cat image ;;\n*'configurations describe'*) cat configuration ;;\n*'sessions describe'*) echo \"Error: Session not found.: Session $5 could not be found\" >&2; exit 2 ;;\n*) echo created > asked; exit 2 ;;\nesac\n",
        site.path().display()
    );
    site.program("reader", &cray);
    fs::write(path("asked"), "").unwrap();
    // Another process copies it, as it writes every other program of a site.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_incfg")).arg(path("incfg")).status().unwrap();
    assert!(copied.success());
    for (name, mode) in [
        (".", 0o755),
        ("locked", 0o555),
        ("locked/plan.yaml", 0o444),
        ("incfg", 0o755),
        ("image", 0o444),
        ("configuration", 0o444),
        ("asked", 0o666),
    ] {
        open(name, mode);
    }
    let mut command = Command::new(path("incfg"));
    command.args(words).current_dir(site.path());
    if fs::write(path("locked/probe"), "").is_ok() {
        fs::remove_file(path("locked/probe")).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let outcome = command.output().unwrap().into();
    open("locked", 0o755);
    outcome
}

#[test]
fn a_directory_that_cannot_be_written_is_told_before_anything_is_created() {
    let site = Site::short();
    fs::create_dir(site.path().join("locked")).unwrap();
    fs::rename(site.path().join("plan.yaml"), site.path().join("locked/plan.yaml")).unwrap();
    let before = site.read("locked/plan.yaml");
    let run = ["run", "locked/plan.yaml", "--cray", "./reader", "--poll", "5ms"];
    for (words, code, said) in [
        (run.as_slice(), 3, "cannot be written: in directory"),
        (&["record", "locked/plan.yaml", "--give-up", "x"], 3, "is under way"),
        (&["status", "locked/plan.yaml"], 0, ""),
        (&["next", "locked/plan.yaml"], 0, ""),
        (&[run.as_slice(), &["--dry-run"]].concat(), 0, "nothing was changed"),
    ] {
        let outcome = where_nothing_can_be_written(&site, words);
        assert_eq!(outcome.code, code, "{words:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{words:?}: {}", outcome.stderr);
        assert_eq!(site.read("asked"), "", "{words:?}: something was to be created");
        assert_eq!(site.read("locked/plan.yaml"), before);
    }
}

/// Waits until a run waits for its first session.
fn until_created(site: &Site) {
    wait_until("a session that is recorded", || site.steps("state")[0] == "created");
}

#[test]
fn two_runs_of_one_plan_are_one_too_many() {
    let site = Site::short();
    site.fates(&json!({"0,1,2": ["running"]}));
    let first = site.start(&[]);
    until_created(&site);
    for command in
        [vec!["run", "plan.yaml", "--cray", "./cray"], vec!["record", "plan.yaml", "winter/configuration.json"]]
    {
        let second = site.incfg(&command);
        assert_eq!(second.code, 3);
        assert!(second.stderr.contains("another incfg is at work on this plan"), "{}", second.stderr);
    }
    assert_eq!(site.incfg(&["status", "plan.yaml"]).code, 0);
    site.fates(&json!({}));
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
    site.is_whole();
}

#[test]
fn ctrl_c_ends_the_waiting_and_says_that_the_session_goes_on() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let site = Site::short();
        site.fates(&json!({"0,1,2": ["running"]}));
        let run = site.start(&["--poll", "1h"]);
        until_created(&site);
        Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
        let ended = run.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("goes on without incfg. incfg run plan.yaml goes on from here"), "{said}");
        assert_eq!(site.sessions(), site.created());
        site.fates(&json!({}));
    }
}

#[test]
fn ctrl_c_while_a_session_is_created_says_that_it_may_be_there() {
    let site = Site::short();
    site.faults(&json!({"cfs sessions create 1": "hang-after"}));
    let run = site.start(&[]);
    wait_until("a session", || !site.created().is_empty());
    Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    let ended = run.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let session = &site.created()[0];
    assert!(
        said.contains(&format!("session {session} may have been created, and the next run looks for it")),
        "{said}"
    );
    assert!(!said.contains("no session is under way"), "{said}");
    site.faults(&json!({}));
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
}

#[test]
fn a_plan_that_another_hand_changed_is_left_as_that_hand_left_it() {
    let site = Site::short();
    site.fates(&json!({"0,1,2": ["running"]}));
    let run = site.start(&[]);
    until_created(&site);
    let edited = site.read("plan.yaml").replace("# A plan of incfg", "# An edited plan of incfg");
    site.write("plan.yaml", &edited);
    // The end of the session has to be written down, and cannot be.
    site.fates(&json!({"0,1,2": ["fail"]}));
    let ended = run.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("changed by another hand since incfg read it, so it was left alone"), "{said}");
    assert_eq!(site.read("plan.yaml"), edited);
}

#[test]
fn a_plan_and_the_logs_beside_it_are_nobody_elses_business() {
    let site = Site::short();
    site.fates(&json!({"3,4": ["fail"]}));
    site.state("ansible.log", "Running site.yml from repo x\nPlaybook site.yml from repo x failed\n");
    site.run(&[]);
    let log = site.left_over().pop().unwrap();
    for name in ["plan.yaml", &log] {
        let mode = fs::metadata(site.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// Runs incfg on a site and kills it at the `nth` of a call of the system; whether it came to that. Without strace it is
/// killed after growing times instead.
fn killed_at_write(site: &Site, words: &[&str], call: &str, nth: usize) -> bool {
    let trace = site.path().join("state/trace");
    let _ = fs::remove_file(&trace);
    let traced = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={call}:signal=KILL:when={nth}"),
            "-o",
        ])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_incfg"))
        .args(words)
        .current_dir(site.path())
        .output();
    if traced.is_ok() {
        return fs::read_to_string(trace).unwrap_or_default().contains("killed by SIGKILL");
    }
    let mut child = site.command(words).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(5 * nth as u64));
    let over = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    child.wait().unwrap();
    !over
}

const WRITES: [&str; 5] = ["write", "fsync", "rename", "fchmod", "unlink"];

#[test]
fn a_plan_that_is_killed_while_it_is_written_is_not_there_or_whole() {
    let site = Site::bare();
    let inputs = ["winter/iuf", "winter/ansible.log", "winter/configuration.json"];
    let flags = ["--bootprep", "winter/compute-and-uan-bootprep.yaml", "--vars-file", "winter/session_vars.yaml"];
    let words = [&["plan"], &inputs[..], &flags, &["-o", "plan.yaml"]].concat();
    let mut kills = 0;
    for call in WRITES {
        for nth in 1..40 {
            let _ = fs::remove_file(site.path().join("plan.yaml"));
            let killed = killed_at_write(&site, &words, call, nth);
            if site.path().join("plan.yaml").exists() {
                assert_eq!(site.incfg(&["status", "plan.yaml"]).code, 0, "{call} {nth}");
            } else {
                assert!(killed, "{call} {nth}: no plan although nothing happened");
            }
            if !killed {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 3, "killed {kills} times only");
}

#[test]
fn a_record_that_is_killed_while_it_is_written_is_made_or_not() {
    let site = Site::short();
    site.fates(&json!({"0,1,2": ["running"]}));
    assert_eq!(site.run(&["--running-timeout", "100ms"]).code, 1);
    let session = site.created()[0].clone();
    let old = site.read("plan.yaml");
    let words = ["record", "plan.yaml", "--give-up", &session];
    let mut kills = 0;
    for call in WRITES {
        for nth in 1..40 {
            site.write("plan.yaml", &old);
            let killed = killed_at_write(&site, &words, call, nth);
            let now = site.read("plan.yaml");
            let state = &site.steps("state")[0];
            assert!(now == old && state == "created" || state == "failed", "{call} {nth}: {state}");
            if !killed {
                assert_eq!(state, "failed", "{call} {nth}");
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 3, "killed {kills} times only");
    site.write("plan.yaml", &old);
    assert_eq!(site.incfg(&words).code, 0);
    assert_eq!(site.left_over(), Vec::<String>::new(), "the next write takes away what a killed one left");
}

#[test]
fn a_session_that_is_there_already_is_not_told_as_one_that_was_not_created() {
    let site = Site::short();
    let old = site.read("plan.yaml");
    site.fates(&json!({"0,1,2": ["running"]}));
    assert_eq!(site.run(&["--running-timeout", "100ms"]).code, 1);
    // An old copy of the plan, which changes once more while incfg looks at what there is.
    site.write("plan.yaml", &old);
    site.program("breaking", "#!/bin/sh\necho x >> plan.yaml\nexec ./cray \"$@\"\n");
    let outcome = site.incfg(&["run", "plan.yaml", "--cray", "./breaking", "--poll", "5ms"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let said = format!("session {} is there already, and is the one that is meant", site.created()[0]);
    assert!(outcome.stderr.contains("changed by another hand") && outcome.stderr.contains(&said), "{}", outcome.stderr);
}

/// Runs incfg with something done to the `nth` of a call of the system that it makes itself, not the programs it starts;
/// what it left, if it came to that. Without strace it is killed after growing times instead.
fn with_fault(site: &Site, words: &[&str], call: &str, fault: &str, nth: usize) -> Option<Outcome> {
    let trace = site.path().join("state/trace");
    let traced = Command::new("strace")
        .args(["-qq", "-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}:when={nth}"), "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_incfg"))
        .args(words)
        .current_dir(site.path())
        .output();
    if let Ok(output) = traced {
        let traced = fs::read_to_string(trace).unwrap_or_default();
        let came = ["(INJECTED)", "+++ killed by SIGKILL", "--- SIGTERM", "--- SIGINT"]
            .iter()
            .any(|sign| traced.contains(sign));
        return came.then(|| output.into());
    }
    if fault.starts_with("error") {
        return None;
    }
    let mut child = site.command(words).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20 * nth as u64));
    let over = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    let outcome = child.wait_with_output().unwrap().into();
    (!over).then_some(outcome)
}

/// Does something to each call of the system of these kinds in turn, on a site of its own each time, and looks at what is
/// left; how often it came to that.
fn at_each(
    site: impl Fn() -> Site,
    words: &[&str],
    calls: &[&str],
    fault: &str,
    left: impl Fn(&Site, &Outcome, &str),
) -> usize {
    let mut came = 0;
    for call in calls {
        for nth in 1..200 {
            let site = site();
            let Some(outcome) = with_fault(&site, words, call, fault, nth) else { break };
            left(&site, &outcome, &format!("{fault} at {call} {nth}"));
            came += 1;
        }
    }
    came
}

/// A site with a plan of one step, whose first session fails and leaves a log.
fn that_fails_first() -> Site {
    let site = one_step();
    site.fates(&json!({"0,1,2,3,4": ["fail", "ok"]}));
    site.state("ansible.log", "Running x.yml from repo x\nPlaybook x.yml from repo x failed\n");
    site
}

const RUN: [&str; 8] = ["run", "plan.yaml", "--cray", "./cray", "--kubectl", "./kubectl", "--poll", "1ms"];

/// The plan is whole, and runs until it is through.
fn goes_on(site: &Site, what: &str) {
    site.status();
    let runs = (0..3).map(|_| site.run(&[])).take_while(|outcome| outcome.code == 1).count();
    assert!(runs < 3, "{what}");
    site.is_whole();
    for name in site.left_over() {
        assert!(name.ends_with("-a1.log") && site.read(&name).ends_with(" failed\n"), "{what}: {name}");
    }
}

#[test]
fn a_run_that_is_killed_at_any_of_its_writes_goes_on() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        assert_eq!(outcome.code, -1, "{what}: {}", outcome.stderr);
        goes_on(site, what);
    };
    let kills = at_each(one_step, &RUN, &["write", "fsync"], "signal=KILL", left);
    assert!(kills >= 15, "{kills}");
}

#[test]
fn a_run_that_is_killed_while_it_keeps_a_log_goes_on() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        assert_eq!(outcome.code, -1, "{what}: {}", outcome.stderr);
        goes_on(site, what);
        assert_eq!(site.left_over().len(), 1, "{what}: its log is kept");
    };
    let kills = at_each(that_fails_first, &RUN, &["rename", "fchmod", "unlink"], "signal=KILL", left);
    assert!(kills >= 8, "{kills}");
    // The half of a log that came before the kill is not taken for the log.
    let site = that_fails_first();
    let kubectl = site.read("kubectl");
    site.program("kubectl", "#!/bin/sh\necho 'Running x.yml from repo x'\nsleep 0.1\nkill -9 $PPID\nsleep 1\n");
    assert_eq!(site.run(&[]).code, -1);
    site.program("kubectl", &kubectl);
    goes_on(&site, "half a log");
    assert_eq!(site.left_over().len(), 1);
}

#[test]
fn a_run_that_is_asked_to_end_at_any_of_its_writes_goes_on() {
    for (fault, calls) in [("signal=TERM", ["fsync"]), ("signal=INT", ["rename"])] {
        let left = |site: &Site, outcome: &Outcome, what: &str| {
            assert!(matches!(outcome.code, 0 | 1), "{what}: {} {}", outcome.code, outcome.stderr);
            let told = outcome.stderr.contains("incfg run plan.yaml goes on") || outcome.code == 0;
            assert!(told, "{what}: {}", outcome.stderr);
            goes_on(site, what);
        };
        let ends = at_each(one_step, &RUN, &calls, fault, left);
        assert!(ends >= 3, "{fault}: {ends}");
    }
}

#[test]
fn ctrl_c_while_a_log_is_fetched_leaves_that_to_the_next_run() {
    let site = that_fails_first();
    let kubectl = site.read("kubectl");
    site.program("kubectl", "#!/bin/sh\necho asked > state/asked\nsleep 1000\n");
    let run = site.start(&[]);
    wait_until("the fetching of the log", || site.path().join("state/asked").exists());
    Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    let ended: Outcome = run.wait_with_output().unwrap().into();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("incfg run plan.yaml goes on from here"), "{}", ended.stderr);
    assert_eq!(site.left_over(), Vec::<String>::new());
    site.program("kubectl", &kubectl);
    goes_on(&site, "ctrl-c");
    assert_eq!(site.left_over().len(), 1);
}

#[test]
fn a_disk_that_is_full_at_any_write_of_a_run_is_told_and_costs_nothing() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        // A line for a person that cannot be written is no reason to stop.
        assert!(matches!(outcome.code, 0 | 1 | 3), "{what}: {} {}", outcome.code, outcome.stderr);
        if outcome.code == 3 {
            assert!(outcome.stderr.contains("No space left on device"), "{what}: {}", outcome.stderr);
        }
        goes_on(site, what);
    };
    let full = at_each(one_step, &RUN, &["write", "fsync", "rename"], "error=ENOSPC", left)
        + at_each(that_fails_first, &RUN, &["rename"], "error=ENOSPC", left);
    assert!(full >= 25 || Command::new("strace").output().is_err(), "{full}");
}

#[test]
fn a_log_for_which_there_is_no_room_keeps_its_session() {
    let site = that_fails_first();
    let lines = "ok: [host]\n".repeat(20_000);
    site.state("ansible.log", &format!("Running x.yml from repo x\n{lines}Playbook x.yml from repo x failed\n"));
    let (code, said) = with_little_room(&site, 100, &RUN.join(" "));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("it cannot be written: File too large") && said.contains("the session was kept"), "{said}");
    assert_eq!((site.left_over(), site.sessions().len()), (Vec::new(), 1));
    goes_on(&site, "no room for a log");
    assert_eq!(site.left_over().len(), 1);
}

/// What a fetch leaves: whole logs and nothing else, and the next one gets the rest.
fn fetches_the_rest(site: &Site, what: &str) {
    let files = || {
        let entries = fs::read_dir(site.path().join("logs")).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    for name in files().iter().filter(|name| !name.starts_with('.')) {
        assert_eq!(site.read(&format!("logs/{name}")), "INFO: a log\n", "{what}: {name}");
    }
    let again = site.incfg(&FETCH);
    assert_eq!(again.code, 0, "{what}: {}", again.stderr);
    assert!(files().len() == 3 && files().iter().all(|name| !name.starts_with('.')), "{what}: {:?}", files());
    for name in files() {
        assert_eq!(site.read(&format!("logs/{name}")), "INFO: a log\n", "{what}: {name}");
    }
}

const FETCH_CALLS: [&str; 5] = ["write", "fsync", "rename", "mkdir", "unlinkat"];

#[test]
fn a_fetch_that_is_killed_at_any_of_its_writes_leaves_whole_logs() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        assert_eq!(outcome.code, -1, "{what}: {}", outcome.stderr);
        fetches_the_rest(site, what);
    };
    let kills = at_each(with_logs_in_s3, &FETCH, &FETCH_CALLS, "signal=KILL", left);
    assert!(kills >= 15, "{kills}");
    for when in ["kill-before", "kill-after"] {
        let site = with_logs_in_s3();
        site.faults(&json!({"artifacts get config-data 2": when}));
        assert_eq!(site.incfg(&FETCH).code, -1, "{when}");
        site.faults(&json!({}));
        fetches_the_rest(&site, when);
    }
}

#[test]
fn a_fetch_that_is_asked_to_end_at_any_of_its_writes_leaves_whole_logs() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        let told = outcome.code == 1 && outcome.stderr.contains("the same command fetches the others");
        assert!(outcome.code == 0 || told, "{what}: {} {}", outcome.code, outcome.stderr);
        fetches_the_rest(site, what);
    };
    let ends = at_each(with_logs_in_s3, &FETCH, &["fsync", "rename"], "signal=TERM", left);
    assert!(ends >= 4, "{ends}");
}

#[test]
fn a_disk_that_is_full_at_any_write_of_a_fetch_is_told() {
    let left = |site: &Site, outcome: &Outcome, what: &str| {
        assert!(matches!(outcome.code, 0 | 3), "{what}: {} {}", outcome.code, outcome.stderr);
        let told = outcome.stderr.contains("No space left on device");
        assert!(outcome.code == 0 || told, "{what}: {}", outcome.stderr);
        fetches_the_rest(site, what);
    };
    let full = at_each(with_logs_in_s3, &FETCH, &FETCH_CALLS[..4], "error=ENOSPC", left);
    assert!(full >= 10 || Command::new("strace").output().is_err(), "{full}");
}
