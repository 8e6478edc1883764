//! The daemon as a process: it fires, is killed and started again, is asked to end while it runs, and tells those who ask.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::binary::{Place, Said, send, until};

const MAPPING: &str = "format: accounts\nfrom: crm\ncolumns: {account_id: Id, account_name: Name}\n";

/// A project with this schedule.
fn place(schedule: &str) -> Place {
    Place::new(&[
        ("tanguero.yaml", &format!("sources: {{crm: {{path: crm.csv}}}}\nschedule: {{{schedule}}}\n")),
        ("mappings/accounts.yaml", MAPPING),
        ("crm.csv", "Id,Name\nA-1,Acme\nA-2,Bolt\n"),
    ])
}

/// A daemon that dies with its test.
struct Daemon {
    child: Option<Child>,
}

impl Daemon {
    fn start(place: &Place, more: &[&str], socket: Option<&str>) -> Self {
        let mut command = place.command(&[&["schedule", "run", "--threads", "1"], more].concat());
        if let Some(socket) = socket {
            command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "400000");
        }
        Self { child: Some(command.stdin(Stdio::null()).spawn().unwrap()) }
    }

    fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Waits for its end; what it said.
    fn ended(mut self) -> Said {
        Said::new(&self.child.take().unwrap().wait_with_output().unwrap())
    }

    fn kill(mut self) -> Said {
        self.child.as_mut().unwrap().kill().unwrap();
        self.ended()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn health(place: &Place) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(place.join(".tanguero/schedule/health.json")).ok()?).ok()
}

/// Makes the daemon's next start believe that `name` was last done with at `until`, with this cadence.
pub fn kept(place: &Place, name: &str, cadence: &str, until: Timestamp) {
    let last = serde_json::json!({"version": 1, "schedules": {name: {"cadence": cadence, "until": until.to_string()}}});
    place.write(".tanguero/schedule/last.json", last.to_string());
}

/// Far from the next firing, however long a test takes.
pub fn minutes_ago(minutes: u64) -> Timestamp {
    Timestamp::now() - Duration::from_secs(minutes * 60)
}

/// A project whose schedule was due ten minutes ago, and once only.
fn due_now() -> Place {
    let time = minutes_ago(10).strftime("%H:%M").to_string();
    let place = place(&format!("nightly: {{every: daily, at: \"{time}\"}}"));
    kept(&place, "nightly", &format!("daily at {time}, UTC"), minutes_ago(20));
    place
}

fn runs(place: &Place) -> usize {
    std::fs::read_dir(place.join(".tanguero/runs")).map_or(0, Iterator::count)
}

#[test]
fn a_missed_firing_is_run_once_at_the_start_and_a_signal_ends_the_daemon() {
    let minute = minutes_ago(10).strftime("%M").to_string();
    let place = place(&format!("nightly: {{every: hourly, at: \":{minute}\", as_of: yesterday}}"));
    kept(&place, "nightly", &format!("hourly at :{minute}, UTC"), minutes_ago(5 * 60));
    let daemon = Daemon::start(&place, &[], None);
    until("the run", || {
        health(&place).is_some_and(|health| health["schedules"][0]["last"]["exit"] == 0 && health["state"] == "waiting")
    });
    place.go(&["schedule", "health"]).ends_with(0).tells(&["waiting: process"]);
    // A second daemon is told who keeps the schedules.
    place.go(&["schedule", "run"]).ends_with(1).tells(&["error[N881]", &format!("process {} on", daemon.id())]);
    send("TERM", daemon.id());
    let said = daemon.ended().ends_with(0);
    assert!(said.out.is_empty());
    let said = said.tells(&[
        "Z keeps 1 schedule; nightly is due",
        "4 firings were missed; this run",
        "nightly: published, 2 rows written, 0 rejected in ",
        "; next ",
        "ends: nothing runs",
    ]);
    assert_eq!(said.err.lines().count(), 4, "{}", said.err);
    assert_eq!(runs(&place), 1);
    assert_eq!(place.read("out/accounts.csv").lines().count(), 3);
    let manifest = place.manifest();
    let yesterday = (Timestamp::now() - Duration::from_secs(24 * 3_600)).to_string();
    let earlier = (Timestamp::now() - Duration::from_secs(25 * 3_600)).to_string();
    assert!([&yesterday[..10], &earlier[..10]].contains(&manifest["as_of"].as_str().unwrap()), "{}", manifest["as_of"]);
    let listed = place.go(&["schedule", "list"]).ends_with(0);
    assert!(
        listed
            .out
            .contains(&format!("published, 2 rows written, 0 rejected (run {})", manifest["run_id"].as_str().unwrap())),
        "{}",
        listed.out
    );
    // Started again at once, there is nothing to catch up with.
    let daemon = Daemon::start(&place, &[], None);
    until("a heartbeat", || health(&place).is_some_and(|health| health["pid"] == daemon.id()));
    send("INT", daemon.id());
    daemon.ended().ends_with(0);
    assert_eq!(runs(&place), 1);
    place.go(&["schedule", "health"]).ends_with(1).tells(&["ended: process"]);
}

/// A source that makes a run wait until somebody writes into it.
fn slow(place: &Place) {
    std::fs::remove_file(place.join("crm.csv")).unwrap();
    let mut text = String::from("Id,Name\n");
    for number in 0..400_000 {
        text += &format!("A-{number},\"Account number {number} of many\"\n");
    }
    place.write("crm.csv", text);
}

