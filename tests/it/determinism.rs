//! Same input, same bytes: for any number of threads, any memory, and however the rows are cut into files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use crate::binary::Place;
use crate::checker::{Row, rows};
use crate::support::{copy, files, root};

type Files = BTreeMap<String, Vec<u8>>;

/// The project as it ships, in a place of its own.
fn shipped() -> Place {
    let place = Place::new(&[]);
    for folder in ["mappings", "queries", "examples/data"] {
        copy(&root().join(folder), &place.join(folder));
    }
    place.write("tanguero.yaml", std::fs::read(root().join("tanguero.yaml")).unwrap());
    place
}

fn published(place: &Place, out: &str, arguments: &[&str]) -> Files {
    let command = ["run", "--out", out, "--as-of", "2026-11-20", "--state", "off"];
    place.go(&[&command, arguments].concat()).ends_with(0);
    let mut found = files(&place.join(out));
    found.remove("run.json");
    found
}

/// Ends the test at the first file that differs.
#[track_caller]
fn same(one: &Files, other: &Files, what: &str) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in one {
        if bytes != &other[name] {
            let (one, other) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&other[name]));
            let difference = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            panic!("{what}: {name} differs: {difference:?}");
        }
    }
}

#[test]
fn the_shipped_set_is_the_same_with_one_two_and_eight_threads() {
    let place = shipped();
    let one = published(&place, "one", &["mappings", "--threads", "1"]);
    assert!(one.len() > 20, "{:?}", one.keys());
    for threads in ["2", "8"] {
        let other = published(&place, &format!("threads-{threads}"), &["mappings", "--threads", threads]);
        same(&one, &other, &format!("{threads} threads"));
    }
    same(&one, &published(&place, "little", &["mappings", "--memory", "64MB"]), "64 MB of memory");
    // A mapping by itself, where the set judged others before it.
    let alone = published(&place, "alone", &["mappings/users.yaml"]);
    let of_users = |found: &Files| -> Files {
        found
            .iter()
            .filter(|(name, _)| name.starts_with("users."))
            .map(|(name, bytes)| (name.clone(), bytes.clone()))
            .collect()
    };
    same(&of_users(&one), &alone, "users alone");
}

/// The CRM's report cut into `parts` files at record boundaries, each with the header, the footer in the last; and for each
/// part how many lines its records stand further up than in the whole file.
fn cut(bytes: &[u8], parts: usize) -> Vec<(Vec<u8>, u64)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    reader.byte_headers().unwrap();
    let header_end = reader.position().byte() as usize;
    let mut starts = Vec::new();
    for record in reader.byte_records() {
        starts.push(record.unwrap().position().unwrap().byte() as usize);
    }
    let line = |byte: usize| bytes[..byte].iter().filter(|byte| **byte == b'\n').count() as u64;
    let mut bounds: Vec<usize> = (0..parts).map(|part| starts[starts.len() * part / parts]).collect();
    bounds[0] = header_end;
    bounds.push(bytes.len());
    let pairs = bounds.windows(2);
    pairs
        .map(|pair| ([&bytes[..header_end], &bytes[pair[0]..pair[1]]].concat(), line(pair[0]) - line(header_end)))
        .collect()
}

#[test]
fn a_source_cut_into_three_files_gives_the_same_file_and_the_same_reports_but_for_places() {
    let place = shipped();
    let whole = published(&place, "whole", &["mappings/accounts.yaml"]);
    assert!(whole.contains_key("accounts.rejects.csv") && whole.contains_key("accounts.duplicates.csv"));

    let parts = cut(&std::fs::read(place.join(WHOLE)).unwrap(), 3);
    let mut further: BTreeMap<String, u64> = BTreeMap::new();
    for (number, (text, lines)) in parts.iter().enumerate() {
        let name = format!("examples/data/cut_{number}.csv");
        place.write(&name, text);
        further.insert(name, *lines);
    }
    let project = place.read("tanguero.yaml");
    let changed = project.replace(WHOLE, "examples/data/cut_*.csv");
    assert_ne!(project, changed);
    place.write("tanguero.yaml", changed);
    for threads in ["1", "3"] {
        let out = format!("cut-{threads}");
        let found = published(&place, &out, &["mappings/accounts.yaml", "--threads", threads]);
        assert!(whole["accounts.csv"] == found["accounts.csv"], "the Totango file is the same");
        for report in ["accounts.rejects.csv", "accounts.duplicates.csv"] {
            let there = rows(&place.join("whole").join(report));
            let mut here = rows(&place.join(&out).join(report));
            here.iter_mut().for_each(|row| in_whole_file(row, &further));
            assert_eq!(here, there, "{report}");
        }
    }
}

