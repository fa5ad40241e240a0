//! Exchanges: one `fetch` each, its status and headers, and its body as blocks of a stream or as one bounded text.
//!
//! Everything here goes from callback to callback without a Rust future: a call that is answered by one JSON body costs
//! three of them.

use super::driver::Driver;
use super::failure::{self, Onlineness};
use super::hook::Hook;
use super::js::{self, Aborter, Chunk, Decoder, Reader, Reply};
use super::json::JsJson;
use super::request::{self, Templates};
use super::words;
use crate::core::headers::Media;
use crate::core::io::{
    Body, ExchangeId, Failure, FailureKind, HttpRequest, Input, ResponseHead, StreamBlock, StreamData,
};
use crate::core::sse::{Block, Item, Parser};
use js_sys::{Function, JsString, Uint8Array};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// The exchanges of one driver.
pub(super) struct Network {
    fetch: Option<Function>,
    max_message_bytes: usize,
    max_error_bytes: usize,
    exchanges: RefCell<BTreeMap<u64, Exchange>>,
    templates: Templates,
    decoder: Decoder,
    onlineness: Onlineness,
    on_head: Hook,
    on_lost: Hook,
    on_chunk: Hook,
}

struct Exchange {
    aborter: Aborter,
    reads_session_id: bool,
    /// The host said that it was offline when this was sent.
    offline: bool,
    reading: Option<Reading>,
}

/// A body that is being read.
struct Reading {
    reader: Reader,
    on_chunk: JsValue,
    on_lost: JsValue,
    sink: Sink,
}

enum Sink {
    Stream(Box<Parser>),
    Text(Text),
}

/// A body that is read whole, up to a limit.
struct Text {
    limit: usize,
    /// Whether what is over the limit is an error, or left off.
    strict: bool,
    read: usize,
    pieces: Pieces,
}

enum Pieces {
    None,
    /// Most bodies come in one piece, which then is decoded in one go.
    One(Uint8Array),
    Many(Decoder, JsString),
}

impl Network {
    pub(super) fn new(
        driver: &Weak<Driver>,
        fetch: Option<Function>,
        max_message_bytes: usize,
        max_error_bytes: usize,
    ) -> Self {
        Self {
            fetch,
            max_message_bytes,
            max_error_bytes,
            exchanges: RefCell::default(),
            templates: Templates::default(),
            decoder: Decoder::new(),
            onlineness: Onlineness::new(),
            on_head: Hook::new(driver, |driver, id, response| head(driver, id, response.unchecked_ref())),
            on_lost: Hook::new(driver, |driver, id, reason| lost(driver, id, &reason)),
            on_chunk: Hook::new(driver, |driver, id, chunk| read(driver, id, chunk.unchecked_ref())),
        }
    }

    /// Starts an exchange. What goes wrong at once is reported like anything else.
    pub(super) fn send(&self, driver: &Rc<Driver>, id: ExchangeId, request: &HttpRequest<JsJson>) {
        if let Err(failure) = self.start(id.0, request) {
            self.exchanges.borrow_mut().remove(&id.0);
            driver.input(Input::Failed { exchange: id, failure });
        }
    }

    fn start(&self, id: u64, request: &HttpRequest<JsJson>) -> Result<(), Failure> {
        let body = request.body.as_ref().map(|body| write(&body.0)).transpose()?;
        // It is not known to be offline unless it was so before the first byte could leave.
        let offline = self.onlineness.is_offline() && !is_this_machine(&request.url);
        let unsent = |reason: JsValue| self.failure(&reason, offline);
        let aborter = Aborter::new().map_err(unsent)?;
        let (url, headers) = self.templates.render(request);
        let signal = aborter.signal().map_err(unsent)?;
        let init = request::init(request.method, &headers, body.as_ref(), &signal);
        let exchange = Exchange { aborter, reads_session_id: request.reads_session_id, offline, reading: None };
        self.exchanges.borrow_mut().insert(id, exchange);
        let response = self.fetch(&url, &init).and_then(|response| js::promise_of(&response)).map_err(unsent)?;
        response.then(&self.on_head.of(id), &self.on_lost.of(id)).map(drop).map_err(unsent)
    }

