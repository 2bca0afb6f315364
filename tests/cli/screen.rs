//! What a person sees on a screen of any width, with and without colours, when there is little to tell and when there is
//! much.

use std::fmt::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::*;

const WINTER: [&str; 7] = [
    "winter/iuf",
    "winter/ansible.log",
    "winter/configuration.json",
    "--bootprep",
    "winter/compute-and-uan-bootprep.yaml",
    "--vars-file",
    "winter/session_vars.yaml",
];

fn winter() -> Dir {
    let dir = Dir::new();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/winter");
    std::os::unix::fs::symlink(data, dir.path().join("winter")).unwrap();
    dir
}

/// What a command prints in an environment.
fn printed(dir: &Dir, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
    command.args(arguments).current_dir(dir.path());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Lines that a screen of this width breaks although a blank would have let them fit. A command is one line to copy.
fn too_long(text: &str, width: usize) -> Vec<&str> {
    let is_command =
        |line: &str| ["cray ", "kubectl ", "incfg ", "iuf "].iter().any(|word| line.trim_start().starts_with(word));
    // A word that is an id, a path or an address stays whole, behind what its line begins with.
    let last_word = |line: &str| line.trim_start().rsplit("  ").next().unwrap_or_default().contains(' ');
    text.lines().filter(|line| line.chars().count() > width && !is_command(line) && last_word(line)).collect()
}

#[test]
fn lines_fit_the_screen() {
    let dir = winter();
    assert_eq!(dir.run(&[&["plan"], &WINTER[..], &["-o", "plan.yaml"]].concat()).code, 0);
    let analyze = [&["analyze"], &WINTER[..]].concat();
    let check = ["check", "winter/compute-and-uan-bootprep.yaml"];
    let commands: [&[&str]; 6] = [
        &check,
        &analyze,
        &["analyze", "winter/iuf"],
        &["status", "plan.yaml"],
        &["next", "plan.yaml"],
        &["check", "--list-rules"],
    ];
    for command in commands {
        for width in [60, 80, 100, 200] {
            let text = printed(&dir, command, &[("COLUMNS", &width.to_string())]);
            assert_eq!(too_long(&text, width), Vec::<&str>::new(), "{command:?} at {width}");
            assert!(text.lines().all(|line| line.trim_end() == line), "{command:?}: blanks at the end of a line");
        }
    }
}

#[test]
fn the_examples_of_a_rule_stay_as_they_would_be_written() {
    let dir = Dir::new();
    let command = ["check", "--explain", "image-ref-cycle"];
    let example =
        |text: &str| text.lines().filter(|line| line.starts_with("    ")).map(str::to_owned).collect::<Vec<_>>();
    let narrow = printed(&dir, &command, &[("COLUMNS", "60")]);
    assert_eq!(example(&narrow), example(&printed(&dir, &command, &[])));
    let prose: String =
        narrow.lines().filter(|line| !line.starts_with("    ")).map(|line| format!("{line}\n")).collect();
    assert_eq!(too_long(&prose, 60), Vec::<&str>::new());
}

#[test]
fn the_same_words_are_printed_at_every_width() {
    let dir = winter();
    assert_eq!(dir.run(&[&["plan"], &WINTER[..], &["-o", "plan.yaml"]].concat()).code, 0);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for command in [&["status", "plan.yaml"][..], &["next", "plan.yaml"], &["check", "--list-rules"]] {
        let piped = printed(&dir, command, &[]);
        for width in ["60", "80", "200"] {
            assert_eq!(words(&printed(&dir, command, &[("COLUMNS", width)])), words(&piped), "{command:?} at {width}");
        }
    }
}

#[test]
fn a_path_is_shortened_on_a_screen_only_and_only_when_it_was_told() {
    let dir = winter();
    let command = [&["analyze"], &WINTER[..]].concat();
    let log =
        "iuf/log/20240614101544/argo_logs/winter-24-11-t5v9c-prepare-images-x7wzk-sat-wrapper-3870673064-main.txt";
    let piped = printed(&dir, &command, &[]);
    assert!(!piped.contains('…') && piped.contains(&format!("{log}:76 :71 :75\n")), "{piped}");
    assert!(!printed(&dir, &command, &[("COLUMNS", "200")]).contains('…'));
    let narrow = printed(&dir, &command, &[("COLUMNS", "80")]);
    let (whole, short) = (narrow.find(log).unwrap(), narrow.find("3870673064-main.txt:76 :71 :75\n").unwrap());
    assert!(whole < short && !narrow.contains(&format!("{log}:76")), "{narrow}");
    let file = dir.run(&[&command[..], &["-o", "story.txt"]].concat());
    assert_eq!(file.code, 0);
    assert_eq!(std::fs::read_to_string(dir.path().join("story.txt")).unwrap(), piped);
}

#[test]
fn colours_are_those_of_any_terminal_and_can_be_had_without() {
    let dir = winter();
    let command = [&["analyze"], &WINTER[..]].concat();
    let forced = printed(&dir, &command, &[("CLICOLOR_FORCE", "1")]);
    let codes = forced.split("\u{1b}[").skip(1).map(|rest| rest.split('m').next().unwrap());
    // Bold, dim and the first eight colours; anything else is not everywhere.
    assert!(
        codes.clone().count() > 20 && codes.clone().all(|code| ["0", "1", "2", "31", "32", "33", "36"].contains(&code))
    );
    for environment in [&[][..], &[("TERM", "dumb")], &[("NO_COLOR", "1")]] {
        assert!(!printed(&dir, &command, environment).contains('\u{1b}'), "{environment:?}");
    }
    // Who does not see colours reads the same.
    let plain = printed(&dir, &command, &[]);
    let stripped = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(&forced, "").into_owned();
    assert_eq!(stripped, plain);
    for word in ["FAILED", "fine, need not be made again", "skipped", "succeeded"] {
        assert!(plain.contains(word), "{word}");
    }
}

/// A log of a run with 200 images, of which every `nth` failed.
fn of_200(nth: usize) -> Dir {
    let id = |number: usize| format!("{number:08x}-1111-4222-8333-444444444444");
    let mut log = "INFO: Creating 200 images.\nINFO: Creating images\n".to_owned();
    for number in 0..200 {
        let image = format!("compute-{number:03}-cos-24.11.x86_64");
        let session = format!("sat-{}", id(1000 + number));
        let _ = writeln!(log, "INFO: Created CFS session {session} to configure image {image}");
        if number % nth == 0 {
            let _ = writeln!(log, "INFO: CFS session: {session}      Image: {image}:");
            log += "INFO:     Container ansible     transitioned to failed    from running  \n";
            let _ = writeln!(log, "ERROR: Creation of image {image} failed");
        } else {
            let _ = writeln!(log, "INFO: Creation of image {image} succeeded: ID {}", id(number));
        }
    }
    let dir = Dir::new();
    dir.file("main.log", log);
    dir
}

#[test]
fn many_images_are_counted_and_the_first_are_told() {
    for (nth, failed) in [(1, 200), (10, 20)] {
        let dir = of_200(nth);
        let story = dir.run(&["analyze", "main.log"]).stdout;
        assert!(story.lines().count() < 350, "{} lines", story.lines().count());
        assert_eq!(story.matches("failed while being configured").count(), 8);
        assert!(story.contains("failed as well; --image NAME tells all of one\n"), "{story}");
        if failed == 200 {
            assert!(story.contains("    and 152 more; --format json has them all\n"), "{story}");
        }
        let told = format!("of the first 8 of {failed} images; --image NAME asks for another:");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&story).contains(&told), "{story}");
        assert!(story.contains(&format!("- and {} more of [configuration-unknown]", failed - 4)), "{story}");
        // Nothing is lost: one of the others, and all of them.
        let one = dir.run(&["analyze", "main.log", "--image", "compute-190-cos-24.11.x86_64"]).stdout;
        assert!(one.contains("  compute-190-cos-24.11.x86_64\n    failed while being configured\n"), "{one}");
        let all = dir.analysis(&["main.log"]);
        assert_eq!(all["recoveries"].as_array().unwrap().len(), failed);
    }
}

