//! What a mapping asks of earlier runs, and what its format cannot give.

use crate::diagnostic::{Diagnostic, code};
use crate::format::FormatSpec;
use crate::mapping::{DuplicatePolicy, Mapping};
use crate::resolve::{Found, Memory, TargetColumn};
use crate::yaml::Span;

/// `default: keep`, `output.changes`, `pivot: {columns: pinned}` and `limits` against the last published run.
pub(super) fn memory(mapping: &Mapping, format: &FormatSpec, columns: &[TargetColumn], found: &mut Found) -> Memory {
    let limits = &mapping.limits;
    let keep: Vec<usize> = (0..columns.len()).filter(|index| columns[*index].cell.keep).collect();
    let asked: [(&str, Option<Span>); 4] = [
        ("default: keep", keep.first().map(|index| columns[*index].span)),
        ("output.changes", mapping.output.changes),
        ("limits.cleared", limits.cleared.as_ref().map(|limit| limit.span)),
        ("limits.new_accounts", limits.new_accounts.as_ref().map(|limit| limit.span)),
    ];
    let mut refuse = |name: &str, span: Span, label: &str, help: &str| {
        let message = format!("`{name}` cannot be used here");
        let place = found.place(span);
        found.push(Diagnostic::error(&code::NOT_FOR_FORMAT, message).at(place, label).help(help));
    };
    for (name, span) in asked.iter().filter_map(|(name, span)| span.map(|span| (*name, span))) {
        if format.is_additive() {
            refuse(name, span, "Totango adds the rows of this format up", "every row is sent once, on its day");
        } else if format.key_per_foreign_key {
            refuse(name, span, "a row of this format is a key and nothing else", "leave it out");
        }
    }
    if let (Some(pivot), Some(index)) = (&mapping.pivot, keep.first()) {
        let place = found.place(columns[*index].span);
        found.push(
            Diagnostic::error(&code::BAD_DEFAULT, "beside a pivot a column is an aggregate: it keeps nothing")
                .at(place, "`default: keep`")
                .related(found.place(pivot.span), "the pivot"),
        );
    }
    let splits = mapping.duplicates.as_ref().filter(|duplicates| duplicates.policy.value == DuplicatePolicy::Split);
    if let (Some(span), Some(duplicates)) = (mapping.output.changes, splits) {
        let place = found.place(span);
        found.push(
            Diagnostic::error(&code::BAD_POLICY, "`changes` wants one row per key")
                .at(place, "compares each key's row with the one published last")
                .related(found.place(duplicates.policy.span), "writes several")
                .help("choose another `duplicates`, or leave `changes` out"),
        );
    }
    Memory {
        keep,
        changes: mapping.output.changes.is_some(),
        pinned: mapping.pivot.as_ref().is_some_and(|pivot| pivot.pinned.is_some()),
        fewer_rows: limits.fewer_rows.clone(),
        emptier: limits.emptier.clone(),
        cleared: limits.cleared.clone(),
        new_accounts: limits.new_accounts.clone(),
        headers: limits.headers.clone(),
    }
}
