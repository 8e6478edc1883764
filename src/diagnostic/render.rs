//! Diagnostics as text for people, as JSON lines for programs, as annotations for GitHub.

use std::collections::BTreeMap;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Snippet};
use serde::Serialize;

use super::text::escape;
use super::{Diagnostic, Place, Severity};
use crate::yaml::Span;

/// What diagnostics are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Drawings without colour.
    Plain,
    /// Drawings with terminal colours.
    Colour,
    /// One JSON object a line.
    Json,
    /// `::error file=…::…` lines.
    GitHub,
}

/// The texts that places point into, by the path that places name.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    by_path: BTreeMap<String, String>,
    base: String,
}

impl Texts {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text shown as `path`.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.by_path.insert(path.into(), text.into());
    }

    /// All of `other` too.
    pub fn extend(&mut self, other: Texts) {
        self.by_path.extend(other.by_path);
    }

    /// What stands before the paths, with a `/` at its end, where those who read drawings and annotations look from another folder.
    pub fn set_base(&mut self, base: impl Into<String>) {
        self.base = base.into();
    }

    /// The text shown as `path`.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.by_path.get(path).map(String::as_str)
    }
}

/// What is marked in a drawing, how, and the words beside it.
type Mark<'w> = (Span, AnnotationKind, &'w str);

/// Turns diagnostics into text; prints nothing itself.
#[derive(Debug, Clone, Copy)]
pub struct Renderer<'t> {
    style: Style,
    texts: &'t Texts,
}

impl<'t> Renderer<'t> {
    /// A renderer that finds the lines it draws in `texts`; a place whose text is missing is named without a drawing.
    pub fn new(style: Style, texts: &'t Texts) -> Self {
        Self { style, texts }
    }

