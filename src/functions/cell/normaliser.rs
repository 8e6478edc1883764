//! The type step: which kernel judges a column, and the short road each type offers.

use crate::csv::{put_field, put_short};
use crate::functions::fault;
use crate::functions::kernel::date::{Dates, Hint};
use crate::functions::kernel::id::IdRules;
use crate::functions::kernel::number::NumberRules;
use crate::functions::kernel::short::Short;
use crate::functions::kernel::{Made, Value, email, flag, list, salesforce, scan, text};
use crate::mapping::{Case, CellType, QuotePolicy};
use crate::resolve::CellSpec;

use super::Cell;

/// One type's rules for a column.
pub trait Normal {
    /// Lookup, map and values work on the elements, not on the whole.
    const ELEMENTS: bool = false;

    /// The type step for a trimmed, non-empty value.
    fn normal<'v>(&self, cell: &Cell, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v>;

    /// Whether a value stays as it is, without white space at its ends, a fault or a double quote. False: it may yet.
    #[inline]
    fn stands(&self, _: Short) -> bool {
        false
    }

    /// The same of a longer value.
    #[inline]
    fn stands_long(&self, _: &[u8]) -> bool {
        false
    }

    /// What a short value becomes in a register, short again and in need of no other step. None: it may yet.
    #[inline(always)]
    fn remade(&self, _: Short) -> Option<Short> {
        None
    }

    /// Appends what a longer value becomes, in need of no other step: not longer than it was, or than a moment. False: nothing
    /// was appended, and it may yet.
    #[inline(always)]
    fn remade_long(&self, _: &[u8], _: &mut Vec<u8>) -> bool {
        false
    }

    /// Puts what a short value becomes, given as its view, as a field, in need of no other step; gives the bytes written. 0: it
    /// may yet.
    #[inline(always)]
    fn put_short(&self, view: &u128, bare: bool, out: &mut [u8]) -> usize {
        let Some(value) = Short::of_view(*view) else { return 0 };
        let Some(made) = (if self.stands(value) { Some(value) } else { self.remade(value) }) else { return 0 };
        let (text, length) = made.parts();
        put_short(out, text, length, bare)
    }

    /// The same of a longer value.
    #[inline(always)]
    fn put_long(&self, value: &[u8], bare: bool, out: &mut [u8]) -> usize {
        if self.stands_long(value) { put_field(out, value, bare) } else { 0 }
    }

    /// The type step and the quotes at one go, for cells with nothing else to do. None: take the whole road.
    #[inline]
    fn quick<'v>(&self, cell: &Cell, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Option<Value<'v>> {
        self.normal(cell, value, hint, side).ok()
    }
}

/// The rules of any type.
#[derive(Debug)]
pub enum Normaliser {
    /// Text, one choice of a list, foreign keys.
    Text(TextRules),
    /// Record ids.
    Id(IdRules),
    /// Addresses.
    Email(EmailRules),
    /// Integers, numbers, currency.
    Number(NumberRules),
    /// Days and moments.
    Date(Box<Dates>),
    /// Flags and tags.
    Flag(FlagRules),
    /// Several values.
    List(ListRules),
}

/// Free text and what is judged like it.
#[derive(Debug)]
pub struct TextRules {
    case: Option<Case>,
    quotes: QuotePolicy,
    /// A key of another system: it may be a Salesforce id, or a number that a spreadsheet rewrote.
    key: bool,
}

/// E-mail addresses.
#[derive(Debug)]
pub struct EmailRules {
    case: Option<Case>,
}

/// Yes or no.
#[derive(Debug)]
pub struct FlagRules {
    yes: Box<[u8]>,
    /// None: false leaves the cell empty.
    no: Option<Box<[u8]>>,
}

/// Several values in one cell.
#[derive(Debug)]
pub struct ListRules {
    from: Box<[u8]>,
    to: Box<[u8]>,
    case: Option<Case>,
}

