//! Which runs matter, and which logs of SAT are still to be fetched.

use super::{Analysis, ImageStatus, SatRun};

impl Analysis {
    /// Whether no later run of the same operation is known.
    #[must_use]
    pub fn is_newest(&self, run: usize) -> bool {
        let operation = self.sat_runs.get(run).and_then(|run| run.operation.as_ref());
        operation.is_none() || self.sat_runs.iter().skip(run + 1).all(|later| later.operation.as_ref() != operation)
    }

    /// The logs of runs that failed and are not at hand as S3 has them, newest first.
    #[must_use]
    pub fn logs_to_fetch(&self) -> Vec<&SatRun> {
        let wanted = |(at, run): &(usize, &SatRun)| {
            self.is_newest(*at) && run.went_wrong() && run.s3_key.is_some() && !self.has_main_log(run)
        };
        self.sat_runs.iter().enumerate().rev().filter(wanted).map(|(_, run)| run).collect()
    }

    /// The last run that is over and failed, with no later one of its operation.
    #[must_use]
    pub fn ended_badly_last(&self) -> Option<&SatRun> {
        let failed = |(at, run): &(usize, &SatRun)| self.is_newest(*at) && run.ended_badly();
        self.sat_runs.iter().enumerate().rev().find(failed).map(|(_, run)| run)
    }

    /// Whether the log of a run was given as S3 has it, not as `iuf` relayed it.
    #[must_use]
    pub fn has_main_log(&self, run: &SatRun) -> bool {
        run.local_log
            .as_ref()
            .is_some_and(|path| self.inputs.iter().any(|input| input.path == *path && input.kind == "main.log"))
    }
}

impl SatRun {
    /// Whether it failed, or left an image unfinished.
    #[must_use]
    pub fn went_wrong(&self) -> bool {
        let succeeded = self.status.as_deref() == Some("Succeeded");
        self.ended_badly()
            || self.images.iter().any(|image| match image.status {
                ImageStatus::Failed => !succeeded,
                status => status == ImageStatus::Unfinished,
            })
    }

    /// Whether it is over and failed: SAT goes on with other images when one has failed.
    #[must_use]
    pub fn ended_badly(&self) -> bool {
        match self.status.as_deref() {
            Some("Failed" | "Error") => true,
            Some("Succeeded") => false,
            _ => self.exit_code.is_some_and(|code| code != 0),
        }
    }

    /// A file name for its log. Two logs never go to one file: operation and the number of the pod tell them apart.
    #[must_use]
    pub fn log_file(&self) -> String {
        let number = self.pod.as_deref().and_then(|pod| pod.rsplit('-').next()).unwrap_or("0");
        format!("{}-{number}.main.log", self.operation.as_deref().unwrap_or("sat"))
    }
}
