//! Which date layouts a column's values have, with counts; whether day or month comes first is asked where no value tells.

use crate::functions::fault;
use crate::guess::profile::Field;
use crate::mapping::CellType;
use crate::resolve::CellSpec;

/// Layouts by day, each with the layout that reads the same values with day and month exchanged.
const DAYS: [(&str, Option<&str>); 17] = [
    ("%m/%d/%Y", Some("%d/%m/%Y")),
    ("%d.%m.%Y", Some("%m.%d.%Y")),
    ("%d-%m-%Y", Some("%m-%d-%Y")),
    ("%Y/%m/%d", None),
    ("%d-%b-%Y", None),
    ("%d %b %Y", None),
    ("%d %B %Y", None),
    ("%b %d, %Y", None),
    ("%B %d, %Y", None),
    ("%d. %B %Y", None),
    ("%m/%d/%y", Some("%d/%m/%y")),
    ("%d.%m.%y", Some("%m.%d.%y")),
    ("%d-%m-%y", Some("%m-%d-%y")),
    ("%d-%b-%y", None),
    ("%Y.%m.%d", None),
    ("%Y-%m", None),
    ("%Y%m%d", None),
];

/// Times behind a day.
const TIMES: [&str; 8] = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p", "T%H:%M:%S"];

/// Layouts that stand for a count, those first whose numbers are no sensible dates to the others.
const COUNTS: [&str; 3] = ["excel", "epoch_s", "epoch_ms"];

/// What the values of a column say.
#[derive(Debug, Clone, Default)]
pub(super) struct Dates {
    /// Layouts that read values, each with how many.
    pub layouts: Vec<(String, usize)>,
    /// Why of a pair the one was taken: layout, values that only it reads, one of them.
    pub reasons: Vec<(String, usize, String)>,
    /// Day or month first? The two layouts, how many values both read, one of them, whether some are read by the one only
    /// and some by the other only.
    pub question: Option<Question>,
    /// Values that no layout reads, and one of them.
    pub unread: (usize, String),
}

/// What a person has to say.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub layouts: [String; 2],
    pub values: usize,
    pub example: String,
    /// Values that only the first and only the second reads.
    pub only: [usize; 2],
}

impl Dates {
    /// Records whose date is read.
    pub(super) fn read(&self) -> usize {
        self.layouts.iter().map(|(_, count)| count).sum::<usize>()
            + self.question.as_ref().map_or(0, |question| question.values)
    }

    /// The layouts as a mapping lists them; `choice` is put in the place of the question.
    pub(super) fn formats(&self, choice: Option<usize>) -> Vec<String> {
        let asked = self.question.iter().filter_map(|question| Some(question.layouts.get(choice?)?.clone()));
        self.layouts.iter().map(|(layout, _)| layout.clone()).chain(asked).collect()
    }
}

/// The layouts of `field`; `counts`: also those in which a date is a number, or digits alone.
pub(super) fn dates(field: &Field, counts: bool) -> &Dates {
    field.dates[usize::from(counts)].get_or_init(|| find(field, counts))
}

fn find(field: &Field, counts: bool) -> Dates {
    // Most columns hold no date: a few of their values tell.
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if !field.values.iter().take(200).any(|(value, _)| digits(value) >= 3 && value.len() <= 60) {
        let first = field.values.first().map_or(String::new(), |(value, _)| value.clone());
        return Dates { unread: (field.filled, first), ..Dates::default() };
    }
    let mut rest: Vec<(&str, usize)> = field.values.iter().map(|(value, count)| (value.as_str(), *count)).collect();
    let mut found = Dates::default();
    let iso = takes(&rest, "iso");
    settle(&mut rest, &iso, "iso", &mut found);
    let candidates = if rest.is_empty() { Vec::new() } else { candidates(&rest, counts) };
    while !rest.is_empty() && found.layouts.len() < 6 && found.question.is_none() {
        // The first of equals: the order of the list is the order of how common they are.
        let best = candidates.iter().map(|(layout, twin)| (takes(&rest, layout), layout, twin));
        let best =
            best.reduce(|best, next| if records(&rest, &next.0) > records(&rest, &best.0) { next } else { best });
        let Some((one, layout, twin)) = best.filter(|(one, ..)| one.contains(&true)) else { break };
        let Some(twin) = twin else {
            settle(&mut rest, &one, layout, &mut found);
            continue;
        };
        let other = takes(&rest, twin);
        let only = |a: &[bool], b: &[bool]| -> Vec<bool> { a.iter().zip(b).map(|(a, b)| *a && !b).collect() };
        let (only_one, only_other) = (only(&one, &other), only(&other, &one));
        let example = |marks: &[bool]| {
            let place = marks.iter().position(|mark| *mark);
            place.map_or(String::new(), |place| rest[place].0.to_owned())
        };
        match (records(&rest, &only_one), records(&rest, &only_other)) {
            (some, 0) if some > 0 => {
                found.reasons.push((layout.clone(), some, example(&only_one)));
                settle(&mut rest, &one, layout, &mut found);
            }
            (0, some) if some > 0 => {
                found.reasons.push((twin.clone(), some, example(&only_other)));
                settle(&mut rest, &other, twin, &mut found);
            }
            (only_first, only_second) => {
                let both: Vec<bool> = one.iter().zip(&other).map(|(a, b)| *a || *b).collect();
                let shared: Vec<bool> = one.iter().zip(&other).map(|(a, b)| *a && *b).collect();
                found.question = Some(Question {
                    layouts: [layout.clone(), twin.clone()],
                    values: records(&rest, &both),
                    example: if shared.contains(&true) { example(&shared) } else { example(&both) },
                    only: [only_first, only_second],
                });
                rest = left(&rest, &both);
            }
        }
    }
    found.unread = (rest.iter().map(|(_, count)| count).sum(), rest.first().map_or("", |(value, _)| value).to_owned());
    found
}

