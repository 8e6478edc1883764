//! Dates: what each layout takes, what it becomes, what is refused and why.

use proptest::prelude::*;

use super::*;
use crate::functions::fault::{AMBIGUOUS_DATE, DATE_RANGE, IMPOSSIBLE_DATE, NOT_A_DATE};

fn dates(formats: &[&str]) -> Dates {
    Dates::new(formats, None, None, DstPolicy::Reject).unwrap()
}

fn write(dates: &Dates, value: &str) -> Result<String, u8> {
    let mut side = b"before".to_vec();
    match dates.normal(value.as_bytes(), &mut Hint::default(), &mut side)? {
        Value::Part(part) => Ok(String::from_utf8(part.to_vec()).unwrap()),
        Value::Side => Ok(String::from_utf8(side[6..].to_vec()).unwrap()),
        Value::Empty => panic!("a date never becomes empty"),
    }
}

fn all_read(formats: &[&str], cases: &[(&str, &str)]) {
    for (value, expected) in cases {
        assert_eq!(write(&dates(formats), value).as_deref(), Ok(*expected), "{value} by {formats:?}");
    }
}

fn all_fail(formats: &[&str], fault: u8, values: &[&str]) {
    for value in values {
        assert_eq!(write(&dates(formats), value), Err(fault), "{value} by {formats:?}");
    }
}

#[test]
fn iso_takes_days_and_moments() {
    all_read(
        &[],
        &[
            ("2024-02-29", "2024-02-29"),
            ("2024-01-31T08:09:10Z", "2024-01-31T08:09:10.0Z"),
            ("2024-01-31t08:09:10z", "2024-01-31T08:09:10.0Z"),
            ("2024-01-31 08:09:10", "2024-01-31T08:09:10.0Z"),
            ("2024-01-31T08:09", "2024-01-31T08:09:00.0Z"),
            ("2024-01-31 08:09+01:00", "2024-01-31T07:09:00.0Z"),
            ("2019-09-17T00:00:00-08:00", "2019-09-17T08:00:00.0Z"),
            ("2019-12-31T23:00:00-0800", "2020-01-01T07:00:00.0Z"),
            ("2020-01-01T00:30:00+01", "2019-12-31T23:30:00.0Z"),
            ("2020-03-01T00:30:00+01:00", "2020-02-29T23:30:00.0Z"),
            ("1998-12-31T23:59:60Z", "1998-12-31T23:59:59.0Z"),
        ],
    );
}

#[test]
fn fractions_keep_up_to_three_digits_as_read() {
    all_read(
        &["iso"],
        &[
            ("2019-09-17T08:00:00.0Z", "2019-09-17T08:00:00.0Z"),
            ("2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00.1Z"),
            ("2024-01-01T00:00:00.12Z", "2024-01-01T00:00:00.12Z"),
            ("2024-01-01T00:00:00.120Z", "2024-01-01T00:00:00.120Z"),
            ("2024-01-01T00:00:00.1239999+00:00", "2024-01-01T00:00:00.123Z"),
            ("2024-01-01T00:00:00,5", "2024-01-01T00:00:00.5Z"),
            ("2024-01-01T00:00:00.999999999999999999999Z", "2024-01-01T00:00:00.999Z"),
        ],
    );
}

#[test]
fn iso_refuses_other_shapes_and_days_that_never_were() {
    all_fail(
        &["iso"],
        NOT_A_DATE,
        &[
            "2024-1-2",
            "20240102",
            "2024/01/02",
            "24-01-02",
            "12024-01-02",
            "2024-01-02T",
            "2024-01-02X",
            "2024-01-02Z",
            "2024-01-02T08",
            "2024-01-02T08:09:10.Z",
            "2024-01-02T08:09:10ZZ",
            "2024-01-02T8:09:10",
            "2024-01-02  08:09:10",
            "2024-01-02T08:09:10+1",
            "2024-01-02T08:09:10 PST",
            "today",
            "0",
            "2024-0\u{9ea}-01",
            "-024-01-01",
        ],
    );
    all_fail(
        &["iso"],
        IMPOSSIBLE_DATE,
        &[
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-01-02T24:00:00",
            "2024-01-02T08:60:00",
            "2024-01-02T08:00:61Z",
            "2024-01-02T08:00:60Z",
            "2024-01-02T08:00:00+24:00",
            "2024-01-02T08:00:00+10:60",
            "2100-02-29",
        ],
    );
    all_fail(&["iso"], DATE_RANGE, &["1899-12-31", "2201-01-01", "0001-01-01", "9999-12-31T00:00:00Z"]);
}

