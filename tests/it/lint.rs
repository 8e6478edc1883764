//! `tanguero lint`: what a run wrote is clean, and every planted fault is found on its line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanguero::pipeline::{LintFinding, LintOutcome, LintRequest, Situation, Stop, Watcher, lint};
use tempfile::TempDir;

use crate::support::{Unwatched, root};

fn judge(request: &LintRequest) -> (LintOutcome, Vec<LintFinding>) {
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let mut found = Vec::new();
    let outcome = lint(request, &watcher, &Stop::default(), &mut |finding| found.push(finding.clone()));
    (outcome, found)
}

fn request(folder: &Path, file: &str, format: &str) -> LintRequest {
    LintRequest {
        file: PathBuf::from(file),
        format: format.to_owned(),
        key: None,
        known_accounts: None,
        fix: None,
        force: false,
        most: 1_000,
        given: Situation { threads: 2, ..Situation::new(folder.to_path_buf(), jiff::civil::date(2026, 11, 20)) },
    }
}

/// A folder with one file.
fn folder(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// Line, column and code of every finding in `text` as a file of `format`.
fn findings(format: &str, text: &str) -> Vec<(u64, String, &'static str)> {
    let folder = folder("file.csv", text.as_bytes());
    let (outcome, found) = judge(&request(folder.path(), "file.csv", format));
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    found.into_iter().map(|finding| (finding.line, finding.column, finding.code.id)).collect()
}

/// The column of a collection's own key, as the mapping beside a golden case says.
fn own_key(case: &Path) -> Option<String> {
    let mapping = fs::read_to_string(case.join("mapping.yaml")).unwrap_or_default();
    let rest = mapping.split_once("collection:")?.1.split_once("key:")?.1;
    let end = rest.find(['}', ',', '\n']).unwrap_or(rest.len());
    Some(rest[..end].trim().to_owned())
}

/// What a run was told to write although Totango's pages speak against it, with the code that lint then has for it.
const TOLD: [(&str, &str); 4] = [
    ("accounts/trims_white_space", "F201"),
    ("totango_users/writes_active_in_other_words_where_told", "F201"),
    ("accounts/replaces_strips_or_doubles_quotes_where_told", "V415"),
    ("users/takes_plus_addresses_where_told", "V402"),
];

/// Every Totango file that a golden case expects: format, case, path.
fn golden() -> Vec<(String, String, PathBuf)> {
    let mut all = Vec::new();
    for format in tanguero::format::catalog() {
        let cases = fs::read_dir(root().join("tests/golden").join(&format.name)).unwrap();
        for case in cases.map(|entry| entry.unwrap().path()) {
            let Ok(expected) = fs::read_dir(case.join("expected")) else { continue };
            for file in expected.map(|entry| entry.unwrap().path()) {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let report = name.ends_with(".rejects.csv") || name.ends_with(".duplicates.csv");
                if name.ends_with(".csv") && !report {
                    // In a set each file is of the format it is named after.
                    let own = name.trim_end_matches(".csv");
                    let format = if tanguero::format::find(own).is_some() { own } else { &format.name };
                    let case = case.strip_prefix(root().join("tests/golden")).unwrap().to_string_lossy().into_owned();
                    all.push((format.to_owned(), case, file));
                }
            }
        }
    }
    all.sort();
    all
}

/// Ids that stand in `parent_id` alone: the accounts that a case knows from elsewhere.
fn parents(text: &str) -> Option<String> {
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next()?;
    let parent = header.iter().position(|name| ["parent_id", "Parent ID"].contains(name))?;
    let ids: BTreeSet<&str> = rows.filter_map(|row| row.get(parent).copied()).collect();
    Some(ids.into_iter().fold("account_id\n".to_owned(), |text, id| text + id + "\n"))
}

#[test]
fn what_runs_write_is_clean() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for (format, case, path) in golden() {
        let text = fs::read_to_string(&path).unwrap();
        let folder = folder("file.csv", text.as_bytes());
        let mut request = request(folder.path(), "file.csv", &format);
        request.key = own_key(&root().join("tests/golden").join(&case));
        if let Some(parents) = parents(&text) {
            fs::write(folder.path().join("known.csv"), parents).unwrap();
            request.known_accounts = Some(PathBuf::from("known.csv"));
        }
        let (outcome, found) = judge(&request);
        seen += 1;
        let told = TOLD.iter().find(|(told, _)| *told == case).map(|(_, code)| *code);
        let wrong: Vec<_> = found.iter().filter(|finding| Some(finding.code.id) != told).collect();
        if told.is_some() && wrong.len() == found.len() {
            faults.push(format!("{case}: nothing was found"));
        }
        if !wrong.is_empty() || !outcome.problems.is_empty() {
            faults.push(format!("{case}: {wrong:?} {:?}\n{text}", outcome.problems));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen > 60, "only {seen} files were found");
}

/// Header and two records of a file that Totango takes, as fields.
fn example(format: &tanguero::format::FormatSpec) -> Vec<Vec<String>> {
    let text = format.example();
    let fields = |line: &str| {
        tanguero::csv::decode_row(line.as_bytes()).map(|field| String::from_utf8(field.into()).unwrap()).collect()
    };
    let mut rows: Vec<Vec<String>> = text.lines().map(fields).collect();
    let (header, first) = (rows[0].clone(), rows[1].clone());
    let key = |name: &str| {
        let foreign = format.key_per_foreign_key && name != "account_id";
        format.key.iter().any(|key| key == name) || Some(name) == key_of(format) || foreign
    };
    let other = |(name, value): (&String, &String)| if key(name) { format!("x{value}") } else { value.clone() };
    rows.push(header.iter().zip(&first).map(other).collect());
    rows
}

fn key_of(format: &tanguero::format::FormatSpec) -> Option<&'static str> {
    format.own_key.as_ref().map(|_| "invoice_id")
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut buffer = tanguero::csv::RowBuffer::default();
    rows.iter().for_each(|row| buffer.row(row, tanguero::csv::LineEnding::CrLf));
    buffer.bytes().to_vec()
}

