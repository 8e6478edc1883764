//! What the tests of the author's commands share: a project with some data, and what `check` says of a mapping in it.

use std::path::Path;

use tanguero::diagnostic::{Diagnostic, Renderer, Style};
use tanguero::pipeline::{CheckOutcome, CheckRequest, Situation, check};

use crate::binary::Place;

/// Data that the mappings of these tests read.
const DATA: [(&str, &str); 8] = [
    (
        "data/crm.csv",
        "Id,Name,Type,Stage,Owner Id,Renewal,ARR,Parent Id,Labels,Seats,Mail,Note,Note\n\
         A-1,Acme,Customer,active,7,12/31/2026,1200,,vip,12,eva@example.com,a,b\n",
    ),
    ("data/owners.csv", "id,full_name\n7,Dana Field\n"),
    ("data/events.ndjson", "{\"account\": \"A-1\", \"user\": \"eva\", \"area\": \"Reports\", \"event\": \"View\"}\n"),
    ("data/month_1.csv", "Id,Name\nA-1,Acme\n"),
    ("data/month_2.csv", "Id\nA-2\n"),
    ("out/accounts.csv", "account_id\nA-1\n"),
    ("queries/deals.sql", "select \"Id\", sum(number(\"ARR\")) as amount\nfrom crm\ngroup by \"Id\"\n"),
    ("tanguero.yaml", ""),
];

/// What a fragment stands in, where it does not say otherwise.
const AROUND: [(&str, &str); 4] = [
    ("format", "format: accounts\n"),
    (
        "sources",
        "sources:\n  crm: {path: data/crm.csv}\n  owners: {path: data/owners.csv}\n  events: {path: data/events.ndjson}\n",
    ),
    ("from", "from: crm\n"),
    ("columns", "columns: {account_id: Id}\n"),
];

/// A fragment with the keys in front of it that a mapping cannot do without.
pub fn wrapped(fragment: &str) -> String {
    let has = |key: &str| fragment.lines().any(|line| line.starts_with(&format!("{key}:")));
    let before: String = AROUND.iter().filter(|(key, _)| !has(key)).map(|(_, lines)| *lines).collect();
    before + fragment
}

/// The project.
pub fn project() -> Place {
    Place::new(&DATA)
}

/// The outcome of `check` on the project's mappings.
pub fn checked(place: &Path) -> CheckOutcome {
    check(&CheckRequest::new(Situation::new(place.to_path_buf(), jiff::civil::date(2026, 11, 20))))
}

/// All that was found, as a terminal without colour shows it.
pub fn drawn<'d>(outcome: &CheckOutcome, found: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    Renderer::new(Style::Plain, &outcome.texts).render(found)
}

/// What `check` says of one mapping: everything but warnings, and the exit code.
#[track_caller]
pub fn mistakes(mapping: &str) -> String {
    let place = project();
    place.write("mappings/accounts.yaml", mapping);
    told(&place)
}

/// The same of the fragment of a mapping.
#[track_caller]
pub fn mistakes_in(fragment: &str) -> String {
    mistakes(&wrapped(fragment))
}

/// What `check` says of the project: the errors, and the exit code.
#[track_caller]
pub fn told(place: &Place) -> String {
    let outcome = checked(place.path());
    assert_ne!(outcome.exit.code(), 0, "nothing is wrong");
    let errors = outcome.found.iter().filter(|one| one.severity == tanguero::diagnostic::Severity::Error);
    format!("{}exit {}", drawn(&outcome, errors), outcome.exit.code())
}