#[test]
fn patterns_take_the_whole_value() {
    for (format, value, expected) in [
        ("%m/%d/%Y", "01/31/2024", "2024-01-31"),
        ("%m/%d/%Y", "1/3/2024", "2024-01-03"),
        ("%-m/%-d/%Y", "01/3/2024", "2024-01-03"),
        ("%d.%m.%Y", "31.01.2024", "2024-01-31"),
        ("%Y/%m/%d", "2024/01/31", "2024-01-31"),
        ("%Y-%m-%d", "2024-1-3", "2024-01-03"),
        ("%Y%m%d", "20240131", "2024-01-31"),
        ("%y%m%d", "240131", "2024-01-31"),
        ("%d-%b-%y", "05-Jan-69", "1969-01-05"),
        ("%d-%b-%y", "05-jan-68", "2068-01-05"),
        ("%d %B %Y", "5 December 2024", "2024-12-05"),
        ("%b %e, %Y", "Jan  5, 2024", "2024-01-05"),
        ("%b %d %Y", "May 05 2024", "2024-05-05"),
        ("%A, %d %B %Y", "wednesday, 31 January 2024", "2024-01-31"),
        ("%a %d/%m/%y", "Wed 31/01/24", "2024-01-31"),
        ("%Y-%j", "2024-366", "2024-12-31"),
        ("%d.%m.%Y %H:%M", "31.01.2024 7:05", "2024-01-31T07:05:00.0Z"),
        ("%m/%d/%Y %I:%M:%S %p", "01/31/2024 12:05:06 AM", "2024-01-31T00:05:06.0Z"),
        ("%m/%d/%Y %I:%M %p", "1/31/2024 12:05 pm", "2024-01-31T12:05:00.0Z"),
        ("%m/%d/%Y %l%P", "1/31/2024 3pm", "2024-01-31T15:00:00.0Z"),
        ("%m/%d/%Y %H:%M:%S:%f", "01/31/2024 01:02:03:450", "2024-01-31T01:02:03.450Z"),
        ("%Y-%m-%dT%H:%M:%S%.f%z", "2024-01-31T01:02:03.5+0100", "2024-01-31T00:02:03.5Z"),
        ("%Y-%m-%dT%H:%M:%S%.f%z", "2024-01-31T01:02:03Z", "2024-01-31T01:02:03.0Z"),
        ("%F %T %Z", "2024-01-31 01:02:03 utc", "2024-01-31T01:02:03.0Z"),
        ("%D", "01/31/24", "2024-01-31"),
        ("%Y%m%d%H%M%S%3f", "20240131010203004", "2024-01-31T01:02:03.004Z"),
        ("at %d.%m.%Y 100%%", "at 31.01.2024 100%", "2024-01-31"),
        ("%s", "1706659200", "2024-01-31T00:00:00.0Z"),
    ] {
        all_read(&[format], &[(value, expected)]);
    }
}

#[test]
fn patterns_refuse_what_is_left_over_missing_or_guessed() {
    all_fail(
        &["%m/%d/%Y"],
        NOT_A_DATE,
        &["01/31/2024 ", "01/31/20245", "01/31/24", "1//2024", "01-31-2024", "001/31/2024", "x"],
    );
    all_fail(&["%Y%m%d"], NOT_A_DATE, &["2024111", "202401310", "2024-01-31"]);
    all_fail(&["%d %b %Y"], NOT_A_DATE, &["5Jan 2024", "5 Jänner 2024", "5 Janu 2024", "5 Jan2024"]);
    all_fail(&["%m/%d/%Y"], IMPOSSIBLE_DATE, &["31/01/2024", "02/30/2024", "00/10/2024"]);
    all_fail(&["%A %d %B %Y"], IMPOSSIBLE_DATE, &["Monday 31 January 2024"]);
    all_fail(&["%d/%m/%Y %I %p"], IMPOSSIBLE_DATE, &["01/01/2024 13 pm", "01/01/2024 0 am"]);
    all_fail(&["%Y-%j"], IMPOSSIBLE_DATE, &["2023-366", "2023-0"]);
    all_fail(&["%m/%d/%Y"], DATE_RANGE, &["01/31/0024", "01/01/2201"]);
}

