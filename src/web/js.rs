//! Host functions bound by hand: globals that need no `window`, and methods that may throw where `web-sys` says they do not.

use super::words::word;
use js_sys::{Function, JsString, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = setTimeout)]
    pub(super) fn set_timeout(handler: &JsValue, millis: i32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(handle: &JsValue);
    /// What may be there or not: `None` for `undefined` and `null`, found out in the one crossing that reads it.
    pub(super) type Present;
    /// Anything that may have members. (Plain access: `Reflect` takes V8 several times as long.)
    pub(super) type Members;
    #[wasm_bindgen(catch, method, indexing_getter)]
    pub(super) fn member(this: &Members, key: &JsValue) -> Result<Option<Present>, JsValue>;
    #[wasm_bindgen(method, indexing_setter)]
    pub(super) fn set_member(this: &Members, key: &JsValue, value: &JsValue);
    #[wasm_bindgen(catch, js_namespace = Object, js_name = assign)]
    pub(super) fn assign(target: &JsValue, source: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(super) fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(super) fn parse_json_str(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = stringify)]
    pub(super) fn write_json(value: &JsValue) -> Result<Option<JsString>, JsValue>;

    /// A promise, bare of the type parameters that nothing here needs.
    pub(super) type Chain;
    /// A function, seen as something to fix the first argument of.
    pub(super) type Bindable;
    #[wasm_bindgen(method)]
    pub(super) fn bind(this: &Bindable, context: &JsValue, number: f64) -> JsValue;

    /// A `Response`, or what an injected `fetch` takes for one. Once its status could be read, it is an object, and
    /// reading a member of it throws no more.
    pub(super) type Reply;
    #[wasm_bindgen(catch, method, getter)]
    pub(super) fn status(this: &Reply) -> Result<f64, JsValue>;
    #[wasm_bindgen(catch, method, getter, js_name = type)]
    pub(super) fn kind(this: &Reply) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter)]
    pub(super) fn url(this: &Reply) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn headers(this: &Reply) -> Fields;
    #[wasm_bindgen(method, getter)]
    pub(super) fn body(this: &Reply) -> Option<Stream>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn whole(this: &Reply) -> Option<JsString>;

    /// A `Headers`.
    pub(super) type Fields;
    #[wasm_bindgen(catch, method)]
    pub(super) fn get(this: &Fields, name: &JsString) -> Result<Option<JsString>, JsValue>;

    /// A `ReadableStream` of bytes.
    pub(super) type Stream;
    #[wasm_bindgen(catch, method, js_name = getReader)]
    pub(super) fn reader(this: &Stream) -> Result<Reader, JsValue>;

    /// A `ReadableStreamDefaultReader`.
    pub(super) type Reader;
    #[wasm_bindgen(catch, method)]
    pub(super) fn read(this: &Reader) -> Result<Chain, JsValue>;

    /// What `read()` gives: a value, or none at the end.
    pub(super) type Chunk;
    #[wasm_bindgen(catch, method, getter)]
    pub(super) fn value(this: &Chunk) -> Result<Option<Uint8Array>, JsValue>;

    #[wasm_bindgen(js_name = TextDecoder)]
    pub(super) type Decoder;
    #[wasm_bindgen(constructor, js_class = "TextDecoder")]
    pub(super) fn new() -> Decoder;

    #[wasm_bindgen(js_name = AbortController)]
    pub(super) type Aborter;
    #[wasm_bindgen(catch, constructor, js_class = "AbortController")]
    pub(super) fn new() -> Result<Aborter, JsValue>;
    #[wasm_bindgen(catch, method, getter, js_class = "AbortController")]
    pub(super) fn signal(this: &Aborter) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, js_class = "AbortController")]
    pub(super) fn abort(this: &Aborter) -> Result<(), JsValue>;

    /// An `AbortSignal`, of whatever realm.
    #[derive(Clone)]
    pub(super) type Signal;
    #[wasm_bindgen(catch, method, getter)]
    pub(super) fn aborted(this: &Signal) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter)]
    pub(super) fn reason(this: &Signal) -> Result<JsValue, JsValue>;
}

