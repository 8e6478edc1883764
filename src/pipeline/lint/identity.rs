//! The identity mapping of a file: every column to the attribute its header names, and nothing changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::csv::Header;
use crate::diagnostic::{Code, code, escape, is_spelt_like, nearest};
use crate::format::{ColumnSpec, FormatSpec, Need};
use crate::mapping::{CellType, Text};

/// The name of the mapping and of everything that is made of it.
pub(super) const NAME: &str = "lint";

/// A mapping that reads a file and writes it as it is.
pub(super) struct Identity {
    /// Its text; none if the header lacks what no row can be judged without.
    pub text: Option<String>,
    /// The columns it maps, in the order of the file.
    pub columns: Vec<IdentityColumn>,
    /// What is wrong with the header: code, column, place, message, whether it cannot be mended by itself.
    pub found: Vec<(&'static Code, String, Option<usize>, String, bool)>,
    /// What is not wrong and yet to be told.
    pub notes: Vec<String>,
}

/// A column that the file has and its format takes.
pub(super) struct IdentityColumn {
    /// The attribute.
    pub target: String,
    /// The header as spelt.
    pub spelt: String,
    /// The header that a corrected file has.
    pub header: String,
    /// Place among the fields, from 0.
    pub place: usize,
}

impl IdentityColumn {
    fn new(target: &str, spelt: &str, header: &str, place: usize) -> Self {
        Self { target: target.to_owned(), spelt: spelt.to_owned(), header: header.to_owned(), place }
    }
}

/// What the identity mapping is made for.
pub(super) struct Wanted<'a> {
    pub format: &'static FormatSpec,
    /// Path of the file, as a mapping names it.
    pub path: &'a str,
    /// The collection's own key.
    pub key: Option<&'a str>,
    /// Custom attributes that the service has, if the project lists them.
    pub attributes: Option<Vec<Text>>,
    /// A file of accounts that exist, and its column.
    pub known: Option<(&'a str, &'a str)>,
}

