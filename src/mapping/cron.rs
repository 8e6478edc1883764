//! The five fields of a crontab line: what they match, read without a zone.

use cronexpr::{Crontab, parse_crontab};
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

/// A crontab expression.
#[derive(Debug, Clone)]
pub struct Cron {
    /// As written, with single spaces.
    pub text: String,
    table: Crontab,
}

impl Cron {
    /// Reads five fields.
    ///
    /// # Errors
    /// What is wrong with them, and the cure.
    pub(super) fn read(text: &str) -> Result<Self, (String, &'static str)> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        match fields.len() {
            5 => {}
            1 if text.trim_start().starts_with('@') => {
                return Err((
                    "no nickname is known".to_owned(),
                    "say it with `every`, e.g. `every: daily, at: \"02:30\"`",
                ));
            }
            6 => {
                return Err((
                    "six fields".to_owned(),
                    "the zone stands under `timezone`, and seconds are not possible",
                ));
            }
            _ => return Err(("not five fields".to_owned(), FIELDS)),
        }
        let text = fields.join(" ");
        let table = parse_crontab(&format!("{text} UTC")).map_err(|error| {
            let said = error.to_string();
            // The library draws a caret below the text: what it says stands behind that.
            let last = said.lines().last().unwrap_or_default().trim_start().trim_start_matches("^ ");
            (last.to_owned(), FIELDS)
        })?;
        let cron = Self { text, table };
        match cron.next(date(2024, 1, 1).at(0, 0, 0, 0)) {
            Some(_) => Ok(cron),
            None => Err(("such a day never comes".to_owned(), "see whether each month named has that day")),
        }
    }

    /// The first time after `after` that the fields match, on a clock that is never changed.
    pub fn next(&self, after: DateTime) -> Option<DateTime> {
        let after = after.to_zoned(TimeZone::UTC).ok()?.timestamp();
        self.table.find_next(after).ok().map(|found| found.datetime())
    }

    /// Whether minute or hour begins with `*`: such a line means "as often as the clock shows it", others a time of day.
    pub fn follows_clock(&self) -> bool {
        self.text.split(' ').take(2).any(|field| field.starts_with('*'))
    }
}

const FIELDS: &str = "minute, hour, day of the month, month, day of the week: e.g. `30 2 * * 1-5`";

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Cron::read(text).unwrap_err().0
    }

    #[test]
    fn five_fields_that_can_match_are_taken() {
        for text in [
            "* * * * *",
            "30 2 * * 1-5",
            "*/15 8-18 * * MON-FRI",
            "0 0 29 2 *",
            "0 6 L * *",
            "0 6 * * 5#3",
            "0  6  1W * *",
        ] {
            assert_eq!(Cron::read(text).unwrap().text.split(' ').count(), 5, "{text}");
        }
    }

    #[test]
    fn what_cannot_match_is_told_in_its_own_words() {
        assert_eq!(fault("30 2 * *"), "not five fields");
        assert_eq!(fault("30 2 * * * UTC"), "six fields");
        assert_eq!(fault("@daily"), "no nickname is known");
        assert_eq!(fault("0 0 30 2 *"), "such a day never comes");
        assert!(fault("61 2 * * *").contains("must be in range 0..=59"), "{}", fault("61 2 * * *"));
        assert!(fault("5-1 2 * * *").contains("ascending"), "{}", fault("5-1 2 * * *"));
        assert!(!fault("a b c d e").contains('\n'));
    }

    #[test]
    fn lines_with_a_star_in_minute_or_hour_follow_the_clock() {
        let follows = |text: &str| Cron::read(text).unwrap().follows_clock();
        assert!(follows("*/15 2 * * *") && follows("30 * * * *"));
        assert!(!follows("30 2 * * *") && !follows("0,30 1-3 * * *"));
    }
}
