//! The same bytes as on one machine, whatever the files, ranges and slots.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tanguero::pipeline::{ClusterRequest, RunRequest};

use crate::binary::{Place, Said, send};
use crate::cluster::processes::Cluster;
use crate::golden;
use crate::services::service;
use crate::support::{copy, go, messages, request, root};

/// Records whose quoted cells hold line ends, among them duplicates, faults and unreadable ones.
fn records(from: usize, to: usize) -> String {
    let mut text = String::new();
    for number in from..to {
        let id = if number % 97 == 5 { number - 1 } else { number };
        let parent = if number % 11 == 3 { format!("A{}", number - 2) } else { String::new() };
        let date = if number % 31 == 7 { "31.02.2026" } else { "2026-03-09" };
        let name =
            if number % 5 == 0 { format!("\"Name\n of \"\"{number}\"\"\r\nInc, Ltd\"") } else { format!("N{number}") };
        let extra = if number % 203 == 9 { ",too,many" } else { "" };
        writeln!(text, "A{id},{name},{parent},{date},{}{extra}", number % 13).unwrap();
    }
    text
}

const HEADER: &str = "Id,Name,Parent,Renewal,Tier\n";

const MAPPING: &str = "format: accounts\nsources: {crm: {path: \"data/*.csv\"}, known: {path: known.csv}}\nfrom: crm\n\
    where: \"\\\"Tier\\\" <> '12'\"\n\
    columns:\n  account_id: Id\n  account_name: Name\n  parent_id: Parent\n  Contract Renewal Date: {column: Renewal, type: date}\n  \
    Tier: {column: Tier, lookup: {in: known, match: tier, take: label, missing: reject}, custom: true}\n\
    hierarchy: {known_accounts: [known.account]}\n";

/// A project of 1,500 records in so many files.
fn project(count: usize) -> Place {
    let mut known = "tier,label,account\n".to_owned();
    (0..12).for_each(|tier| writeln!(known, "{tier},Tier {tier},A{}", tier * 97 + 5).unwrap());
    let place = Place::new(&[("mapping.yaml", MAPPING), ("known.csv", &known)]);
    let step = 1500_usize.div_ceil(count);
    for file in 0..count {
        let text = HEADER.to_owned() + &records(file * step, 1500.min((file + 1) * step));
        place.write(&format!("data/{file:03}.csv"), text);
    }
    place
}

/// Everything published, and what was said of it.
fn outcome(place: &Place, cluster: Option<ClusterRequest>) -> (BTreeMap<String, Vec<u8>>, String, serde_json::Value) {
    let _ = fs::remove_dir_all(place.join("out"));
    let outcome = go(&RunRequest { cluster, ..request(place.path(), &["mapping.yaml"]) });
    assert_eq!(outcome.exit.code(), 0, "{}", messages(&outcome));
    let manifest = place.manifest();
    let account = manifest["mappings"][0].clone();
    let told = ["rows", "rejects", "warnings", "fill", "files"].map(|key| account[key].clone());
    (place.published(), messages(&outcome), told.into())
}

#[test]
fn every_golden_case_gives_the_same_bytes_on_two_executors() {
    let cluster = Cluster::new(2, 1);
    let cases = golden::all();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let faults: Vec<String> = cases
        .iter()
        .flat_map(|case| golden::faults_of(case, &golden::outcome(case, Some(cluster.request(32 << 20)))))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
    let tasks = ["executor0", "executor1"].map(|executor| cluster.log(executor).matches("Finished task").count());
    assert!(tasks.iter().all(|tasks| *tasks > 0) && tasks.iter().sum::<usize>() > 300, "of each executor: {tasks:?}");
}

#[test]
fn rows_are_the_same_for_any_number_of_files_ranges_and_slots() {
    let mut expected = Vec::new();
    for slots in [1, 2, 4] {
        let cluster = Cluster::new(1, slots);
        for (number, count) in [1, 3, 50].into_iter().enumerate() {
            let place = project(count);
            if expected.len() == number {
                expected.push(outcome(&place, None));
            }
            assert!(expected[number].0.len() == 3, "{:?}", expected[number].0.keys());
            // Ranges of some records, of many, and files as they are.
            for range in if count > 3 { vec![700] } else { vec![700, 20_000, 32 << 20] } {
                let found = outcome(&place, Some(cluster.request(range)));
                assert!(found == expected[number], "{count} files, {slots} slots, ranges of {range} bytes");
            }
        }
        assert!(cluster.log("executor0").contains("Finished task"));
    }
}

