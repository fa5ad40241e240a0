//! Checks whether a URL can be an MCP endpoint, without a URL parser: catches mistakes before the first request.

use crate::core::kit::text::{find, has_control, number, pieces, split_once};

/// The fault of a URL, as a predicate; the runtime's own parser makes the final check.
pub(crate) fn fault(url: &str) -> Option<&'static str> {
    // `fetch` would silently drop or encode these and request another URL (WHATWG URL §4.4).
    if has_control(url) || find(url, " ").is_some() || find(url, "\\").is_some() {
        return Some("has a space, a backslash or a control character");
    }
    let Some((scheme, rest)) = split_once(url, "://") else { return Some(RULE) };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some(RULE);
    }
    let authority = pieces(rest, b"/?#").first().copied().unwrap_or_default();
    if find(authority, "@").is_some() {
        return Some("contains credentials, which `fetch` refuses; use headers.Authorization");
    }
    // An IPv6 host contains colons, within brackets.
    let (host, port) = match pieces(authority, b":").as_slice() {
        [.., port] if port.len() < authority.len() && !port.ends_with("]") => (authority.len() - port.len() - 1, *port),
        _ => (authority.len(), ""),
    };
    if host == 0 {
        return Some(RULE);
    }
    if !port.is_empty() && number(port.as_bytes()).is_none_or(|port| port > u16::MAX.into()) {
        return Some("has an invalid port");
    }
    find(url, "#").is_some().then_some("has a fragment (#…), which is never sent")
}

const RULE: &str = "must start with http:// or https:// and name a host";

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn only_valid_endpoints_pass() {
        for good in [
            "http://a",
            "HTTPS://a.b:443/?q=1",
            "http://[::1]",
            "http://[::1]:80/",
            "https://bücher.example/",
            "https://a/@me",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "",
            "a",
            "/mcp",
            "https:/a",
            "https://",
            "https:///mcp",
            "https://:80",
            "ws://a",
            "https://a b",
            "https://a\t",
            "https://a\\b",
            "https://me@a",
            "https://me:pass@a/",
            "https://a:b",
            "https://a:65536",
            "https://a:+1",
            "https://a#b",
            "https://?a",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
