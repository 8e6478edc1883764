//! What is written reads back the same.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::put::room_for;
use super::super::{
    Copying, Full, LineEnding, RowBuffer, Tile, decode_row, put_checked, put_field, put_plain, put_plain_view,
    put_short,
};

/// A way of copying, whether it takes the text, and what it makes of a byte.
type Change = (Copying, bool, fn(&u8) -> u8);

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
            let mut out = [0; 64];
            let written = put_short(&mut out, u128::from_le_bytes(packed), value.len(), !quoted);
            prop_assert_eq!(&out[..written], &expected[before.len()..]);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]
    #[test]
    fn plain_text_is_put_like_any_other(value in "[ -~]{1,90}|[a-zA-Z0-9]{1,50}|[ -~]{1,40}[é\t]?[a-z]{0,20}|[\u{2028}\u{a0}日]?[a-zéü日\u{85}]{1,20}[\u{2003}\u{3000}日\u{a0}]?") {
        let value = value.as_bytes();
        let is_plain = value.iter().all(|byte| matches!(byte, b' '..=b'~')) && value.trim_ascii() == value;
        let needs_quotes = value.iter().any(|byte| b",;'\"".contains(byte));
        let changes: [Change; 4] = [
            (Copying::AsItIs, !needs_quotes, |byte| *byte),
            (Copying::Lower, !needs_quotes, u8::to_ascii_lowercase),
            (Copying::Quoted, !value.contains(&b'"'), |byte| *byte),
            (Copying::Requoted, true, |byte| if *byte == b'"' { b'\'' } else { *byte }),
        ];
        for (copying, takes, change) in changes {
            let mut out = vec![0; room_for(value.len())];
            let written = match value.len() {
                length @ ..=12 => {
                    let text = value.iter().rev().fold(0, |text, byte| text << 8 | u128::from(*byte));
                    put_plain_view(&mut out, &(text << 32 | length as u128), copying)
                }
                _ => put_plain(&mut out, value, copying),
            };
            // Outside ASCII it may decline.
            prop_assert!(!value.is_ascii() || (written > 0) == (is_plain && takes), "{:?}", copying);
            let text = std::str::from_utf8(value).unwrap();
            let is_plain = !text.contains(char::is_control) && text.trim() == text;
            prop_assert!(written == 0 || is_plain && takes && (copying != Copying::Lower || value.is_ascii()), "{:?}", copying);
            let changed: Vec<u8> = value.iter().map(change).collect();
            let mut expected = vec![0; room_for(value.len())];
            // Text is only asked to go between quotes if it needs them.
            if written > 0 && (needs_quotes || copying.quotes() == 0) {
                let length = put_field(&mut expected, &changed, false);
                prop_assert_eq!(&out[..written], &expected[..length]);
            }
        }
    }

    #[test]
    fn rows_side_by_side_are_those_one_after_the_other(
        rows in prop::collection::vec(prop::collection::vec("[a-z,]{0,9}|[a-z\"]{0,900}", 3), 1..150), wide in 0..5_usize
    ) {
        let mut rows = rows;
        if wide == 0 {
            rows[0][1] = "w\"".repeat(200_000);
        }
        let (mut tile, mut expected, mut made) = (Tile::default(), RowBuffer::default(), RowBuffer::default());
        rows.iter().for_each(|row| expected.row(row, LineEnding::CrLf));
        tile.reset();
        let mut first = 0;
        while first < rows.len() {
            let count = tile.begin(rows.len() - first);
            prop_assert!(count > 0);
            let these = &rows[first..first + count];
            let put = |tile: &mut Tile| -> Result<(), Full> {
                for column in 0..3 {
                    // What is told of the length before may be too little.
                    let views: Vec<u128> = these.iter().map(|cells| if column < 2 { cells[column].len() as u128 } else { 0 }).collect();
                    let filled = tile.column(&views, |row, _, out| put_checked(out, these[row][column].as_bytes(), false))?;
                    assert_eq!(filled, these.iter().filter(|cells| !cells[column].is_empty()).count());
                }
                Ok(())
            };
            match put(&mut tile) {
                Err(Full) => tile.widen(),
                Ok(()) => {
                    (0..count).for_each(|row| made.raw(tile.finish(row, LineEnding::CrLf)));
                    first += count;
                }
            }
        }
        prop_assert_eq!(made.bytes(), expected.bytes());
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
