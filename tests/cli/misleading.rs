//! Logs that mislead: lines lost, cut, of another attempt, or of another program.

use serde_json::json;

use crate::harness::*;

fn argo_log(lines: &Lines, day: u32) -> String {
    lines
        .iter()
        .enumerate()
        .map(|(at, (level, text))| {
            let gap = if level.is_empty() { "" } else { " " };
            format!("2024-02-{day:02}T09:{:02}:{:02}.123456789Z {level}{gap}{text}\n", at / 60, at % 60)
        })
        .collect()
}

fn argo_file(directory: &str, workflow: &str) -> String {
    format!("act/log/{directory}/argo_logs/{}-main.txt", pod(workflow, MANAGED, ""))
}

#[test]
fn the_logs_of_pods_alone_are_runs_in_the_order_of_their_stamps() {
    let later = "demo-zzzzz-prepare-images-a1b2c";
    let dir = Dir::new();
    dir.file(&argo_file("20240201090000", WORKFLOW), argo_log(&compute_fails("ansible"), 1));
    // A name that sorts before the other.
    let fine = [begin("managed", 1), built(BASE, OTHER_ID)].concat();
    dir.file(&argo_file("20240102090000", later), argo_log(&fine, 2));
    let analysis = dir.analysis(&["act"]);
    assert_eq!(pods(&analysis), [pod(WORKFLOW, MANAGED, ""), pod(later, MANAGED, "")]);
    assert_eq!(image(&analysis["sat_runs"][1], BASE)["id"], OTHER_ID);
}

#[test]
fn a_step_that_succeeded_has_no_failed_image_and_says_which_id_was_lost() {
    let name = "compute-cos-base";
    let mut log = InstallLog::new();
    let lines = [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), customizing(name)].concat();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Succeeded");
    let (dir, analysis) = activity(&log);
    let run = &analysis["sat_runs"][0];
    assert_eq!((image(run, name)["status"].as_str(), &image(run, name)["id"]), (Some("succeeded"), &json!(null)));
    assert_eq!(analysis["recoveries"], json!([]));
    let told = warning(&analysis, "id-lost")["message"].as_str().unwrap();
    assert!(told.contains(name) && told.contains(&format!("argo/{WORKFLOW}/")), "{told}");
    let story = dir.run(&["analyze", "act"]).stdout;
    assert!(!story.contains("incfg plan"), "{story}");
}

#[test]
fn two_ids_for_one_image_in_one_step_are_none() {
    let name = "compute-cos-base";
    let mut log = InstallLog::new();
    let again = vec![("INFO", format!("Creation of image {name} succeeded: ID {OTHER_ID}"))];
    let lines = [begin("managed", 2), customized(name, FINAL_ID), again].concat();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Succeeded");
    let (_dir, analysis) = activity(&log);
    assert_eq!(image(&analysis["sat_runs"][0], name)["id"], json!(null));
    let told = warning(&analysis, "ids-differ");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains(FINAL_ID) && message.contains(OTHER_ID), "{message}");
    assert_eq!(told["evidence"].as_array().unwrap().len(), 2);
}

#[test]
fn without_the_line_that_names_it_the_failing_container_is_the_one_whose_state_says_so() {
    let name = "compute-cos-base";
    let whole = compute_fails("ansible");
    let inventory = ("INFO", "    Container inventory transitioned to succeeded from running  ".to_owned());
    let mut without_hint: Lines = whole.iter().filter(|(_, text)| !text.contains("kubectl logs")).cloned().collect();
    let container = |lines: &Lines| main_log(&as_main_log(lines))["recoveries"][0]["failed_container"].clone();
    assert_eq!(container(&without_hint), json!(null));
    let ansible_runs = without_hint.iter().position(|(_, text)| text.contains("Container ansible")).unwrap();
    without_hint.insert(ansible_runs, inventory);
    assert_eq!(container(&without_hint), "ansible");
    let without_state: Lines =
        without_hint.iter().filter(|(_, text)| !text.contains("transitioned to failed")).cloned().collect();
    let analysis = main_log(&as_main_log(&without_state));
    let image = image(&analysis["sat_runs"][0], name);
    assert_eq!((image["status"].as_str(), &image["failed_container"]), (Some("failed"), &json!(null)));
}

#[test]
fn a_session_cut_to_the_column_that_began_twice_is_not_guessed() {
    let activity_name = "the-activity-of-a-system-with-a-longer-name";
    let cut = format!("{activity_name}-");
    let mut log = InstallLog::new();
    for (workflow, seconds) in [("q1aaa", "prepare-images-x2k4z"), ("q2bbb", "prepare-images-y3l5a")] {
        let workflow = format!("{activity_name}-{workflow}-{seconds}");
        log.begin(activity_name, &cut).stage("prepare-images", &workflow).sat(
            MANAGED,
            &compute_fails("ansible"),
            "Failed",
        );
    }
    let (_dir, analysis) = activity(&log);
    let sessions: Vec<_> = analysis["sat_runs"].as_array().unwrap().iter().map(|run| run["session"].clone()).collect();
    assert!(sessions.iter().all(|session| session.is_null() || session != cut.as_str()), "{sessions:?}");
}

