//! What goes into the machine and what comes out: commands and network facts in, requests and settlements out.

use crate::core::api::error::Error;
use crate::core::api::event::Event;
use crate::core::config::Replay;
use crate::core::kit::table::{Named, Number};
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::headers::Media;
use crate::core::state::store::Key;
use std::rc::Rc;

/// One waiting caller, numbered upwards by the driver, below 2⁵²; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// One HTTP request and its response, numbered by the machine; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// One session record, through all its generations; a record made after `terminate` has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionRef(pub u64);

/// One request of the server to the client, to be answered by [`Input::Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Makes numbered types fit for [`Table`](crate::core::kit::table::Table).
macro_rules! numbered {
    ($($kind:ident)*) => {
        $(impl Number for $kind {
            fn number(self) -> u64 {
                self.0
            }
            fn of(number: u64) -> Self {
                Self(number)
            }
        })*
    };
}
numbered!(CallId ExchangeId SessionRef Ticket);

/// Everything that can happen to the machine.
pub enum Input<J> {
    /// The session of (user, server) is wanted. Settled by [`Output::Connected`], or [`Output::Settle`] with an error.
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
    /// A JSON-RPC request. Settled by [`Output::Settle`].
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
    /// The auth provider's answer to [`Output::NeedToken`].
    Token {
        /// For which session.
        session: SessionRef,
        /// A bearer token; `None` when there is none to be had.
        token: Option<String>,
    },
    /// What the storage has, in answer to [`Output::Recall`].
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
    /// divide long batches so, to do something else in between and to obey [`Output::Pause`].
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
    /// Time passed; sent at the deadline that [`Output::Wait`] named, or earlier without harm.
    Wake,
}

