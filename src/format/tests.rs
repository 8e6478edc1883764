//! The catalogue against the facts it must state, written here a second time by hand.

use std::collections::BTreeSet;

use super::catalog::names as catalog_names;
use super::*;
use crate::diagnostic::{find_code, is_spelt_like};

const FORMATS: [&str; 13] = [
    "totango_users",
    "accounts",
    "product_accounts",
    "opportunities",
    "account_foreign_keys",
    "account_assignment",
    "users",
    "collections",
    "usage",
    "usage_legacy",
    "usage_aggregations",
    "tasks",
    "touchpoints",
];

fn format(name: &str) -> &'static FormatSpec {
    find(name).unwrap_or_else(|| panic!("no format {name}"))
}

/// `name type need length` of each column, `*` for a mandatory one, `+` for an expected one.
fn columns(name: &str) -> Vec<String> {
    let line = |column: &ColumnSpec| {
        let need = match column.need {
            Need::Mandatory => "*",
            Need::Expected => "+",
            Need::Optional => "",
        };
        let length = column.max_length.map_or(String::new(), |length| format!(" {length}"));
        format!("{}{need} {}{length}", column.name, column.kind)
    };
    format(name).columns.iter().map(line).collect()
}

/// What a format says beside its columns.
fn rules(name: &str) -> String {
    let format = format(name);
    let mut words = vec![format!("key={}", format.key.join("+")), format.duplicates.clone()];
    let mut word = |holds: bool, word: &str| {
        if holds {
            words.push(word.to_owned());
        }
    };
    word(format.key_ignores_case, "any-case");
    word(format.key_per_foreign_key, "per-foreign-key");
    word(format.own_key.is_some(), "own-key");
    word(format.hierarchy, "hierarchy");
    word(format.tags, "tags");
    word(format.pivot.is_some(), "pivot");
    word(format.needs_data, "needs-data");
    word(format.custom.allowed, "custom");
    words.push(format!("{}MB", format.max_bytes / 1_000_000));
    words.join(" ")
}

fn names(columns: &[ColumnSpec], choose: impl Fn(&ColumnSpec) -> bool) -> Vec<&str> {
    columns.iter().filter(|column| choose(column)).map(|column| column.name.as_str()).collect()
}

#[test]
fn every_format_is_there_under_its_name_and_in_load_order() {
    let found: Vec<&str> = catalog().map(|format| format.name.as_str()).collect();
    assert_eq!(catalog_names().collect::<Vec<_>>(), found, "a file is called like its format");
    assert_eq!(found, FORMATS);
    for (index, format) in catalog().enumerate() {
        for before in &format.after {
            assert!(FORMATS[..index].contains(&before.as_str()), "{} comes after {before}", format.name);
        }
    }
    assert!(find("Accounts").is_none(), "names are exact");
}

#[test]
fn account_columns_and_lengths_are_those_of_the_articles() {
    let shared = [
        "Success Manager text 512",
        "Contract Value currency",
        "Contract Start Date date",
        "Contract Renewal Date date",
        "Create Date date",
        "Cancellation Date date",
        "Trial Expiration Date date",
        "Licenses number",
        "Company Size number",
        "sfid id 512",
        "ofid text 512",
    ];
    let accounts = [
        "account_id* id 480",
        "account_name+ text 128",
        "Account Type+ text 255",
        "parent_id id 480",
        "product_id text 255",
        "Status+ text 512",
    ];
    assert_eq!(columns("accounts"), [&accounts[..], &shared[..]].concat());
    let products = [
        "account_id* id 480",
        "parent_id* id 480",
        "product_id* text 255",
        "account_name text 128",
        "Account Type+ text 255",
        "Status+ text 512",
    ];
    assert_eq!(columns("product_accounts"), [&products[..], &shared[..]].concat());
    let opportunities = [
        "account_id* id 480",
        "account_name+ text 128",
        "parent_id* id 480",
        "Account Type text 255",
        "Status text 512",
        "product_id text 255",
    ];
    assert_eq!(columns("opportunities"), [&opportunities[..], &shared[..]].concat());
}