#[test]
fn images_that_may_be_the_base_of_many_are_told_once_and_counted() {
    let story = of_200(10).run(&["analyze", "main.log"]).stdout;
    assert_eq!(story.matches("may be 00000001-1111").count(), 1, "{story}");
    assert_eq!(story.matches("or one of 92 more; --format json has them all\n").count(), 1, "{story}");
    assert_eq!(story.matches("may be one of those named for compute-").count(), 7, "{story}");
}

#[test]
fn what_is_shown_of_a_checked_line_fits_the_screen() {
    let dir = Dir::new();
    let name = "a".repeat(120);
    dir.file("b.yaml", format!("images:\n- {{name: {name}, base: {{image_ref: nowhere}}}}\n"));
    for width in [60, 80, 120] {
        let text = printed(&dir, &["check", "b.yaml"], &[("COLUMNS", &width.to_string())]);
        assert!(text.contains("image-ref-dangling"), "{text}");
        let long: Vec<&str> =
            text.lines().filter(|line| line.chars().count() > width && line.contains(" | ")).collect();
        assert_eq!(long, Vec::<&str>::new(), "at {width}");
        // The rest of a message stands apart from the place that the next one begins with.
        let begins = |line: &&str| !line.starts_with(' ') && !line.contains(" |");
        let heads = text.lines().filter(|line| !line.is_empty()).filter(begins);
        assert!(heads.clone().count() > 0 && heads.clone().all(|line| line.starts_with("b.yaml:")), "{text}");
    }
}

