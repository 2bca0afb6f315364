//! What is kept of logs, at each bound and beyond it: what is left out is counted or told.

use std::fmt::Write as _;

use incfg::limits;
use serde_json::{Value, json};

use crate::harness::*;

/// Whether the analysis says that facts were left out.
fn left_out(analysis: &Value) -> bool {
    warnings(analysis).contains(&"too-many-facts")
}

fn length(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

#[test]
fn a_line_of_a_mebibyte_is_read_and_a_longer_one_is_cut() {
    let (head, tail) = ("INFO: Creation of image ", format!(" succeeded: ID {OTHER_ID}"));
    for (bytes, cut) in [(limits::LINE_BYTES, false), (limits::LINE_BYTES + 2, true)] {
        let line = format!("{head}{}{tail}\n", "x".repeat(bytes - head.len() - tail.len() - 1));
        let log = format!("INFO: Creating images\n{line}{}", as_main_log(&built(BASE, BASE_ID)));
        let analysis = main_log(&log);
        assert_eq!(length(&analysis["sat_runs"][0]["images"]), if cut { 1 } else { 2 }, "{bytes}");
        assert_eq!(warnings(&analysis).contains(&"line-cut"), cut, "{bytes}");
    }
}

#[test]
fn images_of_a_run_beyond_those_that_are_kept_are_counted() {
    for (count, more) in [(limits::RUN_ITEMS, false), (limits::RUN_ITEMS + 1, true)] {
        let mut log = String::from("INFO: Creating images\n");
        for number in 0..count {
            let _ = writeln!(
                log,
                "INFO: Creation of image x{number} succeeded: ID {number:08x}-0000-4000-8000-000000000000"
            );
        }
        let analysis = large_main_log(&log);
        assert_eq!(length(&analysis["sat_runs"][0]["images"]), limits::RUN_ITEMS);
        assert_eq!(left_out(&analysis), more);
        assert!(!more || warning(&analysis, "too-many-facts")["message"].as_str().unwrap().starts_with("1 facts"));
    }
}

#[test]
fn containers_of_a_run_beyond_those_that_are_kept_are_counted() {
    let header = format!("INFO: CFS session: {:<45} Image: compute:\n", session("compute"));
    for (count, more) in [(limits::RUN_CONTAINERS, false), (limits::RUN_CONTAINERS + 1, true)] {
        let mut log = format!("INFO: Creating images\n{header}");
        for number in 0..count {
            // Rows are looked for only in the lines that follow a header or another row.
            let _ = writeln!(log, "INFO:     Container c-{number}   transitioned to running   from waiting  ");
        }
        assert_eq!(left_out(&large_main_log(&log)), more, "{count}");
    }
}

#[test]
fn the_first_errors_of_a_run_are_kept() {
    for count in [limits::RUN_ERRORS, limits::RUN_ERRORS + 1] {
        let mut log = as_main_log(&begin("managed", 1));
        for number in 0..count {
            let _ = writeln!(log, "ERROR: {number} went wrong");
        }
        let errors = main_log(&log)["sat_runs"][0]["errors"].clone();
        assert_eq!(length(&errors), limits::RUN_ERRORS);
        assert_eq!(errors[limits::RUN_ERRORS - 1]["message"], format!("{} went wrong", limits::RUN_ERRORS - 1));
    }
}

#[test]
fn candidates_beyond_those_that_are_listed_are_told() {
    for (count, more) in [(limits::CANDIDATES, false), (limits::CANDIDATES + 1, true)] {
        let bases =
            (0..count).flat_map(|number| built(&format!("b{number}"), &format!("{number:08x}{}", &BASE_ID[8..])));
        let lines: Lines =
            begin("managed", 2).into_iter().chain(bases).chain(failed_in("compute", "ansible", 1)).collect();
        let analysis = main_log(&as_main_log(&lines));
        assert_eq!(length(&analysis["recoveries"][0]["base_image_candidates"]), limits::CANDIDATES);
        assert_eq!(left_out(&analysis), more);
    }
}

#[test]
fn a_name_may_go_over_as_many_lines_as_are_joined() {
    for (breaks, found) in [(limits::JOINED_LINES, true), (limits::JOINED_LINES + 1, false)] {
        let name = vec!["part"; breaks + 1].join("\n");
        let log =
            format!("{}INFO: Creation of image {name} succeeded: ID {BASE_ID}\n", as_main_log(&begin("managed", 1)));
        let images = main_log(&log)["sat_runs"][0]["images"].clone();
        assert_eq!(images.as_array().unwrap().iter().any(|image| image["name"] == name.as_str()), found, "{breaks}");
    }
}

#[test]
fn an_exception_is_found_as_many_lines_below_as_are_searched() {
    for (lines_between, found) in [(limits::ROW_LINES - 1, true), (limits::ROW_LINES, false)] {
        let mut log = as_main_log(&begin("managed", 1));
        log += "Traceback (most recent call last):\n";
        log += &"    a line of a program\n".repeat(lines_between);
        log += "gateway.APIError: POST request failed\n";
        let errors = main_log(&log)["sat_runs"][0]["errors"].clone();
        assert_eq!(length(&errors) == 1, found, "{lines_between}: {errors}");
    }
}

#[test]
fn folders_deeper_than_are_gone_down_are_told() {
    let log = as_main_log(&compute_fails("ansible"));
    let folders = |depth: usize| "f/".repeat(depth);
    let dir = Dir::new();
    dir.file(&format!("at/{}main.log", folders(limits::DIRECTORY_DEPTH)), &log)
        .file(&format!("beyond/{}other.log", folders(limits::DIRECTORY_DEPTH)), &log)
        .file(&format!("beyond/{}main.log", folders(limits::DIRECTORY_DEPTH + 1)), &log);
    assert!(!warnings(&dir.analysis(&["at"])).contains(&"input-left-out"));
    let beyond = dir.analysis(&["beyond"]);
    assert_eq!(length(&beyond["inputs"]), 1);
    let told = warning(&beyond, "input-left-out")["message"].as_str().unwrap().to_owned();
    assert!(told.ends_with("its folders are more than 8 deep and are not read"), "{told}");
}

#[test]
fn files_beyond_those_that_are_taken_from_a_directory_are_told() {
    let dir = Dir::new();
    dir.file("d/0/main.log", as_main_log(&compute_fails("ansible")));
    for number in 1..=limits::DIRECTORY_FILES {
        if number % 1_000 == 1 {
            std::fs::create_dir(dir.path().join(format!("d/{}", number / 1_000 + 1))).unwrap();
        }
        std::fs::write(dir.path().join(format!("d/{}/{number}", (number - 1) / 1_000 + 1)), "").unwrap();
    }
    let beyond = dir.analysis(&["d"]);
    let told = warning(&beyond, "input-left-out")["message"].as_str().unwrap().to_owned();
    assert!(told.ends_with("more than 100000 files; the rest is not read"), "{told}");
    assert_eq!(beyond["recoveries"][0]["base_image"]["id"], BASE_ID);
    std::fs::remove_file(dir.path().join("d/1/1")).unwrap();
    assert!(!warnings(&dir.analysis(&["d"])).contains(&"input-left-out"));
}

#[test]
fn a_shown_line_is_cut_where_it_is_too_long() {
    for (bytes, cut) in [(limits::EXCERPT_BYTES, false), (limits::EXCERPT_BYTES + 1, true)] {
        let line = format!("ERROR: {}", "y".repeat(bytes - "ERROR: ".len()));
        let dir = Dir::new();
        dir.file(
            "main.log",
            as_main_log(&compute_fails("ansible")).replace("Script content", &format!("{line}\nScript content")),
        );
        let page = dir.run(&["analyze", "main.log", "--format", "html"]);
        assert_eq!(page.code, 0, "{}", page.stderr);
        let shown = "y".repeat(limits::EXCERPT_BYTES - "ERROR: ".len());
        assert!(page.stdout.contains(&shown));
        assert_eq!(page.stdout.contains(&format!("{shown}…")), cut, "{bytes}");
    }
}

#[test]
fn more_layers_than_are_kept_of_an_ansible_log_give_no_wrong_layer() {
    let repository = "https://vcs.local/vcs/cray/cos-config-management.git";
    let log = |ran: usize| {
        let mut log = String::from("Waiting for Inventory\nInventory generation completed\nSidecar available\n");
        for layer in 0..ran {
            let _ = writeln!(log, "Running p{layer}.yml from repo {repository}\nPLAY [all] ****");
        }
        let _ = writeln!(log, "Playbook p{}.yml from repo {repository} failed", ran - 1);
        log
    };
    let layers: Vec<Value> = (0..=limits::ANSIBLE_LAYERS)
        .map(|layer| json!({"clone_url": repository, "commit": "a".repeat(40), "playbook": format!("p{layer}.yml")}))
        .collect();
    let configuration =
        json!({"name": "compute-1", "last_updated": "2024-02-01T08:00:00Z", "layers": layers}).to_string();
    for (ran, layer) in
        [(limits::ANSIBLE_LAYERS, json!(limits::ANSIBLE_LAYERS - 1)), (limits::ANSIBLE_LAYERS + 1, json!(null))]
    {
        let dir = Dir::new();
        dir.file("main.log", as_main_log(&compute_fails("ansible")))
            .file("ansible.log", log(ran))
            .file("configuration.json", &configuration);
        let outcome = dir.run(&["analyze", "--format", "json", "main.log", "ansible.log", "configuration.json"]);
        let analysis: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(analysis["recoveries"][0]["failed_layer"], layer, "{ran}: {}", analysis["warnings"]);
    }
}

#[test]
fn the_kind_of_a_file_is_told_by_as_much_of_its_head_as_is_looked_at() {
    let line = "INFO: Creating images\n";
    let of_bytes = |bytes: usize| format!("{}\n{line}", "x".repeat(bytes - 1));
    let of_lines = |lines: usize| format!("{}{line}", "x\n".repeat(lines));
    for (log, kind) in [
        (of_bytes(limits::HEAD_BYTES - line.len()), "main.log"),
        (of_bytes(limits::HEAD_BYTES), "unknown"),
        (of_lines(limits::KIND_LINES - 1), "main.log"),
        (of_lines(limits::KIND_LINES), "unknown"),
    ] {
        let dir = Dir::new();
        dir.file("some.txt", log).file("main.log", as_main_log(&compute_fails("ansible")));
        let inputs = dir.analysis(&["some.txt", "main.log"])["inputs"].clone();
        let some = inputs.as_array().unwrap().iter().find(|input| input["path"] == "some.txt").unwrap();
        assert_eq!(some["kind"], kind);
    }
}

#[test]
fn a_name_over_several_lines_may_be_as_long_as_a_joined_message() {
    for (bytes, found) in [(limits::JOINED_BYTES, true), (limits::JOINED_BYTES + 1, false)] {
        // The message is not whole after its second line, up to which it is so long.
        let name = format!("{}\ny\nz", "x".repeat(bytes - "Creation of image \ny".len()));
        let log =
            format!("{}INFO: Creation of image {name} succeeded: ID {BASE_ID}\n", as_main_log(&begin("managed", 1)));
        let images = main_log(&log)["sat_runs"][0]["images"].clone();
        assert_eq!(images.as_array().unwrap().iter().any(|image| image["name"] == name.as_str()), found, "{bytes}");
    }
}

#[test]
fn as_many_dumps_of_outputs_are_read_as_are_kept() {
    let operation = "update-managed-cfs-config";
    let dump = |made: &str| {
        let report = json!({"configurations": [{"name": made}]}).to_string();
        json!({"name": "demo", "operation_outputs": {"stage_params": {"update-cfs-config": {operation: {"sat-bootprep-run": {"script_stdout": report}}}}}})
    };
    for (before, found) in [(limits::OUTPUTS - 1, true), (limits::OUTPUTS, false)] {
        let mut log = InstallLog::new();
        log.begin("demo", "demo-ab1cd");
        for number in 0..=before {
            let made = if number == before { "the-last" } else { "another" };
            log.own("DBG", &format!("  >>>> stdout   : {}", dump(made)));
        }
        log.stage("update-cfs-config", "demo-ab1cd-update-cfs-config-qqqqq")
            .sat_begins(operation)
            .sat_ends(operation, "Succeeded")
            .key(operation);
        log.stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
        let (_dir, analysis) = activity(&log);
        assert_eq!(analysis.to_string().contains("the-last"), found, "{before}: {analysis:#}");
    }
}

#[test]
fn more_threads_than_a_file_is_read_by_are_not_started() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    // A hole of as many pieces that a thread for each would not find room.
    let log = std::fs::OpenOptions::new().write(true).open(dir.path().join("main.log")).unwrap();
    log.set_len(400 * limits::PIECE_BYTES as u64).unwrap();
    for threads in [limits::THREADS, limits::THREADS + 1, 1000] {
        let incfg = env!("CARGO_BIN_EXE_incfg");
        let script = format!("ulimit -v 400000; exec '{incfg}' analyze -j {threads} --format json main.log");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .env("MALLOC_ARENA_MAX", "1")
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{threads}: {}", String::from_utf8_lossy(&output.stderr));
        let analysis: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID, "{threads}");
    }
}

