//! A whole SELECT of the user: one statement, over declared sources only, with an order that does not depend on threads.

use std::collections::BTreeSet;

use datafusion::common::DFSchemaRef;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr as Ast, Ident, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, Statement as SqlStatement,
};

use crate::diagnostic::{Diagnostic, Diagnostics, code, nearest};
use crate::mapping::Text;
use crate::vet::expression::mixed;
use crate::vet::place::Sql;
use crate::vet::walk::{Part, walk};
use crate::vet::{finding, wildcard};

/// A query that may be run.
#[derive(Debug, Clone)]
pub struct VettedQuery {
    /// Its plan, ordered as it is to be run.
    pub plan: LogicalPlan,
    /// It selects `_file` and `_line`, so its rows can be traced.
    pub traceable: bool,
    /// It has an `order by` of its own.
    pub ordered: bool,
    /// The declared sources it reads, directly.
    pub sources: BTreeSet<String>,
}

/// Where the SQL of a query stands.
#[derive(Debug, Clone, Copy)]
pub struct QueryText<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// Path of the file it stands in, as shown.
    pub path: &'a str,
    /// That file's text.
    pub file: &'a str,
    /// The scalar it stands in; none: the file is the SQL.
    pub scalar: Option<&'a Text>,
}

/// Checks the query of `from`; its result is ordered by its own `order by`, then `_file`, `_line`, then all its columns.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn query(
    text: QueryText<'_>,
    session: &SessionContext,
    sources: &[String],
) -> Result<VettedQuery, Diagnostics> {
    let sql = Sql { text: text.sql, path: text.path, file: text.file, scalar: text.scalar };
    let (mut ast, used) = parse(&sql, session, sources)?;
    let ordered = ast.order_by.is_some();
    let first = plan(ast.clone(), &sql, session).await?;
    let schema = first.schema();
    let traceable = ["_file", "_line"].iter().all(|name| schema.has_column_with_unqualified_name(name));
    order(&mut ast, schema);
    let plan = plan(ast, &sql, session).await?;
    Ok(VettedQuery { plan, traceable, ordered, sources: used })
}

/// Checks a query that is a source of others: in no particular order.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn view(
    text: QueryText<'_>,
    session: &SessionContext,
    sources: &[String],
) -> Result<VettedQuery, Diagnostics> {
    let sql = Sql { text: text.sql, path: text.path, file: text.file, scalar: text.scalar };
    let (ast, used) = parse(&sql, session, sources)?;
    let plan = plan(ast, &sql, session).await?;
    Ok(VettedQuery { plan, traceable: false, ordered: false, sources: used })
}

/// Everything that is wrong with a query whatever its sources' columns are.
pub fn syntax(text: QueryText<'_>, session: &SessionContext, sources: &[String]) -> Diagnostics {
    let sql = Sql { text: text.sql, path: text.path, file: text.file, scalar: text.scalar };
    parse(&sql, session, sources).err().unwrap_or_default()
}

/// Names of the tables that the SQL reads, as far as it can be parsed: what has to be registered before it is checked.
pub fn tables(sql: &str, session: &SessionContext) -> BTreeSet<String> {
    let text = Sql { text: sql, path: "", file: sql, scalar: None };
    match statement(&text, session) {
        Ok(query) => relations(&query).into_iter().map(|(name, _)| name).collect(),
        Err(_) => BTreeSet::new(),
    }
}

fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(diagnostic);
    diagnostics
}

/// The SQL as one SELECT.
fn statement(sql: &Sql<'_>, session: &SessionContext) -> Result<Query, Diagnostic> {
    let state = session.state();
    let dialect = state.config().options().sql_parser.dialect;
    let forbidden = |what: &str| {
        Diagnostic::error(&code::SQL_FORBIDDEN, what.to_owned())
            .at(sql.whole(), "not one SELECT")
            .help("a query is one SELECT over declared sources")
    };
    if let Some(diagnostic) = finding::too_long(sql) {
        return Err(diagnostic);
    }
    let several = sql.text.trim_end().trim_end_matches(';').contains(';');
    match state.sql_to_statement(sql.text, &dialect) {
        Ok(Statement::Statement(statement)) => match *statement {
            SqlStatement::Query(query) => Ok(*query),
            other => {
                let words = other.to_string();
                let verb = words.split_whitespace().next().unwrap_or_default().to_owned();
                Err(forbidden(&format!("`{verb}` is not allowed: only SELECT reads and changes nothing")))
            }
        },
        Ok(_) => Err(forbidden("only SELECT reads and changes nothing")),
        Err(error) if several && error.to_string().contains("single SQL statement") => {
            Err(forbidden("several statements in one SQL"))
        }
        Err(error) => Err(finding::diagnostic(&error, sql)),
    }
}

