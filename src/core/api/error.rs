//! What a caller is told when a call does not end in a result: one stable code, one sentence, and the evidence for it.

use crate::core::kit::time::Millis;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::excerpt;
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

/// A JSON-RPC error for the caller. One that is no object (`"error": "boom"`), or has no message, is quoted as it is.
pub(crate) fn rpc_error<J: Json>(error: &J) -> Error<J> {
    let words = error.get_str("message").or_else(|| error.as_str());
    let words = words.unwrap_or_else(|| excerpt(&error.to_text()));
    let words = if words.trim_ascii().is_empty() { String::from("an error without words") } else { words };
    let mut told = Error::new(ErrorCode::RpcError, words);
    told.rpc_code = error.get("code").and_then(|code| code.as_f64());
    told.data = error.get("data");
    told
}

/// The honest form of "perhaps": the caller has to look before trying again.
pub(crate) fn as_unknown<J>(mut error: Error<J>) -> Error<J> {
    let evidence = error.evidence.take().unwrap_or_else(|| error.message.clone());
    let mut unknown =
        Error::new(ErrorCode::OutcomeUnknown, "the request was sent, and nobody knows whether it was carried out");
    unknown.evidence = Some(evidence);
    unknown.status = error.status;
    unknown.cause = error.cause.take();
    unknown
}

/// Whether another attempt may succeed without a change by anybody.
pub(crate) fn may_pass<J>(error: &Error<J>) -> bool {
    error.retryable || matches!(error.code, ErrorCode::RequestTimeout)
}
