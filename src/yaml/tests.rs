//! The tree, its places and what is refused.

use super::{LIMIT, Node, ScalarStyle, Span, Spanned, Value, locate, parse};

fn tree(text: &str) -> Node {
    parse(text).unwrap_or_else(|error| panic!("{error} at {:?}", error.span))
}

fn refused(text: &str) -> (String, String) {
    let error = parse(text).unwrap_err();
    (error.message, text[error.span.start..error.span.end].to_owned())
}

/// The source under `key`, and its content.
fn written<'t>(text: &'t str, key: &str) -> (&'t str, String, ScalarStyle) {
    let tree = tree(text);
    let node = tree.get(key).unwrap();
    let Value::Scalar(scalar) = &node.value else { panic!("{node:?}") };
    (&text[node.span.start..node.span.end], scalar.text.clone(), scalar.style)
}

#[test]
fn plain_scalars_keep_their_source_text() {
    let text = "[No, 0012, 1.10, 0x1F, 1e999, .nan, yes, 1_000, 2001-01-01, true, -0, +1]";
    let Value::Sequence(items) = tree(text).value else { panic!() };
    let texts: Vec<_> = items.iter().map(|item| item.as_text().unwrap()).collect();
    let expected = ["No", "0012", "1.10", "0x1F", "1e999", ".nan", "yes", "1_000", "2001-01-01", "true", "-0", "+1"];
    assert_eq!(texts, expected);
}

#[test]
fn null_is_nothing_or_its_words_and_only_without_quotes() {
    let text = "a:\nb: ~\nc: null\nd: 'null'\ne: \"\"\n";
    let tree = tree(text);
    assert_eq!(tree.get("a").unwrap().value, Value::Null);
    assert_eq!(tree.get("b").unwrap().value, Value::Null);
    assert_eq!(tree.get("c").unwrap().value, Value::Null);
    assert_eq!(tree.get("d").unwrap().as_text(), Some("null"));
    assert_eq!(tree.get("e").unwrap().as_text(), Some(""));
}

#[test]
fn spans_are_the_bytes_of_the_value() {
    let text = "é: {ü: \"ß q\", x: [ä, b ] } # c\nplain: a b  # c\nblock: |\n  one\n  two\n\nlast: 'it''s'\n";
    let tree = tree(text);
    let at = |node: &Node| text[node.span.start..node.span.end].to_owned();
    let flow = tree.get("é").unwrap();
    assert_eq!(at(flow), "{ü: \"ß q\", x: [ä, b ] }");
    assert_eq!(at(flow.get("ü").unwrap()), "\"ß q\"");
    assert_eq!(at(flow.get("x").unwrap()), "[ä, b ]");
    assert_eq!(written(text, "plain"), ("a b", "a b".to_owned(), ScalarStyle::Plain));
    assert_eq!(written(text, "block"), ("one\n  two", "one\ntwo\n".to_owned(), ScalarStyle::Block));
    assert_eq!(written(text, "last"), ("'it''s'", "it's".to_owned(), ScalarStyle::Quoted));
    assert_eq!(tree.span, Span::new(0, text.len() - 1));
}

#[test]
fn a_block_that_begins_with_a_quote_is_no_quoted_scalar() {
    let text = "where: |-\n  \"Stage\" = 'x'\nfold: >\n  'a'\n";
    assert_eq!(written(text, "where").2, ScalarStyle::Block);
    assert_eq!(written(text, "fold"), ("'a'", "'a'\n".to_owned(), ScalarStyle::Block));
}

#[test]
fn duplicate_keys_all_stay() {
    let Value::Mapping(entries) = tree("a: 1\nb: 2\na: 3\na: 4\n").value else { panic!() };
    let keys: Vec<_> = entries.iter().map(|(key, _)| (key.value.as_str(), key.span.start)).collect();
    assert_eq!(keys, [("a", 0), ("b", 5), ("a", 10), ("a", 15)]);
}

