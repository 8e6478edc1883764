//! What runs remember: kept values, limits against the last run, changed rows only, days run again, kills between steps.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use tanguero::output::Status;
use tanguero::pipeline::{
    HistoryRequest, RunOutcome, RunRequest, StateRequest, WhyRequest, history, state_import, state_prune, state_reset,
    state_show, why,
};

use crate::support::{go, messages, request};

const ACCOUNTS: &str = "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns:\n  account_id: Id\n  \
                        account_name: Name\n  City: {column: City, custom: true, default: keep}\n";

/// A project in a folder of its own, run night after night.
pub struct Nights {
    folder: tempfile::TempDir,
}

impl Nights {
    pub fn new(mapping: &str) -> Self {
        let nights = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(nights.path("mappings")).unwrap();
        nights.write("tanguero.yaml", "");
        nights.write("mappings/accounts.yaml", mapping);
        nights
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap().replace("\r\n", "\n")
    }

    /// The request of the night of November `day`.
    pub fn request(&self, day: i8) -> RunRequest {
        RunRequest {
            as_of: date(2026, 11, day),
            started: format!("2026-11-{day:02}T03:00:00Z").parse().unwrap(),
            force: false,
            ..request(self.folder.path(), &[])
        }
    }

    pub fn night(&self, day: i8, crm: &str) -> RunOutcome {
        self.write("crm.csv", crm);
        go(&self.request(day))
    }

    fn good(&self, day: i8, crm: &str) -> RunOutcome {
        let outcome = self.night(day, crm);
        assert_eq!(outcome.exit.code(), 0, "{}", messages(&outcome));
        outcome
    }

    fn why(&self, key: &str, run: &str) -> String {
        let request = WhyRequest {
            mapping: "accounts".into(),
            current: self.folder.path().to_path_buf(),
            key: key.to_owned(),
            run: Some(run.to_owned()),
            environment: None,
            as_of: date(2026, 11, 30),
        };
        why(&request).unwrap().0
    }

    fn state(&self, day: i8) -> StateRequest {
        StateRequest {
            mapping: None,
            current: self.folder.path().to_path_buf(),
            environment: None,
            as_of: date(2026, 11, day),
        }
    }
}

fn report(outcome: &RunOutcome) -> &tanguero::output::MappingReport {
    outcome.report.as_ref().unwrap().mapping("accounts").unwrap()
}

