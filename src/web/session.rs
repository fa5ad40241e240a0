//! The exported class `McpSession`.

use super::calls::{self, Shape};
use super::driver::Handle;
#[cfg(feature = "package")]
use super::events::to_js;
use super::handlers::Handler;
use super::json::JsJson;
use super::sys::Deferred;
use super::{error, options, sys};
use crate::core::{CallId, Input, Millis, RequestOptions, SessionRef, Target};
use crate::core::{SessionInfo, State};
use js_sys::{Function, Promise};
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// One session: its requests and its state.
///
/// Several of these objects may represent one session. They share its handlers.
#[wasm_bindgen]
pub struct McpSession {
    driver: Handle,
    session: SessionRef,
    server: Rc<str>,
    /// The last known state, for use after the machine has dropped the record.
    seen: RefCell<SessionInfo>,
    initialized: RefCell<Option<JsJson>>,
}

#[wasm_bindgen]
impl McpSession {
    /// Sends any request and resolves with its result.
    pub fn request(&self, request: JsValue, options: JsValue) -> Promise {
        let started = options::text(&request, "method", "request").and_then(|method| {
            let params = sys::member(&request, "params").unwrap_or(JsValue::UNDEFINED);
            self.start(&method, options::object(params, "request.params")?, &options, Shape::Result)
        });
        error::promised(started)
    }

    /// Sends a notification.
    pub fn notification(&self, notification: JsValue) -> Promise {
        error::promised(self.start_notification(&notification))
    }

    /// What is known of the session, and the result of `initialize`.
    #[cfg(feature = "package")]
    #[wasm_bindgen(js_name = info)]
    pub fn fields(&self) -> JsValue {
        let fields = to_js(&self.info().fields());
        if let Some(JsJson(result)) = self.initialize_result() {
            sys::put(&fields, "result", &result);
        }
        fields
    }

    /// Sends a request with this method.
    #[cfg(feature = "package")]
    #[wasm_bindgen(js_name = call)]
    pub fn call_by_name(&self, method: JsValue, params: JsValue, options: JsValue, is_void: bool) -> Promise {
        let shape = if is_void { Shape::Void } else { Shape::Result };
        self.call(&method.as_string().unwrap_or_default(), params, &options, shape)
    }

    /// `tools/call`
    #[wasm_bindgen(js_name = callTool)]
    pub fn call_tool(&self, params: JsValue, options: JsValue) -> Promise {
        if let Err(error) = options::tool(&params) {
            return error::promised(Err(error));
        }
        self.call("tools/call", params, &options, Shape::Result)
    }

    /// The observer, or the handler of notifications without a handler of their own.
    #[cfg(feature = "package")]
    pub fn heard(&self, by_observer: bool) -> JsValue {
        self.hearer(by_observer)
    }

    /// Sets one of both, or removes it with anything but a function. With a `method`: sets its handler, of notifications
    /// or (`is_main`) of requests.
    #[cfg(feature = "package")]
    pub fn hear(&self, is_main: bool, handler: JsValue, method: JsValue) {
        match method.as_string() {
            Some(method) => self.handle(is_main, method, handler.unchecked_into()),
            None => self.set_hearer(is_main, handler),
        }
    }

    /// For the package's transport: sends a request of its client, without a timeout. `call` receives the outcome and
    /// identifies the request to the observer; `headers` are additional headers. Returns its number.
    ///
    /// # Errors
    /// The params are not an object.
    pub fn relay(
        &self,
        call: Deferred,
        method: JsValue,
        params: JsValue,
        headers: JsValue,
        wants_progress: bool,
    ) -> Result<f64, JsValue> {
        let params = options::object(params, "request.params")?.map(JsJson);
        let method = method.as_string().unwrap_or_default();
        let headers = Some(headers).filter(sys::is_object).map(JsCast::unchecked_into);
        let call = self.driver.calls.open_relayed(&self.server, call, headers);
        let options = RequestOptions { timeout: Some(Millis::MAX), wants_progress, ..RequestOptions::default() };
        self.driver.input(Input::Request { call, session: self.session, method, params, options });
        Ok(call.0 as f64)
    }

    /// For the package's transport: cancels that request.
    #[wasm_bindgen(js_name = cancelRelayed)]
    pub fn cancel_relayed(&self, number: f64, reason: JsValue) {
        calls::cancel(&self.driver, CallId(number as u64), Some(&reason));
    }

    /// For the gateway: whether that request was never sent, because it waits for its turn.
    #[cfg(feature = "gateway")]
    #[wasm_bindgen(js_name = isUnsent)]
    pub fn is_unsent(&self, number: f64) -> bool {
        self.driver.look(|machine| machine.is_unsent(CallId(number as u64))).unwrap_or_default()
    }

    /// Terminates the session.
    pub fn terminate(&self) -> Promise {
        let started = self.driver.calls.open(Shape::Void, Some(&self.server), None, None);
        error::promised(started.map(|(call, promise)| {
            self.driver.input(Input::Terminate { call, target: Target::Session(self.session) });
            promise
        }))
    }
}

