//! `tanguero run`: what was typed becomes a request, signals become a wish to stop, the outcome becomes text.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::arguments::{RunArguments, State};
use crate::cli::progress::Progress;
use crate::cli::say::Say;
use crate::cli::summary;
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::output::Status;
use crate::pipeline::{Exit, RunRequest, Stop, Watcher, run as run_mappings};

/// Limits that `--accept` can lift.
const LIMITS: [&str; 1] = ["rejects"];

pub(super) fn run(arguments: &RunArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => {
            say.diagnostics([&Diagnostic::error(&code::USAGE, message)], &Texts::new());
            return ExitCode::from(Exit::Usage.code());
        }
    };
    let stop = Stop::default();
    let signal = listen(&stop);
    let progress: Arc<dyn Watcher> = Arc::new(Progress::new(say.terminal && !say.quiet));
    let outcome = run_mappings(&request, &progress, &stop);
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
        (Exit::Good, _) if unchanged && arguments.exit_code_unchanged => ExitCode::from(99),
        (exit, _) => ExitCode::from(exit.code()),
    }
}

/// Today in UTC.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn request(arguments: &RunArguments) -> Result<RunRequest, String> {
    let as_of = match &arguments.as_of {
        Some(text) => text.parse::<Date>().map_err(|_| format!("`--as-of {text}` is no day `YYYY-MM-DD`"))?,
        None => today(),
    };
    let mut variables = BTreeMap::new();
    for pair in &arguments.variables {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| format!("`--var {pair}` is not of the form NAME=VALUE"))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    if let Some(unknown) = arguments.accept.iter().find(|name| !LIMITS.contains(&name.as_str())) {
        return Err(format!("`--accept {unknown}`: no such limit; limits: {}", LIMITS.join(", ")));
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(RunRequest {
        mappings: arguments.mappings.clone(),
        current: std::env::current_dir().map_err(|error| format!("the current folder is gone: {error}"))?,
        out: arguments.out.clone(),
        as_of,
        started: Timestamp::now(),
        environment: arguments.env.clone(),
        variables,
        memory: size(&arguments.memory)?,
        threads: arguments.threads.unwrap_or(processors).max(1),
        dry_run: arguments.dry_run,
        force: arguments.force,
        fail_on_rejects: arguments.fail_on_rejects,
        accept: arguments.accept.clone(),
        evidence: arguments.state == State::Write,
    })
}

/// `512MB`; kB, MB and GB are powers of 1,000.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`--memory {text}` is no size: write 512MB or 2GB");
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(unit).ok_or_else(wrong)?;
    if bytes < 64_000_000 { Err(format!("`--memory {text}` is too little: 64MB is the least")) } else { Ok(bytes) }
}

/// The first Ctrl-C or SIGTERM asks the run to stop; a second one ends the process at once.
fn listen(stop: &Stop) -> Arc<AtomicU8> {
    let which = Arc::new(AtomicU8::new(0));
    let (seen, stop) = (Arc::clone(&which), stop.clone());
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
            let number = tokio::select! { _ = interrupt.recv() => 2, _ = terminate.recv() => 15 };
            seen.store(number, Ordering::Relaxed);
            stop.ask();
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            // What the run has staged is removed by the next command on the folder.
            #[allow(unsafe_code)]
            // SAFETY: `_exit` ends the process and touches nothing of it.
            unsafe {
                libc::_exit(128 + libc::c_int::from(number));
            }
        });
    });
    which
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_powers_of_a_thousand() {
        assert_eq!(size("512MB"), Ok(512_000_000));
        assert_eq!(size("2GB"), Ok(2_000_000_000));
        assert!(size("12").is_err());
        assert!(size("1GiB").is_err());
        assert!(size("99999999999GB").is_err());
    }
}
