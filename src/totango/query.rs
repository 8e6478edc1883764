//! A query as Totango's "Generate API endpoint" gives it: what is kept of it, and the columns it makes.

use serde_json::{Map, Value, json};

use crate::diagnostic::excerpt;
use crate::mapping::{TotangoPart, TotangoSearch, TotangoSplit};
use crate::totango::PAGE;

/// Keys of a field that name what it is, in the order in which they make a column's name.
const NAMES: &[&str] = &["field_display_name", "attribute", "term", "metric", "account_role", "type"];

/// What is wrong with a query, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The fact.
    pub message: String,
    /// The cure.
    pub help: String,
    /// Where the text is not JSON: a byte of it.
    pub offset: Option<usize>,
}

impl Wrong {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), offset: None }
    }
}

/// A query that can be asked.
#[derive(Debug, Clone)]
pub struct Query {
    search: TotangoSearch,
    body: Map<String, Value>,
    columns: Vec<String>,
    /// Fields of the records themselves, and of the accounts above users.
    fields: (usize, usize),
}

impl Query {
    /// Reads the JSON of a query for `search`.
    ///
    /// # Errors
    /// It is no JSON object, or lacks `terms` or `fields`.
    pub fn parse(search: TotangoSearch, text: &str) -> Result<Self, Wrong> {
        const HELP: &str =
            "paste it as \"Generate API endpoint\" of a segment gives it: {\"terms\": [..], \"fields\": [..], ..}";
        let json = bare(text);
        let mut value: Value = serde_json::from_str(json).map_err(|error| Wrong {
            offset: Some(offset(text, json, &error)),
            ..Wrong::new(format!("the query is not JSON: {error}"), HELP)
        })?;
        // Some tools keep it inside an object of their own.
        if let Some(inner) = value.get_mut("query").filter(|inner| inner.is_object()) {
            value = inner.take();
        }
        let Value::Object(mut body) = value else { return Err(Wrong::new("the query is no JSON object", HELP)) };
        for key in ["terms", "fields"] {
            if !body.get(key).is_some_and(Value::is_array) {
                let help = format!("Totango wants both lists, `terms` and `fields`; an empty one is `\"{key}\": []`");
                return Err(Wrong::new(format!("the query has no list `{key}`"), help));
            }
        }
        body.remove("count");
        body.remove("offset");
        // Pages of an order that changes from call to call would miss records.
        if !body.contains_key("sort_by") {
            body.insert("sort_by".to_owned(), json!("display_name"));
            body.insert("sort_order".to_owned(), json!("ASC"));
        }
        let list = |key: &str| body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let (fields, parents) = (list("fields"), list("parent_account_fields"));
        let own: &[&str] = match search {
            TotangoSearch::Accounts => &["account_id", "account_name"],
            TotangoSearch::Users => &["user_id", "user_name"],
        };
        let mut columns: Vec<String> = Vec::new();
        for name in own.iter().copied().map(str::to_owned).chain(fields.iter().chain(&parents).map(name)) {
            let twin = columns.iter().filter(|known| *known == &name || known.starts_with(&format!("{name}#"))).count();
            columns.push(if twin == 0 { name } else { format!("{name}#{}", twin + 1) });
        }
        Ok(Self { search, body, columns, fields: (fields.len(), parents.len()) })
    }

    /// What is searched for.
    pub fn search(&self) -> TotangoSearch {
        self.search
    }

    /// Names of the columns it gives: the id, the name, then each field by what it is called in Totango; a name that occurs
    /// twice is `Name#2` the second time.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Fields of the records, and of the accounts above them.
    pub(super) fn fields(&self) -> (usize, usize) {
        self.fields
    }

    /// The form to be sent for the page from `offset` of the records that pass `filter` too.
    pub(super) fn form(&self, filter: Option<&Value>, offset: u64) -> Vec<u8> {
        let mut body = self.body.clone();
        if let (Some(filter), Some(Value::Array(terms))) = (filter, body.get_mut("terms")) {
            terms.push(filter.clone());
        }
        body.insert("count".to_owned(), json!(PAGE));
        body.insert("offset".to_owned(), json!(offset));
        let mut form = b"query=".to_vec();
        for byte in Value::Object(body).to_string().bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => form.push(byte),
                _ => form.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
        form
    }
}

/// The JSON of what is pasted: some copy the whole `query={…}`, quotes included.
fn bare(text: &str) -> &str {
    let text = text.trim();
    match (text.find('{'), text.rfind('}')) {
        (Some(first), Some(last)) if text[..first].trim_start_matches(['\'', '"']).trim() == "query=" => {
            &text[first..=last]
        }
        _ => text,
    }
}

/// The byte of `text` at which `json`, a part of it, cannot be read.
fn offset(text: &str, json: &str, error: &serde_json::Error) -> usize {
    let before = json.as_ptr() as usize - text.as_ptr() as usize;
    let lines: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (before + lines + error.column().saturating_sub(1)).min(text.len())
}

/// What a field is called.
fn name(field: &Value) -> String {
    let named = NAMES.iter().find_map(|key| field.get(*key).and_then(Value::as_str).map(str::trim));
    named.filter(|name| !name.is_empty()).unwrap_or("field").to_owned()
}

/// How the records are divided.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// A search for each filter.
    Filters(Vec<Value>),
    /// Numbers of an attribute, from the least to the greatest, halved as long as there are too many records.
    Range {
        /// The filter without its bounds.
        filter: Map<String, Value>,
        /// The least.
        from: u64,
        /// The greatest.
        to: u64,
    },
}

impl Split {
    /// What the mapping says, as filters of Totango.
    ///
    /// # Errors
    /// A filter that is no JSON object, no value at all.
    pub fn new(split: &TotangoSplit) -> Result<Self, Wrong> {
        let none = || Wrong::new("`split` divides nothing", "give the values, or the filters, that divide the records");
        match split {
            TotangoSplit::Values { values, .. } if values.is_empty() => Err(none()),
            TotangoSplit::Filters(filters) if filters.is_empty() => Err(none()),
            TotangoSplit::Values { part, values } => {
                let one = |value: &String| {
                    let mut filter = filter(part);
                    filter.insert("in_list".to_owned(), json!([value]));
                    Value::Object(filter)
                };
                Ok(Self::Filters(values.iter().map(|value| one(&value.value)).collect()))
            }
            TotangoSplit::Range { part, from, to } => Ok(Self::Range { filter: filter(part), from: *from, to: *to }),
            TotangoSplit::Filters(filters) => {
                let one = |text: &String| match serde_json::from_str(text) {
                    Ok(filter @ Value::Object(_)) => Ok(filter),
                    _ => Err(Wrong::new(
                        format!("`{}` is no filter", excerpt(text)),
                        "a JSON object as it stands in the `terms` of a generated query",
                    )),
                };
                Ok(Self::Filters(filters.iter().map(|text| one(&text.value)).collect::<Result<_, _>>()?))
            }
        }
    }
}

fn filter(part: &TotangoPart) -> Map<String, Value> {
    let mut filter = Map::new();
    filter.insert("type".to_owned(), json!(part.kind.value));
    filter.insert(part.key.to_owned(), json!(part.name.value));
    filter
}

/// `filter` with bounds, both included.
pub(super) fn between(filter: &Map<String, Value>, from: u64, to: u64) -> Value {
    let mut filter = filter.clone();
    filter.insert("gte".to_owned(), json!(from));
    filter.insert("lte".to_owned(), json!(to));
    Value::Object(filter)
}
