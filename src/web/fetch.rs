//! Exchanges: one `fetch` each, with its status, headers and body.
//!
//! This file uses callbacks instead of Rust futures: a call with one JSON response takes three. Each `await` would cost
//! another promise and two closures, and a task.

use super::abort::{Controller, Pool};
use super::driver::{Driver, TRANSPORT};
use super::failure::{self, Onlineness};
use super::feed::{Feed, Sink, Slices};
use super::hook::{Hook, Report};
use super::json::JsJson;
use super::request::Templates;
use super::sys::{self, Checks, Response, StreamReader, Text};
use super::sys::{APPLICATION_JSON, CONTENT_TYPE, word};
use crate::core::kit::table::Table;
use crate::core::protocol::headers::Media;
use crate::core::{Body, CallId, ExchangeId, Failure, FailureKind, HttpRequest, Input, ResponseHead};
use js_sys::{Function, JsString, Object, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The exchanges of one driver.
pub(super) struct Network {
    /// The user's `fetch`; `undefined` for the host's.
    fetch: JsValue,
    /// Whether that `fetch` is the user's and not the package's own.
    is_injected: bool,
    pub(super) max_message_bytes: usize,
    pub(super) max_error_bytes: usize,
    pub(super) slices: Slices,
    exchanges: RefCell<Table<u64, Rc<Exchange>>>,
    templates: Templates,
    controllers: Pool,
    pub(super) onlineness: Onlineness,
    checks: Checks,
    hook: Hook,
}

pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    call: Option<CallId>,
    controller: Rc<Controller>,
    /// Called when `fetch` or a `read()` settles.
    pub(super) on_progress: JsValue,
    on_lost: JsValue,
    reads_session_id: bool,
    follows: bool,
    /// The host reported offline, and this was checked.
    doubted: Cell<bool>,
    url: JsString,
    pub(super) stage: Cell<Stage>,
    /// It ended or was aborted: nothing more is reported.
    pub(super) over: Cell<bool>,
    /// The machine has paused it.
    pub(super) paused: Cell<bool>,
    /// The status is 2xx.
    pub(super) accepted: Cell<bool>,
}

/// What the pending promise is for.
#[derive(Default)]
pub(super) enum Stage {
    /// A CORS check before sending, because the host reports offline.
    Gate(JsValue),
    /// Status and headers.
    Head,
    /// A chunk of the body.
    Body(StreamReader, Sink),
    /// None: reporting continues after a turn of the event loop.
    Turn(Option<StreamReader>, Sink),
    /// None: reporting continues when the machine resumes the exchange.
    Paused(Option<StreamReader>, Sink),
    /// A CORS check whether the server is reachable, which classifies this failure.
    Check(Failure<JsJson>),
    /// None: the last value is being handled.
    #[default]
    Busy,
}

impl Network {
    pub(super) fn new(hook: Hook, fetch: Option<Function>, max_message_bytes: usize, max_error_bytes: usize) -> Self {
        Self {
            is_injected: fetch.as_ref().is_some_and(|fetch| sys::member(fetch, "plain").is_none()),
            fetch: fetch.map_or(JsValue::UNDEFINED, Into::into),
            max_message_bytes,
            max_error_bytes,
            slices: Slices::default(),
            exchanges: RefCell::default(),
            templates: Templates::default(),
            controllers: Pool::default(),
            onlineness: Onlineness::default(),
            checks: Checks::new(),
            hook,
        }
    }

    /// Starts an exchange. Immediate failures are reported like later ones.
    pub(super) fn send(&self, driver: &Rc<Driver>, id: ExchangeId, request: &HttpRequest<JsJson>) {
        let headers = request.call.and_then(|call| driver.calls.headers(call));
        if let Err(failure) = self.start(id, request, headers.as_ref()) {
            self.exchanges.borrow_mut().remove(id.0);
            driver.input(Input::Failed { exchange: id, failure });
        }
    }

