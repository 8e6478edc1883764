//! Account types that stand at several levels of the hierarchy: Totango wants one distinct type per level. Article HIER.

use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::csv::decode_row;
use crate::settle::case::Case;
use crate::settle::rows::{Cursor, RowReader};

/// Types that are told apart; no service has nearly as many.
const TYPES: usize = 10_000;

/// How many written rows stand at another level than most rows of their type, `place` being that of the type in a row.
pub(super) fn out_of_level(case: &Case, place: usize) -> io::Result<u64> {
    let mut levels: HashMap<Vec<u8>, BTreeMap<u32, u64>> = HashMap::new();
    let (mut reader, mut cursor) = (RowReader::new(&case.files), Cursor::new(&case.rows));
    for row in (0..case.rows.count).filter(|row| case.is_written(*row)) {
        let Some(kind) = decode_row(reader.read(cursor.extent(row))?).nth(place).filter(|kind| !kind.is_empty()) else {
            continue;
        };
        let depth = case.depth.get(row).copied().unwrap_or_default();
        if let Some(counts) = levels.get_mut(&*kind) {
            *counts.entry(depth).or_default() += 1;
        } else if levels.len() < TYPES {
            levels.insert(kind.to_vec(), BTreeMap::from([(depth, 1)]));
        }
    }
    let elsewhere =
        |counts: &BTreeMap<u32, u64>| counts.values().sum::<u64>() - counts.values().max().copied().unwrap_or_default();
    Ok(levels.values().map(elsewhere).sum())
}
