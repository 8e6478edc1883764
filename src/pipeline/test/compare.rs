//! What came out beside what was expected: only what differs.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Place, code, nearest};
use crate::mapping::{ExpectedRow, TestCase, Text};
use crate::pipeline::test::TestedCase;
use crate::pipeline::test::find::TestPlan;
use crate::pipeline::test::observe::{Observed, Seen};

/// Comparisons of a row with a row that are worth their time; past them rows are paired by their numbers.
const MOST_PAIRS: usize = 4_000_000;

/// Rows with a header.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells as written.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn place(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// The cell of `row` in `column`; empty where there is none.
    pub fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.place(column);
        place.and_then(|place| self.rows.get(row)?.get(place)).map_or("", String::as_str)
    }
}

/// One cell that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellDifference {
    /// The column.
    pub column: String,
    /// What the case wants.
    pub expected: String,
    /// What came out.
    pub actual: String,
}

/// One thing that is not as expected. `list` is the key of `expect`, rows count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A row came out otherwise.
    Cells {
        /// `rows`, `rejects`, `duplicates` or `warnings`.
        list: &'static str,
        /// Its number among those that came out.
        row: usize,
        /// Which one it is, in words.
        label: String,
        /// What differs.
        cells: Vec<CellDifference>,
    },
    /// A row did not come out.
    Missing {
        /// As above.
        list: &'static str,
        /// Its number among the expected ones.
        row: usize,
        /// Its expected cells.
        cells: Vec<(String, String)>,
    },
    /// A row came out that is not expected.
    Unexpected {
        /// As above.
        list: &'static str,
        /// Its number among those that came out.
        row: usize,
        /// Its cells, without the empty ones.
        cells: Vec<(String, String)>,
    },
    /// A figure of `counts`, `exit`, or the codes of `error`.
    Figure {
        /// Its name.
        name: String,
        /// What the case wants.
        expected: String,
        /// What came out.
        actual: String,
    },
}

/// What differs between what `case` expects and what was seen.
pub(super) fn judge(plan: &TestPlan, case: &TestCase, seen: &Seen) -> TestedCase {
    let mut tested = TestedCase { mistakes: seen.mistakes.clone(), ..TestedCase::default() };
    let Some(observed) = &seen.observed else { return tested };
    let Some(expect) = &case.expect else {
        let place = Place::new(&plan.shown, case.name.span);
        let diagnostic = Diagnostic::error(&code::NOTHING_EXPECTED, "the case has no `expect`").at(place, "this case");
        tested.mistakes.push(diagnostic.help(code::NOTHING_EXPECTED.cure));
        return tested;
    };
    let out = &mut tested.differences;
    let wanted: BTreeSet<&str> = expect.error.iter().flatten().map(|code| code.value.as_str()).collect();
    let came: BTreeSet<&str> = observed.errors.iter().map(|error| error.code.id).collect();
    if wanted != came {
        out.push(Difference::Figure { name: "error".to_owned(), expected: codes(&wanted), actual: codes(&came) });
        tested.unexpected = observed.errors.iter().filter(|one| !wanted.contains(one.code.id)).cloned().collect();
    }
    if let Some(exit) = expect.exit.as_ref().filter(|exit| exit.value != u64::from(observed.exit)) {
        let (expected, actual) = (exit.value.to_string(), observed.exit.to_string());
        out.push(Difference::Figure { name: "exit".to_owned(), expected, actual });
    }
    counts(&expect.counts, observed, out);
    // Of a run that failed as nobody expected there is nothing more to say.
    if wanted != came && observed.rows.is_none() {
        return tested;
    }
    let none = Table::default();
    let no_rows = Vec::new();
    // A run that is meant to fail is asked about its rows only where the case speaks of them.
    let strict = expect.error.is_none();
    let lists = [
        ("rows", expect.rows.as_ref(), observed.rows.as_ref().unwrap_or(&none), false),
        ("rejects", expect.rejects.as_ref(), &observed.rejects, strict),
        ("duplicates", expect.duplicates.as_ref(), &observed.duplicates, strict),
        ("warnings", expect.warnings.as_ref(), &observed.warnings, false),
    ];
    for (list, expected, actual, none_unless_said) in lists {
        let Some(expected) = expected.or(none_unless_said.then_some(&no_rows)) else { continue };
        if list == "rows" && !unknown(plan, expected, actual, &mut tested.mistakes) {
            continue;
        }
        rows(list, expected, actual, &mut tested.differences);
    }
    tested
}

