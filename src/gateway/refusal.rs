//! Everything that the front refuses by itself: the HTTP status, the JSON-RPC code and the sentence of each.

/// Declares the table once: the variants, and what each says.
macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $status:literal $code:literal $message:literal,)*) => {
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
                match self { $(Self::$variant => $code,)* }
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
    Origin "origin" 403 -32000 "Forbidden: pages of this origin may not use this endpoint",
    /// There is nothing at this path.
    Path "path" 404 -32000 "Not found: there is no MCP endpoint here",
    /// The path has no such method.
    Method "method" 405 -32000 "Method not allowed",
    /// A POST has to accept both forms of an answer, a GET the stream (2025-11-25 basic/transports).
    Accept "accept" 406 -32000 "Not acceptable: accept application/json and text/event-stream",
    /// The body is not announced as JSON.
    MediaType "mediaType" 415 -32000 "Unsupported media type: the body must be application/json",
    /// The headers together are too large.
    Headers "headers" 431 -32000 "Request header fields too large",
    /// The body is too large.
    Body "body" 413 -32000 "Payload too large",
    /// The body is no JSON.
    Json "json" 400 -32700 "Parse error",
    /// The JSON is no JSON-RPC message.
    Message "message" 400 -32600 "Invalid request",
    /// A batch where the revision of the session has none (they came with 2025-03-26 and went with 2025-06-18).
    Batch "batch" 400 -32600 "Invalid request: this revision has no batches",
    /// Any other request than `initialize` needs the session's id (2025-11-25 basic/transports, "Session Management" 2).
    SessionRequired "sessionRequired" 400 -32000 "Bad request: the Mcp-Session-Id header is required",
    /// There is no such session, or it is not the caller's; nobody can tell which ("Session Management" 3: MUST be 404).
    /// The code and the sentence are those of the official servers, which their clients know.
    SessionUnknown "sessionUnknown" 404 -32001 "Session not found",
    /// `MCP-Protocol-Version` names no revision that is spoken here ("Protocol Version Header": MUST be 400).
    Version "version" 400 -32000 "Bad request: unsupported protocol version",
    /// Headers and body of a 2026-07-28 request differ, or a header is missing (streamable-http, HeaderMismatch).
    HeaderMismatch "headerMismatch" 400 -32020 "Header mismatch: the headers do not say what the body says",
    /// The `_meta` of a 2026-07-28 request is missing or malformed (basic, `_meta`).
    Meta "meta" 400 -32602 "Invalid params: _meta has no valid protocol version",
    /// The server behind the front speaks older revisions only (2026-07-28 basic/versioning).
    LegacyServer "legacyServer" 400 -32022 "Unsupported protocol version: this server wants an initialize",
    /// Nobody is signed in, or the token is wrong.
    Unauthorized "unauthorized" 401 -32000 "Unauthorized",
    /// The caller is somebody, but not one who may do this.
    Forbidden "forbidden" 403 -32000 "Forbidden",
    /// The caller has too many sessions already.
    Sessions "sessions" 429 -32000 "Too many sessions",
    /// The caller sends too many requests.
    Rate "rate" 429 -32000 "Too many requests",
    /// The server behind the front cannot be reached.
    Unreachable "unreachable" 502 -32000 "Bad gateway: the server cannot be reached",
    /// The server behind the front is left alone for a while: too much has failed.
    Unavailable "unavailable" 503 -32000 "Service unavailable: the server has failed too often",
    /// The front itself failed, or is set up wrongly.
    Internal "internal" 500 -32603 "Internal error",
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
