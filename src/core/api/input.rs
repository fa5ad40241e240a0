//! What goes into the machine and what comes out: commands and network facts in, requests and settlements out.

use crate::core::api::http::{Body, Failure, ResponseHead, StreamBlock};
use crate::core::api::ids::{CallId, ExchangeId, SessionRef, Ticket};
use crate::core::api::info::Key;
use crate::core::kit::table::Named;
use crate::core::kit::time::Millis;
use crate::core::protocol::jsonrpc::RpcError;
use crate::core::protocol::replay::Replay;

/// Everything that can happen to the machine.
pub enum Input<J> {
    /// The session of (user, server) is wanted. Settled by [`Output::Connected`](crate::core::Output::Connected), or [`Output::Settle`](crate::core::Output::Settle) with an error.
    Connect {
        /// Who waits.
        call: CallId,
        /// The user.
        user: String,
        /// The name of a configured server.
        server: String,
        /// What this user adds to the server's configuration.
        options: ConnectOptions<J>,
    },
    /// A JSON-RPC request. Settled by [`Output::Settle`](crate::core::Output::Settle).
    Request {
        /// Who waits.
        call: CallId,
        /// On which session.
        session: SessionRef,
        /// The JSON-RPC method.
        method: String,
        /// Its params; an object where there are any.
        params: Option<J>,
        /// Deadlines and replay policy.
        options: RequestOptions,
    },
    /// A JSON-RPC notification. Settled with `null` (an absent value) when the server accepted it.
    Notify {
        /// Who waits.
        call: CallId,
        /// On which session.
        session: SessionRef,
        /// The JSON-RPC method.
        method: String,
        /// Its params.
        params: Option<J>,
    },
    /// The caller gave up. Settles the call with `cancelled`; a call that is settled already is left alone.
    Cancel {
        /// Which call.
        call: CallId,
        /// Why, for the server's log.
        reason: Option<String>,
    },
    /// The client's answer to a request of the server; dropped if its session generation is gone.
    Answer {
        /// Which request.
        ticket: Ticket,
        /// The result, or a JSON-RPC error.
        outcome: Result<J, RpcError<J>>,
    },
    /// A handler for server requests was set: its capability is declared from the next handshake on.
    Declare {
        /// On which session.
        session: SessionRef,
        /// `sampling`, `elicitation` or `roots`.
        capability: String,
    },
    /// The auth provider's answer to [`Output::NeedToken`](crate::core::Output::NeedToken).
    Token {
        /// For which session.
        session: SessionRef,
        /// A bearer token; `None` when there is none to be had.
        token: Option<String>,
    },
    /// What the storage has, in answer to [`Output::Recall`](crate::core::Output::Recall).
    Recalled {
        /// For which session.
        session: SessionRef,
        /// What was stored; anything but an object if it cannot be read, `None` if there is nothing.
        found: Option<J>,
    },
    /// Somebody may listen to events from now on.
    TellEvents,
    /// What a page has noticed.
    Page {
        /// What it is.
        news: News<J>,
        /// Of which user and server; of all without.
        of: Option<Key>,
    },
    /// DELETE and forget. Settled when done, at most 5 s later.
    Terminate {
        /// Who waits.
        call: CallId,
        /// What to end.
        target: Target,
    },
    /// Everything ends. Settled when nothing is on the wire any more; nothing is sent afterwards.
    Close {
        /// Who waits.
        call: CallId,
        /// Whether live sessions are ended with DELETE first.
        terminate: bool,
    },
    /// Status and headers of a response arrived.
    Opened {
        /// Of which exchange.
        exchange: ExchangeId,
        /// What they say.
        head: ResponseHead,
    },
    /// One block of an event stream arrived.
    Block {
        /// On which exchange.
        exchange: ExchangeId,
        /// What it carries.
        block: StreamBlock<J>,
    },
    /// One message of a batch, before its last one, which comes with the block or body that the batch was. A driver may
    /// divide long batches so, to do something else in between and to obey [`Output::Pause`](crate::core::Output::Pause).
    Message {
        /// On which exchange.
        exchange: ExchangeId,
        /// The message.
        message: J,
    },
    /// A comment on an event stream: a sign of life.
    Alive {
        /// On which exchange.
        exchange: ExchangeId,
    },
    /// The whole body of a response that is no event stream. The exchange is over.
    Body {
        /// Of which exchange.
        exchange: ExchangeId,
        /// What it is.
        body: Body<J>,
    },
    /// An event stream ended cleanly. The exchange is over.
    Ended {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// The exchange broke. It is over.
    Failed {
        /// Which exchange.
        exchange: ExchangeId,
        /// How.
        failure: Failure<J>,
    },
    /// Time passed; sent at the deadline that [`Output::Wait`](crate::core::Output::Wait) named, or earlier without harm.
    Wake,
}

/// What a page knows and the machine does not.
pub enum News<J> {
    /// The application says that there is no network: nothing is tried until it says that there is.
    Offline,
    /// The application says that there is one.
    Online,
    /// The browser says that there is no network, which is a hint: each session tries once before it waits.
    LooksOffline,
    /// The browser says that there is one.
    LooksOnline,
    /// Nobody looks, or another tab listens for this one: the GET stream is closed, and opened again where it was left.
    Park,
    /// Somebody looks.
    Unpark,
    /// The page may never come back: sessions are ended, and made anew if they are wanted after all.
    Retire,
    /// What has changed is written to the storage now.
    Save,
    /// Another tab has changed what is stored.
    Look,
    /// Another tab has heard this message of the server.
    Hear(J),
    /// Whether tabs share their connections: a GET stream then needs one of the slots that this tab has.
    Share(bool),
    /// How many slots of an origin this tab has.
    Slots(String, usize),
    /// Whether POSTs of another tab wait for a connection to an origin.
    Crowded(String, bool),
}

/// What `terminate` ends.
#[derive(Clone, Debug)]
pub enum Target {
    /// This very record.
    Session(SessionRef),
    /// The session of (user, server), if there is one.
    Key(String, String),
    /// All sessions of a user.
    User(String),
}

/// What a user adds to a server's configuration.
#[derive(Clone)]
pub struct ConnectOptions<J> {
    /// Headers that beat the configured ones.
    pub headers: Vec<(String, String)>,
    /// Values for `{{name}}` in the configured headers.
    pub vars: Named<String>,
    /// Whether there is a provider to ask for tokens.
    pub has_auth: bool,
    /// Client capabilities to declare besides the manager's, from the next handshake on.
    pub capabilities: Option<J>,
    /// The client's name in this session's handshakes, where nobody gave another before; the manager's by default.
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
    /// Longest wait for an answer, or for progress, in milliseconds; the server's `timeout` by default.
    pub timeout: Option<Millis>,
    /// Longest wait in all, in milliseconds.
    pub max_total_timeout: Option<Millis>,
    /// Whether progress starts `timeout` anew.
    pub reset_on_progress: bool,
    /// What may be sent again; the server's `replay` by default.
    pub replay: Option<Replay>,
    /// Whether the server is asked to tell of progress.
    pub wants_progress: bool,
}

impl Default for RequestOptions {
    fn default() -> Self {
        Self { timeout: None, max_total_timeout: None, reset_on_progress: true, replay: None, wants_progress: true }
    }
}
