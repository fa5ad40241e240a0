//! The codes of what goes wrong: one vocabulary for verdicts, errors, events and log lines.

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
