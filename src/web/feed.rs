//! Reading bodies: complete messages are reported to the machine in slices, between which the event loop gets a turn.
//!
//! `read()` of an already available body settles in a microtask, so otherwise nothing else would run between two
//! chunks.

use super::body::{self, parsed};
use super::driver::Driver;
use super::failure;
use super::fetch::{Exchange, Stage};
use super::json::JsJson;
use super::sys::{self, ReadResult, StreamReader, Text};
use crate::core::protocol::sse::{Item, Parser};
use crate::core::{Body, ExchangeId, Failure, FailureKind, Input, Instant, Millis, StreamBlock, StreamData};
use js_sys::{Array, JsString, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The destination of a body's chunks.
pub(super) enum Sink {
    Stream(Box<Feed>),
    Text(Text),
    /// A whole body that was a batch.
    Batch(Batch),
}

/// An event stream, and the unreported events of its last chunk.
pub(super) struct Feed {
    parser: Parser,
    /// In reverse order.
    items: Vec<Item>,
    /// The batch of the event that is being reported.
    batch: Option<Batch>,
    too_large: bool,
}

/// Several messages in one (2025-03-26 basic: receivers MUST accept batches). The last one is reported as the event or
/// body that contained them all.
pub(super) struct Batch {
    messages: Array,
    next: u32,
    /// The event without its data; `None` for a body.
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

/// The messages of a batch with more than one.
fn several(value: &JsValue) -> Option<Array> {
    sys::items(value).filter(|messages| messages.length() > 1)
}

/// The time spent on reports without a turn of the event loop, over all exchanges of a driver.
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

    /// Counts one report. Returns whether the event loop should get a turn first. The number of reports counts too,
    /// because workerd stops its clock during execution and pages may have a coarse one.
    fn is_over(&self, now: Instant) -> bool {
        // A longer gap between reports means that the event loop has had a turn.
        if now.since(self.last.replace(now)) > 1 {
            self.begun.set(now);
        }
        self.count.set(self.count.get() + 1);
        now.since(self.begun.get()) >= SLICE || self.count.get() > MAX_REPORTS
    }
}

/// The longest slice, unless a single message takes longer.
const SLICE: Millis = 8;
/// The most messages per slice: 2 ms of the module's own time.
const MAX_REPORTS: u32 = 512;

impl Exchange {
    /// Reads the next chunk.
    pub(super) fn next(&self, driver: &Rc<Driver>, reader: StreamReader, sink: Sink) {
        if self.over.get() {
            return sys::cancel(&reader);
        }
        let chunk = reader.read();
        if let Err(reason) = chunk.and_then(|chunk| self.wait_for(&chunk, Stage::Body(reader, sink))) {
            self.broken(driver, &reason);
        }
    }

    /// A chunk arrived, or the end.
    pub(super) fn read(&self, driver: &Rc<Driver>, reader: StreamReader, mut sink: Sink, chunk: &ReadResult) {
        let bytes = match chunk.value() {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return self.end(driver, sink),
            Err(reason) => return self.broken(driver, &reason),
        };
        let verdict = match &mut sink {
            Sink::Stream(feed) => {
                feed.push(&bytes);
                return self.report(driver, Some(reader), sink);
            }
            Sink::Text(text) => text.push(&bytes),
            Sink::Batch(_) => Ok(MORE),
        };
        match verdict {
            Ok(MORE) => self.next(driver, reader, sink),
            Ok(FULL) => {
                sys::cancel(&reader);
                self.end(driver, sink);
            }
            Ok(_) => {
                sys::cancel(&reader);
                self.fail(driver, too_large());
            }
            Err(reason) => self.broken(driver, &reason),
        }
    }

    /// Reports what was read until the machine pauses it or the slice is over, then continues reading.
    pub(super) fn report(&self, driver: &Rc<Driver>, reader: Option<StreamReader>, mut sink: Sink) {
        while !self.over.get() {
            if self.paused.get() {
                return self.stage.set(Stage::Paused(reader, sink));
            }
            let input = match &mut sink {
                Sink::Stream(feed) => feed.next(self.id),
                Sink::Batch(batch) => Some(batch.next(self.id)),
                Sink::Text(_) => None,
            };
            match input {
                Some(input @ Input::Body { .. }) => return self.finish(driver, input),
                Some(input) => driver.input(input),
                None => break,
            }
            if driver.network.slices.is_over(driver.now()) {
                return self.turn(reader, sink);
            }
        }
        let is_too_large = matches!(&sink, Sink::Stream(feed) if feed.too_large);
        match reader {
            Some(reader) if is_too_large => {
                sys::cancel(&reader);
                self.fail(driver, too_large());
            }
            Some(reader) => self.next(driver, reader, sink),
            #[cfg(feature = "gateway")]
            None if is_too_large => self.fail(driver, too_large()),
            #[cfg(feature = "gateway")]
            None if matches!(sink, Sink::Stream(_)) => self.end(driver, sink),
            None => {}
        }
    }

    /// Continues a paused exchange.
    pub(super) fn resume(&self) {
        self.paused.set(false);
        match self.stage.take() {
            Stage::Paused(reader, sink) => self.turn(reader, sink),
            stage => self.stage.set(stage),
        }
    }

    /// Reports the rest after a turn of the event loop. A promise would settle before that.
    fn turn(&self, reader: Option<StreamReader>, sink: Sink) {
        self.stage.set(Stage::Turn(reader, sink));
        // If the host refuses timers, it has aborted the request.
        let _ = sys::soon(&self.on_progress);
    }

    /// The whole body as text.
    pub(super) fn whole(&self, driver: &Rc<Driver>, text: &JsString) -> Result<(), JsValue> {
        let network = &driver.network;
        if text.length() as usize > network.max_message_bytes {
            self.fail(driver, too_large());
        } else {
            self.deliver(driver, body::of(text, network.max_error_bytes));
        }
        Ok(())
    }

    /// The whole event stream as text (gateway/session-fetch.js).
    #[cfg(feature = "gateway")]
    pub(super) fn whole_stream(&self, driver: &Rc<Driver>, text: &JsString) {
        if let Some(message) = self.sole_message(driver, text) {
            let block = StreamBlock { event: None, id: None, retry: None, data: StreamData::Json(JsJson(message)) };
            driver.input(Input::Block { exchange: self.id, block });
            return self.finish(driver, Input::Ended { exchange: self.id });
        }
        let mut feed = Feed::new(driver.network.max_message_bytes);
        feed.too_large = feed.parser.feed(String::from(text).as_bytes(), &mut feed.items).is_err();
        feed.items.reverse();
        self.report(driver, None, Sink::Stream(Box::new(feed)));
    }

    /// The only message of a stream, as most answers are: it stays text of JavaScript. `None` if it needs the parser.
    #[cfg(feature = "gateway")]
    fn sole_message(&self, driver: &Rc<Driver>, text: &JsString) -> Option<JsValue> {
        let is_small = text.length() as usize <= driver.network.max_message_bytes;
        let data = sys::sole_data(text).filter(|_| is_small)?;
        sys::parse_json(&data).ok()
    }

    /// The body has ended.
    fn end(&self, driver: &Rc<Driver>, sink: Sink) {
        match sink {
            Sink::Stream(_) => self.finish(driver, Input::Ended { exchange: self.id }),
            Sink::Text(text) => match text.finish() {
                Ok(text) => self.deliver(driver, body::of(&text, driver.network.max_error_bytes)),
                Err(reason) => self.broken(driver, &reason),
            },
            Sink::Batch(_) => {}
        }
    }

    fn deliver(&self, driver: &Rc<Driver>, body: Body<JsJson>) {
        let messages = if let Body::Json(JsJson(value)) = &body { several(value) } else { None };
        match messages.filter(|_| self.accepted.get()) {
            Some(messages) => self.report(driver, None, Sink::Batch(Batch { messages, next: 0, block: None })),
            None => self.finish(driver, Input::Body { exchange: self.id, body }),
        }
    }
}

/// More of the text is needed.
const MORE: u32 = 0;
/// Enough of the text is there.
const FULL: u32 = 1;

fn too_large() -> Failure<JsJson> {
    failure::new(FailureKind::TooLarge, "the message is larger than limits.maxMessageBytes")
}
