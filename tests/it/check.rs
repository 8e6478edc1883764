//! `tanguero check` as a user sees it: all mistakes at once, of sets too; exit codes, formats of messages, `--offline`.

use std::io::Write;

use insta::assert_snapshot;
use serde_json::Value;

use crate::author::{checked, drawn, mistakes, project, told, wrapped};
use crate::binary::{Place, Said};

const TEN: &str = "format: acounts
sources:
  crm: {path: data/crm.csv}
  owners: {path: data/staff.csv}
from: cmr
where: \"\\\"Stage\\\" = \"
columns:
  account_id: Idd
  account_name: {column: Name, tpye: text}
  Contrct Value: {column: ARR}
  Status: {column: Stage, values: [Active], default: {value: Lead}}
  owner: {sql: \"uper(\\\"Owner Id\\\")\"}
  boss: {column: Owner Id, lookup: {in: owners, match: id, take: name}}
references:
  account_id: {in: [acounts]}
duplicates: newest
";

#[test]
fn a_file_with_ten_mistakes_reports_ten() {
    let found = mistakes(TEN);
    // Ten kinds of mistake of the author's; the source that is not there is an eleventh, of the export's.
    assert_eq!(found.matches("error[").count(), 11, "{found}");
    assert_snapshot!(found, @r#"
    error[R201]: unknown format `acounts`
     --> mappings/accounts.yaml:1:9
      |
    1 | format: acounts
      |         ^^^^^^^ no such Totango file
      = help: `accounts` has a similar name

    error[S801]: data/staff.csv is not there
     --> mappings/accounts.yaml:4:18
      |
    4 |   owners: {path: data/staff.csv}
      |                  ^^^^^^^^^^^^^^ source `owners`
      = help: Check the path; see when the export last ran.

    error[R202]: unknown source `cmr`
     --> mappings/accounts.yaml:5:7
      |
    5 | from: cmr
      |       ^^^ not declared
      = help: `crm` has a similar name

    error[Q301]: the SQL ends where an expression is expected
     --> mappings/accounts.yaml:6:19
      |
    6 | where: "\"Stage\" = "
      |                   ^ it ends here

    error[R204]: column `Idd` not found in source `crm`
     --> mappings/accounts.yaml:8:15
      |
    8 |   account_id: Idd
      |               ^^^ no such column
      = help: `Id` has a similar name

    error[Y102]: unknown key `tpye`
     --> mappings/accounts.yaml:9:32
      |
    9 |   account_name: {column: Name, tpye: text}
      |                                ^^^^ not a key of a column
      = help: `type` has a similar name

    error[R203]: `Contrct Value` is nearly the attribute `Contract Value`
      --> mappings/accounts.yaml:10:3
       |
    10 |   Contrct Value: {column: ARR}
       |   ^^^^^^^^^^^^^ Totango would see another attribute
       = help: write `Contract Value`
       = help: if a custom attribute of this name is meant, add `custom: true`

    error[R209]: the default `Lead` is not one of the column's values
      --> mappings/accounts.yaml:11:54
       |
    11 |   Status: {column: Stage, values: [Active], default: {value: Lead}}
       |                                                      ^^^^^^^^^^^^^ not allowed here
       = help: allowed: Active

    error[Q303]: no function is called `uper`
      --> mappings/accounts.yaml:12:17
       |
    12 |   owner: {sql: "uper(\"Owner Id\")"}
       |                 ^^^^ unknown function
       = help: `upper` has a similar name

    error[R212]: no mapping is called `acounts`
      --> mappings/accounts.yaml:15:21
       |
    15 |   account_id: {in: [acounts]}
       |                     ^^^^^^^ neither a mapping nor `<source>.<column>`
       = help: `accounts` has a similar name

    error[R218]: `newest` needs to know what to compare
      --> mappings/accounts.yaml:16:13
       |
    16 | duplicates: newest
       |             ^^^^^^ cannot be used here
       = help: write `duplicates: {policy: newest, by: {column: Last Modified, type: date}}`
    exit 3
    "#);
}

#[test]
fn sets_are_judged_as_a_whole() {
    let place = project();
    let users = "format: users\ncolumns: {user_id: Mail, account_id: Id}\nreferences: {account_id: {in: [accounts]}}\n";
    place.write("mappings/accounts.yaml", wrapped("references: {account_id: {in: [users]}}\noutput: {file: a.csv}\n"));
    place.write("mappings/users.yaml", wrapped(users));
    place.write("mappings/again.yaml", wrapped("from: crm\noutput: {file: A.csv}\n"));
    place.write("out/circle.csv", "account_id\nA-1\n");
    place.write(
        "mappings/circle.yaml",
        wrapped("sources: {crm: {path: \"out/*.csv\"}}\ncolumns: {account_id: account_id}\n"),
    );
    assert_snapshot!(told(&place), @r#"
    error[R214]: two mappings write `A.csv`
     --> mappings/again.yaml:8:16
      |
    8 | output: {file: A.csv}
      |                ^^^^^ second
      |
     ::: mappings/accounts.yaml:9:16
      |
    9 | output: {file: a.csv}
      |                ----- first
      = help: give one of them another `output: {file: ...}`

    error[R222]: source `crm` reads `circle.csv`, which this set writes
     --> mappings/circle.yaml:3:23
      |
    3 | sources: {crm: {path: "out/*.csv"}}
      |                       ^^^^^^^^^^^ matches it
      = help: Write to another folder, or narrow the pattern.

    error[R213]: these mappings refer to one another in a circle: accounts -> users -> accounts
     --> mappings/accounts.yaml:8:32
      |
    8 | references: {account_id: {in: [users]}}
      |                                ^^^^^ `accounts` wants `users` to run first
      |
     ::: mappings/users.yaml:8:32
      |
    8 | references: {account_id: {in: [accounts]}}
      |                                -------- `users` wants `accounts` to run first
      = help: no order of running them exists: refer to `<source>.<column>` instead in one of them
    exit 3
    "#);
}

#[test]
fn the_shipped_mappings_are_without_a_mistake_and_without_a_warning() {
    let outcome = checked(&crate::support::root());
    assert_eq!(drawn(&outcome, &outcome.found), "");
    assert_eq!(outcome.mappings, 13);
}

#[test]
fn exit_codes_and_the_last_line() {
    let place = project();
    place.write("mappings/accounts.yaml", wrapped("columns: {account_id: Id, account_name: Name, Status: Stage}\n"));
    let said = place.go(&["check"]).ends_with(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "1 mapping, 0 errors, 0 warnings\n"));
    // A warning is fine, unless it is not.
    place.write("mappings/accounts.yaml", wrapped("columns: {account_id: Id, account_name: Name}\n"));
    place.go(&["check"]).ends_with(0).tells(&["warning[R206]", "1 mapping, 0 errors, 1 warning\n"]);
    place.go(&["check", "--strict"]).ends_with(3).tells(&["warning[R206]"]);
    let quiet = place.go(&["check", "-q"]).ends_with(0);
    assert_eq!(quiet.err, "1 mapping, 0 errors, 1 warning\n");
    place.write("mappings/other.yaml", wrapped("columns: {account_id: Idd, account_name: Name, Status: Stage}\n"));
    place.go(&["check"]).ends_with(3).tells(&["error[R204]", "2 mappings, 1 error, 1 warning\n"]);
    place.go(&["check", "mappings/accounts.yaml"]).ends_with(0);
    place.go(&["check", "absent.yaml"]).ends_with(2).tells(&["no mapping is at"]);
    place.go(&["check", "--as-of", "soon"]).ends_with(2);
    std::fs::remove_file(place.join("mappings/other.yaml")).unwrap();
    std::fs::remove_file(place.join("data/crm.csv")).unwrap();
    place.go(&["check"]).ends_with(6).tells(&["error[S801]", "mappings/accounts.yaml:3:15", "source `crm`"]);
    // Nothing was written anywhere.
    assert!(!place.join(".tanguero").exists() && !place.join("out/run.json").exists());
}

#[test]
fn offline_opens_no_source_and_still_knows_a_lot() {
    let place = Place::new(&[("queries/deals.sql", "select a from crm whre b\n"), ("tanguero.yaml", "")]);
    let sources = "sources: {crm: {path: absent/crm.csv}, deals: {query: queries/deals.sql}}\n";
    let good = "columns: {account_id: Anything, account_name: {sql: \"upper(\\\"Whatever\\\")\"}, Status: X}\n";
    place.write("mappings/accounts.yaml", wrapped(&format!("{sources}{good}")));
    place.go(&["check", "--offline"]).ends_with(0).tells(&["1 mapping, 0 errors, 0 warnings"]);
    place.go(&["check"]).ends_with(6).tells(&["error[S801]"]);
    let bad = "from: deals\nwhere: \"(a\"\ncolumns: {account_id: Anything, account_nmae: {sql: uper(x)}, b: {sql: (select 1)}}\n";
    place.write("mappings/accounts.yaml", wrapped(&format!("{sources}{bad}")));
    let said = place.go(&["check", "--offline"]).ends_with(3);
    said.tells(&[
        "queries/deals.sql:1:",
        "write `account_name`",
        "no function is called `uper`",
        "a subquery",
        "error[Q301]",
    ]);
}

#[test]
fn messages_for_machines() {
    let place = project();
    place.write("mappings/accounts.yaml", wrapped("columns: {account_id: Idd, account_name: Name}\n"));
    let said = place.go(&["check", "--message-format", "json"]).ends_with(3);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<&Value> = lines.iter().map(|line| &line["code"]).collect();
    assert_eq!(codes, ["R206", "R204"]);
    assert_eq!((&lines[1]["line"], &lines[1]["column"]), (&7.into(), &23.into()));
    assert_eq!(said.err, "1 mapping, 1 error, 1 warning\n");
    let said = place.go(&["check", "--message-format", "github"]).ends_with(3);
    assert!(said.out.contains("::error file=mappings/accounts.yaml,line=7,endLine=7,col=23,"), "{}", said.out);
    assert!(said.out.contains("::warning file=mappings/accounts.yaml,line=1,"), "{}", said.out);
    // From the folder above, as in a repository of several projects.
    let name = place.path().file_name().unwrap().to_string_lossy().into_owned();
    let mut above = place.command(&["check", &format!("{name}/mappings"), "--message-format", "github"]);
    let said = Said::new(&above.current_dir(place.path().parent().unwrap()).output().unwrap()).ends_with(3);
    assert!(said.out.contains(&format!("file={name}/mappings/accounts.yaml,")), "{}", said.out);
}

#[test]
fn a_key_that_no_line_of_ndjson_has_is_asked_about() {
    let place = project();
    let mapping = "format: users\nfrom: events\ncolumns: {user_id: usr, account_id: {sql: upper(\"acount\")}}\n";
    place.write("mappings/users.yaml", wrapped(mapping));
    let outcome = checked(place.path());
    assert_eq!(outcome.exit.code(), 0);
    assert_snapshot!(drawn(&outcome, &outcome.found), @r#"
    warning[R223]: no key `usr` in the first lines of source `events`
     --> mappings/users.yaml:7:20
      |
    7 | columns: {user_id: usr, account_id: {sql: upper("acount")}}
      |                    ^^^ would be empty where it is not
      = help: `user` has a similar name

    warning[R223]: no key `acount` in the first lines of source `events`
     --> mappings/users.yaml:7:50
      |
    7 | columns: {user_id: usr, account_id: {sql: upper("acount")}}
      |                                                  ^^^^^^ would be empty where it is not
      = help: `account` has a similar name
    "#);
}

#[test]
fn account_type_is_expected_of_a_hierarchy_only() {
    let place = project();
    let codes = |columns: &str| {
        place.write("mappings/accounts.yaml", wrapped(columns));
        checked(place.path()).found.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    let flat = "columns: {account_id: Id, account_name: Name, Status: Stage}\n";
    assert_eq!(codes(flat), [""; 0]);
    let tree = "columns: {account_id: Id, account_name: Name, Status: Stage, parent_id: Parent Id}\n";
    assert_eq!(codes(tree), ["`Account Type` is not mapped"]);
}

/// Bytes that were read so far by this process from files.
fn bytes_read() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("rchar: ")).map_or(0, |count| count.trim().parse().unwrap())
}

#[test]
fn a_large_source_costs_no_more_than_a_small_one() {
    let place = project();
    place.write("mappings/accounts.yaml", wrapped("columns: {account_id: Id, account_name: Name, Status: Stage}\n"));
    let header = "Id,Name,Type,Stage,Owner Id\n";
    let read = |place: &Place| {
        let before = bytes_read();
        assert_eq!(checked(place.path()).exit.code(), 0);
        bytes_read() - before
    };
    place.write("data/crm.csv", header.to_owned() + &"A-1,Acme,x,active,7\n".repeat(20));
    let small = read(&place);
    // A sparse file: five gigabytes that take no room.
    let mut file = std::fs::File::create(place.join("data/crm.csv")).unwrap();
    file.write_all((header.to_owned() + &"A-1,Acme,x,active,7\n".repeat(100_000)).as_bytes()).unwrap();
    file.set_len(5_000_000_000).unwrap();
    let large = read(&place);
    assert!(large < small + 2_000_000, "{small} bytes were read of a small file, {large} of a large one");
}
