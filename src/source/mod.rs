//! Files as tables, with the place of every record.
//!
//! In: a source entry with its variables filled in. Out: a [`Source`], which is a table of the engine whose rows carry
//! `_file` and `_line`, and after a pass over it the account of every file: records, skipped lines, records that cannot be
//! read. Certain records can be read again. This room knows no mapping and no Totango; what is wrong with a value is
//! none of its business.
//!
//! How a file travels: `list` finds it, `content` knows its columns, `merge` puts the columns of all files together;
//! then a `scan` cuts one file after the other into pieces under a lock, and each worker decodes those it took.

mod ahead;
mod arrow_file;
mod content;
mod csv_file;
mod csv_piece;
#[cfg(feature = "cluster")]
mod csv_range;
mod csv_read;
mod decompress;
mod definition;
mod input;
mod json;
mod kind;
mod ledger;
mod lines;
mod list;
mod look;
mod merge;
mod ndjson;
mod object;
mod object_list;
mod object_parquet;
mod open;
mod opened;
mod parquet_file;
#[cfg(feature = "cluster")]
mod part;
mod partition;
mod piece;
mod register;
mod scan;
mod shared;
mod staged;
mod stamp;
mod table;
mod text;
mod transcode;
mod view;

#[cfg(test)]
mod tests;

#[cfg(feature = "cluster")]
pub use csv_range::{Cuts, RangeScan};
pub use definition::{PIECE_BYTES, SourceDefinition, SourceError};
pub use input::FileAt;
pub use kind::of_name as kind_of_name;
pub use ledger::{FileReport, Unreadable};
pub use look::{decode, decompressed, kind_of, listed, text};
pub use open::open;
pub use opened::Source;
#[cfg(feature = "cluster")]
pub use part::{Account, Part, Shape, Untold};
pub use register::FileRegister;
pub use shared::{Share, reads_same, share};
pub use staged::{open_fetched, open_staged, schema_of};
#[cfg(feature = "cluster")]
pub use table::source_of;

/// Hidden column: the number of a record's file in the [`FileRegister`].
pub const FILE_COLUMN: &str = "_file";

/// Hidden column: the physical line on which a record begins; in Parquet and Arrow the number of the row, from 1.
pub const LINE_COLUMN: &str = "_line";
