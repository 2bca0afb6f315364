//! Activities: sessions, stages, operations, attempts, keys, and the many ways in which `iuf` logs them.

use serde_json::json;

use crate::harness::*;

fn failing() -> InstallLog {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
    log
}

#[test]
fn a_failed_step_is_one_run_although_its_end_is_logged_twice() {
    let (_dir, analysis) = activity(&failing());
    assert_eq!(analysis["activity"], "demo");
    assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, "")]);
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (run["operation"].as_str(), run["stage"].as_str(), run["session"].as_str(), run["status"].as_str()),
        (Some(MANAGED), Some("prepare-images"), Some("demo-ab1cd"), Some("Failed"))
    );
    assert_eq!(
        (run["s3_key"].as_str().unwrap(), run["s3_key_basis"].as_str().unwrap()),
        (format!("argo/{WORKFLOW}/{}/main.log", pod(WORKFLOW, MANAGED, "")).as_str(), "logged")
    );
    assert_eq!((run["exit_code"].as_u64(), &run["skipped"]), (Some(1), &json!(false)));
    let recovery = &analysis["recoveries"][0];
    assert_eq!(
        (recovery["image"].as_str(), recovery["base_image"]["id"].as_str()),
        (Some("compute-cos-base"), Some(BASE_ID))
    );
    assert_eq!(
        (&recovery["failed_layer"], &recovery["configuration_limit"], &recovery["configuration"]),
        (&json!(null), &json!(null), &json!(null))
    );
}

#[test]
fn the_end_of_the_operation_may_come_before_the_end_of_its_step() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd")
        .stage("prepare-images", WORKFLOW)
        .sat_begins(MANAGED)
        .relay(MANAGED, &compute_fails("ansible"));
    log.column("ERR", MANAGED, &format!("END {MANAGED} [Failed]")).column(
        "INFO",
        MANAGED,
        &format!("END {MANAGED} [Failed]"),
    );
    log.sat_ends(MANAGED, "Failed").column("INFO", "STAGE: prepare-images", "END Failed in 0:07:18").key(MANAGED);
    let (_dir, analysis) = activity(&log);
    assert_eq!(analysis["sat_runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        (analysis["sat_runs"][0]["status"].as_str(), analysis["sat_runs"][0]["s3_key_basis"].as_str()),
        (Some("Failed"), Some("logged"))
    );
    assert_eq!(analysis["stages"][0]["status"], "Failed");
}

#[test]
fn the_key_comes_from_a_path_or_is_computed_and_says_so() {
    let name = pod(WORKFLOW, MANAGED, "");
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED).sat_ends(MANAGED, "Failed");
    let (_dir, computed) = activity(&log);
    log.column(
        "INFO",
        MANAGED,
        &format!("LOG FILE FOR sat-bootprep-run: /x/iuf/demo/log/20240201090000/argo_logs/{name}-main.txt"),
    );
    let (_dir, from_path) = activity(&log);
    for (analysis, basis) in [(&computed, "computed"), (&from_path, "from-path")] {
        let run = &analysis["sat_runs"][0];
        assert_eq!(
            (run["s3_key"].as_str().unwrap(), run["s3_key_basis"].as_str().unwrap()),
            (format!("argo/{WORKFLOW}/{name}/main.log").as_str(), basis)
        );
    }
}

#[test]
fn without_a_log_line_the_pod_is_known_from_the_saved_log_of_its_executor() {
    let plain = format!("{WORKFLOW}-{}", fnv1a(&format!("{WORKFLOW}.{MANAGED}[1].sat-bootprep-run")));
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    log.relay(
        MANAGED,
        &vec![(
            "DEBUG",
            format!("S3 Save path: /tmp/argo/outputs/logs/main.log, key: argo/{WORKFLOW}/{plain}/main.log"),
        )],
    )
    .sat_ends(MANAGED, "Failed");
    let (_dir, analysis) = activity(&log);
    assert_eq!(pods(&analysis), [plain]);
    assert_eq!(analysis["sat_runs"][0]["s3_key_basis"], "computed");
}

