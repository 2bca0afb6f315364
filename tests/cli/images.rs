//! Images: which id is which, what failed where, and on what an image was to be built.

use serde_json::json;

use crate::harness::*;

#[test]
fn a_base_is_one_image_although_its_creation_is_logged_twice() {
    let analysis = main_log(&as_main_log(&[begin("managed", 1), built(BASE, BASE_ID)].concat()));
    let run = &analysis["sat_runs"][0];
    assert_eq!(run["images"].as_array().unwrap().len(), 1);
    assert_eq!(
        (image(run, BASE)["status"].as_str(), image(run, BASE)["id"].as_str(), &image(run, BASE)["built_id"]),
        (Some("succeeded"), Some(BASE_ID), &json!(null))
    );
    assert_eq!(run["operation"], MANAGED);
}

#[test]
fn an_image_with_its_own_recipe_and_configuration_has_two_ids() {
    let name = "compute-direct";
    let made = [
        begin("managed", 1),
        vec![("INFO", format!("Creation of image {name}-pre-configuration succeeded: ID {BASE_ID}"))],
    ]
    .concat();
    let fine = main_log(&as_main_log(&[made.clone(), customized(name, FINAL_ID)[1..].to_vec()].concat()));
    let run = &fine["sat_runs"][0];
    assert_eq!(
        (
            image(run, name)["id"].as_str(),
            image(run, name)["built_id"].as_str(),
            run["images"].as_array().unwrap().len()
        ),
        (Some(FINAL_ID), Some(BASE_ID), 1)
    );
    let failed = main_log(&as_main_log(&[made, failed_in(name, "ansible", 0)[1..].to_vec(), ended_badly(1)].concat()));
    assert_eq!(
        (image(&failed["sat_runs"][0], name)["id"].clone(), failed["recoveries"][0]["base_image"]["id"].as_str()),
        (json!(null), Some(BASE_ID))
    );
    assert_eq!(failed["recoveries"][0]["base_image"]["name"], "compute-direct-pre-configuration");
}

#[test]
fn an_image_may_really_be_called_pre_configuration() {
    let name = "odd-pre-configuration";
    let analysis = main_log(&as_main_log(&[begin("managed", 1), built(name, BASE_ID)].concat()));
    assert_eq!(image(&analysis["sat_runs"][0], name)["id"], BASE_ID);
    let configured = main_log(&as_main_log(&[begin("managed", 1), customized(name, FINAL_ID)].concat()));
    assert_eq!(image(&configured["sat_runs"][0], name)["id"], FINAL_ID);
}

#[test]
fn a_failed_build_leaves_nothing_to_recover() {
    let lines = [
        begin("managed", 2),
        items(&[None, Some(0)]),
        vec![
            ("ERROR", format!("Creation of image {BASE} failed")),
            (
                "ERROR",
                "Failed to wait for condition \"creation of IMS images\" for member image at index 0: creation failed"
                    .into(),
            ),
        ],
        ended_badly(1),
    ]
    .concat();
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(
        (
            image(&analysis["sat_runs"][0], BASE)["status"].as_str(),
            image(&analysis["sat_runs"][0], BASE)["failed_stage"].as_str()
        ),
        (Some("failed"), Some("build"))
    );
    assert_eq!(analysis["recoveries"], json!([]));
}

#[test]
fn an_image_without_id_is_a_warning() {
    let analysis = main_log(
        "INFO: Creating images\nINFO: Base for image with name copy is a pre-built image.\nINFO: Image copy does not need configuration.\nINFO: Creation of image copy succeeded: ID None\n",
    );
    assert_eq!(
        (image(&analysis["sat_runs"][0], "copy")["status"].as_str(), &image(&analysis["sat_runs"][0], "copy")["id"]),
        (Some("succeeded"), &json!(null))
    );
    assert_eq!(warning(&analysis, "image-without-id")["evidence"][0]["line"], 4);
}

#[test]
fn a_renamed_image_has_its_new_id() {
    let name = "compute-cos-base";
    let mut lines = customizing(name);
    lines.push(("INFO", format!("Renaming configured image with ID {OTHER_ID} to {name}")));
    lines.push(("INFO", format!("Creation of image {name} succeeded: ID {FINAL_ID}")));
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(image(&analysis["sat_runs"][0], name)["id"], FINAL_ID);
    assert!(warning(&analysis, "id-renamed-away")["message"].as_str().unwrap().contains(OTHER_ID));
}

