//! What mappings say, and what is said about faulty ones.

mod fault_column;
mod fault_key;
mod fault_row;
mod fault_source;
mod kept;
mod project;
mod property;
mod schedule;
mod service;
mod sink;
mod stores;
mod test_file;
mod totango;
mod unusual;
mod variable;

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{Mapping, Variables, parse};
use crate::diagnostic::{Diagnostics, Renderer, Style, Texts};

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Variables of a run on 2 March 2024 in the environment `prod`.
fn variables() -> Variables {
    let values = [("REGION", "O'Brien"), ("STAR", "a*[b]"), ("UP", "../x"), ("EMPTY", ""), ("BRACE", "{x}")];
    Variables::new(owned(&values), owned(&[("HOME_FOLDER", "/data")]), date(2024, 3, 2), Some("prod".to_owned()))
}

fn read(text: &str) -> (Option<Mapping>, Diagnostics) {
    parse("mappings/m.yaml", text, &variables())
}

/// The mapping of a text without mistakes.
fn good(text: &str) -> Mapping {
    let (mapping, found) = read(text);
    assert!(found.is_empty(), "{}", show(text, &found));
    mapping.unwrap()
}

/// The drawings of all that is wrong with `text`.
fn drawn(text: &str) -> String {
    show(text, &read(text).1)
}

/// The drawings for lines that follow a sound head.
fn with_head(lines: &str) -> String {
    drawn(&format!("format: accounts\nfrom: crm\ncolumns: {{account_id: Id}}\n{lines}"))
}

/// The drawings for the lines of `columns`.
fn columns(lines: &str) -> String {
    drawn(&format!("format: accounts\nfrom: crm\ncolumns:\n{lines}"))
}

fn show(text: &str, found: &Diagnostics) -> String {
    let mut texts = Texts::new();
    texts.insert("mappings/m.yaml", text);
    Renderer::new(Style::Plain, &texts).render(found.iter())
}
