//! From the YAML library's events to our nodes.

use std::collections::BTreeMap;

use serde_yaml::granit_parser::{self, ErrorKind, Event, Options, Parser, StructureStyle};

use super::node::{Node, Scalar, ScalarStyle, Value};
use super::{Span, Spanned, YamlError};

/// Lists and mappings inside one another: six is what a mapping needs.
const DEPTH: usize = 64;

/// Nodes that anchors and aliases may copy: a bomb ends here.
const COPIES: usize = 50_000;

pub(super) fn build(text: &str) -> Result<Node, YamlError> {
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH;
    options.block_nesting_limit = DEPTH;
    let mut builder = Builder { text, open: Vec::new(), anchors: BTreeMap::new(), copies: 0, root: None };
    let mut last = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or_else(|| byte_of(text, error.marker().index()));
            let span = opening_quote(text, error.kind(), last, at).unwrap_or_else(|| character_at(text, at));
            YamlError::new(explain(error.kind()) + &builder.still_open(at), span)
        })?;
        let span = place(text, &span);
        last = span.end;
        builder.event(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node { span: Span::new(text.len(), text.len()), value: Value::Null }))
}

/// A list or mapping whose end has not come yet.
struct Open {
    start: usize,
    flow: bool,
    anchor: usize,
    mapping: bool,
    items: Vec<Node>,
    keys: Vec<Spanned<String>>,
    key: Option<Spanned<String>>,
    /// One past the last child (or its alias).
    end: usize,
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    /// Anchored nodes and how many nodes each has.
    anchors: BTreeMap<usize, (Node, usize)>,
    copies: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(YamlError::new("a second document begins here; a file holds one", span))
            }
            Event::Scalar(.., Some(_)) | Event::SequenceStart(.., Some(_)) | Event::MappingStart(.., Some(_)) => {
                Err(YamlError::new("tags (`!name`) are not used here", span))
            }
            Event::Scalar(text, style, anchor, None) => {
                let node = self.scalar(text.into_owned(), style, span);
                self.done(node, anchor, span.end)
            }
            Event::SequenceStart(style, anchor, None) => self.start(style, anchor, false, span),
            Event::MappingStart(style, anchor, None) => self.start(style, anchor, true, span),
            Event::SequenceEnd | Event::MappingEnd => self.finish(span),
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(YamlError::new("an alias (`*name`) stands inside its own value", span));
                };
                self.copied(size, span)?;
                self.done(node, 0, span.end)
            }
            _ => Ok(()),
        }
    }

    /// What an error at `at` may come from: a bracket of an earlier line.
    fn still_open(&self, at: usize) -> String {
        let Some(open) = self.open.last().filter(|open| open.flow) else { return String::new() };
        let (Some(before), Some(between)) = (self.text.get(..open.start), self.text.get(open.start..at)) else {
            return String::new();
        };
        if !between.contains('\n') {
            return String::new();
        }
        let bracket = if open.mapping { '{' } else { '[' };
        format!("; the `{bracket}` of line {} is still open", before.matches('\n').count() + 1)
    }

    fn copied(&mut self, size: usize, span: Span) -> Result<(), YamlError> {
        self.copies += size;
        if self.copies > COPIES {
            return Err(YamlError::new(format!("the aliases (`*name`) multiply beyond {COPIES} values"), span));
        }
        Ok(())
    }

    fn scalar(&self, text: String, style: granit_parser::ScalarStyle, span: Span) -> Node {
        let style = match style {
            granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
            granit_parser::ScalarStyle::SingleQuoted | granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::Quoted,
            _ => ScalarStyle::Block,
        };
        let source = self.text.get(span.start..span.end).unwrap_or_default();
        // The library counts a block's last line end as part of it; carets there would underline the next line.
        let span = Span::new(span.start, span.start + source.trim_end().len());
        let null = style == ScalarStyle::Plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        Node { span, value: if null { Value::Null } else { Value::Scalar(Scalar { text, style }) } }
    }

    fn start(&mut self, style: StructureStyle, anchor: usize, mapping: bool, span: Span) -> Result<(), YamlError> {
        let flow = style == StructureStyle::Flow;
        let (items, keys) = (Vec::new(), Vec::new());
        self.open.push(Open { start: span.start, flow, anchor, mapping, items, keys, key: None, end: span.end });
        Ok(())
    }

    fn finish(&mut self, span: Span) -> Result<(), YamlError> {
        let open = self.open.pop().expect("the library ends only what it began");
        // A block's end is noticed at the next token, far below its last child.
        let end = if open.flow { span.end } else { open.end };
        let value = if open.mapping {
            Value::Mapping(open.keys.into_iter().zip(open.items).collect())
        } else {
            Value::Sequence(open.items)
        };
        self.done(Node { span: Span::new(open.start, end), value }, open.anchor, end)
    }

    /// A node is complete; `end` is the byte after it, or after the alias it came through.
    fn done(&mut self, node: Node, anchor: usize, end: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            let size = size(&node);
            self.copied(size, node.span)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.end = parent.end.max(end.min(self.text.len()));
        if !parent.mapping {
            parent.items.push(node);
        } else if let Some(key) = parent.key.take() {
            parent.keys.push(key);
            parent.items.push(node);
        } else {
            parent.key = Some(key(self.text, node)?);
        }
        Ok(())
    }
}