const WHOLE: &str = "examples/data/crm_accounts.csv";

/// Says of a report's row where its record stands in the whole file.
fn in_whole_file(row: &mut Row, further: &BTreeMap<String, u64>) {
    for (file, line) in [("file", "line"), ("winner_file", "winner_line")] {
        let Some(name) = row.get(file).cloned() else { continue };
        let number: u64 = row[line].parse().unwrap();
        row.insert(line.to_owned(), (number + further[&name]).to_string());
        row.insert(file.to_owned(), WHOLE.to_owned());
    }
    // Messages name places too.
    let Some(message) = row.get_mut("message") else { return };
    for (name, lines) in further {
        while let Some(at) = message.find(&format!("{name}:")) {
            let rest = message[at + name.len() + 1..].to_owned();
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().unwrap();
            *message = format!("{}{WHOLE}:{}{}", &message[..at], number + lines, &rest[digits..]);
        }
    }
}

#[test]
fn a_large_file_is_the_same_for_any_threads_and_memory() {
    let mut text = String::from("Id,Name,Type,Parent,Changed,Value\n");
    for number in 0..60_000_u64 {
        // Every key comes about three times, far apart, with dates in no order; some rows are bad.
        let key = number * 7_919 % 20_000;
        let name = if number % 997 == 0 { format!("\"two\nlines {number}\"") } else { format!("A name {number}") };
        let value = if number % 101 == 0 {
            "none".to_owned()
        } else {
            format!("\"{},{:03}.50\"", number % 9 + 1, number % 1_000)
        };
        let parent = if key < 100 { String::new() } else { format!("K{}", key / 3) };
        let _ = writeln!(
            text,
            "K{key},{name},Customer,{parent},2026-{:02}-{:02},{value}",
            number % 12 + 1,
            number % 28 + 1
        );
    }
    let mapping = "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns:\n  account_id: Id\n  account_name: Name\n  \
                   Account Type: Type\n  parent_id: {column: Parent, default: empty}\n  Contract Value: Value\n\
                   duplicates: {policy: newest, by: {column: Changed, type: date}}\n";
    let place = Place::new(&[("large.yaml", mapping), ("crm.csv", &text)]);
    let one = published(&place, "one", &["large.yaml", "--threads", "1"]);
    for (threads, memory) in [("2", "1GB"), ("8", "64MB")] {
        let other =
            published(&place, &format!("threads-{threads}"), &["large.yaml", "--threads", threads, "--memory", memory]);
        same(&one, &other, &format!("{threads} threads, {memory}"));
    }
    // The policy itself, said a second time in a few lines: per key the newest, of equals the last.
    let mut newest: BTreeMap<u64, (String, u64)> = BTreeMap::new();
    for number in 0..60_000_u64 {
        let date = format!("{:02}-{:02}", number % 12 + 1, number % 28 + 1);
        let entry = newest.entry(number * 7_919 % 20_000).or_default();
        if (date.clone(), number) >= *entry {
            *entry = (date, number);
        }
    }
    for row in rows(&place.join("one/large.csv")) {
        let key: u64 = row["account_id"][1..].parse().unwrap();
        let number: u64 = row["account_name"].rsplit(' ').next().unwrap().parse().unwrap();
        assert_eq!(newest[&key].1, number, "K{key}");
    }
}

