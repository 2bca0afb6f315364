//! What a user sees: bytes, JSON, text, exit codes and files left behind, on small logs and files in the shapes of the
//! real ones.

mod activities;
mod bad_input;
mod bounds;
mod check;
mod harness;
mod hostile;
mod hostile_names;
mod images;
mod large;
mod layers;
mod log_bounds;
mod misleading;
mod output;
mod planted;
mod rewrite;
mod rewrite_any;
mod rewrite_traps;
mod same_output;
mod screen;
mod secrets;
mod writing;
