//! Attributes that a format needs or expects and no column maps: those that one thing asks for are told of together.

use crate::diagnostic::{Code, Diagnostic, code};
use crate::format::{ColumnSpec, FormatSpec, Need};
use crate::resolve::{Found, Surroundings};
use crate::yaml::Span;

/// What is not mapped.
#[derive(Default)]
pub(super) struct Missing<'m> {
    groups: Vec<Group<'m>>,
}

/// What one thing asks for at one place.
struct Group<'m> {
    code: &'static Code,
    is_error: bool,
    who: &'m str,
    place: Span,
    specs: Vec<&'static ColumnSpec>,
}

impl<'m> Missing<'m> {
    /// `who`, at `place`, asks for the column of `spec`, unless it may stay away.
    pub(super) fn note(&mut self, spec: &'static ColumnSpec, who: &'m str, place: Span) {
        let (code, is_error) = match spec.need {
            Need::Mandatory => (&code::MISSING_ATTRIBUTE, true),
            Need::Expected => (&code::EXPECTED_ATTRIBUTE, false),
            Need::Optional => return,
        };
        match self.groups.iter_mut().find(|group| group.is_error == is_error && group.place == place) {
            Some(group) => group.specs.push(spec),
            None => self.groups.push(Group { code, is_error, who, place, specs: vec![spec] }),
        }
    }

    /// A diagnostic for each place and severity.
    pub(super) fn tell(self, format: &FormatSpec, around: &Surroundings, found: &mut Found) {
        for Group { code, is_error, who, place, specs } in self.groups {
            let names: Vec<String> = specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
            let (fact, it) = match names.as_slice() {
                [rest @ .., last] if !rest.is_empty() => (format!("{} and {last} are", rest.join(", ")), "them"),
                _ => (format!("{} is", names.concat()), "it"),
            };
            let severity = if is_error { Diagnostic::error } else { Diagnostic::warning };
            let verb = if is_error { "needs" } else { "expects" };
            let mut diagnostic =
                severity(code, format!("{fact} not mapped")).at(found.place(place), format!("`{who}` {verb} {it}"));
            for spec in specs.iter().filter(|spec| !spec.about.is_empty()) {
                diagnostic = diagnostic.help(match specs.len() {
                    1 => spec.about.clone(),
                    _ => format!("`{}`: {}", spec.name, spec.about),
                });
            }
            let lines = specs.iter().map(|spec| {
                let fields = || around.rows.iter().flat_map(|schema| &schema.fields).map(|field| field.name.as_str());
                let field = fields().find(|field| format.recognise(field).is_some_and(|known| known.name == spec.name));
                format!("`{}: {}`", spec.name, field.unwrap_or("<source column>"))
            });
            found.push(diagnostic.help(format!("add {} to `columns`", lines.collect::<Vec<_>>().join(", "))));
        }
    }
}
