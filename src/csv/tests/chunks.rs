//! Nasty files, each cut at every place, at every two places, and into equal chunks of many sizes.

use super::super::{Dialect, RecordFault, raw_record};
use super::naive::{self, Settings};
use super::run::{Feed, read};

/// What is nasty about it, the file, its number of fields.
const FILES: &[(&str, &[u8], usize)] = &[
    ("nothing", b"", 2),
    ("nothing but line ends", b"\n\r\n\n\r", 2),
    ("no last line end", b"a,b\nc,d", 2),
    ("a cut CR LF", b"a,b\r\nc,d\r", 2),
    ("mixed line ends", b"a,b\nc,d\r\ne,f\r\r\ng,\r\n\"h\",\"i\"\r\n\"j\",k\n", 2),
    ("a lone CR", b"a\rb,c\n\"d\re\",f\n", 2),
    ("a lone CR behind a closing quote", b"\"a\"\rb,c\nd,e\n", 2),
    ("two CR behind a closing quote", b"a,\"b\"\r\r\nc,d\n", 2),
    ("quoted line ends and delimiters", b"\"a\nb\r\nc\",\"d,e\"\nf,\"\n\n\"\ng,h\n", 2),
    (
        "doubled quotes",
        b"\"\"\"\",\"a\"\"b\"\n\"\"\"\"\"\",\"\"\n\"twelve \"\"bytes\",\"more than \"\"twelve\"\" bytes\"\n",
        2,
    ),
    ("quotes inside unquoted fields", b"5\" pipe,a\nb,6\"\n7\"\"x,c \"d\"\ne,f\n", 2),
    ("something behind a closing quote", b"\"a\"b,c\nd,\"e\" \nf,g\n\"h\ni\"j,k\nl,m\n", 2),
    ("an open quote at the end", b"a,b\nc,\"d\ne,f\ng,h\n", 2),
    ("only an open quote", b"\"", 1),
    ("an open quote that another line closes", b"a,\"b\nc,\"d\"\ne,f\n", 2),
    ("lines without their outer quotes", b"a\",\"b\",\"c\nd\",\"e\",\"f\ng\",\"h\",\"i\n", 3),
    ("too few and too many fields", b"a\nb,c,d\ne,f\n,,,\n\"g\nh\"\n", 2),
    ("blank lines", b"\n\na,b\n\n\r\nc,d\n\r\n", 2),
    ("blank lines and one field", b"a\n\n\"\"\n\r\n b\n\"\"", 1),
    ("bad UTF-8", b"a,\xC3\xA9\nb,\xFF\n\"\xE9\n\",c\nd,\xC3\n\xA9,e\nf,g\n", 2),
    ("NUL bytes", b"\0,a\0b\n\0\n\"\0\",\0\0\n", 2),
    ("empty cells", b",\n\"\",\n,\"\"\n\"\",\"\"", 2),
    (
        "a long quoted field",
        b"a,\"0123456789abcdef\"\nb,\"0123456789abcdefg\"\nc,d\n\"0123456789\nabcdefgh\nijk\",e\n",
        2,
    ),
    (
        "a long record",
        b"a,b\n0123456789012345678901234567890123456789\nc,d\n\"e\n\",01234567890123456789012345678901\nf,g",
        2,
    ),
    ("a long last record", b"a,b\n01234567890123456789012345678901234567890123456789", 2),
    ("escapes", b"\"a\\\"b\",\\c\n\"\\\\\",\"d\\\ne\"\n\"f\\\",g\nh,i\n", 2),
    (
        "lengths about twelve",
        b"elevenbytes,\"elevenbytes\"\ntwelve bytes,\"twelve bytes\"\nthirteen bytes,\"13 bytes long\"\n",
        2,
    ),
];

/// Ways of reading that give the files a meaning each.
fn settings(field_count: usize) -> Vec<Settings> {
    let plain = Settings::new(field_count);
    let small = Dialect { max_field: 16, max_record: 32, ..Dialect::default() };
    let escaped = Dialect { escape: Some(b'\\'), nulls: vec![b"a".to_vec()], ..Dialect::default() };
    vec![
        Settings { carriage_return: true, ..plain.clone() },
        Settings { dialect: small.clone(), ..plain.clone() },
        Settings { dialect: escaped, wanted: vec![None, Some(field_count - 1)], ..plain.clone() },
        Settings { dialect: small, carriage_return: true, ..plain.clone() },
        plain,
    ]
}

