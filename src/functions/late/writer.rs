//! Writes the cells of one column into rows that lie side by side, each judged as it is written.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::error::ArrowError;

use crate::csv::{Full, Tile, put_checked, put_empty, view_length};
use crate::functions::cell::{Cell, Normal, Normaliser, Verdict, is_bare};
use crate::functions::column::{self, Met, clean_views};
use crate::functions::fault;
use crate::functions::kernel::Value;
use crate::functions::kernel::date::{Hint, MOMENT};
use crate::functions::kernel::short::Short;
use crate::functions::udf::CellRules;

use super::text::{Kind, PlainText};

/// The rules of a column, and what is remembered of its cells.
#[derive(Debug)]
pub struct CellWriter {
    rules: Arc<CellRules>,
    slow: Slow,
}

/// The road for values that are not in their final form, or nearly.
#[derive(Debug, Default)]
struct Slow {
    hint: Hint,
    met: Met<Told>,
    /// What the values of a batch became.
    side: Vec<u8>,
}

/// What a value became.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    start: usize,
    length: usize,
    fault: u8,
}

/// A batch of a column.
#[derive(Debug)]
pub struct LateCells(column::Input);

impl LateCells {
    /// The cells of `array`.
    ///
    /// # Errors
    /// It holds no text.
    pub fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        column::read(array).map(Self)
    }
}

/// The cells of a batch on their way into rows.
#[derive(Debug)]
pub struct Writing<'a> {
    cell: &'a Cell,
    bare: bool,
    /// 0 where there is no value.
    views: Cow<'a, [u128]>,
    buffers: &'a [Buffer],
    slow: &'a mut Slow,
}

impl CellWriter {
    /// Writes by `rules`.
    pub fn new(rules: Arc<CellRules>) -> Self {
        Self { rules, slow: Slow::default() }
    }

    /// Writes the cells of a batch.
    pub fn of<'a>(&'a mut self, cells: &'a LateCells) -> Writing<'a> {
        let LateCells(input) = cells;
        let cell = self.rules.cell(input.typed);
        // Views of another batch may look the same and stand for other values.
        self.slow.met.clear();
        self.slow.side.clear();
        let nulls = input.text.nulls().filter(|nulls| nulls.null_count() > 0);
        Writing {
            cell,
            bare: is_bare(cell.spec()),
            views: clean_views(input.text.views(), nulls),
            buffers: input.text.data_buffers(),
            slow: &mut self.slow,
        }
    }
}

impl Writing<'_> {
    /// Writes the cells of the rows from `first` on to the rows of `tile`; `tell` is given the place of each in the tile that has a
    /// fault or a warning (see [`fault`]). Gives how many are not empty.
    ///
    /// # Errors
    /// A row has no room.
    pub fn write(&mut self, first: usize, tile: &mut Tile, tell: impl FnMut(usize, u8)) -> Result<usize, Full> {
        match self.cell.normaliser() {
            Normaliser::Text(rules) => match Kind::of(rules) {
                Kind::Kept => self.write_with(&PlainText::<false, false>(rules), first, tile, tell),
                Kind::Requoted => self.write_with(&PlainText::<false, true>(rules), first, tile, tell),
                Kind::Lower => self.write_with(&PlainText::<true, false>(rules), first, tile, tell),
                Kind::Other => self.write_with(rules, first, tile, tell),
            },
            Normaliser::Id(rules) => self.write_with(rules, first, tile, tell),
            Normaliser::Email(rules) => self.write_with(rules, first, tile, tell),
            Normaliser::Number(rules) => self.write_with(rules, first, tile, tell),
            Normaliser::Date(rules) => self.write_with(rules.as_ref(), first, tile, tell),
            Normaliser::Flag(rules) => self.write_with(rules, first, tile, tell),
            Normaliser::List(rules) => self.write_with(rules, first, tile, tell),
        }
    }

    /// The hot loop: one kernel, no allocation and no dispatch per cell.
    #[inline]
    fn write_with<N: Normal>(
        &mut self,
        normal: &N,
        first: usize,
        tile: &mut Tile,
        mut tell: impl FnMut(usize, u8),
    ) -> Result<usize, Full> {
        let Self { cell, bare, views, buffers, slow } = self;
        let (cell, bare, buffers) = (*cell, *bare, *buffers);
        let empty = cell.empty();
        // What a short value becomes is short; what a longer one becomes may be a moment, which is longer than it was.
        let shortest = if cell.may_stand() { Short::MOST } else { 0 };
        let longest = if cell.may_stand() && cell.longest() >= MOMENT { cell.longest() } else { 0 };
        tile.column(&views[first..], |row, view, out| {
            let length = view_length(*view);
            if length == 0 {
                return match empty {
                    Ok([]) => Ok(put_empty(out)),
                    Ok(text) => put_checked(out, text, bare),
                    Err(_) => slow.write(normal, (cell, bare), (view, buffers), out, |fault| tell(row, fault)),
                };
            }
            let written = if length <= shortest {
                normal.put_short(view, bare, out)
            } else if length > Short::MOST && length <= longest {
                normal.put_long(long_text(*view, buffers), bare, out)
            } else {
                0
            };
            match written {
                0 => slow.write(normal, (cell, bare), (view, buffers), out, |fault| tell(row, fault)),
                written => Ok(written),
            }
        })
    }
}

/// The text of a view of more than twelve bytes.
#[inline(always)]
fn long_text(view: u128, buffers: &[Buffer]) -> &[u8] {
    let (length, buffer, offset) = (view as u32 as usize, (view >> 64) as u32 as usize, (view >> 96) as usize);
    &buffers[buffer].as_slice()[offset..offset + length]
}

impl Slow {
    /// Judges a value by the road that always leads, and puts what it becomes.
    #[inline(never)]
    fn write<N: Normal>(
        &mut self,
        normal: &N,
        (cell, bare): (&Cell, bool),
        (view, buffers): (&u128, &[Buffer]),
        out: &mut [u8],
        tell: impl FnOnce(u8),
    ) -> Result<usize, Full> {
        let told = match self.met.find(*view) {
            Some(told) => told,
            None => self.judge(normal, cell, *view, buffers),
        };
        let written = put_checked(out, &self.side[told.start..][..told.length], bare)?;
        if told.fault != fault::NONE {
            tell(told.fault);
        }
        Ok(written)
    }

    fn judge<N: Normal>(&mut self, normal: &N, cell: &Cell, view: u128, buffers: &[Buffer]) -> Told {
        let Self { hint, met, side } = self;
        let bytes = (view >> 32).to_le_bytes();
        let value = match view_length(view) {
            length @ ..=Short::MOST => &bytes[..length],
            _ => long_text(view, buffers),
        };
        let start = side.len();
        let Verdict { value, fault } = match view {
            0 => cell.judge_empty(side),
            _ => cell.judge_with(normal, value, hint, side),
        };
        if let Value::Part(part) = value {
            side.extend_from_slice(part);
        }
        let told = Told { start, length: side.len() - start, fault };
        met.keep(view, told);
        told
    }
}
