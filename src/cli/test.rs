//! `tanguero test`: what passed in a line, what failed with the cells that differ.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::cli::given::{Given, Means, here_and_now};
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Paint, Say};
use crate::cli::summary::here;
use crate::diagnostic::{Diagnostic, escape, excerpt};
use crate::pipeline::{
    Difference, Exit, PreviewRequest, Stop, TestOutcome, TestRequest, TestedCase, TestedFile, create_test,
    test as run_tests,
};

/// Cells of a row that are shown in one line.
const SHOWN: usize = 6;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(super) struct TestArguments {
    /// Mappings, test files, or folders of them; without any: `mappings/` of the project.
    pub paths: Vec<PathBuf>,
    /// Write what comes out into the cases that fail or expect nothing yet.
    #[arg(long)]
    pub update: bool,
    /// Draft the tests of this mapping from the first records of its real sources.
    #[arg(long, value_name = "MAPPING", conflicts_with_all = ["paths", "update"])]
    pub create: Option<PathBuf>,
    /// With --create: so many records.
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 5, requires = "create")]
    pub number: usize,
    /// With --create: what the mapping is read with. A case has its own day and variables in the test file.
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
}

/// Runs the tests; exit 5 if a case failed, 3 if a test file is wrong.
pub(super) fn test(arguments: &TestArguments, say: &Say) -> ExitCode {
    if let Some(mapping) = &arguments.create {
        return match created(arguments, mapping) {
            Ok(path) => {
                say.line(&format!(
                    "{} was written from real data: replace names and addresses, then read `expect`",
                    here(&path)
                ));
                ExitCode::SUCCESS
            }
            Err(message) => say.usage(message),
        };
    }
    let started = Instant::now();
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    listen(&stop);
    let outcome = match run_tests(&request, &stop) {
        Ok(outcome) => outcome,
        Err(message) => return say.usage(message),
    };
    if stop.is_asked() {
        say.line("interrupted");
        return ExitCode::from(Exit::Interrupted.code());
    }
    for file in &outcome.files {
        match say.format {
            MessageFormat::Text => tell(file, say),
            MessageFormat::Json => json_lines(file, say),
            MessageFormat::Github => annotations(file, say),
        }
    }
    say.line(&last_line(&outcome, started.elapsed().as_secs_f64(), say));
    let cases = || outcome.files.iter().flat_map(|file| &file.cases);
    let wrong = outcome.files.iter().any(|file| !file.mistakes.is_empty())
        || cases().any(|case| !case.mistakes.is_empty() && !case.updated);
    ExitCode::from(match () {
        () if wrong => Exit::Mapping.code(),
        () if cases().any(|case| !case.passed() && !case.updated) => 5,
        () => 0,
    })
}

fn request(arguments: &TestArguments) -> Result<TestRequest, String> {
    Ok(TestRequest {
        paths: arguments.paths.clone(),
        update: arguments.update,
        given: arguments.means.bound(here_and_now()?)?,
    })
}

/// Drafts a test file; its path.
fn created(arguments: &TestArguments, mapping: &Path) -> Result<PathBuf, String> {
    let request = PreviewRequest {
        mapping: mapping.to_path_buf(),
        count: arguments.number,
        columns: Vec::new(),
        key: None,
        given: arguments.means.bound(arguments.given.situation()?)?,
    };
    let stop = Stop::default();
    listen(&stop);
    create_test(&request, &stop)
}

fn tell(file: &TestedFile, say: &Say) {
    let ended = |case: &&TestedCase| case.passed() || case.updated;
    let passed = file.cases.iter().filter(|case| case.passed()).count();
    let all_well = file.mistakes.is_empty() && file.cases.iter().all(|case| ended(&case));
    if all_well && say.quiet {
        return;
    }
    let mark = if all_well { say.paint(Paint::Green, "✓") } else { say.paint(Paint::Red, "✗") };
    let of = if passed == file.cases.len() { format!("{passed}") } else { format!("{passed} of {}", file.cases.len()) };
    let word = if file.cases.len() == 1 { "case" } else { "cases" };
    say.line(&format!("{mark} {}  {of} {word}", say.paint(Paint::Bold, &file.mapping)));
    if !file.mistakes.is_empty() {
        say.diagnostics(&file.mistakes, &file.texts);
    }
    // What all cases share is told once.
    let mut told: Vec<&Diagnostic> = Vec::new();
    for case in &file.cases {
        if case.updated {
            say.line(&format!("  {} {}: `expect` was written", say.paint(Paint::Yellow, "✎"), escape(&case.name)));
        } else if !case.passed() {
            say.line(&failure(file, case, say));
            let new: Vec<&Diagnostic> =
                case.mistakes.iter().chain(&case.unexpected).filter(|one| !told.contains(one)).collect();
            say.diagnostics(new.iter().copied(), &file.texts);
            told.extend(new);
        } else if say.verbose {
            say.line(&format!("  {} {}", say.paint(Paint::Green, "✓"), escape(&case.name)));
        }
    }
}

fn failure(file: &TestedFile, case: &TestedCase, say: &Say) -> String {
    let place = say.paint(Paint::Dim, &format!("{}:{}", file.shown, case.line));
    let mut text = format!("  {} {}  {place}\n", say.paint(Paint::Red, "✗"), escape(&case.name));
    for difference in &case.differences {
        text.push_str(&told(difference, say));
    }
    text.trim_end().to_owned()
}

