//! One walk through the settled rows and the last snapshot, side by side: what is new, unchanged, cleared and gone, and the next
//! snapshot.

use std::borrow::Cow;
use std::path::Path;

use crate::csv::{LineEnding, RowBuffer, decode_row};
use crate::output::{Place, Staged, Staging as Outputs};
use crate::pipeline::Failure;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::remember::{Depth, Past, Remembering, attributes};
use crate::settle::{KeySet, Settled, key_hash, row_hash};
use crate::state::{Pair, SnapshotFile, SnapshotRow, SnapshotWriter, SortedRow, Sorter, Staging, compare};

/// So many vanished keys are sorted for people; more come in the order of their hashes.
const SORTED: usize = 100_000;

/// What the walk found.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Compared {
    /// There was a snapshot to compare with.
    pub has_past: bool,
    /// Keys that were never published before.
    pub new: u64,
    /// Values of the rows published last that are empty now, by attribute, in the order of the columns.
    pub cleared: Vec<(String, u64)>,
    /// Values that the keys of this run held when they were published last.
    pub held: u64,
    /// Keys that were published last and are not now, nor rejected.
    pub removed: u64,
    /// Rows that are as they were, a bit each in the order of the output.
    pub unchanged: Vec<u64>,
    /// The file of vanished keys.
    pub removed_file: Option<Staged>,
    /// What is staged for later runs.
    pub left: Option<(Staging, Option<SnapshotFile>)>,
}

/// What the walk needs.
struct Walk<'a> {
    prepared: &'a Prepared,
    past: &'a Past,
    settled: &'a Settled,
    outputs: &'a Outputs<'a>,
    spill: &'a Path,
    as_of: &'a str,
}

/// Walks, if anything asks for it.
pub(in crate::pipeline) fn compared(
    remembering: &Remembering,
    prepared: &Prepared,
    past: &Past,
    settled: &Settled,
    (outputs, spill): (&Outputs<'_>, &Path),
    as_of: &str,
) -> Result<Compared, Failure> {
    let mut compared = Compared::default();
    if !prepared.file.asked {
        return Ok(compared);
    }
    let walk = Walk { prepared, past, settled, outputs, spill, as_of };
    let mut staging = match remembering.writes {
        true => Some(remembering.memory.stage(&prepared.file.name, outputs.run_id())?),
        false => None,
    };
    let mut snapshot = None;
    if past.depth > Depth::Nothing && (past.snapshot.is_some() || staging.is_some()) {
        snapshot = walk.go(&mut compared, staging.as_mut())?;
    }
    compared.left = staging.map(|staging| (staging, snapshot));
    Ok(compared)
}

impl Walk<'_> {
    fn go(&self, compared: &mut Compared, staging: Option<&mut Staging>) -> Result<Option<SnapshotFile>, Failure> {
        let resolved = &self.prepared.resolved;
        let columns = attributes(resolved, self.settled);
        let place = |index: &usize| columns.iter().position(|name| *name == resolved.columns[*index].name);
        let key: Vec<usize> = resolved.key.iter().filter_map(place).collect();
        let keys_only = self.past.depth == Depth::Keys;
        let mut sorted = self.sort(&key, keys_only)?.finish();

        // What the rows sorted hold, and where the last snapshot has it.
        let mut names: Vec<String> = match keys_only {
            true => key.iter().map(|place| columns[*place].clone()).collect(),
            false => columns.clone(),
        };
        let own = names.len();
        let then: &[String] = self.past.snapshot.as_ref().map_or(&[], |snapshot| snapshot.columns());
        if !keys_only {
            names.extend(then.iter().filter(|name| !columns.contains(name)).cloned());
        }
        let places: Vec<Option<usize>> = names.iter().map(|name| then.iter().position(|other| other == name)).collect();
        let writer = staging.map(|staging| SnapshotWriter::create(&staging.snapshot(), &names)).transpose()?;
        let past = self.past.entry.as_ref().map(|entry| &entry.published);
        let mut pass = Pass {
            walk: self,
            last_day: past.map_or("", |past| past.as_of.as_str()),
            // Bytes are comparable only under one header.
            same_header: past.is_some_and(|past| past.columns == columns && past.headers == self.settled.header),
            key: if keys_only { (0..own).collect() } else { key },
            own,
            places,
            rejected: self.settled.rejected_keys()?,
            cleared: vec![0; own],
            removed: Vec::new(),
            writer,
            compared,
            keys_only,
        };
        pass.compared.has_past = self.past.snapshot.is_some();
        if resolved.memory.changes {
            pass.compared.unchanged = vec![0; (self.settled.counts.written as usize).div_ceil(64)];
        }
        let old = self.past.snapshot.as_ref().map(|snapshot| snapshot.all_rows()).transpose()?;
        compare::<Failure>(old, &mut sorted, |pair| pass.take(pair))?;
        pass.compared.cleared =
            names.iter().cloned().zip(pass.cleared.iter().copied()).filter(|(_, count)| *count > 0).collect();
        pass.removed_file()?;
        let written = pass.writer.take().map(|writer| writer.finish(keys_only)).transpose()?;
        Ok(written)
    }

    /// The rows, each behind its hash, in the order of a snapshot.
    fn sort(&self, key: &[usize], keys_only: bool) -> Result<Sorter, Failure> {
        let ignores_case = self.prepared.resolved.format.key_ignores_case;
        let mut sorter = Sorter::new(self.spill)?;
        let mut number = 0;
        let mut bytes = Vec::new();
        let mut narrow = RowBuffer::default();
        self.settled.each_written::<Failure>(|row| {
            let cells: Vec<Cow<'_, [u8]>> = decode_row(row).collect();
            let parts: Vec<&[u8]> = key.iter().map(|place| cells.get(*place).map_or(&b""[..], |cell| cell)).collect();
            bytes.clear();
            bytes.extend_from_slice(&row_hash(row).to_le_bytes());
            if keys_only {
                narrow.clear();
                narrow.row(&parts, LineEnding::Lf);
                bytes.extend_from_slice(narrow.bytes());
            } else {
                bytes.extend_from_slice(row);
            }
            sorter.push(key_hash(&parts, ignores_case), number, &bytes)?;
            number += 1;
            Ok(())
        })?;
        Ok(sorter)
    }
}

