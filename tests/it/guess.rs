//! `tanguero guess`: the drafts of real files run, and what a file cannot tell is asked.

use std::fs;
use std::path::{Path, PathBuf};

use tanguero::pipeline::{GuessOutcome, GuessRequest, Situation, guess};
use tempfile::TempDir;

use crate::support::{copy, go, messages, request, root};

fn ask(folder: &Path, source: &str, format: Option<&str>) -> GuessOutcome {
    let outcome = guess(&GuessRequest {
        source: source.to_owned(),
        format: format.map(str::to_owned),
        out: None,
        force: false,
        given: Situation::new(folder.to_path_buf(), jiff::civil::date(2026, 11, 20)),
    });
    assert!(outcome.problems.is_empty(), "{source}: {:?}", outcome.problems);
    outcome
}

/// Runs the draft; how many records it reads and writes.
fn run(folder: &Path, outcome: &GuessOutcome) -> (u64, u64) {
    fs::write(folder.join("draft.yaml"), &outcome.text).unwrap();
    let run = go(&request(folder, &["draft.yaml"]));
    assert_eq!(run.exit.code(), 0, "{}\n{}", messages(&run), outcome.text);
    let rows = run.report.unwrap().mappings[0].rows;
    (rows.read - rows.skipped, rows.written)
}

fn folder(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// A folder of its own with the example's data.
fn examples() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    copy(&root().join("examples/data"), &place.path().join("data"));
    let path = place.path().to_path_buf();
    (place, path)
}

#[test]
fn the_format_of_every_example_is_found_and_its_draft_runs() {
    let (_place, folder) = examples();
    let files = [
        ("data/crm_accounts.csv", "accounts", 80),
        ("data/erp_customers.csv", "accounts", 90),
        ("data/known_accounts.csv", "accounts", 100),
        ("data/opportunities.csv", "opportunities", 80),
        ("data/subscriptions.csv", "product_accounts", 80),
        ("data/contacts.ndjson", "users", 80),
        ("data/staff.csv", "totango_users", 60),
        ("data/tasks.csv", "tasks", 75),
        ("data/touchpoints.csv", "touchpoints", 75),
    ];
    for (file, format, percent) in files {
        let outcome = ask(&folder, file, None);
        assert_eq!(outcome.format, format, "{file}: {:?}", outcome.ranking);
        assert!(outcome.missing.is_empty() && outcome.left.is_empty(), "{file}\n{}", outcome.text);
        let (read, written) = run(&folder, &outcome);
        assert!(written * 100 >= read * percent, "{file}: {written} of {read} written\n{}", outcome.text);
    }
}

#[test]
fn examples_suit_other_formats_too() {
    let (_place, folder) = examples();
    for (file, format) in [
        ("data/erp_invoices.csv", "collections"),
        ("data/events/", "usage"),
        ("data/events/", "usage_aggregations"),
        ("data/events/", "usage_legacy"),
        ("data/erp_customers.csv", "account_foreign_keys"),
    ] {
        let outcome = ask(&folder, file, Some(format));
        assert!(outcome.missing.is_empty() && outcome.left.is_empty(), "{file}\n{}", outcome.text);
        let (_, written) = run(&folder, &outcome);
        assert!(written > 0, "{file}\n{}", outcome.text);
    }
}

#[test]
fn what_no_column_gives_is_said() {
    let (_place, folder) = examples();
    let outcome = ask(&folder, "data/assignments.tsv", Some("account_assignment"));
    assert_eq!(outcome.missing, ["User Email"]);
    assert!(outcome.text.contains("# MISSING: `User Email`"), "{}", outcome.text);
    assert!(outcome.text.contains("# left to do: `User Email` is not mapped [R205]"), "{}", outcome.text);
}

