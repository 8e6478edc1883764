//! The real program, stopped from outside: killed at any moment, asked to end, started twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::{Place, Said, send, until};
use crate::support::files;

/// So many processes each of two tests kills.
const KILLS: u64 = 100;

type Set = BTreeMap<String, Vec<u8>>;

const PROJECT: &str =
    "sources:\n  crm: {path: \"${export}.csv\"}\n  people: {path: people.csv}\nvariables: {export: old}\n";

const ACCOUNTS: &str = "# A large file with rejects and duplicates in one of the exports.
format: accounts
from: crm
columns: {account_id: Id, account_name: Name, Account Type: Type, parent_id: {column: Parent, default: empty}}
";

const USERS: &str = "# A second mapping of the set.
format: users
from: people
columns: {user_id: Mail, account_id: {value: \"${export}\"}}
";

/// Nothing to read: the next command on the folder, which publishes nothing of its own.
const NEXT: &str = "# Its source never comes.
format: accounts
sources: {absent: {path: absent.csv}}
from: absent
columns: {account_id: Id}
";

/// A tree of accounts; with `faults`, every hundredth record is bad or comes twice.
fn export(name: &str, rows: usize, faults: bool) -> String {
    let mut text = String::from("Id,Name,Type,Parent\n");
    for number in 0..rows {
        let parent = if number < 10 { String::new() } else { format!("A{:06}", number / 10) };
        let broken = if faults && number > rows / 2 && number % 100 == 0 { " broken" } else { "" };
        let _ = writeln!(text, "A{number:06}{broken},{name} {number},Customer,{parent}");
        if faults && number % 100 == 1 {
            let _ = writeln!(text, "A{number:06},{name} {number} again,Customer,{parent}");
        }
    }
    text
}

fn set_up(rows: usize) -> Place {
    let place = Place::new(&[
        ("tanguero.yaml", PROJECT),
        ("mappings/accounts.yaml", ACCOUNTS),
        ("mappings/users.yaml", USERS),
        ("next.yaml", NEXT),
        ("people.csv", "Mail\na@example.com\nb@example.com\n"),
    ]);
    place.write("old.csv", export("old", rows, true));
    place.write("new.csv", export("new", rows, false));
    place
}

const VARIABLES: [&str; 2] = ["export=old", "export=new"];

fn run(place: &Place, which: usize) -> std::process::Command {
    place.command(&[
        "run",
        "mappings",
        "--var",
        VARIABLES[which],
        "--threads",
        "2",
        "--state",
        "off",
        "--as-of",
        "2026-11-20",
    ])
}

/// Both whole sets, made in peace; the folder holds the first in the end.
fn both(place: &Place) -> [Set; 2] {
    let mut sets = [1, 0].map(|which| {
        Said::new(&run(place, which).output().unwrap()).ends_with(0);
        place.published()
    });
    sets.reverse();
    assert_ne!(sets[0]["accounts.csv"], sets[1]["accounts.csv"]);
    assert!(sets[0].contains_key("accounts.rejects.csv") && !sets[1].contains_key("accounts.rejects.csv"));
    assert!(sets[0].contains_key("accounts.duplicates.csv") && !sets[1].contains_key("accounts.duplicates.csv"));
    sets
}

/// Between a kill and the next command: every file that is there is one whole file of one of the sets.
#[track_caller]
fn each_file_is_whole(place: &Place, sets: &[Set; 2]) {
    let visible = place.published().into_iter().filter(|(name, _)| !name.starts_with('.'));
    for (name, bytes) in visible {
        let whole = sets.iter().any(|set| set.get(&name) == Some(&bytes));
        assert!(whole, "{name} has {} bytes and is neither the old nor the new file", bytes.len());
    }
}

/// After the next command: one of the sets, all of it, with the `run.json` that belongs to it, and nothing else.
#[track_caller]
fn one_whole_set(place: &Place, sets: &[Set; 2]) -> usize {
    let found = place.published();
    let names: Vec<&String> = found.keys().collect();
    let which = sets.iter().position(|set| *set == found).unwrap_or_else(|| panic!("neither old nor new: {names:?}"));
    let manifest = place.manifest();
    let mut told = 0;
    for mapping in manifest["mappings"].as_array().unwrap() {
        let reports = mapping["reports"].as_array().cloned().unwrap_or_default();
        for file in mapping["outputs"].as_array().unwrap().iter().chain(&reports) {
            assert_eq!(file["bytes"], found[file["file"].as_str().unwrap()].len());
            told += 1;
        }
    }
    assert_eq!(told, found.len(), "run.json tells of every file");
    which
}

/// Whether `child` still runs after `pause`.
fn runs_after(child: &mut Child, pause: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < pause {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_micros(300).min(pause));
    }
    child.try_wait().unwrap().is_none()
}

/// When a run is killed.
#[derive(Clone, Copy, PartialEq)]
enum Moment {
    /// Anywhere between its start and its end.
    Any,
    /// In the few milliseconds of the renames, which chance alone would seldom meet.
    Renames,
}

/// Kills [`KILLS`] runs, each over the set that the one before left, and looks at the folder after each.
fn kill_again_and_again(moment: Moment) {
    let place = set_up(10_000);
    let sets = both(&place);
    let start = Instant::now();
    Said::new(&run(&place, 1).output().unwrap()).ends_with(0);
    let mut whole_run = start.elapsed();
    let mut holds = one_whole_set(&place, &sets);
    let journal = place.join("out/.tanguero-journal");

    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut killed, mut undecided, mut finished_later) = (0, 0, 0);
    let mut rounds = 0;
    // How often a kill lands among the renames depends on the machine: a busy one needs more of them.
    let enough = |finished: u64| moment == Moment::Any || finished > KILLS / 4;
    while rounds < KILLS || (!enough(finished_later) && rounds < 4 * KILLS) {
        let round = rounds;
        rounds += 1;
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = f64::from((random >> 33) as u32) / f64::from(1_u32 << 31);
        let wanted = 1 - holds;
        let mut child = run(&place, wanted).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        match moment {
            Moment::Any if runs_after(&mut child, whole_run.mul_f64(share)) => {}
            // The machine was busy when a whole run was measured.
            Moment::Any => whole_run = start.elapsed(),
            Moment::Renames => {
                while !journal.exists() && child.try_wait().unwrap().is_none() {
                    thread::sleep(Duration::from_micros(20));
                }
                runs_after(&mut child, Duration::from_micros((share * 2_500.0) as u64));
            }
        }
        child.kill().unwrap();
        killed += u64::from(child.wait().unwrap().code().is_none());

        each_file_is_whole(&place, &sets);
        let decided = journal.exists();
        undecided += u64::from(!decided);
        place.go(&["run", "next.yaml", "--state", "off"]).ends_with(6);
        assert_eq!(place.leftovers(), [""; 0], "round {round}");
        let now = one_whole_set(&place, &sets);
        assert!(now == wanted || (!decided && now == holds), "round {round}: a decided publish is finished");
        finished_later += u64::from(decided && now == wanted);
        holds = now;
    }
    assert!(killed > rounds / 2, "only {killed} of {rounds} were still running");
    assert_eq!(undecided + finished_later, rounds);
    assert!(enough(finished_later), "only {finished_later} of {rounds} were among the renames");

    // Whatever happened before, a run in peace gives the same bytes.
    Said::new(&run(&place, 1 - holds).output().unwrap()).ends_with(0);
    assert_eq!(one_whole_set(&place, &sets), 1 - holds);
}

