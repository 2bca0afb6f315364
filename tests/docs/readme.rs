//! The README does what it says: its commands run, and its outputs are those of the program.

use std::process::{Command, Output};

const README: &str = include_str!("../../README.md");

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
    let ci = include_str!("../../.ci/run");
    assert!(README.contains("\ncargo test --locked\n") && ci.contains("\nstep cargo test --locked\n"));
}

#[test]
fn it_stays_short() {
    assert!(README.lines().count() < 60, "what is more belongs into docs/");
}
