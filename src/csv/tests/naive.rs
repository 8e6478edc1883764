//! The contract in its plainest form: a reader that goes byte by byte over the whole file, slow and without any state
//! that outlives a record. Shares no code with the real one.

use super::super::{Dialect, RecordFault};

/// What a reader makes of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) rows: Vec<(u64, Vec<Option<Vec<u8>>>)>,
    /// Line, fault, bytes.
    pub(super) faults: Vec<(u64, RecordFault, Vec<u8>)>,
    pub(super) blank: u64,
}

/// How a test reads a file.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) dialect: Dialect,
    pub(super) carriage_return: bool,
    pub(super) field_count: usize,
    pub(super) wanted: Vec<Option<usize>>,
}

impl Settings {
    pub(super) fn new(field_count: usize) -> Self {
        let wanted = (0..field_count).map(Some).collect();
        Self { dialect: Dialect::default(), carriage_return: false, field_count, wanted }
    }
}

/// The record at `start`: its cells, where its text ends, where the next one starts.
type Record = (Vec<Vec<u8>>, usize, usize);

/// Reads the whole file; its first byte is on line 1.
pub(super) fn read(bytes: &[u8], settings: &Settings) -> Reading {
    let end_byte = if settings.carriage_return { b'\r' } else { b'\n' };
    let mut reading = Reading::default();
    let mut start = 0;
    while start < bytes.len() {
        let line = 1 + bytes[..start].iter().filter(|&&byte| byte == end_byte).count() as u64;
        match record(bytes, start, settings) {
            Ok((_, end, next)) if end == start => {
                reading.blank += 1;
                start = next;
            }
            Ok((cells, end, next)) => {
                let raw = bytes[start..end].to_vec();
                if cells.len() != settings.field_count {
                    let fault = RecordFault::FieldCount { expected: settings.field_count, found: cells.len() };
                    reading.faults.push((line, fault, raw));
                } else if std::str::from_utf8(&raw).is_err() {
                    reading.faults.push((line, RecordFault::BadBytes, raw));
                } else {
                    let cell = |field: usize| {
                        let cell = &cells[field];
                        (!cell.is_empty() && !settings.dialect.nulls.contains(cell)).then(|| cell.clone())
                    };
                    reading.rows.push((line, settings.wanted.iter().map(|field| field.and_then(cell)).collect()));
                }
                start = next;
            }
            Err(fault) => {
                let found = bytes[start..].iter().position(|&byte| byte == end_byte);
                let mut end = found.map_or(bytes.len(), |found| start + found);
                let next = found.map_or(bytes.len(), |found| start + found + 1);
                if !settings.carriage_return && bytes[start..end].ends_with(b"\r") {
                    end -= 1;
                }
                let end = end.min(start + settings.dialect.max_record);
                reading.faults.push((line, fault, bytes[start..end].to_vec()));
                start = next;
            }
        }
    }
    reading
}

fn record(bytes: &[u8], start: usize, settings: &Settings) -> Result<Record, RecordFault> {
    let Dialect { delimiter, quote, max_field, max_record, .. } = settings.dialect;
    let escape = settings.dialect.escape.filter(|&escape| escape != quote);
    let end_byte = if settings.carriage_return { b'\r' } else { b'\n' };
    let is_end = |at: usize| {
        at == bytes.len()
            || bytes[at] == end_byte
            || !settings.carriage_return && bytes[at] == b'\r' && (at + 1 == bytes.len() || bytes[at + 1] == b'\n')
    };
    let record_limit = start + max_record + 2;
    let mut cells = Vec::new();
    let mut at = start;
    loop {
        let mut cell = Vec::new();
        if at < bytes.len() && bytes[at] == quote {
            let field_limit = at + max_field + 2;
            at += 1;
            loop {
                let seen = at.min(bytes.len());
                if seen >= field_limit && field_limit <= record_limit {
                    return Err(RecordFault::FieldTooLarge);
                }
                if seen >= record_limit {
                    return Err(RecordFault::RecordTooLarge);
                }
                if at >= bytes.len() {
                    return Err(RecordFault::OpenQuote);
                }
                let doubled = bytes[at] == quote && bytes.get(at + 1) == Some(&quote);
                if doubled || Some(bytes[at]) == escape {
                    cell.extend(bytes.get(at + 1));
                    at += 2;
                } else if bytes[at] == quote {
                    at += 1;
                    break;
                } else {
                    cell.push(bytes[at]);
                    at += 1;
                }
            }
            if !is_end(at) && bytes[at] != delimiter {
                return Err(RecordFault::AfterQuote);
            }
        } else {
            while !is_end(at) && bytes[at] != delimiter {
                cell.push(bytes[at]);
                at += 1;
            }
        }
        cells.push(cell);
        if at < bytes.len() && bytes[at] == delimiter {
            at += 1;
            continue;
        }
        if at - start > max_record {
            return Err(RecordFault::RecordTooLarge);
        }
        let mut next = at;
        while next < bytes.len() && bytes[next] != end_byte {
            next += 1;
        }
        return Ok((cells, at, (next + 1).min(bytes.len())));
    }
}
