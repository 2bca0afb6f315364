//! A page as a browser takes it apart: its tags with their attributes, and its text.

/// A page, taken apart.
#[derive(Debug, Default)]
pub struct Html {
    /// The tags in order; an end tag begins with a slash.
    pub tags: Vec<Tag>,
    /// What stands between the tags, entities written out, joined by blanks.
    pub text: String,
    /// What stands in `style` and `script`.
    pub raw: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Html {
    /// Takes a page apart. What is no tag in the form the templates write is a defect.
    pub fn parse(page: &str) -> Self {
        let mut html = Self::default();
        let mut rest = page;
        while let Some(at) = rest.find('<') {
            html.say(&rest[..at]);
            let inner = &rest[at + 1..];
            let end = end_of_tag(inner).unwrap_or_else(|| panic!("a tag without an end: {:.80}", inner));
            let tag = tag(&inner[..end]);
            rest = &inner[end + 1..];
            if tag.name == "style" || tag.name == "script" {
                let close = format!("</{}>", tag.name);
                let at = rest.find(&close).unwrap();
                html.raw.push((tag.name.clone(), rest[..at].to_owned()));
                rest = &rest[at..];
            }
            html.tags.push(tag);
        }
        html.say(rest);
        html
    }

    fn say(&mut self, text: &str) {
        assert!(!text.contains('>'), "a bare '>' in {text:?}");
        let text = decoded(text);
        let words: Vec<&str> = text.split_whitespace().collect();
        if !words.is_empty() {
            self.text += &words.join(" ");
            self.text.push(' ');
        }
    }

    /// The names of the tags in order.
    pub fn skeleton(&self) -> Vec<&str> {
        self.tags.iter().map(|tag| tag.name.as_str()).collect()
    }

    /// The tags of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }
}

fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, letter)| {
        quoted ^= letter == '"';
        (letter == '>' && !quoted).then_some(at)
    })
}

fn tag(text: &str) -> Tag {
    let name_end = text.find(|letter: char| letter.is_whitespace()).unwrap_or(text.len());
    let mut rest = text[name_end..].trim().trim_end_matches('/').trim_end();
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        let Some(value) = rest[end..].strip_prefix("=\"") else {
            attributes.push((name, String::new()));
            rest = rest[end..].trim_start();
            continue;
        };
        let close = value.find('"').unwrap();
        attributes.push((name, decoded(&value[..close])));
        rest = value[close + 1..].trim_start();
    }
    Tag { name: text[..name_end].trim_end_matches('/').to_owned(), attributes }
}

fn decoded(text: &str) -> String {
    let mut out = text.to_owned();
    for (entity, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        out = out.replace(entity, letter);
    }
    out
}
