//! The failed layer: from a container of its own, or from an ansible log and the configuration.

use serde_json::{Value, json};

use crate::harness::*;

const LAYERS: [(&str, &str); 4] = [
    ("csm", "csm_packages.yml"),
    ("cos", "cos-compute.yml"),
    ("sma", "sma-ldms-compute.yml"),
    ("cos", "cos-compute-last.yml"),
];

fn repository(product: &str) -> String {
    format!("https://vcs.local/vcs/cray/{product}-config-management.git")
}

fn configuration(name: &str) -> String {
    let layers: Vec<Value> = LAYERS
        .iter()
        .map(|(product, playbook)| json!({"clone_url": repository(product), "commit": "a".repeat(40), "name": format!("{product}-layer"), "playbook": playbook}))
        .collect();
    json!({"name": name, "last_updated": "2024-02-01T08:00:00Z", "layers": layers}).to_string()
}

/// The log of the single ansible container that ran `ran` layers and failed in the last.
fn ansible(ran: usize, last_line: bool) -> String {
    let mut log = String::from("Waiting for Inventory\nInventory generation completed\nSidecar available\n");
    for (product, playbook) in &LAYERS[..ran] {
        log += &format!(
            "Running {playbook} from repo {}\nPLAY [all] ****\nTASK [{product} : install] ****\nfatal: [host]: FAILED! => {{\"msg\": \"rescued\"}}\nPLAY RECAP ****\nhost : ok=1 failed=1\n",
            repository(product)
        );
    }
    let (product, playbook) = LAYERS[ran - 1];
    if last_line {
        log += &format!("Playbook {playbook} from repo {} failed\n", repository(product));
    }
    log
}

fn case(log: &str, configuration: &str) -> Dir {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("ansible.log", log)
        .file("configuration.json", configuration);
    dir
}

fn recovery(dir: &Dir) -> Value {
    dir.analysis(&["main.log", "ansible.log", "configuration.json"])["recoveries"][0].clone()
}

#[test]
fn a_container_per_layer_names_the_layer() {
    for (container, layer, limit) in [
        ("ansible-10", json!(10), json!("0,1,2,3,4,5,6,7,8,9")),
        ("ansible-0", json!(0), json!(null)),
        ("git-clone-2", json!(null), json!(null)),
        ("inventory", json!(null), json!(null)),
        ("teardown", json!(null), json!(null)),
    ] {
        let analysis = main_log(&as_main_log(&compute_fails(container)));
        let recovery = &analysis["recoveries"][0];
        assert_eq!((&recovery["failed_layer"], &recovery["configuration_limit"]), (&layer, &limit), "{container}");
        assert_eq!(image(&analysis["sat_runs"][0], "compute-cos-base")["failed_container"], container);
        assert_eq!(
            recovery["debug_command"],
            format!("kubectl logs -n services {} -c {container}", cfs_pod("compute-cos-base"))
        );
        assert_eq!(warnings(&analysis).contains(&"layer-unknown"), layer.is_null(), "{container}");
    }
}

#[test]
fn the_single_container_tells_no_layer_and_the_warning_says_what_does() {
    let analysis = main_log(&as_main_log(&compute_fails("ansible")));
    assert_eq!(analysis["recoveries"][0]["failed_layer"], json!(null));
    let message = warning(&analysis, "layer-unknown")["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("kubectl logs -n services {} -c ansible", cfs_pod("compute-cos-base")))
            && message.contains("cray cfs configurations describe"),
        "{message}"
    );
}

#[test]
fn the_ansible_log_counts_the_layers_and_the_configuration_checks_them() {
    for (ran, limit) in [(1, json!(null)), (3, json!("0,1")), (4, json!("0,1,2"))] {
        for last_line in [true, false] {
            let recovery = recovery(&case(&ansible(ran, last_line), &configuration("compute-1")));
            assert_eq!(
                (recovery["failed_layer"].as_u64(), &recovery["configuration_limit"], recovery["layers"].as_u64()),
                (Some(ran as u64 - 1), &limit, Some(4)),
                "{ran} {last_line}"
            );
        }
    }
    let told = recovery(&case(&ansible(3, true), &configuration("compute-1")));
    assert_eq!(told["failed_layer_name"], format!("sma-layer, sma-ldms-compute.yml, {}", repository("sma")));
    assert_eq!(told["failed_task"]["message"], "TASK [sma : install]: FAILED! => {\"msg\": \"rescued\"}");
}

#[test]
fn stamps_and_the_keys_of_cfs_v2_change_nothing() {
    let stamped: String =
        ansible(2, true).lines().map(|line| format!("2024-02-01T09:00:00.12345678Z {line}\n")).collect();
    let v2 = configuration("compute-1").replace("clone_url", "cloneUrl").replace("last_updated", "lastUpdated");
    assert_eq!(recovery(&case(&stamped, &v2))["failed_layer"], 1);
}

#[test]
fn a_layer_of_a_source_is_counted_where_the_log_says_null() {
    let log = ansible(3, true).replace(&repository("cos"), "null");
    let sourced: Value = serde_json::from_str(&configuration("compute-1")).unwrap();
    let mut sourced = sourced;
    let layer = sourced["layers"][1].as_object_mut().unwrap();
    layer.remove("clone_url");
    layer.insert("source".into(), json!("cos-source"));
    assert_eq!(recovery(&case(&log, &sourced.to_string()))["failed_layer"], 2);
}

