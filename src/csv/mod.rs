//! CSV: bytes to cells and cells to bytes.
//!
//! In: the bytes of one file in UTF-8, without a byte order mark, as they come. Out: columns in Arrow's string-view
//! layout with the physical line of each record, and every record that cannot be read. This room does no I/O and knows
//! neither Arrow nor any other room.
//!
//! The life of a file: [`read_header`] tells names, kind of line end and where the records begin. [`Splitter`], behind a
//! lock, cuts the unread bytes behind whole records. [`Decoder`], one per worker, turns each piece into [`Rows`]. Where all quotes
//! are well-formed both only count them, 64 bytes at a time; a quote elsewhere is noticed before its piece is given away, and
//! a state machine takes over until the file is regular again. The records are the same either way, wherever the bytes
//! were cut. [`raw_record`] reads one record again; the footer tools say where a report's data end.
//!
//! The other way, a [`RowBuffer`] is written to row by row, a [`Tile`] column by column, and [`decode_row`] reads back what was
//! written.

mod decode;
mod dialect;
mod encode;
mod fault;
mod field;
mod footer;
mod header;
mod index;
mod lanes;
mod lines;
mod parity;
mod put;
mod record;
mod rows;
mod signs;
mod split;
#[cfg(test)]
mod tests;
mod tile;
mod view;
mod walk;

pub use decode::Decoder;
pub use dialect::{Dialect, DialectFault};
pub use encode::{LineEnding, RowBuffer, RowFields, decode_row};
pub use fault::{BadRecord, RecordFault};
pub use footer::{Footer, footer_lines, footer_match, salesforce_footer};
pub use header::{Header, HeaderFault, Start, read_header, read_start};
pub use lines::skip_lines;
pub use put::{put_empty, put_field, put_plain, put_plain_view, put_short};
pub use record::{RawRecord, raw_record, record_end};
pub use rows::{Column, Rows};
pub use signs::{Copying, needs_quotes};
pub use split::{Mark, Mode, Piece, Splitter};
pub use tile::{Full, Tile, put_checked, view_length};
