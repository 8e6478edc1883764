//! From a resolved mapping to what settling its rows needs: the shape of the judged batches, the policies, what is known.

use std::sync::Arc;

use crate::functions::{fault, is_bare};
use crate::mapping::CellType;
use crate::pipeline::known::{Knowledge, ignores_case};
use crate::resolve::{Input, Resolved, Target, TargetColumn};
use crate::settle::{
    Beside, FaultSet, HierarchyRules, Known, Layout, LayoutColumn, LayoutReference, OrderKind, PivotRules, Rules, Task,
};

/// The columns of `resolved` that are judged row by row: under a pivot only its key, the others are aggregates.
pub(super) fn judged(resolved: &Resolved) -> Vec<usize> {
    let all = 0..resolved.columns.len();
    match resolved.pivot {
        Some(_) => all.filter(|index| resolved.key.contains(index)).collect(),
        None => all.collect(),
    }
}

/// Settling's task. `arrival` says that the rows' own order is the order they come in.
pub(super) fn task(resolved: &Resolved, known: &Knowledge, beside: Beside, arrival: bool, threads: usize) -> Arc<Task> {
    let judged = judged(resolved);
    let place = |column: usize| judged.iter().position(|index| *index == column);
    let places = |columns: &[usize]| columns.iter().filter_map(|column| place(*column)).collect::<Vec<usize>>();
    let mut layout = Layout::new(
        judged
            .iter()
            .map(|&index| {
                let column = &resolved.columns[index];
                let kind = column.cell.kind;
                LayoutColumn {
                    name: column.header.clone(),
                    attribute: column.name.clone(),
                    is_number: matches!(kind, CellType::Integer | CellType::Number | CellType::Currency),
                    bare: is_bare(&column.cell),
                    written: true,
                }
            })
            .collect(),
    );
    layout.key = places(&resolved.key);
    layout.key_ignores_case = resolved.format.key_ignores_case;
    if resolved.format.key_per_foreign_key {
        let foreign = |index: &usize| resolved.columns[*index].cell.kind == CellType::ForeignKey;
        layout.foreign_keys = places(&judged.iter().copied().filter(foreign).collect::<Vec<usize>>());
        layout.key.retain(|column| !layout.foreign_keys.contains(column));
        layout.key.extend(layout.foreign_keys.iter().copied());
    }
    layout.parent = resolved.parent.and_then(place);
    if layout.parent.is_some() {
        // A constant type is meant to stand where its rows stand.
        let is_type = |column: &TargetColumn| column.name == "Account Type" && !matches!(column.input, Input::Value(_));
        layout.level_type = resolved.columns.iter().position(is_type).and_then(place);
    }
    let references: Vec<_> =
        resolved.references.iter().filter_map(|reference| Some((place(reference.column)?, reference))).collect();
    layout.references = references
        .iter()
        .map(|(column, reference)| LayoutReference { column: *column, itself: is_itself(&reference.targets, resolved) })
        .collect();
    let unknown = resolved.unknown_accounts.as_ref().and_then(|unknown| Some((place(unknown.column)?, unknown)));
    layout.references.extend(unknown.map(|(column, _)| LayoutReference { column, itself: false }));
    layout.one_of = resolved.one_of.iter().map(|group| places(group)).filter(|group| !group.is_empty()).collect();
    layout.required_when =
        resolved.required_when.iter().filter_map(|(column, when)| Some((place(*column)?, place(*when)?))).collect();
    let implied = |name: &str| {
        let index = resolved.columns.iter().position(|column| column.name == name)?;
        let cell = &resolved.columns[index].cell;
        (cell.kind == CellType::Flag && cell.yes.is_none()).then(|| place(index)).flatten()
    };
    let pairs = resolved.format.implies.iter();
    layout.implies = pairs.filter_map(|rule| Some((implied(&rule.column)?, implied(&rule.needs)?))).collect();
    layout.line_feed = resolved.output.line_feed;
    layout.order_by = resolved.duplicates.order.as_ref().map(|order| match order.cell.kind {
        CellType::Date => OrderKind::Date,
        _ => OrderKind::Number,
    });
    layout.pivots = resolved.pivot.is_some();
    layout.arrival_order = arrival;
    layout.warnings = fault::ALL.iter().copied().filter(|number| fault::is_warning(*number)).collect::<FaultSet>();

    let rules = Rules {
        duplicates: resolved.duplicates.policy,
        fallback_valid: resolved.duplicates.fallback_valid,
        hierarchy: HierarchyRules {
            missing_parent: resolved.hierarchy.missing_parent,
            cycles: resolved.hierarchy.cycles,
            max_depth: resolved.hierarchy.max_depth,
            parents_first: resolved.hierarchy.parents_first,
        },
        references: references.iter().map(|(_, reference)| reference.missing).collect(),
        unknown_accounts: unknown.map(|(_, unknown)| unknown.policy),
        pivot: pivot(resolved, beside),
        case_twins: true,
        threads,
    };
    let known = Known {
        accounts: known.target(&resolved.hierarchy.known_accounts, &resolved.name, false),
        references: references
            .iter()
            .map(|(_, reference)| known.target(&reference.targets, &resolved.name, ignores_case(resolved, reference)))
            .chain(unknown.map(|(_, unknown)| known.target(&unknown.targets, &resolved.name, false)))
            .collect(),
        kept: None,
    };
    Arc::new(Task { layout, rules, known })
}

fn is_itself(targets: &[Target], resolved: &Resolved) -> bool {
    targets.iter().any(|target| matches!(target, Target::Mapping(name) if *name == resolved.name))
}

fn pivot(resolved: &Resolved, beside: Beside) -> PivotRules {
    match &resolved.pivot {
        Some(pivot) => PivotRules {
            aggregate: pivot.aggregate,
            top: pivot.top,
            top_of_pairs: pivot.top_of_pairs,
            columns: pivot.columns.clone(),
            fill_zero: pivot.fill_zero,
            beside,
        },
        None => PivotRules::default(),
    }
}
