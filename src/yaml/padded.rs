//! A text with blanks put in for the parser, and the way back to the places of the text itself.

use std::borrow::Cow;

/// A text with blanks in it that are not there.
pub(super) struct Padded<'a> {
    text: &'a str,
    padded: Cow<'a, str>,
    pads: Vec<Pad>,
}

/// Blanks before a byte of the text.
#[derive(Clone, Copy)]
struct Pad {
    at: usize,
    width: usize,
    /// Where they begin in the padded text.
    start: usize,
}

impl<'a> Padded<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, padded: Cow::Borrowed(text), pads: Vec::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.padded
    }

    /// How many blanks are in it.
    pub(super) fn blanks(&self) -> usize {
        self.padded.len() - self.text.len()
    }

    /// Puts blanks before bytes of the text: twice as many as there are, where there are some.
    pub(super) fn pad(&mut self, places: &[usize], width: usize) {
        for at in places {
            let place = self.pads.partition_point(|pad| pad.at < *at);
            match self.pads.get_mut(place) {
                Some(pad) if pad.at == *at => pad.width *= 2,
                _ => self.pads.insert(place, Pad { at: *at, width, start: 0 }),
            }
        }
        let mut padded = String::with_capacity(2 * self.padded.len());
        let mut done = 0;
        for pad in &mut self.pads {
            padded.push_str(self.text.get(done..pad.at).unwrap_or_default());
            pad.start = padded.len();
            padded.extend(std::iter::repeat_n(' ', pad.width));
            done = pad.at;
        }
        padded.push_str(self.text.get(done..).unwrap_or_default());
        self.padded = Cow::Owned(padded);
    }

    /// The place in the text of a place in the padded text.
    pub(super) fn original(&self, offset: usize) -> usize {
        let behind = self.pads.partition_point(|pad| pad.start <= offset);
        match behind.checked_sub(1).and_then(|last| self.pads.get(last)) {
            Some(pad) => pad.at + offset.saturating_sub(pad.start + pad.width),
            None => offset,
        }
    }
}
