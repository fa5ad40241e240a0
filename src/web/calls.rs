//! Who waits: the promises of running calls, with their signals and progress callbacks; and the calls of the package's own transport.

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

/// The calls of one driver that are not settled yet.
pub(super) struct Calls {
    next: Cell<u64>,
    waiting: RefCell<Table<u64, Call>>,
    signals: Signals,
    hook: Hook,
}

/// What a settled call gives its caller.
pub(super) enum Shape {
    /// The result, as the server sent it.
    Result,
    /// Nothing.
    Void,
    /// The session of this user and server.
    Session(String, String),
}

struct Call {
    shape: Shape,
    /// For errors of which the machine cannot say any more whose they are.
    server: Option<Rc<str>>,
    /// Gets the outcome.
    deferred: Deferred,
    caller: Caller,
}

/// Who is told what becomes of a call.
enum Caller {
    /// Who has its promise.
    Promise { signal: Option<AbortSignal>, on_progress: Option<Function> },
    /// The package's own transport, which passes on what an MCP client sends; and headers that the call's requests carry
    /// besides, which beat the others. A promise and a signal would cost a front as much as all else about a call.
    Transport(Option<Object>),
}

impl Calls {
    pub(super) fn new(hook: Hook) -> Self {
        Self { next: Cell::new(1), waiting: RefCell::default(), signals: Signals::new(), hook }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// A new call and its promise.
    ///
    /// # Errors
    /// The signal is aborted already: the error to reject with, and nothing is to be sent.
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
        let id = self.next.replace(self.next.get() + 1);
        if let Some(signal) = &signal {
            self.signals.enter(signal, id as f64, self.hook.function());
        }
        let deferred = sys::deferred();
        let promise = deferred.promise();
        let caller = Caller::Promise { signal, on_progress };
        self.waiting.borrow_mut().insert(id, Call { shape, server: server.cloned(), deferred, caller });
        Ok((CallId(id), promise))
    }

    /// A new call of the transport.
    pub(super) fn open_relayed(&self, server: &Rc<str>, deferred: Deferred, headers: Option<Object>) -> CallId {
        let id = self.nobody();
        let caller = Caller::Transport(headers);
        self.waiting
            .borrow_mut()
            .insert(id.0, Call { shape: Shape::Result, server: Some(Rc::clone(server)), deferred, caller });
        id
    }

    /// The headers of a call's own.
    pub(super) fn headers(&self, call: CallId) -> Option<Object> {
        match &self.waiting.borrow().get(call.0)?.caller {
            Caller::Transport(headers) => headers.clone(),
            Caller::Promise { .. } => None,
        }
    }

    /// The server answers a call by a stream; what hearing of it throws.
    pub(super) fn streams(&self, call: CallId) -> Result<JsValue, JsValue> {
        self.relayed(call).map_or(Ok(JsValue::UNDEFINED), |relayed| relayed.streams())
    }

    /// A call number that nobody waits on.
    pub(super) fn nobody(&self) -> CallId {
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
        let Some(call) = self.take(call) else { return };
        if let Shape::Session(user, server) = &call.shape {
            let session = McpSession::new(Handle::new(driver), session, user, server);
            call.resolve(&session.into());
        }
    }

    /// Passes on the progress of a call; what its callback throws.
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

    /// What names a call to its caller: the signal that it was given, or the transport's own name for it.
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
    // A promise's own resolvers do not throw, and what the transport throws, it hears of by itself.
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

/// A caller gives up.
pub(super) fn cancel(driver: &Rc<Driver>, call: CallId, reason: Option<&JsValue>) {
    let reason = reason.map(failure::words).filter(|words| !words.is_empty());
    driver.input(Input::Cancel { call, reason });
}
