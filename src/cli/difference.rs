//! What two tables differ in, as text, as JSON, as annotations.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::summary::thousands;
use crate::compare::{AttributeDifference, TableDifference};
use crate::diagnostic::{escape, excerpt, find_code};
use crate::pipeline::Compared;

/// For people.
pub(super) fn text(difference: &Compared) -> String {
    let table = &difference.table;
    let mut text = String::new();
    let short = if difference.same_input { difference.before.get(..12) } else { None };
    let short = short.unwrap_or(&difference.before);
    if difference.is_new {
        let _ = writeln!(text, "{}: not in {short}, all of it is new", escape(&difference.name));
    } else {
        let input = if difference.same_input { ", on the same input" } else { "" };
        let (name, now) = (escape(&difference.name), escape(&difference.now));
        let _ = writeln!(text, "{name}: {now}, against {}{input}", escape(short));
    }
    if table.is_none() && difference.rejects.is_empty() {
        let _ = writeln!(text, "{}", same(table));
        repeated(&mut text, table);
        return text;
    }
    let (before, now) = table.rows;
    let _ = writeln!(
        text,
        "rows      {} before, {} now: {} changed, {} added, {} removed",
        thousands(before),
        thousands(now),
        thousands(table.changed),
        thousands(table.added.0),
        thousands(table.removed.0)
    );
    for (word, rows) in [("added", &table.added), ("removed", &table.removed)] {
        if !difference.is_new {
            named(&mut text, word, rows);
        }
    }
    repeated(&mut text, table);
    for (word, names) in [("added", &table.header_added), ("removed", &table.header_removed)] {
        if !names.is_empty() && !difference.is_new {
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", escape(name))).collect();
            let _ = writeln!(text, "header    {word}: {}", names.join(", "));
        }
    }
    if table.header_moved {
        let _ = writeln!(text, "header    columns stand in another order");
    }
    for attribute in &table.attributes {
        let _ = writeln!(text, "attribute `{}`: {}", escape(&attribute.column), counts(attribute));
        if let Some(first) = attribute.samples.first() {
            let _ = writeln!(text, "  {}: {} → {}", excerpt(&first.key), value(&first.before), value(&first.now));
        }
    }
    for (code, column, before, now) in &difference.rejects {
        let place = if column == "record" { String::new() } else { format!(" `{}`", escape(column)) };
        let title = find_code(code).map_or("", |code| code.title);
        let _ =
            writeln!(text, "rejects   {code}{place}: {} before, {} now: {title}", thousands(*before), thousands(*now));
    }
    text
}

/// That there is no difference, and in which sense.
fn same(table: &TableDifference) -> String {
    let rows = thousands(table.same);
    if table.identical {
        format!("identical, byte for byte: {rows} rows")
    } else {
        format!("the same: {rows} rows (the bytes differ: order of rows, quotes or line ends)")
    }
}

fn repeated(text: &mut String, table: &TableDifference) {
    for (what, (before, now)) in [
        ("rows whose key stands again further down, which counts", table.repeated),
        ("records that cannot be read and are not compared", table.unreadable),
    ] {
        if before + now > 0 {
            let _ = writeln!(text, "left out  {} before, {} now: {what}", thousands(before), thousands(now));
        }
    }
}

/// The first keys of some rows.
pub(super) fn named(text: &mut String, word: &str, (count, keys): &(u64, Vec<String>)) {
    if keys.is_empty() {
        return;
    }
    let more = count.saturating_sub(keys.len() as u64);
    let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
    let keys: Vec<String> = keys.iter().map(|key| excerpt(key)).collect();
    let _ = writeln!(text, "  {word}: {}{more}", keys.join(", "));
}

/// How many cells of an attribute differ, and how.
pub(super) fn counts(attribute: &AttributeDifference) -> String {
    let all = [("changed", attribute.changed), ("now emptied", attribute.emptied), ("now filled", attribute.filled)];
    let some: Vec<String> = all
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {word}", thousands(*count)))
        .collect();
    some.join(", ")
}

/// A cell's content.
pub(super) fn value(text: &str) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { format!("`{}`", excerpt(text)) }
}

/// One line of JSON.
pub(super) fn as_json(difference: &Compared) -> String {
    let rejects: Vec<_> = difference
        .rejects
        .iter()
        .map(|(code, column, before, now)| json!({"code": code, "column": column, "before": before, "now": now}))
        .collect();
    let mut line = table_json(&difference.table);
    let more = json!({
        "type": "difference", "mapping": difference.name, "file": difference.file, "base": difference.before,
        "new": difference.is_new, "key": difference.key, "rejects": rejects,
    });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    format!("{line}\n")
}

/// What two tables differ in.
pub(super) fn table_json(table: &TableDifference) -> Value {
    let attributes: Vec<_> = table
        .attributes
        .iter()
        .map(|one| {
            let sample = |sample: &crate::compare::Sample| json!({"key": sample.key, "before": sample.before, "now": sample.now});
            let samples: Vec<_> = one.samples.iter().map(sample).collect();
            json!({"column": one.column, "changed": one.changed, "emptied": one.emptied, "filled": one.filled, "samples": samples})
        })
        .collect();
    json!({
        "identical": table.identical, "same": table.is_none(),
        "rows": {"before": table.rows.0, "now": table.rows.1, "same": table.same, "changed": table.changed,
                 "added": table.added.0, "removed": table.removed.0},
        "repeated": {"before": table.repeated.0, "now": table.repeated.1},
        "unreadable": {"before": table.unreadable.0, "now": table.unreadable.1},
        "added": table.added.1, "removed": table.removed.1,
        "header": {"added": table.header_added, "removed": table.header_removed, "moved": table.header_moved},
        "attributes": attributes,
    })
}

/// One annotation per fact: a warning where data is lost, else a notice.
pub(super) fn annotations(difference: &Compared) -> String {
    let table = &difference.table;
    let mut facts: Vec<(bool, String)> = Vec::new();
    if !table.header_added.is_empty() {
        facts.push((false, format!("header added: {}", table.header_added.join(", "))));
    }
    if !table.header_removed.is_empty() {
        facts.push((true, format!("header removed: {}", table.header_removed.join(", "))));
    }
    for one in &table.attributes {
        facts.push((one.emptied > 0, format!("attribute {}: {}", one.column, counts(one))));
    }
    for (word, (count, keys), lost) in [("added", &table.added, false), ("removed", &table.removed, true)] {
        if *count > 0 {
            facts.push((lost, format!("{} rows {word}, e.g. {}", thousands(*count), keys.join(", "))));
        }
    }
    for (code, column, before, now) in &difference.rejects {
        facts.push((now > before, format!("rejects {code} {column}: {before} before, {now} now")));
    }
    let mut text = String::new();
    for (lost, fact) in facts {
        let level = if lost { "warning" } else { "notice" };
        let fact = escape(&fact).replace('%', "%25");
        let _ = writeln!(text, "::{level} file={},title=tanguero diff::{}: {fact}", difference.file, difference.name);
    }
    text
}
