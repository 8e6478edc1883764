//! Published files go on: to folders, with a trigger, once each; and what is left over goes with the next run.

use std::fs;

use serde_json::Value;

use crate::binary::{Place, Said};
use crate::support::files;
use crate::totango::{Answer, Standin};

pub const ACCOUNTS: &str = "# The accounts of the CRM.
format: accounts
sources: {crm: {path: \"crm.csv\"}}
from: crm
columns: {account_id: Id, account_name: Name, Account Type: {value: Customer}}
";
const DELIVER: &str = "deliver:
  to: [there, inbox/two]
  trigger: {url: \"${TRIGGER_URL}\", token: \"${TRIGGER_TOKEN}\"}
";

/// A project of one mapping that delivers as `deliver` says.
pub fn place(deliver: &str) -> Place {
    let place = Place::new(&[("mappings/accounts.yaml", ACCOUNTS), ("tanguero.yaml", deliver)]);
    export(&place, "A1");
    place
}

/// Another export.
pub fn export(place: &Place, id: &str) {
    place.write("crm.csv", format!("Id,Name\n{id},Hunter Two\n"));
}

/// The command, knowing where the trigger is.
pub fn go(place: &Place, totango: &Standin, arguments: &[&str]) -> Said {
    let mut command = place.command(arguments);
    command.env("TRIGGER_URL", totango.trigger_url()).env("TRIGGER_TOKEN", totango.token());
    let said = Said::new(&command.output().unwrap());
    for secret in totango.secrets() {
        assert!(!said.out.contains(secret) && !said.err.contains(secret), "{secret}: {}{}", said.out, said.err);
        for (name, bytes) in files(&place.join(".tanguero")).iter().chain(&files(&place.join("out"))) {
            assert!(!String::from_utf8_lossy(bytes).contains(secret), "{secret} is in {name}");
        }
    }
    said
}

/// The newest evidence's `run.json`.
pub fn evidence(place: &Place) -> Value {
    let mut runs: Vec<_> =
        fs::read_dir(place.join(".tanguero/runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    serde_json::from_slice(&fs::read(runs.last().unwrap().join("run.json")).unwrap()).unwrap()
}

/// What `run.json` says of each step.
pub fn answers(report: &Value) -> Vec<String> {
    let steps = report["deliveries"].as_array().cloned().unwrap_or_default();
    steps.iter().map(|step| step["answer"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_published_file_arrives_everywhere_and_the_trigger_is_called_once() {
    let (place, totango) = (place(DELIVER), Standin::start());
    let said = go(&place, &totango, &["run"]).ends_with(0);
    let said =
        said.tells(&["accounts.csv to there", "accounts.csv to inbox/two", "called         the trigger at 127.0.0.1"]);
    assert!(!said.err.contains("trigger/4711"), "{}", said.err);
    let out = place.read("out/accounts.csv");
    for folder in ["there", "inbox/two"] {
        let found = files(&place.join(folder));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["accounts.csv"], "no reports, no run.json, nothing hidden");
        assert_eq!(found["accounts.csv"], out.as_bytes());
    }
    let calls = totango.triggers();
    assert_eq!((calls.len(), calls[0].method.as_str(), calls[0].token.as_deref()), (1, "POST", Some(totango.token())));
    let report = evidence(&place);
    assert_eq!(answers(&report), ["delivered", "delivered", "answered"]);
    let step = &report["deliveries"][0];
    assert_eq!(step["bytes"].as_u64(), Some(out.len() as u64));
    assert_eq!(step["xxh3"], report["mappings"][0]["outputs"][0]["xxh3"]);
    assert_eq!((step["tries"].as_u64(), report["deliveries"][2]["status"].as_u64()), (Some(1), Some(200)));
    assert!(place.manifest().get("deliveries").is_none(), "the folder's own tells of the publish");

    // The same input: nothing is sent, nothing called.
    go(&place, &totango, &["run"]).ends_with(0);
    assert_eq!((totango.triggers().len(), answers(&evidence(&place)).len()), (1, 0));

    // Another file is sent, and the trigger called again.
    export(&place, "A2");
    go(&place, &totango, &["run"]).ends_with(0);
    assert_eq!(totango.triggers().len(), 2);
    assert!(place.read("there/accounts.csv").contains("A2"));
    let held: Vec<String> = files(&place.join(".tanguero/deliver")).into_keys().collect();
    assert!(held.iter().all(|name| name == ".tanguero-lock"), "{held:?}");
}

#[test]
fn dry_and_local_runs_send_nothing_and_deliver_does_it_later() {
    let (place, totango) = (place(DELIVER), Standin::start());
    go(&place, &totango, &["run", "--dry-run"]).ends_with(0);
    go(&place, &totango, &["deliver"]).ends_with(0).tells(&["nothing is published in out yet"]);
    go(&place, &totango, &["run", "--local"]).ends_with(0);
    assert!(!place.join("there").exists() && totango.calls().is_empty());

    let said = go(&place, &totango, &["deliver", "--dry-run"]).ends_with(0);
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    assert!(
        said.out.contains("accounts.csv to there") && said.out.contains("the trigger at 127.0.0.1"),
        "{}",
        said.out
    );
    assert!(!place.join("there").exists() && totango.calls().is_empty());

    go(&place, &totango, &["deliver"]).ends_with(0).tells(&["delivered", "called"]);
    assert_eq!((place.read("there/accounts.csv"), totango.triggers().len()), (place.read("out/accounts.csv"), 1));
    go(&place, &totango, &["deliver"]).ends_with(0).tells(&["everything that is published has arrived"]);
}

#[test]
fn a_place_that_fails_keeps_no_other_waiting_and_the_next_run_goes_on() {
    let (place, totango) = (place(DELIVER), Standin::start());
    // A file where a folder belongs.
    place.write("inbox", "in the way");
    let said = go(&place, &totango, &["run"]).ends_with(7);
    said.tells(&["error[N862]: `accounts.csv` was not delivered to inbox/two", "published", "tanguero deliver"]);
    assert!(place.join("out/accounts.csv").exists() && place.join("there/accounts.csv").exists());
    assert!(totango.triggers().is_empty(), "not before everything has arrived");
    let report = evidence(&place);
    assert_eq!(answers(&report), ["delivered", "failed", "not_tried"]);
    assert_eq!((report["status"].as_str(), report["exit"].as_u64()), (Some("published"), Some(7)));
    let history = place.go(&["history"]);
    assert!(history.out.contains("not delivered"), "{}", history.out);

    fs::remove_file(place.join("inbox")).unwrap();
    go(&place, &totango, &["run"]).ends_with(0).tells(&["unchanged"]);
    assert_eq!(answers(&evidence(&place)), ["delivered", "answered"], "what had arrived is not sent again");
    assert_eq!(totango.triggers().len(), 1);
}

#[test]
fn a_trigger_whose_answer_is_lost_is_not_called_again_by_itself() {
    for fault in [Answer::Lost, Answer::Reset, Answer::Status(500), Answer::Truncated] {
        let (place, totango) = (place(DELIVER), Standin::start());
        totango.answer_next([fault.clone()]);
        go(&place, &totango, &["deliver"]).ends_with(0).tells(&["nothing is published in out yet: `tanguero run`"]);
        go(&place, &totango, &["run"]).ends_with(7).tells(&[
            "error[N855]: the trigger at 127.0.0.1",
            "next           look in Totango whether the import ran; if not, `tanguero deliver --call-again`",
        ]);
        assert_eq!(answers(&evidence(&place)), ["delivered", "delivered", "unknown"], "{fault:?}");
        go(&place, &totango, &["run"]).ends_with(0).tells(&["warning[N864]: whether the trigger at 127.0.0.1"]);
        go(&place, &totango, &["deliver"]).ends_with(0).tells(&["N864"]);
        assert_eq!(totango.triggers().len(), 1, "{fault:?}: once and not again");
        go(&place, &totango, &["deliver", "--call-again"]).ends_with(0).tells(&["called"]);
        assert_eq!(totango.triggers().len(), 2);
        go(&place, &totango, &["deliver"]).ends_with(0).tells(&["everything that is published has arrived"]);
    }
}

#[test]
fn a_trigger_that_was_refused_is_called_by_the_next_run() {
    let (place, totango) = (place(DELIVER), Standin::start());
    totango.set_expired(true);
    go(&place, &totango, &["run"]).ends_with(7).tells(&["error[N852]: the trigger at 127.0.0.1", "it answered 401"]);
    assert_eq!(answers(&evidence(&place)), ["delivered", "delivered", "failed"]);
    totango.set_expired(false);
    go(&place, &totango, &["run"]).ends_with(0);
    assert_eq!(answers(&evidence(&place)), ["answered"]);
}

#[test]
fn a_run_that_was_killed_leaves_doubt_and_no_second_call() {
    let (place, totango) = (place(DELIVER), Standin::start());
    go(&place, &totango, &["run"]).ends_with(0);
    // As it stands while the call is under way, and before the last file was noted.
    let path = ".tanguero/deliveries.json";
    let mut kept: Value = serde_json::from_str(&place.read(path)).unwrap();
    for trigger in kept["triggers"].as_object_mut().unwrap().values_mut() {
        trigger["state"] = "calling".into();
    }
    place.write(path, kept.to_string());
    go(&place, &totango, &["run"]).ends_with(0).tells(&["N864"]);
    assert_eq!(totango.triggers().len(), 1);
    for place in kept["places"].as_object_mut().unwrap().values_mut() {
        place["files"] = serde_json::json!({});
    }
    place.write(path, kept.to_string());
    let before = fs::metadata(place.join("there/accounts.csv")).unwrap().modified().unwrap();
    go(&place, &totango, &["run"]).ends_with(0);
    assert_eq!(answers(&evidence(&place)), ["there", "there", "answered"], "found by its bytes, not sent");
    assert_eq!(fs::metadata(place.join("there/accounts.csv")).unwrap().modified().unwrap(), before);
    place.write(path, "{");
    go(&place, &totango, &["run"]).ends_with(7).tells(&["error[N863]", "deliveries.json"]);
}

#[test]
fn without_a_state_what_this_run_published_is_delivered() {
    let (place, totango) = (place(DELIVER), Standin::start());
    go(&place, &totango, &["run", "--state", "off"]).ends_with(0);
    assert_eq!((totango.triggers().len(), place.join(".tanguero").exists()), (1, false));
    go(&place, &totango, &["run", "--state", "off"]).ends_with(0).tells(&["unchanged"]);
    assert_eq!(totango.triggers().len(), 1);
    export(&place, "A2");
    go(&place, &totango, &["run", "--state", "off"]).ends_with(0);
    assert_eq!(totango.triggers().len(), 2);
    assert!(place.read("there/accounts.csv").contains("A2"));
}

#[test]
fn only_the_mappings_that_are_meant_go_to_a_place() {
    let two = "deliver:\n  - {mappings: [accounts], to: a}\n  - {mappings: others, to: [b]}\n  - to: c\n";
    let place = place(two);
    place.write("mappings/others.yaml", ACCOUNTS.replace("crm.csv", "more.csv"));
    place.write("more.csv", "Id,Name\nB1,B\n");
    place.go(&["run"]).ends_with(0);
    let names = |folder: &str| files(&place.join(folder)).into_keys().collect::<Vec<_>>();
    assert_eq!((names("a"), names("b")), (vec!["accounts.csv".to_owned()], vec!["others.csv".to_owned()]));
    assert_eq!(names("c"), ["accounts.csv", "others.csv"]);
    // One that is refused keeps its old files; the other goes.
    place.write("more.csv", "Id,Name\n");
    export(&place, "A9");
    place.go(&["run"]).ends_with(6);
    assert!(place.read("a/accounts.csv").contains("A9") && place.read("c/others.csv").contains("B1"));
}

#[test]
fn mistakes_are_told_before_anything_is_published() {
    for (text, told) in [
        ("deliver: {mappings: [acounts], to: x}", "no mapping is called `acounts`"),
        ("deliver: {to: \"https://files.example.com/in\"}", "it can only be read"),
        ("deliver: {to: ./out}", "to where they are published"),
        ("deliver: {to: x, trigger: {url: \"http://example.com/go\"}}", "send everything unencrypted"),
        (
            "deliver: {to: x, trigger: {url: \"https://example.com/go\", token: hunter2}}",
            "stands in the file for everybody",
        ),
        ("deliver: {to: x, trigger: {url: \"${NOWHERE}\"}}", "variable `NOWHERE` has no value"),
        ("deliver: {mappings: [accounts]}", "`to` is missing"),
        ("deliver: {to: x, trigger: {url: \"ftp://x\", method: PUT}}", "`method` cannot be `PUT`"),
        ("notify: [{slack: \"https://hooks.slack.com/services/hunter2\"}]", "stands in the file for everybody"),
        (
            "notify: {email: {server: \"smtp://m.example.com\", from: a@b, to: [c@d], starttls: none}}",
            "anybody on the way",
        ),
        ("notify: {email: {server: mail, from: a, to: [c@d]}}", "no address"),
        ("notify: {on: [failure]}", "tells one"),
        ("notify: {webhook: \"https://example.com\", on: [failures]}", "`failure` has a similar name"),
    ] {
        let place = place(text);
        let said = place.go(&["run"]).ends_with(3).tells(&[told]);
        assert!(!said.err.contains("hunter2"), "{}", said.err);
        assert!(!place.join("out/accounts.csv").exists(), "{text}");
        place.go(&["check"]).ends_with(3).tells(&[told]);
    }
    // Who only judges mappings need not know the tokens.
    let place = place("deliver: {to: x, trigger: {url: \"${NOWHERE}\"}}");
    place.go(&["check", "--offline"]).ends_with(0);
    place.go(&["run", "--dry-run"]).ends_with(0);
    place.go(&["deliver"]).ends_with(3).tells(&["NOWHERE"]);
}
