//! The hot loop: one column, one kernel, no allocation and no dispatch per cell.

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, UInt8Array};

use crate::functions::cell::{Cell, Normal, Normaliser};
use crate::functions::kernel::date::{Hint, MOMENT};
use crate::functions::kernel::short::Short;
use crate::functions::{fault, is_warning};

use super::met::Met;
use super::output::{Made, Output};

/// Judges every cell of a column. `judged`: faults that a function before this one has found (template, tags).
pub fn judge(cell: &Cell, input: &StringViewArray, judged: Option<&UInt8Array>) -> ArrayRef {
    if let Some(judged) = judged.filter(|judged| judged.values().iter().any(|fault| *fault != fault::NONE)) {
        return pass_on(cell, input, judged);
    }
    match cell.normaliser() {
        Normaliser::Text(rules) => run(cell, rules, input),
        Normaliser::Id(rules) => run(cell, rules, input),
        Normaliser::Email(rules) => run(cell, rules, input),
        Normaliser::Number(rules) => run(cell, rules, input),
        Normaliser::Date(rules) => run(cell, rules.as_ref(), input),
        Normaliser::Flag(rules) => run(cell, rules, input),
        Normaliser::List(rules) => run(cell, rules, input),
    }
}

fn run<N: Normal>(cell: &Cell, normal: &N, input: &StringViewArray) -> ArrayRef {
    let mut output = Output::new(input);
    let mut hint = Hint::default();
    let nulls = input.nulls().filter(|nulls| nulls.null_count() > 0);
    let mut met = Met::<Made>::default();
    let (may_stand, may_be_empty, longest) = (cell.may_stand(), cell.may_be_empty(), cell.longest());
    for (row, &view) in input.views().iter().enumerate() {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            if !may_be_empty {
                let mark = output.side.len();
                let verdict = cell.judge_empty(&mut output.side);
                output.put(row, b"", 0, verdict, mark);
            }
            continue;
        }
        if may_stand && let Some(short) = Short::of_view(view) {
            if normal.stands(short) {
                continue;
            }
            if let Some(made) = normal.remade(short) {
                output.put_short(row, made);
                continue;
            }
        }
        let value = input.value(row).as_bytes();
        if may_stand && (Short::MOST + 1..=longest).contains(&value.len()) {
            if normal.stands_long(value) {
                continue;
            }
            let mark = output.side.len();
            if longest >= MOMENT && normal.remade_long(value, &mut output.side) {
                output.put_side(row, mark);
                continue;
            }
        }
        if let Some(made) = met.find(view) {
            output.put_made(row, view, made);
            continue;
        }
        let mark = output.side.len();
        let verdict = cell.judge_with(normal, value, &mut hint, &mut output.side);
        met.keep(view, output.put(row, value, view, verdict, mark));
    }
    output.finish()
}

/// A column some of whose cells are faulty already.
#[cold]
fn pass_on(cell: &Cell, input: &StringViewArray, judged: &UInt8Array) -> ArrayRef {
    let mut output = Output::new(input);
    let mut hint = Hint::default();
    for (row, &view) in input.views().iter().enumerate() {
        let mark = output.side.len();
        let found = judged.value(row);
        let value = if input.is_null(row) { b"" } else { input.value(row).as_bytes() };
        let verdict = if found != fault::NONE && !is_warning(found) {
            cell.judge_fault(found, &mut output.side)
        } else {
            let mut verdict = cell.judge(input.is_valid(row).then_some(value), &mut hint, &mut output.side);
            if verdict.fault == fault::NONE {
                verdict.fault = found;
            }
            verdict
        };
        output.put(row, value, view, verdict, mark);
    }
    output.finish()
}
