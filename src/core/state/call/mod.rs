//! The record of a call, from its admission to its end.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef, as_unknown};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::Replay;
use crate::core::state::call::rounds::Rounds;
use crate::core::state::stream::EventStream;

pub(crate) mod rounds;

/// One JSON-RPC request or notification and everybody who waits for it.
pub(crate) struct Call<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    pub(crate) method: String,
    pub(crate) params: Option<J>,
    pub(crate) stage: Stage<J>,
    /// JSON-RPC id of the latest try; 0 before the first. A new try has a new id, so a late answer to an old one finds nobody.
    pub(crate) request_id: u64,
    /// The session generation of the latest try.
    pub(crate) generation: u64,
    pub(crate) replay: Replay,
    pub(crate) started: Instant,
    pub(crate) timeout: Millis,
    pub(crate) reset_on_progress: bool,
    pub(crate) wants_progress: bool,
    pub(crate) deadline: Instant,
    /// The end of all patience, however much progress there is.
    pub(crate) last_deadline: Option<Instant>,
    /// What was left until the deadline when the wait for a token began, where that has taken longer.
    pub(crate) left: Option<Millis>,
    /// Tries that were refused unread with the request to come back later.
    pub(crate) refusals: u32,
    /// Tries that were refused because the session was lost.
    pub(crate) losses: u32,
    /// How often it was sent to another address of the server.
    pub(crate) hops: u32,
    /// Tries after an unknown outcome.
    pub(crate) replays: u32,
    pub(crate) stream: EventStream,
    /// The rounds of a call that a server of 2026-07-28 answered with questions.
    pub(crate) rounds: Rounds<J>,
    /// Whether its headers were refused once: the tool's schema had changed.
    pub(crate) mismatched: bool,
    /// Whether its credentials were refused before.
    pub(crate) challenged: bool,
    /// Whether it was sent again with a nonce.
    pub(crate) nonced: bool,
    /// Whether the latest try was provably refused unread.
    pub(crate) refused: bool,
}

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A caller, for a result.
    User,
    /// A caller, for the server to take a notification.
    Notification,
    /// The handshake, for the answer to `server/discover`.
    Discovery,
    /// The handshake, for the answer to `initialize`.
    Handshake,
    /// A recovery that puts something back.
    Restore,
    /// A recovery or a replay decision that needs the list of tools.
    Tools,
    /// The machine, which wants to know how session and server fare (liveness.rs).
    Ping,
}

/// Where a call is.
pub(crate) enum Stage<J> {
    /// In the session's queue; with what cut its latest attempt, while it waits for the end of an outage.
    Queued(Option<Error<J>>),
    /// Sent, or its stream being resumed.
    Sent(ExchangeId),
    /// Accepted without an answer, which comes on the session's stream: over HTTP+SSE always, else where a GET stream is open.
    Accepted,
    /// Waits until then to be queued again.
    RestingToSend(Instant),
    /// Waits until then to resume its stream.
    RestingToResume(Instant),
    /// It failed, and whether it goes again depends on the list of tools, which is being asked for.
    AwaitingTools(Error<J>),
    /// It was answered, and a ping decides whether that means a lost session; what it is told otherwise.
    Doubted(ErrorCode, Error<J>),
    /// Answered by the next stream of subscriptions.
    Subscribing,
    /// The client is being asked what the server wants to know before it goes on.
    Asking,
    /// Its exchange goes on without it.
    Disowned,
}

/// A call that has ended, until what follows from that is done.
pub(crate) struct Ended<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    /// Of a call of the machine's own; a caller has been given its outcome.
    pub(crate) outcome: Result<Option<J>, Error<J>>,
}

impl<J: Json> Call<J> {
    /// A call that waits for its turn, and has no deadline yet.
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

    /// Whether it is a ping of the machine's own.
    pub(crate) const fn pings(&self) -> bool {
        matches!(self.purpose, Purpose::Ping)
    }

    /// Whether the machine made it for itself.
    pub(crate) const fn is_machines(&self) -> bool {
        !matches!(self.purpose, Purpose::User | Purpose::Notification)
    }

    /// The exchange that it is on.
    pub(crate) const fn exchange(&self) -> Option<ExchangeId> {
        if let Stage::Sent(exchange) = self.stage { Some(exchange) } else { None }
    }

    /// Whether it waits in the queue, or to be put there.
    pub(crate) const fn is_unsent(&self) -> bool {
        matches!(self.stage, Stage::Queued(_) | Stage::RestingToSend(_))
    }

    /// What its caller is told if it is never found out what its answer, or the lack of one, means.
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

/// The machine's own calls are numbered from here on: the driver's never come so far.
pub(crate) const OWN_CALLS: u64 = 1 << 52;

/// A call of the machine's own.
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
    fn what_was_never_found_out_is_told_as_far_as_it_is_known() {
        assert_eq!(code(Stage::AwaitingTools(failed()), false), Some(ErrorCode::OutcomeUnknown));
        assert_eq!(code(Stage::AwaitingTools(failed()), true), Some(ErrorCode::NetworkError), "it was refused unread");
        assert_eq!(code(Stage::Doubted(ErrorCode::SessionInvalid, failed()), false), Some(ErrorCode::NetworkError));
        for stage in [Stage::Queued(Some(failed())), Stage::Sent(ExchangeId(1)), Stage::Accepted, Stage::Subscribing] {
            assert_eq!(code(stage, false), None, "something is still to come");
        }
    }
}
