//! Cells that are judged late: not in the plan, which would make a column of judged cells of them, but while the rows they
//! stand in are written. The answers are the same; what is spared is to lay each value down and pick it up again.

#[cfg(test)]
mod tests;
mod text;
mod writer;

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::udf::{CellRules, Normalize};

pub use writer::{CellWriter, LateCells, Writing};

/// A plan whose last step leaves out some normalisers.
pub struct Unjudged {
    /// Gives what those columns are made from.
    pub plan: Arc<dyn ExecutionPlan>,
    /// By column of the plan: how its cells are to be judged; none: the plan does.
    pub rules: Vec<Option<Arc<CellRules>>>,
}

/// Takes the normalisers of the columns that `may_wait` out of the last step of `plan`, where they are all that it does to them.
///
/// # Errors
/// The rules of a normaliser cannot be compiled.
pub fn take_out(plan: Arc<dyn ExecutionPlan>, may_wait: impl Fn(usize) -> bool) -> Result<Unjudged> {
    let mut rules = vec![None; plan.schema().fields().len()];
    let Some(last) = plan.downcast_ref::<ProjectionExec>() else { return Ok(Unjudged { plan, rules }) };
    let mut columns: Vec<ProjectionExpr> = last.expr().to_vec();
    for (number, column) in columns.iter_mut().enumerate().filter(|(number, _)| may_wait(*number)) {
        if let Some((input, found)) = normaliser(&column.expr, last.input())? {
            (column.expr, rules[number]) = (input, Some(found));
        }
    }
    let plan = Arc::new(ProjectionExec::try_new(columns, Arc::clone(last.input()))?);
    Ok(Unjudged { plan, rules })
}

/// What a normaliser judges, and by what rules.
type Call = (Arc<dyn PhysicalExpr>, Arc<CellRules>);

/// What `call` judges, and by what rules. None: it is no normaliser's call, or one of cells that may come with faults.
fn normaliser(call: &Arc<dyn PhysicalExpr>, below: &Arc<dyn ExecutionPlan>) -> Result<Option<Call>> {
    let Some(call) = call.downcast_ref::<ScalarFunctionExpr>() else { return Ok(None) };
    let Some(function) = call.fun().inner().downcast_ref::<Normalize>() else { return Ok(None) };
    let [input, options] = call.args() else { return Ok(None) };
    let Some(options) = options.downcast_ref::<Literal>() else { return Ok(None) };
    if !is_text_or_typed(&input.data_type(&below.schema())?) {
        return Ok(None);
    }
    Ok(Some((Arc::clone(input), function.rules_of(options.value())?)))
}

/// Whether cells of this type cannot have a fault before they are judged: bytes may be no text, structs were judged before.
fn is_text_or_typed(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => is_text_or_typed(value),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean => true,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        _ => kind.is_numeric(),
    }
}
