//! `tanguero history`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::given::{current_folder, today};
use crate::cli::say::Say;
use crate::cli::summary::{thousands, word};
use crate::diagnostic::escape;
use crate::pipeline::{HistoryLine, HistoryRequest, Unanswered, history as read};

/// Arguments of `history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArguments {
    /// One mapping only: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: Option<PathBuf>,
    /// Runs of this environment only.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV")]
    pub env: Option<String>,
    /// One JSON object per line instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Prints a line per run and mapping, oldest first.
pub(super) fn history(arguments: &HistoryArguments, say: &Say) -> ExitCode {
    let lines = current_folder().map_err(Unanswered::from).and_then(|current| {
        read(&HistoryRequest {
            mapping: arguments.mapping.clone(),
            current,
            environment: arguments.env.clone(),
            as_of: today(),
        })
    });
    match lines {
        Ok(lines) if arguments.json => {
            let text: String = lines
                .iter()
                .map(|line| serde_json::to_string(line).expect("a line of history is plain data") + "\n")
                .collect();
            say.data(&text);
            ExitCode::SUCCESS
        }
        Ok(lines) => {
            say.data(&table(&lines));
            ExitCode::SUCCESS
        }
        Err(wrong) => say.unanswered(wrong),
    }
}

/// Oldest first, and below it how written and rejected rows went.
fn table(lines: &[HistoryLine]) -> String {
    if lines.is_empty() {
        return "no run was kept\n".to_owned();
    }
    let headers = ["began", "as of", "mapping", "", "read", "written", "rejected", "duplicate", "", ""];
    let mut rows: Vec<Vec<String>> = vec![headers.iter().map(|header| (*header).to_owned()).collect()];
    for line in lines {
        let began = line.started.get(..16).unwrap_or(&line.started).replace('T', " ");
        let counts = [line.rows.read, line.rows.written, line.rows.rejected, line.rows.duplicate];
        let mut row = vec![began, line.as_of.clone(), line.mapping.clone(), word(line.status).to_owned()];
        row.extend(counts.iter().map(|count| thousands(*count)));
        let same = if line.rows.unchanged > 0 {
            format!("{} as before", thousands(line.rows.unchanged))
        } else {
            String::new()
        };
        row.push(same);
        let accepted = (!line.accepted.is_empty()).then(|| format!("accepted {}", line.accepted.join(", ")));
        let problem = line.problem.as_ref().map(|problem| format!("{}: {}", problem.code, escape(&problem.message)));
        let delivery = line.delivery.map(str::to_owned);
        row.push(problem.or(accepted).or(delivery).unwrap_or_default());
        rows.push(row);
    }
    let widths: Vec<usize> = (0..headers.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
            let space = " ".repeat(widths[column] - cell.chars().count());
            let _ = match (4..=7).contains(&column) {
                true => write!(line, "{space}{cell}  "),
                false => write!(line, "{cell}{space}  "),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let mut names: Vec<&str> = lines.iter().map(|line| line.mapping.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of = |count: fn(&HistoryLine) -> u64| -> Vec<u64> {
            lines.iter().filter(|line| line.mapping == name).map(count).collect()
        };
        let written = of(|line| line.rows.written + line.rows.unchanged);
        if written.len() > 1 {
            let rejected = of(|line| line.rows.rejected);
            let _ = writeln!(text, "{name}: written {} rejected {}", sparkline(&written), sparkline(&rejected));
        }
    }
    text
}

/// A bar per number; the highest is full, none is empty.
fn sparkline(numbers: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = numbers.iter().copied().max().unwrap_or_default().max(1);
    let bar = |number: &u64| BARS[(u128::from(*number) * 7 / u128::from(most)) as usize];
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn bars_rise_with_the_numbers_and_none_is_flat() {
        assert_eq!(sparkline(&[0, 50, 100, 100, 1]), "▁▄██▁");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[u64::MAX, 0]), "█▁");
    }
}
