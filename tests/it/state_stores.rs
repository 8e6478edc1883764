//! A state that lies in a store: nights on one machine after the other tell the same story as nights on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use object_store::ObjectStoreExt;
use tanguero::store::wait;

use crate::binary::{Place, Said, until};
use crate::proxy::{Fault, Proxy, Verb};
use crate::services::{Service, service};

const ACCOUNTS: &str = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns:
  account_id: Id
  account_name: Name
  City: {column: City, custom: true, default: keep}
limits: {fewer_rows: 40%}
";

/// Refers to what accounts published before.
const USERS: &str = "format: users
sources: {people: {path: people.csv}}
from: people
columns: {account_id: Account, user_id: Mail}
references: {account_id: {in: [accounts], missing: reject}}
";

const PEOPLE: &str = "Account,Mail\nA1,a@x.example\nA3,c@x.example\n";

/// What each night finds, and how it ends.
const NIGHTS: [(&str, &str, i32); 5] = [
    ("2026-11-16", "Id,Name,City\nA1,One,Rome\nA2,Two,Oslo\nA3,Three,Bern\n", 0),
    // Every city is gone for a night, and an account.
    ("2026-11-17", "Id,Name,City\nA1,One,\nA2,Two,\n", 0),
    // Half of the rest is gone as well: refused.
    ("2026-11-18", "Id,Name,City\nA1,One,\n", 4),
    ("2026-11-19", "Id,Name,City\nA1,Uno,\nA2,Two,Turin\n", 0),
    ("2026-11-19", "Id,Name,City\nA1,Uno,\nA2,Two,Pisa\n", 0),
];

/// A project whose state lies in `store`, or, without one, beside it.
fn project(store: Option<&Service>, more: &str) -> Place {
    let place = Place::new(&[
        ("mappings/accounts.yaml", ACCOUNTS),
        ("mappings/users.yaml", USERS),
        ("people.csv", PEOPLE),
        ("crm.csv", NIGHTS[0].1),
    ]);
    let state = store.map_or_else(String::new, |store| {
        format!("{}state: {{folder: \"{}/state\", keep: 20}}\n", store.project(), store.url())
    });
    place.write("tanguero.yaml", state + more);
    place
}

fn go(store: Option<&Service>, place: &Place, arguments: &[&str]) -> Said {
    let Some(store) = store else { return place.go(arguments) };
    let said = Said::new(&store.command(place, arguments).output().unwrap());
    let secret = store.secret();
    assert!(!said.err.contains(secret) && !said.out.contains(secret), "a secret was shown");
    said
}

/// A new machine: nothing of what the last one had is there.
fn forget_machine(place: &Place) {
    let _ = fs::remove_dir_all(place.join(".tanguero"));
}

fn names_below(store: &Service, name: &str) -> Vec<String> {
    use futures::TryStreamExt;
    let location = store.at(name);
    let prefix = location.path.clone();
    let list = async move { location.store.list(Some(&location.path)).try_collect::<Vec<_>>().await };
    let mut names: Vec<String> = wait(list)
        .unwrap()
        .into_iter()
        .map(|meta| meta.location.as_ref()[prefix.as_ref().len()..].trim_start_matches('/').to_owned())
        .collect();
    names.sort();
    names
}

/// Without what differs from run to run: ids of runs, times of the clock and the place.
fn story(text: &str) -> String {
    let is_id = |word: &str| word.len() == 21 && word.as_bytes()[8] == b'T' && word.as_bytes()[15] == b'Z';
    let mut told = String::new();
    for line in text.lines() {
        let words = line.split_inclusive([' ', '/', '`', ',']).map(|word| {
            let bare = word.trim_end_matches([' ', '/', '`', ',']);
            if is_id(bare) { word.replace(bare, "RUN") } else { word.to_owned() }
        });
        let line: String = words.collect();
        // `history` begins with the minute.
        let began = line.len() > 16 && line.as_bytes()[10] == b' ' && line.as_bytes()[13] == b':';
        told += if began { &line[16..] } else { &line };
        told.push('\n');
    }
    told
}

