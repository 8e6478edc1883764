//! What is written reads back the same.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::{LineEnding, RowBuffer, decode_row};

fn cell() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z ,;'\"\r\n\t\\\\é\0]{0,40}".prop_map(String::into_bytes),
        "[a-z0-9]{0,200}[,;'\"\r\n]?[a-z0-9]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..24),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]
    #[test]
    fn rows_parse_back_to_the_same_cells(rows in prop::collection::vec(prop::collection::vec(cell(), 1..6), 1..5), crlf: bool) {
        let ending = if crlf { LineEnding::CrLf } else { LineEnding::Lf };
        let mut out = RowBuffer::default();
        let mut ends = vec![0];
        for row in &rows {
            out.row(row, ending);
            ends.push(out.len());
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(out.bytes());
        let back: Vec<Vec<Vec<u8>>> =
            reader.byte_records().map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect();
        // The csv crate takes a byte order mark away, also one that a first cell begins with.
        prop_assume!(!out.bytes().starts_with(b"\xEF\xBB\xBF"));
        prop_assert_eq!(&back, &rows);
        for (row, range) in rows.iter().zip(ends.windows(2)) {
            let line = &out.bytes()[range[0]..range[1]];
            for line in [line, line.strip_suffix(ending.bytes()).unwrap()] {
                let cells: Vec<_> = decode_row(line).map(|cell| cell.into_owned()).collect();
                prop_assert_eq!(&cells, row);
            }
        }
    }

    #[test]
    fn a_field_is_quoted_exactly_if_it_holds_one_of_six_bytes(value in cell(), before in "[a-z]{0,20}") {
        let mut out = RowBuffer::default();
        out.raw(before.as_bytes());
        out.field(&value, false);
        let quoted = value.iter().any(|byte| b",;'\"\r\n".contains(byte));
        let mut expected = before.clone().into_bytes();
        if quoted {
            expected.push(b'"');
            expected.extend(value.iter().flat_map(|&byte| if byte == b'"' { vec![byte; 2] } else { vec![byte] }));
            expected.push(b'"');
        } else {
            expected.extend_from_slice(&value);
        }
        expected.push(b',');
        prop_assert_eq!(out.bytes(), &expected);
        if !quoted {
            out.clear();
            out.raw(before.as_bytes());
            out.field(&value, true);
            prop_assert_eq!(out.bytes(), &expected);
        }
        let mut packed = [0; 16];
        if let Some(front) = packed[..15].get_mut(..value.len()) {
            front.copy_from_slice(&value);
            out.clear();
            out.raw(before.as_bytes());
            out.short(u128::from_le_bytes(packed), value.len(), !quoted);
            prop_assert_eq!(out.bytes(), &expected);
        }
    }
}

#[test]
fn the_sign_is_seen_at_every_place_of_every_length() {
    for length in 1..100 {
        for at in 0..length {
            for sign in *b",;'\"\r\n" {
                let mut value = vec![b'x'; length];
                value[at] = sign;
                let mut buffer = RowBuffer::default();
                buffer.field(&value, false);
                let out = buffer.bytes().strip_suffix(b",").unwrap();
                assert_eq!((out[0], *out.last().unwrap()), (b'"', b'"'), "{length} {at} {sign}");
                assert_eq!(out.len(), length + 2 + usize::from(sign == b'"'));
            }
        }
    }
}

#[test]
fn the_empty_only_field_of_a_line_is_quoted() {
    let row = |cells: &[&str]| {
        let mut out = RowBuffer::default();
        out.raw(b"before");
        out.row(cells, LineEnding::Lf);
        String::from_utf8(out.bytes().to_vec()).unwrap()
    };
    assert_eq!(row(&[""]), "before\"\"\n");
    assert_eq!(row(&["", ""]), "before,\n");
    assert_eq!(row(&["a b", "c;d", "O'Neill"]), "beforea b,\"c;d\",\"O'Neill\"\n");
}
