//! Reads the CSV files that this program wrote, record by record, in bounded memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::csv::{Dialect, raw_record};
use crate::output::OutputError;

/// Read at once.
const PIECE: usize = 1 << 18;

/// Calls `take` with the line on which each record starts and its fields, the header first. False: there is no such file.
///
/// # Errors
/// If the file cannot be read, or a record in it is not one of ours.
pub(crate) fn each_record(path: &Path, mut take: impl FnMut(u64, &[Cow<'_, str>])) -> Result<bool, OutputError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(OutputError::disk("read", path)(error)),
    };
    // Ours hold whole source records as JSON: larger than a source's own fields may be.
    let dialect = Dialect { max_field: 1 << 30, max_record: 1 << 30, ..Dialect::default() };
    let mut bytes = Vec::new();
    let mut line = 1;
    // Grows while a record does not fit, so that a long one is not walked through once per piece.
    let mut wanted = PIECE;
    loop {
        let count = (&mut file).take(wanted as u64).read_to_end(&mut bytes).map_err(OutputError::disk("read", path))?;
        let end_of_file = count < wanted;
        let mut at = 0;
        while let Some(record) = raw_record(&bytes[at..], &dialect, false, end_of_file) {
            if record.fault.is_some() {
                return Err(OutputError::damaged(
                    path,
                    format!("has a record in line {line} that this program did not write"),
                ));
            }
            take(line, &record.fields);
            line += memchr::memchr_iter(b'\n', &bytes[at..at + record.next]).count() as u64;
            at += record.next;
        }
        if end_of_file {
            return Ok(true);
        }
        wanted = if at == 0 { bytes.len().max(PIECE) } else { PIECE };
        bytes.drain(..at);
    }
}
