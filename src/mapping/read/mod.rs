//! What every section of a file is read with: keys, shapes, words and numbers, each mistake reported in the same way.

mod keys;
mod quantity;
mod scalar;
mod takes;

pub(super) use keys::{Entry, Keys, Section, similar};
pub(super) use takes::{Key, Takes, words};

use super::variables::Variables;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, excerpt};
use crate::yaml::{Node, Span, Value};

/// Mistakes of one file that are shown: a file made to have many must not take minutes to draw.
const MOST: usize = 250;

/// Reads one file's nodes and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub variables: &'a Variables,
    pub found: Diagnostics,
}

impl<'a> Reader<'a> {
    pub fn new(path: &'a str, text: &'a str, variables: &'a Variables) -> Self {
        Self { path, text, variables, found: Diagnostics::new() }
    }

    pub fn place(&self, span: Span) -> Place {
        Place::new(self.path, span)
    }

    /// The part of a node that fits on its first line: a caret under ten lines says nothing.
    pub fn spot(&self, span: Span) -> Span {
        let source = self.text.get(span.start..span.end).unwrap_or_default();
        let line = source.split('\n').next().unwrap_or_default().trim_end();
        Span::new(span.start, span.start + line.len())
    }

    /// Notes a mistake; past [`MOST`] only that there are more.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        match self.found.iter().count() {
            ..MOST => self.found.push(diagnostic),
            MOST => self
                .found
                .push(Diagnostic::error(&code::TOO_MANY, format!("more than {MOST} mistakes; the rest is left out"))),
            _ => {}
        }
    }

    /// Whether further mistakes are left out.
    pub fn is_full(&self) -> bool {
        self.found.iter().count() > MOST
    }

    /// A list, mapping or text where something else is wanted; `example` shows a value, if it says more than `wanted`.
    pub fn wrong_shape(&mut self, entry: Entry<'_>, wanted: &str, example: &str) {
        let node = entry.node;
        let nothing = node.span.start == node.span.end;
        let place = self.place(self.spot(if nothing { entry.key } else { node.span }));
        let name = excerpt(entry.name);
        let mut diagnostic = if matches!(node.value, Value::Null) {
            let label = if nothing { "nothing follows" } else { "this is nothing" };
            Diagnostic::error(&code::WRONG_SHAPE, format!("`{name}` has no value")).at(place, label)
        } else {
            let message = format!("`{name}` takes {wanted}, not {}", node.kind());
            Diagnostic::error(&code::WRONG_SHAPE, message).at(place, node.kind())
        };
        if !example.is_empty() {
            diagnostic = diagnostic.help(format!("e.g. `{name}: {example}`"));
        }
        self.report(diagnostic);
    }

    /// A value outside what its key takes.
    pub fn bad_value(&mut self, entry: Entry<'_>, said: &str, label: &str, help: impl Into<String>) {
        let place = self.place(self.spot(entry.node.span));
        let name = excerpt(entry.name);
        let message = match said {
            "" => format!("`{name}` cannot be empty"),
            _ => format!("`{name}` cannot be `{}`", excerpt(said)),
        };
        self.report(Diagnostic::error(&code::BAD_VALUE, message).at(place, label).help(help));
    }
}

/// Names for a help line.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The items of a list, each under the list's own key.
pub(super) fn items<'n>(entry: Entry<'n>, nodes: &'n [Node]) -> impl Iterator<Item = Entry<'n>> {
    nodes.iter().map(move |node| Entry { node, ..entry })
}
