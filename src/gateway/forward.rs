//! Which headers of a request that is passed straight on reach the server, and which of its answer reach the client.

use crate::core::protocol::headers::{self, PARAM_PREFIX};

/// Whether a header of the client's request goes on to the server. The client's token does not, nor do its cookies, its
/// session, and what a proxy before us wrote: the server gets what its configuration says.
pub fn to_server(name: &str) -> bool {
    PROTOCOL.contains(&name) || TRACE.contains(&name) || is_param_header(name)
}

/// Whether a header of the server's answer goes on to the client. Its CORS headers do not: ours stand there. Nor do its
/// cookies and its session, which are the front's affair.
pub fn to_client(name: &str) -> bool {
    ANSWER.contains(&name)
}

/// Whether this is the header of a mirrored tool argument (2026-07-28, SEP-2243): the prefix and a token.
pub fn is_param_header(name: &str) -> bool {
    let prefix = name.get(..PARAM_PREFIX.len()).unwrap_or_default();
    prefix.eq_ignore_ascii_case(PARAM_PREFIX) && name.len() > prefix.len() && headers::validate(name, "").is_ok()
}

/// The protocol's own.
const PROTOCOL: [&str; 5] =
    [headers::ACCEPT, headers::CONTENT_TYPE, headers::METHOD, headers::NAME, headers::PROTOCOL_VERSION];

/// W3C Trace Context and Baggage.
pub const TRACE: [&str; 3] = ["traceparent", "tracestate", "baggage"];

const ANSWER: [&str; 6] = [
    headers::CONTENT_TYPE,
    headers::PROTOCOL_VERSION,
    headers::RETRY_AFTER,
    "cache-control",
    // Tells reverse proxies not to collect a stream (2026-07-28 streamable-http).
    "x-accel-buffering",
    "content-language",
];

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_clients_secrets_stay_here() {
        for name in
            ["authorization", "cookie", "mcp-session-id", "last-event-id", "origin", "host", "cf-access-jwt-assertion"]
        {
            assert!(!to_server(name), "{name}");
        }
        for name in ["content-type", "mcp-protocol-version", "mcp-name", "mcp-param-region", "traceparent"] {
            assert!(to_server(name), "{name}");
        }
        for name in ["set-cookie", "mcp-session-id", "access-control-allow-origin", "www-authenticate", "connection"] {
            assert!(!to_client(name), "{name}");
        }
        assert!(to_client("content-type") && to_client("retry-after"));
    }
}
