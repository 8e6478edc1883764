//! Writes the SELECTs of a mapping, line by line.

use std::fmt::Write as _;

use crate::compile::layout::Call;
use crate::compile::{CompiledQuery, table};
use crate::mapping::{Aggregate, CellType};
use crate::resolve::{CellSpec, Input, Piece, Resolved, TargetColumn};
use crate::sqltext::{comment, identifier, literal};
use crate::yaml::Span;

/// Writes the SQL of one mapping.
pub(super) struct Select<'a> {
    resolved: &'a Resolved,
    /// Byte at which each line of the mapping file starts.
    line_starts: Vec<usize>,
}

/// One line of a SELECT list.
struct Item {
    value: Value,
    name: String,
    span: Option<Span>,
}

enum Value {
    /// A judged cell.
    Call(Call),
    /// SQL on one line.
    Plain(String),
}

impl<'a> Select<'a> {
    pub(super) fn new(resolved: &'a Resolved, text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { resolved, line_starts: std::iter::once(0).chain(starts).collect() }
    }

    pub(super) fn compile(&self) -> CompiledQuery {
        CompiledQuery {
            judge: self.judge(),
            filtered: self.resolved.filter.is_some().then(|| self.filtered()),
            aggregates: self.resolved.pivot.as_ref().and_then(|_| self.aggregates()),
        }
    }

    fn judge(&self) -> String {
        let items = self.judged().into_iter().map(|(_, item)| item).collect();
        self.select(items, self.filter("where ", ""), "")
    }

    /// Every judged struct with the SQL of its input.
    fn judged(&self) -> Vec<(String, Item)> {
        let mut judged: Vec<(String, Item)> = self
            .settled_columns()
            .map(|column| {
                let (_, item) = self.struct_of(
                    &input_sql(&column.input, column.cell.kind),
                    &column.cell,
                    &column.name,
                    column.span,
                );
                (as_read(&column.input), item)
            })
            .collect();
        if let Some(order) = &self.resolved.duplicates.order {
            judged.push(self.struct_of(&input_sql(&order.input, order.cell.kind), &order.cell, "_by", order.span));
        }
        if let Some(pivot) = &self.resolved.pivot {
            let value = pivot.value.as_ref().map_or_else(|| "1".to_owned(), |sql| bracketed(&sql.value));
            let value_span = pivot.value.as_ref().map_or(pivot.module.span, |sql| sql.span);
            let [module_cell, action_cell, value_cell] = &pivot.cells;
            judged.push(self.struct_of(&bracketed(&pivot.module.value), module_cell, "_module", pivot.module.span));
            judged.push(self.struct_of(&bracketed(&pivot.action.value), action_cell, "_action", pivot.action.span));
            let value = if pivot.aggregate == Aggregate::Count { "1".to_owned() } else { value };
            judged.push(self.struct_of(&value, value_cell, "_value", value_span));
        }
        judged
    }

    /// Columns that are judged row by row: under a pivot only the key, the others are aggregates.
    fn settled_columns(&self) -> impl Iterator<Item = &TargetColumn> {
        let pivots = self.resolved.pivot.is_some();
        let is_settled = move |index: &usize| !pivots || self.resolved.key.contains(index);
        self.resolved.columns.iter().enumerate().filter(move |(index, _)| is_settled(index)).map(|(_, column)| column)
    }

    fn struct_of(&self, input: &str, cell: &CellSpec, name: &str, span: Span) -> (String, Item) {
        let value = Value::Call(Call::normalise(input, cell));
        (input.to_owned(), Item { value, name: name.to_owned(), span: Some(span) })
    }

    pub(super) fn report(&self, fields: &[String]) -> String {
        self.select(self.told(fields), String::new(), "order by \"_file\", \"_line\"\n")
    }

