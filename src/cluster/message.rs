//! What executors send: pieces of an item's result, numbered, and at the end how many there were and what they hash to.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, AsArray, BinaryArray, RecordBatch, UInt32Array};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::cluster::error::{Error, Trouble};
use crate::cluster::item::Taken;
use crate::cluster::pieces::Pieces;
use crate::settle::{Portion, Sink};

/// The number of the last piece of an item, which says what the others were.
const LAST: u32 = u32::MAX;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("item", DataType::UInt32, false),
        Field::new("piece", DataType::UInt32, false),
        Field::new("body", DataType::Binary, false),
    ]))
});

/// The columns of every batch.
pub(super) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// What an item ends with.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    pieces: u32,
    hash: String,
    result: Result<Taken, Trouble>,
}

/// Numbers and hashes what an item sends.
pub(super) struct Sent {
    item: u32,
    pieces: u32,
    hash: Xxh3,
}

impl Sent {
    /// Nothing yet.
    pub fn new(item: u32) -> Self {
        Self { item, pieces: 0, hash: Xxh3::new() }
    }

    /// One more piece.
    pub fn piece(&mut self, body: Vec<u8>) -> RecordBatch {
        self.hash.update(&body);
        self.pieces += 1;
        batch(self.item, self.pieces - 1, body)
    }

    /// The end.
    pub fn end(self, result: Result<Taken, Trouble>) -> RecordBatch {
        let end = End { pieces: self.pieces, hash: hex(&self.hash), result };
        let body = serde_json::to_vec(&end).expect("numbers and texts can be written as JSON");
        batch(self.item, LAST, body)
    }
}

fn hex(hash: &Xxh3) -> String {
    format!("{:032x}", hash.digest128())
}

fn batch(item: u32, piece: u32, body: Vec<u8>) -> RecordBatch {
    let (item, piece) = (UInt32Array::from_value(item, 1), UInt32Array::from_value(piece, 1));
    let body = BinaryArray::new(OffsetBuffer::from_lengths([body.len()]), Buffer::from_vec(body), None);
    RecordBatch::try_new(schema(), vec![Arc::new(item), Arc::new(piece), Arc::new(body)])
        .expect("the columns are those of the schema")
}

/// Gives what is kept of a piece that arrived.
pub(super) type Arrive<'a> = &'a (dyn Fn(&[u8]) -> Result<Vec<u8>, Error> + Sync);

/// Puts together what one partition of a job sent.
pub(super) struct Received<'a> {
    arrive: Arrive<'a>,
    folder: PathBuf,
    item: Option<u32>,
    pieces: Pieces,
    hash: Xxh3,
}

/// What an executor sends of an item before its end.
#[derive(Debug)]
pub(super) enum Piece {
    /// Judged rows.
    Rows(Box<Portion>),
    /// What a pivot folded.
    Sums(Vec<u8>),
    /// Hashes of the keys that `where` drops.
    Filtered(Vec<u128>),
}

impl Piece {
    /// As bytes, of which the first says what it is.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rows(portion) => portion.to_bytes(b'r'),
            Self::Sums(sums) => [b"s", sums.as_slice()].concat(),
            Self::Filtered(hashes) => {
                [b'f'].into_iter().chain(hashes.iter().flat_map(|hash| hash.to_le_bytes())).collect()
            }
        }
    }

    /// What is kept of `bytes`, which [`to_bytes`](Self::to_bytes) gave, until they are taken in: not the rows' own bytes,
    /// which `sink` lays down at once.
    pub fn lay_down(bytes: &[u8], sink: &mut Sink) -> Result<Vec<u8>, Error> {
        match bytes.split_first() {
            Some((b'r', body)) => Ok([b"r", sink.lay_down(body)?.as_slice()].concat()),
            _ => Ok(bytes.to_vec()),
        }
    }

    /// From what [`lay_down`](Self::lay_down) gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match bytes.split_first() {
            Some((b'r', body)) => Ok(Self::Rows(Box::new(Portion::from_bytes(body)?))),
            Some((b's', body)) => Ok(Self::Sums(body.to_vec())),
            Some((b'f', body)) => {
                Ok(Self::Filtered(body.as_chunks().0.iter().map(|hash| u128::from_le_bytes(*hash)).collect()))
            }
            _ => Err(Error::cluster("an executor sent what nobody here knows")),
        }
    }
}

