//! What several commands take: the day, the environment and variables of mappings; memory and threads.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::pipeline::{Situation, threads_within};

/// What decides how a mapping reads.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The day that is "now" [default: today in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", env = "TANGUERO_AS_OF")]
    as_of: Option<String>,
    /// An environment of tanguero.yaml.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV")]
    env: Option<String>,
    #[command(flatten)]
    filled: Filled,
}

/// What mappings are filled with.
#[derive(Debug, Default, Args)]
pub(super) struct Filled {
    /// A variable of the mappings.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
}

impl Filled {
    /// The variables, by name.
    pub(super) fn variables(&self) -> Result<BTreeMap<String, String>, String> {
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!("`--var {text}` is not of the form NAME=VALUE")),
        };
        self.variables.iter().map(pair).collect()
    }
}

impl Given {
    /// What a command works with that needs neither memory nor threads to speak of.
    pub(super) fn situation(&self) -> Result<Situation, String> {
        let as_of = self.as_of.as_ref().map_or_else(|| Ok(today()), |text| day(text))?;
        let (environment, variables) = (self.env.clone(), self.filled.variables()?);
        Ok(Situation { environment, variables, ..Situation::new(current_folder()?, as_of) })
    }
}

/// The day of `--as-of`.
pub(super) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`--as-of {text}` is no day `YYYY-MM-DD`"))
}

/// What a command that reads data may use.
#[derive(Debug, Args)]
pub(super) struct Means {
    /// Memory the run may use; kB, MB and GB are powers of 1,000.
    #[arg(long, value_name = "SIZE", default_value = "1GB", env = "TANGUERO_MEMORY")]
    memory: String,
    /// Threads [default: the processors there are].
    #[arg(long, value_name = "N", env = "TANGUERO_THREADS")]
    threads: Option<usize>,
}

impl Means {
    /// The same, bounded by what was said of memory and threads.
    pub(super) fn bound(&self, given: Situation) -> Result<Situation, String> {
        let memory = self.memory()?;
        Ok(Situation { memory, threads: threads_within(memory, self.threads()), ..given })
    }

    /// Bytes.
    pub(super) fn memory(&self) -> Result<u64, String> {
        size(&self.memory)
    }

    /// At least one.
    pub(super) fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(processors).max(1)
    }
}

/// Of a command that no mapping's day or variables concern.
pub(super) fn here_and_now() -> Result<Situation, String> {
    Ok(Situation::new(current_folder()?, today()))
}

/// Today in UTC.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The folder that relative paths of the command line start at.
pub(super) fn current_folder() -> Result<PathBuf, String> {
    std::env::current_dir().map_err(|error| format!("the current folder is gone: {error}"))
}

/// `512MB`; kB, MB and GB are powers of 1,000.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`--memory {text}` is no size: write 512MB or 2GB");
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(unit).ok_or_else(wrong)?;
    if bytes < 64_000_000 { Err(format!("`--memory {text}` is too little: 64MB is the least")) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_powers_of_a_thousand() {
        assert_eq!(size("512MB"), Ok(512_000_000));
        assert_eq!(size("2GB"), Ok(2_000_000_000));
        assert!(size("12").is_err());
        assert!(size("1GiB").is_err());
        assert!(size("99999999999GB").is_err());
    }
}