#[test]
fn a_row_without_an_id_is_an_image_that_never_ran() {
    let report = "{\n    \"images\": [\n        {\n            \"name\": \"phantom\",\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": null,\n            \"configuration\": \"c\",\n            \"configuration_group_names\": [\n                \"Compute\"\n            ]\n        }\n    ]\n}\n";
    let analysis = main_log(&(as_main_log(&begin("managed", 1)) + report));
    assert_eq!(
        (image(&analysis["sat_runs"][0], "phantom")["status"].as_str(), &analysis["recoveries"]),
        (Some("not-run"), &json!([]))
    );
}

#[test]
fn a_line_of_another_stream_inside_the_report_does_no_harm() {
    let report = format!(
        "{{\n    \"images\": [\n        {{\n            \"name\": \"one\",\nERROR Bootprep for managed nodes failed. x\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": \"{FINAL_ID}\",\nScript content exited with return code 1\n            \"configuration\": \"c\",\n            \"configuration_group_names\": [\n                \"Compute\"\n            ]\n        }}\n    ]\n}}\n"
    );
    let run = &main_log(&report)["sat_runs"][0];
    assert_eq!(
        (image(run, "one")["id"].as_str(), image(run, "one")["configuration"].as_str(), run["exit_code"].as_u64()),
        (Some(FINAL_ID), Some("c"), Some(1))
    );
}

#[test]
fn a_report_in_yaml_is_read_too() {
    let text = format!(
        "INFO: Creating images\nimages:\n-   name: one\n    preconfigured_image_id: null\n    final_image_id: {FINAL_ID}\n    configuration: c-one\n    configuration_group_names:\n    - Compute\n\nsession_templates:\n-   name: t\n    configuration: c-one\n"
    );
    let run = &main_log(&text)["sat_runs"][0];
    assert_eq!(
        (
            image(run, "one")["id"].as_str(),
            run["session_templates"][0]["name"].as_str(),
            run["images"].as_array().unwrap().len()
        ),
        (Some(FINAL_ID), Some("t"), 1)
    );
}

#[test]
fn the_session_is_the_one_sat_watches_not_the_one_sat_3_21_announces() {
    let name = "compute-cos-base";
    let lines: Lines = failed_in(name, "ansible-0", 1)
        .into_iter()
        .map(|(level, text)| {
            (
                level,
                if text.starts_with("Creat") && text.contains("CFS session") {
                    text.replace(&session(name), "sat-ffffffff-0000-4000-8000-000000000000")
                } else {
                    text
                },
            )
        })
        .collect();
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(image(&analysis["sat_runs"][0], name)["cfs_session"], session(name));
    let before_the_header = main_log(&as_main_log(&lines[..4].to_vec()));
    assert_eq!(image(&before_the_header["sat_runs"][0], name)["cfs_session"], session(name));
}

#[test]
fn an_image_given_up_without_a_failure_line_is_found_by_its_session() {
    let name = "compute-cos-base";
    let mut lines = [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), customizing(name)].concat();
    lines.push((
        "ERROR",
        format!("Failed to wait for condition \"creation of IMS images\" for member image at index 1: status check failed: Failed to get CFS session {}: 503", session(name)),
    ));
    let analysis = main_log(&as_main_log(&[lines, ended_badly(1)].concat()));
    assert_eq!(
        (
            image(&analysis["sat_runs"][0], name)["status"].as_str(),
            analysis["recoveries"][0]["base_image"]["id"].as_str()
        ),
        (Some("failed"), Some(BASE_ID))
    );
}

#[test]
fn a_session_refused_at_creation_is_no_session() {
    let name = "compute-cos-base";
    let mut lines =
        [begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), customizing(name)[..2].to_vec()].concat();
    lines.push(("ERROR", "Failed to wait for condition \"creation of IMS images\" for member image at index 1: status check failed: Failed to create CFS session: 400".into()));
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(
        (
            image(&analysis["sat_runs"][0], name)["status"].as_str(),
            &image(&analysis["sat_runs"][0], name)["cfs_session"]
        ),
        (Some("failed"), &json!(null))
    );
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
}

