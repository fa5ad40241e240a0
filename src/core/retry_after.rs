//! `Retry-After`: how long a server wants to be left alone, in the forms of RFC 9110 and in those that servers use instead.

use super::text::{self, has, pieces, words};
use super::time::{Instant, Millis};

/// How long a `Retry-After` asks to wait from `now`, in milliseconds, rounded up: 0 for a date that is past, `None` for
/// nonsense.
///
/// RFC 9110 §10.2.3 has whole seconds, or a date in any of the three forms of §5.6.7. Servers and gateways write as well
/// `1.5`, `2s`, `1m30s`, `500ms`, `PT30S`, dates of RFC 3339, and the header twice, of which the longer wait counts.
pub fn retry_after(value: &str, now: Instant) -> Option<Millis> {
    let value = value.trim_ascii();
    let value = value.strip_prefix("\"").and_then(|value| value.strip_suffix("\"")).unwrap_or(value);
    let mut longest = 0;
    for piece in pieces(value, b",") {
        match span(piece) {
            Some(span) => longest = span.max(longest),
            // The comma may be that of a date.
            None => return Some(http_date(value, now).or_else(|| rfc_3339(value))?.since(now)),
        }
    }
    Some(longest)
}

/// A span of time: one number of seconds, or numbers with units, of which the first letters count.
fn span(value: &str) -> Option<Millis> {
    let value = value.trim_ascii().to_ascii_lowercase();
    let mut rest = value.strip_prefix("+").or_else(|| value.strip_prefix("pt")).unwrap_or(&value);
    let mut sum = None;
    while !rest.is_empty() {
        let (number, after) = leading(rest, |byte| byte.is_ascii_digit() || *byte == b'.');
        let (unit, after) = leading(after.trim_ascii_start(), u8::is_ascii_lowercase);
        let unit = match unit.as_bytes() {
            [] if sum.is_none() && after.is_empty() => SECOND,
            [b'm', b's', ..] | [b'm', b'i', b'l', ..] => 1,
            [b's', ..] => SECOND,
            [b'm', ..] => 60 * SECOND,
            [b'h', ..] => 3600 * SECOND,
            _ => return None,
        };
        sum = Some(times(number, unit)?.saturating_add(sum.unwrap_or(0)));
        rest = after.trim_ascii_start();
    }
    sum
}

/// The part of `text` at its beginning whose bytes are all `wanted`, and what follows it.
fn leading(text: &str, wanted: fn(&u8) -> bool) -> (&str, &str) {
    let mut length = 0;
    for byte in text.as_bytes() {
        if !wanted(byte) {
            break;
        }
        length += 1;
    }
    (text.get(..length).unwrap_or_default(), text.get(length..).unwrap_or_default())
}

/// `unit` milliseconds, as often as the decimal number says, rounded up.
fn times(number: &str, unit: Millis) -> Option<Millis> {
    // The weight of the last digit is one part in so many; 0 before the point.
    let (mut digits, mut weight, mut is_more) = (0_u64, 0_u64, false);
    for byte in number.bytes() {
        match byte {
            b'.' if weight == 0 => weight = 1,
            b'.' => return None,
            // Further digits are less than a millisecond of an hour.
            _ if weight >= 10_000_000 => is_more |= byte != b'0',
            _ => {
                digits = digits.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                weight *= 10;
            }
        }
    }
    let millis = digits.saturating_mul(unit).div_ceil(weight.max(1));
    number.bytes().any(|byte| byte != b'.').then(|| millis.saturating_add(is_more.into()))
}

/// A date of RFC 3339 §5.6; without an offset it counts as UTC. A fraction of a second is rounded up.
fn rfc_3339(value: &str) -> Option<Instant> {
    let part = |from: usize, to: usize| number(value.get(from..to)?, to - from);
    if value.get(4..5)? != "-" || value.get(7..8)? != "-" {
        return None;
    }
    let month = part(5, 7)?.checked_sub(1).filter(|month| *month < 12)?;
    let local = moment(part(0, 4)?, month, part(8, 10)?, value.get(11..19)?)?.as_millis();
    let rest = value.get(19..)?;
    let local = if rest.starts_with(".") { local + SECOND } else { local };
    let Some(sign) = rest.bytes().position(|byte| has(b"+-", byte)).map(|at| at + 19) else {
        return Some(Instant::from_millis(local));
    };
    let offset = (part(sign + 1, sign + 3)? * 60 + part(sign + 4, sign + 6)?) * 60 * SECOND;
    Some(Instant::from_millis(if has(rest.as_bytes(), b'-') { local + offset } else { local.saturating_sub(offset) }))
}

