//! The forms of output: the story, shell assignments, JSON; and the grammars that can be added to.

use std::process::Command;

use crate::harness::*;

const WINTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/winter");

fn winter(arguments: &str) -> Outcome {
    let dir = Dir::new();
    std::os::unix::fs::symlink(WINTER, dir.path().join("winter")).unwrap();
    dir.run(&arguments.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn the_story_of_the_winter_activity() {
    let story = winter(
        "analyze winter/iuf winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml",
    );
    assert_eq!((story.code, story.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(story.stdout);
}

#[test]
fn the_story_of_the_logs_alone_says_what_is_open_and_what_would_tell() {
    insta::assert_snapshot!(winter("analyze winter/iuf").stdout);
}

#[test]
fn what_comes_next_is_only_what_helps() {
    let run = format!("{WINTER}/iuf/log/20240614101544");
    let relayed = "winter-24-11-t5v9c-prepare-images-x7wzk-sat-wrapper-3870673064-main.txt";
    let log = std::fs::read_to_string(format!("{run}/argo_logs/{relayed}")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let failed = lines.iter().position(|line| line.contains("Failed to wait for condition")).unwrap();
    let all = "ansible.log configuration.json";
    for (what, lines, more, asked) in [
        ("all is proven", lines.len(), all, [false, false, false]),
        // Whether the other image was made, the rest of the log would say, and of which of the two the layers are told.
        ("the log was cut behind the failure", failed + 1, all, [true, true, true]),
        ("the layer is open", lines.len(), "", [true, true, true]),
    ] {
        let dir = Dir::new();
        // iuf relays the same lines.
        let last = if lines == log.lines().count() { "" } else { "8ecc2e27-78e5-4edd-8b55-1be4b28f96fc" };
        let install = std::fs::read_to_string(format!("{run}/install.log")).unwrap();
        let install = install.lines().filter(|line| last.is_empty() || !line.contains(last));
        dir.file("install.log", install.map(|line| format!("{line}\n")).collect::<String>());
        dir.file(relayed, log.lines().take(lines).map(|line| format!("{line}\n")).collect::<String>());
        for name in ["ansible.log", "configuration.json", "compute-and-uan-bootprep.yaml", "session_vars.yaml"] {
            dir.file(name, std::fs::read(format!("{WINTER}/{name}")).unwrap());
        }
        let words = format!(
            "analyze install.log {relayed} {more} --bootprep compute-and-uan-bootprep.yaml --vars-file session_vars.yaml"
        );
        let story = dir.run(&words.split_whitespace().collect::<Vec<_>>()).stdout;
        let next = story.split("\nNext\n").nth(1).unwrap();
        let is_asked = ["cray artifacts get", "incfg analyze", "kubectl logs"].map(|command| next.contains(command));
        assert_eq!(is_asked, asked, "{what}: {next}");
        assert!(next.contains("incfg plan install.log") && next.contains("incfg run plan.yaml"), "{what}: {next}");
    }
}

/// The commands below `Next`, as they are printed.
fn next_commands(dir: &Dir, words: &str) -> Vec<String> {
    let story = dir.run(&words.split_whitespace().collect::<Vec<_>>()).stdout;
    let next = story.split("\nNext\n").nth(1).unwrap_or_default();
    next.lines().filter_map(|line| line.strip_prefix("      incfg ")).map(str::to_owned).collect()
}

#[test]
fn what_is_fine_after_a_run_without_a_recovery_is_pinned_by_the_command_that_is_printed() {
    let bootprep = "images:\n- {name: cos-base, ref_name: ref0, base: {product: {name: cos, type: recipe}}}\n- {name: one, ref_name: one, base: {image_ref: ref0}, configuration: 'c-{{v}}', configuration_group_names: [G]}\n- {name: other, ref_name: other, base: {product: {name: uan, type: recipe}}}\nsession_templates:\n- {name: t, image: {image_ref: one}, configuration: 'c-{{v}}', bos_parameters: {boot_sets: {s: {node_groups: [G]}}}}\n";
    let failed = vec![
        ("ERROR", "Creation of image other failed".to_owned()),
        (
            "ERROR",
            "Failed to wait for condition \"creation of IMS images\" for member image at index 2: creation failed"
                .to_owned(),
        ),
    ];
    let log = [
        begin("managed", 3),
        items(&[None, Some(0), None]),
        built(BASE, BASE_ID),
        customized("one", FINAL_ID),
        failed,
        ended_badly(1),
    ]
    .concat();
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&log)).file("b.yaml", bootprep).file("vars.yaml", "v: '1'\n");
    // As long as SAT goes on, nothing is to be mended, and no restart is told.
    let over = log.len() - ended_badly(1).len();
    dir.file("running.log", as_main_log(&log[..over].to_vec()));
    assert_eq!(next_commands(&dir, "analyze running.log --bootprep b.yaml --vars-file vars.yaml"), [""; 0]);
    let asked = next_commands(&dir, "analyze main.log");
    assert_eq!(asked, ["analyze main.log --bootprep BOOTPREP.yaml --vars-file SESSION_VARS.yaml"]);
    let printed = next_commands(&dir, "analyze main.log --bootprep b.yaml --vars-file vars.yaml");
    let [pin] = printed.as_slice() else { panic!("{printed:?}") };
    assert_eq!(dir.run(&pin.split_whitespace().collect::<Vec<_>>()).code, 0, "{pin}");
    let rewritten = std::fs::read_to_string(dir.path().join("new-b.yaml")).unwrap();
    let kept: Vec<&str> = rewritten.lines().filter(|line| line.starts_with("- {name:")).collect();
    assert_eq!(kept.len(), 2, "{rewritten}");
    assert!(kept[0].contains("other") && kept[1].contains(FINAL_ID) && !rewritten.contains(BASE_ID), "{rewritten}");
}

#[test]
fn more_images_than_one_command_pins_are_counted() {
    for (images, told) in [(40, None), (41, Some("(here the first 40 of 41; add the others that are listed as fine)"))]
    {
        let mut bootprep = String::from("images:\n");
        let mut lines = [begin("managed", images + 1), items(&vec![None; images + 1])].concat();
        for at in 0..=images {
            bootprep +=
                &format!("- {{name: b{at}, ref_name: r{at}, base: {{product: {{name: cos, type: recipe}}}}}}\n");
            if at < images {
                lines.extend(built(&format!("b{at}"), &format!("{at:08x}-4b5a-4978-8796-a5b4c3d2e1f0")));
            }
        }
        lines.push(("ERROR", format!("Creation of image b{images} failed")));
        lines.extend(ended_badly(1));
        let dir = Dir::new();
        dir.file("main.log", as_main_log(&lines)).file("b.yaml", bootprep).file("vars.yaml", "v: '1'\n");
        let printed = next_commands(&dir, "analyze main.log --bootprep b.yaml --vars-file vars.yaml");
        let [pin] = printed.as_slice() else { panic!("{printed:?}") };
        assert_eq!(pin.matches(" --pin ").count(), 40);
        let story = dir.run(&["analyze", "main.log", "--bootprep", "b.yaml", "--vars-file", "vars.yaml"]).stdout;
        let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.contains("(here the first"), told.is_some());
        assert!(told.is_none_or(|told| words.contains(told)), "{words}");
    }
}

#[test]
fn a_run_that_made_nothing_is_followed_by_a_check_of_its_bootprep_file() {
    let refused = [
        ("", "INFO Using bootprep file .bootprep-demo/b.yaml for preparing images on managed nodes"),
        ("INFO", "Validating given input file /media/.bootprep-demo/b.yaml"),
        ("ERROR", "Images must have unique values for \"ref_name\" if specified.Non-unique names: one"),
        ("", "Script content exited with return code 1"),
    ];
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&refused.map(|(level, text)| (level, text.to_owned())).to_vec()));
    dir.file("b.yaml", "images: []\n");
    let printed = next_commands(&dir, "analyze main.log --bootprep b.yaml");
    assert_eq!(printed, ["check b.yaml --vars-file SESSION_VARS.yaml"]);
    // A later run of the same operation that went well leaves nothing to do.
    let well = [begin("managed", 1), built(BASE, BASE_ID)].concat();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    log.sat(MANAGED, &refused.map(|(level, text)| (level, text.to_owned())).to_vec(), "Failed");
    dir.file("install.log", log.text());
    log.sat(MANAGED, &well, "Succeeded");
    dir.file("later.log", log.text());
    assert_ne!(next_commands(&dir, "analyze install.log"), [""; 0]);
    assert_eq!(next_commands(&dir, "analyze later.log"), [""; 0]);
}

