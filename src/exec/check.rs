//! What has to hold before a session is created, and of a session before anything is believed of it.

use crate::cfs::Session;
use crate::plan::step::At;
use crate::plan::{Attempt, Concern, PlannedConfiguration};
use crate::shown::shell_word;

use super::{Event, Executor, Halt, Stop};

impl Executor<'_> {
    /// What has to hold before a session is created.
    pub(super) fn check(&mut self, at: At, attempt: &Attempt, learn: bool) -> Result<(), Halt> {
        let base = &attempt.base_id;
        let found = self.image(base)?;
        let track = self.store.plan().get(at).0;
        let unfit = match &found {
            None => Some("is not in IMS. It was deleted since, perhaps by a restart".to_owned()),
            Some(image) => track.misfit(image).map(|misfit| misfit.to_string()),
        };
        if let Some(why) = unfit {
            return Err(Halt::Dead(
                Concern::Image,
                format!(
                    "image {base}, on which the step begins, {why}; nothing was created\n{}",
                    self.another_base(at)
                ),
            ));
        }
        if let (None, Some(arch), true) = (&track.arch, found.and_then(|image| image.arch), learn) {
            let mut plan = self.store.plan().clone();
            if let Some(track) = plan.images.get_mut(at.track) {
                track.arch = Some(arch);
            }
            self.store.save(plan, "the architecture of the base image")?;
        }
        let planned = self.store.plan().get(at).0.configuration.clone();
        let Some(now) = self.configuration(&planned.name)? else {
            let track = self.store.plan().get(at).0;
            return Err(Halt::Dead(
                Concern::Configuration,
                format!(
                    "configuration {} does not exist any more; nothing was created\ncreate it again with the same layers and commits, then incfg run goes on; or make a new plan with another: incfg plan ... --image {} --configuration NAME --base-image-id {}",
                    planned.name,
                    shell_word(track.label()),
                    track.base_image.id
                ),
            ));
        };
        if self.store.plan().change(&now).is_some() {
            let told = format!("{}\nnothing was created", self.changed(&now));
            return Err(Halt::Dead(Concern::Configuration, told));
        }
        if learn { Ok(self.written_anew(&now)?) } else { Ok(()) }
    }

    /// A configuration that was written with the same content: nothing has changed, and it is told once.
    pub(super) fn written_anew(&mut self, now: &PlannedConfiguration) -> Result<(), Stop> {
        let mut plan = self.store.plan().clone();
        if plan.written_anew(now) {
            (self.tell)(Event::Note(&format!(
                "configuration {} was written anew at {} with the same layers and commits",
                now.name,
                now.last_updated.as_deref().unwrap_or("an unknown time")
            )));
            self.store.save(plan, "when the configuration was written last")?;
        }
        Ok(())
    }

    /// What it means that the configuration is not as it was, and what settles it.
    pub(super) fn changed(&self, now: &PlannedConfiguration) -> String {
        let plan = self.store.plan();
        plan.change(now).map(|change| change.told(plan, &self.file())).unwrap_or_default()
    }

    /// What to do when the image a step begins with cannot be used.
    fn another_base(&self, at: At) -> String {
        let (track, _) = self.store.plan().get(at);
        let made_by = at.step.checked_sub(1).and_then(|before| track.steps.get(before)?.attempts.last());
        match made_by {
            Some(attempt) => {
                let file = self.file();
                format!(
                    "to do the step again that made it: incfg record {file} --give-up {}, then incfg run {file}",
                    attempt.session
                )
            }
            None => format!(
                "make a new plan with another base: incfg plan ... --image {} --base-image-id ID",
                shell_word(track.label())
            ),
        }
    }

    /// The plan as a shell takes it.
    pub(super) fn file(&self) -> String {
        shell_word(&self.store.shown().display().to_string())
    }

    pub(super) fn own(&self, at: At, attempt: &Attempt, session: &Session) -> Result<(), Halt> {
        self.is_own(at, attempt, session, false)
    }

    pub(super) fn is_own(&self, at: At, attempt: &Attempt, session: &Session, by_hand: bool) -> Result<(), Halt> {
        self.store.plan().is_own(at, attempt, session, by_hand).map_err(|foreign| {
            Halt::Dead(
                Concern::Session,
                format!("{foreign}. It was left alone; see who made it, and delete it if it is of no use"),
            )
        })
    }
}
