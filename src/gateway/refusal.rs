//! All refusals of the gateway itself: HTTP status, JSON-RPC code and message.

use crate::core::protocol::codes;

/// Declares the table once: the variants and their fields.
macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $status:literal $code:ident $message:literal,)*) => {
        /// Why a request is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal { $($(#[doc = $doc])* $variant,)* }

        impl Refusal {
            /// All refusals.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the Worker's JavaScript.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The code of the JSON-RPC error in the body.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => codes::$code,)* }
            }

            /// The message of the JSON-RPC error.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

refusals! {
    /// The origin may not use the gateway (2025-11-25 basic/transports, "Security Warning": MUST be 403).
    Origin "origin" 403 SERVER_ERROR "Forbidden: this origin is not allowed",
    /// The path does not exist.
    Path "path" 404 SERVER_ERROR "Not found: no MCP endpoint at this path",
    /// The path does not allow this method.
    Method "method" 405 SERVER_ERROR "Method not allowed",
    /// A POST must accept both response types, a GET the event stream (2025-11-25 basic/transports).
    Accept "accept" 406 SERVER_ERROR "Not acceptable: the Accept header must list application/json and text/event-stream",
    /// The body is not declared as JSON.
    MediaType "mediaType" 415 SERVER_ERROR "Unsupported media type: the body must be application/json",
    /// The headers exceed the size limit.
    Headers "headers" 431 SERVER_ERROR "Request header fields too large: send fewer or shorter headers",
    /// The body exceeds the size limit.
    Body "body" 413 SERVER_ERROR "Payload too large: the message exceeds the gateway's limit, send less at once",
    /// The body is not JSON.
    Json "json" 400 PARSE_ERROR "Parse error",
    /// The JSON is not a JSON-RPC message.
    Message "message" 400 INVALID_REQUEST "Invalid request",
    /// A batch in a session of a revision without batches (2025-03-26 introduced them, 2025-06-18 removed them).
    Batch "batch" 400 INVALID_REQUEST "Invalid request: this protocol revision does not support batches",
    /// Every request but `initialize` requires the session id (2025-11-25 basic/transports, "Session Management" 2).
    SessionRequired "sessionRequired" 400 SERVER_ERROR "Bad request: the Mcp-Session-Id header is required",
    /// The session does not exist, or belongs to another user; both look the same ("Session Management" 3: MUST be
    /// 404). Code and message are those of the official servers, which their clients recognize.
    SessionUnknown "sessionUnknown" 404 SESSION_NOT_FOUND "Session not found",
    /// `MCP-Protocol-Version` names an unsupported revision ("Protocol Version Header": MUST be 400).
    Version "version" 400 SERVER_ERROR "Bad request: unsupported protocol version",
    /// Headers and body of a 2026-07-28 request differ, or a header is missing (streamable-http, HeaderMismatch).
    HeaderMismatch "headerMismatch" 400 HEADER_MISMATCH "Header mismatch: the headers do not match the body",
    /// The `_meta` of a 2026-07-28 request is missing or malformed (basic, `_meta`).
    Meta "meta" 400 INVALID_PARAMS "Invalid params: _meta has no valid protocol version",
    /// The server behind the gateway supports older revisions only (2026-07-28 basic/versioning).
    LegacyServer "legacyServer" 400 UNSUPPORTED_VERSION "Unsupported protocol version: this server requires initialize",
    /// The token is missing or invalid.
    Unauthorized "unauthorized" 401 SERVER_ERROR "Unauthorized: the token is missing or invalid",
    /// The keys that verify tokens are unreachable: the token may be valid.
    Keys "keys" 503 SERVER_ERROR "Service unavailable: the token cannot be verified now, try again later",
    /// The user lacks the permission.
    Forbidden "forbidden" 403 SERVER_ERROR "Forbidden",
    /// Without authentication all callers are one user, and sessions of others must not be listed or ended.
    Anonymous "anonymous" 403 SERVER_ERROR "Forbidden: sessions can be listed and ended by authenticated users only",
    /// The body does not arrive.
    Stalled "stalled" 408 SERVER_ERROR "Request timeout: the body did not arrive in time",
    /// A message repeats a member that decides what it means, so its readers may disagree (RFC 8259 §4).
    Duplicate "duplicate" 400 INVALID_REQUEST "Invalid request: the message has a member twice",
    /// The page of a list does not exist.
    Page "page" 400 INVALID_PARAMS "Invalid params: limit must be 1 to 100, and cursor that of the page before",
    /// The server has no such address.
    Address "address" 400 SERVER_ERROR "Bad request: address must be one of the server's addresses, as it is configured",
    /// The user has too many sessions.
    Sessions "sessions" 429 SERVER_ERROR "Too many sessions: all sessions of this user are in use, end one with DELETE or try again later",
    /// The user sends too many requests.
    Rate "rate" 429 SERVER_ERROR "Too many requests: try again after the seconds in Retry-After",
    /// The server behind the gateway is unreachable.
    Unreachable "unreachable" 502 SERVER_ERROR "Bad gateway: the server is unreachable",
    /// The breaker of the server is open after too many failures.
    Unavailable "unavailable" 503 SERVER_ERROR "Service unavailable: the server has failed too often",
    /// The gateway failed or is misconfigured.
    Internal "internal" 500 INTERNAL_ERROR "Internal error",
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_statuses_are_errors() {
        for (at, refusal) in Refusal::ALL.iter().enumerate() {
            assert!((400..600).contains(&refusal.status()), "{refusal:?}");
            assert!(Refusal::ALL[..at].iter().all(|other| other.name() != refusal.name()), "{refusal:?}");
        }
    }

    #[test]
    fn a_lost_session_is_reported_as_by_official_servers() {
        let lost = Refusal::SessionUnknown;
        assert_eq!((lost.status(), lost.code(), lost.message()), (404, -32001, "Session not found"));
    }
}
