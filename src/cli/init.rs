//! `tanguero init`: the files of a new project, and what to type next.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::say::Say;
use crate::pipeline::init as begin;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The folder of the project, made if need be.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

pub(super) fn init(arguments: &InitArguments, say: &Say) -> ExitCode {
    match begin(&arguments.folder) {
        Ok(files) => {
            if !say.quiet {
                let inside = arguments.folder.as_os_str() != ".";
                for file in &files {
                    say.line(&format!(
                        "wrote {}",
                        arguments.folder.join(file).display().to_string().trim_start_matches("./")
                    ));
                }
                let change = if inside { format!("cd {} && ", arguments.folder.display()) } else { String::new() };
                say.line(&format!(
                    "next:\n  {change}tanguero run\n  tanguero why accounts ACC-1004\n  tanguero guess FILE --out mappings/NAME.yaml"
                ));
            }
            ExitCode::SUCCESS
        }
        Err(message) => say.usage(message),
    }
}
