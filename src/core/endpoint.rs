//! Where a server of HTTP+SSE wants its messages: the data of the `endpoint` event, resolved against the stream's URL as
//! far as both have one origin. Every POST carries the user's credentials, so another origin never gets one.

use super::text::{concat, find, has, number, pieces, split_once, without};
use super::verdict::excerpt;

/// The whole URL that `data` stands for (2024-11-05 basic/transports, "HTTP with SSE": a URI, in practice relative to the
/// stream's). What is returned begins with the origin of `base`, letter by letter, whatever `fetch` makes of the rest.
///
/// `base` has passed the checks of the configuration: http or https, without credentials and fragment.
///
/// # Errors
/// `data` names another origin, or is no URL; as a sentence.
pub(super) fn resolve(base: &str, data: &str) -> Result<String, String> {
    let data = data.trim_ascii();
    let data = split_once(data, "#").map_or(data, |(before, _)| before);
    // URL parsers drop these or take them for slashes (WHATWG URL §4.4), so that "/\evil" and "/<tab>/evil" name a host.
    if data.is_empty() || data.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
        return Err(String::from(NO_URL));
    }
    let (scheme, authority, path) = parts(base).ok_or(NO_URL)?;
    let origin = concat(&[scheme, "://", authority]);
    if has_scheme(data) || data.starts_with("//") {
        let absolute = if has_scheme(data) { String::from(data) } else { concat(&[scheme, ":", data]) };
        let (other_scheme, other, path) = parts(&absolute).ok_or(NO_URL)?;
        let same = other_scheme.eq_ignore_ascii_case(scheme)
            && is_same_host(other, authority, if scheme.len() == "https".len() { 443 } else { 80 });
        if !same {
            return Err(concat(&[
                "the endpoint event names another origin (",
                &excerpt(other),
                ") than the stream's: credentials would leak, so nothing was sent there",
            ]));
        }
        return Ok(concat(&[&origin, path]));
    }
    let before_query = split_once(path, "?").map_or(path, |(before, _)| before);
    Ok(match data.as_bytes().first() {
        Some(b'/') => concat(&[&origin, data]),
        Some(b'?') => concat(&[&origin, before_query, data]),
        _ => {
            let file = pieces(before_query, b"/").last().map_or(0, |file| file.len());
            let folder = before_query.get(..before_query.len() - file).unwrap_or_default();
            concat(&[&origin, if folder.is_empty() { "/" } else { folder }, data])
        }
    })
}

/// `text` without what in an endpoint may be the session's id.
pub(super) fn discreet(text: &str, endpoint: &str) -> String {
    let mut text = String::from(text);
    for secret in secrets(endpoint) {
        text = without(&text, secret);
    }
    text
}

/// The values of its query but for the shortest, which are flags, and what is long in its path.
fn secrets(endpoint: &str) -> Vec<&str> {
    let (path, query) = split_once(endpoint, "?").unwrap_or((endpoint, ""));
    let mut secrets = pieces(path, b"/");
    // The first three are the scheme and the host.
    secrets.drain(..secrets.len().min(3));
    secrets.retain(|piece| piece.len() >= LONG);
    for pair in pieces(query, b"&") {
        let value = split_once(pair, "=").map_or(pair, |(_, value)| value);
        if value.len() >= SHORTEST {
            secrets.push(value);
        }
    }
    secrets
}

/// No word for people in a path is as long; ids are.
const LONG: usize = 16;
/// Nobody's id is shorter.
const SHORTEST: usize = 6;

const NO_URL: &str = "the endpoint event holds no URL that messages can be sent to";

/// Scheme, authority, and all that follows, of an absolute URL.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = split_once(url, "://")?;
    let authority = pieces(rest, b"/?").first().copied()?;
    Some((scheme, authority, rest.get(authority.len()..)?))
}

/// Whether the text begins with what may be a scheme (RFC 3986 §3.1): letters, digits and "+-." up to a colon.
fn has_scheme(text: &str) -> bool {
    let end = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || has(b"+-.", byte)));
    end.is_some_and(|end| end > 0 && text.as_bytes().get(end) == Some(&b':'))
}

