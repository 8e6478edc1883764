//! Sources in real stores: every kind of file, globs, folders, partitions, and what is said when something is wrong.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

use crate::binary::{Place, Said};
use crate::checker::rows;
use crate::services::{Service, clean, service};

/// Rows enough for several pieces, row groups and batches.
const ROWS: usize = 12_000;

pub fn table() -> Vec<(String, String)> {
    (0..ROWS)
        .map(|row| {
            // Every thousandth id is wrong, so that the second look has something to find.
            let id = if row % 1000 == 7 { format!("bad id {row}") } else { format!("A{row}") };
            (id, format!("Zürich – {row} {}", "x".repeat(row % 90)))
        })
        .collect()
}

fn batch(rows: &[(String, String)]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(rows.iter().map(|(id, _)| Some(id.as_str())).collect::<StringArray>());
    let unused: ArrayRef = Arc::new(rows.iter().map(|(_, name)| Some(name.as_str())).collect::<StringArray>());
    let names: ArrayRef = Arc::new(rows.iter().map(|(_, name)| Some(name.as_str())).collect::<StringArray>());
    RecordBatch::try_from_iter([("Id", ids), ("Unused", unused), ("Name", names)]).unwrap()
}

pub fn csv(rows: &[(String, String)]) -> String {
    rows.iter().fold("Id,Name\n".to_owned(), |text, (id, name)| text + id + "," + name + "\n")
}

/// The objects of a test, by name.
fn objects() -> Vec<(String, Vec<u8>)> {
    let rows = table();
    let text = csv(&rows);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).unwrap();
    let json: String = rows.iter().map(|(id, name)| format!("{{\"Id\": \"{id}\", \"Name\": \"{name}\"}}\n")).collect();
    let mut parquet = Vec::new();
    let groups = WriterProperties::builder().set_max_row_group_row_count(Some(5000)).build();
    let mut writer = ArrowWriter::try_new(&mut parquet, batch(&rows).schema(), Some(groups)).unwrap();
    writer.write(&batch(&rows)).unwrap();
    writer.close().unwrap();
    let mut arrow = Vec::new();
    let mut writer = FileWriter::try_new(&mut arrow, &batch(&rows).schema()).unwrap();
    rows.chunks(4000).for_each(|chunk| writer.write(&batch(chunk)).unwrap());
    writer.finish().unwrap();
    let mut objects = vec![
        ("kinds/crm.csv".to_owned(), text.into_bytes()),
        ("kinds/crm.csv.gz".to_owned(), gz.finish().unwrap()),
        ("kinds/crm.ndjson".to_owned(), json.into_bytes()),
        ("kinds/crm.parquet".to_owned(), parquet),
        ("kinds/crm.arrow".to_owned(), arrow),
    ];
    for (part, rows) in rows.chunks(5000).enumerate() {
        objects.push((format!("glob/day-{part}/part-{part}.csv"), csv(rows).into_bytes()));
        objects.push((format!("hive/dt=2026-11-2{part}/x.csv"), csv(rows).into_bytes()));
    }
    // What a folder is not read for.
    for name in ["glob/day-0/note.txt", "hive/_SUCCESS", "hive/dt=2026-11-20/.hidden.csv", "hive/_old/x.csv"] {
        objects.push((name.to_owned(), b"Id,Name\nZZZ,never\n".to_vec()));
    }
    objects
}

/// Patterns below the base, each with the name of its mapping and whether a server without listings knows it.
const PATTERNS: &[(&str, &str, bool)] = &[
    ("plain", "kinds/crm.csv", true),
    ("packed", "kinds/crm.csv.gz", true),
    ("json", "kinds/crm.ndjson", true),
    ("columns", "kinds/crm.parquet", true),
    ("batches", "kinds/crm.arrow", true),
    ("glob", "glob/day-*/part-?.csv", false),
    ("deep", "glob/**/*.csv", false),
    ("braces", "glob/{day-0,day-2}/*.csv", false),
    ("folder", "glob/day-1", false),
    ("folders", "glob/day-*/", false),
    ("hive", "hive/", false),
];

pub fn mapping(base: &str, name: &str, path: &str) -> String {
    let region = if name == "hive" { ", Region: dt" } else { "" };
    format!(
        "format: accounts\nsources: {{crm: {{path: \"{base}/{path}\"}}}}\nfrom: crm\n\
         columns: {{account_id: Id, account_name: Name{region}}}\noutput: {{file: {name}.csv}}\n"
    )
}

