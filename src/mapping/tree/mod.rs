//! The mapping file as a tree: mirrors the YAML one to one, every leaf with its place.

mod column;
mod output;
mod project;
mod rows;
mod schedule;
mod service;
mod source;
mod test;
mod totango;

pub use column::*;
pub use output::*;
pub use project::*;
pub use rows::*;
pub use schedule::*;
pub use service::*;
pub use source::*;
pub use test::*;
pub use totango::*;

use crate::yaml::Spanned;

/// Text with the place of its scalar.
pub type Text = Spanned<String>;

/// One mapping file, after variables were filled in; nothing is looked up yet.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The file's stem: the name other mappings and the command line use.
    pub name: String,
    /// Path of the file as diagnostics show it.
    pub path: String,
    /// `format:` the Totango format's name.
    pub format: Text,
    /// `description:` free text.
    pub description: Option<Text>,
    /// `collection:` for the format `collections`.
    pub collection: Option<Collection>,
    /// `sources:` of this mapping (inherited ones come from the project).
    pub sources: Vec<SourceEntry>,
    /// `from:` what the rows come from.
    pub from: From,
    /// `where:` SQL predicate over the rows of `from`.
    pub filter: Option<Text>,
    /// `defaults:` column options by type.
    pub defaults: Vec<(Spanned<CellType>, ColumnOptions)>,
    /// `let:` named SQL expressions, in file order.
    pub lets: Vec<(Text, Text)>,
    /// `columns:` in file order.
    pub columns: Vec<Column>,
    /// `tags:` one cell that makes many `tag##` columns.
    pub tags: Option<Tags>,
    /// `pivot:` long rows to `<Module>##<Action>` columns.
    pub pivot: Option<Pivot>,
    /// `duplicates:` what happens to rows with the same key.
    pub duplicates: Option<Duplicates>,
    /// `hierarchy:` options; the check itself runs whenever `parent_id` is mapped.
    pub hierarchy: Option<Hierarchy>,
    /// `references:` by target column.
    pub references: Vec<(Text, Reference)>,
    /// `unknown_accounts:` accounts that Totango does not have.
    pub unknown_accounts: Option<UnknownAccounts>,
    /// `limits:` past which nothing is published.
    pub limits: Limits,
    /// `output:` file, headers, splitting.
    pub output: Output,
}

/// `collection: {name: X, key: attribute}`.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Name of the collection type in Totango.
    pub name: Text,
    /// Its key attribute: must be a mapped column.
    pub key: Text,
}

/// `from:`.
#[derive(Debug, Clone)]
pub enum From {
    /// A declared source.
    Source(Text),
    /// `{query: FILE}`: path of a SQL file.
    Query(Text),
    /// `{sql: "select ..."}`.
    Sql(Text),
}
