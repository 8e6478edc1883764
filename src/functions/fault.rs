//! One byte for what is wrong with a cell or a row: the bridge between the inner loops and the register of codes.
//!
//! 0 is "nothing". Below [`FIRST_WARNING`] the record is rejected; from there on it is written and counted. The numbers live
//! only inside one run (between the plan and the ledger), files and messages carry the codes.

use crate::diagnostic::{Code, code};

/// No fault.
pub const NONE: u8 = 0;
/// The first number that means a warning.
pub const FIRST_WARNING: u8 = 100;

macro_rules! faults {
    ($($name:ident = $number:literal;)*) => {
        $(#[doc = concat!("See `code::", stringify!($name), "`.")] pub const $name: u8 = $number;)*

        /// The code a number stands for; none for 0 and for numbers nobody uses.
        pub fn find(fault: u8) -> Option<&'static Code> {
            match fault {
                $($number => Some(&code::$name),)*
                _ => None,
            }
        }

        /// Every number in use, in order.
        pub const ALL: &[u8] = &[$($number),*];
    };
}

faults! {
    EMPTY_VALUE = 1;
    BAD_ID = 2;
    TOO_LONG = 3;
    NOT_A_DATE = 4;
    IMPOSSIBLE_DATE = 5;
    AMBIGUOUS_DATE = 6;
    CLOCK_CHANGE = 7;
    DATE_RANGE = 8;
    NOT_A_NUMBER = 9;
    NOT_WHOLE = 10;
    NUMBER_RANGE = 11;
    BAD_EMAIL = 12;
    BAD_FLAG = 13;
    VALUE_UNKNOWN = 14;
    QUOTE_IN_TEXT = 15;
    CONTROL_CHARACTER = 16;
    LOOKUP_MISSING = 17;
    TEMPLATE_EMPTY = 18;
    TAG_UNKNOWN = 19;
    ONE_OF = 20;
    REQUIRED_WITH = 21;
    SEPARATOR_IN_VALUE = 22;
    SPREADSHEET_NUMBER = 23;
    FIELD_COUNT = 51;
    BAD_BYTES = 52;
    AFTER_QUOTE = 53;
    OPEN_QUOTE = 54;
    FIELD_TOO_LARGE = 55;
    RECORD_TOO_LARGE = 56;
    NOT_JSON = 57;
    KEY_TWICE = 61;
    KEY_SHARED = 62;
    PARENT_MISSING = 63;
    PARENT_REJECTED = 64;
    PARENT_SELF = 65;
    PARENT_LOOP = 66;
    TOO_DEEP = 67;
    REFERENCE_MISSING = 68;
    ACCOUNT_UNKNOWN = 69;
    EMPTIED = 101;
    MAY_DELETE = 102;
    CASE_TWINS = 103;
    SHORT_SALESFORCE_ID = 104;
    DETACHED = 105;
    REFERENCE_WARNING = 106;
    REFERENCE_EMPTIED = 107;
    TRUNCATED = 110;
    CONTACT_FLAG = 114;
    ACCOUNT_NEW = 122;
}

/// The code a number stands for.
///
/// Numbers are made only by this crate, so one that nobody uses is our own mistake.
pub fn code_of(fault: u8) -> &'static Code {
    find(fault).expect("fault numbers come from the constants of this file")
}

/// The record is written all the same, and the fault counted.
pub fn is_warning(fault: u8) -> bool {
    fault >= FIRST_WARNING
}

/// Faults that the column's `on_error` governs: all up to the type step. What comes after it (empty, allowed values, quotes,
/// length) rejects the record whatever `on_error` says.
pub fn obeys_on_error(fault: u8) -> bool {
    !matches!(fault, NONE | EMPTY_VALUE | VALUE_UNKNOWN | QUOTE_IN_TEXT | TOO_LONG) && fault < ONE_OF
        || matches!(fault, SEPARATOR_IN_VALUE | SPREADSHEET_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::code;

    #[test]
    fn every_code_of_a_row_has_a_number_of_its_own() {
        let numbered: Vec<&str> = ALL.iter().map(|&fault| code_of(fault).id).collect();
        for entry in code::register().iter().filter(|entry| entry.stage == code::Stage::Row) {
            assert_eq!(numbered.iter().filter(|id| **id == entry.id).count(), 1, "{} has no number", entry.id);
        }
    }

    #[test]
    fn warnings_are_the_codes_with_a_w() {
        for &fault in ALL {
            assert_eq!(is_warning(fault), code_of(fault).id.starts_with('W'), "{fault}");
        }
    }

    #[test]
    fn what_comes_after_the_type_step_is_not_governed_by_on_error() {
        let after = [EMPTY_VALUE, VALUE_UNKNOWN, QUOTE_IN_TEXT, TOO_LONG, ONE_OF, REQUIRED_WITH, PARENT_LOOP, EMPTIED];
        assert!(after.iter().all(|&fault| !obeys_on_error(fault)));
        let before = [BAD_ID, NOT_A_DATE, LOOKUP_MISSING, TEMPLATE_EMPTY, SPREADSHEET_NUMBER, CONTROL_CHARACTER];
        assert!(before.iter().all(|&fault| obeys_on_error(fault)));
    }
}
