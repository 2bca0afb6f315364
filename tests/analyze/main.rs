//! What a user sees of `incfg analyze`: JSON, text, shell assignments, exit codes, on small logs in the shapes of the real ones.

mod activities;
mod bad_input;
mod harness;
mod images;
mod large;
mod layers;
mod output;
