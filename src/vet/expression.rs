//! Expressions over one row: `let`, `where`, `sql` columns, what `newest` compares, a pivot's parts.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::Expr as Ast;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::mapping::Text;
use crate::resolve::{Input, Resolved};
use crate::vet::finding;
use crate::vet::place::Sql;
use crate::vet::walk::{Part, walk};

/// What an expression may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any value of one row.
    Value,
    /// True or false of one row.
    Predicate,
    /// One value of many rows.
    Aggregate,
}

/// The file an expression stands in.
#[derive(Debug, Clone, Copy)]
pub struct Scalars<'a> {
    /// As shown.
    pub path: &'a str,
    /// Its text.
    pub file: &'a str,
}

/// Checks every SQL scalar of `resolved` against the columns of its rows; where these are unknown, what the text alone shows.
pub fn expressions(
    resolved: &Resolved,
    session: &SessionContext,
    rows: Option<&DFSchema>,
    file: Scalars<'_>,
) -> Diagnostics {
    let known = rows.is_some();
    let rows = rows.cloned().unwrap_or_else(DFSchema::empty);
    let later = resolved.lets.iter().map(|definition| definition.name.clone()).collect();
    let mut vetting = Vetting { session, rows, known, later, file, diagnostics: Diagnostics::new() };
    for definition in &resolved.lets {
        if definition.name.starts_with('_') || vetting.rows.has_column_with_unqualified_name(&definition.name) {
            vetting.diagnostics.push(
                Diagnostic::error(&code::BAD_NAME, format!("`{}` is the name of a column already", definition.name))
                    .at(Place::new(file.path, definition.sql.span), "of this `let`")
                    .help("give the `let` a name that no source column has"),
            );
            continue;
        }
        let data_type = vetting.check(&definition.sql, Kind::Value).unwrap_or(DataType::Utf8View);
        vetting.later.remove(&definition.name);
        vetting.define(&definition.name, data_type);
    }
    if let Some(filter) = &resolved.filter {
        vetting.check(filter, Kind::Predicate);
    }
    for (index, column) in resolved.columns.iter().enumerate() {
        if let Input::Sql(sql) = &column.input {
            let folded = resolved.pivot.is_some() && !resolved.key.contains(&index);
            vetting.check(sql, if folded { Kind::Aggregate } else { Kind::Value });
        }
    }
    if let Some(Input::Sql(sql)) = resolved.duplicates.order.as_ref().map(|order| &order.input) {
        vetting.check(sql, Kind::Value);
    }
    if let Some(pivot) = &resolved.pivot {
        for sql in [Some(&pivot.module), Some(&pivot.action), pivot.value.as_ref()].into_iter().flatten() {
            vetting.check(sql, Kind::Value);
        }
    }
    vetting.diagnostics
}

/// The columns (and `let`s) that an expression names, as far as it can be parsed.
pub fn names(sql: &str, session: &SessionContext) -> BTreeSet<String> {
    let state = session.state();
    let dialect = state.config().options().sql_parser.dialect;
    let mut names = BTreeSet::new();
    if let Ok(parsed) = state.sql_to_expr_with_alias(sql, &dialect) {
        walk(&parsed.expr, &mut |part| {
            if let Part::Expression(Ast::Identifier(name)) = part {
                names.insert(name.value.clone());
            }
        });
    }
    names
}

struct Vetting<'a> {
    session: &'a SessionContext,
    rows: DFSchema,
    /// Whether `rows` has all columns there are.
    known: bool,
    /// `let`s that are not defined yet.
    later: BTreeSet<String>,
    file: Scalars<'a>,
    diagnostics: Diagnostics,
}

