//! The real program, killed before each single step of a night's end: every rename, flush, removal, new folder and second name of a
//! file. What it remembers is what stands, whichever step was the last.

use std::process::{Command, Stdio};

use crate::binary::{Place, Said};
use crate::services::is_installed;
use crate::support::copy;

/// Calls that leave something on disk which the next command sees, each kind counted by itself.
const STEPS: [&str; 5] =
    ["rename,renameat,renameat2", "fsync,fdatasync", "unlink,unlinkat,rmdir", "mkdir,mkdirat", "link,linkat"];

/// No night has as many steps of one kind.
const MOST: u32 = 200;

const MAPPING: &str = "# An empty city keeps the one published last.
format: accounts
sources: {crm: {path: \"${night}.csv\"}}
from: crm
columns: {account_id: Id, account_name: Name, City: {column: City, custom: true, default: keep}}
output: {archive: \"archive/${as_of}\"}
";

/// Nothing to read: the next command on the folder, which publishes nothing of its own.
const NEXT: &str = "# Its source never comes.
format: accounts
sources: {absent: {path: absent.csv}}
from: absent
columns: {account_id: Id}
";

/// A bad row and one that comes twice, so that there are reports to put in place.
fn export(city: &str) -> String {
    let row = |number: usize| format!("A{number},Company {number},{city}\n");
    format!("Id,Name,City\n{}A 1,Bad,{city}\nA3,Again,{city}\n", (0..20).map(row).collect::<String>())
}

fn night<'a>(name: &'a str, day: &'a str) -> [&'a str; 8] {
    ["-q", "run", "mappings/accounts.yaml", "--var", name, "--as-of", day, "--threads=1"]
}

/// The city of the published rows.
fn city(place: &Place) -> String {
    let text = place.read("out/accounts.csv");
    let cities: Vec<&str> = ["Rome", "Turin"].into_iter().filter(|city| text.contains(city)).collect();
    assert_eq!(cities.len(), 1, "the file is of one night");
    cities[0].to_owned()
}

#[test]
fn a_night_killed_before_any_of_its_steps_is_remembered_exactly_if_its_files_stand() {
    if !is_installed("strace") {
        return;
    }
    let start = Place::new(&[("tanguero.yaml", ""), ("mappings/accounts.yaml", MAPPING), ("next.yaml", NEXT)]);
    for (name, city) in [("first", "Rome"), ("second", "Turin"), ("third", "")] {
        start.write(&format!("{name}.csv"), export(city));
    }
    start.go(&night("night=first", "2026-11-01")).ends_with(0);

    let (mut kills, mut stood) = (0, 0);
    for calls in STEPS {
        let mut step = 0;
        loop {
            step += 1;
            assert!(step < MOST, "{calls}: no end");
            let place = Place::new(&[]);
            copy(start.path(), place.path());
            if !kill_at(&place, calls, step) {
                break;
            }
            kills += 1;

            // The next command puts the folder right, whatever it is; it knows nothing of memory.
            place.go(&["-q", "run", "next.yaml", "--state", "off"]).ends_with(6);
            let told = format!("{calls}: {step}");
            assert!(place.leftovers().is_empty(), "{told}: {:?}", place.leftovers());
            let standing = city(&place);
            stood += u32::from(standing == "Turin");
            let copied = std::fs::read(place.join("archive/2026-11-02/accounts.csv"));
            assert!(
                copied.is_err() || copied.unwrap() == place.read("out/accounts.csv").as_bytes(),
                "{told}: the copy"
            );

            place.go(&night("night=third", "2026-11-03")).ends_with(0);
            assert_eq!(city(&place), standing, "{told}: what is kept is what stood");
            assert_eq!(place.read("archive/2026-11-03/accounts.csv"), place.read("out/accounts.csv"), "{told}");
            // Nothing that was staged for the memory is left either.
            let memory = place.join(".tanguero/published/default/accounts");
            let names = std::fs::read_dir(memory).unwrap().map(|entry| entry.unwrap().file_name());
            assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with('.')), "{told}");
        }
    }
    assert!(kills >= 30 && stood >= 5 && stood < kills, "{kills} kills, after {stood} of them the new set stood");
}

/// Runs the second night until it is about to make the call number `step` of `calls`; false if it makes fewer.
fn kill_at(place: &Place, calls: &str, step: u32) -> bool {
    let program = place.command(&night("night=second", "2026-11-02"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "signal=none"]);
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:signal=KILL:when={step}"), "--"]);
    command.arg(program.get_program()).args(program.get_args()).current_dir(place.path());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    if output.status.code() == Some(0) {
        return false;
    }
    let said = Said::new(&output);
    assert_eq!(said.err, "", "killed without a word");
    true
}
