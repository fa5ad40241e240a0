//! What the machine has to know about HTTP headers: their names, which of them a user may set, and how three are read.

use super::text::{self, has, pieces, split_once, words};
use super::time::{Instant, Millis};
use std::{fmt, rc::Rc};

/// `Accept`: what a POST and the GET stream take for an answer.
pub const ACCEPT: &str = "accept";
/// `Authorization`: set by the user's configuration or by an auth provider, never logged.
pub const AUTHORIZATION: &str = "authorization";
/// `Content-Type`: tells a single JSON answer from a stream.
pub const CONTENT_TYPE: &str = "content-type";
/// `Last-Event-ID`: the cursor that a stream is resumed from (MCP 2025-11-25, Transports, Resumability and Redelivery).
pub const LAST_EVENT_ID: &str = "last-event-id";
/// `Mcp-Method`: the body's method, for intermediaries (MCP 2026-07-28, Streamable HTTP).
pub const METHOD: &str = "mcp-method";
/// `Mcp-Name`: the tool, prompt or resource that the body names (MCP 2026-07-28, Streamable HTTP).
pub const NAME: &str = "mcp-name";
/// What the names of mirrored tool arguments begin with (MCP 2026-07-28, SEP-2243).
pub const PARAM_PREFIX: &str = "mcp-param-";
/// `MCP-Protocol-Version`: the negotiated revision, on every request after the handshake (since MCP 2025-06-18).
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// `Retry-After`: how long a 429 or 503 asks to wait (RFC 9110 §10.2.3).
pub const RETRY_AFTER: &str = "retry-after";
/// `Mcp-Session-Id`: the session that a request belongs to (MCP 2025-03-26 to 2025-11-25).
pub const SESSION_ID: &str = "mcp-session-id";
/// `WWW-Authenticate`: what a 401 wants (RFC 9110 §11.6.1).
pub const WWW_AUTHENTICATE: &str = "www-authenticate";

/// An id that a server gave to a session. It is a secret of its user: `Debug` shows no more than [`SessionId::short`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(Rc<str>);

impl SessionId {
    /// The id in a header's value; `None` unless it is 1 to `max_bytes` bytes long and all of them are visible ASCII,
    /// 0x21 to 0x7E (MCP 2025-11-25, Transports, Session Management).
    pub fn parse(text: &str, max_bytes: usize) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= max_bytes;
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.into()))
    }

    /// The whole id, for the header and for comparing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id for people: its first 8 characters and "...". Of an id no longer than that, half: it is never told whole.
    pub fn short(&self) -> String {
        let shown = if self.0.len() > SHOWN { SHOWN } else { self.0.len() / 2 };
        let mut short = String::from(self.0.get(..shown).unwrap_or_default());
        short.push_str("...");
        short
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short())
    }
}

/// How many characters of a session id are told to people.
const SHOWN: usize = 8;

/// The longest text of a server's choice that goes into a request line or a header, in bytes.
pub(crate) const LONGEST: usize = 8192;

/// What an answer's body is, by its `Content-Type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, or another type of the `+json` family (RFC 6839 §3.1).
    Json,
    /// `text/event-stream`.
    EventStream,
    /// Anything else, and no type at all.
    #[default]
    Other,
}

impl Media {
    /// Reads the value of a `Content-Type`; letter case and parameters do not matter (RFC 9110 §8.3.1).
    pub fn of(content_type: &str) -> Self {
        let essence = split_once(content_type, ";")
            .map_or(content_type, |(essence, _)| essence)
            .trim_ascii()
            .to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::Json,
            "text/event-stream" => Self::EventStream,
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Whether the machine or HTTP itself writes this header, so that a user's configuration may not. Case does not matter.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || name.starts_with(PARAM_PREFIX)
}

/// Checks a header that a user set; the error ends the sentence "the header …" and never shows the value.
///
/// # Errors
/// The name is no token (RFC 9110 §5.6.2), or the value has other characters than visible ASCII, spaces and tabs.
/// RFC 9110 §5.5 lets a value have bytes over 0x7F too, but gives them no meaning, and `fetch` refuses most such text.
pub fn validate(name: &str, value: &str) -> Result<(), &'static str> {
    if !is_token(name) {
        return Err("has a name that HTTP does not allow");
    }
    // A CR or LF here would let a value smuggle in further headers.
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err("has a line break or another control character in its value");
    }
    if !value.is_ascii() {
        return Err("has a character outside of ASCII in its value");
    }
    Ok(())
}

/// How long a `Retry-After` asks to wait from `now`, in milliseconds: 0 for a date that is past, `None` for nonsense.
///
/// The value is a number of seconds or a date (RFC 9110 §10.2.3) in any of the three forms that §5.6.7 wants accepted.
pub fn retry_after(value: &str, now: Instant) -> Option<Millis> {
    let value = value.trim_ascii();
    match text::number(value.as_bytes()) {
        Some(seconds) => Some(seconds.saturating_mul(1000)),
        None => Some(http_date(value, now)?.since(now)),
    }
}

