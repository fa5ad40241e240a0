//! Pending calls: promises with their signals and progress callbacks, and calls of the package's transport.

use super::abort;
use super::driver::Driver;
#[cfg(feature = "classes")]
use super::driver::Handle;
use super::hook::Hook;
use super::json::JsJson;
#[cfg(feature = "classes")]
use super::session::McpSession;
use super::sys::{self, AbortSignal, Deferred, Signals};
use super::{error, failure};
#[cfg(feature = "classes")]
use crate::core::SessionRef;
use crate::core::kit::table::Table;
use crate::core::{CallId, Input};
use crate::core::{Error, ErrorCode};
use js_sys::{Function, Object, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The pending calls of one driver.
pub(super) struct Calls {
    next: Cell<u64>,
    waiting: RefCell<Table<u64, Call>>,
    signals: Signals,
    hook: Hook,
}

/// What a settled call resolves with.
pub(super) enum Shape {
    /// The result, as sent by the server.
    Result,
    /// Nothing.
    Void,
    /// The session.
    Session,
}

struct Call {
    shape: Shape,
    /// The server's name for errors, when the machine has no record any more.
    server: Option<Rc<str>>,
    /// Settles the promise.
    deferred: Deferred,
    caller: Caller,
}

/// The recipient of progress and the name of the call.
enum Caller {
    /// A promise of the public API.
    Promise { signal: Option<AbortSignal>, on_progress: Option<Function> },
    /// The package's transport, which relays an MCP client, with additional headers that replace the configured ones. A
    /// promise and a signal would cost it as much as the rest of a call.
    Transport(Option<Object>),
}

impl Calls {
    pub(super) fn new(hook: Hook) -> Self {
        Self { next: Cell::new(1), waiting: RefCell::default(), signals: Signals::new(), hook }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Registers a call and returns its promise.
    ///
    /// # Errors
    /// The signal is aborted already: the error to reject with. Nothing is to be sent.
    pub(super) fn open(
        &self,
        shape: Shape,
        server: Option<&Rc<str>>,
        signal: Option<AbortSignal>,
        on_progress: Option<Function>,
    ) -> Result<(CallId, Promise), JsValue> {
        if let Some(reason) = signal.as_ref().and_then(abort::reason) {
            let mut error = Error::new(ErrorCode::Cancelled, "the call was cancelled before it was sent");
            error.server = server.map(|server| String::from(&**server));
            return Err(error::to_js(&error, Some(&reason)));
        }
        let call = self.without_caller();
        if let Some(signal) = &signal {
            self.signals.enter(signal, call.0 as f64, self.hook.function());
        }
        let deferred = sys::deferred();
        let promise = deferred.promise();
        let caller = Caller::Promise { signal, on_progress };
        self.waiting.borrow_mut().insert(call.0, Call { shape, server: server.cloned(), deferred, caller });
        Ok((call, promise))
    }

    /// Registers a call of the transport.
    pub(super) fn open_relayed(&self, server: &Rc<str>, deferred: Deferred, headers: Option<Object>) -> CallId {
        let id = self.without_caller();
        let caller = Caller::Transport(headers);
        self.waiting
            .borrow_mut()
            .insert(id.0, Call { shape: Shape::Result, server: Some(Rc::clone(server)), deferred, caller });
        id
    }

    /// The additional headers of a call.
    pub(super) fn headers(&self, call: CallId) -> Option<Object> {
        match &self.waiting.borrow().get(call.0)?.caller {
            Caller::Transport(headers) => headers.clone(),
            Caller::Promise { .. } => None,
        }
    }

    /// Reports to the transport that the server answers with a stream. Returns what the callback throws.
    pub(super) fn streams(&self, call: CallId) -> Result<JsValue, JsValue> {
        self.relayed(call).map_or(Ok(JsValue::UNDEFINED), |relayed| relayed.streams())
    }

    /// A call id without a caller.
    pub(super) fn without_caller(&self) -> CallId {
        CallId(self.next.replace(self.next.get() + 1))
    }

    /// Settles a call.
    pub(super) fn settle(&self, call: CallId, outcome: Result<Option<JsJson>, Error<JsJson>>) {
        let Some(call) = self.take(call) else { return };
        match outcome {
            Ok(result) => {
                let result = result.filter(|_| matches!(call.shape, Shape::Result));
                call.resolve(&result.map_or(JsValue::UNDEFINED, |result| result.0));
            }
            Err(error) => call.fail(error),
        }
    }

    /// Settles a `connect`.
    #[cfg(feature = "classes")]
    pub(super) fn connected(&self, driver: &Rc<Driver>, call: CallId, session: SessionRef) {
        // No input that ends a record connects callers first, so there is one.
        let (Some(call), Some(info)) = (self.take(call), driver.info(session)) else { return };
        call.resolve(&McpSession::new(Handle::new(driver), session, info).into());
    }

    /// Delivers the progress of a call. Returns what its callback throws.
    pub(super) fn progress(&self, call: CallId, progress: &JsValue) -> Result<JsValue, JsValue> {
        if let Some(relayed) = self.relayed(call) {
            return relayed.progress(progress);
        }
        let callback = match &self.waiting.borrow().get(call.0).map(|call| &call.caller) {
            Some(Caller::Promise { on_progress, .. }) => on_progress.clone(),
            _ => None,
        };
        callback.map_or(Ok(JsValue::UNDEFINED), |callback| callback.call1(&JsValue::UNDEFINED, progress))
    }

    /// Identifies a call to its caller: by its signal, or by the transport's own name for it.
    pub(super) fn name(&self, call: CallId) -> Option<JsValue> {
        let signal = || self.waiting.borrow().get(call.0)?.signal().map(|signal| (**signal).clone());
        self.relayed(call).map_or_else(signal, |relayed| Some(relayed.into()))
    }

    fn relayed(&self, call: CallId) -> Option<Deferred> {
        let waiting = self.waiting.borrow();
        let call = waiting.get(call.0)?;
        matches!(call.caller, Caller::Transport(_)).then(|| call.deferred.clone())
    }

    fn take(&self, call: CallId) -> Option<Call> {
        let taken = self.waiting.borrow_mut().remove(call.0);
        if let Some(signal) = taken.as_ref().and_then(Call::signal) {
            self.signals.leave(signal, call.0 as f64);
        }
        taken
    }
}

impl Call {
    // Resolvers of promises do not throw, and the transport handles its own exceptions.
    fn resolve(&self, value: &JsValue) {
        let _ = self.deferred.settle(&JsValue::UNDEFINED, value);
    }

    fn fail(&self, mut error: Error<JsJson>) {
        error.server = error.server.take().or_else(|| self.server.as_ref().map(|server| String::from(&**server)));
        let reason = self.signal().filter(|_| error.code == ErrorCode::Cancelled).and_then(abort::reason);
        let error = error::to_js(&error, reason.as_ref());
        let _ = self.deferred.settle(&error, &JsValue::UNDEFINED);
    }

    fn signal(&self) -> Option<&AbortSignal> {
        match &self.caller {
            Caller::Promise { signal, .. } => signal.as_ref(),
            Caller::Transport(_) => None,
        }
    }
}

/// The signal of a call was aborted.
pub(super) fn aborted(driver: &Rc<Driver>, call: u64, reason: &JsValue) {
    cancel(driver, CallId(call), Some(reason));
}

/// Cancels a call for its caller.
pub(super) fn cancel(driver: &Rc<Driver>, call: CallId, reason: Option<&JsValue>) {
    let reason = reason.map(failure::words).filter(|words| !words.is_empty());
    driver.input(Input::Cancel { call, reason });
}
