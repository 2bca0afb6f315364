//! A pattern, and the comparison of a text with it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::syntax;
use regex_automata::{Input, PatternID};

use super::template::{Part, Template};
use crate::limits::{TEMPLATE_BYTES, TEMPLATE_PARTS, TEMPLATE_STEPS};

/// The bytes of a set up to the blank, in its first part.
const BLANKS: u64 = (1 << (b' ' + 1)) - 1;

/// A pattern.
#[derive(Clone)]
pub(super) struct Wording {
    /// As the grammar has it.
    pub(super) pattern: Cow<'static, str>,
    template: Option<Template>,
    /// Compiled when it is needed first: most runs meet a few kinds of lines only.
    compiled: OnceLock<Option<Regex>>,
}

impl std::fmt::Debug for Wording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pattern.fmt(f)
    }
}

impl Wording {
    pub(super) const fn new(pattern: Cow<'static, str>, template: Option<Template>) -> Self {
        Self { pattern, template, compiled: OnceLock::new() }
    }

    /// Whether a text is compared with it as it stands, which costs no more than to look for a literal in it.
    pub(super) fn is_plain(&self) -> bool {
        self.template.is_some()
    }

    /// Whether it can be compiled; it may be too large.
    pub(super) fn compiles(&self) -> bool {
        self.regex().is_some()
    }

    /// Whether it takes a text.
    pub(super) fn takes(&self, text: &[u8]) -> bool {
        self.captures(text, &mut |_, _| {}).is_some()
    }

    /// Gives the name and the place of each named part of a text that it takes; `None` if it does not take it.
    pub(super) fn captures<'w>(&'w self, text: &[u8], give: &mut dyn FnMut(&'w str, Range<usize>)) -> Option<()> {
        if let Some(template) = self.template.as_ref().filter(|_| text.len() <= TEMPLATE_BYTES) {
            let mut attempt = Attempt { template, text, steps: TEMPLATE_STEPS, begins: [0; TEMPLATE_PARTS + 1] };
            if let Some(taken) = attempt.goes_on(0, 0) {
                if taken {
                    attempt.captures(give);
                }
                return taken.then_some(());
            }
        }
        self.searched(text, give)
    }

    fn searched<'w>(&'w self, text: &[u8], give: &mut dyn FnMut(&'w str, Range<usize>)) -> Option<()> {
        let regex = self.regex()?;
        let groups = regex.group_info();
        let mut slots = vec![None; groups.slot_len()];
        regex.search_slots(&Input::new(text), &mut slots)?;
        for (name, group) in groups.pattern_names(PatternID::ZERO).zip(slots.chunks(2)) {
            if let (Some(name), [Some(start), Some(end)]) = (name, group) {
                give(name, start.get()..end.get());
            }
        }
        Some(())
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.pattern).ok()).as_ref()
    }
}

/// Bytes, not characters: logs are not always UTF-8. A dot takes a line break too: names may hold one. Most patterns are
/// asked a few times, of lines that they take: an automaton that grows as it searches is not worth its begin.
fn compile(pattern: &str) -> Result<Regex, Box<BuildError>> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true))
        .configure(Regex::config().utf8_empty(false).hybrid(false).dfa(false).nfa_size_limit(Some(1 << 20)))
        .build(pattern)
        .map_err(Box::new)
}

/// A template on its way through a text; it prefers what the regular expression would prefer.
struct Attempt<'w, 't> {
    template: &'w Template,
    text: &'t [u8],
    steps: u32,
    /// Where each part begins, and the last one ends.
    begins: [usize; TEMPLATE_PARTS + 1],
}

