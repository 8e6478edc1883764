//! Is a target column's name one that its format, its project or Totango can take?

use crate::diagnostic::{Diagnostic, code};
use crate::format::{ColumnSpec, FormatSpec};
use crate::mapping::{CellType, Column};
use crate::resolve::{Found, Surroundings};

/// What a target column's name means.
pub(super) enum Meaning {
    /// A column of the catalogue.
    Known(&'static ColumnSpec),
    /// `tag##<name>`.
    Tag,
    /// `<Module>##<Action>`.
    Metric,
    /// Anything else: an attribute of the service.
    Custom,
}

impl Meaning {
    /// The catalogue's column.
    pub(super) fn spec(&self) -> Option<&'static ColumnSpec> {
        match self {
            Meaning::Known(spec) => Some(spec),
            _ => None,
        }
    }

    /// The type of a column that does not say one.
    pub(super) fn kind(&self) -> CellType {
        match self {
            Meaning::Known(spec) => spec.kind,
            Meaning::Tag => CellType::Tag,
            Meaning::Metric => CellType::Integer,
            Meaning::Custom => CellType::Text,
        }
    }
}

/// The meaning of `column`'s name; says what is wrong with it.
pub(super) fn meaning(
    column: &Column,
    format: &'static FormatSpec,
    around: &Surroundings,
    found: &mut Found,
) -> Meaning {
    let name = &column.name.value;
    let place = || column.name.span;
    if let Some(spec) = format.column(name) {
        return Meaning::Known(spec);
    }
    if name.is_empty() || name.chars().any(char::is_control) {
        found.push(
            Diagnostic::error(&code::BAD_NAME, "a target column needs a name without control characters")
                .at(found.place(place()), "this name"),
        );
        return Meaning::Custom;
    }
    if let Some(tag) = format.tag_column(name) {
        if let Err(why) = tag {
            found.push(
                Diagnostic::error(&code::BAD_NAME, format!("`{name}` is no tag column: {why}"))
                    .at(found.place(place()), "a tag column is `tag##<tag name>`")
                    .help("Totango creates a tag for every name it does not know. Article TAGS."),
            );
        }
        return Meaning::Tag;
    }
    if format.pivot.is_some() && name.contains('#') {
        if let Err(why) = format.pivot_column(name).unwrap_or_else(|| Err("it has no `##`".to_owned())) {
            found.push(
                Diagnostic::error(&code::BAD_NAME, format!("`{name}` is no usage column: {why}"))
                    .at(found.place(place()), "a usage column is `<Module>##<Action>`")
                    .help("e.g. `Reports##View Report`. Article AGG."),
            );
        }
        return Meaning::Metric;
    }
    custom(column, format, around, found);
    Meaning::Custom
}

fn custom(column: &Column, format: &'static FormatSpec, around: &Surroundings, found: &mut Found) {
    let name = &column.name.value;
    let insists = column.options.custom.as_ref().is_some_and(|custom| custom.value);
    if let Some(spec) = (!insists).then(|| format.nearest(name)).flatten() {
        found.push(
            Diagnostic::error(&code::UNKNOWN_ATTRIBUTE, format!("`{name}` is nearly the attribute `{}`", spec.name))
                .at(found.place(column.name.span), "Totango would see another attribute")
                .help(format!("write `{}`", spec.name))
                .help("if a custom attribute of this name is meant, add `custom: true`"),
        );
        return;
    }
    if !format.custom.allowed {
        let known: Vec<&str> = format.columns.iter().map(|spec| spec.name.as_str()).collect();
        found.push(
            Diagnostic::error(&code::UNKNOWN_ATTRIBUTE, format!("the format `{}` has no column `{name}`", format.name))
                .at(found.place(column.name.span), "Totango ignores it")
                .help(format!("columns: {}", known.join(", "))),
        );
        return;
    }
    if let Some(listed) = &around.attributes {
        if !insists && !listed.contains(name) {
            let mut diagnostic = Diagnostic::error(
                &code::ATTRIBUTE_NOT_LISTED,
                format!("the project's `attributes` do not list `{name}`"),
            )
            .at(found.place(column.name.span), "not listed");
            if let Some(near) = crate::diagnostic::nearest(name, listed.iter().map(String::as_str)) {
                diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
            }
            found.push(diagnostic.help("add it to `attributes` in tanguero.yaml once the service has it"));
        }
    } else if !insists && !is_api_name(name) {
        found.push(
            Diagnostic::warning(&code::NEW_NAME, format!("`{name}` is no API name Totango would give a new attribute"))
                .at(found.place(column.name.span), "fine if the attribute exists under this name")
                .help("say `custom: true` once that is checked; new attributes are `[A-Za-z0-9_]{1,100}`"),
        );
    }
}

/// Letters, digits and underscores, at most 100 (article LIMITS).
fn is_api_name(name: &str) -> bool {
    name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
