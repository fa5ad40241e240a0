//! The fuzz targets as plain functions of bytes: libFuzzer calls them, and so do tests on stable Rust.
//! A failure is a panic.

mod operations;

use mcp_tether::core::Instant;
use mcp_tether::core::headers::{self, Media, SessionId};
use mcp_tether::core::sse::{Item, Parser};
use mcp_tether::core::verdict::{self, Relation, RpcSeen, Seen};

pub use operations::operations;

/// An event stream gives the same events however it is divided, and never more than the limit.
pub fn sse(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let limit = 64;
    let whole = parsed(stream.chunks(stream.len().max(1)), limit);
    let pieces = parsed(stream.chunks(usize::from(*cut).max(1)), limit);
    let bytewise = parsed(stream.chunks(1), limit);
    assert_eq!(whole, bytewise);
    assert_eq!(whole, pieces);
    for item in &whole.0 {
        if let Item::Block(block) = item {
            // An invalid byte becomes a character of three bytes.
            assert!(block.data.as_ref().is_none_or(|data| data.len() <= 3 * limit));
            assert!(block.id.as_ref().is_none_or(|id| !id.contains(['\0', '\r', '\n'])));
        }
    }
}

fn parsed<'a>(pieces: impl Iterator<Item = &'a [u8]>, limit: usize) -> (Vec<Item>, bool) {
    let (mut parser, mut items) = (Parser::new(limit), Vec::new());
    for piece in pieces {
        if parser.feed(piece, &mut items).is_err() {
            return (items, true);
        }
    }
    (items, false)
}

/// Any status and headers of a server have exactly one meaning, and none is dangerous.
pub fn headers(bytes: &[u8]) {
    let [high, low, kind, rest @ ..] = bytes else { return };
    let text = String::from_utf8_lossy(rest);
    let now = Instant::from_millis(1_795_000_000_000);
    let retry_after = headers::retry_after(&text, now);
    Media::of(&text);
    if let Some(id) = SessionId::parse(&text, 64) {
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_graphic()) && id.as_str().len() <= 64);
        assert!(headers::validate("mcp-session-id", id.as_str()).is_ok());
        assert!(id.short().len() < id.as_str().len() + 3);
    }
    let relation = [Relation::Current, Relation::Stale, Relation::Absent][usize::from(kind % 3)];
    let rpc = (kind & 8 != 0).then(|| RpcSeen { code: -32000.0 - f64::from(*low), for_this_request: kind & 16 != 0 });
    let status = u16::from_be_bytes([*high, *low]) % 1000;
    let seen = Seen {
        status,
        relation,
        is_get: kind & 4 != 0,
        rpc,
        is_bare: text.is_empty(),
        text: &text,
        asks_to_wait: kind & 32 != 0,
        retry_after,
    };
    verdict::judge(&seen);
    assert!(verdict::evidence(&seen, (kind & 64 != 0).then_some(&text)).len() < 400);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_tether::core::Rng;

    /// Bytes that resemble valid values.
    fn bytes(rng: &mut Rng, words: &[&str]) -> Vec<u8> {
        let mut all = Vec::new();
        for _ in 0..rng.up_to(60) {
            match rng.up_to(2) {
                0 => all.push(rng.up_to(255) as u8),
                _ => all.extend(words[rng.up_to(words.len() as u64 - 1) as usize].bytes()),
            }
        }
        all
    }

    fn many(words: &[&str], target: fn(&[u8])) {
        let mut rng = Rng::seeded(11);
        for _ in 0..20_000 {
            target(&bytes(&mut rng, words));
        }
    }

    #[test]
    fn streams() {
        many(&["data:", "data: x", "id: 1", "retry: 5", "event: e", "\n", "\r", "\r\n", ":", "\u{FEFF}", "\0"], sse);
    }

    #[test]
    fn heads() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        many(
            &["Session ", "not found", date, "120", "text/event-stream", "; q=1", "error_description=\"", "\""],
            headers,
        );
    }

    #[test]
    fn runs() {
        many(&["\u{1}", "\u{2}", "\u{3}", "\u{4}", "\u{5}"], operations);
    }
}
