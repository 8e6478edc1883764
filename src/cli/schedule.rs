//! `tanguero schedule`: the daemon with its log, one run as scheduled, a probe, definitions for other schedulers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use crate::cli::given::{Filled, Means, current_folder, day, today};
use crate::cli::run::{carry_out, known_limits, on_signals};
use crate::cli::say::{MessageFormat, Say};
use crate::cli::schedule_list::{ListArguments, list};
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::output::{Lock, OutputError};
use crate::pipeline::{Exit, RunRequest};
use crate::schedule::{
    End, Event, Exported, Firing, HEARTBEAT, Health, Kept, Live, Plan, Runs, Said, Schedules, Settings, Supervisor,
    Surroundings, Target, Unusable, Weight, export, folder, keep, length, read,
};

/// Arguments of `schedule`.
#[derive(Debug, Args)]
pub(super) struct ScheduleArguments {
    #[command(subcommand)]
    what: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// Keep the schedules of tanguero.yaml until a signal comes: a daemon.
    Run(KeepArguments),
    /// Do one run of a schedule now: its mappings, its environment, its day.
    Once(OnceArguments),
    /// Show when the schedules fire next, and how their last runs ended.
    List(ListArguments),
    /// Ask whether the daemon lives: 0 or 1, for probes.
    Health(HealthArguments),
    /// Print a definition for another scheduler.
    Export(ExportArguments),
}

/// Arguments of `schedule run`.
#[derive(Debug, Args)]
struct KeepArguments {
    /// How long a run may go on after SIGTERM or Ctrl-C before it is stopped.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    grace: String,
    /// Where the heartbeat is written [default: schedule/health.json in the state folder].
    #[arg(long, value_name = "FILE")]
    health: Option<PathBuf>,
    #[command(flatten)]
    filled: Filled,
    #[command(flatten)]
    means: Means,
}

/// Arguments of `schedule once`.
#[derive(Debug, Args)]
struct OnceArguments {
    /// The schedule.
    name: String,
    /// The day that is "now" [default: today in the schedule's zone, or the day before with `as_of: yesterday`].
    #[arg(long, value_name = "YYYY-MM-DD", env = "TANGUERO_AS_OF")]
    as_of: Option<String>,
    /// Lift one limit for this run; it is recorded.
    #[arg(long, value_name = "LIMIT")]
    accept: Vec<String>,
    /// Exit with 99 if nothing changed.
    #[arg(long)]
    exit_code_unchanged: bool,
    #[command(flatten)]
    filled: Filled,
    #[command(flatten)]
    means: Means,
}

/// Arguments of `schedule health`.
#[derive(Debug, Args)]
struct HealthArguments {
    /// The oldest heartbeat of a daemon that lives.
    #[arg(long, value_name = "TIME", default_value = "2m")]
    max_age: String,
    /// The heartbeat [default: schedule/health.json in the state folder].
    #[arg(long, value_name = "FILE")]
    health: Option<PathBuf>,
    /// The heartbeat itself, as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `schedule export`.
#[derive(Debug, Args)]
struct ExportArguments {
    /// The other scheduler.
    target: TargetName,
    /// One schedule only.
    name: Option<String>,
    /// The project's folder where it will run [default: where it is now; /project for kubernetes].
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    /// How the program is called there.
    #[arg(long, value_name = "PROGRAM", default_value = "tanguero")]
    program: String,
    /// The day from which on changes of the clocks are looked at, for three years [default: today in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", env = "TANGUERO_AS_OF")]
    as_of: Option<String>,
    /// The image, for kubernetes.
    #[arg(long, value_name = "IMAGE", default_value = "tanguero:latest")]
    image: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TargetName {
    Cron,
    Systemd,
    Airflow,
    Github,
    Kubernetes,
}

pub(super) fn schedule(arguments: &ScheduleArguments, say: &Say) -> ExitCode {
    let end = match &arguments.what {
        ScheduleCommand::Run(run) => daemon(run, say),
        ScheduleCommand::Once(once) => run_once(once, say),
        ScheduleCommand::List(arguments) => list(arguments, say),
        ScheduleCommand::Health(health) => probe(health, say),
        ScheduleCommand::Export(export) => exported(export, say),
    };
    end.unwrap_or_else(|exit| ExitCode::from(exit.code()))
}

/// Says what is wrong with the command or the world.
pub(super) fn wrong(say: &Say, exit: Exit, diagnostic: &Diagnostic) -> Exit {
    say.diagnostics([diagnostic], &Texts::new());
    exit
}

pub(super) fn usage(say: &Say, message: impl Into<String>) -> Exit {
    wrong(say, Exit::Usage, &Diagnostic::error(&code::USAGE, message))
}

/// The project's schedules, of which there must be some.
pub(super) fn schedules(filled: &Filled, say: &Say) -> Result<Schedules, Exit> {
    let variables = filled.variables().map_err(|message| usage(say, message))?;
    let current = current_folder().map_err(|message| usage(say, message))?;
    let schedules = read(&current, &variables, today()).map_err(|why| match why {
        Unusable::Unreadable(message) => usage(say, message),
        Unusable::Wrong(found, texts) => {
            say.diagnostics(found.iter(), &texts);
            Exit::Mapping
        }
    })?;
    if schedules.plans.is_empty() {
        let message = "nothing is scheduled: `tanguero.yaml` has no `schedule`";
        let help = "e.g. `schedule: {nightly: {every: daily, at: \"02:30\", timezone: Europe/Berlin}}`";
        return Err(wrong(say, Exit::Usage, &Diagnostic::error(&code::USAGE, message).help(help)));
    }
    Ok(schedules)
}

fn called<'s>(schedules: &'s Schedules, name: &str, say: &Say) -> Result<&'s Plan, Exit> {
    schedules.plans.iter().find(|plan| plan.name == name).ok_or_else(|| {
        let names: Vec<&str> = schedules.plans.iter().map(|plan| plan.name.as_str()).collect();
        usage(say, format!("no schedule is called `{name}`; schedules: {}", names.join(", ")))
    })
}

