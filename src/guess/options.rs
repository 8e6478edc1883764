//! The `csv:` options of a draft's source.

use crate::diagnostic::excerpt;
use crate::guess::About;
use crate::guess::sniff::{FooterGuess, Form};
use crate::guess::words::thousands;
use crate::guess::yaml::list;

/// The `csv:` options that a file needs, each with its evidence.
pub(super) fn csv_options(form: &Form, about: &About<'_>) -> Vec<String> {
    let mut options = Vec::new();
    let byte = |byte: u8| match byte {
        b'\t' => "\"\\t\"".to_owned(),
        b'\\' => "\"\\\\\"".to_owned(),
        other => format!("\"{}\"", other as char),
    };
    if form.dialect.delimiter != form.default {
        let (regular, all) = form.regular;
        options.push(format!(
            "delimiter: {}   # gives {} fields in {} of {} records",
            byte(form.dialect.delimiter),
            form.names.len(),
            thousands(regular),
            thousands(all)
        ));
    }
    if let Some(escape) = form.dialect.escape {
        options.push(format!("escape: {}   # quotes inside quotes stand behind it", byte(escape)));
    }
    if let Some(label) = form.encoding.option() {
        options.push(match label {
            "windows-1252" => {
                "encoding: windows-1252   # some bytes are no UTF-8; check the letters beyond a to z".to_owned()
            }
            other => format!("encoding: {other}   # every second byte is zero"),
        });
    }
    if form.preamble > 0 {
        options.push(format!(
            "preamble: {}   # lines above the header, the first: {}",
            form.preamble,
            excerpt(&form.above)
        ));
    }
    if form.headless {
        options.push(format!(
            "header: {}   # the first line looks like a record; give the columns names",
            list(&form.names)
        ));
    }
    match &form.footer {
        Some(FooterGuess::Salesforce) => {
            options.push("footer: salesforce   # the lines a report of Salesforce ends with".to_owned())
        }
        Some(FooterGuess::Lines(count, first)) => {
            options.push(format!("footer: {{lines: {count}}}   # the last of the file are no records: {first}"));
        }
        None => {}
    }
    let nulls = &about.sample.nulls;
    if !nulls.is_empty() {
        let counts: Vec<String> = nulls.iter().map(|(text, count)| format!("{text} ({})", thousands(*count))).collect();
        options.push(format!(
            "nulls: {}   # cells that mean nothing: {}",
            list(nulls.iter().map(|(text, _)| text)),
            counts.join(", ")
        ));
    }
    options
}
