//! What a session over HTTP+SSE has besides its stream.

use crate::core::api::Error;
use crate::core::config::Transport;
use crate::core::kit::text::mentions;
use crate::core::kit::time::Millis;
use crate::core::protocol::codes::{HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use std::rc::Rc;

/// Servers name their endpoint as soon as the stream opens. Where HTTP+SSE is only guessed, nobody waits longer to see.
pub(crate) const GUESS_CAP: Millis = 10_000;

/// What a session over HTTP+SSE has besides its stream, which is kept as its GET stream.
pub(crate) struct HttpSse<J> {
    /// Where this stream's messages go. It names the session, and is as secret as a session id.
    pub(crate) endpoint: Option<Rc<str>>,
    /// While it is only a guess that the server speaks HTTP+SSE: how it refused Streamable HTTP.
    pub(crate) refused: Option<Error<J>>,
    /// A handshake has succeeded in this way.
    pub(crate) proven: bool,
}

impl<J> HttpSse<J> {
    /// What a new record speaks, as far as the configuration says so.
    pub(crate) fn configured(transport: Transport) -> Option<Box<Self>> {
        (transport == Transport::HttpSse).then(|| Box::new(Self::new(None)))
    }

    pub(crate) const fn new(refused: Option<Error<J>>) -> Self {
        Self { endpoint: None, refused, proven: false }
    }
}

/// Whether a server of HTTP+SSE may have answered so to `initialize`. One that speaks of versions knows Streamable HTTP.
pub(crate) fn may_mean_http_sse<J: Json>(error: &Error<J>) -> bool {
    let names_versions = error.data.as_ref().is_some_and(|data| data.get("supported").is_some())
        || error.evidence.as_ref().is_some_and(|words| mentions(words, "protocol version"));
    // No such method, and what only 2026-07-28 says: header mismatch, missing capability, unsupported version.
    let knows_us = matches!(
        error.rpc_code.map(|code| code as i32),
        Some(METHOD_NOT_FOUND | HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION)
    );
    matches!(error.status, Some(400 | 404 | 405)) && !names_versions && !knows_us
}

/// Nothing comes on the stream that is the session, any more or at all.
pub(crate) fn stream_gone<J>(code: ErrorCode, how: &str) -> Error<J> {
    Error::new(code, "the server keeps no event stream open, which its answers would come on").seen(how)
}
