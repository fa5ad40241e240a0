//! The verdict on an HTTP response: a pure, total table, read from top to bottom.
//!
//! The code of a JSON-RPC error alone is never evidence of a lost session: −32001 means "session not found" on some
//! servers and "request timeout" on others, and 404 with −32601 is 2026-07-28's response to an unknown method.

use crate::core::kit::text::{concat, decimal, mentions, words};
use crate::core::kit::time::Millis;
use crate::core::protocol::codes::{self, METHOD_NOT_FOUND, UNSUPPORTED_VERSION};
use crate::core::protocol::error_code::ErrorCode;

/// The relation of a request's session id to the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The current id.
    Current,
    /// An id that was replaced since.
    Stale,
    /// No id.
    Absent,
}

/// A JSON-RPC error in the body.
#[derive(Clone, Debug)]
pub struct RpcSeen {
    /// The code.
    pub code: f64,
    /// Whether its `id` is that of the request; many servers send `null`.
    pub for_this_request: bool,
}

/// The evidence for a verdict.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The HTTP status; 0 if the browser hides a redirect.
    pub status: u16,
    /// The relation of the request's session id to the current one.
    pub relation: Relation,
    /// Whether the request opened or resumed a stream with GET.
    pub is_get: bool,
    /// The JSON-RPC error in the body, if there is one.
    pub rpc: Option<RpcSeen>,
    /// Whether the body is empty.
    pub is_bare: bool,
    /// The error's message, or the body's text.
    pub text: &'a str,
    /// Whether there is a `Retry-After`, valid or not.
    pub asks_to_wait: bool,
    /// `Retry-After` in milliseconds, if valid.
    pub retry_after: Option<Millis>,
}

impl Seen<'_> {
    /// Whether the server refuses the protocol version in the way of 2026-07-28 (basic/versioning).
    pub fn is_version_refusal(&self) -> bool {
        self.status == 400 && self.rpc.as_ref().is_some_and(|rpc| codes::is(Some(rpc.code), UNSUPPORTED_VERSION))
    }
}

/// What happens to the request, and what is now known about the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server no longer knows the session; the request was refused unread.
    Lost(ErrorCode),
    /// Either a lost session or a handler's own response: a ping decides before any retry.
    Doubtful(ErrorCode),
    /// The request carried a replaced id: send it again on the current session.
    Stale,
    /// Another stream uses the session.
    Conflict,
    /// Refused unread: retry after this delay, if the server gave one.
    Refused(Option<Millis>),
    /// Wrong or missing credentials.
    Unauthorized,
    /// Insufficient credentials.
    Forbidden,
    /// The server failed: the outcome is unknown.
    Unknown,
    /// An intermediary reports that the server is unreachable: the outcome is unknown.
    Outage,
    /// A JSON-RPC error for the caller.
    Answer,
    /// The HTTP status is final; a retry would not change it.
    Final,
}

