//! What a tired person reads at the end: a table, one line, and on failure the block for 3 am.

use std::fmt::Write as _;
use std::path::Path;

use crate::diagnostic::{Severity, escape, find_code};
use crate::output::{ClusterReport, Delivery, MappingReport, Ordered, RunReport, Status};
use crate::pipeline::RunOutcome;

/// Where the records of every mapping went, with the reasons of rejection below.
pub(super) fn table(report: &RunReport, verbose: bool) -> String {
    if report.mappings.is_empty() {
        return String::new();
    }
    let headers = ["mapping", "read", "written", "rejected", "duplicate", "merged", "filtered", "skipped", "", ""];
    let mut rows: Vec<Vec<String>> = vec![headers.iter().map(|header| (*header).to_owned()).collect()];
    for mapping in &report.mappings {
        let counts = &mapping.rows;
        let numbers = [
            counts.read,
            counts.written,
            counts.rejected,
            counts.duplicate,
            counts.merged,
            counts.filtered,
            counts.skipped,
        ];
        let mut row = vec![mapping.mapping.clone()];
        row.extend(numbers.iter().map(|number| thousands(*number)));
        row.push(word(mapping.status).to_owned());
        row.push(files(mapping));
        rows.push(row);
    }
    let widths: Vec<usize> = (0..headers.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let space = widths[column] - cell.chars().count();
            let (before, after) = if (1..=7).contains(&column) { (space, 0) } else { (0, space) };
            let _ = write!(line, "{}{cell}{}  ", " ".repeat(before), " ".repeat(after));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for mapping in &report.mappings {
        reasons(&mut text, mapping);
    }
    if verbose {
        for mapping in &report.mappings {
            let stages: Vec<String> =
                mapping.seconds.0.iter().map(|(stage, time)| format!("{stage} {time:.2} s")).collect();
            let _ = writeln!(text, "{}: {}", mapping.mapping, stages.join(", "));
            mapping.cluster.iter().for_each(|cluster| away(&mut text, &mapping.mapping, cluster));
        }
    }
    text.trim_end().to_owned()
}

/// What a cluster did of a mapping.
fn away(text: &mut String, mapping: &str, cluster: &ClusterReport) {
    let told = |seconds: &Ordered<f64>| {
        let each = seconds.0.iter().map(|(name, time)| format!("{name} {time:.2} s"));
        each.collect::<Vec<String>>().join(", ")
    };
    let again = match cluster.handed_in_again {
        0 => String::new(),
        tasks => format!(" ({tasks} handed in again)"),
    };
    let (tasks, megabytes) = (thousands(cluster.tasks), thousands(cluster.bytes / 1_000_000));
    let (stages, work) = (told(&cluster.seconds), told(&cluster.work));
    let _ = writeln!(text, "{mapping} on the cluster: {tasks} tasks{again}, {megabytes} MB; {stages}; work: {work}");
}

fn reasons(text: &mut String, mapping: &MappingReport) {
    let rejects = mapping.rejects.0.iter().map(|entry| ("rejected", entry));
    if let Some(new) = mapping.new_accounts {
        let accounts = if new == 1 { "account" } else { "accounts" };
        let list = mapping.reports.iter().find(|report| report.file.ends_with(".new_accounts.csv"));
        let list = list.map_or("", |report| report.file.as_str());
        let _ = writeln!(text, "  {} {} new {accounts}, listed in {list}", mapping.mapping, thousands(new));
    }
    let warnings = mapping.warnings.0.iter().map(|entry| ("warning", entry));
    for (kind, (id, columns)) in rejects.chain(warnings) {
        let title = find_code(id).map_or("", |code| code.title);
        for (column, count) in columns {
            let place = if column == "record" { String::new() } else { format!(" `{}`", escape(column)) };
            let _ = writeln!(text, "  {} {kind} {} {id}{place}: {title}", mapping.mapping, thousands(*count));
        }
    }
}

fn files(mapping: &MappingReport) -> String {
    match mapping.outputs.as_slice() {
        [] => String::new(),
        [one] => one.file.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.file, rest.len()),
    }
}

pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Published => "published",
        Status::Unchanged => "unchanged",
        Status::DryRun => "dry run",
        Status::Held => "held",
        Status::Refused => "refused",
        Status::Failed => "failed",
        Status::Interrupted => "interrupted",
        Status::Unknown => "unknown",
    }
}

/// The line at the end of a good run.
pub(super) fn last_line(report: &RunReport, outcome: &RunOutcome) -> String {
    let written: u64 = report.mappings.iter().map(|mapping| mapping.rows.written).sum();
    let rejected: u64 = report.mappings.iter().map(|mapping| mapping.rows.rejected).sum();
    let published = report.mappings.iter().filter(|mapping| mapping.status == Status::Published).count();
    let unchanged = report.mappings.iter().filter(|mapping| mapping.status == Status::Unchanged).count();
    let what = match report.status {
        Status::DryRun => "dry run: nothing was published".to_owned(),
        Status::Unchanged => format!("unchanged: {} holds exactly these files", here(&outcome.output)),
        _ if unchanged > 0 => format!(
            "published {published} of {} mappings to {}, {unchanged} unchanged",
            report.mappings.len(),
            here(&outcome.output)
        ),
        _ => format!("published to {}", here(&outcome.output)),
    };
    let rows = if written == 1 { "row" } else { "rows" };
    format!("{what}; as of {}, {} {rows} written, {} rejected", report.as_of, thousands(written), thousands(rejected))
}

/// What was delivered, a line each.
pub(super) fn deliveries(steps: &[Delivery]) -> String {
    let mut text = String::new();
    for step in steps {
        let what = if step.file.is_empty() {
            step.place.clone()
        } else {
            format!("{} to {} ({} bytes)", step.file, step.place, thousands(step.bytes))
        };
        let _ = writeln!(text, "{:<14} {what}", step.answer.word());
    }
    text.trim_end().to_owned()
}

/// What somebody who was woken up needs: what stopped it, what lies in the folder now, where to look, what to type.
pub(super) fn at_three(report: &RunReport, outcome: &RunOutcome) -> String {
    let mut text = String::from("---\n");
    let failed: Vec<&MappingReport> =
        report.mappings.iter().filter(|mapping| !mapping.status.stands() && mapping.status != Status::DryRun).collect();
    let mut errors = outcome
        .problems
        .iter()
        .flat_map(|(name, found)| found.iter().map(move |one| (name, one)))
        .filter(|(_, one)| one.severity == Severity::Error);
    match errors.next() {
        Some((name, first)) => {
            let who = name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
            let _ = writeln!(text, "stopped by     {who}{} [{}]", escape(&first.message), first.code.id);
            match errors.count() {
                0 => {}
                more => {
                    let _ = writeln!(text, "               and {more} more, above");
                }
            }
        }
        None => text.push_str("stopped by     an unknown cause\n"),
    }
    for mapping in failed {
        let _ = writeln!(text, "not published  {} ({})", mapping.mapping, word(mapping.status));
    }
    let _ = writeln!(text, "folder         {}: {}", here(&outcome.output), outcome.folder_now(report));
    match &outcome.evidence {
        Some(evidence) => {
            let _ = writeln!(text, "evidence       {}", here(evidence));
        }
        None => text.push_str("evidence       none kept\n"),
    }
    let _ = write!(text, "next           {}", outcome.next_step(report));
    text
}

/// A path as somebody in the current folder would type it.
pub(super) fn here(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&current) {
        Ok(inside) if !inside.as_os_str().is_empty() => inside.display().to_string(),
        _ => path.display().to_string(),
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
