//! HTTP headers: names, the reserved ones, and the values that the machine parses. Those of a request are written in
//! `machine::outbound::request_headers`.

pub use crate::core::kit::retry_after::retry_after;
use crate::core::kit::text::{all, has, pieces};
use crate::core::protocol::revisions::VERSION_HEADER;
pub use crate::core::protocol::session_id::SessionId;
use std::{ops::Deref, rc::Rc};

/// `Accept`: the media types that a POST or the GET stream accepts.
pub const ACCEPT: &str = "accept";

/// `Authorization`: set by the user's configuration or by an auth provider, never logged.
pub const AUTHORIZATION: &str = "authorization";

/// `Content-Type`: distinguishes a JSON response from an event stream.
pub const CONTENT_TYPE: &str = "content-type";

/// `Last-Event-ID`: the cursor from which a stream resumes (MCP 2025-11-25, Transports, Resumability and Redelivery).
pub const LAST_EVENT_ID: &str = "last-event-id";

/// `Mcp-Method`: the body's method, for intermediaries (MCP 2026-07-28, Streamable HTTP).
pub const METHOD: &str = "mcp-method";

/// `Mcp-Name`: the tool, prompt or resource that the body names (MCP 2026-07-28, Streamable HTTP).
pub const NAME: &str = "mcp-name";

/// The prefix of headers for mirrored tool arguments (MCP 2026-07-28, SEP-2243).
pub const PARAM_PREFIX: &str = "mcp-param-";

/// `MCP-Protocol-Version`: the negotiated revision, on every request after the handshake (since MCP 2025-06-18).
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";

/// `Retry-After`: the delay that a 429 or 503 asks for (RFC 9110 §10.2.3).
pub const RETRY_AFTER: &str = "retry-after";

/// `Mcp-Session-Id`: the session that a request belongs to (MCP 2025-03-26 to 2025-11-25).
pub const SESSION_ID: &str = "mcp-session-id";

/// `WWW-Authenticate`: the challenge of a 401 (RFC 9110 §11.6.1).
pub const WWW_AUTHENTICATE: &str = "www-authenticate";

/// The longest server-supplied text in a request line or a header, in bytes.
pub(crate) const LONGEST: usize = 8192;

