//! Quantities: whole numbers, sizes in bytes, ages in seconds, counts or shares.

use super::{Entry, Reader};
use crate::mapping::Amount;
use crate::mapping::variables::Use;
use crate::yaml::Spanned;

impl Reader<'_> {
    /// A whole number of at least `least`.
    pub fn number(&mut self, entry: Entry<'_>, least: u64) -> Option<Spanned<u64>> {
        self.quantity(entry, "not such a number", &format!("a whole number of at least {least}"), |text| {
            digits(text).filter(|number| *number >= least)
        })
    }

    /// Bytes: `100MB`, or a bare number.
    pub fn size(&mut self, entry: Entry<'_>) -> Option<Spanned<u64>> {
        let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("KB", 1_000), ("B", 1), ("", 1)];
        let help = "e.g. `100MB`; units are B, kB, MB, GB, powers of 1,000";
        self.quantity(entry, "not a size", help, |text| united(text, &units).filter(|bytes| *bytes > 0))
    }

    /// An age in seconds: `90m`, `36h`, `2d`.
    pub fn age(&mut self, entry: Entry<'_>) -> Option<Spanned<u64>> {
        let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
        let help = "e.g. `36h`; units are s, m, h, d, w";
        self.quantity(entry, "not an age", help, |text| united(text, &units).filter(|seconds| *seconds > 0))
    }

    /// A count or a share: `100`, `0.5%`.
    pub fn amount(&mut self, entry: Entry<'_>) -> Option<Spanned<Amount>> {
        self.quantity(
            entry,
            "neither a count nor a share",
            "a number of records, e.g. `100`, or a share, e.g. `0.5%`",
            amount,
        )
    }

    fn quantity<T>(
        &mut self,
        entry: Entry<'_>,
        label: &str,
        help: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let said = self.text(entry, Use::Text)?;
        let found = read(said.value.trim());
        if found.is_none() {
            self.bad_value(entry, &said.value, label, help);
        }
        found.map(|value| Spanned::new(value, said.span))
    }
}

fn digits(text: &str) -> Option<u64> {
    // `parse` alone would take a plus sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A number with at most nine decimals and one of the units, in whole units of one.
fn united(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?).filter(|_| fraction.len() <= 9)?;
    let parts = digits(fraction)?.checked_mul(factor)?;
    digits(whole)?.checked_mul(factor)?.checked_add(parts / scale).filter(|_| parts % scale == 0)
}

fn amount(text: &str) -> Option<Amount> {
    let Some(share) = text.strip_suffix('%') else { return digits(text).map(Amount::Count) };
    let share = share.trim_end();
    let plain = share.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !share.starts_with('.');
    let percent: f64 = share.parse().ok().filter(|_| plain)?;
    (percent <= 100.0).then_some(Amount::Percent(percent))
}
