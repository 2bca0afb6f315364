//! Text made safe to show: on a terminal, and as a word for a shell.

/// Text that came from a log or a file, safe to show: control characters, escape sequences and the marks that reorder
/// text become visible signs.
#[must_use]
pub fn printable(text: &str) -> String {
    // Nearly every text: nothing in it has to be looked at letter by letter.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars()
        .map(|letter| match letter {
            '\t' => ' ',
            '\n' => '⏎',
            letter if is_obeyed(letter) => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// Whether a terminal obeys a character, or shows the text around it in another order or not at all.
pub(crate) fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Lines for a terminal: line breaks, tabs and colours stay, everything else that a terminal obeys becomes a visible sign.
#[must_use]
pub fn on_terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // Nearly all of a text, up to the next colour.
        let plain = rest.bytes().take_while(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~')).count();
        let (plain, other) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut letters = other.chars();
        match letters.next() {
            Some('\u{1b}') if begins_with_colour(letters.as_str()) => out.push('\u{1b}'),
            Some(letter) => out.push(if is_obeyed(letter) { '\u{fffd}' } else { letter }),
            None => {}
        }
        rest = letters.as_str();
    }
    out
}

/// Whether this is what stands behind the escape of a colour.
fn begins_with_colour(text: &str) -> bool {
    text.strip_prefix('[').is_some_and(|rest| {
        rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';').starts_with('m')
    })
}

/// A word a POSIX shell reads as exactly `text`. What a terminal would not show is written in escapes, which the shell of
/// a management node, bash, knows, and every shell of POSIX from 2024 on.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,@%+".contains(&byte));
    if plain {
        return text.to_owned();
    }
    if !text.contains(is_obeyed) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::from("$'");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => word.extend(['\\', letter]),
            // Three octal digits each: what follows is never taken for a part of them.
            letter if is_obeyed(letter) => {
                let mut bytes = [0; 4];
                word.extend(letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\{byte:03o}")));
            }
            letter => word.push(letter),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_words_stay_one_word() {
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's $(rm -rf /)"), "'it'\\''s $(rm -rf /)'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("a\n'\\\u{202e}7"), "$'a\\012\\'\\\\\\342\\200\\2567'");
        assert_eq!(shell_word("compute-1.0.x86_64"), "compute-1.0.x86_64");
    }

    #[test]
    fn escape_sequences_and_direction_marks_are_neutralised() {
        assert_eq!(printable("a\u{1b}[31mb\rc\u{202e}d\ne"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d⏎e");
    }
}
