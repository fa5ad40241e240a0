//! The ping that is under way, and how one ends.

use crate::core::api::{Error, FailureKind};
use crate::core::kit::time::Millis;
use crate::core::protocol::codes::METHOD_NOT_FOUND;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::refusal::Refusal;
use crate::core::state::session::suspicion::Oddity;

/// The ping that is under way, and why.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// Deadlines passed without an answer: no answer to this one either means that the session is dead.
    pub(crate) silence: bool,
    /// A GET was refused as if the session were gone.
    pub(crate) stream: bool,
    /// Answers that mean either that the session is lost, or something of the handler's own.
    pub(crate) doubt: bool,
    /// Something odd was answered, which the ping may meet as well.
    pub(crate) suspected: Option<Oddity>,
    pub(crate) identity: Identity,
    /// How the ping ended, where it was no result.
    pub(crate) pong: Option<Pong>,
}

/// As whom a request speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Identity {
    /// With the session's id.
    #[default]
    Current,
    /// Without any, to see what the browser hides.
    Bare,
    /// With the id of before, while a new session shows whether the server still has the old one.
    Former,
    /// With the id of that new session, which may be no better off.
    Successor,
}

/// How a ping ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pong {
    /// It was answered, with a result or with an error of the method's own.
    Alive,
    /// The server does not know the session.
    Lost(ErrorCode),
    /// Come back later.
    Busy(Option<Millis>),
    /// An answer all the same.
    Odd(Oddity),
    /// The server is out of reach.
    Away,
    /// The browser hides the answer.
    Hidden,
    /// No answer in time.
    Silent,
    /// The connection broke, which says nothing.
    Broken,
}

impl Pong {
    /// What a refused ping says. It has no handler that could speak of sessions of its own, so no doubt is left.
    pub(crate) fn refused<J>(refusal: &Refusal<'_, J>, is_modern: bool) -> Self {
        match refusal.verdict {
            // 2026-07-28 server/discover: servers of that revision MUST implement it, so whoever refuses it is none.
            Verdict::Answer | Verdict::Final if is_modern => Self::Lost(ErrorCode::SessionInvalid),
            Verdict::Lost(code) | Verdict::Doubtful(code) => Self::Lost(code),
            Verdict::Stale => Self::Broken,
            Verdict::Refused(wait) => Self::Busy(wait),
            Verdict::Outage => Self::Away,
            // 2025-11-25 basic/utilities/ping: not every server knows it.
            Verdict::Answer if refusal.oddity.rpc_code == Some(METHOD_NOT_FOUND) => Self::Alive,
            _ => Self::Odd(refusal.oddity),
        }
    }

    /// What 200 with something else than an answer says: something is there.
    pub(crate) fn unread<J>(error: &Error<J>) -> Self {
        let is_answer = matches!(error.code, ErrorCode::ProtocolError);
        if is_answer { Self::Odd(Oddity { status: 200, rpc_code: None }) } else { Self::Broken }
    }

    pub(crate) fn broken(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Unsent | FailureKind::Unreachable => Self::Away,
            FailureKind::Hidden => Self::Hidden,
            _ => Self::Broken,
        }
    }
}
