//! What fails on a cluster ends in the right result or in none, and in time.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{Place, Said, send, until};
use crate::cluster::processes::{Cluster, TIMEOUT, program};

/// Seconds after which these runs ask again.
const PATIENCE: u64 = 8;

/// No run may take longer: five times in vain with their pauses, and what it does before and after.
const LIMIT: Duration = Duration::from_secs(5 * (PATIENCE + TIMEOUT) + 15 + 30);

const MAPPING: &str = "format: accounts\nsources: {crm: {path: \"data/*.csv\"}}\nfrom: crm\n\
    columns: {account_id: Id, account_name: Name, parent_id: Parent, \
    Contract Renewal Date: {column: Renewal, type: date}}\n";

/// A join and a roll-up: stages behind the one that reads.
const QUERY: &str = "format: accounts\nsources: {crm: {path: \"data/*.csv\"}}\n\
    from: {sql: \"select a.\\\"Id\\\", max(b.\\\"Name\\\") as \\\"Name\\\", count(*) as \\\"Count\\\" from crm a join crm b on \
    substr(a.\\\"Id\\\", 1, 6) = b.\\\"Id\\\" group by a.\\\"Id\\\" order by 1\"}\n\
    columns: {account_id: Id, account_name: Name, Seats: {column: Count, type: integer, custom: true}}\n";

/// A project of so many records in 8 files.
pub(super) fn project(records: usize) -> Place {
    let place = Place::new(&[("mapping.yaml", MAPPING)]);
    for file in 0..8 {
        let mut text = "Id,Name,Parent,Renewal\n".to_owned();
        for number in (file * records / 8)..((file + 1) * records / 8) {
            let parent = if number % 9 == 4 { format!("A{}", number / 2) } else { String::new() };
            text += &format!("A{number},\"Name, {number}\",{parent},2026-0{}-11\n", number % 9 + 1);
        }
        place.write(&format!("data/{file}.csv"), text);
    }
    place
}

fn arguments<'a>(cluster: &'a str, range: &'a str, patience: &'a str) -> Vec<&'a str> {
    vec!["run", "mapping.yaml", "--as-of", "2026-11-20", "--force", "--cluster", cluster, "--cluster-range", range]
        .into_iter()
        .chain(["--cluster-patience", patience, "--cluster-pause", "1"])
        .collect()
}

