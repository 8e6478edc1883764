//! `tanguero run`: what was typed becomes a request, signals become a wish to stop, the outcome becomes text.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::cluster::ABSENT;
use crate::cli::given::{Given, Means};
use crate::cli::progress::Progress;
use crate::cli::say::Say;
use crate::cli::summary;
use crate::output::Status;
use crate::pipeline::{ClusterRequest, Exit, LIMITS, RunRequest, Stop, Watcher, run as run_mappings};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Mapping files, or folders of them; without any: `mappings/` of the project.
    pub mappings: Vec<PathBuf>,
    /// Folder the files are published to [default: the project's output.directory, else out].
    #[arg(long, value_name = "FOLDER", env = "TANGUERO_OUT")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub means: Means,
    /// Do everything, publish nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Publish even if the folder holds exactly these files.
    #[arg(long)]
    pub force: bool,
    /// Refuse to publish if any record is rejected (limits.rejects = 0).
    #[arg(long)]
    pub fail_on_rejects: bool,
    /// Lift one limit for this run; it is recorded.
    #[arg(long, value_name = "LIMIT")]
    pub accept: Vec<String>,
    /// Exit with 99 if nothing changed.
    #[arg(long)]
    pub exit_code_unchanged: bool,
    /// Only publish: deliver nothing, tell nobody.
    #[arg(long)]
    pub local: bool,
    /// Whether what earlier runs left is used, and whether this one leaves something in the project's state folder.
    #[arg(long, value_enum, default_value_t = State::Write, env = "TANGUERO_STATE")]
    pub state: State,
    #[command(flatten)]
    pub cluster: ClusterWish,
}

/// Who reads and judges.
#[derive(Debug, Args)]
pub(super) struct ClusterWish {
    /// A scheduler whose executors read and judge the rows, df://host:port.
    #[arg(long, value_name = "URL", env = "TANGUERO_CLUSTER")]
    pub cluster: Option<String>,
    /// Every executor sees the files of this machine at the same paths.
    #[arg(long, requires = "cluster")]
    pub shared_files: bool,
    /// Seconds after which the cluster is asked again for work that is not done; five times in vain end the run.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "cluster", value_parser = clap::value_parser!(u64).range(1..))]
    pub cluster_patience: u64,
    /// Seconds before work that came to nothing is asked for again; each time in vain doubles them, up to three times.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, requires = "cluster", value_parser = clap::value_parser!(u64).range(1..), hide = true)]
    pub cluster_pause: u64,
    /// Bytes of a big CSV file that make one task of the cluster.
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20, requires = "cluster", value_parser = clap::value_parser!(u64).range(1..), hide = true)]
    pub cluster_range: u64,
}

impl ClusterWish {
    fn request(&self) -> Result<Option<ClusterRequest>, String> {
        let Some(scheduler) = self.cluster.clone() else { return Ok(None) };
        if cfg!(not(feature = "cluster")) {
            return Err(format!("`--cluster`: {ABSENT}"));
        }
        let (shared_files, patience) = (self.shared_files, self.cluster_patience);
        let (pause, range) = (Duration::from_secs(self.cluster_pause), self.cluster_range);
        Ok(Some(ClusterRequest { scheduler, shared_files, patience, pause, range }))
    }
}

/// `--state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// Read what earlier runs left, leave nothing.
    Read,
    /// Read it, and leave evidence and what later runs compare with.
    Write,
    /// Neither.
    Off,
}

pub(super) fn run(arguments: &RunArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    carry_out(&request, arguments.exit_code_unchanged, say)
}

/// Runs what is asked and says what came of it.
pub(super) fn carry_out(request: &RunRequest, exit_code_unchanged: bool, say: &Say) -> ExitCode {
    let stop = Stop::default();
    let signal = listen(&stop);
    let progress: Arc<dyn Watcher> = Arc::new(Progress::new(say.terminal && !say.quiet));
    let outcome = run_mappings(request, &progress, &stop);
    drop(progress);

    if !say.quiet {
        say.diagnostics(&outcome.warnings, &outcome.texts);
    }
    for (_, found) in &outcome.problems {
        say.diagnostics(found, &outcome.texts);
    }
    if let Some(report) = &outcome.report {
        if !say.quiet {
            say.line(&summary::table(report, say.verbose));
            if !report.deliveries.is_empty() {
                say.line(&summary::deliveries(&report.deliveries));
            }
        }
        if outcome.exit == Exit::Good {
            say.line(&summary::last_line(report, &outcome));
        } else {
            say.line(&summary::at_three(report, &outcome));
        }
    }
    let unchanged = outcome.report.as_ref().is_some_and(|report| report.status == Status::Unchanged);
    match (outcome.exit, signal.load(Ordering::Relaxed)) {
        (Exit::Interrupted, 15) => ExitCode::from(143),
        (Exit::Good, _) if unchanged && exit_code_unchanged => ExitCode::from(99),
        (exit, _) => ExitCode::from(exit.code()),
    }
}

/// Whether every name is a limit's.
pub(super) fn known_limits(accepted: &[String]) -> Result<(), String> {
    let names = LIMITS.map(|(name, _)| name);
    match accepted.iter().find(|name| !names.contains(&name.as_str())) {
        Some(unknown) => Err(format!("`--accept {unknown}`: no such limit; limits: {}", names.join(", "))),
        None => Ok(()),
    }
}

fn request(arguments: &RunArguments) -> Result<RunRequest, String> {
    known_limits(&arguments.accept)?;
    Ok(RunRequest {
        mappings: arguments.mappings.clone(),
        out: arguments.out.clone(),
        dry_run: arguments.dry_run,
        force: arguments.force,
        fail_on_rejects: arguments.fail_on_rejects,
        accept: arguments.accept.clone(),
        evidence: arguments.state == State::Write,
        recall: arguments.state != State::Off,
        outward: !arguments.local,
        cluster: arguments.cluster.request()?,
        ..RunRequest::of(&arguments.means.bound(arguments.given.situation()?)?)
    })
}

/// The first Ctrl-C or SIGTERM asks the run to stop; a second one ends the process at once.
pub(super) fn listen(stop: &Stop) -> Arc<AtomicU8> {
    let which = Arc::new(AtomicU8::new(0));
    let (seen, stop) = (Arc::clone(&which), stop.clone());
    on_signals(2, move |signal| {
        seen.store(signal, Ordering::Relaxed);
        stop.ask();
    });
    which
}

/// Tells each Ctrl-C and SIGTERM; the one with the number `last` ends the process at once.
pub(super) fn on_signals(last: u32, told: impl Fn(u8) + Send + 'static) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            let mut first = 0;
            for number in 1..=last {
                let signal = tokio::select! { _ = interrupt.recv() => 2, _ = terminate.recv() => 15 };
                first = if number == 1 { signal } else { first };
                if number < last {
                    told(signal);
                }
            }
            // What the run has staged is removed by the next command on the folder.
            #[allow(unsafe_code)]
            // SAFETY: `_exit` ends the process and touches nothing of it.
            unsafe {
                libc::_exit(128 + libc::c_int::from(first));
            }
        });
    });
}
