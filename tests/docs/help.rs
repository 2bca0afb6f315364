//! What `--help` says can be typed, and what the docs say of commands and flags is in `--help`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use regex::Regex;
use serde_json::json;

use crate::harness::{BASE_ID, CONFIGURATION, Site, UAN_ID, winter};
use crate::{all_pages, text_of, typed};

/// The widest line of a page of help.
const WIDTH: usize = 100;

fn help(command: &str) -> String {
    let words = command.split_whitespace().chain(["--help"]);
    let output = Command::new(env!("CARGO_BIN_EXE_incfg")).args(words).env_remove("COLUMNS").output().unwrap();
    assert!(output.status.success(), "incfg {command} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a page of help lists.
fn listed(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let begins = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert!(begins.clone().count() <= names.clone().count());
    begins.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

/// Every command, as it is typed; the first is incfg itself, without a word.
fn commands() -> Vec<String> {
    let mut all = vec![String::new()];
    for name in listed(&help("")) {
        let below = listed(&help(&name));
        all.push(name.clone());
        all.extend(below.iter().map(|below| format!("{name} {below}")));
    }
    all
}

/// The examples of a page of help; those that go on in the next line are put together.
fn examples(help: &str) -> Vec<String> {
    let block = help.split("\nExamples:\n").nth(1).expect("examples").split("\n\n").next().unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in block.lines() {
        match found.last_mut() {
            Some(last) if last.ends_with('\\') => *last += &format!("\n{line}"),
            _ => found.push(line.trim().to_owned()),
        }
    }
    found
}

/// A site with the files that the examples name.
fn site_for(command: &str) -> Site {
    let site = Site::bare();
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(winter().join(from), site.path().join(to)).unwrap();
    link("iuf", "activity");
    for file in ["main.log", "ansible.log", "configuration.json", "session_vars.yaml"] {
        link(file, file);
    }
    let bootprep = site.read("winter/compute-and-uan-bootprep.yaml");
    site.write("bootprep.yaml", &bootprep);
    std::fs::create_dir(site.path().join("site")).unwrap();
    site.write("site/bootprep.yaml", &bootprep);
    std::fs::create_dir(site.path().join("my-grammars")).unwrap();
    site.write("my-grammars/site.yaml", "lines:\n  - {id: created-4, fact: image-created, in: pod, pattern: '^Image (?<image>.+) is ready as (?<id>[0-9a-f-]{36})$', samples: [{line: 'INFO: Image a is ready as f5374c4c-8c5a-4b79-a5e5-aef778ed36cd', expect: {image: a}}]}\n");
    for directory in
        ["share/bash-completion/completions", "share/zsh/site-functions", "share/fish/vendor_completions.d"]
    {
        std::fs::create_dir_all(site.path().join(directory)).unwrap();
    }
    if ["fetch", "plan"].contains(&command) {
        site.write("analysis.json", &site.analysis().to_string());
    }
    // Whether there is a man is not the question.
    site.program("man", "#!/bin/sh\nexec cat\n");
    if command == "fetch" {
        let dry = typed(&site, "incfg fetch activity --dry-run").stdout;
        for key in dry.lines().map(|line| line.split(' ').nth(4).unwrap()) {
            site.state(&format!("objects/{}", key.replace('/', "_")), "INFO: a log\n");
        }
    }
    if ["run", "next", "record", "status", "rewrite-bootprep"].contains(&command) {
        assert_eq!(site.plan(&[]).code, 0);
    }
    if command == "rewrite-bootprep" {
        assert_eq!(site.run(&[]).code, 0);
    }
    if command == "record" {
        // As far as the page of help begins: the session is there, and over after two looks.
        site.fates(&json!({}));
        for line in typed(&site, "incfg next plan.yaml").stdout.lines().filter_map(|line| line.strip_prefix("      ")) {
            if !line.contains("sessions describe") {
                assert_eq!(typed(&site, line).code, 0, "{line}");
            }
        }
    }
    site
}

/// An example with the names of the site in place of those that stand for any.
fn at(site: &Site, example: &str) -> String {
    let session = site.created().first().cloned().unwrap_or_default();
    let image = std::fs::read_to_string(site.path().join("plan.yaml"))
        .ok()
        .and_then(|_| site.steps("result_id").first().and_then(|id| id.as_str().map(str::to_owned)));
    example
        .replace("/etc/cray/upgrade/csm/iuf/winter-24.11", "activity")
        .replace("/usr/local/share", "share")
        .replace("/usr/share", "share")
        .replace("SESSION", &session)
        .replace("CONFIGURATION", CONFIGURATION)
        .replace("uan.x86_64=UUID", &format!("uan.x86_64={UAN_ID}"))
        .replace("UUID", image.as_deref().unwrap_or(BASE_ID))
        .replace("--poll 30s", "--poll 5ms")
        .replace("--until compute.x86_64/0-2", "--until compute.x86_64/0-2 --yes --poll 5ms")
        + if example.ends_with("run plan.yaml") { " --poll 5ms" } else { "" }
}

fn examples_can_be_typed(command: &str) {
    let site = site_for(command);
    for example in examples(&help(command)) {
        let words = if command.is_empty() { "incfg ".to_owned() } else { format!("incfg {command}") };
        assert!(example.contains(&words), "{example}: an example of another command than {command}");
        // A plan is written once.
        if command == "plan" {
            let _ = std::fs::remove_file(site.path().join("plan.yaml"));
        }
        let line = at(&site, &example);
        let mut outcome = typed(&site, &format!("set -o pipefail; {line}"));
        while outcome.stdout.starts_with("waiting ") {
            outcome = typed(&site, &format!("set -o pipefail; {line}"));
        }
        if example.ends_with("session.json") || example.starts_with("cray cfs v3 sessions") {
            typed(&site, &at(&site, "cray cfs v3 sessions describe SESSION --format json > session.json"));
        }
        // Findings are an answer.
        let findings = example.contains("incfg check");
        assert!(
            outcome.code == 0 || (findings && outcome.code == 1),
            "{line}\nexit {}: {}",
            outcome.code,
            outcome.stdout
        );
    }
}

#[test]
fn every_example_of_help_can_be_typed() {
    // Each command has files of its own, and some wait for a session.
    std::thread::scope(|scope| {
        for command in commands() {
            scope.spawn(move || examples_can_be_typed(&command));
        }
    });
}

#[test]
fn help_fits_on_a_terminal() {
    for command in commands() {
        for line in help(&command).lines() {
            assert!(line.chars().count() <= WIDTH, "incfg {command} --help: {line}");
        }
    }
}

/// The flags that each command has.
fn flags() -> BTreeMap<String, BTreeSet<String>> {
    let flag = Regex::new(r"(?m)^ {2,6}(?:-\w, )?(--[a-z-]+)").unwrap();
    let of = |command: &String| flag.captures_iter(&help(command)).map(|found| found[1].to_owned()).collect();
    commands().into_iter().map(|command| (command.clone(), of(&command))).collect()
}

#[test]
fn every_command_and_flag_the_docs_name_exists() {
    let flags = flags();
    let call = Regex::new(r"\bincfg ((?:grammar )?[a-z-]+)\b((?:[^`\n|;&]|\\\n)*)").unwrap();
    let flag = Regex::new(r"(?:^|[\s\[(])(--[a-z][a-z-]*)").unwrap();
    let code = Regex::new(r"(?s)```(?:console|bash|yaml|groovy).*?```|`incfg [^`]*`").unwrap();
    let mut seen = 0;
    for page in all_pages() {
        let text = text_of(&page);
        for part in code.find_iter(&text) {
            for call in call.captures_iter(part.as_str()) {
                let command = call[1].to_owned();
                let Some(known) = flags.get(&command) else {
                    let named = ["grammar", "help"].contains(&command.as_str());
                    assert!(named || !part.as_str().starts_with("`incfg"), "{}: incfg {command}", page.display());
                    continue;
                };
                for flag in flag.captures_iter(&call[2]) {
                    seen += 1;
                    // `--format` of cray, behind a `$(`, is no flag of incfg.
                    let named = &flag[1];
                    assert!(
                        known.contains(named) || call[2].contains("$(cray"),
                        "{}: incfg {command} has no {named}",
                        page.display()
                    );
                }
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn every_command_has_a_page() {
    for command in commands().iter().filter(|command| !command.is_empty()) {
        let said = format!("$ incfg {command} --help");
        let page = all_pages().into_iter().any(|page| text_of(&page).lines().any(|line| line == said));
        assert!(page, "no page shows the help of incfg {command}");
    }
}
