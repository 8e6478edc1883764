//! Who is told of a run, of what, and in which words; and `tanguero notify`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::deliver::{Letter, LetterCode, LetterMapping, LetterProblem, Recipient, Told, Way, tell};
use crate::diagnostic::{Code, Diagnostic, Severity, Stage, Texts, code, find_code};
use crate::mapping::{NotifyEntry, NotifyEvent, NotifyTarget};
use crate::output::{Evidence, Holder, RunReport, Status, each_record, runs};
use crate::pipeline::deliver::mail_target;
use crate::pipeline::{Exit, RunOutcome};
use crate::project::{Loaded, Options, load};

/// What there is to tell of a run that ended; none of one that is as good as the last one, or was stopped by somebody.
pub(super) fn event(outcome: &RunOutcome, report: &RunReport, state: &Path) -> Option<NotifyEvent> {
    match outcome.exit {
        Exit::Interrupted => None,
        Exit::Good if good(report) && was_bad(report, state) => Some(NotifyEvent::Recovery),
        Exit::Good => None,
        Exit::Refused if outcome.limit().is_some() => Some(NotifyEvent::Limits),
        _ => Some(NotifyEvent::Failure),
    }
}

/// Whether a run did all that was asked of it.
fn good(report: &RunReport) -> bool {
    let ended = report.exit.map_or(report.status.stands(), |exit| exit == 0);
    ended && report.deliveries.iter().all(|step| step.answer.is_good())
}

/// Whether the last run before `report` that had one of its mappings was not good.
fn was_bad(report: &RunReport, state: &Path) -> bool {
    let names: BTreeSet<&str> = report.mappings.iter().map(|mapping| mapping.mapping.as_str()).collect();
    for folder in runs(state).unwrap_or_default().into_iter().rev() {
        // What cannot be read is no reason to tell anybody anything.
        let Ok(Some(earlier)) = RunReport::read(&folder) else { continue };
        let other = earlier.run_id >= report.run_id || earlier.environment != report.environment;
        if other || matches!(earlier.status, Status::DryRun | Status::Interrupted) {
            continue;
        }
        let mine = earlier.mappings.is_empty()
            || earlier.mappings.iter().any(|mapping| names.contains(mapping.mapping.as_str()));
        if mine {
            return !good(&earlier);
        }
    }
    false
}

/// Who is to be told of `event`; none: everybody. Each with its word in the project file.
pub(super) fn recipients(loaded: &Loaded, event: Option<NotifyEvent>) -> (Vec<&str>, Vec<Recipient>) {
    let entries = loaded.project.file.iter().flat_map(|file| &file.notify);
    // Without their variables they cannot be told; that is an error of its own.
    let entries = entries.filter(|entry| entry.unset.is_empty());
    let wanted = entries.filter(|entry| event.is_none_or(|event| entry.on.contains(&event)));
    wanted.map(|entry| (entry.target.name(), recipient(entry))).unzip()
}

fn recipient(entry: &NotifyEntry) -> Recipient {
    let way = match &entry.target {
        NotifyTarget::Slack(url) => Way::Slack(url.value.clone()),
        NotifyTarget::Teams(url) => Way::Teams(url.value.clone()),
        NotifyTarget::Webhook { url, allow_http } => Way::Webhook { url: url.value.clone(), allow_http: *allow_http },
        NotifyTarget::Email(email) => Way::Mail(mail_target(email)),
    };
    let shown = match &entry.target {
        NotifyTarget::Email(email) => format!("email by {}", email.host),
        other => other.name().to_owned(),
    };
    Recipient { shown, way, values: entry.values }
}

/// Codes whose messages cannot quote a cell: of mappings, limits, sources, stores and services.
fn quotes(code: &Code) -> bool {
    let clean = code.stage == Stage::Mapping || code.id.starts_with(['L', 'S', 'N']);
    !clean || [&code::FAIL_POLICY, &code::WORLD].iter().any(|one| one.id == code.id)
}

/// What is told.
pub(super) fn letter(
    outcome: &RunOutcome,
    report: &RunReport,
    loaded: &Loaded,
    event: NotifyEvent,
    evidence: Option<&Evidence>,
) -> Letter {
    let errors = outcome.problems.iter().flat_map(|(name, found)| found.iter().map(move |one| (name, one)));
    let problems = errors.filter(|(_, one)| one.severity == Severity::Error).map(|(name, one)| LetterProblem {
        mapping: name.clone(),
        code: one.code.id.to_owned(),
        title: one.code.title.to_owned(),
        message: Some(one.message.clone()),
        quotes: quotes(one.code),
    });
    let status = |status: Status| serde_json::to_value(status).ok().and_then(|word| word.as_str().map(str::to_owned));
    Letter {
        problems: problems.collect(),
        mappings: (report.mappings.iter())
            .map(|mapping| LetterMapping {
                mapping: mapping.mapping.clone(),
                status: status(mapping.status).unwrap_or_default(),
                rows: mapping.rows,
            })
            .collect(),
        rejects: rejects(report, evidence.map(Evidence::folder)),
        deliveries: report.deliveries.clone(),
        folder: format!("{}: {}", report.output_folder, outcome.folder_now(report)),
        evidence: evidence.map(|evidence| evidence.shown().display().to_string()),
        next: outcome.next_step(report).to_owned(),
        environment: report.environment.clone(),
        run_id: report.run_id.clone(),
        as_of: report.as_of.clone(),
        started: report.started.clone(),
        status: status(report.status).unwrap_or_default(),
        exit: outcome.exit.code(),
        ..headed(loaded, event.name())
    }
}

