//! The steps around the type: the short road for plain columns, the whole road for all.

use crate::functions::fault;
use crate::functions::kernel::date::Hint;
use crate::functions::kernel::{Value, html, list, salesforce, space, text};
use crate::mapping::{CellType, LookupMissing, OnError, QuotePolicy};

use super::{Cell, Normal, Normaliser};

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'v> {
    /// The final text; empty where there is a fault that is no warning.
    pub value: Value<'v>,
    /// See [`fault`]; 0: none.
    pub fault: u8,
}

impl<'v> Verdict<'v> {
    fn good(value: Value<'v>) -> Self {
        Self { value, fault: fault::NONE }
    }

    fn bad(fault: u8) -> Self {
        Self { value: Value::Empty, fault }
    }
}

impl Cell {
    /// Judges a value: by the short road where it leads, else by the whole one.
    #[inline(always)]
    pub fn judge_with<'v, N: Normal>(
        &self,
        normal: &N,
        value: &'v [u8],
        hint: &mut Hint,
        side: &mut Vec<u8>,
    ) -> Verdict<'v> {
        if self.plain {
            let trimmed = if self.spec.keep_space { value } else { space::trim(value) };
            if trimmed.is_empty() {
                return self.judge_empty(side);
            }
            let mark = side.len();
            match normal.quick(self, trimmed, hint, side) {
                Some(Value::Part(part)) if part.len() <= self.longest => return Verdict::good(Value::Part(part)),
                Some(Value::Side) if side.len() - mark <= self.longest => return Verdict::good(Value::Side),
                _ => side.truncate(mark),
            }
        }
        self.judge_fully(normal, value, hint, side)
    }

    /// Judges a value by every step.
    #[inline(never)]
    pub(super) fn judge_fully<'v, N: Normal>(
        &self,
        normal: &N,
        value: &'v [u8],
        hint: &mut Hint,
        side: &mut Vec<u8>,
    ) -> Verdict<'v> {
        let mark = side.len();
        let stripped = if self.spec.html { html::text(value) } else { None };
        let mut text = stripped.as_deref().map_or(value, str::as_bytes);
        if !self.spec.keep_space {
            text = space::trim(text);
        }
        if !N::ELEMENTS && !text.is_empty() {
            text = match self.translate(text) {
                Ok(text) => text,
                Err(fault) => return self.judge_fault(fault, side),
            };
        }
        if text.is_empty() {
            return self.judge_empty(side);
        }
        let made = match normal.normal(self, text, hint, side) {
            Ok(Value::Empty) => return self.judge_empty(side),
            Ok(Value::Side) => Value::Side,
            Ok(Value::Part(part)) => match part_of(value, part) {
                Some(part) => Value::Part(part),
                None => {
                    side.extend_from_slice(part);
                    Value::Side
                }
            },
            Err(fault) => {
                side.truncate(mark);
                return self.judge_fault(fault, side);
            }
        };
        let warning = match self.spec.kind {
            CellType::Id | CellType::ForeignKey if salesforce::is_short(text) => fault::SHORT_SALESFORCE_ID,
            _ => fault::NONE,
        };
        let verdict = self.finish(made, mark, N::ELEMENTS, side);
        if verdict.fault == fault::NONE { Verdict { fault: warning, ..verdict } } else { verdict }
    }

    /// What an empty cell becomes.
    #[inline]
    pub fn judge_empty<'v>(&self, side: &mut Vec<u8>) -> Verdict<'v> {
        match &self.empty {
            Ok(None) => Verdict::good(Value::Empty),
            Ok(Some(default)) => {
                side.extend_from_slice(default);
                Verdict::good(Value::Side)
            }
            Err(fault) => Verdict::bad(*fault),
        }
    }

    /// What `on_error` makes of a fault. `fail` keeps it: who counts the faults refuses the run.
    #[cold]
    pub fn judge_fault<'v>(&self, fault: u8, side: &mut Vec<u8>) -> Verdict<'v> {
        if self.spec.on_error != OnError::Empty || !fault::obeys_on_error(fault) {
            return Verdict::bad(fault);
        }
        let verdict = self.judge_empty(side);
        // A required cell cannot be emptied; the reason to tell is the fault itself.
        if verdict.fault == fault::NONE { Verdict { fault: fault::EMPTIED, ..verdict } } else { Verdict::bad(fault) }
    }

    /// Lookup and maps.
    pub(super) fn translate<'t>(&'t self, value: &'t [u8]) -> Result<&'t [u8], u8> {
        Ok(self.mapped(self.looked_up(value)?))
    }

    /// What the lookup table has for `value`.
    pub(super) fn looked_up<'t>(&'t self, value: &'t [u8]) -> Result<&'t [u8], u8> {
        let (Some(table), Some(spec)) = (&self.lookup, &self.spec.lookup) else { return Ok(value) };
        match (table.get(value), spec.missing) {
            (Some(found), _) => Ok(found),
            (None, LookupMissing::Reject) => Err(fault::LOOKUP_MISSING),
            (None, LookupMissing::Empty) => Ok(b""),
            (None, LookupMissing::Pass) => Ok(value),
        }
    }

    /// What `map` makes of `value`.
    pub(super) fn mapped<'t>(&'t self, value: &'t [u8]) -> &'t [u8] {
        if let Some(to) = self.map.get(value) {
            return to;
        }
        let any = self.spec.map_any_case.iter().find(|(from, _)| from.as_bytes().eq_ignore_ascii_case(value));
        any.map_or(value, |(_, to)| to.as_bytes())
    }

    /// One of the allowed values, if there are such.
    pub(super) fn allows(&self, value: &[u8]) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }

    /// Values, quotes, length.
    fn finish<'v>(&self, value: Value<'v>, mark: usize, elements: bool, side: &mut Vec<u8>) -> Verdict<'v> {
        let mut value = value;
        if !elements && !self.allows(current(value, mark, side)) {
            side.truncate(mark);
            return Verdict::bad(fault::VALUE_UNKNOWN);
        }
        if current(value, mark, side).contains(&b'"') {
            match self.spec.quotes {
                QuotePolicy::Double => {}
                QuotePolicy::Reject => {
                    side.truncate(mark);
                    return Verdict::bad(fault::QUOTE_IN_TEXT);
                }
                QuotePolicy::Replace | QuotePolicy::Strip => {
                    value = self.requote(current(value, mark, side).to_vec(), mark, side);
                    if value == Value::Empty {
                        return self.judge_empty(side);
                    }
                }
            }
        }
        let Some(most) = self.spec.max_length else { return Verdict::good(value) };
        let whole = current(value, mark, side);
        if whole.len() as u64 <= most || text::length(whole) <= most {
            return Verdict::good(value);
        }
        if !self.spec.truncate {
            side.truncate(mark);
            return Verdict::bad(fault::TOO_LONG);
        }
        let kept = text::cut(whole, most, self.spec.keep_space).len();
        match value {
            Value::Part(part) => value = Value::Part(&part[..kept]),
            _ => side.truncate(mark + kept),
        }
        Verdict { value, fault: fault::TRUNCATED }
    }

    /// Puts `held` without its double quotes on the side; white space and list elements that were nothing else go too.
    fn requote<'v>(&self, held: Vec<u8>, mark: usize, side: &mut Vec<u8>) -> Value<'v> {
        let mut changed = Vec::with_capacity(held.len());
        let made = text::requote(&held, self.spec.quotes, &mut changed);
        let all = if made == Ok(Value::Side) { changed.as_slice() } else { held.as_slice() };
        side.truncate(mark);
        if let Normaliser::List(rules) = &self.normaliser {
            if let Ok(Value::Part(same)) = list::normal(all, rules.to(), rules.to(), side, Ok) {
                side.extend_from_slice(same);
            }
        } else {
            side.extend_from_slice(if self.spec.keep_space { all } else { space::trim(all) });
        }
        if side.len() == mark { Value::Empty } else { Value::Side }
    }
}

/// The text a value stands for.
fn current<'t>(value: Value<'t>, mark: usize, side: &'t [u8]) -> &'t [u8] {
    match value {
        Value::Part(part) => part,
        Value::Side => &side[mark..],
        Value::Empty => &[],
    }
}

/// `part` as a piece of `value`, if it is one.
fn part_of<'v>(value: &'v [u8], part: &[u8]) -> Option<&'v [u8]> {
    let start = part.as_ptr().addr().checked_sub(value.as_ptr().addr())?;
    value.get(start..start.checked_add(part.len())?)
}
