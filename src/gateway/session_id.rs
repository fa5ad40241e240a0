//! The session ids that the gateway issues.
//!
//! An id is 256 random bits and nothing else: it contains no data to read or to forge, needs no key to rotate, and a
//! deleted session cannot come back. Its SHA-256 names the Durable Object of the session, so the id itself is never
//! stored.

/// Random bytes in an id.
pub const BYTES: usize = 32;

/// Characters of an id: base64url without padding (RFC 4648 §5), which is visible ASCII as MCP requires.
const LENGTH: usize = 43;

/// Whether this has the form of an issued id. Other ids need no request to a Durable Object.
pub fn is_plausible(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether two strings are equal, in time that depends only on their lengths.
pub fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && std::hint::black_box(pairs.fold(0, |seen, (one, other)| seen | (one ^ other))) == 0
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_id() {
        let id = "abcdefghijklmnopqrstuvwxyz-_0123456789ABCDE";
        assert!(is_plausible(id));
        for bad in ["", "abc", &id[1..], &format!("{id}F"), &id.replace('-', "+"), &id.replace('_', "é")] {
            assert!(!is_plausible(bad), "{bad}");
        }
    }

    #[test]
    fn same_is_equality() {
        for (one, other) in [("", ""), ("a", "a"), ("a", "b"), ("a", ""), ("ab", "ba"), ("user\0a", "user\0a")] {
            assert_eq!(same(one, other), one == other, "{one:?} {other:?}");
        }
    }
}
