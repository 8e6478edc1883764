//! The tree: nodes with places, nothing interpreted.

use super::{Span, Spanned};

/// A value and the bytes it takes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Of a scalar: with its quotes; of a block scalar: from its first to its last printed character; of an alias: the
    /// anchored value's own place.
    pub span: Span,
    /// What stands there.
    pub value: Value,
}

/// The four kinds of YAML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing at all, `~` or `null`; the span tells which.
    Null,
    /// Text, numbers, booleans: all are text here.
    Scalar(Scalar),
    /// `[a, b]` or lines with `-`.
    Sequence(Vec<Node>),
    /// Keys and values in file order; a key may occur twice.
    Mapping(Vec<(Spanned<String>, Node)>),
}

/// A scalar's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Plain: as written. Quoted and block: the content.
    pub text: String,
    /// How it was written.
    pub style: ScalarStyle,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// In `'` or `"`.
    Quoted,
    /// After `|` or `>`.
    Block,
}

impl Node {
    /// The kind, for messages: `text`, `a list`, `a mapping`, `nothing`.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// The text of a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The value under `key` (the first, if it occurs twice) of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Mapping(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node),
            _ => None,
        }
    }
}
