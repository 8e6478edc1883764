//! Sources in real stores under strain: overwritten while they are read, large, with secrets in every setting.

use std::io::Write;

use crate::binary::{Place, Said};
use crate::services::{clean, service};
use crate::stores::{csv, go, mapping, single, table};

#[test]
fn an_object_that_is_overwritten_while_it_is_read_is_an_error() {
    for name in ["moto", "azurite", "sftp"] {
        let Some(service) = service(name) else { continue };
        let location = service.at("crm.csv");
        let rows = table();
        service.put("crm.csv", csv(&rows).repeat(3));
        let register = tanguero::source::FileRegister::new();
        let definition = tanguero::source::SourceDefinition {
            stores: service.stores(),
            ..tanguero::source::SourceDefinition::new("crm", format!("{}/crm.csv", service.url()))
        };
        let source = tanguero::source::open(definition, &register, std::time::SystemTime::now()).unwrap();
        // Of another size for the server that has nothing but size and time.
        service.put("crm.csv", csv(&rows[1..]).repeat(3));
        let error = source.complete().expect_err(name);
        assert_eq!(
            (error.code.id, error.file.as_deref()),
            ("S805", Some(location.shown().as_str())),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_header_is_read_without_the_object() {
    let Some(service) = service("moto") else { return };
    let large = csv(&table()).repeat(40);
    service.put("large.csv", &large);
    let place = single(&service, &service.project(), "large.csv");
    let register = tanguero::source::FileRegister::new();
    let definition = tanguero::source::SourceDefinition {
        stores: service.stores(),
        ..tanguero::source::SourceDefinition::new("crm", format!("{}/large.csv", service.url()))
    };
    let source = tanguero::source::open(definition, &register, std::time::SystemTime::now()).unwrap();
    assert_eq!(source.schema().fields.len(), 2);
    // The log of the server has one line a request: the object's head, and one part of it.
    let log = std::fs::read_to_string(format!("{}/log", service.said("folder"))).unwrap();
    let gets = log.lines().filter(|line| line.contains("GET /") && line.contains("large.csv")).count();
    assert_eq!(gets, 1, "{log}");
    go(&service, &place, &["check", "accounts.yaml"]).ends_with(0);
}

#[test]
fn a_large_object_is_read_within_the_memory_that_is_allowed() {
    let Some(service) = service("s3s") else { return };
    // The server's folder is its bucket: what is written there is an object.
    let folder = format!("{}/{}/big", service.said("folder"), service.said("bucket"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = std::io::BufWriter::new(std::fs::File::create(format!("{folder}/crm.csv")).unwrap());
    file.write_all(b"Id,Name,Note\n").unwrap();
    let note = "n".repeat(2900);
    for row in 0..100_000 {
        writeln!(file, "A{row},Name {row},{note}").unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let size = std::fs::metadata(format!("{folder}/crm.csv")).unwrap().len();
    assert!(size > 280_000_000, "{size}");
    let mapping = mapping("s3://exports/big", "accounts", "crm.csv");
    let place = Place::new(&[("tanguero.yaml", &service.project()), ("accounts.yaml", &mapping)]);
    let mut command = service.command(&place, &["run", "accounts.yaml", "--memory", "256MB", "--threads", "2"]);
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let seen = std::thread::spawn(move || {
        let mut peak = 0;
        // The last state before the end has the highest mark.
        while let Ok(text) = std::fs::read_to_string(&status) {
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            match mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse::<u64>().ok()) {
                Some(mark) => peak = peak.max(mark * 1024),
                None => break,
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        peak
    });
    Said::new(&child.wait_with_output().unwrap()).ends_with(0);
    let peak = seen.join().unwrap();
    eprintln!("{} MB read, peak resident set {} MB", size / 1_000_000, peak / 1_000_000);
    assert!(peak > 0 && peak < 456_000_000, "{peak}");
    assert_eq!(place.read("out/accounts.csv").lines().count(), 100_001);
}

/// A secret in every place that takes one, through every kind of error and level of talk: it is in no output.
#[test]
fn secrets_are_in_no_output() {
    const SECRET: &str = "c4n4ry-tok3n/with+signs==";
    let settings = [
        (
            "s3://exports",
            "endpoint: \"http://127.0.0.1:9\", allow_http: true, access_key_id: \"${KEY}\", secret_access_key: \"${KEY}\", session_token: \"${KEY}\"",
        ),
        ("s3://exports", "access_key_id: \"${KEY}\""),
        ("s3://exports", "profile: \"${KEY}\""),
        ("s3://exports", "endpoint: \"${KEY}\", access_key_id: a, secret_access_key: \"${KEY}\""),
        ("s3://exports", "endpoint: \"http://127.0.0.1:9/${KEY}\", access_key_id: a, secret_access_key: \"${KEY}\""),
        ("gs://exports", "service_account: \"${KEY}\""),
        ("gs://exports", "service_account_key: \"${KEY}\""),
        ("az://exports", "account: a, access_key: \"${KEY}\""),
        (
            "az://exports",
            "account: a, endpoint: \"http://127.0.0.1:9\", allow_http: true, sas_token: \"sv=1&sig=${KEY}\"",
        ),
        ("az://exports", "account: a, access_key: \"${KEY}\", sas_token: \"${KEY}\""),
        ("az://exports", "account: a, client_secret: \"${KEY}\""),
        ("https://127.0.0.1:9", "token: \"${KEY}\""),
        ("https://127.0.0.1:9", "user: \"${KEY}\", password: \"${KEY}\""),
        ("https://127.0.0.1:9", "token: \"${KEY}\", password: \"${KEY}\""),
        ("https://127.0.0.1:9", "proxy: \"http://u:${KEY}@127.0.0.1:9\""),
        ("sftp://127.0.0.1:9", "user: \"${KEY}\", key_file: \"${KEY}\""),
        ("dropbox://x", "access_token: \"${KEY}\", refresh_token: \"${KEY}\""),
        ("s3://exports", "region: eu, secret_access_key: c4n4ry-tok3n/with+signs=="),
        ("s3://exports", "regoin: eu, secret_access_key: 'c4n4ry-tok3n/with+signs=='"),
        ("s3://exports", "retries: \"${KEY}\""),
    ];
    for (url, setting) in settings {
        let project = format!("stores:\n  tested: {{url: \"{url}\", deadline: 1s, retries: 0, {setting}}}\n");
        let project = if setting.starts_with("retries") { project.replace("retries: 0, ", "") } else { project };
        let place = Place::new(&[
            ("tanguero.yaml", &project),
            ("accounts.yaml", &mapping(url, "accounts", "crm.csv?sig=${KEY}")),
        ]);
        for arguments in [
            &["run", "accounts.yaml"][..],
            &["run", "accounts.yaml", "--verbose"],
            &["run", "accounts.yaml", "--message-format", "json"],
            &["run", "accounts.yaml", "--message-format", "github"],
            &["check", "accounts.yaml"],
            &["preview", "accounts.yaml"],
            &["explain", "accounts.yaml"],
        ] {
            let mut command = place.command(arguments);
            clean(&mut command);
            command.env("KEY", SECRET).env("RUST_LOG", "trace").env("AWS_SESSION_TOKEN", SECRET);
            let said = Said::new(&command.output().unwrap());
            assert!(said.code != 0 || arguments[0] == "explain", "{url} {setting}");
            let escaped = SECRET.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
            for text in [&said.out, &said.err] {
                assert!(!text.contains(SECRET) && !text.contains(&escaped), "{setting}: {arguments:?}\n{text}");
            }
        }
        for (name, bytes) in crate::support::files(place.path()) {
            let ours = ["tanguero.yaml", "accounts.yaml"].contains(&name.as_str());
            assert!(ours || !String::from_utf8_lossy(&bytes).contains(SECRET), "{setting}: {name}");
        }
    }
}
