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
    pub(crate) read_storage: bool,
    /// Whether the storage was asked for the server's verdict.
    pub(crate) read_verdict: bool,
    /// Whether the server was asked for its era, and the answer was no reason to ask again.
    pub(crate) discovered: bool,
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
            read_storage: false,
            read_verdict: false,
            offline: false,
            discovered: false,
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

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_newest_version_is_offered_unless_another_is_pinned() {
        assert_eq!(first_offer(&Protocol::Auto), "2025-11-25");
        assert_eq!(first_offer(&Protocol::Pinned("2025-03-26".into())), "2025-03-26");
        assert_eq!(first_offer(&Protocol::Pinned("2026-07-28".into())), "2025-11-25", "that one has no initialize");
    }

    #[test]
    fn an_older_version_that_the_server_names_is_offered_next_and_never_a_newer_one() {
        let refused = |supported: Value| {
            let mut error = Error::new(ErrorCode::RpcError, "no");
            error.data = Some(json!({ "supported": supported }));
            error
        };
        for (supported, offered, expected) in [
            (json!(["2024-11-05", "2025-06-18"]), "2025-11-25", Some("2025-06-18")),
            (json!(["2025-11-25"]), "2025-11-25", None),
            (json!(["2025-11-25"]), "2025-06-18", None),
            (json!(["1999-01-01", 7]), "2025-11-25", None),
            (json!("2025-06-18"), "2025-11-25", None),
        ] {
            assert_eq!(counter_offer(&refused(supported.clone()), offered), expected, "{supported} {offered}");
        }
    }

    #[test]
    fn only_versions_that_we_speak_are_agreed_on() {
        let agreed = |version: Value, protocol: &Protocol| {
            agreed_version(&json!({ "protocolVersion": version }), protocol).map_err(|error| error.code)
        };
        let pinned = Protocol::Pinned("2025-06-18".into());
        assert_eq!(agreed(json!("2024-11-05"), &Protocol::Auto), Ok("2024-11-05".into()));
        assert_eq!(agreed(json!("2025-06-18"), &pinned), Ok("2025-06-18".into()));
        assert_eq!(agreed(json!("2025-11-25"), &pinned), Err(ErrorCode::UnsupportedVersion));
        assert_eq!(agreed(json!("2031-01-01"), &Protocol::Auto), Err(ErrorCode::UnsupportedVersion));
        assert_eq!(agreed(json!(20250618), &Protocol::Auto), Err(ErrorCode::ProtocolError));
    }

    #[test]
    fn blank_ids_name_no_session_and_odd_ones_are_errors() {
        assert!(["", " ", ",", " \t, "].into_iter().all(is_blank));
        assert!(!is_blank("a,") && checked_id::<Value>("a,", 2).is_ok());
        assert!(checked_id::<Value>("abc", 2).is_err() && checked_id::<Value>("a b", 9).is_err());
    }

    #[test]
    fn a_delay_of_our_own_may_be_cut_short_and_one_of_the_servers_may_not() {
        let mut handshake: Handshake<Value> =
            Handshake { next_attempt: Some(Instant::default()), ..Handshake::default() };
        assert!(!handshake.rests_of_itself(), "nothing has failed: it waits for something else");
        let error = Error::new(ErrorCode::HttpError, "busy");
        handshake.last_error = Some(error.clone());
        assert!(handshake.rests_of_itself());
        handshake.last_error = Some(error.retry_after(Some(5)));
        assert!(!handshake.rests_of_itself());
    }
}