fn key(text: &str, node: Node) -> Result<Spanned<String>, YamlError> {
    let name = match node.value {
        Value::Scalar(scalar) if scalar.style == ScalarStyle::Plain && scalar.text == "<<" => {
            return Err(YamlError::new("`<<` is not part of YAML 1.2", node.span));
        }
        Value::Scalar(scalar) => scalar.text,
        Value::Null => text.get(node.span.start..node.span.end).unwrap_or_default().to_owned(),
        Value::Sequence(_) | Value::Mapping(_) => return Err(YamlError::new("a key must be text", node.span)),
    };
    Ok(Spanned::new(name, node.span))
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::Sequence(items) => items.iter().map(size).sum(),
        Value::Mapping(entries) => entries.iter().map(|(_, value)| 1 + size(value)).sum(),
    }
}

fn place(text: &str, span: &granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or_else(|| byte_of(text, span.start.index()));
    let end = span.end.byte_offset().unwrap_or_else(|| byte_of(text, span.end.index()));
    Span::new(start, end.max(start))
}

fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The character at `at`, so that an error has something to point at.
fn character_at(text: &str, at: usize) -> Span {
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at.min(text.len()), (at + length).min(text.len()))
}

/// A quote that is not closed is noticed far below: the one that was opened after `last` and is still open at `at`.
fn opening_quote(text: &str, kind: &ErrorKind, last: usize, at: usize) -> Option<Span> {
    if !matches!(kind, ErrorKind::InvalidQuotedScalarIndent) {
        return None;
    }
    let mut before = ' ';
    let mut open: Option<(usize, char)> = None;
    let mut characters = text.get(last..)?.char_indices();
    while let Some((offset, character)) = characters.next().filter(|(offset, _)| last + offset < at) {
        match (open, character) {
            (Some((_, '"')), '\\') => drop(characters.next()),
            (Some((_, quote)), _) if quote == character => open = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if before.is_whitespace() || "[{,:".contains(before) => {
                open = Some((last + offset, character));
            }
            (None, '#') if before.is_whitespace() => drop(characters.find(|(_, next)| *next == '\n')),
            (None, _) => {}
        }
        before = character;
    }
    let start = open?.0;
    let line = text[start..].lines().next().unwrap_or_default();
    Some(Span::new(start, start + line.len()))
}

/// The library's words, except where a mapping's author would not know them.
fn explain(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry => "the line does not fit the indentation of those above".to_owned(),
        ErrorKind::ExpectedFlowMappingSeparator => "`,` or `}` is missing before this".to_owned(),
        ErrorKind::ExpectedFlowSequenceSeparator => "`,` or `]` is missing before this".to_owned(),
        ErrorKind::UnclosedFlowCollection { open } => format!("`{open}` is never closed"),
        ErrorKind::InvalidQuotedScalarIndent => "text in quotes goes on at the margin; is the quote closed?".to_owned(),
        ErrorKind::UnclosedQuotedScalar => "the quote is never closed".to_owned(),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "something stands after the closing quote; text with quotes inside is quoted as a whole".to_owned()
        }
        ErrorKind::UnknownAnchor => {
            "an alias (`*name`) has no anchor (`&name`) before it; quote text with `*`".to_owned()
        }
        ErrorKind::UnexpectedCharacter { character } => {
            format!("text must not begin with `{}`; quote it", character.escape_default())
        }
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            "a tab stands where YAML wants spaces".to_owned()
        }
        ErrorKind::MappingValueNotAllowed => "`: ` stands inside plain text; quote the text".to_owned(),
        ErrorKind::UnknownQuotedScalarEscape => {
            "an unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes".to_owned()
        }
        ErrorKind::SimpleKeyExpected => "`:` is missing after this key".to_owned(),
        ErrorKind::RecursionLimitExceeded => format!("more than {DEPTH} lists or mappings inside one another"),
        other => other.to_string(),
    }
}
