//! A plain model of settling: no hashes, no links, no order of evaluation beyond what the product page says. Quadratic.

use std::collections::BTreeMap;

use super::outcome::{Outcome, TestRow};
use crate::mapping::DuplicatePolicy;
use crate::settle::{Counts, Task};

pub(super) const ID: usize = 0;
pub(super) const PARENT: usize = 1;
pub(super) const NAME: usize = 2;
pub(super) const AMOUNT: usize = 3;
pub(super) const BOSS: usize = 4;
pub(super) const REGION: usize = 5;
/// What `newest` compares: whole numbers.
pub(super) const BY: usize = 6;

/// Values that `Known` holds in these tests.
pub(super) const KNOWN_ACCOUNTS: &[&str] = &["k"];
pub(super) const KNOWN_BOSSES: &[&str] = &["q"];
pub(super) const KNOWN_REGIONS: &[&str] = &["eu", "us"];

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Written,
    Rejected,
    Duplicate(usize),
    Merged(usize),
}

pub(super) struct Model<'a> {
    pub(super) task: &'a Task,
    pub(super) rows: Vec<TestRow>,
    state: Vec<State>,
    pass: Vec<usize>,
    pub(super) reasons: Vec<(usize, String, String)>,
    pub(super) cause: BTreeMap<usize, usize>,
    /// By key: the row that others find under it.
    stands: BTreeMap<String, usize>,
    pub(super) notes: Vec<(usize, usize, &'static str)>,
    pub(super) depth: Vec<u64>,
    refusals: BTreeMap<(String, String), (u64, u64)>,
}

/// What settling `rows` should come to.
pub(super) fn expected(task: &Task, rows: &[TestRow]) -> Outcome {
    let mut model = Model {
        task,
        rows: rows.to_vec(),
        state: vec![State::Written; rows.len()],
        pass: vec![0; rows.len()],
        reasons: Vec::new(),
        cause: BTreeMap::new(),
        stands: BTreeMap::new(),
        notes: Vec::new(),
        depth: vec![0; rows.len()],
        refusals: BTreeMap::new(),
    };
    let warnings = model.cell_warnings();
    model.duplicates();
    model.references();
    let before = model.reasons.len();
    model.hierarchy();
    let fallen = model.reasons[before..].iter().map(|(row, ..)| *row).collect();
    model.cascade(fallen, true);
    model.outcome(warnings)
}