#[test]
fn a_run_killed_at_any_moment_leaves_old_or_new_and_nothing_between() {
    kill_again_and_again(Moment::Any);
}

#[test]
fn a_run_killed_among_its_renames_is_finished_by_the_next_command() {
    kill_again_and_again(Moment::Renames);
}

/// A run that is frozen while it holds the folder, so that the test has all the time it needs.
fn frozen(place: &Place, which: usize) -> Child {
    let child = run(place, which).spawn().unwrap();
    let staging = || place.leftovers().iter().any(|name| name.starts_with(".tanguero-2"));
    until("the staging folder", staging);
    send("STOP", child.id());
    child
}

#[test]
fn asked_to_end_it_changes_nothing_and_leaves_nothing() {
    let place = set_up(40_000);
    Said::new(&run(&place, 0).output().unwrap()).ends_with(0);
    let before = files(&place.join("out"));
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let child = frozen(&place, 1);
        send(signal, child.id());
        send("CONT", child.id());
        let said = Said::new(&child.wait_with_output().unwrap()).ends_with(code);
        said.tells(&["interrupted", "run again: nothing is half done"]);
        assert_eq!(files(&place.join("out")), before, "after {signal}");
    }
}

#[test]
fn a_second_run_is_told_who_holds_the_folder() {
    let place = set_up(2_000);
    let child = frozen(&place, 0);
    let holder = format!("process {} on ", child.id());
    let mut second = place.command(&["run", "mappings", "--state", "off"]);
    let said = Said::new(&second.output().unwrap()).ends_with(1);
    said.tells(&["error[L704]", "another run holds", &holder, "Wait for it to end"]);
    // Another folder is free.
    place.go(&["run", "mappings", "--out", "elsewhere", "--state", "off"]).ends_with(0);
    send("CONT", child.id());
    Said::new(&child.wait_with_output().unwrap()).ends_with(0);
    place.go(&["run", "mappings", "--state", "off"]).ends_with(0).tells(&["unchanged"]);
}