fn told(difference: &Difference, say: &Say) -> String {
    let mut text = String::new();
    let expected = |words: &str| say.paint(Paint::Green, words);
    let actual = |words: &str| say.paint(Paint::Red, words);
    match difference {
        Difference::Cells { list, row, label, cells } => {
            let label = if label.is_empty() { String::new() } else { format!(" ({})", excerpt(label)) };
            let _ = writeln!(text, "      {list} {row}{label}");
            let width = |pick: fn(&crate::pipeline::CellDifference) -> &String, least: usize| {
                cells.iter().map(|cell| value(pick(cell)).chars().count()).max().unwrap_or_default().max(least)
            };
            let (names, wanted) = (width(|cell| &cell.column, 0), width(|cell| &cell.expected, "expected".len()));
            let _ = writeln!(text, "        {}  {:wanted$}  actual", " ".repeat(names), "expected");
            for cell in cells {
                let (left, right) = (value(&cell.expected), value(&cell.actual));
                let space = " ".repeat(wanted - left.chars().count());
                let name = format!("{:names$}", value(&cell.column));
                let _ = writeln!(text, "        {name}  {}{space}  {}", expected(&left), actual(&right));
            }
        }
        Difference::Missing { list, row, cells } => {
            let _ = writeln!(text, "      {list} {row}: {}  {}", expected("missing"), line(cells));
        }
        Difference::Unexpected { list, row, cells } => {
            // A message is a sentence, not a value among others.
            let (said, cells): (Vec<_>, Vec<_>) =
                cells.iter().cloned().partition(|(name, _)| *list == "rejects" && name == "message");
            let _ = writeln!(text, "      {list} {row}: {}  {}", actual("unexpected"), line(&cells));
            for (_, message) in said {
                let _ = writeln!(text, "        {}", escape(&message));
            }
        }
        Difference::Figure { name, expected: wanted, actual: came } => {
            let _ = writeln!(text, "      {name}: expected {}, actual {}", expected(wanted), actual(came));
        }
    }
    text
}

/// A value in a column of a table.
fn value(text: &str) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { excerpt(text) }
}

/// The first cells of a row.
fn line(cells: &[(String, String)]) -> String {
    let shown: Vec<String> =
        cells.iter().take(SHOWN).map(|(name, text)| format!("{}: {}", escape(name), value(text))).collect();
    let more = cells.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", {more} more") } else { String::new() };
    format!("{{{}{more}}}", shown.join(", "))
}

fn json_lines(file: &TestedFile, say: &Say) {
    say.diagnostics(&file.mistakes, &file.texts);
    for case in &file.cases {
        let differences: Vec<_> = case.differences.iter().map(as_json).collect();
        let line = json!({
            "type": "case", "mapping": file.mapping, "file": file.shown, "line": case.line, "case": case.name,
            "passed": case.passed(), "updated": case.updated, "differences": differences,
        });
        say.data(&format!("{line}\n"));
        say.diagnostics(case.mistakes.iter().chain(&case.unexpected), &file.texts);
    }
}

fn as_json(difference: &Difference) -> serde_json::Value {
    let object = |cells: &[(String, String)]| {
        cells.iter().map(|(name, text)| (name.clone(), json!(text))).collect::<serde_json::Map<_, _>>()
    };
    match difference {
        Difference::Cells { list, row, cells, .. } => {
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| json!({"column": cell.column, "expected": cell.expected, "actual": cell.actual}))
                .collect();
            json!({"in": list, "row": row, "what": "cells", "cells": cells})
        }
        Difference::Missing { list, row, cells } => {
            json!({"in": list, "row": row, "what": "missing", "expected": object(cells)})
        }
        Difference::Unexpected { list, row, cells } => {
            json!({"in": list, "row": row, "what": "unexpected", "actual": object(cells)})
        }
        Difference::Figure { name, expected, actual } => {
            json!({"in": name, "what": "figure", "expected": expected, "actual": actual})
        }
    }
}

/// One annotation per failed case, at its line.
fn annotations(file: &TestedFile, say: &Say) {
    say.diagnostics(&file.mistakes, &file.texts);
    for case in file.cases.iter().filter(|case| !case.passed() && !case.updated) {
        say.diagnostics(case.mistakes.iter().chain(&case.unexpected), &file.texts);
        if case.differences.is_empty() {
            continue;
        }
        let plain = Say { colour: false, terminal: false, ..*say };
        let words: String = case.differences.iter().map(|difference| told(difference, &plain)).collect();
        let properties = format!("file={},line={},title={}", file.shown, case.line, "test failed");
        let message = format!("{}: {}\n{words}", file.mapping, case.name);
        let message = message.trim_end().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        say.data(&format!("::error {properties}::{message}\n"));
    }
}

fn last_line(outcome: &TestOutcome, seconds: f64, say: &Say) -> String {
    let cases = || outcome.files.iter().flat_map(|file| &file.cases);
    let passed = cases().filter(|case| case.passed()).count();
    let updated = cases().filter(|case| case.updated).count();
    let failed = cases().filter(|case| !case.passed() && !case.updated).count();
    let mut parts = vec![format!("{passed} passed")];
    if failed > 0 {
        parts.push(say.paint(Paint::Red, &format!("{failed} failed")));
    }
    if updated > 0 {
        parts.push(format!("{updated} updated: read what was written before it is committed"));
    }
    let wrong = outcome.files.iter().filter(|file| !file.mistakes.is_empty()).count();
    if wrong > 0 {
        parts.push(say.paint(Paint::Red, &format!("{wrong} test files wrong")));
    }
    let without = match outcome.without.as_slice() {
        [] => String::new(),
        names => format!("; without tests: {}", names.join(", ")),
    };
    format!("{} in {seconds:.1} s{without}", parts.join(", "))
}