#[test]
fn a_retried_step_is_one_run_an_attempt() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    let names = ["(0)", "(1)"].map(|retry| pod(WORKFLOW, MANAGED, retry));
    let good = [begin("managed", 1), built(BASE, OTHER_ID)].concat();
    for (at, (lines, status)) in [(compute_fails("ansible"), "Failed"), (good, "Succeeded")].into_iter().enumerate() {
        log.column("INFO", MANAGED, &format!("BEG sat-bootprep-run({at})")).relay(MANAGED, &lines);
        log.column("INFO", MANAGED, &format!("END sat-bootprep-run({at}) [{status}]"));
        log.column(
            "DBG",
            MANAGED,
            &format!("LOG FILE FOR sat-bootprep-run({at}): argo/{WORKFLOW}/{}/main.log", names[at]),
        );
    }
    log.column("INFO", MANAGED, "END sat-bootprep-run [Succeeded]");
    log.column("DBG", MANAGED, &format!("LOG FILE FOR sat-bootprep-run: argo/{WORKFLOW}/{}/main.log", names[1]));
    let (_dir, analysis) = activity(&log);
    assert_eq!(pods(&analysis), names);
    assert_eq!(
        (analysis["sat_runs"][0]["status"].as_str(), analysis["sat_runs"][1]["status"].as_str()),
        (Some("Failed"), Some("Succeeded"))
    );
    assert_eq!(image(&analysis["sat_runs"][0], BASE)["id"], BASE_ID);
    assert_eq!(image(&analysis["sat_runs"][1], BASE)["id"], OTHER_ID);
    assert_eq!(analysis["recoveries"], json!([]), "the newest attempt succeeded");
}

#[test]
fn a_step_logged_by_two_processes_is_one_run() {
    let mut first = InstallLog::new();
    first
        .begin("demo", "demo-ab1cd")
        .stage("prepare-images", WORKFLOW)
        .sat_begins(MANAGED)
        .relay(MANAGED, &[begin("managed", 1), built(BASE, BASE_ID)].concat());
    let mut second = InstallLog::at(30);
    second.own("INFO", "Attempting to resume activity demo").own("DBG", &format!("Monitoring workflow {WORKFLOW}"));
    second.sat_begins(MANAGED).sat_ends(MANAGED, "Failed").key(MANAGED).own("WARN", "Giving up on executing stages.");
    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", first.text())
        .file("act/log/20240201093000/install.log", second.text());
    let analysis = dir.analysis(&["act"]);
    assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, "")]);
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (run["status"].as_str(), run["session"].as_str(), run["s3_key_basis"].as_str()),
        (Some("Failed"), Some("demo-ab1cd"), Some("logged"))
    );
    assert_eq!(image(run, BASE)["id"], BASE_ID);
    assert_eq!(analysis["stages"].as_array().unwrap().len(), 1);
}

#[test]
fn attempts_are_in_order_and_the_newest_counts() {
    let mut first = InstallLog::new();
    first.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(
        MANAGED,
        &compute_fails("ansible"),
        "Failed",
    );
    let again = "demo-ab1cd-prepare-images-zzzzz";
    let mut second = InstallLog::at(60);
    second.own("INFO", "Attempting to resume activity demo").stage("prepare-images", again);
    second.sat(
        MANAGED,
        &[
            begin("managed", 2),
            items(&[None, Some(0)]),
            built(BASE, OTHER_ID),
            failed_in("compute-cos-base", "ansible", 1),
            ended_badly(1),
        ]
        .concat(),
        "Failed",
    );
    let dir = Dir::new();
    // The names of the directories are local time: after a change of the clock they may be out of order.
    dir.file("act/log/20240201025900/install.log", second.text())
        .file("act/log/20240201030000/install.log", first.text());
    let analysis = dir.analysis(&["act"]);
    assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, ""), pod(again, MANAGED, "")]);
    let recoveries = analysis["recoveries"].as_array().unwrap();
    assert_eq!(recoveries.len(), 1);
    assert_eq!(
        (recoveries[0]["base_image"]["id"].as_str(), recoveries[0]["logs_s3_key"].as_str().unwrap().contains("zzzzz")),
        (Some(OTHER_ID), true)
    );
}

#[test]
fn a_step_that_was_told_of_no_file_is_skipped_although_it_succeeded() {
    let operation = "prepare-management-images";
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    log.sat(operation, &vec![("", format!("INFO Cannot access bootprep config file (Input parameter '-bm' not provided). Skipping the '{operation}' operation"))], "Succeeded");
    let (_dir, analysis) = activity(&log);
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (&run["skipped"], run["status"].as_str(), &run["images"]),
        (&json!(true), Some("Succeeded"), &json!([]))
    );
}