    pub(super) fn preview(&self, fields: &[String]) -> String {
        let mut items = self.told(fields);
        for (number, own) in self.resolved.lets.iter().enumerate() {
            items.push(Item {
                value: Value::Plain(identifier(&own.name)),
                name: format!("_let_{number}"),
                span: Some(own.sql.span),
            });
        }
        let (kept, span) = match &self.resolved.filter {
            Some(filter) => (format!("coalesce({}, false)", bracketed(&filter.value)), Some(filter.span)),
            None => ("true".to_owned(), None),
        };
        items.push(Item { value: Value::Plain(kept), name: "_kept".to_owned(), span });
        self.select(items, String::new(), "")
    }

    pub(super) fn keys(&self) -> String {
        let columns = self.resolved.key.iter().map(|&index| &self.resolved.columns[index]);
        let mut items = Vec::new();
        for (number, column) in columns.enumerate() {
            let input = as_read(&column.input);
            items.push(Item { value: Value::Plain(input), name: format!("_input_{number}"), span: None });
            let from = input_sql(&column.input, column.cell.kind);
            items.push(self.struct_of(&from, &column.cell, &column.name, column.span).1);
        }
        self.select(items, String::new(), "")
    }

    /// Every judged struct behind its input, then the fields of the record.
    fn told(&self, fields: &[String]) -> Vec<Item> {
        let mut items = Vec::new();
        for (number, (input, item)) in self.judged().into_iter().enumerate() {
            items.push(Item { value: Value::Plain(input), name: format!("_input_{number}"), span: None });
            items.push(item);
        }
        for (number, field) in fields.iter().enumerate() {
            items.push(Item { value: Value::Plain(identifier(field)), name: format!("_field_{number}"), span: None });
        }
        items
    }

    /// Keys of the rows that `where` drops: those for which it is not true.
    fn filtered(&self) -> String {
        let keys = self.resolved.key.iter().map(|&index| {
            let column = &self.resolved.columns[index];
            self.struct_of(&input_sql(&column.input, column.cell.kind), &column.cell, &column.name, column.span).1
        });
        self.select(keys.collect(), self.filter("where not coalesce(", ", false)"), "")
    }

    /// The pivot's columns beside key and metrics: aggregates over the rows that the judge accepts, by key.
    fn aggregates(&self) -> Option<String> {
        let others: Vec<&TargetColumn> = (self.resolved.columns.iter().enumerate())
            .filter(|(index, _)| !self.resolved.key.contains(index))
            .map(|(_, column)| column)
            .collect();
        if others.is_empty() {
            return None;
        }
        let judged = self.judged();
        // The key columns come first among the judged ones, in the order of `columns`.
        let keys = self.settled_columns().count();
        let mut sql = String::from("select\n");
        for (number, (_, item)) in judged[..keys].iter().enumerate() {
            let _ = writeln!(sql, "  value_of({}) as {},", judged_name(number), identifier(&item.name));
        }
        for (number, column) in others.iter().enumerate() {
            let comma = if number + 1 < others.len() { "," } else { "" };
            let (_, item) =
                self.struct_of(&input_sql(&column.input, column.cell.kind), &column.cell, &column.name, column.span);
            let _ = writeln!(sql, "{}", self.line(&item, comma));
        }
        sql.push_str("from (\n  select *");
        for (number, (_, item)) in judged.iter().enumerate() {
            let name = judged_name(number);
            let _ = write!(sql, ",\n    {} as {name}", item.value.sql("    ", name.len()));
        }
        let _ = write!(sql, "\n  from {}\n{}) as \"judged\"\nwhere ", self.rows(), self.filter("  where ", ""));
        let valid: Vec<String> =
            (0..judged.len()).map(|number| format!("fault_of({}) = 0", judged_name(number))).collect();
        let groups: Vec<String> = (0..keys).map(|number| format!("value_of({})", judged_name(number))).collect();
        let _ = writeln!(sql, "{}\ngroup by {}", valid.join(" and "), groups.join(", "));
        Some(sql)
    }

    /// The table, with the `let`s as further columns; a `let` that uses an earlier one wraps it.
    fn rows(&self) -> String {
        let (mut before, mut after) = (String::new(), String::new());
        for (depth, definition) in self.resolved.lets.iter().rev().enumerate() {
            let indent = "  ".repeat(depth);
            let _ = write!(
                before,
                "(\n{indent}  select *, {} as {}{}\n{indent}  from ",
                bracketed(&definition.sql.value),
                identifier(&definition.name),
                self.origin(Some(definition.sql.span)),
            );
            after.insert_str(0, &format!("\n{indent}) as \"let {}\"", definition.name.replace('"', "'")));
        }
        before + &identifier(table(self.resolved)) + &after
    }

