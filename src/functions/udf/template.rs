//! `template` and `template_text`: text with parts. `template('{Account Id}_{Product Code}', "Account Id", "Product Code")`.
//!
//! The literal names the parts in the order of the arguments; `{{` and `}}` are braces. For ids an empty part is a fault: the
//! cell then holds the text with the part's name still in its braces, for the message, and the normaliser around it passes the
//! fault on. For other types an empty part is left out, and all of them empty make the cell empty.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, StringViewBuilder, UInt8Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ReturnFieldArgs;

use crate::functions::column::{judged_array, judged_type};
use crate::functions::fault;

use super::function::{Call, Function, FunctionPage, literal, want_text};

/// Both templates.
pub fn functions() -> Vec<Function> {
    vec![
        Function::new(
            FunctionPage {
                name: "template",
                signature: "template(text, part, ...) -> struct(value, fault)",
                about: "Text with parts for ids; an empty part is a fault that names it.",
            },
            (2, usize::MAX),
            |args| checked(args).map(|()| judged_type()),
            strict,
        ),
        Function::new(
            FunctionPage {
                name: "template_text",
                signature: "template_text(text, part, ...) -> text",
                about: "Text with parts; empty ones are left out, all empty give NULL.",
            },
            (2, usize::MAX),
            |args| checked(args).map(|()| DataType::Utf8View),
            lenient,
        ),
    ]
}

/// A stretch of a template.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// These words.
    Words(String),
    /// The next argument; its name.
    Part(String),
}

/// The pieces of a template's text; none if a brace has no partner.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    let (mut pieces, mut words) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        words.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            words.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        let inner = rest.strip_prefix('{')?;
        let end = inner.find('}')?;
        if !words.is_empty() {
            pieces.push(Piece::Words(std::mem::take(&mut words)));
        }
        pieces.push(Piece::Part(inner[..end].to_owned()));
        rest = &inner[end + 1..];
    }
    words.push_str(rest);
    if !words.is_empty() {
        pieces.push(Piece::Words(words));
    }
    Some(pieces)
}

fn read(text: &str, arguments: usize) -> Result<Vec<Piece>> {
    let Some(pieces) = pieces(text) else { return plan_err!("the template `{text}` has a brace without its partner") };
    let parts = pieces.iter().filter(|piece| matches!(piece, Piece::Part(_))).count();
    if parts != arguments {
        return plan_err!("the template `{text}` has {parts} parts, and {arguments} values are given");
    }
    Ok(pieces)
}

fn checked(args: &ReturnFieldArgs) -> Result<()> {
    for at in 1..args.arg_fields.len() {
        want_text(args, at)?;
    }
    read(literal(args.scalar_arguments[0])?, args.arg_fields.len() - 1).map(|_| ())
}

fn strict(call: &Call) -> Result<ArrayRef> {
    let (values, faults) = fill(call, |name, text| {
        text.push('{');
        text.push_str(name);
        text.push('}');
    })?;
    let faults = faults.into_iter().map(|(empty, _)| if empty > 0 { fault::TEMPLATE_EMPTY } else { fault::NONE });
    Ok(judged_array(values, UInt8Array::from_iter_values(faults)))
}

fn lenient(call: &Call) -> Result<ArrayRef> {
    let (values, faults) = fill(call, |_, _| {})?;
    let kept = values.iter().zip(faults).map(|(value, (empty, parts))| value.filter(|_| empty < parts));
    Ok(Arc::new(kept.collect::<StringViewArray>()))
}

/// Fills the template; with each text the number of empty parts and of parts.
fn fill(call: &Call, mut absent: impl FnMut(&str, &mut String)) -> Result<(StringViewArray, Vec<(usize, usize)>)> {
    let parts = call.count() - 1;
    let pieces = read(call.literal(0)?, parts)?;
    let columns = (1..=parts).map(|at| Ok(call.input(at)?.text)).collect::<Result<Vec<_>>>()?;
    let rows = columns.first().map_or(0, |column| column.len());
    let mut out = StringViewBuilder::with_capacity(rows);
    let mut counts = Vec::with_capacity(rows);
    let mut text = String::new();
    for row in 0..rows {
        text.clear();
        let (mut empty, mut next) = (0, columns.iter());
        for piece in &pieces {
            match piece {
                Piece::Words(words) => text.push_str(words),
                Piece::Part(name) => {
                    let column = next.next().filter(|column| column.is_valid(row));
                    match column.map(|column| column.value(row).trim()).filter(|value| !value.is_empty()) {
                        Some(value) => text.push_str(value),
                        None => {
                            empty += 1;
                            absent(name, &mut text);
                        }
                    }
                }
            }
        }
        out.append_value(&text);
        counts.push((empty, parts));
    }
    Ok((out.finish(), counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_hold_names_and_double_braces_are_braces() {
        let part = |name: &str| Piece::Part(name.to_owned());
        let words = |text: &str| Piece::Words(text.to_owned());
        assert_eq!(pieces("{Account Id}_{Code}"), Some(vec![part("Account Id"), words("_"), part("Code")]));
        assert_eq!(pieces("a{{b}}{c}"), Some(vec![words("a{b}"), part("c")]));
        assert_eq!(pieces("{}"), Some(vec![part("")]));
        assert_eq!(pieces("{a"), None);
        assert_eq!(pieces("a}"), None);
    }
}