#[test]
fn people_columns_and_lengths_are_those_of_the_articles() {
    assert_eq!(
        columns("users"),
        [
            "user_id* id 100",
            "account_id* id 480",
            "First Name text 255",
            "Last Name text 255",
            "Email text 255",
            "Contact flag",
            "Key Contact flag",
        ]
    );
    assert_eq!(
        columns("totango_users"),
        [
            "User Email* email 100",
            "First Name+ text 30",
            "Last Name+ text 30",
            "License+ list",
            "Teams+ multi_list",
            "Is Active+ flag",
            "Manager_id email 100",
        ]
    );
    assert_eq!(
        columns("account_assignment"),
        ["account_id* id 480", "Account Role Id* text", "User Email* email 100", "User Name text"]
    );
}

#[test]
fn usage_columns_and_lengths_are_those_of_the_articles() {
    let stream = ["user_id* id 100", "account_id* id 480", "Module* text 100", "Action* text 190"];
    assert_eq!(columns("usage"), [&stream[..], &["Count integer"]].concat());
    assert_eq!(columns("usage_legacy"), [&stream[..], &["Timestamp+ date"]].concat());
    assert_eq!(
        columns("usage_aggregations"),
        [
            "account_id* id 480",
            "user_id id 100",
            "Daily active users integer",
            "Daily total activities integer",
            "Daily time spent in minutes integer",
        ]
    );
}

#[test]
fn tasks_touchpoints_and_foreign_keys_have_the_documented_headers() {
    assert_eq!(
        columns("tasks").join(", "),
        "Task ID* text, account_id* id 480, Title text, Description text, SuccessFlow text, Priority text, Status text, \
         Estimated Task Effort number, Actual Task Effort number, Assigner email 100, Assigned_To email 100, \
         Create_Date date, Due Date date, Last Update Date date, Associated Users multi_list"
    );
    assert_eq!(
        columns("touchpoints").join(", "),
        "touchpoint_id* text, account_id* id 480, Subject text, Content text 12000, Successflow text, Touchpoint Type text, \
         Touchpoint Tags multi_list, Participants multi_list, Touchpoint Date date, Last Update Date date, \
         Last Updater email 100"
    );
    assert_eq!(columns("account_foreign_keys"), ["account_id* id 480"]);
    assert_eq!(columns("collections"), ["account_id* id 480"]);
    assert_eq!(format("tasks").one_of, [["Title", "Description"]]);
    assert_eq!(format("touchpoints").one_of, [["Subject", "Content"]]);
}

#[test]
fn keys_policies_and_sizes_are_those_of_the_articles() {
    let accounts = "key=account_id last hierarchy tags custom 100MB";
    for name in ["accounts", "product_accounts", "opportunities"] {
        assert_eq!(rules(name), accounts, "{name}");
    }
    assert_eq!(rules("users"), "key=account_id+user_id last tags custom 100MB");
    assert_eq!(rules("collections"), "key=account_id last own-key custom 100MB");
    assert_eq!(rules("usage"), "key=account_id+user_id+Module+Action sum 100MB");
    assert_eq!(rules("usage_legacy"), "key= last 100MB");
    assert_eq!(rules("usage_aggregations"), "key=account_id+user_id last pivot needs-data 50MB");
    assert_eq!(rules("totango_users"), "key=User Email last any-case custom 100MB");
    assert_eq!(rules("account_assignment"), "key=account_id+Account Role Id last 100MB");
    assert_eq!(rules("tasks"), "key=Task ID last any-case 100MB");
    assert_eq!(rules("touchpoints"), "key=touchpoint_id last any-case 100MB");
    assert_eq!(rules("account_foreign_keys"), "key=account_id last any-case per-foreign-key custom 100MB");
    assert!(catalog().all(|format| format.max_columns == 1000));
}

#[test]
fn ids_have_the_alphabet_of_their_kind() {
    for format in catalog() {
        for column in &format.columns {
            let alphabet = (column.id_extra.as_str(), column.lenient_extra.as_str(), column.strict_loses.as_str());
            let wanted = match column.name.as_str() {
                "account_id" | "parent_id" => ("-", "", "-"),
                "user_id" => ("-@.", "+", ""),
                "sfid" => ("-", "", ""),
                _ => ("", "", ""),
            };
            assert_eq!(alphabet, wanted, "{} of {}", column.name, format.name);
        }
    }
    let key = format("collections").own_key.as_ref().unwrap();
    assert_eq!((key.id_extra.as_str(), key.max_length, key.need), ("-", Some(480), Need::Mandatory));
}

