//! The shipped mappings published to real stores: the same bytes as in a local folder, run after run; kills and locks.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use tanguero::store::{Location, wait};

use crate::binary::{Place, Said, send, until};
use crate::services::{Service, service};
use crate::support::{copy, files, root};

type Set = BTreeMap<String, Vec<u8>>;

/// Where a test publishes, in `tanguero.yaml`.
fn project(store: &Service) -> String {
    let url = store.url();
    format!("{}output: {{directory: \"{url}/out\", reports: \"{url}/reports\"}}\n", store.project())
}

fn go(store: &Service, place: &Place, arguments: &[&str]) -> Said {
    Said::new(&store.command(place, arguments).output().unwrap())
}

/// Objects below `folder`, by their names there; our own hidden ones too.
fn objects(store: &Service, folder: &str) -> Set {
    if store.said("service") == "sftp" {
        // Its listings have folders in them; its files are of this machine.
        return files(&std::path::Path::new("/").join(store.at(folder).key()));
    }
    wait(read_all(store.at(folder)))
}

async fn read_all(location: Location) -> Set {
    let mut list: Vec<_> = match location.store.list(Some(&location.path)).try_collect().await {
        Ok(list) => list,
        // A folder that is not there.
        Err(_) => return Set::new(),
    };
    list.retain(|meta: &object_store::ObjectMeta| !meta.location.as_ref().ends_with('/'));
    let mut set = Set::new();
    for meta in list {
        let bytes = location.store.get(&meta.location).await.unwrap().bytes().await.unwrap();
        let name = meta.location.as_ref()[location.path.as_ref().len()..].trim_start_matches('/').to_owned();
        set.insert(name, bytes.to_vec());
    }
    set
}

/// The project that ships, in a place of its own.
fn shipped() -> Place {
    let place = Place::new(&[]);
    for folder in ["mappings", "queries", "examples"] {
        copy(&root().join(folder), &place.join(folder));
    }
    fs::copy(root().join("tanguero.yaml"), place.join("tanguero.yaml")).unwrap();
    place
}

const RUN: [&str; 3] = ["run", "--as-of", "2026-11-20"];

/// `tanguero.yaml` of the shipped project, publishing to `store`.
fn to(place: &Place, store: &Service) {
    let text = fs::read_to_string(root().join("tanguero.yaml")).unwrap().replace("output: {directory: out}\n", "");
    place.write("tanguero.yaml", text + "\n" + &project(store));
}

fn without_report(mut set: Set) -> Set {
    assert!(set.remove("run.json").is_some(), "run.json is there");
    set
}

