//! Judges the rows of a source on the cluster: counts or cuts its files first, then has every part judged and encoded, and
//! takes in what can be checked against what was counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use crate::cluster::driver::Driver;
use crate::cluster::error::Error;
use crate::cluster::item::{Item, Taken};
use crate::cluster::job::{Job, Judging, Work};
use crate::cluster::message::Piece;
use crate::settle::{Portion, Sink};
use crate::source::{Account, Cuts, Part, RangeScan, Shape, Source};

/// What came of judging.
#[derive(Debug)]
pub struct Judged {
    /// All rows.
    pub sink: Sink,
    /// Hashes of the keys that `where` drops.
    pub filtered: Vec<u128>,
    /// Tasks that the rows were judged in.
    pub tasks: usize,
}

/// Has the rows of `source` judged; big files are cut into ranges of about `range` bytes. `sink` takes them in; what a pass
/// over the source would have found is kept in it.
///
/// # Errors
/// What is wrong with the data, or with the cluster.
pub async fn judge(
    driver: &Driver<'_>,
    (source, shape): (&Arc<Source>, Shape),
    judging: Judging,
    (as_of, range): (Date, u64),
    sink: Sink,
) -> Result<Judged, Error> {
    let (parts, counted) = cut(driver, source, &shape, (as_of, range)).await?;
    let items = parts.iter().zip(0..).map(|(part, number)| Item { number, part: part.clone(), range: None });
    let items = items.collect();
    let pivots = judging.layout.pivots;
    let job = Arc::new(Job { shape, as_of, work: Work::Judge(Box::new(judging)) });
    let taken = Mutex::new((Judged { sink, filtered: Vec::new(), tasks: parts.len() }, BTreeMap::new()));
    let take = |number: u32, pieces: Vec<Piece>, mut end: Taken| {
        let part = &parts[number as usize];
        let account = end.account.take().ok_or_else(|| Error::cluster("a task says nothing of its file"))?;
        check(part, counted.get(&number), &account, (&pieces, &end), pivots)?;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (judged, accounts) = &mut *taken;
        for piece in pieces {
            match piece {
                Piece::Rows(portion) => judged.sink.take_in(portion)?,
                Piece::Sums(sums) => judged.sink.take_in_folded(&sums)?,
                Piece::Filtered(hashes) => judged.filtered.extend(hashes),
            }
        }
        judged.sink.add_totals(end.totals.unwrap_or_default());
        accounts.insert(number, account);
        Ok(())
    };
    driver.run(&job, items, &take).await?;
    let (judged, accounts) = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    source.keep_parts(parts.iter().zip(accounts.into_values()));
    Ok(judged)
}

/// The parts to be judged, in their order, and of whole files what was counted in them.
async fn cut(
    driver: &Driver<'_>,
    source: &Arc<Source>,
    shape: &Shape,
    (as_of, range): (Date, u64),
) -> Result<(Vec<Part>, BTreeMap<u32, Account>), Error> {
    let files = source.parts();
    let cuts: Vec<Option<Cuts>> = files.iter().map(|file| source.cuts(file, range)).collect();
    let (mut count, mut scan) = (Vec::new(), Vec::new());
    // Of each item of the two jobs: its file.
    let (mut counted, mut scanned) = (Vec::new(), Vec::new());
    for (place, (file, cuts)) in files.iter().zip(&cuts).enumerate() {
        match cuts {
            None => {
                count.push(Item { number: counted.len() as u32, part: file.clone(), range: None });
                counted.push(place);
            }
            Some(cuts) => {
                for range in &cuts.ranges {
                    let range = Some(range.clone());
                    scan.push(Item { number: scanned.len() as u32, part: file.clone(), range });
                    scanned.push(place);
                }
            }
        }
    }
    let job = |work| Arc::new(Job { shape: shape.clone(), as_of, work });
    let accounts: Mutex<BTreeMap<usize, Account>> = Mutex::default();
    let take_count = |number: u32, _: Vec<Piece>, end: Taken| {
        let account = end.account.ok_or_else(|| Error::cluster("a count says nothing"))?;
        accounts.lock().unwrap_or_else(PoisonError::into_inner).insert(counted[number as usize], account);
        Ok(())
    };
    let scans: Mutex<BTreeMap<u32, RangeScan>> = Mutex::default();
    let take_scan = |number: u32, _: Vec<Piece>, end: Taken| {
        let scan = end.scan.ok_or_else(|| Error::cluster("a scan says nothing"))?;
        scans.lock().unwrap_or_else(PoisonError::into_inner).insert(number, scan);
        Ok(())
    };
    let (counting, scanning) = (job(Work::Count), job(Work::Scan));
    driver.run(&counting, count, &take_count).await?;
    driver.run(&scanning, scan, &take_scan).await?;
    let mut accounts = accounts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let scans = scans.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut parts = Vec::new();
    let mut counts = BTreeMap::new();
    for (place, (file, cuts)) in files.iter().zip(&cuts).enumerate() {
        match cuts {
            None => {
                counts.extend(accounts.remove(&place).map(|account| (parts.len() as u32, account)));
                parts.push(file.clone());
            }
            Some(cuts) => {
                let own = scans.iter().filter(|(number, _)| scanned[**number as usize] == place);
                let own: Vec<RangeScan> = own.map(|(_, scan)| scan.clone()).collect();
                parts.extend(cuts.parts(file, &own));
            }
        }
    }
    Ok((parts, counts))
}

/// What an item gave must be what was counted, in rising order, each row once.
fn check(
    part: &Part,
    counted: Option<&Account>,
    account: &Account,
    (pieces, end): (&[Piece], &Taken),
    pivots: bool,
) -> Result<(), Error> {
    let wrong = |why: String| Err(Error::cluster(format!("{}: {why}", part.shown())));
    if let Some(why) = part.disagrees(account) {
        return Err(Error::cluster(why));
    }
    if counted.is_some_and(|counted| !counted.counts_like(account)) {
        return wrong("other records were judged than were counted".to_owned());
    }
    let portions = || pieces.iter().filter_map(|piece| if let Piece::Rows(rows) = piece { Some(rows) } else { None });
    let rows: u64 = portions().map(|portion| portion.rows() as u64).sum();
    let read = end.totals.as_ref().map_or(0, |totals| totals.read);
    if read > account.readable() || !pivots && rows != read {
        return wrong(format!("{rows} rows of {read} arrived, of {} records", account.readable()));
    }
    let positions = portions().flat_map(Portion::positions);
    let mut last = None;
    for position in positions {
        if last.is_some_and(|last| last >= position) || !part.holds(*position) {
            return wrong("rows came twice or out of their order".to_owned());
        }
        last = Some(position);
    }
    Ok(())
}
