//! From a strftime pattern to steps.

use super::{Part, Step};

/// The steps of a pattern; none if it holds a directive that only jiff knows.
pub fn steps(pattern: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = pattern.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte.is_ascii_whitespace() {
            if steps.last() != Some(&Step::Space) {
                steps.push(Step::Space);
            }
            continue;
        }
        if byte != b'%' {
            steps.push(Step::Byte(byte));
            continue;
        }
        rest = directive(rest, &mut steps)?;
    }
    Some(steps)
}

/// Appends the steps of the directive after a `%` and gives what follows it.
fn directive<'p>(pattern: &'p [u8], steps: &mut Vec<Step>) -> Option<&'p [u8]> {
    let compound = |text: &str, steps: &mut Vec<Step>| {
        steps.extend(self::steps(text)?);
        Some(())
    };
    // Flags change how a figure is padded when written; reading takes one or two digits anyway, and a space that pads a
    // figure (`%e`) joins the white space before it.
    let pattern = match pattern {
        [b'-' | b'_' | b'0', rest @ ..] => rest,
        _ => pattern,
    };
    if let [b'.', digits @ b'1'..=b'9', b'f', rest @ ..] = pattern {
        steps.extend([Step::Byte(b'.'), Step::Fraction(digits - b'0', digits - b'0')]);
        return Some(rest);
    }
    let step = match pattern {
        [b'.', b'f' | b'N', rest @ ..] => return one(Step::PointFraction, rest, steps),
        [digits @ b'1'..=b'9', b'f' | b'N', rest @ ..] => {
            return one(Step::Fraction(digits - b'0', digits - b'0'), rest, steps);
        }
        [b':', b'z', rest @ ..] => return one(Step::Offset, rest, steps),
        [letter, ..] => match letter {
            b'Y' => Step::Digits(4, 4, Part::Year),
            b'y' => Step::Digits(2, 2, Part::ShortYear),
            b'm' => Step::Digits(1, 2, Part::Month),
            b'd' | b'e' => Step::Digits(1, 2, Part::Day),
            b'j' => Step::Digits(1, 3, Part::DayOfYear),
            b'H' | b'k' => Step::Digits(1, 2, Part::Hour),
            b'I' | b'l' => Step::Digits(1, 2, Part::HalfDayHour),
            b'M' => Step::Digits(1, 2, Part::Minute),
            b'S' => Step::Digits(1, 2, Part::Second),
            b'b' | b'B' | b'h' => Step::Month,
            b'a' | b'A' => Step::Weekday,
            b'p' | b'P' => Step::Half,
            b'f' | b'N' => Step::Fraction(1, u8::MAX),
            b'z' => Step::Offset,
            b'Z' => Step::ZoneName,
            b'%' => Step::Byte(b'%'),
            b'n' | b't' => Step::Space,
            b'F' => return compound("%Y-%m-%d", steps).map(|()| &pattern[1..]),
            b'D' => return compound("%m/%d/%y", steps).map(|()| &pattern[1..]),
            b'T' => return compound("%H:%M:%S", steps).map(|()| &pattern[1..]),
            b'R' => return compound("%H:%M", steps).map(|()| &pattern[1..]),
            b'r' => return compound("%I:%M:%S %p", steps).map(|()| &pattern[1..]),
            _ => return None,
        },
        [] => return None,
    };
    one(step, &pattern[1..], steps)
}

fn one<'p>(step: Step, rest: &'p [u8], steps: &mut Vec<Step>) -> Option<&'p [u8]> {
    steps.push(step);
    Some(rest)
}

/// Figures beside other figures must have all their digits.
pub fn tighten(steps: &mut [Step]) {
    for at in 0..steps.len() {
        let starts_with_digit = |step: &Step| {
            matches!(step, Step::Digits(..) | Step::Fraction(..))
                || matches!(step, Step::Byte(byte) if byte.is_ascii_digit())
        };
        let after = steps.get(at + 1).is_some_and(starts_with_digit);
        let before = at > 0 && starts_with_digit(&steps[at - 1]);
        if let Step::Digits(least, most, _) = &mut steps[at]
            && (after || before)
        {
            *least = *most;
        }
    }
}

/// The steps must give a whole date, and nothing twice.
pub fn check(pattern: &str, steps: &[Step]) -> Result<(), String> {
    let wrong = |fact: &str| Err(format!("the date layout `{pattern}` {fact}"));
    let count = |wanted: &dyn Fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
    let of = |part: Part| count(&|step| matches!(step, Step::Digits(_, _, other) if *other == part));
    let year = of(Part::Year) + of(Part::ShortYear);
    let month = of(Part::Month) + count(&|step| *step == Step::Month);
    let (day, day_of_year) = (of(Part::Day), of(Part::DayOfYear));
    let (hour, half_hour) = (of(Part::Hour), of(Part::HalfDayHour));
    let half = count(&|step| *step == Step::Half);
    let fraction = count(&|step| matches!(step, Step::Fraction(..) | Step::PointFraction));
    if [year, month, day, day_of_year, hour + half_hour, half, of(Part::Minute), of(Part::Second), fraction]
        .iter()
        .any(|times| *times > 1)
    {
        return wrong("names a part of the date twice");
    }
    if year == 0 {
        return wrong("has no year (`%Y`)");
    }
    if day_of_year == 0 && (month == 0 || day == 0) {
        return wrong("does not say the month and the day (`%m`, `%d`)");
    }
    if day_of_year == 1 && (month > 0 || day > 0) {
        return wrong("says the day twice (`%j` and month or day)");
    }
    if half_hour == 1 && half == 0 {
        return wrong("has `%I` without `%p`: morning and afternoon look alike");
    }
    if half == 1 && half_hour == 0 {
        return wrong("has `%p` without `%I`");
    }
    if hour + half_hour == 0 && of(Part::Minute) + of(Part::Second) + fraction > 0 {
        return wrong("has a time without its hour (`%H`)");
    }
    Ok(())
}