/// Whether two authorities are one host and port. Credentials make them different, and so does every other spelling of a
/// host but the case of its letters: who writes the same host in two ways can write it in one.
fn is_same_host(one: &str, other: &str, default_port: u64) -> bool {
    let split = |authority: &str| {
        let port = pieces(authority, b":").last().copied().filter(|port| port.len() < authority.len());
        // An IPv6 host has colons of its own, within brackets.
        let Some(port) = port.filter(|port| !port.ends_with("]")) else {
            return Some((authority.to_ascii_lowercase(), default_port));
        };
        let host = authority.get(..authority.len() - port.len() - 1)?.to_ascii_lowercase();
        Some((host, if port.is_empty() { default_port } else { number(port.as_bytes())? }))
    };
    find(one, "@").is_none() && split(one).is_some() && split(one) == split(other)
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
            ("HTTPS://A.Test/Messages", "https://a.test/Messages"),
            ("https://a.test:443/m", "https://a.test/m"),
            ("https://a.test:/m", "https://a.test/m"),
            ("https://a.test:0443/m", "https://a.test/m"),
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
            ("https://a.test", "?x", "https://a.test?x"),
            ("https://a.test?key=a/b", "messages", "https://a.test/messages"),
            ("http://a.test:80/sse", "http://a.test/m", "http://a.test:80/m"),
            ("http://127.0.0.1:3000/sse", "http://127.0.0.1:3000/m", "http://127.0.0.1:3000/m"),
            ("http://[::1]/sse", "http://[::1]:80/m", "http://[::1]/m"),
            ("http://[::1]:81/sse", "//[::1]:81/m", "http://[::1]:81/m"),
            ("HTTP://A/sse", "http://a/m", "HTTP://A/m"),
        ] {
            assert_eq!(resolve(base, data).as_deref(), Ok(expected), "{base} {data}");
        }
    }

    #[test]
    fn another_origin_is_refused_and_named() {
        for data in [
            "//evil.test/",
            "https://evil.test/messages",
            "https://evil.test:443",
            "http://a.test/messages",
            "wss://a.test/messages",
            "https://a.test:444/",
            "https://a.test:80/",
            "https://a.test.evil.test/",
            "https://a.test./",
            "https://a.test@evil.test/",
            "https://a.test:443@evil.test/",
            "https://evil.test?@a.test/",
            "https://me@a.test/",
            "https://me:pass@a.test/",
            "https://@a.test/",
            "https://a.test:x/",
            "https://a.test:99999999999999999999/",
            "https://%61.test/",
            "https:///a.test/",
            "///evil.test/",
            "////evil.test/",
            "https://[::1]/",
        ] {
            let error = resolve(BASE, data).unwrap_err();
            assert!(error.starts_with("the endpoint event names another origin ("), "{data}: {error}");
            assert!(!error.contains("messages"), "nothing but the host is told: {error}");
        }
        assert!(resolve(BASE, "//evil.test/x").unwrap_err().contains("(evil.test)"));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for data in [
            "",
            "  ",
            "#part",
            "/\\evil.test",
            "\\\\evil.test",
            "https:\\\\evil.test",
            "/\t/evil.test",
            "ht\ntps://evil.test",
            "/mess ages",
            "/m\u{0}",
            "/m\u{a0}",
            "https:/evil.test",
            "https:evil.test",
            "javascript:alert(1)",
            "data:text/plain,x",
            "file:///etc/passwd",
            "mailto:a@b",
        ] {
            let error = resolve(BASE, data);
            assert!(error.is_err(), "{data}: {error:?}");
        }
    }

    #[test]
    fn ids_in_an_endpoint_are_secret_and_its_words_are_not() {
        let id = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        assert_eq!(secrets("https://a.test/messages?sessionId=a1b2c3&v=2&d4e5f6"), ["a1b2c3", "d4e5f6"]);
        assert_eq!(discreet("no session a1b2c3 here", "https://a.test/m?sessionId=a1b2c3"), "no session … here");
        assert_eq!(secrets(&format!("https://a.test/messages/{id}")), [id]);
        assert_eq!(secrets("https://long-name-of-a-host.test/messages"), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_on_the_origin(data in "[a-z:/?#@.\\\\ \\t%A-Z0-9\\[\\]]{0,24}|(//|https?:/{0,3})[a-z.:@/\\\\]{0,16}") {
            if let Ok(url) = resolve(BASE, &data) {
                let rest = url.strip_prefix("https://a.test").unwrap();
                prop_assert!(rest.is_empty() || rest.starts_with('/') || rest.starts_with('?'), "{url}");
                prop_assert!(!url.contains('\\') && !url.contains('#'));
            }
        }
    }
}