#[test]
fn a_log_that_does_not_fit_the_configuration_proves_nothing() {
    let other = configuration("compute-1").replace("csm_packages.yml", "other.yml");
    let dir = case(&ansible(3, true), &other);
    let analysis = dir.analysis(&["main.log", "ansible.log", "configuration.json"]);
    assert_eq!(analysis["recoveries"][0]["failed_layer"], json!(null));
    let message = warning(&analysis, "layer-unknown")["message"].as_str().unwrap();
    assert!(message.contains("layer 0 of the log runs csm_packages.yml") && message.contains("other.yml"), "{message}");
}

#[test]
fn without_the_configuration_the_layer_stays_open() {
    let dir = case(&ansible(3, true), &configuration("compute-1"));
    let analysis = dir.analysis(&["main.log", "ansible.log"]);
    assert_eq!(analysis["recoveries"][0]["failed_layer"], json!(null));
    assert!(
        warning(&analysis, "layer-unknown")["message"].as_str().unwrap().contains("cray cfs configurations describe")
    );
}

#[test]
fn a_log_in_which_all_layers_passed_names_no_failed_layer() {
    let log = ansible(4, false) + "All playbooks completed successfully\n";
    let dir = case(&log, &configuration("compute-1"));
    let analysis = dir.analysis(&["main.log", "ansible.log", "configuration.json"]);
    assert_eq!(analysis["recoveries"][0]["failed_layer"], json!(null));
}

#[test]
fn of_several_failed_images_the_one_the_file_is_named_after_takes_the_log() {
    let lines = [
        begin("managed", 3),
        items(&[None, Some(0), Some(0)]),
        built(BASE, BASE_ID),
        failed_in("compute-cos-base", "ansible", 1),
        failed_in("uan-cos-base", "ansible", 2),
        ended_badly(2),
    ]
    .concat();
    let dir = Dir::new();
    let named = format!("{}.log", cfs_pod("uan-cos-base"));
    dir.file("main.log", as_main_log(&lines))
        .file("ansible.log", ansible(2, true))
        .file(&named, ansible(2, true))
        .file("configuration.json", configuration("c"));
    let open = dir.analysis(&["main.log", "ansible.log", "configuration.json"]);
    assert!(open["recoveries"].as_array().unwrap().iter().all(|recovery| recovery["failed_layer"].is_null()));
    let told = dir.analysis(&["main.log", &named, "configuration.json"]);
    let layers: Vec<_> = told["recoveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|recovery| (recovery["image"].as_str().unwrap(), recovery["failed_layer"].as_u64()))
        .collect();
    assert_eq!(layers, [("compute-cos-base", None), ("uan-cos-base", Some(1))]);
}

#[test]
fn an_ansible_log_of_another_layer_does_not_outvote_the_container() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible-2")))
        .file("ansible.log", format!("Waiting for the previous configuration layer to complete\nRunning csm_packages.yml from repo {}\nPLAY RECAP ****\n", repository("csm")))
        .file("configuration.json", configuration("c"));
    let analysis = dir.analysis(&["main.log", "ansible.log", "configuration.json"]);
    assert_eq!(
        (analysis["recoveries"][0]["failed_layer"].as_u64(), analysis["recoveries"][0]["configuration_limit"].as_str()),
        (Some(2), Some("0,1"))
    );
    assert!(warnings(&analysis).contains(&"layer-log-of-another"));
}

#[test]
fn of_two_failed_images_one_configuration_alone_decides_nothing() {
    let bootprep = "images:\n- {name: cos-base, ref_name: ref0, base: {product: {name: cos, type: recipe}}}\n- {name: one, base: {image_ref: ref0}, configuration: c1, configuration_group_names: [G]}\n- {name: two, base: {image_ref: ref0}, configuration: c2, configuration_group_names: [G]}\n";
    let lines = [
        begin("managed", 3),
        items(&[None, Some(0), Some(0)]),
        built(BASE, BASE_ID),
        failed_in("one", "ansible", 1),
        failed_in("two", "ansible", 2),
        ended_badly(2),
    ]
    .concat();
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&lines))
        .file("ansible.log", ansible(2, true))
        .file("c1.json", configuration("c1"))
        .file("b.yaml", bootprep);
    let analysis = dir.analysis(&["main.log", "ansible.log", "c1.json", "--bootprep", "b.yaml"]);
    assert!(analysis["recoveries"].as_array().unwrap().iter().all(|recovery| recovery["failed_layer"].is_null()));
    assert!(
        analysis["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|warning| warning["message"].as_str().unwrap().contains("cray cfs configurations describe c2"))
    );
}

#[test]
fn the_log_of_one_layers_own_container_is_found_in_the_configuration() {
    let log = format!(
        "Waiting for the previous configuration layer to complete\nPrevious layer completed\nRunning sma-ldms-compute.yml from repo {}\nTASK [sma : install] ****\nfatal: [host]: FAILED! => {{}}\n",
        repository("sma")
    );
    assert_eq!(recovery(&case(&log, &configuration("compute-1")))["failed_layer"], 2);
}