#[test]
fn executors_read_a_store_with_credentials_of_their_own() {
    let Some(service) = service("moto") else { return };
    let place = project(3);
    for file in 0..3 {
        service.put(&format!("{file}.csv"), place.read(&format!("data/{file:03}.csv")));
    }
    let local = outcome(&place, None);
    let home = Place::new(&[("tanguero.yaml", &service.project())]);
    let dress = |command: &mut Command| {
        command.current_dir(home.path()).env("STORE_SECRET", service.secret());
    };
    let cluster = Cluster::with(2, 1, dress);
    place.write("tanguero.yaml", service.project());
    place.write("mapping.yaml", MAPPING.replace("data/*.csv", &format!("{}/*.csv", service.url())));
    let arguments =
        ["run", "mapping.yaml", "--cluster", &cluster.url, "--cluster-range", "9000", "--as-of", "2026-11-20"];
    let said = Said::new(&service.command(&place, &arguments).output().unwrap()).ends_with(0);
    assert!(!said.err.contains("N893"), "{}", said.err);
    assert_eq!(place.published()["mapping.csv"], local.0["mapping.csv"]);
    for process in ["scheduler", "executor0", "executor1"] {
        let log = cluster.log(process);
        assert!(!log.is_empty() && !log.contains(service.secret()), "{process} tells a secret");
    }
}

#[test]
fn an_executor_without_the_credentials_says_so() {
    let Some(service) = service("moto") else { return };
    service.put("0.csv", format!("{HEADER}{}", records(0, 9)));
    let home = Place::new(&[]);
    let cluster = Cluster::with(1, 1, |command| {
        crate::services::clean(command);
        command.current_dir(home.path());
    });
    let place = project(1);
    place.write("tanguero.yaml", service.project());
    place.write("mapping.yaml", MAPPING.replace("data/*.csv", &format!("{}/*.csv", service.url())));
    let command = ["run", "mapping.yaml", "--cluster", &cluster.url];
    let said = Said::new(&service.command(&place, &command).output().unwrap());
    assert!([1, 3, 7].contains(&said.code), "{} {}", said.code, said.err);
    assert!(!said.err.contains(service.secret()) && place.published().is_empty(), "{}", said.err);
}

/// The cluster of `deploy/local-cluster`, which ends with its owner.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        send("TERM", self.0.id());
        let ended = self.0.wait().unwrap();
        assert_eq!(ended.code(), Some(143), "the script was asked to end");
    }
}

#[test]
fn the_shipped_set_is_the_same_on_the_cluster_of_the_script() {
    let place = Place::new(&[]);
    for folder in ["mappings", "queries", "examples"] {
        copy(&root().join(folder), &place.join(folder));
    }
    fs::copy(root().join("tanguero.yaml"), place.join("tanguero.yaml")).unwrap();
    let mut command = Command::new(root().join("deploy/local-cluster"));
    command.arg(env!("CARGO_BIN_EXE_tanguero")).env("SLOTS", "2").current_dir(place.path());
    let mut script = Script(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut url = String::new();
    BufReader::new(script.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let run = |more: &[&str]| {
        let _ = fs::remove_dir_all(place.join("out"));
        let mut arguments = vec!["run", "--as-of", "2026-11-20", "--state", "off", "--local"];
        arguments.extend(more);
        place.go(&arguments).ends_with(0);
        place.published()
    };
    let local = run(&[]);
    assert!(local.len() > 20, "{:?}", local.keys());
    let away = run(&["--cluster", url.trim(), "--cluster-range", "4000"]);
    for (name, bytes) in &local {
        assert!(away.get(name) == Some(bytes), "{name} differs");
    }
    assert_eq!(away.len(), local.len());
}
