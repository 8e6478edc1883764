//! The page of functions, `docs/functions.md`.

use std::fmt::Write;

use super::{FunctionPage, list};

/// Functions meant for the SQL of mappings; the others stand in compiled SQL only.
const FOR_MAPPINGS: [&str; 8] = ["integer", "number", "date", "timestamp", "flag", "sf18", "slug", "html_text"];

const OPENING: &str = "\
# SQL functions

What tanguero adds to the SQL of its engine, Apache DataFusion. This page is made from `tanguero::functions::list()`; edit the
function's page in `src/functions/udf/`, then run the tests with `UPDATE_DOCS=1`.
";

const COMPILED: &str = "\
## In compiled SQL

What a mapping's columns become; no mapping needs to write them. A judged cell is `struct(value, fault)`.
";

/// The whole page, in Markdown.
pub fn page() -> String {
    let (for_mappings, compiled): (Vec<_>, Vec<_>) =
        list().into_iter().partition(|function| FOR_MAPPINGS.contains(&function.name));
    let mut page =
        format!("{OPENING}\n## In `sql`, `where`, `let` and queries\n\nNULL stands for all that cannot be read.\n");
    table(&mut page, &for_mappings);
    let _ = write!(page, "\n{COMPILED}");
    table(&mut page, &compiled);
    page
}

fn table(page: &mut String, functions: &[FunctionPage]) {
    page.push_str("\n| function | what it gives |\n| --- | --- |\n");
    for function in functions {
        let _ = writeln!(page, "| `{}` | {} |", function.signature, function.about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_for_mappings_exists() {
        for name in FOR_MAPPINGS {
            assert!(list().iter().any(|function| function.name == name), "{name}");
        }
    }
}