#[test]
fn a_file_reads_alike_wherever_it_is_cut() {
    for &(name, bytes, field_count) in FILES {
        for settings in settings(field_count) {
            let expected = naive::read(bytes, &settings);
            for (number, feed) in Feed::all().enumerate() {
                let check = |mut sizes: std::vec::IntoIter<usize>| {
                    let read = read(bytes, &settings, feed, || sizes.next().unwrap_or(bytes.len()).max(1));
                    assert_eq!(read, expected, "{name}: {feed:?} {settings:?}");
                };
                for size in [1, 2, 3, 5, 8, 13, 31, 64] {
                    check(vec![size; bytes.len() / size + 1].into_iter());
                }
                // A third of the pairs of cuts, each in one of the ways.
                for first in 0..bytes.len() {
                    for second in (1..bytes.len() - first).filter(|second| (first + 7 * second) % 48 == number) {
                        check(vec![first, second].into_iter());
                    }
                }
            }
        }
    }
}

#[test]
fn every_fault_is_seen_and_reading_resumes_where_it_should() {
    let dialect = Dialect { max_field: 4, max_record: 12, ..Dialect::default() };
    let settings = Settings { dialect, ..Settings::new(2) };
    let file = b"a,b\nc\nd,\xFF\n\"e\nf\"g,h\ni,\"jklmn\"\no,0123456789x\np,q\nr,\"s\nt,u\n";
    let reading = read(file, &settings, Feed::PLAIN, || 1);
    let faults: Vec<_> = reading.faults.iter().map(|(line, fault, bytes)| (*line, *fault, bytes.as_slice())).collect();
    assert_eq!(
        faults,
        [
            (2, RecordFault::FieldCount { expected: 2, found: 1 }, &b"c"[..]),
            (3, RecordFault::BadBytes, b"d,\xFF"),
            (4, RecordFault::AfterQuote, b"\"e"),
            (6, RecordFault::FieldTooLarge, b"i,\"jklmn\""),
            (7, RecordFault::RecordTooLarge, b"o,0123456789"),
            (9, RecordFault::FieldTooLarge, b"r,\"s"),
        ]
    );
    // What an open quote swallowed is read: line 5 looks like a record, and so do 8 and 10.
    let lines: Vec<_> = reading.rows.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 5, 8, 10]);
    let open = read(b"a,b\nc,\"d\ne,f", &Settings::new(2), Feed::PLAIN, || 3);
    assert_eq!(open.faults, [(2, RecordFault::OpenQuote, b"c,\"d".to_vec())]);
    assert_eq!(open.rows.len(), 2);
}

#[test]
fn a_second_look_sees_what_the_first_saw() {
    for &(name, bytes, field_count) in FILES {
        for settings in settings(field_count) {
            let reading = naive::read(bytes, &settings);
            for (line, cells) in &reading.rows {
                let record = second_look(bytes, *line, &settings);
                let cell = |field: usize| {
                    let cell = record.fields[field].as_bytes();
                    (!cell.is_empty() && !settings.dialect.nulls.iter().any(|null| null == cell)).then(|| cell.to_vec())
                };
                let fields: Vec<_> = settings.wanted.iter().map(|field| field.and_then(cell)).collect();
                assert_eq!(&fields, cells, "{name}");
            }
            for (line, fault, raw) in &reading.faults {
                let record = second_look(bytes, *line, &settings);
                match fault {
                    RecordFault::FieldCount { found, .. } if record.fault.is_none() => {
                        assert_eq!(record.fields.len(), *found, "{name}");
                    }
                    RecordFault::FieldCount { .. } => assert_eq!(record.fault, Some(RecordFault::BadBytes), "{name}"),
                    fault => assert_eq!(record.fault, Some(*fault), "{name}"),
                }
                assert_eq!(record.bytes, raw, "{name}");
            }
        }
    }
}

fn second_look<'a>(bytes: &'a [u8], line: u64, settings: &Settings) -> super::super::RawRecord<'a> {
    let end = if settings.carriage_return { b'\r' } else { b'\n' };
    let start: usize = bytes.split_inclusive(|&byte| byte == end).take(line as usize - 1).map(<[u8]>::len).sum();
    let rest = &bytes[start..];
    // It asks for more bytes until it has enough, and then says what it says about all of them.
    let whole = raw_record(rest, &settings.dialect, settings.carriage_return, true).unwrap();
    for length in 0..rest.len() {
        if let Some(record) = raw_record(&rest[..length], &settings.dialect, settings.carriage_return, false) {
            assert_eq!(record, whole);
        }
    }
    whole
}
