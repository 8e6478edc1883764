//! What a search answers: how many records there are, and those of one page as rows of text.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::mapping::TotangoSearch;
use crate::totango::Query;

/// A row: a text or nothing for each column of the query.
pub(super) type Row = Vec<Option<String>>;

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    /// Records that the search finds, on all pages.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    accounts: Option<Found<'a>>,
    #[serde(borrow)]
    users: Option<Found<'a>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    total_hits: u64,
    #[serde(borrow)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
struct Hit<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow)]
    display_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    selected_fields: Vec<&'a RawValue>,
    #[serde(borrow, default, alias = "parent_account_fields")]
    parent_account_selected_fields: Vec<&'a RawValue>,
}

/// Reads the answer to `query`.
///
/// # Errors
/// In words: it is not what a search answers, or its records have another number of values than the query asks for.
pub(super) fn page(body: &[u8], query: &Query) -> Result<Page, String> {
    let whole: Whole<'_> = serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_data() { "another shape" } else { "no whole JSON" };
        format!("{kind}: {error}")
    })?;
    let found = match query.search() {
        TotangoSearch::Accounts => whole.response.accounts,
        TotangoSearch::Users => whole.response.users,
    };
    let found = found.ok_or_else(|| format!("no `response.{}`", query.search().name()))?;
    let rows = found.hits.iter().map(|hit| row(hit, query)).collect::<Result<_, _>>()?;
    Ok(Page { total: found.total_hits, rows })
}

fn row(hit: &Hit<'_>, query: &Query) -> Result<Row, String> {
    let (fields, parents) = query.fields();
    let values = hit.selected_fields.len() + hit.parent_account_selected_fields.len();
    if values != fields + parents {
        return Err(format!("a record with {values} values, where the query asks for {}", fields + parents));
    }
    let id = text(hit.name).ok_or("a record without an id")?;
    let name = hit.display_name.and_then(text);
    let values = hit.selected_fields.iter().chain(&hit.parent_account_selected_fields);
    Ok([Some(id), name].into_iter().chain(values.map(|value| text(value))).collect())
}

/// A value as text: numbers as they stand, lists joined by `;`, an owner by name; nothing for what is empty.
fn text(raw: &RawValue) -> Option<String> {
    let written = raw.get();
    let text = match written.as_bytes().first() {
        Some(b'"' | b'[' | b'{') => match serde_json::from_str(written) {
            Ok(Value::String(text)) => text,
            Ok(Value::Array(items)) => list(&items).unwrap_or_else(|| written.to_owned()),
            Ok(Value::Object(owner)) => match owner.get("owner_value") {
                Some(Value::Null) => String::new(),
                Some(Value::String(name)) => name.clone(),
                _ => written.to_owned(),
            },
            _ => written.to_owned(),
        },
        _ if written == "null" => String::new(),
        _ => written.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

/// Elements joined by `;`, as Totango's own files have them; none where an element is no plain value or holds one.
fn list(items: &[Value]) -> Option<String> {
    let one = |item: &Value| match item {
        Value::String(text) if !text.contains(';') => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(item.to_string()),
        _ => None,
    };
    Some(items.iter().map(one).collect::<Option<Vec<String>>>()?.join(";"))
}
