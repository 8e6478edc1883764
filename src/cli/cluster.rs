//! `tanguero cluster`: the processes that `run --cluster` works with.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::given::Means;
use crate::cli::say::Say;

/// What a program says that was built without Ballista.
pub(super) const ABSENT: &str = "this program was built without clusters; build it with their feature: \
     `cargo install --path . --features cluster`";

/// Arguments of `cluster`.
#[derive(Debug, Args)]
pub(super) struct ClusterArguments {
    #[command(subcommand)]
    pub process: Process,
}

#[derive(Debug, Subcommand)]
pub(super) enum Process {
    /// Run the process that divides jobs among executors.
    Scheduler(SchedulerArguments),
    /// Run a process that reads, judges and encodes.
    Executor(ExecutorArguments),
}

/// Arguments of `cluster scheduler`.
#[derive(Debug, Args)]
pub(super) struct SchedulerArguments {
    /// The address to listen on. Nobody asks who calls: fence any other than loopback.
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub bind: String,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 50050)]
    pub port: u16,
    /// Seconds without a word after which an executor counts as lost.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(2..))]
    pub executor_timeout: u64,
}

/// Arguments of `cluster executor`.
#[derive(Debug, Args)]
pub(super) struct ExecutorArguments {
    /// The scheduler.
    #[arg(long, value_name = "URL", default_value = "df://127.0.0.1:50050")]
    pub scheduler: String,
    /// The address to listen on. Nobody asks who calls: fence any other than loopback.
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub bind: String,
    /// The port at which results are fetched.
    #[arg(long, value_name = "PORT", default_value_t = 50051)]
    pub port: u16,
    /// The port at which the scheduler speaks to it.
    #[arg(long, value_name = "PORT", default_value_t = 50052)]
    pub grpc_port: u16,
    /// The name by which the scheduler and runs reach it [default: the address its words come from].
    #[arg(long, value_name = "HOST")]
    pub external_host: Option<String>,
    /// For results until they are fetched, and for what does not fit into memory [default: tanguero-executor-PORT in the
    /// system's folder for temporary files].
    #[arg(long, value_name = "FOLDER")]
    pub work_folder: Option<PathBuf>,
    /// Tasks at a time [default: --threads].
    #[arg(long, value_name = "N")]
    pub slots: Option<usize>,
    /// Seconds between its words to the scheduler.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub heartbeat: u64,
    /// The environment of tanguero.yaml whose `stores` it uses.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV")]
    pub env: Option<String>,
    #[command(flatten)]
    pub means: Means,
}

#[cfg(not(feature = "cluster"))]
pub(super) fn cluster(_: &ClusterArguments, say: &Say) -> ExitCode {
    say.usage(ABSENT.to_owned())
}

#[cfg(feature = "cluster")]
pub(super) fn cluster(arguments: &ClusterArguments, say: &Say) -> ExitCode {
    crate::cli::cluster_process::start(&arguments.process, say)
}