#[test]
fn an_omitted_operation_has_no_run_and_a_warning() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    log.column("INFO", MANAGED, &format!("BEG {MANAGED}")).column("WARN", MANAGED, &format!("END {MANAGED} [Omitted]"));
    let (_dir, analysis) = activity(&log);
    assert_eq!(analysis["sat_runs"], json!([]));
    assert_eq!(warning(&analysis, "operation-omitted")["evidence"][0]["line"], 7);
}

#[test]
fn a_hook_that_failed_before_sat_is_told_with_its_log() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW);
    let hook = "cos-2-5-101-pre-hook-prepare-images-x1y2z";
    log.column("INFO", hook, &format!("BEG {hook}")).column("INFO", hook, "BEG call-hook-script");
    for step in [hook, "call-hook-script"] {
        log.column("ERR", hook, &format!("END {step} [Failed]")).column("INFO", hook, &format!("END {step} [Failed]"));
    }
    log.column("INFO", hook, "LOG FILE FOR call-hook-script: /x/argo_logs/w-hook-1-main.txt");
    log.column("INFO", "STAGE: prepare-images", "END Failed in 0:00:13");
    let (dir, analysis) = activity(&log);
    assert_eq!(analysis["sat_runs"], json!([]));
    let told = warning(&analysis, "step-failed");
    assert_eq!(
        told["message"],
        format!("step call-hook-script of {hook} ended as Failed; its log: /x/argo_logs/w-hook-1-main.txt")
    );
    assert_eq!(told["evidence"][0]["line"], 10);
    let story = dir.run(&["analyze", "act"]).stdout;
    assert!(story.contains("prepare-images: Failed") && story.contains("call-hook-script"), "{story}");
}

#[test]
fn csm_1_4_logs_name_no_operation_on_the_line_so_the_hash_attributes_them() {
    let workflow = "admin-05-15-3pcbj-prepare-images-wnzxk";
    let name = format!("{workflow}-{}", fnv1a(&format!("{workflow}.{MANAGED}[1].sat-bootprep-run")));
    let mut log = String::new();
    let mut second = 0;
    let mut line = |text: &str| {
        second += 1;
        log += &format!("2023-08-20T10:00:{second:02}.5Z {text}\n");
    };
    line("INFO IUF SESSION: admin-05-15-3pcbj");
    line("INFO       IUF STAGE: prepare-images");
    line(&format!("INFO   ARGO WORKFLOW: {workflow}"));
    line("INFO              BEGIN: prepare-managed-images");
    line("INFO              BEGIN: [0]");
    line("INFO              BEGIN: sat-bootprep-run");
    line("INFO             Using bootprep file .bootprep-a/c.yaml for preparing images on managed nodes");
    line(&format!("INFO             Creation of image {BASE} succeeded: ID {BASE_ID}"));
    line("INFO             FINISHED: what a pod printed [Succeeded]");
    line("DEBUG 2023-08-20T10:00:09.123456789Z Script content exited with return code 1");
    line("ERROR          FINISHED: prepare-managed-images [Failed]");
    line("ERROR          FINISHED: sat-bootprep-run [Failed]");
    line("INFO           FINISHED: sat-bootprep-run [Failed]");
    line(&format!("DEBUG            LOG FILE FOR sat-bootprep-run: argo/{workflow}/{name}/main.log"));
    line("INFO          RESULT: Failed");
    let dir = Dir::new();
    // Half a log: the lines that open the nesting are gone, and the hash alone is left.
    let half: String = log.lines().skip(5).map(|line| format!("{line}\n")).collect();
    dir.file("whole.log", &log).file("half.log", half);
    for file in ["whole.log", "half.log"] {
        let analysis = dir.analysis(&[file]);
        let run = &analysis["sat_runs"][0];
        assert_eq!(
            (run["operation"].as_str(), run["pod"].as_str(), run["status"].as_str()),
            (Some(MANAGED), Some(name.as_str()), Some("Failed")),
            "{file}"
        );
    }
    let whole = dir.analysis(&["whole.log"]);
    assert_eq!(
        (
            whole["sat_runs"][0]["exit_code"].as_u64(),
            whole["stages"][0]["status"].as_str(),
            whole["stages"][0]["workflow"].as_str()
        ),
        (Some(1), Some("Failed"), Some(workflow))
    );
    assert_eq!(image(&whole["sat_runs"][0], BASE)["id"], BASE_ID);
}

