//! The command line: arguments in, an exit code out; the only room that prints.
//!
//! stdout carries data only (and messages in a machine's format); people's text and progress go to stderr.

mod arguments;
mod check;
mod cluster;
#[cfg(feature = "cluster")]
mod cluster_process;
mod completions;
mod deliver;
mod diff;
mod difference;
mod explain;
mod formats;
mod given;
mod guess;
mod history;
mod init;
mod lint;
mod notify;
mod plan;
mod plan_page;
mod preview;
mod progress;
mod pull;
mod record;
mod run;
mod say;
mod schedule;
mod schedule_list;
mod schema;
mod state;
mod summary;
mod test;
mod why;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

use crate::store;

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    keep_large_buffers();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            // A closed pipe is a quiet end.
            let _ = error.print();
            return ExitCode::from(if usage { 2 } else { 0 });
        }
    };
    let say = say::Say::new(arguments.quiet, arguments.verbose, arguments.message_format);
    let end = match &arguments.command {
        Command::Guess(guess) => guess::guess(guess, &say),
        Command::Init(init) => init::init(init, &say),
        Command::Lint(lint) => lint::lint(lint, &say),
        Command::Run(run) => run::run(run, &say),
        Command::Preview(preview) => preview::preview(preview, &say),
        Command::Diff(diff) => diff::diff(diff, &say),
        Command::Pull(pull) => pull::pull(pull, &say),
        Command::Plan(plan) => plan::plan(plan, &say),
        Command::Test(test) => test::test(test, &say),
        Command::Check(check) => check::check(check, &say),
        Command::Explain(explain) => explain::explain(explain, &say),
        Command::Formats(formats) => formats::formats(formats, &say),
        Command::Schema(schema) => schema::schema(schema, &say),
        Command::Completions(completions) => completions::completions(completions, &say),
        Command::History(history) => history::history(history, &say),
        Command::State(state) => state::state(state, &say),
        Command::Deliver(deliver) => deliver::deliver(deliver, &say),
        Command::Notify(notify) => notify::notify(notify, &say),
        Command::Schedule(schedule) => schedule::schedule(schedule, &say),
        Command::Cluster(cluster) => cluster::cluster(cluster, &say),
        Command::Why(why) => why::why(why, &say),
    };
    store::close();
    end
}

/// Column buffers of a few hundred kilobytes come and go all the time: giving them back to the system and asking for them
/// again costs a tenth of the whole run. What is much larger is a column of row records or a table: it stays long and goes for good.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code)]
fn keep_large_buffers() {
    const MEBIBYTE: libc::c_int = 1 << 20;
    // SAFETY: `mallopt` only sets numbers of the allocator, and no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 2 * MEBIBYTE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * MEBIBYTE);
        libc::mallopt(libc::M_TOP_PAD, 4 * MEBIBYTE);
    }
}

#[cfg(not(target_env = "gnu"))]
fn keep_large_buffers() {}
