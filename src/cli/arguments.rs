//! What can be typed: the commands, each with its arguments in its own file, and what all of them take.

use clap::{Parser, Subcommand};

use crate::cli::check::CheckArguments;
use crate::cli::cluster::ClusterArguments;
use crate::cli::completions::CompletionsArguments;
use crate::cli::deliver::DeliverArguments;
use crate::cli::diff::DiffArguments;
use crate::cli::explain::ExplainArguments;
use crate::cli::formats::FormatsArguments;
use crate::cli::guess::GuessArguments;
use crate::cli::history::HistoryArguments;
use crate::cli::init::InitArguments;
use crate::cli::lint::LintArguments;
use crate::cli::notify::NotifyArguments;
use crate::cli::plan::PlanArguments;
use crate::cli::preview::PreviewArguments;
use crate::cli::pull::PullArguments;
use crate::cli::run::RunArguments;
use crate::cli::say::MessageFormat;
use crate::cli::schedule::ScheduleArguments;
use crate::cli::schema::SchemaArguments;
use crate::cli::state::StateArguments;
use crate::cli::test::TestArguments;
use crate::cli::why::WhyArguments;

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

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a project to start from.
    Init(InitArguments),
    /// Draft a mapping from a file's headers and values.
    Guess(GuessArguments),
    /// Judge mappings against formats and the columns of their sources, without reading rows.
    Check(CheckArguments),
    /// Show the first records, or follow one: each cell as read beside as written.
    Preview(PreviewArguments),
    /// Run the mappings' own tests.
    Test(TestArguments),
    /// Say what publishing would do to Totango.
    Plan(PlanArguments),
    /// Read, reshape, check and publish.
    Run(RunArguments),
    /// Fetch accounts or users from Totango into a file.
    Pull(PullArguments),
    /// Deliver what is published and has not arrived where `deliver:` wants it.
    Deliver(DeliverArguments),
    /// Show who is told how runs end, and try it.
    Notify(NotifyArguments),
    /// Run mappings at the times of tanguero.yaml, or hand these to another scheduler.
    Schedule(ScheduleArguments),
    /// Run the processes of a cluster, for `run --cluster`.
    Cluster(ClusterArguments),
    /// Say where a record ended in the last run.
    Why(WhyArguments),
    /// Show what every kept run did.
    History(HistoryArguments),
    /// Show, forget or begin what is remembered of earlier runs.
    State(StateArguments),
    /// Say what changed between two outputs, or what a changed mapping changes.
    Diff(DiffArguments),
    /// Print the SQL a mapping compiles to, the engine's plan, or the way of each column; or what a code means.
    Explain(ExplainArguments),
    /// Judge a CSV file that something else made.
    Lint(LintArguments),
    /// Totango's file formats: columns, types, rules, limits, a mapping to start from.
    Formats(FormatsArguments),
    /// JSON Schema of the mapping file, for editors.
    Schema(SchemaArguments),
    /// A script with which a shell completes commands and flags.
    Completions(CompletionsArguments),
}
