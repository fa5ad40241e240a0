//! `Retry-After`, in the forms of RFC 9110 and in those that servers use instead.

use crate::core::kit::text::{self, find, tokens};
use crate::core::kit::time::{Instant, Millis};

/// The delay of a `Retry-After` from `now`, in milliseconds, rounded up: 0 for a past date, `None` for an invalid
/// value.
///
/// RFC 9110 §10.2.3 allows whole seconds, or a date in any of the three forms of §5.6.7. Servers and gateways also send
/// `1.5`, `2s`, `500ms`, and the header twice; the first value counts.
pub fn retry_after(value: &str, now: Instant) -> Option<Millis> {
    span(value.trim_ascii()).or_else(|| Some(http_date(value)?.since(now)))
}

/// A decimal number with an optional unit; seconds by default.
fn span(value: &str) -> Option<Millis> {
    let (mut rest, mut digits, mut scale, mut is_number) = (value.as_bytes(), 0.0_f64, 0.0_f64, false);
    while let [byte, after @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10.0 + f64::from(byte - b'0');
                scale *= 10.0;
                is_number = true;
            }
            b'.' if scale == 0.0 => scale = 1.0,
            _ => break,
        }
        rest = after;
    }
    let unit = match rest {
        [] | [b's'] | [b',', ..] => 1000.0,
        [b'm', b's'] => 1.0,
        [b'm'] => 60_000.0,
        [b'h'] => 3_600_000.0,
        _ => return None,
    };
    // The cast saturates.
    is_number.then(|| (digits * unit / scale.max(1.0)).ceil() as Millis)
}

/// An HTTP-date (RFC 9110 §5.6.7). The day of the week is ignored because it is redundant. The length of the month is
/// not checked: the delay would be the same to within a day.
fn http_date(value: &str) -> Option<Instant> {
    let tokens = tokens(value, b" ,-:");
    let (day, month, year, time) = match tokens.as_slice() {
        // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT, and RFC 850: Sunday, 06-Nov-94 08:49:37 GMT.
        [_, day, month, year, time @ .., "GMT" | "UTC" | "+0000"] => (*day, *month, *year, time),
        // asctime: Sun Nov  6 08:49:37 1994
        [_, month, day, time @ .., year] => (*day, *month, *year, time),
        _ => return None,
    };
    let [hour, minute, second] = time else { return None };
    // RFC 9110 allows 60 for a leap second.
    let seconds = (number(hour, 23)? * 60 + number(minute, 59)?) * 60 + number(second, 60)?;
    let mut years = number(year, 9999)?;
    // A two-digit year (RFC 9110 §5.6.7).
    if years < 70 {
        years += 2000;
    } else if years < 100 {
        years += 1900;
    }
    let mut months = find(MONTHS, month).filter(|at| at % 3 == 0 && month.len() == 3)? as u64 / 3;
    // Years begin in March, so that the leap day is the last day.
    if months < 2 {
        months += 12;
        years -= 1;
    }
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 - 304) / 5 + number(day, 31)?;
    Some(Instant::from_millis(days.saturating_sub(EPOCH) * DAY + seconds * 1000))
}

/// The number in `digits`, at most `most`.
fn number(digits: &str, most: u64) -> Option<u64> {
    text::number(digits.as_bytes()).filter(|number| *number <= most)
}

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// One day in milliseconds.
const DAY: Millis = 86_400_000;

/// Days from the last day of February of year 0 to the Unix epoch.
const EPOCH: u64 = 719_469;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
    const EXAMPLE: u64 = 784_111_777_000;

    fn wait(value: &str) -> Option<Millis> {
        retry_after(value, Instant::from_millis(EXAMPLE - 5000))
    }

    #[test]
    fn whole_seconds_are_parsed() {
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait(" 120\t"), Some(120_000));
        assert_eq!(wait("99999999999999999999999999"), Some(Millis::MAX));
        for nonsense in
            ["", " ", "-1", "1 2", "soon", "1.5.5", ".", "s", "1x", "2 s 3", "1e3", "0x10", "+", "++1", "PT", ",", "١"]
        {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn fractions_and_units_are_parsed_and_rounded_up() {
        for (value, millis) in [
            ("1.5", 1500),
            ("0.0001", 1),
            ("0.07", 70),
            ("1.0000000000001", 1001),
            ("1.", 1000),
            (".5", 500),
            ("2s", 2000),
            ("2.5s", 2500),
            ("500ms", 500),
            ("1m", 60_000),
            ("1h", 3_600_000),
            ("120, 120", 120_000),
            ("99999999999999999999h", Millis::MAX),
        ] {
            assert_eq!(wait(value), Some(millis), "{value}");
        }
    }

    #[test]
    fn all_three_date_formats_are_parsed() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(5000));
        assert_eq!(wait("Sunday, 06-Nov-94 08:49:37 GMT"), Some(5000));
        assert_eq!(wait("Sun Nov  6 08:49:37 1994"), Some(5000));
        assert_eq!(wait("Sun Nov 16 08:49:37 1994"), Some(5000 + 10 * DAY));
    }

    #[test]
    fn common_variants_of_dates_are_parsed() {
        for date in [
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06-Nov-1994 08:49:37 GMT",
        ] {
            assert_eq!(wait(date), Some(5000), "{date}");
        }
    }

    #[test]
    fn a_past_date_means_no_delay() {
        for past in ["Sun, 06 Nov 1994 08:49:31 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 1909 23:59:59 GMT"]
        {
            assert_eq!(wait(past), Some(0), "{past}");
        }
    }

    #[test]
    fn impossible_dates_are_none() {
        for date in [
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "Sun, 06 JanFeb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, 32 Nov 1994 00:00:00 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sunday, 06-Nov 08:49:37 GMT",
            "Sun Nov  08:49:37 1994",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(wait(date), None, "{date}");
        }
    }

    #[test]
    fn a_two_digit_year_is_near_the_present() {
        let at = |year| http_date(&format!("Sunday, 06-Nov-{year} 08:49:37 GMT"));
        for (short, long) in [("00", "2000"), ("26", "2026"), ("69", "2069"), ("94", "1994")] {
            assert_eq!(at(short), at(long));
            assert!(at(short).is_some());
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other(days in 0_u64..1_000_000) {
            // Counts years and months one by one: slow and simple.
            let (mut year, mut month, mut rest) = (1970, 0, days);
            while rest >= days_of_month(year, month) {
                rest -= days_of_month(year, month);
                (year, month) = if month == 11 { (year + 1, 0) } else { (year, month + 1) };
            }
            let name = MONTHS.get(month * 3..month * 3 + 3).unwrap_or_default();
            let date = format!("Day, {:02} {name} {year:04} 00:00:01 GMT", rest + 1);
            prop_assert_eq!(retry_after(&date, Instant::from_millis(0)), Some(days * DAY + 1000));
        }

        #[test]
        fn any_text_is_handled(
            text in "\\PC*",
            date in "[A-Z]?[a-z,]{0,4} [0-9]{0,5}[ -][JFN][aeo][nbv][ -][0-9]{0,20} [0-9:]{0,9} (GMT)?",
            span in "[0-9.]{0,30}(ms|s|m|h|,|)",
            now: u64,
        ) {
            for text in [text, date, span] {
                retry_after(&text, Instant::from_millis(now));
            }
        }
    }

    const fn days_of_month(year: u64, month: usize) -> u64 {
        match month {
            1 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            1 => 28,
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        }
    }
}
