//! Bodies: what a block of a stream and what a text is.

use super::js;
use super::json::JsJson;
use crate::core::protocol::sse::Block;
use crate::core::{Body, StreamBlock, StreamData};
use js_sys::JsString;

/// What a text is as a body. One that is no JSON is cut to `max_text`.
pub(super) fn of(text: &JsString, max_text: usize) -> Body<JsJson> {
    match js::parse_json(text) {
        Ok(value) => Body::Json(JsJson(value)),
        Err(_) if text.length() == 0 => Body::Empty,
        Err(_) => Body::Text(text.slice(0, u32::try_from(max_text).unwrap_or(u32::MAX)).into()),
    }
}

/// A block of an event stream with its data parsed.
pub(super) fn parsed(block: Block) -> StreamBlock<JsJson> {
    let data = match block.data {
        Some(text) if !text.is_empty() => match js::parse_json_str(&text) {
            Ok(value) => StreamData::Json(JsJson(value)),
            Err(_) => StreamData::Text(text),
        },
        _ => StreamData::Empty,
    };
    StreamBlock { event: block.event, id: block.id, retry: block.retry, data }
}
