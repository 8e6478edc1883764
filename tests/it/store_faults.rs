//! Publishing to a store while the network and the server misbehave: every kind of fault at every kind of request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::binary::{Place, Said};
use crate::fault_table::{Case, REFUSING, Request, cases, judge_all};
use crate::proxy::{Proxy, Verb, ask};
use crate::services::{clean, service};

/// What the project in the test says: no operation is tried for longer.
const DEADLINE: u64 = 3;

/// A run ends by then, whatever fails: five deadlines, and what it does beside on a busy machine.
const WHOLE: Duration = Duration::from_secs(5 * DEADLINE + 6);

const ACCOUNTS: &str = "# Accounts with rejects in one of the exports.
format: accounts
sources: {crm: {path: \"${export}.csv\"}}
from: crm
columns: {account_id: Id, account_name: Name, Account Type: {value: Customer}}
";

const USERS: &str = "# A second mapping of the set.
format: users
sources: {people: {path: people.csv}}
from: people
columns: {user_id: Mail, account_id: {value: \"${export}\"}}
";

const NEXT: &str = "# Its source never comes: a command on the target that publishes nothing of its own.
format: accounts
sources: {absent: {path: absent.csv}}
from: absent
columns: {account_id: Id}
";

fn project(endpoint: &str, home: &str) -> String {
    format!(
        "variables: {{export: old}}
stores:
  moto:
    url: s3://exports
    endpoint: {endpoint}
    region: eu-west-1
    access_key_id: moto-id
    secret_access_key: ${{MOTO_SECRET}}
    allow_http: true
    timeout: 1s
    connect_timeout: 1s
    deadline: {DEADLINE}s
    retries: 4
output: {{directory: \"s3://exports/{home}/out\", reports: \"s3://exports/{home}/reports\"}}
"
    )
}

type Set = BTreeMap<String, Vec<u8>>;

/// Objects below a prefix, without it.
fn objects(port: u16, home: &str) -> Set {
    let (status, list) = ask(port, "GET", &format!("/exports?list-type=2&prefix={home}/"), b"");
    assert_eq!(status, 200);
    let list = String::from_utf8(list).unwrap();
    let keys = list.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap());
    let read = |key: &str| {
        let (status, bytes) = ask(port, "GET", &format!("/exports/{key}"), b"");
        assert_eq!(status, 200, "{key}");
        (key[home.len() + 1..].to_owned(), bytes)
    };
    keys.map(read).collect()
}

/// Uploads that are open below a prefix.
fn uploads(port: u16, home: &str) -> usize {
    let (status, list) = ask(port, "GET", "/exports?uploads", b"");
    assert_eq!(status, 200);
    String::from_utf8(list).unwrap().matches(&format!("<Key>{home}/")).count()
}

fn without_report(mut set: Set) -> (Set, Option<String>) {
    let report = set.remove("out/run.json").and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    (set, report.map(|report| report["run_id"].as_str().unwrap().to_owned()))
}

/// A project whose target lies in the store, and the two sets that it can make.
struct Bench {
    place: Place,
    port: u16,
    home: String,
}

impl Bench {
    fn new(port: u16, endpoint: &str, home: &str) -> Self {
        let place = Place::new(&[
            ("mappings/accounts.yaml", ACCOUNTS),
            ("mappings/users.yaml", USERS),
            ("next.yaml", NEXT),
            ("people.csv", "Mail\na@example.com\nb@example.com\n"),
            ("old.csv", "Id,Name\nA1,Old one\nA 2,Bad\n"),
            ("new.csv", "Id,Name\nA1,New one\nA2,New two\n"),
        ]);
        place.write("tanguero.yaml", project(endpoint, home));
        Self { place, port, home: home.to_owned() }
    }

    fn run(&self, export: &str) -> Said {
        let variable = format!("export={export}");
        self.go(&["run", "mappings", "--var", &variable, "--threads", "1", "--as-of", "2026-11-20"])
    }

    fn next(&self) -> Said {
        self.go(&["run", "next.yaml", "--threads", "1", "--state", "off", "--as-of", "2026-11-20"])
    }

    fn go(&self, arguments: &[&str]) -> Said {
        let mut command = self.place.command(arguments);
        clean(&mut command);
        Said::new(&command.env("MOTO_SECRET", "moto-secret-key").output().unwrap())
    }

    fn set(&self) -> Set {
        objects(self.port, &self.home)
    }

    fn fill(&self, set: &Set) {
        for (name, bytes) in set {
            // The report names its run's own folders.
            let text = String::from_utf8(bytes.clone()).unwrap().replace("set-old", &self.home);
            let bytes = text.as_bytes();
            let (status, _) = ask(self.port, "PUT", &format!("/exports/{}/{name}", self.home), bytes);
            assert_eq!(status, 200);
        }
    }
}

/// Requests of a publish, with what tells one use of a verb from another.
const REQUESTS: &[Request] = &[
    (Verb::Get, "run.json", 0),
    (Verb::Get, ".tanguero-lock", 0),
    (Verb::Head, "out/", 0),
    (Verb::List, "list-type", 0),
    (Verb::Put, ".tanguero-lock", 0),
    (Verb::Put, ".tanguero-lock", 1),
    (Verb::Put, ".tanguero-journal", 0),
    (Verb::Put, "run.json", 0),
    (Verb::Create, "out/", 0),
    (Verb::Part, "out/", 1),
    (Verb::Complete, "out/", 0),
    (Verb::Complete, "out/", 1),
    (Verb::Abort, "out/", 0),
    (Verb::Delete, "", 0),
];

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    New,
    OldAfterError,
    NewAfterNext,
    NewAfterTrouble,
}

/// One case, from the old set on; says what is wrong.
fn judge(case: Case, port: u16, number: usize, sets: &[Set; 2]) -> Result<Ended, String> {
    let proxy = Proxy::new(port);
    let bench = Bench::new(port, &proxy.endpoint(), &format!("case-{number}"));
    bench.fill(&sets[0]);
    // Uploads are aborted where something else went wrong before.
    let aborts = case.verb == Verb::Abort;
    if aborts {
        proxy.arm(Verb::Part, REFUSING[0], "out/", 1, usize::MAX);
    }
    proxy.arm_too(case.verb, case.fault, case.only, case.skip, case.times());
    let began = Instant::now();
    let said = bench.run("new");
    let took = began.elapsed();
    let struck = proxy.disarm();
    let mut faults = String::new();
    let mut check = |good: bool, what: &str| {
        if !good {
            let _ = writeln!(faults, "  {what}");
        }
    };
    check(struck > 0, "the fault met no request");
    check(took < WHOLE, &format!("it took {} s", took.as_secs_f32()));
    check(!said.err.contains("panicked"), "it panicked");
    if aborts {
        check(said.code == 1, &format!("exit {}", said.code));
    } else if case.lasting {
        let wanted = if REFUSING.contains(&case.fault) { 1 } else { 7 };
        check([0, wanted].contains(&said.code), &format!("exit {}", said.code));
    } else {
        check(said.code == 0, &format!("exit {}, though it passed", said.code));
    }
    if said.code != 0 {
        check(said.err.contains(&format!("s3://exports/case-{number}/")), "no message names the object");
    }
    let right_after = (bench.set(), uploads(port, &bench.home));
    // The lock of a run that could not give it back is taken over: its process is gone.
    let next = bench.next();
    check(next.code == 6, &format!("the next command ended with {}\n{}", next.code, next.err));
    let (now, id) = without_report(bench.set());
    let old = without_report(sets[0].clone());
    let new = without_report(sets[1].clone());
    let is_old = now == old.0 && id == old.1;
    let is_new = now == new.0 && id != old.1;
    check(is_old || is_new, &format!("neither old nor new: {:?}, run {id:?}", now.keys().collect::<Vec<_>>()));
    // Those that nobody could write down are shown with what removes them.
    let listed = next.err.contains("aws s3api abort-multipart-upload --bucket exports --key 'case-");
    check(uploads(port, &bench.home) == 0 || listed, "uploads are open after the next command, and not shown");
    let reached = matches!(case.verb, Verb::Complete | Verb::Abort);
    if said.code != 0
        && !reached
        && !said.err.contains("uploads stay open")
        && !said.err.contains("not all in its place")
    {
        check(right_after.1 == 0, "uploads were open right after the run");
    }
    check(said.code != 0 || is_new, "it said that it published");
    if faults.is_empty() {
        let clean = |set: &Set| !set.keys().any(|name| name.contains(".tanguero"));
        return Ok(match (said.code, is_new) {
            (0, _) if clean(&right_after.0) => Ended::New,
            (0, _) => Ended::NewAfterTrouble,
            (_, false) => Ended::OldAfterError,
            (_, true) => Ended::NewAfterNext,
        });
    }
    Err(format!("{case:?}\n{faults}{}\n", said.err))
}

#[test]
fn faults_of_network_and_server_pass_or_end_the_run_with_the_old_or_the_new_set() {
    let Some(moto) = service("moto") else { return };
    let port = u16::try_from(moto.told["port"].as_u64().unwrap()).unwrap();
    let direct = format!("http://127.0.0.1:{port}");
    let sets = ["old", "new"].map(|export| {
        let bench = Bench::new(port, &direct, &format!("set-{export}"));
        bench.run(export).ends_with(0);
        bench.set()
    });
    assert!(
        sets[0].contains_key("reports/accounts.rejects.csv") && !sets[1].contains_key("reports/accounts.rejects.csv")
    );
    println!("{}", judge_all(&cases(REQUESTS), 8, |case, number| judge(case, port, number, &sets)));
}
