//! Every bound on what incfg reads and keeps, in one place, with what happens beyond it.

/// Bytes of one line that are looked at, its line break among them; the rest of a longer line is skipped, not held.
pub const LINE_BYTES: usize = 1 << 20;

/// Bytes read from a file at a time, by each thread.
pub const PIECE_BYTES: usize = 512 << 10;

/// Pieces of an input in memory for each thread: enough that none waits while another is held up for a moment.
pub const PIECES: usize = 3;

/// Threads that read one file: beyond these the memory is the limit, not the processor.
pub const THREADS: usize = 16;

/// Bytes read from a stream at a time.
pub const CHUNK_BYTES: usize = 256 << 10;

/// Bytes at the head of an input by which its kind is recognised.
pub const HEAD_BYTES: usize = 64 << 10;

/// Lines at the head of an input that say of which kind it is.
pub const KIND_LINES: usize = 400;

/// Bytes of a file that is read whole: JSON, YAML, variables, grammars. A larger one is refused.
pub const DOCUMENT_BYTES: u64 = 16 << 20;

/// Lines after one in which the rows that follow it are looked for. A row is a line like many others, so the whole log is
/// not searched for it; `iuf` relays several pods at once, so the row need not be the next line.
pub const ROW_LINES: usize = 1_000;

/// Lines after the first over which SAT may spread one message, because a name in it holds line breaks.
pub const JOINED_LINES: usize = 8;

/// Bytes of a message joined from several lines.
pub const JOINED_BYTES: usize = 16 << 10;

/// Distinct images, configurations, templates or sessions kept of one run; more are counted, not kept.
pub const RUN_ITEMS: usize = 20_000;

/// Containers of sessions whose last state is kept of one run; more are counted, not kept.
pub const RUN_CONTAINERS: usize = 50_000;

/// SAT steps and stages kept of one activity; more are counted, not kept.
pub const ACTIVITY_ITEMS: usize = 20_000;

/// Dumps of earlier outputs kept of one log, each at most a line long.
pub const OUTPUTS: usize = 16;

/// Error messages kept of one run: the first ones, which name the cause.
pub const RUN_ERRORS: usize = 8;

/// Images that may be the base of one image, and configurations that may be its own, that are listed; more are counted.
pub const CANDIDATES: usize = 100;

/// Report lines remembered to recognise a second copy of the same report.
pub const REPORT_LINES: usize = 200_000;

/// Layers kept of one ansible log; CFS itself refuses far fewer.
pub const ANSIBLE_LAYERS: usize = 10_000;

/// Places of which the lines around are read again to be shown.
pub const EXCERPTS: usize = 2_000;

/// Lines shown before such a place, and after it.
pub const EXCERPT_AROUND: u64 = 3;

/// Bytes of such a line that are kept.
pub const EXCERPT_BYTES: usize = 600;

/// Places given as evidence of one fact.
pub const EVIDENCE_PLACES: usize = 6;

/// Images and items up to which names are matched to the items of a bootprep file by exhaustive reasoning.
pub const ASSIGNMENT_ITEMS: usize = 400;

/// Files taken from below a directory.
pub const DIRECTORY_FILES: usize = 100_000;

/// Folders gone down below a directory.
pub const DIRECTORY_DEPTH: usize = 8;

/// Collections within collections in a YAML document.
pub const YAML_DEPTH: usize = 128;

/// Collections within collections in a YAML document with its aliases written out.
pub const YAML_EXPANDED_DEPTH: usize = 512;

/// Values in a YAML document, as written.
pub const YAML_NODES: usize = 1_000_000;

/// Aliases in a YAML document.
pub const YAML_ALIASES: usize = 10_000;

/// Values in a YAML document with its aliases written out.
pub const YAML_EXPANDED: usize = 4_000_000;

/// Bytes of a YAML document read again, because SAT reads it without blanks that the parser asks for. Beyond it the first
/// place that is left is an error.
pub const YAML_READ_AGAIN: usize = 32 << 20;

/// Comment lines in a row in a YAML document.
pub const YAML_COMMENTS: usize = 100_000;

/// Steps the renderer may take for one name.
pub const RENDER_FUEL: u64 = 50_000;

/// Characters of a rendered name; a longer one counts as one that cannot be rendered.
pub const RENDERED_CHARS: usize = 64 << 10;

/// Bytes that one template may write, blocks that are thrown away included.
pub const RENDER_BYTES: usize = 4 * RENDERED_CHARS;

/// Digits of a number in a template; one of more repeats or pads something for ever.
pub const RENDER_DIGITS: usize = 4;

/// Joins of texts and lists in one template: each may double what it is given.
pub const RENDER_JOINS: usize = 10;

/// Parts of a wording that is compared with a message as it stands; one of more is a regular expression only.
pub const TEMPLATE_PARTS: usize = 32;

/// Bytes of a message that is compared with a wording as it stands; a longer one is left to the regular expression.
pub const TEMPLATE_BYTES: usize = 4096;

/// Steps on the way of such a wording through a message, before the regular expression is asked.
pub const TEMPLATE_STEPS: u32 = 512;

/// Findings kept of one file; more are counted, not kept.
pub const FINDINGS: usize = 10_000;

/// Rounds of fixes and checks: a fix may make room for another.
pub const REPAIR_ROUNDS: usize = 50;

/// Causes of an unreadable document that are looked for, one after the other.
pub const MENDING_ROUNDS: usize = 16;

/// Layers of one configuration whose names are compared with each other; CFS itself takes far fewer.
pub const LAYERS_COMPARED: usize = 200;

/// Lines above an error in which its cause is looked for.
pub const QUOTE_LINES: usize = 1_000;

/// Keys of one mapping that are reported as unknown or doubled; more are passed over.
pub const STRANGERS: usize = 50;

/// Names that are compared with what was written, in one file, to guess what was meant.
pub const GUESSES: usize = 500_000;

/// Bytes of a page for a browser; where there is more to say, it is told with less detail.
pub const PAGE_BYTES: usize = 500_000;

/// Lines after the head of a private key in which its end is looked for; no key has as many.
pub const KEY_LINES: usize = 400;

/// Bytes of a line that are searched for secrets as one, when a log is copied.
pub const COPIED_BYTES: u64 = 16 << 20;

/// Secrets of a file that are looked for in what is said of it, at a time.
pub const VALUES_AT_ONCE: usize = 1_000;

/// Bytes of an answer of `cray`: a session or configuration is a few kB.
pub const ANSWER_BYTES: u64 = 8 << 20;

/// Bytes of what `cray` or `kubectl` says on stderr.
pub const MESSAGE_BYTES: u64 = 64 << 10;

/// Characters of such a message that are shown.
pub const REASON_CHARS: usize = 300;

/// Bytes of the log of a container that `run` keeps before it deletes the session.
pub const CONTAINER_LOG_BYTES: u64 = 1 << 30;
