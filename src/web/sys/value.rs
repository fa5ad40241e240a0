//! Values of the language, and members of any value.

use super::payload::{get, set};
use super::words::word;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An optional value: `None` for `undefined` and `null`, decided in the call that reads it.
    pub(crate) type Present;

    /// A function whose first arguments can be bound.
    #[derive(Clone)]
    pub(crate) type Function;
    #[wasm_bindgen(method)]
    pub(crate) fn bind(this: &Function, context: &JsValue, first: u32, second: f64) -> JsValue;
}

/// Member `key` of any value; `None` if it is missing or reading it throws.
pub(crate) fn member(value: &JsValue, key: &str) -> Option<JsValue> {
    get(value.unchecked_ref(), &word(key)).ok().flatten().map(Into::into)
}

/// Member `key` of `value`, if it is a function.
pub(crate) fn method(value: &JsValue, key: &str) -> Option<js_sys::Function> {
    member(value, key)?.dyn_into().ok()
}

/// Sets member `key` of one of our own objects.
pub(crate) fn put(object: &JsValue, key: &str, value: &JsValue) {
    // Throws for non-objects and frozen objects. Ours is neither.
    set(object.unchecked_ref(), &word(key), value);
}
