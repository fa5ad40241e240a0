//! The message endpoint of HTTP+SSE: the data of the `endpoint` event, resolved against the stream's URL, on the same
//! origin only. Every POST carries the user's credentials, so no other origin may receive one.

use crate::core::kit::text::{all, concat, find, pieces, split_once, without};
use crate::core::protocol::headers::LONGEST;
use crate::core::protocol::url;

/// Resolves `data` to an absolute URL (2024-11-05 basic/transports, "HTTP with SSE": a URI, in practice relative to the
/// stream's). `base` has passed the checks of the configuration, and the result passes the same checks: `fetch` cannot
/// interpret it differently.
///
/// # Errors
/// A message, if `data` names another origin or is not a URL.
pub(crate) fn resolve(base: &str, data: &str) -> Result<String, &'static str> {
    let data = data.trim_ascii();
    let data = split_once(data, "#").map_or(data, |(before, _)| before);
    let (origin, path) = base.split_at(origin_length(base));
    let (scheme, _) = split_once(base, "//").unwrap_or_default();
    // If the first of these is a colon, a scheme precedes it (RFC 3986 §3.1 and §4.2).
    let mark = data.bytes().find(|byte| matches!(byte, b':' | b'/' | b'?'));
    let absolute = match (mark, data.as_bytes()) {
        _ if data.len() > LONGEST => return Err(NO_URL),
        (_, []) => return Err(NO_URL),
        (Some(b':'), _) => String::from(data),
        (_, [b'/', b'/', ..]) => concat(&[scheme, data]),
        (_, [b'/', ..]) => concat(&[origin, data]),
        (_, first) => {
            let file = pieces(path, b"?").first().copied().unwrap_or_default();
            let name = pieces(file, b"/").last().map_or(0, |name| name.len());
            let prefix = if first.starts_with(b"?") { file.len() } else { file.len() - name };
            let slash = if prefix == 0 { "/" } else { "" };
            concat(&[origin, file.get(..prefix).unwrap_or_default(), slash, data])
        }
    };
    match url::fault(&absolute) {
        Some(_) => Err(NO_URL),
        None if plain_origin(&absolute) == plain_origin(base) => Ok(absolute),
        None => Err("the endpoint event names another origin than the stream"),
    }
}

/// `text` without the parts of the endpoint's path and query that may be the session id: long parts, and shorter ones
/// that contain a digit.
pub(crate) fn discreet(text: &str, endpoint: &str) -> String {
    let mut text = String::from(text);
    let (_, place) = endpoint.split_at(origin_length(endpoint));
    for piece in pieces(place, b"/?&=") {
        let has_digit = !all(piece, |byte| !byte.is_ascii_digit());
        if piece.len() >= if has_digit { 6 } else { 16 } {
            text = without(&text, piece);
        }
    }
    text
}

const NO_URL: &str = "the endpoint event contains no valid URL for messages";

/// The length of scheme and authority in an absolute URL.
fn origin_length(url: &str) -> usize {
    split_once(url, "://").map_or(0, |(scheme, rest)| {
        let authority = pieces(rest, b"/?").first().map_or(0, |authority| authority.len());
        scheme.len() + "://".len() + authority
    })
}

/// The origin in lower case, without the scheme's default port. Other spellings of the same origin count as different:
/// a server controls both URLs and can spell them alike.
pub(crate) fn plain_origin(url: &str) -> String {
    let origin = url.split_at(origin_length(url)).0.to_ascii_lowercase();
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    String::from(origin.strip_suffix(port).unwrap_or(&origin))
}

/// Whether two URLs of one origin differ only by a slash at the end of the path.
pub(crate) fn differs_by_slash(one: &str, other: &str) -> bool {
    with_slash(one) == other || with_slash(other) == one
}

