//! Where another scheduler may differ: on the days on which clocks change.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Exported;
use crate::mapping::Every;

/// Three years.
const AHEAD: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// Minutes ahead of UTC that a zone has from `now` on.
pub(super) fn offsets(zone: &TimeZone, now: Timestamp) -> Vec<i32> {
    let mut found = vec![zone.to_offset(now).seconds() / 60];
    for change in zone.following(now).take_while(|change| change.timestamp() < now + AHEAD) {
        let minutes = change.offset().seconds() / 60;
        if !found.contains(&minutes) {
            found.push(minutes);
        }
    }
    found
}

/// The first firing in a gap and the first in a time that comes twice.
pub(super) fn touched(exported: &Exported<'_>) -> (Option<DateTime>, Option<DateTime>) {
    let (mut gap, mut fold) = (None, None);
    let plan = exported.plan;
    let once = match exported.every() {
        Every::Minutes(_) | Every::Hour(_) => false,
        Every::Cron(cron) => !cron.follows_clock(),
        _ => true,
    };
    if !once {
        return (None, None);
    }
    // Only near changes can a firing be touched.
    for change in plan.zone.following(exported.now).take_while(|change| change.timestamp() < exported.now + AHEAD) {
        let day = SignedDuration::from_hours(24);
        for firing in plan.cadence.between(change.timestamp() - day, change.timestamp() + day, 3_000) {
            match plan.zone.to_ambiguous_timestamp(firing.planned).offset() {
                AmbiguousOffset::Gap { .. } => gap = gap.or(Some(firing.planned)),
                AmbiguousOffset::Fold { .. } => fold = fold.or(Some(firing.planned)),
                AmbiguousOffset::Unambiguous { .. } => {}
            }
        }
    }
    (gap, fold)
}

/// A comment on what happens when clocks change, if anything does: `skips` and `repeats` say what the target makes of it.
pub(super) fn comments(exported: &Exported<'_>, skips: &str, repeats: &str) -> Vec<String> {
    let (gap, fold) = touched(exported);
    let mut lines = Vec::new();
    let shown = |time: DateTime| (time.strftime("%H:%M").to_string(), time.date());
    if let Some((time, day)) = gap.map(shown) {
        lines.push(format!("{time} does not exist on {day}: {skips}. `tanguero schedule run` starts at the change."));
    }
    if let Some((time, day)) = fold.map(shown) {
        lines.push(format!("{time} comes twice on {day}: {repeats}. `tanguero schedule run` starts the first time."));
    }
    if let Every::Minutes(step) = exported.every() {
        let offsets = offsets(&exported.plan.zone, exported.now);
        let uneven = offsets.iter().any(|offset| i64::from(offset - offsets[0]) % step != 0);
        if uneven {
            lines.push("On days on which clocks change, these steps follow the clock. `tanguero schedule run` keeps them even.".to_owned());
        }
    }
    lines
}
