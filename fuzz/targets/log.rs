//! A file of any kind through the front door: recognised, unpacked, read, analysed, told in every form, and planned. One
//! thread and two say the same, in pieces of any size.

use incfg::analysis::{Analysis, analyze};
use incfg::excerpt;
use incfg::input::collect;
use incfg::plan::Plan;
use incfg::report::html;
use incfg::report::plan::{next, script, status};
use incfg::report::text::{Invocation, WIDTH, story};
use incfg::scan::Scanner;
use incfg_fuzz::{rehearsed, scratch, shown, winter};

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let path = scratch::file("input", data);
    let collected = collect(&[path]).expect("a file that is there");
    let mut context = winter::context();
    if data.len() % 2 == 0 {
        context.bootprep = None;
    }
    let analysed = |threads: usize, piece_bytes: usize| {
        analyze(&collected, &context, &winter::GRAMMAR, &mut Scanner::new(threads, piece_bytes, &mut |_| ()))
    };
    let Ok(analysis) = analysed(1, 1 << 20) else { return };
    if data.len() % 4 == 0 {
        assert_eq!(analysed(2, data.len() / 8 + 1).ok().as_ref(), Some(&analysis), "two threads say something else");
    }
    let json = serde_json::to_string(&analysis).expect("an analysis is JSON");
    assert_eq!(serde_json::from_str::<Analysis>(&json).expect("the same JSON"), analysis);
    let lines = analysis.inputs.iter().map(|input| input.lines).max().unwrap_or_default();
    for evidence in analysis.sat_runs.iter().flat_map(|run| &run.evidence) {
        assert!((1..=lines.max(1)).contains(&evidence.line), "line {} of {lines}", evidence.line);
    }
    shown::is_plain(&story(&analysis, &Invocation::default(), Some(WIDTH)));
    if let Ok(lines) = incfg::report::env::assignments(&analysis, None) {
        shown::are_assignments(&lines);
    }
    if data.len() % 16 == 0 {
        let excerpts = excerpt::read(&collected, &html::analysis::places(&analysis));
        shown::is_page(
            html::analysis::document(&analysis, &Invocation::default(), &excerpts).expect("a page").as_str(),
        );
    }
    let Some(plan) = winter::plan_of(analysis) else { return };
    assert_eq!(Plan::parse("plan.yaml", plan.to_yaml().as_bytes()).expect("a plan as it was written"), plan);
    for text in [status(&plan, "plan.yaml"), rehearsed(&plan), script(&plan, "plan.yaml")] {
        shown::is_plain(&text);
    }
    for at in plan.open() {
        shown::is_plain(&next(&plan, at, "plan.yaml"));
    }
}
