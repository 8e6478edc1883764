//! Totango's side: what each of its files looks like, as data.
//!
//! In: the catalogue, one YAML file per format under `catalog/`, embedded in the program. Out: [`FormatSpec`]s that answer
//! questions about names, and the page that shows them all. A new format is one file there and one line in
//! `catalog.rs`; if it needs Rust of its own, the catalogue's language lacks a word. This room knows no mapping and no row.

mod block;
mod catalog;
mod example;
mod name;
mod page;
mod read;
mod screen;
mod spec;

#[cfg(test)]
mod name_tests;
#[cfg(test)]
mod read_tests;
#[cfg(test)]
mod tests;

pub use catalog::{articles, catalog, find, names};
pub use page::{Described, described, pages};
pub use screen::{overview, screen};
pub use spec::{ColumnSpec, CustomSpec, Empty, FormatSpec, Implied, Need, PivotSpec, RequiredWhen};
