//! Messages about dates.

use crate::functions::kernel::date::{Dates, Hint, Miss, Moment, write_day};
use crate::resolve::CellSpec;

pub fn not_a_date(rules: &Dates, shown: &str) -> String {
    let layouts: Vec<String> = rules.layouts().iter().map(|layout| format!("`{}`", layout.text)).collect();
    match layouts.as_slice() {
        [only] => format!("{shown} does not fit the layout {only}"),
        _ => format!("{shown} fits none of the layouts {}", layouts.join(", ")),
    }
}

pub fn impossible(rules: &Dates, shown: &str, value: &str) -> Option<String> {
    let layout = rules.layouts().iter().find(|layout| layout.read(value.as_bytes()) == Err(Miss::Calendar))?;
    Some(format!("{shown} is no date that exists (layout `{}`)", layout.text))
}

pub fn ambiguous(rules: &Dates, shown: &str, value: &str) -> Option<String> {
    let mut readings = rules.layouts().iter().filter_map(|layout| Some((layout, layout.read(value.as_bytes()).ok()?)));
    let (first, meaning) = readings.next()?;
    let (second, other) = readings.find(|(_, other)| !other.same_meaning(&meaning))?;
    Some(format!("{shown} is {} by `{}` and {} by `{}`", figures(&meaning), first.text, figures(&other), second.text))
}

pub fn clock_change(rules: &Dates, spec: &CellSpec, shown: &str, value: &str) -> Option<String> {
    let moment = rules.read(value.as_bytes(), &mut Hint::default()).ok()?;
    let what = if rules.is_skipped(&moment) {
        "never came: clocks were set forward"
    } else {
        "came twice: clocks were set back"
    };
    Some(format!("{shown} {what} in {}", spec.timezone.as_deref()?))
}

fn figures(moment: &Moment) -> String {
    let day = String::from_utf8_lossy(&write_day(moment)).into_owned();
    if !moment.timed {
        return day;
    }
    let second = moment.second;
    format!("{day} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}
