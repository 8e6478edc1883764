//! What values may refer to: keys of sources, keys that other mappings of the set wrote, rejected or dropped, and keys that
//! mappings published before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::prelude::SessionContext;

use crate::diagnostic::{Code, Diagnostic, Place, code};
use crate::mapping::{CellType, Text};
use crate::output::MappingReport;
use crate::pipeline::{Failure, column};
use crate::project::MappingFile;
use crate::resolve::{Reference, Resolved, Target};
use crate::settle::{self, Absence, Budget, KeySet, KeySetBuilder};
use crate::sqltext::identifier;

/// What memory is taken for.
const KEYS: &str = "known accounts and references";

/// The keys of one settled mapping.
#[derive(Debug, Clone)]
pub(super) struct MappingKeys {
    /// Keys that were written.
    pub written: Arc<KeySet>,
    /// Keys whose row was rejected.
    pub rejected: Arc<KeySet>,
    /// Keys whose row `where` dropped.
    pub filtered: Arc<KeySet>,
}

/// Everything that references of one mapping may point into.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// By source, field, and whether case counts.
    fields: BTreeMap<(String, String, bool), Arc<KeySet>>,
    mappings: BTreeMap<String, MappingKeys>,
    /// What mappings published before this day; none of those of which nothing says so.
    before: BTreeMap<String, Option<Arc<KeySet>>>,
}

impl Knowledge {
    /// Reads the columns that `resolved` refers to; `mappings` are those settled before.
    pub(super) async fn read(
        resolved: &Resolved,
        session: &SessionContext,
        mappings: &BTreeMap<String, MappingKeys>,
        before: impl Fn(&str) -> Result<Option<KeySet>, Failure>,
        budget: &Budget,
    ) -> Result<Self, Failure> {
        let mut knowledge = Self { fields: BTreeMap::new(), mappings: mappings.clone(), before: BTreeMap::new() };
        budget.hold(knowledge.bytes(), KEYS)?;
        let references = resolved.references.iter().flat_map(|reference| {
            let ignores_case = ignores_case(resolved, reference);
            reference.targets.iter().map(move |target| (target, ignores_case))
        });
        let accounts = resolved.hierarchy.known_accounts.iter().map(|target| (target, false));
        let unknown = resolved.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
        let accounts = accounts.chain(unknown.map(|target| (target, false)));
        for (target, ignores_case) in references.chain(accounts) {
            let (source, field) = match target {
                Target::Field { source, field } => (source, field),
                Target::Mapping(name) => {
                    if !knowledge.before.contains_key(name) {
                        let keys = before(name)?;
                        budget.hold(keys.as_ref().map_or(0, KeySet::bytes), KEYS)?;
                        knowledge.before.insert(name.clone(), keys.map(Arc::new));
                    }
                    continue;
                }
            };
            let place = (source.clone(), field.clone(), ignores_case);
            if knowledge.fields.contains_key(&place) {
                continue;
            }
            let sql = format!("select {} from {}", identifier(field), identifier(source));
            let mut keys = KeySetBuilder::new(ignores_case);
            column::texts(session, &sql, |row| {
                keys.add(row[0].unwrap_or_default().trim().as_bytes());
                Ok(budget.ask(keys.bytes(), KEYS)?)
            })
            .await?;
            let keys = keys.build();
            budget.hold(keys.bytes(), KEYS)?;
            knowledge.fields.insert(place, Arc::new(keys));
        }
        Ok(knowledge)
    }

    /// Bytes that all these keys hold.
    pub(super) fn bytes(&self) -> u64 {
        let of_mapping = |keys: &MappingKeys| keys.written.bytes() + keys.rejected.bytes() + keys.filtered.bytes();
        self.fields.values().chain(self.before.values().flatten()).map(|keys| keys.bytes()).sum::<u64>()
            + self.mappings.values().map(of_mapping).sum::<u64>()
    }

    /// What a reference of the mapping `own` into `targets` finds.
    pub(super) fn target(&self, targets: &[Target], own: &str, ignores_case: bool) -> settle::Target {
        let mut found = settle::Target::default();
        for target in targets {
            match target {
                Target::Field { source, field } => {
                    found.allowed.extend(self.fields.get(&(source.clone(), field.clone(), ignores_case)).cloned());
                }
                Target::Mapping(name) => {
                    found.allowed.extend(self.before.get(name).cloned().flatten());
                    // Its own rows of today are judged as they are settled.
                    if name != own
                        && let Some(keys) = self.mappings.get(name)
                    {
                        found.allowed.push(Arc::clone(&keys.written));
                        found.absent.push((Arc::clone(&keys.rejected), Absence::Rejected));
                        found.absent.push((Arc::clone(&keys.filtered), Absence::Filtered));
                    }
                }
            }
        }
        found
    }

    /// Where a value was found nowhere: the mappings it might have been found in, had anything said what they published before.
    pub(super) fn forgotten(&self, file: &MappingFile, report: &MappingReport) -> Vec<Diagnostic> {
        let Some(mapping) = &file.mapping else { return Vec::new() };
        let any = |codes: [&Code; 3]| {
            codes
                .iter()
                .any(|code| [&report.rejects, &report.warnings].iter().any(|found| found.0.contains_key(code.id)))
        };
        let of_references = any([&code::REFERENCE_MISSING, &code::REFERENCE_WARNING, &code::REFERENCE_EMPTIED]);
        let of_parents = any([&code::PARENT_MISSING, &code::PARENT_REJECTED, &code::DETACHED]);
        // A source of what Totango has says it too.
        let alone = |targets: &&Vec<Text>| targets.iter().all(|target| !target.value.contains('.'));
        let references = mapping.references.iter().map(|(_, reference)| &reference.targets).filter(alone).flatten();
        let parents = mapping.hierarchy.iter().map(|hierarchy| &hierarchy.known_accounts).filter(alone).flatten();
        let accounts = mapping.unknown_accounts.iter().map(|unknown| &unknown.targets).filter(alone).flatten();
        let accounts = accounts.filter(|_| report.new_accounts.is_some());
        let wanted = references.filter(|_| of_references).chain(parents.filter(|_| of_parents)).chain(accounts);
        let mut told = BTreeSet::new();
        wanted
            .filter(|target| self.before.get(&target.value).is_some_and(Option::is_none) && told.insert(&target.value))
            .map(|target| {
                let name = &target.value;
                let message = format!("nothing says what `{name}` published before: only what it writes now was found");
                let place = Place::new(&file.shown, target.span);
                Diagnostic::warning(&code::NO_SNAPSHOT, message)
                    .at(place, "no snapshot yet")
                    .help(code::NO_SNAPSHOT.cure)
            })
            .collect()
    }
}

/// E-mail addresses are compared without case, ids are not.
pub(super) fn ignores_case(resolved: &Resolved, reference: &Reference) -> bool {
    resolved.columns[reference.column].cell.kind == CellType::Email
}
