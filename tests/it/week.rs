//! A week of nights, as shipped in `examples/week`: the story that `history` and `why` tell is right for every planted event.

use std::process::Command;

use crate::support::root;

#[test]
fn a_week_of_nights_is_told_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .arg(root().join("examples/week/week.sh"))
        .arg(folder.path())
        .env("TANGUERO", env!("CARGO_BIN_EXE_tanguero"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let nights: Vec<&str> = text.lines().filter(|line| line.starts_with("exit ")).collect();
    assert_eq!(nights, ["exit 0", "exit 0", "exit 4", "exit 0", "exit 0", "exit 0", "exit 0"], "{text}\n{said}");

    // Wednesday: blocked, with both figures.
    let blocked =
        "column `Contact Email` is filled in 97 of 100 rows (97.00 %), on 2026-11-17 in 100 of 100 (100.00 %)";
    assert!(said.contains("L709") && said.contains(blocked), "{said}");
    // What each night would do was told before it.
    let planned = |night: &str| {
        let rest = text.split_once(&format!("== {night}\n")).unwrap().1;
        rest[..rest.find("\nexit ").unwrap()].to_owned()
    };
    for (night, told) in [
        ("2026-11-16", &["nothing was published before, all of it is new", "100 created"][..]),
        ("2026-11-18", &["deletions 3 values of 3 rows meet an empty cell", "`Contact Email`: 3 values"]),
        (
            "2026-11-19",
            &["against what was published for 2026-11-17", "parents   1 rows move", "A-017: `A-007` → `A-003`"],
        ),
        ("2026-11-20", &["header    added: `Region`", "new columns are ignored until an admin edits the mapping"]),
        ("2026-11-21", &["100 as they are", "the file is the last one, byte for byte: Totango skips it"]),
    ] {
        let plan = planned(night);
        assert!(told.iter().all(|part| plan.contains(part)), "{night}: {told:?} are not all in\n{plan}");
    }
    // Friday: the new column is named.
    let history: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("began")).skip(1).take(7).collect();
    let told = ["published", "published", "refused", "published", "published", "unchanged", "published"];
    for (line, (word, day)) in history.iter().zip(told.iter().zip(16..)) {
        assert!(line.contains(&format!("2026-11-{day}")) && line.contains(word), "{word} on {day}: {line}");
    }
    assert!(history[2].contains("L709"), "{}", history[2]);

    // Thursday: the account has moved to another parent.
    let of = |day: &str| {
        let from = text.find(&format!(" as of {day}\n")).unwrap_or_else(|| panic!("no run as of {day}:\n{text}"));
        let rest = &text[from..];
        rest[..rest.find("\nrun ").unwrap_or(rest.len())].to_owned()
    };
    assert!(of("2026-11-17").contains("parent_id = A-007"), "{}", of("2026-11-17"));
    assert!(of("2026-11-18").contains("not published"), "{}", of("2026-11-18"));
    assert!(of("2026-11-19").contains("parent_id = A-003"), "{}", of("2026-11-19"));
    assert!(!of("2026-11-19").contains("Region = ") && of("2026-11-20").contains("Region = apac"), "{text}");
    assert!(of("2026-11-22").contains("parent_id = A-003"), "{}", of("2026-11-22"));
}