/// The whole example set in `name`, twice, and then with one mapping less to say.
fn end_to_end(name: &str) {
    let Some(store) = service(name) else { return };
    let place = shipped();
    fs::copy(root().join("tanguero.yaml"), place.join("tanguero.yaml")).unwrap();
    place.write(
        "tanguero.yaml",
        place.read("tanguero.yaml").replace("output: {directory: out}", "output: {directory: out, reports: reports}"),
    );
    place.go(&RUN).ends_with(0);
    let (out, reports) = (without_report(files(&place.join("out"))), files(&place.join("reports")));
    assert!(out.len() >= 13 && !reports.is_empty());

    to(&place, &store);
    go(&store, &place, &RUN).ends_with(0).tells(&[&format!("published to {}/out", store.url())]);
    let there = without_report(objects(&store, "out"));
    assert_eq!(there.keys().collect::<Vec<_>>(), out.keys().collect::<Vec<_>>());
    assert!(there == out, "the bytes are those of the local run");
    assert!(objects(&store, "reports") == reports);

    // The same again: nothing is sent.
    let again = go(&store, &place, &[RUN.as_slice(), &["--exit-code-unchanged"]].concat());
    again.ends_with(99).tells(&["unchanged: "]);

    // Less to say: what the last publish had and this one has not is gone.
    let gone = reports.keys().find(|name| name.starts_with("accounts.")).expect("accounts has a report").clone();
    let mapping = place.read("mappings/accounts.yaml");
    place.write("mappings/accounts.yaml", mapping.replace("output:", "# output:") + "\nwhere: \"false\"\n");
    let said = go(&store, &place, &["run", "mappings/accounts.yaml", "--as-of", "2026-11-20"]);
    if said.code == 0 {
        assert!(!objects(&store, "reports").contains_key(&gone), "{}", said.err);
    }
    let left: Vec<String> = objects(&store, "").into_keys().filter(|name| name.contains(".tanguero")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn the_shipped_set_goes_to_moto_as_it_goes_to_a_folder() {
    end_to_end("moto");
}

#[test]
fn the_shipped_set_goes_to_a_server_that_checks_signatures() {
    end_to_end("s3s");
}

#[test]
fn the_shipped_set_goes_to_azurite() {
    end_to_end("azurite");
}

#[test]
fn the_shipped_set_goes_to_an_sftp_server() {
    end_to_end("sftp");
}

const ACCOUNTS: &str = "# A large file.
format: accounts
sources: {crm: {path: \"${export}.csv\"}}
from: crm
columns: {account_id: Id, account_name: Name, Note: {column: Note, custom: true}, Account Type: {value: Customer}}
";

/// A project with one large file, so that its upload takes time.
fn large(store: &Service) -> Place {
    let place = Place::new(&[("mappings/accounts.yaml", ACCOUNTS)]);
    for (name, rows) in [("old", 10), ("new", 60_000)] {
        let lines = (0..rows).map(|number| format!("A{number:06},{name} {number},{}\n", "x".repeat(300)));
        place.write(&format!("{name}.csv"), format!("Id,Name,Note\n{}", lines.collect::<String>()));
    }
    place.write("tanguero.yaml", format!("variables: {{export: old}}\n{}", project(store)));
    place
}

fn start(store: &Service, place: &Place, export: &str) -> Child {
    let variable = format!("export={export}");
    store.command(place, &["run", "--var", &variable, "--as-of", "2026-11-20"]).spawn().unwrap()
}

/// Runs that are killed at many moments, each followed by a clean one.
fn kill_and_run(name: &str) {
    let Some(store) = service(name) else { return };
    let place = large(&store);
    let run = |export: &str| {
        let variable = format!("export={export}");
        go(&store, &place, &["run", "--force", "--var", &variable, "--as-of", "2026-11-20"])
    };
    let sets = ["new", "old"].map(|export| {
        run(export).ends_with(0);
        without_report(objects(&store, "out"))
    });
    assert!(sets[0]["accounts.csv"].len() > 10 << 20, "what is sent takes no time");
    for pause in [500, 900, 1200, 1500, 1800, 2100, 2400, 2700, 3000, 3400] {
        let mut child = start(&store, &place, "new");
        thread::sleep(Duration::from_millis(pause));
        let killed = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        if killed {
            // Whole files only, in between too.
            let between = objects(&store, "out");
            let bytes = between.get("accounts.csv").expect("a file is never absent");
            assert!(sets.iter().any(|set| &set["accounts.csv"] == bytes), "{} bytes", bytes.len());
        }
        run("old").ends_with(0);
        assert!(without_report(objects(&store, "out")) == sets[1]);
        if !killed {
            break;
        }
    }
}

#[test]
fn a_run_that_is_killed_while_it_sends_leaves_nothing_that_the_next_does_not_clear() {
    kill_and_run("moto");
}

#[test]
fn a_run_that_is_killed_while_it_sends_by_sftp_leaves_nothing_that_the_next_does_not_clear() {
    kill_and_run("sftp");
}

#[test]
fn of_two_runs_on_one_target_one_is_told_who_holds_it() {
    let Some(store) = service("moto") else { return };
    let place = large(&store);
    let mut first = start(&store, &place, "new");
    // Another machine's project with the same target: the local lock keeps nobody out there.
    let other = large(&store);
    until("the lock", || objects(&store, "out").contains_key(".tanguero-lock"));
    let said = go(&store, &other, &["run", "--as-of", "2026-11-20"]);
    if first.try_wait().unwrap().is_none() {
        said.ends_with(1).tells(&[
            "L704",
            &format!("another run holds `{}/out`: run 20", store.url()),
            ", process ",
            ", since 20",
        ]);
    }
    // Asked to end, it gives the target back.
    send("TERM", first.id());
    let code = first.wait().unwrap().code();
    assert!(matches!(code, Some(143 | 0)), "{code:?}");
    assert!(objects(&store, "out").keys().all(|name| !name.contains(".tanguero")));
}