#[test]
fn a_configuration_whose_name_holds_variables_is_told_as_that() {
    let dir = with_configuration("'c-{{v}}'");
    let message = |words: &[&str]| {
        let analysis = dir.analysis(words);
        warnings(&analysis)
            .contains(&"configuration-unknown")
            .then(|| warning(&analysis, "configuration-unknown")["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        message(&["install.log"]).as_deref(),
        Some("image one: its configuration is not in this log. --bootprep FILE and --vars-file FILE tell it")
    );
    assert_eq!(
        message(&["install.log", "--bootprep", "b.yaml"]).as_deref(),
        Some("image one: the name of its configuration holds variables. --vars-file FILE tells what they are")
    );
    dir.file("vars.yaml", "v: '1'\n");
    assert_eq!(message(&["install.log", "--bootprep", "b.yaml", "--vars-file", "vars.yaml"]), None);
}

#[test]
fn the_story_of_a_log_without_a_failure_lists_what_was_made() {
    let dir = Dir::new();
    dir.file(
        "main.log",
        as_main_log(&[begin("managed", 2), built(BASE, BASE_ID), customized("compute-cos-base", FINAL_ID)].concat()),
    );
    insta::assert_snapshot!(dir.run(&["analyze", "main.log"]).stdout);
}

#[test]
fn the_analysis_of_the_winter_activity_as_json() {
    let json = winter(
        "analyze winter/iuf winter/main.log winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml --format json",
    );
    let analysis: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    insta::assert_json_snapshot!(analysis["recoveries"]);
    insta::assert_json_snapshot!(analysis["sat_runs"].as_array().unwrap().last().unwrap());
    insta::assert_json_snapshot!(analysis["stages"]);
    assert_eq!(analysis["warnings"], serde_json::json!([]));
}

#[test]
fn the_fetched_log_is_the_best_source_and_the_same_run() {
    let json = winter("analyze winter/iuf winter/main.log --format json");
    let analysis: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(pods(&analysis).len(), 6);
    assert_eq!(analysis["recoveries"][0]["evidence"][0]["path"], "winter/main.log");
}

#[test]
fn shell_assignments_are_printed_only_when_all_is_proven() {
    let proven = winter(
        "analyze winter/iuf winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml --format env",
    );
    assert_eq!(proven.code, 0);
    insta::assert_snapshot!(proven.stdout);
    let open = winter("analyze winter/iuf --format env");
    assert_eq!((open.code, open.stdout.as_str()), (1, ""));
    assert_eq!(
        open.stderr,
        "incfg: the configuration of image compute-hpe-cos-24.11.x86_64-winter is not known for sure (it may be winter-compute-24.11 or winter-uan-24.11). Give --bootprep FILE and --vars-file FILE\n"
    );
}

#[test]
fn of_several_failed_images_one_has_to_be_chosen() {
    let dir = Dir::new();
    let bootprep = "images:\n- {name: b, ref_name: ref0, base: {product: {name: cos, type: recipe}}}\n- {name: 'one', ref_name: r1, base: {image_ref: ref0}, configuration: c1, configuration_group_names: [G]}\n- {name: 'two', ref_name: r2, base: {image_ref: ref0}, configuration: c2, configuration_group_names: [G]}\n";
    let lines = [
        begin("managed", 3),
        items(&[None, Some(0), Some(0)]),
        built("b", BASE_ID),
        failed_in("one", "ansible-0", 1),
        failed_in("two", "ansible-2", 2),
        ended_badly(2),
    ]
    .concat();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Failed");
    dir.file("install.log", log.text()).file("b.yaml", bootprep);
    let base = ["analyze", "install.log", "--bootprep", "b.yaml", "--format", "env"];
    let open = dir.run(&base);
    assert_eq!(
        (open.code, open.stderr.as_str()),
        (1, "incfg: several images failed: one, two. Choose one with --image NAME\n")
    );
    let chosen = dir.run(&[&base[..], &["--image", "r2"]].concat());
    assert!(
        chosen.stdout.contains("CFS_CONFIGURATION_NAME=c2\nCONFIGURATION_LIMIT=0,1\n"),
        "{}{}",
        chosen.stdout,
        chosen.stderr
    );
    let wrong = dir.run(&[&base[..], &["--image", "three"]].concat());
    assert_eq!(
        (wrong.code, wrong.stderr.as_str()),
        (1, "incfg: no image called 'three' is to be recovered; there is: one, two\n")
    );
}

#[test]
fn a_hostile_name_stays_one_word_of_a_shell() {
    let name = "x'; touch pwned; echo '$(touch pwned) `touch pwned`\\";
    let dir = with_configuration(&format!("{name:?}"));
    let printed = dir.run(&["analyze", "install.log", "--bootprep", "b.yaml", "--format", "env"]);
    dir.file("env.sh", &printed.stdout);
    let evaluated = Command::new("sh")
        .args(["-c", "eval \"$(cat env.sh)\"; printf %s \"$CFS_CONFIGURATION_NAME\""])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&evaluated.stdout), name, "{}", printed.stderr);
    assert!(!dir.path().join("pwned").exists());
}

