//! What a line says, as a value.
//!
//! The wording of each fact is data in `grammars/`; here are only the kinds and their fields. A pattern names the kind,
//! its captures fill the fields.

/// A field of a fact, filled from a capture.
trait Field: Sized {
    fn fill(text: Option<String>) -> Option<Self>;
    const REQUIRED: bool;
}

impl Field for String {
    fn fill(text: Option<String>) -> Option<Self> {
        text
    }
    const REQUIRED: bool = true;
}

impl Field for Option<String> {
    fn fill(text: Option<String>) -> Option<Self> {
        Some(text)
    }
    const REQUIRED: bool = false;
}

impl Field for u32 {
    fn fill(text: Option<String>) -> Option<Self> {
        text?.parse().ok()
    }
    const REQUIRED: bool = true;
}

macro_rules! facts {
    ($($(#[$doc:meta])* $name:literal $kind:ident { $($field:ident : $ty:ty),* $(,)? })*) => {
        /// What a line says.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fact {
            $($(#[$doc])* $kind {
                $(#[doc = concat!("The capture `", stringify!($field), "`.")] $field: $ty),*
            },)*
        }

        /// Every kind of fact by the name grammars use, with its fields; `true` marks a field a pattern must fill.
        pub const KINDS: &[(&str, &[(&str, bool)])] = &[
            $(($name, &[$((stringify!($field), <$ty as Field>::REQUIRED)),*]),)*
        ];

        impl Fact {
            /// The fact called `name`, its fields filled by `capture`. `None` when there is no such fact or a field stays empty.
            #[must_use]
            pub fn build(name: &str, capture: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
                match name {
                    $($name => {
                        $(let $field = <$ty as Field>::fill(capture(stringify!($field)))?;)*
                        Some(Self::$kind { $($field),* })
                    })*
                    _ => None,
                }
            }
        }
    };
}

facts! {
    /// Understood, and of no consequence: keeps a broader pattern from taking the line.
    "nothing" Nothing {}

    // iuf

    /// Where this run of `iuf` writes.
    "log-directory" LogDirectory { directory: String }
    /// The command line of `iuf`.
    "command" Command { command: String }
    /// The parsed arguments of `iuf`.
    "arguments" Arguments { activity: String }
    /// An activity begins or ends.
    "activity" Activity { activity: String }
    /// A session begins or ends; its name may be cut to the width of the column.
    "session" Session { session: String }
    /// A session in full.
    "session-full" SessionFull { session: String }
    /// A stage begins.
    "stage-begin" StageBegin { stage: String, workflow: Option<String> }
    /// The workflow that the lines after this one belong to.
    "workflow" Workflow { workflow: String }
    /// A stage is over.
    "stage-end" StageEnd { stage: Option<String>, status: String }
    /// An operation or step begins.
    "step-begin" StepBegin { step: String }
    /// An operation or step is over.
    "step-end" StepEnd { step: String, status: String }
    /// Where the log of a step is: an S3 key, or a file beside the log.
    "log-file" LogFile { step: String, location: String }
    /// The run of `iuf` ends without having come to its end.
    "giving-up" GivingUp { elapsed: Option<String> }
    /// The outputs of earlier stages, as the ConfigMap of the activity has them.
    "outputs" Outputs { json: String }

    // a pod around SAT

    /// The executor of Argo stored the log of a pod in S3.
    "log-saved" LogSaved { workflow: String, pod: String }
    /// The script names its bootprep file, and thereby its operation.
    "script-begin" ScriptBegin { operation: String, file: String }
    /// The script was given no bootprep file and does nothing.
    "script-skipped" ScriptSkipped { operation: String }
    /// The script tells which command failed.
    "script-failed" ScriptFailed { command: String, file: Option<String> }
    /// The script's exit code.
    "exit-code" ExitCode { code: u32 }

    // SAT

    /// SAT begins to read its input file.
    "input-file" InputFile { file: String }
    /// An image builds on another.
    "depends" Depends { index: u32, base: u32 }
    /// What an image builds on.
    "base" Base { index: u32, base: String }
    /// What an image builds on: another image of the file.
    "base-ref" BaseRef { index: u32, ref_name: String }
    /// What an image builds on: an image in IMS.
    "base-id" BaseId { index: u32, id: String }
    /// How many images SAT sets out to create.
    "creating" Creating { count: u32 }
    /// Nothing is created in a dry run.
    "dry-run" DryRun {}
    /// An image is there: built, or configured.
    "image-created" ImageCreated { image: String, id: String }
    /// SAT calls an image created and has no id for it.
    "image-without-id" ImageWithoutId { image: String }
    /// A build or a customization failed.
    "image-failed" ImageFailed { image: String }
    /// An image is final as it was built.
    "image-unconfigured" ImageUnconfigured { image: String }
    /// The base of an image is itself an image, not a recipe.
    "image-prebuilt" ImagePrebuilt { image: String }
    /// An image of that name is in IMS already and is not made again.
    "images-skipped" ImagesSkipped { images: String }
    /// One image of that name is in IMS already and is not made again.
    "image-skipped" ImageSkipped { image: String }
    /// A configured image gets its name: the id is about to be destroyed.
    "image-renaming" ImageRenaming { image: String, id: String }
    /// An older image of the same name was deleted.
    "image-overwritten" ImageOverwritten { image: String, id: String }
    /// The configuration of an image is not usable.
    "image-configuration" ImageConfiguration { image: String, configuration: String }
    /// IMS took a build.
    "build-created" BuildCreated { job: String }
    /// IMS refused a build; the image is named nowhere.
    "build-refused" BuildRefused { reason: String }
    /// SAT asks CFS for a session.
    "session-creating" SessionCreating { session: String, image: String }
    /// CFS has the session.
    "session-created" SessionCreated { session: String, image: String }
    /// SAT waits for a session that CFS has.
    "session-waiting" SessionWaiting { session: String }
    /// The state of a session changed; the container lines below belong to it.
    "session-header" SessionHeader { session: String, image: String }
    /// A container of the session named last changed its state.
    "container" Container { container: String, state: String }
    /// Where the log of the failed container is.
    "failed-container" FailedContainer { image: String, pod: String, container: String }
    /// An image was given up.
    "image-given-up" ImageGivenUp { index: u32, reason: String }
    /// A configuration was created or overwritten.
    "configuration-created" ConfigurationCreated { configuration: String }
    /// A configuration was not created.
    "configuration-failed" ConfigurationFailed { configuration: String, reason: Option<String> }
    /// A session template was created or overwritten.
    "template-created" TemplateCreated { template: String }
    /// SAT was interrupted; it exits 0 and prints no report.
    "interrupted" Interrupted {}
    /// The shell tells of a process that was killed.
    "killed" Killed {}
    /// SAT escaped with a traceback.
    "traceback" Traceback {}
    /// The last line of a traceback.
    "exception" Exception { error: String }
    /// An error of SAT or of the script.
    "error" Error { message: String }

    // the report of SAT, line by line

    /// A section of the report begins.
    "report-section" ReportSection { section: String }
    /// A row of the report begins.
    "report-name" ReportName { name: String }
    /// The id before configuration; `null` where the base was an image.
    "report-preconfigured" ReportPreconfigured { value: String }
    /// The id; `null` where nothing was created.
    "report-final" ReportFinal { value: String }
    /// The configuration.
    "report-configuration" ReportConfiguration { value: String }
    /// The groups follow.
    "report-groups" ReportGroups { value: String }
    /// One group.
    "report-group" ReportGroup { value: String }

    // an ansible container

    /// The inventory is there, or is not.
    "inventory" Inventory { result: String }
    /// A layer begins.
    "layer-begin" LayerBegin { playbook: String, repository: Option<String> }
    /// A layer failed; none after it runs.
    "layer-failed" LayerFailed { playbook: String, repository: Option<String> }
    /// Every layer passed.
    "layers-passed" LayersPassed {}
    /// A container of one layer does not run it, because an earlier one failed.
    "layer-skipped" LayerSkipped {}
    /// A container of one layer waits for the one before.
    "layer-waiting" LayerWaiting {}
    /// A task begins.
    "task" Task { task: String }
    /// A task failed on a host.
    "task-failed" TaskFailed { host: String, detail: String }
}
