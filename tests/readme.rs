//! The README does what it says: its commands run, and its outputs are those of the program.

use std::process::{Command, Output};

const README: &str = include_str!("../README.md");

fn incfg(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_incfg"))
        .args(arguments.split_whitespace())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// The arguments of the first command of the README.
fn first_command() -> &'static str {
    let start = "cargo run --release --locked -- ";
    README.lines().find_map(|line| line.strip_prefix(start)).expect("the README runs incfg with cargo")
}

#[test]
fn the_first_command_tells_the_story_it_promises() {
    let output = incfg(first_command());
    let story = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for promised in [
        "attempt 2 of 2",
        "failed layer   3 of 0..4",
        "compute-hpe-cos-24.11.x86_64-winter",
        "proven good    layers 0,1,2",
    ] {
        assert!(story.contains(promised), "{promised}: {story}");
    }
}

#[test]
fn the_second_command_is_the_one_ci_runs() {
    let ci = include_str!("../.ci/run");
    assert!(README.contains("\ncargo test --locked\n") && ci.contains("\nstep cargo test --locked\n"));
}

#[test]
fn the_shell_assignments_are_those_the_program_prints() {
    let block = README.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (_command, printed) = block.split_once('\n').unwrap();
    let output = incfg(&format!("{} --format env", first_command()));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
}

#[test]
fn every_command_the_readme_names_exists() {
    for command in
        ["analyze", "plan", "run", "next", "record", "fetch", "rewrite-bootprep", "grammar check", "grammar explain"]
    {
        assert!(README.contains(&format!("incfg {command}")));
        assert!(incfg(&format!("{command} --help")).status.success(), "{command}");
    }
}

#[test]
fn the_rewrite_it_shows_pins_the_base() {
    let command = README.lines().find_map(|line| line.strip_prefix("$ incfg rewrite-bootprep")).unwrap();
    let output = incfg(&format!("rewrite-bootprep{command}"));
    assert!(output.status.success());
    let difference = String::from_utf8(output.stdout).unwrap();
    assert!(difference.contains("-    image_ref: base.x86_64\n"), "{difference}");
    assert!(difference.contains("+      id: c5e01698-9dea-448f-80aa-21dba7c0cbb6\n"), "{difference}");
}

#[test]
fn every_test_that_the_page_of_promises_names_is_there() {
    let page = include_str!("../docs/trust.md");
    let mut sources = String::new();
    let mut directories = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")];
    directories.push(directories[0].with_file_name("src"));
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                directories.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let named: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.rsplit_once("::"))
        .map(|(_, name)| name)
        .filter(|name| name.matches('_').count() > 1)
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "docs/trust.md names a test that is not there: {name}");
    }
}
