//! The state of a session over HTTP+SSE, apart from its stream.

use crate::core::api::Error;
use crate::core::config::Transport;
use crate::core::kit::text::mentions;
use crate::core::kit::time::Millis;
use crate::core::protocol::codes::{HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use std::rc::Rc;

/// Servers send `endpoint` as soon as the stream opens. This limits the wait while HTTP+SSE is only a guess.
pub(crate) const GUESS_CAP: Millis = 10_000;

/// The state of a session over HTTP+SSE. Its stream is the record's `listen`.
pub(crate) struct HttpSse<J> {
    /// The URL for POSTs, from the current stream. It identifies the session and is as secret as a session id.
    pub(crate) endpoint: Option<Rc<str>>,
    /// While HTTP+SSE is a guess: the error of Streamable HTTP.
    pub(crate) refused: Option<Error<J>>,
    /// Whether a handshake has succeeded over HTTP+SSE.
    pub(crate) proven: bool,
}

impl<J> HttpSse<J> {
    /// The initial state of a record with this configured transport.
    pub(crate) fn configured(transport: Transport) -> Option<Box<Self>> {
        (transport == Transport::HttpSse).then(|| Box::new(Self::new(None)))
    }

    pub(crate) const fn new(refused: Option<Error<J>>) -> Self {
        Self { endpoint: None, refused, proven: false }
    }
}

/// Whether a server of HTTP+SSE may have answered `initialize` so. One that negotiates versions speaks Streamable HTTP.
pub(crate) fn may_mean_http_sse<J: Json>(error: &Error<J>) -> bool {
    let names_versions = error.data.as_ref().is_some_and(|data| data.get("supported").is_some())
        || error.evidence.as_ref().is_some_and(|words| mentions(words, "protocol version"));
    // Method not found, and the codes of 2026-07-28: header mismatch, missing capability, unsupported version.
    let knows_us = matches!(
        error.rpc_code.map(|code| code as i32),
        Some(METHOD_NOT_FOUND | HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION)
    );
    // 400 with a challenge that calls the token invalid.
    let is_login = error.code == ErrorCode::Unauthorized;
    // A page cannot read a 404 without CORS headers, which Cloudflare's McpAgent sends; the stream has them.
    let is_hidden = error.code == ErrorCode::CorsBlocked && error.status.is_none();
    (is_hidden || matches!(error.status, Some(400 | 404 | 405))) && !names_versions && !knows_us && !is_login
}

/// The error if the HTTP+SSE stream ended or did not open.
pub(crate) fn stream_gone<J>(code: ErrorCode, how: &str) -> Error<J> {
    Error::new(code, "the server's event stream, which carries its answers, is not open").seen(how)
}
