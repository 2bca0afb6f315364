//! Every rule on any file, with any variables, every fix made, and every form of the report.

use incfg::limits;
use incfg::lint::{Context, check, check_variables, repair::repair};
use incfg::report::findings::{FileReport, Report};
use incfg::text::SourceText;
use incfg::yaml::Tree;
use incfg::yaml::change::{Change, make};
use incfg_fuzz::meaning::intend;
use incfg_fuzz::other_reader::read;
use incfg_fuzz::{halves, shown};

/// Refuses a fix whose result another reader sees otherwise than the fix says.
fn means_what_it_says(text: &SourceText, change: &Change) {
    let tree = Tree::parse(text).ok();
    let Ok(result) = make(text, tree.as_ref(), &[change]) else { return };
    let (Some(mut wanted), Some(found)) = (read(text.as_str()), read(result.as_str())) else { return };
    if change.means.iter().all(|meant| intend(&mut wanted, meant).is_some()) {
        assert_eq!(found, wanted, "{change:?} makes {:?} of {:?}", result.as_str(), text.as_str());
    }
}

const TARGETS: [&str; 4] = ["", "sat=3.25,cfs=v2", "schema=1.0.4", "dialect=manta"];

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let (file, variables) = halves(data);
    let Some(text) = incfg_fuzz::text(file) else { return };
    let mut context =
        Context { target: TARGETS[usize::from(*choice) % 4].parse().unwrap_or_default(), ..Context::default() };
    if choice & 4 == 4 && context.add_variables(&[("v.yaml".into(), variables.to_vec())], &[]).is_err() {
        return;
    }
    let checked = check(&text, &context);
    for finding in &checked.findings {
        assert!(text.as_str().get(finding.range.clone()).is_some(), "{finding:?}");
    }
    let _ = check_variables(&context, [&checked]);
    for fix in checked.findings.iter().filter_map(|finding| finding.fix.as_ref()).take(20) {
        means_what_it_says(&text, &fix.change);
    }
    let all = choice & 8 == 8;
    let repaired = repair(&text, all, |text| check(text, &context).findings);
    assert_eq!(repaired.text.has_bom(), text.has_bom());
    if Tree::parse(&text).is_ok() {
        Tree::parse(&repaired.text).expect("a document stays one");
    }
    if repaired.fixed.is_empty() {
        assert_eq!(repaired.text, text);
    }
    // What could be fixed is fixed: once more there is nothing to do.
    if repaired.fixed.len() < limits::REPAIR_ROUNDS && repaired.refused.is_empty() {
        let again = repair(&repaired.text, all, |text| check(text, &context).findings);
        assert_eq!(again.fixed, [], "{:?}", repaired.text.as_str());
    }
    let report = Report {
        files: vec![FileReport {
            path: "f.yaml".into(),
            text: Some(text),
            findings: checked.findings,
            left_out: checked.left_out,
            error: None,
        }],
        skipped: Vec::new(),
    };
    shown::is_report(&report);
}
