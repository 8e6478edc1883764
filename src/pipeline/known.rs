//! What values may refer to: keys of sources, and keys that other mappings of the set wrote, rejected or dropped.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::prelude::SessionContext;

use crate::mapping::CellType;
use crate::pipeline::{Failure, column};
use crate::resolve::{Reference, Resolved, Target};
use crate::settle::{self, Absence, KeySet, KeySetBuilder};
use crate::sqltext::identifier;

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
}

impl Knowledge {
    /// Reads the columns that `resolved` refers to; `mappings` are those settled before.
    pub(super) async fn read(
        resolved: &Resolved,
        session: &SessionContext,
        mappings: &BTreeMap<String, MappingKeys>,
    ) -> Result<Self, Failure> {
        let mut knowledge = Self { fields: BTreeMap::new(), mappings: mappings.clone() };
        let references = resolved.references.iter().flat_map(|reference| {
            let ignores_case = ignores_case(resolved, reference);
            reference.targets.iter().map(move |target| (target, ignores_case))
        });
        let accounts = resolved.hierarchy.known_accounts.iter().map(|target| (target, false));
        let unknown = resolved.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
        let accounts = accounts.chain(unknown.map(|target| (target, false)));
        for (target, ignores_case) in references.chain(accounts) {
            let Target::Field { source, field } = target else { continue };
            let place = (source.clone(), field.clone(), ignores_case);
            if knowledge.fields.contains_key(&place) {
                continue;
            }
            let sql = format!("select {} from {}", identifier(field), identifier(source));
            let mut keys = KeySetBuilder::new(ignores_case);
            column::texts(session, &sql, |row| keys.add(row[0].unwrap_or_default().trim().as_bytes())).await?;
            knowledge.fields.insert(place, Arc::new(keys.build()));
        }
        Ok(knowledge)
    }

    /// What a reference of the mapping `own` into `targets` finds.
    pub(super) fn target(&self, targets: &[Target], own: &str, ignores_case: bool) -> settle::Target {
        let mut found = settle::Target::default();
        for target in targets {
            match target {
                Target::Field { source, field } => {
                    found.allowed.extend(self.fields.get(&(source.clone(), field.clone(), ignores_case)).cloned());
                }
                Target::Mapping(name) if name == own => {}
                Target::Mapping(name) => {
                    if let Some(keys) = self.mappings.get(name) {
                        found.allowed.push(Arc::clone(&keys.written));
                        found.absent.push((Arc::clone(&keys.rejected), Absence::Rejected));
                        found.absent.push((Arc::clone(&keys.filtered), Absence::Filtered));
                    }
                }
            }
        }
        found
    }
}

/// E-mail addresses are compared without case, ids are not.
pub(super) fn ignores_case(resolved: &Resolved, reference: &Reference) -> bool {
    resolved.columns[reference.column].cell.kind == CellType::Email
}
