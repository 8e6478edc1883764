//! What is written reads back the same.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::{Block, LineEnding, RowBuffer, Texts, decode_row, needs_quotes};

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
        out.field(&value);
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
            out.bare(&value);
            prop_assert_eq!(out.bytes(), &expected);
        }
    }

    #[test]
    fn a_block_lays_out_what_rows_one_by_one_are(
        rows in prop::collection::vec(prop::collection::vec(cell(), 20), 1..40),
        width in 1_usize..20,
        left_out in prop::collection::vec(any::<bool>(), 40),
        crlf: bool,
    ) {
        let ending = if crlf { LineEnding::CrLf } else { LineEnding::Lf };
        let columns: Vec<Views> = (0..width).map(|column| Views::new(rows.iter().map(|row| row[column].as_slice()))).collect();
        let taken: Vec<u32> = (0..rows.len() as u32).filter(|row| !left_out[*row as usize]).collect();
        let (mut one_by_one, mut ends, mut counted) = (RowBuffer::default(), Vec::new(), vec![0; width]);
        for row in taken.iter().map(|row| &rows[*row as usize][..width]) {
            one_by_one.row(row, ending);
            ends.push(one_by_one.len());
            row.iter().zip(&mut counted).for_each(|(cell, counted)| *counted += u64::from(!cell.is_empty()));
        }
        let (mut out, mut block) = (RowBuffer::default(), Block::default());
        for _ in 0..2 {
            out.clear();
            out.raw(b"before");
            let mut filled = vec![0; width];
            let columns: Vec<&Views> = columns.iter().collect();
            prop_assert_eq!(block.write(&columns, &taken, ending, &mut out, &mut filled), &ends);
            prop_assert_eq!(&out.bytes()[6..], one_by_one.bytes());
            prop_assert_eq!(&filled, &counted);
        }
    }
}

/// A column as Arrow holds it.
struct Views {
    views: Vec<u128>,
    text: Vec<u8>,
    bare: bool,
}

impl Views {
    fn new<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut column = Self { views: Vec::new(), text: Vec::new(), bare: true };
        for cell in cells {
            let mut inline = [0; 12];
            column.bare &= !needs_quotes(cell);
            column.views.push(
                cell.len() as u128
                    | match inline.get_mut(..cell.len()) {
                        Some(start) => {
                            start.copy_from_slice(cell);
                            inline.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte)) << 32
                        }
                        None => (column.text.len() as u128) << 96,
                    },
            );
            column.text.extend_from_slice(cell);
        }
        column
    }
}

impl Texts for Views {
    fn views(&self) -> &[u128] {
        &self.views
    }

    fn long(&self, view: u128) -> &[u8] {
        &self.text[(view >> 96) as usize..][..view as u32 as usize]
    }

    fn is_bare(&self) -> bool {
        self.bare
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
                buffer.field(&value);
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
