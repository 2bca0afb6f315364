//! Secrets that stand in an input are in no output of any form.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::*;
use crate::planted::{KEY, PLANTED, assert_clean};

/// All forms of an analysis of these paths; the story shows that something was masked.
fn analysed(dir: &Dir, paths: &[&str]) {
    let mut masked = false;
    for form in ["text", "json", "html", "env"] {
        for colour in ["never", "always"] {
            let arguments = [&["analyze", "--format", form, "--color", colour], paths].concat();
            let outcome = dir.run(&arguments);
            assert_clean(&outcome.stdout, &format!("{arguments:?}"));
            assert_clean(&outcome.stderr, &format!("{arguments:?}"));
            masked |= outcome.stdout.contains("[masked]");
            if form == "json" {
                serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap();
            }
        }
    }
    assert!(masked, "{paths:?}: nothing of it is shown at all");
}

fn failing_with(planted: &str) -> Lines {
    let mut lines =
        [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), failed_in("compute", "ansible-1", 1)]
            .concat();
    lines.extend(planted.lines().map(|line| ("ERROR", format!("The call failed: {line}"))));
    lines.extend(ended_badly(1));
    lines
}

#[test]
fn secrets_in_logs_are_in_no_form_of_an_analysis() {
    for (planted, _) in PLANTED.iter().copied().chain([(KEY, "")]) {
        let dir = Dir::new();
        let lines = failing_with(planted);
        let mut install = InstallLog::new();
        install.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Failed");
        dir.file("main.log", as_main_log(&lines)).file("act/log/20240201090000/install.log", install.text());
        dir.file("console", install.text().replace("demo-ab1cd", "demo-ab1ce"));
        analysed(&dir, &["main.log"]);
        analysed(&dir, &["act"]);
        analysed(&dir, &["console"]);
    }
}

#[test]
fn secrets_in_names_of_a_log_are_in_no_form_and_no_command() {
    for (planted, _) in PLANTED.iter().filter(|(planted, _)| !planted.contains('"')) {
        let dir = Dir::new();
        let lines =
            [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), failed_in(planted, "ansible-1", 1)]
                .concat();
        let mut install = InstallLog::new();
        install.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Failed");
        dir.file("install.log", install.text());
        analysed(&dir, &["install.log"]);
    }
}

#[test]
fn secrets_in_a_failed_task_are_in_no_form() {
    for (planted, _) in PLANTED {
        let dir = Dir::new();
        let detail = serde_json::json!({"msg": planted, "invocation": {"module_args": {"password": "Zx9planted-a"}}});
        let log = format!(
            "Inventory generation completed\nRunning site.yml from repo https://crayvcs:Zx9planted@vcs/x.git\nPLAY [all] ****\nTASK [cos : install] ****\nfatal: [host]: FAILED! => {detail}\nPLAY RECAP ****\nhost : ok=1 failed=1\nPlaybook site.yml from repo https://crayvcs:Zx9planted@vcs/x.git failed\n"
        );
        dir.file("main.log", as_main_log(&compute_fails("ansible"))).file("ansible.log", log);
        analysed(&dir, &["main.log", "ansible.log"]);
        for explained in ["main.log", "ansible.log"] {
            let outcome = dir.run(&["grammar", "explain", explained]);
            assert_clean(&outcome.stdout, explained);
        }
    }
}

/// A bootprep file with secrets in values, keys, comments and names, some of them wrong so that they are quoted.
fn bootprep() -> String {
    let mut text = String::from("# password: Zx9planted-c\nconfigurations:\n- name: cfg\n  layers:\n");
    text += "  - name: one\n    playbook: site.yml\n    git: {url: \"https://crayvcs:Zx9planted-5@vcs/x.git\", branch: x, commit: y}\n";
    for (at, (planted, _)) in PLANTED.iter().enumerate() {
        let quoted = serde_json::to_string(planted).unwrap();
        text += &format!(
            "  - name: {quoted}\n    playbook: {quoted}\n    product: {{name: {quoted}, vesrion: {quoted}}}\n    extra{at}: {quoted}\n"
        );
    }
    text += "images:\n";
    for (planted, _) in PLANTED {
        let quoted = serde_json::to_string(planted).unwrap();
        text += &format!(
            "- name: {quoted}\n  ref_name: {quoted}\n  base: {{image_ref: {quoted}}}\n  configuration: {quoted}\n  configuration_group_names: [{quoted}]\n"
        );
    }
    text += "- name: compute\n  ref_name: compute\n  base: {ims: {id: 0f1e2d3c, type: image}}\n  password: Zx9planted-d\n  token: |\n    Zx9planted-e\n    Zx9planted-f\n";
    text += &format!("  key: |\n    {}\n", KEY.replace('\n', "\n    "));
    text
}

const VARIABLES: &str = "cos:\n  version: \"{{ Zx9planted\"\n  password: Zx9planted-g\nsite_password: Zx9planted-h\n";

#[test]
fn secrets_in_bootprep_files_are_in_no_form_of_a_check() {
    let dir = Dir::new();
    dir.file("b.yaml", bootprep()).file("vars.yaml", VARIABLES.replace("{{ Zx9planted", "1"));
    for form in ["text", "json", "sarif", "github", "junit", "html"] {
        for more in [&["--vars-file", "vars.yaml"][..], &["--min-severity", "info"], &["--color", "always"]] {
            let arguments = [&["check", "b.yaml", "--format", form], more].concat();
            let outcome = dir.run(&arguments);
            assert_eq!(outcome.code, 1, "{}", outcome.stderr);
            assert!(outcome.stdout.contains("[masked]"), "{form} shows none of it");
            assert_clean(&outcome.stdout, &format!("{arguments:?}"));
            assert_clean(&outcome.stderr, &format!("{arguments:?}"));
            match form {
                "json" | "sarif" => drop(serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()),
                _ => {}
            }
        }
    }
    let diff = dir.run(&["check", "b.yaml", "--diff", "--unsafe", "--color", "always"]);
    assert_clean(&diff.stdout, "--diff");
    assert_clean(&diff.stderr, "--diff");
}

