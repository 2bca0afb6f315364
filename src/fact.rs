//! What a line says, as a value.
//!
//! The wording of each fact is data in `grammars/`; here are only the kinds and their fields. A pattern names the kind,
//! its captures fill the fields. What is captured stays in the line: most facts repeat what is known, and only who keeps
//! something of them copies it.

use std::borrow::Cow;

/// A text in a line, or in the grammar; a copy where the line is not text throughout.
pub type Text<'l> = Cow<'l, str>;

/// Bytes as a text. Nearly always they are one, and to see that takes a fraction of what it takes to mend them.
pub(crate) fn text(bytes: &[u8]) -> Text<'_> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A field of a fact, filled from a capture.
trait Field<'l>: Sized {
    fn fill(text: Option<Text<'l>>) -> Option<Self>;
    const REQUIRED: bool;
}

impl<'l> Field<'l> for Text<'l> {
    fn fill(text: Option<Self>) -> Option<Self> {
        text
    }
    const REQUIRED: bool = true;
}

impl<'l> Field<'l> for Option<Text<'l>> {
    fn fill(text: Self) -> Option<Self> {
        Some(text)
    }
    const REQUIRED: bool = false;
}

impl Field<'_> for u32 {
    fn fill(text: Option<Text<'_>>) -> Option<Self> {
        text?.parse().ok()
    }
    const REQUIRED: bool = true;
}

/// Gives what was captured for a field.
pub(crate) type Captured<'c, 'l> = &'c mut dyn FnMut(&str) -> Option<Text<'l>>;

/// Makes a fact of one kind of what was captured; `None` when a field stays empty.
pub(crate) type Builder = for<'l> fn(Captured<'_, 'l>) -> Option<Fact<'l>>;

macro_rules! facts {
    ($l:lifetime: $($(#[$doc:meta])* $name:literal $kind:ident { $($field:ident : $ty:ty),* $(,)? })*) => {
        /// What a line says.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fact<$l> {
            $($(#[$doc])* $kind {
                $(#[doc = concat!("The capture `", stringify!($field), "`.")] $field: $ty),*
            },)*
        }

        /// Every kind of fact by the name grammars use, with its fields; `true` marks a field a pattern must fill.
        pub const KINDS: &[(&str, &[(&str, bool)])] = Fact::KINDS;

        impl<$l> Fact<$l> {
            const KINDS: &'static [(&'static str, &'static [(&'static str, bool)])] = &[
                $(($name, &[$((stringify!($field), <$ty as Field<$l>>::REQUIRED)),*]),)*
            ];

            /// How the fact called `name` is made.
            pub(crate) fn builder(name: &str) -> Option<Builder> {
                match name {
                    $($name => {
                        fn build<$l>(_capture: Captured<'_, $l>) -> Option<Fact<$l>> {
                            $(let $field = <$ty as Field<$l>>::fill(_capture(stringify!($field)))?;)*
                            Some(Fact::$kind { $($field),* })
                        }
                        Some(build)
                    })*
                    _ => None,
                }
            }
        }
    };
}

