//! The record of an exchange: one HTTP request with its response.

use crate::core::api::{CallId, ResponseHead, SessionRef};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::headers::SessionId;
use std::rc::Rc;

/// How long a notification, an answer to the server or the opening of a GET stream may take.
pub(crate) const SMALL_EXCHANGE: Millis = 30_000;

/// How long a response stream may stay open after its response; what still comes is read, then it is cut.
pub(crate) const LEFTOVER: Millis = 5_000;

/// A stream without a byte for so long, comments included, is cut and opened again.
pub(crate) const WATCHDOG: Millis = 300_000;

/// One request on the wire.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) session: SessionRef,
    /// Whose connections it takes (turns.rs).
    pub(crate) origin: usize,
    /// It counts as a long-lived response.
    pub(crate) is_long: bool,
    /// The generation that it was sent in. An older one can never touch a newer one.
    pub(crate) generation: u64,
    /// The session id of that generation, if it carried one.
    pub(crate) carried: Option<SessionId>,
    /// Where it went.
    pub(crate) url: Rc<str>,
    /// The endpoint of HTTP+SSE that it was posted to.
    pub(crate) endpoint: Option<Rc<str>>,
    /// The bearer token that it carried.
    pub(crate) token: Option<Rc<str>>,
    pub(crate) wire: Wire,
    pub(crate) head: Option<ResponseHead>,
    pub(crate) opened_at: Instant,
    /// When the last byte came.
    pub(crate) last_alive: Instant,
    pub(crate) deadline: Option<Instant>,
    /// Nothing more comes on it, so there is nothing to cut.
    pub(crate) is_over: bool,
    /// The driver reads nothing from it for now.
    pub(crate) paused: bool,
}

impl Exchange {
    pub(crate) fn new(session: SessionRef, origin: usize, wire: Wire, url: Rc<str>, now: Instant) -> Self {
        Self {
            session,
            origin,
            is_long: false,
            generation: 0,
            carried: None,
            url,
            endpoint: None,
            token: None,
            wire,
            head: None,
            opened_at: now,
            last_alive: now,
            deadline: None,
            is_over: false,
            paused: false,
        }
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
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
    Aside(u64),
    /// What follows the response on a response stream.
    Leftover,
    /// DELETE of the session.
    Delete,
    /// `initialize` of a record that was ended meanwhile.
    Orphan,
    /// A GET without credentials that asks where a redirect leads, for a call or for the stream that is a session.
    Address(Option<CallId>),
}

impl Wire {
    /// Whether it goes on after the end of its record, so that the server's end is reached.
    pub(crate) const fn is_farewell(self) -> bool {
        matches!(self, Self::Delete | Self::Orphan)
    }

    /// Whether the response is expected to stay open from the beginning.
    pub(crate) const fn is_long(self) -> bool {
        matches!(self, Self::Listen | Self::SessionStream | Self::Resume(_))
    }

    /// The call that it serves.
    pub(crate) const fn call(self) -> Option<CallId> {
        match self {
            Self::Call(call) | Self::Resume(call) => Some(call),
            _ => None,
        }
    }
}

/// Whether a status says that the request was accepted.
pub(crate) const fn is_success(status: u16) -> bool {
    status >= 200 && status < 300
}

/// A DELETE gets so long and is never tried again: a server that is gone needs no goodbye.
pub(crate) const DELETE_CAP: Millis = 5_000;
