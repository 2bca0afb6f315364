//! A grammar of a user, tried on its own samples and on a text that may be anything.

use incfg::grammar::Grammar;
use incfg::line::Dialect;
use incfg_fuzz::halves;
use incfg_fuzz::reading::{PLAIN, Way, nothing_is_passed_over, searched_by_pattern, told};
use incfg_fuzz::winter::GRAMMAR;

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let (file, log) = halves(data);
    let Ok(file) = std::str::from_utf8(file) else { return };
    let grammar = match Grammar::with_files(&[("g.yaml".into(), file.into())]) {
        Ok(grammar) => grammar,
        Err(why) => {
            assert!(why.to_string().starts_with("g.yaml: "), "{why}");
            return;
        }
    };
    assert!(grammar.kinds().len() >= GRAMMAR.kinds().len(), "what is not replaced stays");
    let searched = searched_by_pattern(file);
    for defect in grammar.defects() {
        assert!(!defect.what.is_empty());
        let lost = defect.what.starts_with("a log would not be searched for") && searched.contains(&defect.id);
        // A sample that the pattern does not take need not be found.
        let taken =
            !grammar.defects().iter().any(|other| other.id == defect.id && other.what.contains("does not take"));
        assert!(!(lost && taken), "{defect}");
    }
    for dialect in [Dialect::Iuf, Dialect::Pod, Dialect::Ansible] {
        nothing_is_passed_over(log, dialect, &grammar, &searched);
        let small = Way { threads: 1, piece_bytes: 16, read_bytes: Some(7) };
        assert_eq!(told(log, dialect, &grammar, small), told(log, dialect, &grammar, PLAIN));
    }
}
