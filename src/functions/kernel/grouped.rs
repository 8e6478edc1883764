//! Numbers of at most twelve bytes as spreadsheets show them, `$1,234.50`, made plain in a register.

use super::scan;
use super::short::Short;

/// For each number of digits and commas before the point: where the commas stand if there are any, a bit per byte.
const COMMAS: [u32; Short::MOST + 1] = {
    let mut commas = [0; Short::MOST + 1];
    let mut whole = 0;
    while whole <= Short::MOST {
        let mut at = whole;
        while at > 4 {
            at -= 4;
            commas[whole] |= 1 << at;
        }
        whole += 1;
    }
    commas
};

/// `$` taken off, commas taken out from between full groups of three, with `is_whole` a fraction of zeros cut off. None: the
/// long road decides.
#[inline(always)]
pub(super) fn plain(value: Short, is_whole: bool) -> Option<Short> {
    let (mut text, mut length) = value.parts();
    if text as u8 == b'$' {
        (text, length) = (text >> 8, length - 1);
    }
    let signs = scan::number_signs(text);
    let all = (1 << length) - 1;
    let (commas, points) = (signs.commas & all, signs.points & all);
    // Past the end there is neither, so an absent point stands there.
    let whole = (points | 1 << length).trailing_zeros() as usize;
    let digits_only = signs.digits | commas | points;
    let grouped = commas == 0 || commas == COMMAS[whole];
    let starts_well = signs.digits & 1 == 1 && (whole == 1 || text as u8 != b'0');
    let ends_well = points == 0 || whole + 1 < length && points == 1 << whole;
    if length == 0 || digits_only & all != all || !grouped || !starts_well || !ends_well {
        return None;
    }
    if is_whole && points != 0 {
        let zeros = (u128::from_ne_bytes([b'0'; 16]) & (!0 >> (8 * (16 - length)))) >> (8 * (whole + 1));
        if text >> (8 * (whole + 1)) != zeros {
            return None;
        }
        length = whole;
        text &= !0 >> (8 * (16 - length));
    }
    let mut left = commas;
    while left != 0 {
        // The last one first, so that the others keep their places.
        let at = 31 - left.leading_zeros();
        left ^= 1 << at;
        let before = !(!0 << (8 * at));
        text = text & before | text >> 8 & !before;
        length -= 1;
    }
    Some(Short::new(text, length))
}
