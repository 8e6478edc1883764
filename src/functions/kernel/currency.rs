//! Currency signs (Unicode's `Sc`) and ISO 4217 codes at an end of an amount.

use super::space;

/// `value` without one sign or code at its start, else at its end; none if there is neither.
pub fn strip(value: &[u8]) -> Option<&[u8]> {
    strip_start(value).or_else(|| strip_end(value))
}

fn strip_start(value: &[u8]) -> Option<&[u8]> {
    if let Some((code, rest)) = value.split_first_chunk::<3>()
        && is_code(code)
    {
        return (!rest.first()?.is_ascii_alphabetic()).then(|| space::trim_start(rest));
    }
    let length = sign_length(value)?;
    Some(space::trim_start(&value[length..]))
}

fn strip_end(value: &[u8]) -> Option<&[u8]> {
    if let Some((rest, code)) = value.split_last_chunk::<3>()
        && is_code(code)
    {
        return (!rest.last()?.is_ascii_alphabetic()).then(|| space::trim_end(rest));
    }
    let start = value.iter().rposition(|byte| byte & 0xc0 != 0x80)?;
    let length = sign_length(&value[start..])?;
    (start + length == value.len()).then(|| space::trim_end(&value[..start]))
}

/// Bytes of the currency sign at the start of `value`.
fn sign_length(value: &[u8]) -> Option<usize> {
    Some(match value {
        [b'$', ..] => 1,
        [0xc2, 0xa2..=0xa5, ..] => 2,
        [0xd6, 0x8f, ..] | [0xd8, 0x8b, ..] | [0xdf, 0xbe | 0xbf, ..] => 2,
        [0xe2, 0x82, 0xa0..=0xbf, ..] | [0xe2, 0x83, 0x80, ..] => 3,
        [0xe0, 0xa7, 0xb2 | 0xb3 | 0xbb, ..] | [0xe0, 0xab, 0xb1, ..] | [0xe0, 0xaf, 0xb9, ..] => 3,
        [0xe0, 0xb8, 0xbf, ..] | [0xe1, 0x9f, 0x9b, ..] | [0xea, 0xa0, 0xb8, ..] => 3,
        [0xef, 0xb7, 0xbc, ..] | [0xef, 0xb9, 0xa9, ..] | [0xef, 0xbc, 0x84, ..] => 3,
        [0xef, 0xbf, 0xa0 | 0xa1 | 0xa5 | 0xa6, ..] => 3,
        _ => return None,
    })
}

fn is_code(code: &[u8; 3]) -> bool {
    let code = code.map(|byte| byte.to_ascii_uppercase());
    CODES.as_bytes().chunks_exact(4).any(|entry| entry[..3] == code)
}

/// ISO 4217, with the codes withdrawn since 2000 that old contracts still carry.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BYR \
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP \
GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TND TOP \
TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VEF VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMK ZMW ZWL ZWG ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_codes_come_off_either_end_once() {
        for (value, rest) in
            [("$5", "5"), ("5 €", "5"), ("EUR 5", "5"), ("5eur", "5"), ("₿5", "5"), ("￥5", "5"), ("$5 USD", "5 USD")]
        {
            assert_eq!(strip(value.as_bytes()), Some(rest.as_bytes()), "{value}");
        }
        for value in ["5", "kr 5", "XYZ5", "EURO 5", "5 EURO", "", "USD", "USDT5", "5 aUSD"] {
            assert_eq!(strip(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn the_list_is_made_of_codes() {
        assert!(
            CODES.as_bytes().chunks(4).all(|entry| entry[..3].iter().all(u8::is_ascii_uppercase) && entry[3] == b' ')
        );
    }
}
