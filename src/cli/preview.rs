//! `tanguero preview`: records as blocks that a person can read in 100 columns, or as JSON lines.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::given::{Given, Means};
use crate::cli::record::{self, Page};
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Say};
use crate::pipeline::{CellFault, Preview, PreviewFate, PreviewRecord, PreviewRequest, Stop, preview as look};

/// Arguments of `preview`.
#[derive(Debug, Args)]
pub(super) struct PreviewArguments {
    /// The mapping: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: PathBuf,
    /// So many records, read from the beginning and no further.
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20)]
    pub number: usize,
    /// Only this target column; may be given several times.
    #[arg(long = "column", value_name = "NAME")]
    pub columns: Vec<String>,
    /// Follow the records of one key through every step; the parts of a composite key joined by `|`. Reads everything.
    #[arg(long, value_name = "KEY", conflicts_with = "number")]
    pub key: Option<String>,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
}

/// Shows records; exit 1 if a followed key was never seen.
pub(super) fn preview(arguments: &PreviewArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    listen(&stop);
    let outcome = look(&request, &stop);
    if !say.quiet {
        say.diagnostics(&outcome.warnings, &outcome.texts);
    }
    say.diagnostics(&outcome.problems, &outcome.texts);
    let Some(preview) = &outcome.preview else { return ExitCode::from(outcome.exit.code()) };
    match say.format {
        MessageFormat::Json => json_lines(preview, say),
        MessageFormat::Text | MessageFormat::Github => say.data(&Page::new(say.colour_of_data).of(preview)),
    }
    if !say.quiet && say.format != MessageFormat::Json {
        record::notes(preview).iter().for_each(|note| say.line(note));
    }
    let unseen = preview.following.as_ref().is_some_and(|following| !following.seen);
    ExitCode::from(u8::from(unseen))
}

fn request(arguments: &PreviewArguments) -> Result<PreviewRequest, String> {
    Ok(PreviewRequest {
        mapping: arguments.mapping.clone(),
        count: arguments.number,
        columns: arguments.columns.clone(),
        key: arguments.key.clone(),
        given: arguments.means.bound(arguments.given.situation()?)?,
    })
}

fn json_lines(preview: &Preview, say: &Say) {
    for record in &preview.records {
        say.data(&format!("{}\n", as_json(record)));
    }
    if let Some(following) = &preview.following {
        let told: Vec<&str> = following.told.lines().collect();
        say.data(&format!(
            "{}\n",
            json!({"type": "followed", "key": following.key, "seen": following.seen, "told": told})
        ));
    }
}

fn as_json(record: &PreviewRecord) -> Value {
    let fate = match record.fate {
        PreviewFate::Good => "good",
        PreviewFate::Rejected => "rejected",
        PreviewFate::Filtered => "filtered",
        PreviewFate::Unreadable => "unreadable",
    };
    let fault = |fault: &CellFault| json!({"code": fault.code.id, "severity": if fault.is_warning { "warning" } else { "error" }, "message": fault.message});
    let cells = record.cells.iter().map(|cell| {
        let mut object = Map::new();
        object.insert("column".to_owned(), json!(cell.column));
        object.insert("source".to_owned(), json!(cell.source));
        object.insert("read".to_owned(), json!(cell.read));
        object.insert("written".to_owned(), json!(cell.written));
        if let Some(found) = &cell.fault {
            object.insert("fault".to_owned(), fault(found));
        }
        if !cell.steps.is_empty() {
            let steps: Vec<Value> =
                cell.steps.iter().map(|step| json!({"step": step.what, "value": step.value})).collect();
            object.insert("steps".to_owned(), json!(steps));
        }
        Value::Object(object)
    });
    let mut line = json!({"type": "record", "file": record.file, "line": record.line, "fate": fate, "columns": cells.collect::<Vec<_>>()});
    if !record.faults.is_empty() {
        line["faults"] = record.faults.iter().map(fault).collect();
    }
    if !record.fields.is_empty() {
        let fields: Map<String, Value> =
            record.fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        line["record"] = Value::Object(fields);
    }
    line
}
