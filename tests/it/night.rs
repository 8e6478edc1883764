//! A full night: run, delivered to SFTP and S3, trigger called, history has it; and the nights on which something is away.

use std::process::Command;
use std::thread;

use object_store::ObjectStoreExt;
use tanguero::store::wait;

use crate::binary::{Place, Said, send, until};
use crate::delivering::{ACCOUNTS, answers, evidence};
use crate::ears::{Ear, Line};
use crate::schedule_keeping::{health, kept, minutes_ago};
use crate::services::{Service, clean, service};
use crate::support::files;
use crate::totango::{Answer, Standin, accounts};

/// Everything a night needs.
struct Night {
    place: Place,
    totango: Standin,
    ear: Ear,
    line: Line,
    bucket: Service,
    server: Service,
}

impl Night {
    fn new() -> Option<Self> {
        let (bucket, server) = (service("moto")?, service("sftp")?);
        let port = server.told["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap();
        let line = Line::to(port);
        let place = Place::new(&[("mappings/accounts.yaml", ACCOUNTS)]);
        let project = format!(
            "{}  files: {{url: \"sftp://127.0.0.1:{}\", user: {}, key_file: \"{}\", host_keys: any, deadline: 5s, retries: 1}}\n\
             deliver:\n  to: [\"sftp://127.0.0.1:{}/{}/in\", \"{}/in\"]\n  \
             trigger: {{url: \"${{TRIGGER_URL}}\", token: \"${{TRIGGER_TOKEN}}\"}}\n\
             notify: [{{webhook: \"${{HOOK}}\"}}]\n",
            bucket.project(),
            line.port(),
            server.said("user"),
            server.said("key_file"),
            line.port(),
            server.said("bucket"),
            bucket.url(),
        );
        place.write("tanguero.yaml", project);
        let night = Self { place, totango: Standin::start(), ear: Ear::new(), line, bucket, server };
        night.export(1);
        Some(night)
    }

    /// Seven megabytes, so that a cut finds them on their way.
    fn export(&self, number: usize) {
        let rows = (0..60_000).map(|row| format!("A{row:06},night {number} {}\n", "x".repeat(90)));
        self.place.write("crm.csv", format!("Id,Name\n{}", rows.collect::<String>()));
    }

    /// The command, with all secrets of the night.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bucket.command(&self.place, arguments);
        clean(&mut command);
        command.env("STORE_SECRET", self.bucket.secret()).env("SERVICE", self.totango.url());
        command.env("TRIGGER_URL", self.totango.trigger_url()).env("TRIGGER_TOKEN", self.totango.token());
        command.env("HOOK", self.ear.url("hook-key-7b3e"));
        command
    }

    fn go(&self, arguments: &[&str]) -> Said {
        self.clean(Said::new(&self.command(arguments).output().unwrap()))
    }

    /// What was said, if no secret is in it or in what is kept.
    fn clean(&self, said: Said) -> Said {
        let kept = files(&self.place.join(".tanguero"));
        let [token, trigger] = self.totango.secrets();
        for secret in [token, trigger, "hook-key-7b3e", self.bucket.secret()] {
            assert!(!said.out.contains(secret) && !said.err.contains(secret), "{secret}: {}", said.err);
            let leak = kept.iter().find(|(_, bytes)| String::from_utf8_lossy(bytes).contains(secret));
            assert!(leak.is_none(), "{secret} is in {:?}", leak.map(|(name, _)| name));
        }
        said
    }