impl Wanted<'_> {
    /// The mapping for a file with `header`.
    pub(super) fn identity(&self, header: &Header) -> Identity {
        let mut identity = Identity { text: None, columns: Vec::new(), found: Vec::new(), notes: Vec::new() };
        let spelt: BTreeSet<&str> = header.names.iter().map(String::as_str).collect();
        for (place, name) in header.names.iter().enumerate() {
            self.column(name, place, header, &spelt, &mut identity);
        }
        let complete = self.complete(&mut identity);
        if complete {
            identity.text = Some(self.text(&identity.columns));
        }
        identity
    }

    /// What the header `name` means; what is wrong with it.
    fn column(&self, name: &str, place: usize, header: &Header, spelt: &BTreeSet<&str>, identity: &mut Identity) {
        let mut find = |code, message: String, loses| {
            identity.found.push((code, name.to_owned(), Some(place + 1), message, loses));
        };
        let first = header.duplicates.iter().find(|twice| *twice == name || is_repeat(name, twice));
        if let Some(first) = first {
            if first == name {
                find(&code::DUPLICATE_FIELD, format!("`{}` occurs twice in the header", escape(name)), true);
            }
            return;
        }
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            find(&code::BAD_NAME, "a header must have a name without control characters".to_owned(), true);
            return;
        }
        let format = self.format;
        if Some(name) == self.key || format.tag_column(name).is_some() {
            return identity.columns.push(IdentityColumn::new(name, name, name, place));
        }
        if format.pivot.is_some() && name.contains('#') {
            match format.pivot_column(name) {
                Some(Ok(_)) => identity.columns.push(IdentityColumn::new(name, name, name, place)),
                other => {
                    let why = other.and_then(Result::err).unwrap_or_else(|| "it has no `##`".to_owned());
                    find(&code::BAD_NAME, format!("`{}` is no usage column: {why}", escape(name)), true);
                }
            }
            return;
        }
        if let Some(spec) = named(format, name) {
            return identity.columns.push(IdentityColumn::new(&spec.name, name, name, place));
        }
        let is_free = |spec: &&ColumnSpec| {
            let taken = [&spec.name, &spec.display].into_iter().chain(&spec.aliases);
            !taken.into_iter().any(|other| spelt.contains(other.as_str()))
        };
        if let Some(spec) = format.recognise(name).or_else(|| format.nearest(name)) {
            let same = is_spelt_like(name, &spec.name) || is_spelt_like(name, &spec.display);
            let free = is_free(&spec) && !identity.columns.iter().any(|column| column.target == spec.name);
            let message =
                format!("`{}` is nearly the attribute `{}`: Totango would see another", escape(name), spec.name);
            find(&code::UNKNOWN_ATTRIBUTE, message, !(same && free));
            if free {
                // Judged as what it was probably meant to be, and written under that name.
                identity.columns.push(IdentityColumn::new(&spec.name, name, &spec.name, place));
            }
            return;
        }
        if !format.custom.allowed {
            let known: Vec<&str> = format.columns.iter().map(|spec| spec.name.as_str()).collect();
            let message = format!("`{}` has no column `{}`; it has {}", format.name, escape(name), known.join(", "));
            find(&code::UNKNOWN_ATTRIBUTE, message, true);
            return;
        }
        if let Some(listed) = &self.attributes
            && !listed.iter().any(|attribute| attribute.value == name)
        {
            let near = nearest(name, listed.iter().map(|attribute| attribute.value.as_str()));
            let near = near.map(|near| format!("; `{near}` has a similar name")).unwrap_or_default();
            let message = format!("the project's `attributes` do not list `{}`{near}", escape(name));
            find(&code::ATTRIBUTE_NOT_LISTED, message, true);
        }
        identity.columns.push(IdentityColumn::new(name, name, name, place));
    }

    /// Whether all is there that rows are judged by; says what is not.
    fn complete(&self, identity: &mut Identity) -> bool {
        let format = self.format;
        let has = |identity: &Identity, name: &str| identity.columns.iter().any(|column| column.target == name);
        let mut complete = true;
        let mut missing = |identity: &mut Identity, message: String| {
            identity.found.push((&code::MISSING_ATTRIBUTE, "header".to_owned(), None, message, true));
            complete = false;
        };
        for spec in &format.columns {
            if has(identity, &spec.name) {
                continue;
            }
            match spec.need {
                Need::Mandatory => missing(identity, format!("`{}` is not in the header; {}", spec.name, spec.about)),
                Need::Expected => identity.notes.push(format!("`{}` is not in the header; {}", spec.name, spec.about)),
                Need::Optional if spec.always && !spec.values.is_empty() => {
                    identity.notes.push(format!("`{}` is not in the header; {}", spec.name, spec.about));
                }
                Need::Optional => {}
            }
        }
        if let (Some(_), Some(key)) = (&format.own_key, self.key)
            && !has(identity, key)
        {
            missing(identity, format!("the collection's key `{}` is not in the header", escape(key)));
        }
        let own = |name: &str| !format.key.iter().any(|key| key == name);
        if (format.needs_data || format.needs_type.is_some())
            && !identity.columns.iter().any(|column| own(&column.target))
        {
            missing(identity, format!("`{}` needs a column beside its key", format.name));
        }
        complete
    }

    fn text(&self, columns: &[IdentityColumn]) -> String {
        let mut text = format!("format: {}\nsources:\n", self.format.name);
        let _ = writeln!(text, "  file: {{path: {}, kind: csv, on_empty: ok}}", scalar(self.path));
        let mut accounts = None;
        if let Some((path, column)) = self.known {
            let _ = writeln!(text, "  known: {{path: {}, on_empty: ok}}", scalar(path));
            accounts = Some(format!("known.{column}"));
        } else if self.parents_are_elsewhere() {
            let parent = columns.iter().find(|column| column.target == "parent_id");
            accounts = parent.map(|parent| format!("file.{}", parent.spelt));
        }
        text.push_str("from: file\n");
        if let (Some(_), Some(key)) = (&self.format.own_key, self.key) {
            let _ = writeln!(text, "collection: {{name: {NAME}, key: {}}}", key_scalar(key));
        }
        text.push_str("columns:\n");
        for column in columns {
            let _ = write!(text, "  {}: {{column: {}", key_scalar(&column.target), scalar(&column.spelt));
            if self.format.tag_column(&column.target).is_some() {
                // A `no` in the file is meant to remove the tag.
                text.push_str(", absent: remove");
            }
            if self.is_custom(&column.target) {
                text.push_str(", custom: true");
                if let Some(kind) = self.format.custom.types.first().filter(|_| !self.takes_text()) {
                    let _ = write!(text, ", type: {kind}");
                }
            }
            text.push_str("}\n");
        }
        if !self.format.key.is_empty() && !self.format.key_per_foreign_key {
            text.push_str("duplicates: last\n");
        }
        let parent = columns.iter().any(|column| column.target == "parent_id") && self.format.hierarchy;
        if let Some(accounts) = accounts.filter(|_| parent) {
            let _ = writeln!(text, "hierarchy: {{known_accounts: [{}]}}", scalar(&accounts));
        }
        let _ = writeln!(text, "output: {{file: {NAME}.csv, rejects: {{record: none}}}}");
        text
    }

    /// The format's every row has a parent, so the parents cannot be rows of the same file.
    pub(super) fn parents_are_elsewhere(&self) -> bool {
        let parent = self.format.column("parent_id");
        self.format.hierarchy && parent.is_some_and(|parent| parent.need == Need::Mandatory)
    }

    fn is_custom(&self, target: &str) -> bool {
        let own = self.format.own_key.is_some() && self.key == Some(target);
        let pair = self.format.pivot.is_some() && target.contains('#');
        !own && !pair && self.format.column(target).is_none() && self.format.tag_column(target).is_none()
    }

    fn takes_text(&self) -> bool {
        self.format.custom.types.contains(&CellType::Text)
    }
}

/// The column of `format` that the header `name` spells: API name, display name, or another spelling of Totango's pages.
fn named<'f>(format: &'f FormatSpec, name: &str) -> Option<&'f ColumnSpec> {
    let spells = |spec: &&ColumnSpec| spec.display == name || spec.aliases.iter().any(|alias| alias == name);
    format.column(name).or_else(|| format.columns.iter().find(spells))
}

/// Whether `name` is `twice#2`, `twice#3`, ...
fn is_repeat(name: &str, twice: &str) -> bool {
    let number = name.strip_prefix(twice).and_then(|rest| rest.strip_prefix('#'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `text` as a YAML value in which no variable is filled in.
fn scalar(text: &str) -> String {
    key_scalar(&text.replace("${", "$${"))
}

/// `text` as a YAML key.
fn key_scalar(text: &str) -> String {
    serde_json::to_string(text).expect("text is always JSON")
}
