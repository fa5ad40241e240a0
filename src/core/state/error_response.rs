//! Error responses: those outside 200–299, their evidence, and the resulting error.

use crate::core::api::{Body, Error, error_words, rpc_error};
use crate::core::kit::text::concat;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::protocol::verdict::{RpcSeen, Verdict, refuses_host};
use crate::core::state::session::credentials::Wants;
use crate::core::state::session::suspicion::Oddity;
use std::rc::Rc;

/// A response outside 200–299, with the context that its handlers need.
pub(crate) struct ErrorResponse<'a, J> {
    pub(crate) verdict: Verdict,
    pub(crate) evidence: String,
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    /// What its credentials lack.
    pub(crate) wants: Wants,
    /// The token that was refused.
    pub(crate) token: Option<Rc<str>>,
    pub(crate) generation: u64,
    /// The signature to compare further odd answers with.
    pub(crate) oddity: Oddity,
    /// Whether its text mentions the session.
    pub(crate) speaks: bool,
    pub(crate) body: &'a Body<J>,
    /// Whether it is a JSON-RPC error with the request's id, so the handler may have run.
    pub(crate) answered: bool,
}

impl<J> ErrorResponse<'_, J> {
    /// Whether it says nothing but that something was not found.
    pub(crate) fn is_empty_404(&self) -> bool {
        matches!((self.status, self.body), (404 | 410, Body::Empty))
    }

    /// Whether it does not say that the session is lost, but may mean it.
    pub(crate) fn is_odd(&self) -> bool {
        match self.verdict {
            Verdict::Unknown | Verdict::Conflict | Verdict::Final => true,
            Verdict::Forbidden => self.wants != Wants::Scope,
            // Without the request's id it need not be the handler's.
            Verdict::Answer => self.speaks || !self.answered || self.oddity.may_mean_loss(),
            Verdict::Refused(_) => self.is_suspicious_refusal(),
            _ => false,
        }
    }

    /// Whether it asks to wait but may mean a lost session. A rate limit of a session does not.
    pub(crate) fn is_suspicious_refusal(&self) -> bool {
        self.status == 503 && self.speaks
    }
}

/// Whether a body is a JSON-RPC error. Other JSON may have a member `error` too.
pub(crate) fn is_rpc_error<J: Json>(body: &Body<J>) -> bool {
    matches!(body, Body::Json(message) if message.get("error").is_some_and(|error| error.is_object()))
}

/// The JSON-RPC error in the body of an error response, and its text.
pub(crate) fn said<J: Json>(body: &Body<J>, request_id: Option<u64>) -> (Option<RpcSeen>, String) {
    match body {
        Body::Json(message) => {
            let error = message.get("error");
            let rpc = error.as_ref().and_then(|error| {
                let id = message.get("id").and_then(|id| jsonrpc::as_own_number(&id));
                Some(RpcSeen { code: error.get("code")?.as_f64()?, for_this_request: id.is_some() && id == request_id })
            });
            let words = error.as_ref().and_then(error_words);
            // `{"error": "Not Found", "message": "Session not found"}` of NestJS and Fastify, and RFC 6749 §5.2.
            let more = ["message", "detail", "error_description"].into_iter().find_map(|name| message.get_str(name));
            let text = match (words, more) {
                (Some(words), Some(more)) => concat(&[&words, ": ", &more]),
                (words, more) => words.or(more).unwrap_or_default(),
            };
            (rpc, text)
        }
        Body::Text(text) => (None, text.clone()),
        Body::Empty => (None, String::new()),
    }
}

/// The caller's error for an error response.
pub(crate) fn response_error<J: Json>(response: &ErrorResponse<'_, J>) -> Error<J> {
    let http = |sentence: &str| Error::new(ErrorCode::HttpError, sentence);
    let is_answered = response.answered;
    let mut error = match response.verdict {
        Verdict::Lost(code) | Verdict::Doubtful(code) => Error::new(code, "the server no longer knows the session"),
        Verdict::Stale { .. } => Error::new(ErrorCode::SessionTerminated, "the session was replaced meanwhile"),
        Verdict::Conflict => {
            Error::new(ErrorCode::SessionConflict, "the server has another stream open for this session")
        }
        Verdict::Forbidden | Verdict::Final | Verdict::Refused(_)
            if !is_answered && refuses_host(&response.evidence) =>
        {
            Error::new(ErrorCode::Forbidden, "the server refused the request for its Host or Origin")
        }
        Verdict::Refused(_) if !is_answered => http("the server refused the request for now"),
        Verdict::Unauthorized => {
            Error::new(ErrorCode::Unauthorized, "the server requires valid credentials: check headers and auth")
        }
        Verdict::Forbidden => Error::new(ErrorCode::Forbidden, "the credentials do not permit this request"),
        // Above 499 it speaks of the session.
        Verdict::Unknown if !is_answered || response.status >= 500 => {
            http("the server or a proxy in front of it failed")
        }
        Verdict::Outage if !is_answered => http("the proxy cannot reach the server"),
        Verdict::Answer | Verdict::Refused(_) | Verdict::Unknown | Verdict::Outage => {
            let error = if let Body::Json(message) = response.body { message.get("error") } else { None };
            match error {
                Some(error) => rpc_error(&error),
                None => Error::new(ErrorCode::RpcError, "an error without a message"),
            }
        }
        Verdict::Final if matches!(response.status, 0 | 301..=303 | 307 | 308) => http(REDIRECTS),
        // Where a session works or has worked, a tool or a proxy says that.
        Verdict::Final if matches!(response.status, 404 | 405) && response.generation == 0 => {
            http("there is no MCP endpoint at this URL; the usual path is /mcp")
        }
        Verdict::Final => http("the server refused the request"),
    };
    error.away = response.verdict == Verdict::Outage;
    error.retryable |= error.away || response.verdict == Verdict::Unknown;
    if let Verdict::Refused(wait) = response.verdict
        && !is_answered
    {
        (error.retryable, error.retry_after) = (true, wait);
    }
    error.seen(response.evidence.clone()).status(response.status)
}

/// The error for a server with sessions if CORS hides their ids from the page (Fetch standard, "CORS-exposed
/// header-name list").
pub(crate) fn hidden_id<J>(response: &ErrorResponse<'_, J>) -> Error<J> {
    let sentence = "the browser hides the session id from this page: the response to initialize needs `Access-Control-Expose-Headers: Mcp-Session-Id`";
    Error::new(ErrorCode::CorsBlocked, sentence).seen(response.evidence.clone()).status(response.status)
}

/// The verdict on an error response after the session turned out not to be lost.
pub(crate) fn own_words<J: Json>(response: &ErrorResponse<'_, J>) -> Verdict {
    if is_rpc_error(response.body) { Verdict::Answer } else { Verdict::Final }
}

/// The error for a redirect that is not followed.
pub(crate) const REDIRECTS: &str = "the server redirects; configure the URL that it redirects to";
