//! What a fault byte means for the value at hand, in one line for the rejects file.
//!
//! The plan carries only a byte; when a reject is reported, the value is looked at again. Messages state the fact and, where
//! a small change of the value or the mapping would cure it, that change. Nothing here decides anything.

mod date;
mod number;
mod text;

use crate::diagnostic::excerpt;
use crate::resolve::CellSpec;

use super::cell::{Cell, Normaliser};
use super::fault;
use super::kernel::date::Hint;
use super::lookup::LookupTables;

/// One column's messages; compiles its rules once for many rejects.
#[derive(Debug)]
pub struct Explainer {
    /// None where the rules cannot be compiled: then messages are general.
    cells: Option<(Cell, Cell)>,
}

/// The message for one fault; an [`Explainer`] is quicker for many.
pub fn explain(spec: &CellSpec, tables: &LookupTables, fault: u8, input: Option<&str>) -> String {
    Explainer::new(spec, tables).message(fault, input)
}

impl Explainer {
    /// For cells judged by `spec`.
    pub fn new(spec: &CellSpec, tables: &LookupTables) -> Self {
        let cells = Cell::new(spec.clone(), tables)
            .and_then(|cell| Ok((cell, Cell::new(Cell::spec_of_typed(spec), tables)?)))
            .ok();
        Self { cells }
    }

    /// What `fault` (see [`super::fault`]) means for a cell that was read as `input`.
    pub fn message(&self, fault: u8, input: Option<&str>) -> String {
        let known = self.cells.as_ref().and_then(|(cell, typed)| {
            let judge = |cell: &Cell| cell.judge(input.map(str::as_bytes), &mut Hint::default(), &mut Vec::new()).fault;
            // A value that came typed from the engine was judged by the rules for typed values.
            let cell = if judge(cell) != fault && judge(typed) == fault { typed } else { cell };
            message(cell, fault, input.unwrap_or_default())
        });
        known.unwrap_or_else(|| fault::code_of(fault).title.to_owned())
    }
}

/// The message, if the cell's rules have one.
fn message(cell: &Cell, fault: u8, input: &str) -> Option<String> {
    let spec = cell.spec();
    if fault == fault::EMPTIED {
        return emptied(cell, input);
    }
    let Ok(arrived) = cell.arrived(input) else { return lookup(cell, input) };
    let value = arrived.as_str();
    let shown = shown(input.trim(), value);
    Some(match (fault, cell.normaliser()) {
        (fault::EMPTY_VALUE, _) if input.is_empty() => "the cell is empty".to_owned(),
        (fault::EMPTY_VALUE, _) if input.trim().is_empty() => "the cell holds only white space".to_owned(),
        (fault::EMPTY_VALUE, _) => format!("`{}` leaves the cell empty", excerpt(input.trim())),
        (fault::BAD_ID, Normaliser::Id(rules)) => text::bad_id(rules, spec, &shown, value)?,
        (fault::SPREADSHEET_NUMBER, _) => format!("{shown} was rewritten by a spreadsheet: the id's digits are lost"),
        (fault::TOO_LONG, _) => text::too_long(cell, value)?,
        (fault::TRUNCATED, _) => text::truncated(cell, value)?,
        (fault::QUOTE_IN_TEXT, _) => text::quote(value)?,
        (fault::CONTROL_CHARACTER, _) => text::control(value)?,
        (fault::VALUE_UNKNOWN, _) => text::unknown(cell, &shown, value),
        (fault::SEPARATOR_IN_VALUE, _) => text::separator(cell, value)?,
        (fault::BAD_EMAIL, _) => text::bad_email(&shown, value),
        (fault::BAD_FLAG, _) => format!("{shown} is neither yes nor no"),
        (fault::SHORT_SALESFORCE_ID, _) => text::short_id(&shown, value)?,
        (fault::NOT_A_NUMBER, Normaliser::Number(rules)) => number::not_a_number(rules, &shown, value),
        (fault::NOT_WHOLE, _) => format!("{shown} has a fraction"),
        (fault::NUMBER_RANGE, _) => format!("{shown} is below {}", spec.min?),
        (fault::NOT_A_DATE, Normaliser::Date(rules)) => date::not_a_date(rules, &shown),
        (fault::IMPOSSIBLE_DATE, Normaliser::Date(rules)) => date::impossible(rules, &shown, value)?,
        (fault::AMBIGUOUS_DATE, Normaliser::Date(rules)) => date::ambiguous(rules, &shown, value)?,
        (fault::CLOCK_CHANGE, Normaliser::Date(rules)) => date::clock_change(rules, spec, &shown, value)?,
        (fault::DATE_RANGE, _) => format!("{shown} lies outside the years 1900 to 2200"),
        (fault::TEMPLATE_EMPTY, _) => text::template(input)?,
        (fault::TAG_UNKNOWN, _) => format!("the tag {shown} is not in `known`"),
        _ => return None,
    })
}

/// The value in backticks; with what the cell held, if a step before the type changed it.
fn shown(input: &str, value: &str) -> String {
    if input == value {
        format!("`{}`", excerpt(value))
    } else {
        format!("`{}` (from `{}`)", excerpt(value), excerpt(input))
    }
}

/// Why a value was emptied: the message of the fault it would have been.
fn emptied(cell: &Cell, input: &str) -> Option<String> {
    let fault = cell.fault_before_on_error(input)?;
    let reason = message(cell, fault, input).unwrap_or_else(|| fault::code_of(fault).title.to_owned());
    Some(match cell.spec().default.as_deref() {
        Some(default) => format!("{reason}; written as the default `{}`", excerpt(default)),
        None => format!("{reason}; written empty"),
    })
}

fn lookup(cell: &Cell, input: &str) -> Option<String> {
    let (spec, input) = (cell.spec().lookup.as_ref()?, input.trim());
    let near = cell.near_key(input).map(|key| format!("; `{}` is", excerpt(&key))).unwrap_or_default();
    Some(format!("`{}` is not in the column `{}` of `{}`{near}", excerpt(input), spec.key, spec.source))
}

#[cfg(test)]
mod tests;
