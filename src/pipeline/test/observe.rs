//! Runs a mapping on a case's rows, just as `tanguero run` would, and reads what the run left.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Severity, Texts, code};
use crate::engine::{Engine, EngineOptions};
use crate::mapping::{Circumstances, TestCase};
use crate::output::{MappingReport, Rows, Status, each_record};
use crate::pipeline::folders::{Scratch, temporary_folder};
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::test::compare::Table;
use crate::pipeline::test::find::TestPlan;
use crate::pipeline::test::given::Given;
use crate::pipeline::test::{DEFAULT_DAY, TestRequest};
use crate::pipeline::{LIMITS, RunOutcome, RunRequest, Stop, Watcher};
use crate::project::{Options, load};

/// What became of a case.
#[derive(Default)]
pub(super) struct Seen {
    /// What is wrong with what it gives.
    pub mistakes: Vec<Diagnostic>,
    /// What the run left; none where it could not begin.
    pub observed: Option<Observed>,
    pub texts: Texts,
}

/// What a run left.
pub(super) struct Observed {
    /// What the process would end with.
    pub exit: u8,
    /// What stopped it.
    pub errors: Vec<Diagnostic>,
    /// The output; none if nothing was published.
    pub rows: Option<Table>,
    pub rejects: Table,
    pub duplicates: Table,
    pub warnings: Table,
    pub counts: Rows,
}

/// Runs one case of `plan`.
pub(super) fn case(plan: &TestPlan, case: usize, request: &TestRequest, stop: &Stop) -> Seen {
    let Some(file) = &plan.file else { return Seen::default() };
    let case = &file.cases[case];
    let mut seen = Seen::default();
    let world =
        |what: String| Diagnostic::error(&code::WORLD, what).at(Place::new(&plan.shown, case.name.span), "this case");
    match temporary_folder("test") {
        Ok(scratch) => {
            if let Err(what) = run(plan, case, &file.shared, request, &scratch, stop, &mut seen) {
                seen.mistakes.push(world(what));
            }
        }
        Err(error) => seen.mistakes.push(world(format!("no temporary folder can be made: {error}"))),
    }
    seen
}

fn run(
    plan: &TestPlan,
    case: &TestCase,
    shared: &Circumstances,
    request: &TestRequest,
    scratch: &Scratch,
    stop: &Stop,
    seen: &mut Seen,
) -> Result<(), String> {
    let as_of = case.given.as_of.as_ref().or(shared.as_of.as_ref()).map_or(DEFAULT_DAY, |day| day.value);
    let pairs = shared.variables.iter().chain(&case.given.variables);
    let variables: BTreeMap<String, String> =
        pairs.map(|(name, value)| (name.value.clone(), value.value.clone())).collect();
    let environment = case.given.environment.as_ref().or(shared.environment.as_ref()).map(|name| name.value.clone());
    let options = Options { variables, environment, as_of };
    let mut loaded = load(std::slice::from_ref(&plan.mapping), &request.given.current, &options)?;
    let folder = scratch.path.join("given");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let engine = EngineOptions { threads: 1, memory: request.given.memory, spill: folder.clone(), as_of };
    let engine = Engine::new(engine).map_err(|error| error.to_string())?;
    let session = LazyCell::new(|| engine.session());
    let given = Given { path: &plan.shown, case, shared, folder: &folder };
    let keys = given.apply(&mut loaded, &|| session.clone(), &mut seen.mistakes);
    seen.texts = loaded.texts.clone();
    if !seen.mistakes.is_empty() {
        return Ok(());
    }
    given.remember(&loaded, &options, &mut seen.mistakes)?;
    if !seen.mistakes.is_empty() {
        return Ok(());
    }
    let wanted = || case.expect.iter().filter_map(|expect| expect.error.as_ref()).flatten();
    // Limits are about whole exports: one that no case expects is lifted.
    let lifted = LIMITS.iter().filter(|(_, code)| !wanted().any(|id| id.value == code.id));
    let run = RunRequest {
        out: Some(scratch.path.join("out")),
        started: request.given.started,
        environment: options.environment,
        variables: options.variables,
        memory: request.given.memory,
        force: true,
        accept: lifted.map(|(name, _)| (*name).to_owned()).collect(),
        ..RunRequest::new(request.given.current.clone(), as_of)
    };
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let mut outcome = run_loaded(&run, &loaded, keys, &watcher, stop);
    seen.texts = std::mem::take(&mut outcome.texts);
    seen.observed = Some(observed(&outcome, &plan.name, &folder)?);
    Ok(())
}

fn observed(outcome: &RunOutcome, mapping: &str, folder: &Path) -> Result<Observed, String> {
    let given = format!("{}/", folder.display());
    let problems = outcome.problems.iter().flat_map(|(_, found)| found);
    let errors = problems.filter(|one| one.severity == Severity::Error).map(|one| {
        let message = one.message.replace(&given, "");
        Diagnostic { message, ..one.clone() }
    });
    let none = MappingReport::default();
    let report = outcome.report.as_ref().and_then(|report| report.mapping(mapping)).unwrap_or(&none);
    let read = |folder: &Path, files: &mut dyn Iterator<Item = &str>| -> Result<Table, String> {
        let mut table = Table::default();
        for file in files {
            let header = &mut table.header;
            let rows = &mut table.rows;
            let mut first = true;
            each_record(&folder.join(file), |_, fields| {
                let fields = fields.iter().map(|field| field.replace(&given, "")).collect();
                match std::mem::take(&mut first) {
                    true => *header = fields,
                    false => rows.push(fields),
                }
            })
            .map_err(|error| error.to_string())?;
        }
        Ok(table)
    };
    let published = report.status == Status::Published;
    let rows = match published {
        true => Some(read(&outcome.output, &mut report.outputs.iter().map(|file| file.file.as_str()))?),
        false => None,
    };
    let evidence = outcome.evidence.clone().unwrap_or_default();
    let told = |ending: &str| {
        let files = report.reports.iter().map(|file| file.file.as_str());
        read(&evidence, &mut files.filter(|file| file.ends_with(ending)))
    };
    let mut warnings = Table { header: ["code", "column", "rows"].map(str::to_owned).to_vec(), rows: Vec::new() };
    for (code, columns) in &report.warnings.0 {
        for (column, count) in columns {
            warnings.rows.push(vec![code.clone(), column.clone(), count.to_string()]);
        }
    }
    Ok(Observed {
        exit: outcome.exit.code(),
        errors: errors.collect(),
        rows,
        rejects: told(".rejects.csv")?,
        duplicates: told(".duplicates.csv")?,
        warnings,
        counts: report.rows,
    })
}
