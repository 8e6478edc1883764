//! Salesforce ids: 15 characters whose case matters, or 18 with a checksum of that case.

const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// Prefixes of the objects whose ids stand in account and contact exports: Account, Contact, User, Opportunity, Lead, Case.
const PREFIXES: [&[u8; 3]; 6] = [b"001", b"003", b"005", b"006", b"00Q", b"500"];

/// The 18-character form: 15 characters get their checksum, 18 get back the case that a tool lost. None: as it is.
pub fn long_form(value: &[u8]) -> Option<[u8; 18]> {
    if !value.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (short, check) = value.split_first_chunk::<15>()?;
    match check {
        [] => Some(with_check(short)),
        [_, _, _] => repaired(short, check),
        _ => None,
    }
}

fn with_check(short: &[u8; 15]) -> [u8; 18] {
    let mut long = [0; 18];
    long[..15].copy_from_slice(short);
    for (group, check) in short.chunks(5).zip(&mut long[15..]) {
        let bits = group.iter().enumerate().map(|(bit, byte)| usize::from(byte.is_ascii_uppercase()) << bit);
        *check = CHECK[bits.sum::<usize>()];
    }
    long
}

/// The case the checksum asks for, if the id has it or has plainly lost its case (all capitals or none).
fn repaired(short: &[u8; 15], check: &[u8]) -> Option<[u8; 18]> {
    let mut asked = *short;
    for (group, check) in asked.chunks_mut(5).zip(check) {
        let bits = CHECK.iter().position(|byte| byte.eq_ignore_ascii_case(check))?;
        for (bit, byte) in group.iter_mut().enumerate() {
            *byte = if bits >> bit & 1 == 1 { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
        }
    }
    let long = with_check(&asked);
    let one_case = !short.iter().any(u8::is_ascii_uppercase) || !short.iter().any(u8::is_ascii_lowercase);
    (long[15..].eq_ignore_ascii_case(check) && (asked == *short || one_case)).then_some(long)
}

/// Characters of the short form.
pub const SHORT: usize = 15;

/// Looks like a 15-character id of a well-known object: its prefix, the reserved `0` in the sixth place, and letters
/// (without letters there is no case to lose, and it may be any number).
pub fn is_short(value: &[u8]) -> bool {
    value.len() == SHORT
        && value[5] == b'0'
        && PREFIXES.iter().any(|prefix| value.starts_with(*prefix))
        && value.iter().all(u8::is_ascii_alphanumeric)
        && value[3..].iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(value: &str) -> String {
        long_form(value.as_bytes()).map_or(value.to_owned(), |long| String::from_utf8(long.to_vec()).unwrap())
    }

    #[test]
    fn fifteen_characters_get_their_checksum() {
        assert_eq!(long("001D000000IqhSL"), "001D000000IqhSLIAZ");
        assert_eq!(long("000000000000000"), "000000000000000AAA");
        assert_eq!(long("ABCDEABCDEABCDE"), "ABCDEABCDEABCDE555");
    }

    #[test]
    fn eighteen_characters_get_their_case_back() {
        assert_eq!(long("001D000000IqhSLIAZ"), "001D000000IqhSLIAZ");
        assert_eq!(long("001d000000iqhsliaz"), "001D000000IqhSLIAZ");
        assert_eq!(long("001D000000IQHSLIAZ"), "001D000000IqhSLIAZ");
    }

    #[test]
    fn what_is_no_salesforce_id_stays() {
        for value in [
            "",
            "001",
            "ACC-00000000012",
            "001D000000Iqhsliaz",
            "001D000000IqhSLI9Z",
            "0010000000000005AA",
            "é1D000000IqhSL",
        ] {
            assert_eq!(long(value), value);
        }
    }

    #[test]
    fn short_ids_are_known_without_false_alarms() {
        assert!(is_short(b"001D000000IqhSL"));
        assert!(is_short(b"0035g00000AbcDe"));
        for value in [
            "001000000000123",
            "ACC000000000123",
            "001D000000IqhSLIAZ",
            "123456789012345",
            "001D00-000IqhSL",
            "007D000000IqhSL",
        ] {
            assert!(!is_short(value.as_bytes()), "{value}");
        }
    }
}
