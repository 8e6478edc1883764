//! Memory and archives of targets in stores, and a source that is the target itself.

use serde_json::Value;

use object_store::ObjectStoreExt;
use tanguero::store::wait;

use crate::binary::{Place, Said};
use crate::proxy::Proxy;
use crate::services::{Service, service};

const ACCOUNTS: &str = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns: {account_id: Id, account_name: Name}
";

fn project(store: &Service, archive: bool) -> Place {
    let url = store.url();
    let archive = if archive { format!("output: {{archive: \"{url}/old/${{as_of}}\"}}\n") } else { String::new() };
    let place = Place::new(&[("mappings/accounts.yaml", &format!("{ACCOUNTS}{archive}"))]);
    place
        .write("tanguero.yaml", format!("{}output: {{directory: \"{url}/out\", reports: reports}}\n", store.project()));
    place.write("crm.csv", "Id,Name\nA1,One\nA2,Two\nA3,Three\n");
    place
}

fn go(store: &Service, place: &Place, arguments: &[&str]) -> Said {
    Said::new(&store.command(place, arguments).output().unwrap())
}

fn read(store: &Service, name: &str) -> Option<String> {
    let location = store.at(name);
    let read = async move { location.store.get(&location.path).await.ok()?.bytes().await.ok() };
    wait(read).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

/// What was published last is fetched where nothing is remembered; what is remembered needs no store.
#[test]
fn a_plan_against_a_store_reads_what_stands_there() {
    let Some(store) = service("moto") else { return };
    let place = project(&store, false);
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-16"]).ends_with(0);
    place.write("crm.csv", "Id,Name\nA1,Uno\nA2,Two\nA4,Four\n");
    let plan = |arguments: &[&str]| {
        let all =
            [&["-q", "plan", "accounts", "--as-of", "2026-11-17", "--message-format", "json"], arguments].concat();
        let said = go(&store, &place, &all).ends_with(0);
        serde_json::from_str::<Value>(said.out.lines().last().unwrap()).unwrap()
    };
    let planned = plan(&[]);
    let rows = ["added", "changed", "same", "removed"].map(|name| planned["rows"][name].as_u64().unwrap());
    assert_eq!(rows, [1, 1, 1, 1], "{planned}");
    assert_eq!(planned["last"]["files"][0], format!("{}/out/accounts.csv", store.url()));

    // Somebody else writes there.
    store.put("out/accounts.csv", "account_id,account_name\r\nA1,One\r\n");
    let said = go(&store, &place, &["plan", "accounts", "--as-of", "2026-11-17"]).ends_with(1);
    said.tells(&["error[F208]", "/out/accounts.csv` is not what run"]);

    // Remembered: the store is not asked.
    place.write("mappings/accounts.yaml", format!("{ACCOUNTS}output: {{changes: true}}\n"));
    place.write("crm.csv", "Id,Name\nA1,One\nA2,Two\nA3,Three\n");
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-17"]).ends_with(0);
    store.put("out/accounts.csv", "gone");
    place.write("crm.csv", "Id,Name\nA1,Uno\nA2,Two\nA4,Four\n");
    let said = go(&store, &place, &["-q", "plan", "accounts", "--as-of", "2026-11-18"]).ends_with(0);
    assert!(said.out.contains("rows      1 created, 1 changed, 1 as they are, 1 no longer sent"), "{}", said.out);
}

fn archived_in(name: &str) {
    let Some(store) = service(name) else { return };
    let place = project(&store, true);
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-16"]).ends_with(0);
    let first = read(&store, "out/accounts.csv").unwrap();
    assert_eq!(read(&store, "old/2026-11-16/accounts.csv"), Some(first.clone()));

    // Another day, then the same with other rows, in parts.
    place.write("crm.csv", "Id,Name\nA1,Uno\nA2,Due\nA3,Tre\n");
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-17"]).ends_with(0);
    let text = place.read("mappings/accounts.yaml");
    place.write("mappings/accounts.yaml", text.replace("output: {", "output: {split: {rows: 2}, "));
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-17"]).ends_with(0);
    for part in ["accounts.part-001.csv", "accounts.part-002.csv"] {
        let copied = read(&store, &format!("old/2026-11-17/{part}"));
        assert!(copied.is_some() && copied == read(&store, &format!("out/{part}")), "{part}");
    }
    assert_eq!(read(&store, "old/2026-11-17/accounts.csv"), None, "a day has one copy");
    assert_eq!(read(&store, "old/2026-11-16/accounts.csv"), Some(first));
    // An unchanged day has one too.
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-18", "--exit-code-unchanged"]).ends_with(99);
    assert!(read(&store, "old/2026-11-18/accounts.part-001.csv").is_some());
}

#[test]
fn copies_go_to_moto() {
    archived_in("moto");
}

#[test]
fn copies_go_to_azurite() {
    archived_in("azurite");
}

#[test]
fn a_store_that_takes_no_copy_ends_with_7_and_the_outputs_stand() {
    let Some(store) = service("moto") else { return };
    let place = project(&store, true);
    let text = place.read("mappings/accounts.yaml");
    place.write("mappings/accounts.yaml", text.replace(&store.url(), "s3://no-such-bucket/t"));
    let settings = place.read("tanguero.yaml");
    let own = settings.lines().find(|line| line.starts_with("  tested:")).unwrap();
    let other = own
        .replace("  tested:", "  other:")
        .replace(&format!("s3://{}\"", store.said("bucket")), "s3://no-such-bucket\"");
    place.write("tanguero.yaml", settings.replace(own, &format!("{own}\n{other}")));
    let said = go(&store, &place, &["run", "--as-of", "2026-11-16"]).ends_with(7);
    said.tells(&["error[L716]", "not copied to s3://no-such-bucket/t/old/2026-11-16: ", "mappings/accounts.yaml:5:19"]);
    assert!(read(&store, "out/accounts.csv").unwrap().contains("A3"));
}

#[test]
fn a_source_in_the_target_itself_is_refused_like_a_local_one() {
    let Some(store) = service("moto") else { return };
    let place = project(&store, false);
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-16"]).ends_with(0);
    let own = format!("{}/out/*.csv", store.url());
    place.write(
        "mappings/accounts.yaml",
        ACCOUNTS
            .replace("crm.csv", &format!("\"{own}\""))
            .replace(": Id", ": account_id")
            .replace(": Name", ": account_name"),
    );
    for command in ["check", "run"] {
        let said = go(&store, &place, &[command]).ends_with(3);
        said.tells(&[
            "error[R222]: source `crm` reads `accounts.csv`, which this set writes",
            "mappings/accounts.yaml:2:23",
        ]);
    }
    // Another folder of the same bucket is another place.
    place.write("mappings/accounts.yaml", ACCOUNTS.replace("crm.csv", &format!("\"{}/in/*.csv\"", store.url())));
    store.put("in/accounts.csv", "Id,Name\nA1,One\n");
    go(&store, &place, &["check"]).ends_with(0);
}

/// What a server is told of each file besides its bytes.
#[test]
fn files_go_up_with_their_type_and_a_checksum() {
    let Some(store) = service("moto") else { return };
    let proxy = Proxy::new(store.told["port"].as_u64().unwrap().try_into().unwrap());
    let place = project(&store, false);
    place.write("tanguero.yaml", place.read("tanguero.yaml").replace(store.said("endpoint"), &proxy.endpoint()));
    go(&store, &place, &["-q", "run", "--as-of", "2026-11-16"]).ends_with(0);
    let heads: Vec<String> = proxy.heads().iter().map(|head| head.to_ascii_lowercase()).collect();
    let of = |start: &str, part: &str| {
        let fits = |head: &&String| head.starts_with(start) && head.lines().next().unwrap_or_default().contains(part);
        heads.iter().find(fits).unwrap_or_else(|| panic!("no {start} {part} in {heads:#?}")).clone()
    };
    // The upload says what the object will be, each of its parts what it has.
    let opened = of("post", "/accounts.csv?uploads");
    assert!(opened.contains("content-type: text/csv"), "{opened}");
    let part = of("put", "/accounts.csv?partnumber=1");
    assert!(part.contains("x-amz-checksum-sha256: "), "{part}");
    let report = of("put", "/run.json");
    assert!(
        report.contains("content-type: application/json") && report.contains("x-amz-checksum-sha256: "),
        "{report}"
    );
}
