//! The request headers that are forwarded to the server, and the response headers that are forwarded to the client.

use crate::core::protocol::headers::{self, PARAM_PREFIX};

/// Whether a request header is forwarded to the server. The client's token, cookies, session and proxy headers are not:
/// the server receives the configured credentials.
pub fn to_server(name: &str) -> bool {
    PROTOCOL.contains(&name) || TRACE.contains(&name) || is_param_header(name)
}

/// Whether a response header is forwarded to the client. CORS headers are not, because the gateway sets its own; nor
/// are cookies and the session id, which stay with the gateway.
pub fn to_client(name: &str) -> bool {
    RESPONSE.contains(&name)
}

/// Whether this is the header of a mirrored tool argument (2026-07-28, SEP-2243): the prefix and a token.
pub fn is_param_header(name: &str) -> bool {
    let prefix = name.get(..PARAM_PREFIX.len()).unwrap_or_default();
    prefix.eq_ignore_ascii_case(PARAM_PREFIX) && name.len() > prefix.len() && headers::validate(name, "").is_ok()
}

/// Protocol headers.
const PROTOCOL: [&str; 5] =
    [headers::ACCEPT, headers::CONTENT_TYPE, headers::METHOD, headers::NAME, headers::PROTOCOL_VERSION];

/// W3C Trace Context and Baggage.
pub const TRACE: [&str; 3] = ["traceparent", "tracestate", "baggage"];

const RESPONSE: [&str; 6] = [
    headers::CONTENT_TYPE,
    headers::PROTOCOL_VERSION,
    headers::RETRY_AFTER,
    "cache-control",
    // Disables buffering in reverse proxies (2026-07-28 streamable-http).
    "x-accel-buffering",
    "content-language",
];

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_clients_secrets_are_not_forwarded() {
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
