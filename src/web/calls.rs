//! Who waits: the promises of running calls, with their signals and progress callbacks; and the calls of the package's own transport.

use super::abort::{self, Listening, Signals};
use super::driver::{Driver, Handle};
use super::hook::Hook;
use super::js::Signal;
use super::json::JsJson;
use super::session::McpSession;
use super::{error, failure};
use crate::core::table::Table;
use crate::core::{CallId, Input, SessionRef};
use crate::core::{Error, ErrorCode};
use js_sys::{Function, Object, Promise};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// The calls of one driver that are not settled yet.
pub(super) struct Calls {
    next: Cell<u64>,
    waiting: RefCell<Table<u64, Call>>,
    signals: Signals,
    on_abort: Hook,
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
    caller: Caller,
}

/// Who is told what becomes of a call.
enum Caller {
    /// Who has its promise.
    Promise { resolve: Function, reject: Function, listening: Option<Listening>, on_progress: Option<Function> },
    /// The package's own transport, which passes on what an MCP client sends; and headers that the call's requests carry
    /// besides, which beat the others. A promise and a signal would cost a front as much as all else about a call.
    Transport(RelayedCall, Option<Object>),
}

#[wasm_bindgen]
extern "C" {
    /// A call of the transport's (npm/transport.js).
    #[derive(Clone)]
    pub type RelayedCall;
    /// It is over, with an error or else with a result.
    #[wasm_bindgen(catch, method)]
    fn settle(this: &RelayedCall, error: &JsValue, result: &JsValue) -> Result<(), JsValue>;
    /// The server tells of progress.
    #[wasm_bindgen(catch, method)]
    fn progress(this: &RelayedCall, progress: &JsValue) -> Result<JsValue, JsValue>;
    /// The server answers by a stream.
    #[wasm_bindgen(catch, method)]
    fn streams(this: &RelayedCall) -> Result<JsValue, JsValue>;
}

impl Calls {
    pub(super) fn new(driver: &Weak<Driver>) -> Self {
        Self {
            next: Cell::new(1),
            waiting: RefCell::default(),
            signals: Signals::default(),
            on_abort: Hook::new(driver, aborted),
        }
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
        signal: Option<Signal>,
        on_progress: Option<Function>,
    ) -> Result<(CallId, Promise), JsValue> {
        if let Some(reason) = signal.as_ref().and_then(abort::reason) {
            let mut error = Error::new(ErrorCode::Cancelled, "the call was cancelled before it was sent");
            error.server = server.map(|server| String::from(&**server));
            return Err(error::to_js(&error, Some(&reason)));
        }
        let id = self.next.replace(self.next.get() + 1);
        let listening = signal.map(|signal| self.signals.enter(signal, id, &self.on_abort));
        let mut resolvers = None;
        let promise = Promise::new(&mut |resolve, reject| resolvers = Some((resolve, reject)));
        // A promise calls its executor before its constructor returns, so there always are resolvers.
        if let Some((resolve, reject)) = resolvers {
            let caller = Caller::Promise { resolve, reject, listening, on_progress };
            self.waiting.borrow_mut().insert(id, Call { shape, server: server.cloned(), caller });
        }
        Ok((CallId(id), promise))
    }

    /// A new call of the transport.
    pub(super) fn open_relayed(&self, server: &Rc<str>, call: RelayedCall, headers: Option<Object>) -> CallId {
        let id = self.nobody();
        let caller = Caller::Transport(call, headers);
        self.waiting.borrow_mut().insert(id.0, Call { shape: Shape::Result, server: Some(Rc::clone(server)), caller });
        id
    }

    /// The headers of a call's own.
    pub(super) fn headers(&self, call: CallId) -> Option<Object> {
        match &self.waiting.borrow().get(call.0)?.caller {
            Caller::Transport(_, headers) => headers.clone(),
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
        let signal = || self.waiting.borrow().get(call.0)?.listening().map(Listening::signal);
        self.relayed(call).map_or_else(signal, |relayed| Some(relayed.into()))
    }

    fn relayed(&self, call: CallId) -> Option<RelayedCall> {
        match &self.waiting.borrow().get(call.0)?.caller {
            Caller::Transport(relayed, _) => Some(relayed.clone()),
            Caller::Promise { .. } => None,
        }
    }

    fn take(&self, call: CallId) -> Option<Call> {
        let taken = self.waiting.borrow_mut().remove(call.0);
        if let Some(listening) = taken.as_ref().and_then(Call::listening) {
            self.signals.leave(listening, call.0);
        }
        taken
    }
}

impl Call {
    // A promise's own resolvers do not throw, and what the transport throws, it hears of by itself.
    fn resolve(&self, value: &JsValue) {
        let _ = match &self.caller {
            Caller::Promise { resolve, .. } => resolve.call1(&JsValue::UNDEFINED, value).map(drop),
            Caller::Transport(relayed, _) => relayed.settle(&JsValue::UNDEFINED, value),
        };
    }

    fn fail(&self, mut error: Error<JsJson>) {
        error.server = error.server.take().or_else(|| self.server.as_ref().map(|server| String::from(&**server)));
        let reason = self.listening().filter(|_| error.code == ErrorCode::Cancelled).and_then(Listening::reason);
        let error = error::to_js(&error, reason.as_ref());
        let _ = match &self.caller {
            Caller::Promise { reject, .. } => reject.call1(&JsValue::UNDEFINED, &error).map(drop),
            Caller::Transport(relayed, _) => relayed.settle(&error, &JsValue::UNDEFINED),
        };
    }

    fn listening(&self) -> Option<&Listening> {
        match &self.caller {
            Caller::Promise { listening, .. } => listening.as_ref(),
            Caller::Transport(..) => None,
        }
    }
}

/// The signal of some calls was aborted.
fn aborted(driver: &Rc<Driver>, signal: u64, _event: JsValue) {
    for call in driver.calls.signals.take_calls(signal) {
        let reason = {
            let waiting = driver.calls.waiting.borrow();
            waiting.get(call).and_then(|call| call.listening()?.reason())
        };
        cancel(driver, CallId(call), reason.as_ref());
    }
}

/// A caller gives up.
pub(super) fn cancel(driver: &Rc<Driver>, call: CallId, reason: Option<&JsValue>) {
    let reason = reason.map(failure::words).filter(|words| !words.is_empty());
    driver.input(Input::Cancel { call, reason });
}
