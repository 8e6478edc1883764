//! Attributes of one's own: columns that no attribute of the format was found for.

use std::fmt::Write as _;

use crate::diagnostic::excerpt;
use crate::guess::custom;
use crate::guess::dates::dates;
use crate::guess::draft::Drafting;
use crate::guess::matching::plain;
use crate::guess::profile::Field;
use crate::guess::words::wrap;
use crate::guess::yaml::{key, scalar};
use crate::mapping::CellType;
use crate::resolve::CellSpec;

impl Drafting<'_> {
    /// Columns that no attribute was found for.
    pub(super) fn others(&mut self, pivots: bool) {
        let used = self.used.clone();
        let left: Vec<&Field> = self
            .about
            .sample
            .fields
            .iter()
            .enumerate()
            .filter(|(place, _)| !used.contains(place))
            .map(|(_, field)| field)
            .collect();
        let format = self.format;
        let mut own: Vec<(usize, &Field)> = Vec::new();
        for field in left {
            let place =
                self.about.sample.fields.iter().position(|other| std::ptr::eq(other, field)).unwrap_or_default();
            let pair = matches!(format.pivot_column(&field.name), Some(Ok(_)));
            let tag = matches!(format.tag_column(&field.name), Some(Ok(_)));
            if (pair || tag) && !pivots && !field.duplicated {
                let _ = writeln!(self.text, "  {}: {}", key(&field.name), scalar(&field.name));
                self.used.push(place);
            } else {
                own.push((place, field));
            }
        }
        if own.is_empty() || pivots {
            return;
        }
        let wants_keys = format.needs_type.is_some();
        if !format.custom.allowed {
            let names: Vec<String> = own.iter().map(|(_, field)| format!("`{}`", excerpt(&field.name))).collect();
            let what = format!("not used, since the format has no attributes of one's own: {}", names.join(", "));
            self.text.extend(wrap(&what).into_iter().map(|line| format!("  # {line}\n")));
            if format.needs_data && self.found.len() < 2 {
                self.text.push_str(
                    "  # MISSING: at least one number: `<Module>##<Action>: <column>`, or `pivot` for long rows.\n",
                );
                self.missing.push("<Module>##<Action>".to_owned());
            }
            return;
        }
        if !wants_keys {
            self.text.push_str("\n  # No attribute of the format was found for these. Without the # they are sent as attributes of one's own.\n");
        }
        let mut keys = 0;
        for (place, field) in own {
            if field.duplicated {
                let name = excerpt(&field.name);
                let _ = writeln!(
                    self.text,
                    "  # `{name}` occurs twice in the header: `{name}#2` is the second, rename the first to use it"
                );
                continue;
            }
            let (entry, words) = custom::entry(field, format);
            let is_key = wants_keys
                && field.filled > 0
                && field.repeated() * 10 <= field.filled
                && !field.values[0].0.contains(' ');
            self.text.extend(words.into_iter().map(|line| format!("  # {line}\n")));
            if is_key {
                keys += 1;
                self.used.push(place);
                let _ = writeln!(
                    self.text,
                    "  {}: {{column: {}, type: foreign_key}}",
                    key(&field.name),
                    scalar(&field.name)
                );
            } else {
                let _ = writeln!(self.text, "  # {entry}");
            }
        }
        if wants_keys && keys == 0 {
            self.text.push_str("  # MISSING: at least one column of type `foreign_key`.\n");
            self.missing.push("a foreign key".to_owned());
        }
    }

    /// `collection:` with the key, which is a column of ids that (nearly) all occur once.
    pub(super) fn own_key(&mut self) -> Option<usize> {
        let taken: Vec<usize> = self.found.iter().map(|one| one.field).collect();
        let fields = self.about.sample.fields.iter().enumerate();
        let id = CellSpec { id_extra: "-".to_owned(), ..CellSpec::new(CellType::Id) };
        // An item that was sent twice does not keep its id from being one.
        let is_key = |field: &Field| {
            field.records == 0
                || field.filled == field.records && field.repeated() * 20 <= field.filled && field.share(&id) >= 0.9
        };
        let unique = fields.filter(|(place, field)| !taken.contains(place) && !field.duplicated && is_key(field));
        let speaks = |field: &Field| {
            let name = plain(&field.name);
            ["id", "key", "number", "nummer", "code", "no", "nr"].iter().any(|word| name.ends_with(word))
        };
        let unique: Vec<(usize, &Field)> = unique.collect();
        let chosen = unique.iter().find(|(_, field)| speaks(field)).or(unique.first()).map(|(place, _)| *place);
        let name = custom::name(&self.about.source);
        match chosen {
            Some(place) => {
                let key_name = custom::name(&self.field(place).name);
                let _ = writeln!(
                    self.text,
                    "collection: {{name: {name}, key: {}}}   # the name is that of the collection in Totango",
                    key(&key_name)
                );
            }
            None => {
                let _ = writeln!(
                    self.text,
                    "# MISSING: no column has an id of its own in every record. Say `collection: {{name: {name}, key: <attribute>}}`."
                );
                self.missing.push("collection.key".to_owned());
            }
        }
        chosen
    }

    /// The columns of a collection, which are all its own.
    pub(super) fn own_attributes(&mut self, own: Option<usize>) {
        let used = self.used.clone();
        for (place, field) in self.about.sample.fields.iter().enumerate().filter(|(place, _)| !used.contains(place)) {
            if field.duplicated {
                continue;
            }
            let (entry, words) = custom::entry(field, self.format);
            self.text.extend(words.into_iter().map(|line| format!("  # {line}\n")));
            if own == Some(place) {
                let _ =
                    writeln!(self.text, "  {}: {}   # the key", key(&custom::name(&field.name)), scalar(&field.name));
            } else if entry.contains("QUESTION") {
                let _ = writeln!(self.text, "  # {entry}");
            } else {
                let asked = dates(field, false).question.is_some() && entry.contains("type: date");
                self.questions += usize::from(asked);
                let _ = writeln!(self.text, "  {}{entry}", if asked { "# " } else { "" });
            }
            self.used.push(place);
        }
    }
}
