//! Literals that every match of a pattern holds, derived from the pattern, so that logs can be searched for them all at
//! once before any regular expression runs.

use regex_syntax::hir::{Hir, HirKind};

/// Shorter literals are in too many lines to be of use.
const SHORTEST: usize = 3;

/// More alternatives than this make the search slower than they save.
const MOST: usize = 8;

/// Literals of which every match of `pattern` holds at least one; `None` when there are none worth searching for.
pub(super) fn required(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let set = literals(&parse(pattern).ok()?)?;
    let set: Vec<Vec<u8>> =
        without_covered(set.iter().map(Vec::as_slice).collect()).into_iter().map(<[u8]>::to_vec).collect();
    worth(&set).then_some(set)
}

/// The named captures of `pattern`, without compiling it.
pub(super) fn capture_names(pattern: &str) -> Result<Vec<String>, String> {
    let hir = parse(pattern)?;
    let mut names = Vec::new();
    let mut open = vec![&hir];
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
    Ok(names)
}

/// Whether every match ends in text of known length, so that no match can be the head of a longer one.
pub(super) fn is_closed(pattern: &str) -> bool {
    parse(pattern).is_ok_and(|hir| closed(&hir))
}

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
pub(super) fn without_covered(mut literals: Vec<&[u8]>) -> Vec<&[u8]> {
    literals.sort_unstable_by_key(|literal| (literal.len(), *literal));
    literals.dedup();
    let mut kept: Vec<&[u8]> = Vec::new();
    for literal in literals {
        if !kept.iter().any(|shorter| memchr::memmem::find(literal, shorter).is_some()) {
            kept.push(literal);
        }
    }
    kept
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

    fn texts(pattern: &str) -> Option<Vec<String>> {
        required(pattern).map(|set| set.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect())
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
