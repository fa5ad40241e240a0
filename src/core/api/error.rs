//! What a caller is told when a call does not end in a result: one stable code, one sentence, and the evidence for it.

use crate::core::kit::time::Millis;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Why a call failed. One pointer, because outcomes are handed on from function to function and few of them are errors.
#[derive(Clone)]
pub struct Error<J>(Box<Facts<J>>);

/// What is known of a failure. The payload `J` carries the `data` of a JSON-RPC error, untouched.
///
/// No header value, token or whole session id is ever put in here.
#[derive(Clone)]
pub struct Facts<J> {
    /// The stable code that programs decide on.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// What was seen on the wire that led to this verdict.
    pub evidence: Option<String>,
    /// Whether the same call may succeed later without a change by the caller.
    pub retryable: bool,
    /// The HTTP status that was answered, if one was.
    pub status: Option<u16>,
    /// The `code` of the JSON-RPC error, if the server sent one.
    pub rpc_code: Option<f64>,
    /// The `data` of the JSON-RPC error, if the server sent one.
    pub data: Option<J>,
    /// How long the server or the breaker asks to wait, in milliseconds.
    pub retry_after: Option<Millis>,
    /// Which server the call was for.
    pub server: Option<String>,
    /// The host's own error, where its network or an injected `fetch` failed.
    pub cause: Option<J>,
    /// Whether it says that the server is out of reach, which is no fault of the request.
    pub(crate) away: bool,
}

impl<J> Error<J> {
    /// An error of `code` with nothing but its sentence; retryable where the code as such is.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::made(code, message.into())
    }

    fn made(code: ErrorCode, message: String) -> Self {
        Self(Box::new(Facts {
            code,
            message,
            evidence: None,
            retryable: code.is_retryable(),
            status: None,
            rpc_code: None,
            data: None,
            retry_after: None,
            server: None,
            cause: None,
            away: false,
        }))
    }

    /// The same error with what was seen.
    #[must_use]
    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }

    /// The same error with the server's name.
    #[must_use]
    pub fn of(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// The same error with the HTTP status that was answered.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error as a sign of an outage.
    #[must_use]
    pub(crate) fn away(mut self) -> Self {
        self.away = true;
        self
    }

    /// The same error with the time to wait before another try.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Millis>) -> Self {
        self.retry_after = wait;
        self
    }
}

impl<J> Deref for Error<J> {
    type Target = Facts<J>;

    fn deref(&self) -> &Facts<J> {
        &self.0
    }
}

impl<J> DerefMut for Error<J> {
    fn deref_mut(&mut self) -> &mut Facts<J> {
        &mut self.0
    }
}

impl<J> fmt::Debug for Error<J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl<J> fmt::Display for Error<J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code.as_str())?;
        formatter.write_str(": ")?;
        formatter.write_str(&self.message)
    }
}

impl<J> std::error::Error for Error<J> {}

/// The stable error codes of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The server no longer knows the session, and a new one could not be had.
    SessionTerminated,
    /// Our own idle or age deadline ended the session.
    SessionExpired,
    /// The server refuses the session id.
    SessionInvalid,
    /// The server says that somebody else holds the session's stream.
    SessionConflict,
    /// The server stopped answering within the session.
    SessionTimeout,
    /// The request was sent, no answer came, and sending it again could do its work twice.
    OutcomeUnknown,
    /// No answer within the caller's deadline.
    RequestTimeout,
    /// The caller gave up.
    Cancelled,
    /// The server answered with a JSON-RPC error.
    RpcError,
    /// The server's answer breaks the protocol, or the caller's message cannot be written.
    ProtocolError,
    /// The server answered with an HTTP status that is neither success nor session loss.
    HttpError,
    /// The server could not be reached.
    NetworkError,
    /// The browser hid the answer: the server's CORS headers do not let the page read it.
    CorsBlocked,
    /// 401: the server wants other credentials.
    Unauthorized,
    /// 403: these credentials do not suffice.
    Forbidden,
    /// No protocol version that both sides speak.
    UnsupportedVersion,
    /// Too many failures lately: not even tried, until the breaker lets a probe through.
    CircuitOpen,
    /// A limit of this manager or of the message size was reached.
    LimitExceeded,
    /// The configuration, or an argument, is wrong.
    ConfigError,
    /// The manager or the session was closed by its owner.
    Closed,
}

impl ErrorCode {
    /// The code as JavaScript sees it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionTerminated => "session_terminated",
            Self::SessionExpired => "session_expired",
            Self::SessionInvalid => "session_invalid",
            Self::SessionConflict => "session_conflict",
            Self::SessionTimeout => "session_timeout",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::RequestTimeout => "request_timeout",
            Self::Cancelled => "cancelled",
            Self::RpcError => "rpc_error",
            Self::ProtocolError => "protocol_error",
            Self::HttpError => "http_error",
            Self::NetworkError => "network_error",
            Self::CorsBlocked => "cors_blocked",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::UnsupportedVersion => "unsupported_version",
            Self::CircuitOpen => "circuit_open",
            Self::LimitExceeded => "limit_exceeded",
            Self::ConfigError => "config_error",
            Self::Closed => "closed",
        }
    }

    /// The sentence that the log prints for the five session errors; empty for the others.
    pub const fn session_sentence(self) -> &'static str {
        match self {
            Self::SessionTerminated => "Session has been terminated",
            Self::SessionExpired => "Session has expired",
            Self::SessionInvalid => "Session ID is invalid",
            Self::SessionConflict => "Session conflict detected",
            Self::SessionTimeout => "Session operation timed out",
            Self::LimitExceeded => "Session exceeded a limit",
            _ => "",
        }
    }

    /// Whether the same call may succeed later as it is. Never for an unknown outcome: the caller has to look first.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::SessionTerminated
                | Self::SessionExpired
                | Self::SessionInvalid
                | Self::SessionConflict
                | Self::SessionTimeout
                | Self::NetworkError
                | Self::CircuitOpen
                | Self::LimitExceeded
        )
    }
}
