//! Dated copies of what was published: `output.archive`, in a folder.

use std::fs;

use crate::binary::Place;
use crate::support::files;

const ACCOUNTS: &str = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns: {account_id: Id, account_name: Name}
output: {archive: \"archive/${as_of}\"}
";

fn project() -> Place {
    let place = Place::new(&[("tanguero.yaml", ""), ("mappings/accounts.yaml", ACCOUNTS)]);
    place.write("crm.csv", "Id,Name\nA1,One\nA2,Two\nA3,Three\n");
    place
}

fn names(place: &Place) -> Vec<String> {
    files(&place.join("archive")).into_keys().collect()
}

#[test]
fn each_day_has_its_copy_and_a_day_has_one() {
    let place = project();
    place.go(&["-q", "run", "--as-of", "2026-11-16"]).ends_with(0);
    assert_eq!(names(&place), ["2026-11-16/accounts.csv"]);
    assert_eq!(place.read("archive/2026-11-16/accounts.csv"), place.read("out/accounts.csv"));
    let first = place.read("out/accounts.csv");

    // An unchanged day has its copy too.
    place.go(&["-q", "run", "--as-of", "2026-11-17", "--exit-code-unchanged"]).ends_with(99);
    assert_eq!(names(&place), ["2026-11-16/accounts.csv", "2026-11-17/accounts.csv"]);

    // The same day again, with other rows and in parts: its copy is what was published last, and nothing else.
    place.write("crm.csv", "Id,Name\nA1,One\nA2,Two\nA4,Four\n");
    place.write("mappings/accounts.yaml", ACCOUNTS.replace("{archive", "{split: {rows: 2}, archive"));
    fs::write(place.join("archive/2026-11-17/notes.txt"), "mine").unwrap();
    place.go(&["-q", "run", "--as-of", "2026-11-17"]).ends_with(0);
    assert_eq!(
        names(&place),
        [
            "2026-11-16/accounts.csv",
            "2026-11-17/accounts.part-001.csv",
            "2026-11-17/accounts.part-002.csv",
            "2026-11-17/notes.txt"
        ]
    );
    assert_eq!(place.read("archive/2026-11-16/accounts.csv"), first);
    // A copy is no second name of the file that stands in the output folder.
    fs::write(place.join("archive/2026-11-17/accounts.part-001.csv"), "").unwrap();
    assert!(place.read("out/accounts.part-001.csv").contains("A1"));
    assert!(place.leftovers().is_empty(), "{:?}", place.leftovers());
}

#[test]
fn what_is_not_published_is_not_archived() {
    let place = project();
    place.go(&["-q", "run", "--dry-run", "--as-of", "2026-11-16"]).ends_with(0);
    place.go(&["-q", "plan", "accounts", "--as-of", "2026-11-16"]).ends_with(0);
    place.write("crm.csv", "Id,Name\nA 1,One\n");
    place.go(&["-q", "run", "--fail-on-rejects", "--as-of", "2026-11-16"]).ends_with(4);
    assert!(!place.join("archive").exists());
}

#[test]
fn a_failed_copy_ends_with_7_and_the_outputs_stand() {
    let place = project();
    // A file where a folder belongs.
    place.write("archive/2026-11-16", "in the way");
    let said = place.go(&["run", "--as-of", "2026-11-16"]).ends_with(7);
    said.tells(&[
        "error[L716]: the files are published, and not copied to archive/2026-11-16: ",
        "mappings/accounts.yaml:5:19",
        "folder         out: accounts of this run",
    ]);
    assert!(place.read("out/accounts.csv").contains("A3"));
    assert_eq!(place.manifest()["mappings"][0]["status"], "published");
    let history = place.go(&["history", "accounts"]).ends_with(0);
    assert!(history.out.contains("published"), "{}", history.out);

    // Cured: nothing is published twice, and the copy is made.
    fs::remove_file(place.join("archive/2026-11-16")).unwrap();
    place.go(&["run", "--as-of", "2026-11-16"]).ends_with(0).tells(&["unchanged"]);
    assert_eq!(names(&place), ["2026-11-16/accounts.csv"]);
}

#[test]
fn an_archive_needs_the_day_and_a_place_of_its_own() {
    let place = project();
    let wrong = |to: &str, told: &[&str]| {
        place.write("mappings/accounts.yaml", ACCOUNTS.replace("archive/${as_of}", to));
        place.go(&["check"]).ends_with(3).tells(told);
        place.go(&["run"]).ends_with(3).tells(told);
        assert!(!place.join("out/accounts.csv").exists());
    };
    wrong("archive", &["error[Y104]", "no day in it", "`archive/${as_of}`", "mappings/accounts.yaml:5:19"]);
    wrong(
        "out/${as_of}",
        &["error[L717]: the copies would lie in out, which Totango pulls", "mappings/accounts.yaml:5:19"],
    );
    wrong("https://example.com/${as_of}", &["web servers can only be read"]);
}
