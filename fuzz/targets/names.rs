//! Templates and variables: rendering ends, takes nothing from the disk, and what is literal stays what it is.

use incfg::bootprep::variables::{Variables, VariablesFile};
use incfg::jinja::{inspect, is_template, literal, uses};
use incfg::limits;
use incfg_fuzz::halves;

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let (template, file) = halves(data);
    let Ok(template) = std::str::from_utf8(template) else { return };
    let mut variables = Variables::default();
    if let Ok(file) = VariablesFile::parse("v.yaml", file) {
        let _ = variables.add(&file);
    }
    for pattern in [variables.pattern(template), variables.pattern_of_template(template)] {
        if let Some(text) = pattern.text() {
            assert!(text.chars().count() <= limits::RENDERED_CHARS);
            assert!(pattern.matches(text));
            assert!(!pattern.has_base());
        }
        let with_base = pattern.with_base("base-name");
        assert!(!with_base.has_base());
        if let (Some(text), true) = (with_base.text(), pattern.has_base()) {
            assert!(pattern.matches(text), "{pattern:?} is not {text:?}");
        }
        let _ = pattern.base_in(template);
    }
    if let Ok(found) = inspect(template) {
        for lookup in &found.lookups {
            assert!(!lookup.names.is_empty());
            let _ = variables.get(&lookup.names);
        }
        assert!(is_template(template) || found.lookups.is_empty());
    }
    let _ = uses(template, "base");
    // A name that is written out renders to itself; Jinja2 drops the line break at its end, and makes one of each kind.
    if !template.contains(['\n', '\r']) {
        assert_eq!(Variables::default().pattern(&literal(template)).text(), Some(template));
    }
}
