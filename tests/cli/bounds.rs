//! Inputs made to use up time or memory: each ends in an error that says why, or in a result that says what is left out.

use std::fmt::Write as _;
use std::process::Command;

use crate::harness::*;

/// Every command that reads a bootprep file, on this one: each ends, and says a word.
fn ends(name: &str, file: &str, wanted: &str) {
    let dir = Dir::new();
    dir.file("b.yaml", file).file("main.log", as_main_log(&compute_fails("ansible")));
    let pin = format!("x={BASE_ID}");
    for arguments in [
        vec!["check", "b.yaml"],
        vec!["rewrite-bootprep", "b.yaml", "--pin", &pin],
        vec!["analyze", "main.log", "--bootprep", "b.yaml"],
    ] {
        let outcome = dir.run(&arguments);
        assert!((0..=3).contains(&outcome.code), "{name}: {arguments:?}: {} {}", outcome.code, outcome.stderr);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains(wanted) || !arguments.contains(&"check"), "{name}: {said:.2000}");
    }
}

#[test]
fn documents_made_to_grow_are_refused_in_words() {
    let deep = |open: &str, close: &str| format!("images: {}{}\n", open.repeat(5_000), close.repeat(5_000));
    ends("deep sequences", &deep("[", "]"), "more than 128 levels deep");
    ends("deep mappings", &deep("{a: ", "}"), "more than 128 levels deep");
    ends("an open end", &format!("images: {}", "[".repeat(100_000)), "does not close");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let part = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", [part.as_str(); 9].join(", "));
    }
    ends("an alias bomb", &format!("{bomb}images: [*a11]\n"), "`a0` is no key");
    ends("an alias to itself", "images: &a [*a]\n", "b.yaml");
    let many: String = (0..20_000).map(|at| format!("- *a # {at}\n")).collect();
    ends("more aliases than are taken", &format!("a: &a x\nimages:\n{many}"), "aliases");
}