#[test]
fn an_image_without_an_end_is_unfinished() {
    let analysis = main_log(&as_main_log(
        &[begin("managed", 2), items(&[None, Some(0)]), built(BASE, BASE_ID), customizing("compute-cos-base")].concat(),
    ));
    assert_eq!(image(&analysis["sat_runs"][0], "compute-cos-base")["status"], "unfinished");
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
    assert!(warnings(&analysis).contains(&"image-unfinished"));
}

#[test]
fn images_that_were_there_before_are_skipped() {
    for text in [
        "Images with the following names already exist in IMS and will be skipped: one, two",
        "An Image with the following name already exists in IMS and will be skipped: one",
    ] {
        let analysis = main_log(&format!("INFO: {text}\nINFO: Creating 0 images.\n"));
        assert_eq!(image(&analysis["sat_runs"][0], "one")["status"], "skipped");
    }
}

#[test]
fn names_may_hold_the_words_of_other_lines_and_line_breaks() {
    let odd = "x failed: ID y 'quoted' succeeded: and [z]";
    let run = main_log(&as_main_log(&[begin("managed", 1), built(odd, BASE_ID)].concat()));
    assert_eq!(image(&run["sat_runs"][0], odd)["id"], BASE_ID);
    // SAT puts the level before each line of a message since 3.22, before the first only until 3.21.
    for mark in ["INFO: ", ""] {
        let text = format!(
            "INFO: Creation of image one\n{mark}two-pre-configuration succeeded: ID {BASE_ID}\nINFO: Creating CFS session s to configure image one\n{mark}two\nINFO: Created CFS session s to configure image one\n{mark}two\nINFO: CFS session: s      Image: one\n{mark}two:\nINFO:     Container ansible transitioned to running\nINFO: Creation of image one\n{mark}two succeeded: ID {FINAL_ID}\n"
        );
        let analysis = main_log(&text);
        let images = analysis["sat_runs"][0]["images"].as_array().unwrap();
        assert_eq!(images.len(), 1, "{images:#?}");
        assert_eq!(
            (
                images[0]["name"].as_str(),
                images[0]["id"].as_str(),
                images[0]["built_id"].as_str(),
                images[0]["cfs_session"].as_str()
            ),
            (Some("one\ntwo"), Some(FINAL_ID), Some(BASE_ID), Some("s")),
            "{mark:?}"
        );
    }
}

#[test]
fn images_made_before_a_template_failed_are_kept() {
    let lines = [
        begin("managed", 1),
        built(BASE, BASE_ID),
        vec![
            ("INFO", "Image creation completed successfully".into()),
            ("ERROR", "No image exists with ref_name=x for use by BOS session template at index 0.".into()),
            ("", "Script content exited with return code 1".into()),
        ],
    ]
    .concat();
    let analysis = main_log(&as_main_log(&lines));
    let run = &analysis["sat_runs"][0];
    assert_eq!(
        (image(run, BASE)["id"].as_str(), run["exit_code"].as_u64(), &analysis["recoveries"]),
        (Some(BASE_ID), Some(1), &json!([]))
    );
    assert_eq!(
        run["errors"][0]["message"],
        "No image exists with ref_name=x for use by BOS session template at index 0."
    );
}

#[test]
fn only_configurations_that_were_created_are_listed() {
    let analysis = main_log(
        "INFO: Successfully created CFS configuration at index 0 with name=good\nERROR: Failed to create CFS configuration at index 1 with name=bad: no such branch\nINFO: 1 CFS configuration already exists with the name old and will be skipped.\nERROR: Failed to create 1 CFS configuration\n",
    );
    let names: Vec<_> = analysis["sat_runs"][0]["configurations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|named| named["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["good"]);
}

