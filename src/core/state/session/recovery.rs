//! The records of a recovery: why the session was lost, and how a session waits whose attempts have failed. Whether a
//! session is lost is decided in `protocol::verdict`.

use crate::core::api::{Error, Kind};
use crate::core::kit::text::mentions;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::error_code::ErrorCode;

/// Limit of consecutive generations lost before any answer. A second one means that the server does not keep sessions.
pub(crate) const MAX_EARLY_LOSSES: u32 = 2;

/// A generation that lasted this long was not lost at once, even without a call in it.
pub(crate) const AT_ONCE: Millis = 10_000;

/// A session whose attempts have failed.
pub(crate) struct Degraded<J> {
    /// When the next call may retry.
    pub(crate) retry_at: Instant,
    /// When the machine retries without a call.
    pub(crate) canary_at: Instant,
    /// The error of the last round.
    pub(crate) error: Error<J>,
}

/// The error for a server that loses each session before its first answer. One that asks for a session id and has sent
/// none speaks of a header that did not arrive here; one that is "not initialized" may have got `initialize` elsewhere.
/// Of a server that `was_away` in between, neither is known: it has restarted.
pub(crate) fn lost_at_once<J>(kind: Kind, code: ErrorCode, evidence: &str, was_away: bool) -> Error<J> {
    let sentence = if was_away {
        "the server no longer knows the session"
    } else if kind == Kind::Stateless && !mentions(evidence, "initiali") {
        "the response to initialize had no session id: a proxy probably removes the header `Mcp-Session-Id`"
    } else {
        "every new session is lost at once; the server's replicas probably share no sessions"
    };
    Error::new(code, sentence).seen(evidence)
}

/// The error while the breaker is open.
pub(crate) fn circuit_open<J>(wait: Millis) -> Error<J> {
    let sentence = "the circuit breaker is open after repeated failures";
    Error::new(ErrorCode::CircuitOpen, sentence).retry_after(Some(wait))
}

/// The cause of a recovery.
pub(crate) struct Loss {
    pub(crate) code: ErrorCode,
    pub(crate) at: Instant,
}
