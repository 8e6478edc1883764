//! `tanguero lint`: findings on stdout, a summary on stderr.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use serde_json::json;

use crate::cli::given::{Means, here_and_now};
use crate::cli::progress::Progress;
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Say};
use crate::cli::summary::thousands;
use crate::diagnostic::{Texts, escape, find_code};
use crate::pipeline::{Exit, LintFinding, LintOutcome, LintRequest, Stop, Watcher, lint as judge};

/// Findings of one code that are listed unless all are asked for.
const MOST: u64 = 1_000;

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub(super) struct LintArguments {
    /// The CSV file, packed or not.
    pub file: PathBuf,
    /// The Totango format it should have.
    #[arg(long, value_name = "NAME")]
    pub format: String,
    /// The collection's own key: a column of the file.
    #[arg(long, value_name = "COLUMN")]
    pub key: Option<String>,
    /// A file with accounts that exist in Totango: their ids may be parents.
    #[arg(long, value_name = "FILE")]
    pub known_accounts: Option<PathBuf>,
    /// Write the file as it should be, if nothing is lost by that.
    #[arg(long, value_name = "OUT")]
    pub fix: Option<PathBuf>,
    /// Let `--fix` replace a file.
    #[arg(long, requires = "fix")]
    pub force: bool,
    /// List all findings, not only the first 1,000 of each code.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub means: Means,
}

pub(super) fn lint(arguments: &LintArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let progress: Arc<dyn Watcher> = Arc::new(Progress::new(say.terminal && !say.quiet));
    let shown = arguments.file.to_string_lossy().into_owned();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tell = |finding: &LintFinding| {
        // Whoever closed the pipe has read enough; the exit code still tells.
        let _ = out.write_all(line(&shown, finding, say.format).as_bytes());
    };
    let stop = Stop::default();
    let signal = listen(&stop);
    let outcome = judge(&request, &progress, &stop, &mut tell);
    let _ = out.flush();
    drop(out);
    drop(progress);
    say.diagnostics(&outcome.problems, &Texts::new());
    if !say.quiet {
        for note in &outcome.notes {
            say.line(&format!("note: {}", escape(note)));
        }
    }
    if outcome.records.is_some() || !outcome.counts.is_empty() {
        say.line(&summary(&shown, &arguments.format, &outcome));
    }
    match (outcome.exit(), signal.load(Ordering::Relaxed)) {
        (Exit::Interrupted, 15) => ExitCode::from(143),
        (exit, _) => ExitCode::from(exit.code()),
    }
}

fn request(arguments: &LintArguments) -> Result<LintRequest, String> {
    Ok(LintRequest {
        file: arguments.file.clone(),
        format: arguments.format.clone(),
        key: arguments.key.clone(),
        known_accounts: arguments.known_accounts.clone(),
        fix: arguments.fix.clone(),
        force: arguments.force,
        most: if arguments.all { u64::MAX } else { MOST },
        given: arguments.means.bound(here_and_now()?)?,
    })
}

/// One finding in the format asked for, with its line end.
fn line(file: &str, finding: &LintFinding, format: MessageFormat) -> String {
    let LintFinding { line, column, field, code, message, value, written } = finding;
    match format {
        MessageFormat::Text => {
            format!("{}:{line}: {}: {} {}\n", escape(file), escape(column), code.id, escape(message))
        }
        MessageFormat::Json => {
            let all = json!({
                "type": "finding", "code": code.id, "severity": "error", "message": message, "file": file, "line": line,
                "column": column, "field": field, "value": value, "written": written,
            });
            format!("{all}\n")
        }
        MessageFormat::Github => {
            let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
            let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
            let words = data(&escape(&format!("{column}: {message}")));
            format!("::error file={},line={line},title={}::{words}\n", property(file), code.id)
        }
    }
}

/// How many there are of each then one line.
fn summary(file: &str, format: &str, outcome: &LintOutcome) -> String {
    let mut text = String::new();
    let width = outcome.counts.values().map(|(all, _)| thousands(*all).len()).max().unwrap_or_default();
    for (id, (all, told)) in &outcome.counts {
        let title = find_code(id).map_or("", |code| code.title);
        let more = match all - told {
            0 => String::new(),
            more => format!(" ({} not listed; `--all` lists them)", thousands(more)),
        };
        text.push_str(&format!("  {:>width$} {id} {title}{more}\n", thousands(*all)));
    }
    for (id, columns) in &outcome.warnings.0 {
        let count: u64 = columns.values().sum();
        let title = find_code(id).map_or("", |code| code.title);
        text.push_str(&format!("  {:>width$} {id} {title} (a warning)\n", thousands(count)));
    }
    let found: u64 = outcome.counts.values().map(|(all, _)| all).sum();
    let records = match outcome.records {
        Some(1) => " in 1 record".to_owned(),
        Some(records) => format!(" in {} records", thousands(records)),
        None => String::new(),
    };
    let what = match (found, &outcome.fixed) {
        (0, _) => format!("clean{}", records.replacen(" in", ":", 1)),
        (1, _) => format!("1 finding{records}"),
        (found, _) => format!("{} findings{records}", thousands(found)),
    };
    let fixed = outcome.fixed.as_ref().map(|fixed| format!("; corrected in {}", fixed.display())).unwrap_or_default();
    text.push_str(&format!("{} as {format}: {what}{fixed}", escape(file)));
    text
}
