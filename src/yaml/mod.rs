//! YAML as our own tree of nodes, each with its place in the text.
//!
//! In: the text of a mapping, a project or a catalogue file (YAML 1.2, one document, at most [`LIMIT`] bytes). Out: a
//! [`Node`] tree in which every scalar keeps its source text (`No`, `0012`, `1.10` stay) and duplicate keys stand side
//! by side, for the reader to report. This room knows no keys and no meanings, and is the only home of the YAML library.

mod build;
mod node;
mod place;
mod span;
#[cfg(test)]
mod tests;

pub use node::{Node, Scalar, ScalarStyle, Value};
pub use place::{Places, locate};
pub use span::{Span, Spanned};

/// Bytes a file may have: larger ones are refused unread.
pub const LIMIT: usize = 1 << 20;

/// Why a text is no YAML that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// The fact, one line.
    pub message: String,
    /// Where it was noticed.
    pub span: Span,
    /// The file is over [`LIMIT`] and was not read at all.
    pub too_large: bool,
}

impl YamlError {
    fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span, too_large: false }
    }
}

/// Reads one YAML 1.2 document; an empty text is a [`Value::Null`].
///
/// # Errors
///
/// The first mistake the YAML library finds, a second document, a key that is no scalar, a tag, a merge key (`<<` is
/// YAML 1.1), aliases that multiply, nesting beyond 64, a text over [`LIMIT`].
pub fn parse(text: &str) -> Result<Node, YamlError> {
    if text.len() > LIMIT {
        let message = format!("the file has {} bytes; at most {LIMIT} are read", text.len());
        return Err(YamlError { message, span: Span::new(0, 0), too_large: true });
    }
    build::build(text)
}
