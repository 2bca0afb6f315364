//! What a pattern tells of the lines it takes without being compiled: how their messages begin, and literals that they
//! hold, so that logs can be searched for all kinds at once before any regular expression runs.

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::template::{Template, template};

/// Shorter literals are in too many lines to be of use.
pub const SHORTEST: usize = 3;

/// More alternatives than this make the search slower than they save.
const MOST: usize = 8;

/// What a pattern tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// The named captures.
    pub captures: Vec<String>,
    /// No match can be the head of a longer one.
    pub closed: bool,
    /// Every match begins at the begin of the text, with blanks or none and then one of these; empty when nothing is
    /// known of its begin.
    pub begins: Vec<Vec<u8>>,
    /// Literals of which every match holds at least one; `None` when there are none worth searching for.
    pub needles: Option<Vec<Vec<u8>>>,
    /// The pattern as texts and runs, if it is that.
    pub template: Option<Template>,
}

/// Reads a pattern.
///
/// # Errors
/// What is wrong with the expression.
pub fn shape(pattern: &str) -> Result<Shape, String> {
    let hir = parse(pattern)?;
    let needles = literals(&hir)
        .map(|set| without_covered(set.iter().map(Vec::as_slice).collect()).into_iter().map(<[u8]>::to_vec).collect())
        .filter(|set: &Vec<Vec<u8>>| worth(set));
    Ok(Shape {
        captures: capture_names(&hir),
        closed: closed(&hir),
        begins: begins(&hir),
        needles,
        template: template(&hir),
    })
}

fn capture_names(hir: &Hir) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![hir];
    while let Some(hir) = open.pop() {
        match hir.kind() {
            HirKind::Capture(capture) => {
                names.extend(capture.name.as_deref().map(str::to_owned));
                open.push(&capture.sub);
            }
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => open.extend(parts),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    names
}

fn begins(hir: &Hir) -> Vec<Vec<u8>> {
    let anchor = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::Start));
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => return Vec::new(),
    };
    let Some((first, rest)) = parts.split_first() else { return Vec::new() };
    if !anchor(first) {
        return Vec::new();
    }
    let rest = Hir::concat(rest.iter().skip_while(|part| is_blank(part)).cloned().collect());
    let prefixes = Extractor::new().kind(ExtractKind::Prefix).limit_total(MOST).extract(&rest);
    let found: Vec<Vec<u8>> = prefixes
        .literals()
        .unwrap_or_default()
        .iter()
        .map(|literal| literal.as_bytes().iter().copied().skip_while(|byte| *byte == b' ').collect())
        .collect();
    if found.iter().any(|begin| begin.is_empty()) { Vec::new() } else { found }
}

/// Takes blanks only, or nothing.
fn is_blank(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().all(|byte| *byte == b' '),
        HirKind::Repetition(repetition) => is_blank(&repetition.sub),
        _ => false,
    }
}

/// Whether every match ends in text of known length.
fn closed(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(_) => true,
        HirKind::Capture(capture) => closed(&capture.sub),
        HirKind::Repetition(repetition) => repetition.max == Some(repetition.min) && repetition.min > 0,
        HirKind::Alternation(branches) => branches.iter().all(closed),
        HirKind::Concat(parts) => {
            parts.iter().rfind(|part| !matches!(part.kind(), HirKind::Look(_))).is_some_and(closed)
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .dot_matches_new_line(true)
        .build()
        .parse(pattern)
        .map_err(|error| error.to_string())
}

/// Drops literals that hold another one: where they stand, the other stands too.
pub fn without_covered(mut literals: Vec<&[u8]>) -> Vec<&[u8]> {
    literals.sort_unstable_by_key(|literal| (literal.len(), *literal));
    literals.dedup();
    let mut kept: Vec<&[u8]> = Vec::new();
    for literal in literals {
        if !kept.iter().any(|shorter| literal.windows(shorter.len()).any(|window| window == *shorter)) {
            kept.push(literal);
        }
    }
    kept
}

/// Whether each begin holds a needle.
pub fn in_begins(begins: &[Vec<u8>], needles: &[Vec<u8>]) -> bool {
    let holds = |begin: &Vec<u8>| needles.iter().any(|needle| begin.windows(needle.len()).any(|part| part == *needle));
    !begins.is_empty() && begins.iter().all(holds)
}

fn worth(set: &[Vec<u8>]) -> bool {
    !set.is_empty() && set.len() <= MOST && shortest(set) >= SHORTEST
}

fn shortest(set: &[Vec<u8>]) -> usize {
    set.iter().map(Vec::len).min().unwrap_or(0)
}

fn literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => literals(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => literals(&repetition.sub),
        HirKind::Alternation(branches) => {
            branches.iter().map(literals).collect::<Option<Vec<_>>>().map(|sets| sets.concat())
        }
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(literals)
            .filter(|set| worth(set))
            .max_by_key(|set| (shortest(set), usize::MAX - set.len())),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_closed(pattern: &str) -> bool {
        shape(pattern).unwrap().closed
    }

    fn texts(pattern: &str) -> Option<Vec<String>> {
        shape(pattern)
            .unwrap()
            .needles
            .map(|set| set.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect())
    }

    #[test]
    fn the_longest_literal_that_must_be_there_is_taken() {
        assert_eq!(
            texts("^Creation of image (?<image>.+) succeeded: ID (?<id>[0-9a-f-]{36})$"),
            Some(vec!["Creation of image ".into()])
        );
        assert_eq!(texts("^(?:BEGIN|BEGIN PHASE): (?<step>.+)$"), Some(vec!["BEGIN".into()]));
    }

    #[test]
    fn what_may_be_missing_is_no_needle() {
        assert_eq!(texts("^(?:optional )?.*x$"), None);
        assert_eq!(texts("^(?:alpha|b)$"), None);
    }

    #[test]
    fn an_anchored_pattern_tells_how_a_message_begins_after_its_blanks() {
        let begins = |pattern: &str| shape(pattern).unwrap().begins;
        let workflow = [b"Next workflow ".to_vec(), b"Monitoring workflow ".to_vec()];
        assert_eq!(begins("^(?:Next|Monitoring) workflow .*$"), workflow);
        assert_eq!(begins("^ *RESULT: (?<status>\\w+)$"), [b"RESULT: ".to_vec()]);
        assert_eq!(begins("^ {12}\"name\": .*$"), [b"\"name\": ".to_vec()]);
        assert_eq!(begins(r"^ \tname: .*$"), [b"\tname: ".to_vec()]);
        for unknown in ["Next workflow", "^(?:Next|.)workflow", "^(?<any>.+)$", "^ *", "Next|^Other"] {
            assert!(begins(unknown).is_empty(), "{unknown}");
        }
    }

    #[test]
    fn a_match_is_closed_when_its_end_cannot_be_missing() {
        assert!(
            is_closed("^Creation of image (?<image>.+) succeeded: ID (?<id>[0-9a-f]{8}-[0-9a-f]{12})$")
                && is_closed("^x (?:failed|done)$")
        );
        assert!(
            !is_closed("^Created session (?<session>\\S+)$")
                && !is_closed("^code (?<code>\\d+)$")
                && !is_closed("^x(?: done)?$")
        );
    }

    #[test]
    fn a_literal_within_another_is_enough() {
        assert_eq!(
            without_covered(vec![b"Created CFS session", b"session", b"image", b"session"]),
            [b"image".as_slice(), b"session"]
        );
    }
}