#[test]
fn a_session_cut_by_its_column_is_completed_from_the_state_or_left_open() {
    let full = "hpe-cray-ex-system-software-stack-upgrade-to-24-11-0-2025-9p9n3";
    let workflow = "hpe-cray-ex-system-software-stack-upgrade-to-24-11-0-2025-vmfps";
    let mut log = InstallLog::new();
    log.begin("long", full).stage("prepare-images", workflow).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let (dir, analysis) = activity(&log);
    assert_eq!(analysis["sat_runs"][0]["session"], json!(null), "half a name is none");
    dir.file(
        &format!("act/state/sessions/{workflow}-prepare-images.yaml"),
        format!("input_parameters: {{}}\nname: long\nsessionid: {full}\n"),
    );
    assert_eq!(dir.analysis(&["act"])["sat_runs"][0]["session"], full);
}

#[test]
fn what_a_pod_prints_is_never_structure() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    log.column("INFO", MANAGED, "      END sat-bootprep-run [Succeeded]");
    log.column("INFO", MANAGED, &format!("      [{MANAGED}] END sat-bootprep-run [Succeeded]"));
    log.column("INFO", "cos-pre-hook", &format!("      Creation of image hook succeeded: ID {OTHER_ID}"));
    let (_dir, analysis) = activity(&log);
    assert_eq!((&analysis["sat_runs"][0]["status"], &analysis["sat_runs"][0]["images"]), (&json!(null), &json!([])));
}

#[test]
fn a_document_with_collapsed_blanks_reads_the_same() {
    let dir = Dir::new();
    let name = pod(WORKFLOW, MANAGED, "");
    dir.file(
        "excerpt.log",
        format!("2024-02-01T09:58:22.874482Z INFO [{MANAGED}] END sat-bootprep-run [Failed]\n2024-02-01T09:58:22.874567Z DBG [{MANAGED}] LOG FILE FOR sat-bootprep-run: argo/{WORKFLOW}/{name}/main.log\n"),
    );
    let analysis = dir.analysis(&["excerpt.log"]);
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (run["operation"].as_str(), run["status"].as_str(), run["pod"].as_str(), run["stage"].as_str()),
        (Some(MANAGED), Some("Failed"), Some(name.as_str()), Some("prepare-images"))
    );
}

#[test]
fn half_an_id_at_the_end_of_a_log_is_no_id() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    log.relay(MANAGED, &vec![("INFO", format!("Creation of image {BASE} succeeded: ID {BASE_ID}"))]);
    let cut = &log.text()[..log.text().len() - 20];
    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", cut);
    assert!(!dir.run(&["analyze", "act", "--format", "json"]).stdout.contains(&BASE_ID[..16]));
}

#[test]
fn a_second_copy_of_the_report_cut_in_its_middle_changes_nothing() {
    let row = |name: &str, id: &str, more: &str| -> Lines {
        let text = format!(
            "        {{\n            \"name\": \"{name}\",\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": \"{id}\",\n            \"configuration\": \"c-{name}\"\n        }}{more}"
        );
        text.lines().map(|line| ("", line.to_owned())).collect()
    };
    let report: Lines = [
        vec![("", "{".to_owned()), ("", "    \"images\": [".to_owned())],
        row("one", BASE_ID, ","),
        row("two", FINAL_ID, ""),
        vec![("", "    ]".to_owned()), ("", "}".to_owned())],
    ]
    .concat();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    // Both copies carry the stamps of the first; the second one begins inside the row of image one.
    let whole = log.text().len();
    log.relay(MANAGED, &report);
    let copy: Vec<String> = log.text()[whole..].lines().skip(4).map(str::to_owned).collect();
    for line in copy {
        log.raw(&line);
    }
    log.sat_ends(MANAGED, "Succeeded").key(MANAGED);
    let (_dir, analysis) = activity(&log);
    let run = &analysis["sat_runs"][0];
    assert_eq!((image(run, "one")["id"].as_str(), image(run, "two")["id"].as_str()), (Some(BASE_ID), Some(FINAL_ID)));
    assert_eq!(
        (image(run, "one")["configuration"].as_str(), image(run, "two")["configuration"].as_str()),
        (Some("c-one"), Some("c-two"))
    );
    assert!(!warnings(&analysis).contains(&"sources-disagree"));
}

