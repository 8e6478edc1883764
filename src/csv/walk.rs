//! The careful way: one record after the other by a state machine, for files whose quotes are not well-formed.
//!
//! An open quote must not swallow the file, so a record is followed no further than its limits, and reading resumes on
//! the line after the one it began on. That line often leads into the very quotes just followed (think of lines that lost
//! their outer quotes: `a","b","c`); following them anew from each line would take hours. [`Followed`] remembers where the
//! last bad record led: a later one that is inside quotes at a line end which the bad one also had inside quotes goes the
//! same way, and jumps to its end.

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::dialect::{Dialect, line_end, text_end};
use super::fault::RecordFault;

/// What became of the record that starts at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are needed to tell.
    More,
    /// Its text ends at `end`; the next record starts at `next`, `lines` lines on.
    Record { end: usize, next: usize, lines: u64 },
    /// It cannot be read; `end` is where its first line ends, or the limit of a record.
    Fault { fault: RecordFault, end: usize, next: usize },
    /// As `Fault`, but the line goes on beyond the limit of a record: its rest must be skipped.
    Cut { fault: RecordFault, end: usize, next: usize },
}

/// Where the last bad record led.
#[derive(Debug, Clone, Copy)]
struct Followed {
    /// All line ends up to here were inside its quotes.
    until: usize,
    led: Led,
}

#[derive(Debug, Clone, Copy)]
enum Led {
    To(RecordFault),
    /// To the limit of its length only: a later one may go on from here.
    On {
        at: usize,
        opened: Option<usize>,
    },
}

/// The state machine; positions count from the first unread byte.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    dialect: Dialect,
    carriage_return: bool,
    at: usize,
    /// Where the quoted field began that `at` lies in.
    opened: Option<usize>,
    fault: Option<RecordFault>,
    followed: Option<Followed>,
}

enum End {
    More,
    Record { end: usize, next: usize },
    Fault(RecordFault),
}

impl Walk {
    pub(super) fn new(dialect: &Dialect, carriage_return: bool) -> Self {
        Self { dialect: dialect.clone(), carriage_return, at: 0, opened: None, fault: None, followed: None }
    }

    /// Forgets a record that was begun: the next call of [`Walk::step`] is about the record at `start`.
    pub(super) fn restart(&mut self, start: usize) {
        self.at = start;
        self.opened = None;
        self.fault = None;
    }

    /// Whether a bad record led beyond `start`.
    pub(super) fn is_followed(&self, start: usize) -> bool {
        self.followed.is_some_and(|followed| start < followed.until)
    }

    /// Takes note that the first `length` bytes are given away.
    pub(super) fn give(&mut self, length: usize) {
        self.at = self.at.saturating_sub(length);
        self.opened = self.opened.map(|opened| opened.saturating_sub(length));
        self.followed = self.followed.and_then(|followed| {
            let led = match followed.led {
                Led::To(fault) => Led::To(fault),
                // A quoted field that began before the bytes left cannot be entered by a record still to come.
                Led::On { at, opened: Some(opened) } => {
                    Led::On { at: at.checked_sub(length)?, opened: Some(opened.checked_sub(length)?) }
                }
                Led::On { at, opened: None } => Led::On { at: at.checked_sub(length)?, opened: None },
            };
            Some(Followed { until: followed.until.checked_sub(length)?, led })
        });
    }

    /// Follows the record that starts at `start`, on from where the last call stopped.
    pub(super) fn step(&mut self, bytes: &[u8], start: usize, end_of_input: bool) -> Step {
        let fault = match self.fault {
            Some(fault) => fault,
            None => match self.follow(bytes, start, end_of_input) {
                End::More => return Step::More,
                End::Record { end, next } => {
                    self.restart(next);
                    let lines = memchr_iter(line_end(self.carriage_return), &bytes[start..next]).count() as u64;
                    return Step::Record { end, next, lines };
                }
                End::Fault(fault) => fault,
            },
        };
        self.fault = Some(fault);
        let largest = start + self.dialect.max_record;
        let stop = bytes.len().min(largest + 2);
        let step = match memchr(line_end(self.carriage_return), &bytes[start..stop]) {
            Some(at) => {
                let end = text_end(bytes, start, start + at, self.carriage_return).min(largest);
                Step::Fault { fault, end, next: start + at + 1 }
            }
            None if stop == largest + 2 => Step::Cut { fault, end: largest, next: stop },
            None if end_of_input => {
                let end = text_end(bytes, start, stop, self.carriage_return).min(largest);
                Step::Fault { fault, end, next: stop }
            }
            None => return Step::More,
        };
        if let Step::Fault { next, .. } | Step::Cut { next, .. } = step {
            self.restart(next);
        }
        step
    }

