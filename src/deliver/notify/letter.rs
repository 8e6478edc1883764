//! The message: what happened, where to look, what to type. One for all recipients.

use std::fmt::Write as _;

use serde::Serialize;

use crate::output::{Delivery, Rows};

/// So many codes and steps are listed; the rest is counted.
const MOST: usize = 20;

/// What somebody is told of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Letter {
    /// Of this layout: 1.
    pub version: u32,
    /// `failure`, `limits`, `recovery` or `test`.
    pub event: String,
    /// The project's folder.
    pub project: String,
    /// The machine.
    pub host: String,
    /// The environment, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The run.
    pub run_id: String,
    /// What "now" meant.
    pub as_of: String,
    /// When it began, in UTC.
    pub started: String,
    /// Its word.
    pub status: String,
    /// Its exit code.
    pub exit: u8,
    /// What stopped it.
    pub problems: Vec<LetterProblem>,
    /// Where the records went.
    pub mappings: Vec<LetterMapping>,
    /// Why records were rejected.
    pub rejects: Vec<LetterCode>,
    /// What was delivered, and what not.
    pub deliveries: Vec<Delivery>,
    /// What lies in the output folder now.
    pub folder: String,
    /// Where rejects, duplicates and `run.json` of the run are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// What to type.
    pub next: String,
}

/// What stopped a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LetterProblem {
    /// Whose, if it is one mapping's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// Of the register.
    pub code: String,
    /// What the code means.
    pub title: String,
    /// What was said; left out where it may quote a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether `message` may quote a cell.
    #[serde(skip)]
    pub quotes: bool,
}

/// One mapping.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LetterMapping {
    /// Its name.
    pub mapping: String,
    /// How it ended.
    pub status: String,
    /// Where its records went.
    pub rows: Rows,
}

/// Records rejected for one reason.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LetterCode {
    /// Whose.
    pub mapping: String,
    /// Of the register.
    pub code: String,
    /// What it means.
    pub title: String,
    /// How many.
    pub count: u64,
    /// `file:line` of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Its cell, where values may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Letter {
    /// The same without anything that may be a cell of somebody's data.
    pub(super) fn without_values(&self) -> Self {
        let mut letter = self.clone();
        letter.problems.iter_mut().filter(|problem| problem.quotes).for_each(|problem| problem.message = None);
        letter.rejects.iter_mut().for_each(|code| code.value = None);
        letter
    }

    /// In one line.
    pub(super) fn subject(&self) -> String {
        let environment = self.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let name = self.project.rsplit('/').next().unwrap_or_default();
        let what = match self.event.as_str() {
            "recovery" => "good again".to_owned(),
            "test" => "a test".to_owned(),
            "limits" => format!("refused by a limit, exit {}", self.exit),
            _ => format!("failed, exit {}", self.exit),
        };
        format!("tanguero: {name}{environment}: {what}")
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = self.subject() + "\n\n";
        for problem in self.problems.iter().take(MOST) {
            let who = problem.mapping.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            let what = problem.message.as_ref().unwrap_or(&problem.title);
            let _ = writeln!(text, "{who}{what} [{}]", problem.code);
        }
        more(&mut text, self.problems.len());
        for mapping in &self.mappings {
            let rows = &mapping.rows;
            let _ = writeln!(
                text,
                "{} {}: {} read, {} written, {} rejected, {} duplicate",
                mapping.mapping, mapping.status, rows.read, rows.written, rows.rejected, rows.duplicate
            );
        }
        for code in self.rejects.iter().take(MOST) {
            let first = code.first.as_ref().map(|first| format!(", first at {first}")).unwrap_or_default();
            let value = code.value.as_ref().map(|value| format!(": `{value}`")).unwrap_or_default();
            let _ = writeln!(text, "  {} {} {} {}{first}{value}", code.mapping, code.count, code.code, code.title);
        }
        more(&mut text, self.rejects.len());
        for step in self.deliveries.iter().take(MOST) {
            let file = if step.file.is_empty() { String::new() } else { format!("{} to ", step.file) };
            let _ = writeln!(text, "{}{}: {}", file, step.place, step.answer.word());
        }
        more(&mut text, self.deliveries.len());
        text.push('\n');
        let mut lines = vec![("project", format!("{} on {}", self.project, self.host))];
        // A test is of no run.
        if self.event != "test" {
            lines.push(("run", format!("{} of {}, began {}", self.run_id, self.as_of, self.started)));
            lines.push(("folder", self.folder.clone()));
            lines.push(("evidence", self.evidence.clone().unwrap_or_else(|| "none kept".to_owned())));
        }
        lines.push(("next", self.next.clone()));
        for (name, line) in lines.iter().filter(|(_, line)| !line.is_empty()) {
            let _ = writeln!(text, "{name:<9} {line}");
        }
        text
    }
}

fn more(text: &mut String, count: usize) {
    if count > MOST {
        let _ = writeln!(text, "  and {} more", count - MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_values_quotes_nothing_and_names_the_code_instead() {
        let problem = |message: &str, quotes| LetterProblem {
            code: "K601".into(),
            title: "the same key occurs twice".into(),
            message: Some(message.to_owned()),
            quotes,
            ..LetterProblem::default()
        };
        let letter = Letter {
            event: "failure".into(),
            project: "/srv/totango".into(),
            exit: 4,
            problems: vec![problem("`Hunter` occurs twice", true), problem("the disk is full", false)],
            rejects: vec![LetterCode { count: 3, value: Some("Hunter".into()), ..LetterCode::default() }],
            ..Letter::default()
        };
        assert!(letter.text().contains("Hunter"));
        let text = letter.without_values().text();
        assert!(text.starts_with("tanguero: totango: failed, exit 4\n"), "{text}");
        assert!(
            !text.contains("Hunter")
                && text.contains("the same key occurs twice [K601]")
                && text.contains("disk is full"),
            "{text}"
        );
    }
}
