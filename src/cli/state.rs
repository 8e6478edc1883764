//! `tanguero state`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::given::{current_folder, today};
use crate::cli::say::Say;
use crate::cli::summary::thousands;
use crate::pipeline::{StateRequest, Unanswered, state_import, state_prune, state_reset, state_show};
use crate::state::Published;

/// Arguments of `state`.
#[derive(Debug, Args)]
pub(super) struct StateArguments {
    /// The environment whose memory is meant.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV", global = true)]
    pub env: Option<String>,
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Show what is remembered of each mapping and day.
    Show {
        /// One mapping only.
        mapping: Option<PathBuf>,
        /// One JSON object per line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Forget a mapping, or all of them: the next run starts afresh.
    Reset {
        /// One mapping only.
        mapping: Option<PathBuf>,
    },
    /// Forget all but the newest days.
    Prune {
        /// One mapping only.
        mapping: Option<PathBuf>,
        /// Days to keep.
        #[arg(long, value_name = "N", default_value_t = 7)]
        keep: usize,
    },
    /// Begin from an export of what Totango holds.
    Import {
        /// The mapping.
        mapping: PathBuf,
        /// The export: a CSV with the columns of the key.
        file: PathBuf,
        /// The first day whose runs see it [default: today in UTC].
        #[arg(long, value_name = "YYYY-MM-DD", env = "TANGUERO_AS_OF")]
        as_of: Option<String>,
    },
}

pub(super) fn state(arguments: &StateArguments, say: &Say) -> ExitCode {
    match answer(arguments, say) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => say.unanswered(wrong),
    }
}

fn answer(arguments: &StateArguments, say: &Say) -> Result<(), Unanswered> {
    let of = |mapping: Option<PathBuf>| -> Result<StateRequest, String> {
        Ok(StateRequest { mapping, current: current_folder()?, environment: arguments.env.clone(), as_of: today() })
    };
    match &arguments.action {
        Action::Show { mapping, json } => {
            let all = state_show(&of(mapping.clone())?)?;
            if *json {
                let line = |one| serde_json::to_string(one).expect("a record is plain data") + "\n";
                say.data(&all.iter().map(line).collect::<String>());
            } else {
                say.data(&table(&all));
            }
        }
        Action::Reset { mapping } => {
            let forgotten = state_reset(&of(mapping.clone())?)?;
            let none = "nothing was remembered".to_owned();
            say.line(&if forgotten.is_empty() { none } else { format!("forgotten: {}", forgotten.join(", ")) });
        }
        Action::Prune { mapping, keep } => {
            for (name, days) in state_prune(&of(mapping.clone())?, *keep)? {
                say.line(&format!("{name}: {days} days forgotten"));
            }
        }
        Action::Import { mapping, file, as_of } => {
            let mut request = of(Some(mapping.clone()))?;
            if let Some(text) = as_of {
                request.as_of = text.parse().map_err(|_| format!("`--as-of {text}` is no day `YYYY-MM-DD`"))?;
            }
            let published = state_import(&request, file)?;
            say.line(&format!(
                "{}: {} keys with {} attributes, as of {}",
                published.mapping,
                thousands(published.rows),
                published.columns.len(),
                published.as_of
            ));
        }
    }
    Ok(())
}

fn table(all: &[Published]) -> String {
    let mut text = String::new();
    if all.is_empty() {
        return "nothing is remembered\n".to_owned();
    }
    let width = all.iter().map(|one| one.mapping.chars().count()).max().unwrap_or_default();
    for one in all {
        let snapshot = match &one.snapshot {
            Some(snapshot) if snapshot.keys_only => {
                format!("{} keys, {} bytes", thousands(snapshot.keys), thousands(snapshot.bytes))
            }
            Some(snapshot) => {
                format!("{} keys with values, {} bytes", thousands(snapshot.keys), thousands(snapshot.bytes))
            }
            None => "no snapshot".to_owned(),
        };
        let whence = if one.imported { "import" } else { one.run_id.as_str() };
        let _ = writeln!(
            text,
            "{:width$}  {}  {} rows, {} columns  {snapshot}  {whence}",
            one.mapping,
            one.as_of,
            thousands(one.rows),
            one.columns.len()
        );
    }
    text
}
