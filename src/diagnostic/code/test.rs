//! Codes of a mapping's own tests (T1xx).

use super::{Code, Stage};

codes! { TEST:
    NOT_GIVEN "T101" Mapping "a case gives no rows for a source the mapping reads"
        "A test never reads real data: every source, and every mapping referred to, is given."
        "Give it in the case, or at the top of the test file for all cases.";
    NOTHING_EXPECTED "T102" Mapping "a case expects nothing"
        "It could not fail."
        "Write `expect`, or let `tanguero test --update` write what comes out.";
    GIVEN_UNREAD "T103" Mapping "a case gives a column that nothing reads, and lacks one of a similar name"
        "Most often its name is misspelt, and the case would test an empty cell."
        "Correct the name, or leave the column out.";
    BAD_GIVEN "T104" Mapping "rows of a case that its source cannot have"
        "CSV holds text only; Parquet is no text; a value must be of its column's type."
        "Give the rows as the source could hold them.";
    NO_SUCH_TARGET "T105" Mapping "a case expects a column that the output does not have"
        "Columns are those of the header line, spelt exactly."
        "Correct the name.";
    WITHOUT_MAPPING "T106" Mapping "a test file without its mapping"
        "`accounts.test.yaml` tests the `accounts.yaml` beside it."
        "Rename the file, or remove it.";
}
