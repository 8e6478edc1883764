//! `tanguero plan` as a user sees it: what publishing would do to Totango.

use serde_json::Value;

use crate::binary::Place;
use crate::support::files;

const ACCOUNTS: &str = "format: accounts
from: crm
columns:
  account_id: Id
  account_name: Name
  Account Type: {value: Group}
  parent_id: {column: Parent, default: empty}
  Status: {column: Stage, default: empty}
  tag##vip: Vip
";
const USERS: &str = "format: users
from: people
columns: {user_id: Mail, account_id: Id, First Name: {column: First, default: empty}}
";
const ROWS: &str =
    "Id,Name,Parent,Stage,Vip\nA1,One,,Active,yes\nA2,Two,A1,Trial,\nA3,Three,A1,Trial,yes\nA4,Four,A2,Trial,\n";

fn project() -> Place {
    let place = Place::new(&[
        ("tanguero.yaml", "sources: {crm: {path: data/crm.csv}, people: {path: data/people.csv}}\n"),
        ("mappings/accounts.yaml", ACCOUNTS),
        ("mappings/users.yaml", USERS),
        ("data/crm.csv", ROWS),
    ]);
    let people: String = (0..100).map(|number| format!("p{number}@x.example,A1,Ann\n")).collect();
    place.write("data/people.csv", format!("Mail,Id,First\n{people}"));
    place.go(&["run"]).ends_with(0);
    place
}

#[test]
fn a_plan_tells_what_totango_would_do_and_changes_nothing() {
    let place = project();
    place.write(
        "data/crm.csv",
        "Id,Name,Parent,Stage,Vip\nA1,One,,,yes\nA2,Two,A1,Trial,\nA3,Three,A2,Active,\nA5,Five,A1,Trial,\n",
    );
    place.write("mappings/accounts.yaml", ACCOUNTS.to_owned() + "  region: {value: EMEA}\n");
    let before = files(place.path());
    let said = place.go(&["plan", "accounts", "--as-of", "2026-11-21"]).ends_with(0);
    let told = said.out.split_once('\n').unwrap().1;
    assert!(
        said.out.starts_with("accounts: publishing as of 2026-11-21, against what was published for "),
        "{}",
        said.out
    );
    assert_eq!(
        told,
        "rows      1 created, 2 changed, 1 as they are, 1 no longer sent (Totango keeps them)
  created: A5
  no longer sent: A4
deletions 1 values of 1 rows meet an empty cell
  `Status`: 1 values; the attribute's default-value setting decides; it may delete them
    A1: `Active` → (empty)
  `tag##vip`: 1 values; they stay as they are
    A3: `yes` → (empty)
parents   1 rows move
    A3: `A1` → `A2`
header    added: `region`
attribute `parent_id`: 1 changed
    A3: `A1` → `A2`
attribute `Status`: 1 changed, 1 now emptied
    A3: `Trial` → `Active`
note      new columns are ignored until an admin edits the mapping of the import in Totango
"
    );
    assert_eq!(files(place.path()), before, "nothing was published, no evidence was kept");
    let said = place.go(&["plan", "accounts", "--message-format", "json", "--cells", "--quiet"]).ends_with(0);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let plan = lines.last().unwrap();
    assert_eq!((&plan["type"], &plan["deletions"]["values"]), (&"plan".into(), &1.into()));
    assert_eq!(plan["deletions"]["columns"][0]["empty"], "setting");
    assert_eq!((&plan["parents"]["moved"], lines.len()), (&1.into(), 5));
}

#[test]
fn conditions_end_with_4() {
    let place = project();
    let people: String =
        (0..100).map(|number| format!("p{number}@x.example,A1,{}\n", if number < 3 { "" } else { "Ann" })).collect();
    place.write("data/people.csv", format!("Mail,Id,First\n{people}"));
    let plan = |conditions: &[&str]| {
        let mut arguments = vec!["plan", "users"];
        conditions.iter().for_each(|condition| arguments.extend(["--fail-on", condition]));
        place.go(&arguments)
    };
    plan(&["deletions>1%"])
        .ends_with(4)
        .tells(&["L722", "`--fail-on deletions>1%`: 3 values of `First Name` meet an empty cell, 3.0 % of 100"]);
    plan(&["deletions>3%", "deletions > 3", "losing>3", "created", "moved", "headers"]).ends_with(0);
    plan(&["deletions"]).ends_with(4).tells(&["3 values meet an empty cell"]);
    plan(&["deleted>1%"]).ends_with(2).tells(&["it measures created, changed, gone, deletions"]);
}

#[test]
fn an_unchanged_file_a_first_one_and_a_refused_one_are_said_plainly() {
    let place = project();
    let said = place.go(&["plan", "accounts"]).ends_with(0);
    assert!(said.out.contains("4 as they are") && said.out.contains("Totango skips it"), "{}", said.out);
    place.go(&["plan", "accounts", "--fail-on", "identical"]).ends_with(4);
    let said = place.go(&["plan", "accounts", "--out", "elsewhere"]).ends_with(0);
    assert!(said.out.contains("nothing was published before") && said.out.contains("4 created"), "{}", said.out);
    assert!(!place.join("elsewhere").exists());
    place.write("mappings/accounts.yaml", ACCOUNTS.to_owned() + "limits: {rejects: 0}\n");
    place.write("data/crm.csv", ROWS.replace("A4", "A 4"));
    place.go(&["plan", "accounts"]).ends_with(4).tells(&["L701", "nothing would be published"]);
    place.go(&["plan", "accounts", "--accept", "rejects"]).ends_with(0);
    // What was edited since tells nothing about Totango.
    place.write("out/accounts.csv", "account_id\r\nA1\r\n");
    place.go(&["plan", "accounts", "--accept", "rejects"]).ends_with(1).tells(&["F208", "is not what run"]);
}

#[test]
fn the_page_stands_alone_and_shows_data_as_text() {
    let place = project();
    place.write("data/crm.csv", ROWS.replace("One,,Active", "<script>alert(1)</script>,,"));
    place.go(&["plan", "accounts", "--html", "plan.html", "--cells", "--fail-on", "deletions"]).ends_with(4);
    let page = place.read("plan.html");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"), "{page}");
    for outside in ["http://", "https://", "src=", "url(", "@import", "<link"] {
        assert!(!page.contains(outside), "the page asks for `{outside}`");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("<strong>Refused.</strong>"));
    place.go(&["plan", "accounts", "--html", "no/such/folder.html"]).ends_with(1).tells(&["no/such/folder.html"]);
}