const RESERVED: [&str; 17] = [
    ACCEPT,
    CONTENT_TYPE,
    LAST_EVENT_ID,
    METHOD,
    NAME,
    PROTOCOL_VERSION,
    SESSION_ID,
    // About the connection or the framing of the body, which are the HTTP client's (RFC 9110 §7.6.1, RFC 9112 §6).
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether this is a token, as the names of headers are (RFC 9110 §5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || has(b"!#$%&'*+-.^_`|~", byte)
}

/// An HTTP-date (RFC 9110 §5.6.7). The day of the week is read over: it adds nothing to the date.
fn http_date(value: &str, now: Instant) -> Option<Instant> {
    match *words(value).as_slice() {
        // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, "GMT"] => moment(number(year, 4)?, month, number(day, 2)?, time),
        // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, "GMT"] => {
            let [day, month, year] = *pieces(date, b"-").as_slice() else { return None };
            let year = full_year(number(year, 2)?, now);
            moment(year, month, number(day, 2)?, time)
        }
        // asctime: Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => moment(number(year, 4)?, month, number(day, day.len().min(2))?, time),
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

/// The instant of a civil date and a time "hh:mm:ss" in UTC; what precedes 1970 counts as 1970.
fn moment(year: u64, month: &str, day: u64, time: &str) -> Option<Instant> {
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
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
        for nonsense in ["", " ", "-1", "+1", "1.5", "1 2", "1s", "soon"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
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
    fn a_past_date_asks_for_no_wait() {
        for past in ["Sun, 06 Nov 1994 08:49:31 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 1909 23:59:59 GMT"]
        {
            assert_eq!(wait(past), Some(0), "{past}");
        }
    }

    #[test]
    fn impossible_dates_are_none() {
        for date in [
            "Sun, 6 Nov 1994 08:49:37 GMT",
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
        ] {
            assert_eq!(wait(date), None, "{date}");
        }
    }

    #[test]
    fn two_digits_mean_the_nearest_century() {
        let in_2026 = Instant::from_millis(1_795_000_000_000);
        assert_eq!([0, 26, 76, 77, 94].map(|year| full_year(year, in_2026)), [2000, 2026, 2076, 1977, 1994]);
    }

    #[test]
    fn session_ids_are_visible_ascii_within_the_limit() {
        assert!(SessionId::parse("!~", 2).is_some());
        for bad in ["", "abc", "a ", "a\n", "\u{7F}", "é"] {
            assert!(SessionId::parse(bad, 2).is_none(), "{bad}");
        }
    }

    #[test]
    fn session_ids_are_never_shown_whole() {
        let short = |text| SessionId::parse(text, 100).unwrap().short();
        assert_eq!(short("1234567890abcdef"), "12345678...");
        assert_eq!(short("123456789"), "12345678...");
        assert_eq!(short("12345678"), "1234...");
        assert_eq!(short("1"), "...");
        assert_eq!(format!("{:?}", SessionId::parse("1234567890abcdef", 100)), "Some(12345678...)");
    }

    #[test]
    fn media_types() {
        for (value, media) in [
            ("application/json", Media::Json),
            (" Application/JSON ; charset=utf-8", Media::Json),
            ("application/problem+json", Media::Json),
            ("text/event-stream;charset=UTF-8", Media::EventStream),
            ("TEXT/EVENT-STREAM", Media::EventStream),
            ("text/html", Media::Other),
            ("application/jsonp", Media::Other),
            ("", Media::Other),
        ] {
            assert_eq!(Media::of(value), media, "{value}");
        }
    }

    #[test]
    fn reserved_names_are_known_in_any_case() {
        for name in ["Accept", "MCP-Session-Id", "mcp-protocol-version", "Mcp-Param-Region", "HOST", "Content-Length"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["authorization", "x-mcp-name", "cookie", "mcp-paramount"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn headers_are_checked_as_http_wants() {
        assert!(validate("X-Key", "a b\t~").is_ok());
        assert!(validate("x-key", "").is_ok());
        for (name, value) in
            [("", "a"), ("a b", "a"), ("a:", "a"), ("ü", "a"), ("a", "a\r\nb: c"), ("a", "\0"), ("a", "é")]
        {
            assert!(validate(name, value).is_err(), "{name}");
        }
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
        fn no_text_is_too_odd(text in "\\PC*", date in "[A-Z]?[a-z,]{0,4} [0-9]{0,5}[ -][JFN][aeo][nbv][ -][0-9]{0,20} [0-9:]{0,9} (GMT)?", now: u64) {
            for text in [text, date] {
                retry_after(&text, Instant::from_millis(now));
                Media::of(&text);
                if validate("name", &text).is_ok() {
                    prop_assert!(text.bytes().all(|byte| byte == b'\t' || (0x20..0x7F).contains(&byte)));
                }
                if let Some(id) = SessionId::parse(&text, 10) {
                    prop_assert!(id.short().strip_suffix("...").is_some_and(|shown| shown != text) && id.as_str() == text);
                }
            }
        }
    }
}