#[test]
fn a_name_with_control_characters_is_no_shell_assignment_and_plain_text_on_a_terminal() {
    let dir = with_configuration("\"a\\e[2Jb\"");
    let refused = dir.run(&["analyze", "install.log", "--bootprep", "b.yaml", "--format", "env"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(
        refused.stderr.contains("holds control characters") && !refused.stderr.contains('\u{1b}'),
        "{}",
        refused.stderr
    );
    let story = dir.run(&["analyze", "install.log", "--bootprep", "b.yaml", "--color", "always"]).stdout;
    assert!(story.contains("a\u{fffd}[2Jb") && !story.contains("\u{1b}[2J") && story.contains("\u{1b}[1m"), "{story}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    assert!(!winter("analyze winter/iuf").stdout.contains('\u{1b}'));
    assert!(winter("--color always analyze winter/iuf").stdout.contains('\u{1b}'));
}

#[test]
fn the_built_in_grammars_do_what_their_files_say() {
    let checked = Dir::new().run(&["grammar", "check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);
    assert!(checked.stdout.ends_with("all as their files say\n"));
}

const NEW_WORDING: &str = "lines:\n  - id: sat-image-created-4\n    fact: image-created\n    in: pod\n    pattern: '^Image (?<image>.+) is ready as (?<id>[0-9a-f-]{36})$'\n    since: SAT 4.0\n    samples:\n      - line: 'INFO: Image a is ready as f5374c4c-8c5a-4b79-a5e5-aef778ed36cd'\n        expect: {image: a}\n";

#[test]
fn a_new_wording_needs_a_file_and_no_program() {
    let dir = Dir::new();
    dir.file("main.log", format!("INFO: Creating images\nINFO: Image cos is ready as {BASE_ID}\n"))
        .file("g/sat4.yaml", NEW_WORDING);
    assert_eq!(dir.run(&["grammar", "check", "--grammar", "g"]).code, 0);
    let analysis = dir.analysis(&["main.log", "--grammar", "g"]);
    assert_eq!(image(&analysis["sat_runs"][0], "cos")["id"], BASE_ID);
    let explained = dir.run(&["grammar", "explain", "main.log", "--grammar", "g"]).stdout;
    assert!(
        explained.contains(&format!(
            "2: INFO: Image cos is ready as {BASE_ID}\n    sat-image-created-4 id={BASE_ID} image=cos"
        )),
        "{explained}"
    );
}

#[test]
fn a_wording_may_begin_with_a_tab() {
    let dir = Dir::new();
    let sample = "INFO: Image a is ready as f5374c4c-8c5a-4b79-a5e5-aef778ed36cd";
    let tabbed = format!("\"{}\"", sample.replace(" Image", " \\tImage"));
    dir.file("main.log", format!("INFO: Creating images\nINFO: \tImage cos is ready as {BASE_ID}\n"))
        .file("g/g.yaml", NEW_WORDING.replace("^Image", r"^\tImage").replace(&format!("'{sample}'"), &tabbed));
    let checked = dir.run(&["grammar", "check", "--grammar", "g"]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    let analysis = dir.analysis(&["main.log", "--grammar", "g"]);
    assert_eq!(image(&analysis["sat_runs"][0], "cos")["id"], BASE_ID);
}

#[test]
fn a_grammar_may_come_from_another_editor_and_may_not_go_too_deep() {
    let dir = Dir::new();
    dir.file("g/g.yaml", format!("\u{feff}{}", NEW_WORDING.replace('\n', "\r\n")));
    assert_eq!(dir.run(&["grammar", "check", "--grammar", "g"]).code, 0);
    dir.file("deep/g.yaml", format!("title: {}", "{a: ".repeat(50_000)));
    let outcome = dir.run(&["grammar", "check", "--grammar", "deep"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""));
    assert!(outcome.stderr.contains("g.yaml: this is no grammar file: 1:"), "{}", outcome.stderr);
    for (text, said) in [
        ("- a\n", "expected a mapping with the list `lines`"),
        ("lines: [a]\n", "expected a mapping that describes a kind of line"),
        ("lines:\n- {id: a, fact: image-created, in: {}, pattern: a}\n", "g.yaml: this is no grammar file"),
        ("lines:\n- {id: a, fact: image-created, in: sat, pattern: a, samples: [a]}\n", "expected one of `iuf`"),
        (
            "lines:\n- {id: a, fact: image-created, in: pod, pattern: a, samples: [a]}\n",
            "expected a mapping with `line` and `expect`",
        ),
    ] {
        dir.file("other/g.yaml", text);
        let outcome = dir.run(&["grammar", "check", "--grammar", "other"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{text}");
        let clear =
            outcome.stderr.contains(said) && !outcome.stderr.contains("struct") && !outcome.stderr.contains("enum");
        assert!(clear, "{text}{}", outcome.stderr);
    }
}

#[test]
fn a_grammar_that_does_not_do_what_it_says_is_told_where() {
    let dir = Dir::new();
    let wrong = |name: &str, from: &str, to: &str| {
        dir.file(&format!("{name}/g.yaml"), NEW_WORDING.replace(from, to));
        dir.run(&["grammar", "check", "--grammar", name])
    };
    for (name, from, to, code, said) in [
        ("a", "expect: {image: a}", "expect: {image: b}", 1, "'image' of the sample is 'a', expected 'b'"),
        ("b", "is ready as f5", "is there as f5", 1, "the pattern does not take its sample"),
        ("c", "fact: image-created", "fact: image-creatd", 3, "there is no fact 'image-creatd'"),
        ("d", "(?<id>", "(?<uuid>", 3, "has no field 'uuid'"),
        ("e", "(?<id>[0-9a-f-]{36})", "[0-9a-f-]{36}", 3, "needs 'id'"),
        (
            "f",
            "'^Image (?<image>.+) is ready as (?<id>[0-9a-f-]{36})$'",
            "'(?<image>.+)(?<id>.+)'",
            3,
            "so logs cannot be searched for it",
        ),
        ("g", "(?<id>[0-9a-f-]{36})", "(?<id>[0-9a-f-]{36}", 3, "is no regular expression"),
        ("h", "lines:", "line:", 3, "this is no grammar file"),
    ] {
        let outcome = wrong(name, from, to);
        assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
        assert!(
            format!("{}{}", outcome.stdout, outcome.stderr).contains(said),
            "{said}: {}{}",
            outcome.stdout,
            outcome.stderr
        );
    }
}

#[test]
fn explain_says_why_no_line_kind_takes_a_line() {
    let dir = Dir::new();
    dir.file("main.log", "INFO: Creation of image x succeeded: ID 12345\nINFO: Creating images\n");
    let explained = dir.run(&["grammar", "explain", "main.log", "--unmatched"]);
    assert_eq!(explained.code, 0);
    let all = dir.run(&["grammar", "explain", "main.log"]).stdout;
    assert!(
        all.contains(
            "1: INFO: Creation of image x succeeded: ID 12345\n    sat-creation-opens: may go on in the next lines"
        ),
        "{all}"
    );
}