/// What was kept of the last firings.
pub(super) fn kept(state: &Path, say: &Say) -> Result<Kept, Exit> {
    let wrongly = |message: String| {
        wrong(say, Exit::Failed, &Diagnostic::error(&code::SCHEDULE_STATE, message).help(code::SCHEDULE_STATE.cure))
    };
    Kept::read(state).map_err(wrongly)
}

fn time(flag: &str, text: &str, say: &Say) -> Result<SignedDuration, Exit> {
    let parsed: Option<SignedDuration> = text.parse().ok();
    parsed
        .filter(|time| !time.is_negative())
        .ok_or_else(|| usage(say, format!("`{flag} {text}` is no time: write 90s, 5m or 1h")))
}

fn daemon(arguments: &KeepArguments, say: &Say) -> Result<ExitCode, Exit> {
    let grace = time("--grace", &arguments.grace, say)?;
    let schedules = schedules(&arguments.filled, say)?;
    let state = schedules.state.clone();
    let lock = Lock::take(&folder(&state), "schedule").map_err(|error| held(&error, say))?;
    let kept = kept(&state, say)?;
    let variables = arguments.filled.variables().map_err(|message| usage(say, message))?;
    let runs = Runs {
        root: schedules.root.clone(),
        variables: variables.clone(),
        memory: arguments.means.memory().map_err(|message| usage(say, message))?,
        threads: arguments.means.threads(),
    };
    let (sender, receiver) = channel();
    let signals = sender.clone();
    on_signals(3, move |signal| {
        // The daemon is gone: so is this process.
        let _ = signals.send(Event::Signal(signal));
    });
    let supervisor = Supervisor::of_the_process();
    let beat = supervisor.beat_every().and_then(|beat| SignedDuration::try_from(beat).ok());
    let settings = Settings { grace, beat: beat.unwrap_or(BEAT).min(BEAT) };
    supervisor.ready();
    let mut live = Live::new(Surroundings {
        root: schedules.root,
        health: arguments.health.clone().unwrap_or_else(|| folder(&state).join(HEARTBEAT)),
        state,
        variables,
        runner: Arc::new(runs),
        events: (sender, receiver),
        supervisor,
        tell: log(say),
    });
    let end = keep(&mut live, schedules.plans, kept, settings);
    drop(lock);
    Ok(match end {
        End::Clean => ExitCode::SUCCESS,
        End::Abandoned(signal) => ExitCode::from(128 + signal),
    })
}

/// Time between two heartbeats.
const BEAT: SignedDuration = SignedDuration::from_secs(30);

/// Who writes the daemon's log.
fn log(say: &Say) -> Box<dyn FnMut(&Said)> {
    let say = *say;
    Box::new(move |said| {
        let wanted = match said.weight {
            Weight::Trouble => true,
            Weight::Plain => !say.quiet,
            Weight::Detail => say.verbose,
        };
        match say.format {
            MessageFormat::Json => say.data(&format!("{}\n", said.data)),
            _ if wanted => say.line(&said.text),
            _ => {}
        }
    })
}

