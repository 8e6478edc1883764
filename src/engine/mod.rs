//! Where a session of the query engine comes from.
//!
//! In: threads, memory, a folder for what does not fit into it, the `--as-of` day. Out: a session with the engine's
//! settings as this tool needs them: names case-sensitive as written, no clock but the given day, sorts and aggregates
//! that spill. This room knows the engine, not what is asked of it.

mod day;
mod local;

pub use local::{Engine, EngineOptions};