fn parse(
    sql: &Sql<'_>,
    session: &SessionContext,
    sources: &[String],
) -> Result<(Query, BTreeSet<String>), Diagnostics> {
    let mut ast = statement(sql, session).map_err(one)?;
    let mut diagnostics = Diagnostics::new();
    let mut used = BTreeSet::new();
    for (name, place) in relations(&ast) {
        if sources.contains(&name) {
            used.insert(name);
            continue;
        }
        let mut diagnostic = Diagnostic::error(&code::UNKNOWN_SOURCE, format!("unknown source `{name}`")).at(
            // The parser does not place a name in single quotes.
            place.filter(|span| span.start.line > 0).map_or_else(|| sql.word(&name), |span| sql.part(span)),
            "not declared in `sources`",
        );
        diagnostic = match nearest(&name, sources.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
            None => diagnostic.help("files are declared as sources first, then named"),
        };
        diagnostics.push(diagnostic);
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let local = common_tables(&ast);
    wildcard::expand(&mut ast, &|name| !local.contains(name) && sources.iter().any(|source| source == name));
    Ok((ast, used))
}

type Named = (String, Option<datafusion::sql::sqlparser::tokenizer::Span>);

/// Tables the query reads, without its own `with` tables and table functions.
fn relations(query: &Query) -> Vec<Named> {
    let local = common_tables(query);
    let mut names: Vec<Named> = Vec::new();
    walk(query, &mut |part| {
        let Part::Relation(relation) = part else { return };
        let ident = relation.0.last().and_then(|part| part.as_ident());
        let name = relation.0.iter().map(|part| part.as_ident().map_or_else(String::new, |ident| ident.value.clone()));
        let name = name.collect::<Vec<_>>().join(".");
        if !local.contains(&name) && !names.iter().any(|(known, _)| *known == name) && !is_table_function(&name) {
            names.push((name, ident.map(|ident| ident.span)));
        }
    });
    names
}

fn is_table_function(name: &str) -> bool {
    ["generate_series", "range", "unnest"].iter().any(|function| function.eq_ignore_ascii_case(name))
}

/// Names defined by `with`, at any depth.
fn common_tables(query: &Query) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(query, &mut |part| {
        let Part::Query(query) = part else { return };
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        names.extend(tables.map(|table| table.alias.name.value.clone()));
    });
    names
}

async fn plan(query: Query, sql: &Sql<'_>, session: &SessionContext) -> Result<LogicalPlan, Diagnostics> {
    let statement = Statement::Statement(Box::new(SqlStatement::Query(Box::new(query))));
    let plan =
        session.state().statement_to_plan(statement).await.map_err(|error| one(finding::diagnostic(&error, sql)))?;
    let diagnostics = rules(&plan, sql);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    // Type coercion happens in the analyser: an error there is still the user's.
    session.state().optimize(&plan).map_err(|error| one(finding::diagnostic(&error, sql)))?;
    Ok(plan)
}

/// What only the plan shows: changing functions, text compared with numbers.
fn rules(plan: &LogicalPlan, sql: &Sql<'_>) -> Diagnostics {
    let mut found: Vec<Diagnostic> = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        for expression in node.expressions() {
            let _ = expression.apply(|part| {
                match part {
                    Expr::ScalarFunction(function) if part.is_volatile_node() => found.push(
                        Diagnostic::error(
                            &code::SQL_VOLATILE,
                            format!("`{}` gives another answer at every call", function.name()),
                        )
                        .at(sql.word(function.name()), "not repeatable")
                        .help("the same input must give the same file; use a value of the data"),
                    ),
                    Expr::BinaryExpr(pair) => {
                        let compares = matches!(pair.op.to_string().as_str(), "=" | "!=" | "<" | "<=" | ">" | ">=");
                        let schemas = node.inputs();
                        let message = schemas
                            .iter()
                            .find_map(|input| mixed(&pair.left, &pair.right, input.schema().as_ref()))
                            .filter(|_| compares);
                        if let Some(message) = message {
                            found.push(
                                Diagnostic::error(&code::SQL_TYPE, message)
                                    .at(sql.whole(), "in this query")
                                    .help("wrap the text: `integer(x)`, `number(x)` or `date(x)`"),
                            );
                        }
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            });
        }
        Ok(TreeNodeRecursion::Continue)
    });
    let mut diagnostics = Diagnostics::new();
    for diagnostic in found {
        diagnostics.push(diagnostic);
    }
    diagnostics
}

/// Appends `_file, _line` and all columns to the query's own order, so that equal rows cannot change places.
fn order(query: &mut Query, schema: &DFSchemaRef) {
    let by = |name: &str| OrderByExpr {
        expr: Ast::Identifier(Ident::with_quote('"', name)),
        options: OrderByOptions { asc: None, nulls_first: None },
        with_fill: None,
    };
    let mut names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.sort_by_key(|name| match *name {
        "_file" => 0,
        "_line" => 1,
        _ => 2,
    });
    let unique = |name: &&str| schema.fields().iter().filter(|field| field.name() == name).count() == 1;
    let tail: Vec<OrderByExpr> = names.into_iter().filter(unique).map(by).collect();
    match &mut query.order_by {
        Some(OrderBy { kind: OrderByKind::Expressions(own), .. }) => own.extend(tail),
        Some(_) => {}
        None => query.order_by = Some(OrderBy { kind: OrderByKind::Expressions(tail), interpolate: None }),
    }
}
