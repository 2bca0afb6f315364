//! What can be told of a text only with all of its lines at hand.

use foldhash::HashMap;

use crate::positions::ByName;

use super::{ImageText, PRE_CONFIGURATION, SatText, name_of};

impl SatText {
    /// Ends the reading: what could only be told with everything at hand.
    pub fn finish(&mut self) {
        if let Some(row) = self.reading.take().and_then(|reading| reading.report?.finish()) {
            self.add_row(row);
        }
        self.join_cut_names();
        self.join_built_images();
        for text in self.images.iter_mut().filter(|_| self.announces_wrong_sessions) {
            if text.session_seen.is_none() {
                text.session_created = None;
            }
        }
        self.configurations.drop_cut();
        self.templates.drop_cut();
    }

    /// A name with a line break stands cut in some lines: what they say belongs to the full name.
    fn join_cut_names(&mut self) {
        let mut full: HashMap<String, String> = HashMap::default();
        for name in self.images.iter().map(|text| &text.name).filter(|name| !name.ends_with(PRE_CONFIGURATION)) {
            if let Some((head, _)) = name.split_once('\n') {
                full.entry(head.to_owned()).or_insert_with(|| name.clone());
            }
        }
        let cut = self.take_out(|text| {
            text.created.is_none() && text.failed.is_none() && text.row.is_none() && full.contains_key(&text.name)
        });
        for text in cut {
            let Some(whole) = full.get(&text.name) else { continue };
            let first = text.first;
            self.with(whole, first, |known| {
                known.absorb(text);
                known.first = known.first.min(first);
            });
        }
    }

    /// `N-pre-configuration` is the built form of N, unless it is a name of its own: then it has a session, or a line
    /// says that it needs no configuration.
    fn join_built_images(&mut self) {
        let built = self.take_out(|text| {
            text.name.strip_suffix(PRE_CONFIGURATION).is_some_and(|stem| !stem.is_empty())
                && !text.customized()
                && text.unconfigured.is_none()
                && text.row.is_none()
                && text.skipped.is_none()
        });
        let mut renamed = HashMap::default();
        for text in built {
            let Some(configured) = text.name.strip_suffix(PRE_CONFIGURATION) else { continue };
            self.with(configured, text.first, |whole| {
                whole.built = text.created;
                whole.build_failed = text.failed;
                whole.first = whole.first.min(text.first);
            });
            renamed.insert(text.name.clone(), configured.to_owned());
        }
        self.rename_given_up(&renamed);
    }

    /// The same text with images called `...-pre-configuration` as images of their own, for a bootprep file that has
    /// such a name. `None` when there is none that could be one.
    #[must_use]
    pub fn with_built_images_apart(&self) -> Option<Self> {
        let apart = |text: &ImageText| {
            (text.built.is_some() || text.build_failed.is_some())
                && !text.customized()
                && text.created.is_none()
                && text.row.is_none()
        };
        if !self.images.iter().any(apart) {
            return None;
        }
        let mut whole = self.clone();
        let mut renamed = HashMap::default();
        for joined in whole.take_out(apart) {
            let own = format!("{}{PRE_CONFIGURATION}", joined.name);
            whole.with(&own, joined.first, |text| {
                text.created = joined.built;
                text.failed = joined.build_failed;
            });
            renamed.insert(joined.name, own);
        }
        whole.rename_given_up(&renamed);
        Some(whole)
    }

    fn rename_given_up(&mut self, renamed: &HashMap<String, String>) {
        for name in self.given_up.iter_mut().filter_map(|known| known.image.as_mut()) {
            if let Some(new) = renamed.get(name) {
                name.clone_from(new);
            }
        }
    }

    /// Takes images out, all in one go: one by one, thousands would take long.
    fn take_out(&mut self, goes: impl Fn(&ImageText) -> bool) -> Vec<ImageText> {
        if !self.images.iter().any(&goes) {
            return Vec::new();
        }
        let (gone, kept) = std::mem::take(&mut self.images).into_iter().partition(goes);
        self.images = kept;
        self.by_name = ByName::of(&self.images, name_of);
        gone
    }
}
