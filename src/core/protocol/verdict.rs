//! The verdict on an HTTP response: a pure, total table, read from top to bottom. CONTRIBUTING.md describes how to add
//! a row.
//!
//! The code of a JSON-RPC error alone is never evidence of a lost session: −32001 means "session not found" on some
//! servers and "request timeout" on others, and 404 with −32601 is 2026-07-28's response to an unknown method.

use crate::core::kit::text::{concat, decimal, mentions, split_once, words};
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
    /// The request carried a replaced id: send it again on the current session, if it was refused unread.
    Stale {
        /// Whether the response alone says so.
        is_certain: bool,
    },
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
    match judge_current(seen) {
        Verdict::Lost(_) if seen.relation == Relation::Stale => Verdict::Stale { is_certain: !seen.is_bare },
        Verdict::Doubtful(_) if seen.relation == Relation::Stale => Verdict::Stale { is_certain: false },
        verdict => verdict,
    }
}

/// The same without a look at whether the request's session is still the current one.
fn judge_current(seen: &Seen<'_>) -> Verdict {
    let method_not_found = codes::is(seen.rpc.as_ref().map(|rpc| rpc.code), METHOD_NOT_FOUND);
    let answered = seen.rpc.as_ref().is_some_and(|rpc| rpc.for_this_request);
    let carried = seen.relation != Relation::Absent;
    let text = seen.text;

    match seen.status {
        404 | 410 if carried && answered && !mentions(text, "session") => Verdict::Answer,
        // 2025-11-25 basic/transports, "Session Management" 4: 404 to a request with an id means that the session has
        // ended. Load balancers send 410 when the id no longer has a route; a handshake shows whether the endpoint
        // itself is gone. In other words, a handler may have written it.
        404 | 410 if carried && !answered && (seen.is_bare || answer_names_lost_session(text)) => {
            Verdict::Lost(ErrorCode::SessionTerminated)
        }
        404 | 410 if carried && (answered || !method_not_found) => Verdict::Doubtful(ErrorCode::SessionTerminated),
        400 | 409 | 422 if carried && !answered && answer_names_lost_session(text) => {
            Verdict::Lost(ErrorCode::SessionInvalid)
        }
        400 | 409 | 422 if carried && names_lost_session(text) => Verdict::Doubtful(ErrorCode::SessionInvalid),
        // The server had no sessions and now requires one: it was replaced. 422 is rmcp's.
        400 | 404 | 422 if !carried && speaks(text) => Verdict::Doubtful(ErrorCode::SessionInvalid),
        // The server was replaced by one with other versions; a new handshake negotiates one of them (2025-11-25
        // basic/transports, "Protocol Version Header": an unsupported version MUST be answered with 400).
        400 if seen.is_version_refusal() || mentions(text, "unsupported protocol version") => {
            let code = ErrorCode::SessionInvalid;
            if answered { Verdict::Doubtful(code) } else { Verdict::Lost(code) }
        }
        // The same in the words of rmcp and others, also with the request's id.
        400 if mentions(text, "mcp-protocol-version") => Verdict::Doubtful(ErrorCode::SessionInvalid),
        409 if seen.is_get => Verdict::Conflict,
        401 => Verdict::Unauthorized,
        403 => Verdict::Forbidden,
        425 | 429 => Verdict::Refused(seen.retry_after),
        503 if seen.asks_to_wait => Verdict::Refused(seen.retry_after),
        // Python's JSON mode when the session ends in the middle of a request: an error without information. A body
        // that mentions sessions comes from a failing server, not from a proxy that cannot reach it.
        500..=599 if mentions(text, "session") => Verdict::Unknown,
        // Gateways and CDNs (Cloudflare: 520 to 527) about the server behind them. RFC 9110 §15.6.3 to §15.6.5. Those that
        // speak JSON-RPC give it the request's id.
        502..=504 | 520..=527 => Verdict::Outage,
        // 499 is the official SDK's (v2) response to requests in progress when the server stops.
        408 | 499 => Verdict::Unknown,
        _ if answered || method_not_found => Verdict::Answer,
        // RFC 9110 §15.5.20: refused unread for its origin or connection; may be repeated whatever the method.
        421 => Verdict::Refused(seen.retry_after),
        500..=599 => Verdict::Unknown,
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
    // Also "does not exist", "no active session", and "No transport found for sessionId" of the TypeScript examples of
    // HTTP+SSE. A ping decides.
    const WORDS: [&str; 7] = ["not ", "no ", "invalid", "expired", "unknown", "terminated", "closed"];
    // The request carried the id, so "required" means that an intermediary removed it; a new session would not help.
    names_session(text) && !mentions(text, "required") && WORDS.iter().any(|word| mentions(text, word))
}

/// Whether a text may be about the session: what Python says before `initialized` is about anything.
pub fn speaks(text: &str) -> bool {
    names_session(text) || mentions(text, "invalid request parameters")
}

/// Whether a refusal is about the `Host` or `Origin` of the request: protection against DNS rebinding, which the SDKs'
/// servers have, and the allowed hosts of Starlette and Vite.
pub fn refuses_host(text: &str) -> bool {
    const WORDS: [&str; 4] = ["invalid host", "invalid origin", "header is not allowed", "this host"];
    WORDS.iter().any(|words| mentions(text, words))
}

/// Whether a text mentions the session or its handshake.
fn names_session(text: &str) -> bool {
    mentions(text, "session") || mentions(text, "initiali")
}

/// The evidence as one sentence, for errors and events. It quotes at most a short excerpt of the description in the
/// server's `WWW-Authenticate` (RFC 6750 §3), or of its text.
pub fn evidence(seen: &Seen<'_>, challenge: Option<&str>) -> String {
    let mut sentence =
        if seen.status == 0 { String::from("a redirect") } else { concat(&["HTTP ", &decimal(seen.status.into())]) };
    if let Some(rpc) = &seen.rpc {
        sentence.push_str(", JSON-RPC error ");
        sentence.push_str(&integer(rpc.code));
    }
    let described = challenge.and_then(|challenge| split_once(challenge, "error_description=\""));
    let described = described.and_then(|(_, rest)| Some(split_once(rest, "\"")?.0));
    let words = excerpt(described.unwrap_or(seen.text));
    if !words.is_empty() {
        sentence.push_str(&concat(&[" \"", &words, "\""]));
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
mod tests;
