//! The record of an exchange: one HTTP request with its response.

use crate::core::api::{CallId, ResponseHead, SessionRef};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::session_id::SessionId;
use std::rc::Rc;

/// Timeout of a notification, an answer to the server and the opening of a GET stream.
pub(crate) const SMALL_EXCHANGE: Millis = 30_000;

/// How long a response stream is read after its response before it is aborted.
pub(crate) const TRAILING: Millis = 5_000;

/// A stream without a byte for this long, comments included, is aborted and reopened.
pub(crate) const WATCHDOG: Millis = 300_000;

/// One HTTP request in flight.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) session: SessionRef,
    /// The origin whose connections it uses (turns.rs).
    pub(crate) origin: usize,
    /// Whether it counts as a long-lived response.
    pub(crate) is_long: bool,
    /// The generation of its session. Responses of an older one never affect a newer one.
    pub(crate) generation: u64,
    /// The session id that it carried.
    pub(crate) carried: Option<SessionId>,
    /// The request URL.
    pub(crate) url: Rc<str>,
    /// The endpoint of HTTP+SSE that it was posted to.
    pub(crate) endpoint: Option<Rc<str>>,
    /// The bearer token that it carried.
    pub(crate) token: Option<Rc<str>>,
    pub(crate) kind: ExchangeKind,
    pub(crate) head: Option<ResponseHead>,
    pub(crate) opened_at: Instant,
    /// When the last byte arrived.
    pub(crate) last_alive: Instant,
    pub(crate) deadline: Option<Instant>,
    /// When the response to a POST counts as long-lived, if it is an event stream. Without it, that timer fires after the
    /// end: harmless, but it wakes the host. Not in the npm package, where it would take 0.4 KB.
    #[cfg(any(feature = "gateway", not(target_family = "wasm")))]
    pub(crate) long_from: Option<Instant>,
    /// The response is complete, so there is nothing to abort.
    pub(crate) is_over: bool,
    /// The driver has paused reading.
    pub(crate) paused: bool,
}

impl Exchange {
    pub(crate) fn new(session: SessionRef, origin: usize, kind: ExchangeKind, url: Rc<str>, now: Instant) -> Self {
        Self {
            session,
            origin,
            is_long: false,
            generation: 0,
            carried: None,
            url,
            endpoint: None,
            token: None,
            kind,
            head: None,
            opened_at: now,
            last_alive: now,
            deadline: None,
            #[cfg(any(feature = "gateway", not(target_family = "wasm")))]
            long_from: None,
            is_over: false,
            paused: false,
        }
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeKind {
    /// A request or notification of a call.
    Call(CallId),
    /// A GET that resumes the response stream of a call.
    Resume(CallId),
    /// The GET stream of the session.
    Listen,
    /// The event stream of HTTP+SSE, which is the session.
    SessionStream,
    /// `notifications/initialized`.
    Initialized,
    /// A message of `answers.rs`, by its number.
    Outgoing(u64),
    /// The rest of a response stream after its response.
    Trailing,
    /// DELETE of the session.
    Delete,
    /// `initialize` of a record that has ended.
    Detached,
    /// A GET without credentials that finds a redirect's target, for a call or for the stream of HTTP+SSE.
    Address(Option<CallId>),
}

impl ExchangeKind {
    /// Whether it outlives its record, so that the server's session is deleted.
    pub(crate) const fn outlives_record(self) -> bool {
        matches!(self, Self::Delete | Self::Detached)
    }

    /// Whether its response is long-lived from the start.
    pub(crate) const fn is_long(self) -> bool {
        matches!(self, Self::Listen | Self::SessionStream | Self::Resume(_))
    }

    /// The call that it belongs to.
    pub(crate) const fn call(self) -> Option<CallId> {
        match self {
            Self::Call(call) | Self::Resume(call) => Some(call),
            _ => None,
        }
    }
}

/// Timeout of a DELETE, which is never retried: an unreachable server expires the session by itself.
pub(crate) const DELETE_CAP: Millis = 5_000;