impl<'w> Attempt<'w, '_> {
    fn captures(&self, give: &mut dyn FnMut(&'w str, Range<usize>)) {
        for (name, first, behind) in self.template.groups.iter() {
            if let (Some(start), Some(end)) = (self.begins.get(*first), self.begins.get(*behind)) {
                give(name, *start..*end);
            }
        }
    }

    /// Whether the parts from `part` on take the text from `at` on; `None` if that takes too many steps to tell.
    fn goes_on(&mut self, mut part: usize, mut at: usize) -> Option<bool> {
        loop {
            self.steps = self.steps.checked_sub(1)?;
            *self.begins.get_mut(part)? = at;
            let rest = self.text.get(at..)?;
            let taken = match self.template.parts.get(part) {
                None => return Some(rest.is_empty() || !self.template.to_end),
                Some(Part::Text(text)) if begins(rest, text) => text.len(),
                Some(Part::Text(_)) => return Some(false),
                Some(Part::OneOf(texts)) => {
                    for text in texts.iter() {
                        if begins(rest, text) && self.goes_on(part + 1, at + text.len())? {
                            return Some(true);
                        }
                    }
                    return Some(false);
                }
                Some(Part::Run { set, least, most, greedy }) => {
                    let longest = longest(set, rest.get(..*most).unwrap_or(rest));
                    match longest.cmp(least) {
                        Ordering::Less => return Some(false),
                        Ordering::Equal => longest,
                        Ordering::Greater => return self.ends(part, at + least, at + longest, *greedy),
                    }
                }
            };
            (part, at) = (part + 1, at + taken);
        }
    }

    /// A run may end at any place from `first` to `last`: tries those at which the part behind it may begin.
    fn ends(&mut self, run: usize, mut first: usize, mut last: usize, greedy: bool) -> Option<bool> {
        let next = match self.template.parts.get(run + 1) {
            None if self.template.to_end => {
                return if last == self.text.len() { self.goes_on(run + 1, last) } else { Some(false) };
            }
            Some(Part::Text(text)) => text.first(),
            _ => None,
        };
        while first <= last {
            let places = self.text.get(first..(last + 1).min(self.text.len()))?;
            let at = match (next, greedy) {
                (None, true) => last,
                (None, false) => first,
                (Some(byte), true) => match memchr::memrchr(*byte, places) {
                    Some(at) => first + at,
                    None => break,
                },
                (Some(byte), false) => match memchr::memchr(*byte, places) {
                    Some(at) => first + at,
                    None => break,
                },
            };
            if self.goes_on(run + 1, at)? {
                return Some(true);
            }
            if greedy {
                let Some(before) = at.checked_sub(1) else { break };
                last = before;
            } else {
                first = at + 1;
            }
        }
        Some(false)
    }
}

/// How many bytes of a set a text begins with.
fn longest(set: &[u64; 4], text: &[u8]) -> usize {
    let [low, high @ ..] = set;
    let mut sure = 0;
    if low | BLANKS == u64::MAX && *high == [u64::MAX; 3] {
        if *low == u64::MAX {
            return text.len();
        }
        // All but some blanks: eight bytes that hold none are of it, whatever they are.
        let eights = text.chunks_exact(8).take_while(|eight| eight.iter().all(|byte| *byte > b' '));
        sure = 8 * eights.count();
    }
    let holds = |byte: &u8| set.get(usize::from(byte >> 6)).is_some_and(|bits| bits >> (byte & 63) & 1 == 1);
    let rest = text.get(sure..).unwrap_or_default();
    sure + rest.iter().position(|byte| !holds(byte)).unwrap_or(rest.len())
}