impl Model<'_> {
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        &self.rows[row].cells[column].0
    }

    fn fault(&self, row: usize, column: usize) -> bool {
        let fault = self.rows[row].cells[column].1;
        fault != 0 && !self.task.layout.warnings.contains(fault)
    }

    pub(super) fn written(&self, row: usize) -> bool {
        self.state[row] == State::Written
    }

    fn key(&self, row: usize) -> Option<String> {
        let bad = self.text(row, ID).is_empty() || self.fault(row, ID) || self.has_order() && self.fault(row, BY);
        (!bad).then(|| self.fold_case(self.text(row, ID)))
    }

    fn has_order(&self) -> bool {
        self.task.layout.order_by.is_some()
    }

    fn fold_case(&self, text: &str) -> String {
        if self.task.layout.key_ignores_case { text.to_lowercase() } else { text.to_owned() }
    }

    fn valid(&self, row: usize) -> bool {
        (PARENT..=REGION).all(|column| !self.fault(row, column)) && !self.breaks_rule(row)
    }

    /// The only rule of these tests: a name needs an amount.
    fn breaks_rule(&self, row: usize) -> bool {
        !self.text(row, NAME).is_empty() && self.text(row, AMOUNT).is_empty()
    }

    fn cell_warnings(&self) -> BTreeMap<(String, usize), u64> {
        let mut warnings = BTreeMap::new();
        for row in &self.rows {
            for (column, (_, fault)) in row.cells.iter().enumerate().take(BY) {
                if *fault != 0 && self.task.layout.warnings.contains(*fault) {
                    *warnings.entry((fault.to_string(), column)).or_default() += 1;
                }
            }
        }
        warnings
    }

    pub(super) fn reject(&mut self, row: usize, code: &str, related: &str) {
        self.state[row] = State::Rejected;
        self.reasons.push((row, code.to_owned(), related.to_owned()));
    }

    pub(super) fn refuse(&mut self, code: &str, what: &str, row: usize) {
        let line = self.rows[row].line;
        let entry = self.refusals.entry((what.to_owned(), code.to_owned())).or_insert((0, line));
        *entry = (entry.0 + 1, entry.1.min(line));
    }

    fn duplicates(&mut self) {
        let policy = self.task.rules.duplicates;
        let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in 0..self.rows.len() {
            match self.key(row) {
                Some(_) if policy == DuplicatePolicy::Sum && !self.valid(row) => self.reject(row, "", ""),
                Some(key) => keys.entry(key).or_default().push(row),
                None => self.reject(row, "", ""),
            }
        }
        for (key, members) in keys {
            let stands = match policy {
                DuplicatePolicy::Split => self.split(&members),
                DuplicatePolicy::Merge => self.merge(&members),
                DuplicatePolicy::Sum => self.sum(&members),
                _ => self.choose(members),
            };
            self.stands.insert(key, stands);
        }
    }

    fn choose(&mut self, mut members: Vec<usize>) -> usize {
        let policy = self.task.rules.duplicates;
        // Best first.
        members.sort_by_key(|row| match policy {
            DuplicatePolicy::First => (0, -(*row as i64)),
            DuplicatePolicy::Newest => (self.text(*row, BY).parse().unwrap_or(i64::MIN), *row as i64),
            _ => (0, *row as i64),
        });
        members.reverse();
        let winner = match members.iter().position(|row| self.valid(*row)) {
            Some(valid) if self.task.rules.fallback_valid => valid,
            None if self.task.rules.fallback_valid => {
                members.iter().for_each(|row| self.reject(*row, "", ""));
                return members[0];
            }
            _ => 0,
        };
        for row in &members[..winner] {
            self.reject(*row, "", "");
        }
        for row in &members[winner + 1..] {
            self.state[*row] = State::Duplicate(members[winner]);
            if policy == DuplicatePolicy::Error {
                self.refuse("K601", "twice", *row);
            }
        }
        if !self.valid(members[winner]) {
            self.reject(members[winner], "", "");
        }
        members[winner]
    }

    fn split(&mut self, members: &[usize]) -> usize {
        for (occurrence, row) in members.iter().enumerate() {
            self.pass[*row] = occurrence;
            if !self.valid(*row) {
                self.reject(*row, "", "");
            }
        }
        *members.iter().rev().find(|row| self.valid(**row)).unwrap_or(&members[members.len() - 1])
    }

    fn merge(&mut self, members: &[usize]) -> usize {
        let last = members[members.len() - 1];
        if let [only] = members {
            if !self.valid(*only) {
                self.reject(*only, "", "");
            }
            return *only;
        }
        let newest = |column: usize| {
            members.iter().rev().find(|row| !self.text(**row, column).is_empty() || self.fault(**row, column))
        };
        let chosen: Vec<(usize, usize)> =
            (PARENT..=REGION).filter_map(|column| newest(column).map(|row| (*row, column))).collect();
        let spoilers: Vec<usize> =
            chosen.iter().filter(|(row, column)| self.fault(*row, *column)).map(|(row, _)| *row).collect();
        if let Some(worst) = spoilers.iter().max() {
            for row in members {
                self.state[*row] = State::Duplicate(*worst);
            }
            for row in members.iter().filter(|row| spoilers.contains(row)) {
                self.reject(*row, "", "");
            }
            return *worst;
        }
        for column in PARENT..=REGION {
            let text =
                chosen.iter().find(|(_, other)| *other == column).map(|(row, _)| self.text(*row, column).to_owned());
            self.rows[last].cells[column] = (text.unwrap_or_default(), 0);
        }
        let broken = self.breaks_rule(last);
        for row in &members[..members.len() - 1] {
            self.state[*row] = if broken { State::Duplicate(last) } else { State::Merged(last) };
        }
        if broken {
            self.reject(last, "V421", "");
        }
        last
    }

    fn sum(&mut self, members: &[usize]) -> usize {
        let last = members[members.len() - 1];
        for column in [PARENT, NAME, BOSS, REGION] {
            let newest =
                members.iter().rev().map(|row| self.text(*row, column).to_owned()).find(|text| !text.is_empty());
            self.rows[last].cells[column].0 = newest.unwrap_or_default();
        }
        let amounts: Vec<i64> = members.iter().filter_map(|row| self.text(*row, AMOUNT).parse().ok()).collect();
        self.rows[last].cells[AMOUNT].0 =
            if amounts.is_empty() { String::new() } else { amounts.iter().sum::<i64>().to_string() };
        for row in &members[..members.len() - 1] {
            self.state[*row] = State::Merged(last);
        }
        last
    }

    pub(super) fn find(&self, value: &str) -> Option<usize> {
        self.stands.get(&self.fold_case(value)).copied().filter(|_| !value.is_empty())
    }

    fn outcome(mut self, mut warnings: BTreeMap<(String, usize), u64>) -> Outcome {
        let mut counts = Counts { read: self.rows.len() as u64, ..Counts::default() };
        let mut duplicates = Vec::new();
        for row in 0..self.rows.len() {
            if let State::Merged(last) = self.state[row] {
                if !self.written(last) && self.task.rules.duplicates == DuplicatePolicy::Sum {
                    let copied: Vec<_> = self.reasons.iter().filter(|(other, ..)| *other == last).cloned().collect();
                    copied.iter().for_each(|(_, code, related)| self.reject(row, code, related));
                } else if !self.written(last) {
                    self.state[row] = State::Duplicate(last);
                }
            }
        }
        for row in 0..self.rows.len() {
            match self.state[row] {
                State::Written => counts.written += 1,
                State::Rejected => counts.rejected += 1,
                State::Merged(_) => counts.merged += 1,
                State::Duplicate(winner) => {
                    counts.duplicate += 1;
                    let fate = if self.written(winner) { "written" } else { "rejected" };
                    let decided = match self.task.rules.duplicates {
                        DuplicatePolicy::First => "first",
                        DuplicatePolicy::Newest => "newest",
                        DuplicatePolicy::Merge => "merge",
                        DuplicatePolicy::Error => "error",
                        _ => "last",
                    };
                    duplicates.push((self.rows[row].line, self.rows[winner].line, fate.to_owned(), decided.to_owned()));
                }
            }
        }
        self.notes.sort_unstable();
        self.notes.dedup();
        for (row, column, code) in std::mem::take(&mut self.notes) {
            if self.written(row) {
                *warnings.entry((code.to_owned(), column)).or_default() += 1;
                if code != "W906" {
                    self.rows[row].cells[column].0.clear();
                }
            }
        }
        let passes = self.pass.iter().max().map_or(1, |last| last + 1);
        let mut order: Vec<usize> = (0..self.rows.len()).filter(|row| self.written(*row)).collect();
        if self.task.rules.hierarchy.parents_first {
            order.sort_by_key(|row| self.depth[*row]);
        }
        let line =
            |row: &usize| (ID..=REGION).map(|column| self.text(*row, column)).collect::<Vec<_>>().join(",") + "\n";
        let output = |pass: usize| order.iter().filter(|row| self.pass[**row] == pass).map(line).collect();
        let fill = |column: usize| order.iter().filter(|row| !self.text(**row, column).is_empty()).count() as u64;
        let mut rejected: Vec<_> = self
            .reasons
            .iter()
            .map(|(row, code, related)| (self.rows[*row].line, code.clone(), related.clone()))
            .collect();
        rejected.sort();
        let mut refusals: Vec<_> =
            self.refusals.iter().map(|((_, code), (rows, line))| (code.clone(), *rows, *line)).collect();
        refusals.sort();
        Outcome {
            outputs: (0..passes).map(output).collect(),
            rejected,
            duplicates,
            counts,
            fill: (ID..=REGION).map(fill).collect(),
            warnings: warnings.into_iter().map(|((code, column), rows)| (code, column, rows)).collect(),
            refusals,
        }
    }
}