    /// The `where` line: `before`, the predicate, `after`.
    fn filter(&self, before: &str, after: &str) -> String {
        match &self.resolved.filter {
            Some(filter) => {
                format!("{before}{}{after}{}\n", bracketed(&filter.value), self.origin(Some(filter.span)))
            }
            None => String::new(),
        }
    }

    fn select(&self, items: Vec<Item>, filter: String, tail: &str) -> String {
        let mut sql = String::from("select\n  \"_file\", \"_line\"");
        sql.push_str(if items.is_empty() { "\n" } else { ",\n" });
        let count = items.len();
        for (number, item) in items.into_iter().enumerate() {
            let comma = if number + 1 < count { "," } else { "" };
            let _ = writeln!(sql, "{}", self.line(&item, comma));
        }
        let _ = writeln!(sql, "from {}", self.rows());
        sql.push_str(&filter);
        sql.push_str(tail);
        sql
    }

    /// A line (or a few) of a SELECT list.
    fn line(&self, item: &Item, comma: &str) -> String {
        let end = format!(" as {}{comma}", identifier(&item.name));
        format!("  {}{end}{}", item.value.sql("  ", end.chars().count()), self.origin(item.span))
    }

    /// ` -- accounts.yaml:14`
    fn origin(&self, span: Option<Span>) -> String {
        match span {
            Some(span) => {
                let line = self.line_starts.partition_point(|start| *start <= span.start);
                format!(" {}", comment(&format!("{}:{line}", self.resolved.path)))
            }
            None => String::new(),
        }
    }
}

impl Value {
    fn sql(&self, indent: &str, follows: usize) -> String {
        match self {
            Self::Call(call) => call.sql(indent, follows),
            Self::Plain(sql) => sql.clone(),
        }
    }
}

/// The name of a judged struct inside the aggregates' sub-select.
fn judged_name(number: usize) -> String {
    identifier(&format!("_judged_{number}"))
}

/// The SQL of a value before it is normalised to `kind`.
fn input_sql(input: &Input, kind: CellType) -> String {
    match input {
        Input::Field(name) => identifier(name),
        Input::Sql(sql) => bracketed(&sql.value),
        Input::Value(value) => literal(value),
        // An id with an empty part would be wrong or not unique.
        Input::Template(pieces) if matches!(kind, CellType::Id | CellType::ForeignKey) => template("template", pieces),
        Input::Template(pieces) => template("template_text", pieces),
        Input::Tag { field, separator, tag, known } => {
            let known = match known {
                Some(known) => {
                    let list = serde_json::to_string(known).expect("a list of names is plain data");
                    format!(", {}", literal(&list))
                }
                None => String::new(),
            };
            format!("tag_in({}, {}, {}{known})", identifier(field), literal(tag), literal(separator))
        }
    }
}

/// The SQL of the same value as the reports show it.
fn as_read(input: &Input) -> String {
    match input {
        Input::Template(pieces) => template("template_text", pieces),
        Input::Tag { field, .. } => identifier(field),
        _ => input_sql(input, CellType::Text),
    }
}

fn template(function: &str, pieces: &[Piece]) -> String {
    let mut text = String::new();
    let mut parts = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(words) => text.push_str(&words.replace('{', "{{").replace('}', "}}")),
            Piece::Field(name) => {
                let _ = write!(text, "{{{name}}}");
                let _ = write!(parts, ", {}", identifier(name));
            }
        }
    }
    format!("{function}({}{parts})", literal(&text))
}

/// The user's SQL between brackets; on lines of its own where it could end in a comment.
fn bracketed(sql: &str) -> String {
    let sql = sql.trim();
    if sql.contains("--") || sql.contains('\n') { format!("(\n{sql}\n)") } else { format!("({sql})") }
}
