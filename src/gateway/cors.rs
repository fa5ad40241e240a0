//! CORS: the origins that may use the gateway, and the headers of every response to them, whatever its method and
//! status.
//!
//! Without these headers a page cannot even read the status: a 404 without them could never show a browser that its
//! session has ended.

use super::forward::is_param_header;

/// The origins that may use the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any origin, configured as `*`.
    Any,
    /// These origins, such as `https://app.example`; none by default.
    Listed(Vec<String>),
}

/// A response header.
pub type Header = (&'static str, String);

impl Origins {
    /// Parses a list of origins.
    pub fn of(entries: &[String]) -> Self {
        if entries.iter().any(|entry| entry == "*") { Self::Any } else { Self::Listed(entries.to_vec()) }
    }

    /// Whether a request may pass: it has no `Origin`, or an allowed one.
    pub fn admit(&self, origin: Option<&str>) -> bool {
        match (self, origin) {
            (Self::Any, _) | (_, None) => true,
            (Self::Listed(origins), Some(origin)) => origins.iter().any(|listed| listed == origin),
        }
    }

    /// The headers of any response to this origin. Only allowed origins get headers that let them read it.
    pub fn response_headers(&self, origin: Option<&str>) -> Vec<Header> {
        let mut headers = vec![("vary", String::from("Origin"))];
        if let Some(origin) = origin.filter(|_| self.admit(origin)) {
            let allowed = if *self == Self::Any { "*" } else { origin };
            headers.push(("access-control-allow-origin", allowed.into()));
            headers.push(("access-control-expose-headers", EXPOSED.into()));
        }
        headers
    }

    /// The headers of a preflight response, for a path with these methods and the requested headers.
    pub fn preflight(&self, origin: Option<&str>, methods: &str, asked: Option<&str>) -> Vec<Header> {
        let mut headers = self.response_headers(origin);
        if origin.is_none() || !self.admit(origin) {
            return headers;
        }
        let mut allowed = String::from(ALLOWED);
        // No list can name them in advance: they derive from tool arguments (2026-07-28, SEP-2243).
        for name in asked.unwrap_or_default().split(',').map(str::trim).filter(|name| is_param_header(name)) {
            allowed.push_str(", ");
            allowed.push_str(name);
        }
        headers.push(("access-control-allow-methods", methods.into()));
        headers.push(("access-control-allow-headers", allowed));
        headers.push(("access-control-max-age", MAX_AGE.into()));
        headers.push(("vary", String::from("Access-Control-Request-Headers")));
        headers
    }
}

/// The request headers of clients of all revisions, W3C trace headers, and the caller's token.
const ALLOWED: &str = "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID, \
    Mcp-Method, Mcp-Name, traceparent, tracestate, baggage";

/// The response headers that clients need in addition to the CORS-safelisted ones.
const EXPOSED: &str = "Mcp-Session-Id, MCP-Protocol-Version, Retry-After, WWW-Authenticate, Allow";

/// Two hours, in seconds: Chromium caches a preflight no longer.
const MAX_AGE: &str = "7200";

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const PAGE: &str = "https://app.example";

    fn listed() -> Origins {
        Origins::of(&[PAGE.into(), "http://localhost:3000".into()])
    }

    fn value<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
        headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn listed_origins_are_allowed() {
        for (origin, expected) in [
            (None, true),
            (Some(PAGE), true),
            (Some("http://localhost:3000"), true),
            (Some("http://localhost"), false),
            (Some("https://app.example.evil"), false),
            (Some("http://app.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            assert_eq!(listed().admit(origin), expected, "{origin:?}");
            assert!(Origins::of(&["*".into()]).admit(origin), "{origin:?}");
            assert_eq!(Origins::of(&[]).admit(origin), origin.is_none(), "{origin:?}");
        }
    }

    #[test]
    fn only_allowed_origins_can_read_a_response() {
        let headers = listed().response_headers(Some(PAGE));
        assert_eq!(value(&headers, "access-control-allow-origin"), Some(PAGE));
        assert_eq!(value(&headers, "vary"), Some("Origin"));
        let exposed = value(&headers, "access-control-expose-headers").unwrap();
        for name in ["Mcp-Session-Id", "Retry-After", "WWW-Authenticate"] {
            assert!(exposed.split(", ").any(|other| other == name), "{name}");
        }
        for stranger in [None, Some("https://evil.example")] {
            assert_eq!(listed().response_headers(stranger), [("vary", "Origin".to_owned())]);
        }
        let any = Origins::of(&["*".into()]).response_headers(Some("https://evil.example"));
        assert_eq!(value(&any, "access-control-allow-origin"), Some("*"));
    }

    #[test]
    fn a_preflight_allows_parameter_headers_and_no_unknown_ones() {
        let asked = "content-type, mcp-param-region, Mcp-Param-X_1,x-evil, mcp-param-, mcp-param-b d,mcp-param-ü";
        let headers = listed().preflight(Some(PAGE), "GET, POST, DELETE, OPTIONS", Some(asked));
        let allowed: Vec<&str> = value(&headers, "access-control-allow-headers").unwrap().split(", ").collect();
        for name in
            ["Authorization", "Mcp-Session-Id", "MCP-Protocol-Version", "Last-Event-ID", "Mcp-Method", "Mcp-Name"]
        {
            assert!(allowed.contains(&name), "{name}");
        }
        assert_eq!(allowed[allowed.len() - 2..], ["mcp-param-region", "Mcp-Param-X_1"]);
        assert_eq!(value(&headers, "access-control-allow-methods"), Some("GET, POST, DELETE, OPTIONS"));
        assert!(value(&headers, "access-control-max-age").is_some());
        assert_eq!(listed().preflight(Some("https://evil.example"), "GET", Some(asked)).len(), 1);
    }
}
