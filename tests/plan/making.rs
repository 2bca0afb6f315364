//! `incfg plan`: what it makes of which facts, and which flag it asks for.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{BASE_ID, BOOTPREP, CONFIGURATION, Outcome, Site, UAN_ID};

/// The limits of the steps of the first image.
fn limits(site: &Site) -> Vec<Value> {
    site.steps("limit")
}

#[test]
fn the_strategy_spreads_the_layers() {
    for (flags, expected) in [
        (vec![], vec!["0,1,2", "3", "4"]),
        (vec!["--strategy", "prefix"], vec!["0,1,2", "3", "4"]),
        (vec!["--strategy", "single"], vec!["0", "1", "2", "3", "4"]),
        (vec!["--strategy", "all"], vec!["0,1,2", "3,4"]),
        (vec!["--failed-layer", "0"], vec!["0", "1", "2", "3", "4"]),
        (vec!["--failed-layer", "compute.x86_64=4"], vec!["0,1,2,3", "4"]),
        (vec!["--failed-layer", "0", "--strategy", "all"], vec!["0,1,2,3,4"]),
    ] {
        let site = Site::bare();
        let made = site.plan(&flags);
        assert_eq!(made.code, 0, "{flags:?}: {}", made.stderr);
        assert_eq!(limits(&site), expected, "{flags:?}");
    }
}

