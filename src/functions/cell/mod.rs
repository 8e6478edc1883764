//! One target column's cell: its rules compiled once, then every value taken through the same steps in the same order.
//!
//! html, trim, empty?, lookup, map, type, fault? `on_error`, empty? `default`, values, quotes, length. [`Cell::judge`] is the
//! whole road; [`Cell::judge_with`] first tries the short one, which may decline but never answers differently.

mod bare;
mod look;
mod normaliser;
mod steps;
mod trace;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub use bare::is_bare;
pub use normaliser::{Normal, Normaliser, TextRules};
pub use steps::Verdict;
pub use trace::{Step, Trace};

use crate::mapping::CellType;
use crate::resolve::CellSpec;

use super::kernel::Value;
use super::kernel::date::Hint;
use super::kernel::hash::ShortHash;
use super::kernel::short::Short;
use super::lookup::{LookupTable, LookupTables};

/// A compiled [`CellSpec`].
#[derive(Debug)]
pub struct Cell {
    spec: CellSpec,
    normaliser: Normaliser,
    lookup: Option<Arc<LookupTable>>,
    map: HashMap<Box<[u8]>, Box<[u8]>, ShortHash>,
    values: HashSet<Box<[u8]>, ShortHash>,
    /// What an empty cell becomes, taken through the steps after it.
    empty: Result<Option<Box<[u8]>>, u8>,
    /// Only trim, type and length are left to do.
    plain: bool,
    /// Values of so many bytes cannot have too many characters.
    longest: usize,
}

impl Cell {
    /// Compiles the rules; lookup tables are taken from `tables` as they are now.
    ///
    /// # Errors
    /// A layout, zone or alphabet that cannot be, or a lookup table that was not filled.
    pub fn new(spec: CellSpec, tables: &LookupTables) -> Result<Self, String> {
        let lookup = match &spec.lookup {
            Some(wanted) => Some(tables.get(wanted).ok_or_else(|| {
                format!("the lookup table `{}` ({} -> {}) was not filled", wanted.source, wanted.key, wanted.take)
            })?),
            None => None,
        };
        let bytes = |text: &String| Box::from(text.as_bytes());
        let plain = !spec.html
            && lookup.is_none()
            && spec.map.is_empty()
            && spec.map_any_case.is_empty()
            && spec.values.is_empty();
        let mut cell = Self {
            normaliser: Normaliser::new(&spec)?,
            lookup,
            map: spec.map.iter().map(|(from, to)| (bytes(from), bytes(to))).collect(),
            values: spec.values.iter().map(bytes).collect(),
            empty: Ok(None),
            plain,
            longest: spec.max_length.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX),
            spec,
        };
        cell.empty = cell.judge_default();
        Ok(cell)
    }

    /// The rules it was made from.
    pub fn spec(&self) -> &CellSpec {
        &self.spec
    }

    /// The type step's rules.
    pub fn normaliser(&self) -> &Normaliser {
        &self.normaliser
    }

    /// The same column when values come typed from the engine: dates as ISO text, numbers with a point.
    pub fn spec_of_typed(spec: &CellSpec) -> CellSpec {
        CellSpec { formats: Vec::new(), decimal_comma: false, ..spec.clone() }
    }

    /// Values of up to [`Short::MOST`] bytes that the type lets stand need no other step.
    pub fn may_stand(&self) -> bool {
        self.plain && self.longest >= Short::MOST
    }

    /// Values of so many bytes cannot have too many characters.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// What an empty cell becomes, perhaps nothing; or its fault.
    pub fn empty(&self) -> Result<&[u8], u8> {
        self.empty.as_ref().map(|text| text.as_deref().unwrap_or_default()).map_err(|fault| *fault)
    }

    /// An empty cell stays empty without a fault.
    pub fn may_be_empty(&self) -> bool {
        self.empty == Ok(None)
    }

    /// Judges one value by the whole road; what it becomes is appended to `side` or is part of the value.
    pub fn judge<'v>(&self, value: Option<&'v [u8]>, hint: &mut Hint, side: &mut Vec<u8>) -> Verdict<'v> {
        let Some(value) = value else { return self.judge_empty(side) };
        match &self.normaliser {
            Normaliser::Text(rules) => self.judge_fully(rules, value, hint, side),
            Normaliser::Id(rules) => self.judge_fully(rules, value, hint, side),
            Normaliser::Email(rules) => self.judge_fully(rules, value, hint, side),
            Normaliser::Number(rules) => self.judge_fully(rules, value, hint, side),
            Normaliser::Date(rules) => self.judge_fully(rules.as_ref(), value, hint, side),
            Normaliser::Flag(rules) => self.judge_fully(rules, value, hint, side),
            Normaliser::List(rules) => self.judge_fully(rules, value, hint, side),
        }
    }

    /// The default taken through the steps after the type, written as the type writes it where the type can read it.
    fn judge_default(&self) -> Result<Option<Box<[u8]>>, u8> {
        let Some(default) = self.spec.default.as_deref().filter(|text| !text.is_empty()) else {
            return if self.spec.required { Err(super::fault::EMPTY_VALUE) } else { Ok(None) };
        };
        let mut bare = Self::spec_of_typed(&self.spec);
        (bare.lookup, bare.default, bare.required, bare.html) = (None, None, false, false);
        (bare.map, bare.map_any_case) = (Vec::new(), Vec::new());
        bare.on_error = crate::mapping::OnError::Reject;
        let judge = |spec: CellSpec| {
            let Ok(cell) = Self::new(spec, &LookupTables::new()) else { return Err(super::fault::VALUE_UNKNOWN) };
            let mut side = Vec::new();
            let verdict = cell.judge(Some(default.as_bytes()), &mut Hint::default(), &mut side);
            match verdict.value {
                _ if verdict.fault != 0 && !super::fault::is_warning(verdict.fault) => Err(verdict.fault),
                Value::Empty => Ok(None),
                Value::Part(part) => Ok(Some(Box::from(part))),
                Value::Side => Ok(Some(side.into())),
            }
        };
        match judge(bare.clone()) {
            // The type cannot read it: a constant is written as it is, but still within values, quotes and length.
            Err(fault) if super::fault::obeys_on_error(fault) => {
                judge(CellSpec { kind: CellType::Text, case: None, ..bare })
            }
            judged => judged,
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_roads;
#[cfg(test)]
mod tests_trace;
