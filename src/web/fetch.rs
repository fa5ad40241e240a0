//! Exchanges: one `fetch` each, its status and headers, and its body.
//!
//! Everything here goes from callback to callback, without a Rust future: a call that is answered by one JSON body
//! takes three of them.

use super::abort::{Controller, Pool};
use super::body::{self, Text, Verdict, parsed};
use super::driver::Driver;
use super::failure::{self, Onlineness};
use super::hook::Hook;
use super::js::{self, Chain, Chunk, Decoder, Reader, Reply};
use super::json::JsJson;
use super::probe::Cors;
use super::request::{self, Templates};
use super::words::{APPLICATION_JSON, CONTENT_TYPE, word};
use crate::core::config::is_this_machine;
use crate::core::headers::Media;
use crate::core::sse::{Item, Parser};
use crate::core::table::Table;
use crate::core::{Body, CallId, ExchangeId, Failure, FailureKind, HttpRequest, Input, ResponseHead};
use js_sys::{Array, Function, JsString, Object, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// The exchanges of one driver.
pub(super) struct Network {
    fetch: Option<Function>,
    max_message_bytes: usize,
    max_error_bytes: usize,
    exchanges: RefCell<Table<u64, Rc<Exchange>>>,
    templates: Templates,
    controllers: Pool,
    decoder: Decoder,
    onlineness: Onlineness,
    cors: Cors,
    on_progress: Hook,
    on_lost: Hook,
}

struct Exchange {
    id: ExchangeId,
    call: Option<CallId>,
    controller: Rc<Controller>,
    /// Told when `fetch` or a `read()` succeeds, and when it fails.
    on_progress: JsValue,
    on_lost: JsValue,
    reads_session_id: bool,
    /// The host said that it was offline when this was sent.
    offline: bool,
    url: Rc<str>,
    stage: Cell<Stage>,
    /// It ended, or was given up: nothing more is reported of it.
    over: Cell<bool>,
}

/// What the next promise to settle is about.
#[derive(Default)]
enum Stage {
    /// Status and headers.
    Head,
    /// A piece of the body.
    Body(Reader, Sink),
    /// Whether the server can be reached after all, which decides what this failure means.
    Probe(Failure),
    /// Nothing: the piece that came is being handled.
    #[default]
    Busy,
}

enum Sink {
    Stream(Box<Parser>),
    Text(Text),
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
            controllers: Pool::default(),
            decoder: Decoder::new(),
            onlineness: Onlineness::new(),
            cors: Cors::new(),
            on_progress: Hook::new(driver, progress),
            on_lost: Hook::new(driver, |driver, id, reason| lost(driver, id, &reason)),
        }
    }

    /// Starts an exchange. What goes wrong at once is reported like anything else.
    pub(super) fn send(&self, driver: &Rc<Driver>, id: ExchangeId, request: &HttpRequest<JsJson>) {
        let headers = request.call.and_then(|call| driver.calls.headers(call));
        if let Err(failure) = self.start(id, request, headers.as_ref()) {
            self.exchanges.borrow_mut().remove(id.0);
            driver.input(Input::Failed { exchange: id, failure });
        }
    }

    /// Stops an exchange; nothing more is reported of it.
    pub(super) fn abort(&self, id: ExchangeId) {
        let exchange = self.exchanges.borrow_mut().remove(id.0);
        if let Some(exchange) = exchange {
            exchange.stop();
        }
    }

    /// `more` headers beat those of the request.
    fn start(&self, id: ExchangeId, request: &HttpRequest<JsJson>, more: Option<&Object>) -> Result<(), Failure> {
        let body = request.body.as_ref().map(|body| write(&body.0)).transpose()?;
        // It is not known to be offline unless it was so before the first byte could leave.
        let offline = self.onlineness.is_offline() && !is_this_machine(&request.url);
        let unsent = |reason: JsValue| self.failure(&reason, offline);
        let (url, headers) = self.templates.render(request);
        if let Some(more) = more {
            js::assign(&headers, more).map_err(unsent)?;
        }
        let exchange = Rc::new(Exchange {
            id,
            call: request.call,
            controller: self.controllers.take().map_err(unsent)?,
            on_progress: self.on_progress.of(id.0),
            on_lost: self.on_lost.of(id.0),
            reads_session_id: request.reads_session_id,
            offline,
            url: Rc::clone(&request.url),
            stage: Cell::new(Stage::Head),
            over: Cell::new(false),
        });
        self.exchanges.borrow_mut().insert(id.0, Rc::clone(&exchange));
        let init = request::init(request.method, &headers, body.as_ref(), &exchange.controller.signal);
        let response = self.fetch(&url, &init).map_err(unsent)?;
        exchange.wait_for(&response, Stage::Head).map_err(unsent)
    }

    fn fetch(&self, url: &JsString, init: &JsValue) -> Result<Chain, JsValue> {
        match &self.fetch {
            Some(fetch) => js::promise_of(&fetch.call2(&JsValue::UNDEFINED, url, init)?),
            None => js::global_fetch(url, init),
        }
    }

    /// The `fetch` that the manager was given; `undefined` for the host's own.
    pub(super) fn injected(&self) -> JsValue {
        self.fetch.clone().map_or(JsValue::UNDEFINED, Into::into)
    }

    fn failure(&self, reason: &JsValue, offline: bool) -> Failure {
        failure::of(reason, offline && self.onlineness.is_offline())
    }

    /// Whether nothing is on the wire.
    pub(super) fn is_idle(&self) -> bool {
        self.exchanges.borrow().is_empty()
    }
}