/// All nights, and what can be asked afterwards.
fn told(store: Option<&Service>) -> BTreeMap<String, String> {
    let place = project(store, "");
    let mut all = BTreeMap::new();
    for (number, (day, rows, code)) in NIGHTS.into_iter().enumerate() {
        if store.is_some() {
            forget_machine(&place);
        }
        place.write("crm.csv", rows);
        let planned = go(store, &place, &["-q", "plan", "accounts", "--as-of", day, "--accept", "fewer_rows"]);
        all.insert(format!("{number} plan"), story(&planned.ends_with(0).out));
        go(store, &place, &["run", "--as-of", day]).ends_with(code);
        for file in ["accounts.csv", "users.csv", "users.rejects.csv"] {
            let text = fs::read_to_string(place.join(&format!("out/{file}"))).unwrap_or_default();
            all.insert(format!("{number} {file}"), text);
        }
    }
    if store.is_some() {
        forget_machine(&place);
    }
    let asked: [&[&str]; 7] = [
        &["state", "show"],
        &["history"],
        &["why", "accounts", "A1"],
        &["why", "accounts", "A2", "--run", "2026-11-17"],
        &["why", "users", "A3|c@x.example", "--run", "all"],
        &["diff", "state:accounts@2026-11-17", "state:accounts"],
        &["preview", "accounts", "--as-of", "2026-11-20", "--key", "A1"],
    ];
    for arguments in asked {
        let said = go(store, &place, arguments);
        all.insert(arguments.join(" "), format!("exit {}\n{}", said.code, story(&said.out)));
    }
    // What is there already is said so, wherever it is remembered.
    go(store, &place, &["run", "--as-of", "2026-11-20", "--exit-code-unchanged"]).ends_with(99);
    go(store, &place, &["state", "prune", "accounts", "--keep", "1"]).ends_with(0);
    all.insert("pruned".to_owned(), story(&go(store, &place, &["state", "show"]).out));
    go(store, &place, &["state", "reset", "accounts"]).ends_with(0).tells(&["forgotten: accounts"]);
    all.insert("reset".to_owned(), story(&go(store, &place, &["state", "show"]).out));
    place.write("export.csv", "account_id,City\nA1,Lima\nA9,Cuzco\n");
    go(store, &place, &["state", "import", "accounts", "export.csv", "--as-of", "2026-11-21"]).ends_with(0);
    if store.is_some() {
        forget_machine(&place);
    }
    go(store, &place, &["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-21"]).ends_with(0);
    all.insert("imported".to_owned(), place.read("out/accounts.csv"));
    if let Some(store) = store {
        let left = names_below(store, "state");
        let ours = |name: &&String| name.contains("/.") || name.starts_with('.');
        assert!(!left.iter().any(|name| ours(&name)), "locks and staged records are gone: {left:?}");
        let local = |name: &str| place.join(name).exists();
        assert!(!local("s3:") && !local("az:") && !local("sftp:"));
    }
    all
}

fn nights_in(name: &str) {
    let Some(store) = service(name) else { return };
    let (here, there) = (told(None), told(Some(&store)));
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (what, told) in &here {
        assert_eq!(&there[what], told, "{what}");
    }
    assert!(here["1 accounts.csv"].contains("A1,One,Rome"), "{}", here["1 accounts.csv"]);
    assert!(here["4 accounts.csv"].contains("A1,Uno,Rome"), "{}", here["4 accounts.csv"]);
    assert!(here["imported"].contains("A1,Uno,Lima"), "{}", here["imported"]);
}

#[test]
fn nights_with_their_state_in_moto() {
    nights_in("moto");
}

#[test]
fn nights_with_their_state_in_s3s() {
    nights_in("s3s");
}

#[test]
fn nights_with_their_state_in_azurite() {
    nights_in("azurite");
}

#[test]
fn nights_with_their_state_on_an_sftp_server() {
    nights_in("sftp");
}

/// `place` with the store behind a proxy.
fn behind(store: &Service, place: &Place) -> Proxy {
    let proxy = Proxy::new(store.told["port"].as_u64().unwrap().try_into().unwrap());
    place.write("tanguero.yaml", place.read("tanguero.yaml").replace(store.said("endpoint"), &proxy.endpoint()));
    proxy
}

