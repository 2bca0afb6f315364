//! incfg reads what a failed IUF or SAT `bootprep` run left behind and says what an operator needs next.
//!
//! Data flows one way; a module imports only from modules above it in this list.
//!
//! ```text
//! bytes ── input ──► scan ──► line, grammar ──► statement        what was said, where, by whom
//!                                                   │
//!              iuf (activity, stages, SAT steps)    │
//!              sat (one run of sat bootprep)   ◄────┤           what one text says as a whole
//!              cfs (ansible log, configuration)◄────┘
//!                        │
//! bootprep (file, names) ┴──► analysis ──► recoveries           what all texts say together
//!       ▲                          │
//! text, yaml (tree, edits)         │
//!       ▼                          ▼
//!    rewrite ──────────────────► report                         what people read: the only printers
//! ```
//!
//! [`analysis::analyze`] is one front door: paths in, one [`analysis::Analysis`] out. [`rewrite::rewrite`] is the other: a
//! bootprep file and pins in, the text that uses them out. Only `input` and `cli` touch files, and only `cli` touches
//! arguments and the terminal.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod analysis;
pub mod argo;
pub mod bootprep;
pub mod cfs;
pub mod cli;
pub mod evidence;
pub mod exec;
pub mod fact;
pub mod grammar;
pub mod image_id;
pub mod ims;
pub mod input;
pub mod iuf;
pub mod limits;
pub mod line;
pub mod plan;
pub mod report;
pub mod rewrite;
pub mod sat;
pub mod scan;
pub mod shown;
pub mod statement;
pub mod text;
pub mod whole_file;
pub mod yaml;
