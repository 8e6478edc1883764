//! What executors are told to do with the parts of a source.

use std::io;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::functions::LookupKey;
use crate::settle::{Layout, Rules};
use crate::source::Shape;

/// How hard a job is packed: it goes out with every task.
const LEVEL: i32 = 3;

/// Most bytes of a packed job.
pub const LARGEST: usize = 32 << 20;

/// One kind of work on parts of one source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// What the parts have in common.
    pub shape: Shape,
    /// What `current_date` and `now()` are.
    #[serde(with = "day")]
    pub as_of: Date,
    /// What is done with each.
    pub work: Work,
}

/// What is done with a part.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// Its records are counted.
    Count,
    /// It is looked at where it may be cut.
    Scan,
    /// Its rows are judged and encoded.
    Judge(Box<Judging>),
    /// Its rows are given as they are: these columns of the table.
    Read(Vec<usize>),
}

/// How rows are judged.
#[derive(Debug, Serialize, Deserialize)]
pub struct Judging {
    /// The compiled SQL.
    pub sql: String,
    /// The SQL that gives the keys which `where` drops, where they are asked for.
    pub filtered: Option<String>,
    /// The source's name in it.
    pub table: String,
    /// The shape of its rows.
    pub layout: Layout,
    /// What is judged row by row.
    pub rules: Rules,
    /// Parents may be known that are not among the rows.
    pub parents: bool,
    /// What its cells are looked up in.
    pub lookups: Vec<(LookupKey, Vec<(String, String)>)>,
}

/// A day as it is written.
mod day {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Date, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Job {
    /// As packed bytes.
    ///
    /// # Errors
    /// More than a cluster's messages can carry.
    pub fn pack(&self) -> io::Result<Vec<u8>> {
        let packed = zstd::encode_all(serde_json::to_vec(self)?.as_slice(), LEVEL)?;
        match packed.len() {
            ..=LARGEST => Ok(packed),
            length => Err(io::Error::other(format!("{} MB of lookup tables", length / 1_000_000))),
        }
    }

    /// From [`pack`](Self::pack).
    pub(super) fn unpack(packed: &[u8]) -> io::Result<Self> {
        Ok(serde_json::from_slice(&zstd::decode_all(packed)?)?)
    }

    /// What it is called in plans and logs.
    pub(super) fn name(&self) -> &'static str {
        match self.work {
            Work::Count => "count",
            Work::Scan => "scan",
            Work::Judge(_) => "judge",
            Work::Read(_) => "read",
        }
    }
}