    /// Aborts an exchange. Nothing more is reported.
    pub(super) fn abort(&self, id: ExchangeId) {
        let exchange = self.exchanges.borrow_mut().remove(id.0);
        if let Some(exchange) = exchange {
            exchange.stop(self);
        }
    }

    /// Pauses an exchange.
    pub(super) fn pause(&self, id: ExchangeId) {
        if let Some(exchange) = self.exchanges.borrow().get(id.0) {
            exchange.paused.set(true);
        }
    }

    /// Resumes a paused exchange after a turn of the event loop.
    pub(super) fn resume(&self, id: ExchangeId) {
        if let Some(exchange) = self.exchanges.borrow().get(id.0) {
            exchange.resume();
        }
    }

    /// `more` headers replace those of the request.
    fn start(
        &self,
        id: ExchangeId,
        request: &HttpRequest<JsJson>,
        more: Option<&Object>,
    ) -> Result<(), Failure<JsJson>> {
        let body = request.body.as_ref().map(|body| write(&body.0)).transpose()?;
        let unsent = |reason: JsValue| failure::of(&reason, false, false);
        let (url, headers) = self.templates.render(request);
        if let Some(more) = more {
            Object::try_assign(&headers, more).map_err(unsent)?;
        }
        let exchange = Rc::new(Exchange {
            id,
            call: request.call,
            controller: self.controllers.take().map_err(unsent)?,
            on_progress: self.hook.of(Report::Progress, id.0),
            on_lost: self.hook.of(Report::Lost, id.0),
            reads_session_id: request.reads_session_id,
            follows: request.follows,
            doubted: Cell::new(false),
            url,
            stage: Cell::new(Stage::Head),
            over: Cell::new(false),
            paused: Cell::new(false),
            accepted: Cell::new(false),
        });
        self.exchanges.borrow_mut().insert(id.0, Rc::clone(&exchange));
        let signal = &exchange.controller.signal;
        let body = body.unwrap_or(JsValue::UNDEFINED);
        let init = sys::init(&word(request.method), &headers, &body, signal, request.follows);
        if self.onlineness.is_offline() {
            // A harmless request checks the host's report first. If it fails, this request is provably unsent.
            exchange.doubted.set(true);
            let reached = self.checks.ask(&self.fetch, &exchange.url);
            let waits = reached.and_then(|reached| exchange.wait_for(&reached, Stage::Gate(init)));
            return waits.map_err(|_| offline());
        }
        self.request(&exchange, &init)
    }

    fn request(&self, exchange: &Exchange, init: &JsValue) -> Result<(), Failure<JsJson>> {
        let response = sys::send(&self.fetch, &exchange.url, init);
        let response = response.and_then(|response| exchange.wait_for(&response, Stage::Head));
        response.map_err(|reason| failure::of(&reason, false, self.is_injected))
    }

    /// The injected `fetch`; `undefined` for the host's.
    pub(super) fn injected(&self) -> JsValue {
        self.fetch.clone()
    }

    /// The same, where a user gave it and not an entry of the package.
    pub(super) fn users_fetch(&self) -> JsValue {
        if self.is_injected { self.fetch.clone() } else { JsValue::UNDEFINED }
    }

    /// Whether nothing is on the wire.
    pub(super) fn is_idle(&self) -> bool {
        self.exchanges.borrow().is_empty()
    }
}

impl Exchange {
    /// Registers `promise` for `stage`.
    pub(super) fn wait_for(&self, promise: &Promise, stage: Stage) -> Result<(), JsValue> {
        sys::follow(promise, &self.on_progress, &self.on_lost)?;
        self.stage.set(stage);
        Ok(())
    }

    fn stop(&self, network: &Network) {
        self.over.set(true);
        self.controller.abort();
        // An injected `fetch` may ignore signals.
        match self.stage.take() {
            Stage::Body(reader, _) | Stage::Turn(Some(reader), _) | Stage::Paused(Some(reader), _) => {
                sys::cancel(&reader);
            }
            Stage::Gate(..) | Stage::Check(_) => network.checks.leave(&self.url),
            _ => {}
        }
    }

