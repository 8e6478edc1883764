//! Column options: the column's own, then `defaults` by type, then the catalogue.

use crate::diagnostic::{Diagnostic, code};
use crate::format::{ColumnSpec, FormatSpec, Need};
use crate::mapping::{Alphabet, CellType, ColumnOptions, Default_, Mapping};
use crate::resolve::{CellSpec, Found, LookupSpec, Surroundings};
use crate::yaml::Span;

/// The first of the places an option may be given at, nearest first.
macro_rules! first {
    ($places:expr, $option:ident) => {
        $places.iter().find_map(|options| options.$option.as_ref())
    };
}

/// The cell of a column: `own` options over `defaults` over what the catalogue says (`spec`, or custom).
pub(super) fn cell(
    kind: CellType,
    own: &ColumnOptions,
    spec: Option<&ColumnSpec>,
    context: &Context<'_>,
    found: &mut Found,
) -> CellSpec {
    let mut places = vec![own];
    for defaults in [&context.mapping.defaults, &context.around.defaults] {
        places.extend(defaults.iter().filter(|(of, _)| of.value == kind).map(|(_, options)| options));
    }
    unfit(kind, own, found);

    let mut cell = CellSpec::new(kind);
    cell.html = first!(places, html_text).is_some_and(|html| html.value);
    cell.keep_space = first!(places, trim).is_some_and(|trim| !trim.value);
    cell.lookup = first!(places, lookup).map(|lookup| LookupSpec {
        source: lookup.source.value.clone(),
        key: lookup.key.value.clone(),
        take: lookup.take.value.clone(),
        missing: lookup.missing,
    });
    if let Some(map) = first!(places, map) {
        cell.map = map.iter().map(|(from, to)| (from.value.clone(), to.value.clone())).collect();
    }
    cell.quotes = first!(places, quotes).map(|quotes| quotes.value).unwrap_or_default();
    cell.on_error = first!(places, on_error).map(|policy| policy.value).unwrap_or_default();
    cell.truncate = first!(places, truncate).is_some_and(|truncate| truncate.value);
    cell.case = first!(places, case).map(|case| case.value);
    cell.absent_remove = first!(places, absent_remove).is_some_and(|absent| absent.value);
    cell.decimal_comma = first!(places, decimal).is_some_and(|decimal| decimal.value == ',');
    cell.separator_in = first!(places, separator_in).map(|separator| separator.value.clone());
    cell.separator_out = first!(places, separator_out).map(|separator| separator.value.clone());
    if kind == CellType::Date {
        if let Some(formats) = first!(places, formats) {
            cell.formats = formats.iter().map(|format| format.value.clone()).collect();
        }
        cell.timezone = first!(places, timezone).map(|zone| zone.value.clone());
        cell.dst = first!(places, dst).map(|policy| policy.value).unwrap_or_default();
        cell.service_timezone.clone_from(&context.around.service_timezone);
    }
    if let Some(values) = first!(places, values) {
        cell.values = values.iter().map(|value| value.value.clone()).collect();
    }
    let max_length = first!(places, max_length).map(|length| length.value);
    catalogue(&mut cell, first!(places, alphabet).map(|alphabet| alphabet.value), max_length, spec, context.format);
    default(&mut cell, own.default.as_ref(), spec, context, found);
    allowed(own, spec, found);
    cell
}

/// What a cell's options are settled in.
pub(super) struct Context<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) format: &'static FormatSpec,
    pub(super) around: &'a Surroundings,
}

fn catalogue(
    cell: &mut CellSpec,
    alphabet: Option<Alphabet>,
    max_length: Option<u64>,
    spec: Option<&ColumnSpec>,
    format: &FormatSpec,
) {
    cell.alphabet = alphabet;
    let Some(spec) = spec else {
        cell.max_length = max_length.or(match cell.kind {
            CellType::Text | CellType::List | CellType::MultiList => format.custom.max_length,
            _ => None,
        });
        if cell.kind == CellType::Id {
            cell.id_extra = "-".to_owned();
        }
        return;
    };
    cell.required = spec.need == Need::Mandatory;
    cell.max_length = max_length.or(spec.max_length);
    cell.min = spec.min;
    cell.map_any_case.clone_from(&spec.map);
    if cell.values.is_empty() {
        cell.values.clone_from(&spec.values);
    }
    cell.id_extra.clone_from(&spec.id_extra);
    match alphabet {
        Some(Alphabet::Lenient) => cell.id_extra.push_str(&spec.lenient_extra),
        Some(Alphabet::Strict) => cell.id_extra.retain(|character| !spec.strict_loses.contains(character)),
        None => {}
    }
    if spec.lower_case && cell.case.is_none() {
        cell.case = Some(crate::mapping::Case::Lower);
    }
    if let Some((yes, no)) = &spec.flag {
        cell.yes = (yes != "yes").then(|| yes.clone());
        cell.no = (no != "no").then(|| no.clone());
    }
    if cell.separator_out.is_none() {
        cell.separator_out = spec.separator.clone().filter(|separator| separator != ",");
    }
    cell.default.clone_from(&spec.default);
}