#[test]
fn a_large_usage_file_is_added_up_the_same_for_any_threads_and_memory() {
    let mut text = String::from("Account,User,Area,What,Times,Seconds\n");
    // What the default of the format says, said a second time: sums by key, at the place of the key's last record.
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for number in 0..24_000_u64 {
        let user = number * 7_919 % 4_993;
        let (area, what) =
            (["Reports", "Audit, log", "Search"][(user % 3) as usize], ["open", "Save é"][(number % 2) as usize]);
        let times =
            ["", "1", "007", "3", "0", "x"][(if number % 29 == 0 { 4 + number % 2 } else { number % 4 }) as usize];
        let account = if number % 613 == 0 { "A/1".to_owned() } else { format!("ACC-{:06}", user / 10) };
        let _ = writeln!(text, "{account},User{user}@customer.example.com,\"{area}\",{what},{times},{}", number % 600);
        let good = account != "A/1" && !matches!(times, "0" | "x");
        if good {
            let key = format!("{account}|user{user}@customer.example.com|{area}|{what}");
            let (sum, last) = sums.entry(key).or_default();
            (*sum, *last) = (*sum + times.parse().unwrap_or(1), number);
        }
    }
    let source = "sources: {events: {path: events.csv}}\nfrom: events\ncolumns:\n  account_id: Account\n";
    let usage = format!(
        "format: usage\n{source}  user_id: {{column: User, case: lower}}\n  Module: Area\n  Action: What\n  Count: Times\n"
    );
    let wide = format!(
        "format: usage_aggregations\n{source}  Daily active users: {{sql: count(distinct \"User\")}}\n  \
         Daily total activities: {{sql: count(*)}}\n  Daily time spent in minutes: {{sql: sum(integer(\"Seconds\")) / 60}}\n\
         pivot: {{module: '\"Area\"', action: '\"What\"', value: 'coalesce(integer(\"Times\"), 1)', fill: 0}}\n"
    );
    let place = Place::new(&[("events.csv", &text), ("usage.yaml", &usage), ("wide.yaml", &wide)]);
    for mapping in ["usage", "wide"] {
        let file = format!("{mapping}.yaml");
        let one = published(&place, mapping, &[&file, "--threads", "1"]);
        assert!(one.contains_key(&format!("{mapping}.rejects.csv")), "{:?}", one.keys());
        for (threads, memory) in [("2", "1GB"), ("8", "64MB")] {
            let out = format!("{mapping}-{threads}");
            let other = published(&place, &out, &[&file, "--threads", threads, "--memory", memory]);
            same(&one, &other, &format!("{mapping}, {threads} threads, {memory}"));
        }
    }
    let mut expected: Vec<_> = sums.iter().map(|(key, (sum, last))| (*last, key.clone(), sum.to_string())).collect();
    expected.sort();
    let written = rows(&place.join("usage/usage.csv"));
    assert_eq!(written.len(), expected.len());
    for (row, (_, key, sum)) in written.iter().zip(expected) {
        let parts = ["account_id", "user_id", "Module", "Action"].map(|column| row[column].as_str());
        let count = row["Count"].trim_start_matches('0');
        assert_eq!((parts.join("|"), count), (key, sum.as_str()));
    }
}

