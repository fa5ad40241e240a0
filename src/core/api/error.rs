//! The error of a failed call: a stable code, a message, and the evidence for both.

use crate::core::kit::time::Millis;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::excerpt;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The error of a call. A single pointer, because outcomes pass through many functions and few of them are errors.
#[derive(Clone)]
pub struct Error<J>(Box<Facts<J>>);

/// The fields of an error. The payload `J` carries the `data` of a JSON-RPC error, untouched.
///
/// No field ever contains a header value, a token or a whole session id.
#[derive(Clone)]
pub struct Facts<J> {
    /// The stable code for programs.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// What was observed on the wire.
    pub evidence: Option<String>,
    /// Whether the same call may succeed later without a change by the caller.
    pub retryable: bool,
    /// The HTTP status of the response, if there was one.
    pub status: Option<u16>,
    /// The `code` of the JSON-RPC error, if the server sent one.
    pub rpc_code: Option<f64>,
    /// The `data` of the JSON-RPC error, if the server sent one.
    pub data: Option<J>,
    /// How long the server or the breaker asks the client to pause, in milliseconds.
    pub retry_after: Option<Millis>,
    /// The name of the server.
    pub server: Option<String>,
    /// The host's own error, when its network or an injected `fetch` failed.
    pub cause: Option<J>,
    /// Whether the server is out of reach. The request is then not at fault.
    pub(crate) away: bool,
}

impl<J> Error<J> {
    /// An error with a code and a message; retryable if the code is.
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

    /// Sets the evidence.
    #[must_use]
    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }

    /// Sets the server's name.
    #[must_use]
    pub fn of(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the pause before the next attempt.
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

/// The words of a JSON-RPC error.
pub(crate) fn error_words<J: Json>(error: &J) -> Option<String> {
    error.get_str("message").or_else(|| error.as_str())
}

/// A JSON-RPC error for the caller. An error that is not an object (`"error": "boom"`) or has no message is quoted as
/// it is.
pub(crate) fn rpc_error<J: Json>(error: &J) -> Error<J> {
    let message = error_words(error).unwrap_or_else(|| excerpt(&error.to_text()));
    let message = if message.trim_ascii().is_empty() { String::from("an error without a message") } else { message };
    let mut rpc = Error::new(ErrorCode::RpcError, message);
    rpc.rpc_code = error.get("code").and_then(|code| code.as_f64());
    rpc.data = error.get("data");
    rpc
}

/// Converts a failure into `outcome_unknown`: the caller must check the effect before it tries again.
pub(crate) fn as_unknown<J>(mut error: Error<J>) -> Error<J> {
    // The handler's own error says what happened.
    if error.code == ErrorCode::RpcError {
        error.retryable = false;
        return error;
    }
    let evidence = error.evidence.take().unwrap_or_else(|| error.message.clone());
    let message = "the request was sent, but its outcome is unknown: the server may have executed it";
    let mut unknown = Error::new(ErrorCode::OutcomeUnknown, message);
    unknown.evidence = Some(evidence);
    unknown.status = error.status;
    unknown.cause = error.cause.take();
    unknown
}

/// Whether another attempt may succeed without a change on either side.
pub(crate) fn may_pass<J>(error: &Error<J>) -> bool {
    error.retryable || matches!(error.code, ErrorCode::RequestTimeout)
}
