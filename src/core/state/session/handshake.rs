//! One handshake, and the evaluation of its answers.

use crate::core::api::Error;
use crate::core::config::Protocol;
use crate::core::kit::text::{all, concat, has};
use crate::core::kit::time::Instant;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::{VERSIONS, session_based};
use crate::core::protocol::session_id::SessionId;
use crate::core::protocol::verdict::excerpt;
use crate::core::state::session::credentials::{Credentials, Wants};

/// One handshake with all its attempts.
pub(crate) struct Handshake<J> {
    /// Failed attempts.
    pub(crate) failures: u32,
    /// The version offered by the next attempt.
    pub(crate) offer: &'static str,
    /// `Mcp-Session-Id` in the response to this attempt's `initialize`.
    pub(crate) issued: Option<String>,
    /// Whether the server has accepted `initialize`, so that the next attempt goes on with `notifications/initialized`.
    pub(crate) accepted: bool,
    /// Whether CORS may have hidden an id.
    pub(crate) hides_headers: bool,
    /// `WWW-Authenticate` of a 401.
    pub(crate) challenge: Option<String>,
    /// The status that it came with, and what the credentials lack.
    pub(crate) refused: Option<(u16, Wants)>,
    /// Whether it was tried again with a nonce.
    pub(crate) nonced: bool,
    /// Whether the provider was asked for a token before one was refused.
    pub(crate) asked: bool,
    /// Redirects of the HTTP+SSE stream.
    pub(crate) hops: u32,
    /// Whether it waits for the network.
    pub(crate) offline: bool,
    /// Whether the storage was read first.
    pub(crate) read_storage: bool,
    /// Whether the storage was read for the server's verdict.
    pub(crate) read_verdict: bool,
    /// Whether discovery is done.
    pub(crate) discovered: bool,
    /// Whether discovery was not sent, so `initialize` would not be either.
    pub(crate) unsent: bool,
    /// Whether the server has corrected the version of discovery.
    pub(crate) renegotiated: bool,
    /// When the next attempt starts; `None` during an attempt.
    pub(crate) next_attempt: Option<Instant>,
    /// The error of the last attempt.
    pub(crate) last_error: Option<Error<J>>,
}

impl<J> Default for Handshake<J> {
    fn default() -> Self {
        Self {
            failures: 0,
            offer: VERSIONS[0],
            issued: None,
            accepted: false,
            hides_headers: false,
            challenge: None,
            refused: None,
            nonced: false,
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
    /// Whether the next attempt waits for our own backoff, not for `Retry-After`.
    pub(crate) fn is_backing_off(&self) -> bool {
        self.next_attempt.is_some() && self.last_error.as_ref().is_some_and(|error| error.retry_after.is_none())
    }
}

/// Our newest version, or the pinned one.
pub(crate) fn first_offer(protocol: &Protocol) -> &'static str {
    let pinned = |version: &&'static str| matches!(protocol, Protocol::Pinned(pinned) if pinned == version);
    VERSIONS.into_iter().find(pinned).unwrap_or(VERSIONS[0])
}

pub(crate) fn agreed_version<J: Json>(result: &J, protocol: &Protocol) -> Result<&'static str, Error<J>> {
    let Some(version) = result.get_str("protocolVersion") else {
        return Err(Error::new(ErrorCode::ProtocolError, "the response to initialize has no protocolVersion"));
    };
    if let Protocol::Pinned(pinned) = protocol
        && *pinned != version
    {
        let sentence = concat(&["the server does not support protocol version ", pinned]);
        return Err(Error::new(ErrorCode::UnsupportedVersion, sentence).seen(excerpt(&version)));
    }
    if let Some(version) = session_based(&version) {
        return Ok(version);
    }
    let sentence = concat(&["the server supports no protocol version from ", VERSIONS[3], " to ", VERSIONS[0]]);
    Err(Error::new(ErrorCode::UnsupportedVersion, sentence).seen(excerpt(&version)))
}

impl<J: Json> Handshake<J> {
    /// Changes what a refused attempt is to be repeated with: a nonce, another token or another version. `false` if the
    /// refusal asks for none of them, or only for one that was tried.
    pub(crate) fn corrects(&mut self, credentials: &mut Credentials, error: &Error<J>) -> bool {
        let is_refused = matches!(error.code, ErrorCode::Unauthorized | ErrorCode::Forbidden);
        let wants = self.refused.filter(|_| is_refused).map_or(Wants::Nothing, |(_, wants)| wants);
        if wants == Wants::Nonce && !std::mem::replace(&mut self.nonced, true) {
            self.refused = None;
            return true;
        }
        if wants != Wants::Nothing && credentials.challenge() {
            credentials.drop_token();
            self.asked = false;
            return true;
        }
        let offer = counter_offer(error, self.offer);
        self.offer = offer.unwrap_or(self.offer);
        offer.is_some()
    }
}

/// Whether an `Mcp-Session-Id` is blank. Servers without sessions send empty ones, and `fetch` joins two of them with a
/// comma (RFC 9110 §5.3). A blank header means no session.
pub(crate) fn is_blank(id: &str) -> bool {
    all(id, |byte| has(b" \t,", byte))
}

pub(crate) fn checked_id<J>(id: &str, limit: usize) -> Result<SessionId, Error<J>> {
    // 2025-11-25 basic/transports, "Session Management" 1: the id MUST be visible ASCII, 0x21 to 0x7E.
    SessionId::parse(id, limit).ok_or_else(|| {
        Error::new(ErrorCode::ProtocolError, "the server issued a session id that is too long, or not visible ASCII")
    })
}

/// The next version to offer after the server refused ours and listed a common one. It is always older, which rules out
/// a loop.
fn counter_offer<J: Json>(error: &Error<J>, offered: &str) -> Option<&'static str> {
    let supported = error.data.as_ref()?.get("supported")?.as_array()?;
    let names = |version: &str| supported.iter().any(|name| name.as_str().is_some_and(|name| name == version));
    VERSIONS.into_iter().find(|version| *version < offered && names(version))
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
        assert_eq!(agreed(json!("2024-11-05"), &Protocol::Auto), Ok("2024-11-05"));
        assert_eq!(agreed(json!("2025-06-18"), &pinned), Ok("2025-06-18"));
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
        assert!(!handshake.is_backing_off(), "nothing has failed: it waits for something else");
        let error = Error::new(ErrorCode::HttpError, "busy");
        handshake.last_error = Some(error.clone());
        assert!(handshake.is_backing_off());
        handshake.last_error = Some(error.retry_after(Some(5)));
        assert!(!handshake.is_backing_off());
    }
}
