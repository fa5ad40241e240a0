//! What comes out of the machine: everything that it asks of its driver.

use crate::core::api::error::Error;
use crate::core::api::event::Event;
use crate::core::api::http::HttpRequest;
use crate::core::api::ids::{CallId, ExchangeId, SessionRef, Ticket};
use crate::core::kit::time::Instant;

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
    /// The server asks something of the client; answer by [`Input::Answer`](crate::core::Input::Answer).
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
    /// Ask the auth provider of this session; answer by [`Input::Token`](crate::core::Input::Token).
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
    /// Look what is stored under this name; answer by [`Input::Recalled`](crate::core::Input::Recalled).
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
    /// After [`News::Share`](crate::core::News::Share): how many slots of an origin this tab uses, how many it wants, and how many all tabs have
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
