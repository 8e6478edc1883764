//! What the memory promises: order, last values, days, and a commit that can be cut short anywhere.

mod days;
mod shelved;
mod snapshots;

use std::path::Path;

use crate::state::{Published, SnapshotFile, SnapshotWriter};

/// Writes a snapshot of rows (key hash, row hash, values), all of them filled where there is a value.
fn write(path: &Path, columns: &[&str], rows: &[(u128, u64, &[&str])]) -> SnapshotFile {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = SnapshotWriter::create(path, &columns).unwrap();
    for (key, hash, values) in rows {
        let cells = values.iter().map(|value| (Some(*value).filter(|value| !value.is_empty()), !value.is_empty()));
        writer.push(*key, *hash, "2026-11-20", cells).unwrap();
    }
    writer.finish(false).unwrap()
}

fn published(mapping: &str, as_of: &str, run_id: &str) -> Published {
    Published {
        mapping: mapping.to_owned(),
        as_of: as_of.to_owned(),
        run_id: run_id.to_owned(),
        ..Published::default()
    }
}