impl Exchange {
    /// What `promise` settles with is about `stage`.
    fn wait_for(&self, promise: &Chain, stage: Stage) -> Result<(), JsValue> {
        promise.then(&self.on_progress, &self.on_lost)?;
        self.stage.set(stage);
        Ok(())
    }

    fn stop(&self) {
        self.over.set(true);
        self.controller.abort();
        // An injected `fetch` may not care about signals.
        if let Stage::Body(reader, _) = self.stage.take() {
            js::let_fail(reader.cancel());
        }
    }
}

/// What an exchange waited for is there.
fn progress(driver: &Rc<Driver>, id: u64, value: JsValue) {
    let exchange = driver.network.exchanges.borrow().get(id).cloned();
    // Given up meanwhile. A response that comes all the same still holds a connection.
    let Some(exchange) = exchange else { return discard(value.unchecked_ref()) };
    match exchange.stage.take() {
        Stage::Head => head(driver, &exchange, value.unchecked_ref()),
        Stage::Body(reader, sink) => read(driver, &exchange, reader, sink, value.unchecked_ref()),
        Stage::Probe(failure) => fail(driver, &exchange, Failure { kind: FailureKind::Hidden, ..failure }),
        Stage::Busy => {}
    }
}

/// Status and headers are there.
fn head(driver: &Rc<Driver>, exchange: &Exchange, response: &Reply) {
    let head = match read_head(response, exchange.reads_session_id) {
        Ok(head) => head,
        Err(reason) => return broken(driver, exchange, &reason),
    };
    let (status, media) = (head.status, head.media);
    if let (Some(call), true, Media::EventStream) = (exchange.call, is_success(status), media) {
        driver.report("the transport", driver.calls.streams(call));
    }
    driver.input(Input::Opened { exchange: exchange.id, head });
    if exchange.over.get() {
        return discard(response);
    }
    if let Err(reason) = open(driver, exchange, response, status, media) {
        broken(driver, exchange, &reason);
    }
}