    /// The one message of this run, or none.
    fn told(&self) -> Option<(String, u64)> {
        let heard = self.ear.heard();
        assert!(heard.len() <= 1, "{heard:?}");
        let letter = heard.first()?.json();
        let text = letter.to_string();
        let [token, trigger] = self.totango.secrets();
        for secret in [token, trigger, "hook-key-7b3e", self.bucket.secret(), "night 1 xxx"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        Some((letter["event"].as_str().unwrap().to_owned(), letter["exit"].as_u64().unwrap()))
    }

    fn on_server(&self) -> Vec<u8> {
        let found = files(&std::path::Path::new(self.server.said("folder")).join("in"));
        assert!(found.keys().all(|name| name == "accounts.csv"), "{:?}", found.keys());
        found.get("accounts.csv").cloned().unwrap_or_default()
    }

    fn in_bucket(&self) -> Vec<u8> {
        let location = self.bucket.at("in/accounts.csv");
        wait(async move {
            match location.store.get(&location.path).await {
                Ok(found) => found.bytes().await.unwrap().to_vec(),
                Err(_) => Vec::new(),
            }
        })
    }

    fn out(&self) -> Vec<u8> {
        std::fs::read(self.place.join("out/accounts.csv")).unwrap()
    }
}

#[test]
fn a_full_night_and_the_nights_on_which_something_is_away() {
    let Some(night) = Night::new() else { return };
    let some = |event: &str, exit: u64| Some((event.to_owned(), exit));

    // All is well: nobody is told.
    night.go(&["run"]).ends_with(0);
    assert!(night.out().len() > 5_000_000 && night.on_server() == night.out() && night.in_bucket() == night.out());
    assert_eq!((night.totango.triggers().len(), night.told()), (1, None));
    let history = night.go(&["history"]);
    assert!(history.out.contains("published") && history.out.contains("delivered"), "{}", history.out);
    let first = night.out();

    // Nothing new.
    night.go(&["run", "--exit-code-unchanged"]).ends_with(99);
    assert_eq!((night.totango.triggers().len(), night.told(), answers(&evidence(&night.place)).len()), (1, None, 0));

    // The server goes away in the middle of the file: the old one stands there, whole.
    night.export(2);
    night.line.cut_after(2_000_000);
    let said = night.go(&["run"]).ends_with(7);
    assert!(night.line.is_cut());
    said.tells(
        &["error[N862]: `accounts.csv` was not delivered to sftp://127.0.0.1", "called", "tanguero deliver"]
            .map(|part| if part == "called" { "not tried" } else { part }),
    );
    assert_eq!(answers(&evidence(&night.place)), ["failed", "delivered", "not_tried"]);
    assert_eq!((night.totango.triggers().len(), night.told()), (1, some("failure", 7)));
    night.line.mend();
    let there = std::fs::read(std::path::Path::new(night.server.said("folder")).join("in/accounts.csv")).unwrap();
    assert!(there == first && night.in_bucket() == night.out());
    night.go(&["run"]).ends_with(0).tells(&["unchanged"]);
    assert_eq!(answers(&evidence(&night.place)), ["delivered", "answered"]);
    assert_eq!((night.totango.triggers().len(), night.told()), (2, some("recovery", 0)));
    assert!(night.on_server() == night.out());

    // The token has expired; its owner makes a new one in the morning.
    night.export(3);
    night.totango.set_expired(true);
    night.go(&["run"]).ends_with(7).tells(&["error[N852]: the trigger at 127.0.0.1"]);
    assert_eq!(night.told(), some("failure", 7));
    night.totango.set_expired(false);
    night.go(&["run"]).ends_with(0);
    assert_eq!(night.told(), some("recovery", 0));

    // The trigger answers 500, or its answer is lost: called once; the next night's file calls it again.
    for (number, fault) in [(4, Answer::Status(500)), (6, Answer::Lost)] {
        night.export(number);
        let before = night.totango.triggers().len();
        night.totango.answer_next([fault]);
        night.go(&["run"]).ends_with(7).tells(&["error[N855]"]);
        assert_eq!(night.told(), some("failure", 7));
        night.go(&["run"]).ends_with(0).tells(&["warning[N864]"]);
        assert_eq!((night.totango.triggers().len(), night.told()), (before + 1, None));
        night.export(number + 1);
        night.go(&["run"]).ends_with(0);
        assert_eq!((night.totango.triggers().len(), night.told()), (before + 2, some("recovery", 0)));
    }

    // The export did not come.
    std::fs::remove_file(night.place.join("crm.csv")).unwrap();
    let calls = night.totango.triggers().len();
    night.go(&["run"]).ends_with(6);
    assert_eq!((night.totango.triggers().len(), night.told()), (calls, some("failure", 6)));
    night.export(7);
    night.go(&["run"]).ends_with(0).tells(&["unchanged"]);
    assert_eq!((night.totango.triggers().len(), night.told()), (calls, some("recovery", 0)));
    let left: Vec<String> = files(&night.place.join(".tanguero/deliver")).into_keys().collect();
    assert!(left.iter().all(|name| name == ".tanguero-lock"), "{left:?}");
}

#[test]
fn a_target_in_a_store_is_delivered_from_there() {
    let Some(bucket) = service("moto") else { return };
    let place = Place::new(&[("mappings/accounts.yaml", ACCOUNTS), ("crm.csv", "Id,Name\nA1,One\n")]);
    let url = bucket.url();
    let project = bucket.project();
    place.write(
        "tanguero.yaml",
        format!(
            "{project}output: {{directory: \"{url}/out\", reports: reports}}\ndeliver: {{to: [copy, \"{url}/copy\"]}}\n"
        ),
    );
    let go = |arguments: &[&str]| Said::new(&bucket.command(&place, arguments).output().unwrap());
    go(&["run"]).ends_with(0).tells(&["accounts.csv to copy"]);
    assert!(place.read("copy/accounts.csv").contains("A1"));
    place.write("crm.csv", "Id,Name\nA2,Two\n");
    go(&["run", "--local"]).ends_with(0);
    go(&["deliver"]).ends_with(0).tells(&["delivered"]);
    assert!(place.read("copy/accounts.csv").contains("A2"));
    let location = bucket.at("copy/accounts.csv");
    let there = wait(async move { location.store.get(&location.path).await.unwrap().bytes().await.unwrap() });
    assert_eq!(there.as_ref(), place.read("copy/accounts.csv").as_bytes());
}

#[test]
fn two_deliveries_of_one_project_do_not_send_twice() {
    let Some(night) = Night::new() else { return };
    night.go(&["run", "--local"]).ends_with(0);
    thread::scope(|scope| {
        let both = [scope.spawn(|| night.go(&["deliver"])), scope.spawn(|| night.go(&["deliver"]))];
        for one in both {
            one.join().unwrap().ends_with(0);
        }
    });
    assert_eq!(night.totango.triggers().len(), 1);
    assert!(night.on_server() == night.out() && night.in_bucket() == night.out());
}

/// People of an account that Totango has, and of one that it has not.
const USERS: &str = "# People.
format: users
sources:
  people: {path: people.csv}
  known:
    kind: totango
    url: ${SERVICE}
    token: ${TRIGGER_TOKEN}
    query: '{\"terms\": [], \"fields\": [{\"type\": \"string_attribute\", \"attribute\": \"Region\"}], \"count\": 1000, \"offset\": 0}'
from: people
columns: {account_id: Account, user_id: Mail, user_name: Mail}
unknown_accounts: {in: [known.account_id], policy: reject}
";

#[test]
fn the_schedule_fires_and_only_people_of_accounts_that_totango_has_are_delivered() {
    let Some(night) = Night::new() else { return };
    night.totango.set_accounts(accounts(1500, &["EMEA"]));
    let time = minutes_ago(10).strftime("%H:%M").to_string();
    let project = night.place.read("tanguero.yaml");
    night.place.write("tanguero.yaml", format!("{project}schedule: {{nightly: {{every: daily, at: \"{time}\"}}}}\n"));
    night.place.write("mappings/users.yaml", USERS);
    night.place.write("people.csv", "Account,Mail\nA00001,eva@example.com\nX99999,tom@example.com\n");
    kept(&night.place, "nightly", &format!("daily at {time}, UTC"), minutes_ago(20));

    let daemon = night.command(&["schedule", "run", "--threads", "1"]).spawn().unwrap();
    until("the night", || health(&night.place).is_some_and(|health| health["schedules"][0]["last"]["exit"] == 0));
    send("TERM", daemon.id());
    night.clean(Said::new(&daemon.wait_with_output().unwrap())).ends_with(0);

    let there = files(&std::path::Path::new(night.server.said("folder")).join("in"));
    assert_eq!(there.keys().collect::<Vec<_>>(), ["accounts.csv", "users.csv"]);
    let users = String::from_utf8_lossy(&there["users.csv"]).into_owned();
    assert!(users.contains("eva@example.com") && !users.contains("tom@example.com"), "{users}");
    assert!(there["accounts.csv"] == night.out() && night.in_bucket() == night.out());
    assert_eq!((night.totango.triggers().len(), night.told()), (1, None));
    let history = night.go(&["history"]);
    assert_eq!(history.out.matches("published").count(), 2, "{}", history.out);
    assert_eq!(history.out.matches("delivered").count(), 2, "{}", history.out);
}
