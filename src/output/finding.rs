//! What is known of one key in one run, and how it is told.

use std::fmt::Write;

use crate::diagnostic::{escape, find_code};
use crate::output::Status;

/// One thing that happened to the records of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The run did not have the mapping.
    NotInRun {
        /// The mapping.
        mapping: String,
        /// The run.
        run_id: String,
    },
    /// It stands in the Totango file.
    Written {
        /// The output.
        file: String,
        /// The line on which its row starts.
        line: u64,
        /// Header and value of each column.
        fields: Vec<(String, String)>,
    },
    /// It was not written.
    Rejected {
        /// Of the register.
        code: String,
        /// The target column, or `record`.
        column: String,
        /// As read.
        value: String,
        /// The fact.
        message: String,
        /// The source file.
        file: String,
        /// The line on which it starts.
        line: u64,
        /// Key of the root cause; empty if it is its own.
        related: String,
    },
    /// Another record of its key was taken.
    Duplicate {
        /// The source file.
        file: String,
        /// The line on which it starts.
        line: u64,
        /// The winner's source file.
        winner_file: String,
        /// The winner's line.
        winner_line: u64,
        /// What became of the winner.
        winner_fate: String,
        /// What decided.
        decided_by: String,
    },
    /// Its rejection took others with it.
    TookAlong {
        /// How many records.
        count: u64,
        /// The first of them.
        first: Vec<Child>,
    },
    /// The mapping published nothing, so that no file shows what would have been written.
    NotPublished {
        /// How it ended.
        status: Status,
        /// Why.
        problem: Option<String>,
    },
    /// The files of the run are no longer there.
    Superseded {
        /// The run whose files stand there now.
        by: Option<String>,
    },
    /// Neither written nor rejected nor a duplicate.
    Nowhere {
        /// The mapping.
        mapping: String,
        /// Keys of the run that look like it.
        near: Vec<String>,
        /// Records that `where` dropped: their keys are not kept.
        filtered: u64,
    },
    /// A record that could not be read holds the text of the key.
    Unreadable {
        /// Its code.
        code: String,
        /// Why it could not be read.
        message: String,
        /// Its source file.
        file: String,
        /// The line on which it starts.
        line: u64,
    },
}

/// A record that was rejected because of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its key.
    pub key: String,
    /// Its source file.
    pub file: String,
    /// The line on which it starts.
    pub line: u64,
}

/// The findings as text for people, one after the other.
pub fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        tell(&mut out, finding).expect("a string takes all that is written");
    }
    out
}

fn tell(out: &mut String, finding: &Finding) -> std::fmt::Result {
    match finding {
        Finding::NotInRun { mapping, run_id } => writeln!(out, "run {run_id} had no mapping `{}`", escape(mapping)),
        Finding::Written { file, line, fields } => {
            writeln!(out, "written: {}:{line}", escape(file))?;
            fields.iter().try_for_each(|(name, value)| match value.as_str() {
                "" => writeln!(out, "  {} is empty", escape(name)),
                value => writeln!(out, "  {} = {}", escape(name), escape(value)),
            })
        }
        Finding::Rejected { code, column, value, message, file, line, related } => {
            write!(out, "rejected: {}:{line}: {code}", escape(file))?;
            if column != "record" {
                write!(out, " in `{}`", escape(column))?;
            }
            writeln!(out, ": {}", escape(message))?;
            if !value.is_empty() {
                writeln!(out, "  value: {}", escape(value))?;
            }
            if !related.is_empty() {
                writeln!(out, "  root cause: `{}`", escape(related))?;
            }
            find_code(code).map_or(Ok(()), |code| writeln!(out, "  cure: {}", code.cure))
        }
        Finding::Duplicate { file, line, winner_file, winner_line, winner_fate, decided_by } => writeln!(
            out,
            "duplicate: {}:{line} lost to {}:{winner_line}, which was {} (decided by {})",
            escape(file),
            escape(winner_file),
            escape(winner_fate),
            escape(decided_by),
        ),
        Finding::TookAlong { count, first } => {
            writeln!(out, "took along: {count} {}", if *count == 1 { "record" } else { "records" })?;
            for Child { key, file, line } in first {
                writeln!(out, "  `{}` at {}:{line}", escape(key), escape(file))?;
            }
            match count - first.len() as u64 {
                0 => Ok(()),
                more => writeln!(out, "  and {more} more"),
            }
        }
        Finding::NotPublished { status, problem } => {
            let status = serde_json::to_value(status).map_err(|_| std::fmt::Error)?;
            write!(out, "not published: the mapping was {}", status.as_str().unwrap_or_default())?;
            match problem {
                Some(problem) => writeln!(out, ": {}", escape(problem)),
                None => writeln!(out),
            }
        }
        Finding::Superseded { by: Some(run_id) } => {
            writeln!(out, "the files of this run have been replaced by run {}", escape(run_id))
        }
        Finding::Superseded { by: None } => writeln!(out, "the files of this run are gone"),
        Finding::Nowhere { mapping, near, filtered } => {
            writeln!(out, "not found: neither written nor rejected nor a duplicate")?;
            if !near.is_empty() {
                let near: Vec<String> = near.iter().map(|key| format!("`{}`", escape(key))).collect();
                writeln!(out, "  near: {}", near.join(", "))?;
            }
            if *filtered > 0 {
                writeln!(
                    out,
                    "  `where` dropped {filtered} of the records and kept none of their keys: `tanguero preview {} --key …` looks for it in \
                     the sources as they are now",
                    escape(mapping)
                )?;
            }
            Ok(())
        }
        Finding::Unreadable { code, message, file, line } => {
            writeln!(out, "in a record that cannot be read: {}:{line}", escape(file))?;
            writeln!(out, "  {code}: {}", escape(message))
        }
    }
}
