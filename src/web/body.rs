//! Parsing bodies and stream events.

use super::json::JsJson;
use super::sys;
use crate::core::protocol::sse::Block;
use crate::core::{Body, StreamBlock, StreamData};
use js_sys::JsString;

/// Parses a text body. If it is not JSON, it is cut to `max_text`.
pub(super) fn of(text: &JsString, max_text: usize) -> Body<JsJson> {
    match sys::parse_json(text) {
        Ok(value) => Body::Json(JsJson(value)),
        Err(_) if text.length() == 0 => Body::Empty,
        Err(_) => Body::Text(text.slice(0, u32::try_from(max_text).unwrap_or(u32::MAX)).into()),
    }
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
