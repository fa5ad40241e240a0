//! The user's handlers of server requests and notifications, one set per session.

use super::driver::{Driver, HANDLER};
use super::failure;
use super::hook::{Hook, Report};
use super::json::JsJson;
use super::sys::{self, AbortController};
use crate::core::kit::table::{Named, Table};
use crate::core::protocol::codes::{INTERNAL_ERROR, METHOD_NOT_FOUND, NO_SUCH_METHOD};
use crate::core::{Input, RpcError, SessionInfo, SessionRef, Ticket};
use js_sys::{Function, Object};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The handlers of all sessions, and the requests in progress.
///
/// They belong to the session, not to the object on which they were set: they survive recoveries and the object's
/// disposal.
pub(super) struct Handlers {
    sessions: RefCell<Table<u64, Set>>,
    /// The number of sets at which those of ended sessions are removed.
    sweep_at: Cell<usize>,
    running: RefCell<Table<u64, AbortController>>,
    /// Receives the messages of all GET streams, and answers requests without a handler.
    tap: RefCell<Option<Function>>,
    /// Receives the slots that this tab requests when tabs share connections.
    sharing: RefCell<Option<Function>>,
    hook: Hook,
}

/// A handler of a session, or none in its place.
pub(super) enum Handler {
    /// Of requests of one method.
    Request(String, Function),
    /// Of notifications of one method.
    Notification(String, Function),
    OtherNotifications(Option<Function>),
    Observer(Option<Function>),
}

/// The handlers of one session.
#[derive(Default)]
pub(super) struct Set {
    /// By method.
    pub(super) requests: Named<Function>,
    /// By method.
    pub(super) notifications: Named<Function>,
    pub(super) other_notifications: Option<Function>,
    /// Receives all notifications, and requests without a handler.
    pub(super) observer: Option<Function>,
    /// Whether a failing notification handler was logged. A server could cause any number of failures.
    blamed: Cell<bool>,
}

impl Handlers {
    pub(super) fn new(hook: Hook) -> Self {
        Self {
            sessions: RefCell::default(),
            sweep_at: Cell::new(FIRST_SWEEP),
            running: RefCell::default(),
            tap: RefCell::default(),
            sharing: RefCell::default(),
            hook,
        }
    }

    /// Sets a handler of a session.
    pub(super) fn set(&self, session: SessionRef, handler: Handler) {
        let mut sessions = self.sessions.borrow_mut();
        let mut set = sessions.remove(session.0).unwrap_or_default();
        match handler {
            Handler::Request(method, handler) => set.requests.insert(method, handler),
            Handler::Notification(method, handler) => set.notifications.insert(method, handler),
            Handler::OtherNotifications(handler) => set.other_notifications = handler,
            Handler::Observer(handler) => set.observer = handler,
        }
        set.blamed.set(false);
        sessions.insert(session.0, set);
    }

    /// Reads the handlers of a session.
    pub(super) fn look<T>(&self, session: SessionRef, look: impl FnOnce(&Set) -> Option<T>) -> Option<T> {
        self.sessions.borrow().get(session.0).and_then(look)
    }

    /// Drops all handlers. They may refer to the manager, and no garbage collector can detect that cycle.
    pub(super) fn clear(&self) {
        self.sessions.take();
        self.tap.take();
        self.sharing.take();
    }

    /// Drops the handlers of ended sessions. It runs rarely, which makes the cost per session negligible.
    pub(super) fn sweep(&self, lives: impl Fn(SessionRef) -> bool) {
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() >= self.sweep_at.get() {
            for session in sessions.keys_where(&|_| true) {
                if !lives(SessionRef(session)) {
                    sessions.remove(session);
                }
            }
            self.sweep_at.set(FIRST_SWEEP.max(sessions.len() * 2));
        }
    }

    /// Passes a server request to its handler or to the observer.
    pub(super) fn request(
        &self,
        driver: &Rc<Driver>,
        ticket: Ticket,
        session: SessionRef,
        method: &str,
        message: &JsValue,
        during: Option<JsValue>,
    ) {
        let own = self.look(session, |set| set.requests.get(method).or(set.observer.as_ref()).cloned());
        let of = if own.is_none() { driver.info(session) } else { None };
        let Some(handler) = own.or_else(|| self.tap.borrow().clone()) else {
            let outcome = Err(failed(METHOD_NOT_FOUND, NO_SUCH_METHOD));
            return driver.input(Input::Answer { ticket, outcome });
        };
        if let Err(thrown) = self.run(ticket.0, &handler, message, about(of), during) {
            answer(driver, ticket.0, Err(rpc_error(&thrown)));
        }
    }

    fn run(
        &self,
        ticket: u64,
        handler: &Function,
        message: &JsValue,
        extra: JsValue,
        during: Option<JsValue>,
    ) -> Result<(), JsValue> {
        let aborter = AbortController::new()?;
        sys::put(&extra, "signal", &aborter.signal()?);
        if let Some(during) = during {
            sys::put(&extra, "during", &during);
        }
        self.running.borrow_mut().insert(ticket, aborter);
        let result = handler.call2(&JsValue::UNDEFINED, message, &extra)?;
        sys::follow(&result, &self.hook.of(Report::Answered, ticket), &self.hook.of(Report::Refused, ticket))
    }

