//! HTTP as it crosses the border: requests, responses, blocks of event streams, failures.

use crate::core::api::error::Error;
use crate::core::api::ids::CallId;
use crate::core::kit::time::Millis;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{HeaderList, Media};
use std::rc::Rc;

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

/// The error of a broken exchange, as a caller reads it.
pub(crate) fn failure_error<J: Clone>(failure: &Failure<J>) -> Error<J> {
    let (code, sentence) = match failure.kind {
        FailureKind::Unsent => (ErrorCode::NetworkError, "the server could not be reached; nothing was sent"),
        FailureKind::Broken => (ErrorCode::NetworkError, "the connection broke before the answer"),
        FailureKind::Unreachable => {
            (ErrorCode::NetworkError, "the server could not be reached; it may have read the request before")
        }
        FailureKind::Thrown => (
            ErrorCode::NetworkError,
            "options.fetch threw an error that is no network failure (see cause); it may or may not have sent the request",
        ),
        FailureKind::TooLarge => (ErrorCode::LimitExceeded, "the answer is larger than limits.maxMessageBytes"),
        FailureKind::Unwritable => (ErrorCode::ProtocolError, "the params cannot be written as JSON"),
        FailureKind::Hidden => (
            ErrorCode::CorsBlocked,
            "the browser may not show the answer: the server's CORS headers must allow this origin and our request headers, and expose Mcp-Session-Id",
        ),
    };
    let mut error = Error::new(code, sentence).seen(failure.message.clone());
    error.retryable &= !matches!(failure.kind, FailureKind::TooLarge | FailureKind::Thrown);
    error.cause.clone_from(&failure.cause);
    error.away = matches!(failure.kind, FailureKind::Unsent | FailureKind::Unreachable);
    error
}
