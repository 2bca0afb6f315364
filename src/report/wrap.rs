//! Lines of a table or a list, broken where the screen ends.

/// Narrower than this, breaking does more harm than good.
const NARROWEST: usize = 40;

/// How a command begins, wherever it is printed: in its colour.
const COMMAND: &str = "\u{1b}[36m";

/// Breaks lines that are longer than `columns` at blanks; what follows stands below the last column of the line, as far
/// as blanks tell where that begins. A word longer than a line stays whole, because it may be an id to copy, and so does
/// a command. Without columns nothing is broken: that is for files and programs.
#[must_use]
pub fn wrapped(text: &str, columns: Option<usize>) -> String {
    broken_lines(text, columns, hanging)
}

/// The same, where the rest of each line stands behind `indent` blanks.
#[must_use]
pub fn wrapped_behind(text: &str, columns: Option<usize>, indent: usize) -> String {
    broken_lines(text, columns, |_, _| indent)
}

fn broken_lines(text: &str, columns: Option<usize>, hanging: impl Fn(&str, usize) -> usize) -> String {
    let Some(columns) = columns.map(|columns| columns.max(NARROWEST)) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(COMMAND) || width(line.trim_end()) <= columns {
            out.push_str(line);
        } else {
            broken(&mut out, line, columns, hanging(line, columns));
        }
    }
    out
}

fn broken(out: &mut String, line: &str, columns: usize, hanging: usize) {
    let mut column = 0;
    let mut begun = false;
    for word in line.split_inclusive(' ') {
        let length = width(word.trim_end());
        if begun && length > 0 && column + length > columns && column > hanging {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(hanging));
            column = hanging;
        }
        out.push_str(word);
        column += width(word.trim_end_matches('\n'));
        begun |= length > 0;
    }
}

/// Where the rest of a line goes on: below its last column, behind its number, or where it began.
fn hanging(line: &str, columns: usize) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut at = 0;
    let number = line.trim_start().split_once(". ").map_or("", |(number, _)| number);
    let numbered = !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit());
    let mut last = if numbered { indent + number.len() + 2 } else { indent };
    let mut blanks = 0;
    for letter in visible(line) {
        if letter == ' ' {
            blanks += 1;
        } else {
            if blanks > 1 && at > indent {
                last = at;
            }
            blanks = 0;
        }
        at += 1;
        if at > columns / 2 {
            break;
        }
    }
    last
}

/// The columns that a text takes.
fn width(text: &str) -> usize {
    visible(text).count()
}

/// The letters of a text without the sequences that colour it.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let mut inside = false;
    text.chars().filter(move |letter| {
        let was = inside;
        inside = if was { *letter != 'm' } else { *letter == '\u{1b}' };
        !was && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_line_stands_below_its_last_column() {
        let row = "  begins with    c5e01698-9dea-448f-80aa-21dba7c0cbb6, the image of this run\n";
        let expected =
            "  begins with    c5e01698-9dea-448f-80aa-21dba7c0cbb6, the\n                 image of this run\n";
        assert_eq!(wrapped(row, Some(60)), expected);
        assert_eq!(wrapped(row, None), row);
        assert_eq!(wrapped(row, Some(200)), row);
    }

    #[test]
    fn prose_goes_on_where_it_began_and_words_stay_whole() {
        let id = "0123456789".repeat(5);
        assert_eq!(wrapped(&format!("a {id} b\n"), Some(40)), format!("a\n{id}\nb\n"));
        let step = " 1. The configuration has the layers and commits of the plan:\n";
        let expected = " 1. The configuration has the layers and\n    commits of the plan:\n";
        assert_eq!(wrapped(step, Some(40)), expected);
    }

    #[test]
    fn colours_take_no_room_and_commands_stay_whole() {
        let coloured = "\u{1b}[1mfourteen letters\u{1b}[0m and twenty-four more\n";
        assert_eq!(wrapped(coloured, Some(41)), coloured);
        let command = format!("      \u{1b}[36mcray {}\u{1b}[0m\n", "word ".repeat(30));
        assert_eq!(wrapped(&command, Some(40)), command);
    }
}
