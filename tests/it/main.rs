//! The one integration binary: linking the engine once is slow enough.

// What helps tests stands outside `#[test]`, where clippy.toml does not reach.
#![allow(clippy::panic, clippy::unwrap_used)]

mod binary;
mod checker;
mod commands;
mod determinism;
mod differing;
mod docs;
mod faults;
mod golden;
mod guess;
mod init;
mod killing;
mod lint;
mod previewing;
mod reading;
mod shipped;
mod support;
mod testing;
mod tidy;
mod tracing;