pub(super) fn begin(place: &Place, cluster: &str, range: u64) -> Child {
    let _ = fs::remove_dir_all(place.join("out"));
    let mut command = program();
    let (range, patience) = (range.to_string(), PATIENCE.to_string());
    command.args(arguments(cluster, &range, &patience)).current_dir(place.path()).env("HOME", place.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end of a run, which must come in time.
pub(super) fn ended(child: Child, began: Instant) -> Said {
    let said = Said::new(&child.wait_with_output().unwrap());
    assert!(began.elapsed() < LIMIT, "{:?}: {}", began.elapsed(), said.err);
    said
}

/// The right result, or none and a word of why.
#[track_caller]
pub(super) fn right_or_nothing(place: &Place, said: &Said, right: &[u8]) -> bool {
    assert!(!said.err.contains("panicked"), "{}", said.err);
    match said.code {
        0 => {
            assert!(place.published()["mapping.csv"] == right, "another result: {}", said.err);
            true
        }
        code => {
            assert_eq!(code, 7, "{}", said.err);
            assert!(said.err.contains("N891") && place.published().is_empty(), "{}", said.err);
            false
        }
    }
}

pub(super) fn right(place: &Place) -> Vec<u8> {
    place.go(&["run", "mapping.yaml", "--as-of", "2026-11-20"]).ends_with(0);
    place.published()["mapping.csv"].clone()
}

#[test]
fn an_executor_killed_at_any_moment_leaves_the_right_result_or_none() {
    let place = project(60_000);
    let right = right(&place);
    // How long it takes undisturbed.
    let cluster = Cluster::new(2, 1);
    let began = Instant::now();
    ended(begin(&place, &cluster.url, 60_000), began).ends_with(0);
    let whole = began.elapsed();
    drop(cluster);
    let rounds: u32 = std::env::var("CLUSTER_KILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(4);
    let mut good = 0;
    for round in 0..rounds {
        let mut cluster = Cluster::hasty(2, 1);
        let began = Instant::now();
        let child = begin(&place, &cluster.url, 60_000);
        std::thread::sleep(whole * (2 * round + 1) / (2 * rounds));
        cluster.executors[1].kill().unwrap();
        good += u32::from(right_or_nothing(&place, &ended(child, began), &right));
    }
    // One executor is left: with it the run can always be finished.
    assert_eq!(good, rounds);
}

#[test]
fn an_executor_killed_under_a_query_leaves_the_right_result_or_none() {
    let place = project(6_000);
    place.write("mapping.yaml", QUERY);
    let right = right(&place);
    let cluster = Cluster::new(2, 1);
    let began = Instant::now();
    let said = ended(begin(&place, &cluster.url, 32 << 20), began).ends_with(0);
    assert!(!said.err.contains("N893"), "{}", said.err);
    assert!(right_or_nothing(&place, &said, &right));
    let whole = began.elapsed();
    drop(cluster);
    let rounds: u32 = std::env::var("CLUSTER_KILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2);
    for round in 0..rounds {
        let mut cluster = Cluster::hasty(2, 1);
        let began = Instant::now();
        let child = begin(&place, &cluster.url, 32 << 20);
        std::thread::sleep(whole * (2 * round + 1) / (2 * rounds));
        cluster.executors[1].kill().unwrap();
        right_or_nothing(&place, &ended(child, began), &right);
    }
}

#[test]
fn a_frozen_executor_is_not_waited_for_for_ever() {
    let place = project(40_000);
    let right = right(&place);
    let cluster = Cluster::hasty(2, 1);
    let began = Instant::now();
    let child = begin(&place, &cluster.url, 40_000);
    until("a task", || cluster.log("executor1").contains("Finished task"));
    send("STOP", cluster.executors[1].id());
    let said = ended(child, began);
    send("CONT", cluster.executors[1].id());
    right_or_nothing(&place, &said, &right);
}

#[test]
fn a_scheduler_killed_ends_the_run_without_a_result() {
    let place = project(40_000);
    let mut cluster = Cluster::new(1, 1);
    let began = Instant::now();
    let child = begin(&place, &cluster.url, 20_000);
    until("a task", || cluster.log("executor0").contains("Finished task"));
    cluster.scheduler.kill().unwrap();
    let said = ended(child, began).ends_with(7).tells(&["N891"]);
    assert!(place.published().is_empty() && place.leftovers().is_empty(), "{}", said.err);
}

#[test]
fn a_cluster_without_executors_or_without_a_scheduler_is_refused_at_once() {
    let place = project(80);
    let began = Instant::now();
    let cluster = Cluster::new(0, 1);
    place.go(&arguments(&cluster.url, "1000", "60")).ends_with(7).tells(&["N891", "has no executor"]);
    let url = cluster.url.clone();
    drop(cluster);
    place.go(&arguments(&url, "1000", "60")).ends_with(7).tells(&["N891", "no scheduler answers"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(place.published().is_empty());
}

#[test]
fn files_of_this_machine_are_not_looked_for_on_others() {
    let place = project(80);
    // An address for documentation, at which nobody is.
    let far = "df://192.0.2.1:50050";
    place.go(&arguments(far, "1000", "60")).ends_with(1).tells(&["N892", "--shared-files"]);
    let local = program().args(["run", "--cluster", "localhost:50050"]).current_dir(place.path()).output().unwrap();
    assert_ne!(Said::new(&local).code, 0);
}

#[test]
fn an_interrupted_run_ends_its_job() {
    let place = project(60_000);
    let cluster = Cluster::new(1, 1);
    let began = Instant::now();
    let child = begin(&place, &cluster.url, 20_000);
    until("a task", || cluster.log("executor0").matches("Finished task").count() > 2);
    send("INT", child.id());
    ended(child, began).ends_with(130);
    assert!(place.published().is_empty() && place.leftovers().is_empty());
    until("the job's end", || cluster.log("scheduler").contains("cancellation request"));
}

#[test]
fn an_executor_that_cannot_write_fails_the_run_cleanly() {
    let place = project(4_000);
    let cluster = Cluster::new(1, 1);
    // As on a full disk: nothing can be laid down where results go.
    let work = cluster.work(0);
    fs::remove_dir_all(&work).unwrap();
    fs::write(&work, "no folder").unwrap();
    let began = Instant::now();
    let said = ended(begin(&place, &cluster.url, 32 << 20), began);
    assert!(!right_or_nothing(&place, &said, b""), "{}", said.err);
}

#[test]
fn what_is_wrong_with_a_row_is_told_as_it_is_told_locally() {
    let cluster = Cluster::new(1, 1);
    for sql in ["1 / integer(\\\"Name\\\")", "cast(\\\"Id\\\" as bigint)"] {
        let place = Place::new(&[("data/a.csv", "Id,Name\nA1,0\n")]);
        let sources = "format: accounts\nsources: {crm: {path: \"data/*.csv\"}}\n";
        let queried = format!(
            "{sources}from: {{sql: \"select *, {sql} as \\\"N\\\" from crm order by 1\"}}\ncolumns: {{account_id: Id, account_name: N}}\n"
        );
        let judged = format!("{sources}from: crm\ncolumns: {{account_id: Id, account_name: {{sql: \"{sql}\"}}}}\n");
        for mapping in [queried, judged] {
            place.write("mapping.yaml", mapping);
            let told = |more: &[&str]| {
                let mut arguments = vec!["run", "mapping.yaml", "--as-of", "2026-11-20", "--state", "off"];
                arguments.extend(more);
                place.go(&arguments).ends_with(1).tells(&["Q307"]).err
            };
            assert_eq!(told(&["--cluster", &cluster.url]), told(&[]));
        }
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_told_as_it_is_told_locally() {
    let place = project(80);
    let cluster = Cluster::new(1, 1);
    place.write("data/0.csv", "Id,Name,Parent,Renewal\nA1,\"x\n");
    let run = |more: &[&str]| {
        let _ = fs::remove_dir_all(place.join("out"));
        let mut command: Command = place.command(&["run", "mapping.yaml", "--as-of", "2026-11-20"]);
        let said = Said::new(&command.args(more).output().unwrap()).ends_with(0);
        (place.published(), said.code)
    };
    assert_eq!(run(&[]), run(&["--cluster", &cluster.url]));
}

#[test]
fn an_executor_asked_to_end_finishes_what_it_has_begun() {
    let place = project(40_000);
    let right = right(&place);
    let mut cluster = Cluster::new(2, 1);
    let began = Instant::now();
    let child = begin(&place, &cluster.url, 40_000);
    until("a task", || cluster.log("executor1").contains("Finished task"));
    send("TERM", cluster.executors[1].id());
    let said = ended(child, began);
    assert!(right_or_nothing(&place, &said, &right), "{}", said.err);
    let status = cluster.executors[1].wait().unwrap();
    assert!(status.success() && cluster.log("executor1").contains("Executor stopped"), "{status}");
}
