//! `tanguero diff`: what changed between two outputs, or between two versions of a mapping, for the person who decides.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::difference::{annotations, as_json, text, value};
use crate::cli::given::{Given, Means};
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Say};
use crate::compare::{Change, ChangeKind};
use crate::diagnostic::{escape, excerpt};
use crate::pipeline::{DiffRequest, DiffSides, Stop, diff as compare};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// How it was: a Totango file, an output folder, the evidence of a run, a run's id or day, or a snapshot (`state:accounts`,
    /// `state:accounts@2026-11-20`). With `--base`: the mapping.
    #[arg(value_name = "BEFORE|MAPPING")]
    pub before: PathBuf,
    /// How it is.
    #[arg(value_name = "NOW", required_unless_present = "base", conflicts_with = "base")]
    pub now: Option<PathBuf>,
    /// Compare what the mapping makes with what it made in this revision of the repository, e.g. `main` or `HEAD~1`.
    #[arg(long, value_name = "REVISION")]
    pub base: Option<String>,
    /// The Totango format of the files, whose key matches rows [default: as run.json or the header says].
    #[arg(long, value_name = "NAME", conflicts_with = "base")]
    pub format: Option<String>,
    /// Match rows by these columns; may be given several times.
    #[arg(long, value_name = "COLUMN", conflicts_with = "base")]
    pub key: Vec<String>,
    /// Every change, cell by cell, before the figures.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
}

/// Compares; exit 0 whether or not anything differs.
pub(super) fn diff(arguments: &DiffArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    listen(&stop);
    let mut changes = Changes::new(arguments.all, say.format);
    let outcome = compare(&request, &stop, &mut |table, change| changes.tell(table, change));
    changes.finish();
    if changes.broken {
        return ExitCode::SUCCESS;
    }
    say.diagnostics(&outcome.problems, &outcome.texts);
    if !say.quiet {
        outcome.notes.iter().for_each(|note| say.line(&format!("note: {note}")));
    }
    for difference in &outcome.differences {
        say.data(&match say.format {
            MessageFormat::Text => text(difference),
            MessageFormat::Json => as_json(difference),
            MessageFormat::Github => annotations(difference),
        });
    }
    ExitCode::from(outcome.exit.code())
}

fn request(arguments: &DiffArguments) -> Result<DiffRequest, String> {
    let sides = match (&arguments.base, &arguments.now) {
        (Some(revision), _) => DiffSides::Base { mapping: arguments.before.clone(), revision: revision.clone() },
        (None, now) => DiffSides::Outputs {
            before: arguments.before.clone(),
            now: now.clone().ok_or("two outputs are compared: name the second, or say `--base REVISION`")?,
            key: arguments.key.clone(),
            format: arguments.format.clone(),
        },
    };
    Ok(DiffRequest { sides, given: arguments.means.bound(arguments.given.situation()?)? })
}

/// Writes every change to stdout, if that is wanted.
pub(super) struct Changes {
    wanted: bool,
    format: MessageFormat,
    out: BufWriter<std::io::Stdout>,
    table: String,
    /// Whoever read has read enough.
    pub broken: bool,
}

impl Changes {
    pub(super) fn new(wanted: bool, format: MessageFormat) -> Self {
        let wanted = wanted && format != MessageFormat::Github;
        Self {
            wanted,
            format,
            out: BufWriter::with_capacity(1 << 16, std::io::stdout()),
            table: String::new(),
            broken: false,
        }
    }

    /// Writes one; false if nobody reads any more.
    pub(super) fn tell(&mut self, table: &str, change: &Change<'_>) -> bool {
        self.broken = self.wanted && self.write(table, change).is_err();
        !self.broken
    }

    /// To be called before anything else goes to stdout.
    pub(super) fn finish(&mut self) {
        // Nobody is left to tell if stdout is closed.
        let _ = self.out.flush();
    }

    fn write(&mut self, table: &str, change: &Change<'_>) -> std::io::Result<()> {
        if self.format == MessageFormat::Json {
            let cells =
                change.cells.iter().map(|cell| json!({"column": cell.column, "before": cell.before, "now": cell.now}));
            let cells: Vec<_> = cells.collect();
            let line = json!({"type": "change", "table": table, "change": change.kind.name(), "key": change.key, "cells": cells});
            return writeln!(self.out, "{line}");
        }
        if self.table != table {
            table.clone_into(&mut self.table);
            writeln!(self.out, "{}", escape(table))?;
        }
        match change.kind {
            ChangeKind::Added => writeln!(self.out, "  + {}", excerpt(change.key)),
            ChangeKind::Removed => writeln!(self.out, "  - {}", excerpt(change.key)),
            ChangeKind::Changed => change.cells.iter().try_for_each(|cell| {
                let (before, now) = (value(&cell.before), value(&cell.now));
                writeln!(self.out, "  ~ {} `{}`: {before} → {now}", excerpt(change.key), escape(cell.column))
            }),
        }
    }
}