#[test]
fn an_alias_gives_the_anchored_value_with_its_own_place() {
    let text = "a: &x [1, 2]\nb: {c: *x }\nd: 1\n";
    let tree = tree(text);
    let alias = tree.get("b").unwrap().get("c").unwrap();
    assert_eq!(alias, tree.get("a").unwrap());
    let around = tree.get("b").unwrap().span;
    assert_eq!(&text[around.start..around.end], "{c: *x }");
}

#[test]
fn an_empty_text_is_null() {
    for text in ["", "\n\n", "# only a comment", "---\n", "\u{feff}"] {
        assert_eq!(tree(text).value, Value::Null, "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_and_other_line_ends_do_not_move_spans() {
    let marked = "\u{feff}a: b\r\nc: |\r\n  x\r\n  y\r\nd: e\r\n";
    assert_eq!(written(marked, "a").0, "b");
    assert_eq!(written(marked, "c"), ("x\r\n  y", "x\ny\n".to_owned(), ScalarStyle::Block));
    assert_eq!(written(marked, "d").0, "e");
}

#[test]
fn what_yaml_does_not_allow_is_refused_at_its_place() {
    let line = |text: &str| refused(text).0;
    assert_eq!(refused("a: [1,\nb: 2\n"), ("`[` is never closed".to_owned(), "[".to_owned()));
    assert_eq!(refused("é: \"open"), ("the quote is never closed".to_owned(), "\"".to_owned()));
    assert_eq!(refused("a: b: c"), ("`: ` stands inside plain text; quote the text".to_owned(), ":".to_owned()));
    assert_eq!(refused("x: @foo"), ("text must not begin with `@`; quote it".to_owned(), "@".to_owned()));
    assert_eq!(refused("\u{feff}é: %a"), ("text must not begin with `%`; quote it".to_owned(), "%".to_owned()));
    let unclosed = "text in quotes goes on at the margin; is the quote closed?".to_owned();
    assert_eq!(refused("a: it's # \"\nb: 'x'\nc: \"open\nd: 1\n"), (unclosed, "\"open".to_owned()));
    assert_eq!(line(" a: 1\nb: 2"), "the line does not fit the indentation of those above");
    assert_eq!(
        line("a: \"x\" y"),
        "something stands after the closing quote; text with quotes inside is quoted as a whole"
    );
    assert_eq!(
        line("a: \"\\d\""),
        "an unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes"
    );
    assert_eq!(line("a: 1\n---\nb: 2"), "a second document begins here; a file holds one");
    assert_eq!(refused("a: !!binary aGk="), ("tags (`!name`) are not used here".to_owned(), "aGk=".to_owned()));
    assert_eq!(refused("a: &x {b: 1}\n<<: *x\n"), ("`<<` is not part of YAML 1.2".to_owned(), "<<".to_owned()));
    assert_eq!(refused("? [a, b]\n: c"), ("a key must be text".to_owned(), "[a, b]".to_owned()));
    assert_eq!(line("a: *nope"), "an alias (`*name`) has no anchor (`&name`) before it; quote text with `*`");
    assert_eq!(refused("a: &a [*a]"), ("an alias (`*name`) stands inside its own value".to_owned(), "*a".to_owned()));
}

#[test]
fn bombs_are_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![below; 9].join(", "));
    }
    assert_eq!(refused(&laughs).0, "the aliases (`*name`) multiply beyond 50000 values");

    let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(20_000), "*a, ".repeat(3));
    assert_eq!(refused(&wide).0, "the aliases (`*name`) multiply beyond 50000 values");

    let anchored = format!("{}{}", "&a [".repeat(30), "x, ".repeat(20_000));
    assert!(parse(&anchored).is_err());

    for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(parse(&deep).is_err());
    }

    let large = format!("# {}\na: 1\n", "x".repeat(LIMIT));
    assert!(parse(&large).unwrap_err().too_large);
}

/// The source of `part` of the content under `key`.
fn place_of<'t>(text: &'t str, key: &str, part: &str) -> &'t str {
    let tree = tree(text);
    let node = tree.get(key).unwrap();
    let scalar = Spanned::new(node.as_text().unwrap().to_owned(), node.span);
    let offset = scalar.value.find(part).unwrap();
    let span = locate(text, &scalar, offset, part.len());
    &text[span.start..span.end]
}

