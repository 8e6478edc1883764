//! Targets in stores that cannot be right: told by `check` and by `run` before any store is asked.

use crate::binary::Place;
use crate::support::files;

const ACCOUNTS: &str = "# Any.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns: {account_id: Id, account_name: Name, Account Type: {value: Customer}}
";

fn place(project: &str) -> Place {
    let place = Place::new(&[("mappings/accounts.yaml", ACCOUNTS), ("crm.csv", "Id,Name\nA1,One\n")]);
    place.write("tanguero.yaml", project);
    place
}

#[track_caller]
fn refused(project: &str, told: &[&str]) {
    let place = place(project);
    place.go(&["check"]).ends_with(3).tells(told);
    place.go(&["run"]).ends_with(3).tells(told);
    assert!(files(&place.join("out")).is_empty() && !place.join("s3:").exists());
}

#[test]
fn reports_of_a_target_in_a_store_need_a_place_of_their_own() {
    let said = [
        "error[L721]: s3://exports/totango is a store, and `output.reports` is not set",
        "tanguero.yaml:1:21",
        "e.g. `output: {reports: reports}`",
    ];
    refused("output: {directory: \"s3://exports/totango/\"}\n", &said);
    let inside =
        ["error[L721]: the reports would lie in s3://exports/totango, which Totango pulls", "inside the target"];
    refused("output: {directory: \"s3://exports/totango\", reports: \"s3://exports/totango/bad\"}\n", &inside);
    refused("output: {directory: \"s3://exports/totango/\", reports: \"s3://user@exports/totango\"}\n", &inside);
    let apart = ["error[L721]: the reports go to a store, and the outputs to a folder of this machine"];
    refused("output: {reports: \"s3://exports/bad\"}\n", &apart);
}

#[test]
fn a_web_server_is_no_target() {
    let said = ["nothing can be published to https://example.com/in: web servers can only be read"];
    refused("output: {directory: \"https://example.com/in\", reports: reports}\n", &said);
}

#[test]
fn a_target_of_the_command_line_is_judged_too() {
    let place = place("");
    let said = place.go(&["run", "--out", "sftp://user@127.0.0.1:1/in"]);
    said.ends_with(3).tells(&["sftp://127.0.0.1:1/in is a store, and `output.reports` is not set"]);
}

#[test]
fn a_store_that_is_not_there_ends_the_run_with_7_and_its_name() {
    let place = place(
        "stores: {nowhere: {url: \"s3://exports\", endpoint: \"http://127.0.0.1:1\", allow_http: true, region: us-east-1, \
         access_key_id: a, secret_access_key: \"${KEY}\", deadline: 1s, retries: 1}}\n\
         output: {directory: \"s3://exports/totango\", reports: reports}\n",
    );
    let mut command = place.command(&["run"]);
    crate::services::clean(&mut command);
    let said = crate::binary::Said::new(&command.env("KEY", "nobody-knows-it").output().unwrap());
    let said = said.ends_with(7);
    assert!(!said.err.contains("nobody-knows-it"));
    said.tells(&["error[S814]: s3://exports/totango/.tanguero-lock: ", "folder         s3://exports/totango:"]);
}
