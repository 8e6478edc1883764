//! `stores:` of the project file.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{owned, show};
use crate::mapping::{StoreEntry, Variables, parse_project};

fn run(text: &str) -> (Vec<StoreEntry>, String) {
    let environment = owned(&[("SECRET", "hunter2-of-the-environment"), ("HOST", "minio.internal")]);
    let given = Variables::new(BTreeMap::new(), environment, date(2024, 3, 2), None);
    let (project, found) = parse_project("tanguero.yaml", text, &given);
    (project.map(|project| project.stores).unwrap_or_default(), show(text, &found))
}

#[test]
fn a_store_is_read_with_its_secrets_apart() {
    let text = "\
stores:
  exports:
    url: s3://exports/nightly
    endpoint: https://${HOST}:9000
    access_key_id: AKIA
    secret_access_key: ${SECRET}
    path_style: true
    deadline: 2m
    retries: 3
";
    let (stores, wrong) = run(text);
    assert_eq!(wrong, "");
    let [store] = stores.as_slice() else { panic!("{stores:?}") };
    let get = |key: &str| store.settings.iter().find(|(name, _)| *name == key).map(|(_, value)| value.value.as_str());
    assert_eq!((store.url.value.as_str(), get("url")), ("s3://exports/nightly", None));
    assert_eq!(get("endpoint"), Some("https://minio.internal:9000"));
    assert_eq!((get("path_style"), get("deadline"), get("retries")), (Some("true"), Some("120"), Some("3")));
    for secret in ["hunter2-of-the-environment", "minio.internal", "https://minio.internal:9000"] {
        assert!(store.secrets.iter().any(|kept| kept == secret), "{secret}");
    }
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[test]
fn mistakes_of_stores_are_told_and_secrets_are_not() {
    let text = "\
stores:
  a: {url: s3://a, regoin: eu}
  b: {region: eu}
  c: {url: c}
  d: {url: s3://d, path_style: maybe, timeout: soon, host_keys: all, retries: -1}
  e: {url: s3://e, secret_access_key: hunter2}
  f: {url: s3://f, secret_access_key: \"${SECERT}\"}
";
    let (_, wrong) = run(text);
    for part in [
        "unknown key `regoin`",
        "`region` has a similar name",
        "`url` is missing",
        "`url` cannot be `c`",
        "`path_style` cannot be `maybe`",
        "`timeout` cannot be `soon`",
        "`host_keys` cannot be `all`",
        "`retries` cannot be `-1`",
        "`secret_access_key` (tanguero.yaml:6) stands in the file for everybody to read",
        "variable `SECERT` has no value",
    ] {
        assert!(wrong.contains(part), "`{part}` is not in\n{wrong}");
    }
    assert!(!wrong.contains("hunter2"), "{wrong}");
}