/// The name or the value of a header. Copying one allocates nothing: a call sends four to six of them.
#[derive(Clone, Debug)]
pub enum HeaderText {
    /// A text of the protocol.
    Known(&'static str),
    /// A text of a server or a user.
    Shared(Rc<str>),
}

impl Deref for HeaderText {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&'static str> for HeaderText {
    fn from(text: &'static str) -> Self {
        Self::Known(text)
    }
}

impl From<String> for HeaderText {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl From<&Rc<str>> for HeaderText {
    fn from(text: &Rc<str>) -> Self {
        Self::Shared(Rc::clone(text))
    }
}

/// The headers of a request.
pub type HeaderList = Vec<(HeaderText, HeaderText)>;

/// Adds a header.
pub(crate) fn add(list: &mut HeaderList, name: impl Into<HeaderText>, value: impl Into<HeaderText>) {
    list.push((name.into(), value.into()));
}

/// Adds all `others`.
pub(crate) fn add_all(list: &mut HeaderList, others: &[(HeaderText, HeaderText)]) {
    list.extend_from_slice(others);
}

/// Removes the header of this name, case-insensitive.
pub(crate) fn take_out(list: &mut HeaderList, name: &str) {
    while let Some(at) = list.iter().position(|(other, _)| other.eq_ignore_ascii_case(name)) {
        list.remove(at);
    }
}

/// The kind of a response body, by its `Content-Type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, or another type of the `+json` family (RFC 6839 §3.1).
    Json,
    /// `text/event-stream`.
    EventStream,
    /// Any other type, or none.
    #[default]
    Other,
}

impl Media {
    /// Parses a `Content-Type`; case and parameters are ignored (RFC 9110 §8.3.1). If the header was sent twice and
    /// joined by a comma, the first value counts.
    pub fn of(content_type: &str) -> Self {
        let essence = pieces(content_type, b";,").first().copied().unwrap_or_default();
        let essence = essence.trim_ascii().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::Json,
            "text/event-stream" => Self::EventStream,
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Whether the machine or HTTP itself sets this header, so that the configuration may not. Case-insensitive.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || name.starts_with(PARAM_PREFIX)
}

/// Checks a user-defined header. The error is a predicate of the header and never shows the value.
///
/// # Errors
/// The name is not a token (RFC 9110 §5.6.2), or the value contains characters other than visible ASCII, spaces and
/// tabs. RFC 9110 §5.5 also allows bytes above 0x7F, but gives them no meaning, and `fetch` rejects most such text.
pub fn validate(name: &str, value: &str) -> Result<(), &'static str> {
    if !is_token(name) {
        return Err("is not a valid HTTP header name");
    }
    // A CR or LF would inject further headers.
    if !all(value, |byte| !byte.is_ascii_control() || byte == b'\t') {
        return Err("has a line break or another control character in its value");
    }
    if !value.is_ascii() {
        return Err("has a non-ASCII character in its value");
    }
    Ok(())
}

/// An event id as the value of `Last-Event-ID`; `None` if a header cannot carry it: the stream is then opened without a
/// cursor.
///
/// HTML §9.2.3 sends the id as UTF-8. `fetch` takes a string of bytes as characters (Fetch §2.2.2), so an id beyond
/// Latin-1 becomes one character per byte of its UTF-8. A Latin-1 id stays unchanged: Node servers decode headers as
/// Latin-1 and get back the id they sent.
pub(crate) fn event_id(id: &str) -> Option<String> {
    let is_printed = |byte: u8| !byte.is_ascii_control() || byte == b'\t';
    // In UTF-8, characters up to U+00FF have no byte above 0xC3, and all others have one.
    let is_latin = all(id, |byte| byte <= 0xC3);
    let sent = if is_latin { String::from(id) } else { id.bytes().map(char::from).collect() };
    let fits = !sent.is_empty() && sent.bytes().filter(|byte| byte & 0xC0 != 0x80).count() <= MAX_EVENT_ID;
    Some(sent).filter(|_| fits && all(id, is_printed))
}

/// The longest event id that is sent back, in bytes: nginx rejects header lines over 8 KB, Node headers over 16 KB in
/// total.
const MAX_EVENT_ID: usize = 4_096;

const RESERVED: [&str; 17] = [
    ACCEPT,
    CONTENT_TYPE,
    LAST_EVENT_ID,
    METHOD,
    NAME,
    PROTOCOL_VERSION,
    SESSION_ID,
    // Connection and framing belong to the HTTP client (RFC 9110 §7.6.1, RFC 9112 §6).
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

/// Whether this is a token, the form of a header name (RFC 9110 §5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty() && all(name, is_token_byte)
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || has(b"!#$%&'*+-.^_`|~", byte)
}

/// Adds the headers of every request of a generation.
pub(crate) fn add_session_headers(list: &mut HeaderList, id: Option<&SessionId>, version: &'static str) {
    if let Some(id) = id {
        add(list, SESSION_ID, id.as_text());
    }
    // An older server's CORS headers may not allow it.
    if version >= VERSION_HEADER {
        add(list, PROTOCOL_VERSION, version);
    }
}

/// The `Last-Event-ID` header of a cursor, if any.
pub(crate) fn cursor_header(cursor: Option<String>) -> HeaderList {
    // A restored cursor may be arbitrary text.
    let mut list = HeaderList::new();
    if let Some(cursor) = cursor.and_then(|cursor| event_id(&cursor)) {
        add(&mut list, LAST_EVENT_ID, cursor);
    }
    list
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn event_ids_are_sent_as_bytes_that_a_header_may_have() {
        for id in ["e1", "a b", "a\tb", "é", "\u{80}\u{FF}", &"x".repeat(4096)] {
            assert_eq!(event_id(id).as_deref(), Some(id));
        }
        for (id, sent) in [
            ("€", "\u{E2}\u{82}\u{AC}"),
            ("é€", "\u{C3}\u{A9}\u{E2}\u{82}\u{AC}"),
            ("😀", "\u{F0}\u{9F}\u{98}\u{80}"),
            (&"€".repeat(1365), &"\u{E2}\u{82}\u{AC}".repeat(1365)),
        ] {
            assert_eq!(event_id(id).as_deref(), Some(sent), "{id}");
            assert_eq!(event_id(sent).as_deref(), Some(sent), "what is encoded stays so");
        }
        for id in ["", "\u{1}", "a\u{7F}", "a\0", "€\u{1B}", &"x".repeat(4097), &"€".repeat(1366)] {
            assert_eq!(event_id(id), None, "{id:?}");
        }
    }

    #[test]
    fn media_types() {
        for (value, media) in [
            ("application/json", Media::Json),
            (" Application/JSON ; charset=utf-8", Media::Json),
            ("application/problem+json", Media::Json),
            ("text/event-stream;charset=UTF-8", Media::EventStream),
            ("TEXT/EVENT-STREAM", Media::EventStream),
            ("text/event-stream, text/event-stream", Media::EventStream),
            ("application/json; charset=utf-8, application/json", Media::Json),
            ("text/html", Media::Other),
            ("application/jsonp", Media::Other),
            ("", Media::Other),
        ] {
            assert_eq!(Media::of(value), media, "{value}");
        }
    }

    #[test]
    fn reserved_names_are_case_insensitive() {
        for name in ["Accept", "MCP-Session-Id", "mcp-protocol-version", "Mcp-Param-Region", "HOST", "Content-Length"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["authorization", "x-mcp-name", "cookie", "mcp-paramount"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn headers_are_checked_by_the_rules_of_http() {
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
        fn any_text_is_handled(text in "\\PC*") {
            Media::of(&text);
            if validate("name", &text).is_ok() {
                prop_assert!(text.bytes().all(|byte| byte == b'\t' || (0x20..0x7F).contains(&byte)));
            }
            if let Some(id) = event_id(&text) {
                prop_assert!(id.chars().all(|character| u32::from(character) < 256 && character >= ' '));
                prop_assert_eq!(event_id(&id), Some(id));
            }
        }
    }
}