#[test]
fn a_run_that_is_cut_off_publishes_nothing_and_is_begun_again() {
    let place = due_now();
    slow(&place);
    let daemon = Daemon::start(&place, &["--grace", "0s"], None);
    until("the run", || place.join("out/.tanguero-lock").exists());
    send("TERM", daemon.id());
    daemon.ended().ends_with(143).tells(&[
        "ends when nightly has ended, in 0 s at the latest",
        "asks the run to stop",
        "nightly: interrupted: ",
        "it is caught up with at the next start",
    ]);
    assert!(place.published().is_empty(), "{:?}", place.published().keys());
    assert!(place.leftovers().is_empty());
    // Killed in the middle of the second try.
    let daemon = Daemon::start(&place, &[], None);
    until("the run", || place.join("out/.tanguero-lock").exists());
    daemon.kill();
    std::thread::sleep(Duration::from_millis(2_100));
    place.go(&["schedule", "health", "--max-age", "1s"]).ends_with(1).tells(&["silent: process"]);
    let daemon = Daemon::start(&place, &[], None);
    until("the end", || {
        health(&place).is_some_and(|health| health["pid"] == daemon.id() && health["schedules"][0]["last"]["exit"] == 0)
    });
    // In the grace of five minutes nothing is cut.
    send("TERM", daemon.id());
    daemon
        .ended()
        .ends_with(0)
        .tells(&["the run that was cut off is begun again", "nightly: published, 400000 rows written"]);
    assert!(place.leftovers().is_empty());
}

#[test]
fn a_run_that_fails_and_a_file_that_is_wrong_stop_nothing() {
    let place = due_now();
    std::fs::remove_file(place.join("crm.csv")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let daemon = Daemon::start(&place, &["--message-format", "json", "--health", "beat.json"], socket.to_str());
    let mut heard = Vec::new();
    let mut hear = |wanted: &str| {
        while !heard.iter().any(|message: &String| message.starts_with(wanted)) {
            let mut buffer = [0; 1_000];
            let length = supervisor.recv(&mut buffer).unwrap();
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    let beat = || serde_json::from_str::<Value>(&place.read("beat.json")).unwrap_or_default();
    until("the failure", || place.join("beat.json").exists() && beat()["schedules"][0]["last"]["exit"] == 6);
    place.write("tanguero.yaml", "schedule: {nightly: {every: fortnightly}}\n");
    until("the news", || beat()["problem"].as_str().is_some_and(|problem| problem.contains("fortnightly")));
    place
        .go(&["schedule", "health", "--health", "beat.json"])
        .ends_with(0)
        .tells(&["waiting", "the schedules of before stay"]);
    place.write(
        "tanguero.yaml",
        "sources: {crm: {path: crm.csv}}\nschedule: {other: {every: daily, at: \"00:00\"}, nightly: {every: hourly}}\n",
    );
    until("the new file", || beat()["problem"].is_null() && beat()["schedules"].as_array().unwrap().len() == 2);
    send("TERM", daemon.id());
    hear("STOPPING=1");
    let said = daemon.ended().ends_with(0);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    let firing = lines.iter().find(|line| line["type"] == "firing").unwrap();
    assert_eq!((firing["exit"].as_u64(), firing["status"].as_str()), (Some(6), Some("failed")));
    assert!(firing["words"].as_str().unwrap().contains("[S801]"), "{firing}");
    for kind in ["began_keeping", "unusable", "reloaded", "stopping"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[test]
fn one_run_as_scheduled() {
    let place = place("nightly: {every: hourly, env: prod}, other: {mappings: [accounts], every: 15 minutes}");
    place.write(
        "tanguero.yaml",
        place.read("tanguero.yaml") + "environments: {prod: {output: {directory: out/prod}}}\n",
    );
    place.go(&["schedule", "once", "nightly", "--as-of", "2026-11-20"]).ends_with(0).tells(&["published to out/prod"]);
    place.go(&["schedule", "once", "nightly", "--as-of", "2026-11-20", "--exit-code-unchanged"]).ends_with(99);
    place
        .go(&["schedule", "once", "nigthly"])
        .ends_with(2)
        .tells(&["no schedule is called `nigthly`; schedules: nightly, other"]);
    place.go(&["check"]).ends_with(0);
    place.write("tanguero.yaml", place.read("tanguero.yaml").replace("[accounts]", "[acounts]"));
    place.go(&["check"]).ends_with(3).tells(&["error[R212]", "tanguero.yaml:2:", "`accounts` has a similar name"]);
    place.write("tanguero.yaml", "");
    place.go(&["schedule", "list"]).ends_with(2).tells(&["nothing is scheduled"]);
    place.go(&["schedule", "health"]).ends_with(2);
}

/// Every minute, by the clock on the wall: the one test that waits for it.
#[test]
fn it_fires_by_the_clock() {
    let place = place("minute: {every: 1 minute}");
    let daemon = Daemon::start(&place, &[], None);
    until("a heartbeat", || health(&place).is_some());
    let next = health(&place).unwrap()["schedules"][0]["next"].as_str().unwrap().to_owned();
    let mut waited = 0;
    while !health(&place).is_some_and(|health| health["schedules"][0]["last"]["exit"] == 0) {
        assert!(waited < 100, "nothing fired");
        waited += 1;
        std::thread::sleep(Duration::from_secs(1));
    }
    let last = health(&place).unwrap()["schedules"][0]["last"].clone();
    assert_eq!(last["firing"], next.as_str());
    let late = last["began"].as_str().unwrap().parse::<Timestamp>().unwrap().duration_since(next.parse().unwrap());
    assert!(late.as_secs() < 20, "{late:?} late");
    send("TERM", daemon.id());
    daemon.ended().ends_with(0).tells(&["minute: published, 2 rows written"]);
}
