//! The register of formats: the list of catalogue files, each parsed once, when it is asked for.

use std::sync::OnceLock;

use crate::format::{FormatSpec, read};

/// A format and its catalogue file.
struct Entry {
    name: &'static str,
    text: &'static str,
    /// What the file says: read when first asked for, since a run needs one format or two.
    spec: OnceLock<FormatSpec>,
}

/// In the order in which Totango should load them.
static FORMATS: [Entry; 13] = [
    entry("totango_users", include_str!("catalog/totango_users.yaml")),
    entry("accounts", include_str!("catalog/accounts.yaml")),
    entry("product_accounts", include_str!("catalog/product_accounts.yaml")),
    entry("opportunities", include_str!("catalog/opportunities.yaml")),
    entry("account_foreign_keys", include_str!("catalog/account_foreign_keys.yaml")),
    entry("account_assignment", include_str!("catalog/account_assignment.yaml")),
    entry("users", include_str!("catalog/users.yaml")),
    entry("collections", include_str!("catalog/collections.yaml")),
    entry("usage", include_str!("catalog/usage.yaml")),
    entry("usage_legacy", include_str!("catalog/usage_legacy.yaml")),
    entry("usage_aggregations", include_str!("catalog/usage_aggregations.yaml")),
    entry("tasks", include_str!("catalog/tasks.yaml")),
    entry("touchpoints", include_str!("catalog/touchpoints.yaml")),
];

const fn entry(name: &'static str, text: &'static str) -> Entry {
    Entry { name, text, spec: OnceLock::new() }
}

impl Entry {
    fn spec(&'static self) -> &'static FormatSpec {
        self.spec.get_or_init(|| {
            let earlier = FORMATS.iter().take_while(|entry| entry.name != self.name);
            let like = |name: &str| earlier.clone().find(|entry| entry.name == name).map(Entry::spec);
            let format = read::format(&format!("{}.yaml", self.name), self.text, &like);
            format.expect("the catalogue is part of the program and its tests read it")
        })
    }
}

/// Every Totango file format, in the order in which Totango should load them.
pub fn catalog() -> impl ExactSizeIterator<Item = &'static FormatSpec> + Clone {
    FORMATS.iter().map(Entry::spec)
}

/// Their names, in the same order; reads none of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|entry| entry.name)
}

/// The format that mappings call `name`, exactly.
pub fn find(name: &str) -> Option<&'static FormatSpec> {
    FORMATS.iter().find(|entry| entry.name == name).map(Entry::spec)
}

/// Code and title of each article that rules are taken from.
pub fn articles() -> Vec<(String, String)> {
    let articles = read::articles("articles.yaml", include_str!("articles.yaml"));
    articles.expect("the list of articles is part of the program and its tests read it")
}