    fn fetch(&self, url: &JsString, init: &JsValue) -> Result<JsValue, JsValue> {
        match &self.fetch {
            Some(fetch) => fetch.call2(&JsValue::UNDEFINED, url, init),
            None => js::global_fetch(url, init),
        }
    }

    /// Stops an exchange; nothing more is reported of it.
    pub(super) fn abort(&self, id: ExchangeId) {
        let exchange = self.exchanges.borrow_mut().remove(&id.0);
        if let Some(exchange) = exchange {
            exchange.stop();
        }
    }

    fn failure(&self, reason: &JsValue, offline: bool) -> Failure {
        failure::of(reason, offline && self.onlineness.is_offline())
    }

    fn lives(&self, id: u64) -> bool {
        self.exchanges.borrow().contains_key(&id)
    }

    fn remove(&self, id: u64) -> Option<Exchange> {
        self.exchanges.borrow_mut().remove(&id)
    }
}

impl Exchange {
    fn stop(self) {
        let _ = self.aborter.abort();
        // An injected `fetch` may not care about signals.
        if let Some(reading) = self.reading {
            js::let_fail(reading.reader.cancel());
        }
    }
}

/// Status and headers are there.
fn head(driver: &Rc<Driver>, id: u64, response: &Reply) {
    let network = &driver.network;
    let Some(reads_session_id) = network.exchanges.borrow().get(&id).map(|exchange| exchange.reads_session_id) else {
        return discard(response);
    };
    let head = match read_head(response, reads_session_id) {
        Ok(head) => head,
        Err(reason) => return lost(driver, id, &reason),
    };
    let (status, media) = (head.status, head.media);
    driver.input(Input::Opened { exchange: ExchangeId(id), head });
    if !network.lives(id) {
        return discard(response);
    }
    match open(network, id, response, status, media) {
        Ok(Some(reading)) => next(driver, id, reading),
        Ok(None) => finish(driver, id, Body::Empty),
        Err(reason) => lost(driver, id, &reason),
    }
}

fn read_head(response: &Reply, reads_session_id: bool) -> Result<ResponseHead, JsValue> {
    let mut status = response.status()? as u16;
    // What a page sees of a redirect that it does not follow. Which one it was is hidden.
    if status == 0 && response.kind()?.as_string().as_deref() == Some("opaqueredirect") {
        status = 302;
    }
    let headers = response.headers()?;
    let text = |name: &str, wanted: bool| -> Result<Option<String>, JsValue> {
        if !wanted {
            return Ok(None);
        }
        Ok(headers.get(&JsString::from(name))?.map(String::from))
    };
    let content_type = words::CONTENT_TYPE.with(|name| headers.get(name))?;
    Ok(ResponseHead {
        status,
        media: content_type.map_or(Media::Other, |value| media(&value)),
        session_id: text("mcp-session-id", reads_session_id)?,
        retry_after: text("retry-after", status == 429 || status == 503)?,
        challenge: text("www-authenticate", status == 401 || status == 403)?,
    })
}

/// The usual type is compared where it is; any other is read.
fn media(content_type: &JsString) -> Media {
    let plain =
        words::APPLICATION_JSON.with(|json| AsRef::<JsValue>::as_ref(json) == AsRef::<JsValue>::as_ref(content_type));
    if plain { Media::Json } else { Media::of(&String::from(content_type)) }
}

/// How the body is to be read; `None` when there is nothing in it.
fn open(network: &Network, id: u64, response: &Reply, status: u16, media: Media) -> Result<Option<Reading>, JsValue> {
    let Some(body) = response.body()? else { return Ok(None) };
    if matches!(status, 202 | 204 | 205) {
        js::let_fail(body.cancel_stream());
        return Ok(None);
    }
    let ok = (200..300).contains(&status);
    let sink = match media {
        Media::EventStream if ok => Sink::Stream(Box::new(Parser::new(network.max_message_bytes))),
        Media::Json if ok => Sink::Text(Text::new(network.max_message_bytes, true)),
        _ => Sink::Text(Text::new(network.max_error_bytes, false)),
    };
    let (on_chunk, on_lost) = (network.on_chunk.of(id), network.on_lost.of(id));
    Ok(Some(Reading { reader: body.reader()?, on_chunk, on_lost, sink }))
}

