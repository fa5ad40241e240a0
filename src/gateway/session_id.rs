//! The session ids that the front gives out, and how it tells whose a session is.
//!
//! An id is 256 random bits and nothing else: there is nothing in it to read, to forge or to rotate a key for, and a
//! session that was deleted cannot come back. Its SHA-256 names the Durable Object that keeps the session, so the id
//! itself is stored nowhere.

/// Bytes of randomness in an id.
pub const BYTES: usize = 32;

/// Characters of an id: the bytes in base64url without padding (RFC 4648 §5), which is visible ASCII as MCP wants it.
const LENGTH: usize = 43;

/// Whether this may be an id of ours. Of what may not be, there is no need to ask an object.
pub fn is_plausible(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether two texts are the same, in a time that depends on their lengths alone.
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
