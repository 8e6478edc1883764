//! Golden cases: a folder with a mapping and its input, and byte for byte what comes out.
//!
//! `UPDATE_GOLDEN=1` writes `expected/` anew; read what changed before committing it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tanguero::pipeline::{ClusterRequest, RunRequest};

use crate::support::{copy, files, go, messages, request, root};

fn cases(format: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/golden").join(format);
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|_| panic!("{} has no golden cases", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

/// What `run.json` says, but for times and what only names this run.
fn account(text: &[u8]) -> Value {
    let run: Value = serde_json::from_slice(text).unwrap();
    let mappings: Vec<Value> = run["mappings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| {
            let mut kept = serde_json::Map::new();
            for name in ["mapping", "status", "rows", "rejects", "warnings", "fill", "files", "sources", "problem"] {
                if let Some(value) = mapping.get(name).filter(|value| !value.is_null()) {
                    kept.insert(name.to_owned(), value.clone());
                }
            }
            Value::Object(kept)
        })
        .collect();
    json!({ "status": run["status"], "mappings": mappings })
}

/// Every case of every format.
#[cfg(feature = "cluster")]
pub fn all() -> Vec<PathBuf> {
    tanguero::format::catalog().flat_map(|format| cases(&format.name)).collect()
}

/// Runs one case, on a cluster if there is one; what came out, by the name it has in `expected/`.
pub fn outcome(case: &Path, cluster: Option<ClusterRequest>) -> BTreeMap<String, Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("case");
    copy(case, &folder);
    let _ = fs::remove_dir_all(folder.join("expected"));
    let whole_set = folder.join("mappings").is_dir();
    let asked = request(&folder, &[if whole_set { "mappings" } else { "mapping.yaml" }]);
    let mut outcome = go(&RunRequest { cluster, ..asked });
    // A cluster says what it leaves to this machine; that is no part of the case.
    outcome.warnings.retain(|warning| warning.code.id != "N893");

    let mut found = files(&folder.join("out"));
    found.remove("run.json");
    let evidence = outcome.evidence.as_ref().map(|evidence| files(evidence)).unwrap_or_default();
    for (name, bytes) in evidence {
        if name == "run.json" {
            let text = serde_json::to_string_pretty(&account(&bytes)).unwrap() + "\n";
            found.insert("run.json".to_owned(), text.into_bytes());
        } else {
            // A run that published nothing leaves its reports in the evidence only.
            found.entry(name).or_insert(bytes);
        }
    }
    let said = messages(&outcome);
    if !said.is_empty() || outcome.exit.code() != 0 {
        found.insert("messages.txt".to_owned(), format!("exit {}\n\n{said}", outcome.exit.code()).into_bytes());
    }
    found
}

fn check(format: &str) {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut faults = Vec::new();
    for case in cases(format) {
        let expected_folder = case.join("expected");
        let found = outcome(&case, None);
        if update {
            let _ = fs::remove_dir_all(&expected_folder);
            for (name, bytes) in &found {
                let path = expected_folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            continue;
        }
        faults.extend(faults_of(&case, &found));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

/// What is not as `expected/` has it.
pub fn faults_of(case: &Path, found: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut faults = Vec::new();
    let expected = files(&case.join("expected"));
    let format = case.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    if expected.is_empty() {
        faults.push(format!("{format}/{name}: nothing is expected; run with UPDATE_GOLDEN=1 and read the result"));
    }
    for (file, bytes) in &expected {
        match found.get(file) {
            Some(got) if got == bytes => {}
            Some(got) => faults.push(format!(
                "{format}/{name}/{file} differs\n--- expected\n{}\n--- found\n{}",
                String::from_utf8_lossy(bytes),
                String::from_utf8_lossy(got)
            )),
            None => faults.push(format!("{format}/{name}/{file} was not written")),
        }
    }
    for file in found.keys().filter(|file| !expected.contains_key(*file)) {
        let text = String::from_utf8_lossy(&found[file]).into_owned();
        faults.push(format!("{format}/{name}/{file} was written and is not expected\n{text}"));
    }
    faults
}

macro_rules! formats {
    ($($format:ident)*) => {
        $(#[test] fn $format() { check(stringify!($format)); })*

        #[test]
        fn every_format_has_cases_and_a_mapping() {
            let known = [$(stringify!($format)),*];
            for format in tanguero::format::catalog() {
                assert!(known.contains(&format.name.as_str()), "{} has no golden cases", format.name);
                assert!(cases(&format.name).len() >= 2, "{} has too few golden cases", format.name);
                assert!(root().join("mappings").join(format!("{}.yaml", format.name)).is_file(), "{}", format.name);
            }
        }
    };
}

formats! {
    accounts product_accounts users collections usage usage_legacy usage_aggregations totango_users account_assignment
    tasks touchpoints account_foreign_keys opportunities
}
