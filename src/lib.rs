//! incfg reads what a failed IUF or SAT `bootprep` run left behind and says what an operator needs next.
//!
//! Data flows one way; a module imports only from modules above it in this list.
//!
//! ```text
//! bytes ── input ──► sieve, scan ──► line, grammar ──► statement    what was said, where, by whom
//!                                                   │
//!              iuf (activity, stages, SAT steps)    │
//!              sat (one run of sat bootprep)   ◄────┤           what one text says as a whole
//!              cfs (ansible log, configuration)◄────┘
//!                        │
//! bootprep (file, names) ┴──► analysis ──► recoveries           what all texts say together
//!       ▲                          │        │
//! text, yaml (tree, edits), jinja  │        │
//!       ▼                          │        ▼
//!    rewrite ──────────────────────┼──────► plan ──► exec        what is to be done, and the doing of it with cray
//!    lint (findings, fixes)        │        │
//!    excerpt (lines, read again)   │        │
//!       │                          ▼        ▼
//!       └───────────────────────► report                         what people read: the only printers
//! ```
//!
//! [`analysis::analyze`] is one front door: paths in, one [`analysis::Analysis`] out. [`rewrite::rewrite`] is another: a
//! bootprep file and pins in, the text that uses them out. [`lint::check`] holds a bootprep file against the rules, and
//! what both change passes the same gate, [`yaml::edit`]. [`plan::build`] makes of an analysis a plan; its moves
//! ([`plan::step`]) are pure, and both hands (`next`, `record`) and [`exec`] make them.
//!
//! Only `cli` touches arguments and the terminal. Files are touched by `input`, `cli`, and two more that would lose what
//! they promise otherwise: [`plan::store`], because a plan is safe only if lock, check and write are one thing, and
//! [`exec`], which starts programs and keeps the log of what failed before its session is deleted.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod analysis;
pub mod argo;
pub mod bootprep;
pub mod cfs;
pub mod cli;
pub mod evidence;
pub mod excerpt;
pub mod exec;
pub mod fact;
pub mod grammar;
pub mod image_id;
pub mod ims;
pub mod input;
pub mod iuf;
pub mod jinja;
pub mod limits;
pub mod line;
pub mod lint;
pub mod nearness;
pub mod plan;
pub mod report;
pub mod rewrite;
pub mod sat;
pub mod scan;
pub mod secret;
pub mod shown;
pub mod sieve;
pub mod statement;
pub mod text;
pub mod whole_file;
pub mod yaml;