    /// All of them, one after the other; drawings with a blank line between.
    pub fn render<'d>(&self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
        let separator = if matches!(self.style, Style::Plain | Style::Colour) { "\n" } else { "" };
        let all: Vec<String> = diagnostics.into_iter().map(|diagnostic| self.one(diagnostic)).collect();
        all.join(separator)
    }

    /// One, with its final line end.
    pub fn one(&self, diagnostic: &Diagnostic) -> String {
        match self.style {
            Style::Plain => self.drawing(diagnostic, annotate_snippets::Renderer::plain()),
            Style::Colour => self.drawing(diagnostic, annotate_snippets::Renderer::styled()),
            Style::Json => self.json(diagnostic),
            Style::GitHub => self.github(diagnostic),
        }
    }

    fn drawing(&self, diagnostic: &Diagnostic, renderer: annotate_snippets::Renderer) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let message = escape(&diagnostic.message);
        let mut group: Group<'_> = Group::with_title(level.primary_title(message.as_str()).id(diagnostic.code.id));
        for snippet in self.snippets(diagnostic) {
            group = group.element(snippet);
        }
        let notes = self.unseen(diagnostic);
        let helps: Vec<String> = diagnostic.help.iter().map(|help| escape(help)).collect();
        for note in &notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &helps {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        tightened(&renderer.render(&[group]))
    }

    /// One snippet per file: the place's own first, then those of related places.
    fn snippets<'d>(&'d self, diagnostic: &'d Diagnostic) -> Vec<Snippet<'d, Annotation<'d>>> {
        let mut files: Vec<(&str, Vec<Mark<'_>>)> = Vec::new();
        let own = diagnostic.place.iter().map(|place| (place, AnnotationKind::Primary, diagnostic.label.as_str()));
        let others = diagnostic.related.iter().map(|(place, words)| (place, AnnotationKind::Context, words.as_str()));
        for (place, kind, words) in own.chain(others) {
            let mark = (place.span, kind, words);
            match files.iter_mut().find(|(path, _)| *path == place.path) {
                Some((_, marks)) => marks.push(mark),
                None => files.push((&place.path, vec![mark])),
            }
        }
        files.into_iter().filter_map(|(path, marks)| self.snippet(path, &marks)).collect()
    }

    fn snippet<'d>(&'d self, path: &'d str, marks: &[Mark<'_>]) -> Option<Snippet<'d, Annotation<'d>>> {
        let spans: Vec<Span> = marks.iter().map(|(span, ..)| *span).collect();
        let (window, start) = self.window(path, &spans)?;
        let (line, _) = line_and_column(self.texts.get(path)?, start);
        let annotations = marks.iter().map(|(span, kind, words)| {
            let span = within(window, Span::new(span.start.saturating_sub(start), span.end.saturating_sub(start)));
            let annotation = kind.span(span.start..span.end);
            if words.is_empty() { annotation } else { annotation.label(escape(words)) }
        });
        // An editor that is told the place looks from the current folder.
        let path = escape(&format!("{}{path}", self.texts.base));
        Some(Snippet::source(window).path(path).line_start(line).annotations(annotations))
    }

    /// The lines from the first of `spans` to the last, and where they begin; none if there is no text or too much: drawing
    /// takes time with the length of lines.
    fn window(&self, path: &str, spans: &[Span]) -> Option<(&str, usize)> {
        let text = self.texts.get(path)?;
        let first = spans.iter().map(|span| within(text, *span).start).min()?;
        let last = spans.iter().map(|span| within(text, *span).end).max()?;
        let mark = text.len() - without_mark(text).len();
        let start = text[..first].rfind('\n').map_or(mark, |at| at + 1);
        let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        Some((text.get(start..end)?.trim_end_matches('\r'), start)).filter(|(window, _)| window.len() <= 100_000)
    }

    /// The places that cannot be drawn, in words.
    fn unseen(&self, diagnostic: &Diagnostic) -> Vec<String> {
        let own = diagnostic.place.iter().map(|place| (place, diagnostic.label.as_str()));
        let others = diagnostic.related.iter().map(|(place, words)| (place, words.as_str()));
        own.chain(others)
            .filter(|(place, _)| self.window(&place.path, &[place.span]).is_none())
            .map(|(place, words)| format!("{} {}", escape(words), self.named(place)).trim_start().to_owned())
            .collect()
    }

    /// A place in words.
    fn named(&self, place: &Place) -> String {
        let path = escape(&place.path);
        match self.point(place, place.span.start) {
            Some((line, column)) => format!("in {path}:{line}:{column}"),
            None => format!("in {path}"),
        }
    }

    fn json(&self, diagnostic: &Diagnostic) -> String {
        let place = diagnostic.place.as_ref();
        let point = |at: fn(Span) -> usize| place.and_then(|place| self.point(place, at(place.span)));
        let (start, end) = (point(|span| span.start), point(|span| span.end));
        let line = Line {
            r#type: "diagnostic",
            code: diagnostic.code.id,
            severity: word(diagnostic.severity),
            message: &diagnostic.message,
            file: place.map(|place| place.path.as_str()),
            line: start.map(|point| point.0),
            column: start.map(|point| point.1),
            end_line: end.map(|point| point.0),
            end_column: end.map(|point| point.1),
            label: &diagnostic.label,
            help: &diagnostic.help,
        };
        let mut text = serde_json::to_string(&line).expect("numbers and text are always JSON");
        text.push('\n');
        text
    }

    fn github(&self, diagnostic: &Diagnostic) -> String {
        let mut properties = Vec::new();
        if let Some(place) = &diagnostic.place {
            properties.push(format!("file={}", property(&format!("{}{}", self.texts.base, place.path))));
            if let (Some(start), Some(end)) = (self.point(place, place.span.start), self.point(place, place.span.end)) {
                properties.push(format!("line={},endLine={}", start.0, end.0));
                // GitHub refuses columns for a range of lines.
                if start.0 == end.0 {
                    properties.push(format!("col={},endColumn={}", start.1, end.1));
                }
            }
        }
        properties.push(format!("title={}", property(diagnostic.code.id)));
        let mut message = data(&escape(&diagnostic.message));
        for help in &diagnostic.help {
            message.push_str("%0Ahelp: ");
            message.push_str(&data(&escape(help)));
        }
        format!("::{} {}::{message}\n", word(diagnostic.severity), properties.join(","))
    }

    /// Line and column of a byte, both from 1, columns in characters.
    fn point(&self, place: &Place, at: usize) -> Option<(usize, usize)> {
        let text = self.texts.get(&place.path)?;
        Some(line_and_column(text, at))
    }
}

#[derive(Serialize)]
struct Line<'d> {
    /// What the line is, among lines of data.
    r#type: &'static str,
    code: &'d str,
    severity: &'d str,
    message: &'d str,
    file: Option<&'d str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    label: &'d str,
    help: &'d [String],
}

/// Line and column of the byte `at` of `text`, both from 1, columns in characters (a byte order mark is none).
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let end = within(text, Span::new(at, at)).start;
    let before = without_mark(&text[..end]);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The drawing without the empty line before `= help`, with a final line end.
fn tightened(drawing: &str) -> String {
    let mut text = String::with_capacity(drawing.len() + 1);
    let mut lines = drawing.lines().peekable();
    while let Some(line) = lines.next() {
        let note_follows = lines.peek().is_some_and(|next| uncoloured(next).trim_start().starts_with("= "));
        if !(note_follows && uncoloured(line).trim() == "|") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn uncoloured(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    pieces.for_each(|piece| text.push_str(piece.split_once('m').map_or("", |(_, rest)| rest)));
    text
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// `span` moved to characters that the text has: a drawing must never fail.
fn within(text: &str, span: Span) -> Span {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    Span::new(start, floor(span.end).max(start))
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
