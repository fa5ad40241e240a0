//! The objects of the Fetch standard, and their counterparts from an injected `fetch`: all of their methods may throw.
//! `fetch` itself is called in `host.js`.

use js_sys::{JsString, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `Response`. If its status was readable it is an object, and reading its members does not throw.
    pub(crate) type Response;
    #[wasm_bindgen(catch, method, getter)]
    pub(crate) fn status(this: &Response) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(crate) fn kind(this: &Response) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &Response) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn headers(this: &Response) -> Headers;
    /// The whole text of the body, if npm/workerd.js has read it already.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn whole(this: &Response) -> Option<JsString>;

    pub(crate) type Headers;
    #[wasm_bindgen(catch, method)]
    pub(crate) fn get(this: &Headers, name: &JsString) -> Result<JsValue, JsValue>;

    /// A `ReadableStreamDefaultReader`, or its counterpart for a body of another kind.
    pub(crate) type StreamReader;
    #[wasm_bindgen(catch, method)]
    pub(crate) fn read(this: &StreamReader) -> Result<Promise, JsValue>;

    /// The result of `read()`: a value, or none at the end.
    pub(crate) type ReadResult;
    #[wasm_bindgen(catch, method, getter)]
    pub(crate) fn value(this: &ReadResult) -> Result<Option<Uint8Array>, JsValue>;

    /// An `AbortController`. In workerd `abort()` throws if another request created it.
    #[wasm_bindgen(js_name = AbortController)]
    pub(crate) type AbortController;
    #[wasm_bindgen(catch, constructor, js_class = "AbortController")]
    pub(crate) fn new() -> Result<AbortController, JsValue>;
    #[wasm_bindgen(catch, method, getter, js_class = "AbortController")]
    pub(crate) fn signal(this: &AbortController) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, js_class = "AbortController")]
    pub(crate) fn abort(this: &AbortController) -> Result<(), JsValue>;

    /// An `AbortSignal` of any realm.
    #[derive(Clone)]
    pub(crate) type AbortSignal;
    #[wasm_bindgen(catch, method, getter)]
    pub(crate) fn aborted(this: &AbortSignal) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, method, getter)]
    pub(crate) fn reason(this: &AbortSignal) -> Result<JsValue, JsValue>;
}
