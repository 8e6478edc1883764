//! The JSON Schema takes every mapping that is right, refuses what the reader refuses, and knows the columns of each format.

use std::collections::BTreeMap;
use std::fs;

use jiff::civil::date;
use serde_json::{Value, json};
use tanguero::diagnostic::{Diagnostics, code};
use tanguero::format::catalog;
use tanguero::mapping::{Variables, mapping_schema, parse, parse_project, project_schema};
use tanguero::yaml;

use crate::docs::{blocks, pages, wrapped};
use crate::support::root;
use crate::validator::{json as tree, misfit};

/// The schema without what `format` asks of other keys: what the reader itself knows.
fn general() -> Value {
    let mut schema = mapping_schema();
    schema.as_object_mut().unwrap().remove("allOf");
    schema
}

fn misfit_of(schema: &Value, text: &str) -> Option<String> {
    misfit(schema, &tree(&yaml::parse(text).unwrap()))
}

#[test]
fn every_shipped_mapping_and_every_golden_case_fits() {
    let (schema, mut faults, mut seen, mut refused) = (mapping_schema(), Vec::new(), 0, 0);
    let mut files: Vec<_> = fs::read_dir(root().join("mappings")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for format in catalog() {
        for case in fs::read_dir(root().join("tests/golden").join(&format.name)).unwrap() {
            let case = case.unwrap().path();
            // What is refused as a mapping need not fit.
            if fs::read_to_string(case.join("expected/messages.txt")).unwrap_or_default().starts_with("exit 3") {
                refused += 1;
            } else if case.join("mapping.yaml").is_file() {
                files.push(case.join("mapping.yaml"));
            } else {
                files.extend(fs::read_dir(case.join("mappings")).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
    let is_mapping = |name: &str| name.ends_with(".yaml") && !name.ends_with(".test.yaml");
    for path in files.iter().filter(|path| is_mapping(&path.to_string_lossy())) {
        seen += 1;
        let fault = misfit_of(&schema, &fs::read_to_string(path).unwrap());
        faults.extend(fault.map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen > 80 && refused < 20, "{seen} mappings fit, {refused} are refused");
    let project = fs::read_to_string(root().join("tanguero.yaml")).unwrap();
    assert_eq!(misfit_of(&project_schema(), &project), None);
}

#[test]
fn every_mapping_of_the_pages_and_of_the_catalogue_fits() {
    let (whole, general, project) = (mapping_schema(), general(), project_schema());
    let mut faults = Vec::new();
    for path in pages() {
        for (line, info, text) in blocks(&fs::read_to_string(&path).unwrap()) {
            let fault = match info.as_str() {
                "yaml" => misfit_of(&whole, &text),
                "yaml fragment" => misfit_of(&general, &wrapped(&text)),
                "yaml project" => misfit_of(&project, &text),
                _ => None,
            };
            faults.extend(fault.map(|fault| format!("{}:{line}: {fault}", path.display())));
        }
    }
    for format in catalog() {
        faults.extend(misfit_of(&whole, &format.example_mapping()));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A mapping that says everything once.
fn everything() -> Value {
    json!({
        "format": "accounts", "description": "x", "collection": {"name": "Invoices", "key": "id"},
        "sources": {
            "crm": {"path": "a.csv", "kind": "csv", "compression": "gzip", "on_empty": "ok", "max_age": "36h",
                "missing_columns": "empty",
                "csv": {"delimiter": ";", "quote": "'", "escape": "!", "encoding": "utf-8", "preamble": 1,
                    "footer": {"lines": 2}, "header": ["a"], "nulls": ["NULL"], "max_field": "1MB", "max_record": 100}},
            "deals": {"query": "a.sql"},
        },
        "from": {"query": "a.sql"}, "where": "true",
        "defaults": {"text": {"quotes": "replace"}, "date": {"formats": ["iso"], "timezone": "UTC", "dst": "later"}},
        "let": {"a": "b"},
        "columns": {
            "account_id": "Id",
            "Status": {"column": "x", "type": "list", "map": {"a": "b"}, "values": ["a"], "default": {"value": "a"},
                "lookup": {"in": "crm", "match": "a", "take": "b", "missing": "empty"}, "on_error": "empty",
                "html": "text", "max_length": 5, "truncate": true, "trim": false, "separator": {"in": "|", "out": ";"},
                "case": "lower", "alphabet": "strict", "absent": "leave", "custom": true, "note": "n", "decimal": ","},
            "made": {"template": "{a}"},
        },
        "tags": {"column": "l", "by": "|", "known": ["vip"], "unknown": "ignore", "absent": "remove"},
        "pivot": {"module": "a", "action": "b", "value": "c", "aggregate": "count", "top": {"n": 5, "of": "pair"},
            "columns": ["a##b"], "fill": 0},
        "duplicates": {"policy": "newest", "by": {"column": "m", "type": "date", "formats": ["iso"]}, "fallback": "valid"},
        "hierarchy": {"missing_parent": "detach", "cycles": "fail", "max_depth": 3, "order": "parents_first",
            "known_accounts": ["a", "b.c"]},
        "references": {"account_id": {"in": "accounts", "missing": "warn"}},
        "limits": {"rejects": "0.5%"},
        "output": {"file": "a.csv", "headers": "display", "line_ending": "lf", "split": {"size": "1MB", "rows": 5},
            "rejects": {"record": "key", "redact": ["a"]}},
    })
}

/// Every place in a tree, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    if let Value::Object(entries) = value {
        for (name, value) in entries {
            places(value, &format!("{at}/{}", name.replace('/', "~1")), found);
        }
    }
}

fn variables() -> Variables {
    let values = BTreeMap::from([("region".to_owned(), "emea".to_owned())]);
    Variables::new(values, BTreeMap::new(), date(2026, 11, 20), None)
}

/// What the reader says of a tree: JSON is YAML.
fn read(value: &Value) -> Diagnostics {
    parse("mapping.yaml", &value.to_string(), &variables()).1
}

/// Compares the verdicts on `changed`: the schema never refuses what the reader takes, and refuses every wrong shape.
fn compared(schema: &Value, changed: &Value, what: &str, faults: &mut Vec<String>) {
    let (misfit, found) = (misfit(schema, changed), read(changed));
    // Formats are looked up by the room above the reader.
    if let (Some(why), false) =
        (&misfit, found.has_errors() || !changed["format"].is_object() && changed["format"] != "accounts")
    {
        faults.push(format!("{what}: the reader takes it, the schema says {why}"));
    }
    let shape = [&code::UNKNOWN_KEY, &code::WRONG_SHAPE, &code::MISSING_KEY, &code::ORIGIN];
    let wrong = found.iter().find(|one| shape.iter().any(|code| code.id == one.code.id));
    if let (None, Some(one)) = (misfit, wrong) {
        faults.push(format!("{what}: the schema takes it, the reader says {}", one.message));
    }
}

#[test]
fn schema_and_reader_agree_about_every_key_and_shape() {
    let (schema, whole) = (general(), everything());
    assert_eq!(misfit(&schema, &whole), None);
    assert!(!read(&whole).has_errors(), "{:?}", read(&whole));
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    assert!(all.len() > 110, "{} places", all.len());
    let samples = [
        json!("words"),
        json!("${region}"),
        json!("0"),
        json!(12),
        json!(-3),
        json!(1.5),
        json!(true),
        json!(null),
        json!([]),
        json!(["a", 1]),
        json!([["a"]]),
        json!({}),
        json!({"colour": "red"}),
        json!({"value": "a"}),
        json!("12 kg"),
    ];
    let mut faults = Vec::new();
    for place in &all {
        // A key that nobody knows.
        let mut changed = whole.clone();
        if let Some(entries) = changed.pointer_mut(place).and_then(Value::as_object_mut) {
            entries.insert("colour".to_owned(), json!("red"));
            compared(&schema, &changed, &format!("{place} with a key `colour`"), &mut faults);
        }
        let Some((parent, key)) = place.rsplit_once('/') else { continue };
        // A key that is missing.
        let mut changed = whole.clone();
        changed.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        compared(&schema, &changed, &format!("without {place}"), &mut faults);
        // Another shape.
        for sample in &samples {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = sample.clone();
            compared(&schema, &changed, &format!("{place} = {sample}"), &mut faults);
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_project_s_schema_refuses_what_its_reader_refuses() {
    let schema = project_schema();
    for (text, right) in [
        ("sources: {crm: {path: a.csv}}\npublish: together\nattributes: [a]\n", true),
        ("environments: {prod: {variables: {REGION: eu}, output: {directory: out}}}\n", true),
        ("sources: {crm: {paht: a.csv}}\n", false),
        ("publish: some\n", false),
        ("environments: {prod: {outputs: {}}}\n", false),
        ("variables: {a-b: c}\n", false),
        ("schedule: {nightly: {every: daily, at: \"02:30\", mappings: [a], timezone: UTC}}\n", true),
        ("schedule: {other: {cron: 0 2 * * *, as_of: yesterday}}\n", true),
        ("schedule: {nightly: {every: daily, cron: 0 2 * * *}}\n", false),
        ("schedule: {nightly: {at: \"02:30\"}}\n", false),
        ("schedule: {nightly: {every: fortnightly}}\n", false),
        ("notify: {}\n", false),
    ] {
        assert_eq!(misfit_of(&schema, text).is_none(), right, "{text}");
        assert_eq!(!parse_project("tanguero.yaml", text, &variables()).1.has_errors(), right, "{text}");
    }
}

#[test]
fn an_editor_knows_the_columns_of_each_format() {
    let schema = mapping_schema();
    let of = |format: &str, columns: &str| misfit_of(&schema, &format!("format: {format}\nfrom: crm\n{columns}\n"));
    assert_eq!(of("accounts", "columns: {account_id: Id, anything: X, tag##vip: Y}"), None);
    assert!(of("accounts", "columns: {account_name: Name}").unwrap().contains("account_id"));
    assert!(of("tasks", "columns: {account_id: Id, colour: X}").is_some());
    assert!(of("accounts", "columns: {account_id: Id}\npivot: {module: a, action: b}").unwrap().starts_with("/pivot"));
    assert!(
        of("usage_aggregations", "columns: {account_id: Id, Reports##View: X}\npivot: {module: a, action: b}")
            .is_none()
    );
    assert!(of("collections", "columns: {account_id: Id}").unwrap().contains("collection"));
    assert!(of("acounts", "columns: {account_id: Id}").is_some());
    // Names are completed from `properties`, and each says what it is.
    for (format, rule) in catalog().zip(schema["allOf"].as_array().unwrap()) {
        assert_eq!(rule["if"]["properties"]["format"]["const"], format.name.as_str());
        for column in &format.columns {
            let known = &rule["then"]["properties"]["columns"]["properties"][&column.name];
            assert!(known["description"].as_str().unwrap().contains(&column.about), "{}", column.name);
        }
    }
}

#[test]
fn the_command_prints_both_schemas() {
    let place = crate::author::project();
    let printed =
        |arguments: &[&str]| -> Value { serde_json::from_str(&place.go(arguments).ends_with(0).out).unwrap() };
    assert_eq!(printed(&["schema"]), mapping_schema());
    assert_eq!(printed(&["schema", "--project"]), project_schema());
}
