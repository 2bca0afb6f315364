//! A plan that was edited, cut or mixed up: it is refused with a sentence, or it is a plan that holds together.

use incfg::plan::Plan;
use incfg::report::plan::{json, next, script, status};
use incfg_fuzz::{rehearsed, shown};

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let plan = match Plan::parse("plan.yaml", data) {
        Ok(plan) => plan,
        Err(why) => {
            assert!(!why.to_string().is_empty());
            return;
        }
    };
    assert_eq!(Plan::parse("plan.yaml", plan.to_yaml().as_bytes()).expect("a plan as it was written"), plan);
    json(&plan).expect("JSON");
    for text in [status(&plan, "plan.yaml"), rehearsed(&plan), script(&plan, "plan.yaml")] {
        shown::is_plain(&text);
    }
    for at in plan.open() {
        shown::is_plain(&next(&plan, at, "plan.yaml"));
        let _ = plan.doing(at);
    }
    let _ = (plan.pins(), plan.deletable());
    // Every move leaves a plan.
    let mut moved = plan.clone();
    for at in plan.open() {
        if moved.intend(at, "2024-06-14T12:00:00Z").is_ok() {
            Plan::parse("plan.yaml", moved.to_yaml().as_bytes()).expect("a plan after a move");
        }
    }
}
