//! The one integration binary: linking the engine once is slow enough.

// What helps tests stands outside `#[test]`, where clippy.toml does not reach.
#![allow(clippy::panic, clippy::unwrap_used)]

mod binary;
mod checker;
mod commands;
mod determinism;
mod docs;
mod faults;
mod golden;
mod guess;
mod init;
mod killing;
mod lint;
mod reading;
mod shipped;
mod support;
mod tidy;
mod tracing;