#[test]
fn two_readings_make_a_value_ambiguous_unless_they_agree() {
    let both = ["%m/%d/%Y", "%d/%m/%Y"];
    all_fail(&both, AMBIGUOUS_DATE, &["01/02/2024", "1/2/2024"]);
    all_read(&both, &[("02/02/2024", "2024-02-02"), ("31/01/2024", "2024-01-31"), ("01/31/2024", "2024-01-31")]);
    all_fail(&both, IMPOSSIBLE_DATE, &["31/31/2024"]);
    all_fail(&["epoch_s", "excel"], AMBIGUOUS_DATE, &["45322"]);
    all_fail(&["epoch_s", "epoch_ms"], AMBIGUOUS_DATE, &["1706659200"]);
    all_fail(&["%Y%m%d", "epoch_s"], AMBIGUOUS_DATE, &["20240131"]);
    all_read(&["iso", "%Y-%m-%d"], &[("2024-01-31", "2024-01-31")]);
    all_read(&["%m/%d/%Y", "iso"], &[("2024-01-31", "2024-01-31"), ("01/02/2024", "2024-01-02")]);
}

#[test]
fn the_last_layout_is_only_a_hint() {
    let rules = dates(&["%m/%d/%Y", "%d/%m/%Y", "iso"]);
    let mut hint = Hint::default();
    for (value, expected) in [
        ("31/01/2024", Ok((2024, 1, 31))),
        ("01/02/2024", Err(AMBIGUOUS_DATE)),
        ("2024-05-06", Ok((2024, 5, 6))),
        ("01/31/2024", Ok((2024, 1, 31))),
        ("01/02/2024", Err(AMBIGUOUS_DATE)),
    ] {
        let read = rules.read(value.as_bytes(), &mut hint).map(|moment| (moment.year, moment.month, moment.day));
        assert_eq!(read, expected, "{value}");
    }
}