impl ListRules {
    /// How the source splits.
    pub fn from(&self) -> &[u8] {
        &self.from
    }

    /// How it is written.
    pub fn to(&self) -> &[u8] {
        &self.to
    }
}

impl Normaliser {
    /// The rules of `spec`'s type.
    ///
    /// # Errors
    /// A layout, zone or alphabet that cannot be.
    pub fn new(spec: &CellSpec) -> Result<Self, String> {
        let case = spec.case;
        let number = |whole| NumberRules { decimal_comma: spec.decimal_comma, whole, min: spec.min };
        let word = |given: &Option<String>, usual: &str| Box::from(given.as_deref().unwrap_or(usual).as_bytes());
        Ok(match spec.kind {
            CellType::List if spec.separator_in.is_none() => {
                Self::Text(TextRules { case, quotes: spec.quotes, key: false })
            }
            CellType::Text => Self::Text(TextRules { case, quotes: spec.quotes, key: false }),
            CellType::ForeignKey => Self::Text(TextRules { case: Some(Case::Lower), quotes: spec.quotes, key: true }),
            CellType::Id => Self::Id(IdRules::new(&spec.id_extra, case)?),
            CellType::Email => Self::Email(EmailRules { case }),
            CellType::Integer => Self::Number(number(true)),
            CellType::Number | CellType::Currency => Self::Number(number(false)),
            CellType::Date => Self::Date(Box::new(Dates::new(
                &spec.formats,
                spec.timezone.as_deref(),
                spec.service_timezone.as_deref(),
                spec.dst,
            )?)),
            CellType::Flag => Self::Flag(FlagRules { yes: word(&spec.yes, "yes"), no: Some(word(&spec.no, "no")) }),
            CellType::Tag => Self::Flag(FlagRules {
                yes: word(&spec.yes, "yes"),
                no: spec.absent_remove.then(|| word(&spec.no, "no")),
            }),
            CellType::List | CellType::MultiList => {
                let to: Box<[u8]> = word(&spec.separator_out, ",");
                Self::List(ListRules { from: word(&spec.separator_in, &String::from_utf8_lossy(&to)), to, case })
            }
        })
    }
}

impl TextRules {
    /// `case:`
    pub fn case(&self) -> Option<Case> {
        self.case
    }

    /// `quotes:`
    pub fn quotes(&self) -> QuotePolicy {
        self.quotes
    }

    /// They are those of a key of another system.
    pub fn is_key(&self) -> bool {
        self.key
    }
}

impl Normal for TextRules {
    #[inline]
    fn stands(&self, value: Short) -> bool {
        let cased = match self.case {
            None => true,
            Some(Case::Lower) => !value.has_upper(),
            Some(Case::Upper) => false,
        };
        cased && !self.key && value.is_plain()
    }

    #[inline]
    fn stands_long(&self, value: &[u8]) -> bool {
        let cased = match self.case {
            None => true,
            Some(Case::Lower) => scan::marks(value) & scan::UPPER == 0,
            Some(Case::Upper) => false,
        };
        cased && !self.key && scan::is_plain(value)
    }

    #[inline(always)]
    fn remade_long(&self, value: &[u8], side: &mut Vec<u8>) -> bool {
        self.case.is_none() && !self.key && self.quotes == QuotePolicy::Replace && scan::requote_plain(value, side)
    }

    fn normal<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        if self.key && super::super::kernel::id::is_spreadsheet_number(value) {
            return Err(fault::SPREADSHEET_NUMBER);
        }
        text::normal(value, self.case, side)
    }

    #[inline]
    fn quick<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Option<Value<'v>> {
        let marks = scan::marks(value);
        if self.key && (value.len() == 15 || value.contains(&b'+')) {
            return None;
        }
        if marks & (scan::CONTROL | scan::HIGH) != 0 && text::control_at(value).is_some() {
            return None;
        }
        match self.case {
            None => {}
            Some(Case::Lower) if marks & (scan::UPPER | scan::HIGH) == 0 => {}
            Some(_) if marks & scan::QUOTE != 0 => return None,
            Some(case) => return Some(text::recase(value, case, side)),
        }
        if marks & scan::QUOTE != 0 {
            return match self.quotes {
                QuotePolicy::Double | QuotePolicy::Replace => text::requote(value, self.quotes, side).ok(),
                QuotePolicy::Reject | QuotePolicy::Strip => None,
            };
        }
        Some(Value::Part(value))
    }
}