#[test]
fn logs_are_asked_for_a_few_at_a_time_where_the_layers_are_known() {
    let mut log = begin("managed", 20);
    for number in 0..20 {
        log.extend(failed_in(&format!("compute-{number}"), "ansible-2", number));
    }
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&log));
    let story = dir.run(&["analyze", "main.log"]).stdout;
    let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("in the layer, of the first 8 of 20 images; --image NAME asks for another:"), "{story}");
    let next = story.split("\nNext\n").nth(1).unwrap();
    assert_eq!(next.matches("kubectl logs").count(), 8, "{next}");
}

#[test]
fn a_plan_of_40_layers_has_a_line_for_each() {
    let dir = winter();
    let configuration = std::fs::read_to_string(dir.path().join("winter/configuration.json")).unwrap();
    let mut configuration: Value = serde_json::from_str(&configuration).unwrap();
    let layer = configuration["layers"][0].clone();
    let layers = (0..40).map(|number| {
        let mut layer = layer.clone();
        layer["name"] = json!(format!("layer-{number}"));
        layer
    });
    configuration["layers"] = layers.collect();
    dir.file("forty.json", configuration.to_string());
    let words = ["winter/iuf", "--configuration-file", "forty.json", "--failed-layer", "3", "-o", "plan.yaml"];
    let made = dir.run(&[&["plan"], &WINTER[3..], &words].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let status = dir.run(&["status", "plan.yaml"]).stdout;
    let rows: Vec<&str> = status.lines().filter(|line| line.contains("  todo ")).collect();
    assert_eq!(rows.len(), 40, "{status}");
    assert!(rows.iter().all(|row| row.find("todo") == rows[0].find("todo")), "{status}");
    assert!(status.lines().count() < 60, "{status}");
    for (failed, told) in [("3", ": layers 0,1,2 of "), ("0", ": layers 0 to 39 of ")] {
        let words = ["winter/iuf", "--configuration-file", "forty.json", "--failed-layer", failed, "--strategy", "all"];
        let plan = format!("all-{failed}.yaml");
        let made = dir.run(&[&["plan"], &WINTER[3..], &words, &["-o", &plan]].concat());
        assert_eq!(made.code, 0, "{}", made.stderr);
        let next = dir.run(&["next", &plan]).stdout;
        assert!(next.contains(told), "{next}");
    }
}

#[test]
fn what_check_did_not_look_at_fits_the_screen() {
    let dir = winter();
    let outcome = Command::new(env!("CARGO_BIN_EXE_incfg"))
        .args(["check", "winter/compute-and-uan-bootprep.yaml"])
        .current_dir(dir.path())
        .env("COLUMNS", "60")
        .output()
        .unwrap();
    let told = String::from_utf8(outcome.stderr).unwrap();
    assert!(told.contains("not checked without --products"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 60), "{told}");
}
