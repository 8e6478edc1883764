//! Judges the rows of a source on the cluster: counts or cuts its files first, then has every part judged and encoded, and
//! takes in what can be checked against what was counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::civil::Date;

use crate::cluster::driver::{Driver, Taking};
use crate::cluster::error::Error;
use crate::cluster::item::{Item, Taken};
use crate::cluster::job::{Job, Judging, Work};
use crate::cluster::message::Piece;
use crate::cluster::pieces::Pieces;
use crate::cluster::spent::Spending;
use crate::settle::Sink;
use crate::source::{Account, Cuts, Part, RangeScan, Shape, Source};

/// What came of judging.
#[derive(Debug)]
pub struct Judged {
    /// All rows.
    pub sink: Sink,
    /// Hashes of the keys that `where` drops.
    pub filtered: Vec<u128>,
}

/// Has the rows of `source` judged; big files are cut into ranges of about `range` bytes. `sink` takes them in; what a pass
/// over the source would have found is kept in it. `advance` is told of records as they are done.
///
/// # Errors
/// What is wrong with the data, or with the cluster.
pub async fn judge(
    driver: &Driver<'_>,
    (source, shape): (&Arc<Source>, Shape),
    judging: Judging,
    (as_of, range): (Date, u64),
    sink: Sink,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Judged, Error> {
    let parts = parts(driver, source, &shape, (as_of, range)).await?;
    let began = Instant::now();
    // The lines of a range were counted when the file was cut.
    let counted = count(driver, &shape, as_of, &parts, Part::is_whole).await?;
    let began = driver.spent.stage("count", began);
    let items = parts.iter().zip(0..).map(|(part, number)| Item { number, part: part.clone(), range: None });
    let items = items.collect();
    let pivots = judging.layout.pivots;
    let job = Arc::new(Job { shape, as_of, work: Work::Judge(Box::new(judging)) });
    let taken = Mutex::new((Judged { sink, filtered: Vec::new() }, BTreeMap::new()));
    let take = |number: u32, pieces: &Pieces, mut end: Taken| {
        let part = &parts[number as usize];
        let account = end.account.take().ok_or_else(|| Error::cluster("a task says nothing of its file"))?;
        check(part, counted.get(&number), &account, (pieces, &end), pivots)?;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        driver.spent.during(Spending::Taking, || {
            let (judged, accounts) = &mut *taken;
            for piece in pieces.iter() {
                match piece? {
                    Piece::Rows(portion) => judged.sink.take_in(*portion)?,
                    Piece::Sums(sums) => judged.sink.take_in_folded(&sums)?,
                    Piece::Filtered(hashes) => judged.filtered.extend(hashes),
                }
            }
            judged.sink.add_totals(end.totals.take().unwrap_or_default());
            advance(account.readable());
            accounts.insert(number, account);
            Ok(())
        })
    };
    // The rows' bytes stay where they are laid; nearly always they are taken.
    let arrive = |piece: &[u8]| {
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        driver.spent.during(Spending::Taking, || Piece::lay_down(piece, &mut taken.0.sink))
    };
    driver.run(&job, items, Taking { arrive: &arrive, take: &take }).await?;
    driver.spent.stage("judge", began);
    let (judged, accounts) = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    source.keep_parts(parts.iter().zip(accounts.into_values()));
    Ok(judged)
}

/// The parts of `source`, in its order: files, and ranges of big ones.
pub(super) async fn parts(
    driver: &Driver<'_>,
    source: &Arc<Source>,
    shape: &Shape,
    (as_of, range): (Date, u64),
) -> Result<Vec<Part>, Error> {
    let began = Instant::now();
    let files = source.parts();
    let cuts: Vec<Option<Cuts>> = files.iter().map(|file| source.cuts(file, range)).collect();
    let mut items = Vec::new();
    // Of each item: its file.
    let mut places = Vec::new();
    for (place, (file, cuts)) in files.iter().zip(&cuts).enumerate() {
        for range in cuts.iter().flat_map(|cuts| &cuts.ranges) {
            items.push(Item { number: places.len() as u32, part: file.clone(), range: Some(range.clone()) });
            places.push(place);
        }
    }
    let scans: Mutex<BTreeMap<u32, RangeScan>> = Mutex::default();
    let take = |number: u32, _: &Pieces, end: Taken| {
        let scan = end.scan.ok_or_else(|| Error::cluster("a scan says nothing"))?;
        scans.lock().unwrap_or_else(PoisonError::into_inner).insert(number, scan);
        Ok(())
    };
    driver.run(&Arc::new(Job { shape: shape.clone(), as_of, work: Work::Scan }), items, Taking::ends(&take)).await?;
    let scans = scans.into_inner().unwrap_or_else(PoisonError::into_inner);
    let parts = files.iter().zip(&cuts).enumerate().flat_map(|(place, (file, cuts))| match cuts {
        None => vec![file.clone()],
        Some(cuts) => {
            let own = scans.iter().filter(|(number, _)| places[**number as usize] == place);
            cuts.parts(file, &own.map(|(_, scan)| scan.clone()).collect::<Vec<_>>())
        }
    });
    let parts = parts.collect();
    driver.spent.stage("cut", began);
    Ok(parts)
}

/// What is in those of `parts` that `wanted` says, by their place.
pub(super) async fn count(
    driver: &Driver<'_>,
    shape: &Shape,
    as_of: Date,
    parts: &[Part],
    wanted: impl Fn(&Part) -> bool,
) -> Result<BTreeMap<u32, Account>, Error> {
    let items = parts.iter().zip(0..).filter(|(part, _)| wanted(part));
    let items = items.map(|(part, number)| Item { number, part: part.clone(), range: None }).collect();
    let accounts: Mutex<BTreeMap<u32, Account>> = Mutex::default();
    let take = |number: u32, _: &Pieces, end: Taken| {
        let account = end.account.ok_or_else(|| Error::cluster("a count says nothing"))?;
        if let Some(why) = parts[number as usize].disagrees(&account) {
            return Err(Error::cluster(why));
        }
        accounts.lock().unwrap_or_else(PoisonError::into_inner).insert(number, account);
        Ok(())
    };
    driver.run(&Arc::new(Job { shape: shape.clone(), as_of, work: Work::Count }), items, Taking::ends(&take)).await?;
    Ok(accounts.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What an item gave must be what was counted, in rising order, each row once.
fn check(
    part: &Part,
    counted: Option<&Account>,
    account: &Account,
    (pieces, end): (&Pieces, &Taken),
    pivots: bool,
) -> Result<(), Error> {
    let wrong = |why: String| Err(Error::cluster(format!("{}: {why}", part.shown())));
    if let Some(why) = part.disagrees(account) {
        return Err(Error::cluster(why));
    }
    if counted.is_some_and(|counted| !counted.counts_like(account)) {
        return wrong("other records were judged than were counted".to_owned());
    }
    let (mut rows, mut last) = (0, None);
    for piece in pieces.iter() {
        let Piece::Rows(portion) = piece? else { continue };
        rows += portion.rows() as u64;
        for position in portion.positions() {
            if last.is_some_and(|last| last >= *position) || !part.holds(*position) {
                return wrong("rows came twice or out of their order".to_owned());
            }
            last = Some(*position);
        }
    }
    let read = end.totals.as_ref().map_or(0, |totals| totals.read);
    if read > account.readable() || !pivots && rows != read {
        return wrong(format!("{rows} rows of {read} arrived, of {} records", account.readable()));
    }
    Ok(())
}
