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
    /// The URL of the MCP endpoint.
    pub url: Rc<str>,
    /// All headers, secret ones included: not for logs.
    pub headers: HeaderList,
    /// The JSON-RPC message to write as the body.
    pub body: Option<J>,
    /// Whether this is our own `initialize`, the only request whose response has its `Mcp-Session-Id` read.
    pub reads_session_id: bool,
    /// The call that it belongs to.
    pub call: Option<CallId>,
    /// Whether redirects are followed. Such a request carries neither cookies nor secret headers; all other requests
    /// follow none.
    pub follows: bool,
}

/// Status and headers of a response.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The HTTP status; 302 for a redirect that the host hides.
    pub status: u16,
    /// The media type in `Content-Type`.
    pub media: Media,
    /// `Mcp-Session-Id`, read if [`HttpRequest::reads_session_id`] is set.
    pub session_id: Option<String>,
    /// Whether CORS may hide headers; determined where the session id is read.
    pub hides_headers: bool,
    /// `Retry-After`, read on 429 and 503.
    pub retry_after: Option<String>,
    /// `WWW-Authenticate`, read on 400, 401 and 403.
    pub challenge: Option<String>,
    /// `Location`, read on 301 to 308 where the host exposes it; for a request that follows redirects, the final URL.
    pub location: Option<String>,
}

impl ResponseHead {
    /// Whether the status says that the request was accepted.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the body is the event stream that was asked for.
    pub fn is_stream(&self) -> bool {
        self.is_success() && self.media == Media::EventStream
    }
}

/// One block of an event stream, its data parsed.
pub struct StreamBlock<J> {
    /// The event's name; `None` means `message`.
    pub event: Option<String>,
    /// The block's own `id` field; empty text clears the cursor.
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
    /// Data that is not JSON (of an `endpoint` event, or malformed).
    Text(String),
}

/// The body of a response other than an event stream.
pub enum Body<J> {
    /// An empty body, or one not read because the status forbids content.
    Empty,
    /// A JSON value.
    Json(J),
    /// Text that is not JSON, cut to the error limit.
    Text(String),
}

/// The failure of an exchange.
#[derive(Clone, Debug)]
pub struct Failure<J> {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The host's own message; never a header or a body.
    pub message: String,
    /// The host's own error, for the caller alone: the machine neither reads nor logs it.
    pub cause: Option<J>,
}

/// The kind of failure of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Provably nothing was sent: connection refused, name not found, or the host is offline.
    Unsent,
    /// The connection broke, or the host gives no reason: the server may or may not have read the request.
    Broken,
    /// The server is unreachable, confirmed by a second request, or the host does not distinguish this from a broken
    /// connection. The server may or may not have read the request.
    Unreachable,
    /// The server is reachable, but the page may not read the response: it lacks CORS headers.
    Hidden,
    /// The body, or one event, exceeds the limit.
    TooLarge,
    /// The caller's params cannot be serialized as JSON; nothing was sent.
    Unwritable,
    /// The injected `fetch` threw an error that is not a network failure, or returned no readable response.
    Thrown,
}

/// The caller's error for a failed exchange.
pub(crate) fn failure_error<J: Clone>(failure: &Failure<J>) -> Error<J> {
    let (code, sentence) = match failure.kind {
        FailureKind::Unsent => (ErrorCode::NetworkError, "the server could not be reached; nothing was sent"),
        FailureKind::Broken => (ErrorCode::NetworkError, "the connection broke before the response was complete"),
        FailureKind::Unreachable => {
            (ErrorCode::NetworkError, "the server is unreachable, but may have read the request")
        }
        FailureKind::Thrown => {
            (ErrorCode::NetworkError, "options.fetch failed (see cause); the request may have been sent")
        }
        FailureKind::TooLarge => (ErrorCode::LimitExceeded, "the response is larger than limits.maxMessageBytes"),
        FailureKind::Unwritable => (ErrorCode::ProtocolError, "the params have no JSON form"),
        FailureKind::Hidden => (
            ErrorCode::CorsBlocked,
            "the browser blocked the response: CORS headers must allow this origin and the request headers, and expose Mcp-Session-Id; see diagnose()",
        ),
    };
    let mut error = Error::new(code, sentence).seen(failure.message.clone());
    error.retryable &= !matches!(failure.kind, FailureKind::TooLarge | FailureKind::Thrown);
    error.cause.clone_from(&failure.cause);
    error.away = matches!(failure.kind, FailureKind::Unsent | FailureKind::Unreachable);
    error
}
