//! The helpers of users' SQL: typed values or NULL, never an error of data.

use super::tests::{refusal, values};

async fn one(call: &str) -> String {
    values(&format!("select {call}")).await.remove(0)
}

#[tokio::test]
async fn integer_reads_as_an_integer_column_does() {
    for (value, expected) in [
        ("1,234", "1234"),
        ("$5", "5"),
        ("(3)", "-3"),
        ("3.00", "3"),
        ("3.5", "NULL"),
        ("x", "NULL"),
        ("", "NULL"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "NULL"),
        (" 7 ", "7"),
    ] {
        assert_eq!(one(&format!("integer('{value}')")).await, expected, "{value}");
    }
    assert_eq!(one("integer('5') + integer('6')").await, "11");
    assert_eq!(one("integer(5)").await, "5");
    assert_eq!(one("integer(2.0)").await, "2");
    assert_eq!(one("integer(null)").await, "NULL");
}

#[tokio::test]
async fn number_keeps_nine_digits_after_the_point() {
    for (value, expected) in [
        ("$1,234.50", "1234.500000000"),
        ("-0.1234567895", "-0.123456790"),
        ("0.9999999999", "1.000000000"),
        ("1e5", "NULL"),
        ("99999999999999999999999999999", "99999999999999999999999999999.000000000"),
        ("100000000000000000000000000000", "NULL"),
    ] {
        assert_eq!(one(&format!("number('{value}')")).await, expected, "{value}");
    }
    assert_eq!(one("number('0.1') + number('0.2') = number('0.3')").await, "true");
    assert_eq!(one("number(1.5)").await, "1.500000000");
}

#[tokio::test]
async fn date_takes_layouts() {
    assert_eq!(one("date('2024-01-31')").await, "2024-01-31");
    assert_eq!(one("date('01/31/2024', '%m/%d/%Y')").await, "2024-01-31");
    assert_eq!(one("date('31/01/2024', '%m/%d/%Y', '%d/%m/%Y')").await, "2024-01-31");
    assert_eq!(one("date('01/02/2024', '%m/%d/%Y', '%d/%m/%Y')").await, "NULL");
    assert_eq!(one("date('2024-02-30')").await, "NULL");
    assert_eq!(one("date('2024-01-31T23:00:00-08:00')").await, "2024-01-31");
    assert_eq!(one("date(timestamp '2024-01-31 10:00:00', '%m/%d/%Y')").await, "2024-01-31");
    assert_eq!(one("date(a) < date '2024-02-01' from (values ('2024-01-31')) as t(a)").await, "true");
    assert!(refusal("select date('x', 'YYYY')").await.contains("is no date layout"));
    assert!(refusal("select date('x', a) from (values ('iso')) as t(a)").await.contains("text literals"));
}

#[tokio::test]
async fn timestamp_takes_a_zone_and_layouts() {
    assert_eq!(one("timestamp('2024-01-31 08:00:00', 'America/New_York')").await, "2024-01-31T13:00:00Z");
    assert_eq!(one("timestamp('2024-01-31T08:00:00.5Z')").await, "2024-01-31T08:00:00.500Z");
    assert_eq!(one("timestamp('31.01.2024 08:00', 'Europe/Berlin', '%d.%m.%Y %H:%M')").await, "2024-01-31T07:00:00Z");
    assert_eq!(one("timestamp('2024-03-10 02:30:00', 'America/New_York')").await, "NULL");
    assert_eq!(one("timestamp('2024-01-31')").await, "2024-01-31T00:00:00Z");
    assert!(refusal("select timestamp('x', 'Nowhere')").await.contains("no time zone"));
}

#[tokio::test]
async fn flag_and_the_reshapers() {
    assert_eq!(one("flag('YES')").await, "true");
    assert_eq!(one("flag('off')").await, "false");
    assert_eq!(one("flag('maybe')").await, "NULL");
    assert_eq!(one("flag(1)").await, "true");
    assert_eq!(one("sf18('001D000000IqhSL')").await, "001D000000IqhSLIAZ");
    assert_eq!(one("sf18('ACME')").await, "ACME");
    assert_eq!(one("slug('Müller & Söhne')").await, "muller-sohne");
    assert_eq!(one("slug('!')").await, "NULL");
    assert_eq!(one("html_text('<p>a &amp; b</p>')").await, "a & b");
    assert_eq!(one("html_text(null)").await, "NULL");
    assert!(refusal("select slug('a', 'b')").await.contains("slug"));
    assert!(refusal("select template('x')").await.contains("template(text, part, ...)"));
}