/// The verdict on a response outside 200–299: exactly one for every input.
///
/// A response that a handler could have written is at most [`Verdict::Doubtful`]: one with the request's own id, or a
/// body in words that no known session layer uses. So a tool that reports its own error with HTTP 404 runs once.
pub fn judge(seen: &Seen<'_>) -> Verdict {
    let method_not_found = codes::is(seen.rpc.as_ref().map(|rpc| rpc.code), METHOD_NOT_FOUND);
    let answered = seen.rpc.as_ref().is_some_and(|rpc| rpc.for_this_request);
    let stale = seen.relation == Relation::Stale;
    let loses = |code| if stale { Verdict::Stale } else { Verdict::Lost(code) };
    let doubts = |code| if stale { Verdict::Stale } else { Verdict::Doubtful(code) };
    let carried = seen.relation != Relation::Absent;
    let text = seen.text;

    match seen.status {
        404 | 410 if carried && answered && !mentions(text, "session") => Verdict::Answer,
        404 | 410 if carried && answered => doubts(ErrorCode::SessionTerminated),
        // 2025-11-25 basic/transports, "Session Management" 4: 404 to a request with an id means that the session has
        // ended. Load balancers send 410 when the id no longer has a route; a handshake shows whether the endpoint
        // itself is gone.
        404 | 410 if carried && !method_not_found && (seen.is_bare || mentions(text, "session")) => {
            loses(ErrorCode::SessionTerminated)
        }
        404 | 410 if carried && !method_not_found => doubts(ErrorCode::SessionTerminated),
        400 | 409 | 422 if carried && answered && names_lost_session(text) => doubts(ErrorCode::SessionInvalid),
        400 | 409 | 422 if carried && !answered && answer_names_lost_session(text) => loses(ErrorCode::SessionInvalid),
        400 | 409 | 422 if carried && !answered && names_lost_session(text) => doubts(ErrorCode::SessionInvalid),
        // The server had no sessions and now requires one: it was replaced.
        400 if !carried && !answered && wants_session(text) => Verdict::Doubtful(ErrorCode::SessionInvalid),
        // The server was replaced by one with other versions; a new handshake negotiates one of them (2025-11-25
        // basic/transports, "Protocol Version Header": an unsupported version MUST be answered with 400).
        400 if seen.is_version_refusal() && answered => doubts(ErrorCode::SessionInvalid),
        400 if seen.is_version_refusal() => loses(ErrorCode::SessionInvalid),
        400 if !answered && names_version(text) => loses(ErrorCode::SessionInvalid),
        409 if seen.is_get => Verdict::Conflict,
        401 => Verdict::Unauthorized,
        403 => Verdict::Forbidden,
        425 | 429 => Verdict::Refused(seen.retry_after),
        503 if seen.asks_to_wait => Verdict::Refused(seen.retry_after),
        // Python's JSON mode when the session ends in the middle of a request: an error without information. A body
        // that mentions sessions comes from a failing server, not from a proxy that cannot reach it.
        500..=599 if mentions(text, "session") => Verdict::Unknown,
        _ if answered || method_not_found => Verdict::Answer,
        // RFC 9110 §15.5.20: refused unread for its origin or connection; may be repeated whatever the method.
        421 => Verdict::Refused(seen.retry_after),
        // Gateways and CDNs (Cloudflare: 520 to 527) about the server behind them. RFC 9110 §15.6.3 to §15.6.5.
        502..=504 | 520..=527 => Verdict::Outage,
        // 499 is the official SDK's (v2) response to requests in progress when the server stops.
        408 | 499 | 500..=599 => Verdict::Unknown,
        _ if seen.rpc.is_some() => Verdict::Answer,
        _ => Verdict::Final,
    }
}

/// Whether the whole message is a known phrase for a lost session. A part of the message does not count: a tool may
/// have sessions of its own.
pub fn answer_names_lost_session(message: &str) -> bool {
    const SENTENCES: [&str; 9] = [
        "session not found",
        "no valid session id",
        "invalid session id",
        "session has been terminated",
        "session expired",
        "session has expired",
        "session terminated",
        "unknown session",
        // The TypeScript transport after a restart, before its first `initialize`.
        "server not initialized",
    ];
    let message = message.trim_ascii().to_ascii_lowercase();
    let message =
        message.strip_prefix("bad request: ").or_else(|| message.strip_prefix("not found: ")).unwrap_or(&message);
    let mut message = message.strip_suffix(" provided").unwrap_or(message);
    while let Some(shorter) = message.strip_suffix(".") {
        message = shorter;
    }
    SENTENCES.contains(&message)
}

/// The same for the body of a 400, by its words: servers based on an old example, and Python's up to 1.25, send it
/// instead of 404.
pub fn names_lost_session(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "not found",
        "no valid",
        "invalid",
        "expired",
        "unknown",
        "terminated",
        "not initialized",
        "no longer",
        "not exist",
        "closed",
        "no active",
        "no session",
        // The TypeScript examples of HTTP+SSE: "No transport found for sessionId".
        "no transport",
    ];
    // The TypeScript transport after a restart, before its first `initialize`.
    if mentions(text, "server not initialized") {
        return true;
    }
    // The request carried the id, so "required" means that an intermediary removed it; a new session would not help.
    mentions(text, "session") && !mentions(text, "required") && WORDS.iter().any(|word| mentions(text, word))
}

fn names_version(text: &str) -> bool {
    mentions(text, "unsupported protocol version")
}

fn wants_session(text: &str) -> bool {
    mentions(text, "session") && (mentions(text, "required") || mentions(text, "missing") || mentions(text, "no valid"))
        || mentions(text, "server not initialized")
}

/// The evidence as one sentence, for errors and events. It quotes at most a short excerpt of the server's text.
pub fn evidence(seen: &Seen<'_>) -> String {
    let mut sentence =
        if seen.status == 0 { String::from("a redirect") } else { concat(&["HTTP ", &decimal(seen.status.into())]) };
    if let Some(rpc) = &seen.rpc {
        sentence.push_str(", JSON-RPC error ");
        sentence.push_str(&integer(rpc.code));
    }
    let words = excerpt(seen.text);
    if !words.is_empty() {
        sentence.push_str(" \"");
        sentence.push_str(&words);
        sentence.push('"');
    }
    sentence.push_str(match (seen.is_get, seen.relation) {
        (true, _) => " to a GET of the stream",
        (false, Relation::Current) => " to a request with the current session id",
        (false, Relation::Stale) => " to a request with a replaced session id",
        (false, Relation::Absent) => " to a request without a session id",
    });
    sentence
}