/// The members with names of their own. In the npm package npm/slim.js has them: each is an export with its glue, together 5 KB.
/// The tests in wasm (with `client`) use the module without that file.
#[cfg(any(not(feature = "package"), feature = "client"))]
#[wasm_bindgen]
impl McpSession {
    /// The user's id.
    #[wasm_bindgen(getter, js_name = userId)]
    pub fn user_id(&self) -> JsValue {
        JsValue::from_str(&self.seen.borrow().user_id)
    }

    /// The server's name.
    #[wasm_bindgen(getter, js_name = serverName)]
    pub fn server_name(&self) -> JsValue {
        JsValue::from_str(&self.server)
    }

    /// The `Mcp-Session-Id`, if the server issued one.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> JsValue {
        self.info().session_id.as_deref().map_or(JsValue::UNDEFINED, Into::into)
    }

    /// The state of the session.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsValue {
        self.info().state.as_str().into()
    }

    /// The kind of the session.
    #[wasm_bindgen(getter)]
    pub fn kind(&self) -> JsValue {
        self.info().kind.as_str().into()
    }

    /// The number of successful handshakes.
    #[wasm_bindgen(getter)]
    pub fn generation(&self) -> f64 {
        self.info().generation as f64
    }

    /// The negotiated protocol version.
    #[wasm_bindgen(getter, js_name = protocolVersion)]
    pub fn protocol_version(&self) -> JsValue {
        self.info().protocol_version.as_str().into()
    }

    /// The server's capabilities.
    #[wasm_bindgen(js_name = getServerCapabilities)]
    pub fn server_capabilities(&self) -> JsValue {
        member(self.initialize_result(), "capabilities")
    }

    /// The server's name and version.
    #[wasm_bindgen(js_name = getServerVersion)]
    pub fn server_version(&self) -> JsValue {
        member(self.initialize_result(), "serverInfo")
    }

    /// The server's instructions.
    #[wasm_bindgen(js_name = getInstructions)]
    pub fn instructions(&self) -> JsValue {
        member(self.initialize_result(), "instructions")
    }

    /// Checks that the server answers.
    pub fn ping(&self, options: JsValue) -> Promise {
        self.call("ping", JsValue::UNDEFINED, &options, Shape::Void)
    }

    /// `tools/list`
    #[wasm_bindgen(js_name = listTools)]
    pub fn list_tools(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("tools/list", params, &options, Shape::Result)
    }

    /// `resources/list`
    #[wasm_bindgen(js_name = listResources)]
    pub fn list_resources(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("resources/list", params, &options, Shape::Result)
    }

    /// `resources/templates/list`
    #[wasm_bindgen(js_name = listResourceTemplates)]
    pub fn list_resource_templates(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("resources/templates/list", params, &options, Shape::Result)
    }

    /// `resources/read`
    #[wasm_bindgen(js_name = readResource)]
    pub fn read_resource(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("resources/read", params, &options, Shape::Result)
    }

    /// `resources/subscribe`
    #[wasm_bindgen(js_name = subscribeResource)]
    pub fn subscribe_resource(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("resources/subscribe", params, &options, Shape::Void)
    }

    /// `resources/unsubscribe`
    #[wasm_bindgen(js_name = unsubscribeResource)]
    pub fn unsubscribe_resource(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("resources/unsubscribe", params, &options, Shape::Void)
    }

    /// `prompts/list`
    #[wasm_bindgen(js_name = listPrompts)]
    pub fn list_prompts(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("prompts/list", params, &options, Shape::Result)
    }

    /// `prompts/get`
    #[wasm_bindgen(js_name = getPrompt)]
    pub fn get_prompt(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("prompts/get", params, &options, Shape::Result)
    }

    /// `completion/complete`
    pub fn complete(&self, params: JsValue, options: JsValue) -> Promise {
        self.call("completion/complete", params, &options, Shape::Result)
    }

    /// `logging/setLevel`
    #[wasm_bindgen(js_name = setLoggingLevel)]
    pub fn set_logging_level(&self, level: JsValue, options: JsValue) -> Promise {
        if let Err(error) = options::string(&level, "level") {
            return error::promised(Err(error));
        }
        let params = JsValue::from(js_sys::Object::new());
        sys::put(&params, "level", &level);
        self.call("logging/setLevel", params, &options, Shape::Void)
    }

    /// Sets the handler of a server request. Its capability is declared from the next handshake on.
    ///
    /// # Errors
    /// `config_error` if the method is not a string or the handler not a function.
    #[wasm_bindgen(js_name = setRequestHandler)]
    pub fn set_request_handler(&self, method: JsValue, handler: JsValue) -> Result<(), JsValue> {
        self.handle(true, options::string(&method, "method")?, function(handler)?);
        Ok(())
    }

    /// Sets the handler of a notification.
    ///
    /// # Errors
    /// `config_error` if the method is not a string or the handler not a function.
    #[wasm_bindgen(js_name = setNotificationHandler)]
    pub fn set_notification_handler(&self, method: JsValue, handler: JsValue) -> Result<(), JsValue> {
        self.handle(false, options::string(&method, "method")?, function(handler)?);
        Ok(())
    }

    /// The handler of notifications without a handler of their own.
    #[wasm_bindgen(getter, js_name = onnotification)]
    pub fn on_notification(&self) -> JsValue {
        self.hearer(false)
    }

    /// Sets that handler, or removes it with anything but a function.
    #[wasm_bindgen(setter, js_name = onnotification)]
    pub fn set_on_notification(&self, handler: JsValue) {
        self.set_hearer(false, handler);
    }

    /// For the package's transport: a function that receives every notification as `(message, { during })` and answers
    /// requests without a handler as `(message, { signal, during })`; `during` is the signal of the call on whose
    /// stream the message came, or the name passed to `relay`. There is one per session, shared by all objects of the
    /// session, and it works alongside the user's handlers.
    #[wasm_bindgen(getter)]
    pub fn observer(&self) -> JsValue {
        self.hearer(true)
    }

    /// Sets that function, or removes it with anything but a function.
    #[wasm_bindgen(setter)]
    pub fn set_observer(&self, observer: JsValue) {
        self.set_hearer(true, observer);
    }
}