/// An HTTP-date (RFC 9110 §5.6.7). The day of the week is read over: it adds nothing to the date.
fn http_date(value: &str, now: Instant) -> Option<Instant> {
    match *words(value).as_slice() {
        // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT. Some write the zone, or the day, in another way.
        [_, day, month, year, time, "GMT" | "UTC" | "+0000"] => {
            moment(number(year, 4)?, month_of(month)?, number(day, day.len().min(2))?, time)
        }
        // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, "GMT"] => {
            let [day, month, year] = *pieces(date, b"-").as_slice() else { return None };
            let year = full_year(number(year, 2)?, now);
            moment(year, month_of(month)?, number(day, 2)?, time)
        }
        // asctime: Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => moment(number(year, 4)?, month_of(month)?, number(day, day.len().min(2))?, time),
        _ => None,
    }
}

/// The year that two digits mean: the last one that is not more than 50 years ahead (RFC 9110 §5.6.7).
fn full_year(two_digits: u64, now: Instant) -> u64 {
    // Off by a day at most at the turn of a year, which 50 years hide.
    let this_year = 1970 + now.as_millis() / DAY * 400 / DAYS_OF_400_YEARS;
    let latest = this_year + 50;
    latest - (latest + 100 - two_digits) % 100
}

/// The number of the month of this name: 0 is January.
fn month_of(name: &str) -> Option<u64> {
    MONTHS.iter().position(|month| *month == name).map(|month| month as u64)
}

/// The instant of a civil date and a time "hh:mm:ss" in UTC; what precedes 1970 counts as 1970.
fn moment(year: u64, month: u64, day: u64, time: &str) -> Option<Instant> {
    let [hour, minute, second] = *pieces(time, b":").as_slice() else { return None };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    // RFC 9110 allows 60 for a leap second.
    if day == 0 || day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(Instant::from_millis((days_before(year, month) + day - 1).saturating_sub(EPOCH) * DAY + seconds * 1000))
}

/// Days from 1 January of year 0 to the first of this month (0 is January), by the Gregorian calendar without end.
fn days_before(year: u64, month: u64) -> u64 {
    // Years 0 to `year` - 1, of which 0 is a leap year as well.
    let leap_days = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    year * 365 + leap_days + (0..month).map(|earlier| days_of_month(year, earlier)).sum::<u64>()
}

const fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        1 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Exactly `digits` ASCII digits.
fn number(text: &str, digits: usize) -> Option<u64> {
    text::number(text.as_bytes()).filter(|_| text.len() == digits)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds of a second.
const SECOND: Millis = 1000;

/// Milliseconds of a day.
const DAY: Millis = 86_400_000;

/// The Gregorian calendar repeats after as many days.
const DAYS_OF_400_YEARS: u64 = 146_097;

/// Days from 1 January of year 0 to the Unix epoch.
const EPOCH: u64 = 719_528;

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
    fn seconds_are_taken_as_they_are() {
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait(" 120\t"), Some(120_000));
        assert_eq!(wait("99999999999999999999999999"), Some(Millis::MAX));
        for nonsense in [
            "", " ", "-1", "1 2", "soon", "1.5.5", ".", "s", "1x", "2 s 3", "1e3", "0x10", "+", "++1", "PT", ",", "1,",
            "١",
        ] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn fractions_and_units_are_read_and_rounded_up() {
        for (value, millis) in [
            ("1.5", 1500),
            ("0.0001", 1),
            ("1.0000000000001", 1001),
            ("1.", 1000),
            (".5", 500),
            ("+1", 1000),
            ("\"120\"", 120_000),
            ("2s", 2000),
            ("2 s", 2000),
            ("2.5 Seconds", 2500),
            ("1 second", 1000),
            ("30sec", 30_000),
            ("500ms", 500),
            ("1 min", 60_000),
            ("1m30s", 90_000),
            ("1m 30.25s", 90_250),
            ("1h", 3_600_000),
            ("PT30S", 30_000),
            ("PT1M0.5S", 60_500),
            ("120, 120", 120_000),
            ("1, 5", 5000),
            ("99999999999999999999h", Millis::MAX),
        ] {
            assert_eq!(wait(value), Some(millis), "{value}");
        }
    }

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(5000));
        assert_eq!(wait("Sunday, 06-Nov-94 08:49:37 GMT"), Some(5000));
        assert_eq!(wait("Sun Nov  6 08:49:37 1994"), Some(5000));
        assert_eq!(wait("Sun Nov 16 08:49:37 1994"), Some(5000 + 10 * DAY));
    }

    #[test]
    fn dates_that_differ_a_little_are_read_as_well() {
        for date in [
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "1994-11-06T08:49:37Z",
            "1994-11-06t08:49:36.0001z",
            "1994-11-06 08:49:37",
            "1994-11-06 08:49:37 Z",
            "1994-11-06T09:49:37+01:00",
            "1994-11-06T03:19:36.000-05:30",
        ] {
            assert_eq!(wait(date), Some(5000), "{date}");
        }
    }

    #[test]
    fn a_past_date_asks_for_no_wait() {
        for past in [
            "Sun, 06 Nov 1994 08:49:31 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 1909 23:59:59 GMT",
            "1970-01-01T00:00:00+14:00",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(wait(past), Some(0), "{past}");
        }
    }

    #[test]
    fn impossible_dates_are_none() {
        for date in [
            "Sun, 006 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Tue, 29 Feb 2100 00:00:00 GMT",
            "Sun, 00 Nov 1994 00:00:00 GMT",
            "Sun, 31 Nov 1994 00:00:00 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sunday, 06-Nov 08:49:37 GMT",
            "Sun Nov  08:49:37 1994",
            "Sun Nov 006 08:49:37 1994",
            "1994-11-06",
            "1994-13-06T08:49:37Z",
            "1994-00-06T08:49:37Z",
            "1994-11-31T08:49:37Z",
            "1994-11-06T08:49Z",
            "1994-11-06T08:49:37+1",
            "94-11-06T08:49:37Z",
        ] {
            assert_eq!(wait(date), None, "{date}");
        }
    }

    #[test]
    fn two_digits_mean_the_nearest_century() {
        let in_2026 = Instant::from_millis(1_795_000_000_000);
        assert_eq!([0, 26, 76, 77, 94].map(|year| full_year(year, in_2026)), [2000, 2026, 2076, 1977, 1994]);
    }

    proptest! {
        #[test]
        fn days_follow_each_other(days in 0_u64..1_000_000) {
            // Walks the calendar by years and months, the slow and sure way.
            let (mut year, mut month, mut rest) = (1970, 0, days);
            while rest >= days_of_month(year, month) {
                rest -= days_of_month(year, month);
                (year, month) = if month == 11 { (year + 1, 0) } else { (year, month + 1) };
            }
            prop_assert_eq!(days_before(year, month) + rest, EPOCH + days);
            let date = format!("Day, {:02} {} {year:04} 00:00:01 GMT", rest + 1, MONTHS[month as usize]);
            prop_assert_eq!(retry_after(&date, Instant::from_millis(0)), Some(days * DAY + 1000));
        }

        #[test]
        fn no_text_is_too_odd(
            text in "\\PC*",
            date in "[A-Z]?[a-z,]{0,4} [0-9]{0,5}[ -][JFN][aeo][nbv][ -][0-9]{0,20} [0-9:]{0,9} (GMT)?",
            other in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{0,20}[Zz+-]?[0-9:]{0,6}",
            span in "(PT|\\+)?([0-9.]{0,30} ?(ms|s|m|h|min)?){0,3}",
            now: u64,
        ) {
            for text in [text, date, other, span] {
                retry_after(&text, Instant::from_millis(now));
            }
        }
    }
}
