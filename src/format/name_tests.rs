//! Names: which are known, nearly known, tags, usage pairs.

use super::find;

fn nearest(format: &str, name: &str) -> Option<&'static str> {
    find(format).unwrap().nearest(name).map(|column| column.name.as_str())
}

#[test]
fn a_name_spelt_exactly_is_known_and_has_no_nearest() {
    for format in super::catalog() {
        for column in &format.columns {
            assert!(format.column(&column.name).is_some());
            assert!(format.nearest(&column.name).is_none(), "{}", column.name);
        }
    }
}

#[test]
fn case_space_underscore_and_hyphen_make_a_misspelling() {
    for name in ["Account Id", "AccountID", "Account_ID", "account-id", "ACCOUNT_ID"] {
        assert_eq!(nearest("accounts", name), Some("account_id"), "{name}");
    }
    assert_eq!(nearest("accounts", "contract_value"), Some("Contract Value"), "the roll-up is another attribute");
    assert_eq!(nearest("accounts", "CRM System Account ID"), Some("sfid"), "display names count");
    assert_eq!(nearest("usage", "count"), Some("Count"));
}

#[test]
fn a_letter_is_forgiven_from_six_letters_and_two_from_twelve() {
    assert_eq!(nearest("accounts", "Licences"), Some("Licenses"));
    assert_eq!(nearest("accounts", "acount_id"), Some("account_id"));
    assert_eq!(nearest("accounts", "Contarct Valeu"), Some("Contract Value"));
    assert_eq!(nearest("accounts", "Contrct Vlu"), None, "three letters of eleven");
    assert_eq!(nearest("accounts", "State"), None, "five letters must be right");
    assert_eq!(nearest("accounts", "Statuz"), Some("Status"), "six letters, one of them wrong");
    assert_eq!(nearest("accounts", "Statvz"), None, "six letters, two of them wrong");
    assert_eq!(nearest("accounts", "Region"), None);
}

#[test]
fn the_nearest_of_several_wins() {
    assert_eq!(nearest("accounts", "Contract Start Dat"), Some("Contract Start Date"));
    assert_eq!(nearest("tasks", "Create Date"), Some("Create_Date"));
}

#[test]
fn headers_of_other_files_are_recognised_by_alias_too() {
    let users = find("totango_users").unwrap();
    assert_eq!(users.recognise("E-mail").map(|column| column.name.as_str()), Some("User Email"));
    assert_eq!(users.recognise("first_name").map(|column| column.name.as_str()), Some("First Name"));
    assert!(users.recognise("Emails").is_none());
    assert!(users.nearest("Email").is_none(), "an alias is no name of the format");
}

#[test]
fn tag_columns_have_one_prefix_in_lower_case_and_a_name() {
    let accounts = find("accounts").unwrap();
    assert_eq!(accounts.tag_column("tag##vip"), Some(Ok("vip")));
    assert_eq!(accounts.tag_column("tag##Très chic"), Some(Ok("Très chic")));
    for name in ["Tag##vip", "tag##", "tag## ", "tag##a##b", "tag## vip"] {
        assert!(matches!(accounts.tag_column(name), Some(Err(_))), "{name}");
    }
    for name in ["vip", "tag#vip", "tags##vip", "ta", "tagé#"] {
        assert!(accounts.tag_column(name).is_none(), "{name}");
    }
    assert!(find("tasks").unwrap().tag_column("tag##vip").is_none(), "tasks have no tags");
}

#[test]
fn usage_pairs_have_two_sides_of_limited_length() {
    let usage = find("usage_aggregations").unwrap();
    assert_eq!(usage.pivot_column("Reports##View Report"), Some(Ok(("Reports", "View Report"))));
    assert_eq!(usage.pivot_column("C# API##Call"), Some(Ok(("C# API", "Call"))));
    let (module, action) = ("m".repeat(100), "é".repeat(190));
    assert!(matches!(usage.pivot_column(&format!("{module}##{action}")), Some(Ok(_))), "characters, not bytes");
    for name in ["##View", "Reports##", "a##b##c", "a###b", " ##b", "a ##b"] {
        assert!(matches!(usage.pivot_column(name), Some(Err(_))), "{name}");
    }
    assert!(matches!(usage.pivot_column(&format!("{module}m##a")), Some(Err(_))));
    assert!(matches!(usage.pivot_column(&format!("m##{action}é")), Some(Err(_))));
    assert!(usage.pivot_column("Daily active users").is_none());
    assert!(find("accounts").unwrap().pivot_column("a##b").is_none(), "accounts have no pairs");
}
