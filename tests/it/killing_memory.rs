//! The real program, killed at any moment of a night: what it remembers is what stands in the output folder, never more or less.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::{Place, Said};

const KILLS: u32 = 16;

const MAPPING: &str = "# An empty city keeps the one published last.
format: accounts
sources: {crm: {path: \"${night}.csv\"}}
from: crm
columns: {account_id: Id, account_name: Name, City: {column: City, custom: true, default: keep}}
";

/// Nothing to read: the next command on the folder, which publishes nothing of its own.
const NEXT: &str = "# Its source never comes.
format: accounts
sources: {absent: {path: absent.csv}}
from: absent
columns: {account_id: Id}
";

fn export(city: &str) -> String {
    let row = |number: usize| format!("A{number:05},Company {number},{city}\n");
    "Id,Name,City\n".to_owned() + &(0..5_000).map(row).collect::<String>()
}

fn night<'a>(name: &'a str, day: &'a str) -> [&'a str; 8] {
    ["-q", "run", "mappings/accounts.yaml", "--var", name, "--as-of", day, "--threads=2"]
}

#[test]
fn a_killed_night_is_remembered_exactly_if_its_files_stand() {
    let place = Place::new(&[("tanguero.yaml", ""), ("mappings/accounts.yaml", MAPPING), ("next.yaml", NEXT)]);
    for (name, city) in [("first", "Rome"), ("second", "Turin"), ("third", "")] {
        place.write(&format!("{name}.csv"), export(city));
    }
    Said::new(&place.command(&night("night=first", "2026-11-01")).output().unwrap()).ends_with(0);
    let begin = Instant::now();
    Said::new(&place.command(&night("night=second", "2026-11-02")).output().unwrap()).ends_with(0);
    let whole = begin.elapsed();

    let city = || {
        let text = String::from_utf8(place.published().remove("accounts.csv").unwrap()).unwrap();
        let cities: Vec<&str> = ["Rome", "Turin"].into_iter().filter(|city| text.contains(city)).collect();
        assert_eq!(cities.len(), 1, "the file is of one night");
        cities[0].to_owned()
    };
    let (mut stood, mut fell) = (0, 0);
    for kill in 0..KILLS {
        // The first night again, and the second forgotten: the same start for each kill.
        Said::new(&place.command(&["state", "reset"]).output().unwrap()).ends_with(0);
        Said::new(&place.command(&night("night=first", "2026-11-01")).output().unwrap()).ends_with(0);
        let mut command = place.command(&night("night=second", "2026-11-02"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The end of the run, where publishing and remembering are, is looked at most closely.
        let share = if kill % 4 == 0 {
            f64::from(kill) / f64::from(KILLS)
        } else {
            0.7 + 0.3 * f64::from(kill) / f64::from(KILLS)
        };
        thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        let _ = child.kill();
        child.wait().unwrap();

        // The next command puts the folder right, whatever it is; it knows nothing of memory.
        Said::new(&place.command(&["-q", "run", "next.yaml", "--state", "off"]).output().unwrap()).ends_with(6);
        let standing = city();
        if standing == "Turin" {
            stood += 1
        } else {
            fell += 1
        }
        Said::new(&place.command(&night("night=third", "2026-11-03")).output().unwrap()).ends_with(0);
        assert_eq!(city(), standing, "kill {kill}: what is kept is what stood");
    }
    assert!(fell > 0, "{stood} stood, {fell} fell: no kill came before the end");
}
