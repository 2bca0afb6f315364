//! A table of names that would like to be something else than text, through every form of output.

use std::process::Command;

use crate::harness::*;
use crate::hostile_names::HOSTILE;

/// Nothing in it that a terminal obeys, but line breaks and the colours of incfg.
fn is_text(text: &str, coloured: bool, what: &str) {
    let text = if coloured { anstyle_stripped(text) } else { text.to_owned() };
    let bad = text.chars().find(|letter| {
        (letter.is_control() && *letter != '\n')
            || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    });
    assert_eq!(bad, None, "{what}: {text:?}");
}

/// Without the colours incfg itself sets: none of the names has one of more than two digits, or bold.
fn anstyle_stripped(text: &str) -> String {
    let mut out = text.to_owned();
    for code in [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[4m",
        "\u{1b}[31m",
        "\u{1b}[32m",
        "\u{1b}[33m",
        "\u{1b}[34m",
        "\u{1b}[36m",
    ] {
        out = out.replace(code, "");
    }
    out
}

fn log_with(name: &str) -> String {
    let lines = [
        begin("managed", 2),
        items(&[None, Some(0)]),
        built(&format!("base-{name}"), BASE_ID),
        failed_in(&format!("compute-{name}"), "ansible", 1),
        vec![("ERROR", format!("Failed for {name}"))],
        ended_badly(1),
    ]
    .concat();
    as_main_log(&lines)
}

#[test]
fn logs_with_hostile_names_are_text_in_every_form() {
    for name in HOSTILE.iter().copied().chain([&*"x".repeat(5_000)]) {
        let dir = Dir::new();
        dir.file("main.log", log_with(name));
        for form in ["text", "json", "html", "env"] {
            for colour in ["never", "always"] {
                let outcome = dir.run(&["analyze", "main.log", "--format", form, "--color", colour]);
                assert!(outcome.code < 2, "{name:?}: {}", outcome.stderr);
                is_text(&outcome.stderr, colour == "always", &format!("{form} of {name:?}, stderr"));
                is_text(&outcome.stdout, colour == "always", &format!("{form} of {name:?}"));
                if form == "json" {
                    assert!(serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap()["sat_runs"].is_array());
                }
            }
        }
        let explained = dir.run(&["grammar", "explain", "main.log"]);
        is_text(&explained.stdout, false, &format!("explain of {name:?}"));
    }
}

/// A bootprep file of that name everywhere, with much that is wrong with it.
fn bootprep(name: &str) -> String {
    let quoted = serde_json::to_string(name).unwrap();
    format!(
        "configurations:\n- name: {quoted}\n  layers:\n  - name: {quoted}\n    playbook: {quoted}\n    product: {{name: {quoted}, vesrion: {quoted}}}\nimages:\n- name: {quoted}\n  ref_name: {quoted}\n  base: {{image_ref: {quoted}}}\n  configuration: c{quoted}\n  {quoted}: 1\n"
    )
}

/// The names of the tags, which have to be closed in order.
fn tags(xml: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let body = xml.split_once("?>").unwrap().1;
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("a tag without an end: {part}"));
        assert!(!text.contains("]]>"), "{text}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            if !tag.ends_with('/') {
                open.push(name.clone());
            }
            all.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    all
}