/// Line and code of what is found in `bytes`.
fn found_in(format: &tanguero::format::FormatSpec, bytes: &[u8]) -> Vec<(u64, &'static str)> {
    let folder = folder("file.csv", bytes);
    let mut request = request(folder.path(), "file.csv", &format.name);
    request.key = key_of(format).map(str::to_owned);
    fs::write(folder.path().join("known.csv"), "account_id\nACC-1000\nACC-1001\n").unwrap();
    request.known_accounts = Some(PathBuf::from("known.csv"));
    let (outcome, found) = judge(&request);
    assert!(outcome.problems.is_empty(), "{}: {:?}", format.name, outcome.problems);
    assert_eq!(outcome.exit().code(), if found.is_empty() { 0 } else { 4 });
    found.into_iter().map(|finding| (finding.line, finding.code.id)).collect()
}

#[test]
fn a_fault_planted_in_any_format_is_found_on_its_line() {
    let mut faults = Vec::new();
    for format in tanguero::format::catalog() {
        let good = example(format);
        let id = good[0].iter().position(|name| ["account_id", "User Email"].contains(&name.as_str())).unwrap();
        let is_email = good[0][id] == "User Email";
        let mut expect = |what: &str, bytes: &[u8], wanted: &[(u64, &'static str)]| {
            let found = found_in(format, bytes);
            if found != wanted {
                faults.push(format!("{}, {what}: found {found:?}\n{}", format.name, String::from_utf8_lossy(bytes)));
            }
        };
        let with = |row: usize, value: &str| {
            let mut rows = good.clone();
            rows[row][id] = value.to_owned();
            csv(&rows)
        };
        expect("nothing", &csv(&good), &[]);
        expect("a space", &with(2, &format!(" {}", good[2][id])), &[(3, "F201")]);
        expect("no id", &with(1, ""), &[(2, "V401")]);
        expect("no id at all", &with(2, "a/1"), &[(3, if is_email { "V412" } else { "V402" })]);
        let mut long = good.clone();
        long[1].push("more".to_owned());
        expect("a field too many", &csv(&long), &[(2, "D501")]);
        if !format.key.is_empty() {
            let twice = vec![good[0].clone(), good[1].clone(), good[2].clone(), good[1].clone()];
            expect("a record twice", &csv(&twice), &[(2, "K601")]);
        }
        let text = String::from_utf8(csv(&good)).unwrap();
        expect("a mark", format!("\u{feff}{text}").as_bytes(), &[(1, "F204")]);
        expect("a blank line", text.replacen("\r\n", "\r\n\r\n", 2).as_bytes(), &[(2, "F203"), (4, "F203")]);
        expect("semicolons", "a;b\n1;2\n".as_bytes(), &[(1, "F206")]);
        let spelt = text.replacen(&good[0][id], &good[0][id].to_uppercase().replace('_', " "), 1);
        expect("another header", spelt.as_bytes(), &[(1, "R203")]);
        let mut without = good.clone();
        without.iter_mut().for_each(|row| drop(row.remove(id)));
        expect("no header", &csv(&without), &[(1, "R205")]);
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_form_that_a_run_would_change_is_named() {
    let header = "account_id,account_name,Status,Contract Value,Contract Renewal Date,Licenses,parent_id,tag##vip\n";
    let cases = [
        ("A1,Acme,Active,\"1,234.50\",2026-12-31,5,,yes", "Contract Value", "F201"),
        ("A1,Acme,Active,$12,2026-12-31,5,,yes", "Contract Value", "F201"),
        ("A1,Acme,Active,12,12/31/2026,5,,yes", "Contract Renewal Date", "V404"),
        ("A1,Acme,Active,12,2026-12-31T00:00:00+02:00,5,,yes", "Contract Renewal Date", "F201"),
        ("A1,Acme,Active,12,2026-02-30,5,,yes", "Contract Renewal Date", "V405"),
        ("A1,Acme,Active,12,2026-12-31,five,,yes", "Licenses", "V409"),
        ("A1,Acme; Inc,Active,12,2026-12-31,5,,yes", "account_name", "F202"),
        ("A1,Acme's,Active,12,2026-12-31,5,,yes", "account_name", "F202"),
        ("A1,\"The \"\"best\"\"\",Active,12,2026-12-31,5,,yes", "account_name", "V415"),
        ("A1,Acme,Active,12,2026-12-31,5,,TRUE", "tag##vip", "F201"),
        ("A1,Acme,Active,12,2026-12-31,5,,maybe", "tag##vip", "V413"),
        ("A1,Acme,Active,12,2026-12-31,5,A9,yes", "parent_id", "K603"),
        ("A1,Acme,Active,12,2026-12-31,5,A1,yes", "parent_id", "K605"),
        ("A1,Acme ,Active,12,2026-12-31,5,,yes", "account_name", "F201"),
    ];
    for (row, column, code) in cases {
        let text = format!("{header}A0,First,Active,1,2026-01-01,1,,no\n\"A00\",\"First\",Active,1,,1,A0,\n{row}\n");
        assert_eq!(findings("accounts", &text), [(4, column.to_owned(), code)], "{row}");
    }
    let users = "User Email,License,Is Active\na@example.com,Practitioner,true\nb@example.com,Spark,yes\n";
    let expected = [(2, "License".to_owned(), "F201"), (3, "Is Active".to_owned(), "F201")];
    assert_eq!(findings("totango_users", users), expected);
    let tasks = "Task ID,account_id,Title\nTASK-1,A1,Call\n";
    assert_eq!(findings("tasks", tasks), [(2, "Task ID".to_owned(), "F201")]);
}

#[test]
fn a_rejected_record_is_judged_to_its_end() {
    let text = "account_id,account_name,Contract Value\na/1, Acme,\"1,000\"\nA2,x,5\nA2,y ,6\n\"A\"3,z,1\nA4,v,2\n";
    let expected = [
        (2, "account_id", "V402"),
        (2, "account_name", "F201"),
        (2, "Contract Value", "F201"),
        (3, "record", "K601"),
        (4, "account_name", "F201"),
        (5, "record", "D503"),
    ];
    let expected = expected.map(|(line, column, code)| (line, column.to_owned(), code));
    assert_eq!(findings("accounts", text), expected);
}

#[test]
fn other_encodings_and_line_ends_are_read_and_named() {
    let utf16: Vec<u8> =
        "\u{feff}account_id,account_name\nA1,Zürich \n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = folder("file.csv", &utf16);
    let (outcome, found) = judge(&request(folder.path(), "file.csv", "accounts"));
    let codes: Vec<_> = found.iter().map(|finding| (finding.line, finding.code.id)).collect();
    assert_eq!(codes, [(1, "F205"), (2, "F201")]);
    assert_eq!((found[1].value.as_str(), found[1].written.as_deref()), ("Zürich ", Some("Zürich")));
    assert_eq!(outcome.records, Some(1));
    let mac = "account_id,account_name\rA1,Acme\rA2,Borg \r";
    let expected = [(1, "file".to_owned(), "F207"), (3, "account_name".to_owned(), "F201")];
    assert_eq!(findings("accounts", mac), expected);
    let latin = folder_of_latin();
    let (_, found) = judge(&request(latin.path(), "file.csv", "accounts"));
    assert_eq!(found.iter().map(|finding| (finding.line, finding.code.id)).collect::<Vec<_>>(), [(3, "D502")]);
}

fn folder_of_latin() -> TempDir {
    folder("file.csv", b"account_id,account_name\nA1,Acme\nA2,Z\xFCrich\nA3,Bern\n")
}

#[test]
fn a_header_with_several_mistakes_names_each_and_its_rows_are_judged() {
    let text =
        "Account_Id,account_name,Contract Valu,Contract Value,Notes,Notes\nA1,Acme,1,2,,\nA1 ,Borg,1,\"2,000\",,\n";
    let expected = [
        (1, "Account_Id", "R203"),
        (1, "Contract Valu", "R203"),
        (1, "Notes", "R211"),
        (2, "record", "K601"),
        (3, "Account_Id", "F201"),
        (3, "Contract Value", "F201"),
    ];
    let expected = expected.map(|(line, column, code)| (line, column.to_owned(), code));
    assert_eq!(findings("accounts", text), expected);
    let tasks = "Task ID,account_id,Title,Colour\nt-1,A1,Call,red\n";
    assert_eq!(findings("tasks", tasks), [(1, "Colour".to_owned(), "R203")]);
}

#[test]
fn what_is_a_matter_of_form_is_corrected_and_then_clean() {
    let text = "\u{feff}Account_Id,account_name,Contract Value\n A1,\"Acme; Inc\",\"$1,000\"\n\nA2,it's,5\n";
    let folder = folder("file.csv", text.as_bytes());
    let mut request = request(folder.path(), "file.csv", "accounts");
    request.fix = Some(PathBuf::from("good.csv"));
    let (outcome, found) = judge(&request);
    assert!(!found.is_empty());
    assert_eq!(outcome.exit().code(), 0);
    let good = fs::read_to_string(folder.path().join("good.csv")).unwrap();
    assert_eq!(good, "account_id,account_name,Contract Value\r\nA1,\"Acme; Inc\",1000\r\nA2,\"it's\",5\r\n");
    assert_eq!(findings("accounts", &good), []);
    let (outcome, _) = judge(&request);
    assert_eq!(outcome.exit().code(), 2, "a file that is there is not replaced");
    request.force = true;
    assert_eq!(judge(&request).0.exit().code(), 0);
}

#[test]
fn what_would_be_lost_is_not_corrected() {
    let folder = folder("file.csv", b"account_id,account_name\n A1,Acme\nA2,Borg\nA2,Cyan\n");
    let mut request = request(folder.path(), "file.csv", "accounts");
    request.fix = Some(PathBuf::from("good.csv"));
    let (outcome, _) = judge(&request);
    assert_eq!(outcome.exit().code(), 4);
    assert_eq!(outcome.problems.len(), 1);
    assert!(!folder.path().join("good.csv").exists());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["file.csv"], "nothing else is left behind");
}

#[test]
fn only_so_many_of_a_code_are_told_and_all_are_counted() {
    let rows: String = (0..3_000).map(|row| format!("A{row}, name {row}\n")).collect();
    let folder = folder("file.csv", format!("account_id,account_name\n{rows}").as_bytes());
    let (outcome, found) = judge(&request(folder.path(), "file.csv", "accounts"));
    assert_eq!(found.len(), 1_000);
    assert_eq!(outcome.counts["F201"], (3_000, 1_000));
    assert_eq!(found.last().unwrap().line, 1_001);
    assert_eq!(outcome.records, Some(3_000));
}

#[test]
fn names_with_signs_of_yaml_and_variables_are_names() {
    let text = "account_id,account_name,\"Price ${USD}: \"\"net\"\"\",{x},#y,it's\nA1,Acme,1,2,3,4\n";
    assert_eq!(findings("accounts", text), []);
}

#[test]
fn custom_attributes_that_the_project_does_not_list_are_found() {
    let folder =
        folder("a.csv", b"account_id,account_name,Regionn,Tier\nA1,One,EMEA,gold\nA2,Two,\"say \"\"x\"\"\",gold\n");
    fs::write(folder.path().join("tanguero.yaml"), "attributes: [Region, Tier]\n").unwrap();
    let (outcome, found) = judge(&request(folder.path(), "a.csv", "accounts"));
    let told: Vec<_> =
        found.iter().map(|one| (one.line, one.column.as_str(), one.code.id, one.message.as_str())).collect();
    assert_eq!(
        told[0],
        (1, "Regionn", "R219", "the project's `attributes` do not list `Regionn`; `Region` has a similar name")
    );
    assert_eq!((told.len(), told[1].0, told[1].1), (2, 3, "Regionn"), "its cells are judged all the same");
    assert_eq!(outcome.exit().code(), 4);
    fs::write(folder.path().join("tanguero.yaml"), "variables: {}\n").unwrap();
    assert_eq!(judge(&request(folder.path(), "a.csv", "accounts")).1.len(), 1, "without a list any name will do");
}
