//! What is wrong, where, and what to do about it.
//!
//! In: facts from every room, each with a code of the register and the place in the user's text. Out: text for a
//! terminal, JSON lines, GitHub annotations. This room knows no other room but `yaml`'s spans, and prints nothing itself.

pub mod code;
mod page;
mod render;
#[cfg(test)]
mod tests;
mod text;

pub use code::{Code, Example, Stage, find as find_code, near as near_codes, register};
pub use page::{entry as code_entry, page};
pub use render::{Renderer, Style, Texts, line_and_column};
pub use text::{escape, excerpt, is_spelt_like, letters_apart, nearest};

use crate::yaml::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The work goes on.
    Warning,
    /// The work cannot be done.
    Error,
}

/// A place in a text file of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path as shown; the renderer finds the text by it.
    pub path: String,
    /// Bytes in that text.
    pub span: Span,
}

impl Place {
    /// `span` in the file shown as `path`.
    pub fn new(path: impl Into<String>, span: Span) -> Self {
        Self { path: path.into(), span }
    }
}

/// One mistake or warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// From the register, e.g. `code::UNKNOWN_FIELD`.
    pub code: &'static Code,
    /// How bad it is.
    pub severity: Severity,
    /// The fact, in one line.
    pub message: String,
    /// Where; none for a mistake of the command line or the world.
    pub place: Option<Place>,
    /// Short words under the carets.
    pub label: String,
    /// Other places that matter, each with its words.
    pub related: Vec<(Place, String)>,
    /// The cure, one line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error with `code` saying `message`.
    pub fn error(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning with `code` saying `message`.
    pub fn warning(code: &'static Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// At `place`, with `label` under the carets.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = label.into();
        self
    }

    /// Another place that matters.
    #[must_use]
    pub fn related(mut self, place: Place, words: impl Into<String>) -> Self {
        self.related.push((place, words.into()));
        self
    }

    /// One line of cure.
    #[must_use]
    pub fn help(mut self, cure: impl Into<String>) -> Self {
        self.help.push(cure.into());
        self
    }
}

/// Everything found so far; stages collect, they do not stop.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// All of `other` too.
    pub fn extend(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Puts them into the order of the file they stand in, and drops repeated ones; those without a place stay first.
    pub fn sort(&mut self) {
        let key = |item: &Diagnostic| item.place.as_ref().map(|place| (place.path.clone(), place.span));
        self.items.sort_by_key(key);
        self.items.dedup();
    }

    /// In the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }
}
