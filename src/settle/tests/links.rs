//! The plain model's references and hierarchy.

use super::model::{BOSS, ID, KNOWN_ACCOUNTS, KNOWN_BOSSES, KNOWN_REGIONS, Model, PARENT, REGION};
use crate::mapping::{HierarchyPolicy, ReferenceMissing};

impl Model<'_> {
    pub(super) fn references(&mut self) {
        for row in 0..self.rows.len() {
            let region = self.text(row, REGION).to_owned();
            if self.written(row) && !region.is_empty() && !KNOWN_REGIONS.contains(&region.as_str()) {
                self.dangle(row, REGION, 1, &region);
            }
        }
        let before = self.reasons.len();
        let now: Vec<bool> = (0..self.rows.len()).map(|row| self.written(row)).collect();
        for row in 0..self.rows.len() {
            let boss = self.text(row, BOSS).to_owned();
            if !now[row] || boss.is_empty() || KNOWN_BOSSES.contains(&boss.as_str()) {
                continue;
            }
            match self.find(&boss) {
                None => self.dangle(row, BOSS, 0, &boss),
                Some(target) if !now[target] => self.dangle_after(row, target),
                Some(_) => {}
            }
        }
        let fallen = self.reasons[before..].iter().map(|(row, ..)| *row).collect();
        self.cascade(fallen, false);
    }

    fn dangle(&mut self, row: usize, column: usize, reference: usize, related: &str) {
        match self.task.rules.references[reference] {
            ReferenceMissing::Reject => self.reject(row, "K608", related),
            ReferenceMissing::Fail => {
                self.refuse("L702", "references", row);
                self.reject(row, "K608", related);
            }
            ReferenceMissing::Empty => self.notes.push((row, column, "W907")),
            ReferenceMissing::Warn => self.notes.push((row, column, "W906")),
        }
    }

    fn root(&self, row: usize) -> usize {
        self.cause.get(&row).copied().unwrap_or(row)
    }

    fn dangle_after(&mut self, row: usize, target: usize) {
        let root = self.root(target);
        let related = self.text(root, ID).to_owned();
        self.dangle(row, BOSS, 0, &related);
        if !self.written(row) {
            self.cause.entry(row).or_insert(root);
        }
    }

    pub(super) fn cascade(&mut self, mut queue: Vec<usize>, with_parents: bool) {
        queue.sort_unstable();
        queue.dedup();
        let mut next = 0;
        while next < queue.len() {
            let target = queue[next];
            next += 1;
            for row in 0..self.rows.len() {
                if !self.written(row) {
                    continue;
                }
                let boss = self.text(row, BOSS);
                if !KNOWN_BOSSES.contains(&boss) && self.find(boss) == Some(target) {
                    self.dangle_after(row, target);
                }
                let parent = self.text(row, PARENT);
                let detached = self.notes.contains(&(row, PARENT, "W905"));
                let child = with_parents && !KNOWN_ACCOUNTS.contains(&parent) && !detached;
                if self.written(row) && child && self.find(parent) == Some(target) {
                    self.lose_parent(row, Some(target));
                }
                if !self.written(row) {
                    queue.push(row);
                }
            }
        }
    }

    fn lose_parent(&mut self, row: usize, target: Option<usize>) {
        let policy = self.task.rules.hierarchy.missing_parent;
        if policy == HierarchyPolicy::Detach {
            self.notes.push((row, PARENT, "W905"));
            return;
        }
        if policy == HierarchyPolicy::Fail {
            self.refuse("L702", "parents", row);
        }
        match target {
            None => {
                let parent = self.text(row, PARENT).to_owned();
                self.reject(row, "K603", &parent);
            }
            Some(target) => {
                let root = self.root(target);
                let related = self.text(root, ID).to_owned();
                self.reject(row, "K604", &related);
                self.cause.entry(row).or_insert(root);
            }
        }
    }

    fn limit(&mut self, row: usize) {
        if self.task.rules.hierarchy.max_depth.is_some_and(|deepest| self.depth[row] > deepest) {
            self.reject(row, "K607", "");
        }
    }

    pub(super) fn hierarchy(&mut self) {
        let count = self.rows.len();
        let parents: Vec<Option<usize>> = (0..count).map(|row| self.find(self.text(row, PARENT))).collect();
        let candidates: Vec<usize> = (0..count).filter(|row| self.written(*row)).collect();
        let was_written: Vec<bool> = (0..count).map(|row| self.written(row)).collect();
        let up = |row: usize| parents[row].filter(|parent| was_written[*parent]);
        let mut done = vec![false; count];
        for row in &candidates {
            let mut members = vec![*row];
            while let Some(parent) = up(members[members.len() - 1]).filter(|parent| !members.contains(parent)) {
                members.push(parent);
            }
            if up(members[members.len() - 1]) != Some(*row) {
                continue;
            }
            done[*row] = true;
            let first = *members.iter().min().unwrap();
            let related = self.text(first, ID).to_owned();
            let (code, related) =
                if members.len() == 1 { ("K605", self.text(*row, PARENT).to_owned()) } else { ("K606", related) };
            match self.task.rules.hierarchy.cycles {
                HierarchyPolicy::Detach => {
                    self.notes.push((*row, PARENT, "W905"));
                    self.depth[*row] = 1;
                    self.limit(*row);
                }
                policy => {
                    if policy == HierarchyPolicy::Fail {
                        self.refuse("L702", "loops", *row);
                    }
                    self.reject(*row, code, &related);
                }
            }
        }
        for row in candidates {
            self.judge(row, &parents, &mut done);
        }
    }

    fn judge(&mut self, row: usize, parents: &[Option<usize>], done: &mut [bool]) {
        if std::mem::replace(&mut done[row], true) {
            return;
        }
        if let Some(parent) = parents[row].filter(|parent| self.written(*parent)) {
            self.judge(parent, parents, done);
        }
        let text = self.text(row, PARENT);
        self.depth[row] = match parents[row].filter(|parent| self.written(*parent)) {
            _ if text.is_empty() => 1,
            Some(parent) => self.depth[parent] + 1,
            None if KNOWN_ACCOUNTS.contains(&text) => 2,
            None => {
                self.lose_parent(row, parents[row]);
                1
            }
        };
        if self.written(row) {
            self.limit(row);
        }
    }
}