/// Waits for the next piece.
fn next(driver: &Rc<Driver>, id: u64, reading: Reading) {
    let waits = reading.reader.read().and_then(|chunk| chunk.then(&reading.on_chunk, &reading.on_lost));
    match waits {
        Ok(_) => {
            if let Some(exchange) = driver.network.exchanges.borrow_mut().get_mut(&id) {
                exchange.reading = Some(reading);
            }
        }
        Err(reason) => lost(driver, id, &reason),
    }
}

/// A piece came, or the end.
fn read(driver: &Rc<Driver>, id: u64, chunk: &Chunk) {
    let taken = driver.network.exchanges.borrow_mut().get_mut(&id).and_then(|exchange| exchange.reading.take());
    let Some(mut reading) = taken else { return };
    let piece = match chunk.done() {
        Ok(true) => return end(driver, id, reading.sink),
        Ok(false) => chunk.value().ok().flatten().filter(|bytes| JsValue::from(bytes).is_object()),
        Err(reason) => return lost(driver, id, &reason),
    };
    let Some(bytes) = piece else {
        return fail(
            driver,
            id,
            Some(reading.reader),
            failure::new(FailureKind::Broken, "the body is no stream of bytes"),
        );
    };
    let verdict = match &mut reading.sink {
        Sink::Stream(parser) => feed(driver, id, parser, &bytes),
        Sink::Text(text) => text.push(bytes),
    };
    match verdict {
        Verdict::More if driver.network.lives(id) => next(driver, id, reading),
        Verdict::More => js::let_fail(reading.reader.cancel()),
        Verdict::Full => {
            js::let_fail(reading.reader.cancel());
            end(driver, id, reading.sink);
        }
        Verdict::TooLarge => {
            let failure = failure::new(FailureKind::TooLarge, "the message is larger than limits.maxMessageBytes");
            fail(driver, id, Some(reading.reader), failure);
        }
    }
}

enum Verdict {
    More,
    /// As much as is wanted.
    Full,
    TooLarge,
}

/// Reports what a piece of a stream completes, as long as anybody wants to hear of it.
fn feed(driver: &Rc<Driver>, id: u64, parser: &mut Parser, bytes: &Uint8Array) -> Verdict {
    let mut items = Vec::new();
    let fed = parser.feed(&bytes.to_vec(), &mut items);
    for item in items {
        if !driver.network.lives(id) {
            return Verdict::More;
        }
        let exchange = ExchangeId(id);
        driver.input(match item {
            Item::Block(block) => Input::Block { exchange, block: parsed(block) },
            Item::Comment => Input::Alive { exchange },
        });
    }
    if fed.is_ok() { Verdict::More } else { Verdict::TooLarge }
}

fn parsed(block: Block) -> StreamBlock<JsJson> {
    let data = match block.data {
        Some(text) if !text.is_empty() => match js::parse_json_str(&text) {
            Ok(value) => StreamData::Json(JsJson(value)),
            Err(_) => StreamData::Text(text),
        },
        _ => StreamData::Empty,
    };
    StreamBlock { event: block.event, id: block.id, retry: block.retry, data }
}

/// The whole body is there.
fn end(driver: &Rc<Driver>, id: u64, sink: Sink) {
    match sink {
        Sink::Stream(_) => {
            if driver.network.remove(id).is_some() {
                driver.input(Input::Ended { exchange: ExchangeId(id) });
            }
        }
        Sink::Text(text) => match text.decode(&driver.network.decoder) {
            Ok(text) => finish(driver, id, body(&text, driver.network.max_error_bytes)),
            Err(reason) => lost(driver, id, &reason),
        },
    }
}