impl McpSession {
    /// The object of a connected session.
    pub(super) fn new(driver: Handle, session: SessionRef, info: SessionInfo) -> Self {
        let initialized = RefCell::new(driver.look(|machine| machine.initialize_result(session)).flatten());
        Self { driver, session, server: Rc::from(info.server_name.as_str()), seen: RefCell::new(info), initialized }
    }

    fn info(&self) -> Ref<'_, SessionInfo> {
        match self.driver.look(|machine| machine.session(self.session)) {
            Some(Some(info)) => *self.seen.borrow_mut() = info,
            Some(None) => {
                let is_closed = self.driver.is_closed();
                self.seen.borrow_mut().state = if is_closed { State::Closed } else { State::Terminated };
            }
            None => {}
        }
        self.seen.borrow()
    }

    fn initialize_result(&self) -> Option<JsJson> {
        if let Some(result) = self.driver.look(|machine| machine.initialize_result(self.session)).flatten() {
            self.initialized.replace(Some(result));
        }
        self.initialized.borrow().clone()
    }

    fn hearer(&self, by_observer: bool) -> JsValue {
        let handler = self
            .driver
            .handlers
            .look(self.session, |set| if by_observer { set.observer.clone() } else { set.other_notifications.clone() });
        handler.map_or(JsValue::UNDEFINED, Into::into)
    }

    fn set_hearer(&self, by_observer: bool, handler: JsValue) {
        let handler = handler.dyn_into().ok();
        self.set_handler(if by_observer { Handler::Observer(handler) } else { Handler::OtherNotifications(handler) });
    }

    /// Sets the handler of a request or a notification of the server.
    fn handle(&self, is_request: bool, method: String, handler: Function) {
        if !is_request {
            return self.set_handler(Handler::Notification(method, handler));
        }
        let capability = match method.as_str() {
            "sampling/createMessage" => Some("sampling"),
            "elicitation/create" => Some("elicitation"),
            "roots/list" => Some("roots"),
            _ => None,
        };
        self.set_handler(Handler::Request(method, handler));
        if let Some(capability) = capability {
            self.driver.input(Input::Declare { session: self.session, capability: capability.into() });
        }
    }

    fn call(&self, method: &str, params: JsValue, options: &JsValue, shape: Shape) -> Promise {
        let params = options::object(params, "params");
        error::promised(params.and_then(|params| self.start(method, params, options, shape)))
    }

    fn start(
        &self,
        method: &str,
        params: Option<JsValue>,
        options: &JsValue,
        shape: Shape,
    ) -> Result<Promise, JsValue> {
        let given = options::call(options)?;
        let (call, promise) = self.driver.calls.open(shape, Some(&self.server), given.signal, given.on_progress)?;
        self.driver.input(Input::Request {
            call,
            session: self.session,
            method: method.into(),
            params: params.map(JsJson),
            options: given.options,
        });
        Ok(promise)
    }

    fn start_notification(&self, notification: &JsValue) -> Result<Promise, JsValue> {
        let method = options::text(notification, "method", "notification")?;
        let params = sys::member(notification, "params").unwrap_or(JsValue::UNDEFINED);
        let params = options::object(params, "notification.params")?.map(JsJson);
        let (call, promise) = self.driver.calls.open(Shape::Void, Some(&self.server), None, None)?;
        self.driver.input(Input::Notify { call, session: self.session, method, params });
        Ok(promise)
    }

    fn set_handler(&self, handler: Handler) {
        let lives = |session| self.driver.look(|machine| machine.session(session).is_some()) != Some(false);
        self.driver.handlers.sweep(lives);
        self.driver.handlers.set(self.session, handler);
    }
}

#[cfg(any(not(feature = "package"), feature = "client"))]
fn member(result: Option<JsJson>, name: &str) -> JsValue {
    result.and_then(|result| sys::member(&result.0, name)).unwrap_or(JsValue::UNDEFINED)
}

#[cfg(any(not(feature = "package"), feature = "client"))]
fn function(handler: JsValue) -> Result<Function, JsValue> {
    handler.dyn_into().map_err(|_| error::invalid("handler", "must be a function"))
}