fn with_slash(url: &str) -> String {
    let (path, query) = url.split_at(find(url, "?").unwrap_or(url.len()));
    concat(&[path, "/", query])
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE: &str = "https://a.test/v1/sse?key=k";

    #[test]
    fn relative_and_absolute_forms_of_the_same_origin_are_resolved() {
        for (data, expected) in [
            ("/messages?sessionId=x", "https://a.test/messages?sessionId=x"),
            ("/messages/", "https://a.test/messages/"),
            ("messages", "https://a.test/v1/messages"),
            ("messages?x=a:b/c", "https://a.test/v1/messages?x=a:b/c"),
            ("./messages", "https://a.test/v1/./messages"),
            ("../messages", "https://a.test/v1/../messages"),
            ("?x", "https://a.test/v1/sse?x"),
            (" /messages ", "https://a.test/messages"),
            ("/messages#part", "https://a.test/messages"),
            ("//a.test/messages", "https://a.test/messages"),
            ("//a.test", "https://a.test"),
            ("https://a.test/messages?x", "https://a.test/messages?x"),
            ("https://a.test?x", "https://a.test?x"),
            ("HTTPS://A.Test/Messages", "HTTPS://A.Test/Messages"),
            ("https://a.test:443/m", "https://a.test:443/m"),
            ("/m@evil.test", "https://a.test/m@evil.test"),
            ("/https://evil.test/", "https://a.test/https://evil.test/"),
            ("?https://evil.test/", "https://a.test/v1/sse?https://evil.test/"),
        ] {
            assert_eq!(resolve(BASE, data).as_deref(), Ok(expected), "{data}");
        }
    }

    #[test]
    fn the_base_may_be_bare_have_a_port_or_be_an_ipv6_address() {
        for (base, data, expected) in [
            ("https://a.test", "messages", "https://a.test/messages"),
            ("https://a.test", "?x", "https://a.test/?x"),
            ("https://a.test?key=a/b", "messages", "https://a.test/messages"),
            ("http://a.test:80/sse", "http://a.test/m", "http://a.test/m"),
            ("http://127.0.0.1:3000/sse", "http://127.0.0.1:3000/m", "http://127.0.0.1:3000/m"),
            ("http://[::1]/sse", "http://[::1]:80/m", "http://[::1]:80/m"),
            ("http://[::1]:81/sse", "//[::1]:81/m", "http://[::1]:81/m"),
            ("HTTP://A/sse", "http://a/m", "http://a/m"),
        ] {
            assert_eq!(resolve(base, data).as_deref(), Ok(expected), "{base} {data}");
        }
    }

    #[test]
    fn another_origin_is_refused() {
        for data in [
            "//evil.test/",
            "//evil.test",
            "https://evil.test/messages",
            "https://evil.test:443",
            "http://a.test/messages",
            "http://a.test:443/messages",
            "https://a.test:444/",
            "https://a.test:80/",
            "https://a.test.evil.test/",
            "https://a.test./",
            "https://evil.test?@a.test/",
            "https://%61.test/",
            "https://[::1]/",
        ] {
            let error = resolve(BASE, data).unwrap_err();
            assert!(error.contains("another origin"), "{data}: {error}");
        }
    }

    #[test]
    fn an_invalid_url_is_refused() {
        for data in [
            "",
            "  ",
            "#part",
            "/\\evil.test",
            "\\\\evil.test",
            "https:\\\\evil.test",
            "https://a.test\\@evil.test",
            "/\t/evil.test",
            "ht\ntps://evil.test",
            "/mess ages",
            "/m\u{0}",
            "https://a.test@evil.test/",
            "https://a.test:443@evil.test/",
            "//a.test@evil.test/",
            "https://me@a.test/",
            "https://me:pass@a.test/",
            "https://@a.test/",
            "https://a.test:x/",
            "https://a.test:99999999999999999999/",
            "https:///evil.test/",
            "///evil.test/",
            "////evil.test/",
            "https:/evil.test",
            "https:evil.test",
            "wss://a.test/messages",
            "javascript:alert(1)",
            "data:text/plain,x",
            "file:///etc/passwd",
            "mailto:a@b",
            ":",
            "//",
        ] {
            assert_eq!(resolve(BASE, data), Err(NO_URL), "{data}");
        }
    }

    #[test]
    fn ids_in_an_endpoint_are_removed_and_words_are_not() {
        let id = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let words = "no transport for session a1b2c3 at https://a1234.test/messages";
        let shown = "no transport for session … at https://a1234.test/messages";
        assert_eq!(discreet(words, "https://a1234.test/messages?sessionId=a1b2c3&v=2"), shown);
        assert_eq!(discreet(id, &format!("https://a.test/messages/{id}")), "…");
        assert_eq!(discreet("abcdefghijklmnop", "https://a.test/m?abcdefghijklmnop"), "…");
    }

    #[test]
    fn a_slash_at_the_end_of_the_path_is_the_only_difference() {
        for (one, other) in [
            ("https://a/mcp", "https://a/mcp/"),
            ("https://a/mcp/", "https://a/mcp"),
            ("https://a/m?k=1", "https://a/m/?k=1"),
        ] {
            assert!(differs_by_slash(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("https://a/mcp", "https://a/mcp"),
            ("https://a/mcp", "https://a/login"),
            ("https://a/mcp", "https://a/mcp//"),
            ("https://a/mcp", "https://a/mcp/x/"),
            ("https://a/m?k=1", "https://a/m/?k=2"),
            ("https://a/m?k=1", "https://a/m?k=1/"),
        ] {
            assert!(!differs_by_slash(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_url_is_on_the_same_origin(data in "[a-z:/?#@.\\\\ \\t%A-Z0-9\\[\\]]{0,24}|(//|https?:/{0,3})[a-z.:@/\\\\]{0,16}") {
            if let Ok(url) = resolve(BASE, &data) {
                let rest = url.get("https://a.test".len()..).unwrap();
                prop_assert!(url.to_ascii_lowercase().starts_with("https://a.test"), "{url}");
                let rest = rest.strip_prefix(":443").unwrap_or(rest);
                prop_assert!(rest.is_empty() || rest.starts_with('/') || rest.starts_with('?'), "{url}");
                prop_assert!(!url.contains('\\') && !url.contains('#'));
            }
        }
    }
}
