//! A search that finds more than it reaches, read in parts.

use serde_json::{Map, Value};

use crate::diagnostic::code;
use crate::totango::answer::{Page, Row};
use crate::totango::pull::Pulling;
use crate::totango::query::between;
use crate::totango::{PullError, REACHED, Split, TotangoError};

/// Reads all parts, and adds them up against the `total` of the whole.
pub(super) fn pull_parts<E, T: FnMut(Vec<Row>) -> Result<(), E>>(
    pulling: &mut Pulling<'_, T>,
    split: &Split,
    total: u64,
) -> Result<(), PullError<E>> {
    match split {
        Split::Filters(filters) => {
            for filter in filters {
                let first = pulling.ask(Some(filter), 0)?;
                if first.total >= REACHED {
                    let help = "divide it further: more values, or filters of several attributes under `filters`";
                    return Err(TotangoError::too_many(&pulling.what(Some(filter)), first.total, help).into());
                }
                pulling.part(Some(filter), first)?;
            }
        }
        Split::Range { filter, from, to } => range(pulling, filter, (*from, *to))?,
    }
    let read = pulling.read;
    if read == total {
        return Ok(());
    }
    // Records may have come or gone meanwhile.
    let now = pulling.ask(None, 0)?.total;
    pulling.expect(now);
    // If the service told of no more than a search reaches, the whole is not known.
    if read == now || (now == REACHED && read > now) {
        return Ok(());
    }
    let (message, help) = if read < now {
        let left = now - read;
        let fact = format!("{left} of {now} records pass no filter of `split`: they would be left out");
        (fact, "add the values that are missing; for records without any, a filter of their own under `filters`")
    } else {
        (
            format!("the parts of `split` have {read} records, the whole has {now}"),
            "run again when nothing is imported into Totango",
        )
    };
    let message = format!("{}: {message}", pulling.what(None));
    Err(TotangoError::new(&code::TOTANGO_SPLIT, &message, help).into())
}

/// Reads what lies between two numbers, in halves if it is too much.
fn range<E, T: FnMut(Vec<Row>) -> Result<(), E>>(
    pulling: &mut Pulling<'_, T>,
    filter: &Map<String, Value>,
    bounds: (u64, u64),
) -> Result<(), PullError<E>> {
    let mut open = vec![bounds];
    while let Some((from, to)) = open.pop() {
        let part = between(filter, from, to);
        let first: Page = pulling.ask(Some(&part), 0)?;
        if first.total < REACHED {
            pulling.part(Some(&part), first)?;
        } else if from == to {
            let help = "one number has more records than a search reaches: divide by another attribute";
            return Err(TotangoError::too_many(&pulling.what(Some(&part)), first.total, help).into());
        } else {
            let middle = from + (to - from) / 2;
            open.push((middle + 1, to));
            open.push((from, middle));
        }
    }
    Ok(())
}