fn body(text: &JsString, max_error_bytes: usize) -> Body<JsJson> {
    if text.length() == 0 {
        return Body::Empty;
    }
    match js::parse_json(text) {
        Ok(value) => Body::Json(JsJson(value)),
        Err(_) => Body::Text(text.slice(0, u32::try_from(max_error_bytes).unwrap_or(u32::MAX)).into()),
    }
}

fn finish(driver: &Rc<Driver>, id: u64, body: Body<JsJson>) {
    if driver.network.remove(id).is_some() {
        driver.input(Input::Body { exchange: ExchangeId(id), body });
    }
}

/// `fetch` or the stream failed on its own.
fn lost(driver: &Rc<Driver>, id: u64, reason: &JsValue) {
    if let Some(exchange) = driver.network.remove(id) {
        let failure = driver.network.failure(reason, exchange.offline);
        driver.input(Input::Failed { exchange: ExchangeId(id), failure });
    }
}

/// We give an exchange up.
fn fail(driver: &Rc<Driver>, id: u64, reader: Option<Reader>, failure: Failure) {
    if let Some(reader) = reader {
        js::let_fail(reader.cancel());
    }
    if let Some(exchange) = driver.network.remove(id) {
        exchange.stop();
        driver.input(Input::Failed { exchange: ExchangeId(id), failure });
    }
}

/// A response that nobody waits for any more.
fn discard(response: &Reply) {
    if let Ok(Some(body)) = response.body() {
        js::let_fail(body.cancel_stream());
    }
}

impl Text {
    const fn new(limit: usize, strict: bool) -> Self {
        Self { limit, strict, read: 0, pieces: Pieces::None }
    }

    /// Takes one piece, or as much of it as fits.
    fn push(&mut self, bytes: Uint8Array) -> Verdict {
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

    fn keep(&mut self, bytes: Uint8Array) {
        self.pieces = match std::mem::replace(&mut self.pieces, Pieces::None) {
            Pieces::None => Pieces::One(bytes),
            Pieces::One(first) => {
                let decoder = Decoder::new();
                let text = more(&decoder, &first);
                Pieces::Many(decoder, text).and(&bytes)
            }
            many @ Pieces::Many(..) => many.and(&bytes),
        };
    }

    fn decode(self, decoder: &Decoder) -> Result<JsString, JsValue> {
        match self.pieces {
            Pieces::None => Ok(JsString::from("")),
            Pieces::One(bytes) => decoder.decode(&bytes, &JsValue::UNDEFINED),
            Pieces::Many(decoder, text) => {
                Ok(text.concat(decoder.decode(&JsValue::UNDEFINED, &JsValue::UNDEFINED)?.as_ref()))
            }
        }
    }
}

impl Pieces {
    fn and(self, bytes: &Uint8Array) -> Self {
        match self {
            Self::Many(decoder, text) => {
                let text = text.concat(&more(&decoder, bytes));
                Self::Many(decoder, text)
            }
            other => other,
        }
    }
}

/// Decodes one piece of several; a character may go on in the next.
fn more(decoder: &Decoder, bytes: &Uint8Array) -> JsString {
    let options = JsValue::from(js_sys::Object::new());
    js::put(&options, "stream", &JsValue::TRUE);
    // A decoder that was not asked to be strict refuses nothing.
    decoder.decode(bytes, &options).unwrap_or_else(|_| JsString::from(""))
}

/// The body's text. What has no JSON form (a cycle, a `BigInt`) is the caller's mistake.
fn write(message: &JsValue) -> Result<JsValue, Failure> {
    match js::write_json(message) {
        Ok(text) if text.is_string() => Ok(text),
        Ok(_) => Err(failure::new(FailureKind::Unwritable, "the params have no JSON form")),
        Err(reason) => Err(failure::new(FailureKind::Unwritable, &failure::words(&reason))),
    }
}

/// Whether a URL leads back here, where being offline does not matter.
fn is_this_machine(url: &str) -> bool {
    url.split_once("://")
        .is_some_and(|(_, rest)| ["localhost", "127.", "[::1]"].iter().any(|host| rest.starts_with(host)))
}
