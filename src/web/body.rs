//! Bodies: events out of a stream's bytes, and one bounded text out of any other's.

use super::js::{self, Decoder};
use super::json::JsJson;
use crate::core::sse::Block;
use crate::core::text::has;
use crate::core::{Body, StreamBlock, StreamData};
use js_sys::{JsString, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// A body that is read whole, up to a limit.
///
/// It is read piece by piece, because nothing else bounds it: a `Content-Length` says nothing about what comes out of a
/// decompressor. (And Node takes no longer for that than for `response.text()`.)
pub(super) struct Text {
    limit: usize,
    /// Whether what is over the limit is an error, or left off.
    strict: bool,
    /// The limit that holds from the first visible byte on, if that begins JSON.
    limit_of_json: Option<usize>,
    read: usize,
    pieces: Pieces,
}

enum Pieces {
    None,
    /// Most bodies come in one piece, which then is decoded in one go.
    One(Uint8Array),
    Many(Decoder, JsString),
}

/// What became of a piece.
pub(super) enum Verdict {
    /// The next one is wanted.
    More,
    /// As much as is wanted is there.
    Full,
    /// The limit is passed, and half of it is of no use.
    TooLarge,
}

impl Text {
    pub(super) const fn new(limit: usize, strict: bool) -> Self {
        Self { limit, strict, limit_of_json: None, read: 0, pieces: Pieces::None }
    }

    /// For a body whose `Content-Type` does not say what it is: what begins as JSON is read up to `limit_of_json`, as every
    /// official SDK does. All else may be a page of HTML, and is cut to `limit`.
    pub(super) const fn sniffing(limit: usize, limit_of_json: usize) -> Self {
        Self { limit, strict: false, limit_of_json: Some(limit_of_json), read: 0, pieces: Pieces::None }
    }

    /// Looks for the first visible byte of the body. RFC 8259 §8.1 lets a reader ignore a byte order mark.
    fn sniff(&mut self, bytes: &Uint8Array) {
        let Some(limit) = self.limit_of_json else { return };
        for at in 0..bytes.length() {
            let first = bytes.get_index(at);
            if !has(b" \t\r\n\xEF\xBB\xBF", first) {
                self.limit_of_json = None;
                if has(b"{[", first) {
                    (self.limit, self.strict) = (limit, true);
                }
                return;
            }
        }
    }

    /// Takes one piece, or as much of it as fits.
    pub(super) fn push(&mut self, bytes: Uint8Array) -> Verdict {
        self.sniff(&bytes);
        let length = bytes.length() as usize;
        let room = self.limit - self.read;
        if length <= room {
            self.read += length;
            self.keep(bytes);
            return Verdict::More;
        }
        if self.strict {
            return Verdict::TooLarge;
        }
        self.read = self.limit;
        self.keep(bytes.subarray(0, u32::try_from(room).unwrap_or(u32::MAX)));
        Verdict::Full
    }

    /// What the body is; `decoder` is for one that came in one piece. A text that is no JSON is cut to `max_text`.
    ///
    /// # Errors
    /// The pieces are no bytes.
    pub(super) fn finish(self, decoder: &Decoder, max_text: usize) -> Result<Body<JsJson>, JsValue> {
        let text = match self.pieces {
            Pieces::None => return Ok(Body::Empty),
            Pieces::One(bytes) => decoder.decode(&bytes, &JsValue::UNDEFINED)?,
            Pieces::Many(decoder, text) => {
                text.concat(decoder.decode(&JsValue::UNDEFINED, &JsValue::UNDEFINED)?.as_ref())
            }
        };
        Ok(of(&text, max_text))
    }

    fn keep(&mut self, bytes: Uint8Array) {
        self.pieces = match std::mem::replace(&mut self.pieces, Pieces::None) {
            Pieces::None => Pieces::One(bytes),
            Pieces::One(first) => {
                let decoder = Decoder::new();
                let text = decode(&decoder, &first).concat(decode(&decoder, &bytes).as_ref());
                Pieces::Many(decoder, text)
            }
            Pieces::Many(decoder, text) => {
                let text = text.concat(decode(&decoder, &bytes).as_ref());
                Pieces::Many(decoder, text)
            }
        };
    }
}

/// What a text is as a body. One that is no JSON is cut to `max_text`.
pub(super) fn of(text: &JsString, max_text: usize) -> Body<JsJson> {
    match js::parse_json(text) {
        Ok(value) => Body::Json(JsJson(value)),
        Err(_) if text.length() == 0 => Body::Empty,
        Err(_) => Body::Text(text.slice(0, u32::try_from(max_text).unwrap_or(u32::MAX)).into()),
    }
}

/// Decodes one piece of several; a character may go on in the next.
fn decode(decoder: &Decoder, bytes: &Uint8Array) -> JsString {
    let options = JsValue::from(Object::new());
    js::put(&options, "stream", &JsValue::TRUE);
    // A decoder that was not asked to be strict refuses nothing.
    decoder.decode(bytes, &options).unwrap_or_else(|_| JsString::from(""))
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