#[test]
fn what_cannot_be_read_is_told_without_its_secrets() {
    for (planted, _) in PLANTED {
        let dir = Dir::new();
        let quoted = serde_json::to_string(planted).unwrap();
        dir.file("broken.yaml", format!("images:\n- name: {quoted}\n  {planted}: [\n{planted}\n"));
        dir.file("g/g.yaml", format!("lines:\n- id: {quoted}\n  fact: {quoted}\n  in: pod\n  pattern: {quoted}\n  samples: [{{line: {quoted}}}]\n"));
        dir.file("plan.yaml", format!("schema: incfg.plan/1\nid: {quoted}\n"));
        dir.file("other.json", format!("{{\"schema\": {quoted}}}"));
        dir.file("main.log", as_main_log(&compute_fails("ansible")));
        for arguments in [
            vec!["check", "broken.yaml"],
            vec!["check", "broken.yaml", "--fix"],
            vec!["rewrite-bootprep", "broken.yaml", "--pin", "a=0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"],
            vec!["analyze", "main.log", "--bootprep", "broken.yaml"],
            vec!["analyze", "main.log", "--vars-file", "broken.yaml"],
            vec!["analyze", "broken.yaml"],
            vec!["grammar", "check", "--grammar", "g"],
            vec!["status", "plan.yaml"],
            vec!["next", "plan.yaml"],
            vec!["run", "plan.yaml"],
            vec!["record", "plan.yaml", "other.json"],
            vec!["plan", "--analysis", "other.json", "--bootprep", "broken.yaml"],
            vec!["analyze", "main.log", "--image", planted, "--format", "env"],
            vec!["check", "--only", planted],
            vec!["analyze", planted],
        ] {
            let outcome = dir.run(&arguments);
            assert_clean(&outcome.stdout, &format!("{arguments:?}"));
            assert_clean(&outcome.stderr, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn a_rewritten_file_has_its_bytes_and_what_is_told_of_it_is_masked() {
    let dir = Dir::new();
    let secret = "  password: Zx9planted-d # token=Zx9planted\n";
    let file = format!(
        "images:\n- name: base\n  ref_name: base\n  base: {{product: {{name: cos, type: recipe}}}}\n{secret}- name: compute\n  ref_name: compute\n  base: {{image_ref: base}}\n{secret}"
    );
    dir.file("b.yaml", &file);
    let pin = format!("base={BASE_ID}");
    let printed = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &pin]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(printed.stdout.ends_with(secret), "{}", printed.stdout);
    assert_clean(&printed.stderr, "the report");
    let json = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &pin, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["result"], printed.stdout.as_str());
    assert_clean(&document["changes"].to_string(), "the changes");
    let diff = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &pin, "--diff", "--color", "always"]);
    assert!(diff.stdout.contains("[masked]"), "{}", diff.stdout);
    assert_clean(&diff.stdout, "--diff");
    dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &pin, "-o", "new.yaml"]);
    assert_eq!(fs::read_to_string(dir.path().join("new.yaml")).unwrap(), printed.stdout);
}

#[test]
fn a_value_that_looks_like_a_secret_is_no_shell_assignment() {
    let dir = with_configuration("token=Zx9planted-1");
    let refused = dir.run(&["analyze", "install.log", "--bootprep", "b.yaml", "--format", "env"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert_eq!(
        refused.stderr,
        "incfg: CFS_CONFIGURATION_NAME of image one would hold what looks like a password or a token, so nothing is printed\n"
    );
}

#[test]
fn a_report_is_for_its_owner_only_and_a_file_that_is_there_keeps_its_mode() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible"))).file("b.yaml", "images: []\n").file("old.json", "");
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(dir.path().join("old.json"), fs::Permissions::from_mode(0o640)).unwrap();
    for (arguments, file, expected) in [
        (["analyze", "main.log", "--format", "json"], "new.json", 0o600),
        (["analyze", "main.log", "--format", "text"], "new.txt", 0o600),
        (["analyze", "main.log", "--format", "html"], "new.html", 0o600),
        (["check", "b.yaml", "--format", "sarif"], "new.sarif", 0o600),
        (["analyze", "main.log", "--format", "json"], "old.json", 0o640),
    ] {
        let outcome = dir.run(&[&arguments[..], &["-o", file]].concat());
        assert!(outcome.code < 2, "{}", outcome.stderr);
        assert_eq!(mode(file), expected, "{file}");
    }
}

#[test]
fn more_secrets_than_are_looked_for_at_a_time_are_masked_all_the_same() {
    let count = incfg::limits::VALUES_AT_ONCE + 10;
    let mut file = String::from("images:\n");
    for number in 0..count {
        let secret = format!("Zx9planted{number:04}");
        file += &format!("- name: a\n  password: {secret}\n  base: {{image_ref: {secret}}}\n");
    }
    let dir = Dir::new();
    dir.file("b.yaml", file);
    let json = dir.run(&["check", "b.yaml", "--format", "json"]).stdout;
    assert!(json.matches("[masked]").count() >= count, "{json:.2000}");
    assert_clean(&json, "more than a thousand secrets");
}
