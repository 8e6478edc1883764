//! Which of the formats a file may be meant for.

use crate::format::{FormatSpec, Need, catalog};
use crate::guess::matching::{Match, Why, matches, plain};
use crate::guess::profile::Sample;
use crate::guess::rules::Rules;

/// A format and how well the file suits it.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// The format.
    pub format: &'static FormatSpec,
    /// The more the better; below 0: hardly.
    pub score: f64,
    /// Why, in words.
    pub why: String,
}

/// All formats, the best first.
pub(super) fn rank(sample: &Sample, name: &str) -> Vec<Ranked> {
    let mut all: Vec<Ranked> = catalog().map(|format| judge(format, sample, name)).collect();
    all.sort_by(|one, other| other.score.total_cmp(&one.score));
    all
}

fn judge(format: &'static FormatSpec, sample: &Sample, name: &str) -> Ranked {
    let found = matches(format, sample, &Rules::of(format));
    let of = |one: &Match| match one.why {
        Why::Exact => 3.0,
        Why::Name | Why::Synonym => 2.0,
        Why::Near | Why::Values => 1.0,
    };
    let mut score: f64 = found.iter().map(of).sum();
    let columns = |found: &[&Match]| {
        let names: Vec<&str> = found.iter().map(|one| one.spec.name.as_str()).collect();
        names.join(", ")
    };
    let all: Vec<&Match> = found.iter().collect();
    let mut why = vec![match all.len() {
        0 => "no attribute found".to_owned(),
        1..=5 => columns(&all),
        count => format!("{} and {} more", columns(&all[..4]), count - 4),
    }];
    let has = |name: &str| found.iter().any(|one| one.spec.name == name);
    let mandatory = format.columns.iter().filter(|spec| spec.need == Need::Mandatory);
    let missing: Vec<&str> = mandatory.filter(|spec| !has(&spec.name)).map(|spec| spec.name.as_str()).collect();
    if !missing.is_empty() {
        score -= 5.0 * missing.len() as f64;
        why.push(format!("without {}", missing.join(", ")));
    }
    let hint = hint(format, name);
    if let Some(word) = hint {
        score += 4.0;
        why.push(format!("the file's name speaks of {word}"));
    }
    let others = sample.fields.len().saturating_sub(found.len()) as f64;
    let pairs = sample.fields.iter().filter(|field| matches!(format.pivot_column(&field.name), Some(Ok(_)))).count();
    if pairs > 0 {
        score += 4.0 + pairs.min(10) as f64;
        why.push(format!("{pairs} columns are <Module>##<Action>"));
    } else if !format.custom.allowed {
        score -= others / 2.0;
    }
    // Formats that any file with an account's id would do for.
    let vague = format.own_key.is_some() || format.key_per_foreign_key || format.needs_data || format.key.is_empty();
    if vague && pairs == 0 {
        score -= if hint.is_some() { 1.0 } else { 4.0 };
    }
    Ranked { format, score, why: why.join("; ") }
}

/// The word by which the file's name speaks of `format`.
fn hint(format: &'static FormatSpec, name: &str) -> Option<&'static str> {
    let whole = plain(name);
    let parts: Vec<String> = name.split(|c: char| !c.is_alphanumeric()).map(plain).collect();
    let words = std::iter::once(format.name.as_str()).chain(format.also.iter().map(String::as_str));
    words.into_iter().find(|word| {
        let word = plain(word);
        word == whole || parts.contains(&word) || word.len() > 9 && whole.contains(&word)
    })
}