/// Takes the values that `layout` reads out of `rest`.
fn settle(rest: &mut Vec<(&str, usize)>, taken: &[bool], layout: &str, found: &mut Dates) {
    let count = records(rest, taken);
    if count > 0 {
        found.layouts.push((layout.to_owned(), count));
        *rest = left(rest, taken);
    }
}

fn left<'v>(rest: &[(&'v str, usize)], taken: &[bool]) -> Vec<(&'v str, usize)> {
    rest.iter().zip(taken).filter(|(_, taken)| !**taken).map(|(value, _)| *value).collect()
}

fn records(values: &[(&str, usize)], marks: &[bool]) -> usize {
    values.iter().zip(marks).filter(|(_, mark)| **mark).map(|((_, count), _)| count).sum()
}

/// Which of `values` the layout reads.
fn takes(values: &[(&str, usize)], layout: &str) -> Vec<bool> {
    let spec = CellSpec { formats: vec![layout.to_owned()], ..CellSpec::new(CellType::Date) };
    let Some(mut judge) = crate::functions::Judge::new(&spec) else { return vec![false; values.len()] };
    // A clock change is a matter of the zone, not of the layout.
    values.iter().map(|(value, _)| matches!(judge.fault(value), fault::NONE | fault::CLOCK_CHANGE)).collect()
}

/// Layouts that read at least one of a few values: the others need not be tried on all.
fn candidates(values: &[(&str, usize)], counts: bool) -> Vec<(String, Option<String>)> {
    let step = values.len().div_ceil(60).max(1);
    let few: Vec<(&str, usize)> = values.iter().copied().step_by(step).collect();
    let mut all: Vec<(String, Option<String>)> = Vec::new();
    for (day, twin) in DAYS {
        if !counts && day == "%Y%m%d" {
            continue;
        }
        all.extend(TIMES.iter().map(|time| (format!("{day}{time}"), twin.map(|twin| format!("{twin}{time}")))));
    }
    if counts {
        all.extend(COUNTS.map(|layout| (layout.to_owned(), None)));
    }
    all.retain(|(layout, twin)| {
        let reads = |layout: &str| takes(&few, layout).contains(&true);
        reads(layout) || twin.as_deref().is_some_and(reads)
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guess::profile::Sample;

    fn of(values: &[&str]) -> Dates {
        let cells = values.iter().map(|value| Some((*value).to_owned())).collect();
        dates(&Sample::new(&["x".to_owned()], &[], vec![cells]).fields[0], true).clone()
    }

    fn layouts(values: &[&str]) -> Vec<String> {
        let found = of(values);
        assert!(found.question.is_none(), "{found:?}");
        found.formats(None)
    }

    #[test]
    fn layouts_are_found_with_their_counts() {
        let found = of(&["2026-01-02", "12/31/2026", "01/02/2026", "25-Jul-2027", "soon"]);
        let counts: Vec<_> = found.layouts.iter().map(|(layout, count)| (layout.as_str(), *count)).collect();
        assert_eq!(counts, [("iso", 1), ("%m/%d/%Y", 2), ("%d-%b-%Y", 1)]);
        assert_eq!(found.reasons, [("%m/%d/%Y".to_owned(), 1, "12/31/2026".to_owned())]);
        assert_eq!(found.unread, (1, "soon".to_owned()));
    }

    #[test]
    fn one_value_past_twelve_tells_which_comes_first() {
        assert_eq!(layouts(&["01/02/2026", "13/02/2026"]), ["%d/%m/%Y"]);
        assert_eq!(layouts(&["01.02.2026 10:30", "13.02.2026 11:00"]), ["%d.%m.%Y %H:%M"]);
        assert_eq!(layouts(&["11/20/2026 12:00 PM"]), ["%m/%d/%Y %I:%M %p"]);
    }

    #[test]
    fn what_no_value_tells_is_asked() {
        let found = of(&["01/02/2026", "03/04/2026", "2026-05-06"]);
        let question = found.question.unwrap();
        assert_eq!(question.layouts, ["%m/%d/%Y", "%d/%m/%Y"]);
        assert_eq!((question.values, question.only), (2, [0, 0]));
        let mixed = of(&["31/01/2026", "01/31/2026", "01/02/2026"]).question.unwrap();
        assert_eq!(mixed.only, [1, 1]);
        assert_eq!(mixed.example, "01/02/2026");
    }

    #[test]
    fn counts_are_dates_only_where_dates_are_wanted() {
        assert_eq!(layouts(&["1763000000000", "1763003600000"]), ["epoch_ms"]);
        assert_eq!(layouts(&["1763000000"]), ["epoch_s"]);
        assert_eq!(layouts(&["20261130", "20261101"]).first().map(String::as_str), Some("%Y%m%d"));
    }
}