/// What stands under `columns:` for `attribute`.
fn entry(text: &str, attribute: &str) -> String {
    let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{attribute}: ")));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn a_semicolon_file_in_windows_1252_with_lines_around_its_data_is_drafted_and_runs() {
    let mut text = b"Bericht;vom 20.11.2026\n\nKundennummer;Firma;Umsatz;ARR;Vertragsende;PLZ\n".to_vec();
    for row in 0..40 {
        text.extend(format!("D-{row};").into_bytes());
        text.extend(b"M\xFCller & S\xF6hne;\"1.234,50\";99.500,00;");
        text.extend(format!("{:02}.12.2026;0{row:04}\n", row % 28 + 1).into_bytes());
    }
    text.extend(b"Summe: 40\n");
    let folder = folder("kunden.csv", &text);
    let outcome = ask(folder.path(), "kunden.csv", None);
    let draft = &outcome.text;
    assert_eq!(outcome.format, "accounts", "{:?}", outcome.ranking);
    for option in ["delimiter: \";\"", "encoding: windows-1252", "preamble: 2", "footer: {lines: 1}"] {
        assert!(draft.contains(option), "{option}\n{draft}");
    }
    assert_eq!(entry(draft, "Contract Value"), "Contract Value: {column: ARR, decimal: \",\"}");
    assert_eq!(
        entry(draft, "Contract Renewal Date"),
        "Contract Renewal Date: {column: Vertragsende, formats: [\"%d.%m.%Y\"]}"
    );
    assert!(draft.contains("# plz: PLZ") && draft.contains("40 with zeros in front"), "{draft}");
    assert_eq!(run(folder.path(), &outcome), (40, 40), "{draft}");
    let written = fs::read_to_string(folder.path().join("out/draft.csv")).unwrap();
    assert!(written.contains("D-0,Müller & Söhne,99500.00,2026-12-01"), "{written}");
}

