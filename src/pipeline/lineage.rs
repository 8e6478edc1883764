//! Which source columns feed which target column, and on what way: through `let`s, templates, lookups, tags, queries.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};
use datafusion::prelude::SessionContext;

use crate::pipeline::prepare::Prepared;
use crate::resolve::{Input, Resolved, RowSource};
use crate::vet;

/// A column of a source.
pub(super) type Origin = (String, String);

/// One way into a target column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Source columns.
    pub origins: BTreeSet<Origin>,
    /// What they pass: `let crm_id`, `sql`, `lookup in owners`.
    pub through: String,
}

/// All ways into all target columns.
pub(super) struct Lineage {
    /// The Totango file.
    pub file: String,
    /// By target column, in the order of the file; what decides about whole rows comes last.
    pub columns: Vec<(String, Vec<Way>)>,
}

impl Lineage {
    /// Of a mapping that is known to run.
    pub(super) fn of(prepared: &Prepared, session: &SessionContext) -> Self {
        let resolved = &prepared.resolved;
        let tracing = Tracing { prepared, resolved, session };
        let mut columns: Vec<(String, Vec<Way>)> = Vec::new();
        for column in &resolved.columns {
            let mut ways = tracing.input(&column.input);
            if let Some(lookup) = &column.cell.lookup {
                let mut origins = BTreeSet::new();
                for field in [&lookup.key, &lookup.take] {
                    origins.extend(tracing.table(&lookup.source, field));
                }
                ways.push(Way { origins, through: format!("lookup in {}", lookup.source) });
            }
            columns.push((column.name.clone(), ways));
        }
        if let Some(pivot) = &resolved.pivot {
            let parts =
                [("module", Some(&pivot.module)), ("action", Some(&pivot.action)), ("value", pivot.value.as_ref())];
            let ways = parts.into_iter().filter_map(|(name, sql)| {
                let (origins, _) = tracing.sql(&sql?.value);
                Some(Way { origins, through: format!("pivot {name}") })
            });
            columns.push(("<Module>##<Action>".to_owned(), ways.collect()));
        }
        let mut rows = Vec::new();
        if let Some(filter) = &resolved.filter {
            rows.push(Way { origins: tracing.sql(&filter.value).0, through: "where".to_owned() });
        }
        if let Some(order) = &resolved.duplicates.order {
            rows.extend(
                tracing.input(&order.input).into_iter().map(|way| Way { through: "newest by".to_owned(), ..way }),
            );
        }
        if !rows.is_empty() {
            columns.push(("(which rows)".to_owned(), rows));
        }
        Self { file: resolved.output.file.clone(), columns }
    }
}

struct Tracing<'a> {
    prepared: &'a Prepared,
    resolved: &'a Resolved,
    session: &'a SessionContext,
}

