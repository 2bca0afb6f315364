//! Thousands of bootprep files, written in every style, rewritten with random pins. Each file is made of pieces of which
//! the test knows whether they go, stay or change, so the expected result is known to the byte.

use incfg::bootprep::variables::Variables;
use incfg::rewrite::{Options, Pin, rewrite};

use crate::harness::{BASE_ID, FINAL_ID, OTHER_ID};

/// A small generator of numbers; the same files on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

enum Piece {
    Stays(String),
    /// Goes with the image of this number.
    Of(usize, String),
    /// Becomes an id when the image of this number goes: as written before and after, with `ID` for the id.
    Refers(usize, String, String),
}

/// The entry that is the owner of a piece, when it stands inside one.
type Owner = Option<usize>;

struct File {
    pieces: Vec<Piece>,
    images: usize,
}

const IDS: [&str; 3] = [BASE_ID, FINAL_ID, OTHER_ID];

fn quoted(random: &mut Random, text: &str) -> String {
    match random.below(3) {
        0 => format!("\"{text}\""),
        1 => format!("'{text}'"),
        _ => text.to_owned(),
    }
}

/// A reference in flow or block style, and what it becomes. The first line has been indented already.
fn reference(random: &mut Random, key: &str, column: usize, to: usize, fields: &str) -> (String, String) {
    let name = quoted(random, &format!("ref.{to}"));
    let comment = random.pick(&["", "", "  # why", " # ä€"]);
    let flow: Vec<String> = fields.split(' ').map(|field| field.replace('=', ": ")).collect();
    if random.one_in(3) {
        let spaces = random.pick(&["", " "]);
        return (
            format!("{key}: {{{spaces}image_ref: {name}{spaces}}}{comment}\n"),
            format!("{key}: {{{spaces}ims: {{{}}}{spaces}}}{comment}\n", flow.join(", ")),
        );
    }
    let step = if random.one_in(3) { 4 } else { 2 };
    let (inner, deeper) = (" ".repeat(column + step), " ".repeat(column + 2 * step));
    let lines: Vec<String> = flow.iter().map(|field| format!("{deeper}{field}")).collect();
    (
        format!("{key}:\n{inner}image_ref: {name}{comment}\n"),
        format!("{key}:\n{inner}ims:\n{}{comment}\n", lines.join("\n")),
    )
}

fn file(random: &mut Random) -> File {
    let images = 1 + random.below(5);
    let mut pieces = vec![Piece::Stays(random.pick(&["", "---\n", "# header\n\n", "---\n# header ä\n"]).to_owned())];
    let mut sections = vec![0, 1, 2];
    for at in 0..sections.len() {
        let other = random.below(sections.len());
        sections.swap(at, other);
    }
    for section in sections {
        match section {
            0 => pieces.push(Piece::Stays(
                random
                    .pick(&[
                        "schema_version: 1.0.6\n",
                        "schema_version: '1.0.6' # s\n",
                        "configurations: []\n",
                        "configurations:\n- name: c # x\n  layers: []\n\n",
                    ])
                    .to_owned(),
            )),
            1 => image_list(random, images, &mut pieces),
            _ => template_list(random, images, &mut pieces),
        }
    }
    File { pieces, images }
}

fn image_list(random: &mut Random, images: usize, pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Stays("images:".into()));
    pieces.push(Piece::Stays(random.pick(&["\n", "  # all of them\n"]).to_owned()));
    let indent = random.pick(&["", "  ", "    "]);
    for image in 0..images {
        if random.one_in(4) {
            pieces.push(Piece::Stays(format!("{indent}#- name: out of use\n{indent}#  ref_name: old.{image}\n")));
        }
        if random.one_in(3) {
            pieces.push(Piece::Of(image, format!("{indent}# about image {image}\n")));
        }
        let column = indent.len() + 2;
        let inner = " ".repeat(column);
        let base = (image > 0 && random.one_in(2)).then(|| random.below(image));
        let mut fields = vec![
            vec![Piece::Of(image, format!("name: {}\n", quoted(random, &format!("image {image} ä"))))],
            vec![Piece::Of(image, format!("ref_name: {}\n", quoted(random, &format!("ref.{image}"))))],
            match base {
                Some(base) => {
                    let (before, after) = reference(random, "base", column, base, "id=ID type=image");
                    vec![Piece::Refers(base, before, after)]
                }
                None => vec![Piece::Of(image, format!("base:\n{inner}  product: {{name: cos, type: recipe}}\n"))],
            },
        ];
        if random.one_in(2) {
            let style = random.pick(&["|", ">-", "|-"]);
            fields.push(vec![Piece::Of(
                image,
                format!("description: {style}\n{inner}  a text # no comment\n{inner}  image_ref: no reference\n"),
            )]);
        }
        if random.one_in(2) {
            fields.push(vec![Piece::Of(
                image,
                format!(
                    "configuration: c{image}\n{inner}configuration_group_names:\n{inner}- Compute\n{inner}  # deeper\n"
                ),
            )]);
        }
        for at in 0..fields.len() {
            let other = random.below(fields.len());
            fields.swap(at, other);
        }
        for (at, field) in fields.into_iter().enumerate() {
            let lead = if at == 0 { format!("{indent}- ") } else { inner.clone() };
            pieces.push(Piece::Of(image, lead));
            pieces.extend(field.into_iter().map(|piece| within(image, piece)));
        }
        if random.one_in(3) {
            pieces.push(Piece::Of(image, format!("{inner}# the end of image {image}\n")));
        }
        if random.one_in(3) {
            pieces.push(Piece::Stays("\n".repeat(1 + random.below(2))));
        }
    }
}