#[test]
fn counted_dates() {
    all_read(
        &["epoch_s"],
        &[
            ("0", "1970-01-01T00:00:00.0Z"),
            ("1706659200", "2024-01-31T00:00:00.0Z"),
            ("1706659200.25", "2024-01-31T00:00:00.25Z"),
            ("-1", "1969-12-31T23:59:59.0Z"),
        ],
    );
    all_read(
        &["epoch_ms"],
        &[
            ("1706659200000", "2024-01-31T00:00:00.0Z"),
            ("1706659200123", "2024-01-31T00:00:00.123Z"),
            ("1706659200100", "2024-01-31T00:00:00.100Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
        ],
    );
    all_read(
        &["excel"],
        &[
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("61", "1900-03-01"),
            ("45322", "2024-01-31"),
            ("45322.0", "2024-01-31"),
            ("45322.5", "2024-01-31T12:00:00.0Z"),
            ("45322.3541666667", "2024-01-31T08:30:00.0Z"),
            ("45322.9999999999", "2024-02-01T00:00:00.0Z"),
        ],
    );
    all_fail(&["epoch_s"], NOT_A_DATE, &["1706659200s", "1e9", "", "-", "1.", "-1.5", "123456789012345678"]);
    all_fail(&["epoch_s"], DATE_RANGE, &["99999999999"]);
    all_fail(&["epoch_ms"], NOT_A_DATE, &["1.5"]);
    all_fail(&["excel"], IMPOSSIBLE_DATE, &["60", "0", "0.5"]);
    all_fail(&["excel"], NOT_A_DATE, &["-1", "9999999", "x"]);
}

#[test]
fn rare_directives_are_left_to_jiff() {
    all_read(&["%G-W%V-%u"], &[("2024-W05-3", "2024-01-31")]);
    all_read(&["%Y-%m-%d %H:%M %Q"], &[("2024-07-01 12:00 Europe/Berlin", "2024-07-01T10:00:00.0Z")]);
    all_fail(&["%G-W%V-%u"], NOT_A_DATE, &["2024-05-3"]);
}

#[test]
fn layouts_that_cannot_give_a_date_are_refused() {
    for (format, words) in [
        ("YYYY-MM-DD", "a pattern like `%Y-%m-%d`"),
        ("dd.MM.yyyy HH:mm", "a pattern like `%d.%m.%Y %H:%M`"),
        ("mm/dd/yyyy", "a pattern like `%m/%d/%Y`"),
        ("dd-MMM-yy", "a pattern like `%d-%b-%y`"),
        ("nonsense", "a pattern like `%m/%d/%Y`"),
        ("-", "a pattern like `%m/%d/%Y`"),
        ("%H:%M", "has no year"),
        ("%d/%m", "has no year"),
        ("%Y-%m", "does not say the month and the day"),
        ("%Y-%m-%d %I:%M", "without `%p`"),
        ("%Y-%m-%d %H %p", "without `%I`"),
        ("%Y-%m-%d :%M", "a time without its hour"),
        ("%Y-%m-%d %d", "twice"),
        ("%Y-%m-%j", "twice"),
        ("%Y-%m-%d %!", "is no date layout"),
        ("%Y-%m-%", "is no date layout"),
    ] {
        let message = Layout::compile(format).unwrap_err();
        assert!(message.contains(words), "{format}: {message}");
    }
}

proptest! {
    #[test]
    fn a_written_date_is_read_back_and_stays(days in -25_500i64..84_000, second in 0..86_400u32, digits in "[0-9]{0,5}", timed: bool) {
        let (year, month, day) = civil(days).unwrap();
        let mut value = format!("{year:04}-{month:02}-{day:02}");
        if timed {
            value += &format!("T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
            if !digits.is_empty() { value += &format!(".{digits}"); }
        }
        let once = write(&dates(&[]), &value).unwrap();
        prop_assert_eq!(write(&dates(&[]), &once).unwrap(), once.clone());
        prop_assert_eq!(&once[..10], &value[..10]);
    }

    #[test]
    fn the_fast_roads_agree_with_the_steps(value in "[0-9]{0,4}[-/. ]?[0-9]{1,2}[-/.]?[0-9]{1,4}") {
        for format in ["%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y", "%Y/%d/%m"] {
            let fast = Layout::compile(format).unwrap().read(value.as_bytes());
            let slow = program::Program::compile(format).unwrap().unwrap().run(value.as_bytes());
            prop_assert_eq!(fast, slow);
        }
    }

    #[test]
    fn days_made_in_a_register_are_those_of_the_long_road(value in "[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{4}|[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}|[0-3][0-9]/[0-1][0-9]/(19|20|2[12])[0-9]{2}") {
        let bytes = value.bytes().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(byte));
        let short = Short::of_view(bytes << 32 | value.len() as u128).unwrap();
        for format in ["%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y", "%Y/%d/%m"] {
            let dates = dates(&[format]);
            if let Some(day) = dates.day(short) {
                let day = String::from_utf8(day.bytes().as_slice().to_vec()).unwrap();
                prop_assert_eq!(Ok(day), write(&dates, &value));
            } else {
                prop_assert!(write(&dates, &value).is_err(), "{} by {}", value, format);
            }
        }
    }

    #[test]
    fn the_plain_road_of_iso_takes_nothing_that_reading_refuses(value in "(1[89]|2[0-2])[0-9]{2}-[0-1][0-9]-[0-3][0-9]([Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9][Z.+]?)?") {
        for bare in [false, true] {
            let Some(timed) = iso::is_plain(value.as_bytes(), bare) else { continue };
            let moment = iso::read(value.as_bytes()).unwrap();
            prop_assert!(moment.is_taken() && moment.timed == timed && moment.fraction_digits == 0);
            prop_assert!(moment.offset == Some(0) || moment.offset.is_none() && (bare || !timed));
            let mut written = Vec::new();
            write_utc(&moment, i64::from(moment.second), &mut written);
            let same = value.as_bytes().first_chunk().map(same);
            prop_assert!(!timed || same.is_some_and(|same| same == *written));
        }
    }

    #[test]
    fn layouts_said_to_be_apart_never_read_a_value_differently(value in "[0-9]{4}-[0-9]{1,2}-[0-3][0-9]([Tt ][0-2][0-9]:[0-5][0-9]:[0-5][0-9])?|[-0-9a-zA-Z/. :]{0,12}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|-?[0-9]{1,10}(\\.[0-9]{1,3})?") {
        let formats = ["iso", "epoch_s", "epoch_ms", "excel", "%m/%d/%Y", "%d/%m/%y", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y", "%y%m%d", "%b %d %Y", "-%Y%m%d", "%d %m %Y", "%j.%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%d-%m", "%Y-%m-%dT%H:%M:%S"];
        let layouts = formats.map(|format| Layout::compile(format).unwrap());
        let read = layouts.iter().map(|layout| (layout, layout.read(value.as_bytes())));
        let taken: Vec<_> = read.filter(|(_, read)| *read != Err(Miss::Layout)).collect();
        for (one, first) in &taken {
            for (two, second) in &taken {
                prop_assert!(one.meets(two) || first == second, "{} by {} and {}", value, one.text, two.text);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        for format in ["iso", "%m/%d/%Y", "%d %b %Y %I:%M %p %z", "%Y-%j %f", "epoch_s", "epoch_ms", "excel", "%G-W%V-%u", "%A %Z"] {
            if let Ok(layout) = Layout::compile(format) { let _ = layout.read(&value); }
        }
    }

    #[test]
    fn no_pattern_makes_compiling_panic(pattern in "[%A-Za-z0-9:./ -]{0,12}|(%[a-zA-Z%.:3-][a-z]?){1,6}", value in "[0-9/: ]{0,20}") {
        if let Ok(layout) = Layout::compile(&pattern) { let _ = layout.read(value.as_bytes()); }
    }
}
