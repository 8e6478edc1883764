//! Keys and reasons in words, for the reports.

use std::borrow::Cow;
use std::io;

use crate::diagnostic::{Code, code};
use crate::settle::cells::RowCells;
use crate::settle::fate::{Explanation, Fate, Position, Reason, Rejected};
use crate::settle::judge::BrokenRule;
use crate::settle::layout::Layout;
use crate::settle::rows::RowReader;
use crate::settle::rules::Absence;
use crate::settle::settled::Settled;

/// Members of a loop that are shown.
const SHOWN: u32 = 10;

/// Reads keys and cells of settled rows back from the temporary files; fast for rows in source order.
#[derive(Debug)]
pub struct Explainer<'a> {
    settled: &'a Settled,
    reader: RowReader<'a>,
    cells: RowCells,
    places: Vec<Option<usize>>,
}

/// A row to be told about, and its cells by column where they are at hand.
#[derive(Clone, Copy)]
struct Row<'c> {
    number: usize,
    cells: Option<&'c dyn Fn(usize) -> String>,
}

/// A broken rule: its code, the column it is about (none: the record, or what was told of before), and the fact.
pub fn rule_in_words(layout: &Layout, rule: BrokenRule) -> (&'static Code, Option<usize>, String) {
    let name = |column: usize| &layout.columns[column].attribute;
    match rule {
        BrokenRule::OneOf(group) => {
            let names: Vec<String> = layout.one_of[group].iter().map(|column| format!("`{}`", name(*column))).collect();
            (&code::ONE_OF, None, format!("none of {} has a value", names.join(", ")))
        }
        BrokenRule::RequiredWhen(pair) => {
            let (column, when) = layout.required_when[pair];
            (
                &code::REQUIRED_WITH,
                Some(column),
                format!("`{}` needs a value because `{}` has one", name(column), name(when)),
            )
        }
        BrokenRule::TooLarge(column) => {
            (&code::NUMBER_RANGE, Some(column), "the number is too long to be added".to_owned())
        }
        BrokenRule::ValueTooLarge => (&code::NUMBER_RANGE, None, "the number is too long to be added".to_owned()),
    }
}

impl<'a> Explainer<'a> {
    pub(super) fn new(settled: &'a Settled) -> Self {
        Self {
            settled,
            reader: RowReader::new(settled.files()),
            cells: RowCells::new(),
            places: settled.task().layout.places(),
        }
    }

    /// The key of a row as it would be written, parts joined by `|`; empty if it was faulty.
    pub fn key(&mut self, row: usize) -> io::Result<String> {
        let decoded = self.decode(row)?;
        let layout = &self.settled.task().layout;
        Ok(if decoded { key_text(|place| self.cells.get(place).into(), layout, &self.places) } else { String::new() })
    }

    /// Why a row is rejected. `own` gives the judged cells of that row by column, so that they need not be read back.
    pub fn explain(&mut self, rejected: &Rejected, own: Option<&dyn Fn(usize) -> String>) -> io::Result<Explanation> {
        let layout = &self.settled.task().layout;
        // A record that went into a rejected row shares its reasons: there the cells are that decided.
        let row = self.settled.case.winners.of(rejected.row as u32) as usize;
        let row = Row { number: row, cells: own.filter(|_| row == rejected.row) };
        let mut told = Explanation {
            code: None,
            column: None,
            value: String::new(),
            message: String::new(),
            related: String::new(),
            related_position: None,
            absence: None,
        };
        match rejected.reason {
            Reason::Cells => {}
            Reason::Merged(rule) => self.tell_rule(rule, &mut told),
            Reason::KeyShared { column, other } => {
                self.relate(&mut told, other)?;
                let account = layout.key[0];
                self.decode(other as usize)?;
                told.related = self.cell(account);
                self.set_value(&mut told, row, column as usize)?;
                told.code = Some(&code::KEY_SHARED);
                told.message =
                    format!("`{}` is also the foreign key of account `{}`", shown(&told.value), shown(&told.related));
            }
            Reason::ParentMissing => {
                self.set_parent(&mut told, row)?;
                told.code = Some(&code::PARENT_MISSING);
                let absence = self.settled.task().known.accounts.absence(told.value.as_bytes());
                told.absence = Some(absence);
                told.related.clone_from(&told.value);
                told.message = format!("parent `{}` {}", shown(&told.value), nowhere(absence));
            }
            Reason::ParentRejected { parent, cause } => {
                self.set_parent(&mut told, row)?;
                self.relate(&mut told, cause)?;
                told.code = Some(&code::PARENT_REJECTED);
                told.message = format!("parent `{}` is not written", shown(&told.value));
                if parent != cause {
                    told.message += &format!(": it began with `{}`", shown(&told.related));
                }
            }
            Reason::ParentSelf => {
                self.set_parent(&mut told, row)?;
                told.code = Some(&code::PARENT_SELF);
                told.related.clone_from(&told.value);
                told.message = format!("`{}` is its own parent", shown(&told.value));
            }
            Reason::ParentLoop { first, length } => {
                told.message = self.tell_loop(first, length)?;
                self.relate(&mut told, first)?;
                self.set_parent(&mut told, row)?;
                told.code = Some(&code::PARENT_LOOP);
            }
            Reason::TooDeep { depth } => {
                self.set_parent(&mut told, row)?;
                told.code = Some(&code::TOO_DEEP);
                let deepest = self.settled.task().rules.hierarchy.max_depth.unwrap_or_default();
                told.message = format!("depth {depth} is more than `max_depth` {deepest}");
            }
            Reason::ReferenceMissing { reference } => {
                self.set_value(&mut told, row, layout.references[reference as usize].column)?;
                let unknown = self.settled.task().unknown_account(reference as usize).is_some();
                told.code = Some(if unknown { &code::ACCOUNT_UNKNOWN } else { &code::REFERENCE_MISSING });
                let target = self.settled.task().known.references.get(reference as usize);
                let absence = target.map_or(Absence::NeverSeen, |target| target.absence(told.value.as_bytes()));
                told.absence = Some(absence);
                told.related.clone_from(&told.value);
                told.message = format!("`{}` {}", shown(&told.value), nowhere(absence));
            }
            Reason::ReferenceRejected { reference, cause } => {
                self.relate(&mut told, cause)?;
                self.set_value(&mut told, row, layout.references[reference as usize].column)?;
                told.code = Some(&code::REFERENCE_MISSING);
                told.absence = Some(Absence::Rejected);
                told.message = format!("`{}` is not written", shown(&told.value));
                if told.related != told.value {
                    told.message += &format!(": it began with `{}`", shown(&told.related));
                }
            }
        }
        Ok(told)
    }

