//! Searches of the stand-in, read whole: paged, divided, paced, and through everything that goes wrong.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tanguero::mapping::TotangoSearch;
use tanguero::store::Patience;
use tanguero::totango::{PullError, Query, Search, Split, TotangoError, World, pull};

use crate::totango::{Answer, Known, Standin, accounts};

const REGIONS: [&str; 4] = ["EMEA", "AMER", "APJ", "LATAM"];
const QUERY: &str = r#"{"terms":[],"count":1000,"offset":0,"scope":"all","fields":[
    {"type":"string_attribute","attribute":"Region","field_display_name":"Region"},
    {"type":"number_attribute","attribute":"Seats","field_display_name":"Seats "},
    {"type":"owner","account_role":"Success Manager","field_display_name":"Success Manager"}]}"#;

/// A clock that others move, so many times as fast as the real one.
#[derive(Clone, Default)]
struct Time {
    moved: Arc<Mutex<Duration>>,
    /// The real clock's part in it.
    real: Option<(Instant, u32)>,
}

impl Time {
    fn faster(times: u32) -> Self {
        Self { real: Some((Instant::now(), times)), ..Self::default() }
    }
}

impl World for Time {
    fn now(&self) -> Duration {
        *self.moved.lock().unwrap() + self.real.map_or(Duration::ZERO, |(begun, times)| begun.elapsed() * times)
    }

