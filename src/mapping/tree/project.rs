//! The project file: what mappings of one folder share.

use super::{CellType, ColumnOptions, DeliverEntry, NotifyEntry, ScheduleEntry, SourceEntry, Text};
use crate::mapping::Variables;
use crate::yaml::Spanned;

/// `tanguero.yaml`, with the chosen environment already applied.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// Path of the file as diagnostics show it.
    pub path: String,
    /// `sources:` that every mapping may read.
    pub sources: Vec<SourceEntry>,
    /// `stores:` how object stores and servers are spoken to.
    pub stores: Vec<StoreEntry>,
    /// What mappings are filled with: the command line's, then the environment's, then `variables:`.
    pub variables: Variables,
    /// `environments:` their names.
    pub environments: Vec<Text>,
    /// `defaults:` column options by type; a mapping's own beat them.
    pub defaults: Vec<(Spanned<CellType>, ColumnOptions)>,
    /// `attributes:` the custom attributes the service has; if given, others are errors.
    pub attributes: Option<Vec<Text>>,
    /// `output.directory:` relative to the project.
    pub directory: Option<Text>,
    /// `output.reports:` where rejects and duplicates go instead.
    pub reports: Option<Text>,
    /// `publish: together` instead of the default `each`.
    pub publish_together: bool,
    /// `schedule:` when which mappings run.
    pub schedules: Vec<ScheduleEntry>,
    /// `service_timezone:` IANA zone in which a day begins.
    pub service_timezone: Option<Text>,
    /// `state:` folder of the runs' evidence, relative to the project.
    pub state: Option<Text>,
    /// `state: {snapshot: always}`: of every mapping, not only of those that ask for one.
    pub snapshot_always: bool,
    /// `state: {keep: }`: days of each mapping that are remembered.
    pub days_kept: Option<u64>,
    /// `deliver:` where published files go.
    pub deliver: Vec<DeliverEntry>,
    /// `notify:` who is told.
    pub notify: Vec<NotifyEntry>,
}

/// One entry of `stores:`.
#[derive(Clone)]
pub struct StoreEntry {
    /// Its name: what messages call it.
    pub name: Text,
    /// The file it stands in, as shown.
    pub path: String,
    /// URLs that begin like this are of this store.
    pub url: Text,
    /// What is set, variables filled in; flags are `true` or `false`, times whole seconds.
    pub settings: Vec<(&'static str, Text)>,
    /// Values that must not be shown: of secret settings, and whatever a variable gave.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for StoreEntry {
    /// Names only: values may be secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<&str> = self.settings.iter().map(|(key, _)| *key).collect();
        formatter
            .debug_struct("StoreEntry")
            .field("name", &self.name.value)
            .field("settings", &keys)
            .finish_non_exhaustive()
    }
}