impl Tracing<'_> {
    fn input(&self, input: &Input) -> Vec<Way> {
        let (origins, through) = match input {
            Input::Value(value) => (BTreeSet::new(), format!("constant `{value}`")),
            Input::Sql(sql) => {
                let (origins, lets) = self.sql(&sql.value);
                (origins, if lets.is_empty() { "sql".to_owned() } else { lets.join(", ") })
            }
            Input::Field(_) => self.named(input, ""),
            Input::Template(_) => self.named(input, "template"),
            Input::Tag { .. } => self.named(input, "tags"),
        };
        let through = match (&self.prepared.query, input, through.as_str()) {
            (None, ..) | (_, Input::Value(_), _) => through,
            (Some(_), _, "") => "query".to_owned(),
            (Some(_), ..) => format!("query, {through}"),
        };
        vec![Way { origins, through }]
    }

    /// The columns that `input` names outside SQL.
    fn named(&self, input: &Input, what: &str) -> (BTreeSet<Origin>, String) {
        let mut origins = BTreeSet::new();
        let mut passed: Vec<String> = if what.is_empty() { Vec::new() } else { vec![what.to_owned()] };
        for name in input.fields() {
            let (found, lets) = self.name(name);
            origins.extend(found);
            passed.extend(lets);
        }
        (origins, passed.join(", "))
    }

    /// What an expression over the rows reads, and the `let`s it goes through.
    fn sql(&self, sql: &str) -> (BTreeSet<Origin>, Vec<String>) {
        let mut origins = BTreeSet::new();
        let mut lets = Vec::new();
        for name in vet::names(sql, self.session) {
            let (found, passed) = self.name(&name);
            origins.extend(found);
            lets.extend(passed.into_iter().filter(|one| !lets.contains(one)).collect::<Vec<_>>());
        }
        (origins, lets)
    }

    /// What a column of the rows, or a `let`, reads.
    fn name(&self, name: &str) -> (BTreeSet<Origin>, Vec<String>) {
        let Some(definition) = self.resolved.lets.iter().find(|definition| definition.name == name) else {
            return (self.row(name), Vec::new());
        };
        // A `let` sees only those before it, so this ends.
        let (origins, mut lets) = self.sql(&definition.sql.value);
        lets.insert(0, format!("let {name}"));
        (origins, lets)
    }

    /// Where a column of the rows comes from.
    fn row(&self, name: &str) -> BTreeSet<Origin> {
        match (&self.prepared.query, &self.resolved.from) {
            (Some(query), _) => self.plan_column(&query.plan, name),
            (None, RowSource::Source(source)) => self.table(source, name),
            (None, RowSource::Query(_)) => BTreeSet::new(),
        }
    }

    /// Where a column of a declared source comes from: of a query, the columns that it reads.
    fn table(&self, source: &str, field: &str) -> BTreeSet<Origin> {
        match self.prepared.views.iter().find(|(name, _)| name == source) {
            Some((_, view)) => self.plan_column(&view.plan, field),
            None if self.is_source(source) && is_visible(field) => {
                BTreeSet::from([(source.to_owned(), field.to_owned())])
            }
            None => BTreeSet::new(),
        }
    }

    fn is_source(&self, name: &str) -> bool {
        self.prepared.sources.contains_key(name) || self.prepared.unfetched.contains_key(name)
    }

    fn plan_column(&self, plan: &LogicalPlan, name: &str) -> BTreeSet<Origin> {
        match plan.schema().fields().iter().position(|field| field.name() == name) {
            Some(index) => self.plan(plan, index),
            None => BTreeSet::new(),
        }
    }

    /// What the column at `index` of `plan` is made of.
    fn plan(&self, plan: &LogicalPlan, index: usize) -> BTreeSet<Origin> {
        match plan {
            LogicalPlan::TableScan(scan) => {
                self.table(scan.table_name.table(), scan.projected_schema.field(index).name())
            }
            LogicalPlan::Projection(projection) => self.expression(projection.expr.get(index), &projection.input),
            LogicalPlan::Aggregate(aggregate) => {
                let mut all = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
                self.expression(all.nth(index), &aggregate.input)
            }
            LogicalPlan::Window(window) => match index.checked_sub(window.input.schema().fields().len()) {
                Some(beyond) => self.expression(window.window_expr.get(beyond), &window.input),
                None => self.plan(&window.input, index),
            },
            LogicalPlan::Join(join) => {
                let left = join.left.schema().fields().len();
                match join.join_type {
                    JoinType::RightSemi | JoinType::RightAnti => self.plan(&join.right, index),
                    _ if index < left => self.plan(&join.left, index),
                    _ if index - left < join.right.schema().fields().len() => self.plan(&join.right, index - left),
                    _ => BTreeSet::new(),
                }
            }
            LogicalPlan::Union(union) => union.inputs.iter().flat_map(|input| self.plan(input, index)).collect(),
            LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Distinct(datafusion::logical_expr::Distinct::All(_)) => {
                plan.inputs().first().map(|input| self.plan(input, index)).unwrap_or_default()
            }
            // Of what is rare everything below is named rather than nothing.
            other => other
                .inputs()
                .iter()
                .flat_map(|input| (0..input.schema().fields().len()).flat_map(|at| self.plan(input, at)))
                .collect(),
        }
    }

    fn expression(&self, expression: Option<&Expr>, input: &LogicalPlan) -> BTreeSet<Origin> {
        let mut found = BTreeSet::new();
        let Some(expression) = expression else { return found };
        let place = |schema: &DFSchema, column: &Column| schema.index_of_column(column).ok();
        for column in expression.column_refs() {
            found.extend(place(input.schema(), column).into_iter().flat_map(|index| self.plan(input, index)));
        }
        let _ = expression.apply(|part| {
            if let Expr::ScalarSubquery(inner) = part {
                found.extend(self.plan(&inner.subquery, 0));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        found
    }
}

fn is_visible(field: &str) -> bool {
    ![crate::source::FILE_COLUMN, crate::source::LINE_COLUMN].contains(&field)
}

/// Source columns by source.
pub(super) fn by_source<'w>(ways: impl Iterator<Item = &'w Way>) -> BTreeMap<&'w str, BTreeSet<&'w str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (source, field) in ways.flat_map(|way| &way.origins) {
        all.entry(source).or_default().insert(field);
    }
    all
}
