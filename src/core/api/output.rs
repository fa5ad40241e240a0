//! The outputs of the machine: instructions to its driver.

use crate::core::api::error::Error;
use crate::core::api::event::Event;
use crate::core::api::http::HttpRequest;
use crate::core::api::ids::{CallId, ExchangeId, SessionRef, Ticket};
use crate::core::api::token::TokenRequest;
use crate::core::kit::time::Instant;

/// One instruction to the driver.
pub enum Output<J> {
    /// Perform this request with `fetch`; report `Opened`, `Block`, `Alive`, and one of `Body`, `Ended`, `Failed`.
    Send {
        /// The number of the exchange.
        exchange: ExchangeId,
        /// The request.
        request: HttpRequest<J>,
    },
    /// Abort this exchange; report nothing more about it.
    Abort {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// Report nothing more about this exchange for now: the server sends requests faster than it takes the answers. An
    /// input that is already in progress is still accepted.
    Pause {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// Continue where [`Output::Pause`] stopped.
    Resume {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// A `connect` succeeded.
    Connected {
        /// The settled call.
        call: CallId,
        /// The session.
        session: SessionRef,
    },
    /// A call ended. `Ok(None)` for calls without a result (notifications, terminate, close).
    Settle {
        /// The settled call.
        call: CallId,
        /// The outcome.
        outcome: Result<Option<J>, Error<J>>,
    },
    /// Progress of a running call: the params of `notifications/progress`.
    Progress {
        /// The call.
        call: CallId,
        /// The params, as sent.
        progress: J,
    },
    /// A request of the server to the client; answer by [`Input::Answer`](crate::core::Input::Answer).
    ServerRequest {
        /// The number of the server request.
        ticket: Ticket,
        /// The session.
        session: SessionRef,
        /// The call on whose stream it came, if any.
        call: Option<CallId>,
        /// The JSON-RPC method.
        method: String,
        /// The whole message.
        message: J,
    },
    /// The server cancelled its request, or its session ended: abort the handler's signal.
    CancelServerRequest {
        /// The server request.
        ticket: Ticket,
    },
    /// A notification of the server, other than progress of a running call.
    Notification {
        /// The session.
        session: SessionRef,
        /// The call on whose stream it came, if any.
        call: Option<CallId>,
        /// The JSON-RPC method.
        method: String,
        /// The whole message.
        message: J,
    },
    /// Ask the auth provider of this session; answer by [`Input::Token`](crate::core::Input::Token).
    NeedToken {
        /// The session.
        session: SessionRef,
        /// What it is told.
        request: Box<TokenRequest>,
    },
    /// The auth provider's answer is no longer needed: abort its signal.
    CancelToken {
        /// The session.
        session: SessionRef,
    },
    /// Read the stored value of this name; answer by [`Input::Restored`](crate::core::Input::Restored).
    Restore {
        /// The session.
        session: SessionRef,
        /// The name.
        name: String,
    },
    /// Persist a value, or forget it.
    Persist {
        /// The name.
        name: String,
        /// The new value; `None` removes the stored one.
        value: Option<J>,
    },
    /// After [`PageNotification::Share`](crate::core::PageNotification::Share): how many slots of an
    /// origin this tab uses, how many it needs, and the budget of all tabs together (0: unlimited).
    Turns {
        /// Scheme, host and port.
        origin: String,
        /// Open long-lived responses, the same plus queued streams, and the budget.
        counts: [usize; 3],
    },
    /// Dispatch this event.
    Event(Box<Event>),
    /// Print this line.
    Log(Level, String),
    /// No further output: continue with the next network input, or at this moment.
    Wait(Option<Instant>),
}

/// The severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Printed with `MCP_SESSION_DEBUG=true` only.
    Debug,
    /// The normal life of a session.
    Info,
    /// An anomaly that was handled.
    Warn,
    /// A failure.
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
