//! `tanguero schedule list`.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::given::Filled;
use crate::cli::say::Say;
use crate::cli::schedule::{kept, schedules, usage};
use crate::pipeline::Exit;
use crate::schedule::{Ended, Firing, Plan, local, utc};

/// Arguments of `schedule list`.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Firings shown of each schedule.
    #[arg(short, value_name = "N", default_value_t = 3)]
    number: usize,
    /// Firings after this moment, in UTC [default: now].
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// One JSON object per line instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filled: Filled,
}

/// Prints each schedule with its next firings and its last run.
pub(super) fn list(arguments: &ListArguments, say: &Say) -> Result<ExitCode, Exit> {
    let after = match &arguments.after {
        Some(text) => {
            text.parse().map_err(|_| usage(say, format!("`--after {text}` is no time: write 2026-11-22T07:00:00Z")))?
        }
        None => Timestamp::now(),
    };
    let schedules = schedules(&arguments.filled, say)?;
    let kept = kept(&schedules.state, say)?;
    for plan in &schedules.plans {
        let firings = plan.cadence.between(after, Timestamp::MAX, arguments.number);
        let last = kept.schedules.get(&plan.name).and_then(|last| last.ended.as_ref());
        let text = if arguments.json { object(plan, &firings, last) } else { lines(plan, &firings, last) };
        say.data(&text);
    }
    Ok(ExitCode::SUCCESS)
}

fn mappings(plan: &Plan) -> Vec<&str> {
    plan.entry.mappings.iter().map(|name| name.value.as_str()).collect()
}

fn object(plan: &Plan, firings: &[Firing], last: Option<&Ended>) -> String {
    let next: Vec<_> = firings
        .iter()
        .map(|firing| json!({"utc": utc(firing.at), "local": local(firing.at, &plan.zone), "as_of": plan.as_of(firing).to_string()}))
        .collect();
    let object = json!({"type": "schedule", "name": plan.name, "cadence": plan.words, "mappings": mappings(plan),
        "environment": plan.environment, "output": plan.output, "next": next, "last": last});
    format!("{object}\n")
}

fn lines(plan: &Plan, firings: &[Firing], last: Option<&Ended>) -> String {
    let what = match mappings(plan).as_slice() {
        [] => "all mappings".to_owned(),
        names => names.join(", "),
    };
    let environment = plan.environment.as_ref().map_or_else(String::new, |name| format!(", environment {name}"));
    let mut text = format!("{}: {}; {what}{environment}\n", plan.name, plan.words);
    for (number, firing) in firings.iter().enumerate() {
        let head = if number == 0 { "next" } else { "" };
        let as_of = plan.as_of(firing);
        let _ = writeln!(text, "  {head:<5} {}  {}  as of {as_of}", local(firing.at, &plan.zone), utc(firing.at));
    }
    if firings.is_empty() {
        text.push_str("  next  never again\n");
    }
    let _ = match last {
        Some(last) => writeln!(text, "  last  {}  {} (run {})", last.began, last.words, last.run_id),
        None => writeln!(text, "  last  none kept"),
    };
    text
}
