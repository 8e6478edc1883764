//! What a file is, by its name.

use std::ffi::OsStr;

use crate::mapping::{Compression, SourceKind};

/// Kind and compression that `name` speaks of, each where it does: `crm.csv.gz` is CSV in gzip.
pub fn of_name(name: &OsStr) -> (Option<SourceKind>, Compression) {
    let name = name.to_string_lossy().to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let compression = match ending {
        "gz" | "gzip" => Compression::Gzip,
        "zst" | "zstd" => Compression::Zstd,
        "bz2" => Compression::Bzip2,
        "xz" => Compression::Xz,
        _ => Compression::None,
    };
    let ending = match compression {
        Compression::None => ending,
        _ => stem.rsplit_once('.').map_or("", |(_, inner)| inner),
    };
    let kind = match ending {
        "csv" => Some(SourceKind::Csv),
        "tsv" | "tab" => Some(SourceKind::Tsv),
        "parquet" | "pq" => Some(SourceKind::Parquet),
        "ndjson" | "jsonl" | "json" => Some(SourceKind::Ndjson),
        "arrow" | "feather" | "ipc" => Some(SourceKind::Arrow),
        _ => None,
    };
    (kind, compression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_kind_and_compression_in_any_case() {
        let of = |name: &str| of_name(OsStr::new(name));
        assert_eq!(of("crm.csv"), (Some(SourceKind::Csv), Compression::None));
        assert_eq!(of("CRM.CSV.GZ"), (Some(SourceKind::Csv), Compression::Gzip));
        assert_eq!(of("a.b.tsv.zst"), (Some(SourceKind::Tsv), Compression::Zstd));
        assert_eq!(of("x.jsonl.bz2"), (Some(SourceKind::Ndjson), Compression::Bzip2));
        assert_eq!(of("x.parquet"), (Some(SourceKind::Parquet), Compression::None));
        assert_eq!(of("x.feather"), (Some(SourceKind::Arrow), Compression::None));
        assert_eq!(of("export.gz"), (None, Compression::Gzip));
        assert_eq!(of("README"), (None, Compression::None));
        assert_eq!(of("gz"), (None, Compression::None));
    }
}