    /// Sets or removes the tap.
    pub(super) fn set_tap(&self, tap: Option<Function>) {
        self.tap.replace(tap);
    }

    /// Sets the function for [`crate::core::Output::Turns`], or removes it. Returns whether there is one.
    pub(super) fn set_sharing(&self, sharing: Option<Function>) -> bool {
        let shares = sharing.is_some();
        self.sharing.replace(sharing);
        shares
    }

    /// Reports the used, requested and available slots of an origin. Returns what the function throws.
    pub(super) fn report_turns(&self, origin: &str, [used, wanted, slots]: [usize; 3]) -> Result<JsValue, JsValue> {
        let Some(sharing) = self.sharing.borrow().clone() else { return Ok(JsValue::UNDEFINED) };
        let (used, wanted, slots) = (used as f64, wanted as f64, slots as f64);
        sharing.call4(&JsValue::UNDEFINED, &origin.into(), &used.into(), &wanted.into(), &slots.into())
    }

    /// Passes a notification to the tap. Returns what it throws.
    pub(super) fn call_tap(&self, of: Option<SessionInfo>, message: &JsValue) -> Result<JsValue, JsValue> {
        let tap = self.tap.borrow().clone();
        tap.map_or(Ok(JsValue::UNDEFINED), |tap| tap.call2(&JsValue::UNDEFINED, message, &about(of)))
    }

    /// The server cancelled the request.
    pub(super) fn cancel(&self, ticket: Ticket) {
        let aborter = self.running.borrow_mut().remove(ticket.0);
        let _ = aborter.map(|aborter| aborter.abort());
    }

    /// Whether this is the first failure of a notification handler since the session's handlers were changed.
    pub(super) fn blame(&self, session: SessionRef) -> bool {
        self.look(session, |set| Some(!set.blamed.replace(true))).unwrap_or(true)
    }

    /// Passes a notification to the observer, and to its handler or the default one.
    pub(super) fn notify(
        &self,
        driver: &Driver,
        session: SessionRef,
        method: &str,
        message: &JsValue,
        during: Option<JsValue>,
    ) {
        let callback = HANDLER.wrapping_add(session.0);
        let read = |set: &Set| {
            let handler = set.notifications.get(method).or(set.other_notifications.as_ref());
            Some((set.observer.clone(), handler.cloned()))
        };
        let (observer, handler) = self.look(session, read).unwrap_or_default();
        if let Some(observer) = observer {
            let about = JsValue::from(Object::new());
            sys::put(&about, "during", &during.unwrap_or_default());
            driver.report(callback, observer.call2(&JsValue::UNDEFINED, message, &about));
        }
        if let Some(handler) = handler {
            driver.report(callback, handler.call1(&JsValue::UNDEFINED, message));
        }
    }
}

/// An object that identifies a session.
pub(super) fn about(of: Option<SessionInfo>) -> JsValue {
    let about = JsValue::from(Object::new());
    if let Some(info) = of {
        sys::put(&about, "userId", &info.user_id.into());
        sys::put(&about, "serverName", &info.server_name.into());
    }
    about
}

pub(super) fn answer(driver: &Rc<Driver>, ticket: u64, outcome: Result<JsJson, RpcError<JsJson>>) {
    let known = driver.handlers.running.borrow_mut().remove(ticket).is_some();
    if known {
        driver.input(Input::Answer { ticket: Ticket(ticket), outcome });
    }
}

/// Handlers without a result answer with an empty object, because MCP requires one.
pub(super) fn checked(result: JsValue) -> Result<JsJson, RpcError<JsJson>> {
    if result.is_undefined() || result.is_null() {
        return Ok(JsJson(Object::new().into()));
    }
    if !sys::is_object(&result) {
        return Err(failed(INTERNAL_ERROR, "the handler's result is not an object"));
    }
    // Values without a JSON form fail here, where the server can still get an error.
    match sys::write_json(&result) {
        Ok(Some(_)) => Ok(JsJson(result)),
        _ => Err(failed(INTERNAL_ERROR, "the handler's result has no JSON form")),
    }
}

/// The JSON-RPC error for an exception of a handler.
pub(super) fn rpc_error(thrown: &JsValue) -> RpcError<JsJson> {
    let code = sys::member(thrown, "code").and_then(|code| code.as_f64());
    let whole = code.filter(|code| code.fract() == 0.0 && code.abs() <= f64::from(i32::MAX));
    let words = failure::words(thrown);
    let message = if words.is_empty() { "Internal error" } else { &words };
    let data = sys::member(thrown, "data").filter(|data| matches!(sys::write_json(data), Ok(Some(_))));
    RpcError { data: data.map(JsJson), ..failed(whole.map_or(INTERNAL_ERROR, |code| code as i32), message) }
}

fn failed(code: i32, message: &str) -> RpcError<JsJson> {
    RpcError { code, message: message.into(), data: None }
}

/// The first sweep happens at this number of sets.
const FIRST_SWEEP: usize = 256;