#[test]
fn a_document_at_the_depth_that_is_taken_is_read_and_one_deeper_is_refused() {
    let dir = Dir::new();
    let depth = incfg::limits::YAML_DEPTH;
    let nested = |levels: usize| format!("images: []\nother: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    dir.file("at.yaml", nested(depth)).file("beyond.yaml", nested(depth + 1));
    assert!(!dir.run(&["check", "at.yaml"]).stdout.contains("more than 128 levels deep"));
    let beyond = dir.run(&["check", "beyond.yaml"]);
    let said = format!("{}{}", beyond.stdout, beyond.stderr);
    assert!(said.contains("beyond.yaml:2:") && said.contains("more than 128 levels deep"), "{said}");
}

#[test]
fn ten_thousand_images_in_a_chain_are_checked_and_rewritten() {
    let mut file = String::from("images:\n- {name: i0, ref_name: r0, base: {product: {name: cos, type: recipe}}}\n");
    for at in 1..10_000 {
        let _ = writeln!(file, "- {{name: i{at}, ref_name: r{at}, base: {{image_ref: r{}}}}}", at - 1);
    }
    let dir = Dir::new();
    dir.file("b.yaml", &file);
    let checked = dir.run(&["check", "b.yaml", "--format", "json"]);
    assert!(checked.code <= 1, "{}", checked.stderr);
    let rewritten = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", &format!("r5000={BASE_ID}")]);
    assert_eq!(rewritten.code, 0, "{:.2000}", rewritten.stderr);
    assert!(
        rewritten
            .stdout
            .contains(&format!("- {{name: i5001, ref_name: r5001, base: {{ims: {{id: {BASE_ID}, type: image}}}}}}"))
    );
}

#[test]
fn more_findings_than_are_kept_are_counted() {
    let images: String = (0..20_000).map(|at| format!("- {{name: i{at}, bsae: x}}\n")).collect();
    let dir = Dir::new();
    dir.file("b.yaml", format!("images:\n{images}"));
    let json = dir.run(&["check", "b.yaml", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let file = &report["files"][0];
    assert_eq!(file["findings"].as_array().unwrap().len(), incfg::limits::FINDINGS);
    assert!(file["left_out"].as_u64().unwrap() > 0);
    let text = dir.run(&["check", "b.yaml"]);
    assert!(text.stderr.contains("more findings are left out"), "{}", text.stderr);
}

#[test]
fn a_grammar_cannot_make_a_search_go_back_and_forth() {
    let dir = Dir::new();
    let grammar = |pattern: &str| {
        format!(
            "lines:\n  - id: slow\n    fact: image-created\n    in: pod\n    pattern: '{pattern}'\n    samples:\n      - line: 'INFO: Image a made aaaa f5374c4c-8c5a-4b79-a5e5-aef778ed36cd'\n        expect: {{image: a}}\n"
        )
    };
    let tail = "(?<id>[0-9a-f-]{36})$";
    dir.file("g/g.yaml", grammar(&format!("^Image (?<image>.+) made (?:a+)+(?:a|aa)* {tail}")));
    let long = format!("INFO: Image x made {}!\n", "a".repeat(200_000));
    dir.file("main.log", format!("{}{long}", as_main_log(&compute_fails("ansible"))));
    let outcome = dir.run(&["analyze", "main.log", "--grammar", "g", "--format", "json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    dir.file(
        "huge/g.yaml",
        grammar(&format!("^Image (?<image>.+) made (?:(?:a{{1,1000}}){{1,1000}}){{1,1000}} {tail}")),
    );
    let refused = dir.run(&["analyze", "main.log", "--grammar", "huge"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("slow"), "{}", refused.stderr);
}

/// Runs incfg where it can have a gigabyte and a half, and no more.
fn with_little_memory(dir: &Dir, arguments: &[&str]) -> Outcome {
    let script = format!("ulimit -v 1500000; exec '{}' \"$@\"", env!("CARGO_BIN_EXE_incfg"));
    let output =
        Command::new("sh").args(["-c", &script, "sh"]).args(arguments).current_dir(dir.path()).output().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn names_made_to_render_for_ever_are_told() {
    for expression in [
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{{ range(1000000000) | list | length }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 99999999 }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}{{ p }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'ab' | replace('', 'x' * 100000) | replace('', 'x' * 100000) }}",
        "{{ ((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))) }}",
    ] {
        let file = format!(
            "images:\n- name: {}\n  ref_name: x\n  base: {{product: {{name: cos, type: recipe}}}}\n",
            serde_json::to_string(expression).unwrap()
        );
        let dir = Dir::new();
        dir.file("b.yaml", file).file("vars.yaml", "a: 1\n").file("main.log", as_main_log(&compute_fails("ansible")));
        for arguments in [
            vec!["check", "b.yaml", "--vars-file", "vars.yaml"],
            vec!["analyze", "main.log", "--bootprep", "b.yaml", "--vars-file", "vars.yaml"],
        ] {
            let outcome = with_little_memory(&dir, &arguments);
            assert!((0..=3).contains(&outcome.code), "{expression}: {} {}", outcome.code, outcome.stderr);
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(said.len() < 1 << 20, "{expression}: {} bytes", said.len());
            assert!(!said.contains("root:x:0"), "{expression} reads a file");
        }
    }
}

#[test]
fn a_file_larger_than_is_read_is_refused() {
    let dir = Dir::new();
    let size = usize::try_from(incfg::limits::DOCUMENT_BYTES).unwrap();
    let padded = |size: usize| {
        let mut text = String::from("images: []\n");
        text.extend(std::iter::repeat_n("# padding of this file\n", (size - text.len()) / 23));
        text += &" ".repeat(size - text.len());
        text
    };
    dir.file("at.yaml", padded(size)).file("beyond.yaml", padded(size + 1));
    let beyond = dir.run(&["check", "beyond.yaml"]);
    assert_eq!(beyond.code, 3, "{}", beyond.stderr);
    assert!(beyond.stderr.contains("beyond.yaml: larger than 16 MiB"), "{}", beyond.stderr);
    let at = dir.run(&["check", "at.yaml"]);
    assert!(!at.stderr.contains("larger than"), "{}", at.stderr);
}

/// What `check` says of a file, on both streams.
fn told(dir: &Dir, arguments: &[&str]) -> String {
    let outcome = dir.run(arguments);
    assert!((0..=3).contains(&outcome.code), "{arguments:?}: {} {:.2000}", outcome.code, outcome.stderr);
    outcome.stdout + &outcome.stderr
}

#[test]
fn a_document_at_each_bound_of_yaml_is_read_and_one_beyond_is_refused_in_words() {
    let values = |count: usize| {
        // The mapping, two keys, two lists, and the values of the second one.
        format!("images: []\nother: [{}]\n", vec!["1"; count - 5].join(","))
    };
    let aliases = |count: usize| format!("images: []\na: &a x\nother: [{}]\n", vec!["*a"; count].join(", "));
    let comments = |count: usize| format!("images: []\nother:\n{}- x\n", "# x\n".repeat(count));
    let expanded_depth = |levels: usize| {
        // The document is one level, and each list one more.
        let mut text = String::from("images: []\na0: &a0 [x]\n");
        for level in 1..levels - 1 {
            let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
        }
        text
    };
    type Written<'a> = &'a dyn Fn(usize) -> String;
    let cases: [(&str, Written<'_>, usize, &str); 4] = [
        ("values", &values, incfg::limits::YAML_NODES, "more than 1000000 values"),
        ("aliases", &aliases, incfg::limits::YAML_ALIASES, "more than 10000 aliases"),
        ("comments", &comments, incfg::limits::YAML_COMMENTS, "more than 100000 comments in a row"),
        ("depth", &expanded_depth, incfg::limits::YAML_EXPANDED_DEPTH, "more than 512 levels deep"),
    ];
    for (name, file, bound, wanted) in cases {
        let dir = Dir::new();
        dir.file("at.yaml", file(bound)).file("beyond.yaml", file(bound + 1));
        assert!(!told(&dir, &["check", "at.yaml"]).contains(wanted), "{name} at the bound");
        let beyond = told(&dir, &["check", "beyond.yaml"]);
        assert!(beyond.contains(wanted), "{name} beyond the bound: {beyond:.2000}");
    }
}

#[test]
fn a_name_as_long_as_is_rendered_has_its_text_and_a_longer_one_is_told() {
    for (characters, renders) in [(incfg::limits::RENDERED_CHARS, true), (incfg::limits::RENDERED_CHARS + 1, false)] {
        let dir = Dir::new();
        dir.file("b.yaml", "images:\n- name: '{{x}}{{y}}'\n  base: {product: {name: cos, type: recipe}}\n- name: '{{x}}y'\n  base: {product: {name: cos, type: recipe}}\n")
            .file("vars.yaml", format!("x: {}\ny: y\n", "x".repeat(characters - 1)));
        let checked = told(&dir, &["check", "b.yaml", "--vars-file", "vars.yaml"]);
        // Two images of one name are told where both names are known.
        assert_eq!(checked.contains("duplicate"), renders, "{characters}: {checked:.2000}");
    }
}

#[test]
fn as_many_findings_as_a_document_has_room_for_are_counted_in_little_memory() {
    let dir = Dir::new();
    let images = 140_000;
    dir.file("b.yaml", format!("images:\n{}", "- {a: 1, b: 1, c: 1}\n".repeat(images)));
    let outcome = with_little_memory(&dir, &["check", "b.yaml", "--format", "json"]);
    assert_eq!(outcome.code, 1, "{:.2000}", outcome.stderr);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let left_out = usize::try_from(report["files"][0]["left_out"].as_u64().unwrap()).unwrap();
    assert!(left_out >= 4 * images - incfg::limits::FINDINGS, "{left_out}");
}

#[test]
fn what_sat_reads_without_a_blank_is_read_again_up_to_a_bound() {
    // Each place is read up to anew, so a long comment before them counts each time.
    let comment = 4 << 20;
    let places = incfg::limits::YAML_READ_AGAIN / comment;
    let read = |places: usize| {
        let no_blanks = "- \"a\"#no blank\n".repeat(places);
        let file = format!("# {}\nother:\n{no_blanks}", "x".repeat(comment - 1_000));
        let text = incfg::text::SourceText::new("b.yaml", file.as_bytes()).unwrap();
        incfg::yaml::Tree::parse(&text).map(|_| ())
    };
    read(places).unwrap();
    let refused = read(places + 1).unwrap_err().to_string();
    assert!(refused.contains("comments must be separated"), "{refused}");
}

#[test]
fn a_quoted_text_of_many_lines_in_the_column_of_what_is_around_it_is_read_in_one_go() {
    // One line a reading would be more than are made.
    let lines = 8_000;
    for (open, closed) in [("\"", "\""), ("'", "'")] {
        let file = format!("other:\n  text: {open}one\n{}  two{closed}\n  next: 1\n", "  a line\n".repeat(lines));
        let text = incfg::text::SourceText::new("b.yaml", file.as_bytes()).unwrap();
        let tree = incfg::yaml::Tree::parse(&text).unwrap();
        let other = tree.get(tree.root().unwrap(), "other").unwrap();
        let read = tree.scalar(tree.get(other, "text").unwrap()).unwrap();
        assert_eq!(read, format!("one{} two", " a line".repeat(lines)));
        assert_eq!(tree.scalar(tree.get(other, "next").unwrap()), Some("1"));
    }
    // The end of a document ends it in quotes, too.
    for end in ["---", "..."] {
        let file = format!("text: \"one\ntwo\n{end}\nthree\"\n");
        let text = incfg::text::SourceText::new("b.yaml", file.as_bytes()).unwrap();
        assert!(incfg::yaml::Tree::parse(&text).is_err(), "{end}");
    }
}

/// The findings of a rule in a file, with what they say may help.
fn found(file: &str, rule: &str) -> Vec<String> {
    let dir = Dir::new();
    dir.file("b.yaml", file);
    let report: serde_json::Value =
        serde_json::from_str(&dir.run(&["check", "b.yaml", "--format", "json"]).stdout).unwrap();
    let findings = report["files"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["rule"] == rule)
        .map(|finding| {
            format!("{} {}", finding["message"].as_str().unwrap(), finding["help"].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn as_many_causes_of_an_unreadable_document_are_told_as_are_looked_for() {
    let most = incfg::limits::MENDING_ROUNDS;
    for causes in [most, most + 1] {
        let file = format!("images:\n{}", "- name: a: b\n".repeat(causes));
        assert_eq!(found(&file, "yaml-syntax").len(), most, "{causes}");
    }
}

#[test]
fn the_names_of_as_many_layers_are_compared_as_a_configuration_may_have() {
    for (before, told) in [(incfg::limits::LAYERS_COMPARED - 1, 1), (incfg::limits::LAYERS_COMPARED, 0)] {
        let mut file = String::from("configurations:\n- name: c\n  layers:\n");
        for layer in 0..=before {
            let name = if layer == before { "part-of-0".into() } else { format!("is-part-of-{layer}-of-{layer}.") };
            let _ = writeln!(
                file,
                "  - {{name: {name}, playbook: p{layer}.yml, git: {{url: 'https://x/y.git', commit: a}}}}"
            );
        }
        assert_eq!(found(&file, "layer-name-substring").len(), told, "{before}");
    }
}

#[test]
fn the_bracket_that_does_not_close_is_looked_for_as_many_lines_above() {
    let lines = incfg::limits::QUOTE_LINES;
    for (between, is_told) in [(lines - 2, true), (lines + 2, false)] {
        let file = format!("images: [\n{}- x\n", "  a,\n".repeat(between));
        let all = found(&file, "yaml-syntax").join("\n");
        assert_eq!(all.contains("the [ that opens here does not close"), is_told, "{between}: {all}");
        assert!(!all.is_empty() && !all.contains("no entry above"), "{between}: {all}");
    }
}

#[test]
fn as_many_keys_of_one_mapping_are_told_as_strangers() {
    for keys in [incfg::limits::STRANGERS, incfg::limits::STRANGERS + 1] {
        let unknown: String = (0..keys).map(|key| format!("  unknown{key}: 1\n")).collect();
        let base = "- name: a\n  base: {product: {name: cos, type: recipe}}\n";
        assert_eq!(found(&format!("images:\n{base}{unknown}"), "schema-unknown-key").len(), incfg::limits::STRANGERS);
        let doubled: String = (0..=keys).map(|_| "  name: a\n").collect();
        assert_eq!(found(&format!("images:\n{base}{doubled}"), "yaml-duplicate-key").len(), incfg::limits::STRANGERS);
    }
}

#[test]
fn a_file_full_of_slips_gets_as_many_guesses_as_names_can_be_compared_with() {
    // Each slip is compared with all names, and costs one more than there are.
    let names = 999;
    let guesses = incfg::limits::GUESSES / (names + 1);
    let mut file = String::from("images:\n");
    for name in 0..names {
        let _ = writeln!(
            file,
            "- {{name: i{name}, ref_name: a-name-longer-than-others-{name:010}, base: {{product: {{name: cos, type: recipe}}}}}}"
        );
    }
    for slip in 0..guesses + 2 {
        let _ = writeln!(file, "- {{name: s{slip}, base: {{image_ref: a-name-longer-than-others-x}}}}");
    }
    let slips = found(&file, "image-ref-dangling");
    assert_eq!(slips.len(), guesses + 2);
    let guessed = slips.iter().filter(|message| message.contains("did you mean")).count();
    assert_eq!(guessed, guesses, "{:?}", slips.last());
}