fn read_head(response: &Reply, reads_session_id: bool) -> Result<ResponseHead, JsValue> {
    let mut status = response.status()? as u16;
    // What a page sees of a redirect that it does not follow. Which one it was is hidden.
    if status == 0 && response.kind()?.as_string().as_deref() == Some("opaqueredirect") {
        status = 302;
    }
    let headers = response.headers();
    let text = |name: &str, wanted: bool| -> Result<Option<String>, JsValue> {
        if !wanted {
            return Ok(None);
        }
        Ok(headers.get(word(name).unchecked_ref())?.map(String::from))
    };
    let content_type = CONTENT_TYPE.with(|name| headers.get(name))?;
    Ok(ResponseHead {
        status,
        media: content_type.map_or(Media::Other, |value| media(&value)),
        session_id: text("mcp-session-id", reads_session_id)?,
        retry_after: text("retry-after", status == 429 || status == 503)?,
        challenge: text("www-authenticate", status == 401 || status == 403)?,
    })
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The usual type is compared where it is; any other is read.
fn media(content_type: &JsString) -> Media {
    let plain = APPLICATION_JSON.with(|json| AsRef::<JsValue>::as_ref(json) == AsRef::<JsValue>::as_ref(content_type));
    if plain { Media::Json } else { Media::of(&String::from(content_type)) }
}

/// Begins to read the body, if there is one.
fn open(driver: &Rc<Driver>, exchange: &Exchange, response: &Reply, status: u16, media: Media) -> Result<(), JsValue> {
    let network = &driver.network;
    let nothing = || {
        finish(driver, exchange, Input::Body { exchange: exchange.id, body: Body::Empty });
        Ok(())
    };
    if matches!(status, 202 | 204 | 205) {
        discard(response);
        return nothing();
    }
    // An injected `fetch` may have read it already (npm/workerd.js).
    if let Some(text) = network.fetch.as_ref().and_then(|_| response.whole()) {
        return whole(driver, exchange, &text);
    }
    let Some(body) = response.body() else { return nothing() };
    let ok = is_success(status);
    let sink = match media {
        Media::EventStream if ok => Sink::Stream(Box::new(Parser::new(network.max_message_bytes))),
        Media::Json if ok => Sink::Text(Text::new(network.max_message_bytes, true)),
        _ => Sink::Text(Text::new(network.max_error_bytes, false)),
    };
    next(driver, exchange, body.reader()?, sink);
    Ok(())
}

/// Waits for the next piece.
fn next(driver: &Rc<Driver>, exchange: &Exchange, reader: Reader, sink: Sink) {
    if exchange.over.get() {
        return js::let_fail(reader.cancel());
    }
    let chunk = reader.read();
    if let Err(reason) = chunk.and_then(|chunk| exchange.wait_for(&chunk, Stage::Body(reader, sink))) {
        broken(driver, exchange, &reason);
    }
}

/// A piece came, or the end.
fn read(driver: &Rc<Driver>, exchange: &Exchange, reader: Reader, mut sink: Sink, chunk: &Chunk) {
    let bytes = match chunk.value() {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return end(driver, exchange, sink),
        Err(reason) => return broken(driver, exchange, &reason),
    };
    let verdict = match &mut sink {
        Sink::Stream(parser) => feed(driver, exchange, parser, &bytes),
        Sink::Text(text) => text.push(bytes),
    };
    match verdict {
        Verdict::More => next(driver, exchange, reader, sink),
        Verdict::Full => {
            js::let_fail(reader.cancel());
            end(driver, exchange, sink);
        }
        Verdict::TooLarge => {
            js::let_fail(reader.cancel());
            fail(driver, exchange, too_large());
        }
    }
}

fn too_large() -> Failure {
    failure::new(FailureKind::TooLarge, "the message is larger than limits.maxMessageBytes")
}

/// Reports what a piece of a stream completes, as long as anybody wants to hear of it.
fn feed(driver: &Rc<Driver>, exchange: &Exchange, parser: &mut Parser, bytes: &Uint8Array) -> Verdict {
    let mut items = Vec::new();
    let fed = parser.feed(&bytes.to_vec(), &mut items);
    for item in items {
        if exchange.over.get() {
            break;
        }
        driver.input(match item {
            Item::Block(block) => Input::Block { exchange: exchange.id, block: parsed(block) },
            Item::Comment => Input::Alive { exchange: exchange.id },
        });
    }
    if fed.is_ok() { Verdict::More } else { Verdict::TooLarge }
}

/// The whole body is there, as text.
fn whole(driver: &Rc<Driver>, exchange: &Exchange, text: &JsString) -> Result<(), JsValue> {
    let network = &driver.network;
    if text.length() as usize > network.max_message_bytes {
        fail(driver, exchange, too_large());
    } else {
        let body = body::of(text, network.max_error_bytes);
        finish(driver, exchange, Input::Body { exchange: exchange.id, body });
    }
    Ok(())
}

/// The last piece of the body came.
fn end(driver: &Rc<Driver>, exchange: &Exchange, sink: Sink) {
    let id = exchange.id;
    match sink {
        Sink::Stream(_) => finish(driver, exchange, Input::Ended { exchange: id }),
        Sink::Text(text) => match text.finish(&driver.network.decoder, driver.network.max_error_bytes) {
            Ok(body) => finish(driver, exchange, Input::Body { exchange: id, body }),
            Err(reason) => broken(driver, exchange, &reason),
        },
    }
}

/// The exchange came to its own end.
fn finish(driver: &Rc<Driver>, exchange: &Exchange, input: Input<JsJson>) {
    if !exchange.over.replace(true) {
        driver.network.exchanges.borrow_mut().remove(exchange.id.0);
        driver.network.controllers.give_back(&exchange.controller);
        driver.input(input);
    }
}

/// `fetch` or a `read()` failed, or the probe that asked why.
fn lost(driver: &Rc<Driver>, id: u64, reason: &JsValue) {
    let exchange = driver.network.exchanges.borrow().get(id).cloned();
    let Some(exchange) = exchange else { return };
    match exchange.stage.take() {
        Stage::Probe(failure) => fail(driver, &exchange, Failure { kind: FailureKind::Unreachable, ..failure }),
        Stage::Head => probe(driver, &exchange, driver.network.failure(reason, exchange.offline)),
        Stage::Body(..) | Stage::Busy => broken(driver, &exchange, reason),
    }
}

/// Asks whether the server can be reached, where that tells more about a failure than the host does.
fn probe(driver: &Rc<Driver>, exchange: &Exchange, failure: Failure) {
    let network = &driver.network;
    if failure.kind != FailureKind::Broken || !network.cors.applies_to(&exchange.url) {
        return fail(driver, exchange, failure);
    }
    let url = JsString::from(&*exchange.url);
    let probes = Cors::probes(&exchange.controller.signal);
    let asked = Array::new();
    for init in &probes {
        if let Ok(answer) = network.fetch(&url, init) {
            asked.push(&answer);
        }
    }
    let answered = js::any(&asked);
    if answered.and_then(|answered| exchange.wait_for(&answered, Stage::Probe(failure.clone()))).is_err() {
        fail(driver, exchange, failure);
    }
}

/// What should have been a response, or a piece of it, is none.
fn broken(driver: &Rc<Driver>, exchange: &Exchange, reason: &JsValue) {
    fail(driver, exchange, driver.network.failure(reason, exchange.offline));
}

/// The exchange is over without an end of its own.
fn fail(driver: &Rc<Driver>, exchange: &Exchange, failure: Failure) {
    if !exchange.over.get() {
        driver.network.exchanges.borrow_mut().remove(exchange.id.0);
        exchange.stop();
        driver.input(Input::Failed { exchange: exchange.id, failure });
    }
}

/// A response that nobody waits for any more.
fn discard(response: &Reply) {
    if response.status().is_ok()
        && let Some(body) = response.body()
    {
        js::let_fail(body.cancel_stream());
    }
}

/// The body's text. What has no JSON form (a cycle, a `BigInt`) is the caller's mistake.
fn write(message: &JsValue) -> Result<JsValue, Failure> {
    match js::write_json(message) {
        Ok(Some(text)) => Ok(text.into()),
        Ok(None) => Err(failure::new(FailureKind::Unwritable, "the params have no JSON form")),
        Err(reason) => Err(failure::new(FailureKind::Unwritable, &failure::words(&reason))),
    }
}
