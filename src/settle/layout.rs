//! What the judging plan's batches look like, and what a row must hold.

use serde::{Deserialize, Serialize};

use crate::csv::LineEnding;
use crate::settle::error::Error;

/// Columns of the judging plan, in the order of its batches: `_file` UInt32, `_line` UInt64, then one
/// struct(value Utf8View, fault UInt8) per entry of `columns`, then `_by` where `order_by` is set, then `_module`,
/// `_action`, `_value` where `pivots` is set. Column numbers below count `columns` from 0.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Layout {
    /// Target columns.
    pub columns: Vec<LayoutColumn>,
    /// Columns that together identify a row, all of them written; empty: no two rows are ever the same. With
    /// `foreign_keys`: the account, then every foreign key column.
    pub key: Vec<usize>,
    /// Keys are compared ignoring ASCII case.
    pub key_ignores_case: bool,
    /// Foreign key columns, each of which is a key of its own: one value for two accounts rejects both, and only rows
    /// equal in every column are duplicates. Article FK.
    pub foreign_keys: Vec<usize>,
    /// The column that names another row's key as its parent. Article HIER.
    pub parent: Option<usize>,
    /// Columns whose values must exist elsewhere, in the order of `Known::references`.
    pub references: Vec<LayoutReference>,
    /// Groups of columns of which one must have a value. Article OLDPREP.
    pub one_of: Vec<Vec<usize>>,
    /// (column, when): `column` needs a value in rows in which `when` has one. Articles SEND, PROD.
    pub required_when: Vec<(usize, usize)>,
    /// The column of the account type, where it is to be watched per level of the hierarchy. Article HIER.
    pub level_type: Option<usize>,
    /// (column, needs): where `column` is `yes`, `needs` should be so too. Article TERMS.
    pub implies: Vec<(usize, usize)>,
    /// Rows end in LF instead of CRLF.
    pub line_feed: bool,
    /// A column `_by` follows, holding what `newest` compares: a struct like the others, or a plain Int64, Timestamp or
    /// Decimal128 column, for which the kind means nothing.
    pub order_by: Option<OrderKind>,
    /// The plan's rows are long: `_module`, `_action`, `_value` follow, and all of `columns` are the key. An empty module
    /// or action counts as a faulty key, an empty value adds nothing.
    pub pivots: bool,
    /// Source order is the order in which rows arrive (a query with an order of its own), sink by sink, instead of
    /// the order of file and line.
    pub arrival_order: bool,
    /// No two rows are of one record: where rows are of a query that can multiply records, a second look at a record needs
    /// to know of all its rows.
    pub one_row_a_record: bool,
    /// Fault numbers that let the row pass and are counted.
    pub warnings: FaultSet,
}

/// One target column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayoutColumn {
    /// Its header.
    pub name: String,
    /// Its name in the mapping.
    pub attribute: String,
    /// `sum` adds it.
    pub is_number: bool,
    /// None of its values holds a byte that would need quotes in a CSV file.
    pub bare: bool,
    /// It stands in the output; otherwise it is only judged.
    pub written: bool,
}

/// A column whose values must exist elsewhere.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct LayoutReference {
    /// The column.
    pub column: usize,
    /// The keys that this file writes are among the targets.
    pub itself: bool,
}

/// How the text of `_by` is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// As normalised dates: `YYYY-MM-DD`, or a UTC moment `YYYY-MM-DDTHH:MM:SS.sZ`; a day is its midnight.
    Date,
    /// As plain decimals.
    Number,
}

/// A set of fault numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSet([u64; 4]);

impl FaultSet {
    /// With `fault` too.
    #[must_use]
    pub fn with(mut self, fault: u8) -> Self {
        self.0[usize::from(fault >> 6)] |= 1 << (fault & 63);
        self
    }

    /// Whether it holds `fault`.
    pub fn contains(&self, fault: u8) -> bool {
        self.0[usize::from(fault >> 6)] & (1 << (fault & 63)) != 0
    }
}

impl FromIterator<u8> for FaultSet {
    fn from_iter<I: IntoIterator<Item = u8>>(faults: I) -> Self {
        faults.into_iter().fold(Self::default(), Self::with)
    }
}

impl Layout {
    /// A layout of `columns` without any rule.
    pub fn new(columns: Vec<LayoutColumn>) -> Self {
        Self {
            columns,
            key: Vec::new(),
            key_ignores_case: false,
            foreign_keys: Vec::new(),
            parent: None,
            references: Vec::new(),
            one_of: Vec::new(),
            required_when: Vec::new(),
            level_type: None,
            implies: Vec::new(),
            line_feed: false,
            order_by: None,
            pivots: false,
            arrival_order: false,
            one_row_a_record: false,
            warnings: FaultSet::default(),
        }
    }

    /// What a written row ends in.
    pub fn line_ending(&self) -> LineEnding {
        if self.line_feed { LineEnding::Lf } else { LineEnding::CrLf }
    }

    /// Headers of the written columns.
    pub fn header(&self) -> Vec<String> {
        self.columns.iter().filter(|column| column.written).map(|column| column.name.clone()).collect()
    }

    /// Per column its place in a written row; none where it is not written.
    pub(super) fn places(&self) -> Vec<Option<usize>> {
        let mut next = 0;
        let place = |column: &LayoutColumn| {
            column.written.then(|| {
                next += 1;
                next - 1
            })
        };
        self.columns.iter().map(place).collect()
    }

    /// Whether rows carry a key of exactly one column, so that other rows and files can refer to it.
    pub(super) fn has_plain_key(&self) -> bool {
        self.key.len() == 1 && self.foreign_keys.is_empty()
    }

    /// A key as people read it: its parts joined by `|`. Of foreign keys a row has any number: those it has are named.
    pub fn joined<'p>(&self, parts: impl Iterator<Item = &'p str>) -> String {
        let all = self.foreign_keys.is_empty();
        let parts: Vec<&str> = parts.filter(|part| all || !part.is_empty()).collect();
        if parts.iter().all(|part| part.is_empty()) { String::new() } else { parts.join("|") }
    }

    /// Columns of the batch.
    pub(super) fn width(&self) -> usize {
        2 + self.columns.len() + usize::from(self.order_by.is_some()) + if self.pivots { 3 } else { 0 }
    }

    /// Our own mistakes in building a layout, found before any row.
    pub(super) fn check(&self) -> Result<(), Error> {
        let columns = self.columns.len();
        let used = self.key.iter().chain(&self.foreign_keys).chain(&self.parent);
        let used = used.chain(self.references.iter().map(|reference| &reference.column));
        if used.copied().any(|column| column >= columns || !self.columns[column].written) {
            return Err(Error::Batch("a key, parent or reference column is not written".to_owned()));
        }
        let rules =
            self.one_of.iter().flatten().chain(self.required_when.iter().flat_map(|(column, when)| [column, when]));
        if rules.copied().any(|column| column >= columns) {
            return Err(Error::Batch("a rule names a column that does not exist".to_owned()));
        }
        if (self.parent.is_some() || self.references.iter().any(|reference| reference.itself)) && !self.has_plain_key()
        {
            return Err(Error::Batch("rows can refer to one another by a key of one column only".to_owned()));
        }
        let only_key = self.key.len() == columns && self.parent.is_none() && self.order_by.is_none();
        let refers_to_itself = self.references.iter().any(|reference| reference.itself);
        if self.pivots && (!only_key || refers_to_itself || !self.foreign_keys.is_empty()) {
            return Err(Error::Batch("a pivot's rows hold their key and what is pivoted, nothing else".to_owned()));
        }
        Ok(())
    }
}
