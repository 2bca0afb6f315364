//! JSON of sessions, configurations and images given to a plan, one after the other: what is taken in leaves a plan.

use incfg::plan::Plan;
use incfg::plan::record::How;
use incfg_fuzz::winter::PLAN;

/// A document in which `$SESSION`, `$BASE` and `$LIMIT` stand for what the plan awaits.
fn named(plan: &Plan, document: &str) -> String {
    let Some(at) = plan.open().into_iter().next() else { return document.to_owned() };
    let Some(attempt) = plan.attempt(at) else { return document.to_owned() };
    document
        .replace("$SESSION", &attempt.session)
        .replace("$BASE", attempt.base_id.as_str())
        .replace("$LIMIT", &plan.get(at).1.limit)
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let mut plan = PLAN.clone();
    let Some((first, data)) = data.split_first() else { return };
    // The step is on its way already, as after `incfg next`.
    if first & 1 == 1 {
        for at in plan.open() {
            plan.intend(at, "2024-06-14T12:00:00Z").expect("a step that can begin");
            if first & 2 == 2 {
                plan.created(at, "2024-06-14T12:00:01Z").expect("a step that has begun");
            }
        }
    }
    for document in data.split(|byte| *byte == 0).take(6) {
        let document = named(&plan, &String::from_utf8_lossy(document));
        let Ok(document) = serde_json::from_str(&document) else { continue };
        let before = plan.clone();
        match plan.record(&document, How { accept: first & 4 == 4, now: "2024-06-14T12:00:02Z", file: "plan.yaml" }) {
            Ok(_) => {
                let same = Plan::parse("plan.yaml", plan.to_yaml().as_bytes()).expect("a plan after what it took in");
                assert_eq!(same, plan);
            }
            Err(why) => {
                assert!(!why.to_string().is_empty());
                assert_eq!(plan, before, "what is refused changes nothing: {why}");
            }
        }
    }
}
