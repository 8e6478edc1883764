//! One task of a job, and what came of it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::settle::Totals;
use crate::source::{Account, Part, RangeScan};

/// A part that something is done with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Item {
    /// Its number in the job.
    pub number: u32,
    /// The part.
    pub part: Part,
    /// Where it is scanned; none for other work.
    pub range: Option<Range<u64>>,
}

/// What an item says at its end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Taken {
    /// What a pass over the part found.
    pub account: Option<Account>,
    /// What was counted over its rows.
    pub totals: Option<Totals>,
    /// What was found in a range.
    pub scan: Option<RangeScan>,
    /// How long it took.
    pub seconds: f64,
}
