//! From what was written to what is meant: names looked up, defaults settled, rules of the format applied.
//!
//! In: a [`Mapping`](crate::mapping::Mapping), its format from the catalogue, the columns of its sources. Out: a
//! [`Resolved`] in which nothing is left to look up, and every mistake found on the way. This room is pure: it reads no
//! file, knows no engine and no clock; the day it needs is given to it.

mod cell;
mod column;
mod memory;
mod missing;
mod name;
mod options;
mod output;
mod resolved;
mod rule;
mod schema;

pub use cell::{CellSpec, LookupSpec};
pub use column::unseen;
pub use resolved::{
    Duplicates, Hierarchy, Input, Let, Memory, Order, Output, Piece, Pivot, Reference, Resolved, RowSource, Target,
    TargetColumn, UnknownAccounts,
};
pub use schema::{Field, FieldType, SourceSchema};

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, nearest};
use crate::format::{self, FormatSpec};
use crate::mapping::{CellType, ColumnOptions, Mapping};
use crate::yaml::{Span, Spanned};

/// What a mapping stands in: its project, its sources, its neighbours.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Columns of every source the mapping may name; `None` where a source could not be opened.
    pub sources: BTreeMap<String, Option<SourceSchema>>,
    /// Columns of `from`; `None` where it could not be opened.
    pub rows: Option<SourceSchema>,
    /// Whether the rows of `from` come in an order of their own (a source, or a query with lineage or `order by`).
    pub rows_are_ordered: bool,
    /// Names of the mappings of the project.
    pub mappings: Vec<String>,
    /// `attributes:` of the project: the custom attributes the service has.
    pub attributes: Option<Vec<String>>,
    /// `defaults:` of the project.
    pub defaults: Vec<(Spanned<CellType>, ColumnOptions)>,
    /// `service_timezone:` of the project.
    pub service_timezone: Option<String>,
    /// The `--as-of` day, `YYYY-MM-DD`.
    pub as_of: String,
}

/// Looks up everything `mapping` names; `None` where its format is unknown.
pub fn resolve(mapping: &Mapping, around: &Surroundings) -> (Option<Resolved>, Diagnostics) {
    let mut found = Found { path: mapping.path.clone(), diagnostics: Diagnostics::new() };
    let Some(format) = format(mapping, &mut found) else { return (None, found.diagnostics) };

    let mut columns = column::columns(mapping, format, around, &mut found);
    column::complete(mapping, format, &mut columns, around, &mut found);
    let key = rule::key(mapping, format, &mut columns, &mut found);
    let duplicates = rule::duplicates(mapping, format, around, &mut found);
    let resolved = Resolved {
        name: mapping.name.clone(),
        path: mapping.path.clone(),
        format,
        from: match &mapping.from {
            crate::mapping::From::Source(name) => RowSource::Source(name.value.clone()),
            crate::mapping::From::Query(text) | crate::mapping::From::Sql(text) => RowSource::Query(text.clone()),
        },
        lets: mapping.lets.iter().map(|(name, sql)| Let { name: name.value.clone(), sql: sql.clone() }).collect(),
        filter: mapping.filter.clone(),
        key,
        parent: format.hierarchy.then(|| columns.iter().position(|column| column.name == "parent_id")).flatten(),
        one_of: rule::groups(format, &columns),
        required_when: rule::required_when(format, &columns),
        duplicates,
        hierarchy: rule::hierarchy(mapping, format, &columns, around, &mut found),
        references: rule::references(mapping, &columns, around, &mut found),
        unknown_accounts: rule::unknown_accounts(mapping, &columns, around, &mut found),
        pivot: rule::pivot(mapping, format, &mut found),
        limits: mapping.limits.rejects.as_ref().map(|limit| limit.value),
        memory: memory::memory(mapping, format, &columns, &mut found),
        output: output::output(mapping, &columns, around, &mut found),
        columns,
    };
    (Some(resolved), found.diagnostics)
}

/// The mapping's format; where its name is misspelt, the nearest, so that the rest can be judged too.
fn format(mapping: &Mapping, found: &mut Found) -> Option<&'static FormatSpec> {
    let name = &mapping.format.value;
    if let Some(format) = format::find(name) {
        return Some(format);
    }
    let names: Vec<&str> = format::names().collect();
    let near = nearest(name, names.iter().copied());
    let help = match near {
        Some(near) => format!("`{near}` has a similar name"),
        None => format!("formats: {}", names.join(", ")),
    };
    found.push(
        Diagnostic::error(&code::UNKNOWN_FORMAT, format!("unknown format `{name}`"))
            .at(found.place(mapping.format.span), "no such Totango file")
            .help(help),
    );
    near.and_then(format::find)
}

/// Collects diagnostics about one mapping file.
struct Found {
    path: String,
    diagnostics: Diagnostics,
}

impl Found {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn place(&self, span: Span) -> Place {
        Place::new(self.path.clone(), span)
    }
}
