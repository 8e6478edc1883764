//! What a new user does, mistakes included: a draft in an empty folder, and a cure for each of the usual slips.

use crate::binary::Place;

const CUSTOMERS: &str =
    "customer_id,name,signup_date,revenue,status\n1,Acme,2023-01-15,150.0,active\n2,Borg,2023-03-22,320.0,lost\n";

#[test]
fn a_draft_makes_its_folder_and_says_what_the_project_is() {
    let place = Place::new(&[("customers.csv", CUSTOMERS)]);
    place.go(&["guess", "customers.csv", "--out", "mappings/accounts.yaml"]).ends_with(0).tells(&[
        "drafted `accounts`: 4 of 5 columns used",
        "no `tanguero.yaml` is here, so `mappings` is the project and outputs go to `mappings/out`",
    ]);
    place.go(&["check"]).ends_with(0);
    place.go(&["run"]).ends_with(0).tells(&["2 rows written"]);
    let place = Place::new(&[("customers.csv", CUSTOMERS), ("tanguero.yaml", "")]);
    let said = place.go(&["guess", "customers.csv", "--out", "mappings/accounts.yaml"]).ends_with(0);
    assert!(!said.err.contains("is the project"), "{}", said.err);
    place.go(&["run"]).ends_with(0).tells(&["published to out;"]);
    place
        .go(&["guess", "customers.csv", "--out", "customers.csv/accounts.yaml"])
        .ends_with(2)
        .tells(&["cannot be written"]);
}

/// The mapping of a new user, with one slip.
fn slip(columns: &str) -> Place {
    let text = format!("format: accounts\nsources: {{crm: {{path: ../customers.csv}}}}\nfrom: crm\n{columns}");
    Place::new(&[("customers.csv", CUSTOMERS), ("mappings/accounts.yaml", &text)])
}

#[test]
fn usual_slips_are_met_with_their_cure() {
    let ids = "columns: {account_id: customer_id, account_name: name, Status: status";
    for (mapping, words) in [
        // Place: as an editor finds it from here.
        (format!("{ids}, Licenses: Revenue}}\n"), "--> mappings/accounts.yaml:4:"),
        (
            format!("where: status = \"active\"\n{ids}}}\n"),
            "double quotes hold names; if a text is meant, write `'active'`",
        ),
        (format!("{ids}, Licenses: {{sql: revenue + 1}}}}\n"), "CSV values are text: write `integer(x)`, `number(x)`"),
        (
            "columns: {customer_id: account_id}\n".to_owned(),
            "the attribute stands left, the source's column right: `account_id: customer_id`",
        ),
        (
            format!("{ids}, Create Date: {{column: signup_date, formats: [yyyy-MM-dd]}}}}\n"),
            "a pattern like `%Y-%m-%d`",
        ),
    ] {
        slip(&mapping).go(&["check"]).ends_with(3).tells(&[words]);
    }
    let place = slip(&format!("{ids}}}\n"));
    place
        .go(&["run", "customers.csv"])
        .ends_with(2)
        .tells(&["customers.csv` is no mapping but data; `tanguero guess", "drafts a mapping for it"]);
    place.go(&["check"]).ends_with(0);
}
