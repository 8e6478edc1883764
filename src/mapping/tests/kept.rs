//! Scalars that other YAML readers would change.

use super::good;
use crate::mapping::{Origin, Text};

fn words(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

#[test]
fn text_stays_as_written_in_map_values_value_and_formats() {
    let mapping = good(
        "format: accounts
from: crm
sources: {crm: {path: 1.10, csv: {nulls: [NULL, null, ~, \\N, \"\"], header: [0012, No]}}}
columns:
  a: {value: 0012}
  b: {value: 1.10}
  c: {value: No}
  d: 0x1F
  e: {column: 1e3, map: {No: Yes, 0012: 1.10, null: off, 1: 2001-01-01}, values: [No, 0012, 1.10, true], formats: [\"%Y\", 1.0]}
  f: {column: on, default: {value: 00.10}}
",
    );
    let constants: Vec<&str> = mapping.columns[..3]
        .iter()
        .map(|column| match &column.origin {
            Origin::Value(text) => text.value.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(constants, ["0012", "1.10", "No"]);
    assert!(matches!(&mapping.columns[3].origin, Origin::Field(name) if name.value == "0x1F"));
    let options = &mapping.columns[4].options;
    let pairs: Vec<(&str, &str)> =
        options.map.as_ref().unwrap().iter().map(|(from, to)| (from.value.as_str(), to.value.as_str())).collect();
    assert_eq!(pairs, [("No", "Yes"), ("0012", "1.10"), ("null", "off"), ("1", "2001-01-01")]);
    assert_eq!(words(options.values.as_ref().unwrap()), ["No", "0012", "1.10", "true"]);
    assert_eq!(words(options.formats.as_ref().unwrap()), ["%Y", "1.0"]);
    let csv = &mapping.sources[0].csv;
    assert_eq!(words(&csv.nulls), ["NULL", "null", "~", "\\N", ""]);
    assert_eq!(words(csv.header.as_ref().unwrap()), ["0012", "No"]);
}
