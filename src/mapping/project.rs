//! The project file, `tanguero.yaml`.

use std::collections::BTreeMap;

use super::read::{Entry, Keys, Reader, Section, Takes, listed, similar, words};
use super::tree::{ProjectFile, ScheduleEntry, Text};
use super::variables::{Use, Variables};
use super::{columns, deliver, file, notify, schedule, sources, stores};
use crate::diagnostic::{Diagnostic, Diagnostics, code, nearest};
use crate::yaml::Value;

pub(super) const PROJECT: Section = Section {
    what: "the project file",
    keys: &[&[
        ("sources", Takes::SqlNames(&Takes::Section(&sources::SOURCE))),
        ("stores", Takes::Names(&Takes::Section(&stores::STORE))),
        ("variables", Takes::SqlNames(&Takes::Text)),
        ("environments", Takes::Names(&Takes::Section(&ENVIRONMENT))),
        ("defaults", Takes::Types),
        ("attributes", Takes::Texts),
        ("output", Takes::Section(&OUTPUT)),
        ("state", Takes::TextOr(&STATE)),
        ("publish", Takes::Words(|| words(PUBLISH))),
        ("deliver", Takes::SectionOrMore(&deliver::DELIVER)),
        ("schedule", Takes::Names(&Takes::Section(&schedule::SCHEDULE))),
        ("notify", Takes::SectionOrMore(&notify::NOTIFY)),
        ("service_timezone", Takes::Text),
    ]],
    required: &[],
    one_of: &[],
    example: "output: {directory: out}",
};
const ENVIRONMENT: Section = Section {
    what: "an environment",
    keys: &[&[("variables", Takes::SqlNames(&Takes::Text)), ("output", Takes::Section(&OUTPUT))]],
    required: &[],
    one_of: &[],
    example: "{variables: {REGION: eu}, output: {directory: out/prod}}",
};
const OUTPUT: Section = Section {
    what: "`output`",
    keys: &[&[("directory", Takes::Text), ("reports", Takes::Text)]],
    required: &[],
    one_of: &[],
    example: "{directory: out, reports: reports}",
};
const STATE: Section = Section {
    what: "`state`",
    keys: &[&[("folder", Takes::Text), ("snapshot", Takes::Words(|| words(SNAPSHOT))), ("keep", Takes::Number(1))]],
    required: &[],
    one_of: &[],
    example: "{folder: .tanguero, snapshot: always, keep: 14}",
};
const SNAPSHOT: &[(&str, bool)] = &[("wanted", false), ("always", true)];
const PUBLISH: &[(&str, bool)] = &[("each", false), ("together", true)];

/// Reads a project file, shown as `path` in diagnostics.
///
/// `variables` are those of the command line; the tree's hold the file's too, the chosen environment's first. An empty file
/// is a project that says nothing.
pub fn parse_project(path: &str, text: &str, variables: &Variables) -> (Option<ProjectFile>, Diagnostics) {
    // The file's own variables are read first, as they stand: they fill the rest of it.
    let mut first = Reader::new(path, text, variables);
    let Some(node) = file::document(&mut first) else { return (None, first.found) };
    if matches!(node.value, Value::Null) {
        return (Some(empty(path, variables.clone())), first.found);
    }
    let Some(keys) = file::whole(&mut first, &node, &PROJECT) else { return (None, first.found) };
    let (environments, environment) = environments(&mut first, &keys, variables.env());
    let mut own = environment.variables;
    for (name, value) in keys.get("variables").map(|entry| values(&mut first, entry)).unwrap_or_default() {
        own.entry(name).or_insert(value);
    }
    let variables = variables.clone().or(own);
    let mut reader = Reader { path, text, variables: &variables, found: first.found };
    let mut project = project(&mut reader, &keys, empty(path, variables.clone()));
    project.environments = environments;
    project.directory = environment.output.directory(&mut reader).or(project.directory);
    project.reports = environment.output.reports(&mut reader).or(project.reports);
    reader.found.sort();
    (Some(project), reader.found)
}

fn empty(path: &str, variables: Variables) -> ProjectFile {
    ProjectFile {
        path: path.to_owned(),
        sources: Vec::new(),
        stores: Vec::new(),
        variables,
        environments: Vec::new(),
        defaults: Vec::new(),
        attributes: None,
        directory: None,
        reports: None,
        publish_together: false,
        schedules: Vec::new(),
        service_timezone: None,
        state: None,
        snapshot_always: false,
        days_kept: None,
        deliver: Vec::new(),
        notify: Vec::new(),
    }
}

