//! A crontab.

use std::fmt::Write;

use super::{Exported, season};
use crate::mapping::{Every, MonthDay};

pub(super) fn text(exported: &Exported<'_>) -> Result<String, String> {
    let zone = exported.zone();
    let (lines, guard) = match exported.every() {
        // What cron cannot say, the command can ask.
        Every::Month(MonthDay::Last, at) => {
            let guard = format!("[ \"$(TZ={zone} date -d tomorrow +\\%d)\" = 01 ] && ");
            (vec![format!("{} {} 28-31 * *", at.minute(), at.hour())], guard)
        }
        _ => (exported.cron_lines(false)?, String::new()),
    };
    let mut text = format!("# {}\n", exported.title());
    let _ = writeln!(
        text,
        "# CRON_TZ is cronie's. A cron that does not know it (Debian's among others) takes the machine's zone instead:"
    );
    let _ = writeln!(text, "# there the lines below are right only if that zone is {zone}.");
    let rule = "cron has a rule of its own";
    for comment in season::comments(exported, rule, rule) {
        let _ = writeln!(text, "# {comment}");
    }
    let _ = writeln!(text, "CRON_TZ={zone}");
    for line in lines {
        let _ = writeln!(
            text,
            "{line}  {guard}cd {} && {} --quiet schedule once {}",
            exported.folder, exported.program, exported.plan.name
        );
    }
    Ok(text)
}
