//! The record of a call, from its admission to its end.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef, as_unknown};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::Replay;
use crate::core::state::call::rounds::Rounds;
use crate::core::state::call::stream::ResponseStream;
use crate::core::state::session::liveness::Pong;

pub(crate) mod rounds;

pub(crate) mod stream;

/// One JSON-RPC request or notification and everybody who waits for it.
pub(crate) struct Call<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    pub(crate) method: String,
    pub(crate) params: Option<J>,
    pub(crate) stage: Stage,
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
    pub(crate) stream: ResponseStream,
    /// The rounds of a call that a server of 2026-07-28 answered with questions.
    pub(crate) rounds: Rounds<J>,
    /// Whether its headers were refused once: the tool's schema had changed.
    pub(crate) mismatched: bool,
    /// Whether the latest try was provably refused unread.
    pub(crate) refused: bool,
    /// What is known of a try whose outcome nobody knows, while its replay is being decided.
    pub(crate) unknown: Option<Error<J>>,
    /// What its answer is if a ping shows that it is none about the session; and what it is otherwise.
    pub(crate) doubt: Option<(ErrorCode, Error<J>)>,
    /// What cut its latest try, while it waits for the end of an outage.
    pub(crate) cut: Option<Error<J>>,
    /// How it ended, of a ping.
    pub(crate) pong: Option<Pong>,
}

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A caller, for a result.
    User,
    /// A caller, for the server to take a notification.
    Notification,
    /// The handshake, for the answer to `server/discover`.
    Probe,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// In the session's queue.
    Queued,
    /// Sent, or its stream being resumed.
    OnWire(ExchangeId),
    /// Accepted without an answer, which comes on the session's stream: over HTTP+SSE always, else where a GET stream is open.
    Accepted,
    /// Waits until then to be queued again.
    RestingToSend(Instant),
    /// Waits until then to resume its stream.
    RestingToResume(Instant),
    /// What becomes of it depends on the list of tools, or on the stream of subscriptions, which is being asked for.
    Undecided,
    /// The client is being asked what the server wants to know before it goes on.
    Asking,
}

/// A call that has ended, until what follows from that is done.
pub(crate) struct Ended<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    /// How it ended, of a ping.
    pub(crate) pong: Option<Pong>,
    /// Of a call of the machine's own; a caller has been given its outcome.
    pub(crate) outcome: Result<Option<J>, Error<J>>,
}

impl<J: Json> Call<J> {
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

    /// What its caller is told if it is never found out what its answer, or the lack of one, means.
    pub(crate) fn undecided(&self) -> Option<Error<J>> {
        if !matches!(self.stage, Stage::Undecided) {
            return None;
        }
        if let Some(error) = self.unknown.clone() {
            return Some(if self.refused { error } else { as_unknown(error) });
        }
        self.doubt.as_ref().map(|(_, error)| error.clone())
    }

    /// Whether it is part of a handshake: it has no session, and its failure is the handshake's.
    pub(crate) const fn is_handshake(&self) -> bool {
        matches!(self.purpose, Purpose::Handshake | Purpose::Probe)
    }
}

/// The machine's own calls are numbered from here on: the driver's never come so far.
pub(crate) const OWN_CALLS: u64 = 1 << 52;

/// A call of the machine's own.
pub(crate) const fn own_call(number: u64) -> CallId {
    CallId(OWN_CALLS + number)
}
