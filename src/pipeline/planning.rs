//! Plans what will be run, so that what only the whole shows is found before any row is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use crate::compile::{CompiledQuery, QUERY_TABLE};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::pipeline::Failure;
use crate::pipeline::open::register;
use crate::resolve::{Input, Resolved, unseen};
use crate::source::Source;
use crate::vet::{self, Scalars, VettedQuery};
use crate::yaml::Span;

/// A mapping whose parts are right, each by itself.
pub(super) struct Planning<'a> {
    /// Knows the sources and the functions.
    pub session: &'a SessionContext,
    /// What it means.
    pub resolved: &'a Resolved,
    /// The file it stands in.
    pub file: Scalars<'a>,
    /// Its opened sources, by name.
    pub sources: &'a BTreeMap<String, Arc<Source>>,
}

impl Planning<'_> {
    /// What the engine cannot plan, and columns that SQL uses and a file lacks; the plan that judges every row, where there is one.
    pub(super) async fn check(
        &self,
        compiled: &CompiledQuery,
        query: Option<&VettedQuery>,
    ) -> (Diagnostics, Option<Arc<dyn ExecutionPlan>>) {
        let mut found = Diagnostics::new();
        let mut used = BTreeSet::new();
        if let Some(query) = query {
            // A plan that cannot be optimised is told of when it is planned.
            if let Ok(plan) = self.session.state().optimize(&query.plan) {
                columns(&plan, &mut used);
            }
            let schema = crate::pipeline::query::staged_schema(query);
            let table = datafusion::datasource::empty::EmptyTable::new(schema);
            if let Err(Failure::World(diagnostic)) = register(self.session, QUERY_TABLE, Arc::new(table)) {
                found.push(diagnostic);
            }
        }
        let statements = [Some(&compiled.judge), compiled.filtered.as_ref(), compiled.aggregates.as_ref()];
        let mut judge = None;
        for sql in statements.into_iter().flatten() {
            match self.plan(sql, &mut used).await {
                Ok(plan) => judge = judge.or(Some(plan)),
                Err(error) => {
                    let message = error.find_root().message().into_owned();
                    let line = message.lines().next().unwrap_or_default().to_owned();
                    found.push(
                        Diagnostic::error(&code::SQL_PLAN, format!("the engine cannot plan the mapping: {line}"))
                            .at(self.place(), "somewhere in this mapping"),
                    );
                    break;
                }
            }
        }
        let named: BTreeSet<&str> = self.resolved.columns.iter().flat_map(|column| column.input.fields()).collect();
        for (source, column) in used.iter().filter(|(_, column)| !named.contains(column.as_str())) {
            self.unseen(source, column).into_iter().for_each(|diagnostic| found.push(diagnostic));
        }
        for (source, column) in used {
            self.lacking(&source, &column).into_iter().for_each(|diagnostic| found.push(diagnostic));
        }
        (found, judge)
    }

    /// Plans `sql`; notes the columns it reads. The steps are the engine's own, one by one, so that nothing is optimised twice.
    async fn plan(&self, sql: &str, used: &mut BTreeSet<(String, String)>) -> Result<Arc<dyn ExecutionPlan>> {
        let (state, plan) = self.session.sql(sql).await?.into_parts();
        let plan = state.optimize(&plan)?;
        columns(&plan, used);
        state.query_planner().create_physical_plan(&plan, &state).await
    }

    /// A column that occurs twice in a file, or that a file lacks; those that the mapping names itself are told of already.
    fn lacking(&self, source: &str, column: &str) -> Option<Diagnostic> {
        let schema = self.sources.get(source)?.schema();
        let field = schema.field(column)?;
        if field.duplicated {
            let fact = format!("SQL uses column `{column}`, which occurs twice in source `{source}`");
            let help = format!("`{column}#2` is the second; rename one of them at the source");
            return Some(
                Diagnostic::error(&code::DUPLICATE_FIELD, fact).at(self.use_of(column), "used here").help(help),
            );
        }
        let file = schema.files.get(*field.missing_in.first()?)?;
        let fact = format!("{file} lacks column `{column}`, which SQL uses");
        let diagnostic = Diagnostic::error(&code::NO_COLUMN_IN_FILE, fact).at(self.use_of(column), "used here");
        Some(diagnostic.help(code::NO_COLUMN_IN_FILE.cure))
    }

    /// A key that SQL uses and no line has that was looked at.
    fn unseen(&self, source: &str, column: &str) -> Option<Diagnostic> {
        let schema = self.sources.get(source)?.schema();
        let field = schema.field(column).filter(|field| field.unseen)?;
        Some(unseen(&field.name, &schema, &format!("source `{source}`"), self.use_of(column)))
    }

    /// The first SQL of the mapping that names `column`; the first column where it is a query that does.
    fn use_of(&self, column: &str) -> Place {
        let Resolved { lets, filter, columns, duplicates, pivot, .. } = self.resolved;
        let of_column = |input: &'_ Input| match input {
            Input::Sql(sql) => Some(sql.clone()),
            _ => None,
        };
        let order = duplicates.order.as_ref().and_then(|order| of_column(&order.input));
        let pivot = pivot.iter().flat_map(|pivot| [Some(&pivot.module), Some(&pivot.action), pivot.value.as_ref()]);
        let mut scalars = (lets.iter().map(|definition| definition.sql.clone()))
            .chain(filter.clone())
            .chain(columns.iter().filter_map(|column| of_column(&column.input)))
            .chain(order)
            .chain(pivot.flatten().cloned());
        match scalars.find(|sql| vet::names(&sql.value, self.session).contains(column)) {
            Some(sql) => vet::place_in(&sql, column, self.file),
            None => self.place(),
        }
    }

    fn place(&self) -> Place {
        let span = self.resolved.columns.first().map_or(Span::new(0, 0), |column| column.span);
        Place::new(&self.resolved.path, span)
    }
}

/// Columns of sources that are read for `plan`, which is optimised.
fn columns(plan: &LogicalPlan, used: &mut BTreeSet<(String, String)>) {
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let source = scan.table_name.table();
            used.extend(scan.projected_schema.fields().iter().map(|field| (source.to_owned(), field.name().clone())));
        }
        Ok(TreeNodeRecursion::Continue)
    });
}