#[test]
fn with_two_possible_bases_there_are_candidates_and_no_answer() {
    let lines = [
        begin("managed", 4),
        items(&[None, Some(0), None, Some(2)]),
        built("base.x86", BASE_ID),
        built("base.arm", OTHER_ID),
        customized("compute-base.x86", FINAL_ID),
        failed_in("compute-base.arm", "ansible-1", 3),
        ended_badly(1),
    ]
    .concat();
    let analysis = main_log(&as_main_log(&lines));
    let recovery = &analysis["recoveries"][0];
    assert_eq!(recovery["base_image"], json!(null));
    assert_eq!(
        recovery["base_image_candidates"],
        json!([{"id": BASE_ID, "name": "base.x86"}, {"id": OTHER_ID, "name": "base.arm"}])
    );
}

#[test]
fn with_the_bootprep_file_the_names_prove_base_configuration_and_groups() {
    let dir = Dir::new();
    let lines = [
        begin("managed", 4),
        items(&[None, Some(0), None, Some(2)]),
        built("x86-1", BASE_ID),
        built("arm-1", OTHER_ID),
        customized("compute-x86-1", FINAL_ID),
        failed_in("compute-arm-1", "ansible-1", 3),
        ended_badly(1),
    ]
    .concat();
    let lines = of_two_architectures(lines);
    dir.file("main.log", as_main_log(&lines)).file("b.yaml", two_architectures()).file("v.yaml", "v: 7\n");
    let analysis = dir.analysis(&["main.log", "--bootprep", "b.yaml", "--vars-file", "v.yaml"]);
    let recovery = &analysis["recoveries"][0];
    assert_eq!(
        (recovery["base_image"]["id"].as_str(), recovery["base_image"]["name"].as_str()),
        (Some(OTHER_ID), Some("arm-1"))
    );
    assert_eq!(
        (recovery["configuration"].as_str(), &recovery["groups"], recovery["ref_name"].as_str()),
        (Some("c-7"), &json!(["Compute"]), Some("compute.arm"))
    );
    // What the name of the one that failed tells of its base, the others follow from.
    let run = analysis["sat_runs"].as_array().unwrap().last().unwrap();
    for (name, ref_name) in [
        ("x86-1", "base.x86"),
        ("arm-1", "base.arm"),
        ("compute-x86-1", "compute.x86"),
        ("compute-arm-1", "compute.arm"),
    ] {
        assert_eq!(image(run, name)["ref_name"], ref_name, "{name}");
    }
    let without_variables = dir.analysis(&["main.log", "--bootprep", "b.yaml"]);
    assert_eq!(
        (
            without_variables["recoveries"][0]["base_image"]["id"].as_str(),
            &without_variables["recoveries"][0]["configuration"]
        ),
        (Some(OTHER_ID), &json!(null))
    );
}

#[test]
fn a_chain_gives_each_image_the_one_before_it() {
    let dir = Dir::new();
    let lines = [
        begin("managed", 3),
        items(&[None, Some(0), Some(1)]),
        built("b", BASE_ID),
        customized("mid-b", FINAL_ID),
        failed_in("leaf-mid-b", "ansible-0", 2),
        ended_badly(1),
    ]
    .concat();
    let lines: Lines = lines
        .into_iter()
        .map(|(level, text)| {
            (level, text.replace("ref_name=\"ref0\"", "ref_name=\"b\"").replace("ref_name=\"ref1\"", "ref_name=\"m\""))
        })
        .collect();
    dir.file("main.log", as_main_log(&lines));
    dir.file("b.yaml", "images:\n- {name: b, ref_name: b, base: {product: {name: cos, type: recipe}}}\n- {name: 'mid-{{base.name}}', ref_name: m, base: {image_ref: b}, configuration: c1, configuration_group_names: [G]}\n- {name: 'leaf-{{base.name}}', base: {image_ref: m}, configuration: c2, configuration_group_names: [G]}\n");
    for flags in [&["main.log"][..], &["main.log", "--bootprep", "b.yaml"]] {
        assert_eq!(dir.analysis(flags)["recoveries"][0]["base_image"]["id"], FINAL_ID, "{flags:?}");
    }
}

#[test]
fn a_base_that_was_in_ims_before_is_named_by_its_id() {
    let lines = [
        begin("managed", 1),
        vec![("INFO", format!("Found IMS base for image at index 0: image with id={OTHER_ID}"))],
        failed_in("compute", "ansible-0", 0),
        ended_badly(1),
    ]
    .concat();
    assert_eq!(main_log(&as_main_log(&lines))["recoveries"][0]["base_image"]["id"], OTHER_ID);
}

