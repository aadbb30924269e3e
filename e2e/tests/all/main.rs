//! Everything that a user can see of Kiln, tested on the shipped binary. One test binary, so that it links once.

#![allow(
    clippy::unwrap_used,
    reason = "everything in this binary is a test or serves one"
)]

mod build_files;
mod cache_off;
mod commands;
mod concurrency;
mod config;
mod diagnostics;
mod environment;
mod events;
mod examples;
mod exit_codes;
mod flags;
mod groups;
mod hostile;
mod inputs;
mod isolation;
mod keys;
mod labels;
mod logs;
mod model;
mod outputs;
mod passthrough;
mod patterns;
mod programs;
mod query;
mod run_program;
mod scale;
mod stdout;
mod store;
mod summary;
mod tidy;
mod why;
