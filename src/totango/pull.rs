//! Reading everything a search finds.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::diagnostic::code;
use crate::mapping::TotangoSearch;
use crate::store::Patience;
use crate::totango::answer::{Page, Row, page};
use crate::totango::pace::Pace;
use crate::totango::parts::pull_parts;
use crate::totango::{PAGE, PullError, Query, REACHED, Split, TotangoError, World};
use crate::web::{self, Call, Method};

/// How often a part is read before it counts as never standing still.
const READINGS: usize = 3;

/// What is to be read, and how.
#[derive(Clone)]
pub struct Search {
    /// The query.
    pub query: Query,
    /// The service, without a slash at the end.
    pub url: String,
    /// Its token; never shown.
    pub token: String,
    /// How more records than a search reaches are divided.
    pub split: Option<Split>,
    /// Calls a minute, at most.
    pub rate: u64,
    /// How long each call is tried.
    pub patience: Patience,
}

/// Gives every record that `search` finds to `take`, page by page, in rows of the query's columns; gives their number.
///
/// # Errors
/// Totango does not answer, finds more than can be reached, or changes its mind while it is read; `take` fails.
pub fn pull<E>(
    search: &Search,
    world: &dyn World,
    take: impl FnMut(Vec<Vec<Option<String>>>) -> Result<(), E>,
) -> Result<u64, PullError<E>> {
    let pace = Pace::of(&search.url, &search.token);
    let mut pulling = Pulling { search, world, pace, take, seen: HashSet::new(), read: 0, of: 0 };
    let first = pulling.ask(None, 0)?;
    pulling.of = first.total;
    if first.total < REACHED {
        pulling.part(None, first)?;
        return Ok(pulling.read);
    }
    let Some(split) = &search.split else {
        let help = "divide it with `split`, by the values of an attribute or by filters; docs/totango.md shows how";
        return Err(TotangoError::too_many(&pulling.what(None), first.total, help).into());
    };
    pull_parts(&mut pulling, split, first.total)?;
    Ok(pulling.read)
}

/// A pull under way.
pub(super) struct Pulling<'s, T> {
    pub search: &'s Search,
    world: &'s dyn World,
    pace: Arc<Mutex<Pace>>,
    take: T,
    /// Records of the parts read so far.
    seen: HashSet<u128>,
    pub read: u64,
    of: u64,
}

/// Why a part is to be read again.
enum Unsteady {
    Changed,
    Short,
    Twice(String),
}

