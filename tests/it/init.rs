//! `tanguero init`: the project it writes runs at once, and nothing of anybody's is overwritten.

use std::fs;

use tanguero::pipeline::init;

use crate::support::{files, go, messages, request};

#[test]
fn the_project_runs_as_it_is_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("new/project");
    let written = init(&folder).unwrap();
    assert_eq!(files(&folder).len(), written.len());
    let outcome = go(&request(&folder, &[]));
    assert_eq!(outcome.exit.code(), 0, "{}", messages(&outcome));
    let rows = outcome.report.unwrap().mappings[0].rows;
    assert_eq!((rows.read, rows.written, rows.rejected, rows.duplicate), (6, 4, 1, 1));
    let accounts = fs::read_to_string(folder.join("out/accounts.csv")).unwrap();
    assert!(
        accounts.contains("ACC-1002,Northwind Traders,Subsidiary,ACC-1001,Active,48250.50,2027-03-31,EMEA"),
        "{accounts}"
    );
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn a_file_that_is_there_keeps_the_project_from_being_written() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("data")).unwrap();
    fs::write(place.path().join("data/accounts.csv"), "mine").unwrap();
    let message = init(place.path()).unwrap_err();
    assert!(message.contains("data/accounts.csv") && message.contains("nothing was written"), "{message}");
    assert_eq!(files(place.path()).len(), 1);
    assert_eq!(fs::read_to_string(place.path().join("data/accounts.csv")).unwrap(), "mine");
}
