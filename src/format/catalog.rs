//! The register of formats: the list of catalogue files, parsed once.

use std::sync::OnceLock;

use crate::format::{FormatSpec, read};

/// Each format's name and catalogue file, in the order in which Totango should load them.
const FILES: &[(&str, &str)] = &[
    ("totango_users", include_str!("catalog/totango_users.yaml")),
    ("accounts", include_str!("catalog/accounts.yaml")),
    ("product_accounts", include_str!("catalog/product_accounts.yaml")),
    ("opportunities", include_str!("catalog/opportunities.yaml")),
    ("account_foreign_keys", include_str!("catalog/account_foreign_keys.yaml")),
    ("account_assignment", include_str!("catalog/account_assignment.yaml")),
    ("users", include_str!("catalog/users.yaml")),
    ("collections", include_str!("catalog/collections.yaml")),
    ("usage", include_str!("catalog/usage.yaml")),
    ("usage_legacy", include_str!("catalog/usage_legacy.yaml")),
    ("usage_aggregations", include_str!("catalog/usage_aggregations.yaml")),
    ("tasks", include_str!("catalog/tasks.yaml")),
    ("touchpoints", include_str!("catalog/touchpoints.yaml")),
];

/// Every Totango file format, in the order in which Totango should load them.
pub fn catalog() -> &'static [FormatSpec] {
    static CATALOG: OnceLock<Vec<FormatSpec>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut formats: Vec<FormatSpec> = Vec::with_capacity(FILES.len());
        for (name, text) in FILES {
            let format = read::format(&format!("{name}.yaml"), text, &formats);
            formats.push(format.expect("the catalogue is part of the program and its tests read it"));
        }
        formats
    })
}

/// The format that mappings call `name`, exactly.
pub fn find(name: &str) -> Option<&'static FormatSpec> {
    catalog().iter().find(|format| format.name == name)
}

/// Code and title of each article that rules are taken from.
pub fn articles() -> Vec<(String, String)> {
    let articles = read::articles("articles.yaml", include_str!("articles.yaml"));
    articles.expect("the list of articles is part of the program and its tests read it")
}
