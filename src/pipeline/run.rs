//! The corridor of `tanguero run`: from mapping files to a published folder and its evidence.

mod archive;
mod ending;
mod hold;
mod outward;
mod publish;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Texts, code};
use crate::engine::Engine;
use crate::output::{Evidence, MappingReport, RunReport, Staging, Status};
use crate::pipeline::fetch::Fetch;
use crate::pipeline::folders::{Folders, shown};
use crate::pipeline::known::MappingKeys;
use crate::pipeline::mapping::{Finished, Mappings};
use crate::pipeline::prepare::{Prepared, Surrounding};
use crate::pipeline::remember::Remembering;
use crate::pipeline::set::prepare_set;
use crate::pipeline::together::Turns;
use crate::pipeline::{Exit, Failure, RunRequest, Stop, Watcher};
use crate::project::{Loaded, MappingFile, Options, load};

use publish::Done;

/// How a run ended, with all there is to say about it.
#[derive(Debug)]
pub struct RunOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// What `run.json` says; none if nothing could begin.
    pub report: Option<RunReport>,
    /// What is wrong, mapping by mapping in the order of the run; mistakes of the project come first, without a name.
    pub problems: Vec<(Option<String>, Vec<Diagnostic>)>,
    /// Warnings about mappings and data.
    pub warnings: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
    /// Where the run's rejects, duplicates and `run.json` are kept.
    pub evidence: Option<PathBuf>,
    /// The output folder.
    pub output: PathBuf,
}

impl RunOutcome {
    fn failed(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self {
            exit,
            report: None,
            problems: vec![(None, vec![diagnostic])],
            warnings: Vec::new(),
            texts: Texts::new(),
            evidence: None,
            output: PathBuf::new(),
        }
    }
}

/// What the mappings of a run share.
struct Working<'a> {
    engine: &'a Engine,
    staging: &'a Staging<'a>,
    spill: &'a Path,
    remembering: &'a Remembering,
}

/// Runs the mappings of `request`: all of them are judged; what is right is published.
pub fn run(request: &RunRequest, watcher: &Arc<dyn Watcher>, stop: &Stop) -> RunOutcome {
    let options = Options {
        variables: request.variables.clone(),
        environment: request.environment.clone(),
        as_of: request.as_of,
    };
    match load(&request.mappings, &request.current, &options) {
        Ok(loaded) => run_whole(request, &loaded, BTreeMap::new(), watcher, stop, true),
        Err(message) => RunOutcome::failed(Exit::Usage, Diagnostic::error(&code::USAGE, message)),
    }
}

/// Runs mappings that are read already; `keys` are those of mappings that are not among them, but referred to.
pub(super) fn run_loaded(
    request: &RunRequest,
    loaded: &Loaded,
    keys: BTreeMap<String, MappingKeys>,
    watcher: &Arc<dyn Watcher>,
    stop: &Stop,
) -> RunOutcome {
    run_whole(request, loaded, keys, watcher, stop, false)
}

/// The same; `outward`: files may be delivered and people told.
fn run_whole(
    request: &RunRequest,
    loaded: &Loaded,
    keys: BTreeMap<String, MappingKeys>,
    watcher: &Arc<dyn Watcher>,
    stop: &Stop,
    outward: bool,
) -> RunOutcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(request.threads.max(1)).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let diagnostic = Diagnostic::error(&code::WORLD, format!("no threads can be started: {error}"));
            return RunOutcome::failed(Exit::Failed, diagnostic);
        }
    };
    let run_id = run_id(request.started);
    let mut running = Running {
        request,
        watcher,
        stop,
        run_id,
        outward,
        keys,
        report: RunReport {
            version: 1,
            run_id: String::new(),
            status: Status::Published,
            as_of: request.as_of.to_string(),
            mappings: Vec::new(),
            tanguero: env!("CARGO_PKG_VERSION").to_owned(),
            started: request.started.to_string(),
            ended: String::new(),
            accepted: request.accept.clone(),
            variables: request.variables.keys().cloned().collect(),
            environment: request.environment.clone(),
            output_folder: String::new(),
            reports_folder: None,
            kept: Vec::new(),
            objects: Vec::new(),
            exit: None,
            deliveries: Vec::new(),
            notifications: Vec::new(),
        },
        outcome: RunOutcome {
            exit: Exit::Good,
            report: None,
            problems: Vec::new(),
            warnings: Vec::new(),
            texts: loaded.texts.clone(),
            evidence: None,
            output: PathBuf::new(),
        },
    };
    running.report.run_id.clone_from(&running.run_id);
    runtime.block_on(running.all(loaded));
    let mut outcome = running.outcome;
    running.report.ended = Timestamp::now().to_string();
    outcome.report = Some(running.report);
    outcome
}

/// Sorts by time, within a second too: the last part counts 65,536ths of it.
pub(super) fn run_id(started: Timestamp) -> String {
    let time = started.strftime("%Y%m%dT%H%M%SZ");
    let nanoseconds = u64::from(started.subsec_nanosecond().unsigned_abs());
    format!("{time}-{:04x}", nanoseconds * 65_536 / 1_000_000_000)
}

struct Running<'a> {
    request: &'a RunRequest,
    watcher: &'a Arc<dyn Watcher>,
    stop: &'a Stop,
    run_id: String,
    outward: bool,
    /// Of the mappings settled so far.
    keys: BTreeMap<String, MappingKeys>,
    report: RunReport,
    outcome: RunOutcome,
}