impl Normal for IdRules {
    #[inline]
    fn stands(&self, value: Short) -> bool {
        IdRules::stands(self, value)
    }

    #[inline]
    fn stands_long(&self, value: &[u8]) -> bool {
        IdRules::stands_long(self, value)
    }

    #[inline]
    fn normal<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        IdRules::normal(self, value, side)
    }

    #[inline]
    fn quick<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Option<Value<'v>> {
        if salesforce::is_short(value) { None } else { IdRules::normal(self, value, side).ok() }
    }
}

impl Normal for EmailRules {
    #[inline]
    fn normal<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        email::normal(value, self.case, side)
    }
}

impl Normal for NumberRules {
    #[inline]
    fn stands(&self, value: Short) -> bool {
        NumberRules::stands(self, value)
    }

    #[inline(always)]
    fn remade(&self, value: Short) -> Option<Short> {
        self.plain(value)
    }

    #[inline]
    fn normal<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        NumberRules::normal(self, value, side)
    }
}

impl Normal for Dates {
    #[inline]
    fn stands(&self, value: Short) -> bool {
        Dates::stands(self, value)
    }

    #[inline(always)]
    fn remade(&self, value: Short) -> Option<Short> {
        self.day(value)
    }

    #[inline(always)]
    fn put_long(&self, value: &[u8], _: bool, out: &mut [u8]) -> usize {
        self.moment(value).map_or(0, |moment| put_field(out, &moment, true))
    }

    #[inline(always)]
    fn remade_long(&self, value: &[u8], side: &mut Vec<u8>) -> bool {
        self.moment(value).inspect(|moment| side.extend_from_slice(moment)).is_some()
    }

    #[inline]
    fn normal<'v>(&self, _: &Cell, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        Dates::normal(self, value, hint, side)
    }
}

impl Normal for FlagRules {
    #[inline]
    fn normal<'v>(&self, _: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        let word = match flag::read(value).ok_or(fault::BAD_FLAG)? {
            true => Some(&self.yes),
            false => self.no.as_ref(),
        };
        Ok(match word {
            None => Value::Empty,
            Some(word) if **word == *value => Value::Part(value),
            Some(word) => {
                side.extend_from_slice(word);
                Value::Side
            }
        })
    }
}

impl Normal for ListRules {
    const ELEMENTS: bool = true;

    fn normal<'v>(&self, cell: &Cell, value: &'v [u8], _: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        if text::control_at(value).is_some() {
            return Err(fault::CONTROL_CHARACTER);
        }
        let mark = side.len();
        let made = list::normal(value, &self.from, &self.to, side, |element| {
            let element = cell.translate(element)?;
            if element.is_empty() || cell.allows(element) { Ok(element) } else { Err(fault::VALUE_UNKNOWN) }
        })?;
        let Some(case) = self.case else { return Ok(made) };
        match made {
            Value::Part(part) => Ok(text::recase(part, case, side)),
            Value::Empty => Ok(Value::Empty),
            Value::Side => {
                let joined = side.split_off(mark);
                if let Value::Part(same) = text::recase(&joined, case, side) {
                    side.extend_from_slice(same);
                }
                Ok(Value::Side)
            }
        }
    }

    /// Several steps work on the elements, so there is no short road.
    fn quick<'v>(&self, _: &Cell, _: &'v [u8], _: &mut Hint, _: &mut Vec<u8>) -> Option<Value<'v>> {
        None
    }
}
