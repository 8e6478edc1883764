//! A cell's way, step by step, for people: the same steps as [`Cell::judge`], which alone decides how it ends.

use crate::functions::fault;
use crate::functions::kernel::date::Hint;
use crate::functions::kernel::{Value, html, space};

use super::{Cell, Normal, Normaliser};

/// One step that changed the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `html`, `trim`, `lookup`, `map`, `type`, `on_error`, `default`, `quotes` or `truncate`.
    pub what: &'static str,
    /// What it became; empty: an empty cell.
    pub value: String,
}

/// The way of one value through a column's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What changed it, in order.
    pub steps: Vec<Step>,
    /// What is written; none: an empty cell, or nothing because of a fault.
    pub written: Option<String>,
    /// See [`fault`].
    pub fault: u8,
}

impl Cell {
    /// The way of `input` to what is written.
    pub fn trace(&self, input: Option<&str>) -> Trace {
        let mut side = Vec::new();
        let verdict = self.judge(input.map(str::as_bytes), &mut Hint::default(), &mut side);
        let written = match verdict.value {
            Value::Empty => None,
            Value::Part(part) => Some(String::from_utf8_lossy(part).into_owned()),
            Value::Side => Some(String::from_utf8_lossy(&side).into_owned()),
        };
        let mut steps = Vec::new();
        let before = self.until_type(input.unwrap_or_default(), &mut steps);
        let last = steps.last().map_or_else(|| input.unwrap_or_default().to_owned(), |step| step.value.clone());
        let end = written.clone().unwrap_or_default();
        let is_bad = verdict.fault != fault::NONE && !fault::is_warning(verdict.fault);
        if !is_bad && end != last {
            let what = match verdict.fault {
                fault::EMPTIED => "on_error",
                fault::TRUNCATED => "truncate",
                _ if before.is_none() && !end.is_empty() => "default",
                _ => "quotes",
            };
            steps.push(Step { what, value: end });
        }
        Trace { steps, written, fault: verdict.fault }
    }

    /// The steps up to the type, those that changed something; none if nothing is left, or a fault stopped it.
    fn until_type(&self, input: &str, steps: &mut Vec<Step>) -> Option<()> {
        let mut value = input.to_owned();
        let mut step = |what, next: String| {
            if next != value {
                value.clone_from(&next);
                steps.push(Step { what, value: next });
            }
            value.clone()
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut now = input.to_owned();
        if self.spec.html {
            now = step("html", html::text(now.as_bytes()).unwrap_or_else(|| now.clone()));
        }
        if !self.spec.keep_space {
            now = step("trim", text(space::trim(now.as_bytes())));
        }
        if !matches!(self.normaliser, Normaliser::List(_)) && !now.is_empty() {
            now = step("lookup", text(self.looked_up(now.as_bytes()).ok()?));
            now = step("map", text(self.mapped(now.as_bytes())));
        }
        if now.is_empty() {
            return None;
        }
        let (mut hint, mut side) = (Hint::default(), Vec::new());
        let bytes = now.as_bytes();
        let made = match &self.normaliser {
            Normaliser::Text(rules) => rules.normal(self, bytes, &mut hint, &mut side),
            Normaliser::Id(rules) => Normal::normal(rules, self, bytes, &mut hint, &mut side),
            Normaliser::Email(rules) => rules.normal(self, bytes, &mut hint, &mut side),
            Normaliser::Number(rules) => Normal::normal(rules, self, bytes, &mut hint, &mut side),
            Normaliser::Date(rules) => Normal::normal(rules.as_ref(), self, bytes, &mut hint, &mut side),
            Normaliser::Flag(rules) => rules.normal(self, bytes, &mut hint, &mut side),
            Normaliser::List(rules) => rules.normal(self, bytes, &mut hint, &mut side),
        };
        let made = match made.ok()? {
            Value::Empty => String::new(),
            Value::Part(part) => text(part),
            Value::Side => text(&side),
        };
        let made = step("type", made);
        (!made.is_empty()).then_some(())
    }
}