/// What gets the outcome of a call.
#[wasm_bindgen]
extern "C" {
    /// The transport's own object for a call (npm/transport.js), or the resolvers of a promise.
    #[derive(Clone)]
    pub type Deferred;
    /// The call is over, with an error or else with a result.
    #[wasm_bindgen(catch, method)]
    pub(super) fn settle(this: &Deferred, error: &JsValue, result: &JsValue) -> Result<(), JsValue>;
    /// The promise, where it is one.
    #[wasm_bindgen(method, getter)]
    pub(super) fn promise(this: &Deferred) -> Promise;
    /// The server tells of progress.
    #[wasm_bindgen(catch, method)]
    pub(super) fn progress(this: &Deferred, progress: &JsValue) -> Result<JsValue, JsValue>;
    /// The server answers by a stream.
    #[wasm_bindgen(catch, method)]
    pub(super) fn streams(this: &Deferred) -> Result<JsValue, JsValue>;
}

/// The functions of host.js.
#[wasm_bindgen(module = "/src/web/host.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub(super) fn follow(value: &JsValue, done: &JsValue, failed: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn store(
        storage: &JsValue,
        method: &str,
        name: &str,
        value: Option<String>,
        done: &JsValue,
        failed: &JsValue,
    ) -> Result<(), JsValue>;
    pub(super) fn seed() -> u64;
    pub(super) fn log(sink: &JsValue, level: &str, line: &str);
    pub(super) fn cancel(stream: &JsValue);
    pub(super) fn discard(response: &JsValue);
    #[wasm_bindgen(catch)]
    pub(super) fn soon(then: &JsValue) -> Result<(), JsValue>;
    pub(super) fn hold(timer: &JsValue, holds: bool);
    pub(super) fn init(method: &JsValue, headers: &JsValue, body: &JsValue, signal: &JsValue, follows: bool)
    -> JsValue;
    #[wasm_bindgen(catch)]
    pub(super) fn send(given: &JsValue, url: &JsString, init: &JsValue) -> Result<Chain, JsValue>;
    #[wasm_bindgen(js_name = isForeign)]
    pub(super) fn is_foreign(url: &str) -> bool;
    pub(super) fn deferred() -> Deferred;
    pub(super) fn error(class: &JsValue, message: &str, fields: &JsValue) -> JsValue;

    pub(super) type Text;
    #[wasm_bindgen(constructor)]
    pub(super) fn new(limit: usize, is_strict: bool, json_limit: usize) -> Text;
    #[wasm_bindgen(catch, method)]
    pub(super) fn push(this: &Text, bytes: &JsValue) -> Result<u32, JsValue>;
    #[wasm_bindgen(catch, method)]
    pub(super) fn finish(this: &Text, decoder: &Decoder) -> Result<JsString, JsValue>;

    pub(super) type Checks;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Checks;
    #[wasm_bindgen(catch, method)]
    pub(super) fn ask(this: &Checks, given: &JsValue, url: &str) -> Result<Chain, JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Checks, url: &str);

    pub(super) type Signals;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Signals;
    #[wasm_bindgen(method)]
    pub(super) fn enter(this: &Signals, signal: &Signal, call: f64, abort: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Signals, signal: &Signal, call: f64);
    pub(super) fn online() -> Option<bool>;
    pub(super) fn connections() -> u32;
    pub(super) fn ticks() -> f64;
    pub(super) fn env() -> Option<Present>;
    #[wasm_bindgen(js_name = kindOf)]
    pub(super) fn kind_of(reason: &JsValue, message: &str) -> u32;
    #[wasm_bindgen(js_name = messageOf)]
    pub(super) fn message_of(reason: &JsValue) -> String;
    pub(super) fn words(thrown: &JsValue) -> String;
}

/// Member `key` of anything; `None` when there is none, or reading it throws.
pub(super) fn member(value: &JsValue, key: &str) -> Option<JsValue> {
    value.unchecked_ref::<Members>().member(&word(key)).ok().flatten().map(Into::into)
}

/// The function that is member `key` of `value`.
pub(super) fn method(value: &JsValue, key: &str) -> Option<Function> {
    member(value, key)?.dyn_into().ok()
}

/// Sets member `key` of an object of ours.
pub(super) fn put(object: &JsValue, key: &str, value: &JsValue) {
    // Throws when there is no object, and when that is frozen. Ours is neither.
    object.unchecked_ref::<Members>().set_member(&word(key), value);
}
