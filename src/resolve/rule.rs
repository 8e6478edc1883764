//! Rules over whole rows: key, duplicates, hierarchy, references, pivot.

use crate::diagnostic::{Diagnostic, Place, code, nearest};
use crate::format::FormatSpec;
use crate::mapping::{CellType, DuplicatePolicy, HierarchyPolicy, Mapping, ReferenceMissing, Text};
use crate::resolve::column::{input, source_field};
use crate::resolve::options::{Context, cell};
use crate::resolve::{
    CellSpec, Duplicates, Found, Hierarchy, Order, Pivot, Reference, Surroundings, Target, TargetColumn,
    UnknownAccounts,
};

/// The key's columns; each of them becomes required.
pub(super) fn key(
    mapping: &Mapping,
    format: &FormatSpec,
    columns: &mut [TargetColumn],
    found: &mut Found,
) -> Vec<usize> {
    let mut names: Vec<&str> = format.key.iter().map(String::as_str).collect();
    if let Some(collection) = &mapping.collection {
        if format.own_key.is_some() {
            names.push(&collection.key.value);
            if !columns.iter().any(|column| column.name == collection.key.value) {
                let mapped = columns.iter().map(|column| column.name.as_str());
                let mut diagnostic = Diagnostic::error(
                    &code::MISSING_ATTRIBUTE,
                    format!("the collection's key `{}` is not mapped", collection.key.value),
                )
                .at(found.place(collection.key.span), "no such column in `columns`");
                if let Some(near) = nearest(&collection.key.value, mapped) {
                    diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
                }
                found.push(diagnostic);
            }
        } else {
            found.push(
                Diagnostic::error(&code::NOT_FOR_FORMAT, format!("the format `{}` is no collection", format.name))
                    .at(found.place(collection.name.span), "only `collections` has this"),
            );
        }
    } else if format.own_key.is_some() {
        found.push(
            Diagnostic::error(&code::MISSING_KEY, "a collection needs its name and its key")
                .at(found.place(mapping.format.span), "of this format")
                .help("add `collection: {name: Invoices, key: invoice_id}`"),
        );
    }
    let mut key = Vec::with_capacity(names.len());
    for (index, column) in columns.iter_mut().enumerate() {
        if names.contains(&column.name.as_str()) {
            key.push(index);
            column.cell.required = true;
            column.warn_empty = false;
        }
    }
    // In the order of the format's key, so that reports and hashes do not depend on the order of `columns`.
    key.sort_by_key(|&index| names.iter().position(|name| *name == columns[index].name));
    key
}

/// Groups of the catalogue of which one column must have a value: those of which at least one is mapped. A row of foreign
/// keys has at least one of them.
pub(super) fn groups(format: &FormatSpec, columns: &[TargetColumn]) -> Vec<Vec<usize>> {
    let position = |name: &String| columns.iter().position(|column| column.name == *name);
    let is_foreign = |index: &usize| columns[*index].cell.kind == CellType::ForeignKey;
    let foreign = format.key_per_foreign_key.then(|| (0..columns.len()).filter(is_foreign).collect::<Vec<usize>>());
    let groups = format.one_of.iter().map(|group| group.iter().filter_map(position).collect::<Vec<usize>>());
    groups.chain(foreign).filter(|group| !group.is_empty()).collect()
}

/// The catalogue's "when product_id is set, parent_id is needed", by column number.
pub(super) fn required_when(format: &FormatSpec, columns: &[TargetColumn]) -> Vec<(usize, usize)> {
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    format.required_when.iter().filter_map(|rule| Some((position(&rule.column)?, position(&rule.when)?))).collect()
}

