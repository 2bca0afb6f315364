//! Makes one text of all sources of a run, the best first, and ties its images to the items of the bootprep file.

use std::cell::LazyCell;

use crate::limits;
use crate::sat::ImageText;

use super::assignment::{are_too_many, assign};
use super::run::Run;
use super::stage::Sessions;
use super::{Context, Problem};

impl Run {
    /// Makes one text of all sources and ties its images to the items of the bootprep file.
    pub(super) fn settle(&mut self, context: &Context, sessions: &Sessions, problems: &mut Vec<Problem>) {
        for (_, source) in self.take_sources() {
            if self.text.is_empty() && self.text.images().is_empty() && self.text.errors.is_empty() {
                self.text = source;
                continue;
            }
            for found in self.text.absorb(*source) {
                let (better, at) = found.better;
                let (other, other_at) = found.other;
                problems.push(Problem::new(
                    "sources-disagree",
                    format!("the logs disagree on {}: {better} against {other}; the first is taken, it stands in the better source", found.what),
                    vec![at, other_at],
                ));
            }
        }
        self.session = sessions.full(self.session.as_deref(), self.workflow.as_deref());
        if let (Some(own), Some((said, place))) = (&self.operation, &self.text.operation)
            && own != said
        {
            problems.push(Problem::new(
                "sources-disagree",
                format!("the step belongs to operation {own}, its log speaks of {said}"),
                vec![*place],
            ));
        }
        self.operation =
            self.operation.take().or_else(|| self.text.operation.as_ref().map(|(operation, _)| operation.clone()));
        if self.status.as_deref() == Some("Succeeded") {
            self.text.step_succeeded();
        }
        self.tie_items(context, problems);
        self.name_unnamed(problems);
        self.warn_of_ids(problems);
        if self.text.dropped > 0 {
            problems.push(Problem::new(
                "too-many-facts",
                format!(
                    "{} facts of run {} were not kept; they are more than a run can have",
                    self.text.dropped,
                    self.pod.as_deref().unwrap_or("whose pod is not known")
                ),
                Vec::new(),
            ));
        }
    }

    /// Ids that were lost, or that two lines give differently.
    fn warn_of_ids(&self, problems: &mut Vec<Problem>) {
        let key = LazyCell::new(|| self.key().map(|key| format!("; the log in S3 has it: {key}")).unwrap_or_default());
        for image in self.text.images() {
            if let Some(place) = image.lost_id {
                let message =
                    format!("the step succeeded, and the line with the id of image {} was lost{}", image.name, *key);
                problems.push(Problem::new("id-lost", message, vec![place]));
            }
            if let (Some((other, other_at)), Some((id, at))) = (image.other_id.as_deref(), &image.created) {
                let message = format!(
                    "image {} has the ids {other} and {id} in lines of one step: they are of two attempts, and neither is taken{}",
                    image.name, *key
                );
                problems.push(Problem::new("ids-differ", message, vec![*other_at, *at]));
            }
        }
    }

    fn tie_items(&mut self, context: &Context, problems: &mut Vec<Problem>) {
        if self.text.images().is_empty() && self.text.items.is_empty() {
            return;
        }
        if are_too_many(&self.text, context.bootprep.as_ref().map(|(_, bootprep)| bootprep)) {
            let message = format!(
                "run {}: more than {} images; they are not matched with the items of the bootprep file, so what only that would prove stays open",
                self.pod.as_deref().unwrap_or("whose pod is not known"),
                limits::ASSIGNMENT_ITEMS
            );
            problems.push(Problem::new("too-many-facts", message, Vec::new()));
        } else if let Some((path, bootprep)) = &context.bootprep {
            let file = Some((bootprep, &context.variables));
            self.assignment = assign(&self.text, file);
            if self.assignment.is_none()
                && let Some((assignment, text)) =
                    self.text.with_built_images_apart().and_then(|text| Some((assign(&text, file)?, text)))
            {
                *self.text = text;
                self.assignment = Some(assignment);
            }
            let same_name = |file: &str| file.rsplit('/').next() == path.rsplit('/').next();
            if let (None, Some((file, place))) = (&self.assignment, &self.text.input_file)
                && same_name(file)
            {
                problems.push(Problem::new("bootprep-mismatch", format!("{path} is not the file this run used ({file}), or has been changed since, or the variables differ: its images do not fit the log. The log alone is used"), vec![*place]));
            }
        }
        if self.assignment.is_none() {
            self.assignment = assign(&self.text, None);
        }
    }

    /// SAT has failures that name no image. What the other lines prove of them is added.
    fn name_unnamed(&mut self, problems: &mut Vec<Problem>) {
        let Some(assignment) = &self.assignment else { return };
        let unnamed =
            self.text.given_up.iter().filter(|known| known.image.is_none() && known.reason != "creation failed");
        let (mut told, mut open) = (Vec::new(), Vec::new());
        for given_up in unnamed {
            match assignment.image_of(given_up.index) {
                Some(image) => told.push((image, given_up.reason.clone(), given_up.place)),
                None => open.push((given_up.index, given_up.place)),
            }
        }
        let refused = &self.text.builds_refused;
        if !refused.is_empty() {
            let builds = assignment.unnamed_builds();
            if builds.len() == refused.len() {
                told.extend(
                    builds.into_iter().zip(refused).map(|(image, (reason, place))| (image, reason.clone(), *place)),
                );
            } else {
                let message = format!(
                    "IMS refused {} builds, and SAT does not say of which images; the items of the bootprep file without an image are the ones",
                    refused.len()
                );
                problems.push(Problem::new(
                    "image-unnamed",
                    message,
                    refused.iter().map(|(_, place)| *place).collect(),
                ));
            }
        }
        for (index, place) in open {
            problems.push(Problem::new(
                "image-unnamed",
                format!("the item at index {index} of the bootprep file's images failed, and no line tells its name"),
                vec![place],
            ));
        }
        for (image, reason, place) in told {
            self.text.give_up(&image, &reason, place);
        }
    }

    /// The configuration of an image: as the log has it, or the bootprep file.
    pub(super) fn configuration_of(&self, text: &ImageText) -> Option<String> {
        let row = text.row.as_ref().filter(|_| text.unconfigured.is_none());
        let logged = text.configuration.as_deref().or(row.and_then(|row| row.configuration.as_ref()));
        logged.map(|(name, _)| name.clone()).or_else(|| self.assignment.as_ref()?.configuration(&text.name))
    }
}