    /// Handles status and headers.
    fn head(&self, driver: &Rc<Driver>, response: &Response) {
        let head = match read_head(response, self) {
            Ok(head) => head,
            Err(reason) => return self.broken(driver, &reason),
        };
        let (status, media) = (head.status, head.media);
        self.accepted.set(head.is_success());
        if self.doubted.get() {
            driver.network.onlineness.contradict();
        }
        if let (Some(call), true) = (self.call, head.is_stream()) {
            driver.report(TRANSPORT, driver.calls.streams(call));
        }
        driver.input(Input::Opened { exchange: self.id, head });
        if self.over.get() {
            return sys::cancel(response);
        }
        if let Err(reason) = self.open(driver, response, status, media) {
            self.broken(driver, &reason);
        }
    }

    /// Starts reading the body.
    fn open(&self, driver: &Rc<Driver>, response: &Response, status: u16, media: Media) -> Result<(), JsValue> {
        let network = &driver.network;
        // Some servers answer with 202. Most send no body with it, or a word that nothing depends on.
        if matches!(status, 204 | 205) || status == 202 && media == Media::Other {
            sys::cancel(response);
            self.finish(driver, Input::Body { exchange: self.id, body: Body::Empty });
            return Ok(());
        }
        // An injected `fetch` may have read it already (npm/workerd.js).
        if let Some(text) = Some(response).filter(|_| !network.fetch.is_undefined()).and_then(Response::whole) {
            #[cfg(feature = "gateway")]
            if media == Media::EventStream && self.accepted.get() {
                self.whole_stream(driver, &text);
                return Ok(());
            }
            return self.whole(driver, &text);
        }
        let sink = match media {
            Media::EventStream if self.accepted.get() => Sink::Stream(Box::new(Feed::new(network.max_message_bytes))),
            Media::Other => Sink::Text(Text::new(network.max_error_bytes, network.max_message_bytes)),
            _ => Sink::Text(Text::new(network.max_message_bytes, 0)),
        };
        self.next(driver, sys::reader(response)?, sink);
        Ok(())
    }

    /// Completes an exchange.
    pub(super) fn finish(&self, driver: &Rc<Driver>, input: Input<JsJson>) {
        if !self.over.replace(true) {
            driver.network.exchanges.borrow_mut().remove(self.id.0);
            driver.network.controllers.give_back(&self.controller);
            driver.input(input);
        }
    }

    /// Checks whether the server is reachable, if that says more about a failure than the host's error.
    fn check(&self, driver: &Rc<Driver>, failure: Failure<JsJson>) {
        if failure.kind != FailureKind::Broken || !sys::is_foreign(&self.url) {
            return self.fail(driver, failure);
        }
        match driver.network.checks.ask(&driver.network.fetch, &self.url) {
            // The promise is our own, and its `then` does not throw.
            Ok(reached) => drop(self.wait_for(&reached, Stage::Check(failure))),
            Err(_) => self.fail(driver, failure),
        }
    }

    /// What only a user's `fetch` returns: no response, one whose body was read already, a chunk that is not bytes.
    pub(super) fn broken(&self, driver: &Rc<Driver>, reason: &JsValue) {
        self.fail(driver, Failure { kind: FailureKind::Thrown, ..failure::of(reason, false, false) });
    }

    /// Ends an exchange with a failure.
    pub(super) fn fail(&self, driver: &Rc<Driver>, failure: Failure<JsJson>) {
        if !self.over.get() {
            driver.network.exchanges.borrow_mut().remove(self.id.0);
            self.stop(&driver.network);
            driver.input(Input::Failed { exchange: self.id, failure });
        }
    }
}

