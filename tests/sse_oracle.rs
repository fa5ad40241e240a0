//! The parser against an independent one, crate `sse-stream`, on streams of random fields in random pieces.
//!
//! Intended differences of the two:
//! * invalid UTF-8: ours replaces it, as the standard requires; `sse-stream` fails. The streams here are valid UTF-8.
//! * an event's type: ours is `None` when the field is empty (the standard's default), theirs is `Some("")`;
//! * a block with nothing but a type, or a bad `retry`: ours skips it, theirs yields it.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::{FutureExt, StreamExt, stream};
use mcp_tether::core::sse::{Block, Item, Parser};
use proptest::prelude::*;
use std::convert::Infallible;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn both_parsers_find_the_same_blocks(pieces in proptest::collection::vec(piece(), 0..80)) {
        prop_assert_eq!(ours(&pieces), theirs(&pieces));
    }
}

fn ours(pieces: &[&'static str]) -> Vec<Block> {
    let mut parser = Parser::new(1 << 20);
    let mut items = Vec::new();
    for piece in pieces {
        parser.feed(piece.as_bytes(), &mut items).unwrap();
    }
    let block = |item| if let Item::Block(block) = item { Some(block) } else { None };
    items.into_iter().filter_map(block).collect()
}

fn theirs(pieces: &[&'static str]) -> Vec<Block> {
    let body =
        stream::iter(pieces.iter().map(|piece| Ok::<_, Infallible>(bytes::Bytes::from_static(piece.as_bytes()))));
    let blocks = sse_stream::SseStream::from_bytes_stream(body)
        .map(|event| event.unwrap())
        .map(|event| Block {
            event: event.event.filter(|name| !name.is_empty()),
            data: event.data,
            id: event.id,
            retry: event.retry,
        })
        .filter(|block| std::future::ready(block.data.is_some() || block.id.is_some() || block.retry.is_some()));
    // All pieces are available, so nothing has to be awaited.
    blocks.collect().now_or_never().unwrap()
}

/// Text that matters to a parser of events, cut so that fields, line ends and the byte order mark come apart.
fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "data: ",
        "data:",
        "data",
        "da",
        "ta: ",
        "id: ",
        "id",
        "retry: ",
        "retry:1",
        "event: ",
        "event:",
        "other: ",
        ":",
        ": ",
        " ",
        "\n",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\r\n\r\n",
        "\u{FEFF}",
        "\0",
        "7",
        "+",
        "text",
        "ünï€",
        "{\"a\":1}",
    ])
}