#[test]
fn empty_cells_do_what_the_articles_say() {
    for name in ["accounts", "product_accounts", "opportunities"] {
        let optional = |column: &ColumnSpec| column.empty != Empty::Never && column.empty != Empty::Setting;
        assert!(names(&format(name).columns, optional).is_empty(), "{name}: an account attribute's setting decides");
        assert_eq!(format(name).custom.empty, Empty::Setting);
    }
    let kept = |column: &ColumnSpec| column.empty != Empty::Never && column.empty != Empty::Deletes;
    assert!(names(&format("users").columns, kept).is_empty(), "user attributes are always deleted");
    assert_eq!(format("users").custom.empty, Empty::Deletes);
    assert_eq!(format("totango_users").column("Teams").unwrap().empty, Empty::Leaves);
    for format in catalog() {
        for column in &format.columns {
            let key = format.key.contains(&column.name);
            let never = column.need == Need::Mandatory || column.default.is_some() || key;
            assert_eq!(column.empty == Empty::Never, never, "{} of {}", column.name, format.name);
        }
    }
}

#[test]
fn values_flags_and_defaults_are_spelt_as_totango_wants_them() {
    let license = format("totango_users").column("License").unwrap();
    assert_eq!(license.values, ["Spark", "Zoe"]);
    assert!(license.map.contains(&("Practitioner".into(), "Spark".into())));
    assert!(license.map.contains(&("Contributor".into(), "Zoe".into())));
    assert!(!license.map.iter().any(|(from, _)| from.eq_ignore_ascii_case("viewer")), "a Viewer cannot be imported");
    let active = format("totango_users").column("Is Active").unwrap();
    assert_eq!(active.flag, Some(("true".into(), "false".into())));
    for name in ["Contact", "Key Contact"] {
        assert_eq!(format("users").column(name).unwrap().flag, Some(("yes".into(), "no".into())));
    }
    let count = format("usage").column("Count").unwrap();
    assert_eq!((count.default.as_deref(), count.min, count.always), (Some("1"), Some(1), true));
    let kind = format("opportunities").column("Account Type").unwrap();
    assert_eq!(
        (kind.default.as_deref(), kind.always, &kind.values[..]),
        (Some("Opportunity"), true, &["Opportunity".into()][..])
    );
}

#[test]
fn rules_between_columns_are_there() {
    let rule = &format("accounts").required_when[0];
    assert_eq!((rule.column.as_str(), rule.when.as_str()), ("parent_id", "product_id"));
    let rule = &format("users").implies[0];
    assert_eq!((rule.column.as_str(), rule.needs.as_str()), ("Key Contact", "Contact"));
    assert_eq!(format("account_foreign_keys").needs_type, Some(crate::mapping::CellType::ForeignKey));
    assert_eq!(names(&format("tasks").columns, |column| column.lower_case), ["Task ID"]);
    assert_eq!(names(&format("touchpoints").columns, |column| column.lower_case), ["touchpoint_id"]);
}

#[test]
fn names_are_unique_within_a_format_however_they_are_spelt() {
    for format in catalog() {
        for (index, column) in format.columns.iter().enumerate() {
            for other in &format.columns[..index] {
                assert!(
                    !is_spelt_like(&column.name, &other.name) && !is_spelt_like(&column.display, &other.display),
                    "{} and {} of {}",
                    column.name,
                    other.name,
                    format.name
                );
            }
        }
    }
}

#[test]
fn articles_and_codes_that_are_named_exist() {
    let known: BTreeSet<String> = articles().into_iter().map(|(code, _)| code).collect();
    for format in catalog() {
        let columns = format.columns.iter().chain(&format.own_key);
        for article in columns.flat_map(|column| &column.sources).chain(&format.sources) {
            assert!(known.contains(article), "{article} in {}", format.name);
        }
        for code in format.columns.iter().filter_map(|column| column.warning.as_ref()) {
            assert!(find_code(code).is_some(), "{code} in {}", format.name);
        }
    }
}

#[test]
fn every_format_has_a_page_and_the_overview_names_it() {
    let pages = pages();
    assert_eq!(pages.len(), catalog().len() + 1);
    for (path, text) in &pages[1..] {
        assert!(pages[0].1.contains(&format!("({path})")), "{path}");
        assert!(text.starts_with(&format!("# {}\n", path.trim_start_matches("formats/").trim_end_matches(".md"))));
    }
}
