//! The ping in flight, and the outcomes of pings.

use crate::core::api::{Error, FailureKind};
use crate::core::kit::time::Millis;
use crate::core::protocol::codes::METHOD_NOT_FOUND;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::error_response::ErrorResponse;
use crate::core::state::session::suspicion::{Oddity, UNREADABLE};

/// The reasons for the ping in flight.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// Deadlines passed without an answer. No answer to the ping either means that the session is lost.
    pub(crate) silence: bool,
    /// A GET was refused as if the session were lost.
    pub(crate) stream: bool,
    /// Calls got answers that mean a lost session or are the handler's own.
    pub(crate) doubt: bool,
    /// An odd answer that the ping may get too.
    pub(crate) suspected: Option<Oddity>,
    pub(crate) identity: Identity,
    /// The outcome of the ping, unless it is a result.
    pub(crate) pong: Option<Pong>,
}

/// Which session id a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The current one.
    #[default]
    Current,
    /// None, to find out what the browser hides.
    Bare,
    /// That of the former session, during a trial.
    Former,
    /// That of the new session, during a trial.
    Successor,
}

/// The outcome of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pong {
    /// Answered with a result or the method's own error.
    Alive,
    /// The server does not know the session.
    Lost(ErrorCode),
    /// Refused temporarily.
    Busy(Option<Millis>),
    /// Another answer, which still proves that the server responds.
    Odd(Oddity),
    /// The server is unreachable.
    Away,
    /// The browser hides the response.
    Hidden,
    /// No answer in time.
    Silent,
    /// The connection broke, which is no evidence.
    Broken,
}

impl Pong {
    /// The outcome of a refused ping. No handler could have caused it, so it is unambiguous.
    pub(crate) fn refused<J>(response: &ErrorResponse<'_, J>, is_modern: bool) -> Self {
        match response.verdict {
            // 2026-07-28 server/discover: servers of that revision MUST implement it, so a server that refuses it
            // speaks another one.
            Verdict::Answer | Verdict::Final if is_modern => Self::Lost(ErrorCode::SessionInvalid),
            Verdict::Lost(code) | Verdict::Doubtful(code) => Self::Lost(code),
            Verdict::Stale { .. } => Self::Broken,
            Verdict::Refused(wait) if !response.is_suspicious_refusal() => Self::Busy(wait),
            Verdict::Outage => Self::Away,
            // 2025-11-25 basic/utilities/ping: some servers lack it.
            Verdict::Answer
                if response.answered && !response.speaks && response.oddity.rpc_code == Some(METHOD_NOT_FOUND) =>
            {
                Self::Alive
            }
            _ => Self::Odd(response.oddity),
        }
    }

    /// The outcome of a 200 without a readable answer: the server responds.
    pub(crate) fn unread<J>(error: &Error<J>) -> Self {
        let is_answer = matches!(error.code, ErrorCode::ProtocolError);
        if is_answer { Self::Odd(UNREADABLE) } else { Self::Broken }
    }

    pub(crate) fn broken(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Unsent | FailureKind::Unreachable => Self::Away,
            FailureKind::Hidden => Self::Hidden,
            _ => Self::Broken,
        }
    }
}
