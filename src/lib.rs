//! tanguero turns messy source data into the CSV files that Totango's Customer Data Hub accepts.
//!
//! ```text
//!   mapping.yaml --mapping--> Mapping --resolve--> Resolved --compile--> SQL          (pure: no I/O, no engine)
//!                                                                         |
//!   files --source--> tables --engine--> session --vet--> checked --------+
//!                                                                         v
//!   judged rows --settle--> winners, rejects, ledger --output--> staged, published, proven
//! ```
//!
//! Every room is a module; a room imports only rooms of lower floors. `ARCHITECTURE.md` tells the whole story.

pub mod cli;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod compare;
pub mod compile;
pub mod csv;
pub mod deliver;
pub mod diagnostic;
pub mod engine;
pub mod format;
pub mod functions;
pub mod guess;
pub mod mapping;
pub mod output;
pub mod pipeline;
pub mod project;
pub mod resolve;
pub mod schedule;
pub mod settle;
pub mod source;
pub mod sqltext;
pub mod state;
pub mod store;
pub mod totango;
pub mod vet;
pub mod web;
pub mod yaml;
