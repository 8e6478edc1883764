//! `tanguero plan`: what publishing would do to Totango, as text, as JSON, as a page.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::diff::Changes;
use crate::cli::difference::{counts, named, table_json, value};
use crate::cli::given::{Given, Means};
use crate::cli::plan_page;
use crate::cli::run::{known_limits, listen};
use crate::cli::say::{MessageFormat, Say};
use crate::cli::summary::thousands;
use crate::compare::{Change, Sample};
use crate::diagnostic::{Diagnostic, Texts, code, escape, excerpt};
use crate::format::Empty;
use crate::pipeline::{Condition, Emptied, Exit, Plan, PlanRequest, Stop, plan as foresee};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// The mapping: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: PathBuf,
    /// Folder in which the last published files stand [default: the project's output folder].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Every change, cell by cell, before the figures.
    #[arg(long)]
    pub cells: bool,
    /// Write the plan as one page for a browser.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// End with 4 if the plan comes to more, e.g. `deletions>1%`; of created, changed, gone, deletions, losing, moved, headers,
    /// identical. May be given several times.
    #[arg(long, value_name = "CONDITION")]
    pub fail_on: Vec<String>,
    /// Lift a limit for this plan; may be given several times.
    #[arg(long, value_name = "LIMIT")]
    pub accept: Vec<String>,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
}

/// Plans; exit 4 if the data is refused or a condition of `--fail-on` is met.
pub(super) fn plan(arguments: &PlanArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    listen(&stop);
    let mut changes = Changes::new(arguments.cells, say.format);
    let mut kept = plan_page::Kept::new(arguments.html.is_some() && arguments.cells);
    let name = arguments.mapping.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let outcome = foresee(&request, &stop, &mut |change: &Change<'_>| {
        kept.keep(change);
        changes.tell(&name, change)
    });
    changes.finish();
    if changes.broken {
        return ExitCode::SUCCESS;
    }
    if !say.quiet {
        say.diagnostics(&outcome.warnings, &outcome.texts);
    }
    if let Some(plan) = &outcome.plan {
        match say.format {
            MessageFormat::Json => say.data(&as_json(plan, outcome.exit)),
            MessageFormat::Text => say.data(&text(plan)),
            MessageFormat::Github => say.data(&annotation(plan)),
        }
        if let Some(file) = &arguments.html {
            let refusals: Vec<String> = outcome.problems.iter().map(|one| one.message.clone()).collect();
            if let Err(error) = std::fs::write(file, plan_page::page(plan, &refusals, &kept)) {
                say.diagnostics(&outcome.problems, &outcome.texts);
                let message = format!("`{}`: {error}", file.display());
                say.diagnostics([&Diagnostic::error(&code::WORLD, message)], &Texts::new());
                return ExitCode::from(outcome.exit.max(Exit::Failed).code());
            }
            if !say.quiet {
                say.line(&format!("page: {}", file.display()));
            }
        }
    }
    say.diagnostics(&outcome.problems, &outcome.texts);
    if outcome.plan.is_none() && !say.quiet {
        say.line("nothing would be published");
    }
    ExitCode::from(outcome.exit.code())
}

fn request(arguments: &PlanArguments) -> Result<PlanRequest, String> {
    known_limits(&arguments.accept)?;
    let conditions =
        arguments.fail_on.iter().map(|text| text.parse::<Condition>().map_err(|wrong| format!("`--fail-on`: {wrong}")));
    Ok(PlanRequest {
        mapping: arguments.mapping.clone(),
        out: arguments.out.clone(),
        given: arguments.means.bound(arguments.given.situation()?)?,
        accept: arguments.accept.clone(),
        fail_on: conditions.collect::<Result<Vec<Condition>, String>>()?,
    })
}

/// What the plan stands against.
pub(super) fn against(plan: &Plan) -> String {
    match &plan.last {
        Some(last) => format!("publishing as of {}, against what was published for {}", plan.as_of, last.as_of),
        None => format!("publishing as of {}; nothing was published before, all of it is new", plan.as_of),
    }
}

/// What an empty cell of this column comes to.
pub(super) fn fate(emptied: &Emptied) -> &'static str {
    match emptied.empty {
        Empty::Deletes => "Totango deletes them",
        Empty::Setting => "the attribute's default-value setting decides; it may delete them",
        Empty::Unknown => "no page of Totango says what becomes of them; taken as deleted",
        Empty::Leaves | Empty::Never => "they stay as they are",
    }
}

/// Whether Totango adds rows up instead of replacing values.
pub(super) fn is_additive(plan: &Plan) -> bool {
    plan.format.key.is_empty() || plan.format.duplicates == "sum"
}

