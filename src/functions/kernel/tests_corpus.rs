//! Dates and addresses that nobody here wrote: the JSON Schema test suite, where it lies beside the project.
//!
//! Where we differ from it on purpose, the value stands in a list with the reason; every such entry must still be needed.

use std::path::Path;

use super::date::Layout;
use super::email;

/// Judges every text of a file; `ours` are the values on which we differ.
fn agree(file: &str, judge: impl Fn(&str) -> bool, ours: &[&str]) {
    let folder = "../shared/corpora/json-schema-format/tests/draft2020-12/optional/format";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: the JSON Schema test suite is not at {}", path.display());
        return;
    };
    let groups: serde_json::Value = serde_json::from_str(&text).unwrap();
    let tests = groups.as_array().unwrap().iter().flat_map(|group| group["tests"].as_array().unwrap());
    let mut differ = Vec::new();
    let mut judged = 0;
    for test in tests {
        let Some(value) = test["data"].as_str() else { continue };
        judged += 1;
        if judge(value) != test["valid"].as_bool().unwrap() {
            differ.push(value);
        }
    }
    assert!(judged >= 10, "{file} holds only {judged} texts");
    assert_eq!(differ, ours, "{file}");
}

fn is_iso(value: &str) -> bool {
    Layout::iso().read(value.as_bytes()).is_ok()
}

#[test]
fn days_are_those_of_the_json_schema_suite() {
    // `iso` takes moments as well as days.
    agree("date.json", is_iso, &["2020-11-28T23:55:45Z", "2020-01-01 00:00:00Z"]);
}

#[test]
fn moments_are_those_of_the_json_schema_suite() {
    // ISO 8601 allows an offset of hours only, RFC 3339 does not.
    agree("date-time.json", is_iso, &["1985-04-12T23:20:50+01"]);
}

#[test]
fn addresses_are_those_of_the_json_schema_suite() {
    // Quoted and literal forms are legal in mail, but nobody's login: Totango's text must not hold `"`.
    let refused = [
        "\"joe bloggs\"@example.com",
        "\"joe..bloggs\"@example.com",
        "\"joe@bloggs\"@example.com",
        "joe.bloggs@[127.0.0.1]",
        "joe.bloggs@[IPv6:::1]",
    ];
    agree("email.json", |value| email::is_address(value.as_bytes()), &refused);
}
