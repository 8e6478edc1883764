//! The register of codes: one list for the terminal, the rejects file, `run.json` and the page of codes.
//!
//! A code, once released, keeps its meaning and is never reused. Ranges: Y1xx the mapping's text, R2xx names and rules of
//! the format, Q3xx SQL, V4xx cell values, D5xx unreadable records, K6xx keys, duplicates, hierarchy and references,
//! L7xx limits and publishing, S8xx sources and the world, W9xx warnings about data, T1xx tests of mappings, F2xx the form of a
//! Totango file, N8xx services that are called, clusters and schedules.

use std::sync::LazyLock;

macro_rules! codes {
    ($list:ident: $($name:ident $id:literal $stage:ident $title:literal $cause:literal $cure:literal;)*) => {
        $(#[doc = $title] pub static $name: Code = Code {
            id: $id, stage: Stage::$stage, title: $title, cause: $cause, cure: $cure,
        };)*
        /// The codes of this file, in order.
        pub(super) static $list: &[&Code] = &[$(&$name),*];
    };
}

mod cluster;
mod deliver;
mod example;
mod form;
mod mapping;
mod row;
mod run;
mod schedule;
mod test;
mod web;

pub use cluster::*;
pub use deliver::*;
pub use example::{Example, near};
pub use form::*;
pub use mapping::*;
pub use row::*;
pub use run::*;
pub use schedule::*;
pub use test::*;
pub use web::*;

/// Where in the flow a code is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Judging a mapping, before any row is read.
    Mapping,
    /// Judging rows: the code can stand in a rejects file or in `warnings`.
    Row,
    /// Judging a run: limits, sources, publishing.
    Run,
}

/// One entry of the register.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// E.g. `R204`.
    pub id: &'static str,
    /// Where it is raised.
    pub stage: Stage,
    /// What it means, one line.
    pub title: &'static str,
    /// Why it matters or where the rule comes from.
    pub cause: &'static str,
    /// What to do.
    pub cure: &'static str,
}

/// Every code, in order.
pub fn register() -> &'static [&'static Code] {
    static REGISTER: LazyLock<Vec<&'static Code>> =
        LazyLock::new(|| [MAPPING, ROW, RUN, TEST, FORM, WEB, DELIVER, SCHEDULE, CLUSTER].concat());
    &REGISTER
}

/// The code called `id`, whatever its case.
pub fn find(id: &str) -> Option<&'static Code> {
    register().iter().copied().find(|code| code.id.eq_ignore_ascii_case(id))
}
