//! A batch of the judging plan, ready to be read cell by cell.

use std::borrow::Cow;
use std::sync::LazyLock;

use datafusion::arrow::array::{
    Array, ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringViewArray, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;

use crate::functions::{CellWriter, LateCells, clean_views};
use crate::settle::error::Error;
use crate::settle::layout::{Layout, OrderKind};
use crate::settle::order::{OLDEST, rank};

/// One struct column: values and faults.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    values: &'a StringViewArray,
    /// 0 where there is no value, so that nothing else need be asked.
    pub(super) views: Cow<'a, [u128]>,
    /// 0 for no fault.
    pub(super) faults: &'a [u8],
    /// No value needs quotes: see [`LayoutColumn`].
    ///
    /// [`LayoutColumn`]: crate::settle::LayoutColumn
    pub(super) bare: bool,
}

/// What `newest` compares.
#[derive(Debug)]
pub(super) enum Order<'a> {
    /// A struct with normalised text.
    Text(Cells<'a>, OrderKind),
    /// A typed column.
    Whole(&'a [i64], Option<&'a NullBuffer>),
    /// Decimals of one scale.
    Decimal(&'a [i128], Option<&'a NullBuffer>),
}

/// A batch taken apart.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) rows: usize,
    pub(super) files: &'a [u32],
    pub(super) lines: &'a [u64],
    /// One per column of the layout; without any cell where they are judged late.
    pub(super) columns: Vec<Cells<'a>>,
    /// One per column of the layout: what is judged while it is written.
    pub(super) late: Vec<Option<LateCells>>,
    pub(super) order: Option<Order<'a>>,
    /// Module, action, value.
    pub(super) pivot: Option<[Cells<'a>; 3]>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(array: &'a ArrayRef, name: &str, bare: bool) -> Result<Self, Error> {
        let unexpected = || Error::Batch(format!("column `{name}` is {}", array.data_type()));
        let pair = array.as_any().downcast_ref::<StructArray>().ok_or_else(unexpected)?;
        let [values, faults] = pair.columns() else { return Err(unexpected()) };
        let values = values.as_any().downcast_ref::<StringViewArray>().ok_or_else(unexpected)?;
        let faults = faults.as_any().downcast_ref::<UInt8Array>().ok_or_else(unexpected)?;
        let nulls = NullBuffer::union(pair.nulls(), values.nulls()).filter(|nulls| nulls.null_count() > 0);
        Ok(Self { values, views: clean_views(values.views(), nulls.as_ref()), faults: faults.values(), bare })
    }

    /// In the place of cells that are judged late.
    fn none() -> Self {
        static NOTHING: LazyLock<StringViewArray> = LazyLock::new(|| StringViewArray::new_null(0));
        Self { values: &NOTHING, views: Cow::Borrowed(&[]), faults: &[], bare: false }
    }

    /// The cell's text; empty for none.
    #[inline]
    pub(super) fn get(&self, row: usize) -> &'a [u8] {
        if self.views[row] == 0 { b"" } else { self.values.value(row).as_bytes() }
    }

    /// The cell as Arrow's string view: length in the lowest 32 bits; up to 12 bytes follow it, longer ones `get` tells.
    #[inline]
    pub(super) fn view(&self, row: usize) -> u128 {
        self.views[row]
    }

    /// The text of a view of more than 12 bytes.
    #[inline]
    pub(super) fn long(&self, view: u128) -> &'a [u8] {
        let (length, buffer, offset) = (view as u32 as usize, (view >> 64) as u32 as usize, (view >> 96) as usize);
        &self.values.data_buffers()[buffer].as_slice()[offset..offset + length]
    }

    /// Whether any row has a fault; the usual answer is no, and comes fast.
    pub(super) fn has_faults(&self) -> bool {
        self.faults.iter().fold(0, |any, fault| any | fault) != 0
    }
}

impl<'a> Order<'a> {
    fn new(array: &'a ArrayRef, kind: OrderKind) -> Result<Self, Error> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let any = array.as_any();
        if let Some(array) = any.downcast_ref::<Decimal128Array>() {
            return Ok(Self::Decimal(array.values(), nulls));
        }
        let whole = any
            .downcast_ref::<Int64Array>()
            .map(|array| array.values())
            .or_else(|| any.downcast_ref::<TimestampSecondArray>().map(|array| array.values()))
            .or_else(|| any.downcast_ref::<TimestampMillisecondArray>().map(|array| array.values()))
            .or_else(|| any.downcast_ref::<TimestampMicrosecondArray>().map(|array| array.values()))
            .or_else(|| any.downcast_ref::<TimestampNanosecondArray>().map(|array| array.values()));
        match whole {
            Some(values) => Ok(Self::Whole(values, nulls)),
            None => Ok(Self::Text(Cells::new(array, "_by", false)?, kind)),
        }
    }

    /// Later is greater.
    pub(super) fn get(&self, row: usize) -> i128 {
        match self {
            Self::Text(cells, kind) => rank(cells.get(row), *kind),
            Self::Whole(_, Some(nulls)) | Self::Decimal(_, Some(nulls)) if nulls.is_null(row) => OLDEST,
            Self::Whole(values, _) => i128::from(values[row]),
            Self::Decimal(values, _) => values[row],
        }
    }

    /// Its cells, where it is text.
    pub(super) fn cells(&self) -> Option<&Cells<'a>> {
        match self {
            Self::Text(cells, _) => Some(cells),
            _ => None,
        }
    }
}

impl<'a> Batch<'a> {
    /// `batch` read as `layout` says; columns with a writer in `late` are not judged yet.
    pub(super) fn new(batch: &'a RecordBatch, layout: &Layout, late: &[Option<CellWriter>]) -> Result<Self, Error> {
        if batch.num_columns() != layout.width() {
            return Err(Error::Batch(format!("{} columns instead of {}", batch.num_columns(), layout.width())));
        }
        let files = batch.column(0).as_any().downcast_ref::<UInt32Array>();
        let lines = batch.column(1).as_any().downcast_ref::<UInt64Array>();
        let (Some(files), Some(lines)) = (files, lines) else {
            return Err(Error::Batch("`_file` and `_line` have other types".to_owned()));
        };
        let is_late = |column: usize| late.get(column).is_some_and(Option::is_some);
        let named = || layout.columns.iter().zip(&batch.columns()[2..]).enumerate();
        let columns = named()
            .map(|(index, (column, array))| match is_late(index) {
                true => Ok(Cells::none()),
                false => Cells::new(array, &column.name, column.bare),
            })
            .collect::<Result<_, _>>()?;
        let late = named()
            .map(|(index, (_, array))| is_late(index).then(|| LateCells::new(array)).transpose())
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Batch(error.to_string()))?;
        let mut rest = batch.columns()[2 + layout.columns.len()..].iter();
        let order = match (layout.order_by, layout.order_by.and_then(|_| rest.next())) {
            (Some(kind), Some(array)) => Some(Order::new(array, kind)?),
            _ => None,
        };
        let pivot = match rest.as_slice() {
            [module, action, value] => Some([
                Cells::new(module, "_module", false)?,
                Cells::new(action, "_action", false)?,
                Cells::new(value, "_value", false)?,
            ]),
            _ => None,
        };
        Ok(Self { rows: batch.num_rows(), files: files.values(), lines: lines.values(), columns, late, order, pivot })
    }
}
