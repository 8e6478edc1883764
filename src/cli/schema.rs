//! `tanguero schema`: the JSON Schema of the mapping file, for editors.

use std::process::ExitCode;

use clap::Args;

use crate::cli::say::Say;
use crate::mapping::{mapping_schema, project_schema};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// The schema of tanguero.yaml instead.
    #[arg(long)]
    pub project: bool,
}

pub(super) fn schema(arguments: &SchemaArguments, say: &Say) -> ExitCode {
    let schema = if arguments.project { project_schema() } else { mapping_schema() };
    say.data(&format!("{schema:#}\n"));
    ExitCode::SUCCESS
}
