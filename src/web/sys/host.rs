//! The functions of host.js, and the objects through which JavaScript receives the outcome of a call.

use super::fetch_objects::{AbortSignal, Response, StreamReader};
use super::value::Present;
use js_sys::{JsString, Promise};
use wasm_bindgen::prelude::*;

/// The recipient of a call's outcome.
#[wasm_bindgen]
extern "C" {
    /// The transport's object for a call (npm/transport.js), or the resolvers of a promise.
    #[derive(Clone)]
    pub type Deferred;
    /// Settles the call with an error or a result.
    #[wasm_bindgen(catch, method)]
    pub(crate) fn settle(this: &Deferred, error: &JsValue, result: &JsValue) -> Result<(), JsValue>;
    /// The promise, if it is one.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn promise(this: &Deferred) -> Promise;
    /// Delivers progress.
    #[wasm_bindgen(catch, method)]
    pub(crate) fn progress(this: &Deferred, progress: &JsValue) -> Result<JsValue, JsValue>;
    /// Reports that the server answers with a stream.
    #[wasm_bindgen(catch, method)]
    pub(crate) fn streams(this: &Deferred) -> Result<JsValue, JsValue>;
}

/// The functions of host.js.
#[wasm_bindgen(module = "/src/web/sys/host.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub(crate) fn follow(value: &JsValue, done: &JsValue, failed: &JsValue) -> Result<(), JsValue>;
    pub(crate) fn store(storage: &JsValue, method: &str, name: &str, value: &JsValue) -> Promise;
    #[wasm_bindgen(catch, js_name = askForToken)]
    pub(crate) fn ask_for_token(
        provider: &JsValue,
        context: &JsValue,
        done: &JsValue,
        failed: &JsValue,
    ) -> Result<(), JsValue>;
    pub(crate) fn seed() -> u64;
    pub(crate) fn log(sink: &JsValue, level: &str, line: &str);
    pub(crate) fn cancel(source: &JsValue);
    #[wasm_bindgen(catch)]
    pub(crate) fn reader(response: &Response) -> Result<StreamReader, JsValue>;
    #[wasm_bindgen(catch)]
    pub(crate) fn soon(then: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = maySetTimeouts)]
    pub(crate) fn may_set_timeouts() -> bool;
    pub(crate) fn init(method: &JsValue, headers: &JsValue, body: &JsValue, signal: &JsValue, follows: bool)
    -> JsValue;
    #[wasm_bindgen(catch)]
    pub(crate) fn send(given: &JsValue, url: &JsString, init: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = isForeign)]
    pub(crate) fn is_foreign(url: &JsString) -> bool;
    pub(crate) fn deferred() -> Deferred;
    #[wasm_bindgen(js_name = error)]
    fn error_of(class: Option<&Present>, message: &str, fields: &JsValue) -> JsValue;

    pub(crate) type Text;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(limit: usize, json_limit: usize) -> Text;
    #[wasm_bindgen(catch, method)]
    pub(crate) fn push(this: &Text, bytes: &JsValue) -> Result<u32, JsValue>;
    #[wasm_bindgen(catch, method)]
    pub(crate) fn finish(this: &Text) -> Result<JsString, JsValue>;

    pub(crate) type Checks;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Checks;
    #[wasm_bindgen(catch, method)]
    pub(crate) fn ask(this: &Checks, given: &JsValue, url: &JsString) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    pub(crate) fn leave(this: &Checks, url: &JsString);

    pub(crate) type Signals;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Signals;
    #[wasm_bindgen(method)]
    pub(crate) fn enter(this: &Signals, signal: &AbortSignal, call: f64, report: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn leave(this: &Signals, signal: &AbortSignal, call: f64);
    #[wasm_bindgen(js_name = isOffline)]
    pub(crate) fn is_offline() -> bool;
    pub(crate) fn connections() -> u32;
    pub(crate) fn ticks() -> f64;
    pub(crate) fn env() -> JsValue;
    #[wasm_bindgen(js_name = kindOf)]
    pub(crate) fn kind_of(reason: &JsValue) -> u32;
    #[wasm_bindgen(js_name = messageOf)]
    pub(crate) fn message_of(reason: &JsValue) -> String;
    pub(crate) fn words(thrown: &JsValue) -> String;
}

/// Functions that an entry of the package passes to the module (tools/trim-glue.mjs). They are missing without an
/// entry.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = McpError)]
    static ERROR_CLASS: Option<Present>;
    #[wasm_bindgen(catch, js_name = holdProcess)]
    fn try_to_hold_process(holds: bool) -> Result<(), JsValue>;
}

/// Whether an entry of the package loaded the module and passed timers that never throw.
pub(crate) fn has_entry() -> bool {
    ERROR_CLASS.with(Option::is_some)
}

/// An `McpError`; without an entry a plain error with the same members.
pub(crate) fn error(message: &str, fields: &JsValue) -> JsValue {
    ERROR_CLASS.with(|class| error_of(class.as_ref(), message, fields))
}

/// Keeps the process alive or releases it. Each `true` is followed by one `false`.
pub(crate) fn hold_process(holds: bool) {
    let _ = try_to_hold_process(holds);
}
