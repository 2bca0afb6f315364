//! Templates that can grow out of all bounds, told by their text: fuel counts steps, and one step may double a text.
//! A name has no need of what is refused here; it counts as one that cannot be rendered.

use crate::limits;

/// What makes a template call itself, or keeps a value from one round to the next.
const WORDS: &[&str] = &["macro", "recursive", "namespace", "include", "import", "extends", "call"];

/// Filters that write as much as a number says.
pub(super) const FILTERS: &[&str] = &["indent", "slice", "batch", "pprint"];

/// Whether a template may write more than its length lets expect.
pub(super) fn may_grow(template: &str) -> bool {
    let mut joins = 0;
    for part in template.split("{{").flat_map(|part| part.split("{%")).skip(1) {
        let code = part.split("}}").next().unwrap_or_default().split("%}").next().unwrap_or_default();
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if code.split(|letter| !is_word(letter)).any(|word| WORDS.contains(&word)) {
            return true;
        }
        // A date in quotes is no number; a width in quotes is one.
        let (mut quote, mut format, mut digits) = (None, false, 0);
        for letter in code.chars() {
            match quote {
                Some(end) if letter == end => (quote, format) = (None, false),
                Some(_) => format |= matches!(letter, '%' | '{'),
                None if matches!(letter, '"' | '\'') => quote = Some(letter),
                None => joins += usize::from(matches!(letter, '~' | '+')),
            }
            let counts = letter.is_ascii_digit() || letter == '_';
            digits = if counts && (quote.is_none() || format) { digits + 1 } else { 0 };
            if digits > limits::RENDER_DIGITS {
                return true;
            }
        }
        if joins > 0 && code.contains("format") {
            return true;
        }
    }
    joins > limits::RENDER_JOINS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_sites_write_them_do_not_grow() {
        for template in [
            "compute-{{ cos.version }}{{ '-' ~ default.note if default.note else '' }}",
            "{{ base.name | replace('x86_64', 'aarch64') }}-20231031125959",
            "{{ '%s-%s' | format(cos.version, 20) }}",
            "{{ 'cos-20231031' }}{% set v = cos.version.split('.') %}{{ v[0] }}",
        ] {
            assert!(!may_grow(template), "{template}");
        }
    }

    #[test]
    fn a_number_may_have_as_many_digits_as_a_name_needs() {
        let number = "9".repeat(limits::RENDER_DIGITS);
        assert!(!may_grow(&format!("{{{{ 'x' * {number} }}}}")));
        assert!(may_grow(&format!("{{{{ 'x' * {number}9 }}}}")));
    }

    #[test]
    fn what_repeats_doubles_or_calls_itself_grows() {
        for template in [
            "{{ 'x' * 100000 }}",
            "{{ 'x' * 1_000_00 }}",
            "{{ '%10000d' | format(1) }}",
            "{{ '{:10000}'.format(1) }}",
            "{% macro f() %}{{ f() }}{% endmacro %}",
            "{% for a in x recursive %}{{ loop(a) }}{% endfor %}",
            "{{ ('%' ~ 9 * 9 ~ 'd') | format(1) }}",
        ] {
            assert!(may_grow(template), "{template}");
        }
        assert!(may_grow(&format!("{{% set a = 'x' %}}{}", "{% set a = a ~ a %}".repeat(limits::RENDER_JOINS + 1))));
        assert!(!may_grow(&format!("{{% set a = 'x' %}}{}", "{% set a = a ~ a %}".repeat(limits::RENDER_JOINS))));
    }
}