#[test]
fn a_row_of_a_session_template_is_no_image() {
    let report = format!(
        "{{\n    \"images\": [\n        {{\n            \"name\": \"one\",\n            \"preconfigured_image_id\": \"{BASE_ID}\",\n            \"final_image_id\": \"{FINAL_ID}\",\n            \"configuration\": \"c\",\n            \"configuration_group_names\": [\n                \"Compute\"\n            ]\n        }},\n        {{\n            \"name\": \"boots-one\",\n            \"configuration\": \"c\"\n        }}\n    ]\n}}\n"
    );
    let analysis = main_log(&(as_main_log(&begin("managed", 1)) + &report));
    let names: Vec<_> =
        analysis["sat_runs"][0]["images"].as_array().unwrap().iter().map(|image| &image["name"]).collect();
    assert_eq!(names, ["one"]);
}

#[test]
fn an_error_of_iuf_itself_is_none_of_sat() {
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat_begins(MANAGED);
    log.relay(MANAGED, &[begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID)].concat());
    log.own("ERR", &format!("Creation of image {BASE} failed"));
    log.sat_ends(MANAGED, "Succeeded").key(MANAGED);
    let (_dir, analysis) = activity(&log);
    assert_eq!(image(&analysis["sat_runs"][0], BASE)["status"], "succeeded");
}

#[test]
fn a_base_whose_line_was_lost_is_not_replaced_by_the_one_that_is_left() {
    let lines = [
        begin("managed", 4),
        items(&[None, Some(0), None, Some(2)]),
        built("x86-1", BASE_ID),
        built("arm-1", OTHER_ID),
        customized("compute-x86-1", FINAL_ID),
        failed_in("compute-arm-1", "ansible", 3),
        ended_badly(1),
    ]
    .concat();
    let mut lost = of_two_architectures(lines);
    lost.retain(|(_, text)| !text.contains(OTHER_ID));
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&lost)).file("b.yaml", two_architectures().replace("c-{{v}}", "c"));
    for arguments in [&["main.log"][..], &["main.log", "--bootprep", "b.yaml"]] {
        let analysis = dir.analysis(arguments);
        let recovery = &analysis["recoveries"][0];
        assert_eq!((recovery["image"].as_str(), &recovery["base_image"]), (Some("compute-arm-1"), &json!(null)));
    }
    let analysis = dir.analysis(&["main.log", "--bootprep", "b.yaml"]);
    let told = warning(&analysis, "base-unknown")["message"].as_str().unwrap();
    assert!(told.contains("compute-arm-1"), "{told}");
}

#[test]
fn a_log_that_ends_while_the_result_gets_its_name_says_that_all_layers_ran() {
    let name = "compute-cos-base";
    let renaming = vec![("INFO", format!("Renaming configured image with ID {FINAL_ID} to {name}"))];
    let lines = [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), customizing(name), renaming];
    let analysis = main_log(&as_main_log(&lines.concat()));
    let recovery = &analysis["recoveries"][0];
    assert_eq!((recovery["image"].as_str(), &recovery["failed_layer"]), (Some(name), &json!(null)));
    assert!(recovery["no_failed_layer"].as_str().unwrap().starts_with("all layers ran"), "{recovery}");
}

#[test]
fn the_next_commands_repeat_what_the_first_one_was_given() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    let story = dir.run_with_stdin(
        &["analyze", "-", "--until", "2030-01-01T00:00:00Z"],
        as_main_log(&compute_fails("ansible")).as_bytes(),
    );
    assert_eq!(story.code, 0, "{}", story.stderr);
    let next = story.stdout.split("Next\n").nth(1).unwrap();
    assert!(next.contains("incfg analyze INPUT ") && next.contains("--until=2030-01-01"), "{next}");
}

/// Two attempts in one log: the first fails, the second makes the image.
fn two_attempts(first: impl Fn(&str) -> String, second: impl Fn(&str) -> String) -> serde_json::Value {
    let again = "demo-ab1cd-prepare-images-zzzzz";
    let mut log = InstallLog::at(50);
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &compute_fails("ansible"), "Failed");
    let mut later = InstallLog::at(52);
    let fine =
        [begin("managed", 2), items(&[None, Some(0)]), built(BASE, OTHER_ID), customized("compute-cos-base", FINAL_ID)]
            .concat();
    later.stage("prepare-images", again).sat(MANAGED, &fine, "Succeeded");
    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", format!("{}{}", first(log.text()), second(later.text())));
    dir.analysis(&["act"])
}

#[test]
fn a_clock_that_jumps_changes_no_order_that_the_lines_decide() {
    let as_it_is = |text: &str| text.to_owned();
    let year = |year: &'static str| move |text: &str| text.replace("2024-02-01T", &format!("{year}-02-01T"));
    let hour_back =
        |text: &str| text.replace("2024-02-01T08", "2024-02-01T07").replace("2024-02-01T09", "2024-02-01T08");
    let whole_seconds = |text: &str| text.replace(".123456789Z", "Z");
    let expected = two_attempts(as_it_is, as_it_is);
    assert_eq!(expected["recoveries"], json!([]), "the second attempt made the image");
    let facts = |analysis: &serde_json::Value| {
        let runs = analysis["sat_runs"].as_array().unwrap();
        runs.iter()
            .map(|run| (run["pod"].clone(), run["status"].clone(), image(run, "compute-cos-base")["id"].clone()))
            .collect::<Vec<_>>()
    };
    for (what, analysis) in [
        ("an hour back", two_attempts(as_it_is, hour_back)),
        ("years back", two_attempts(as_it_is, year("1970"))),
        ("years ahead, and back", two_attempts(year("2038"), as_it_is)),
        ("no fractions", two_attempts(as_it_is, whole_seconds)),
        ("no fractions before", two_attempts(whole_seconds, as_it_is)),
    ] {
        assert_eq!(facts(&analysis), facts(&expected), "{what}");
        assert_eq!(analysis["recoveries"], json!([]), "{what}");
    }
}