fn headed(loaded: &Loaded, event: &str) -> Letter {
    Letter {
        version: 1,
        event: event.to_owned(),
        project: loaded.project.root.display().to_string(),
        host: Holder::this("").host,
        ..Letter::default()
    }
}

/// Why records were rejected, each with the first of them, as the evidence has it.
fn rejects(report: &RunReport, evidence: Option<&Path>) -> Vec<LetterCode> {
    let mut all = Vec::new();
    for mapping in &report.mappings {
        let mut codes: BTreeMap<&str, LetterCode> = BTreeMap::new();
        for (id, columns) in &mapping.rejects.0 {
            let title = find_code(id).map_or("", |code| code.title).to_owned();
            let (name, count) = (mapping.mapping.clone(), columns.values().sum());
            let code = LetterCode { mapping: name, code: id.clone(), title, count, ..LetterCode::default() };
            codes.insert(id, code);
        }
        let mut named = mapping.reports.iter().map(|report| report.file.clone());
        let file = named.find(|name| name.ends_with(".rejects.csv"));
        let file = file.unwrap_or_else(|| format!("{}.rejects.csv", mapping.mapping));
        if let Some(path) = evidence.filter(|_| !codes.is_empty()).map(|evidence| evidence.join(file)) {
            // Without the file there are still the counts.
            let _ = each_record(&path, |_, fields| first(fields, &mut codes));
        }
        all.extend(codes.into_values());
    }
    all
}

/// Notes the record if it is the first of its code.
fn first(fields: &[Cow<'_, str>], codes: &mut BTreeMap<&str, LetterCode>) {
    let at = |number: usize| fields.get(number).map(|field| field.as_ref()).unwrap_or_default();
    if let Some(code) = codes.get_mut(at(0)).filter(|code| code.first.is_none()) {
        code.first = Some(format!("{}:{}", at(7), at(8)));
        code.value = Some(at(4).to_owned()).filter(|value| !value.is_empty());
    }
}

/// What is asked of `tanguero notify`.
#[derive(Debug, Clone)]
pub struct NotifyRequest {
    /// The folder that relative paths start at; the project is around it.
    pub current: PathBuf,
    /// What variables in the project file may need.
    pub as_of: Date,
    /// An environment of the project.
    pub environment: Option<String>,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Send a sample to everybody.
    pub test: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct NotifyOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// Everybody who is told of runs, the events, and what came of the sample, if one was sent.
    pub lines: Vec<(String, Vec<NotifyEvent>, Option<Told>)>,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
}

/// Shows who is told of runs, and with `test` tells them that this is a test.
pub fn notify(request: &NotifyRequest) -> NotifyOutcome {
    let options = Options {
        variables: request.variables.clone(),
        environment: request.environment.clone(),
        as_of: request.as_of,
    };
    let mut outcome = NotifyOutcome { exit: Exit::Good, lines: Vec::new(), problems: Vec::new(), texts: Texts::new() };
    let loaded = match load(&[], &request.current, &options) {
        Ok(loaded) => loaded,
        Err(message) => {
            outcome.exit = Exit::Usage;
            outcome.problems.push(Diagnostic::error(&code::USAGE, message));
            return outcome;
        }
    };
    outcome.texts.clone_from(&loaded.texts);
    let entries: Vec<&NotifyEntry> = loaded.project.file.iter().flat_map(|file| &file.notify).collect();
    let mut found = loaded.diagnostics.clone();
    entries.iter().flat_map(|entry| &entry.unset).for_each(|one| found.push(one.clone()));
    if found.has_errors() {
        outcome.exit = Exit::Mapping;
        outcome.problems = found.iter().cloned().collect();
        return outcome;
    }
    if entries.is_empty() {
        outcome.exit = Exit::Usage;
        let message = "tanguero.yaml has no `notify:`, so nobody is told how runs end";
        outcome.problems.push(Diagnostic::error(&code::USAGE, message));
        return outcome;
    }
    let (_, recipients) = recipients(&loaded, None);
    let told: Vec<Option<Told>> = if request.test {
        let sample = Letter {
            environment: request.environment.clone(),
            run_id: "none".to_owned(),
            as_of: request.as_of.to_string(),
            status: "test".to_owned(),
            next: "nothing: somebody typed `tanguero notify --test`".to_owned(),
            ..headed(&loaded, "test")
        };
        tell(&recipients, &sample).into_iter().map(Some).collect()
    } else {
        recipients.iter().map(|_| None).collect()
    };
    for ((recipient, entry), told) in recipients.into_iter().zip(entries).zip(told) {
        if let Some(problem) = told.as_ref().and_then(|told| told.problem.as_ref()) {
            let known = find_code(&problem.code).unwrap_or(&code::NOTIFY_FAILED);
            outcome.exit = Exit::Store;
            outcome.problems.push(Diagnostic::error(known, problem.message.clone()).help(known.cure));
        }
        outcome.lines.push((recipient.shown, entry.on.clone(), told));
    }
    outcome
}
