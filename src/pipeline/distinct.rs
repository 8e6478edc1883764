//! Lets the engine count distinct texts in two steps, by key and text and then by key, instead of in a set for each key.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, Projection, lit};

/// `plan` with `count(*)` said as `sum(1)` where it stands beside a count of distinct texts: the engine's own rule, which does
/// the rest, takes sums, minima and maxima only.
///
/// # Errors
/// If the engine takes no part of it.
pub(super) fn in_two_steps(plan: LogicalPlan) -> Result<LogicalPlan> {
    let transformed = plan.transform_up(|node| match &node {
        LogicalPlan::Aggregate(aggregate) if is_meant(aggregate)? => match rewritten(aggregate) {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(node)),
        },
        _ => Ok(Transformed::no(node)),
    })?;
    Ok(transformed.data)
}

/// Whether it counts distinct texts of one kind, and has nothing that the rule does not take but `count(*)`.
fn is_meant(aggregate: &Aggregate) -> Result<bool> {
    let mut texts = 0;
    for expression in &aggregate.aggr_expr {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expression else { return Ok(false) };
        if params.distinct {
            let [text] = params.args.as_slice() else { return Ok(false) };
            texts += 1;
            if func.name() != "count" || text.get_type(aggregate.input.schema())? != DataType::Utf8View {
                return Ok(false);
            }
        } else if !matches!(func.name(), "sum" | "min" | "max") && !counts_rows(expression) {
            return Ok(false);
        }
    }
    Ok(texts == 1 && aggregate.aggr_expr.iter().filter(|expression| counts_rows(expression)).count() == 1)
}

/// `count(*)`.
fn counts_rows(expression: &Expr) -> bool {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expression else { return false };
    let constant = matches!(params.args.as_slice(), [Expr::Literal(value, _)] if !value.is_null());
    func.name() == "count" && constant && !params.distinct && params.filter.is_none() && params.order_by.is_empty()
}

/// The same columns under the same names; none where a sum of ones stands there already.
fn rewritten(aggregate: &Aggregate) -> Option<LogicalPlan> {
    let say = |expression: &Expr| if counts_rows(expression) { sum(lit(1_i64)) } else { expression.clone() };
    let said = aggregate.aggr_expr.iter().map(say).collect();
    let made = Aggregate::try_new(Arc::clone(&aggregate.input), aggregate.group_expr.clone(), said).ok()?;
    let columns = made.schema.iter().zip(aggregate.schema.iter()).map(|(made, (qualifier, field))| {
        Expr::Column(Column::from(made)).alias_qualified(qualifier.cloned(), field.name())
    });
    let columns = columns.collect();
    Projection::try_new(columns, Arc::new(LogicalPlan::Aggregate(made))).map(LogicalPlan::Projection).ok()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::{DataFrame, SessionContext};

    use super::*;

    /// The result, sorted, and the optimised plan of `sql`, in two steps or as it is.
    async fn run(sql: &str, steps: bool) -> (String, String) {
        let session = SessionContext::new();
        let table = "create table events as select arrow_cast(a, 'Utf8View') as a, arrow_cast(u, 'Utf8View') as u, n from (values \
                     ('x', 'p', 1), ('x', 'p', 2), ('x', 'q', 3), ('y', null, 4), ('y', 'p', 5), (null, 'r', null)) as t(a, u, n)";
        session.sql(table).await.unwrap().collect().await.unwrap();
        let (state, plan) = session.sql(sql).await.unwrap().into_parts();
        let frame = DataFrame::new(state, if steps { in_two_steps(plan).unwrap() } else { plan });
        let plan = frame.clone().into_optimized_plan().unwrap().to_string();
        (pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string(), plan)
    }

    #[tokio::test]
    async fn the_result_is_the_same_and_the_sets_are_gone() {
        for (counts, sql) in [
            (
                true,
                "select a, count(distinct u) as people, count(*) + 1 as more, sum(n) / 2 as half from events group by a order by a",
            ),
            (
                true,
                "select concat(a, '!') as a, count(*), max(n), count(distinct u) from events group by concat(a, '!') order by 1",
            ),
            (false, "select a, count(distinct u), count(*), sum(1) from events group by a order by a"),
            (false, "select a, count(distinct u), count(*), count(n) from events group by a order by a"),
            (false, "select a, count(*), sum(n) from events group by a order by a"),
        ] {
            let (before, after) = (run(sql, false).await, run(sql, true).await);
            assert_eq!(before.0, after.0, "{sql}");
            let has_sets =
                |plan: &str| plan.lines().any(|line| line.contains("Aggregate:") && line.contains("DISTINCT"));
            assert_eq!(
                (before.1 != after.1, has_sets(&after.1)),
                (counts, !counts && sql.contains("distinct")),
                "{sql}\n{}",
                after.1
            );
        }
    }
}