/// Most texts between the runs of a pattern are of one byte, which is compared faster than it is said how many to compare.
fn begins(text: &[u8], with: &[u8]) -> bool {
    match with {
        [byte] => text.first() == Some(byte),
        _ => text.starts_with(with),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::needle::shape;
    use super::*;

    type Captured = Option<Vec<(String, Range<usize>)>>;

    fn captured(find: impl FnOnce(&mut dyn FnMut(&str, Range<usize>)) -> Option<()>) -> Captured {
        let mut all = Vec::new();
        find(&mut |name, place| all.push((name.to_owned(), place)))?;
        Some(all)
    }

    /// What the template says of a text, and the regular expression.
    fn both(wording: &Wording, text: &[u8]) -> (Captured, Captured) {
        (captured(|give| wording.captures(text, give)), captured(|give| wording.searched(text, give)))
    }

    fn wording(pattern: &str) -> Wording {
        Wording::new(pattern.to_owned().into(), shape(pattern).unwrap().template)
    }

    #[test]
    fn most_wordings_are_templates_and_what_is_none_is_still_read() {
        for pattern in [
            "^Creation of image (?<image>.+) succeeded: ID (?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3})$",
            "^(?:Next|Monitoring) workflow (?<workflow>\\S+)$",
            "^ *BEGIN(?: PHASE)?: (?<step>\\S.*)$",
            "^(?:BEG|END) ",
        ] {
            assert!(wording(pattern).template.is_some(), "{pattern}");
        }
        for pattern in ["a", "^a|b$", "^(?:ab)+$", "^(?:(?<a>x)|y) z$", "^\\ba$", "a$"] {
            assert_eq!(wording(pattern).template, None, "{pattern}");
        }
        let (_, found) = both(&wording("^(?:(?<a>x)|y) z$"), b"x z");
        assert_eq!(found, Some(vec![("a".to_owned(), 0..1)]));
    }

    #[test]
    fn what_takes_a_template_too_many_steps_is_left_to_the_regular_expression() {
        let pattern = wording("^(?<a>.*)a(?<b>.*)a(?<c>.*)a(?<d>.*)b$");
        for text in ["a".repeat(60), "a".repeat(TEMPLATE_BYTES + 1) + "b", "a".repeat(60) + "b"] {
            let (template, regex) = both(&pattern, text.as_bytes());
            assert_eq!(template, regex, "{} bytes", text.len());
        }
        let mut attempt = Attempt {
            template: pattern.template.as_ref().unwrap(),
            text: &[b'a'; 60],
            steps: TEMPLATE_STEPS,
            begins: [0; TEMPLATE_PARTS + 1],
        };
        assert_eq!(attempt.goes_on(0, 0), None);
    }

    #[test]
    fn a_pattern_of_more_parts_than_a_template_may_have_reads_the_same() {
        for (parts, is_template) in [(TEMPLATE_PARTS, true), (TEMPLATE_PARTS + 1, false)] {
            let pattern = wording(&format!("^(?<a>{})$", "[ab]".repeat(parts)));
            assert_eq!(pattern.template.is_some(), is_template, "{parts}");
            let (found, regex) = both(&pattern, "a".repeat(parts).as_bytes());
            assert_eq!((found.as_ref(), found.as_ref()), (regex.as_ref(), Some(&vec![("a".to_owned(), 0..parts)])));
            assert_eq!(both(&pattern, "a".repeat(parts - 1).as_bytes()), (None, None));
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let repeat = prop::sample::select(vec!["", "*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??"]);
        let set = prop::sample::select(vec![".", "[ab]", "\\S", "\\w", "[^a]", "b", "\\xff"]);
        let text = prop::sample::select(vec!["a", "ab", ": ", "ba", "aa"]);
        prop_oneof![
            (set, repeat.clone()).prop_map(|(set, repeat)| format!("{set}{repeat}")),
            text.clone().prop_map(str::to_owned),
            (text.clone(), text).prop_map(|(one, other)| format!("(?:{one}|{other}|)")),
            (1..3, prop::sample::select(vec!["a[ab]", "[ab]:", "\\w "]))
                .prop_map(|(times, text)| format!("(?:{text}){{{times}}}")),
            repeat.prop_map(|repeat| format!("(?:: b){}", if repeat.starts_with('?') { repeat } else { "" })),
        ]
    }

    fn pattern() -> impl Strategy<Value = String> {
        let part = prop::collection::vec(piece(), 1..3).prop_map(|pieces| pieces.concat());
        let ends = prop::sample::select(vec!["$", "", "$"]);
        (prop::collection::vec((part, any::<bool>()), 1..5), ends).prop_map(|(parts, end)| {
            let parts = parts
                .into_iter()
                .enumerate()
                .map(|(at, (part, named))| if named { format!("(?<n{at}>{part})") } else { part });
            format!("^{}{end}", parts.collect::<String>())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_template_takes_what_its_pattern_takes_part_by_part(
            pattern in pattern(),
            texts in prop::collection::vec(prop::collection::vec(prop::sample::select(b"aaab: \n\xff".to_vec()), 0..12), 8),
        ) {
            let wording = wording(&pattern);
            prop_assert!(wording.template.is_some(), "{pattern}");
            for text in texts {
                let (template, regex) = both(&wording, &text);
                prop_assert_eq!(template, regex, "{} in {:?}", pattern, text.escape_ascii().to_string());
            }
        }
    }
}