/// A reference inside an image goes with that image, whatever it refers to: it is marked by both.
fn within(image: usize, piece: Piece) -> Piece {
    match piece {
        Piece::Refers(to, before, after) => Piece::Refers(image * 100 + to + 1000, before, after),
        other => other,
    }
}

fn template_list(random: &mut Random, images: usize, pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Stays("session_templates:\n".into()));
    let indent = random.pick(&["", "  "]);
    for template in 0..1 + random.below(3) {
        pieces.push(Piece::Stays(format!("{indent}- name: template {template}\n{indent}  ")));
        let to = random.below(images);
        let (before, after) = reference(random, "image", indent.len() + 2, to, "id=ID");
        pieces.push(Piece::Refers(to, before, after));
        pieces.push(Piece::Stays(format!(
            "{indent}  configuration: c\n{indent}  bos_parameters: {{boot_sets: {{c: {{arch: X86}}}}}}\n"
        )));
    }
}

impl Piece {
    /// The image it goes with, and the one it refers to.
    fn ties(&self) -> (Owner, Owner) {
        match self {
            Self::Stays(_) => (None, None),
            Self::Of(image, _) => (Some(*image), None),
            Self::Refers(to, ..) if *to >= 1000 => (Some((to - 1000) / 100), Some((to - 1000) % 100)),
            Self::Refers(to, ..) => (None, Some(*to)),
        }
    }

    fn text(&self, gone: &[Option<&str>]) -> String {
        let (owner, target) = self.ties();
        if owner.is_some_and(|owner| gone[owner].is_some()) {
            return String::new();
        }
        match (self, target.and_then(|target| gone[target])) {
            (Self::Refers(_, _, after), Some(id)) => after.replace("ID", id),
            (Self::Refers(_, before, _), None) => before.clone(),
            (Self::Stays(text) | Self::Of(_, text), _) => text.clone(),
        }
    }
}

/// The file as written, or as it must become.
fn written(file: &File, gone: &[Option<&str>]) -> String {
    let none_left = gone.iter().all(Option::is_some);
    file.pieces
        .iter()
        .map(|piece| piece.text(gone))
        .map(|text| if none_left && text == "images:" { "images: []".to_owned() } else { text })
        .collect()
}

/// How the bytes of a file may differ without its meaning doing so.
fn encoded(text: &str, style: usize) -> Vec<u8> {
    let text = if style & 1 == 0 { text.to_owned() } else { text.replace('\n', "\r\n") };
    if style & 4 == 0 { text.into_bytes() } else { format!("\u{feff}{text}").into_bytes() }
}

/// The file without a line break at its end, as written and as it must become. It stays one, also when only blank lines
/// are left there; but a block of text that has become the last in the file keeps the line break it had.
fn open_ended(file: &File, pinned: &[Option<&str>]) -> (String, String) {
    let all = vec![None; file.images];
    let (before, after) = (written(file, &all), written(file, pinned));
    let last = |gone: &[Option<&str>]| file.pieces.iter().rposition(|piece| !piece.text(gone).trim().is_empty());
    let is_text = after.rsplit("description: ").next().is_some_and(|text| {
        text.starts_with("|\n") && text.trim_end().ends_with("image_ref: no reference") && after.len() > text.len()
    });
    let open = before.trim_end_matches('\n');
    // The first of the line breaks that are not there was that of the last line, the others made blank lines.
    let blank = before.len() - open.len() - 1;
    let after = match is_text && last(&all) != last(pinned) {
        true => &after[..after.len() - blank],
        false => after.trim_end_matches('\n'),
    };
    (open.to_owned(), after.to_owned())
}

#[test]
fn every_byte_but_the_touched_ones_stays_whatever_the_style() {
    let mut random = Random(20_240_614);
    for round in 0..4_000 {
        let file = file(&mut random);
        let style = random.below(8);
        let pinned: Vec<Option<&str>> =
            (0..file.images).map(|_| random.one_in(2).then(|| IDS[random.below(IDS.len())])).collect();
        let (before, after) = match style & 2 {
            0 => (written(&file, &vec![None; file.images]), written(&file, &pinned)),
            _ => open_ended(&file, &pinned),
        };
        let (before, after) = (encoded(&before, style), encoded(&after, style));
        let pins: Vec<Pin> = pinned
            .iter()
            .enumerate()
            .filter_map(|(image, id)| Some(Pin { image: format!("ref.{image}"), id: (*id)?.parse().unwrap() }))
            .collect();
        let result = rewrite("file.yaml", &before, &pins, &Variables::default(), &Options::default());
        let result =
            result.unwrap_or_else(|error| panic!("round {round}: {error}\n{}", String::from_utf8_lossy(&before)));
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            shown(&result.text.to_bytes()),
            shown(&after),
            "round {round}, pins {pinned:?} in\n{}",
            shown(&before)
        );
    }
}

#[test]
fn a_file_of_five_megabytes_is_rewritten() {
    let mut text = String::from("images:\n");
    for image in 0..30_000 {
        text += &format!(
            "- name: image-{image}\n  ref_name: ref.{image}\n  base:\n    image_ref: ref.0\n  configuration: configuration-{image}\n  configuration_group_names:\n  - Compute # {:40}\n",
            ""
        );
    }
    assert!(text.len() > 5 << 20);
    let pins = [Pin { image: "ref.0".into(), id: BASE_ID.parse().unwrap() }];
    let result = rewrite("file.yaml", text.as_bytes(), &pins, &Variables::default(), &Options::default()).unwrap();
    assert_eq!(result.text.as_str().matches(BASE_ID).count(), 29_999);
}
