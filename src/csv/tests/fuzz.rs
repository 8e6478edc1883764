//! Random files made of the bytes that matter.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::super::Dialect;
use super::naive::{self, Settings};
use super::run::{Feed, read};

/// What files are made of: mostly signs, next to one another in all ways.
fn token() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        4 => Just(&b"\""[..]),
        3 => Just(&b","[..]),
        3 => Just(&b"\n"[..]),
        2 => Just(&b"a"[..]),
        1 => Just(&b"\r"[..]),
        2 => Just(&b"\r\n"[..]),
        2 => Just(&b"\",\""[..]),
        1 => Just(&b"\"\""[..]),
        1 => Just(&b"x\",\"\n"[..]),
        1 => Just(&b"\"\n\""[..]),
        1 => Just(&b"b,c\n"[..]),
        1 => Just(&b"\\"[..]),
        1 => Just(&b"\0"[..]),
        1 => Just(&b"\xC3\xA9"[..]),
        1 => Just(&b"\xFF"[..]),
        1 => Just(&b"0123456789"[..]),
        1 => Just(&b"a text of more than sixty-four bytes, with a delimiter in its very middle"[..]),
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(token(), 0..60).prop_map(|tokens| tokens.concat())
}

fn settings() -> impl Strategy<Value = Settings> {
    let limits =
        (prop_oneof![Just(3_usize), Just(20), Just(1 << 20)], prop_oneof![Just(6_usize), Just(40), Just(16 << 20)]);
    let escape = prop_oneof![4 => Just(None), 1 => Just(Some(b'\\')), 1 => Just(Some(b'"'))];
    let nulls = prop_oneof![3 => Just(vec![]), 1 => Just(vec![b"a".to_vec(), b"a text of more than sixty-four bytes".to_vec()])];
    let fields = (1_usize..5)
        .prop_flat_map(|count| (Just(count), prop::collection::vec(prop::option::weighted(0.9, 0..count), 0..5)));
    (limits, escape, nulls, prop::bool::weighted(0.2), fields).prop_map(
        |((max_field, max_record), escape, nulls, carriage_return, (field_count, wanted))| {
            let dialect = Dialect { escape, nulls, max_field, max_record, ..Dialect::default() };
            Settings { dialect, carriage_return, field_count, wanted }
        },
    )
}

fn cases() -> impl Strategy<Value = (Vec<u8>, Settings, usize, Vec<usize>)> {
    (file(), settings(), 0_usize..16, prop::collection::vec(1_usize..90, 1..8))
}

fn check(bytes: &[u8], settings: &Settings, feed: usize, chunks: &[usize]) -> Result<(), TestCaseError> {
    let mut sizes = chunks.iter().copied().cycle();
    let feed = Feed::all().nth(feed).unwrap();
    let read = read(bytes, settings, feed, || sizes.next().unwrap());
    prop_assert_eq!(read, naive::read(bytes, settings));
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]
    #[test]
    fn random_bytes_read_as_the_naive_reader_reads_them((bytes, settings, feed, chunks) in cases()) {
        check(&bytes, &settings, feed, &chunks)?;
    }
}

/// `TANGUERO_FUZZ_SECONDS=1800 cargo test --release fuzz` looks as long as it is told; a second otherwise.
#[test]
fn random_bytes_read_alike_for_as_long_as_there_is_time() {
    let seconds = std::env::var("TANGUERO_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let started = Instant::now();
    let mut files = 0_u64;
    while started.elapsed() < Duration::from_secs(seconds) {
        let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
        runner.run(&cases(), |(bytes, settings, feed, chunks)| check(&bytes, &settings, feed, &chunks)).unwrap();
        runner.run(&super::oracle::cases(), |(bytes, count)| super::oracle::check(&bytes, count)).unwrap();
        files += 1_000;
    }
    println!("{files} random files in {:?}", started.elapsed());
}
