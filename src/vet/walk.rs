//! One walk over parsed SQL for all that look at it: the parser's own is generic, and every kind of look would be another copy
//! of it in the program, half a megabyte each.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, Visit, Visitor};

/// What is met, each before what it holds.
pub(super) enum Part<'a> {
    Query(&'a Query),
    /// The name of a table.
    Relation(&'a ObjectName),
    Expression(&'a Expr),
}

/// Shows every part of `sql` to `see`.
pub(super) fn walk<S: Visit>(sql: &S, see: &mut dyn FnMut(Part<'_>)) {
    let _ = sql.visit(&mut Walk { see });
}

struct Walk<'s> {
    see: &'s mut dyn FnMut(Part<'_>),
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        (self.see)(Part::Query(query));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        (self.see)(Part::Relation(name));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        (self.see)(Part::Expression(expression));
        ControlFlow::Continue(())
    }
}
