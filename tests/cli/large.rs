//! Large logs: one pass, bounded memory, and nothing missed.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::*;

/// Address space the command may use, in KiB: far less than the inputs.
const ADDRESS_SPACE: u32 = 64 << 10;

/// Runs the command in a bounded address space and feeds it; gives its JSON. The C library would reserve 64 MiB of
/// addresses for each thread, used or not: without that, addresses are memory.
fn fed(feed: impl FnOnce(&mut dyn Write) + Send + 'static) -> serde_json::Value {
    let script = format!("ulimit -v {ADDRESS_SPACE}; exec {} analyze --format json -", env!("CARGO_BIN_EXE_incfg"));
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = std::io::BufWriter::with_capacity(1 << 20, child.stdin.take().unwrap());
    let feeder = std::thread::spawn(move || feed(&mut input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn noise(out: &mut dyn Write, bytes: usize) {
    let line = format!(
        "2024-02-01T09:00:00.000001Z DBG  [{MANAGED:<57}]       Alloc=8413 TotalAlloc=14478 Sys=24786 NumGC=4 Goroutines=2 and so on and on\n"
    );
    let block = line.repeat((1 << 20) / line.len());
    for _ in 0..bytes / block.len() + 1 {
        out.write_all(block.as_bytes()).unwrap();
    }
}

#[test]
fn a_log_far_larger_than_memory_is_read_in_one_pass() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    let begun = log.text().to_owned();
    let mut rest = InstallLog::at(30);
    rest.own("DBG", &format!("Monitoring workflow {WORKFLOW}"))
        .relay(MANAGED, &compute_fails("ansible"))
        .sat_ends(MANAGED, "Failed")
        .key(MANAGED);
    let rest = rest.text().to_owned();
    let analysis = fed(move |out| {
        out.write_all(begun.as_bytes()).unwrap();
        noise(out, 400 << 20);
        out.write_all(rest.as_bytes()).unwrap();
    });
    assert_eq!(
        (analysis["recoveries"][0]["base_image"]["id"].as_str(), analysis["sat_runs"][0]["s3_key_basis"].as_str()),
        (Some(BASE_ID), Some("logged"))
    );
    assert!(analysis["inputs"][0]["bytes"].as_u64().unwrap() > 400 << 20);
}

#[test]
fn a_main_log_of_nothing_but_facts_is_read_in_bounded_memory() {
    let analysis = fed(|out| {
        out.write_all(as_main_log(&compute_fails("ansible")).as_bytes()).unwrap();
        let header = format!("INFO: CFS session: {:<45} Image: compute-cos-base:\n", session("compute-cos-base"));
        for number in 0..150_000 {
            writeln!(out, "{header}INFO:     Container ansible-{number}   transitioned to running   from waiting  ")
                .unwrap();
        }
    });
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
}

#[test]
fn twenty_thousand_images_that_were_built_and_not_configured_are_told_by_their_own_names() {
    let mut log = String::from("INFO: Creating 0 CFS configurations\nINFO: Creating 20000 images\n");
    for number in 0..20_000 {
        let id = format!("{number:08x}-0000-4000-8000-000000000000");
        log += &format!("INFO: Creation of image x{number}-pre-configuration succeeded: ID {id}\n");
    }
    let dir = Dir::new();
    let outcome = dir.file("main.log", log).run(&["analyze", "--format", "json", "main.log"]);
    let analysis: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let images = analysis["sat_runs"][0]["images"].as_array().unwrap();
    let names: Vec<&str> = images.iter().map(|image| image["name"].as_str().unwrap()).collect();
    assert_eq!(names, (0..20_000).map(|number| format!("x{number}")).collect::<Vec<_>>());
}

#[test]
fn more_stages_than_any_activity_has_are_counted_and_not_kept() {
    let analysis = fed(|out| {
        for number in 0..20_010 {
            let column = format!("STAGE: s{number}");
            writeln!(out, "2024-02-01T09:00:00.000001Z INFO [{column:<57}] END Failed in 1 day, 2:03:04").unwrap();
        }
    });
    assert_eq!(analysis["stages"].as_array().unwrap().len(), 20_000);
    let told = analysis["warnings"].to_string();
    assert!(told.contains("too-many-facts") && told.contains("-: 10 stages"), "{told}");
}

#[test]
fn a_line_of_a_hundred_megabytes_is_cut_and_what_follows_is_found() {
    let analysis = fed(|out| {
        out.write_all(b"INFO: Creating images\nINFO: Creation of image ").unwrap();
        let block = vec![b'x'; 1 << 20];
        for _ in 0..100 {
            out.write_all(&block).unwrap();
        }
        out.write_all(b" succeeded: ID 0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0\n").unwrap();
        out.write_all(as_main_log(&built(BASE, BASE_ID)).as_bytes()).unwrap();
    });
    assert_eq!(image(&analysis["sat_runs"][0], BASE)["id"], BASE_ID);
    assert_eq!(analysis["inputs"][0]["lines"], 5);
    assert!(warnings(&analysis).contains(&"line-cut"));
}

/// Lines that ask for one of twenty thousand things: looked for one by one, they would take minutes.
const QUESTIONS: usize = 200_000;

#[test]
fn each_line_of_an_activity_with_twenty_thousand_steps_finds_its_own() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    log.sat_begins("prepare-management-images");
    for attempt in 1..20_000 {
        log.column("INFO", MANAGED, &format!("BEG sat-bootprep-run({attempt})"));
    }
    for _ in 0..QUESTIONS / 2 {
        log.column("INFO", "prepare-management-images", "      Creating 2 images");
        log.column("ERR", "prepare-management-images", "END sat-bootprep-run [Failed]");
    }
    let dir = Dir::new();
    let outcome = dir.file("install.log", log.text()).run(&["analyze", "--format", "json", "install.log"]);
    let analysis: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let runs = analysis["sat_runs"].as_array().unwrap();
    assert_eq!(runs.len(), 20_000);
    let failed: Vec<_> = runs.iter().filter(|run| run["status"] == "Failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["operation"], "prepare-management-images");
}

#[test]
fn each_line_of_a_run_with_twenty_thousand_configurations_finds_its_own() {
    let mut log = String::from("INFO: Creating images\n");
    for number in (0..20_000).chain(std::iter::repeat_n(19_999, QUESTIONS)) {
        log += &format!("INFO: Successfully created CFS configuration at index 0 with name=c{number}\n");
    }
    let analysis = large_main_log(&log);
    let configurations = analysis["sat_runs"][0]["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 20_000);
    assert_eq!(configurations[19_999]["evidence"][0]["line"], 20_001);
}

#[test]
fn each_line_of_a_run_with_twenty_thousand_sessions_finds_its_own() {
    let mut log = String::from("INFO: Creating images\n");
    for number in 0..20_000 {
        log += &format!("INFO: Created CFS session sat-{number:05} to configure image i{number}\n");
        log += &format!("INFO: Creation of image i{number} succeeded: ID {number:08x}-0000-4000-8000-000000000000\n");
    }
    for number in 0..QUESTIONS / 4 {
        log += "INFO: Waiting for CFS to create Kubernetes job associated with session sat-19999.\n";
        log += &format!(
            "ERROR: Failed to wait for condition \"creation of IMS images\" for member image at index {number}: session sat-19999 is gone\n"
        );
    }
    let analysis = large_main_log(&log);
    let images = analysis["sat_runs"][0]["images"].as_array().unwrap();
    let failed: Vec<_> = images.iter().filter(|image| image["status"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "i19999");
}
