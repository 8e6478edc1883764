//! Scalars: text with its variables filled in, words from a fixed list, yes and no, lists of text.

use super::keys::similar;
use super::{Entry, Reader, items, listed};
use crate::diagnostic::{Diagnostic, code, excerpt, nearest};
use crate::mapping::Text;
use crate::mapping::variables::{Fault, Use};
use crate::yaml::{Places, Spanned, Value};

impl Reader<'_> {
    /// The text of a scalar, its variables filled in as `used` asks; anything else is reported.
    pub fn text(&mut self, entry: Entry<'_>, used: Use) -> Option<Text> {
        let written = self.verbatim(entry)?;
        Some(self.filled(written, used))
    }

    /// Like [`Reader::text`], but `null` and `~`, which could be the word or nothing, are asked about.
    pub fn exact(&mut self, entry: Entry<'_>) -> Option<Text> {
        let written = self.text.get(entry.node.span.start..entry.node.span.end).unwrap_or_default();
        if matches!(entry.node.value, Value::Null) && !written.is_empty() {
            let help = format!("write `\"\"` for nothing, or `\"{written}\"` for the word");
            self.bad_value(entry, written, "the word, or nothing?", help);
            return None;
        }
        self.text(entry, Use::Text)
    }

    /// Like [`Reader::text`], but `null` and `~` are the words as written.
    pub fn spelling(&mut self, entry: Entry<'_>) -> Option<Text> {
        let written = self.text.get(entry.node.span.start..entry.node.span.end).unwrap_or_default();
        if matches!(entry.node.value, Value::Null) && !written.is_empty() {
            return Some(Spanned::new(written.to_owned(), entry.node.span));
        }
        self.text(entry, Use::Text)
    }

    /// The text of a scalar as it stands, variables and all.
    pub fn verbatim(&mut self, entry: Entry<'_>) -> Option<Text> {
        let Some(text) = entry.node.as_text() else {
            self.wrong_shape(entry, "text", "");
            return None;
        };
        Some(Spanned::new(text.to_owned(), entry.node.span))
    }

    /// The text of a setting of a store or service; variables that have no value go into `unset` and leave their names.
    pub fn setting(&mut self, entry: Entry<'_>, unset: &mut Vec<Diagnostic>) -> Option<Text> {
        let written = self.verbatim(entry)?;
        let (filled, faults) = self.variables.fill(&written.value, Use::Store);
        let mut wrong = false;
        for (without_value, diagnostic) in self.faults(&written, faults) {
            if without_value {
                unset.push(diagnostic);
            } else {
                self.report(diagnostic);
                wrong = true;
            }
        }
        (!wrong).then(|| Spanned::new(filled, written.span))
    }

    /// What is wrong with the variables in a scalar, and whether they only lack a value.
    fn faults(&self, scalar: &Text, faults: Vec<Fault>) -> Vec<(bool, Diagnostic)> {
        if faults.is_empty() {
            return Vec::new();
        }
        let places = Places::of(self.text, scalar);
        let told = faults.into_iter().map(|fault| {
            let code = if fault.unset { &code::VARIABLE } else { &code::VARIABLE_USE };
            let at = places.locate(fault.offset, fault.length);
            let label = if fault.unset { "no value" } else { "here" };
            let place = self.place(self.spot(at));
            (fault.unset, Diagnostic::error(code, fault.message).at(place, label).help(fault.help))
        });
        told.collect()
    }

    fn filled(&mut self, scalar: Text, used: Use) -> Text {
        let (filled, faults) = self.variables.fill(&scalar.value, used);
        if faults.is_empty() {
            return Spanned::new(filled, scalar.span);
        }
        for (_, diagnostic) in self.faults(&scalar, faults) {
            self.report(diagnostic);
        }
        // What such SQL would be is not worth a second mistake.
        let filled = if used == Use::Sql { "null".to_owned() } else { filled };
        Spanned::new(filled, scalar.span)
    }

    /// A name of the author's own that SQL can use as it stands.
    pub fn own_name(&mut self, entry: Entry<'_>) -> Text {
        let mut characters = entry.name.chars();
        let begins = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !begins || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let message = format!("`{}` cannot be a name", excerpt(entry.name));
            let place = self.place(self.spot(entry.key));
            let help = "letters, digits and `_`, not beginning with a digit";
            self.report(Diagnostic::error(&code::BAD_VALUE, message).at(place, "not a name in SQL").help(help));
        }
        Spanned::new(entry.name.to_owned(), entry.key)
    }

    /// One word of `words`.
    pub fn word<T: Copy>(&mut self, entry: Entry<'_>, words: &[(&str, T)]) -> Option<Spanned<T>> {
        let said = self.text(entry, Use::Text)?;
        let found = words.iter().find(|(word, _)| *word == said.value).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.not_a_word(entry, &said.value, &allowed);
        }
        found.map(|meaning| Spanned::new(meaning, said.span))
    }

    /// Reports a word outside `allowed`.
    pub fn not_a_word(&mut self, entry: Entry<'_>, said: &str, allowed: &[&str]) {
        let list = listed(allowed.iter().copied());
        let help = match nearest(said, allowed.iter().copied()) {
            Some(near) => format!("{}; allowed: {list}", similar(near)),
            None => format!("allowed: {list}"),
        };
        self.bad_value(entry, said, "not one of the words", help);
    }

    /// `true` or `false`.
    pub fn flag(&mut self, entry: Entry<'_>) -> Option<Spanned<bool>> {
        self.word(entry, &[("true", true), ("false", false)])
    }

    /// A list of text.
    pub fn texts(
        &mut self,
        entry: Entry<'_>,
        read: impl Fn(&mut Self, Entry<'_>) -> Option<Text>,
    ) -> Option<Vec<Text>> {
        let Value::Sequence(nodes) = &entry.node.value else {
            let written = entry.node.as_text().filter(|text| text.len() < 40).unwrap_or("a, b");
            self.wrong_shape(entry, "a list", &format!("[{written}]"));
            return None;
        };
        Some(items(entry, nodes).filter_map(|item| read(self, item)).collect())
    }

    /// One text, or a list of them.
    pub fn one_or_more(&mut self, entry: Entry<'_>) -> Vec<Text> {
        let read = |reader: &mut Self, item: Entry<'_>| reader.text(item, Use::Text);
        match &entry.node.value {
            Value::Scalar(_) => self.text(entry, Use::Text).into_iter().collect(),
            _ => self.texts(entry, read).unwrap_or_default(),
        }
    }
}