#[test]
fn an_empty_cell_keeps_the_value_published_last_however_long_ago() {
    let nights = Nights::new(ACCOUNTS);
    let first = nights.good(1, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA1,Acme,Rome\nA2,Beta,\n");
    assert_eq!(report(&first).fill.get("City"), Some(&1), "no snapshot yet: it stays empty, counted");
    assert!(report(&first).kept.is_empty());

    // A1 is away for a night; its value is remembered all the same.
    nights.good(2, "Id,Name,City\nA2,Beta,Oslo\n");
    let third = nights.good(3, "Id,Name,City\nA1,Acme,\nA2,Beta,Bern\nA3,New,\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA1,Acme,Rome\nA2,Beta,Bern\nA3,New,\n");
    assert_eq!(report(&third).kept.get("City"), Some(&1));
    assert_eq!(report(&third).compared_with.as_deref(), Some("2026-11-02"));
}

#[test]
fn a_kept_parent_is_judged_like_any_other() {
    let nights = Nights::new(
        "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns:\n  account_id: Id\n  account_name: Name\n  \
         parent_id: {column: Parent, default: keep}\n",
    );
    nights.good(1, "Id,Name,Parent\nP,Parent,\nA,Child,P\n");
    // The parent is gone: the kept link dangles, and the child is rejected as if the file had said so.
    let second = nights.good(2, "Id,Name,Parent\nA,Child,\n");
    assert_eq!(report(&second).rows.rejected, 1);
    assert!(report(&second).rejects.0.contains_key("K603"), "{:?}", report(&second).rejects);
}

#[test]
fn values_of_other_rows_of_a_key_beat_what_is_kept() {
    let nights = Nights::new(&format!("{ACCOUNTS}duplicates: merge\n"));
    nights.good(1, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,Oslo\n");
    nights.good(2, "Id,Name,City\nA1,Acme,Turin\nA1,Acme,\nA2,Beta,\nA2,Gamma,\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA1,Acme,Turin\nA2,Gamma,Oslo\n");
}

#[test]
fn a_day_that_is_run_again_sees_the_day_before_and_replaces_its_own() {
    let nights = Nights::new(ACCOUNTS);
    nights.good(1, "Id,Name,City\nA1,Acme,Rome\n");
    nights.good(2, "Id,Name,City\nA1,Acme,Wrong\n");
    nights.good(2, "Id,Name,City\nA1,Acme,\n");
    assert!(nights.read("out/accounts.csv").contains("A1,Acme,Rome"));
    let shown = state_show(&nights.state(30)).unwrap();
    let days: Vec<&str> = shown.iter().map(|one| one.as_of.as_str()).collect();
    assert_eq!(days, ["2026-11-01", "2026-11-02"]);
    // A day of the past does not see what came later.
    nights.good(1, "Id,Name,City\nA1,Acme,\n");
    assert!(nights.read("out/accounts.csv").contains("A1,Acme,\n"));
}

#[test]
fn state_off_reads_nothing_and_read_leaves_nothing() {
    let nights = Nights::new(ACCOUNTS);
    nights.good(1, "Id,Name,City\nA1,Acme,Rome\n");
    nights.write("crm.csv", "Id,Name,City\nA1,Acme,\n");
    let off = go(&RunRequest { recall: false, evidence: false, ..nights.request(2) });
    assert_eq!(off.exit.code(), 0);
    assert!(nights.read("out/accounts.csv").contains("A1,Acme,\n"));
    let read = go(&RunRequest { evidence: false, ..nights.request(2) });
    assert_eq!(read.exit.code(), 0);
    assert!(nights.read("out/accounts.csv").contains("A1,Acme,Rome"));
    go(&RunRequest { dry_run: true, ..nights.request(3) });
    assert_eq!(state_show(&nights.state(30)).unwrap().len(), 1);
}

#[test]
fn every_limit_refuses_with_both_figures_and_can_be_lifted_once() {
    let rows = |from: usize, count: usize, city: &dyn Fn(usize) -> &'static str| -> String {
        let row = |n: usize| format!("A{n},Acme {n},{}\n", city(n));
        "Id,Name,City\n".to_owned() + &(from..from + count).map(row).collect::<String>()
    };
    let full = rows(0, 100, &|_| "Rome");
    let blank = rows(0, 100, &|n| if n < 3 { "" } else { "Rome" });
    let cases = [
        (
            "fewer_rows: 20%",
            "fewer_rows",
            rows(0, 70, &|_| "Rome"),
            "L708",
            "70 rows, 100 on 2026-11-01: 30 fewer (30.00 %)",
        ),
        (
            "emptier: 2%",
            "emptier",
            blank.clone(),
            "L709",
            "filled in 97 of 100 rows (97.00 %), on 2026-11-01 in 100 of 100",
        ),
        (
            "cleared: 2",
            "cleared",
            blank,
            "L710",
            "3 of 300 values published on 2026-11-01 would be emptied (1.00 %): `City` in 3 rows",
        ),
        ("new_accounts: 5", "new_accounts", rows(50, 100, &|_| "Rome"), "L711", "50 keys were never published before"),
    ];
    let mapping = ACCOUNTS.replace(", default: keep", "");
    for (limit, name, second, id, figures) in cases {
        let nights = Nights::new(&format!("{mapping}limits: {{{limit}}}\n"));
        nights.good(1, &full);
        let before = nights.read("out/accounts.csv");
        let refused = nights.night(2, &second);
        let text = messages(&refused);
        assert_eq!(refused.exit.code(), 4, "{limit}: {text}");
        assert!(text.contains(id) && text.contains(figures), "{limit}: {text}");
        assert_eq!(nights.read("out/accounts.csv"), before, "{limit}");
        assert_eq!(report(&refused).status, Status::Refused);
        // Refused again: what was refused is not what the next run compares with.
        assert_eq!(nights.night(3, &second).exit.code(), 4, "{limit}");
        let accepted = go(&RunRequest { accept: vec![name.to_owned()], ..nights.request(3) });
        assert_eq!(accepted.exit.code(), 0, "{limit}: {}", messages(&accepted));
        assert_eq!(accepted.report.as_ref().unwrap().accepted, [name]);
        assert_eq!(nights.night(4, &second).exit.code(), 0, "{limit}: the accepted figures are the new measure");
    }
}

#[test]
fn another_header_warns_or_refuses() {
    let nights = Nights::new(ACCOUNTS);
    let crm = "Id,Name,City,Size\nA1,Acme,Rome,7\n";
    nights.good(1, crm);
    nights.write(
        "mappings/accounts.yaml",
        &format!("{ACCOUNTS}  Size: {{column: Size, custom: true, default: empty}}\n"),
    );
    let warned = messages(&nights.good(2, crm));
    assert!(warned.contains("W918") && warned.contains("4 columns, 3 on 2026-11-01: added `Size`"), "{warned}");
    nights.write("mappings/accounts.yaml", &format!("{ACCOUNTS}limits: {{headers: fail}}\n"));
    let refused = nights.night(3, crm);
    assert_eq!(refused.exit.code(), 4);
    assert!(messages(&refused).contains("3 columns, 4 on 2026-11-02: gone `Size`"), "{}", messages(&refused));
}

#[test]
fn only_new_and_changed_rows_are_written_and_vanished_keys_told_once() {
    let nights =
        Nights::new(&format!("{}output: {{changes: true}}\n", ACCOUNTS.replace(", default: keep", ", default: empty")));
    nights.good(1, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,Oslo\nA3,Gamma,Bern\nA4,\"x\u{1}\",\n");
    let second = nights.good(2, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,\nA5,New,Paris\nA6,\"x\u{1}\",\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA2,Beta,\nA5,New,Paris\n");
    assert_eq!(nights.read("out/accounts.removed.csv"), "account_id\nA3\n");
    let rows = report(&second).rows;
    assert_eq!((rows.read, rows.written, rows.unchanged, rows.rejected), (4, 2, 1, 1));
    assert!(rows.balances());
    assert!(
        nights.why("A1", "2026-11-02").contains("says the snapshot of 2026-11-02"),
        "{}",
        nights.why("A1", "2026-11-02")
    );

    // The same day again: the same file, compared with the day before.
    assert_eq!(report(&go(&nights.request(2))).status, Status::Unchanged);
    // A3 is told of once; when it comes back it is written, whatever was done with it meanwhile.
    nights.good(3, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,\nA3,Gamma,Bern\nA5,New,Paris\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA3,Gamma,Bern\n");
    assert!(!nights.path("out/accounts.removed.csv").exists());
}

#[test]
fn a_run_killed_between_publishing_and_remembering_is_healed_by_the_next() {
    for stands in [true, false] {
        let nights = Nights::new(ACCOUNTS);
        nights.good(1, "Id,Name,City\nA1,Acme,Rome\n");
        nights.good(2, "Id,Name,City\nA1,Acme,Turin\n");
        // Back to the moment after the last rename of the outputs.
        let folder = nights.path(".tanguero/published/default/accounts");
        let record = fs::read_to_string(folder.join("2026-11-02.json")).unwrap();
        let run_id = serde_json::from_str::<serde_json::Value>(&record).unwrap()["run_id"].as_str().unwrap().to_owned();
        let staged = folder.join(format!(".staged-{run_id}"));
        fs::create_dir(&staged).unwrap();
        // A run whose outputs do not stand left the same, under an id that no output folder knows.
        let record = if stands { record } else { record.replace(&run_id, "20261102T030000Z-none") };
        fs::write(staged.join("published.json"), record).unwrap();
        fs::remove_file(folder.join("2026-11-02.json")).unwrap();
        fs::rename(folder.join(format!("2026-11-02.{run_id}.parquet")), staged.join("snapshot.parquet")).unwrap();

        nights.good(3, "Id,Name,City\nA1,Acme,\n");
        let city = if stands { "Turin" } else { "Rome" };
        assert!(nights.read("out/accounts.csv").contains(&format!("A1,Acme,{city}\n")), "{stands}");
        assert!(!staged.exists());
    }
}

#[test]
fn usage_of_a_day_is_not_sent_twice_unless_accepted() {
    let usage = "format: usage\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns:\n  account_id: Id\n  user_id: User\n  \
                 Module: Module\n  Action: Action\n  Count: Count\n";
    let nights = Nights::new(usage);
    let first = "Id,User,Module,Action,Count\nA1,u1,Web,Login,3\n";
    let other = "Id,User,Module,Action,Count\nA1,u1,Web,Login,4\n";
    nights.good(1, first);
    assert_eq!(report(&nights.good(1, first)).status, Status::Unchanged);
    let refused = nights.night(1, other);
    assert_eq!(refused.exit.code(), 4, "{}", messages(&refused));
    assert!(messages(&refused).contains("L713"));
    assert!(nights.read("out/accounts.csv").contains("Login,3"));
    let accepted = go(&RunRequest { accept: vec!["resend".to_owned()], ..nights.request(1) });
    assert_eq!(accepted.exit.code(), 0);
    assert!(messages(&accepted).contains("W919"));
    assert!(nights.read("out/accounts.csv").contains("Login,4"));
    nights.good(2, first);
}

#[test]
fn a_pinned_pivot_keeps_its_header_and_names_newcomers() {
    let nights = Nights::new(
        "format: usage_aggregations\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns: {account_id: Id}\n\
         pivot: {module: '\"Module\"', action: '\"Action\"', columns: pinned}\n",
    );
    nights.good(1, "Id,Module,Action\nA1,Web,Login\nA1,Web,Export\n");
    assert!(nights.read("out/accounts.csv").starts_with("account_id,Web##Export,Web##Login\n"));
    let second = nights.good(2, "Id,Module,Action\nA1,Web,Login\nA2,App,Start\n");
    assert!(nights.read("out/accounts.csv").starts_with("account_id,Web##Export,Web##Login\n"));
    assert!(messages(&second).contains("App##Start"), "{}", messages(&second));
}

#[test]
fn an_export_of_totango_is_where_memory_can_begin() {
    let nights = Nights::new(ACCOUNTS);
    nights.write("totango.csv", "\u{feff}Account ID,City,Health\nA1,Rome,good\nA2,,bad\nA1,Turin,good\n");
    let mapping = Some("accounts".into());
    let imported =
        state_import(&StateRequest { mapping: mapping.clone(), ..nights.state(5) }, Path::new("totango.csv"));
    let imported = imported.unwrap();
    assert_eq!((imported.rows, imported.as_of.as_str(), imported.imported), (2, "2026-11-04", true));
    assert_eq!(imported.columns, ["account_id", "City", "Health"]);
    nights.good(5, "Id,Name,City\nA1,Acme,\nA2,Beta,\n");
    assert_eq!(nights.read("out/accounts.csv"), "account_id,account_name,City\nA1,Acme,Turin\nA2,Beta,\n");

    nights.write("other.csv", "City\nRome\n");
    let wrong =
        state_import(&StateRequest { mapping, ..nights.state(5) }, Path::new("other.csv")).unwrap_err().to_string();
    assert!(wrong.contains("no column `account_id`"), "{wrong}");
    assert_eq!(state_prune(&nights.state(5), 1).unwrap(), [("accounts".to_owned(), 1)]);
    assert_eq!(state_reset(&nights.state(5)).unwrap(), ["accounts"]);
    assert!(state_show(&nights.state(5)).unwrap().is_empty());
}

#[test]
fn environments_remember_apart_and_may_not_share_an_output_folder() {
    let nights = Nights::new(ACCOUNTS);
    nights.write(
        "tanguero.yaml",
        "environments: {prod: {output: {directory: prod}}, test: {output: {directory: test}}}\n",
    );
    nights.write("crm.csv", "Id,Name,City\nA1,Acme,Rome\n");
    let environment = |name: &str| Some(name.to_owned());
    assert_eq!(go(&RunRequest { environment: environment("prod"), ..nights.request(1) }).exit.code(), 0);
    nights.write("crm.csv", "Id,Name,City\nA1,Acme,\n");
    assert_eq!(go(&RunRequest { environment: environment("test"), ..nights.request(2) }).exit.code(), 0);
    assert!(nights.read("test/accounts.csv").contains("A1,Acme,\n"), "test never saw Rome");
    let shared = RunRequest { environment: environment("test"), out: Some("prod".into()), ..nights.request(3) };
    let outcome = go(&shared);
    assert_eq!(outcome.exit.code(), 1);
    assert!(messages(&outcome).contains("L715"), "{}", messages(&outcome));
    assert!(nights.read("prod/accounts.csv").contains("Rome"));
}

#[test]
fn history_has_a_line_per_run_good_or_bad() {
    let nights = Nights::new(&format!("{ACCOUNTS}limits: {{fewer_rows: 10%}}\n"));
    nights.good(1, "Id,Name,City\nA1,Acme,Rome\nA2,Beta,Oslo\n");
    assert_eq!(nights.night(2, "Id,Name,City\nA1,Acme,Rome\n").exit.code(), 4);
    nights.good(3, "Id,Name,City\nA1,Acme,Turin\nA2,Beta,Oslo\n");
    let lines = history(&HistoryRequest {
        mapping: Some("accounts".into()),
        current: nights.path(""),
        environment: None,
        as_of: date(2026, 11, 30),
    })
    .unwrap();
    let told: Vec<(&str, Status, u64)> =
        lines.iter().map(|line| (line.as_of.as_str(), line.status, line.rows.written)).collect();
    assert_eq!(
        told,
        [
            ("2026-11-01", Status::Published, 2),
            ("2026-11-02", Status::Refused, 1),
            ("2026-11-03", Status::Published, 2)
        ]
    );
    assert_eq!(lines[1].problem.as_ref().unwrap().code, "L708");
    let all = nights.why("A1", "all");
    assert!(all.contains("City = Rome") && all.contains("City = Turin") && all.contains("not published"), "{all}");
    assert!(all.find("as of 2026-11-01") < all.find("as of 2026-11-03"), "{all}");
    assert!(nights.why("A1", "2026-11-01").contains("City = Rome"));
}

#[test]
fn formats_without_a_last_value_refuse_to_keep_one() {
    let nights = Nights::new(
        "format: usage\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns:\n  account_id: Id\n  user_id: User\n  \
         Module: Module\n  Action: Action\noutput: {changes: true}\nlimits: {cleared: 1}\n",
    );
    let outcome = nights.night(1, "Id,User,Module,Action\nA,u,M,a\n");
    let text = messages(&outcome);
    assert_eq!(outcome.exit.code(), 3, "{text}");
    assert_eq!(text.matches("error[R217]").count(), 2, "{text}");
}
