//! Several values in one cell: split, trimmed, judged one by one, joined again.

use crate::functions::fault;

use super::{Made, Value, space};

/// Splits `value` by `from`, lets `judge` turn each trimmed element into its final text, and joins those by `to`.
///
/// Empty elements are dropped, before and after judging. An element that holds `to` is a fault: it would be read as two.
pub fn normal<'v, 't>(
    value: &'v [u8],
    from: &[u8],
    to: &[u8],
    side: &mut Vec<u8>,
    mut judge: impl FnMut(&'v [u8]) -> Result<&'t [u8], u8>,
) -> Made<'v>
where
    'v: 't,
{
    let mark = side.len();
    for element in split(value, from) {
        let element = space::trim(element);
        if element.is_empty() {
            continue;
        }
        let element = judge(element)?;
        if element.is_empty() {
            continue;
        }
        if find(element, to).is_some() {
            return Err(fault::SEPARATOR_IN_VALUE);
        }
        if side.len() > mark {
            side.extend_from_slice(to);
        }
        side.extend_from_slice(element);
    }
    if side.len() == mark {
        return Ok(Value::Empty);
    }
    if side[mark..] == *value {
        side.truncate(mark);
        return Ok(Value::Part(value));
    }
    Ok(Value::Side)
}

/// The pieces of `value` between occurrences of `separator`; all of it if the separator is empty.
pub fn split<'v, 's>(value: &'v [u8], separator: &'s [u8]) -> impl Iterator<Item = &'v [u8]> + use<'v, 's> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        match find(value, separator) {
            Some(at) => {
                rest = Some(&value[at + separator.len()..]);
                Some(&value[..at])
            }
            None => rest.take(),
        }
    })
}

fn find(value: &[u8], sought: &[u8]) -> Option<usize> {
    match sought {
        [] => None,
        [byte] => value.iter().position(|other| other == byte),
        _ => value.windows(sought.len()).position(|window| window == sought),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(value: &str, from: &str, to: &str) -> Result<String, u8> {
        let mut side = Vec::new();
        Ok(match normal(value.as_bytes(), from.as_bytes(), to.as_bytes(), &mut side, Ok)? {
            Value::Empty => String::new(),
            Value::Part(part) => String::from_utf8(part.to_vec()).unwrap(),
            Value::Side => String::from_utf8(side).unwrap(),
        })
    }

    #[test]
    fn elements_are_trimmed_and_empty_ones_dropped() {
        assert_eq!(joined(" a | b||c ", "|", ";").unwrap(), "a;b;c");
        assert_eq!(joined("a;b", ";", ";").unwrap(), "a;b");
        assert_eq!(joined("a, b", ", ", ",").unwrap(), "a,b");
        assert_eq!(joined("| |", "|", ",").unwrap(), "");
        assert_eq!(joined("one", "", ",").unwrap(), "one");
    }

    #[test]
    fn an_element_that_holds_the_written_separator_is_a_fault() {
        assert_eq!(joined("a,b|c", "|", ","), Err(fault::SEPARATOR_IN_VALUE));
        assert_eq!(joined("a,b", "", ","), Err(fault::SEPARATOR_IN_VALUE));
    }

    #[test]
    fn elements_are_judged_one_by_one() {
        let mut side = Vec::new();
        let made = normal(b"a|b|c", b"|", b",", &mut side, |element| match element {
            b"a" => Ok(&b"Alpha"[..]),
            b"b" => Ok(b""),
            _ => Ok(element),
        });
        assert_eq!((made, side.as_slice()), (Ok(Value::Side), &b"Alpha,c"[..]));
        assert_eq!(normal(b"a|b", b"|", b",", &mut Vec::new(), |_| Err(9)), Err(9));
    }
}
