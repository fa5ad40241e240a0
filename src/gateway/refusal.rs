//! Everything that the front refuses by itself: the HTTP status, the JSON-RPC code and the sentence of each.

use crate::core::protocol::codes;

/// Declares the table once: the variants, and what each says.
macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $status:literal $code:ident $message:literal,)*) => {
        /// Why a request is not passed on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal { $($(#[doc = $doc])* $variant,)* }

        impl Refusal {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, by which the Worker asks for it.
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

            /// One sentence.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

refusals! {
    /// A page of this origin may not use the front (2025-11-25 basic/transports, "Security Warning": MUST be 403).
    Origin "origin" 403 SERVER_ERROR "Forbidden: pages of this origin may not use this endpoint",
    /// There is nothing at this path.
    Path "path" 404 SERVER_ERROR "Not found: there is no MCP endpoint here",
    /// The path has no such method.
    Method "method" 405 SERVER_ERROR "Method not allowed",
    /// A POST has to accept both forms of an answer, a GET the stream (2025-11-25 basic/transports).
    Accept "accept" 406 SERVER_ERROR "Not acceptable: accept application/json and text/event-stream",
    /// The body is not announced as JSON.
    MediaType "mediaType" 415 SERVER_ERROR "Unsupported media type: the body must be application/json",
    /// The headers together are too large.
    Headers "headers" 431 SERVER_ERROR "Request header fields too large",
    /// The body is too large.
    Body "body" 413 SERVER_ERROR "Payload too large",
    /// The body is no JSON.
    Json "json" 400 PARSE_ERROR "Parse error",
    /// The JSON is no JSON-RPC message.
    Message "message" 400 INVALID_REQUEST "Invalid request",
    /// A batch where the revision of the session has none (they came with 2025-03-26 and went with 2025-06-18).
    Batch "batch" 400 INVALID_REQUEST "Invalid request: this revision has no batches",
    /// Any other request than `initialize` needs the session's id (2025-11-25 basic/transports, "Session Management" 2).
    SessionRequired "sessionRequired" 400 SERVER_ERROR "Bad request: the Mcp-Session-Id header is required",
    /// There is no such session, or it is not the caller's; nobody can tell which ("Session Management" 3: MUST be 404).
    /// The code and the sentence are those of the official servers, which their clients know.
    SessionUnknown "sessionUnknown" 404 SESSION_NOT_FOUND "Session not found",
    /// `MCP-Protocol-Version` names no revision that is spoken here ("Protocol Version Header": MUST be 400).
    Version "version" 400 SERVER_ERROR "Bad request: unsupported protocol version",
    /// Headers and body of a 2026-07-28 request differ, or a header is missing (streamable-http, HeaderMismatch).
    HeaderMismatch "headerMismatch" 400 HEADER_MISMATCH "Header mismatch: the headers do not say what the body says",
    /// The `_meta` of a 2026-07-28 request is missing or malformed (basic, `_meta`).
    Meta "meta" 400 INVALID_PARAMS "Invalid params: _meta has no valid protocol version",
    /// The server behind the front speaks older revisions only (2026-07-28 basic/versioning).
    LegacyServer "legacyServer" 400 UNSUPPORTED_VERSION "Unsupported protocol version: this server wants an initialize",
    /// Nobody is signed in, or the token is wrong.
    Unauthorized "unauthorized" 401 SERVER_ERROR "Unauthorized",
    /// The caller is somebody, but not one who may do this.
    Forbidden "forbidden" 403 SERVER_ERROR "Forbidden",
    /// The caller has too many sessions already.
    Sessions "sessions" 429 SERVER_ERROR "Too many sessions",
    /// The caller sends too many requests.
    Rate "rate" 429 SERVER_ERROR "Too many requests",
    /// The server behind the front cannot be reached.
    Unreachable "unreachable" 502 SERVER_ERROR "Bad gateway: the server cannot be reached",
    /// The server behind the front is left alone for a while: too much has failed.
    Unavailable "unavailable" 503 SERVER_ERROR "Service unavailable: the server has failed too often",
    /// The front itself failed, or is set up wrongly.
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
    fn a_lost_session_is_told_as_the_official_servers_tell_it() {
        let lost = Refusal::SessionUnknown;
        assert_eq!((lost.status(), lost.code(), lost.message()), (404, -32001, "Session not found"));
    }
}