#[test]
fn more_rows_than_memory_has_room_for_give_the_same_files() {
    // Some 85 bytes a row are three times what `--memory 64MB` leaves for rows.
    let mut text = String::from("Id,Name,Parent\n");
    for number in 0..600_000_u64 {
        let key = number * 7_919 % 550_000;
        // A tree, a loop of three, and accounts below one that is not there.
        let parent = match key {
            0..10 => String::new(),
            10..13 => format!("K{}", (key + 1 - 10) % 3 + 10),
            _ if key % 9_999 == 0 => "K-absent".to_owned(),
            _ => format!("K{}", key / 2),
        };
        let _ = writeln!(text, "K{key},Name {number},{parent}");
    }
    let mapping = "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\n\
                   columns: {account_id: Id, account_name: Name, parent_id: Parent}\n";
    let place = Place::new(&[("large.yaml", mapping), ("crm.csv", &text)]);
    let much = published(&place, "much", &["large.yaml", "--memory", "2GB"]);
    let lines = |name: &str| much[name].iter().filter(|byte| **byte == b'\n').count();
    assert!(lines("large.csv") > 200_000 && lines("large.rejects.csv") > 50 && lines("large.duplicates.csv") > 40_000);
    let little = published(&place, "little", &["large.yaml", "--memory", "64MB", "--threads", "2"]);
    same(&much, &little, "64 MB of memory");
}

/// A number that follows from another, by a linear congruence; its upper half is random enough for data.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A messy file of accounts: keys that return, parents that may be missing or make loops, dates in several layouts, text with
/// quotes and line breaks, records with too few fields.
fn messy(seed: u64, count: u64) -> String {
    let mut state = seed;
    let mut text = String::from("Id,Name,Parent,Since,Value\n");
    let keys = next(&mut state) % count.max(1) + 1;
    for row in 0..count {
        let mut pick = |most: u64| next(&mut state) % most;
        let id = match pick(60) {
            0 => String::new(),
            1 => "no id".to_owned(),
            _ => format!("{}{}", ["K", "k"][usize::from(pick(9) == 0)], pick(keys)),
        };
        let name = match pick(7) {
            0 => format!("\"two\nlines {row}\""),
            1 => format!("\"said \"\"{row}\"\", Ltd\""),
            2 => " spaced é ".to_owned(),
            _ => format!("Name {row}"),
        };
        let parent = match pick(4) {
            0 => format!("K{}", pick(keys)),
            1 if pick(9) == 0 => "gone".to_owned(),
            _ => String::new(),
        };
        let (month, day) = (pick(13), pick(31));
        let since = match pick(5) {
            0 => format!("2026-{month:02}-{day:02}T10:{day:02}:00+02:00"),
            1 => String::new(),
            2 => format!("{day:02}.{month:02}.2026"),
            _ => format!("2026-{month:02}-{day:02}"),
        };
        let value = ["", "1", "\"$2,345.60\"", "-7.5", "n/a"][pick(5) as usize];
        let _ = match pick(200) {
            0 => writeln!(text, "{id},{name}"),
            _ => writeln!(text, "{id},{name},{parent},{since},{value}"),
        };
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_gives_the_same_bytes_for_any_threads_memory_and_policy(
        seed: u64,
        // From one row to several of the pieces that a file is read in.
        count in prop::sample::select(vec![1, 17, 2_000, 9_000, 25_000]),
        threads in 2..9_usize,
        memory in prop::sample::select(vec!["64MB", "100MB", "1GB"]),
        policy in prop::sample::select(vec!["last", "first", "merge", "{policy: newest, by: {column: Since, type: date, formats: [iso, '%d.%m.%Y']}}"]),
    ) {
        let mapping = format!(
            "format: accounts\nsources: {{crm: {{path: crm.csv}}}}\nfrom: crm\nduplicates: {policy}\ncolumns:\n  account_id: Id\n  \
             account_name: Name\n  parent_id: Parent\n  Create Date: {{column: Since, formats: [iso, '%d.%m.%Y']}}\n  \
             Value: {{column: Value, type: currency, custom: true}}\n"
        );
        let place = Place::new(&[("some.yaml", mapping.as_str()), ("crm.csv", &messy(seed, count))]);
        let one = published(&place, "one", &["some.yaml", "--threads", "1"]);
        prop_assert!(count < 100 || one.contains_key("some.rejects.csv"));
        let other = published(&place, "other", &["some.yaml", "--threads", &threads.to_string(), "--memory", memory]);
        same(&one, &other, &format!("{threads} threads, {memory}, {policy}"));
    }
}