#[test]
fn the_copy_beside_install_log_fills_what_the_relay_lost() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd")
        .stage("prepare-images", WORKFLOW)
        .sat_begins(MANAGED)
        .sat_ends(MANAGED, "Failed")
        .key(MANAGED);
    let copy: String = compute_fails("ansible")
        .iter()
        .enumerate()
        .map(|(at, (level, text))| {
            format!(
                "2024-02-01T09:00:{:02}.123456789Z {level}{}{text}\n",
                at % 60,
                if level.is_empty() { "" } else { " " }
            )
        })
        .collect();
    let dir = Dir::new();
    let file = format!("act/log/20240201090000/argo_logs/{}-main.txt", pod(WORKFLOW, MANAGED, ""));
    dir.file("act/log/20240201090000/install.log", log.text()).file(&file, copy);
    let analysis = dir.analysis(&["act"]);
    assert_eq!(analysis["sat_runs"][0]["local_log"], file);
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
}

#[test]
fn what_the_relay_lost_of_an_earlier_stage_stands_in_the_state() {
    let operation = "update-managed-cfs-config";
    let earlier = "demo-ab1cd-update-cfs-config-qqqqq";
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd")
        .stage("update-cfs-config", earlier)
        .sat_begins(operation)
        .sat_ends(operation, "Succeeded")
        .key(operation);
    log.stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let (dir, without) = activity(&log);
    assert_eq!(without["sat_runs"][0]["configurations"], json!([]));
    let file = format!("act/state/sessions/{WORKFLOW}-prepare-images.yaml");
    dir.file(&file, format!("input_parameters: {{}}\nname: demo\noperation_outputs:\n  stage_params:\n    update-cfs-config:\n      {operation}:\n        sat-bootprep-run:\n          script_stdout: '\"{{\\n    \\\"configurations\\\": [\\n        {{\\n            \\\"name\\\":\n            \\\"compute-1\\\"\\n        }}\\n    ]\\n}}\"'\nsessionid: demo-ab1cd\n"));
    let analysis = dir.analysis(&["act"]);
    assert_eq!(
        analysis["sat_runs"][0]["configurations"],
        json!([{"name": "compute-1", "evidence": [{"path": file, "line": 9}]}])
    );
    assert_eq!(analysis["recoveries"][0]["configuration_candidates"], json!(["compute-1"]));
}

#[test]
fn old_ids_in_a_dump_of_the_configmap_are_not_the_output_of_the_run() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd");
    log.own("DBG", &format!("  >>>> stdout   : {{\"name\": \"demo\", \"operation_outputs\": {{\"stage_params\": {{\"prepare-images\": {{\"{MANAGED}\": {{\"sat-bootprep-run\": {{\"script_stdout\": \"{{\\\"images\\\": [{{\\\"name\\\": \\\"old\\\", \\\"final_image_id\\\": \\\"{OTHER_ID}\\\"}}]}}\"}}}}}}}}}}}}"));
    log.stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let (_dir, analysis) = activity(&log);
    assert!(analysis["sat_runs"][0]["images"].as_array().unwrap().iter().all(|image| image["name"] != "old"));
}

#[test]
fn sources_that_disagree_are_told_with_both_places_and_the_best_one_wins() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(
        MANAGED,
        &[begin("managed", 1), built(BASE, OTHER_ID)].concat(),
        "Failed",
    );
    let dir = Dir::new();
    let file = format!("act/log/20240201090000/argo_logs/{}-main.txt", pod(WORKFLOW, MANAGED, ""));
    dir.file("act/log/20240201090000/install.log", log.text())
        .file(&file, format!("2024-02-01T09:00:00.123456789Z INFO Creation of image {BASE} succeeded: ID {BASE_ID}\n"));
    let analysis = dir.analysis(&["act"]);
    assert_eq!(image(&analysis["sat_runs"][0], BASE)["id"], BASE_ID);
    let paths: Vec<_> = warning(&analysis, "sources-disagree")["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evidence| evidence["path"].clone())
        .collect();
    assert_eq!(paths, [json!(file), json!("act/log/20240201090000/install.log")]);
}