/// An item of which everything has arrived.
#[derive(Debug)]
pub(super) struct Whole {
    /// Its number.
    pub item: u32,
    pub pieces: Pieces,
    pub result: Result<Taken, Trouble>,
}

impl<'a> Received<'a> {
    /// Nothing yet; what does not fit into memory lies in `folder`.
    pub fn new(folder: &Path, arrive: Arrive<'a>) -> Self {
        Self { arrive, folder: folder.to_owned(), item: None, pieces: Pieces::new(folder), hash: Xxh3::new() }
    }

    /// One more batch; gives the items that it ends.
    ///
    /// # Errors
    /// Something is missing, came twice or is not what was sent.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<Vec<Whole>, Error> {
        if batch.schema().fields() != schema().fields() {
            return Err(Error::cluster("an executor sent something else than it was asked for"));
        }
        let items = batch.column(0).as_primitive::<UInt32Type>();
        let numbers = batch.column(1).as_primitive::<UInt32Type>();
        let bodies = batch.column(2).as_binary::<i32>();
        let mut whole = Vec::new();
        for row in 0..bodies.len() {
            whole.extend(self.piece(items.value(row), numbers.value(row), bodies.value(row))?);
        }
        Ok(whole)
    }

    fn piece(&mut self, item: u32, number: u32, body: &[u8]) -> Result<Option<Whole>, Error> {
        let torn = || Error::cluster(format!("the result of task {item} did not arrive as it was sent"));
        if *self.item.get_or_insert(item) != item {
            return Err(torn());
        }
        if number != LAST {
            if number as usize != self.pieces.len() {
                return Err(torn());
            }
            self.hash.update(body);
            self.pieces.push((self.arrive)(body)?)?;
            return Ok(None);
        }
        let empty = Self::new(&self.folder, self.arrive);
        let Self { pieces, hash, .. } = std::mem::replace(self, empty);
        let end: End = serde_json::from_slice(body).map_err(|_| torn())?;
        if end.pieces as usize != pieces.len() || end.hash != hex(&hash) {
            return Err(torn());
        }
        Ok(Some(Whole { item, pieces, result: end.result }))
    }

    /// At the end: whether nothing is left open.
    pub fn is_whole(&self) -> bool {
        self.item.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Vec<RecordBatch> {
        let mut sent = Sent::new(7);
        let mut batches = vec![sent.piece(b"sone".to_vec()), sent.piece(b"stwo".to_vec())];
        batches.push(sent.end(Ok(Taken::default())));
        batches
    }

    fn received<'b>(batches: impl IntoIterator<Item = &'b RecordBatch>) -> Result<Vec<Whole>, Error> {
        let folder = std::env::temp_dir();
        let mut received = Received::new(&folder, &|piece| Ok(piece.to_vec()));
        let mut whole = Vec::new();
        for batch in batches {
            whole.extend(received.take(batch)?);
        }
        if received.is_whole() { Ok(whole) } else { Err(Error::cluster("open")) }
    }

    #[test]
    fn an_item_is_taken_if_all_of_it_is_there() {
        let whole = received(&sent()).unwrap();
        let told = |piece: Result<Piece, Error>| match piece.unwrap() {
            Piece::Sums(sums) => sums,
            other => panic!("{other:?}"),
        };
        assert_eq!(whole[0].item, 7);
        assert_eq!(whole[0].pieces.iter().map(told).collect::<Vec<_>>(), [b"one".to_vec(), b"two".to_vec()]);
    }

    #[test]
    fn what_is_missing_twice_or_changed_is_noticed() {
        let all = sent();
        for orders in [&[0, 2][..], &[1, 2], &[0, 1], &[0, 0, 1, 2], &[1, 0, 2], &[0, 1, 2, 0], &[2]] {
            assert!(received(orders.iter().map(|order| &all[*order])).is_err(), "{orders:?}");
        }
        let mut other = Sent::new(7);
        let changed = [other.piece(b"sone".to_vec()), other.piece(b"sTWO".to_vec()), all[2].clone()];
        assert!(received(&changed).is_err());
    }
}
