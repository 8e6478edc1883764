//! Options that only the functions can judge: date layouts, time zones, constants.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, escape};
use crate::functions::{fault_of, is_warning, layout_problem, zone_problem};
use crate::mapping::{ColumnOptions, Default_, Mapping, Origin};
use crate::resolve::Resolved;

/// Everything in the options of `mapping` that would fail, or reject every row, once it runs.
pub fn options(mapping: &Mapping, resolved: &Resolved) -> Diagnostics {
    let mut judging = Judging { path: &mapping.path, found: Diagnostics::new() };
    for column in &mapping.columns {
        judging.dates(&column.options);
        judging.constant(column, resolved);
    }
    for (_, options) in &mapping.defaults {
        judging.dates(options);
    }
    if let Some(by) = mapping.duplicates.as_ref().and_then(|duplicates| duplicates.by.as_ref()) {
        judging.dates(&by.options);
    }
    judging.found
}

struct Judging<'a> {
    path: &'a str,
    found: Diagnostics,
}

impl Judging<'_> {
    fn dates(&mut self, options: &ColumnOptions) {
        for layout in options.formats.iter().flatten() {
            if let Some(problem) = layout_problem(&layout.value) {
                self.found.push(
                    Diagnostic::error(&code::BAD_VALUE, problem).at(Place::new(self.path, layout.span), "this layout"),
                );
            }
        }
        if let Some(zone) = &options.timezone
            && let Some(problem) = zone_problem(&zone.value)
        {
            self.found
                .push(Diagnostic::error(&code::BAD_VALUE, problem).at(Place::new(self.path, zone.span), "this zone"));
        }
    }

    /// A `value:` that every row would be rejected for, or a `default` that is none of its type.
    fn constant(&mut self, column: &crate::mapping::Column, resolved: &Resolved) {
        let Some(target) = resolved.columns.iter().find(|target| target.name == column.name.value) else { return };
        let given = match (&column.origin, &column.options.default) {
            (Origin::Value(value), _) => Some((&value.value, value.span, &code::VALUE_NOT_ALLOWED, "value")),
            (_, Some(default)) => match &default.value {
                Default_::Value(value) => Some((value, default.span, &code::BAD_DEFAULT, "default")),
                _ => None,
            },
            _ => None,
        };
        let Some((value, span, code, word)) = given else { return };
        // Lookup tables are read later; allowed values were looked at before.
        if target.cell.lookup.is_some() || value.is_empty() {
            return;
        }
        let mut cell = target.cell.clone();
        cell.values.clear();
        if word == "default" {
            (cell.map, cell.map_any_case, cell.formats) = (Vec::new(), Vec::new(), vec!["iso".to_owned()]);
        }
        if let Some(fault) = fault_of(&cell, value).filter(|fault| !is_warning(*fault)) {
            let fact = crate::functions::code_of(fault).title;
            self.found.push(
                Diagnostic::error(code, format!("the {word} `{}` of `{}`: {fact}", escape(value), target.name))
                    .at(Place::new(self.path, span), format!("not of type `{}`", target.cell.kind)),
            );
        }
    }
}
