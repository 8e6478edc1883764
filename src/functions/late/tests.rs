//! Cells that are judged while they are written get the answers that they get in a column.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, DictionaryArray, LargeStringArray, StringArray, StringViewArray};
use datafusion::arrow::datatypes::Int16Type;
use proptest::prelude::*;

use super::{CellWriter, LateCells};
use crate::csv::{Full, LineEnding, RowBuffer, Tile};
use crate::functions::cell::Cell;
use crate::functions::column;
use crate::functions::lookup::LookupTables;
use crate::functions::udf::CellRules;
use crate::mapping::{Case, CellType, OnError, QuotePolicy};
use crate::resolve::CellSpec;

/// The rows of a file of one column, and the faults.
type Written = (Vec<u8>, Vec<(usize, u8)>);

fn judged(spec: &CellSpec, array: &ArrayRef) -> Written {
    let input = column::read(array).unwrap();
    let made = column::judge(&Cell::new(spec.clone(), &LookupTables::new()).unwrap(), &input.text, None);
    let (values, faults) = column::judged_parts(&made).unwrap();
    let mut out = RowBuffer::default();
    values.iter().for_each(|value| out.row([value.unwrap_or_default()], LineEnding::Lf));
    let faults = faults.values().iter().copied().enumerate().filter(|(_, fault)| *fault != 0);
    (out.bytes().to_vec(), faults.collect())
}

fn late(writer: &mut CellWriter, array: &ArrayRef) -> Written {
    let cells = LateCells::new(array).unwrap();
    let mut writing = writer.of(&cells);
    let (mut tile, mut out, mut faults) = (Tile::default(), Vec::new(), Vec::new());
    tile.reset();
    let mut first = 0;
    while first < array.len() {
        let rows = tile.begin(array.len() - first);
        let before = faults.len();
        match writing.write(first, &mut tile, |row, fault| faults.push((first + row, fault))) {
            Err(Full) => {
                faults.truncate(before);
                tile.widen();
            }
            Ok(filled) => {
                let is_filled = |row: &usize| tile.row(*row).len() > 1;
                assert_eq!(filled, (0..rows).filter(is_filled).count());
                (0..rows).for_each(|row| out.extend_from_slice(tile.finish(row, LineEnding::Lf)));
                first += rows;
            }
        }
    }
    (out, faults)
}

fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let value = prop_oneof![
        "[ ]{0,1}[A-Za-z0-9_-]{0,20}[ \u{a0}]{0,1}",
        "[$(-]{0,1}[0-9]{0,3}(,[0-9]{3}){0,3}(\\.[0-9]{0,2})?[)]{0,1}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z|-08:00|\\+0530)?)?",
        "[01][0-9]/[0-3][0-9]/20[0-9]{2}",
        "[a-zA-Zé \"|,;'<>&\t\u{85}日]{0,70}",
        "(yes|no|TRUE|f|a@b\\.co|Someone\\.Else@Example\\.com|001D000000IqhSL)",
        "[a-z\"]{2000,9000}",
    ];
    let values = proptest::collection::vec(proptest::option::weighted(0.9, value), 1..150);
    // Values that come once, and the same few again and again.
    (values, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(mut values, again)| {
        let few: Vec<_> = values.iter().take(9).cloned().collect();
        values.extend(again.iter().map(|at| few[usize::from(*at) % few.len()].clone()));
        values
    })
}

proptest! {
    #[test]
    fn a_cell_becomes_what_it_becomes_in_a_column(
        batches in proptest::collection::vec(values(), 1..3), kind in 0..12_usize, knobs in any::<[bool; 7]>(), quotes in 0..4_usize
    ) {
        use CellType::*;
        let kind = [Text, Id, Email, Integer, Number, Currency, Date, List, MultiList, Flag, Tag, ForeignKey][kind];
        let [html, default, required, cut, lower, emptied, zone] = knobs;
        let spec = CellSpec {
            html: html && cut,
            default: default.then(|| "a default, of some length".to_owned()),
            required,
            max_length: cut.then_some(9),
            truncate: zone,
            case: lower.then_some(Case::Lower),
            on_error: if emptied { OnError::Empty } else { OnError::Reject },
            quotes: [QuotePolicy::Reject, QuotePolicy::Replace, QuotePolicy::Strip, QuotePolicy::Double][quotes],
            formats: if kind == Date { vec!["%m/%d/%Y".into(), "iso".into()] } else { Vec::new() },
            timezone: zone.then(|| "America/New_York".to_owned()),
            ..CellSpec::new(kind)
        };
        let mut writer = CellWriter::new(Arc::new(CellRules::new(spec.clone(), &LookupTables::new()).unwrap()));
        for values in &batches {
            let texts = values.iter().map(Option::as_deref);
            let words: DictionaryArray<Int16Type> = texts.clone().collect();
            let arrays: [ArrayRef; 4] = [
                Arc::new(texts.clone().collect::<StringViewArray>()),
                Arc::new(texts.clone().collect::<StringArray>()),
                Arc::new(texts.collect::<LargeStringArray>()),
                Arc::new(words),
            ];
            for array in &arrays {
                prop_assert_eq!(late(&mut writer, array), judged(&spec, array));
            }
        }
    }
}
