//! Pages: one file that needs nothing beside it, says what the program knows, and stays text whatever the input.

mod analysis;
mod findings;
#[path = "../cli/harness.rs"]
#[allow(dead_code)]
mod harness;
mod hostile;
#[path = "../cli/hostile_names.rs"]
mod hostile_names;
mod html;
mod room;

use base64::Engine;
use sha2::Digest;

use html::Html;

/// What the templates write, and nothing else.
const TAGS: &[&str] = &[
    "!DOCTYPE",
    "a",
    "article",
    "bdi",
    "body",
    "caption",
    "code",
    "dd",
    "defs",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "input",
    "label",
    "legend",
    "li",
    "main",
    "mark",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pattern",
    "rect",
    "script",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "use",
];

const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "checked",
    "class",
    "content",
    "d",
    "data-copy",
    "dir",
    "focusable",
    "height",
    "href",
    "html",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "patternTransform",
    "patternUnits",
    "role",
    "rx",
    "scope",
    "tabindex",
    "title",
    "type",
    "value",
    "width",
    "x",
    "y",
];

/// What holds for every page: it is whole in itself, small, and made of nothing but what the templates write.
pub fn sound(page: &str) -> Html {
    assert!(page.len() <= incfg::limits::PAGE_BYTES, "{} bytes", page.len());
    let html = Html::parse(page);
    for tag in &html.tags {
        let name = tag.name.trim_start_matches('/');
        assert!(TAGS.contains(&name), "tag {name}");
        for (attribute, value) in &tag.attributes {
            assert!(ATTRIBUTES.contains(&attribute.as_str()), "attribute {attribute} of {name}");
            assert!(attribute != "href" || value.starts_with('#'), "{value}");
            assert!(attribute != "dir" || value == "ltr", "a sentence of incfg is read from left to right: {value}");
        }
    }
    let ids: Vec<&str> = html.tags.iter().filter_map(|tag| tag.get("id")).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(ids.len(), unique.len(), "an id stands twice");
    for tag in &html.tags {
        let links = [tag.get("href").map(|link| &link[1..]), tag.get("aria-labelledby")];
        for target in links.into_iter().flatten() {
            assert!(ids.contains(&target), "nothing has the id {target}");
        }
    }
    policy_holds(&html);
    headings_are_in_order(&html);
    let bare = page.chars().find(|letter| {
        (letter.is_control() && *letter != '\n')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    });
    assert_eq!(bare, None);
    html
}

/// The policy lets a browser use the style and the script of the page, and load nothing.
fn policy_holds(html: &Html) {
    let policy = html.all("meta").find(|tag| tag.get("http-equiv") == Some("Content-Security-Policy")).unwrap();
    let policy = policy.get("content").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(html.raw.len(), 2);
    for (name, text) in &html.raw {
        let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(text));
        assert!(policy.contains(&format!("{name}-src 'sha256-{hash}'")), "{policy}");
        assert!(!text.contains("http") && !text.contains("@import"), "{name} names something outside");
        let loads = text.matches("url(").count() - text.matches("url(#").count();
        assert_eq!(loads, 0, "{name} loads something");
    }
}

fn headings_are_in_order(html: &Html) {
    let level = |tag: &html::Tag| match tag.name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    };
    let levels: Vec<u8> = html.tags.iter().filter_map(level).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "a heading of level {} follows one of level {}", pair[1], pair[0]);
    }
}