#[test]
fn without_a_failed_layer_each_layer_has_its_step() {
    let site = Site::bare();
    let made = site.plan_of(&["winter/iuf", "winter/configuration.json"], &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(limits(&site), ["0", "1", "2", "3", "4"]);
    let refused = site.plan_of(&["winter/iuf", "winter/configuration.json"], &["--strategy", "prefix"]);
    assert!(refused.code == 3 && refused.stderr.contains("Give --failed-layer N"), "{}", refused.stderr);
}

#[test]
fn the_file_for_a_configuration_has_one_name_whichever_command_asks_for_it() {
    let site = Site::bare();
    let refused = site.plan_of(&["winter/iuf"], &[]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let (_, file) = refused.stderr.trim_end().rsplit_once(" --configuration-file ").unwrap();
    let fetched = format!("cray cfs configurations describe {CONFIGURATION} --format json > {file}");
    assert!(refused.stderr.contains(&fetched), "{}", refused.stderr);
    let story = site.incfg(&[&["analyze", "winter/iuf"][..], &BOOTPREP].concat()).stdout;
    assert!(story.contains(&format!("      {fetched}\n")), "{story}");
    assert!(story.contains(&format!(" {file} --bootprep ")), "{story}");
}

/// A byte of the name was lost in one line: the log knows two images, and both could be the same entry of the file.
#[test]
fn two_images_that_may_be_one_entry_are_no_plan() {
    let site = Site::bare();
    let log = site.read("winter/main.log");
    let damaged: String = log
        .lines()
        .map(|line| match line.strip_prefix("INFO: Created CFS session ").filter(|_| line.contains("image compute-")) {
            Some(_) => line.replace("-winter", "-wintre") + "\n",
            None => line.to_owned() + "\n",
        })
        .collect();
    assert!(damaged.contains("-wintre"));
    site.write("damaged.log", &damaged);
    let inputs = ["damaged.log", "winter/configuration.json"];
    let refused = site.plan_of(&inputs, &[]);
    let said = "two images of these logs may be it: compute-hpe-cos-24.11.x86_64-winter and compute-hpe-cos-24.11.x86_64-wintre";
    assert!(refused.code == 3 && refused.stderr.contains(said), "{}", refused.stderr);
    assert!(!site.path().join("plan.yaml").exists());
    let made = site.plan_of(
        &inputs,
        &["--image", "compute-hpe-cos-24.11.x86_64-winter", "--base-image-id", &format!("compute.x86_64={BASE_ID}")],
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(limits(&site), ["0", "1", "2", "3", "4"]);
}

#[test]
fn a_plan_tells_what_it_was_made_from() {
    let site = Site::new();
    let plan = site.read("plan.yaml");
    for part in [
        "schema: incfg.plan/1",
        "activity: winter-24.11",
        "path: winter/compute-and-uan-bootprep.yaml\n  sha256: 472548ff6dbc4342c0cdb26a68df4c4e1a3c4cd80f004af344fdf39a602f4da8",
        "last_updated: 2024-06-14T08:17:02Z",
        "commit: c4373419e20ccd1f73d4635e16fc57ec66cf9f60",
    ] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
}

#[test]
fn two_plans_of_the_same_facts_have_no_session_in_common() {
    let (one, other) = (Site::new(), Site::new());
    assert_ne!(one.steps("session"), other.steps("session"));
}

/// A plan of an analysis that was changed.
fn of_analysis(change: impl Fn(&mut Value), more: &[&str]) -> (Site, crate::harness::Outcome) {
    let site = Site::bare();
    let mut analysis = site.analysis();
    change(&mut analysis);
    site.write("analysis.json", &analysis.to_string());
    let made = site.plan_of(&["--analysis", "analysis.json"], more);
    (site, made)
}

#[test]
fn an_analysis_as_json_is_as_good_as_its_paths() {
    let (site, made) = of_analysis(|_| {}, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(limits(&site), ["0,1,2", "3", "4"]);
}

#[test]
fn a_hole_is_told_with_the_flag_that_fills_it() {
    type Change = fn(&mut Value);
    let holes: [(Change, &str, &[&str]); 6] = [
        (
            |a| {
                a["recoveries"][0]["base_image"] = Value::Null;
                a["recoveries"][0]["base_image_candidates"] =
                    json!([{"id": BASE_ID, "name": "one"}, {"id": UAN_ID, "name": "two"}]);
            },
            "it may be c5e01698-9dea-448f-80aa-21dba7c0cbb6 (one) or 8ecc2e27-78e5-4edd-8b55-1be4b28f96fc (two). Settle it with --base-image-id compute.x86_64=ID",
            &["--base-image-id", BASE_ID],
        ),
        (
            |a| a["recoveries"][0]["configuration"] = "winter-uan-24.11".into(),
            "the log says configuration winter-uan-24.11, the bootprep file winter-compute-24.11",
            &["--configuration", "winter-compute-24.11"],
        ),
        (
            |a| a["recoveries"][0]["groups"] = json!(["Application"]),
            "the log says groups Application, the bootprep file Compute",
            &["--group", "Compute"],
        ),
        (
            |a| a["recoveries"][0]["failed_layer"] = 7.into(),
            "layer 7 is not in configuration winter-compute-24.11, which has layers 0 to 4. Settle it with --failed-layer",
            &["--failed-layer", "3"],
        ),
        (
            |a| a["recoveries"][0]["failed_layer_name"] = "another, layer".into(),
            "layer 3 failed, which was another, layer, and is sma-integration-24.11",
            &["--failed-layer", "compute.x86_64=3"],
        ),
        (
            |a| a["inputs"] = json!([]),
            "the layers of configuration winter-compute-24.11 are not known",
            &["--configuration-file", "winter/configuration.json"],
        ),
    ];
    for (change, said, flags) in holes {
        let (site, refused) = of_analysis(change, &[]);
        assert_eq!(refused.code, 3, "{said}");
        assert!(refused.stderr.contains(said), "{said}\n{}", refused.stderr);
        assert!(!site.path().join("plan.yaml").exists());
        let (site, made) = of_analysis(change, flags);
        assert_eq!(made.code, 0, "{flags:?}: {}", made.stderr);
        assert_eq!(limits(&site), ["0,1,2", "3", "4"], "{flags:?}");
    }
}

#[test]
fn an_image_of_another_kind_is_never_the_base() {
    let site = Site::bare();
    let (_, refused) = of_analysis(
        |analysis| {
            analysis["recoveries"][0]["base_image"] = Value::Null;
            analysis["recoveries"][0]["base_image_candidates"] = json!([{"id": BASE_ID, "name": "one"}]);
        },
        &["--base-image-id", UAN_ID],
    );
    assert!(refused.code == 3 && refused.stderr.contains("on which it does not build"), "{}", refused.stderr);
    let arm = |analysis: &mut Value| analysis["recoveries"][0]["base_image"]["name"] = "hpe-cos-24.11.aarch64".into();
    let (_, refused) = of_analysis(arm, &[]);
    assert!(refused.stderr.contains("an x86_64 image cannot begin with c5e01698"), "{}", refused.stderr);
    for id in ["C5E01698-9DEA-448F-80AA-21DBA7C0CBB6", "c5e01698"] {
        let refused = site.plan(&["--base-image-id", id]);
        assert!(refused.code == 2 && refused.stderr.contains("is no IMS image id"), "{}", refused.stderr);
    }
}

#[test]
fn words_that_cray_would_take_for_others_are_refused() {
    let site = Site::bare();
    for (flags, said) in [
        (["--group", "--help"], "begins with a hyphen"),
        (["--result-name", "-x"], "begins with a hyphen"),
        (["--result-name", "a\u{7}b"], "holds control characters"),
        (["--result-name", ""], "is empty"),
    ] {
        let joined = format!("{}={}", flags[0], flags[1]);
        let refused = site.plan(&[&joined]);
        assert!(refused.code == 3 && refused.stderr.contains(said), "{joined}: {}", refused.stderr);
    }
}

#[test]
fn a_name_that_a_restart_would_delete_is_refused() {
    let site = Site::bare();
    let bootprep = site.read("winter/compute-and-uan-bootprep.yaml").replace("\"uan-{{base.name}}\"", "uan-plain");
    site.write("b.yaml", &bootprep);
    let refused = site.incfg(&[
        "plan",
        "winter/iuf",
        "winter/ansible.log",
        "winter/configuration.json",
        "--bootprep",
        "b.yaml",
        "--vars-file",
        "winter/session_vars.yaml",
        "--image",
        "compute.x86_64",
        "--result-name",
        "uan-plain",
        "--base-image-id",
        BASE_ID,
    ]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("deletes every image of that name") || refused.stderr.contains("entry"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_image_that_is_not_there_is_told_with_those_that_are() {
    let site = Site::bare();
    let refused = site.plan(&["--image", "nope"]);
    assert!(
        refused.code == 3 && refused.stderr.contains("The file has base.x86_64, compute.x86_64, uan.x86_64"),
        "{}",
        refused.stderr
    );
    let refused = site.plan(&["--image", "uan.x86_64"]);
    assert!(
        refused.code == 3 && refused.stderr.contains(&format!("it is made already, as {UAN_ID}")),
        "{}",
        refused.stderr
    );
    let refused = site.plan(&["--base-image-id", &format!("uan.x86_64={BASE_ID}")]);
    assert!(
        refused.code == 3 && refused.stderr.contains("--base-image-id is for image 'uan.x86_64'"),
        "{}",
        refused.stderr
    );
}

#[test]
fn of_two_plans_made_at_the_same_moment_one_is_told() {
    for empty in [false, true] {
        let site = Site::bare();
        if empty {
            site.write("plan.yaml", "");
        }
        let inputs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json"];
        let files = ["--bootprep", "winter/compute-and-uan-bootprep.yaml", "--vars-file", "winter/session_vars.yaml"];
        let words = [&inputs[..], &files, &["-o", "plan.yaml"]].concat();
        let all: Vec<_> = (0..6).map(|_| site.command(&words).spawn().unwrap()).collect();
        let all: Vec<Outcome> = all.into_iter().map(|child| child.wait_with_output().unwrap().into()).collect();
        let (made, told): (Vec<_>, Vec<_>) = all.into_iter().partition(|outcome| outcome.code == 0);
        assert_eq!(made.len(), 1, "{made:?}");
        let id = site.status()["id"].as_str().unwrap().to_owned();
        assert!(made[0].stderr.contains(&format!("plan {id} for")), "the plan that was told of is there: {made:?}");
        for outcome in told {
            assert!(outcome.code == 3 && outcome.stderr.contains("is there already"), "{outcome:?}");
        }
        assert_eq!(site.left_over(), Vec::<String>::new());
    }
}

#[test]
fn an_image_that_exists_and_is_no_entry_for_sure_is_told() {
    let site = Site::bare();
    let mut analysis = site.analysis();
    let run = analysis["sat_runs"].as_array_mut().unwrap().last_mut().unwrap();
    let uan = run["images"].as_array_mut().unwrap().iter_mut().find(|image| image["ref_name"] == "uan.x86_64").unwrap();
    uan["ref_name"] = Value::Null;
    site.write("analysis.json", &analysis.to_string());
    let made = site.plan_of(&["--analysis", "analysis.json"], &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let told =
        format!("image uan-hpe-cos-24.11.x86_64-winter exists as {UAN_ID}, and these logs do not prove which entry");
    for part in [told.as_str(), &format!("--pin IMAGE={UAN_ID}")] {
        assert!(made.stderr.contains(part), "{part}: {}", made.stderr);
    }
    assert!(!site.read("plan.yaml").contains(UAN_ID));
}

#[test]
fn an_image_without_a_ref_name_is_pinned_by_its_name() {
    let site = Site::bare();
    let name = "uan-hpe-cos-24.11.x86_64-winter";
    let bootprep = site.read("winter/compute-and-uan-bootprep.yaml");
    let bootprep = bootprep.replace("  ref_name: uan.x86_64\n", "").replace("\"uan-{{base.name}}\"", name);
    site.write("bootprep.yaml", &bootprep);
    let files = ["--bootprep", "bootprep.yaml", "--vars-file", "winter/session_vars.yaml", "-o", "plan.yaml"];
    let logs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json"];
    let made = site.incfg(&[&logs[..], &files].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(!made.stderr.contains("do not prove"), "{}", made.stderr);
    assert_eq!(site.run(&[]).code, 0);
    let rewritten = site.incfg(&[
        "rewrite-bootprep",
        "bootprep.yaml",
        "--vars-file",
        "winter/session_vars.yaml",
        "--from",
        "plan.yaml",
    ]);
    assert_eq!(rewritten.code, 0, "{}", rewritten.stderr);
    assert!(rewritten.stderr.contains(&format!("{name} removed; it exists as {UAN_ID}")), "{}", rewritten.stderr);
    assert!(rewritten.stdout.contains("images: []"), "{}", rewritten.stdout);
}

#[test]
fn a_plan_that_has_begun_is_told_for_what_it_is() {
    let site = Site::new();
    let told = |site: &Site| site.plan(&[]).stderr;
    assert!(told(&site).contains("a plan that has not begun"), "{}", told(&site));
    site.run(&["--until", "0-2"]);
    assert!(told(&site).contains("only it knows its sessions and images"), "{}", told(&site));
    site.write("plan.yaml", "mine");
    assert!(told(&site).contains("never takes the place of another file"), "{}", told(&site));
    assert_eq!(site.read("plan.yaml"), "mine");
}

#[test]
fn a_plan_is_made_where_files_have_no_second_name() {
    let site = Site::bare();
    let inputs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json"];
    let files = ["--bootprep", "winter/compute-and-uan-bootprep.yaml", "--vars-file", "winter/session_vars.yaml"];
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM", "-o", "state/trace"])
        .arg(env!("CARGO_BIN_EXE_incfg"))
        .args([&inputs[..], &files, &["-o", "plan.yaml"]].concat())
        .current_dir(site.path())
        .output();
    // Without strace there is no such file system here.
    let Ok(traced) = traced else { return };
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    assert!(site.read("state/trace").contains("INJECTED"), "{}", site.read("state/trace"));
    assert_eq!(site.status()["done"], false);
    assert_eq!(site.left_over(), Vec::<String>::new());
}

#[test]
fn a_plan_is_never_written_over() {
    let site = Site::new();
    let before = site.read("plan.yaml");
    let refused = site.plan(&[]);
    assert!(refused.code == 3 && refused.stderr.contains("plan.yaml: is there already"), "{}", refused.stderr);
    assert_eq!(site.read("plan.yaml"), before);
    site.write("plan.yaml", "");
    assert_eq!(site.plan(&[]).code, 0, "an empty file has nothing to lose");
}

#[test]
fn inputs_that_are_something_else_are_told() {
    let site = Site::bare();
    site.write("empty", "");
    site.write("list.json", "[]");
    for (flags, said) in [
        (vec!["--analysis", "empty"], "nothing is in it, expected JSON"),
        (vec!["--analysis", "list.json"], "no schema, expected incfg.analysis/1"),
        (vec!["--analysis", "winter/configuration.json"], "no schema, expected incfg.analysis/1"),
        (vec!["--analysis", "nowhere.json"], "nowhere.json"),
        (vec!["winter/iuf", "--configuration-file", "list.json"], "this is no CFS configuration"),
    ] {
        let refused = site.plan_of(&flags, &[]);
        assert_eq!(refused.code, 3, "{flags:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(said), "{flags:?}: {}", refused.stderr);
    }
    assert_eq!(site.incfg(&["plan", "--bootprep", "b"]).code, 2);
}

#[test]
fn a_long_name_of_a_configuration_is_spoken_of_in_v2() {
    let site = Site::bare();
    let long = "winter-compute-24.11-with-a-name-that-is-longer-than-sixty-characters";
    let configuration = site.read("winter/configuration.json").replace("winter-compute-24.11", long);
    site.write("long.json", &configuration);
    site.state(&format!("configurations/{long}.json"), &configuration);
    let flags = ["--configuration", long, "--configuration-file", "long.json", "--failed-layer", "3"];
    assert_eq!(site.plan(&flags).code, 0);
    assert!(site.read("plan.yaml").contains("cfs: v2"));
    assert_eq!(site.run(&[]).code, 0);
    site.is_whole();
    let refused = site.plan(&[flags.as_slice(), &["--cfs", "v3"]].concat());
    assert!(refused.code == 3 && refused.stderr.contains("Use --cfs v2"), "{}", refused.stderr);
}

#[test]
fn blanks_in_a_layer_are_warned_of() {
    let site = Site::bare();
    let blank = site.read("winter/configuration.json").replace("sma-integration-24.11", "sma integration");
    site.write("blank.json", &blank);
    let made = site.plan_of(&["winter/iuf"], &["--configuration-file", "blank.json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stderr.contains("layer 3 (sma integration, sma-ldms-compute.yml") && made.stderr.contains("has a blank"),
        "{}",
        made.stderr
    );
}

#[test]
fn an_image_without_a_ref_name_that_is_made_already_is_not_planned() {
    let site = Site::bare();
    let name = "uan-hpe-cos-24.11.x86_64-winter";
    let bootprep = site
        .read("winter/compute-and-uan-bootprep.yaml")
        .replace("  ref_name: uan.x86_64\n", "")
        .replace("image_ref: uan.x86_64", &format!("ims: {{name: {name}}}"))
        .replace("\"uan-{{base.name}}\"", name);
    site.write("b.yaml", &bootprep);
    let configuration = site.read("winter/configuration.json").replace(CONFIGURATION, "winter-uan-24.11");
    site.write("uan.json", &configuration);
    let inputs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json", "uan.json"];
    let flags = ["--bootprep", "b.yaml", "--vars-file", "winter/session_vars.yaml", "--image", name];
    let refused = site.incfg(&[inputs.as_slice(), &flags].concat());
    assert_eq!((refused.code, refused.stdout.as_str()), (3, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("it is made already, as {UAN_ID}")), "{}", refused.stderr);
}

#[test]
fn the_architecture_of_an_image_is_that_of_the_recipe_it_comes_from() {
    let site = Site::bare();
    let file = site.read("winter/compute-and-uan-bootprep.yaml").replace("arch: x86_64", "arch: aarch64");
    site.write("arm.yaml", &file);
    let inputs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json"];
    let bootprep = ["--bootprep", "arm.yaml", "--vars-file", "winter/session_vars.yaml"];
    let outcome = site.incfg(&[inputs.as_slice(), &bootprep].concat());
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert!(outcome.stderr.contains("an aarch64 image cannot begin with"), "{}", outcome.stderr);
}

/// Two images whose names tell no architecture, and the recipes they come from.
fn two_architectures(site: &Site) {
    let image = |name: &str, arch: &str| {
        format!(
            "- name: base-{name}\n  ref_name: base-{name}\n  base:\n    product:\n      name: cos\n      type: recipe\n      version: '24.11'\n      filter:\n        arch: \"{arch}\"\n- name: {name}\n  ref_name: {name}\n  base:\n    image_ref: base-{name}\n  configuration: winter-compute-24.11\n  configuration_group_names: [Compute]\n"
        )
    };
    let images = [image("one", "{{cpu.first}}"), image("two", "{{cpu.second}}")].concat();
    site.write("two.yaml", &format!("schema_version: 1.0.6\nimages:\n{images}"));
    site.write("cpu.yaml", "cpu:\n  first: x86_64\n  second: aarch64\n");
}

fn plan_of_two(site: &Site, vars: &[&str], ids: [&str; 2]) -> crate::harness::Outcome {
    let bases = [format!("one={}", ids[0]), format!("two={}", ids[1])];
    let fixed = ["plan", "winter/configuration.json", "--bootprep", "two.yaml", "--image", "one", "--image", "two"];
    let flags = ["--base-image-id", &bases[0], "--base-image-id", &bases[1], "--strategy", "all", "-o", "plan.yaml"];
    site.incfg(&[&fixed, vars, &flags].concat())
}

#[test]
fn an_image_of_one_architecture_is_never_in_the_track_of_another() {
    let site = Site::bare();
    two_architectures(&site);
    let vars = ["--vars-file", "cpu.yaml"];
    let refused = plan_of_two(&site, &vars, [BASE_ID, BASE_ID]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    for part in [
        format!("it begins with {BASE_ID}, and so does one, which is of another architecture"),
        "--base-image-id IMAGE=ID".into(),
    ] {
        assert!(refused.stderr.contains(&part), "{part}: {}", refused.stderr);
    }
    // Without the variables nothing tells the architecture: IMS will.
    assert_eq!(plan_of_two(&site, &[], [BASE_ID, BASE_ID]).code, 0);
    assert!(!site.read("plan.yaml").contains("arch: x86_64"));
}

#[test]
fn an_architecture_that_ims_contradicts_stops_that_image_only() {
    let site = Site::bare();
    two_architectures(&site);
    let made = plan_of_two(&site, &["--vars-file", "cpu.yaml"], [BASE_ID, UAN_ID]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    // IMS has both as x86_64, and the recipe of the second is for aarch64.
    let outcome = site.run(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let told = format!("image {UAN_ID}, on which the step begins, is an x86_64 image, and two is aarch64");
    assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
    let status = site.status();
    assert_eq!((&status["images"][0]["done"], &status["images"][1]["done"]), (&json!(true), &json!(false)));
    assert!(site.created().iter().all(|session| session.contains("-0-l")), "{:?}", site.created());
}

#[test]
fn a_change_under_two_sessions_is_told_of_both() {
    let site = Site::bare();
    two_architectures(&site);
    assert_eq!(plan_of_two(&site, &[], [BASE_ID, UAN_ID]).code, 0);
    site.fates(&json!({"0,1,2,3,4": ["running"]}));
    assert_eq!(site.run(&["--running-timeout", "100ms"]).code, 1);
    let sessions = site.created();
    assert_eq!(sessions.len(), 2);
    let mut configuration: Value = serde_json::from_str(&site.read("winter/configuration.json")).unwrap();
    configuration["layers"][1]["commit"] = "f".repeat(40).into();
    let outcome = site.incfg_with_stdin(&["record", "plan.yaml"], &configuration.to_string());
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    for said in [
        format!("Sessions {} apply layer 1; whether they read the old or the new is open", sessions.join(", ")),
        format!("Give them up: `incfg record plan.yaml --give-up {} && ", sessions[0]),
    ] {
        assert!(outcome.stderr.contains(&said), "{said}: {}", outcome.stderr);
    }
}

#[test]
fn a_rendered_architecture_is_held_against_the_base_image() {
    let site = Site::bare();
    let file = site.read("winter/compute-and-uan-bootprep.yaml").replace("arch: x86_64", "arch: \"{{cpu}}\"");
    site.write("cpu.yaml", &file);
    let inputs = ["plan", "winter/iuf", "winter/ansible.log", "winter/configuration.json", "--bootprep", "cpu.yaml"];
    for (cpu, code) in [("x86_64", 0), ("aarch64", 3)] {
        site.write("vars.yaml", &format!("{}cpu: {cpu}\n", site.read("winter/session_vars.yaml")));
        let outcome = site.incfg(&[inputs.as_slice(), &["--vars-file", "vars.yaml"]].concat());
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("an aarch64 image cannot begin with"), code == 3, "{}", outcome.stderr);
    }
}