#[test]
fn the_bootprep_file_of_another_run_is_not_used() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("compute-and-uan-bootprep.yaml", "images:\n- {name: other, base: {image_ref: x}}\n");
    let analysis = dir.analysis(&["main.log", "--bootprep", "compute-and-uan-bootprep.yaml"]);
    assert_eq!(
        (analysis["recoveries"][0]["base_image"]["id"].as_str(), warnings(&analysis).contains(&"bootprep-mismatch")),
        (Some(BASE_ID), true)
    );
}

#[test]
fn a_refused_build_is_named_by_what_was_to_be_built_on_it() {
    let dir = Dir::new();
    let mut lines = [begin("managed", 4), built("x86-1", BASE_ID), customized("compute-x86-1", FINAL_ID)].concat();
    lines.insert(4, ("ERROR", "Failed to create image creation job in IMS: 400 Bad Request".into()));
    let report = "{\n    \"images\": [\n        {\n            \"name\": \"compute-arm-1\",\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": null,\n            \"configuration\": \"c-7\",\n            \"configuration_group_names\": [\n                \"Compute\"\n            ]\n        }\n    ]\n}\n";
    dir.file("main.log", as_main_log(&lines) + report).file("b.yaml", two_architectures()).file("v.yaml", "v: 7\n");
    let analysis = dir.analysis(&["main.log", "--bootprep", "b.yaml", "--vars-file", "v.yaml"]);
    let refused = image(&analysis["sat_runs"][0], "arm-1");
    assert_eq!((refused["status"].as_str(), refused["evidence"][0]["line"].as_u64()), (Some("failed"), Some(5)));
}

#[test]
fn the_item_that_failed_without_a_name_is_never_an_image_that_is_there() {
    let dir = Dir::new();
    let mut lines = [
        begin("managed", 4),
        items(&[None, Some(0), None, Some(2)]),
        built("x86-1", BASE_ID),
        customized("compute-x86-1", FINAL_ID),
    ]
    .concat();
    lines.push((
        "ERROR",
        "Failed to wait for condition \"creation of IMS images\" for member image at index 2: status check failed: 503"
            .into(),
    ));
    let lines = of_two_architectures(lines);
    dir.file("main.log", as_main_log(&lines)).file("b.yaml", two_architectures()).file("v.yaml", "v: 7\n");
    let analysis = dir.analysis(&["main.log", "--bootprep", "b.yaml", "--vars-file", "v.yaml"]);
    let base = image(&analysis["sat_runs"][0], "x86-1");
    assert_eq!(
        (base["status"].as_str(), base["id"].as_str(), base["ref_name"].as_str()),
        (Some("succeeded"), Some(BASE_ID), Some("base.x86"))
    );
    assert!(warning(&analysis, "image-unnamed")["message"].as_str().unwrap().contains("index 2"));
}

#[test]
fn half_a_name_at_the_end_of_a_log_is_no_name() {
    let whole = as_main_log(
        &[
            begin("managed", 2),
            items(&[None, Some(0)]),
            built(BASE, BASE_ID),
            customizing("compute-cos-base")[..2].to_vec(),
        ]
        .concat(),
    );
    for cut in [1, 5, 10] {
        let analysis = main_log(&whole[..whole.len() - cut]);
        assert_eq!(analysis["recoveries"], json!([]), "{cut}");
        assert_eq!(image(&analysis["sat_runs"][0], "compute-cos-base")["status"], "unfinished");
        assert_eq!(analysis["sat_runs"][0]["images"].as_array().unwrap().len(), 2);
    }
    assert_eq!(main_log(&whole)["recoveries"][0]["image"], "compute-cos-base");
    assert_eq!(
        main_log(
            "INFO: Validating given input file /b.yaml\nINFO: Successfully created CFS configuration at index 0 with name=comp"
        )["sat_runs"][0]["configurations"],
        json!([])
    );
}