/// What a person reads about the file as a whole.
pub(super) fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.table.identical {
        notes.push("the file is the last one, byte for byte: Totango skips it and shows the run red".to_owned());
    }
    if plan.only_changes && plan.last.is_some() {
        notes.push("`output.changes`: rows that are as they are would not be sent".to_owned());
    }
    if is_additive(plan) && plan.last.is_some() {
        notes.push("rows of this format add up: each one counts again, whether or not it was sent before".to_owned());
    }
    if plan.last.is_some() && !plan.table.header_added.is_empty() {
        notes.push("new columns are ignored until an admin edits the mapping of the import in Totango".to_owned());
    }
    if !plan.table.header_removed.is_empty() {
        notes.push("attributes whose column is no longer sent keep their values; the import's mapping names columns that are gone".to_owned());
    }
    notes
}

fn text(plan: &Plan) -> String {
    let (table, effects) = (&plan.table, &plan.effects);
    let mut text = String::new();
    let _ = writeln!(text, "{}: {}", escape(&plan.mapping), against(plan));
    let gone = if table.removed.0 > 0 { " (Totango keeps them)" } else { "" };
    let _ = writeln!(
        text,
        "rows      {} created, {} changed, {} as they are, {} no longer sent{gone}",
        thousands(table.added.0),
        thousands(table.changed),
        thousands(table.same),
        thousands(table.removed.0)
    );
    if plan.last.is_some() {
        named(&mut text, "created", &table.added);
        named(&mut text, "no longer sent", &table.removed);
    }
    let rejected = plan.report.rows.rejected;
    if rejected > 0 {
        let _ = writeln!(text, "rejects   {} records would not be written", thousands(rejected));
    }
    if effects.deletions > 0 {
        let (values, rows) = (thousands(effects.deletions), thousands(effects.losing));
        let _ = writeln!(text, "deletions {values} values of {rows} rows meet an empty cell");
    }
    for one in &effects.emptied {
        let _ = writeln!(text, "  `{}`: {} values; {}", escape(&one.column), thousands(one.values), fate(one));
        if let Some(first) = one.samples.first() {
            let _ = writeln!(text, "    {}", cell(first));
        }
    }
    if effects.moved > 0 {
        let _ = writeln!(text, "parents   {} rows move", thousands(effects.moved));
        for sample in &effects.moves {
            let _ = writeln!(text, "    {}", cell(sample));
        }
    }
    for (word, names) in [("added", &table.header_added), ("dropped", &table.header_removed)] {
        if plan.last.is_some() && !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", escape(name))).collect();
            let _ = writeln!(text, "header    {word}: {}", names.join(", "));
        }
    }
    if table.header_moved {
        let _ = writeln!(text, "header    columns stand in another order");
    }
    for attribute in table.attributes.iter().filter(|one| one.changed + one.filled > 0) {
        let _ = writeln!(text, "attribute `{}`: {}", escape(&attribute.column), counts(attribute));
        if let Some(first) = attribute.samples.iter().find(|sample| !sample.now.is_empty()) {
            let _ = writeln!(text, "    {}", cell(first));
        }
    }
    for note in notes(plan) {
        let _ = writeln!(text, "note      {note}");
    }
    text
}

fn cell(sample: &Sample) -> String {
    format!("{}: {} → {}", excerpt(&sample.key), value(&sample.before), value(&sample.now))
}

fn as_json(plan: &Plan, exit: Exit) -> String {
    let sample = |one: &Sample| json!({"key": one.key, "before": one.before, "now": one.now});
    let samples = |list: &[Sample]| list.iter().map(sample).collect::<Vec<_>>();
    let word = |empty: Empty| match empty {
        Empty::Deletes => "deletes",
        Empty::Setting => "setting",
        Empty::Unknown => "unknown",
        Empty::Leaves | Empty::Never => "leaves",
    };
    let emptied: Vec<_> = plan.effects.emptied.iter().map(|one| json!({"column": one.column, "empty": word(one.empty), "values": one.values, "samples": samples(&one.samples)})).collect();
    let last = plan.last.as_ref().map(|last| json!({"run_id": last.run_id, "as_of": last.as_of, "files": last.shown}));
    let mut line = table_json(&plan.table);
    let more = json!({
        "type": "plan", "mapping": plan.mapping, "file": plan.file, "format": plan.format.name, "as_of": plan.as_of, "last": last,
        "ledger": plan.report.rows,
        "deletions": {"values": plan.effects.deletions, "rows": plan.effects.losing, "columns": emptied},
        "parents": {"moved": plan.effects.moved, "samples": samples(&plan.effects.moves)},
        "notes": notes(plan), "refused": exit == Exit::Refused,
    });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    format!("{line}\n")
}

/// One annotation: a warning where values are lost or rows move.
fn annotation(plan: &Plan) -> String {
    let (table, effects) = (&plan.table, &plan.effects);
    let level = if effects.deletions + effects.moved > 0 { "warning" } else { "notice" };
    let message = format!(
        "{} created, {} changed, {} no longer sent; {} values deleted; {} rows move",
        table.added.0, table.changed, table.removed.0, effects.deletions, effects.moved
    );
    format!("::{level} file={},title=tanguero plan::{}: {message}\n", plan.file, escape(&plan.mapping))
}