    fn follow(&mut self, bytes: &[u8], start: usize, end_of_input: bool) -> End {
        let Dialect { delimiter, quote, max_field, max_record, .. } = self.dialect;
        let line_end = line_end(self.carriage_return);
        let limit = start + max_record + 2;
        loop {
            let Some(opened) = self.opened else {
                let stop = bytes.len().min(limit);
                let found = memchr2(quote, line_end, &bytes[self.at.min(stop)..stop]).map(|found| self.at + found);
                let Some(at) = found else {
                    self.at = self.at.max(stop);
                    if stop == limit {
                        return self.too_large();
                    }
                    if !end_of_input {
                        return End::More;
                    }
                    return self.ends(bytes, start, stop, stop);
                };
                self.at = at;
                if bytes[at] == line_end {
                    return self.ends(bytes, start, at, at + 1);
                }
                // A quote elsewhere in an unquoted field is data.
                if at == start || bytes[at - 1] == delimiter {
                    self.opened = Some(at);
                }
                self.at = at + 1;
                continue;
            };
            let field_limit = opened + max_field + 2;
            let stop = bytes.len().min(limit).min(field_limit);
            let merging = self.followed.is_some_and(|followed| self.at < followed.until);
            let Some(at) = self.sign_inside(&bytes[self.at.min(stop)..stop], merging).map(|found| self.at + found)
            else {
                self.at = self.at.max(stop);
                if stop == field_limit {
                    return self.leads_to(RecordFault::FieldTooLarge);
                }
                if stop == limit {
                    return self.too_large();
                }
                return if end_of_input { self.leads_to(RecordFault::OpenQuote) } else { End::More };
            };
            self.at = at;
            if bytes[at] != quote && Some(bytes[at]) == self.dialect.own_escape() {
                self.at = at + 2;
            } else if bytes[at] != quote {
                match self.followed.filter(|followed| at < followed.until) {
                    Some(Followed { led: Led::To(fault), .. }) => return End::Fault(fault),
                    Some(Followed { led: Led::On { at, opened }, .. }) => (self.at, self.opened) = (at, opened),
                    None => self.at = at + 1,
                }
            } else {
                match self.behind_quote(bytes, at + 1, end_of_input) {
                    Behind::Unknown => return End::More,
                    Behind::Quote => self.at = at + 2,
                    Behind::Border => (self.at, self.opened) = (at + 1, None),
                    Behind::Data => return self.leads_to(RecordFault::AfterQuote),
                }
            }
        }
    }

    /// The next byte inside quotes that may mean something.
    fn sign_inside(&self, bytes: &[u8], merging: bool) -> Option<usize> {
        let quote = self.dialect.quote;
        let line_end = line_end(self.carriage_return);
        match (self.dialect.own_escape(), merging) {
            (None, false) => memchr(quote, bytes),
            (None, true) => memchr2(quote, line_end, bytes),
            (Some(escape), false) => memchr2(quote, escape, bytes),
            (Some(escape), true) => memchr3(quote, escape, line_end, bytes),
        }
    }

    fn behind_quote(&self, bytes: &[u8], at: usize, end_of_input: bool) -> Behind {
        let missing = if end_of_input { Behind::Border } else { Behind::Unknown };
        match bytes.get(at) {
            None => missing,
            Some(&byte) if byte == self.dialect.quote => Behind::Quote,
            Some(&byte) if byte == self.dialect.delimiter || byte == line_end(self.carriage_return) => Behind::Border,
            Some(b'\r') => match bytes.get(at + 1) {
                None => missing,
                Some(b'\n') => Behind::Border,
                Some(_) => Behind::Data,
            },
            Some(_) => Behind::Data,
        }
    }

    /// The record's last line ends before `end`; too large it may still be.
    fn ends(&mut self, bytes: &[u8], start: usize, end: usize, next: usize) -> End {
        let end = text_end(bytes, start, end, self.carriage_return);
        if end - start > self.dialect.max_record { self.too_large() } else { End::Record { end, next } }
    }

    fn leads_to(&mut self, fault: RecordFault) -> End {
        self.followed = Some(Followed { until: self.at, led: Led::To(fault) });
        End::Fault(fault)
    }

    fn too_large(&mut self) -> End {
        self.followed = Some(Followed { until: self.at, led: Led::On { at: self.at, opened: self.opened } });
        End::Fault(RecordFault::RecordTooLarge)
    }
}

/// What stands behind a quote that may close a field.
enum Behind {
    Unknown,
    Quote,
    Border,
    Data,
}
