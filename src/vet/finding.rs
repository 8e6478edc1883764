//! From the engine's errors to our diagnostics.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::Function;

use crate::diagnostic::{Diagnostic, code, nearest};
use crate::vet::place::Sql;

/// What an error of parsing or planning `sql` means to the one who wrote it.
pub(super) fn diagnostic(error: &DataFusionError, sql: &Sql<'_>) -> Diagnostic {
    match error.find_root() {
        DataFusionError::SQL(error, _) => syntax(&error.to_string(), sql),
        DataFusionError::SchemaError(error, _) => schema(error, sql),
        error => {
            let message = error.message();
            let first = message.lines().next().unwrap_or_default();
            if first.contains("Invalid function") {
                let name = first.split('\'').nth(1).unwrap_or_default();
                let diagnostic = Diagnostic::error(&code::SQL_PLAN, format!("no function is called `{name}`"))
                    .at(sql.word(name), "unknown function");
                // The engine has found the nearest name already.
                return match message.split("Did you mean '").nth(1).and_then(|rest| rest.split('\'').next()) {
                    Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
                    None => diagnostic,
                };
            }
            let diagnostic = Diagnostic::error(&code::SQL_PLAN, format!("the engine cannot plan the SQL: {first}"))
                .at(sql.whole(), "in this SQL");
            match first.contains("arithmetic expression Utf8")
                || first.contains("to valid types") && first.contains("Utf8")
            {
                true => diagnostic
                    .help("CSV values are text: write `integer(x)`, `number(x)` or `date(x)` to reckon with them"),
                false => diagnostic,
            }
        }
    }
}

/// `sql parser error: Expected: ), found: EOF at Line: 1, Column: 7`, in words.
fn syntax(message: &str, sql: &Sql<'_>) -> Diagnostic {
    let words = message.trim_start_matches("sql parser error: ");
    let words = words.split(" at Line: ").next().unwrap_or(words);
    let Some((expected, found)) = words.strip_prefix("Expected: ").and_then(|words| words.split_once(", found: "))
    else {
        return Diagnostic::error(&code::SQL_SYNTAX, format!("the SQL cannot be parsed: {words}"))
            .at(sql.message_place(message, 1), "here");
    };
    let is_sign = !expected.is_empty() && !expected.contains(|letter: char| letter.is_lowercase());
    let expected = if is_sign { format!("`{expected}`") } else { expected.to_owned() };
    if found == "EOF" {
        return Diagnostic::error(&code::SQL_SYNTAX, format!("the SQL ends where {expected} is expected"))
            .at(sql.end(), "it ends here");
    }
    let diagnostic =
        Diagnostic::error(&code::SQL_SYNTAX, format!("the SQL has `{found}` where {expected} is expected"))
            .at(sql.message_place(message, found.len()), "here");
    match found.to_ascii_lowercase().as_str() {
        // The parser gives up a `case` as a whole, wherever the mistake in it is.
        "when" => {
            diagnostic.help("a `case` reads `case when ... then ... else ... end`; the mistake may stand further on")
        }
        _ => diagnostic,
    }
}

fn schema(error: &SchemaError, sql: &Sql<'_>) -> Diagnostic {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut names: Vec<&str> = valid_fields.iter().map(|valid| valid.name.as_str()).collect();
            names.retain(|name| !name.starts_with('_'));
            unknown_column(&field.name, &names, sql)
        }
        SchemaError::AmbiguousReference { field } => {
            Diagnostic::error(&code::SQL_PLAN, format!("`{}` stands in several tables", field.name))
                .at(sql.word(&field.name), "which one is meant?")
                .help(format!("write `<table>.\"{}\"`", field.name))
        }
        other => Diagnostic::error(&code::SQL_PLAN, format!("the engine cannot plan the SQL: {other}"))
            .at(sql.whole(), "in this SQL"),
    }
}

/// `name` is no column of the rows.
pub(super) fn unknown_column(name: &str, names: &[&str], sql: &Sql<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error(&code::UNKNOWN_FIELD, format!("column `{name}` not found"))
        .at(sql.word(name), "no such column");
    match nearest(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("`\"{near}\"` has a similar name")),
        None => {
            let diagnostic = diagnostic.help(format!("columns: {}", names.join(", ")));
            match sql.text.contains(&format!("\"{name}\"")) {
                true => diagnostic.help(format!("double quotes hold names; if a text is meant, write `'{name}'`")),
                false => diagnostic,
            }
        }
    }
}

/// Says so where the engine has no such function, for SQL that cannot be planned.
pub(super) fn unknown_function(function: &Function, session: &SessionContext, sql: &Sql<'_>) -> Option<Diagnostic> {
    let name = function.name.0.last()?.as_ident()?;
    let state = session.state();
    let names = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    if names.iter().any(|known| known.eq_ignore_ascii_case(&name.value)) {
        return None;
    }
    let diagnostic = Diagnostic::error(&code::SQL_PLAN, format!("no function is called `{}`", name.value))
        .at(sql.part(name.span), "unknown function");
    Some(match nearest(&name.value, names) {
        Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
        None => diagnostic,
    })
}

/// Operators that one SQL text may have. The parser nests `a + b + c` as deep as it is long, and the engine walks the nest
/// on the stack: a few thousand end the process.
const MOST_OPERATORS: usize = 500;

/// Says so where `sql` has more operators than can be planned.
pub(super) fn too_long(sql: &Sql<'_>) -> Option<Diagnostic> {
    let is_word = |word: &&str| word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or");
    let mut operators = 0;
    for line in sql.text.lines() {
        let code = line.split("--").next().unwrap_or_default();
        // What stands in quotes is a name or a text.
        for bare in code.split(['\'', '"']).step_by(2) {
            operators += bare.bytes().filter(|byte| b"+-*/%|=<>".contains(byte)).count();
            operators += bare.split_ascii_whitespace().filter(is_word).count();
        }
    }
    (operators > MOST_OPERATORS).then(|| {
        Diagnostic::error(
            &code::SQL_FORBIDDEN,
            format!("the SQL has {operators} operators, at most {MOST_OPERATORS} are planned"),
        )
        .at(sql.whole(), "too long a chain")
        .help("translate many values with `map` or a `lookup` table; compare with many by `in (...)`")
    })
}