facts! { 'l:
    /// Understood, and of no consequence: keeps a broader pattern from taking the line.
    "nothing" Nothing {}

    // iuf

    /// Where this run of `iuf` writes.
    "log-directory" LogDirectory { directory: Text<'l> }
    /// The command line of `iuf`.
    "command" Command { command: Text<'l> }
    /// The parsed arguments of `iuf`.
    "arguments" Arguments { activity: Text<'l> }
    /// An activity begins or ends.
    "activity" Activity { activity: Text<'l> }
    /// A session begins or ends; its name may be cut to the width of the column.
    "session" Session { session: Text<'l> }
    /// A session in full.
    "session-full" SessionFull { session: Text<'l> }
    /// A stage begins.
    "stage-begin" StageBegin { stage: Text<'l>, workflow: Option<Text<'l>> }
    /// The workflow that the lines after this one belong to.
    "workflow" Workflow { workflow: Text<'l> }
    /// A stage is over.
    "stage-end" StageEnd { stage: Option<Text<'l>>, status: Text<'l> }
    /// An operation or step begins.
    "step-begin" StepBegin { step: Text<'l> }
    /// An operation or step is over.
    "step-end" StepEnd { step: Text<'l>, status: Text<'l> }
    /// Where the log of a step is: an S3 key, or a file beside the log.
    "log-file" LogFile { step: Text<'l>, location: Text<'l> }
    /// The run of `iuf` ends without having come to its end.
    "giving-up" GivingUp { elapsed: Option<Text<'l>> }
    /// The outputs of earlier stages, as the ConfigMap of the activity has them.
    "outputs" Outputs { json: Text<'l> }

    // a pod around SAT

    /// The executor of Argo stored the log of a pod in S3.
    "log-saved" LogSaved { workflow: Text<'l>, pod: Text<'l> }
    /// The script names its bootprep file, and thereby its operation.
    "script-begin" ScriptBegin { operation: Text<'l>, file: Text<'l> }
    /// The script was given no bootprep file and does nothing.
    "script-skipped" ScriptSkipped { operation: Text<'l> }
    /// The script tells which command failed.
    "script-failed" ScriptFailed { command: Text<'l>, file: Option<Text<'l>> }
    /// The script's exit code.
    "exit-code" ExitCode { code: u32 }

    // SAT

    /// SAT begins to read its input file.
    "input-file" InputFile { file: Text<'l> }
    /// An image builds on another.
    "depends" Depends { index: u32, base: u32 }
    /// What an image builds on.
    "base" Base { index: u32, base: Text<'l> }
    /// What an image builds on: another image of the file.
    "base-ref" BaseRef { index: u32, ref_name: Text<'l> }
    /// What an image builds on: an image in IMS.
    "base-id" BaseId { index: u32, id: Text<'l> }
    /// How many images SAT sets out to create.
    "creating" Creating { count: u32 }
    /// Nothing is created in a dry run.
    "dry-run" DryRun {}
    /// An image is there: built, or configured.
    "image-created" ImageCreated { image: Text<'l>, id: Text<'l> }
    /// SAT calls an image created and has no id for it.
    "image-without-id" ImageWithoutId { image: Text<'l> }
    /// A build or a customization failed.
    "image-failed" ImageFailed { image: Text<'l> }
    /// An image is final as it was built.
    "image-unconfigured" ImageUnconfigured { image: Text<'l> }
    /// The base of an image is itself an image, not a recipe.
    "image-prebuilt" ImagePrebuilt { image: Text<'l> }
    /// An image of that name is in IMS already and is not made again.
    "images-skipped" ImagesSkipped { images: Text<'l> }
    /// One image of that name is in IMS already and is not made again.
    "image-skipped" ImageSkipped { image: Text<'l> }
    /// A configured image gets its name: the id is about to be destroyed.
    "image-renaming" ImageRenaming { image: Text<'l>, id: Text<'l> }
    /// An older image of the same name was deleted.
    "image-overwritten" ImageOverwritten { image: Text<'l>, id: Text<'l> }
    /// The configuration of an image is not usable.
    "image-configuration" ImageConfiguration { image: Text<'l>, configuration: Text<'l> }
    /// IMS took a build.
    "build-created" BuildCreated { job: Text<'l> }
    /// IMS refused a build; the image is named nowhere.
    "build-refused" BuildRefused { reason: Text<'l> }
    /// SAT asks CFS for a session.
    "session-creating" SessionCreating { session: Text<'l>, image: Text<'l> }
    /// CFS has the session.
    "session-created" SessionCreated { session: Text<'l>, image: Text<'l> }
    /// SAT waits for a session that CFS has.
    "session-waiting" SessionWaiting { session: Text<'l> }
    /// The state of a session changed; the container lines below belong to it.
    "session-header" SessionHeader { session: Text<'l>, image: Text<'l> }
    /// A container of the session named last changed its state.
    "container" Container { container: Text<'l>, state: Text<'l> }
    /// Where the log of the failed container is.
    "failed-container" FailedContainer { image: Text<'l>, pod: Text<'l>, container: Text<'l> }
    /// An image was given up.
    "image-given-up" ImageGivenUp { index: u32, reason: Text<'l> }
    /// A configuration was created or overwritten.
    "configuration-created" ConfigurationCreated { configuration: Text<'l> }
    /// A configuration was not created.
    "configuration-failed" ConfigurationFailed { configuration: Text<'l>, reason: Option<Text<'l>> }
    /// A session template was created or overwritten.
    "template-created" TemplateCreated { template: Text<'l> }
    /// SAT was interrupted; it exits 0 and prints no report.
    "interrupted" Interrupted {}
    /// The shell tells of a process that was killed.
    "killed" Killed {}
    /// SAT escaped with a traceback.
    "traceback" Traceback {}
    /// The last line of a traceback.
    "exception" Exception { error: Text<'l> }
    /// An error of SAT or of the script.
    "error" Error { message: Text<'l> }

    // the report of SAT, line by line

    /// A section of the report begins.
    "report-section" ReportSection { section: Text<'l> }
    /// A row of the report begins.
    "report-name" ReportName { name: Text<'l> }
    /// The id before configuration; `null` where the base was an image.
    "report-preconfigured" ReportPreconfigured { value: Text<'l> }
    /// The id; `null` where nothing was created.
    "report-final" ReportFinal { value: Text<'l> }
    /// The configuration.
    "report-configuration" ReportConfiguration { value: Text<'l> }
    /// The groups follow.
    "report-groups" ReportGroups { value: Text<'l> }
    /// One group.
    "report-group" ReportGroup { value: Text<'l> }

    // an ansible container

    /// The inventory is there, or is not.
    "inventory" Inventory { result: Text<'l> }
    /// A layer begins.
    "layer-begin" LayerBegin { playbook: Text<'l>, repository: Option<Text<'l>> }
    /// A layer failed; none after it runs.
    "layer-failed" LayerFailed { playbook: Text<'l>, repository: Option<Text<'l>> }
    /// Every layer passed.
    "layers-passed" LayersPassed {}
    /// A container of one layer does not run it, because an earlier one failed.
    "layer-skipped" LayerSkipped {}
    /// A container of one layer waits for the one before.
    "layer-waiting" LayerWaiting {}
    /// A task begins.
    "task" Task { task: Text<'l> }
    /// A task failed on a host.
    "task-failed" TaskFailed { host: Text<'l>, detail: Text<'l> }
}