#[test]
fn a_fact_has_as_many_places_of_evidence_as_are_given() {
    for places in [limits::EVIDENCE_PLACES, limits::EVIDENCE_PLACES + 1] {
        let column = format!("{:<57}", "STAGE: prepare-images");
        let end = format!("2024-02-01T09:00:00.000001Z INFO [{column}] END Failed in 1 day, 2:03:04\n");
        let dir = Dir::new();
        dir.file("install.log", end.repeat(places));
        let evidence = dir.analysis(&["install.log"])["stages"][0]["evidence"].clone();
        let lines: Vec<u64> =
            evidence.as_array().unwrap().iter().map(|place| place["line"].as_u64().unwrap()).collect();
        // The first ones, and the last.
        let expected: Vec<u64> = (1..limits::EVIDENCE_PLACES as u64).chain([places as u64]).collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn as_many_images_are_matched_with_items_as_can_be_and_more_are_told() {
    for (count, more) in [(limits::ASSIGNMENT_ITEMS, false), (limits::ASSIGNMENT_ITEMS + 1, true)] {
        let mut file = String::from("images:\n");
        let mut lines = begin("managed", count);
        for number in 0..count - 1 {
            let name = format!("b{number}");
            let _ =
                writeln!(file, "- {{name: {name}, ref_name: {name}, base: {{product: {{name: cos, type: recipe}}}}}}");
            lines.extend(built(&name, &format!("{number:08x}{}", &BASE_ID[8..])));
        }
        let _ = writeln!(
            file,
            "- {{name: compute, ref_name: c, base: {{image_ref: b7}}, configuration: c-1, configuration_group_names: [Compute]}}"
        );
        lines.extend(failed_in("compute", "ansible", count - 1));
        let dir = Dir::new();
        dir.file("main.log", as_main_log(&lines)).file("compute-and-uan-bootprep.yaml", file);
        let analysis = dir.analysis(&["main.log", "--bootprep", "compute-and-uan-bootprep.yaml"]);
        let base = &analysis["recoveries"][0]["base_image"]["name"];
        assert_eq!(*base, if more { json!(null) } else { json!("b7") }, "{count}: {}", analysis["warnings"]);
        let told = analysis["warnings"].to_string();
        assert_eq!(told.contains("more than 400 images"), more, "{told}");
        assert!(!told.contains("bootprep-mismatch"), "{told}");
    }
}

#[test]
fn as_many_lines_are_shown_around_a_failure_as_a_page_has_room_for() {
    let dir = Dir::new();
    let numbers: Vec<u64> = (1..=limits::EXCERPT_AROUND + 1).collect();
    let above: String = numbers.iter().rev().map(|number| format!("above-{number}.\n")).collect();
    let below: String = numbers.iter().map(|number| format!("below-{number}.\n")).collect();
    let far = "far.\n".repeat(10);
    let log = as_main_log(&compute_fails("ansible"));
    dir.file("main.log", format!("{log}{far}{above}ERROR: it went wrong\n{below}{far}"));
    let page = dir.run(&["analyze", "main.log", "--format", "html"]).stdout;
    for side in ["above", "below"] {
        for number in 1..=limits::EXCERPT_AROUND {
            assert!(page.contains(&format!("{side}-{number}.")), "{side}-{number}");
        }
        assert!(!page.contains(&format!("{side}-{}.", limits::EXCERPT_AROUND + 1)), "{side}");
    }
}
