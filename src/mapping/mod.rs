//! The mapping file and the project file as trees.
//!
//! In: a file's text and the run's variables. Out: a [`Mapping`] that mirrors the YAML one to one, every leaf with its
//! place, and all that is wrong with it. Nothing is looked up here: formats, sources, columns and SQL are judged by the
//! rooms above. Pure: no I/O, no clock.

mod columns;
mod cron;
mod deliver;
mod file;
mod notify;
mod options;
mod output;
mod project;
mod read;
mod rows;
mod schedule;
mod schema;
mod service;
mod sources;
mod stores;
mod test_expect;
mod test_file;
#[cfg(test)]
mod tests;
mod totango;
mod tree;
mod variables;
mod wide;

pub use cron::Cron;
pub use file::parse;
pub use project::parse_project;
pub use schema::{mapping_schema, project_schema};
pub use stores::SECRET_SETTINGS;
pub use test_file::parse_test;
pub use totango::totango_url;
pub use tree::*;
pub use variables::Variables;