/// The pending promise of an exchange was fulfilled.
pub(super) fn progress(driver: &Rc<Driver>, id: u64, value: JsValue) {
    let exchange = driver.network.exchanges.borrow().get(id).cloned();
    // Aborted meanwhile. A late response would still occupy a connection.
    let Some(exchange) = exchange else { return sys::cancel(&value) };
    match exchange.stage.take() {
        Stage::Head => exchange.head(driver, value.unchecked_ref()),
        Stage::Body(reader, sink) => exchange.read(driver, reader, sink, value.unchecked_ref()),
        Stage::Turn(reader, sink) => {
            driver.network.slices.begin();
            exchange.report(driver, reader, sink);
        }
        Stage::Paused(reader, sink) => exchange.stage.set(Stage::Paused(reader, sink)),
        Stage::Check(failure) => exchange.fail(driver, explained(failure, value.is_truthy())),
        Stage::Gate(init) => {
            let network = &driver.network;
            let goes = value.is_truthy() || !network.onlineness.is_offline();
            let sent = if goes { network.request(&exchange, &init) } else { Err(offline()) };
            if let Err(failure) = sent {
                exchange.fail(driver, failure);
            }
        }
        Stage::Busy => {}
    }
}

fn read_head(response: &Response, exchange: &Exchange) -> Result<ResponseHead, JsValue> {
    let mut status = response.status()? as u16;
    // A redirect that is not followed is opaque to a page, including its status.
    if status == 0 && response.kind().as_string().as_deref() == Some("opaqueredirect") {
        status = 302;
    }
    let headers = response.headers();
    let text = |name: &str, wanted: bool| -> Result<Option<String>, JsValue> {
        if !wanted {
            return Ok(None);
        }
        Ok(headers.get(word(name).unchecked_ref())?.as_string())
    };
    let content_type = CONTENT_TYPE.with(|name| headers.get(name))?;
    Ok(ResponseHead {
        status,
        media: media(&content_type),
        session_id: text("mcp-session-id", exchange.reads_session_id)?,
        hides_headers: exchange.reads_session_id && response.kind().as_string().as_deref() == Some("cors"),
        retry_after: text("retry-after", status >= 400)?,
        challenge: text("www-authenticate", matches!(status, 400 | 401 | 403))?,
        location: if exchange.follows {
            response.url().as_string()
        } else {
            text("location", (301..=308).contains(&status))?
        },
    })
}

/// The usual types are compared in place; others are parsed.
fn media(content_type: &JsValue) -> Media {
    let plain = APPLICATION_JSON.with(|json| AsRef::<JsValue>::as_ref(json) == content_type);
    if plain { Media::Json } else { Media::of(&content_type.as_string().unwrap_or_default()) }
}

/// `fetch` or a `read()` was rejected.
pub(super) fn lost(driver: &Rc<Driver>, id: u64, reason: &JsValue) {
    let exchange = driver.network.exchanges.borrow().get(id).cloned();
    let Some(exchange) = exchange else { return };
    match exchange.stage.take() {
        Stage::Head => exchange.check(driver, failure::of(reason, true, driver.network.is_injected)),
        Stage::Gate(..) | Stage::Body(..) | Stage::Turn(..) | Stage::Paused(..) | Stage::Check(_) | Stage::Busy => {
            exchange.fail(driver, failure::of(reason, false, false));
        }
    }
}

fn offline() -> Failure<JsJson> {
    failure::new(FailureKind::Unsent, "the host is offline")
}

/// Classifies a failure by whether the server is reachable.
fn explained(failure: Failure<JsJson>, reached: bool) -> Failure<JsJson> {
    Failure { kind: if reached { FailureKind::Hidden } else { FailureKind::Unreachable }, ..failure }
}

/// The body's text. Params without a JSON form (a cycle, a `BigInt`) are an error of the caller.
fn write(message: &JsValue) -> Result<JsValue, Failure<JsJson>> {
    match sys::write_json(message) {
        Ok(Some(text)) => Ok(text.into()),
        Ok(None) => Err(failure::new(FailureKind::Unwritable, "the params have no JSON form")),
        Err(reason) => Err(failure::new(FailureKind::Unwritable, &failure::words(&reason))),
    }
}
