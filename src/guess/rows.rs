//! What a draft says of rows: tags, duplicates, hierarchy.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::format::Need;
use crate::guess::dates::dates;
use crate::guess::draft::Drafting;
use crate::guess::matching::plain;
use crate::guess::words::thousands;
use crate::guess::yaml::{list, scalar};

/// Columns that say when a record was changed last.
const CHANGED: [&str; 10] = [
    "lastmodified",
    "lastmodifieddate",
    "modifiedon",
    "modified",
    "updated",
    "updatedat",
    "lastupdated",
    "systemmodstamp",
    "lastupdatedate",
    "lastmodifiedat",
];
/// Columns that list tags.
const TAGS: [&str; 5] = ["labels", "label", "tags", "topics", "segments"];

impl Drafting<'_> {
    pub(super) fn tags(&mut self) {
        if !self.format.tags {
            return;
        }
        let field = self.about.sample.fields.iter().find(|field| TAGS.contains(&plain(&field.name).as_str()));
        let Some(field) = field.filter(|field| !field.duplicated) else { return };
        let signs = ["|", ";", ","].into_iter().map(|sign| (field.count(|value| value.contains(sign)), sign));
        let (_, by) = signs.reduce(|best, next| if next.0 > best.0 { next } else { best }).unwrap_or((0, "|"));
        let mut known: Vec<&str> = field
            .values
            .iter()
            .flat_map(|(value, _)| value.split(by))
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .collect();
        known.sort_unstable();
        known.dedup();
        if (1..=50).contains(&known.len()) {
            let _ = writeln!(
                self.text,
                "\n# As tags, without the #:\n# tags: {{column: {}, by: {}, known: {}}}",
                scalar(&field.name),
                scalar(by),
                list(known)
            );
        }
    }

    pub(super) fn duplicates(&mut self) {
        let [name] = self.format.key.as_slice() else { return };
        if self.format.own_key.is_some() {
            return;
        }
        let Some(one) = self.found.iter().find(|one| one.spec.name == *name) else { return };
        let repeated = self.field(one.field).repeated();
        if repeated == 0 || self.format.pivot.is_some() {
            return;
        }
        let changed = self.about.sample.fields.iter().find(|field| {
            let found = dates(field, false);
            CHANGED.contains(&plain(&field.name).as_str())
                && field.filled > 0
                && found.question.is_none()
                && found.unread.0 == 0
        });
        let _ = writeln!(
            self.text,
            "\n# Records of the sample whose `{name}` an earlier one has: {}.",
            thousands(repeated)
        );
        self.text.push_str("duplicates: last   # or first, newest, merge, split, error\n");
        if let Some(field) = changed {
            let _ = writeln!(
                self.text,
                "# duplicates: {{policy: newest, by: {{column: {}, type: date, formats: {}}}}}",
                scalar(&field.name),
                list(dates(field, false).formats(None))
            );
        }
    }

    pub(super) fn hierarchy(&mut self) {
        let of = |name: &str| self.found.iter().find(|one| one.spec.name == name).map(|one| one.field);
        let (Some(parent), true) = (of("parent_id"), self.format.hierarchy) else { return };
        let elsewhere = self.format.column("parent_id").is_some_and(|spec| spec.need == Need::Mandatory);
        if elsewhere && self.about.mappings.iter().any(|mapping| mapping == "accounts") {
            self.text.push_str("\n# The parents are those that the mapping `accounts` writes or has written.\nhierarchy: {known_accounts: [accounts]}\n");
        } else if elsewhere {
            let known = format!("{}.{}", self.about.source, self.field(parent).name);
            let _ = writeln!(
                self.text,
                "\n# Takes every parent as known. Better: name the mapping that writes the accounts, or a list of those Totango has.\n\
                 hierarchy: {{known_accounts: [{}]}}",
                scalar(&known)
            );
        } else if let Some(ids) = of("account_id").filter(|_| self.about.sample.whole) {
            let cut = |value: &str| value.trim().chars().take(15).collect::<String>();
            let ids: BTreeSet<String> = self.field(ids).values.iter().map(|(value, _)| cut(value)).collect();
            let missing = self.field(parent).count(|value| !ids.contains(&cut(value)));
            if missing > 0 {
                let _ = writeln!(
                    self.text,
                    "\n# Records whose parent is no account of the file: {}. They are rejected unless Totango has it.\n\
                     # hierarchy: {{known_accounts: [<source>.<column>]}}   # a list of the accounts Totango has",
                    thousands(missing)
                );
            }
        }
    }
}
