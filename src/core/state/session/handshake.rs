//! One handshake under way, and what the answers to it mean.

use crate::core::api::Error;
use crate::core::config::Protocol;
use crate::core::kit::text::{concat, has};
use crate::core::kit::time::Instant;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::SessionId;
use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::VERSIONS;
use crate::core::protocol::verdict::excerpt;

/// One handshake under way, through all its attempts.
pub(crate) struct Handshake<J> {
    /// Attempts that failed.
    pub(crate) failures: u32,
    /// The version that the next attempt offers.
    pub(crate) offer: &'static str,
    /// `Mcp-Session-Id` of the answer to this attempt's `initialize`.
    pub(crate) issued: Option<String>,
    /// Whether CORS may have kept one from us.
    pub(crate) hides_headers: bool,
    /// `WWW-Authenticate` of a 401.
    pub(crate) challenge: Option<String>,
    /// Whether the provider was asked for a token before anybody refused one.
    pub(crate) asked: bool,
    /// How often the stream that is the session was opened at another address.
    pub(crate) hops: u32,
    /// Whether it waits for the network.
    pub(crate) offline: bool,
    /// Whether the storage was asked for a session first.
    pub(crate) recalled: bool,
    /// Whether the server was asked for its era, and the answer was no reason to ask again.
    pub(crate) probed: bool,
    /// Whether the question never reached the server, so that `initialize` would not either.
    pub(crate) unsent: bool,
    /// Whether the server corrected the version that it was asked with.
    pub(crate) renegotiated: bool,
    /// When the next attempt starts, while none is under way.
    pub(crate) next_attempt: Option<Instant>,
    /// Why the last attempt failed.
    pub(crate) last_error: Option<Error<J>>,
}

impl<J> Default for Handshake<J> {
    fn default() -> Self {
        Self {
            failures: 0,
            offer: VERSIONS[0],
            issued: None,
            hides_headers: false,
            challenge: None,
            asked: false,
            hops: 0,
            recalled: false,
            offline: false,
            probed: false,
            unsent: false,
            renegotiated: false,
            next_attempt: None,
            last_error: None,
        }
    }
}

impl<J> Handshake<J> {
    /// The id that came with the head of an answer whose body is still to come.
    pub(crate) const fn issued(&self) -> Option<&String> {
        self.issued.as_ref()
    }

    /// Whether the next attempt waits for a delay that we drew ourselves.
    pub(crate) fn rests_of_itself(&self) -> bool {
        self.next_attempt.is_some() && self.last_error.as_ref().is_some_and(|error| error.retry_after.is_none())
    }
}

/// Our newest version, unless another one is pinned.
pub(crate) fn first_offer(protocol: &Protocol) -> &'static str {
    let pinned = |version: &&'static str| matches!(protocol, Protocol::Pinned(pinned) if pinned == version);
    VERSIONS.into_iter().find(pinned).unwrap_or(VERSIONS[0])
}

pub(crate) fn agreed_version<J: Json>(result: &J, protocol: &Protocol) -> Result<String, Error<J>> {
    let Some(version) = result.get_str("protocolVersion") else {
        return Err(Error::new(
            ErrorCode::ProtocolError,
            "the answer to initialize names no protocolVersion; is this an MCP server?",
        ));
    };
    if let Protocol::Pinned(pinned) = protocol
        && *pinned != version
    {
        let sentence = concat(&["the server does not speak ", pinned]);
        return Err(Error::new(ErrorCode::UnsupportedVersion, sentence).seen(excerpt(&version)));
    }
    if VERSIONS.contains(&version.as_str()) {
        return Ok(version);
    }
    let sentence = concat(&["the server speaks another protocol version than ", VERSIONS[3], " to ", VERSIONS[0]]);
    Err(Error::new(ErrorCode::UnsupportedVersion, sentence).seen(excerpt(&version)))
}

/// Whether an `Mcp-Session-Id` holds nothing. Servers without sessions send it empty, and `fetch` joins two empty ones by a
/// comma (RFC 9110 §5.3). An empty header names no session.
pub(crate) fn is_blank(id: &str) -> bool {
    id.bytes().all(|byte| has(b" \t,", byte))
}

pub(crate) fn checked_id<J>(id: &str, limit: usize) -> Result<SessionId, Error<J>> {
    // 2025-11-25 basic/transports, "Session Management" 1: the id MUST be visible ASCII, 0x21 to 0x7E.
    SessionId::parse(id, limit).ok_or_else(|| {
        Error::new(ErrorCode::ProtocolError, "the server issued a session id that is too long, or not visible ASCII")
    })
}

/// The version to offer next, where the server refused ours and named one that we speak too. Always an older one: a server
/// that refuses whatever it is offered would otherwise be asked in circles.
pub(crate) fn counter_offer<J: Json>(error: &Error<J>, offered: &str) -> Option<&'static str> {
    let supported = error.data.as_ref()?.get("supported")?.as_array()?;
    let names: Vec<String> = supported.iter().filter_map(Json::as_str).collect();
    VERSIONS.into_iter().find(|version| *version < offered && names.iter().any(|name| name == version))
}
