//! The mapping file as a whole.

use super::read::{Entry, Keys, Reader, Section, Takes, words};
use super::tree::{From, Mapping};
use super::variables::{Use, Variables};
use super::{columns, output, rows, sources, wide};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::yaml::{self, Node, Span, Value, YamlError};

pub(super) const MAPPING: Section = Section {
    what: "a mapping file",
    keys: &[&[
        ("format", Takes::Format),
        ("description", Takes::Text),
        ("collection", Takes::Section(&wide::COLLECTION)),
        ("sources", Takes::SqlNames(&Takes::Section(&sources::SOURCE))),
        ("from", Takes::TextOr(&sources::FROM)),
        ("where", Takes::Text),
        ("defaults", Takes::Types),
        ("let", Takes::SqlNames(&Takes::Text)),
        ("columns", Takes::Columns),
        ("tags", Takes::Section(&wide::TAGS)),
        ("pivot", Takes::Section(&wide::PIVOT)),
        ("duplicates", Takes::WordsOr(|| words(rows::POLICIES), &rows::DUPLICATES)),
        ("hierarchy", Takes::Section(&rows::HIERARCHY)),
        ("references", Takes::Names(&Takes::Section(&rows::REFERENCE))),
        ("unknown_accounts", Takes::Section(&rows::UNKNOWN_ACCOUNTS)),
        ("limits", Takes::Section(&output::LIMITS)),
        ("output", Takes::Section(&output::OUTPUT)),
    ]],
    required: &["format", "from", "columns"],
    one_of: &[],
    example: "format: accounts",
};

/// Reads a mapping file, shown as `path` in diagnostics; its name is the path's stem.
///
/// All mistakes are reported, in file order. The mapping is there as soon as it has a format, rows to start from and
/// columns, so that the rooms above can find more: whoever runs it must ask [`Diagnostics::has_errors`] first.
pub fn parse(path: &str, text: &str, variables: &Variables) -> (Option<Mapping>, Diagnostics) {
    let mut reader = Reader::new(path, text, variables);
    let mapping = document(&mut reader).and_then(|node| {
        let keys = whole(&mut reader, &node, &MAPPING)?;
        mapping(&mut reader, &keys)
    });
    reader.found.sort();
    (mapping, reader.found)
}

/// The keys of a whole file; what is missing in it is reported at its first line.
pub(super) fn whole<'n>(reader: &mut Reader<'_>, node: &'n Node, section: &Section) -> Option<Keys<'n>> {
    if let Value::Mapping(entries) = &node.value {
        let first = entries.first().map_or(node.span, |(key, _)| key.span);
        return reader.keys(Entry { name: section.what, key: first, node }, section);
    }
    let fact = match &node.value {
        Value::Null => "the file is empty".to_owned(),
        _ => format!("{} consists of keys and values, it is not {}", section.what, node.kind()),
    };
    let span = if let Value::Null = node.value { Span::default() } else { reader.spot(node.span) };
    let diagnostic = Diagnostic::error(&code::WRONG_SHAPE, fact).at(reader.place(span), "");
    reader.report(diagnostic.help(format!("begin with `{}`", section.example)));
    None
}

/// The file's node, if it is YAML.
pub(super) fn document(reader: &mut Reader<'_>) -> Option<Node> {
    match yaml::parse(reader.text) {
        Ok(node) => Some(node),
        Err(error) => {
            reader.report(syntax(reader.path, &error));
            None
        }
    }
}

fn syntax(path: &str, error: &YamlError) -> Diagnostic {
    let code = if error.too_large { &code::TOO_LARGE } else { &code::YAML_SYNTAX };
    Diagnostic::error(code, error.message.clone()).at(Place::new(path, error.span), "")
}

fn mapping(reader: &mut Reader<'_>, keys: &Keys<'_>) -> Option<Mapping> {
    let mut text = |key| keys.get(key).and_then(|entry| reader.text(entry, Use::Text));
    let description = text("description");
    let format = keys.required(reader, "format").and_then(|entry| reader.text(entry, Use::Text));
    let collection = keys.get("collection").and_then(|entry| wide::collection(reader, entry));
    let sources = keys.get("sources").map(|entry| sources::sources(reader, entry)).unwrap_or_default();
    let from = keys.required(reader, "from").and_then(|entry| sources::from(reader, entry));
    // Assumed, so that what the columns say can still be judged.
    let from = from.or_else(|| match sources.as_slice() {
        [only] => Some(From::Source(only.name.clone())),
        _ => None,
    });
    let filter = keys.get("where").and_then(|entry| reader.text(entry, Use::Sql));
    let defaults = keys.get("defaults").map(|entry| columns::defaults(reader, entry)).unwrap_or_default();
    let lets = keys.get("let").map(|entry| columns::lets(reader, entry)).unwrap_or_default();
    let columns = keys.required(reader, "columns").map(|entry| columns::columns(reader, entry));
    let tags = keys.get("tags").and_then(|entry| wide::tags(reader, entry));
    let pivot = keys.get("pivot").and_then(|entry| wide::pivot(reader, entry));
    let duplicates = keys.get("duplicates").and_then(|entry| rows::duplicates(reader, entry));
    let hierarchy = keys.get("hierarchy").and_then(|entry| rows::hierarchy(reader, entry));
    let references = keys.get("references").map(|entry| rows::references(reader, entry)).unwrap_or_default();
    let unknown_accounts = keys.get("unknown_accounts").and_then(|entry| rows::unknown_accounts(reader, entry));
    let limits = keys.get("limits").map(|entry| output::limits(reader, entry)).unwrap_or_default();
    let output = keys.get("output").map(|entry| output::output(reader, entry)).unwrap_or_default();
    Some(Mapping {
        name: stem(reader.path),
        path: reader.path.to_owned(),
        format: format?,
        description,
        collection,
        sources,
        from: from?,
        filter,
        defaults,
        lets,
        columns: columns?,
        tags,
        pivot,
        duplicates,
        hierarchy,
        references,
        unknown_accounts,
        limits,
        output,
    })
}

fn stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name).to_owned()
}
