//! Parsing bodies and stream events.

use super::json::JsJson;
use super::sys;
use crate::core::protocol::sse::Block;
use crate::core::{Body, StreamBlock, StreamData};
use js_sys::JsString;

/// Parses a text body. If it is neither JSON nor an event stream, it is cut to `max_text`.
pub(super) fn of(text: &JsString, max_text: usize) -> Body<JsJson> {
    let value = sys::parse_body(text);
    if !value.is_undefined() {
        return Body::Json(JsJson(value));
    }
    if text.length() == 0 {
        return Body::Empty;
    }
    Body::Text(text.slice(0, u32::try_from(max_text).unwrap_or(u32::MAX)).into())
}

/// A stream event with parsed data.
pub(super) fn parsed(block: Block) -> StreamBlock<JsJson> {
    let data = match block.data {
        Some(text) if !text.is_empty() => match sys::parse_json(&JsString::from(text.as_str())) {
            Ok(value) => StreamData::Json(JsJson(value)),
            Err(_) => StreamData::Text(text),
        },
        _ => StreamData::Empty,
    };
    StreamBlock { event: block.event, id: block.id, retry: block.retry, data }
}