fn codes(codes: &BTreeSet<&str>) -> String {
    let all: Vec<&str> = codes.iter().copied().collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn counts(expected: &[(Text, u64)], observed: &Observed, out: &mut Vec<Difference>) {
    let counts = &observed.counts;
    for (name, wanted) in expected {
        let came = match name.value.as_str() {
            "read" => counts.read,
            "skipped" => counts.skipped,
            "filtered" => counts.filtered,
            "rejected" => counts.rejected,
            "duplicate" => counts.duplicate,
            "merged" => counts.merged,
            _ => counts.written,
        };
        if came != *wanted {
            let (expected, actual) = (wanted.to_string(), came.to_string());
            out.push(Difference::Figure { name: name.value.clone(), expected, actual });
        }
    }
}

/// Tells of expected columns that the output has not; true if there are none.
fn unknown(plan: &TestPlan, expected: &[ExpectedRow], actual: &Table, mistakes: &mut Vec<Diagnostic>) -> bool {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    if actual.header.is_empty() {
        return true;
    }
    for (name, _) in expected.iter().flat_map(|row| &row.cells) {
        if actual.place(&name.value).is_some() || !told.insert(&name.value) {
            continue;
        }
        let message = format!("the output has no column `{}`", name.value);
        let place = Place::new(&plan.shown, name.span);
        let diagnostic = Diagnostic::error(&code::NO_SUCH_TARGET, message).at(place, "not in the header");
        mistakes.push(match nearest(&name.value, actual.header.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
            None => diagnostic.help(format!("columns: {}", actual.header.join(", "))),
        });
    }
    told.is_empty()
}

/// Rows side by side: those that agree hold the two lists together, between them rows are paired as they best fit.
fn rows(list: &'static str, expected: &[ExpectedRow], actual: &Table, out: &mut Vec<Difference>) {
    let pairs = agreeing(expected, actual);
    let ends = [(expected.len(), actual.rows.len())];
    let (mut from, mut to) = (0, 0);
    for &(left, right) in pairs.iter().chain(&ends) {
        gap(list, expected, from..left, actual, to..right, out);
        (from, to) = (left + 1, right + 1);
    }
}

fn agrees(row: &ExpectedRow, actual: &Table, number: usize) -> bool {
    row.cells.iter().all(|(column, text)| actual.cell(number, &column.value) == text)
}

/// The longest list of rows that agree, in order.
fn agreeing(expected: &[ExpectedRow], actual: &Table) -> Vec<(usize, usize)> {
    let (rows, columns) = (expected.len(), actual.rows.len());
    if rows.saturating_mul(columns) > MOST_PAIRS {
        return (0..rows.min(columns))
            .filter(|&row| agrees(&expected[row], actual, row))
            .map(|row| (row, row))
            .collect();
    }
    let same: Vec<Vec<bool>> =
        expected.iter().map(|row| (0..columns).map(|number| agrees(row, actual, number)).collect()).collect();
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let skip = longest[row + 1][column].max(longest[row][column + 1]);
            let take = if same[row][column] { longest[row + 1][column + 1] + 1 } else { 0 };
            longest[row][column] = skip.max(take);
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < rows && column < columns {
        if same[row][column] && longest[row][column] == longest[row + 1][column + 1] + 1 {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if longest[row + 1][column] >= longest[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

/// Rows between two that agree. A row is one that changed if it shares its first expected cell; else, where as many are left
/// on both sides, the one at its place.
fn gap(
    list: &'static str,
    expected: &[ExpectedRow],
    left: std::ops::Range<usize>,
    actual: &Table,
    right: std::ops::Range<usize>,
    out: &mut Vec<Difference>,
) {
    let mut free: Vec<usize> = right.collect();
    let mut partners: Vec<(usize, Option<usize>)> = Vec::new();
    for row in left {
        let first = expected[row].cells.first();
        let partner =
            first.and_then(|(column, text)| free.iter().position(|&number| actual.cell(number, &column.value) == text));
        partners.push((row, partner.map(|at| free.remove(at))));
    }
    let alone = partners.iter().filter(|(_, partner)| partner.is_none()).count();
    if alone == free.len() {
        let mut rest = std::mem::take(&mut free).into_iter();
        partners.iter_mut().filter(|(_, partner)| partner.is_none()).for_each(|(_, partner)| *partner = rest.next());
    }
    for (row, partner) in partners {
        match partner {
            Some(number) => out.push(changed(list, &expected[row], actual, number)),
            None => {
                let cells = expected[row].cells.iter().map(|(name, text)| (name.value.clone(), text.clone()));
                out.push(Difference::Missing { list, row: row + 1, cells: cells.collect() });
            }
        }
    }
    for number in free {
        out.push(Difference::Unexpected { list, row: number + 1, cells: shown(list, actual, number) });
    }
}

fn changed(list: &'static str, row: &ExpectedRow, actual: &Table, number: usize) -> Difference {
    let differs = row.cells.iter().filter(|(column, text)| actual.cell(number, &column.value) != text);
    let cells = differs.map(|(column, text)| CellDifference {
        column: column.value.clone(),
        expected: text.clone(),
        actual: actual.cell(number, &column.value).to_owned(),
    });
    let same = row.cells.iter().find(|(column, text)| actual.cell(number, &column.value) == text);
    let label = same.map(|(column, text)| format!("{} {text}", column.value)).unwrap_or_default();
    Difference::Cells { list, row: number + 1, label, cells: cells.collect() }
}

/// What is worth showing of a row that nobody expected.
fn shown(list: &str, actual: &Table, number: usize) -> Vec<(String, String)> {
    let names: Vec<&str> = match list {
        "rejects" => vec!["code", "key", "column", "line", "value", "message"],
        "duplicates" => vec!["key", "line", "winner_line", "winner_fate", "decided_by"],
        _ => actual.header.iter().map(String::as_str).collect(),
    };
    let cells = names.into_iter().map(|name| (name.to_owned(), actual.cell(number, name).to_owned()));
    cells.filter(|(_, text)| !text.is_empty()).collect()
}
