//! Who waits: the promises of running calls, with their signals and progress callbacks; and the calls of the package's own transport.

use super::abort::{self, Listening};
use super::driver::{Driver, Handle};
use super::hook::Hook;
use super::js::Signal;
use super::json::JsJson;
use super::session::McpSession;
use super::{error, failure};
use crate::core::table::Table;
use crate::core::{CallId, Input, SessionRef};
use crate::core::{Error, ErrorCode};
use js_sys::{Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// The calls of one driver that are not settled yet.
pub(super) struct Calls {
    next: Cell<u64>,
    waiting: RefCell<Table<u64, Call>>,
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
    resolve: Function,
    reject: Function,
    listening: Option<Listening>,
    on_progress: Option<Function>,
    relayed: Option<Relayed>,
}

/// What is known besides of a call of the package's own transport (npm/transport.js), which passes on what an MCP client
/// sends. It has callbacks instead of a promise and a signal, which would cost a front as much as all else about a call.
pub(super) struct Relayed {
    /// What names the call to the transport.
    pub(super) name: JsValue,
    /// Headers that its requests carry besides; they beat the others.
    pub(super) headers: JsValue,
    /// Told when the server answers by a stream.
    pub(super) on_stream: Function,
}

impl Calls {
    pub(super) fn new(driver: &Weak<Driver>) -> Self {
        Self { next: Cell::new(1), waiting: RefCell::default(), on_abort: Hook::new(driver, aborted) }
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
        let listening = signal.map(|signal| Listening::new(signal, self.on_abort.of(id)));
        let mut resolvers = None;
        let promise = Promise::new(&mut |resolve, reject| resolvers = Some((resolve, reject)));
        // A promise calls its executor before its constructor returns, so there always are resolvers.
        if let Some((resolve, reject)) = resolvers {
            let server = server.cloned();
            let call = Call { shape, server, resolve, reject, listening, on_progress, relayed: None };
            self.waiting.borrow_mut().insert(id, call);
        }
        Ok((CallId(id), promise))
    }

    /// A new call of the transport.
    pub(super) fn open_relayed(
        &self,
        server: &Rc<str>,
        resolve: Function,
        reject: Function,
        on_progress: Function,
        relayed: Relayed,
    ) -> CallId {
        let call = Call {
            shape: Shape::Result,
            server: Some(Rc::clone(server)),
            resolve,
            reject,
            listening: None,
            on_progress: Some(on_progress),
            relayed: Some(relayed),
        };
        let id = self.nobody();
        self.waiting.borrow_mut().insert(id.0, call);
        id
    }

    /// The headers of a call's own.
    pub(super) fn headers(&self, call: CallId) -> Option<JsValue> {
        let headers = self.waiting.borrow().get(call.0)?.relayed.as_ref()?.headers.clone();
        Some(headers).filter(|headers| !headers.is_undefined())
    }

    /// The server answers a call by a stream; what hearing of it throws.
    pub(super) fn streams(&self, call: CallId) -> Result<(), JsValue> {
        let told = |call: &Call| Some(call.relayed.as_ref()?.on_stream.clone());
        let callback = self.waiting.borrow().get(call.0).and_then(told);
        callback.map_or(Ok(()), |callback| callback.call0(&JsValue::UNDEFINED).map(drop))
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
    pub(super) fn progress(&self, call: CallId, progress: &JsValue) -> Result<(), JsValue> {
        let callback = self.waiting.borrow().get(call.0).and_then(|call| call.on_progress.clone());
        callback.map_or(Ok(()), |callback| callback.call1(&JsValue::UNDEFINED, progress).map(drop))
    }

    /// What names a call to its caller: the signal that it was given, or the transport's own name for it.
    pub(super) fn name(&self, call: CallId) -> Option<JsValue> {
        let waiting = self.waiting.borrow();
        let call = waiting.get(call.0)?;
        let relayed = call.relayed.as_ref().map(|relayed| relayed.name.clone());
        relayed.or_else(|| call.listening.as_ref().map(Listening::signal))
    }

    fn take(&self, call: CallId) -> Option<Call> {
        self.waiting.borrow_mut().remove(call.0)
    }
}

impl Call {
    fn resolve(&self, value: &JsValue) {
        // A promise's own resolvers do not throw.
        let _ = self.resolve.call1(&JsValue::UNDEFINED, value);
    }

    fn fail(&self, mut error: Error<JsJson>) {
        error.server = error.server.take().or_else(|| self.server.as_ref().map(|server| String::from(&**server)));
        let reason = self.listening.as_ref().filter(|_| error.code == ErrorCode::Cancelled).and_then(Listening::reason);
        let _ = self.reject.call1(&JsValue::UNDEFINED, &error::to_js(&error, reason.as_ref()));
    }
}

/// The signal of a call was aborted.
fn aborted(driver: &Rc<Driver>, call: u64, _event: JsValue) {
    let reason = {
        let waiting = driver.calls.waiting.borrow();
        waiting.get(call).and_then(|call| call.listening.as_ref()?.reason())
    };
    cancel(driver, CallId(call), reason.as_ref());
}

/// A caller gives up.
pub(super) fn cancel(driver: &Rc<Driver>, call: CallId, reason: Option<&JsValue>) {
    let reason = reason.map(failure::words).filter(|words| !words.is_empty());
    driver.input(Input::Cancel { call, reason });
}
