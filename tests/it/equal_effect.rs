//! A file of changed rows has the effect of the whole file, under a model of what Totango does with a row: nights of random rows,
//! both kinds of file applied to the same state. formats.md, section 3: what an empty cell does.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::memory::Nights;
use crate::support::messages;

/// What an empty cell does to an attribute: the settings of Totango's default values. Article DEFAULTS.
#[derive(Debug, Clone, Copy)]
enum Empty {
    Deletes,
    Keeps,
    Sets(&'static str),
}

const RULES: [Empty; 3] = [Empty::Deletes, Empty::Keeps, Empty::Sets("Standard")];

/// Attributes of every account that Totango knows.
type State = BTreeMap<String, BTreeMap<String, String>>;

/// Totango takes a file: each row in turn; what is not in the file stays as it is.
fn take(state: &mut State, file: &str, rules: [Empty; 3]) {
    let mut reader = csv::ReaderBuilder::new().from_reader(file.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    for row in reader.records() {
        let row = row.unwrap();
        let account = state.entry(row[0].to_owned()).or_default();
        for (place, (name, cell)) in header.iter().zip(row.iter()).enumerate().skip(1) {
            match (cell, rules[(place - 1) % 3]) {
                ("", Empty::Deletes) => drop(account.remove(name)),
                ("", Empty::Keeps) => {}
                ("", Empty::Sets(value)) => drop(account.insert(name.clone(), value.to_owned())),
                (value, _) => drop(account.insert(name.clone(), value.to_owned())),
            }
        }
    }
}

/// A night's rows: account, and three cells of few values, often empty. An account may come twice, or not at all.
fn night() -> impl Strategy<Value = Vec<(u8, [&'static str; 3])>> {
    let cell = || prop::sample::select(vec!["", "", "x", "y", "it's, a"]);
    prop::collection::vec((0..8_u8, [cell(), cell(), cell()]), 1..12)
}

fn csv(rows: &[(u8, [&str; 3])]) -> String {
    let row = |(id, cells): &(u8, [&str; 3])| format!("A{id},\"{}\"\n", cells.join("\",\""));
    "Id,a,b,c\n".to_owned() + &rows.iter().map(row).collect::<String>()
}

fn mapping(default: &str, more: &str) -> String {
    let column = |name: &str, default: &str| {
        format!("  attribute_{name}: {{column: {name}, custom: true, default: {default}}}\n")
    };
    format!(
        "format: accounts\nsources: {{crm: {{path: crm.csv}}}}\nfrom: crm\ncolumns:\n  account_id: Id\n  account_name: Id\n\
         {}{}{}{more}",
        column("a", default),
        column("b", "empty"),
        column("c", default)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_rows_have_the_effect_of_all_rows(
        nights in prop::collection::vec(night(), 2..5),
        shift in 0..3_usize,
        keeps in any::<bool>(),
        again in any::<bool>(),
    ) {
        let mut rules = RULES;
        rules.rotate_left(shift);
        let default = if keeps { "keep" } else { "empty" };
        let full = Nights::new(&mapping(default, ""));
        let changed = Nights::new(&mapping(default, "output: {changes: true}\n"));
        let (mut by_full, mut by_changed) = (State::new(), State::new());
        let mut fewer = 0;
        for (day, rows) in (1..).zip(&nights) {
            // A day may be run twice: Totango takes its second file too.
            for _ in 0..if again { 2 } else { 1 } {
                for (nights, state) in [(&full, &mut by_full), (&changed, &mut by_changed)] {
                    let outcome = nights.night(day, &csv(rows));
                    prop_assert_eq!(outcome.exit.code(), 0, "{}", messages(&outcome));
                    take(state, &nights.read("out/accounts.csv"), rules);
                }
            }
            prop_assert_eq!(&by_full, &by_changed, "after night {}", day);
            let lines = |nights: &Nights| nights.read("out/accounts.csv").lines().count();
            prop_assert!(lines(&changed) <= lines(&full));
            fewer += lines(&full) - lines(&changed);
        }
        // The same rows once more: nothing is left to send.
        let last = nights.last().unwrap();
        changed.night(20, &csv(last));
        let lines = changed.read("out/accounts.csv").lines().count();
        prop_assert_eq!(lines, 1, "only the header; {} rows were spared before", fewer);
    }
}