impl Vetting<'_> {
    /// From now on `name` is a column too.
    fn define(&mut self, name: &str, data_type: DataType) {
        let field = DFSchema::from_unqualified_fields(
            vec![Field::new(name, data_type, true)].into(),
            std::collections::HashMap::new(),
        );
        if let Ok(joined) = field.and_then(|field| self.rows.join(&field)) {
            self.rows = joined;
        }
    }

    /// The expression's type, where it is right.
    fn check(&mut self, text: &Text, kind: Kind) -> Option<DataType> {
        let sql = Sql { text: &text.value, path: self.file.path, file: self.file.file, scalar: Some(text) };
        match self.judge(&sql, kind) {
            Ok(data_type) => Some(data_type),
            Err(found) => {
                for diagnostic in found {
                    self.diagnostics.push(diagnostic);
                }
                None
            }
        }
    }

    fn judge(&self, sql: &Sql<'_>, kind: Kind) -> Result<DataType, Vec<Diagnostic>> {
        let engine = |error| vec![finding::diagnostic(&error, sql)];
        let state = self.session.state_ref();
        let state = state.read();
        let dialect = state.config().options().sql_parser.dialect;
        if let Some(diagnostic) = finding::too_long(sql) {
            return Err(vec![diagnostic]);
        }
        let parsed = state.sql_to_expr_with_alias(sql.text, &dialect).map_err(engine)?;
        if parsed.alias.is_some() {
            return Err(vec![
                Diagnostic::error(&code::SQL_FORBIDDEN, "an expression has no `as`")
                    .at(sql.whole(), "one expression is wanted here"),
            ]);
        }
        let found = self.walk(&parsed.expr, sql);
        if !found.is_empty() {
            return Err(found);
        }
        if !self.known {
            return Ok(DataType::Utf8View);
        }
        let expression = state.create_logical_expr_from_sql_expr(parsed, &self.rows).map_err(engine)?;
        let found = self.rules(&expression, sql, kind);
        if !found.is_empty() {
            return Err(found);
        }
        let data_type = expression.get_type(&self.rows).map_err(engine)?;
        if kind != Kind::Aggregate {
            state.create_physical_expr(expression, &self.rows).map_err(engine)?;
        }
        if kind == Kind::Predicate && !matches!(data_type, DataType::Boolean | DataType::Null) {
            return Err(vec![
                Diagnostic::error(&code::SQL_TYPE, "`where` needs a condition")
                    .at(sql.whole(), format!("this is {}", in_words(&data_type)))
                    .help("compare it with something, e.g. `\"Stage\" <> 'Lead'`"),
            ]);
        }
        Ok(data_type)
    }

    /// What the text alone shows: names and forbidden forms, all of them.
    fn walk(&self, ast: &Ast, sql: &Sql<'_>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut inside = false;
        let columns: Vec<&str> =
            self.rows.fields().iter().map(|field| field.name().as_str()).filter(|name| !is_hidden(name)).collect();
        walk(ast, &mut |part| {
            let Part::Expression(part) = part else { return };
            match part {
                Ast::Subquery(_) | Ast::Exists { .. } | Ast::InSubquery { .. } => {
                    inside = true;
                    found.push(
                        Diagnostic::error(
                            &code::SQL_FORBIDDEN,
                            "a subquery cannot stand in an expression over one row",
                        )
                        .at(sql.whole(), "in this expression")
                        .help("join in a query file: `from: {query: ...}`; or use `lookup`"),
                    );
                }
                // The columns of a subquery are not those of the row.
                _ if inside => {}
                Ast::Function(function) if function.over.is_some() => found.push(
                    Diagnostic::error(
                        &code::SQL_FORBIDDEN,
                        "a window function cannot stand in an expression over one row",
                    )
                    .at(sql.whole(), "in this expression")
                    .help("use it in a query file: `from: {query: ...}`"),
                ),
                Ast::Function(function) if !self.known => {
                    found.extend(finding::unknown_function(function, self.session, sql))
                }
                Ast::Identifier(name) if self.known => {
                    let known = self.rows.has_column_with_unqualified_name(&name.value);
                    if !known && (name.quote_style.is_some() || !is_word_function(&name.value)) {
                        let mut diagnostic = if self.later.contains(&name.value) {
                            let fact = format!("`{}` is a `let` that stands further down", name.value);
                            Diagnostic::error(&code::UNKNOWN_FIELD, fact)
                                .at(sql.part(name.span), "not known yet")
                                .help("a `let` sees those above it: change their order")
                        } else {
                            finding::unknown_column(&name.value, &columns, sql)
                        };
                        diagnostic.place = Some(sql.part(name.span));
                        found.push(diagnostic);
                    }
                }
                _ => {}
            }
        });
        found
    }

    /// What only the planned expression shows.
    fn rules(&self, expression: &Expr, sql: &Sql<'_>, kind: Kind) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut aggregates = false;
        let _ = expression.apply(|part| {
            match part {
                Expr::AggregateFunction(_) => aggregates = true,
                Expr::ScalarFunction(function) if part.is_volatile_node() => {
                    let name = function.name();
                    found.push(
                        Diagnostic::error(&code::SQL_VOLATILE, format!("`{name}` gives another answer at every call"))
                            .at(sql.word(name), "not repeatable")
                            .help("the same input must give the same file; use a value of the data"),
                    );
                }
                Expr::BinaryExpr(pair) if is_comparison(pair.op) => {
                    if let Some(message) = mixed(&pair.left, &pair.right, &self.rows) {
                        found.push(
                            Diagnostic::error(&code::SQL_TYPE, message)
                                .at(sql.whole(), "in this expression")
                                .help("wrap the text: `integer(x)`, `number(x)` or `date(x)`"),
                        );
                    }
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
        if aggregates && kind != Kind::Aggregate {
            found.push(
                Diagnostic::error(&code::SQL_FORBIDDEN, "an aggregate cannot stand in an expression over one row")
                    .at(sql.whole(), "in this expression")
                    .help("roll up in a query file: `from: {query: ...}`"),
            );
        }
        if !aggregates && kind == Kind::Aggregate && !expression.column_refs().is_empty() {
            found.push(
                Diagnostic::error(&code::SQL_FORBIDDEN, "beside a pivot a column is one value of many rows")
                    .at(sql.whole(), "no aggregate")
                    .help("e.g. `count(distinct \"User Id\")`, `max(\"Minutes\")`"),
            );
        }
        found
    }
}

/// A type as people call it.
fn in_words(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Date32 | DataType::Date64 => "a day",
        DataType::Timestamp(..) => "a moment",
        other if other.is_numeric() => "a number",
        _ => "neither true nor false",
    }
}

/// The place of `name` in the SQL of `scalar`.
pub fn place_in(scalar: &Text, name: &str, file: Scalars<'_>) -> Place {
    Sql { text: &scalar.value, path: file.path, file: file.file, scalar: Some(scalar) }.word(name)
}

fn is_hidden(name: &str) -> bool {
    name == "_file" || name == "_line"
}

/// Words that are functions without brackets.
fn is_word_function(name: &str) -> bool {
    ["current_date", "current_timestamp", "current_time", "now", "today"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(name))
}

fn is_comparison(operator: Operator) -> bool {
    matches!(operator, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq | Operator::Eq | Operator::NotEq)
}

/// Says so where one side is text and the other a number.
pub(super) fn mixed(left: &Expr, right: &Expr, rows: &dyn ExprSchema) -> Option<String> {
    let (left_type, right_type) = (left.get_type(rows).ok()?, right.get_type(rows).ok()?);
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let (name, number) = if text(&left_type) && right_type.is_numeric() {
        (left, right)
    } else if text(&right_type) && left_type.is_numeric() {
        (right, left)
    } else {
        return None;
    };
    let shown = match name {
        Expr::Column(Column { name, .. }) => format!("column `{name}`"),
        Expr::Literal(..) => "a text".to_owned(),
        _ => "a text expression".to_owned(),
    };
    let other = match number {
        Expr::Literal(value, _) => format!("the number {value}"),
        _ => "a number".to_owned(),
    };
    Some(format!("{shown} is text and is compared with {other}"))
}