/// A JSON-RPC code as text, without float formatting, which would cost 17 KB of wasm.
#[allow(clippy::cast_possible_truncation, reason = "codes are small integers; an odd one is only displayed")]
pub fn integer(code: f64) -> String {
    let digits = decimal((code as i64).unsigned_abs());
    if code <= -1.0 { concat(&["-", &digits]) } else { digits }
}

/// The beginning of a server's text on one line, without markup or long tokens.
pub fn excerpt(text: &str) -> String {
    if text.trim_ascii_start().starts_with("<") {
        return String::from("an HTML page");
    }
    let mut excerpt = String::new();
    for word in words(text) {
        // Long unbroken runs may be ids or tokens that the server echoes: they are never quoted.
        let word = if word.len() > 24 { "…" } else { word };
        if excerpt.len() + word.len() > 100 {
            break;
        }
        if !excerpt.is_empty() {
            excerpt.push(' ');
        }
        excerpt.push_str(word);
    }
    excerpt
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(status: u16, relation: Relation, text: &str) -> Seen<'_> {
        Seen {
            status,
            relation,
            is_get: false,
            rpc: None,
            is_bare: text.is_empty(),
            text,
            asks_to_wait: false,
            retry_after: None,
        }
    }

    fn rpc(code: f64, for_this_request: bool) -> Option<RpcSeen> {
        Some(RpcSeen { code, for_this_request })
    }

    #[test]
    fn a_404_with_the_current_id_ends_the_session() {
        for text in ["", "Session not found", "session is closing", "Not Found: Session has been terminated"] {
            for status in [404, 410] {
                let verdict = judge(&seen(status, Relation::Current, text));
                assert_eq!(verdict, Verdict::Lost(ErrorCode::SessionTerminated), "{status} {text}");
            }
        }
        let answer = Seen { rpc: rpc(-32001.0, false), ..seen(404, Relation::Current, "Session not found") };
        assert_eq!(judge(&answer), Verdict::Lost(ErrorCode::SessionTerminated));
    }

    #[test]
    fn a_404_that_a_router_or_a_handler_may_have_written_is_doubtful() {
        for text in ["<html>nginx</html>", "Not Found", "Cannot POST /mcp", "customer 7 not found"] {
            let verdict = judge(&seen(404, Relation::Current, text));
            assert_eq!(verdict, Verdict::Doubtful(ErrorCode::SessionTerminated), "{text}");
        }
    }

    #[test]
    fn a_404_with_the_requests_own_id_is_the_handlers_answer_unless_it_speaks_of_the_session() {
        for status in [404, 410] {
            for code in [-32601.0, -32001.0, -32600.0, -32000.0, 404.0] {
                let answer = Seen { rpc: rpc(code, true), ..seen(status, Relation::Current, "no such customer") };
                assert_eq!(judge(&answer), Verdict::Answer, "{status} {code}");
                let answer = Seen { rpc: rpc(code, true), ..seen(status, Relation::Current, "Session not found") };
                assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionTerminated), "{status} {code}");
            }
        }
    }

    #[test]
    fn a_stale_id_never_ends_the_current_session() {
        assert_eq!(judge(&seen(404, Relation::Stale, "")), Verdict::Stale);
        assert_eq!(judge(&seen(400, Relation::Stale, "Bad Request: No valid session ID provided")), Verdict::Stale);
    }

    #[test]
    fn a_404_without_an_id_is_a_wrong_address() {
        assert_eq!(judge(&seen(404, Relation::Absent, "")), Verdict::Final);
    }

    #[test]
    fn a_400_that_names_the_session_makes_it_invalid() {
        for text in
            ["Bad Request: No valid session ID provided", "Session expired", "Bad Request: Server not initialized"]
        {
            assert_eq!(judge(&seen(400, Relation::Current, text)), Verdict::Lost(ErrorCode::SessionInvalid), "{text}");
        }
        for text in ["Invalid session", "unknown session id", "chat session 7 has expired"] {
            let verdict = judge(&seen(400, Relation::Current, text));
            assert_eq!(verdict, Verdict::Doubtful(ErrorCode::SessionInvalid), "{text}");
        }
    }

    #[test]
    fn a_400_that_no_longer_knows_our_version_asks_for_a_new_handshake() {
        let text = "Bad Request: Unsupported protocol version: 2025-06-18 (supported versions: 2025-11-25)";
        for relation in [Relation::Current, Relation::Absent] {
            assert_eq!(judge(&seen(400, relation, text)), Verdict::Lost(ErrorCode::SessionInvalid));
        }
    }

    #[test]
    fn a_400_about_something_else_does_not() {
        for text in ["Bad Request: Mcp-Session-Id header is required", "invalid arguments", "file not found"] {
            assert_eq!(judge(&seen(400, Relation::Current, text)), Verdict::Final, "{text}");
        }
        let answer = Seen { rpc: rpc(-32602.0, true), ..seen(400, Relation::Current, "invalid session parameter") };
        assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionInvalid), "a ping decides");
    }

    #[test]
    fn the_rest_of_the_table() {
        assert_eq!(judge(&Seen { is_get: true, ..seen(409, Relation::Current, "") }), Verdict::Conflict);
        assert_eq!(judge(&seen(401, Relation::Current, "")), Verdict::Unauthorized);
        assert_eq!(judge(&seen(403, Relation::Current, "")), Verdict::Forbidden);
        assert_eq!(judge(&seen(429, Relation::Current, "")), Verdict::Refused(None));
        let later = Seen { asks_to_wait: true, retry_after: Some(1000), ..seen(503, Relation::Current, "") };
        assert_eq!(judge(&later), Verdict::Refused(Some(1000)));
        let some_time = Seen { asks_to_wait: true, ..seen(503, Relation::Current, "") };
        assert_eq!(judge(&some_time), Verdict::Refused(None));
        for status in [408, 499, 500, 501, 505, 519, 528] {
            assert_eq!(judge(&seen(status, Relation::Current, "")), Verdict::Unknown);
        }
        for status in [502, 503, 504, 520, 527] {
            assert_eq!(judge(&seen(status, Relation::Current, "")), Verdict::Outage);
        }
        let failed = Seen { rpc: rpc(-32603.0, true), ..seen(502, Relation::Current, "upstream API failed") };
        assert_eq!(judge(&failed), Verdict::Answer, "a tool that relays its own upstream's error");
        for text in ["Session unavailable on this replica", "no such session", "session store is down"] {
            assert_eq!(judge(&seen(503, Relation::Current, text)), Verdict::Unknown, "{text}");
        }
        let crashed = Seen {
            rpc: rpc(-32603.0, true),
            ..seen(500, Relation::Current, "Session terminated before the request completed")
        };
        assert_eq!(judge(&crashed), Verdict::Unknown, "Python's JSON mode, session killed in mid-request");
        assert_eq!(judge(&seen(0, Relation::Current, "")), Verdict::Final);
    }

    #[test]
    fn a_misdirected_request_is_refused_unread_unless_its_handler_answers() {
        for relation in [Relation::Current, Relation::Stale, Relation::Absent] {
            for text in ["", "Misdirected Request", "<html>421 Misdirected Request</html>", "Invalid Host header"] {
                assert_eq!(judge(&seen(421, relation, text)), Verdict::Refused(None), "{relation:?} {text}");
            }
            let refused = Seen { rpc: rpc(-32000.0, false), ..seen(421, relation, "Misdirected Request") };
            assert_eq!(judge(&refused), Verdict::Refused(None), "{relation:?}");
            let answer = Seen { rpc: rpc(-32000.0, true), ..seen(421, relation, "Misdirected Request") };
            assert_eq!(judge(&answer), Verdict::Answer, "{relation:?}: a tool that relays its own upstream's status");
        }
    }

    #[test]
    fn a_tool_that_speaks_of_sessions_does_not_end_ours() {
        assert!(answer_names_lost_session("Session not found"));
        assert!(answer_names_lost_session("Bad Request: No valid session ID provided"));
        assert!(!answer_names_lost_session("browser session not found: tab 4"));
        assert!(!answer_names_lost_session("file not found"));
    }

    proptest! {
        #[test]
        fn every_response_has_a_verdict(
            status in 0u16..=999, relation in 0..3, is_get: bool, code in proptest::option::of(-40000i32..0),
            for_this_request: bool, text in ".{0,200}", retry in proptest::option::of(0u64..1_000_000),
        ) {
            let relation = [Relation::Current, Relation::Stale, Relation::Absent][relation as usize];
            let rpc = code.map(|code| RpcSeen { code: f64::from(code), for_this_request });
            let seen = Seen { status, relation, is_get, rpc, is_bare: text.is_empty(), text: &text, asks_to_wait: retry.is_some(), retry_after: retry };
            let verdict = judge(&seen);
            // Only a request with the current id, or one without an id that must bring one, can lose a session.
            if let Verdict::Lost(_) | Verdict::Doubtful(_) = verdict {
                prop_assert!(relation == Relation::Current || (relation == Relation::Absent && status == 400));
            }
            // A response with the request's own id never loses a session by itself.
            prop_assert!(!(for_this_request && code.is_some() && matches!(verdict, Verdict::Lost(_))));
            prop_assert!(evidence(&seen).len() < 320);
        }
    }
}
