//! What messages want to know about a cell: where a value stood when a step refused it. Never on the hot road.

use crate::functions::kernel::date::Hint;
use crate::functions::kernel::{Value, html, list, space, text};
use crate::functions::{fault, lookup::LookupTable};
use crate::mapping::OnError;

use super::{Cell, Normaliser};

/// Tables past this are not searched for a near key: it would take too long for a hint.
const SMALL_TABLE: usize = 10_000;

impl Cell {
    /// The value as it arrives at the type step.
    ///
    /// # Errors
    /// The lookup's fault.
    pub fn arrived(&self, input: &str) -> Result<String, u8> {
        let stripped = if self.spec.html { html::text(input.as_bytes()) } else { None };
        let value = stripped.as_deref().unwrap_or(input);
        let value = if self.spec.keep_space { value } else { value.trim() };
        if value.is_empty() || matches!(self.normaliser, Normaliser::List(_)) {
            return Ok(value.to_owned());
        }
        self.translate(value.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// An element of a list after lookup and map; as it is where the lookup fails.
    pub fn translated(&self, element: &[u8]) -> Vec<u8> {
        let element = space::trim(element);
        self.translate(element).unwrap_or(element).to_vec()
    }

    /// The first element of a list that `values` does not allow.
    pub fn unknown_element(&self, value: &str) -> Option<String> {
        let Normaliser::List(rules) = &self.normaliser else { return None };
        let elements = list::split(value.as_bytes(), rules.from()).map(|element| self.translated(element));
        let unknown = elements.into_iter().find(|element| !element.is_empty() && !self.allows(element))?;
        Some(String::from_utf8_lossy(&unknown).into_owned())
    }

    /// How a list is split and joined.
    pub fn separators(&self) -> Option<(String, String)> {
        let Normaliser::List(rules) = &self.normaliser else { return None };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((text(rules.from()), text(rules.to())))
    }

    /// Characters of what would be written if length did not matter.
    pub fn written_length(&self, value: &str) -> Option<u64> {
        let mut spec = self.spec.clone();
        (spec.max_length, spec.truncate, spec.lookup) = (None, false, None);
        (spec.html, spec.map, spec.map_any_case) = (false, Vec::new(), Vec::new());
        let cell = Self::new(spec, &Default::default()).ok()?;
        let mut side = Vec::new();
        match cell.judge(Some(value.as_bytes()), &mut Hint::default(), &mut side).value {
            Value::Part(part) => Some(text::length(part)),
            Value::Side => Some(text::length(&side)),
            Value::Empty => None,
        }
    }

    /// The fault that `on_error: empty` emptied.
    pub fn fault_before_on_error(&self, input: &str) -> Option<u8> {
        let strict = Self {
            spec: crate::resolve::CellSpec { on_error: OnError::Reject, ..self.spec.clone() },
            normaliser: Normaliser::new(&self.spec).ok()?,
            lookup: self.lookup.clone(),
            map: self.map.clone(),
            values: self.values.clone(),
            empty: Ok(None),
            ..*self
        };
        let found = strict.judge(Some(input.as_bytes()), &mut Hint::default(), &mut Vec::new()).fault;
        (found != fault::NONE && !fault::is_warning(found)).then_some(found)
    }

    /// A key of the lookup table that differs from `value` only by case.
    pub fn near_key(&self, value: &str) -> Option<String> {
        let table: &LookupTable = self.lookup.as_deref()?;
        let near = table.keys().take(SMALL_TABLE + 1).filter(|key| key.to_lowercase() == value.to_lowercase()).min();
        near.filter(|_| table.keys().nth(SMALL_TABLE).is_none()).map(str::to_owned)
    }
}