fn held(error: &OutputError, say: &Say) -> Exit {
    let diagnostic = match error {
        OutputError::Locked(held) => {
            let who = held.holder.as_ref().map_or_else(
                || "another process".to_owned(),
                |holder| format!("process {} on {}", holder.pid, holder.host),
            );
            let since = held.holder.as_ref().map_or_else(String::new, |holder| format!(", since {}", holder.since));
            let message = format!("{who} keeps this project's schedules{since}");
            Diagnostic::error(&code::SCHEDULE_HELD, message).help(code::SCHEDULE_HELD.cure)
        }
        error => Diagnostic::error(&code::WORLD, error.to_string()),
    };
    wrong(say, Exit::Failed, &diagnostic)
}

fn run_once(arguments: &OnceArguments, say: &Say) -> Result<ExitCode, Exit> {
    known_limits(&arguments.accept).map_err(|message| usage(say, message))?;
    let schedules = schedules(&arguments.filled, say)?;
    let plan = called(&schedules, &arguments.name, say)?;
    let started = Timestamp::now();
    let as_of = match &arguments.as_of {
        Some(text) => day(text).map_err(|message| usage(say, message))?,
        None => plan.as_of(&Firing { at: started, planned: plan.zone.to_datetime(started) }),
    };
    let runs = Runs {
        root: schedules.root.clone(),
        variables: arguments.filled.variables().map_err(|message| usage(say, message))?,
        memory: arguments.means.memory().map_err(|message| usage(say, message))?,
        threads: arguments.means.threads(),
    };
    let request = RunRequest { accept: arguments.accept.clone(), ..runs.request(plan, as_of, started) };
    Ok(carry_out(&request, arguments.exit_code_unchanged, say))
}

fn probe(arguments: &HealthArguments, say: &Say) -> Result<ExitCode, Exit> {
    let most = time("--max-age", &arguments.max_age, say)?;
    let path = match &arguments.health {
        Some(path) => path.clone(),
        None => folder(&schedules(&Filled::default(), say)?.state).join(HEARTBEAT),
    };
    let health = match Health::read(&path) {
        Ok(health) => health,
        Err(message) => {
            say.line(&message);
            return Err(Exit::Failed);
        }
    };
    let age = health.age(Timestamp::now()).map(SignedDuration::from_secs);
    let lives = age.is_some_and(|age| age <= most);
    if arguments.json {
        say.data(&(serde_json::to_string(&health).expect("a heartbeat is plain data") + "\n"));
    }
    if !say.quiet {
        let age = age.map_or_else(|| "at no time".to_owned(), |age| format!("{} ago", length(age)));
        let problem =
            health.problem.as_ref().map_or("", |_| "; tanguero.yaml cannot be used, the schedules of before stay");
        let word = if lives { health.state.as_str() } else { "silent" };
        say.line(&format!("{word}: process {}, last heartbeat {age}{problem}", health.pid));
    }
    if lives { Ok(ExitCode::SUCCESS) } else { Err(Exit::Failed) }
}

fn exported(arguments: &ExportArguments, say: &Say) -> Result<ExitCode, Exit> {
    let schedules = schedules(&Filled::default(), say)?;
    let plans: Vec<&Plan> = match &arguments.name {
        Some(name) => vec![called(&schedules, name, say)?],
        None => schedules.plans.iter().collect(),
    };
    let (target, separator) = match arguments.target {
        TargetName::Cron => (Target::Cron, "\n"),
        TargetName::Systemd => (Target::Systemd, "\n"),
        TargetName::Airflow => (Target::Airflow, "\n\n"),
        TargetName::Github => (Target::Github, "---\n"),
        TargetName::Kubernetes => (Target::Kubernetes, "---\n"),
    };
    let from = match &arguments.as_of {
        Some(text) => day(text).map_err(|message| usage(say, message))?,
        None => today(),
    };
    let now = from.to_zoned(jiff::tz::TimeZone::UTC).map_or_else(|_| Timestamp::now(), |from| from.timestamp());
    let root = schedules.root.to_string_lossy();
    let folder = match (&arguments.folder, target) {
        (Some(folder), _) => folder.as_str(),
        (None, Target::Kubernetes) => "/project",
        (None, _) => &root,
    };
    let mut texts = Vec::new();
    let mut faults = Vec::new();
    for plan in plans {
        let asked = Exported { plan, folder, program: &arguments.program, image: &arguments.image, now };
        match export(target, &asked) {
            Ok(text) => texts.push(text),
            Err(why) => {
                let name = arguments.target.to_possible_value();
                let name = name.as_ref().map_or("", |value| value.get_name());
                let message = format!("{name} cannot express `{}` ({}): {why}", plan.name, plan.words);
                faults.push(Diagnostic::error(&code::SCHEDULE_TARGET, message).help(code::SCHEDULE_TARGET.cure));
            }
        }
    }
    if !faults.is_empty() {
        say.diagnostics(&faults, &Texts::new());
        return Err(Exit::Usage);
    }
    say.data(&texts.join(separator));
    Ok(ExitCode::SUCCESS)
}