impl Running<'_> {
    async fn all(&mut self, loaded: &Loaded) {
        let root = &loaded.project.root;
        let settings = Folders::new(self.request, loaded);
        self.outcome.output = settings.shown_output();
        self.report.output_folder = shown(&self.outcome.output, root);
        self.report.reports_folder = settings.shown_reports().map(|reports| shown(&reports, root));
        if loaded.diagnostics.has_errors() {
            self.problem(None, loaded.diagnostics.iter().cloned().collect(), Exit::Mapping);
            return;
        }
        self.outcome.warnings.extend(loaded.diagnostics.iter().cloned());
        let evidence = match self.evidence(loaded, &settings) {
            Ok(evidence) => evidence,
            Err(failure) => {
                self.failure(None, &failure);
                return;
            }
        };
        match self.locked(loaded, &settings, evidence.as_ref()).await {
            Ok(()) => {}
            Err(failure) => self.failure(None, &failure),
        }
        self.settle_status();
        self.deliver(loaded, &settings).await;
        self.report.exit = Some(self.outcome.exit.code());
        self.tell(loaded, &settings, evidence.as_ref());
        if let Some(evidence) = evidence {
            self.leave(&evidence);
        }
    }

    /// The worst of the mappings'; a run that failed as a whole may have none.
    fn settle_status(&mut self) {
        self.report.settle_status();
        match self.outcome.exit {
            Exit::Good => {}
            Exit::Interrupted => self.report.status = Status::Interrupted,
            _ => self.report.status = if self.report.status.stands() { Status::Failed } else { self.report.status },
        }
    }

    /// Every mapping, in an order in which each comes after those it refers to.
    async fn mappings(&mut self, loaded: &Loaded, working: &Working<'_>, evidence: Option<&Evidence>) -> Vec<Done> {
        let &Working { engine, staging, spill, remembering } = working;
        let fetch = Fetch::new(engine, spill, self.watcher, self.stop);
        let (project, variables) = (&loaded.project, &loaded.variables);
        let around = Surrounding { project, variables, request: self.request, engine, fetch: Some(&fetch) };
        let folders = Folders::new(self.request, loaded);
        let set = prepare_set(loaded, &around, &folders, &mut self.outcome.texts).await;
        let mut failed: BTreeSet<String> = BTreeSet::new();
        for (file, failure) in set.failed {
            failed.insert(file.name.clone());
            self.mapping_failed(&file, &failure);
        }
        if !set.problems.is_empty() {
            self.problem(None, set.problems, Exit::Mapping);
            return Vec::new();
        }
        let prepared = set.ready;

        let referred: BTreeSet<String> = prepared.iter().flat_map(Prepared::referred).collect();
        let runner = Mappings {
            request: self.request,
            engine,
            staging,
            spill,
            watcher: self.watcher,
            stop: self.stop,
            referred: &referred,
            remembering,
        };
        let mut turns = Turns::new(&runner);
        let mut done = Vec::new();
        for (at, one) in prepared.iter().enumerate() {
            self.outcome.warnings.extend(one.warnings.iter().cloned());
            if let Some(missing) = one.referred().into_iter().find(|name| failed.contains(name)) {
                failed.insert(one.file.name.clone());
                self.mapping_failed(
                    &one.file,
                    &Failure::Held(format!("`{}` refers to `{missing}`, which published nothing", one.file.name)),
                );
                continue;
            }
            let Finished { mut report, outputs, reports, keys: own, left, failure, warnings } =
                turns.next(&runner, &prepared[at..], &self.keys, &failed).await;
            // Several mappings may miss the same; one word is enough.
            let told = &mut self.outcome.warnings;
            for one in warnings {
                let same = |other: &Diagnostic| other.code.id == one.code.id && other.message == one.message;
                if one.code.id != code::NO_SNAPSHOT.id || !told.iter().any(same) {
                    told.push(one);
                }
            }
            let kept = evidence.map_or(Ok(()), |evidence| reports.iter().try_for_each(|staged| evidence.add(staged)));
            if let Some(failure) = failure.or(kept.err().map(Failure::from)) {
                failed.insert(one.file.name.clone());
                report.status = failure.status();
                report.problem = failure.problem();
                let interrupted = matches!(failure, Failure::Interrupted);
                self.failure(Some(&one.file.name), &failure);
                report.outputs.clear();
                self.report.mappings.push(report);
                if interrupted {
                    break;
                }
                continue;
            }
            if let Some(own) = own {
                self.keys.insert(one.file.name.clone(), own);
            }
            // A mapping that was only referred to has done its part.
            if one.file.asked {
                let staged = outputs.into_iter().chain(reports).collect();
                let archive = archive::Wish::of(one);
                done.push(Done { report, staged, left, archive, adds_up: one.resolved.format.is_additive() });
            }
        }
        done
    }

    fn mapping_failed(&mut self, file: &MappingFile, failure: &Failure) {
        self.report.mappings.push(MappingReport {
            mapping: file.name.clone(),
            format: file.mapping.as_ref().map(|mapping| mapping.format.value.clone()).unwrap_or_default(),
            status: failure.status(),
            problem: failure.problem(),
            ..MappingReport::default()
        });
        self.failure(Some(&file.name), failure);
    }

    fn failure(&mut self, mapping: Option<&str>, failure: &Failure) {
        if let (None, Failure::Interrupted) = (mapping, failure) {
            self.report.mappings.iter_mut().for_each(|report| {
                if report.status.stands() {
                    report.status = Status::Interrupted;
                }
            });
        }
        self.problem(mapping, failure.diagnostics(), failure.exit());
    }

    fn problem(&mut self, mapping: Option<&str>, found: Vec<Diagnostic>, exit: Exit) {
        self.outcome.exit = self.outcome.exit.max(exit);
        self.outcome.problems.push((mapping.map(str::to_owned), found));
    }
}
