//! The third pass: rows that may differ, cell by cell.

use std::borrow::Cow;

use crate::compare::pairs::Pairs;
use crate::compare::reader::RowReader;
use crate::compare::scan::Place;
use crate::compare::table::Shape;
use crate::compare::{AttributeDifference, CellChange, Change, ChangeKind, CompareError, Comparison, TableDifference};

/// Rows after which it is asked whether to give up.
const BREATH: u64 = 1 << 12;

/// Tells of differences and counts them.
pub(super) struct Teller<'a, 'd> {
    comparison: &'a Comparison<'a>,
    shape: &'a Shape,
    difference: &'d mut TableDifference,
    attributes: Vec<AttributeDifference>,
}

impl<'a, 'd> Teller<'a, 'd> {
    pub(super) fn new(comparison: &'a Comparison<'a>, shape: &'a Shape, difference: &'d mut TableDifference) -> Self {
        let new = |name: &String| AttributeDifference { column: name.clone(), ..AttributeDifference::default() };
        Self { comparison, shape, difference, attributes: shape.columns.iter().map(new).collect() }
    }

    /// Goes through `pairs`.
    pub(super) fn tell(
        mut self,
        pairs: Pairs,
        tell: &mut dyn FnMut(&Change<'_>) -> Result<(), CompareError>,
    ) -> Result<(), CompareError> {
        let mut ordered = pairs.ordered().map_err(CompareError::file(self.comparison.scratch))?;
        let mut before = self.comparison.before.map(RowReader::new);
        let mut now = RowReader::new(self.comparison.now);
        let mut read: u64 = 0;
        while let Some((old, new)) = ordered.next().map_err(CompareError::file(self.comparison.scratch))? {
            read += 1;
            if read.is_multiple_of(BREATH) && (self.comparison.is_stopped)() {
                return Err(CompareError::Stopped);
            }
            let is_missed = |place: Place| self.comparison.before.is_none_or(|table| table.counts(place.part()));
            if new.is_none() && !old.is_some_and(is_missed) {
                continue;
            }
            let old = cells(before.as_mut(), old)?;
            let new = cells(Some(&mut now), new)?;
            self.pair(old.as_deref(), new.as_deref(), tell)?;
        }
        self.attributes.retain(|one| one.changed + one.emptied + one.filled > 0);
        self.difference.attributes = self.attributes;
        Ok(())
    }

    fn pair(
        &mut self,
        old: Option<&[Cow<'_, str>]>,
        new: Option<&[Cow<'_, str>]>,
        tell: &mut dyn FnMut(&Change<'_>) -> Result<(), CompareError>,
    ) -> Result<(), CompareError> {
        let shape = self.shape;
        let (kind, row, key) = match (old, new) {
            (Some(row), None) => (ChangeKind::Removed, row, &shape.before.key),
            (None, Some(row)) => (ChangeKind::Added, row, &shape.now.key),
            (Some(_), Some(row)) => (ChangeKind::Changed, row, &shape.now.key),
            (None, None) => return Ok(()),
        };
        let mut cells = Vec::new();
        if let (Some(old), Some(new)) = (old, new) {
            let places = shape.before.columns.iter().zip(&shape.now.columns).enumerate();
            cells.extend(places.filter(|(_, (one, other))| old[**one] != new[**other]).map(|(place, (one, other))| {
                CellChange {
                    column: &shape.columns[place],
                    before: Cow::Borrowed(&*old[*one]),
                    now: Cow::Borrowed(&*new[*other]),
                    place,
                }
            }));
            if cells.is_empty() {
                // Written in another way, and the same.
                self.difference.same += 1;
                return Ok(());
            }
        }
        let parts: Vec<&str> = key.iter().map(|place| &*row[*place]).collect();
        let change = Change { kind, key: &parts.join("|"), cells: &cells };
        self.difference.count(&change, &mut self.attributes);
        tell(&change)
    }
}

fn cells<'r>(
    reader: Option<&'r mut RowReader<'_>>,
    place: Option<Place>,
) -> Result<Option<Vec<Cow<'r, str>>>, CompareError> {
    match (reader, place) {
        (Some(reader), Some(place)) => reader.cells(place).map(Some),
        _ => Ok(None),
    }
}
