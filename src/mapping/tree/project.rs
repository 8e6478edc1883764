//! The project file: what mappings of one folder share.

use super::{CellType, ColumnOptions, SourceEntry, Text};
use crate::mapping::Variables;
use crate::yaml::Spanned;

/// `tanguero.yaml`, with the chosen environment already applied.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// Path of the file as diagnostics show it.
    pub path: String,
    /// `sources:` that every mapping may read.
    pub sources: Vec<SourceEntry>,
    /// What mappings are filled with: the command line's, then the environment's, then `variables:`.
    pub variables: Variables,
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
    /// `service_timezone:` IANA zone in which a day begins.
    pub service_timezone: Option<Text>,
    /// `state:` folder of the runs' evidence, relative to the project.
    pub state: Option<Text>,
    /// `state: {snapshot: always}`: of every mapping, not only of those that ask for one.
    pub snapshot_always: bool,
    /// `state: {keep: }`: days of each mapping that are remembered.
    pub days_kept: Option<u64>,
}
