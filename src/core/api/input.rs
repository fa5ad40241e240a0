//! The inputs of the machine: commands of the application and facts from the network.

use crate::core::api::http::{Body, Failure, ResponseHead, StreamBlock};
use crate::core::api::ids::{CallId, ExchangeId, SessionRef, Ticket};
use crate::core::api::info::Key;
use crate::core::api::token::Token;
use crate::core::kit::table::Named;
use crate::core::kit::time::Millis;
use crate::core::protocol::jsonrpc::RpcError;
use crate::core::protocol::replay::Replay;

/// One input of the machine.
pub enum Input<J> {
    /// Opens or reuses the session of (user, server). Settled by [`Output::Connected`](crate::core::Output::Connected),
    /// or by [`Output::Settle`](crate::core::Output::Settle) with an error.
    Connect {
        /// The call to settle.
        call: CallId,
        /// The user.
        user: String,
        /// The name of a configured server.
        server: String,
        /// What this user adds to the server's configuration.
        options: ConnectOptions<J>,
    },
    /// Sends a JSON-RPC request. Settled by [`Output::Settle`](crate::core::Output::Settle).
    Request {
        /// The call to settle.
        call: CallId,
        /// The session.
        session: SessionRef,
        /// The JSON-RPC method.
        method: String,
        /// Its params; an object if present.
        params: Option<J>,
        /// Deadlines and replay policy.
        options: RequestOptions,
    },
    /// Sends a JSON-RPC notification. Settled without a result when the server accepts it.
    Notify {
        /// The call to settle.
        call: CallId,
        /// The session.
        session: SessionRef,
        /// The JSON-RPC method.
        method: String,
        /// Its params.
        params: Option<J>,
    },
    /// The caller cancels a call, which is settled with `cancelled`; without effect on a settled call.
    Cancel {
        /// The call.
        call: CallId,
        /// The reason, for the server's log.
        reason: Option<String>,
    },
    /// The client's answer to a server request; dropped if its session generation has ended.
    Answer {
        /// The server request.
        ticket: Ticket,
        /// The result, or a JSON-RPC error.
        outcome: Result<J, RpcError<J>>,
    },
    /// A handler for server requests was set: the next handshake declares its capability.
    Declare {
        /// The session.
        session: SessionRef,
        /// `sampling`, `elicitation` or `roots`.
        capability: String,
    },
    /// The auth provider's answer to [`Output::NeedToken`](crate::core::Output::NeedToken).
    Token {
        /// The session.
        session: SessionRef,
        /// The token; `None` to go without one; or what the provider failed with.
        outcome: Result<Option<Token>, Option<J>>,
    },
    /// The stored value, in answer to [`Output::Restore`](crate::core::Output::Restore).
    Restored {
        /// The session.
        session: SessionRef,
        /// The stored value; not an object if it is unreadable, `None` if absent.
        found: Option<J>,
    },
    /// A listener may exist from now on: events are emitted.
    EmitEvents,
    /// A notification about the page's life.
    Page {
        /// The notification.
        notification: PageNotification<J>,
        /// The user and server that it concerns; all of them if absent.
        of: Option<Key>,
    },
    /// Sends DELETE and removes the record. Settled when done, at most 5 s later.
    Terminate {
        /// The call to settle.
        call: CallId,
        /// What to end.
        target: Target,
    },
    /// Ends everything. Settled when no exchange is open; nothing is sent afterwards.
    Close {
        /// The call to settle.
        call: CallId,
        /// Whether live sessions are ended with DELETE first.
        terminate: bool,
    },
    /// Status and headers of a response arrived.
    Opened {
        /// The exchange.
        exchange: ExchangeId,
        /// The status and headers.
        head: ResponseHead,
    },
    /// One block of an event stream arrived.
    Block {
        /// The exchange.
        exchange: ExchangeId,
        /// The block.
        block: StreamBlock<J>,
    },
    /// One message of a batch other than the last, which comes with the batch's own block or body. A driver may split
    /// long batches this way, to yield in between and to obey [`Output::Pause`](crate::core::Output::Pause).
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        message: J,
    },
    /// A comment on an event stream: a sign of life.
    Alive {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// The whole body of a response other than an event stream. The exchange is over.
    Body {
        /// The exchange.
        exchange: ExchangeId,
        /// The body.
        body: Body<J>,
    },
    /// An event stream ended cleanly. The exchange is over.
    Ended {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// The exchange failed. It is over.
    Failed {
        /// The exchange.
        exchange: ExchangeId,
        /// The failure.
        failure: Failure<J>,
    },
    /// Time passed. Due at the deadline of [`Output::Wait`](crate::core::Output::Wait); earlier is harmless.
    Wake,
}

/// What a page notifies the machine of.
pub enum PageNotification<J> {
    /// The application reports that the network is down: nothing is sent until it reports otherwise.
    Offline,
    /// The application reports that the network is up.
    Online,
    /// The browser reports that the network is down, which is only a hint: each session makes one attempt before it
    /// pauses.
    LooksOffline,
    /// The browser reports that the network is up.
    LooksOnline,
    /// The page is hidden, or another tab listens for this one: parks the GET stream, which later resumes from its
    /// cursor.
    Park,
    /// The page is visible again.
    Unpark,
    /// The page may never come back: sessions are ended, and opened again on the next use.
    Retire,
    /// Persists pending changes now.
    Save,
    /// Another tab changed the storage.
    StorageChanged,
    /// Another tab received this message of the server.
    Received(J),
    /// Whether tabs share their connections: a GET stream then needs one of this tab's slots.
    Share(bool),
    /// How many slots of an origin this tab has.
    Slots(String, usize),
    /// Whether POSTs of another tab wait for a connection to an origin.
    Crowded(String, bool),
}

/// The target of `terminate`.
#[derive(Clone, Debug)]
pub enum Target {
    /// This record.
    Session(SessionRef),
    /// The session of (user, server), if there is one.
    Key(String, String),
    /// All sessions of a user.
    User(String),
}

/// What a user adds to a server's configuration.
#[derive(Clone)]
pub struct ConnectOptions<J> {
    /// Headers that override the configured ones.
    pub headers: Vec<(String, String)>,
    /// Values for `{{name}}` in the configured headers.
    pub vars: Named<String>,
    /// Whether an auth provider is set.
    pub has_auth: bool,
    /// Client capabilities to declare in addition to the manager's, from the next handshake on.
    pub capabilities: Option<J>,
    /// The client's name in this session's handshakes, unless an earlier caller set one; the manager's by default.
    pub client_info: Option<J>,
}

impl<J> Default for ConnectOptions<J> {
    fn default() -> Self {
        Self { headers: Vec::new(), vars: Named::default(), has_auth: false, capabilities: None, client_info: None }
    }
}

/// Deadlines and replay policy of one call.
#[derive(Clone, Debug)]
pub struct RequestOptions {
    /// The longest wait for a response or for progress, in milliseconds; the server's `timeout` by default.
    pub timeout: Option<Millis>,
    /// The longest wait in total, in milliseconds.
    pub max_total_timeout: Option<Millis>,
    /// Whether progress restarts `timeout`.
    pub reset_on_progress: bool,
    /// Which requests may be sent again; the server's `replay` by default.
    pub replay: Option<Replay>,
    /// Whether the server is asked to report progress.
    pub wants_progress: bool,
}

impl Default for RequestOptions {
    fn default() -> Self {
        Self { timeout: None, max_total_timeout: None, reset_on_progress: true, replay: None, wants_progress: true }
    }
}