#[test]
fn a_log_fetched_from_s3_joins_the_run_with_which_it_shares_an_id() {
    let (dir, _) = activity(&failing());
    let fetched = as_main_log(
        &[compute_fails("ansible"), vec![("INFO", format!("Creation of image uan-cos-base succeeded: ID {FINAL_ID}"))]]
            .concat(),
    );
    dir.file("fetched.log", fetched);
    let analysis = dir.analysis(&["act", "fetched.log"]);
    assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, "")]);
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (run["local_log"].as_str(), image(run, "uan-cos-base")["id"].as_str()),
        (Some("fetched.log"), Some(FINAL_ID))
    );
}

/// An attempt whose bootprep file SAT refused: no id in its log.
fn refused() -> Lines {
    [
        begin("managed", 1)[..2].to_vec(),
        vec![
            ("ERROR", "Input file is invalid with the following validation errors:".into()),
            ("", "Script content exited with return code 1".into()),
        ],
    ]
    .concat()
}

#[test]
fn an_old_log_without_ids_beside_the_activity_never_hides_the_newest_run() {
    let again = "demo-ab1cd-prepare-images-zzzzz";
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &refused(), "Failed");
    log.stage("prepare-images", again).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let (dir, _) = activity(&log);
    let strange: Lines = refused()
        .into_iter()
        .map(|(level, text)| (level, text.replace("Input file is invalid", "Failed to open input file")))
        .collect();
    dir.file("attempt1.log", as_main_log(&refused())).file("strange.log", as_main_log(&strange)).file(
        &format!("{MANAGED}-{}.main.log", pod(WORKFLOW, MANAGED, "").rsplit('-').next().unwrap()),
        as_main_log(&strange),
    );
    let joined = dir.analysis(&["act", "attempt1.log"]);
    assert_eq!(
        (pods(&joined), joined["sat_runs"][0]["local_log"].as_str()),
        (vec![pod(WORKFLOW, MANAGED, "").as_str(), &pod(again, MANAGED, "")], Some("attempt1.log"))
    );
    let apart = dir.analysis(&["act", "strange.log"]);
    assert_eq!(
        (pods(&apart)[0], apart["recoveries"].as_array().unwrap().len(), warnings(&apart).contains(&"log-without-run")),
        ("-", 1, true)
    );
    let by_name = dir
        .analysis(&["act", &format!("{MANAGED}-{}.main.log", pod(WORKFLOW, MANAGED, "").rsplit('-').next().unwrap())]);
    assert_eq!(pods(&by_name), pods(&joined));
}

#[test]
fn the_console_of_a_resumed_command_names_no_workflow_and_adds_no_run() {
    let (dir, from_log) = activity(&failing());
    let mut console = InstallLog::console();
    console
        .own("INFO", "Attempting to resume activity demo")
        .sat_begins(MANAGED)
        .relay(MANAGED, &compute_fails("ansible"))
        .sat_ends(MANAGED, "Failed");
    dir.file("console.txt", console.text());
    let both = dir.analysis(&["act", "console.txt"]);
    assert_eq!(
        (pods(&both), both["recoveries"][0]["logs_s3_key"].clone()),
        (pods(&from_log), from_log["recoveries"][0]["logs_s3_key"].clone())
    );
}

