//! Plans what will be run, so that what only the whole shows is found before any row is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use crate::compile::{CompiledQuery, QUERY_TABLE};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::pipeline::Failure;
use crate::pipeline::prepare::register;
use crate::resolve::Resolved;
use crate::source::Source;
use crate::vet::VettedQuery;
use crate::yaml::Span;

/// A mapping whose parts are right, each by itself.
pub(super) struct Planning<'a> {
    /// Knows the sources and the functions.
    pub session: &'a SessionContext,
    /// What it means.
    pub resolved: &'a Resolved,
    /// Its opened sources, by name.
    pub sources: &'a BTreeMap<String, Arc<Source>>,
}

impl Planning<'_> {
    /// What the engine cannot plan, and columns that SQL uses and a file lacks.
    pub(super) async fn check(&self, compiled: &CompiledQuery, query: Option<&VettedQuery>) -> Diagnostics {
        let mut found = Diagnostics::new();
        let mut used = BTreeSet::new();
        if let Some(query) = query {
            self.columns(&query.plan, &mut used);
            let schema = crate::pipeline::query::staged_schema(query);
            let table = datafusion::datasource::empty::EmptyTable::new(schema);
            if let Err(Failure::World(diagnostic)) = register(self.session, QUERY_TABLE, Arc::new(table)) {
                found.push(diagnostic);
            }
        }
        let statements = [Some(&compiled.judge), compiled.filtered.as_ref(), compiled.aggregates.as_ref()];
        for sql in statements.into_iter().flatten() {
            let planned = match self.session.sql(sql).await {
                Ok(frame) => {
                    self.columns(frame.logical_plan(), &mut used);
                    frame.create_physical_plan().await.map(drop)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = planned {
                let message = error.find_root().message().into_owned();
                let line = message.lines().next().unwrap_or_default().to_owned();
                found.push(
                    Diagnostic::error(&code::SQL_PLAN, format!("the engine cannot plan the mapping: {line}"))
                        .at(self.place(), "somewhere in this mapping"),
                );
                break;
            }
        }
        for (source, column) in used {
            self.lacking(&source, &column).into_iter().for_each(|diagnostic| found.push(diagnostic));
        }
        found
    }

    /// Columns of sources that are read for `plan`.
    fn columns(&self, plan: &LogicalPlan, used: &mut BTreeSet<(String, String)>) {
        // A plan that cannot be optimised is told of when it is planned.
        let Ok(plan) = self.session.state().optimize(plan) else { return };
        let _ = plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let source = scan.table_name.table();
                used.extend(
                    scan.projected_schema.fields().iter().map(|field| (source.to_owned(), field.name().clone())),
                );
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }

    /// A column that occurs twice in a file, or that a file lacks; those that the mapping names itself are told of already.
    fn lacking(&self, source: &str, column: &str) -> Option<Diagnostic> {
        let schema = self.sources.get(source)?.schema();
        let field = schema.field(column)?;
        if field.duplicated {
            let fact = format!("SQL uses column `{column}`, which occurs twice in source `{source}`");
            let help = format!("`{column}#2` is the second; rename one of them at the source");
            return Some(
                Diagnostic::error(&code::DUPLICATE_FIELD, fact).at(self.place(), "in this mapping").help(help),
            );
        }
        let file = schema.files.get(*field.missing_in.first()?)?;
        let fact = format!("{file} lacks column `{column}`, which SQL uses");
        let diagnostic = Diagnostic::error(&code::NO_COLUMN_IN_FILE, fact).at(self.place(), "in this mapping");
        Some(diagnostic.help(code::NO_COLUMN_IN_FILE.cure))
    }

    fn place(&self) -> Place {
        let span = self.resolved.columns.first().map_or(Span::new(0, 0), |column| column.span);
        Place::new(&self.resolved.path, span)
    }
}
