//! Brings the rows of all partitions into source order without sorting them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::settle::record::Records;
use crate::settle::rows::Piece;

/// One stretch of rising positions that is not used up yet; ordered by its next position, then by sink and row.
type Head = Reverse<(u64, usize, u32, u32)>;

/// Pieces of the sinks' rows in source order: the order of positions, or that of arrival, sink by sink.
///
/// A partition's positions rise, save where a plan says otherwise: each rising stretch is merged on its own, so an
/// unordered partition costs a sort and nothing else. Long stretches are taken over by galloping.
pub(super) fn source_order(records: &[Records], by_arrival: bool) -> Vec<Piece> {
    if by_arrival {
        let sinks = records.iter().enumerate().filter(|(_, records)| records.rows > 0);
        return sinks.map(|(sink, records)| Piece { sink, first: 0, rows: records.rows }).collect();
    }
    let mut heap: BinaryHeap<Head> = BinaryHeap::new();
    for (sink, records) in records.iter().enumerate() {
        for (index, first) in records.stretches.iter().enumerate() {
            let end = records.stretches.get(index + 1).copied().unwrap_or(records.rows);
            heap.push(Reverse((records.position.get(*first as usize), sink, *first, end)));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    while let Some(Reverse((_, sink, first, end))) = heap.pop() {
        let records = &records[sink];
        let until = match heap.peek() {
            Some(Reverse(next)) => {
                gallop(first, end, |row| (records.position.get(row as usize), sink, row, end) < *next)
            }
            None => end,
        };
        match pieces.last_mut() {
            Some(piece) if piece.sink == sink && piece.first + piece.rows == first => piece.rows += until - first,
            _ => pieces.push(Piece { sink, first, rows: until - first }),
        }
        if until < end {
            heap.push(Reverse((records.position.get(until as usize), sink, until, end)));
        }
    }
    pieces
}

/// The first row after `first` and up to `end` that does not come `before`; `first` itself does.
fn gallop(first: u32, end: u32, before: impl Fn(u32) -> bool) -> u32 {
    let mut step = 1;
    let mut low = first;
    while let Some(probe) = low.checked_add(step).filter(|probe| *probe < end) {
        if !before(probe) {
            break;
        }
        low = probe;
        step = step.saturating_mul(2);
    }
    let mut high = low.saturating_add(step).min(end);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::source_order;
    use crate::settle::record::Records;

    fn records(positions: &[u64]) -> Records {
        let mut records = Records::new(0);
        for (index, positions) in positions.chunks(7).enumerate() {
            let ends: Vec<u64> = (1..=positions.len() as u64).collect();
            records.extend(positions, &vec![0; ends.len()], index as u64 * 7, &ends).unwrap();
        }
        records
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_are_the_sorted_rows(sinks in prop::collection::vec(prop::collection::vec(0_u64..50, 0..40), 0..5), sorted in any::<bool>()) {
            let mut sinks = sinks;
            if sorted {
                sinks.iter_mut().for_each(|sink| sink.sort_unstable());
            }
            let all: Vec<Records> = sinks.iter().map(|sink| records(sink)).collect();
            let pieces = source_order(&all, false);
            let mut seen = Vec::new();
            for piece in &pieces {
                for row in piece.first..piece.first + piece.rows {
                    seen.push((sinks[piece.sink][row as usize], piece.sink, row));
                }
            }
            let mut expected: Vec<_> = sinks
                .iter()
                .enumerate()
                .flat_map(|(sink, rows)| rows.iter().enumerate().map(move |(row, position)| (*position, sink, row as u32)))
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(seen, expected);
        }
    }
}
