//! The catalogue's language is strict: each slip in a file is a fault with its line.

use super::read;

const GOOD: &str = "\
format: shoes
title: Shoes
about: One row per shoe.
key: [shoe_id]
duplicates: last
max_bytes: 50MB
max_columns: 10
columns:
  shoe_id: {type: id, need: mandatory, alphabet: {also: \"-\"}, about: Its id.}
  size: {type: integer, min: 1, empty: leaves, about: Its size.}
custom: {allowed: false}
";

fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the text to replace is there");
    read::format("shoes.yaml", &GOOD.replace(from, to), &|_| None).expect_err("a fault")
}

#[test]
fn a_format_is_read_word_by_word() {
    let format = read::format("shoes.yaml", GOOD, &|_| None).unwrap();
    assert_eq!((format.name.as_str(), format.max_bytes, format.max_columns), ("shoes", 50_000_000, 10));
    assert_eq!(format.columns[0].id_extra, "-");
    assert_eq!(format.columns[1].min, Some(1));
    assert_eq!(format.columns[1].display, "size", "the name, unless said");
}

#[test]
fn slips_are_faults_with_their_line() {
    assert_eq!(fault("title:", "titel:"), "shoes.yaml:1: `title` is missing");
    assert_eq!(fault("min: 1", "minn: 1"), "shoes.yaml:10: unknown word `minn`");
    assert_eq!(fault("max_columns: 10", "max_columns: ten"), "shoes.yaml:7: `max_columns` cannot be `ten`");
    assert_eq!(fault("custom:", "title: Boots\ncustom:"), "shoes.yaml:11: `title` stands twice");
    assert_eq!(fault("key: [shoe_id]", "key: shoe_id"), "shoes.yaml:4: a list is wanted, not text");
    assert_eq!(fault("type: integer", "type: whole"), "shoes.yaml:10: `type` cannot be `whole`");
    assert_eq!(fault("empty: leaves, ", ""), "shoes.yaml:10: `size` does not say what `empty` does");
    assert_eq!(fault("need: mandatory", "need: mandatory, empty: leaves"), "shoes.yaml:9: `shoe_id` is never empty");
    assert_eq!(fault("[shoe_id]", "[boot_id]"), "shoes.yaml:1: a rule names `boot_id`, which is no column");
    assert!(fault("{allowed: false}", "{allowed: true}").ends_with("and only there"));
    assert!(fault("format: shoes", "format: [shoes").starts_with("shoes.yaml:"));
}

#[test]
fn like_takes_over_the_columns_that_are_not_given() {
    let base = read::format("shoes.yaml", GOOD, &|_| None).unwrap();
    let text = GOOD.replace("format: shoes", "format: boots\nlike: shoes").replace("  size:", "  height:");
    let boots = read::format("boots.yaml", &text, &|name| (name == "shoes").then_some(&base)).unwrap();
    let names: Vec<&str> = boots.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["shoe_id", "height", "size"]);
    assert!(read::format("boots.yaml", &text, &|_| None).is_err(), "the format it is like must come first");
}