#[test]
fn bootprep_files_with_hostile_names_are_text_in_every_form() {
    for name in HOSTILE {
        let dir = Dir::new();
        dir.file("b.yaml", bootprep(name));
        let check = |form: &str| dir.run(&["check", "b.yaml", "--format", form]);
        let json: serde_json::Value = serde_json::from_str(&check("json").stdout).unwrap();
        let findings = json["files"][0]["findings"].as_array().map_or(0, Vec::len);
        assert!(findings > 0 || json["files"][0]["error"].is_string(), "{name:?}: {json:#}");
        let sarif: serde_json::Value = serde_json::from_str(&check("sarif").stdout).unwrap();
        assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), findings);
        let github = check("github").stdout;
        is_text(&github, false, &format!("github of {name:?}"));
        assert_eq!(github.lines().count(), findings.max(1), "{name:?}: {github}");
        for line in github.lines() {
            let command = line.trim_start_matches("::").split(' ').next().unwrap();
            assert!(line.starts_with("::") && ["error", "warning", "notice"].contains(&command), "{name:?}: {line}");
        }
        let junit = check("junit").stdout;
        is_text(&junit, false, &format!("junit of {name:?}"));
        let known = ["testsuites", "testsuite", "testcase", "failure", "system-out", "error"];
        assert!(tags(&junit).iter().all(|tag| known.contains(&tag.as_str())), "{name:?}: {junit}");
        for arguments in [
            vec!["check", "b.yaml", "--color", "always"],
            vec!["check", "b.yaml", "--format", "html"],
            vec!["check", "b.yaml", "--diff", "--unsafe", "--color", "always"],
            vec![
                "rewrite-bootprep",
                "b.yaml",
                "--pin",
                &format!("{}={BASE_ID}", name.replace('\0', "")),
                "--diff",
                "--color",
                "always",
            ],
            vec!["rewrite-bootprep", "b.yaml", "--pin", &format!("x={BASE_ID}"), "--check"],
        ] {
            let outcome = dir.run(&arguments);
            assert!(outcome.code <= 3, "{arguments:?}: {}", outcome.stderr);
            is_text(&outcome.stdout, true, &format!("{arguments:?} of {name:?}"));
            is_text(&outcome.stderr, true, &format!("{arguments:?} of {name:?}, stderr"));
        }
    }
}

#[test]
fn a_command_that_is_printed_is_for_a_shell_what_was_meant() {
    let usable =
        |name: &&&str| !name.contains(['/', '\0']) && !name.starts_with('-') && !name.chars().any(char::is_control);
    for name in HOSTILE.iter().filter(usable).filter(|name| incfg::shown::printable(name) == **name) {
        let dir = Dir::new();
        let bootprep = "images:\n- {name: cos-base, ref_name: r0, base: {product: {name: cos, type: recipe}}}\n- {name: compute, base: {image_ref: r0}, configuration: c, configuration_group_names: [G]}\n";
        dir.file(name, as_main_log(&compute_fails("ansible-1"))).file(&format!("{name}.yaml"), bootprep);
        let story = dir.run(&["analyze", name, "--bootprep", &format!("{name}.yaml")]).stdout;
        let commands: Vec<&str> = story
            .lines()
            .filter_map(|line| line.strip_prefix("      "))
            .filter(|line| line.starts_with("incfg "))
            .collect();
        assert!(!commands.is_empty(), "{name:?}: {story}");
        for command in commands {
            let script = format!("incfg() {{ printf '%s\\0' \"$@\"; }}\n{command}\n");
            for shell in ["sh", "bash"] {
                let output = Command::new(shell).args(["-c", &script]).current_dir(dir.path()).output().unwrap();
                let words: Vec<String> =
                    String::from_utf8(output.stdout).unwrap().split('\0').map(str::to_owned).collect();
                let told = words.iter().any(|word| {
                    word == *name || *word == format!("{name}.yaml") || *word == format!("new-{name}.yaml")
                });
                assert!(told || words[0] == "run", "{shell}: {command}: {words:?}");
            }
        }
        assert!(!dir.path().join("pwned").exists(), "{name:?}: {story}");
    }
}

#[test]
fn hostile_arguments_are_told_as_text() {
    let dir = Dir::new();
    for name in HOSTILE.iter().filter(|name| !name.contains('\0')) {
        for arguments in [
            vec!["analyze", name],
            vec!["check", name],
            vec!["check", "--only", name],
            vec!["rewrite-bootprep", name, "--pin", &format!("{name}={BASE_ID}")],
            vec!["status", name],
            vec!["next", name],
            vec!["record", name],
            vec!["grammar", "check", "--grammar", name],
            vec!["plan", name, "--bootprep", name],
            vec!["fetch", name],
            vec![name],
        ] {
            let outcome = dir.run(&arguments);
            assert!([1, 2, 3].contains(&outcome.code), "{arguments:?}: {} {}", outcome.code, outcome.stderr);
            is_text(&outcome.stderr, true, &format!("{arguments:?}"));
            is_text(&outcome.stdout, true, &format!("{arguments:?}"));
        }
    }
}