    fn tell_rule(&self, rule: BrokenRule, told: &mut Explanation) {
        let (code, column, message) = rule_in_words(&self.settled.task().layout, rule);
        (told.code, told.message) = (Some(code), message);
        told.column = column.or(told.column);
    }

    /// The loop of so many members on the way up from `first`.
    fn tell_loop(&mut self, first: u32, length: u32) -> io::Result<String> {
        let mut text = String::from("the parents form a loop: ");
        let mut member = first;
        for _ in 0..length.min(SHOWN) {
            text += &format!("`{}` -> ", shown(&self.key(member as usize)?));
            member = self.settled.case.links.get(member as usize);
        }
        if length > SHOWN {
            text += &format!("… {} more … -> ", length - SHOWN);
        }
        Ok(text + &format!("`{}`", shown(&self.key(first as usize)?)))
    }

    fn relate(&mut self, told: &mut Explanation, row: u32) -> io::Result<()> {
        told.related = self.key(row as usize)?;
        told.related_position = Some(Position::unpack(self.settled.case.rows.position.get(row as usize)));
        Ok(())
    }

    fn set_parent(&mut self, told: &mut Explanation, row: Row<'_>) -> io::Result<()> {
        match self.settled.task().layout.parent {
            Some(column) => self.set_value(told, row, column),
            None => Ok(()),
        }
    }

    fn set_value(&mut self, told: &mut Explanation, row: Row<'_>, column: usize) -> io::Result<()> {
        told.column = Some(column);
        match row.cells {
            Some(cells) => told.value = cells(column),
            None if self.decode(row.number)? => told.value = self.cell(column),
            None => {}
        }
        Ok(())
    }

    /// Reads `row`; false if it was never encoded.
    fn decode(&mut self, row: usize) -> io::Result<bool> {
        if self.settled.fate(row) == Fate::RejectedKey {
            return Ok(false);
        }
        self.cells.decode(self.reader.read(self.settled.case.rows.extent(row))?);
        Ok(true)
    }

    fn cell(&self, column: usize) -> String {
        let place = self.places[column];
        place.map_or_else(String::new, |place| String::from_utf8_lossy(self.cells.get(place)).into_owned())
    }
}

/// The key of a row whose columns stand at these places.
pub(super) fn key_text<'a>(cell: impl Fn(usize) -> Cow<'a, [u8]>, layout: &Layout, places: &[Option<usize>]) -> String {
    let part = |column: &usize| {
        places[*column].map_or_else(String::new, |place| String::from_utf8_lossy(&cell(place)).into_owned())
    };
    let parts: Vec<String> = layout.key.iter().map(part).collect();
    layout.joined(parts.iter().map(String::as_str))
}

fn nowhere(absence: Absence) -> &'static str {
    match absence {
        Absence::Rejected => "was rejected",
        Absence::Filtered => "was dropped by `where`",
        Absence::NeverSeen => "is nowhere: not in the file and not known",
    }
}

/// Text with control characters made visible.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}