/// The policy for rows of one key.
pub(super) fn duplicates(
    mapping: &Mapping,
    format: &'static FormatSpec,
    around: &Surroundings,
    found: &mut Found,
) -> Duplicates {
    let unordered = around.rows.is_some() && !around.rows_are_ordered;
    let Some(duplicates) = &mapping.duplicates else {
        let policy = if format.duplicates == "sum" { DuplicatePolicy::Sum } else { DuplicatePolicy::Last };
        let has_key = !format.key.is_empty() && mapping.pivot.is_none();
        if policy == DuplicatePolicy::Last && unordered && has_key {
            let span = match &mapping.from {
                crate::mapping::From::Source(text)
                | crate::mapping::From::Query(text)
                | crate::mapping::From::Sql(text) => text.span,
            };
            found.push(unordered_rows(found.place(span), "`duplicates` is `last` unless said"));
        }
        return Duplicates { policy, order: None, fallback_valid: false };
    };
    let policy = duplicates.policy.value;
    let place = found.place(duplicates.policy.span);
    let refuse = |found: &mut Found, message: &str, help: &str| {
        found.push(Diagnostic::error(&code::BAD_POLICY, message).at(place.clone(), "cannot be used here").help(help));
    };
    if format.key.is_empty() && mapping.collection.is_none() {
        refuse(
            found,
            &format!("the format `{}` has no key, so it has no duplicates", format.name),
            "remove `duplicates`",
        );
    }
    if format.key_per_foreign_key
        && !matches!(policy, DuplicatePolicy::Last | DuplicatePolicy::First | DuplicatePolicy::Error)
    {
        refuse(
            found,
            "foreign keys know `last`, `first` and `error`",
            "one value for two accounts rejects both anyway",
        );
    }
    if policy == DuplicatePolicy::Newest && duplicates.by.is_none() {
        refuse(
            found,
            "`newest` needs to know what to compare",
            "write `duplicates: {policy: newest, by: {column: Last Modified, type: date}}`",
        );
    }
    if policy != DuplicatePolicy::Newest && duplicates.by.is_some() {
        refuse(found, "only `newest` compares a `by` value", "remove `by`, or say `policy: newest`");
    }
    if let Some(span) = duplicates.fallback_valid
        && !matches!(policy, DuplicatePolicy::Last | DuplicatePolicy::First | DuplicatePolicy::Newest)
    {
        found.push(
            Diagnostic::error(&code::BAD_POLICY, "`fallback` goes with `last`, `first` and `newest`")
                .at(found.place(span), "has no meaning here"),
        );
    }
    let picks_by_order = matches!(policy, DuplicatePolicy::Last | DuplicatePolicy::First);
    if picks_by_order && unordered {
        found.push(unordered_rows(place, "needs an order"));
    }
    let order = duplicates.by.as_ref().map(|by| {
        let context = Context { mapping, format, around };
        let kind = by.options.kind.as_ref().map_or(CellType::Date, |kind| kind.value);
        if !matches!(kind, CellType::Date | CellType::Integer | CellType::Number | CellType::Currency) {
            found.push(
                Diagnostic::error(&code::BAD_POLICY, format!("`newest` cannot compare values of type `{kind}`"))
                    .at(found.place(by.span), "date, integer, number or currency"),
            );
        }
        let mut cell = cell(kind, &by.options, None, &context, found);
        cell.service_timezone = None;
        Order { input: input(&by.origin, &context, found), cell, span: by.span }
    });
    Duplicates { policy, order, fallback_valid: duplicates.fallback_valid.is_some() }
}

/// `last` and `first` need an order.
fn unordered_rows(place: Place, label: &str) -> Diagnostic {
    Diagnostic::error(&code::SQL_LINEAGE, "the rows of this query come in no order, so none of a key is first or last")
        .at(place, label)
        .help("select `_file` and `_line`, or end the query with `order by`; a roll-up by the key: `duplicates: error`")
}

/// Rules of the hierarchy.
pub(super) fn hierarchy(
    mapping: &Mapping,
    format: &FormatSpec,
    columns: &[TargetColumn],
    around: &Surroundings,
    found: &mut Found,
) -> Hierarchy {
    let Some(rules) = &mapping.hierarchy else { return Hierarchy::default() };
    if !format.hierarchy {
        found.push(
            Diagnostic::error(&code::NOT_FOR_FORMAT, format!("the format `{}` has no hierarchy", format.name))
                .at(found.place(rules.span), "has no meaning here")
                .help("remove `hierarchy`; `references` checks single columns"),
        );
    } else if !columns.iter().any(|column| column.name == "parent_id") {
        found.push(
            Diagnostic::error(&code::MISSING_ATTRIBUTE, "`hierarchy` without `parent_id`")
                .at(found.place(rules.span), "nothing to check")
                .help("map `parent_id`, or remove `hierarchy`"),
        );
    }
    let parent = columns.iter().find(|column| column.name == "parent_id").filter(|column| column.cell.required);
    if let (Some(parent), true) = (parent, [rules.missing_parent, rules.cycles].contains(&HierarchyPolicy::Detach)) {
        found.push(
            Diagnostic::error(&code::BAD_POLICY, "`detach` would leave `parent_id` empty, and that rejects the row")
                .at(found.place(parent.span), "must not be empty here")
                .help("say `reject` or `fail`"),
        );
    }
    Hierarchy {
        missing_parent: rules.missing_parent,
        cycles: rules.cycles,
        max_depth: rules.max_depth.as_ref().map(|depth| depth.value),
        parents_first: rules.parents_first,
        known_accounts: targets(&rules.known_accounts, around, found),
    }
}

