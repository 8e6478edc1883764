//! One column's rules, asked value by value: what a run would make of text at hand.

use crate::resolve::CellSpec;

use super::cell::Cell;
use super::fault;
use super::kernel::Value;
use super::kernel::date::Hint;
use super::lookup::LookupTables;

/// Judges values as a run does, without a lookup table and without an engine.
#[derive(Debug)]
pub struct Judge {
    cell: Cell,
    hint: Hint,
    side: Vec<u8>,
}

impl Judge {
    /// For cells of `spec`; none where its options cannot be used, or need a lookup table.
    pub fn new(spec: &CellSpec) -> Option<Self> {
        let cell = Cell::new(spec.clone(), &LookupTables::new()).ok()?;
        Some(Self { cell, hint: Hint::default(), side: Vec::new() })
    }

    /// What `fault` means for `value`, in one line.
    pub fn message(&self, fault: u8, value: &str) -> String {
        super::explain(self.cell.spec(), &LookupTables::new(), fault, Some(value))
    }

    /// The fault of `value`, [`fault::NONE`] for none; warnings are faults too.
    pub fn fault(&mut self, value: &str) -> u8 {
        self.side.clear();
        self.cell.judge(Some(value.as_bytes()), &mut self.hint, &mut self.side).fault
    }

    /// What `value` is written as.
    ///
    /// # Errors
    /// Its fault, where the record would be rejected.
    pub fn written(&mut self, value: &str) -> Result<String, u8> {
        self.side.clear();
        let verdict = self.cell.judge(Some(value.as_bytes()), &mut self.hint, &mut self.side);
        if verdict.fault != fault::NONE && !fault::is_warning(verdict.fault) {
            return Err(verdict.fault);
        }
        let bytes = match verdict.value {
            Value::Empty => &[][..],
            Value::Part(part) => part,
            Value::Side => &self.side,
        };
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::CellType;

    #[test]
    fn values_are_written_as_a_run_writes_them() {
        let mut money = Judge::new(&CellSpec::new(CellType::Currency)).unwrap();
        assert_eq!(money.written("$1,234.50").as_deref(), Ok("1234.50"));
        assert_eq!(money.written(" 12 ").as_deref(), Ok("12"));
        assert_eq!(money.written(""), Ok(String::new()));
        assert_eq!(money.written("12,5"), Err(fault::NOT_A_NUMBER));
        assert_eq!(money.fault("twelve"), fault::NOT_A_NUMBER);
        assert_eq!(money.fault("12"), fault::NONE);
    }

    #[test]
    fn a_warning_does_not_keep_a_value_from_being_written() {
        let mut id = Judge::new(&CellSpec::new(CellType::Id)).unwrap();
        assert_eq!(id.fault("0015e00000AbCdE"), fault::SHORT_SALESFORCE_ID);
        assert_eq!(id.written("0015e00000AbCdE").as_deref(), Ok("0015e00000AbCdE"));
    }
}
