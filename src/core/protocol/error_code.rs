//! Error codes, shared by verdicts, errors, events and log lines.

/// The stable error codes of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The server no longer knows the session, and recovery failed.
    SessionTerminated,
    /// Our own idle or age deadline ended the session.
    SessionExpired,
    /// The server rejects the session id.
    SessionInvalid,
    /// The server reports that another client uses the session's stream.
    SessionConflict,
    /// The server stopped responding within the session.
    SessionTimeout,
    /// The request was sent but not answered, and a retry could execute it twice.
    OutcomeUnknown,
    /// No response within the caller's deadline.
    RequestTimeout,
    /// The caller cancelled the call.
    Cancelled,
    /// The server answered with a JSON-RPC error.
    RpcError,
    /// The server's response violates the protocol, or the caller's message cannot be serialized.
    ProtocolError,
    /// The server responded with an HTTP status that means neither success nor session loss.
    HttpError,
    /// The server is unreachable.
    NetworkError,
    /// The browser hid the response: the server's CORS headers do not allow the page to read it.
    CorsBlocked,
    /// 401: the server requires other credentials.
    Unauthorized,
    /// 403: the credentials are insufficient.
    Forbidden,
    /// Client and server share no protocol version.
    UnsupportedVersion,
    /// Not sent after too many recent failures: the breaker is open until its canary succeeds.
    CircuitOpen,
    /// A limit of this manager or of the message size was reached.
    LimitExceeded,
    /// The configuration or an argument is invalid.
    ConfigError,
    /// The owner closed the manager or the session.
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

    /// The sentence in the log line of a session error; empty for all other codes.
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

    /// Whether the same call may succeed later. Never for an unknown outcome: the caller must check the effect first.
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
