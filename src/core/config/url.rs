//! Whether a URL can be an MCP endpoint: the checks that catch a mistake before the first request, without a URL parser.

use crate::core::text::split_once;

/// What is wrong with the URL, as the rest of a sentence; the runtime's own parser has the last word on what passes here.
pub(super) fn fault(url: &str) -> Option<&'static str> {
    // `fetch` would drop or encode these in silence, and ask for something else than is written (WHATWG URL §4.4).
    if url.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
        return Some("has a space, a backslash or a control character");
    }
    let Some((scheme, rest)) = split_once(url, "://") else { return Some(RULE) };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some(RULE);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some("has credentials in it, which `fetch` refuses; use headers.Authorization");
    }
    // An IPv6 host has colons of its own, within brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    if host.is_empty() {
        return Some(RULE);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) || (!port.is_empty() && port.parse::<u16>().is_err()) {
        return Some("has a port that is not a number up to 65535");
    }
    url.contains('#').then_some("has a fragment (#…), which is never sent")
}

const RULE: &str = "must start with http:// or https:// and name a host";

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_told_from_mistakes() {
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
