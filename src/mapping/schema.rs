//! The JSON Schema (2020-12) of the mapping file and of the project file, made from the tables the reader itself uses and from
//! the catalogue: an editor knows the keys, their words, and the columns of each format.

use serde_json::{Map, Value, json};

use super::read::{Section, Takes};
use super::tree::CellType;
use super::{columns, file, project};
use crate::format::{FormatSpec, Need, catalog, described, names};

/// What is filled in later may become anything.
const VARIABLE: &str = r"\$\{";

/// The schema of a mapping file.
pub fn mapping_schema() -> Value {
    let mut schema = whole("tanguero mapping", &file::MAPPING);
    let per_format: Vec<Value> = catalog().map(of_format).collect();
    schema["allOf"] = Value::Array(per_format);
    schema["$defs"]["column"] = text_or(&columns::COLUMN);
    schema
}

/// The schema of `tanguero.yaml`.
pub fn project_schema() -> Value {
    whole("tanguero project", &project::PROJECT)
}

fn whole(title: &str, section: &'static Section) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(title));
    if let Value::Object(object) = of_section(section) {
        schema.extend(object);
    }
    schema.insert("$defs".to_owned(), json!({ "options": of_section(&columns::BY_TYPE) }));
    Value::Object(schema)
}

/// What `format: <name>` asks of the other keys.
fn of_format(format: &FormatSpec) -> Value {
    let mut known = Map::new();
    for row in described(format).into_iter().filter(|row| !row.is_rule) {
        let description = format!("{}, {}. {} Empty cell: {}.", row.kind, row.need, row.rule, row.empty);
        known.insert(row.name, json!({ "$ref": "#/$defs/column", "description": description }));
    }
    let mandatory = format.columns.iter().filter(|column| column.need == Need::Mandatory && !column.always);
    let mandatory: Vec<&str> = mandatory.map(|column| column.name.as_str()).collect();
    let mut columns = json!({ "properties": known, "required": mandatory });
    if !format.custom.allowed {
        let families = [("^tag##", format.tags), ("##", format.pivot.is_some())];
        let families: Map<String, Value> = (families.into_iter().filter(|(_, has)| *has))
            .map(|(pattern, _)| (pattern.to_owned(), json!({ "$ref": "#/$defs/column" })))
            .collect();
        columns["patternProperties"] = Value::Object(families);
        columns["additionalProperties"] = json!(false);
    }
    let mut properties = Map::new();
    properties.insert("columns".to_owned(), columns);
    let blocks = [
        ("tags", format.tags),
        ("pivot", format.pivot.is_some()),
        ("hierarchy", format.hierarchy),
        ("collection", format.own_key.is_some()),
    ];
    for (block, _) in blocks.iter().filter(|(_, has)| !has) {
        properties.insert((*block).to_owned(), json!(false));
    }
    let mut then = json!({ "properties": properties });
    if format.own_key.is_some() {
        then["required"] = json!(["collection"]);
    }
    json!({ "if": { "properties": { "format": { "const": format.name } }, "required": ["format"] }, "then": then })
}

fn of_section(section: &'static Section) -> Value {
    let mut properties = Map::new();
    for (name, takes) in section.keys() {
        properties.insert((*name).to_owned(), value(*takes));
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !section.required.is_empty() {
        schema["required"] = json!(section.required);
    }
    if !section.one_of.is_empty() {
        schema["oneOf"] = section.one_of.iter().map(|key| json!({ "required": [key] })).collect();
    }
    schema
}

fn value(takes: Takes) -> Value {
    match takes {
        Takes::Text => scalar(),
        Takes::Shape(pattern) => json!({ "type": "string", "pattern": format!("{pattern}|{VARIABLE}") }),
        Takes::Texts => json!({ "type": "array", "items": scalar() }),
        Takes::Spellings => {
            json!({ "type": "array", "items": { "type": ["string", "number", "boolean", "null"] } })
        }
        Takes::OneOrMore => json!({ "anyOf": [scalar(), { "type": "array", "items": scalar() }] }),
        Takes::Flag => words(vec!["true", "false"]),
        Takes::Number(least) => number(least, &format!("^[0-9]+$|{VARIABLE}")),
        Takes::Size => number(1, &format!("^[0-9]+(\\.[0-9]+)? *(GB|MB|kB|KB|B)?$|{VARIABLE}")),
        Takes::Age => json!({ "type": "string", "pattern": format!("^[0-9]+(\\.[0-9]+)? *[smhdw]$|{VARIABLE}") }),
        Takes::Amount => number(0, &format!("^[0-9]+$|^[0-9]+(\\.[0-9]*)? *%$|{VARIABLE}")),
        Takes::Words(list) => words(list()),
        Takes::Section(section) => of_section(section),
        Takes::WordList(list) => json!({ "type": "array", "items": words(list()) }),
        Takes::SectionOrMore(section) => {
            let one = of_section(section);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Takes::WordsOr(list, section) => json!({ "anyOf": [words(list()), of_section(section)] }),
        Takes::TextOr(section) => text_or(section),
        Takes::Names(each) => json!({ "type": "object", "additionalProperties": value(*each) }),
        Takes::SqlNames(each) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": value(*each),
        }),
        Takes::Types => {
            let types = CellType::ALL.map(|kind| (kind.name().to_owned(), json!({ "$ref": "#/$defs/options" })));
            json!({ "type": "object", "properties": Map::from_iter(types), "additionalProperties": false })
        }
        Takes::Format => words(names().collect()),
        Takes::Columns => {
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/column" } })
        }
        Takes::Any => json!(true),
    }
}

/// Whatever YAML takes it for, it is text to a mapping.
fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn text_or(section: &'static Section) -> Value {
    json!({ "anyOf": [scalar(), of_section(section)] })
}

/// One of `list`; those that YAML reads as numbers or truths as these too.
fn words(list: Vec<&str>) -> Value {
    let mut all: Vec<Value> = list.iter().map(|word| json!(word)).collect();
    all.extend(list.iter().filter_map(|word| serde_json::from_str(word).ok()).filter(|word: &Value| !word.is_string()));
    json!({ "anyOf": [{ "enum": all }, { "type": "string", "pattern": VARIABLE }] })
}

fn number(least: u64, pattern: &str) -> Value {
    json!({ "anyOf": [{ "type": "integer", "minimum": least }, { "type": "string", "pattern": pattern }] })
}