#[test]
fn offsets_in_the_content_lead_back_to_the_file() {
    let text = r#"plain: sum("Ä b") + 1
double: "\"St\u00e4ge\" = \x41b\tc"
single: 'it''s "x" is'
lines: "one
    two \
    three"
"#;
    assert_eq!(place_of(text, "plain", "b\")"), "b\")");
    assert_eq!(place_of(text, "double", "Stäge"), "St\\u00e4ge");
    assert_eq!(place_of(text, "double", "\" ="), "\\\" =");
    assert_eq!(place_of(text, "double", "Ab"), "\\x41b");
    assert_eq!(place_of(text, "double", "\tc"), "\\tc");
    assert_eq!(place_of(text, "single", "'s"), "''s");
    assert_eq!(place_of(text, "single", "x"), "x");
    assert_eq!(place_of(text, "lines", "two"), "two");
    assert_eq!(place_of(text, "lines", "three"), "three");
}

#[test]
fn offsets_in_blocks_lead_back_to_the_file() {
    for end in ["\n", "\r\n"] {
        let text = "literal: |\n\n  select \"a\",\n    b\n\n  from ü\nfolded: >-\n  one two\n    deep\n  three\n\n\n  four\nnext:\n  long\n  plain  \n  text\n";
        let text = text.replace('\n', end);
        for word in ["select", "\"a\"", "b", "from", "ü"] {
            assert_eq!(place_of(&text, "literal", word), word);
        }
        assert_eq!(place_of(&text, "literal", "  b"), "  b");
        for word in ["one", "two", "deep", "three", "four"] {
            assert_eq!(place_of(&text, "folded", word), word);
        }
        for word in ["long", "plain", "text"] {
            assert_eq!(place_of(&text, "next", word), word);
        }
    }
}

#[test]
fn a_place_that_cannot_be_known_is_the_whole_scalar() {
    let text = "a: x ${NAME} y";
    let filled = Spanned::new("x value y".to_owned(), Span::new(3, 14));
    assert_eq!(locate(text, &filled, 2, 5), Span::new(3, 14));
    let plain = Spanned::new("x ${NAME} y".to_owned(), Span::new(3, 14));
    assert_eq!(locate(text, &plain, 99, 5), Span::new(3, 14));
    assert_eq!(locate(text, &plain, 11, 0), Span::new(14, 14));
    let nowhere = Spanned::new("x".to_owned(), Span::new(400, 500));
    assert_eq!(locate(text, &nowhere, 0, 1), Span::new(400, 500));
}

mod never_panics {
    use proptest::prelude::*;

    use super::super::{Node, Spanned, Value, locate, parse};

    fn check(text: &str, node: &Node) {
        assert!(text.get(node.span.start..node.span.end).is_some(), "{:?} in {text:?}", node.span);
        match &node.value {
            Value::Null => {}
            Value::Scalar(scalar) => {
                let whole = Spanned::new(scalar.text.clone(), node.span);
                for (offset, character) in scalar.text.char_indices() {
                    let span = locate(text, &whole, offset, character.len_utf8());
                    assert!(text.get(span.start..span.end).is_some());
                }
            }
            Value::Sequence(items) => items.iter().for_each(|item| check(text, item)),
            Value::Mapping(entries) => entries.iter().for_each(|(_, value)| check(text, value)),
        }
    }

    proptest! {
        #[test]
        fn on_any_text(text in "\\PC{0,60}") {
            if let Ok(node) = parse(&text) { check(&text, &node) }
        }

        #[test]
        fn on_text_that_looks_like_yaml(text in r#"([a-cé]|: |\n|\r\n|  |- |"|'|\\|\[|\]|\{|\}|, |#| \||>|&a |\*a|!|\?|~|\t|---\n|%|\u{feff}){0,40}"#) {
            if let Ok(node) = parse(&text) { check(&text, &node) }
        }
    }
}
