//! A workflow of GitHub Actions, whose cron is in UTC.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Exported, Fields, fields, season};
use crate::mapping::Every;

pub(super) fn text(exported: &Exported<'_>) -> Result<String, String> {
    if let Every::Minutes(1..=4) = exported.every() {
        return Err("it starts nothing more often than every 5 minutes".to_owned());
    }
    let offsets = season::offsets(&exported.plan.zone, exported.now);
    let mut lines: Vec<(String, Vec<i32>)> = Vec::new();
    for offset in &offsets {
        for fields in in_utc(exported, *offset)? {
            let line = fields.cron();
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, of)) => of.push(*offset),
                None => lines.push((line, vec![*offset])),
            }
        }
    }
    // Lines that are right only while the zone is at some of its offsets.
    let seasonal = lines.iter().any(|(_, of)| of.len() < offsets.len());
    let (unit, zone) = (exported.unit(), exported.zone());
    let mut text = format!("# .github/workflows/{unit}.yml\n# {}\n", exported.title());
    text.push_str("# GitHub's cron is in UTC; it may start late, and leave a start out when it is busy.\n");
    if seasonal {
        let _ = writeln!(
            text,
            "# {zone} changes its clocks: each line counts in its season only, which the first step checks."
        );
        for comment in season::comments(exported, "nothing starts on that day", "it starts twice on that day") {
            let _ = writeln!(text, "# {comment}");
        }
    }
    let _ = write!(text, "name: {unit}\non:\n  workflow_dispatch:\n  schedule:\n");
    for (line, of) in &lines {
        let season: Vec<String> = of.iter().map(|offset| format!("UTC{}", shown(*offset, ":"))).collect();
        let note = if seasonal { format!(" # while {zone} is at {}", season.join(" or ")) } else { String::new() };
        let _ = writeln!(text, "    - cron: \"{line}\"{note}");
    }
    let _ = write!(
        text,
        "concurrency:\n  group: {unit}\n  cancel-in-progress: false\npermissions:\n  contents: read\njobs:\n  run:\n    runs-on: ubuntu-latest\n    steps:\n"
    );
    if seasonal {
        text.push_str(&check(&lines, zone));
    }
    let condition = if seasonal { "        if: steps.season.outputs.due == 'true'\n" } else { "" };
    let _ = write!(
        text,
        "      - uses: actions/checkout@v4\n{condition}      # Here: bring the program and the data.\n      - run: {program} schedule once {name}\n{condition}",
        program = exported.program,
        name = exported.plan.name,
    );
    Ok(text)
}

fn in_utc(exported: &Exported<'_>, offset: i32) -> Result<Vec<Fields>, String> {
    let mut found = Vec::new();
    for fields in fields(exported.every())? {
        if fields.weekdays.is_some() && fields.days != fields::Days::All {
            return Err("days of the month and of the week that must both fit cannot be moved to UTC".to_owned());
        }
        if fields.days == fields::Days::Last {
            return Err("it has no last day of a month".to_owned());
        }
        found.extend(fields.in_utc(offset)?);
    }
    Ok(found)
}

/// The step that asks whether the line that fired counts today.
fn check(lines: &[(String, Vec<i32>)], zone: &str) -> String {
    let mut cases: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (line, of) in lines {
        let offsets: Vec<String> = of.iter().map(|offset| shown(*offset, "")).collect();
        cases.entry(offsets.join(" ")).or_default().push(line);
    }
    let mut text = format!(
        "      - id: season\n        env:\n          FIRED: ${{{{ github.event.schedule }}}}\n        run: |\n          now=$(TZ={zone} date +%z)\n          case \"$FIRED\" in\n"
    );
    for (offsets, lines) in cases {
        let lines: Vec<String> = lines.iter().map(|line| format!("'{line}'")).collect();
        let _ = writeln!(text, "            {}) counts='{offsets}' ;;", lines.join(" | "));
    }
    text.push_str(
        "            *) counts=$now ;; # started by hand\n          esac\n          case \" $counts \" in\n            *\" $now \"*) echo 'due=true' >> \"$GITHUB_OUTPUT\" ;;\n            *) echo 'due=false' >> \"$GITHUB_OUTPUT\" ;;\n          esac\n",
    );
    text
}

/// `+01:00`.
fn shown(offset: i32, between: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}{between}{:02}", offset.abs() / 60, offset.abs() % 60)
}