fn project(reader: &mut Reader<'_>, keys: &Keys<'_>, empty: ProjectFile) -> ProjectFile {
    {}
    let output = keys.get("output").map(|entry| Folders::read(reader, entry)).unwrap_or_default();
    let publish = keys.get("publish").and_then(|entry| reader.word(entry, PUBLISH));
    let state = keys.get("state").map(|entry| State::read(reader, entry)).unwrap_or_default();
    ProjectFile {
        sources: keys.get("sources").map(|entry| sources::sources(reader, entry)).unwrap_or_default(),
        stores: keys.get("stores").map(|entry| stores::stores(reader, entry)).unwrap_or_default(),
        defaults: keys.get("defaults").map(|entry| columns::defaults(reader, entry)).unwrap_or_default(),
        attributes: keys.get("attributes").and_then(|entry| reader.texts(entry, Reader::exact)),
        directory: output.directory(reader),
        reports: output.reports(reader),
        publish_together: publish.is_some_and(|word| word.value),
        schedules: schedules(reader, keys),
        service_timezone: keys.get("service_timezone").and_then(|entry| reader.text(entry, Use::Text)),
        state: state.folder,
        snapshot_always: state.always,
        days_kept: state.keep,
        deliver: keys.get("deliver").map(|entry| deliver::deliver(reader, entry)).unwrap_or_default(),
        notify: keys.get("notify").map(|entry| notify::notify(reader, entry)).unwrap_or_default(),
        ..empty
    }
}

/// `schedule:`, whose environments are this file's.
fn schedules(reader: &mut Reader<'_>, keys: &Keys<'_>) -> Vec<ScheduleEntry> {
    let environments = keys.get("environments").map(|entry| &entry.node.value);
    let names: Vec<&str> = match environments {
        Some(Value::Mapping(entries)) => entries.iter().map(|(name, _)| name.value.as_str()).collect(),
        _ => Vec::new(),
    };
    keys.get("schedule").map(|entry| schedule::schedules(reader, entry, &names)).unwrap_or_default()
}

/// `state:`, a folder or more.
#[derive(Default)]
struct State {
    folder: Option<Text>,
    always: bool,
    keep: Option<u64>,
}

impl State {
    fn read(reader: &mut Reader<'_>, entry: Entry<'_>) -> Self {
        if !matches!(entry.node.value, Value::Mapping(_)) {
            return Self { folder: sources::file(reader, entry, Use::Path), ..Self::default() };
        }
        let Some(keys) = reader.keys(entry, &STATE) else { return Self::default() };
        let snapshot = keys.get("snapshot").and_then(|entry| reader.word(entry, SNAPSHOT));
        Self {
            folder: keys.get("folder").and_then(|entry| sources::file(reader, entry, Use::Path)),
            always: snapshot.is_some_and(|word| word.value),
            keep: keys.get("keep").and_then(|entry| reader.number(entry, 1)).map(|number| number.value),
        }
    }
}

/// `output:` of a project or an environment, its variables not yet filled in.
#[derive(Default)]
struct Folders<'n> {
    directory: Option<Entry<'n>>,
    reports: Option<Entry<'n>>,
}

impl<'n> Folders<'n> {
    fn read(reader: &mut Reader<'_>, entry: Entry<'n>) -> Self {
        let Some(keys) = reader.keys(entry, &OUTPUT) else { return Self::default() };
        Self { directory: keys.get("directory"), reports: keys.get("reports") }
    }

    fn directory(&self, reader: &mut Reader<'_>) -> Option<Text> {
        self.directory.and_then(|entry| sources::file(reader, entry, Use::Path))
    }

    fn reports(&self, reader: &mut Reader<'_>) -> Option<Text> {
        self.reports.and_then(|entry| sources::file(reader, entry, Use::Path))
    }
}

#[derive(Default)]
struct Environment<'n> {
    variables: BTreeMap<String, String>,
    output: Folders<'n>,
}

/// The names of `environments:`, and the chosen one; the others are judged too.
fn environments<'n>(reader: &mut Reader<'_>, keys: &Keys<'n>, chosen: Option<&str>) -> (Vec<Text>, Environment<'n>) {
    let Some(entry) = keys.get("environments") else { return Default::default() };
    let entries = reader.names(entry, "{prod: {variables: {REGION: eu}}}");
    let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
    let mut found = None;
    for &entry in &entries {
        let Some(keys) = reader.keys(entry, &ENVIRONMENT) else { continue };
        let variables = keys.get("variables").map(|entry| values(reader, entry)).unwrap_or_default();
        let output = keys.get("output").map(|entry| Folders::read(reader, entry)).unwrap_or_default();
        if Some(entry.name) == chosen {
            found = Some(Environment { variables, output });
        }
    }
    if let Some(name) = chosen.filter(|name| !names.contains(name)) {
        let list = || format!("environments: {}", listed(names.iter().copied()));
        let help = nearest(name, names.iter().copied()).map_or_else(list, similar);
        let place = reader.place(entry.key);
        let diagnostic = Diagnostic::error(&code::BAD_VALUE, format!("no environment is called `{name}`"));
        reader.report(diagnostic.at(place, format!("`{name}` is not here")).help(help));
    }
    let names = entries.iter().map(|entry| Text::new(entry.name.to_owned(), entry.key)).collect();
    (names, found.unwrap_or_default())
}

/// `variables:`, as they stand.
fn values(reader: &mut Reader<'_>, entry: Entry<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in reader.names(entry, "{REGION: eu}") {
        let name = reader.own_name(entry);
        if matches!(entry.name, "as_of" | "env") {
            let message = format!("`{}` is a variable of the tool's own", entry.name);
            let place = reader.place(entry.key);
            let diagnostic = Diagnostic::error(&code::BAD_VALUE, message).at(place, "taken");
            reader.report(diagnostic.help("choose another name"));
        } else if let Some(text) = reader.verbatim(entry) {
            all.insert(name.value, text.value);
        }
    }
    all
}