fn read_all_from(service: &Service) {
    let lists = service.said("service") != "http";
    // This server keeps objects as files, and answers 500 when it is asked about a folder of them.
    let stumbles = |name: &str| service.said("service") == "s3s" && name == "folder";
    let patterns: Vec<_> = PATTERNS.iter().filter(|(name, _, alone)| (lists || *alone) && !stumbles(name)).collect();
    let (here, there) = (
        Place::new(&[("tanguero.yaml", "output: {directory: out}\n")]),
        Place::new(&[("tanguero.yaml", &service.project())]),
    );
    for (name, bytes) in objects() {
        here.write(&format!("data/{name}"), &bytes);
        service.put(&name, &bytes);
    }
    for (name, path, _) in &patterns {
        here.write(&format!("mappings/{name}.yaml"), mapping("data", name, path));
        there.write(&format!("mappings/{name}.yaml"), mapping(&service.url(), name, path));
    }
    here.go(&["run"]).ends_with(0);
    let said = Said::new(&service.command(&there, &["run"]).output().unwrap());
    said.ends_with(0);
    let (ours, theirs) = (here.published(), there.published());
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, bytes) in &ours {
        if !name.contains(".rejects") {
            assert!(*bytes == theirs[name], "{name} differs");
        }
    }
    for (name, ..) in &patterns {
        let out = |place: &Place| rows(&place.join(&format!("out/{name}.rejects.csv")));
        let (ours, theirs) = (out(&here), out(&there));
        assert!(!ours.is_empty() && ours.len() == theirs.len(), "{name}");
        let base = there_shown(service);
        for (our, their) in ours.into_iter().zip(theirs) {
            let mut our = our;
            let file = our["file"].replacen("data", &base, 1);
            our.insert("file".to_owned(), file);
            assert_eq!(our, their, "{name}");
        }
    }
}

/// The URL of the test's folder as reports show it.
fn there_shown(service: &Service) -> String {
    service.at("x").shown().trim_end_matches("/x").to_owned()
}

#[test]
fn every_kind_is_read_from_moto() {
    service("moto").iter().for_each(read_all_from);
}

#[test]
fn every_kind_is_read_from_s3s_with_real_signatures() {
    service("s3s").iter().for_each(read_all_from);
}

#[test]
fn every_kind_is_read_from_azurite() {
    service("azurite").iter().for_each(read_all_from);
}

#[test]
fn every_kind_is_read_over_sftp() {
    service("sftp").iter().for_each(read_all_from);
}

#[test]
fn every_kind_is_read_from_a_web_server_without_ranges() {
    service("http").iter().for_each(read_all_from);
}

/// A project with one source in a store.
pub fn single(service: &Service, project: &str, path: &str) -> Place {
    let mapping = mapping(&service.url(), "accounts", path);
    Place::new(&[("tanguero.yaml", project), ("accounts.yaml", &mapping)])
}

pub fn go(service: &Service, place: &Place, arguments: &[&str]) -> Said {
    let said = Said::new(&service.command(place, arguments).output().unwrap());
    assert!(!said.err.contains(service.secret()) && !said.out.contains(service.secret()), "{}", said.err);
    said
}

#[test]
fn what_is_wrong_is_said_with_the_object_and_the_cure() {
    let Some(service) = service("s3s") else { return };
    service.put("crm.csv", "Id,Name\nA1,One\n");
    let good = service.project();
    let place = single(&service, &good, "crm.csv");
    go(&service, &place, &["run", "accounts.yaml"]).ends_with(0);
    let shown = format!("{}/", service.url());
    for (project, path, exit, tells) in [
        (good.clone(), "gone.csv", 6, vec!["error[S801]", "gone.csv", "there is neither such an object"]),
        (good.clone(), "gone-*.csv", 6, vec!["error[S801]", "no object matches"]),
        (good.replace("s3s-access-id", "somebody"), "crm.csv", 1, vec!["error[S813]", &shown, "credentials"]),
        (
            good.replace("allow_http: true, ", ""),
            "crm.csv",
            3,
            vec!["error[S811]", "stores.tested.endpoint", "allow_http"],
        ),
        (
            good.replace("region:", "regoin:"),
            "crm.csv",
            3,
            vec!["error[Y102]", "regoin", "`region` has a similar name"],
        ),
        (
            good.replace("region: us-east-1", "account: us"),
            "crm.csv",
            3,
            vec!["error[S811]", "stores.tested.account", "means nothing for S3"],
        ),
        (good.replace("retries: 3", "retries: many"), "crm.csv", 3, vec!["error[Y104]", "retries"]),
        (good.replace("${STORE_SECRET}", "${STORE_SECERT}"), "crm.csv", 3, vec!["STORE_SECERT", "has no value"]),
        (
            good.replace("\"${STORE_SECRET}\"", service.secret()),
            "crm.csv",
            3,
            vec!["secret_access_key", "for everybody to read"],
        ),
        (good.replace("20s", "1s").replace("127.0.0.1:", "127.0.0.1:1"), "crm.csv", 7, vec![]),
    ] {
        // A port that nobody listens on.
        let project = if exit == 7 {
            project.replace(&format!("127.0.0.1:1{}", service.told["port"]), "127.0.0.1:9")
        } else {
            project
        };
        let place = single(&service, &project, path);
        let said = go(&service, &place, &["run", "accounts.yaml"]).ends_with(exit);
        said.tells(&tells);
    }
    let lost = single(&service, &good, "crm.csv");
    lost.write("accounts.yaml", lost.read("accounts.yaml").replace("s3://exports", "s3://exprots"));
    lost.write("tanguero.yaml", good.replace("s3://exports", "s3://exprots"));
    go(&service, &lost, &["run", "accounts.yaml"]).ends_with(6).tells(&["s3://exprots/", "error[S801]"]);
}