impl<E, T: FnMut(Vec<Row>) -> Result<(), E>> Pulling<'_, T> {
    /// The search in words, with the filter that divides it.
    pub fn what(&self, filter: Option<&Value>) -> String {
        let kind = self.search.query.search().name();
        match filter {
            Some(filter) => format!("Totango's search of {kind}, divided by {filter},"),
            None => format!("Totango's search of {kind}"),
        }
    }

    /// The page from `offset` of the records that pass `filter`.
    pub fn ask(&mut self, filter: Option<&Value>, offset: u64) -> Result<Page, PullError<E>> {
        let search = self.search;
        // Held while the call goes on: two searches of one token come one after the other.
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if !pace.wait(search.rate, self.world) {
            return Err(PullError::Stopped);
        }
        let kind = search.query.search().name();
        let call = Call {
            what: format!("Totango's search of {kind}"),
            method: Method::Post,
            url: format!("{}/api/v1/search/{kind}", search.url),
            headers: vec![
                ("app-token", search.token.clone()),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: search.query.form(filter, offset),
            repeatable: true,
            allow_http: false,
        };
        let answer = web::call_and_wait(call, search.patience);
        let tries = answer.as_ref().map_or_else(|error| error.tries, |answer| answer.tries);
        pace.ended(tries, self.world);
        drop(pace);
        let answer = answer.map_err(TotangoError::from)?;
        page(&answer.body, &search.query).map_err(|why| TotangoError::strange(&self.what(filter), &why).into())
    }

    /// Reads the records that pass `filter`, of which `first` is the first page, and hands them on.
    pub fn part(&mut self, filter: Option<&Value>, first: Page) -> Result<u64, PullError<E>> {
        let mut first = Some(first);
        let mut why = Unsteady::Changed;
        for _ in 0..READINGS {
            let page = match first.take() {
                Some(page) => page,
                None => self.ask(filter, 0)?,
            };
            match self.reading(filter, page)? {
                Ok((rows, ids)) => {
                    let count = rows.len() as u64;
                    self.hand_on(filter, rows, ids)?;
                    return Ok(count);
                }
                Err(unsteady) => why = unsteady,
            }
        }
        let fact = match why {
            Unsteady::Changed => "the number of records changed".to_owned(),
            Unsteady::Short => "fewer or more records came than it told of".to_owned(),
            Unsteady::Twice(id) => format!("`{id}` came twice, so another record was missed"),
        };
        let message = format!("{}: while it was paged, {fact}, {READINGS} times in a row", self.what(filter));
        let help = "run again when nothing is imported into Totango";
        Err(TotangoError::new(&code::TOTANGO_UNSTEADY, &message, help).into())
    }

    /// Reads all pages once.
    #[allow(clippy::type_complexity)]
    fn reading(
        &mut self,
        filter: Option<&Value>,
        first: Page,
    ) -> Result<Result<(Vec<Row>, HashSet<u128>), Unsteady>, PullError<E>> {
        let total = first.total;
        if total >= REACHED {
            return Err(TotangoError::too_many(&self.what(filter), total, "divide it further").into());
        }
        self.of = self.of.max(self.read + total);
        let (mut rows, mut ids) = (Vec::new(), HashSet::new());
        let mut page = first;
        loop {
            if page.total != total {
                return Ok(Err(Unsteady::Changed));
            }
            let (count, left) = (page.rows.len() as u64, total - rows.len() as u64);
            if count > left.min(PAGE) || (count == 0 && left > 0) {
                return Ok(Err(Unsteady::Short));
            }
            for row in page.rows {
                if let Some(id) = self.id(&row)
                    && !ids.insert(id)
                {
                    return Ok(Err(Unsteady::Twice(row[0].clone().unwrap_or_default())));
                }
                rows.push(row);
            }
            self.world.progress(self.read + rows.len() as u64, self.of);
            if rows.len() as u64 == total {
                return Ok(Ok((rows, ids)));
            }
            page = self.ask(filter, rows.len() as u64)?;
        }
    }

    /// By what a record is known again: an account by its id, a user by it and all that is known of its account. The same
    /// person can be a user of several accounts: without any field of the account they cannot be told apart.
    fn id(&self, row: &Row) -> Option<u128> {
        let (fields, parents) = self.search.query.fields();
        let above = match self.search.query.search() {
            TotangoSearch::Accounts => &[][..],
            TotangoSearch::Users if parents == 0 => return None,
            TotangoSearch::Users => &row[2 + fields..],
        };
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            (seed, &row[0], above).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        Some(half(0) << 64 | half(1))
    }

    /// Parts may not overlap.
    fn hand_on(&mut self, filter: Option<&Value>, rows: Vec<Row>, ids: HashSet<u128>) -> Result<(), PullError<E>> {
        if filter.is_some() {
            let before = self.seen.len();
            let count = ids.len();
            self.seen.extend(ids);
            if self.seen.len() < before + count {
                let twice = before + count - self.seen.len();
                let message =
                    format!("{}: {twice} of its records pass another filter of `split` too", self.what(filter));
                let help = "divide by something of which every record has exactly one value";
                return Err(TotangoError::new(&code::TOTANGO_SPLIT, &message, help).into());
            }
        }
        self.read += rows.len() as u64;
        (self.take)(rows).map_err(PullError::Taker)
    }

    /// So many records are there in all.
    pub fn expect(&mut self, total: u64) {
        self.of = total;
    }
}
