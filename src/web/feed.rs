//! Bodies as they are read: what a piece completes is reported to the machine in slices, between which the event loop turns.
//!
//! `read()` of a body that is there already settles in a microtask, so nothing else would run between two pieces either.

use super::body::{self, parsed};
use super::driver::Driver;
use super::failure;
use super::fetch::{Exchange, Stage, broken, fail, finish};
use super::js::{self, Chunk, Reader, Text};
use super::json::JsJson;
use crate::core::protocol::sse::{Item, Parser};
use crate::core::{Body, ExchangeId, Failure, FailureKind, Input, Instant, Millis, StreamBlock, StreamData};
use js_sys::{Array, JsString, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Where the pieces of a body go.
pub(super) enum Sink {
    Stream(Box<Feed>),
    Text(Text),
    /// The whole body, which was a batch.
    Batch(Batch),
}

/// An event stream, and what is not reported yet of its last piece.
pub(super) struct Feed {
    parser: Parser,
    /// The last one first.
    items: Vec<Item>,
    /// The block that is being reported was a batch.
    batch: Option<Batch>,
    too_large: bool,
}

/// Several messages in one (2025-03-26 basic: receivers MUST accept batches). The last one is reported as the block or
/// body that all of them came in.
pub(super) struct Batch {
    messages: Array,
    next: u32,
    /// The block without its data; none for a body.
    block: Option<StreamBlock<JsJson>>,
}

impl Feed {
    pub(super) fn new(max_event_bytes: usize) -> Self {
        Self { parser: Parser::new(max_event_bytes), items: Vec::new(), batch: None, too_large: false }
    }

    fn push(&mut self, bytes: &Uint8Array) {
        self.too_large = self.parser.feed(&bytes.to_vec(), &mut self.items).is_err();
        self.items.reverse();
    }

    fn next(&mut self, exchange: ExchangeId) -> Option<Input<JsJson>> {
        if self.batch.is_none() {
            let Item::Block(block) = self.items.pop()? else { return Some(Input::Alive { exchange }) };
            let block = parsed(block);
            let is_message = block.event.as_deref().is_none_or(|event| event == "message");
            let messages = if let StreamData::Json(JsJson(data)) = &block.data { several(data) } else { None };
            let Some(messages) = messages.filter(|_| is_message) else { return Some(Input::Block { exchange, block }) };
            self.batch = Some(Batch { messages, next: 0, block: Some(block) });
        }
        let input = self.batch.as_mut()?.next(exchange);
        if !matches!(input, Input::Message { .. }) {
            self.batch = None;
        }
        Some(input)
    }
}

impl Batch {
    fn next(&mut self, exchange: ExchangeId) -> Input<JsJson> {
        let message = JsJson(self.messages.get(self.next));
        self.next += 1;
        if self.next < self.messages.length() {
            return Input::Message { exchange, message };
        }
        match self.block.take() {
            Some(block) => Input::Block { exchange, block: StreamBlock { data: StreamData::Json(message), ..block } },
            None => Input::Body { exchange, body: Body::Json(message) },
        }
    }
}

/// The messages of a batch of more than one.
fn several(value: &JsValue) -> Option<Array> {
    if !Array::is_array(value) {
        return None;
    }
    let messages: &Array = value.unchecked_ref();
    (messages.length() > 1).then(|| messages.clone())
}

/// How long the module has been reporting without a turn of the event loop, over all exchanges of a driver.
#[derive(Default)]
pub(super) struct Slices {
    begun: Cell<Instant>,
    last: Cell<Instant>,
    count: Cell<u32>,
}

impl Slices {
    pub(super) fn begin(&self) {
        self.count.set(0);
        self.begun.set(Instant::default());
        self.last.set(Instant::default());
    }

    /// Counts one report; whether the event loop should turn first. workerd stops its clock while a program runs, and pages
    /// may get a coarse one: so it is counted as well.
    fn is_over(&self, now: Instant) -> bool {
        // Without a report for longer than that, something else ran: that is the event loop turning.
        if now.since(self.last.replace(now)) > 1 {
            self.begun.set(now);
        }
        self.count.set(self.count.get() + 1);
        now.since(self.begun.get()) >= SLICE || self.count.get() > MAX_REPORTS
    }
}

/// The longest slice, but for what a single message takes.
const SLICE: Millis = 8;
/// The most messages of a slice: 2 ms of the module's own time.
const MAX_REPORTS: u32 = 512;

/// Waits for the next piece.
pub(super) fn next(driver: &Rc<Driver>, exchange: &Exchange, reader: Reader, sink: Sink) {
    if exchange.over.get() {
        return js::cancel(&reader);
    }
    let chunk = reader.read();
    if let Err(reason) = chunk.and_then(|chunk| exchange.wait_for(&chunk, Stage::Body(reader, sink))) {
        broken(driver, exchange, &reason);
    }
}

/// A piece came, or the end.
pub(super) fn read(driver: &Rc<Driver>, exchange: &Exchange, reader: Reader, mut sink: Sink, chunk: &Chunk) {
    let bytes = match chunk.value() {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return end(driver, exchange, sink),
        Err(reason) => return broken(driver, exchange, &reason),
    };
    let verdict = match &mut sink {
        Sink::Stream(feed) => {
            feed.push(&bytes);
            return report(driver, exchange, Some(reader), sink);
        }
        Sink::Text(text) => text.push(&bytes),
        Sink::Batch(_) => Ok(MORE),
    };
    match verdict {
        Ok(MORE) => next(driver, exchange, reader, sink),
        Ok(FULL) => {
            js::cancel(&reader);
            end(driver, exchange, sink);
        }
        Ok(_) => {
            js::cancel(&reader);
            fail(driver, exchange, too_large());
        }
        Err(reason) => broken(driver, exchange, &reason),
    }
}

/// The next piece of a text is wanted.
const MORE: u32 = 0;
/// As much of a text as is wanted is there.
const FULL: u32 = 1;

fn too_large() -> Failure<JsJson> {
    failure::new(FailureKind::TooLarge, "the message is larger than limits.maxMessageBytes")
}

/// Reports what was read, until the machine wants a pause or the slice is over; then reads on.
pub(super) fn report(driver: &Rc<Driver>, exchange: &Exchange, reader: Option<Reader>, mut sink: Sink) {
    while !exchange.over.get() {
        if exchange.paused.get() {
            return exchange.stage.set(Stage::Paused(reader, sink));
        }
        let input = match &mut sink {
            Sink::Stream(feed) => feed.next(exchange.id),
            Sink::Batch(batch) => Some(batch.next(exchange.id)),
            Sink::Text(_) => None,
        };
        match input {
            Some(input @ Input::Body { .. }) => return finish(driver, exchange, input),
            Some(input) => driver.input(input),
            None => break,
        }
        if driver.network.slices.is_over(driver.now()) {
            return turn(exchange, reader, sink);
        }
    }
    let is_too_large = matches!(&sink, Sink::Stream(feed) if feed.too_large);
    match reader {
        Some(reader) if is_too_large => {
            js::cancel(&reader);
            fail(driver, exchange, too_large());
        }
        Some(reader) => next(driver, exchange, reader, sink),
        None => {}
    }
}

/// Goes on with an exchange that the machine wants to hear of again.
pub(super) fn resume(exchange: &Exchange) {
    exchange.paused.set(false);
    match exchange.stage.take() {
        Stage::Paused(reader, sink) => turn(exchange, reader, sink),
        stage => exchange.stage.set(stage),
    }
}

/// Reports the rest as soon as the event loop has turned. A promise would settle before it has.
fn turn(exchange: &Exchange, reader: Option<Reader>, sink: Sink) {
    exchange.stage.set(Stage::Turn(reader, sink));
    // Where no timer can be made, the host has given the request up.
    let _ = js::soon(&exchange.on_progress);
}

/// The whole body is there, as text.
pub(super) fn whole(driver: &Rc<Driver>, exchange: &Exchange, text: &JsString) -> Result<(), JsValue> {
    let network = &driver.network;
    if text.length() as usize > network.max_message_bytes {
        fail(driver, exchange, too_large());
    } else {
        deliver(driver, exchange, body::of(text, network.max_error_bytes));
    }
    Ok(())
}

/// The last piece of the body came.
fn end(driver: &Rc<Driver>, exchange: &Exchange, sink: Sink) {
    match sink {
        Sink::Stream(_) => finish(driver, exchange, Input::Ended { exchange: exchange.id }),
        Sink::Text(text) => match text.finish(&driver.network.decoder) {
            Ok(text) => deliver(driver, exchange, body::of(&text, driver.network.max_error_bytes)),
            Err(reason) => broken(driver, exchange, &reason),
        },
        Sink::Batch(_) => {}
    }
}

fn deliver(driver: &Rc<Driver>, exchange: &Exchange, body: Body<JsJson>) {
    let messages = if let Body::Json(JsJson(value)) = &body { several(value) } else { None };
    match messages.filter(|_| exchange.accepted.get()) {
        Some(messages) => report(driver, exchange, None, Sink::Batch(Batch { messages, next: 0, block: None })),
        None => finish(driver, exchange, Input::Body { exchange: exchange.id, body }),
    }
}
