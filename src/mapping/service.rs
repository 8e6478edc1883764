//! Settings of what happens beside the files (`deliver`, `notify`): texts from variables, URLs, lists of entries.

use super::read::{Entry, Reader, items};
use super::stores::in_the_open;
use super::tree::Text;
use crate::diagnostic::Diagnostic;
use crate::yaml::Value;

/// What is gathered while one entry is read.
#[derive(Default)]
pub(super) struct Gathered {
    /// Not to be shown.
    pub secrets: Vec<String>,
    /// Variables without a value. Who only judges mappings, in CI say, need not have them.
    pub unset: Vec<Diagnostic>,
}

/// What a setting's text may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Openness {
    /// It stands in a variable, and nobody may see it.
    Secret,
    /// It may stand in the file; all of it is hidden if a variable is in it.
    Hidden,
    /// What variables give is hidden, the rest is shown.
    Shown,
}

impl Gathered {
    /// A setting's text.
    pub fn text(&mut self, reader: &mut Reader<'_>, entry: Entry<'_>, openness: Openness) -> Option<Text> {
        let written = reader.verbatim(entry)?;
        let by_variable = written.value.contains("${");
        if openness == Openness::Secret && !by_variable {
            self.secrets.push(written.value);
            in_the_open(reader, entry, entry.name);
            return None;
        }
        let before = self.unset.len();
        let filled = reader.setting(entry, &mut self.unset)?;
        if self.unset.len() > before {
            return Some(filled);
        }
        if filled.value.trim().is_empty() {
            reader.bad_value(entry, "", "nothing", "leave the key out");
            return None;
        }
        if by_variable {
            let given = reader.variables.given(&written.value);
            if openness != Openness::Shown && !given.is_empty() {
                self.secrets.push(filled.value.clone());
            }
            self.secrets.extend(given);
        }
        Some(filled)
    }

    /// A setting that is the URL of a service.
    pub fn url(&mut self, reader: &mut Reader<'_>, entry: Entry<'_>, openness: Openness) -> Option<Text> {
        let before = self.unset.len();
        let url = self.text(reader, entry, openness)?;
        let web = ["https://", "http://"].iter().any(|scheme| url.value.starts_with(scheme));
        if self.unset.len() == before && !web {
            // The text itself may be a secret.
            reader.bad_value(entry, "this", "no URL of a service", "the whole URL, with `https://`");
            return None;
        }
        Some(url)
    }
}

/// The entries of a list, or the one that stands there without one.
pub(super) fn entries<'n>(entry: Entry<'n>) -> Vec<Entry<'n>> {
    match &entry.node.value {
        Value::Sequence(nodes) => items(entry, nodes).collect(),
        _ => vec![entry],
    }
}
