//! One line of NDJSON: the values of the keys wanted, as text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value as text: strings without their quotes, everything else as it is spelt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// `null`, or no such key.
    Null,
    /// A part of the line.
    Borrowed(&'a str),
    /// A string with escapes.
    Owned(String),
}

/// Reads objects for the keys wanted.
#[derive(Debug)]
pub(super) struct Object {
    places: HashMap<Arc<str>, usize>,
    width: usize,
}

impl Object {
    /// Wants `keys`, in this order.
    pub fn new(keys: Vec<Arc<str>>) -> Self {
        let width = keys.len();
        Self { places: keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect(), width }
    }

    /// How many values [`read`](Self::read) gives.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The values of the wanted keys in `line`, in their order. Of a key that stands twice the last one counts. What
    /// is an error does not depend on the keys wanted.
    ///
    /// # Errors
    /// The byte, from 1, at which `line` stops being one JSON object.
    pub fn read<'a>(&self, line: &'a str, values: &mut Vec<Value<'a>>) -> Result<(), u32> {
        values.clear();
        values.resize(self.width, Value::Null);
        let mut deserializer = serde_json::Deserializer::from_str(line);
        Fill { places: &self.places, values }
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
            .map_err(|error| u32::try_from(error.column()).unwrap_or(u32::MAX))
    }
}

/// The keys of the object that `line` is.
pub(super) fn keys(line: &str) -> Option<Vec<String>> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let keys = deserializer.deserialize_map(Keys).ok()?;
    deserializer.end().ok()?;
    Some(keys)
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Vec<String>, M::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(keys)
    }
}

struct Fill<'w, 'de> {
    places: &'w HashMap<Arc<str>, usize>,
    values: &'w mut Vec<Value<'de>>,
}

impl<'de> DeserializeSeed<'de> for Fill<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let raw = map.next_value::<&RawValue>()?.get();
            let place = self.places.get(key.as_ref());
            // An escape can name half a character: to be found whether the value is wanted or not.
            if place.is_none() && !(raw.starts_with('"') && raw.contains("\\u")) {
                continue;
            }
            let value = text(raw).map_err(serde::de::Error::custom)?;
            if let Some(&place) = place {
                self.values[place] = value;
            }
        }
        Ok(())
    }
}

/// A value as text.
fn text(raw: &str) -> Result<Value<'_>, serde_json::Error> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('\\') => Ok(Value::Borrowed(inner)),
        Some(_) => serde_json::from_str(raw).map(Value::Owned),
        None if raw == "null" => Ok(Value::Null),
        None => Ok(Value::Borrowed(raw)),
    }
}

/// A key, copied only where it has escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<Option<String>>, u32> {
        let object = Object::new(["a", "b"].map(Arc::from).to_vec());
        let mut values = Vec::new();
        object.read(line, &mut values)?;
        let text = |value: &Value<'_>| match value {
            Value::Null => None,
            Value::Borrowed(text) => Some((*text).to_owned()),
            Value::Owned(text) => Some(text.clone()),
        };
        Ok(values.iter().map(text).collect())
    }

    #[test]
    fn values_keep_their_spelling() {
        let row = |a: Option<&str>, b: Option<&str>| Ok(vec![a.map(str::to_owned), b.map(str::to_owned)]);
        assert_eq!(read(r#"{"a": 1.10, "b": "x"}"#), row(Some("1.10"), Some("x")));
        assert_eq!(read(r#"{"b": null, "c": 1e400}"#), row(None, None));
        assert_eq!(read(r#"{"a": {"x": [1, 2]}, "b": true}"#), row(Some(r#"{"x": [1, 2]}"#), Some("true")));
        assert_eq!(read(r#"{"a": "tab\t\"\u00e9\"", "b": ""}"#), row(Some("tab\t\"é\""), Some("")));
        assert_eq!(read(r#"{"a": 1, "\u0061": 2}"#), row(Some("2"), None));
        assert_eq!(read(r#"{"a": 12345678901234567890123}"#), row(Some("12345678901234567890123"), None));
    }

    #[test]
    fn what_is_no_object_is_an_error_whatever_is_wanted() {
        for line in ["[1]", "1", "{", r#"{"a":1} x"#, r#"{"a":1,}"#, "{'a':1}", r#"{"c":"\ud800"}"#, r#"{"c":01}"#] {
            assert!(read(line).is_err(), "{line}");
            assert!(keys(line).is_none() || line.contains("ud800"), "{line}");
        }
        assert_eq!(read(r#"{"a":x}"#), Err(6));
    }
}
