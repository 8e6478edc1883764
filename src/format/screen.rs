//! The catalogue on a screen of 100 columns, for `tanguero formats`: the page's rows and rules, laid out as text.

use std::fmt::Write;

use crate::format::page::rules;
use crate::format::{FormatSpec, catalog, described};

/// Columns of the screen.
const WIDTH: usize = 100;

/// Every format in a line or two, in the order in which Totango should load them.
pub fn overview() -> String {
    let mut table = vec![["format", "a row is", "load after"].map(str::to_owned)];
    for format in catalog() {
        table.push([format.name.clone(), format.about.clone(), format.after.join(", ")]);
    }
    let mut text = laid_out(&table, [20, 58, 18]);
    text.push_str("\nOne of them in full: `tanguero formats accounts`\n");
    text
}

/// One format: columns, rules, what is unsettled, a mapping to start from.
pub fn screen(format: &FormatSpec) -> String {
    let mut text = format!("{}: {}\n{}\n", format.name, format.title, wrapped(&format.about, WIDTH).join("\n"));
    let mut table = vec![["column", "type", "need", "rule", "empty cell"].map(str::to_owned)];
    for row in described(format) {
        let name = match row.display.as_str() {
            "" => row.name,
            display => format!("{} ({display})", row.name),
        };
        table.push([name, row.kind.to_string(), row.need, row.rule, row.empty]);
    }
    let _ = write!(text, "\n{}", laid_out(&table, [23, 11, 11, 32, 15]));
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            let _ = writeln!(text, "\n{title}");
            for item in items {
                let _ = writeln!(text, "- {}", wrapped(item, WIDTH - 2).join("\n  "));
            }
        }
    };
    list("The file", &rules(format));
    list("Not settled by any public page", &format.unsettled);
    let _ = write!(text, "\nA mapping to start from\n\n{}", format.example_mapping());
    text
}

/// Rows of cells, each in its column, broken between words where it is wider; the first row is the heading.
fn laid_out<const N: usize>(rows: &[[String; N]], widths: [usize; N]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut cells: [Vec<String>; N] = std::array::from_fn(|column| wrapped(&row[column], widths[column]));
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut drawn = String::new();
            for (cell, width) in cells.iter_mut().zip(widths) {
                let part = cell.get_mut(line).map(std::mem::take).unwrap_or_default();
                let space = width.saturating_sub(part.chars().count()) + 2;
                drawn.push_str(&part);
                drawn.extend(std::iter::repeat_n(' ', space));
            }
            text.push_str(drawn.trim_end());
            text.push('\n');
        }
    }
    text
}

/// `text` in lines of at most `width` characters; a longer word is cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.len() > width {
            lines.push(String::new());
        }
        while word.len() > width {
            lines.push(word.drain(..width).collect());
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("it begins with a line");
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for text in catalog().map(screen).chain([overview()]) {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
            }
        }
    }

    #[test]
    fn all_that_the_page_says_of_a_format_is_on_its_screen() {
        let words = |text: &str| text.split_whitespace().collect::<String>();
        for format in catalog() {
            let screen = screen(format);
            // A longer word is cut, and then is two.
            for rule in rules(format).iter().chain(&format.unsettled) {
                assert!(words(&screen).contains(&words(rule)), "{}: {rule}", format.name);
            }
            for column in &format.columns {
                let first = wrapped(&column.name, 23).remove(0);
                assert!(screen.lines().any(|line| line.starts_with(&first)), "{}: {}", format.name, column.name);
            }
            assert!(screen.ends_with(&format.example_mapping()));
        }
    }

    #[test]
    fn words_are_broken_only_where_they_must() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("tag##<a very long name>", 6), ["tag##<", "a very", "long", "name>"]);
        assert_eq!(wrapped("", 5), [""; 0]);
    }
}
