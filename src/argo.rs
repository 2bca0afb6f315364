//! How Argo names the pods of a workflow, and where it stores their logs.
//!
//! A pod's name ends in the 32-bit FNV-1a hash, in decimal, of the name of its node in the workflow. So the S3 key of a
//! SAT step can be computed from workflow and operation alone, and a pod can be attributed to its operation.

/// The operations that run `sat bootprep`, with their stage.
pub const OPERATIONS: [(&str, &str); 4] = [
    ("update-management-cfs-config", "update-cfs-config"),
    ("update-managed-cfs-config", "update-cfs-config"),
    ("prepare-management-images", "prepare-images"),
    ("prepare-managed-images", "prepare-images"),
];

/// The name of the step that runs SAT.
pub const SAT_STEP: &str = "sat-bootprep-run";

/// The template of that step, part of its pods' names since CSM 1.5.
const SAT_TEMPLATE: &str = "sat-wrapper";

/// The stage of an operation that runs SAT.
#[must_use]
pub fn stage_of(operation: &str) -> Option<&'static str> {
    OPERATIONS.iter().find(|(name, _)| *name == operation).map(|(_, stage)| *stage)
}

/// Whether `name` is an operation that runs SAT.
#[must_use]
pub fn is_operation(name: &str) -> bool {
    stage_of(name).is_some()
}

/// What 32-bit FNV-1a makes of nothing.
const OF_NOTHING: u32 = 0x811c_9dc5;

/// 32-bit FNV-1a of what `hash` is the hash of, and `text` after it.
fn fnv1a(hash: u32, text: &str) -> u32 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The hash of the begin of the name of a node: of what stands in the names of all nodes of a workflow.
fn of_workflow(workflow: &str) -> u32 {
    fnv1a(fnv1a(OF_NOTHING, workflow), ".")
}

/// The hash of the name of the node of a SAT step, without the number of its attempt.
fn of_step(of_workflow: u32, operation: &str) -> u32 {
    [operation, "[1].", SAT_STEP].into_iter().fold(of_workflow, fnv1a)
}

/// What stands at the end of the name of the node of a step: of one that was not tried again, and of its attempts.
const ATTEMPT_MARKS: [&str; 17] = [
    "", "(0)", "(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)", "(11)", "(12)", "(13)", "(14)",
    "(15)",
];

/// How pods are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodNames {
    /// `<workflow>-<template>-<hash>`, CSM 1.5 and later.
    WithTemplate,
    /// `<workflow>-<hash>`, CSM 1.4.
    Plain,
}

/// The name of the pod of a SAT step. `attempt` is the number of a retried one.
#[must_use]
pub fn pod_of(workflow: &str, operation: &str, attempt: Option<u32>, names: PodNames) -> String {
    let step = of_step(of_workflow(workflow), operation);
    let number = attempt.map_or(step, |attempt| fnv1a(step, &format!("({attempt})")));
    match names {
        PodNames::WithTemplate => format!("{workflow}-{SAT_TEMPLATE}-{number}"),
        PodNames::Plain => format!("{workflow}-{number}"),
    }
}

/// The operation whose SAT step a pod ran, by its number; `None` for the pod of another step.
#[must_use]
pub fn operation_of(workflow: &str, pod: &str) -> Option<&'static str> {
    let (_, number) = pod.rsplit_once('-')?;
    let number: u32 = number.parse().ok()?;
    let workflow = of_workflow(workflow);
    let steps = OPERATIONS.map(|(operation, _)| (operation, of_step(workflow, operation)));
    ATTEMPT_MARKS
        .iter()
        .find_map(|mark| steps.iter().find(|(_, step)| fnv1a(*step, mark) == number))
        .map(|(operation, _)| *operation)
}

/// The S3 key, in bucket `config-data`, of a pod's log.
#[must_use]
pub fn key_of(workflow: &str, pod: &str) -> String {
    format!("argo/{workflow}/{pod}/main.log")
}

/// Workflow and pod of an S3 key.
#[must_use]
pub fn parse_key(key: &str) -> Option<(&str, &str)> {
    let (workflow, rest) = key.strip_prefix("argo/")?.split_once('/')?;
    let pod = rest.strip_suffix("/main.log")?;
    (!workflow.is_empty() && !pod.is_empty() && !pod.contains('/')).then_some((workflow, pod))
}

/// The pod of a file under `argo_logs`.
#[must_use]
pub fn pod_of_file(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    name.strip_suffix("-main.txt").filter(|pod| !pod.is_empty())
}

/// The workflow of a pod: the longest known one whose name it begins with, else what remains without template and number.
#[must_use]
pub fn workflow_of(pod: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    let longest = pod.rmatch_indices('-').filter_map(|(at, _)| pod.get(..at)).find(|workflow| known(workflow));
    longest.or_else(|| {
        let (stem, number) = pod.rsplit_once('-')?;
        number.parse::<u32>().ok()?;
        Some(stem.strip_suffix(SAT_TEMPLATE).and_then(|stem| stem.strip_suffix('-')).unwrap_or(stem))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_csm_documentation_can_be_computed() {
        let workflow = "cos-products-20231031-gdm63-prepare-images-2rkds";
        assert_eq!(
            pod_of(workflow, "prepare-managed-images", None, PodNames::WithTemplate),
            format!("{workflow}-sat-wrapper-2664865581")
        );
        let workflow = "cos-products-20231031-sm5qz-update-cfs-config-hh522";
        assert_eq!(
            operation_of(workflow, &format!("{workflow}-sat-wrapper-1367779725")),
            Some("update-managed-cfs-config")
        );
    }

    #[test]
    fn a_retried_step_is_attributed_too() {
        for attempt in 0..16 {
            let pod = pod_of("w", "prepare-managed-images", Some(attempt), PodNames::Plain);
            assert_eq!(operation_of("w", &pod), Some("prepare-managed-images"), "{attempt}");
        }
        assert_eq!(operation_of("w", "w-record-time-template-1608516386"), None);
    }

    #[test]
    fn the_workflow_of_a_pod_is_the_longest_known_one() {
        assert_eq!(workflow_of("a-b-c-123", |workflow| ["a", "a-b"].contains(&workflow)), Some("a-b"));
        assert_eq!(workflow_of("a-b-c-sat-wrapper-123", |_| false), Some("a-b-c"));
    }
}
