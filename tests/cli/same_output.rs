//! What is printed does not depend on how the bytes come: on threads, on pieces, through a pipe, or packed.

use std::io::Write;

use crate::harness::*;

#[path = "../../benches/log.rs"]
mod log;

const MEBIBYTE: usize = 1 << 20;

/// What `analyze --format json` prints of `name` when its bytes come in each of the ways.
fn every_way(name: &str, content: &[u8]) -> Vec<(&'static str, String)> {
    let gzip = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    };
    let zstd = zstd::encode_all(content, 1).unwrap();
    let printed = |content: &[u8], flags: &[&str]| {
        let dir = Dir::new();
        dir.file(name, content);
        dir.run(&[&["analyze", "--format", "json", name], flags].concat()).stdout
    };
    let from_stdin = |content: &[u8], flags: &[&str]| {
        let arguments = [&["analyze", "--format", "json", "-"], flags].concat();
        let printed = Dir::new().run_with_stdin(&arguments, content).stdout;
        printed
            .replace("\"path\": \"-\"", &format!("\"path\": \"{name}\""))
            .replace("\"local_log\": \"-\"", &format!("\"local_log\": \"{name}\""))
    };
    vec![
        ("-j1", printed(content, &["-j1"])),
        ("-j2", printed(content, &["-j2"])),
        ("-j5", printed(content, &["-j5"])),
        ("stdin", from_stdin(content, &["-j2"])),
        ("stdin, -j1", from_stdin(content, &["-j1"])),
        ("gzip", printed(&gzip, &["-j1"])),
        ("gzip, -j2", printed(&gzip, &["-j2"])),
        ("zstd", printed(&zstd, &["-j2"])),
        ("gzip, stdin", from_stdin(&gzip, &[])),
    ]
}

fn assert_same(name: &str, content: &[u8]) -> String {
    let mut ways = every_way(name, content).into_iter();
    let (_, first) = ways.next().unwrap();
    for (way, printed) in ways {
        assert!(printed == first, "{name}: {way} prints something else than -j1:\n{printed}\n{first}");
    }
    first
}

#[test]
fn the_logs_of_a_case_say_the_same_however_they_come() {
    let mut main_log = as_main_log(&compute_fails("ansible"));
    main_log.push_str("Traceback (most recent call last):\n  File \"x.py\", line 3\nKeyError: 'half a line");
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd")
        .stage("prepare-images", WORKFLOW)
        .sat(MANAGED, &compute_fails("ansible"), "Failed")
        .key(MANAGED);
    for (name, content) in [("main.log", main_log.as_str()), ("install.log", log.text()), ("empty.log", "")] {
        assert_same(name, content.as_bytes());
        assert_same(name, content.replace('\n', "\r\n").as_bytes());
    }
}

#[test]
fn a_pipe_with_a_path_is_read_whole() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    let script = format!("{} analyze --format json <(cat main.log)", env!("CARGO_BIN_EXE_incfg"));
    let output = std::process::Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    let analysis: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
}

#[test]
fn a_large_log_says_the_same_however_it_comes() {
    for (facts_ppm, seed) in [(1_000, 1), (200_000, 2)] {
        let mut content = Vec::new();
        let plan = log::Plan { bytes: 5 * MEBIBYTE as u64, facts_ppm, decoys_ppm: 200, seed };
        log::write(plan, &mut content).unwrap();
        let printed: serde_json::Value = serde_json::from_str(&assert_same("install.log", &content)).unwrap();
        let runs = printed["sat_runs"].as_array().unwrap();
        // Each run of the generator makes four images and fails to configure one.
        assert!(
            !runs.is_empty() && runs.iter().all(|run| run["images"].as_array().is_some_and(|images| images.len() == 4))
        );
        assert_eq!(printed["inputs"][0]["lines"], content.iter().filter(|byte| **byte == b'\n').count());
    }
}

#[test]
fn facts_on_the_borders_of_pieces_are_found() {
    let facts: Vec<String> = as_main_log(&compute_fails("ansible")).lines().map(|line| format!("{line}\n")).collect();
    let want = printed_without_places(&facts.concat());
    // Each fact begins a little before, at or behind the end of a piece, and ends beyond it.
    for shift in [0, 1, 2, 7, 30, 61] {
        // The first stays where it is: by it the file is known as what it is.
        let mut content = facts[0].clone();
        for (at, fact) in facts.iter().enumerate().skip(1) {
            let begin = at * MEBIBYTE - shift;
            while content.len() + 2 < begin {
                let room = begin - content.len();
                content.push_str(&"x".repeat(room.min(4000) - 1));
                content.push('\n');
            }
            content.push_str(&"\n".repeat(begin - content.len()));
            content.push_str(fact);
        }
        assert_eq!(printed_without_places(&content), want, "{shift} bytes before the border");
    }
}

/// The runs of SAT that are seen, without the lines they stand on.
fn printed_without_places(main_log: &str) -> serde_json::Value {
    fn without_places(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("evidence");
                fields.values_mut().for_each(without_places);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(without_places),
            _ => {}
        }
    }
    let dir = Dir::new();
    dir.file("main.log", main_log);
    let mut runs = dir.analysis(&["-j2", "main.log"])["sat_runs"].take();
    without_places(&mut runs);
    runs
}
