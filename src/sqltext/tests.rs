//! Quoting that cannot be left, and places that cannot be mistaken.

use super::{Scanner, comment, identifier, literal};

fn at_end(sql: &str) -> (bool, bool) {
    let mut scanner = Scanner::new();
    scanner.feed(sql);
    (scanner.takes_literal(), scanner.is_hidden())
}

#[test]
fn names_and_texts_are_quoted() {
    assert_eq!(identifier("Account Name"), "\"Account Name\"");
    assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    assert_eq!(literal("O'Brien"), "'O''Brien'");
    assert_eq!(literal(""), "''");
}

#[test]
fn comments_stay_on_their_line() {
    assert_eq!(comment("accounts.yaml:14"), "-- accounts.yaml:14");
    assert_eq!(comment("a\nb\r\u{1b}\u{2028}c"), "-- a b   c");
}

#[test]
fn code_takes_a_literal() {
    for sql in
        ["", "a = ", "f(", "a || ", "'x' || ", "\"a b\" = ", "1 -", "-- note\n", "/* a /* b */ c */ ", "$$ ' $$ "]
    {
        assert_eq!(at_end(sql), (true, false), "{sql}");
    }
}

#[test]
fn quotes_and_comments_do_not() {
    let hidden = [
        "'",
        "'it''s",
        "\"",
        "\"a\"\"b",
        "`",
        "-- a",
        "/* a",
        "/* a /* b */ c",
        "/*/",
        "$$ a",
        "$x$ a $$ ",
        "E'it\\'s",
        "e'\\\\\\' x",
        "'a\n",
        "-- 'a",
    ];
    for sql in hidden {
        assert_eq!(at_end(sql), (false, true), "{sql}");
    }
}

#[test]
fn neither_does_a_place_that_touches_a_word_or_quote() {
    for sql in ["e", "N", "a_", "'x'", "\"x\"", "E'a'", "$", "U&"] {
        assert_eq!(at_end(sql), (false, false), "{sql}");
    }
}

#[test]
fn a_backslash_escapes_only_after_the_prefix() {
    assert_eq!(at_end("'a\\' "), (true, false));
    assert_eq!(at_end("E'a\\' "), (false, true));
    assert_eq!(at_end("some'a\\' "), (true, false));
}