#[test]
fn a_row_whose_name_was_lost_gives_its_id_to_no_other() {
    let report = format!(
        "    \"images\": [\n        {{\n            \"name\": \"phantom\",\n            \"preconfigured_image_id\": null,\n            \"final_image_id\": null,\n            \"configuration\": null,\n            \"configuration_group_names\": null\n        }},\n        {{\n            \"naERROR Bootprep failed\nme\": \"made\",\n            \"preconfigured_image_id\": \"{BASE_ID}\",\n            \"final_image_id\": \"{FINAL_ID}\",\n            \"configuration\": \"c\"\n        }}\n"
    );
    let run = &main_log(&(as_main_log(&begin("managed", 2)) + &report))["sat_runs"][0];
    let phantom = image(run, "phantom");
    assert_eq!(
        (phantom["status"].as_str(), &phantom["id"], &phantom["built_id"], &phantom["configuration"]),
        (Some("not-run"), &json!(null), &json!(null), &json!(null))
    );
}

#[test]
fn the_bootprep_file_decides_whether_a_name_ends_in_pre_configuration() {
    let dir = Dir::new();
    let lines = [
        begin("managed", 1),
        vec![
            ("INFO", "Found IMS base for image at index 0: recipe with name=r".into()),
            ("ERROR", "Creation of image x-pre-configuration failed".into()),
        ],
    ]
    .concat();
    dir.file("main.log", as_main_log(&lines))
        .file("own.yaml", "images:\n- {name: x-pre-configuration, base: {ims: {name: r, type: recipe}}}\n")
        .file("built.yaml", "images:\n- {name: x, base: {ims: {name: r, type: recipe}}, configuration: c, configuration_group_names: [G]}\n");
    for (file, name) in [("own.yaml", "x-pre-configuration"), ("built.yaml", "x")] {
        let analysis = dir.analysis(&["main.log", "--bootprep", file]);
        assert_eq!(
            (
                analysis["sat_runs"][0]["images"].as_array().unwrap().len(),
                image(&analysis["sat_runs"][0], name)["status"].as_str()
            ),
            (1, Some("failed")),
            "{file}"
        );
    }
}

#[test]
fn candidates_for_a_base_are_only_images_it_can_build_on() {
    let lines = [
        begin("management", 2),
        vec![
            ("INFO", "Found IMS base for image at index 0: image provided by version 1 of product csm".into()),
            ("INFO", "Found IMS base for image at index 1: image provided by version 1 of product csm".into()),
        ],
        customized("storage", FINAL_ID),
        failed_in("worker", "ansible-1", 1),
        ended_badly(1),
    ]
    .concat();
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(
        (&analysis["recoveries"][0]["base_image"], &analysis["recoveries"][0]["base_image_candidates"]),
        (&json!(null), &json!([]))
    );
    assert!(warning(&analysis, "base-unknown")["message"].as_str().unwrap().contains("it was in IMS before"));
}

#[test]
fn a_base_for_which_nothing_was_made_is_told() {
    let lines = [
        begin("managed", 2),
        vec![
            ("INFO", format!("Found IMS base for image at index 0: image with id={OTHER_ID}")),
            ("INFO", "image at index 1 depends on image at index 0.".into()),
            ("INFO", "Base for image with name copy is a pre-built image.".into()),
            ("INFO", "Image copy does not need configuration.".into()),
            ("INFO", "Creation of image copy succeeded: ID None".into()),
        ],
        failed_in("c", "ansible-1", 1),
        ended_badly(1),
    ]
    .concat();
    let analysis = main_log(&as_main_log(&lines));
    assert_eq!(analysis["recoveries"][0]["base_image"], json!(null));
}

#[test]
fn the_file_sat_keeps_in_its_container_reads_the_same() {
    let lines: String = compute_fails("ansible")
        .iter()
        .filter(|(level, _)| !level.is_empty())
        .map(|(level, text)| format!("2024-02-01 09:00:00,123 - {level} - sat.cli.bootprep.image - {text}\n"))
        .collect();
    let analysis = main_log(&lines);
    assert_eq!(
        (analysis["inputs"][0]["kind"].as_str(), analysis["recoveries"][0]["base_image"]["id"].as_str()),
        (Some("sat.log"), Some(BASE_ID))
    );
}