fn default(
    cell: &mut CellSpec,
    own: Option<&crate::yaml::Spanned<Default_>>,
    spec: Option<&ColumnSpec>,
    context: &Context<'_>,
    found: &mut Found,
) {
    let Some(default) = own else { return };
    let key = spec.is_some_and(|spec| context.format.key.contains(&spec.name));
    if key && default.value != Default_::Reject {
        found.push(
            Diagnostic::error(&code::BAD_DEFAULT, "a key has no default")
                .at(found.place(default.span), "an empty key is always rejected")
                .help("remove `default`"),
        );
    }
    match &default.value {
        Default_::Empty => cell.default = None,
        Default_::Keep => {
            cell.default = None;
            cell.keep = !key;
        }
        Default_::Reject => cell.required = true,
        Default_::Today if cell.kind == CellType::Date => cell.default = Some(context.around.as_of.clone()),
        Default_::Today => found.push(
            Diagnostic::error(&code::BAD_DEFAULT, format!("`today` is a date, the column is of type `{}`", cell.kind))
                .at(found.place(default.span), "not a date column")
                .help("write `default: {value: ...}`, or give the column `type: date`"),
        ),
        Default_::Value(value) => {
            if !cell.values.is_empty() && !cell.values.contains(value) {
                found.push(
                    Diagnostic::error(
                        &code::BAD_DEFAULT,
                        format!("the default `{value}` is not one of the column's values"),
                    )
                    .at(found.place(default.span), "not allowed here")
                    .help(format!("allowed: {}", cell.values.join(", "))),
                );
            }
            cell.default = Some(value.clone());
        }
    }
}

/// `values` and the right side of `map` must be among what the catalogue knows to be complete.
fn allowed(own: &ColumnOptions, spec: Option<&ColumnSpec>, found: &mut Found) {
    let Some(spec) = spec.filter(|spec| !spec.values.is_empty()) else {
        return;
    };
    let listed = own.values.iter().flatten().map(|value| (value, "values"));
    let mapped = own.map.iter().flatten().map(|(_, to)| (to, "map"));
    for (value, option) in listed.chain(mapped) {
        if !spec.values.contains(&value.value) && !value.value.is_empty() {
            found.push(
                Diagnostic::error(
                    &code::VALUE_NOT_ALLOWED,
                    format!("Totango takes no `{}` in column `{}`", value.value, spec.name),
                )
                .at(found.place(value.span), format!("in `{option}`"))
                .help(format!("allowed: {}", spec.values.join(", "))),
            );
        }
    }
}

/// Options at the column itself that its type has no use for.
fn unfit(kind: CellType, own: &ColumnOptions, found: &mut Found) {
    use CellType::{Currency, Date, Email, ForeignKey, Id, Integer, List, MultiList, Number, Tag};
    let span = |option: Option<Span>, fits: bool| option.filter(|_| !fits);
    let misfits = [
        (
            "formats",
            span(own.formats.as_ref().and_then(|list| list.first()).map(|first| first.span), kind == Date),
            "date",
        ),
        ("timezone", span(own.timezone.as_ref().map(|zone| zone.span), kind == Date), "date"),
        ("dst", span(own.dst.as_ref().map(|dst| dst.span), kind == Date), "date"),
        (
            "decimal",
            span(own.decimal.as_ref().map(|sign| sign.span), matches!(kind, Integer | Number | Currency)),
            "integer, number, currency",
        ),
        (
            "separator",
            span(own.separator_in.as_ref().map(|text| text.span), matches!(kind, List | MultiList)),
            "multi_list",
        ),
        ("absent", span(own.absent_remove.as_ref().map(|absent| absent.span), kind == Tag), "tag"),
        (
            "alphabet",
            span(own.alphabet.as_ref().map(|alphabet| alphabet.span), matches!(kind, Id | Email | ForeignKey)),
            "id",
        ),
    ];
    for (option, span, types) in misfits {
        if let Some(span) = span {
            found.push(
                Diagnostic::error(&code::BAD_OPTION, format!("`{option}` has no meaning for type `{kind}`"))
                    .at(found.place(span), "would have no effect")
                    .help(format!("`{option}` goes with: {types}")),
            );
        }
    }
}