#[test]
fn of_two_machines_one_writes_and_the_other_is_told_who() {
    let Some(store) = service("moto") else { return };
    let (one, other) = (project(Some(&store), ""), project(Some(&store), ""));
    let proxy = behind(&store, &one);
    one.write("tanguero.yaml", one.read("tanguero.yaml").replace("deadline: 20s", "timeout: 8s, deadline: 60s"));
    // Held up while it has the memory of accounts to itself.
    proxy.arm(Verb::Put, Fault::Stall, ".staged-", 0, 1);
    let mut command = store.command(&one, &["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-16"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lock = "published/default/accounts/.tanguero-lock";
    until("the lock", || names_below(&store, "state").iter().any(|name| name == lock));
    let said = go(Some(&store), &other, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-16"]).ends_with(1);
    said.tells(&["another run holds `s3://", "/state/published/default/accounts`: run 20", "process"]);
    assert!(!other.join("out/accounts.csv").exists());
    // Another mapping's memory is another's; so is that of another environment.
    go(Some(&store), &other, &["state", "show", "users"]).ends_with(0);
    let said = go(Some(&store), &other, &["state", "reset", "accounts"]).ends_with(1);
    said.tells(&["another run holds `s3://"]);
    let ended = running.wait_with_output().unwrap();
    Said::new(&ended).ends_with(0);
    go(Some(&store), &other, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-17"]).ends_with(0);
    let shown = go(Some(&store), &other, &["state", "show"]).out;
    assert!(shown.contains("2026-11-16") && shown.contains("2026-11-17"), "{shown}");
}

#[test]
fn a_store_that_is_gone_ends_every_command_with_7_and_nothing_is_published() {
    let place = project(None, "");
    place.write(
        "tanguero.yaml",
        "stores: {gone: {url: \"s3://states\", endpoint: \"http://127.0.0.1:1\", allow_http: true, region: us-east-1, \
         access_key_id: a, secret_access_key: \"${KEY}\", deadline: 1s, retries: 1}}\nstate: s3://states/night\n",
    );
    let asked: [&[&str]; 6] = [
        &["run", "--as-of", "2026-11-16"],
        &["history"],
        &["why", "accounts", "A1"],
        &["state", "show"],
        &["plan", "accounts"],
        &["diff", "state:accounts", "out"],
    ];
    for arguments in asked {
        let mut command = place.command(arguments);
        crate::services::clean(&mut command);
        let said = Said::new(&command.env("KEY", "nobody-knows-it").output().unwrap()).ends_with(7);
        assert!(!said.err.contains("nobody-knows-it"));
        said.tells(&["error[S814]: s3://states/night/"]);
    }
    assert!(!place.join("out/accounts.csv").exists());
    // Without it a night is still possible.
    let mut command = place.command(&["-q", "run", "--state", "off", "--as-of", "2026-11-16"]);
    Said::new(&command.env("KEY", "nobody-knows-it").output().unwrap()).ends_with(0);
}

#[test]
fn evidence_that_could_not_be_sent_goes_with_the_next_run_of_the_machine() {
    let Some(store) = service("moto") else { return };
    let place = project(Some(&store), "");
    let proxy = behind(&store, &place);
    proxy.arm(Verb::Put, Fault::Status(503, "SlowDown"), "/state/runs/", 0, usize::MAX);
    let settings = place.read("tanguero.yaml");
    place.write("tanguero.yaml", settings.replace("deadline: 20s", "deadline: 1s"));
    let said = go(Some(&store), &place, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-16"]).ends_with(7);
    said.tells(&["error[S814]: s3://", "/state/runs/"]);
    proxy.disarm();
    let lines = |place: &Place| go(Some(&store), place, &["history", "--json"]).ends_with(0).out.lines().count();
    let other = project(Some(&store), "");
    assert_eq!(lines(&other), 0);
    go(Some(&store), &place, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-17"]).ends_with(0);
    assert_eq!(lines(&other), 2);
}

#[test]
fn what_was_delivered_is_known_on_every_machine() {
    let Some(store) = service("moto") else { return };
    let more =
        format!("output: {{directory: \"{0}/out\", reports: reports}}\ndeliver: {{to: \"{0}/in\"}}\n", store.url());
    let (one, other) = (project(Some(&store), &more), project(Some(&store), &more));
    go(Some(&store), &one, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-16"])
        .ends_with(0)
        .tells(&["delivered"]);
    assert!(names_below(&store, "in").contains(&"accounts.csv".to_owned()));
    go(Some(&store), &other, &["deliver"]).ends_with(0).tells(&["everything that is published has arrived"]);
    assert!(names_below(&store, "state").contains(&"deliveries.json".to_owned()));
}

/// The program is killed while it publishes and remembers, with target and state in the store; the next night is on another
/// machine. Its empty cities keep what the files that stand there say.
#[test]
fn a_night_killed_on_one_machine_is_put_right_on_another() {
    let Some(store) = service("moto") else { return };
    let more = format!("output: {{directory: \"{}/out\", reports: reports}}\n", store.url());
    let accounts = |city: &str| format!("Id,Name,City\nA1,One,{city}\nA2,Two,{city}\n");
    let place = project(Some(&store), &more);
    let proxy = behind(&store, &place);
    let at = |name: &str| {
        let location = store.at(name);
        let read = async move { location.store.get(&location.path).await.ok()?.bytes().await.ok() };
        wait(read).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).unwrap_or_default()
    };
    let city = |text: &str| ["Rome", "Turin"].into_iter().find(|city| text.contains(city)).unwrap_or("none").to_owned();
    // Requests at which it is killed: before the snapshot is up, before its record is, before and amid the publish, before the
    // record counts, before the staged one goes, before the lock is given back.
    let moments = [
        (Verb::Put, ".parquet", 0, "Rome"),
        (Verb::Put, ".staged-", 0, "Rome"),
        (Verb::Part, "/out/accounts.csv", 0, "Rome"),
        (Verb::Put, ".tanguero-journal", 0, "Rome"),
        (Verb::Complete, "/out/accounts.csv", 0, "Turin"),
        (Verb::Put, "/out/run.json", 0, "Turin"),
        (Verb::Put, "accounts/2026-11-17.json", 0, "Turin"),
        // The target's journal, the staged record, the target's lock, the memory's.
        (Verb::Delete, "", 1, "Turin"),
        (Verb::Delete, "", 2, "Turin"),
        (Verb::Delete, "", 3, "Turin"),
        (Verb::Put, "/state/runs/", 0, "Turin"),
    ];
    for (verb, only, skip, stands) in moments {
        go(Some(&store), &place, &["state", "reset"]).ends_with(0);
        place.write("crm.csv", accounts("Rome"));
        go(Some(&store), &place, &["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-16", "--force"])
            .ends_with(0);
        place.write("crm.csv", accounts("Turin"));
        let before = proxy.heads().len();
        proxy.arm(verb, Fault::Stall, only, skip, 1);
        let mut command: Command =
            store.command(&place, &["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-17"]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(&format!("{verb:?} {only}"), || {
            let heads = proxy.heads();
            let met = heads[before..].iter().filter(|head| {
                let line = head.lines().next().unwrap_or_default();
                crate::proxy::verb(line) == verb && line.contains(only)
            });
            met.count() > skip
        });
        thread::sleep(Duration::from_millis(50));
        running.kill().unwrap();
        running.wait().unwrap();
        proxy.disarm();

        // Locks of a dead process are taken over at once only by its own machine; of others they expire. Here it is the same
        // machine, whose working copy is lost.
        forget_machine(&place);
        place.write("crm.csv", accounts(""));
        go(Some(&store), &place, &["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-18"]).ends_with(0);
        assert_eq!(city(&at("out/accounts.csv")), stands, "killed at {verb:?} {skip} {only}");
        let shown = go(Some(&store), &place, &["state", "show"]).out;
        assert_eq!(shown.contains("2026-11-17"), stands == "Turin", "killed at {verb:?} {skip} {only}:\n{shown}");
        let left = names_below(&store, "state/published");
        assert!(!left.iter().any(|name| name.contains("/.")), "killed at {verb:?} {skip} {only}: {left:?}");
        let snapshots = left.iter().filter(|name| name.ends_with(".parquet")).count();
        let records = left.iter().filter(|name| name.ends_with(".json")).count();
        assert_eq!(snapshots, records, "killed at {verb:?} {skip} {only}: {left:?}");
    }
}

#[test]
fn a_state_where_nothing_can_be_kept_or_where_totango_pulls_is_refused() {
    for (settings, told) in [
        (
            "state: \"https://user@files.example.com/state\"\n",
            "no state can be kept in https://files.example.com/state",
        ),
        (
            "state: \"s3://exports/totango/state\"\noutput: {directory: \"s3://exports/totango/\", reports: reports}\n",
            "the state would lie in s3://exports/totango, which Totango pulls",
        ),
    ] {
        let place = project(None, "");
        place.write("tanguero.yaml", settings);
        for command in ["check", "run"] {
            place.go(&[command]).ends_with(3).tells(&["error[L718]", told, "tanguero.yaml:1:8", "docs/memory.md"]);
        }
        assert!(!place.join("s3:").exists());
    }
}
