//! The parser on the streams of the standard and on broken ones.

use super::*;
use proptest::prelude::*;

const LIMIT: usize = 1 << 20;

fn parse(pieces: &[&[u8]]) -> Vec<Item> {
    let mut parser = Parser::new(LIMIT);
    let mut items = Vec::new();
    for piece in pieces {
        parser.feed(piece, &mut items).unwrap();
    }
    items
}

/// One item per line, in a compact form for tables: `event|data|id|retry`, `-` for none, `:` for a comment.
fn summary(bytes: &[u8]) -> String {
    let show = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let lines: Vec<String> = parse(&[bytes])
        .into_iter()
        .map(|item| match item {
            Item::Comment => ":".into(),
            Item::Block(block) => {
                let retry = show(block.retry.map(|retry| retry.to_string()));
                [show(block.event), show(block.data), show(block.id), retry].join("|")
            }
        })
        .collect();
    lines.join(" / ")
}

#[test]
fn the_rules_of_the_standard() {
    for (bytes, expected) in [
        (&b"data: one\n\n"[..], "-|one|-|-"),
        (b"data: one\r\rdata: two\r\r", "-|one|-|- / -|two|-|-"),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", "-|one|-|- / -|two|-|-"),
        (b"data: one\n\r\ndata: two\r\n\n", "-|one|-|- / -|two|-|-"),
        (b"data: a\ndata: b\n\n", "-|a\nb|-|-"),
        (b"data\n\n", "-||-|-"),
        (b"data\ndata\n\n", "-|\n|-|-"),
        (b"data:\ndata:a\n\n", "-|\na|-|-"),
        (b"data:a\n\n", "-|a|-|-"),
        (b"data:  a \n\n", "-| a |-|-"),
        (b"data: a:b\n\n", "-|a:b|-|-"),
        (b"data:\n\n", "-||-|-"),
        (b"data: \n\n", "-||-|-"),
        (b"data:abcdefgh\n\n", "-|abcdefgh|-|-"),
        (b"database: 1\ndata : 2\nDATA: 3\n data: 4\n\n", ""),
        (b"event: ping\ndata: 1\n\n", "ping|1|-|-"),
        (b"event: ping\nevent:\ndata: 1\n\n", "-|1|-|-"),
        (b"event: ping\n\ndata: 1\n\n", "-|1|-|-"),
        (b"id: 7\ndata:\n\n", "-||7|-"),
        (b"id: 7\n\n", "-|-|7|-"),
        (b"id\n\n", "-|-||-"),
        (b"id: a\0b\n\ndata: 1\n\n", "-|1|-|-"),
        (b"retry: 500\n\n", "-|-|-|500"),
        (b"retry: +5\n\nretry: 5 \n\nretry:\n\nretry: 5s\n\n", ""),
        (b"retry: 5\nretry: no\n\n", "-|-|-|5"),
        (b"retry: 99999999999999999999999\n\n", "-|-|-|18446744073709551615"),
        (b": hello\n:\n\n", ": / :"),
        (b"data: 1\n: between\ndata: 2\n\n", ": / -|1\n2|-|-"),
        (b"\xEF\xBB\xBFdata: 1\n\n", "-|1|-|-"),
        (b"\xEF\xBB\xBF\xEF\xBB\xBFdata: 1\n\n", ""),
        (b"\xEF\xBBdata: 1\n\ndata: 2\n\n", "-|2|-|-"),
        (b"\n\xEF\xBB\xBFdata: 1\n\n", ""),
        (b"data: \xE2\x82\xFFx\n\n", "-|\u{FFFD}\u{FFFD}x|-|-"),
        (b"data: \xE2\x82\ndata: \xAC\n\n", "-|\u{FFFD}\n\u{FFFD}|-|-"),
        (b"data: \xE2\x82\xAC\n\n", "-|\u{20AC}|-|-"),
        (b"data: lost\n", ""),
        (b"data: lost", ""),
        (b"id: lost\ndata: 1", ""),
        (b"\n\n\r\r\r\n", ""),
    ] {
        assert_eq!(summary(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn items_before_an_overlong_event_are_kept() {
    let mut parser = Parser::new(16);
    let mut items = Vec::new();
    assert_eq!(parser.feed(b"data: 1\n\ndata: 12345678901\n\n", &mut items), Err(TooLong { limit: 16 }));
    assert_eq!(items.len(), 1);
    assert_eq!(parser.feed(b"\n\ndata: 2\n\n", &mut items), Err(TooLong { limit: 16 }));
    assert_eq!(items.len(), 1);
}

#[test]
fn an_event_may_be_as_long_as_the_limit() {
    let mut items = Vec::new();
    assert_eq!(Parser::new(16).feed(b"data: 1234567890\n\n", &mut items), Ok(()));
    assert_eq!(items.len(), 1);
}

#[test]
fn comments_cost_nothing() {
    let mut parser = Parser::new(8);
    let mut items = Vec::new();
    for _ in 0..1000 {
        parser.feed(b": no end of this comment ", &mut items).unwrap();
    }
    parser.feed(b"\ndata: 12\n\n", &mut items).unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(parser.buffered.capacity(), 0);
}

/// Biased towards the bytes that the parser and its fast search treat specially.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(vec![
        &b"data: "[..],
        b"data:",
        b"data",
        b"id: ",
        b"retry:",
        b"event:",
        b":",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\xEF\xBB\xBF",
        b"\xE2\x82\xAC",
        b"\xE2",
        b"\0",
        b"0123456789",
        b"\x0B\x0C\x8A\x8D\x09\x0E",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

proptest! {
    #[test]
    fn any_split_gives_the_same_items(bytes in stream(), cuts in proptest::collection::vec(any::<usize>(), 0..20)) {
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(parse(&[&bytes]), parse(&singles));
        prop_assert_eq!(parse(&[&bytes]), parse(&pieces(&bytes, &cuts)));
    }

    #[test]
    fn any_split_fails_alike_and_buffers_no_more_than_the_limit(bytes in stream(), limit in 0_usize..80, step in 1_usize..9) {
        let (mut whole, mut found) = (Parser::new(limit), Vec::new());
        let verdict = whole.feed(&bytes, &mut found);
        let (mut split, mut items, mut failed) = (Parser::new(limit), Vec::new(), false);
        for piece in bytes.chunks(step) {
            failed |= split.feed(piece, &mut items).is_err();
            let buffered = split.buffered.len() + split.data.as_ref().map_or(0, Vec::len)
                + split.event.len() + split.id.as_ref().map_or(0, Vec::len);
            prop_assert!(buffered <= limit.max(BOM.len()), "{} bytes buffered, limit {}", buffered, limit);
        }
        prop_assert_eq!(verdict.is_err(), failed);
        prop_assert_eq!(found, items);
    }

    #[test]
    fn the_fast_search_finds_what_the_slow_one_does(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(line_end(&bytes), bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')));
    }

    #[test]
    fn any_bytes_are_parsed(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse(&[&bytes]);
    }
}