#[test]
fn without_credentials_nobody_waits_for_a_role_that_is_not_there() {
    let place = Place::new(&[("accounts.yaml", &mapping("s3://exports", "accounts", "crm.csv"))]);
    let mut command = place.command(&["run", "accounts.yaml"]);
    clean(&mut command);
    let start = std::time::Instant::now();
    let said = Said::new(&command.output().unwrap()).ends_with(1);
    said.tells(&["error[S813]", "no credentials were found", "AWS_ACCESS_KEY_ID"]);
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}

#[test]
fn credentials_come_from_the_environment_and_from_profiles() {
    let Some(service) = service("s3s") else { return };
    service.put("crm.csv", "Id,Name\nA1,One\n");
    let bare = "output: {directory: out}\n";
    let place = single(&service, bare, "crm.csv");
    let (id, key, endpoint) = (service.said("access_key_id"), service.secret(), service.said("endpoint"));
    let run = |variables: &[(&str, &str)]| {
        let mut command = service.command(&place, &["run", "accounts.yaml", "--force"]);
        command.envs(variables.iter().copied());
        Said::new(&command.output().unwrap())
    };
    let common = [("AWS_ENDPOINT_URL_S3", endpoint), ("AWS_ALLOW_HTTP", "true"), ("AWS_REGION", "us-east-1")];
    run(&[&common[..], &[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", key)]].concat()).ends_with(0);
    place.write(".aws/config", "[profile nightly]\nregion = us-east-1\n");
    place.write(".aws/credentials", format!("[nightly]\naws_access_key_id = {id}\naws_secret_access_key = {key}\n"));
    run(&[&common[..2], &[("AWS_PROFILE", "nightly")]].concat()).ends_with(0);
    run(&[&common[..2], &[("AWS_PROFILE", "nihgtly")]].concat()).ends_with(3).tells(&["`AWS_PROFILE`", "nihgtly"]);
    place.write(".aws/config", "[profile nightly]\nsso_session = corp\n");
    place.write(".aws/credentials", "");
    run(&[&common[..], &[("AWS_PROFILE", "nightly")]].concat())
        .ends_with(3)
        .tells(&["sso_session", "export-credentials"]);
}

#[test]
fn other_commands_read_urls_too() {
    let Some(service) = service("moto") else { return };
    service.put("crm.csv", "Id,Name\nA1,One\nA2,Two\n");
    let place = single(&service, &service.project(), "crm.csv");
    let url = format!("{}/crm.csv", service.url());
    go(&service, &place, &["check", "accounts.yaml"]).ends_with(0);
    let said = go(&service, &place, &["preview", "accounts.yaml"]).ends_with(0);
    assert!(said.out.contains("One"), "{}", said.out);
    let said = go(&service, &place, &["guess", &url, "--format", "accounts"]).ends_with(0);
    assert!(said.out.contains(&url), "{}", said.out);
    service.put("made.csv", "account_id,account_name\r\nA1,One\r\n");
    go(&service, &place, &["lint", &url.replace("crm", "made"), "--format", "accounts"]).ends_with(0);
    go(&service, &place, &["explain", "accounts.yaml"]).ends_with(0);
}
