//! `limits` against the last published run: each message shows both figures.

use crate::diagnostic::{Code, Diagnostic, Place, code};
use crate::mapping::Amount;
use crate::output::MappingReport;
use crate::pipeline::RunRequest;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::remember::{Compared, Past, Remembering};
use crate::state::Published;
use crate::yaml::Spanned;

/// What refuses the run, and warnings. Without anything published before there is nothing to say.
pub(in crate::pipeline) fn limits(
    (request, remembering): (&RunRequest, &Remembering),
    prepared: &Prepared,
    past: &Past,
    compared: &Compared,
    report: &MappingReport,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let Some(entry) = &past.entry else { return Default::default() };
    let mut judging = Judging { request, prepared, then: &entry.published, reasons: Vec::new() };
    judging.elsewhere(past, remembering);
    judging.fewer_rows(report);
    judging.emptier(report);
    if compared.has_past {
        judging.cleared(compared);
        judging.new_accounts(compared);
    }
    let warning = judging.headers(report);
    (judging.reasons, warning.into_iter().collect())
}

struct Judging<'a> {
    request: &'a RunRequest,
    prepared: &'a Prepared,
    then: &'a Published,
    reasons: Vec<Diagnostic>,
}

impl Judging<'_> {
    /// Notes a passed limit, unless it is lifted for this run.
    fn refuse<T>(&mut self, code: &'static Code, name: &str, limit: &Spanned<T>, message: String) {
        if !self.request.accept.iter().any(|accepted| accepted == name) {
            let place = Place::new(&self.prepared.file.shown, limit.span);
            self.reasons.push(Diagnostic::error(code, message).at(place, "refuses the run").help(code.cure));
        }
    }

    /// Two environments, or two projects, that remember in one place would fill in, compare and leave out by what the other one
    /// published.
    fn elsewhere(&mut self, past: &Past, remembering: &Remembering) {
        let memory = &self.prepared.resolved.memory;
        let looks_back = past.compares()
            || memory.pinned
            || memory.fewer_rows.is_some()
            || memory.emptier.is_some()
            || memory.headers.as_ref().is_some_and(|limit| limit.value);
        let (then, now) = (&self.then.place, &remembering.place);
        let same = then == now || then.is_empty() || now.is_empty();
        if same || !remembering.writes || !looks_back || self.request.accept.iter().any(|name| name == "moved") {
            return;
        }
        let message = format!(
            "`{}` was published to `{}` for {}, and this run publishes to `{}`: both have one memory",
            self.then.mapping, then, self.then.as_of, now
        );
        self.reasons.push(Diagnostic::error(&code::MEMORY_SHARED, message).help(code::MEMORY_SHARED.cure));
    }

    fn fewer_rows(&mut self, report: &MappingReport) {
        let Some(limit) = self.prepared.resolved.memory.fewer_rows.clone() else { return };
        let (now, then) = (report.rows.written + report.rows.unchanged, self.then.rows);
        let fewer = then.saturating_sub(now);
        if passes(limit.value, fewer, then) {
            let message = format!(
                "{now} rows, {then} on {}: {fewer} fewer ({}); `limits.fewer_rows` allows {}",
                self.then.as_of,
                share(fewer, then),
                words(limit.value)
            );
            self.refuse(&code::LIMIT_FEWER_ROWS, "fewer_rows", &limit, message);
        }
    }

    fn emptier(&mut self, report: &MappingReport) {
        let Some(limit) = self.prepared.resolved.memory.emptier.clone() else { return };
        let rows = report.rows.written + report.rows.unchanged;
        for (name, now) in &report.fill.0 {
            let Some(then) = self.then.fill.get(name) else { continue };
            let points = percent(*then, self.then.rows) - percent(*now, rows);
            let passed = match limit.value {
                Amount::Count(most) => then.saturating_sub(*now) > most,
                Amount::Percent(most) => points > most,
            };
            if passed {
                let message = format!(
                    "column `{name}` is filled in {now} of {rows} rows ({}), on {} in {then} of {} ({}); `limits.emptier` \
                     allows {}",
                    share(*now, rows),
                    self.then.as_of,
                    self.then.rows,
                    share(*then, self.then.rows),
                    words(limit.value)
                );
                self.refuse(&code::LIMIT_EMPTIER, "emptier", &limit, message);
            }
        }
    }

    fn cleared(&mut self, compared: &Compared) {
        let Some(limit) = self.prepared.resolved.memory.cleared.clone() else { return };
        let cleared: u64 = compared.cleared.iter().map(|(_, count)| count).sum();
        if passes(limit.value, cleared, compared.held) {
            let mut worst = compared.cleared.clone();
            worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let worst: Vec<String> =
                worst.iter().take(3).map(|(name, count)| format!("`{name}` in {count} rows")).collect();
            let message = format!(
                "{cleared} of {} values published on {} would be emptied ({}): {}; `limits.cleared` allows {}",
                compared.held,
                self.then.as_of,
                share(cleared, compared.held),
                worst.join(", "),
                words(limit.value)
            );
            self.refuse(&code::LIMIT_CLEARED, "cleared", &limit, message);
        }
    }

    fn new_accounts(&mut self, compared: &Compared) {
        let Some(limit) = self.prepared.resolved.memory.new_accounts.clone() else { return };
        let then = self.then.rows;
        if passes(limit.value, compared.new, then) {
            let message = format!(
                "{} keys were never published before ({} of the {then} rows on {}); `limits.new_accounts` allows {}",
                compared.new,
                share(compared.new, then),
                self.then.as_of,
                words(limit.value)
            );
            self.refuse(&code::LIMIT_NEW, "new_accounts", &limit, message);
        }
    }

    /// Totango sees a column by its name: their order is of no matter.
    fn headers(&mut self, report: &MappingReport) -> Option<Diagnostic> {
        // An import has the columns that the export had.
        if self.then.imported {
            return None;
        }
        let missing = |from: &[String], other: &[String]| -> Vec<String> {
            from.iter().filter(|name| !other.contains(name)).map(|name| format!("`{name}`")).collect()
        };
        let (added, gone) =
            (missing(&report.columns, &self.then.headers), missing(&self.then.headers, &report.columns));
        let parts: Vec<String> = [("added", added), ("gone", gone)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what} {}", names.join(", ")))
            .collect();
        if parts.is_empty() {
            return None;
        }
        let message = format!(
            "{} columns, {} on {}: {}",
            report.columns.len(),
            self.then.headers.len(),
            self.then.as_of,
            parts.join("; ")
        );
        match self.prepared.resolved.memory.headers.clone() {
            Some(limit) if limit.value => {
                self.refuse(&code::LIMIT_HEADERS, "headers", &limit, message);
                None
            }
            _ => Some(Diagnostic::warning(&code::HEADER_CHANGED, message).help(code::HEADER_CHANGED.cure)),
        }
    }
}

fn passes(limit: Amount, count: u64, of: u64) -> bool {
    match limit {
        Amount::Count(most) => count > most,
        Amount::Percent(most) => count as f64 * 100.0 > most * of as f64,
    }
}

fn percent(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 * 100.0 / of as f64 }
}

fn share(part: u64, of: u64) -> String {
    format!("{:.2} %", percent(part, of))
}

fn words(limit: Amount) -> String {
    match limit {
        Amount::Count(most) => most.to_string(),
        Amount::Percent(most) => format!("{most} %"),
    }
}
