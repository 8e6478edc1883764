//! A JSON Schema validator for exactly the keywords that our schemas use: an unknown keyword ends the test.

use std::collections::BTreeMap;
use std::sync::Mutex;

use regex::Regex;
use serde_json::{Map, Value};
use tanguero::yaml::{Node, ScalarStyle, Value as Yaml};

/// A YAML tree as an editor's JSON Schema sees it: plain scalars are numbers and truths where they look like it.
pub fn json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.value.clone(), json(node))).collect())
        }
        Yaml::Scalar(scalar) if scalar.style == ScalarStyle::Plain => match scalar.text.as_str() {
            "true" | "True" | "TRUE" => true.into(),
            "false" | "False" | "FALSE" => false.into(),
            text => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => text.parse::<f64>().map_or_else(|_| text.into(), Value::from),
            },
        },
        Yaml::Scalar(scalar) => scalar.text.as_str().into(),
    }
}

/// Where `value` does not fit `schema`; none if it does.
pub fn misfit(schema: &Value, value: &Value) -> Option<String> {
    Validator { root: schema }.misfit(schema, value, "")
}

struct Validator<'s> {
    root: &'s Value,
}

impl Validator<'_> {
    fn fits(&self, schema: &Value, value: &Value) -> bool {
        self.misfit(schema, value, "").is_none()
    }

    fn misfit(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let keywords = match schema {
            Value::Bool(true) => return None,
            Value::Bool(false) => return Some(format!("{at}: nothing may stand here")),
            Value::Object(keywords) => keywords,
            other => panic!("no schema: {other}"),
        };
        keywords.iter().find_map(|(keyword, wanted)| self.keyword(keyword, wanted, keywords, value, at))
    }

    fn keyword(
        &self,
        keyword: &str,
        wanted: &Value,
        all: &Map<String, Value>,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let list = || wanted.as_array().unwrap();
        let none = |holds: bool, why: &str| (!holds).then(|| format!("{at}: {value} {why} {wanted}"));
        match keyword {
            "$schema" | "title" | "description" | "$defs" | "then" => None,
            "$ref" => {
                let target = self.root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap());
                self.misfit(target.unwrap(), value, at)
            }
            "type" => {
                let types = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                none(types.iter().any(|kind| is(kind.as_str().unwrap(), value)), "is not of type")
            }
            "const" => none(wanted == value, "is not"),
            "enum" => none(list().contains(value), "is none of"),
            "pattern" => {
                none(value.as_str().is_none_or(|text| matches(wanted.as_str().unwrap(), text)), "does not match")
            }
            "minimum" => none(value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()), "is less than"),
            "anyOf" => none(list().iter().any(|one| self.fits(one, value)), "fits none of"),
            "oneOf" => none(list().iter().filter(|one| self.fits(one, value)).count() == 1, "does not fit one of"),
            "allOf" => list().iter().find_map(|one| self.misfit(one, value, at)),
            "if" => all.get("then").filter(|_| self.fits(wanted, value)).and_then(|then| self.misfit(then, value, at)),
            "items" => value.as_array()?.iter().find_map(|item| self.misfit(wanted, item, at)),
            "required" => {
                let entries = value.as_object()?;
                none(list().iter().all(|key| entries.contains_key(key.as_str().unwrap())), "lacks one of")
            }
            "propertyNames" => {
                value.as_object()?.keys().find_map(|name| self.misfit(wanted, &name.as_str().into(), at))
            }
            "properties" => {
                wanted.as_object().unwrap().iter().find_map(|(name, schema)| {
                    self.misfit(schema, value.as_object()?.get(name)?, &format!("{at}/{name}"))
                })
            }
            "patternProperties" => value.as_object()?.iter().find_map(|(name, value)| {
                let fitting = wanted.as_object().unwrap().iter().filter(|(pattern, _)| matches(pattern, name));
                fitting.map(|(_, schema)| schema).find_map(|schema| self.misfit(schema, value, &format!("{at}/{name}")))
            }),
            "additionalProperties" => {
                let named = |name: &str| all.get("properties").is_some_and(|known| known.get(name).is_some());
                let patterns = all.get("patternProperties").and_then(Value::as_object);
                let family = |name: &str| patterns.is_some_and(|all| all.keys().any(|pattern| matches(pattern, name)));
                let mut others = value.as_object()?.iter().filter(|(name, _)| !named(name) && !family(name));
                others.find_map(|(name, value)| self.misfit(wanted, value, &format!("{at}/{name}")))
            }
            other => panic!("the validator knows no `{other}`"),
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    static COMPILED: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap();
    compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(name)
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type `{other}`"),
    }
}
