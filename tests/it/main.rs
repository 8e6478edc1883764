//! The one integration binary: linking the engine once is slow enough.

// What helps tests stands outside `#[test]`, where clippy.toml does not reach.
#![allow(clippy::panic, clippy::unwrap_used)]

mod author;
mod binary;
mod check;
mod checker;
mod codes;
mod commands;
mod comparing;
mod determinism;
mod differing;
mod docs;
mod equal_effect;
mod explain;
mod faults;
mod golden;
mod guess;
mod init;
mod killing;
mod killing_memory;
mod lint;
mod memory;
mod mistakes_names;
mod mistakes_rules;
mod mistakes_sql;
mod mistakes_text;
mod planning;
mod previewing;
mod proxy;
mod reading;
mod schema;
mod services;
mod shipped;
mod store_faults;
mod store_publishing;
mod store_targets;
mod stores;
mod stores_strain;
mod support;
mod testing;
mod tidy;
mod totango;
mod tracing;
mod validator;
mod week;