    fn wait(&self, time: Duration) {
        match self.real {
            Some((_, times)) => std::thread::sleep(time / times),
            None => *self.moved.lock().unwrap() += time,
        }
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn progress(&self, read: u64, of: u64) {
        assert!(read <= of, "{read} of {of}");
    }
}

fn search(standin: &Standin, split: Option<Split>) -> Search {
    Search {
        query: Query::parse(TotangoSearch::Accounts, QUERY).unwrap(),
        url: standin.url(),
        token: standin.token().to_owned(),
        split,
        rate: 100,
        patience: Patience {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_millis(600),
            deadline: Duration::from_secs(20),
            retries: 3,
        },
    }
}

fn by_region(regions: &[&str]) -> Split {
    let one = |region: &&str| json!({"type": "string_attribute", "attribute": "Region", "in_list": [region]});
    Split::Filters(regions.iter().map(one).collect())
}

type Row = Vec<Option<String>>;

fn pulled(search: &Search, world: &dyn World) -> Result<Vec<Row>, TotangoError> {
    let mut all: Vec<Row> = Vec::new();
    let count = pull(search, world, |rows| {
        all.extend(rows);
        Ok::<(), Infallible>(())
    });
    match count {
        Ok(count) => {
            assert_eq!(count, all.len() as u64);
            Ok(all)
        }
        Err(PullError::Totango(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn ids(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row[0].as_deref().unwrap()).collect()
}

#[track_caller]
fn whole(rows: &[Row], count: usize) {
    assert_eq!(rows.len(), count);
    let wanted: Vec<String> = (0..count).map(|number| format!("A{number:05}")).collect();
    assert!(ids(rows).into_iter().eq(wanted.iter().map(String::as_str)), "other ids");
}

#[test]
fn all_of_25000_accounts_come_in_parts_and_never_faster_than_allowed() {
    let time = Time::default();
    let clock = time.clone();
    let standin = Standin::by_clock(move || clock.now());
    standin.set_accounts(accounts(25_000, &REGIONS));
    standin.set_limit(10, Duration::from_secs(60));
    let rows = pulled(&Search { rate: 10, ..search(&standin, Some(by_region(&REGIONS))) }, &time).unwrap();
    whole(&rows, 25_000);
    let calls = standin.calls();
    // One to see that there are too many, and seven for each region's 6,250.
    assert_eq!(calls.len(), 1 + 4 * 7);
    assert!(calls.iter().all(|call| call.status == 200), "the service never had to say no");
    for minute in calls.windows(11) {
        assert!(minute[10].at - minute[0].at >= Duration::from_secs(60), "eleven calls in a minute");
    }
    let last = calls.last().unwrap().at;
    assert!(last < Duration::from_secs(180), "29 calls fit into three minutes, not {last:?}");
    let first = rows.iter().find(|row| row[0].as_deref() == Some("A00007")).unwrap();
    let shown: Vec<&str> = first.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect();
    assert_eq!(shown, ["A00007", "Account 7", "LATAM", "7", "Ann Lee"]);
}

#[test]
fn the_pace_holds_while_time_really_passes() {
    // A minute lasts a second.
    let time = Time::faster(60);
    let clock = time.clone();
    let standin = Standin::by_clock(move || clock.now());
    standin.set_accounts(accounts(25_000, &REGIONS));
    standin.set_limit(10, Duration::from_secs(60));
    let begun = Instant::now();
    let rows = pulled(&Search { rate: 10, ..search(&standin, Some(by_region(&REGIONS))) }, &time).unwrap();
    whole(&rows, 25_000);
    assert!(standin.calls().iter().all(|call| call.status == 200));
    assert!(begun.elapsed() >= Duration::from_secs(2), "29 calls at 10 a minute take two minutes at least");
}

#[test]
fn without_a_way_to_divide_more_than_10000_are_an_error() {
    let standin = Standin::start();
    standin.set_accounts(accounts(25_000, &REGIONS));
    let error = pulled(&search(&standin, None), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N856");
    assert_eq!(error.message, "Totango's search of accounts finds 25000 records; a search reaches 10000");
    assert_eq!(standin.calls().len(), 1);
    let error = pulled(&search(&standin, Some(by_region(&["EMEA"]))), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N857");
    assert!(error.message.contains("18750 of 25000 records pass no filter"), "{}", error.message);
    standin.set_accounts(accounts(25_000, &["EMEA", "AMER"]));
    let error = pulled(&search(&standin, Some(by_region(&["EMEA", "AMER"]))), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N856");
    assert!(error.message.contains("\"in_list\":[\"EMEA\"]"), "{}", error.message);
}

#[test]
fn fewer_records_need_no_division() {
    let standin = Standin::start();
    for count in [0, 1, 999, 1_000, 1_001, 9_999] {
        standin.set_accounts(accounts(count, &REGIONS));
        let before = standin.calls().len();
        whole(&pulled(&search(&standin, Some(by_region(&[]))), &Time::default()).unwrap(), count);
        assert_eq!(standin.calls().len() - before, count.div_ceil(1_000).max(1));
    }
    // As many as a search reaches: whether there are more cannot be known.
    standin.set_accounts(accounts(10_000, &REGIONS));
    assert_eq!(pulled(&search(&standin, None), &Time::default()).unwrap_err().code.id, "N856");
}

#[test]
fn a_range_of_numbers_is_halved_until_each_half_fits() {
    let standin = Standin::start();
    standin.set_accounts(accounts(25_000, &REGIONS));
    let filter = json!({"type": "number_attribute", "attribute": "Number"}).as_object().unwrap().clone();
    let range = |from, to| Some(Split::Range { filter: filter.clone(), from, to });
    whole(&pulled(&search(&standin, range(0, 1_000_000)), &Time::default()).unwrap(), 25_000);
    let error = pulled(&search(&standin, range(100, 1_000_000)), &Time::default()).unwrap_err();
    assert!(error.message.contains("100 of 25000 records pass no filter"), "{}", error.message);
}

#[test]
fn parts_that_overlap_are_an_error() {
    let standin = Standin::start();
    let mut all = accounts(12_000, &["EMEA", "AMER"]);
    all[0].values["Region"] = json!(["EMEA", "AMER"]);
    standin.set_accounts(all);
    let error = pulled(&search(&standin, Some(by_region(&["EMEA", "AMER"]))), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N857");
    assert!(error.message.contains("1 of its records pass another filter"), "{}", error.message);
}

#[test]
fn what_changes_while_it_is_paged_is_read_again() {
    let standin = Standin::start();
    let grown = |id: &str| Answer::Grow(Known::new(id, "", json!({})));
    standin.set_accounts(accounts(2_500, &REGIONS));
    // On the second page there is one more: all three pages again.
    standin.answer_next([Answer::Good, grown("B1")]);
    let rows = pulled(&search(&standin, None), &Time::default()).unwrap();
    assert!(ids(&rows).contains("B1") && rows.len() == 2_501);
    assert_eq!(standin.calls().len(), 2 + 3);
    // One that never stands still.
    standin.answer_next(["B2", "B3", "B4", "B5", "B6", "B7"].map(grown));
    let error = pulled(&search(&standin, None), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N858");
    assert!(error.message.contains("the number of records changed, 3 times in a row"), "{}", error.message);
}

#[test]
fn a_record_that_moves_to_another_page_is_noticed() {
    let standin = Standin::start();
    let mut all = accounts(2_500, &REGIONS);
    // Equal names: nothing keeps the order.
    all.iter_mut().for_each(|known| known.name = "same".to_owned());
    standin.set_accounts(all);
    standin.answer_next([Answer::Good, Answer::Shift]);
    whole(&pulled(&search(&standin, None), &Time::default()).unwrap(), 2_500);
    assert_eq!(standin.calls().len(), 2 + 3);
    standin.answer_next([Answer::Good, Answer::Shift, Answer::Good, Answer::Shift, Answer::Good, Answer::Shift]);
    let error = pulled(&search(&standin, None), &Time::default()).unwrap_err();
    assert_eq!(error.code.id, "N858");
    assert!(error.message.contains("came twice, so another record was missed"), "{}", error.message);
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let standin = Standin::start();
    standin.set_accounts(accounts(1_500, &REGIONS));
    let late = Duration::from_millis(1_500);
    for fault in [
        Answer::Status(500),
        Answer::Status(503),
        Answer::Limited(1),
        Answer::Reset,
        Answer::Lost,
        Answer::Truncated,
        Answer::Late(late),
    ] {
        let before = standin.calls().len();
        standin.answer_next([Answer::Good, fault.clone()]);
        whole(&pulled(&search(&standin, None), &Time::default()).unwrap(), 1_500);
        assert_eq!(standin.calls().len() - before, 3, "{fault:?}");
    }
}

#[test]
fn what_does_not_pass_is_told_without_the_token() {
    let standin = Standin::start();
    standin.set_accounts(accounts(1_500, &REGIONS));
    let told = |answers: Vec<Answer>, times: usize| {
        let before = standin.calls().len();
        standin.answer_next(answers);
        let error = pulled(&search(&standin, None), &Time::default()).unwrap_err();
        assert_eq!(standin.calls().len() - before, times, "{}", error.message);
        for secret in standin.secrets() {
            assert!(!format!("{error:?}").contains(secret), "{error:?}");
        }
        (error.code.id, error.message)
    };
    let (code, message) = told(vec![Answer::Good, Answer::Body("<html>".to_owned())], 2);
    assert_eq!(code, "N854");
    assert!(message.contains("is not what a search answers: no whole JSON"), "{message}");
    assert_eq!(told(vec![Answer::Status(403)], 1).0, "N852");
    assert_eq!(told(vec![Answer::Status(404)], 1).0, "N854");
    assert_eq!(told(vec![Answer::Status(502); 4], 4).0, "N853");
    assert_eq!(told(vec![Answer::Reset; 4], 4).0, "N853");
    standin.set_expired(true);
    let (code, message) = told(Vec::new(), 1);
    assert_eq!(code, "N852");
    assert!(message.contains("401"), "{message}");
}

#[test]
fn users_are_told_apart_by_their_account() {
    let standin = Standin::start();
    let user = |number: usize| Known {
        account: format!("A{}", number % 3),
        ..Known::new(&format!("u{}@example.com", number / 3), "Eva", json!({"Role": ["admin", "buyer"]}))
    };
    standin.set_users((0..1_800).map(user).collect());
    let text = r#"{"terms":[],"fields":[{"type":"list_attribute","attribute":"Role"}],
        "parent_account_fields":[{"type":"string","term":"identifier","field_display_name":"account_id","index":0}]}"#;
    let query = Query::parse(TotangoSearch::Users, text).unwrap();
    assert_eq!(query.columns(), ["user_id", "user_name", "Role", "account_id"]);
    let rows = pulled(&Search { query, ..search(&standin, None) }, &Time::default()).unwrap();
    assert_eq!(rows.len(), 1_800);
    let shown: Vec<&str> = rows[4].iter().map(|cell| cell.as_deref().unwrap_or("-")).collect();
    assert_eq!(shown, ["u1@example.com", "Eva", "admin;buyer", "A1"]);
}
