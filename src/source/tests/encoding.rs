//! Encodings, byte order marks, compression.

use std::io::Write;

use super::*;
use crate::yaml::{Span, Spanned};

fn utf_16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let mark = if mark { "\u{FEFF}" } else { "" };
    let units = format!("{mark}{text}").encode_utf16().collect::<Vec<u16>>();
    units.into_iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn with_encoding(folder: &Folder, label: &str) -> SourceDefinition {
    let mut definition = folder.definition("a.csv");
    definition.csv.encoding = Some(Spanned::new(label.to_owned(), Span::new(0, 0)));
    definition
}

const TEXT: &str = "Id,Name\n1,Zoë €\n\n2,\"日本\n語の名前は長い。とても\"\n";

fn expected() -> Vec<String> {
    vec!["1|Zoë €|0|2".to_owned(), "2|日本\n語の名前は長い。とても|0|4".to_owned()]
}

#[tokio::test]
async fn a_byte_order_mark_wins_and_is_no_text() {
    let folder = Folder::new();
    for bytes in [
        TEXT.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", TEXT.as_bytes()].concat(),
        utf_16(TEXT, true, false),
        utf_16(TEXT, true, true),
    ] {
        folder.write("a.csv", &bytes);
        let marked = !bytes.starts_with(b"Id");
        let label = if marked { "windows-1252" } else { "utf-8" };
        assert_eq!(everywhere(with_encoding(&folder, label)).await, expected());
    }
}

#[tokio::test]
async fn an_encoding_is_taken_at_its_word() {
    let folder = Folder::new();
    folder.write("a.csv", utf_16(TEXT, false, false));
    assert_eq!(everywhere(with_encoding(&folder, "utf-16le")).await, expected());
    assert_eq!(everywhere(with_encoding(&folder, "UTF-16")).await, expected());
    folder.write("a.csv", utf_16(TEXT, false, true));
    assert_eq!(everywhere(with_encoding(&folder, "utf-16be")).await, expected());
    folder.write("a.csv", b"Id,Name\n1,Zo\xEB \x80\n");
    assert_eq!(everywhere(with_encoding(&folder, "latin1")).await, ["1|Zoë €|0|2"]);
    let (bytes, ..) = encoding_rs::SHIFT_JIS.encode("Id,Name\n1,日本語\n");
    folder.write("a.csv", &bytes);
    assert_eq!(everywhere(with_encoding(&folder, "shift_jis")).await, ["1|日本語|0|2"]);
    let error = open(with_encoding(&folder, "klingon")).unwrap_err();
    assert_eq!(error.code.id, "Y104");
}

#[tokio::test]
async fn bad_bytes_reject_the_record_and_are_never_guessed() {
    let folder = Folder::new();
    folder.write("a.csv", b"Id,Name\n1,\x93\x94\n2,\x93\n3,ok\n");
    assert_eq!(
        everywhere(with_encoding(&folder, "shift_jis")).await,
        ["1|塔|0|2", "3|ok|0|4"].map(|row| row.replace('塔', &encoding_rs::SHIFT_JIS.decode(b"\x93\x94").0))
    );
    assert_eq!(faults(&open(with_encoding(&folder, "shift_jis")).unwrap()), [("D502", 3)]);
    // Half a surrogate pair, and a byte too few at the end.
    let mut bytes = utf_16("Id\n1\n", false, false);
    bytes.extend([0x00, 0xD8, b'\n', 0, b'2']);
    folder.write("a.csv", bytes);
    assert_eq!(everywhere(with_encoding(&folder, "utf-16le")).await, ["1|0|2"]);
    assert_eq!(faults(&open(with_encoding(&folder, "utf-16le")).unwrap()), [("D502", 3), ("D502", 4)]);
}

#[tokio::test]
async fn compressed_files_are_streamed_whatever_members_they_have() {
    let folder = Folder::new();
    let (first, second) = TEXT.split_at(20);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let bzip = |text: &str| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let xz = |text: &str| {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zst = |text: &str| zstd::stream::encode_all(text.as_bytes(), 1).unwrap();
    let files: [(&str, Vec<u8>); 4] = [
        ("a.csv.gz", [gzip(first), gzip(second)].concat()),
        ("a.csv.bz2", [bzip(first), bzip(second)].concat()),
        ("a.csv.xz", [xz(first), xz(second)].concat()),
        ("a.csv.zst", [zst(first), zst(second)].concat()),
    ];
    for (name, bytes) in files {
        folder.write(name, &bytes);
        assert_eq!(everywhere(folder.definition(name)).await, expected(), "{name}");
        folder.write(name, &bytes[..bytes.len() - 6]);
        let error = open(folder.definition(name)).and_then(|source| source.complete()).unwrap_err();
        assert_eq!((error.code.id, error.file.as_deref()), ("S804", Some(name)), "{name}");
    }
}

#[tokio::test]
async fn a_name_may_not_tell_and_an_option_does() {
    let folder = Folder::new();
    folder.write("export.dat", zstd::stream::encode_all(utf_16(TEXT, true, false).as_slice(), 1).unwrap());
    let mut definition = folder.definition("export.dat");
    definition.kind = Some(crate::mapping::SourceKind::Csv);
    definition.compression = Some(crate::mapping::Compression::Zstd);
    assert_eq!(everywhere(definition).await, expected());
}
