//! What IUF keeps beside its logs: the state of the activity.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::yaml::decode;

/// The activity as its ConfigMap has it, with what earlier stages put out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityState {
    /// The activity.
    pub activity: Option<String>,
    /// The session, in full.
    pub session: Option<String>,
    /// What SAT printed on its standard output, per operation: its report.
    pub reports: Vec<(String, String)>,
}

impl ActivityState {
    /// The state in a document: `state/sessions/*.yaml`, the ConfigMap itself as JSON or YAML, or the activity inside
    /// it. `None` when it is something else.
    #[must_use]
    pub fn from_document(document: &Json) -> Option<Self> {
        if let Some(inner) = document.get("data").and_then(|data| data.get("iuf_activity")).and_then(Json::as_str) {
            return Self::from_document(&serde_json::from_str(inner).ok()?);
        }
        if document.get("input_parameters").is_none() && document.get("operation_outputs").is_none() {
            return None;
        }
        let text = |key: &str| document.get(key).and_then(Json::as_str).map(str::to_owned);
        let stages =
            document.get("operation_outputs").and_then(|outputs| outputs.get("stage_params")).and_then(Json::as_object);
        let mut reports = Vec::new();
        for operations in stages.into_iter().flat_map(|stages| stages.values()).filter_map(Json::as_object) {
            for (operation, steps) in operations {
                let printed =
                    steps.get(crate::argo::SAT_STEP).and_then(|step| step.get("script_stdout")).and_then(Json::as_str);
                reports.extend(printed.map(|printed| (operation.clone(), unquoted(printed))));
            }
        }
        Some(Self { activity: text("name"), session: text("sessionid"), reports })
    }
}

/// The output of a script is stored as a JSON string within the string.
fn unquoted(printed: &str) -> String {
    serde_json::from_str(printed.trim()).unwrap_or_else(|_| printed.to_owned())
}

/// Full session names by workflow, from `state/activity_dict.yaml`.
///
/// The file holds tags of Python, so only what is needed of it is read.
#[must_use]
pub fn sessions_by_workflow(text: &str) -> Option<HashMap<String, String>> {
    #[derive(Deserialize)]
    struct Activity {
        states: HashMap<String, State>,
    }
    #[derive(Deserialize)]
    struct State {
        session: Option<String>,
        workflow_id: Option<String>,
    }
    let activities: HashMap<String, Activity> = decode("", text).ok()?;
    let states = activities.into_values().flat_map(|activity| activity.states.into_values());
    Some(states.filter_map(|state| Some((state.workflow_id?, state.session?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_found_beside_tags_of_python() {
        let text = "demo:\n  start: x\n  states:\n    '1':\n      args:\n        func: &id001 !!python/name:__main__.process_install ''\n      session: demo-ab1cd\n      workflow_id: demo-w\n    '2':\n      args: {func: *id001}\n      session: null\n      workflow_id: null\n";
        assert_eq!(sessions_by_workflow(text), Some(HashMap::from([("demo-w".into(), "demo-ab1cd".into())])));
    }

    #[test]
    fn reports_of_earlier_stages_are_unquoted() {
        let document = serde_json::json!({"name": "demo", "operation_outputs": {"stage_params": {"update-cfs-config": {"update-managed-cfs-config": {"sat-bootprep-run": {"script_stdout": "\"{\\n    \\\"configurations\\\": []\\n}\""}}}}}});
        let state = ActivityState::from_document(&document).unwrap();
        assert_eq!(
            state.reports,
            [("update-managed-cfs-config".to_owned(), "{\n    \"configurations\": []\n}".to_owned())]
        );
    }
}
