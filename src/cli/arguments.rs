//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Turns messy source data into the CSV files that Totango's Customer Data Hub accepts.
#[derive(Debug, Parser)]
#[command(name = "tanguero", version, about, max_term_width = 100)]
pub(super) struct Arguments {
    /// Say less: only errors and the last line.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: each mapping's stages and times.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// How messages are written.
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Text, env = "TANGUERO_MESSAGE_FORMAT")]
    pub message_format: MessageFormat,
    #[command(subcommand)]
    pub command: Command,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// For people, on stderr.
    Text,
    /// JSON lines on stdout.
    Json,
    /// GitHub annotations on stdout.
    Github,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read, reshape, check and publish.
    Run(RunArguments),
    /// Say where a record ended in the last run.
    Why(WhyArguments),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Mapping files, or folders of them; without any: `mappings/` of the project.
    pub mappings: Vec<PathBuf>,
    /// Folder the files are published to [default: the project's output.directory, else out].
    #[arg(long, value_name = "FOLDER", env = "TANGUERO_OUT")]
    pub out: Option<PathBuf>,
    /// The day that is "now" [default: today in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", env = "TANGUERO_AS_OF")]
    pub as_of: Option<String>,
    /// An environment of tanguero.yaml.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV")]
    pub env: Option<String>,
    /// A variable of the mappings.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Memory the run may use; kB, MB and GB are powers of 1,000.
    #[arg(long, value_name = "SIZE", default_value = "1GB", env = "TANGUERO_MEMORY")]
    pub memory: String,
    /// Threads [default: the processors there are].
    #[arg(long, value_name = "N", env = "TANGUERO_THREADS")]
    pub threads: Option<usize>,
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
    /// Whether evidence of the run is kept in the project's state folder.
    #[arg(long, value_enum, default_value_t = State::Write, env = "TANGUERO_STATE")]
    pub state: State,
}

/// `--state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// Read what earlier runs left, leave nothing.
    Read,
    /// Leave evidence.
    Write,
    /// Neither.
    Off,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// The mapping: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: PathBuf,
    /// The record's key; the parts of a composite one joined by `|`.
    pub key: String,
    /// A run of the state folder instead of the last: its id, or a day.
    #[arg(long, value_name = "ID|DATE")]
    pub run: Option<String>,
}
