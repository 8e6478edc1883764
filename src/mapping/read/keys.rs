//! Mappings with known keys: unknown, missing and repeated ones are reported; so are mappings with free keys.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Reader, listed};
use crate::diagnostic::{Diagnostic, code, excerpt, nearest};
use crate::yaml::{Node, Span, Spanned, Value};

/// A value and the key it stands under.
#[derive(Clone, Copy)]
pub(in crate::mapping) struct Entry<'n> {
    pub name: &'n str,
    pub key: Span,
    pub node: &'n Node,
}

/// A mapping with fixed keys.
pub(in crate::mapping) struct Section {
    /// How messages call it, e.g. "a source".
    pub what: &'static str,
    /// What may stand in it, in groups that several sections share.
    pub keys: &'static [&'static [Key]],
    /// Keys that must be there.
    pub required: &'static [&'static str],
    /// Keys of which exactly one must be there.
    pub one_of: &'static [&'static str],
    /// How its value is written.
    pub example: &'static str,
}

impl Section {
    /// Its keys and what each takes.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().copied().flatten()
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys().map(|(name, _)| *name)
    }
}

/// The entries of a section, to be taken one by one.
pub(in crate::mapping) struct Keys<'n> {
    what: &'static str,
    required: &'static [&'static str],
    example: &'static str,
    /// Where a missing key is reported.
    at: Span,
    entries: Vec<(&'static str, Entry<'n>)>,
}

impl<'n> Keys<'n> {
    /// The value under `key`, if it is there.
    pub fn get(&self, key: &str) -> Option<Entry<'n>> {
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, entry)| *entry)
    }

    /// The value under `key`; its absence is reported.
    pub fn required(&self, reader: &mut Reader<'_>, key: &str) -> Option<Entry<'n>> {
        debug_assert!(self.required.contains(&key), "{} does not list `{key}` as required", self.what);
        let found = self.get(key);
        if found.is_none() {
            let place = reader.place(reader.spot(self.at));
            let diagnostic = Diagnostic::error(&code::MISSING_KEY, format!("`{key}` is missing"));
            let diagnostic = diagnostic.at(place, format!("{} needs `{key}`", self.what));
            let shown = self.example.contains(&format!("{key}: "));
            let help = if shown { format!("e.g. `{}`", self.example) } else { String::new() };
            reader.report(if shown { diagnostic.help(help) } else { diagnostic });
        }
        found
    }
}

impl Reader<'_> {
    /// The entries of a mapping whose keys are fixed; none, and reported, if it is no mapping.
    ///
    /// A key that is nearly a known one is reported and then taken for it: one mistake must not hide another.
    pub fn keys<'n>(&mut self, entry: Entry<'n>, section: &Section) -> Option<Keys<'n>> {
        let Value::Mapping(entries) = &entry.node.value else {
            self.wrong_shape(entry, "a mapping", section.example);
            return None;
        };
        self.repeated(entries);
        let Section { what, required, example, .. } = *section;
        let mut keys = Keys { what, required, example, at: entry.key, entries: Vec::with_capacity(entries.len()) };
        let mut guesses = Vec::new();
        for (key, node) in entries {
            let entry = Entry { name: &key.value, key: key.span, node };
            match section.names().find(|known| *known == key.value) {
                Some(known) if keys.get(known).is_some() => {}
                Some(known) => keys.entries.push((known, entry)),
                None if self.is_full() => {}
                None => guesses.extend(self.unknown(key, section).map(|near| (near, entry))),
            }
        }
        for (near, entry) in guesses {
            if keys.get(near).is_none() {
                keys.entries.push((near, Entry { name: near, ..entry }));
            }
        }
        Some(keys)
    }

    /// The entries of a mapping whose keys are the author's own names.
    pub fn names<'n>(&mut self, entry: Entry<'n>, example: &str) -> Vec<Entry<'n>> {
        let Value::Mapping(entries) = &entry.node.value else {
            self.wrong_shape(entry, "a mapping", example);
            return Vec::new();
        };
        let mut all: Vec<Entry<'n>> = Vec::with_capacity(entries.len());
        let repeated = self.repeated(entries);
        for (at, (key, node)) in entries.iter().enumerate() {
            if !repeated.contains(&at) {
                all.push(Entry { name: &key.value, key: key.span, node });
            }
        }
        all
    }

    fn unknown(&mut self, key: &Spanned<String>, section: &Section) -> Option<&'static str> {
        let near = nearest(&key.value, section.names());
        let place = self.place(self.spot(key.span));
        let diagnostic = Diagnostic::error(&code::UNKNOWN_KEY, format!("unknown key `{}`", excerpt(&key.value)));
        let help = near.map_or_else(|| format!("keys here: {}", listed(section.names())), similar);
        self.report(diagnostic.at(place, format!("not a key of {}", section.what)).help(help));
        near
    }

    /// Reports keys that occurred before; their positions.
    fn repeated(&mut self, entries: &[(Spanned<String>, Node)]) -> BTreeSet<usize> {
        let mut first = BTreeMap::new();
        let mut repeated = BTreeSet::new();
        for (at, (key, _)) in entries.iter().enumerate() {
            let earlier = *first.entry(key.value.as_str()).or_insert(key.span);
            if earlier != key.span {
                repeated.insert(at);
                let message = format!("`{}` occurs twice", excerpt(&key.value));
                let diagnostic = Diagnostic::error(&code::DUPLICATE_KEY, message)
                    .at(self.place(key.span), "here again")
                    .related(self.place(earlier), "first here")
                    .help("remove one of the two");
                self.report(diagnostic);
            }
        }
        repeated
    }
}

/// The words for a name that was probably meant.
pub(in crate::mapping) fn similar(near: &str) -> String {
    format!("`{near}` has a similar name")
}
