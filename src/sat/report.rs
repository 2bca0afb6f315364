//! The report SAT prints as its last action, read row by row, because a line of another stream may fall into it.

use foldhash::HashSet;

use crate::evidence::Place;
use crate::fact::Fact;
use crate::image_id::ImageId;
use crate::limits;

use super::Placed;

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// `configurations`, `images`, `session_templates`, or one of these with `skipped_`.
    pub section: String,
    /// The rendered name.
    pub name: String,
    /// The line of the name.
    pub place: Place,
    /// It has the fields of an image; rows of configurations and templates have not.
    pub of_image: bool,
    /// The id before configuration.
    pub preconfigured_id: Option<Placed<ImageId>>,
    /// The id; absent in rows of images that were never made.
    pub final_id: Option<Placed<ImageId>>,
    /// The configuration.
    pub configuration: Option<Placed<String>>,
    /// The groups; `None` for an unconfigured image.
    pub groups: Option<Vec<String>>,
}

/// Puts rows together from their lines.
#[derive(Debug, Clone, Default)]
pub(super) struct ReportReader {
    section: Option<String>,
    row: Option<ReportRow>,
    /// The place of the last field in the order in which SAT prints them.
    field: u8,
    copies: HashSet<u64>,
}

/// Whether a fact is a line of the report.
pub(super) fn is_of_report(fact: &Fact<'_>) -> bool {
    matches!(fact, Fact::ReportSection { .. } | Fact::ReportName { .. }) || place_in_row(fact).is_some()
}

/// The place of a field in a row; `None` for a line that is no field.
fn place_in_row(fact: &Fact<'_>) -> Option<u8> {
    match fact {
        Fact::ReportPreconfigured { .. } => Some(1),
        Fact::ReportFinal { .. } => Some(2),
        Fact::ReportConfiguration { .. } => Some(3),
        Fact::ReportGroups { .. } => Some(4),
        Fact::ReportGroup { .. } => Some(5),
        _ => None,
    }
}

impl ReportReader {
    /// Takes a line; gives the row before, when the line ends it.
    pub(super) fn take(&mut self, fact: Fact<'_>, place: Place, copy: Option<u64>) -> Option<ReportRow> {
        if let Some(copy) = copy {
            let full = self.copies.len() >= limits::REPORT_LINES;
            let known = if full { self.copies.contains(&copy) } else { !self.copies.insert(copy) };
            if known {
                return None;
            }
        }
        match fact {
            Fact::ReportSection { section } => {
                self.section = Some(section.into_owned());
                return self.row.take();
            }
            Fact::ReportName { name } => {
                self.field = 0;
                let before = self.row.take();
                self.row = text_value(&name).map(|name| ReportRow {
                    section: self.section.clone().unwrap_or_default(),
                    name,
                    place,
                    of_image: false,
                    preconfigured_id: None,
                    final_id: None,
                    configuration: None,
                    groups: None,
                });
                return before;
            }
            _ => {}
        }
        let field = place_in_row(&fact)?;
        // A field that does not come after the last one is of a row whose name was lost: a line of another stream fell
        // into it. Its id must not become that of the row before.
        if field < self.field || (field == self.field && field != 5) || (field == 5 && self.field < 4) {
            return self.row.take();
        }
        self.field = field;
        let row = self.row.as_mut()?;
        row.of_image |= matches!(fact, Fact::ReportPreconfigured { .. } | Fact::ReportFinal { .. });
        match fact {
            Fact::ReportPreconfigured { value } => row.preconfigured_id = id_value(&value, place),
            Fact::ReportFinal { value } => {
                row.final_id = id_value(&value, place);
                // Only image rows have this field, so it tells the section where that line was lost.
                if row.section.is_empty() {
                    row.section = "images".into();
                }
            }
            Fact::ReportConfiguration { value } => row.configuration = text_value(&value).map(|name| (name, place)),
            Fact::ReportGroups { value } if value.trim() != "null" => row.groups = Some(Vec::new()),
            Fact::ReportGroup { value } => {
                if let (Some(groups), Some(group)) = (&mut row.groups, text_value(&value))
                    && groups.len() < limits::RUN_ITEMS
                {
                    groups.push(group);
                }
            }
            _ => {}
        }
        None
    }

    /// The last row.
    pub(super) fn finish(&mut self) -> Option<ReportRow> {
        self.row.take()
    }
}

fn id_value(value: &str, place: Place) -> Option<Placed<ImageId>> {
    text_value(value)?.try_into().ok().map(|id| (id, place))
}

/// The text of a JSON string or of a YAML scalar; nothing for null and for half a string.
fn text_value(value: &str) -> Option<String> {
    let value = value.trim();
    match value.as_bytes().first()? {
        b'"' => serde_json::from_str(value).ok(),
        b'\'' => Some(value.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'")),
        _ if matches!(value, "null" | "~" | "None") => None,
        _ => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FileId;

    #[test]
    fn a_second_copy_says_nothing_new_whether_its_lines_are_known_again_or_not() {
        let place = Place { file: FileId(0), line: 1 };
        let name = |row: u64| Fact::ReportName { name: format!("\"x{row}\"").into() };
        let rows = limits::REPORT_LINES as u64 + 1;
        let mut reader = ReportReader::default();
        let mut names = Vec::new();
        for row in (0..rows).chain([0, rows - 1]) {
            names.extend(reader.take(name(row), place, Some(row)).map(|row| row.name));
        }
        names.extend(reader.finish().map(|row| row.name));
        // The first line is known again; the one beyond the bound is not, and is the row it was.
        assert_eq!(names.len() as u64, rows + 1);
        assert_eq!(names[names.len() - 2..], [format!("x{}", rows - 1), format!("x{}", rows - 1)]);
    }
}
