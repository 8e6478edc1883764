//! Variables: `${NAME}` and its relatives, filled into scalars that are already parsed.
//!
//! What is filled in stays data: in SQL it becomes a text literal, in a path it loses its wildcards, so that no value can
//! change what a mapping does.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::fmt::strtime;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, nearest};
use crate::sqltext::{self, Scanner};
use crate::yaml::Span;

/// What `${…}` stands for in one run.
#[derive(Clone)]
pub struct Variables {
    values: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    as_of: Date,
    env: Option<String>,
}

/// Where a scalar is used, which decides how a variable is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// As it is.
    Text,
    /// As it is, without braces.
    Template,
    /// As a text literal, outside quotes.
    Sql,
    /// Without `..`.
    Path,
    /// Without `..`, wildcards escaped; the process's environment counts too.
    SourcePath,
    /// As it is; the process's environment counts too. What a variable gives is a secret.
    Store,
}

/// A variable that cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub message: String,
    pub help: String,
    /// Bytes of the scalar's content.
    pub offset: usize,
    pub length: usize,
    /// It is well written and only lacks a value.
    pub unset: bool,
}

impl std::fmt::Debug for Variables {
    /// Names only of the process's environment: its values may be secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Variables")
            .field("values", &self.values)
            .field("environment", &self.environment.keys())
            .field("as_of", &self.as_of)
            .field("env", &self.env)
            .finish()
    }
}

const FORMS: &str =
    "`${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`";

impl Variables {
    /// `values` from `--var` and the project; `environment` is the process's, read in source paths only; `as_of` is the
    /// run's day; `env` the name given with `--env`.
    pub fn new(
        values: BTreeMap<String, String>,
        environment: BTreeMap<String, String>,
        as_of: Date,
        env: Option<String>,
    ) -> Self {
        Self { values, environment, as_of, env }
    }

    /// The same, where `values` has what was not said before: earlier sources beat later ones.
    #[must_use]
    pub fn or(mut self, values: BTreeMap<String, String>) -> Self {
        for (name, value) in values {
            self.values.entry(name).or_insert(value);
        }
        self
    }

    /// The same in another environment.
    #[must_use]
    pub fn in_environment(self, name: &str) -> Self {
        Self { env: Some(name.to_owned()), ..self }
    }

    /// The run's day.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The environment chosen with `--env`.
    pub fn env(&self) -> Option<&str> {
        self.env.as_deref()
    }

    /// The SQL of the query file shown as `path`, with its variables filled in as text literals.
    pub fn sql_file(&self, path: &str, text: &str) -> (String, Diagnostics) {
        let (sql, faults) = self.fill(text, Use::Sql);
        let mut found = Diagnostics::new();
        for fault in faults {
            let span = Span::new(fault.offset, fault.offset + fault.length);
            let diagnostic = Diagnostic::error(&code::VARIABLE, fault.message).at(Place::new(path, span), "");
            found.push(diagnostic.help(fault.help));
        }
        (sql, found)
    }

    /// `text` with its variables filled in; what could not be is left as its name, so that the rest can be judged.
    pub(super) fn fill(&self, text: &str, used: Use) -> (String, Vec<Fault>) {
        let mut filling =
            Filling { variables: self, used, out: String::new(), faults: Vec::new(), scanner: Scanner::new() };
        if !text.contains('$') {
            return (text.to_owned(), filling.faults);
        }
        filling.run(text);
        (filling.out, filling.faults)
    }

    /// What the variables in `text` give, each by itself, where it is used for a store; the day and the environment's name
    /// are no secrets.
    pub(super) fn given(&self, text: &str) -> Vec<String> {
        let bodies = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        let own = |body: &str| {
            let name = body.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
            matches!(name, Some("as_of" | "env"))
        };
        bodies.filter(|(body, _)| !own(body)).filter_map(|(body, _)| self.value(body, Use::Store).ok()).collect()
    }

