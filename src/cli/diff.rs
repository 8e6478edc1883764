//! `tanguero diff`: what a changed mapping changes, for the person who reads the pull request.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::given::{Given, Means, current_folder};
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Say};
use crate::cli::summary::thousands;
use crate::diagnostic::{Diagnostic, Texts, code, escape, excerpt, find_code};
use crate::pipeline::{AttributeDifference, DiffRequest, Exit, MappingDifference, Stop, diff as compare};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The mapping: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: PathBuf,
    /// The revision of the repository to compare with, e.g. `main` or `HEAD~1`.
    #[arg(long, value_name = "REVISION")]
    pub base: String,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
}

/// Compares; exit 0 whether or not anything differs.
pub(super) fn diff(arguments: &DiffArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => {
            say.diagnostics([&Diagnostic::error(&code::USAGE, message)], &Texts::new());
            return ExitCode::from(Exit::Usage.code());
        }
    };
    let stop = Stop::default();
    listen(&stop);
    let outcome = compare(&request, &stop);
    say.diagnostics(&outcome.problems, &outcome.texts);
    if let Some(difference) = &outcome.difference {
        say.data(&match say.format {
            MessageFormat::Text => text(difference),
            MessageFormat::Json => as_json(difference),
            MessageFormat::Github => annotations(difference),
        });
    }
    ExitCode::from(outcome.exit.code())
}

fn request(arguments: &DiffArguments) -> Result<DiffRequest, String> {
    Ok(DiffRequest {
        mapping: arguments.mapping.clone(),
        base: arguments.base.clone(),
        current: current_folder()?,
        as_of: arguments.given.as_of()?,
        started: Timestamp::now(),
        environment: arguments.given.env.clone(),
        variables: arguments.given.variables()?,
        memory: arguments.means.memory()?,
        threads: arguments.means.threads(),
    })
}

fn text(difference: &MappingDifference) -> String {
    let table = &difference.table;
    let mut text = String::new();
    let short = difference.revision.get(..12).unwrap_or(&difference.revision);
    if difference.is_new {
        let _ = writeln!(text, "{}: not in {short}, all of it is new", difference.mapping);
    } else {
        let _ = writeln!(text, "{}: as it stands, against {short}, on the same input", difference.mapping);
    }
    if table.is_none() && difference.rejects.is_empty() {
        let _ = writeln!(text, "the same: {} rows", thousands(table.same));
        return text;
    }
    let (before, now) = (difference.rows_before, difference.rows_now);
    let _ = writeln!(
        text,
        "rows      {} before, {} now: {} changed, {} added, {} removed",
        thousands(before.written),
        thousands(now.written),
        thousands(table.changed),
        thousands(table.added.0),
        thousands(table.removed.0)
    );
    for (word, (count, keys)) in [("added", &table.added), ("removed", &table.removed)] {
        if !keys.is_empty() && !difference.is_new {
            let more = count.saturating_sub(keys.len() as u64);
            let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
            let keys: Vec<String> = keys.iter().map(|key| excerpt(key)).collect();
            let _ = writeln!(text, "  {word}: {}{more}", keys.join(", "));
        }
    }
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
        if let Some((key, before, now)) = &attribute.first {
            let _ = writeln!(text, "  {}: {} → {}", excerpt(key), value(before), value(now));
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

fn counts(attribute: &AttributeDifference) -> String {
    let all = [("changed", attribute.changed), ("now emptied", attribute.emptied), ("now filled", attribute.filled)];
    let some: Vec<String> = all
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {word}", thousands(*count)))
        .collect();
    some.join(", ")
}

fn value(text: &str) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { format!("`{}`", excerpt(text)) }
}

fn as_json(difference: &MappingDifference) -> String {
    let table = &difference.table;
    let attributes: Vec<_> = table
        .attributes
        .iter()
        .map(|one| {
            let first = one.first.as_ref().map(|(key, before, now)| json!({"key": key, "before": before, "now": now}));
            json!({"column": one.column, "changed": one.changed, "emptied": one.emptied, "filled": one.filled, "first": first})
        })
        .collect();
    let rejects: Vec<_> = difference
        .rejects
        .iter()
        .map(|(code, column, before, now)| json!({"code": code, "column": column, "before": before, "now": now}))
        .collect();
    let line = json!({
        "mapping": difference.mapping, "file": difference.file, "base": difference.revision, "new": difference.is_new,
        "rows": {"before": difference.rows_before.written, "now": difference.rows_now.written, "same": table.same,
                 "changed": table.changed, "added": table.added.0, "removed": table.removed.0},
        "added": table.added.1, "removed": table.removed.1,
        "header": {"added": table.header_added, "removed": table.header_removed, "moved": table.header_moved},
        "attributes": attributes, "rejects": rejects,
    });
    format!("{line}\n")
}

/// One annotation per fact: a warning where data is lost, else a notice.
fn annotations(difference: &MappingDifference) -> String {
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
        let _ =
            writeln!(text, "::{level} file={},title=tanguero diff::{}: {fact}", difference.file, difference.mapping);
    }
    text
}