/// Columns whose values must exist elsewhere.
pub(super) fn references(
    mapping: &Mapping,
    columns: &[TargetColumn],
    around: &Surroundings,
    found: &mut Found,
) -> Vec<Reference> {
    let mut references = Vec::with_capacity(mapping.references.len());
    for (name, reference) in &mapping.references {
        let targets = targets(&reference.targets, around, found);
        let Some(column) = columns.iter().position(|column| column.name == name.value) else {
            let mut diagnostic =
                Diagnostic::error(&code::BAD_REFERENCE, format!("`{}` is not a mapped column", name.value))
                    .at(found.place(name.span), "no such target column");
            if let Some(near) = nearest(&name.value, columns.iter().map(|column| column.name.as_str())) {
                diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
            }
            found.push(diagnostic);
            continue;
        };
        if reference.missing.value == ReferenceMissing::Empty && columns[column].cell.required {
            found.push(
                Diagnostic::error(
                    &code::BAD_POLICY,
                    format!("`missing: empty` would leave `{}` empty, and that rejects the row", name.value),
                )
                .at(found.place(reference.missing.span), "cannot be used here")
                .help("say `reject`, `warn` or `fail`"),
            );
        }
        references.push(Reference { column, targets, missing: reference.missing.value });
    }
    references
}

/// Accounts that Totango does not have: judged by `account_id`, whatever it is in the format.
pub(super) fn unknown_accounts(
    mapping: &Mapping,
    columns: &[TargetColumn],
    around: &Surroundings,
    found: &mut Found,
) -> Option<UnknownAccounts> {
    let unknown = mapping.unknown_accounts.as_ref()?;
    let place = found.place(unknown.span);
    let targets = targets(&unknown.targets, around, found);
    let column = columns.iter().position(|column| column.name == "account_id");
    if column.is_none() {
        let message = "`unknown_accounts` without `account_id`";
        let diagnostic = Diagnostic::error(&code::NOT_FOR_FORMAT, message).at(place, "nothing to judge");
        found.push(diagnostic.help("map `account_id`, or remove it"));
    }
    Some(UnknownAccounts { column: column?, targets, policy: unknown.policy })
}

/// `<source>.<column>` or the name of a mapping.
fn targets(texts: &[Text], around: &Surroundings, found: &mut Found) -> Vec<Target> {
    let mut targets = Vec::with_capacity(texts.len());
    for text in texts {
        if let Some((source, field)) = text.value.split_once('.') {
            let at = |part: &str| Text::new(part.to_owned(), text.span);
            source_field(&at(source), &at(field), around, found);
            targets.push(Target::Field { source: source.to_owned(), field: field.to_owned() });
        } else if around.mappings.contains(&text.value) {
            targets.push(Target::Mapping(text.value.clone()));
        } else {
            let mut diagnostic =
                Diagnostic::error(&code::BAD_REFERENCE, format!("no mapping is called `{}`", text.value))
                    .at(found.place(text.span), "neither a mapping nor `<source>.<column>`");
            if let Some(near) = nearest(&text.value, around.mappings.iter().map(String::as_str)) {
                diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
            }
            if around.sources.contains_key(&text.value) {
                diagnostic = diagnostic.help(format!("a source needs its column too: `{}.<column>`", text.value));
            }
            found.push(diagnostic);
        }
    }
    targets
}

/// Long rows to wide columns.
pub(super) fn pivot(mapping: &Mapping, format: &FormatSpec, found: &mut Found) -> Option<Pivot> {
    let pivot = mapping.pivot.as_ref()?;
    let Some(spec) = &format.pivot else {
        found.push(
            Diagnostic::error(&code::NOT_FOR_FORMAT, format!("the format `{}` has no pivot", format.name))
                .at(found.place(pivot.span), "only `usage_aggregations` has one"),
        );
        return None;
    };
    if let Some(duplicates) = &mapping.duplicates {
        found.push(
            Diagnostic::error(&code::BAD_POLICY, "a pivot folds all rows of a key into one")
                .at(found.place(duplicates.policy.span), "no duplicates are left")
                .help("remove `duplicates`"),
        );
    }
    for column in pivot.columns.iter().flatten() {
        if let Some(Err(why)) = format.pivot_column(&column.value).or(Some(Err("it has no `##`".to_owned()))) {
            found.push(
                Diagnostic::error(&code::BAD_NAME, format!("`{}` is no usage column: {why}", column.value))
                    .at(found.place(column.span), "a usage column is `<Module>##<Action>`"),
            );
        }
    }
    // A list of one element that may not hold `##`, or the header could not be read back.
    let name = |max_length: usize| CellSpec {
        required: true,
        separator_in: Some(String::new()),
        separator_out: Some("##".to_owned()),
        max_length: Some(max_length as u64),
        ..CellSpec::new(CellType::MultiList)
    };
    let value = CellSpec { required: true, ..CellSpec::new(spec.kind) };
    Some(Pivot {
        module: pivot.module.clone(),
        action: pivot.action.clone(),
        value: pivot.value.clone(),
        aggregate: pivot.aggregate,
        top: pivot.top.as_ref().map(|top| top.value),
        top_of_pairs: pivot.top_of_pairs,
        columns: pivot.columns.as_ref().map(|columns| columns.iter().map(|column| column.value.clone()).collect()),
        fill_zero: pivot.fill_zero,
        cells: [name(spec.module_length), name(spec.action_length), value],
    })
}