    fn value(&self, body: &str, used: Use) -> Result<String, (String, String, bool)> {
        let wrong = || (format!("`${{{body}}}` is no variable"), FORMS.to_owned(), false);
        let end = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        let (name, rest) = body.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(wrong());
        }
        if name == "as_of" {
            return self.day(rest).ok_or_else(wrong);
        }
        if rest.contains("${") {
            return Err(("variables do not nest".to_owned(), FORMS.to_owned(), false));
        }
        let known = match name {
            "env" => self.env.as_deref(),
            _ => self.values.get(name).map(String::as_str),
        };
        let outside = self.environment.get(name).map(String::as_str);
        let known = match used {
            Use::SourcePath | Use::Store => known.or(outside),
            _ => known,
        };
        if rest.is_empty() {
            return known.map(str::to_owned).ok_or_else(|| self.unset(name, outside.is_some()));
        }
        let known = known.filter(|value| !value.is_empty()).map(str::to_owned);
        if let Some(default) = rest.strip_prefix(":-") {
            return Ok(known.unwrap_or_else(|| default.to_owned()));
        }
        if let Some(message) = rest.strip_prefix(":?") {
            return known.ok_or_else(|| (format!("variable `{name}`: {message}"), given(name), true));
        }
        Err(wrong())
    }

    fn unset(&self, name: &str, outside: bool) -> (String, String, bool) {
        let help = match nearest(name, self.values.keys().map(String::as_str)) {
            _ if name == "env" => "choose one with `--env NAME`".to_owned(),
            Some(near) => format!("`{near}` has a similar name"),
            None if outside => {
                "the process's environment is read in source paths and `stores` only; ".to_owned() + &given(name)
            }
            None => given(name),
        };
        (format!("variable `{name}` has no value"), help, true)
    }

    /// What follows `as_of`: `-1d`, `+2w`, `:%Y/%m/%d`, both or nothing.
    fn day(&self, rest: &str) -> Option<String> {
        let (shift, format) = rest.split_once(':').map_or((rest, None), |(shift, format)| (shift, Some(format)));
        let mut day = self.as_of;
        if !shift.is_empty() {
            let (count, unit) = shift.split_at_checked(shift.len() - 1)?;
            let digits = count.strip_prefix(['+', '-'])?;
            let days: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| count.parse().ok())??;
            let days = days.checked_mul(match unit {
                "d" => 1,
                "w" => 7,
                _ => return None,
            })?;
            // A century is more than any mapping looks back, and keeps the arithmetic within the calendar.
            day = if days.abs() > 36_525 { None } else { day.checked_add(days.days()).ok() }?;
        }
        match format {
            None => Some(day.to_string()),
            Some(format) if format.contains('%') => strtime::format(format, day).ok(),
            Some(_) => None,
        }
    }
}

fn given(name: &str) -> String {
    format!("pass `--var {name}=VALUE`, or write `${{{name}:-default}}`")
}

struct Filling<'v> {
    variables: &'v Variables,
    used: Use,
    out: String,
    faults: Vec<Fault>,
    scanner: Scanner,
}

impl Filling<'_> {
    fn run(&mut self, text: &str) {
        let mut plain_dots = String::new();
        let mut filled_dots = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find('$') {
            let dollar = at + found;
            self.plain(&text[at..dollar]);
            plain_dots.push_str(&text[at..dollar]);
            filled_dots.push_str(&text[at..dollar]);
            let rest = &text[dollar..];
            if rest.starts_with("${") {
                let Some(end) = rest.find('}') else {
                    self.fault(format!("`{}` is never closed", rest.lines().next().unwrap_or(rest)), FORMS, dollar, 2);
                    return;
                };
                let value = self.variable(&rest[2..end], dollar, end + 1, &rest[end + 1..]);
                plain_dots.push('x');
                filled_dots.push_str(&value);
                at = dollar + end + 1;
            } else {
                self.plain("$");
                at = dollar + if rest.starts_with("$$") { 2 } else { 1 };
            }
        }
        self.plain(&text[at..]);
        plain_dots.push_str(&text[at..]);
        filled_dots.push_str(&text[at..]);
        let path = matches!(self.used, Use::Path | Use::SourcePath);
        if path && parents(&filled_dots) > parents(&plain_dots) {
            let help = "a variable's content may not contain `..`";
            self.fault("a variable leads out of its folder".to_owned(), help, 0, text.len());
        }
    }

    fn plain(&mut self, text: &str) {
        if self.used == Use::Sql {
            self.scanner.feed(text);
        }
        self.out.push_str(text);
    }

    fn variable(&mut self, body: &str, offset: usize, length: usize, after: &str) -> String {
        let value = match self.variables.value(body, self.used) {
            Ok(value) => value,
            Err((message, help, unset)) => {
                self.faults.push(Fault { message, help, offset, length, unset });
                body.to_owned()
            }
        };
        match self.used {
            Use::Text | Use::Path | Use::Store => self.out.push_str(&value),
            Use::Template => {
                if value.contains(['{', '}']) {
                    let help = "braces name source columns in a template";
                    self.fault(format!("the content of `${{{body}}}` has braces"), help, offset, length);
                }
                self.out.push_str(&value);
            }
            Use::Sql => {
                let swallowed = after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '"'));
                if !self.scanner.takes_literal() || swallowed {
                    let message = if self.scanner.is_hidden() {
                        format!("`${{{body}}}` stands inside quotes or a comment")
                    } else {
                        format!("`${{{body}}}` touches its neighbour")
                    };
                    let help = "a variable is a text literal by itself: `\"Region\" = ${REGION}`; join text with `||`";
                    self.fault(message, help, offset, length);
                }
                self.plain(&sqltext::literal(&value));
            }
            Use::SourcePath => self.out.push_str(&without_wildcards(&value)),
        }
        value
    }

    fn fault(&mut self, message: String, help: &str, offset: usize, length: usize) {
        self.faults.push(Fault { message, help: help.to_owned(), offset, length, unset: false });
    }
}

fn parents(path: &str) -> usize {
    path.split(['/', '\\']).filter(|part| *part == "..").count()
}

/// Each character that means something in a glob, in brackets: there it means itself.
fn without_wildcards(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\') {
            safe.extend(['[', character, ']']);
        } else {
            safe.push(character);
        }
    }
    safe
}