#[test]
fn a_late_line_of_csm_1_4_goes_to_the_operation_it_names() {
    let workflow = "w-prepare-images-wnzxk";
    let mut log = format!(
        "2023-08-20T10:00:00.5Z INFO IUF SESSION: w\n2023-08-20T10:00:01.5Z INFO       IUF STAGE: prepare-images\n2023-08-20T10:00:02.5Z INFO   ARGO WORKFLOW: {workflow}\n"
    );
    for operation in ["prepare-management-images", MANAGED] {
        log += &format!(
            "2023-08-20T10:00:03.5Z INFO              BEGIN: {operation}\n2023-08-20T10:00:04.5Z INFO              BEGIN: sat-bootprep-run\n"
        );
    }
    log += "2023-08-20T10:00:05.5Z INFO             Cannot access bootprep config file (Input parameter '-bm' not provided). Skipping the 'prepare-management-images' operation\n";
    let dir = Dir::new();
    dir.file("install.log", log);
    let analysis = dir.analysis(&["install.log"]);
    let skipped: Vec<_> = analysis["sat_runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["operation"].as_str().unwrap(), run["skipped"].as_bool().unwrap()))
        .collect();
    assert_eq!(skipped, [("prepare-management-images", true), (MANAGED, false)]);
}

#[test]
fn a_captured_console_tells_the_same_and_adds_no_run() {
    let mut console = InstallLog::console();
    console.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(
        MANAGED,
        &compute_fails("ansible"),
        "Failed",
    );
    console.raw("").raw("Error Summary:").raw(&format!("   [{MANAGED:<57}] END sat-bootprep-run [Failed]"));
    let (dir, from_log) = activity(&failing());
    dir.file("console.txt", console.text());
    let alone = dir.analysis(&["console.txt"]);
    assert_eq!((pods(&alone), &alone["activity"]), (pods(&from_log), &from_log["activity"]));
    assert_eq!(alone["recoveries"][0]["base_image"]["id"], BASE_ID);
    let both = dir.analysis(&["act", "console.txt"]);
    assert_eq!((pods(&both), warnings(&both)), (pods(&from_log), warnings(&from_log)));
}

#[test]
fn every_log_of_the_activity_is_read_and_never_the_link() {
    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", failing().text()).file(
        "act/log/20240201100000/install.log",
        "2024-02-01T10:00:00.000001Z DBG  IUF Command: /usr/bin/iuf -a demo list-stages\n",
    );
    std::os::unix::fs::symlink("/nowhere/log/20240201100000/install.log", dir.path().join("act/log/install.log"))
        .unwrap();
    for path in ["act", "act/log", "act/log/20240201090000"] {
        let analysis = dir.analysis(&[path]);
        assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, "")], "{path}");
    }
}

#[test]
fn since_and_until_leave_out_lines_by_their_stamp() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let mut later = InstallLog::at(90);
    later.stage("prepare-images", "demo-ab1cd-prepare-images-zzzzz").sat(MANAGED, &compute_fails("ansible"), "Failed");
    let dir = Dir::new();
    dir.file("all.log", format!("{}{}", log.text(), later.text()));
    assert_eq!(pods(&dir.analysis(&["all.log"])).len(), 2);
    assert_eq!(
        pods(&dir.analysis(&["all.log", "--since", "2024-02-01T10:00"])),
        [pod("demo-ab1cd-prepare-images-zzzzz", MANAGED, "")]
    );
    assert_eq!(pods(&dir.analysis(&["all.log", "--until", "2024-02-01T10:00:00Z"])), [pod(WORKFLOW, MANAGED, "")]);
}

#[test]
fn a_verbose_log_reads_the_same() {
    let plain = failing();
    let verbose: String = plain
        .text()
        .lines()
        .map(|line| format!("{} Activity.monitor_workflow:868 {}\n", &line[..32], &line[33..]))
        .collect();
    let dir = Dir::new();
    dir.file("verbose.log", verbose).file("plain.log", plain.text());
    let (verbose, plain) = (dir.analysis(&["verbose.log"]), dir.analysis(&["plain.log"]));
    assert_eq!(
        (pods(&verbose), &verbose["activity"], verbose["recoveries"][0]["base_image"]["id"].as_str()),
        (pods(&plain), &plain["activity"], Some(BASE_ID))
    );
}

#[test]
fn lines_relayed_after_the_end_of_the_stage_still_count() {
    let mut log = InstallLog::new();
    let lines = compute_fails("ansible");
    log.begin("demo", "demo-ab1cd")
        .stage("prepare-images", WORKFLOW)
        .sat_begins(MANAGED)
        .relay(MANAGED, &lines[..8].to_vec())
        .sat_ends(MANAGED, "Failed")
        .key(MANAGED);
    log.column("INFO", "STAGE: prepare-images", "END Failed in 0:07:18").relay(MANAGED, &lines[8..].to_vec());
    let (_dir, analysis) = activity(&log);
    assert_eq!(analysis["recoveries"][0]["image"], "compute-cos-base");
}