#[test]
fn a_utf_16_file_and_a_packed_one_with_tabs_are_drafted_and_run() {
    let text = "Email\tAccount ID\tFirst\tLast\tIs Contact\nada@acme.example.com\tA1\tAda\tWörn\tJa\nbo@acme.example.com\tA1\tBo\tLi\tNein\n";
    let marked: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes, label) in [("contacts.csv", marked, None), ("contacts.txt", bare, Some("encoding: utf-16be"))] {
        let folder = folder(name, &bytes);
        let outcome = ask(folder.path(), name, None);
        let draft = &outcome.text;
        assert_eq!(outcome.format, "users", "{:?}", outcome.ranking);
        assert!(draft.contains("delimiter: \"\\t\""), "{draft}");
        assert_eq!(draft.contains("encoding:"), label.is_some(), "{draft}");
        assert!(label.is_none_or(|label| draft.contains(label)), "{draft}");
        assert_eq!(entry(draft, "user_id"), "user_id: Email");
        assert_eq!(entry(draft, "Contact"), "Contact: {column: Is Contact, map: {Ja: \"yes\", Nein: \"no\"}}");
        assert!(draft.contains("2 of 2 look like e-mail"), "{draft}");
        assert_eq!(run(folder.path(), &outcome), (2, 2), "{draft}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut packed = flate2::write::GzEncoder::new(
        fs::File::create(folder.path().join("staff.tsv.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut packed, b"Mail\tFirst\tLast\tLicence\nada@x.example.com\tAda\tAbel\tpractitioner\n")
        .unwrap();
    packed.finish().unwrap();
    let outcome = ask(folder.path(), "staff.tsv.gz", None);
    assert_eq!(outcome.format, "totango_users");
    assert!(!outcome.text.contains("csv:"), "{}", outcome.text);
    assert_eq!(run(folder.path(), &outcome), (1, 1));
}

#[test]
fn a_header_alone_gives_a_draft_that_passes() {
    let folder = folder("accounts.csv", b"Account ID,Name,Renewal Date,Colour\n");
    let outcome = ask(folder.path(), "accounts.csv", Some("accounts"));
    assert!(outcome.left.is_empty() && outcome.missing.is_empty(), "{}", outcome.text);
    assert!(outcome.text.contains("its header; it has no records"), "{}", outcome.text);
    assert_eq!(entry(&outcome.text, "Contract Renewal Date"), "Contract Renewal Date: Renewal Date");
    assert!(outcome.text.contains("# colour: Colour"), "{}", outcome.text);
    // The draft is right; a run refuses what is empty, as it should.
    fs::write(folder.path().join("draft.yaml"), &outcome.text).unwrap();
    assert_eq!(go(&request(folder.path(), &["draft.yaml"])).exit.code(), 6);
}

#[test]
fn an_ambiguous_date_is_asked_about_and_not_chosen() {
    let text = "Account ID,Name,Renewal Date,Created\nA1,Acme,01/02/2026,12/31/2020\nA2,Borg,03/04/2026,01/15/2021\n";
    let folder = folder("accounts.csv", text.as_bytes());
    let outcome = ask(folder.path(), "accounts.csv", Some("accounts"));
    let draft = &outcome.text;
    assert_eq!(outcome.questions, 1);
    assert!(draft.contains("QUESTION, day or month first?"), "{draft}");
    assert!(draft.contains("other dates of the file are month first (`Created`)"), "{draft}");
    let month = "  # Contract Renewal Date: {column: Renewal Date, formats: [\"%m/%d/%Y\"]}   # month first\n";
    let day = "  # Contract Renewal Date: {column: Renewal Date, formats: [\"%d/%m/%Y\"]}   # day first\n";
    assert!(draft.contains(month) && draft.contains(day), "{draft}");
    assert_eq!(entry(draft, "Create Date"), "Create Date: {column: Created, formats: [\"%m/%d/%Y\"]}");
    assert_eq!(run(folder.path(), &outcome), (2, 2));
    // Either answer makes a mapping that runs.
    for answer in [month, day] {
        let answered = draft.replace(answer, &answer.replacen("# ", "", 1));
        fs::write(folder.path().join("draft.yaml"), answered).unwrap();
        assert_eq!(go(&request(folder.path(), &["draft.yaml"])).exit.code(), 0);
    }
}

#[test]
fn salesforce_ids_of_fifteen_characters_are_completed() {
    let text = "Id,Name,ParentId\n0015g00000AbCdE,Acme,\n0015g00000AbCdEAAV,Borg,0015g00000AbCdEAAV\n";
    let folder = folder("Account.csv", text.as_bytes());
    let outcome = ask(folder.path(), "Account.csv", None);
    assert_eq!(outcome.format, "accounts");
    assert_eq!(entry(&outcome.text, "account_id"), "account_id: {sql: sf18(Id)}".replace("(Id)", "(\"Id\")"));
    assert_eq!(entry(&outcome.text, "parent_id"), "parent_id: {sql: sf18(\"ParentId\")}");
}

#[test]
fn the_middle_and_the_end_of_a_large_file_count() {
    let mut text = "Account ID,Name,Renewal Date\n".to_owned();
    for row in 0..150_000 {
        // Only far from the start a value tells that the day comes first.
        let day = if row > 149_900 { 25 } else { row % 12 + 1 };
        text += &format!("A{row},Name {row},{day:02}/03/2026\n");
    }
    let folder = folder("accounts.csv", text.as_bytes());
    let outcome = ask(folder.path(), "accounts.csv", Some("accounts"));
    assert!(outcome.text.contains("its first 1,000 records and 400 from its middle and its end"), "{}", outcome.text);
    assert!(outcome.text.contains("formats: [\"%d/%m/%Y\"]"), "{}", outcome.text);
    assert_eq!(outcome.questions, 0);
}

#[test]
fn a_draft_is_written_where_asked_and_never_over_a_file() {
    let folder = folder("crm.csv", b"Account ID,Name\nA1,Acme\n");
    fs::write(folder.path().join("tanguero.yaml"), "output: {directory: out}\n").unwrap();
    let mut request = GuessRequest {
        source: "crm.csv".to_owned(),
        format: Some("accounts".to_owned()),
        out: Some(PathBuf::from("mappings/accounts.yaml")),
        force: false,
        given: Situation::new(folder.path().to_path_buf(), jiff::civil::date(2026, 11, 20)),
    };
    assert_eq!(guess(&request).exit, None);
    let text = fs::read_to_string(folder.path().join("mappings/accounts.yaml")).unwrap();
    assert!(text.contains("\n    path: crm.csv\n"), "{text}");
    assert_eq!(go(&crate::support::request(folder.path(), &["mappings"])).exit.code(), 0);
    assert_eq!(guess(&request).exit.map(|exit| exit.code()), Some(2));
    request.force = true;
    assert_eq!(guess(&request).exit, None);
    request.source = "nothing.csv".to_owned();
    assert_eq!(guess(&request).exit.map(|exit| exit.code()), Some(6));
    request.format = Some("acounts".to_owned());
    assert_eq!(guess(&request).exit.map(|exit| exit.code()), Some(2));
}
