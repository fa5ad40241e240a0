//! The record of a call, from admission to settlement.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef, as_unknown};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::Replay;
use crate::core::state::call::rounds::Rounds;
use crate::core::state::stream::EventStream;

pub(crate) mod rounds;

/// One JSON-RPC request or notification with its deadlines and counters.
pub(crate) struct Call<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    pub(crate) method: String,
    pub(crate) params: Option<J>,
    pub(crate) stage: Stage<J>,
    /// JSON-RPC id of the latest attempt; 0 before the first. Each attempt has a new id, so late answers to old ones
    /// are dropped.
    pub(crate) request_id: u64,
    /// The session generation of the latest attempt.
    pub(crate) generation: u64,
    pub(crate) replay: Replay,
    pub(crate) started: Instant,
    pub(crate) timeout: Millis,
    pub(crate) reset_on_progress: bool,
    pub(crate) wants_progress: bool,
    pub(crate) deadline: Instant,
    /// The deadline that progress does not extend (`maxTotalTimeout`).
    pub(crate) last_deadline: Option<Instant>,
    /// The time left until the deadline when a token was requested, during that request.
    pub(crate) left: Option<Millis>,
    /// Attempts refused unread with `Retry-After` or as busy.
    pub(crate) refusals: u32,
    /// Attempts refused because the session was lost.
    pub(crate) losses: u32,
    /// Redirects followed.
    pub(crate) hops: u32,
    /// Attempts after an unknown outcome.
    pub(crate) replays: u32,
    pub(crate) stream: EventStream,
    /// The rounds of a call at a server of 2026-07-28.
    pub(crate) rounds: Rounds<J>,
    /// Whether the headers were refused once because the tool's schema had changed.
    pub(crate) mismatched: bool,
    /// Whether its credentials were refused before.
    pub(crate) challenged: bool,
    /// Whether it was sent again with a nonce.
    pub(crate) nonced: bool,
    /// Whether the latest try was provably refused unread.
    pub(crate) refused: bool,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A request of the application.
    User,
    /// A notification of the application.
    Notification,
    /// `server/discover` of a handshake.
    Discovery,
    /// `initialize` of a handshake.
    Handshake,
    /// Restoring a setting in a recovery.
    Restore,
    /// `tools/list` for a recovery or a replay decision.
    Tools,
    /// A ping of the machine's own (liveness.rs).
    Ping,
}

/// The stage of a call.
pub(crate) enum Stage<J> {
    /// In the session's queue. During an outage, with the error that interrupted the latest attempt.
    Queued(Option<Error<J>>),
    /// Sent, or its stream is being resumed.
    Sent(ExchangeId),
    /// Accepted without an answer, which arrives on the session's stream: always over HTTP+SSE, otherwise on an open
    /// GET stream.
    Accepted,
    /// Backs off until then, then is queued again.
    BackoffToSend(Instant),
    /// Waits until then for the retry budget. It failed with this error.
    BackoffToReplay(Instant, Error<J>),
    /// Backs off until then, then resumes its stream.
    BackoffToResume(Instant),
    /// Failed. The retry decision needs the tool list, which is being fetched.
    AwaitingTools(Error<J>),
    /// Answered. A ping decides whether the answer means a lost session; otherwise the caller gets this error.
    Doubted(ErrorCode, Error<J>),
    /// Waits for the acknowledgement of the next subscription stream.
    Subscribing,
    /// Waits for the client's answers to the questions of a round.
    Asking,
    /// Its exchange continues without it.
    Detached,
}

/// A settled call whose consequences are pending.
pub(crate) struct Ended<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    /// The outcome of one of the machine's own calls. Outcomes of other calls are already delivered.
    pub(crate) outcome: Result<Option<J>, Error<J>>,
}

impl<J: Json> Call<J> {
    /// A queued call without a deadline.
    pub(crate) fn new(session: SessionRef, purpose: Purpose, method: String) -> Self {
        Self {
            session,
            purpose,
            method,
            params: None,
            stage: Stage::Queued(None),
            request_id: 0,
            generation: 0,
            replay: Replay::Refused,
            started: Instant::default(),
            timeout: 0,
            reset_on_progress: true,
            wants_progress: false,
            deadline: Instant::default(),
            last_deadline: None,
            left: None,
            refusals: 0,
            losses: 0,
            hops: 0,
            replays: 0,
            stream: EventStream::default(),
            rounds: Rounds::default(),
            mismatched: false,
            challenged: false,
            nonced: false,
            refused: false,
        }
    }

    pub(crate) const fn is_notification(&self) -> bool {
        matches!(self.purpose, Purpose::Notification)
    }

    /// Whether it is one of the machine's own pings.
    pub(crate) const fn pings(&self) -> bool {
        matches!(self.purpose, Purpose::Ping)
    }

    /// Whether it is one of the machine's own calls.
    pub(crate) const fn is_machines(&self) -> bool {
        !matches!(self.purpose, Purpose::User | Purpose::Notification)
    }

    /// The exchange of the call in flight.
    pub(crate) const fn exchange(&self) -> Option<ExchangeId> {
        if let Stage::Sent(exchange) = self.stage { Some(exchange) } else { None }
    }

    /// Whether it is a replay that the retry budget allowed.
    pub(crate) const fn is_replay(&self) -> bool {
        self.replays > 0 && !matches!(self.stage, Stage::BackoffToReplay(..))
    }

    /// Whether it is queued or backs off before being queued.
    pub(crate) const fn is_unsent(&self) -> bool {
        matches!(self.stage, Stage::Queued(_) | Stage::BackoffToSend(_) | Stage::BackoffToReplay(..))
    }

    /// The caller's error if no decision is made before the deadline about a failed or doubtful answer.
    pub(crate) fn undecided(&self) -> Option<Error<J>> {
        match &self.stage {
            Stage::AwaitingTools(error) if !self.refused => Some(as_unknown(error.clone())),
            Stage::AwaitingTools(error) | Stage::Doubted(_, error) => Some(error.clone()),
            _ => None,
        }
    }

    /// Whether it is part of a handshake: it has no session, and its failure is the handshake's.
    pub(crate) const fn is_handshake(&self) -> bool {
        matches!(self.purpose, Purpose::Handshake | Purpose::Discovery)
    }
}

/// Ids of the machine's own calls start here. The driver's ids stay below.
pub(crate) const OWN_CALLS: u64 = 1 << 52;

/// The id of one of the machine's own calls.
pub(crate) const fn own_call(number: u64) -> CallId {
    CallId(OWN_CALLS + number)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::Value;

    fn failed() -> Error<Value> {
        Error::new(ErrorCode::NetworkError, "broken")
    }

    fn code(stage: Stage<Value>, refused: bool) -> Option<ErrorCode> {
        let call = Call { refused, stage, ..Call::new(SessionRef(1), Purpose::User, "tools/call".into()) };
        call.undecided().map(|error| error.code)
    }

    #[test]
    fn an_undecided_call_fails_with_the_error_known_so_far() {
        assert_eq!(code(Stage::AwaitingTools(failed()), false), Some(ErrorCode::OutcomeUnknown));
        assert_eq!(code(Stage::AwaitingTools(failed()), true), Some(ErrorCode::NetworkError), "it was refused unread");
        assert_eq!(code(Stage::Doubted(ErrorCode::SessionInvalid, failed()), false), Some(ErrorCode::NetworkError));
        for stage in [Stage::Queued(Some(failed())), Stage::Sent(ExchangeId(1)), Stage::Accepted, Stage::Subscribing] {
            assert_eq!(code(stage, false), None, "something is still to come");
        }
    }
}
