//! The search: which records a query means, and how they are told.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::server::Told;
use super::{Call, Known};

/// As many records can be reached.
const REACHED: usize = 10_000;

pub(super) fn search(all: &[Known], kind: &str, call: &Call) -> Told {
    let wrong = |status: u16, text: &str| (status, Vec::new(), json!({ "error": text }).to_string());
    let form = call
        .headers
        .iter()
        .any(|(name, value)| name == "content-type" && value.starts_with("application/x-www-form-urlencoded"));
    let field = call.body.split('&').find_map(|pair| pair.strip_prefix("query="));
    let Some(query) = field.filter(|_| form).map(unescaped) else { return wrong(400, "no form with a query") };
    let Ok(query) = serde_json::from_str::<Value>(&query) else { return wrong(400, "the query is not JSON") };
    let Some(terms) = query["terms"].as_array() else { return wrong(401, "no terms") };
    let Some(fields) = query["fields"].as_array() else { return wrong(400, "no fields") };
    let count = query["count"].as_u64().unwrap_or(1000).min(1000) as usize;
    let offset = query["offset"].as_u64().unwrap_or(0) as usize;

    let mut found: Vec<&Known> = all.iter().filter(|known| terms.iter().all(|term| fits(known, term))).collect();
    if query["sort_by"] == "display_name" {
        match query["sort_order"].as_str() {
            Some("DESC") => found.sort_by_key(|known| Reverse(&known.name)),
            _ => found.sort_by_key(|known| &known.name),
        }
    }
    let reached = &found[..found.len().min(REACHED)];
    let page = reached.iter().skip(offset).take(count);
    let hits: Vec<Value> = page
        .map(|known| {
            let mut hit = json!({
                "name": known.id,
                "display_name": known.name,
                "selected_fields": fields.iter().map(|field| value(known, field)).collect::<Vec<Value>>(),
            });
            if let Some(parents) = query["parent_account_fields"].as_array() {
                hit["parent_account_selected_fields"] = parents.iter().map(|_| json!(known.account)).collect();
            }
            hit
        })
        .collect();
    let told =
        json!({ "status": "success", "response": { kind: { "total_hits": found.len(), "hits": hits, "stats": {} } } });
    (200, Vec::new(), told.to_string())
}

fn name(part: &Value) -> &str {
    ["attribute", "term", "metric", "account_role"].iter().find_map(|key| part[*key].as_str()).unwrap_or_default()
}

fn value(known: &Known, part: &Value) -> Value {
    match name(part) {
        "identifier" => json!(known.id),
        "search_name" => json!(known.name),
        name => known.values.get(name).cloned().unwrap_or(Value::Null),
    }
}

/// Whether a record passes a filter; one that is not known lets nothing pass.
fn fits(known: &Known, term: &Value) -> bool {
    if let Some(any) = term["or"].as_array() {
        return any.iter().any(|term| fits(known, term));
    }
    let value = value(known, term);
    let holds = |wanted: &Value| value == *wanted || value.as_array().is_some_and(|all| all.contains(wanted));
    if let Some(list) = term["in_list"].as_array() {
        return list.iter().any(holds);
    }
    if !term["eq"].is_null() {
        return holds(&term["eq"]);
    }
    if term["gte"].is_null() && term["lte"].is_null() {
        return false;
    }
    let Some(number) = value.as_f64() else { return false };
    term["gte"].as_f64().is_none_or(|least| number >= least) && term["lte"].as_f64().is_none_or(|most| number <= most)
}

/// What a form's field says.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
