//! Starts the processes of a cluster; their log goes to stderr.

use std::process::ExitCode;
use std::sync::OnceLock;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::cli::cluster::{ExecutorArguments, Process, SchedulerArguments};
use crate::cli::given::here_and_now;
use crate::cli::say::Say;
use crate::cluster::{Address, ExecutorOptions, SchedulerOptions, executor, scheduler};
use crate::pipeline::{Exit, Situation, stores_here};

static TOLD: OnceLock<Told> = OnceLock::new();

/// Runs one of the processes until it is ended.
pub(super) fn start(process: &Process, say: &Say) -> ExitCode {
    let level = match (say.quiet, say.verbose) {
        (true, _) => LevelFilter::Error,
        (false, false) => LevelFilter::Info,
        (false, true) => LevelFilter::Debug,
    };
    log::set_max_level(level);
    // Only a second logger is refused, and this is the first.
    let _ = log::set_logger(TOLD.get_or_init(|| Told(*say)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say.usage(format!("no threads can be started: {error}")),
    };
    let done = match process {
        Process::Scheduler(arguments) => runtime.block_on(schedule(arguments, say)),
        Process::Executor(arguments) => match options(arguments) {
            Ok(options) => runtime.block_on(async { executor(options).await.map_err(|error| error.to_string()) }),
            Err(wrong) => return say.usage(wrong),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say.line(&format!("stopped: {why}"));
            ExitCode::from(Exit::Failed.code())
        }
    }
}

async fn schedule(arguments: &SchedulerArguments, say: &Say) -> Result<(), String> {
    let bind = tokio::net::lookup_host((arguments.bind.as_str(), arguments.port)).await;
    let bind = bind.map_err(|error| format!("--bind {}: {error}", arguments.bind))?.next();
    let bind = bind.ok_or_else(|| format!("--bind {}: no such address", arguments.bind))?;
    let options = SchedulerOptions { bind, executor_timeout: arguments.executor_timeout };
    let ready = |bound| say.line(&format!("scheduler listens at df://{bound}"));
    let ended = async {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
    };
    tokio::select! {
        done = scheduler(options, ready) => done.map_err(|error| error.to_string()),
        () = ended => Ok(()),
    }
}

fn options(arguments: &ExecutorArguments) -> Result<ExecutorOptions, String> {
    let scheduler: Address = arguments.scheduler.parse()?;
    let given = Situation { environment: arguments.env.clone(), ..here_and_now()? };
    let stores = stores_here(&given).map_err(|failure| {
        let told: Vec<String> = failure.diagnostics().into_iter().map(|found| found.message).collect();
        format!("tanguero.yaml: {}", told.join("; "))
    })?;
    let folder = arguments.work_folder.clone();
    let own = || std::env::temp_dir().join(format!("tanguero-executor-{}", arguments.port));
    Ok(ExecutorOptions {
        scheduler,
        bind: (arguments.bind.clone(), arguments.port, arguments.grpc_port),
        external: arguments.external_host.clone(),
        folder: folder.unwrap_or_else(own),
        memory: arguments.means.memory()?,
        slots: arguments.slots.unwrap_or_else(|| arguments.means.threads()),
        heartbeat: arguments.heartbeat,
        stores,
    })
}

/// Says what the libraries log: Ballista's own lines name job and stage.
struct Told(Say);

impl Log for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Others are told of only where something is wrong.
        metadata.level() <= Level::Warn || metadata.target().starts_with("ballista")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) && record.level() <= log::max_level() {
            let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
            self.0.line(&format!("{time} {:5} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}
