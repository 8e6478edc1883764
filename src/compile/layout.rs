//! How a cell's call stands on the page: on one line where that is short, else its input and its options on lines of their own.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::resolve::CellSpec;
use crate::sqltext::literal;

/// Characters of a line that is not broken.
const SHORT: usize = 110;

/// `function(input, 'options')`.
pub(super) struct Call {
    pub function: String,
    pub input: String,
    options: String,
}

impl Call {
    /// The call that turns `input` into a judged cell.
    pub(super) fn normalise(input: &str, cell: &CellSpec) -> Self {
        let options = literal(&spaced(cell));
        Self { function: format!("normalize_{}", cell.kind), input: input.to_owned(), options }
    }

    /// The SQL, its first line not indented, the others by `indent` and more; with room for what `follows` on the last line.
    pub(super) fn sql(&self, indent: &str, follows: usize) -> String {
        let Self { function, input, options } = self;
        let one = format!("{function}({input}, {options})");
        if !input.contains('\n') && indent.len() + one.chars().count() + follows <= SHORT {
            return one;
        }
        let options = folded(options, &format!("\n{indent}   "));
        format!("{function}(\n{indent}  {input},\n{indent}  {options}\n{indent})")
    }
}

/// The options as JSON with a space after each comma and colon.
fn spaced(cell: &CellSpec) -> String {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { writer.write_all(b", ") }
        }
        fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
            if first { Ok(()) } else { writer.write_all(b", ") }
        }
        fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
            writer.write_all(b": ")
        }
    }
    let mut bytes = Vec::new();
    cell.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)).expect("a cell's options are plain data");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// JSON in a SQL literal, broken at commas between its elements where it is long: white space there changes nothing.
fn folded(options: &str, line_end: &str) -> String {
    let mut folded = String::with_capacity(options.len());
    let (mut length, mut in_text, mut escaped, mut last_comma) = (0, false, false, None);
    for character in options.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
        folded.push(character);
        length += 1;
        if character == ',' && !in_text {
            last_comma = Some((folded.len(), length));
        }
        if length > SHORT
            && let Some((at, before)) = last_comma.take_if(|(at, _)| *at < folded.len())
        {
            // The space after the comma gives way.
            folded.replace_range(at..=at, line_end);
            length -= before;
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::CellType;

    fn cell(words: usize) -> CellSpec {
        let map = (0..words).map(|number| (format!("from, \"{number}"), format!("it's {number}"))).collect();
        CellSpec { map, required: true, ..CellSpec::new(CellType::Text) }
    }

    #[test]
    fn short_calls_stand_on_one_line() {
        let call = Call::normalise("\"Id\"", &CellSpec { required: true, ..CellSpec::new(CellType::Id) });
        assert_eq!(call.sql("  ", 20), "normalize_id(\"Id\", '{\"required\": true}')");
    }

    #[test]
    fn long_options_are_broken_between_elements_and_stay_the_same_json() {
        let call = Call::normalise("\"Kind\"", &cell(40));
        let sql = call.sql("  ", 20);
        assert!(sql.lines().count() > 10, "{sql}");
        assert!(sql.lines().all(|line| line.chars().count() < SHORT + 30), "{sql}");
        let (_, literal) = sql.split_once('\'').unwrap();
        let json = literal.rsplit_once('\'').unwrap().0.replace("''", "'");
        let read: CellSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(read.map, cell(40).map);
    }
}