/// The state of a walk.
struct Pass<'a> {
    walk: &'a Walk<'a>,
    last_day: &'a str,
    same_header: bool,
    /// Where the key stands in the rows sorted.
    key: Vec<usize>,
    /// So many of the snapshot's columns are in the rows.
    own: usize,
    /// Where the last snapshot has each column of the next one.
    places: Vec<Option<usize>>,
    rejected: KeySet,
    cleared: Vec<u64>,
    removed: Vec<Vec<u8>>,
    writer: Option<SnapshotWriter>,
    compared: &'a mut Compared,
    keys_only: bool,
}

impl Pass<'_> {
    fn take(&mut self, pair: Pair<'_>) -> Result<(), Failure> {
        match pair {
            Pair::Old(old) => self.vanished(old),
            Pair::New(new) => {
                self.compared.new += 1;
                self.keep(None, new)
            }
            Pair::Both(old, new) => {
                let (hash, row) = split(new.bytes);
                if self.same_header && old.row_hash() == hash && old.seen() == self.last_day {
                    let number = new.number as usize;
                    if let Some(bits) = self.compared.unchanged.get_mut(number / 64) {
                        *bits |= 1 << (number % 64);
                    }
                }
                if !self.keys_only {
                    self.count_cleared(old, row);
                }
                self.keep(Some(old), new)
            }
        }
    }

    fn count_cleared(&mut self, old: SnapshotRow<'_>, row: &[u8]) {
        for (column, cell) in decode_row(row).take(self.own).enumerate() {
            if self.places[column].is_some_and(|place| old.is_filled(place)) {
                self.compared.held += 1;
                self.cleared[column] += u64::from(cell.is_empty());
            }
        }
    }

    fn vanished(&mut self, old: SnapshotRow<'_>) -> Result<(), Failure> {
        if old.seen() == self.last_day && !self.rejected.holds_hash(old.key()) {
            self.compared.removed += 1;
            if self.walk.prepared.resolved.memory.changes {
                let value = |place: &usize| self.places[*place].and_then(|place| old.value(place)).unwrap_or_default();
                let mut row = RowBuffer::default();
                row.row(self.key.iter().map(value), self.line_ending());
                self.removed.push(row.bytes().to_vec());
            }
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let cells = self.places.iter().map(|place| match place {
            Some(place) => (old.value(*place), old.is_filled(*place)),
            None => (None, false),
        });
        Ok(writer.push(old.key(), old.row_hash(), old.seen(), cells)?)
    }

    /// Writes the key's next entry: values that are not empty, else those of before.
    fn keep(&mut self, old: Option<SnapshotRow<'_>>, new: SortedRow<'_>) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let (hash, row) = split(new.bytes);
        let texts: Vec<String> = decode_row(row).map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect();
        let cells = self.places.iter().enumerate().map(|(column, place)| {
            let text = texts.get(column).filter(|text| column < self.own && !text.is_empty());
            let before = || place.and_then(|place| old.and_then(|old| old.value(place)));
            (text.map(String::as_str).or_else(before), text.is_some())
        });
        Ok(writer.push(new.key, hash, self.walk.as_of, cells)?)
    }

    fn line_ending(&self) -> LineEnding {
        if self.walk.prepared.resolved.output.line_feed { LineEnding::Lf } else { LineEnding::CrLf }
    }

    fn removed_file(&mut self) -> Result<(), Failure> {
        if self.removed.is_empty() {
            return Ok(());
        }
        if self.removed.len() <= SORTED {
            self.removed.sort_unstable();
        }
        let output = &self.walk.prepared.resolved.output;
        let mut file = self.walk.outputs.create(Place::Reports, &format!("{}.removed.csv", output.stem()))?;
        let mut header = RowBuffer::default();
        header.row(self.key.iter().map(|place| &self.walk.settled.header[*place]), self.line_ending());
        file.append(header.bytes())?;
        for row in &self.removed {
            file.append(row)?;
        }
        self.compared.removed_file = Some(file.finish(self.removed.len() as u64)?);
        Ok(())
    }
}

/// The row's hash, and the row.
fn split(bytes: &[u8]) -> (u64, &[u8]) {
    let (hash, row) = bytes.split_first_chunk::<8>().expect("every row was pushed behind its hash");
    (u64::from_le_bytes(*hash), row)
}
