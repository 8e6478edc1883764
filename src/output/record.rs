//! A source record as JSON, as far as it may be shown.

use crate::mapping::RejectRecord;
use crate::output::rejects::Disclosure;

/// Stands for what must not be shown.
pub(crate) const HIDDEN_VALUE: &str = "[redacted]";

/// A source record.
#[derive(Debug, Clone, Copy)]
pub enum Record<'a> {
    /// Names and values, in the order of the source; none for NULL.
    Fields(&'a [(&'a str, Option<&'a str>)]),
    /// What stands in the file where no record could be read.
    Raw(&'a [u8]),
}

/// Appends the record, or nothing if it may not be shown.
pub(crate) fn write(out: &mut Vec<u8>, record: &Record<'_>, disclosure: &Disclosure) {
    let all = match disclosure.record {
        RejectRecord::Full => true,
        RejectRecord::Key => false,
        RejectRecord::None => return,
    };
    let hidden = |name: &str| disclosure.redact.iter().any(|column| column == name);
    match record {
        Record::Fields(fields) => {
            let fields = fields.iter().filter(|(name, _)| all || disclosure.key_columns.iter().any(|key| key == name));
            out.push(b'{');
            for (number, (name, value)) in fields.enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                text(out, name);
                out.push(b':');
                match value {
                    None => out.extend_from_slice(b"null"),
                    Some(_) if hidden(name) => text(out, HIDDEN_VALUE),
                    Some(value) => text(out, value),
                }
            }
            out.push(b'}');
        }
        // Nobody can tell which of these bytes belong to a column.
        Record::Raw(_) if !all => {}
        Record::Raw(bytes) => {
            out.extend_from_slice(b"{\"_raw\":");
            match disclosure.redact.is_empty() {
                true => text(out, &String::from_utf8_lossy(bytes)),
                false => text(out, HIDDEN_VALUE),
            }
            out.push(b'}');
        }
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    // Asked of all bytes, because that is done many at a time.
    if value.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\')) {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        return out.push(b'"');
    }
    serde_json::to_writer(&mut *out, value).expect("text is always JSON");
}
