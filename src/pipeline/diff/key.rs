//! By which columns the rows of a file are told apart.

use crate::format::{self, FormatSpec, Need};

/// The key of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct Key {
    /// Header names, in the key's order; none: rows are the same if all their cells are.
    pub columns: Vec<String>,
    /// ASCII case does not tell them apart.
    pub ignores_case: bool,
}

/// What the command line says about the key.
pub(super) struct Wanted<'a> {
    /// `--key`.
    pub key: &'a [String],
    /// `--format`.
    pub format: Option<&'a str>,
}

impl Wanted<'_> {
    /// The key of a table with `header`; `known` is what a `run.json` says about it.
    ///
    /// # Errors
    /// What is wrong with the flags, or that they are needed.
    pub(super) fn key(&self, header: &[String], known: Option<Key>, shown: &str) -> Result<Key, String> {
        if !self.key.is_empty() {
            let missing = self.key.iter().find(|name| !header.contains(name));
            return match missing {
                Some(missing) => {
                    Err(format!("`--key {missing}`: {shown} has no such column; it has {}", header.join(", ")))
                }
                None => Ok(Key { columns: self.key.to_vec(), ignores_case: false }),
            };
        }
        if let Some(name) = self.format {
            let Some(format) = format::find(name) else {
                let names: Vec<&str> = format::names().collect();
                return Err(format!("there is no format `{name}`; formats: {}", names.join(", ")));
            };
            if format.own_key.is_some() {
                return Err(format!("`{name}` has a key of its own: say which columns with `--key`"));
            }
            return key_in(format, header)
                .ok_or_else(|| format!("{shown} has no {}, the key of `{name}`", format.key.join(", ")));
        }
        let known = known.filter(|known| known.columns.iter().all(|name| header.contains(name)));
        known.or_else(|| recognised(header)).ok_or_else(|| {
            format!(
                "{shown} is of no format that its header tells: say `--format NAME`, or its key with `--key COLUMN`"
            )
        })
    }
}

/// The key of `format` among the columns of `header`; none if a part that every row has is missing.
fn key_in(format: &FormatSpec, header: &[String]) -> Option<Key> {
    let mut columns = Vec::new();
    for name in &format.key {
        let found = header.iter().find(|spelt| format.recognise(spelt).is_some_and(|spec| spec.name == *name));
        let needed = format.column(name).is_some_and(|spec| spec.need == Need::Mandatory);
        match found {
            Some(found) => columns.push(found.clone()),
            None if needed => return None,
            None => {}
        }
    }
    Some(Key { columns, ignores_case: format.key_ignores_case })
}

/// The key of the format that the most columns of `header` belong to.
fn recognised(header: &[String]) -> Option<Key> {
    let mut best: Option<(usize, Key)> = None;
    for format in format::catalog().filter(|format| format.own_key.is_none() && !format.key.is_empty()) {
        let known = |name: &String| format.recognise(name).map(|spec| spec.name.as_str());
        let has = |name: &str| header.iter().any(|spelt| known(spelt) == Some(name));
        if !format.columns.iter().filter(|spec| spec.need == Need::Mandatory).all(|spec| has(&spec.name)) {
            continue;
        }
        let Some(key) = key_in(format, header) else { continue };
        let count = header.iter().filter(|name| known(name).is_some()).count();
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, key));
        }
    }
    best.map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &[&str]) -> Option<Vec<String>> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        recognised(&header).map(|key| key.columns)
    }

    #[test]
    fn the_header_tells_the_key() {
        assert_eq!(of(&["account_id", "account_name", "Status"]).unwrap(), ["account_id"]);
        assert_eq!(of(&["user_id", "account_id", "First Name"]).unwrap(), ["account_id", "user_id"]);
        assert_eq!(of(&["Account Id", "Account Name"]).unwrap(), ["Account Id"]);
        let usage = ["user_id", "account_id", "Module", "Action", "Count"];
        assert_eq!(of(&usage).unwrap(), ["account_id", "user_id", "Module", "Action"]);
        assert_eq!(of(&["User Email", "First Name"]).unwrap(), ["User Email"]);
        assert_eq!(of(&["id", "name"]), None);
    }

    #[test]
    fn flags_win_over_run_json_and_that_over_the_header() {
        let header = ["account_id".to_owned(), "user_id".to_owned(), "x".to_owned()];
        let known = || Some(Key { columns: vec!["x".to_owned()], ignores_case: true });
        let wanted = |key: &[String], format| Wanted { key, format }.key(&header, known(), "b.csv").unwrap().columns;
        assert_eq!(wanted(&["user_id".to_owned()], Some("users")), ["user_id"]);
        assert_eq!(wanted(&[], Some("users")), ["account_id", "user_id"]);
        assert_eq!(wanted(&[], None), ["x"]);
        let wrong = Wanted { key: &["y".to_owned()], format: None }.key(&header, None, "b.csv").unwrap_err();
        assert_eq!(wrong, "`--key y`: b.csv has no such column; it has account_id, user_id, x");
    }
}