/// Everything that the machine asks of its driver.
pub enum Output<J> {
    /// Perform this request with `fetch`; report by `Opened`, `Block`, `Alive`, and one of `Body`, `Ended`, `Failed`.
    Send {
        /// Its number.
        exchange: ExchangeId,
        /// What to send.
        request: HttpRequest<J>,
    },
    /// Stop this exchange; nothing more is to be reported of it.
    Abort {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// Report nothing more of this exchange for now: the server asks faster than it takes answers. Where the next input
    /// was on its way already, it is still taken.
    Pause {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// Go on where [`Output::Pause`] stopped.
    Resume {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// A `connect` succeeded.
    Connected {
        /// Who waited.
        call: CallId,
        /// The session.
        session: SessionRef,
    },
    /// A call ended. `Ok(None)` for what has no result (notifications, terminate, close).
    Settle {
        /// Who waited.
        call: CallId,
        /// How it ended.
        outcome: Result<Option<J>, Error<J>>,
    },
    /// Progress of a running call: the params of `notifications/progress`.
    Progress {
        /// Of which call.
        call: CallId,
        /// The params, as sent.
        progress: J,
    },
    /// The server asks something of the client; answer by [`Input::Answer`].
    ServerRequest {
        /// How to refer to it.
        ticket: Ticket,
        /// On which session.
        session: SessionRef,
        /// The call on whose stream it came, if it was one: what it is asked for.
        call: Option<CallId>,
        /// The JSON-RPC method.
        method: String,
        /// The whole message.
        message: J,
    },
    /// The server took its request back, or its session is gone: abort the handler's signal.
    CancelServerRequest {
        /// Which request.
        ticket: Ticket,
    },
    /// A notification of the server, other than progress of a running call.
    Notification {
        /// On which session.
        session: SessionRef,
        /// The call on whose stream it came, if it was one: what it is about.
        call: Option<CallId>,
        /// The JSON-RPC method.
        method: String,
        /// The whole message.
        message: J,
    },
    /// Ask the auth provider of this session; answer by [`Input::Token`].
    NeedToken {
        /// For which session.
        session: SessionRef,
        /// The `WWW-Authenticate` value of the 401, if there was one.
        challenge: Option<String>,
    },
    /// The auth provider's answer is not waited for any more: abort its signal.
    GiveUpToken {
        /// Of which session.
        session: SessionRef,
    },
    /// Look what is stored under this name; answer by [`Input::Recalled`].
    Recall {
        /// For which session.
        session: SessionRef,
        /// The name.
        name: String,
    },
    /// Store something, or remove it.
    Keep {
        /// The name.
        name: String,
        /// What takes the place of whatever is stored under it.
        value: Option<J>,
    },
    /// After [`News::Share`]: how many slots of an origin this tab uses, how many it wants, and how many all tabs have
    /// together; 0 where there is no budget.
    Turns {
        /// Scheme, host and port.
        origin: String,
        /// Long-lived responses that are open, the same with the streams that wait, and the budget.
        counts: [usize; 3],
    },
    /// Dispatch this event.
    Event(Box<Event>),
    /// Print this line.
    Log(Level, String),
    /// Nothing more to do: wait for the network, or until this moment.
    Wait(Option<Instant>),
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

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Printed with `MCP_SESSION_DEBUG=true` only.
    Debug,
    /// The normal life of a session.
    Info,
    /// Something is odd, and was coped with.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// The level's name, which is also the console's method.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
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

/// A JSON-RPC error that the client answers with.
#[derive(Clone, Debug)]
pub struct RpcError<J> {
    /// The code, such as −32601.
    pub code: i32,
    /// One sentence.
    pub message: String,
    /// What else the client has to say.
    pub data: Option<J>,
}

/// Header names and values, shared between the requests of a session.
pub type HeaderList = Vec<(Rc<str>, Rc<str>)>;

/// One HTTP request.
pub struct HttpRequest<J> {
    /// GET, POST or DELETE.
    pub method: &'static str,
    /// The MCP endpoint.
    pub url: Rc<str>,
    /// Every header, the secret ones among them: not for logs.
    pub headers: HeaderList,
    /// The JSON-RPC message to write as the body.
    pub body: Option<J>,
    /// Whether this is our own `initialize`: the one answer whose `Mcp-Session-Id` is read.
    pub reads_session_id: bool,
    /// The call that it serves.
    pub call: Option<CallId>,
    /// Whether it follows redirects, and then leaves out all credentials of the host (cookies); nothing secret is in its
    /// headers. No other request follows any.
    pub follows: bool,
}

/// Status and headers of a response.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The HTTP status; 302 for a redirect that the host hides.
    pub status: u16,
    /// What the `Content-Type` says.
    pub media: Media,
    /// `Mcp-Session-Id`, read where [`HttpRequest::reads_session_id`] says so.
    pub session_id: Option<String>,
    /// Whether CORS may keep headers from us, looked at where the session id is read.
    pub hides_headers: bool,
    /// `Retry-After`, read on 429 and 503.
    pub retry_after: Option<String>,
    /// `WWW-Authenticate`, read on 401 and 403.
    pub challenge: Option<String>,
    /// `Location`, read on 301 to 308, where the host does not hide it; of a request that follows redirects, where it ended.
    pub location: Option<String>,
}

/// One block of an event stream, its data parsed.
pub struct StreamBlock<J> {
    /// The event's name; `None` means `message`.
    pub event: Option<String>,
    /// The block's own `id` field; empty text takes the cursor away.
    pub id: Option<String>,
    /// The block's own `retry` field.
    pub retry: Option<Millis>,
    /// The block's data.
    pub data: StreamData<J>,
}

/// The data of a stream block.
pub enum StreamData<J> {
    /// No data, or empty data (a priming event).
    Empty,
    /// A JSON value.
    Json(J),
    /// Data that is no JSON (of an `endpoint` event, or an error).
    Text(String),
}

/// The body of a response that is no event stream.
pub enum Body<J> {
    /// No bytes, or not read because the status says that there is nothing in it.
    Empty,
    /// A JSON value.
    Json(J),
    /// Text that is no JSON; cut to the error limit.
    Text(String),
}

/// Why an exchange broke.
#[derive(Clone, Debug)]
pub struct Failure<J> {
    /// What is known.
    pub kind: FailureKind,
    /// The host's own words; never a header or a body.
    pub message: String,
    /// The host's own error, for the caller alone: it is neither read nor logged.
    pub cause: Option<J>,
}

/// What is known of a broken exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Provably nothing was sent: connection refused, name not found, or the host is offline.
    Unsent,
    /// The connection broke, or the host does not say why: the server may or may not have read the request.
    Broken,
    /// The server cannot be reached, which a second request has shown, or the host has one failure for this and for a broken
    /// connection; the request may or may not have been read.
    Unreachable,
    /// A page may not see the answer, though the server can be reached: its CORS headers are missing on it.
    Hidden,
    /// The body, or one event, is larger than the limit.
    TooLarge,
    /// The caller's params cannot be written as JSON; nothing was sent.
    Unwritable,
    /// The injected `fetch` threw an error of its own, which is no failure of the network.
    Thrown,
}
