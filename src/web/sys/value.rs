//! Values of the language: members, functions, JSON.

use super::words::word;
use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An optional value: `None` for `undefined` and `null`, decided in the call that reads it.
    pub(crate) type Present;
    /// Any value with members.
    pub(crate) type Members;
    #[wasm_bindgen(catch, method, indexing_getter)]
    pub(crate) fn member(this: &Members, key: &JsValue) -> Result<Option<Present>, JsValue>;
    #[wasm_bindgen(method, indexing_setter)]
    pub(crate) fn set_member(this: &Members, key: &JsValue, value: &JsValue);

    /// A function whose first arguments can be bound.
    #[derive(Clone)]
    pub(crate) type Function;
    #[wasm_bindgen(method)]
    pub(crate) fn bind(this: &Function, context: &JsValue, first: u32, second: f64) -> JsValue;

    /// `JSON.parse` of a string that stays in the engine.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(crate) fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;
    /// `JSON.stringify`, which returns `undefined` for a function or a symbol.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = stringify)]
    pub(crate) fn write_json(value: &JsValue) -> Result<Option<JsString>, JsValue>;
}

/// Member `key` of any value; `None` if it is missing or reading it throws.
pub(crate) fn member(value: &JsValue, key: &str) -> Option<JsValue> {
    value.unchecked_ref::<Members>().member(&word(key)).ok().flatten().map(Into::into)
}

/// Member `key` of `value`, if it is a function.
pub(crate) fn method(value: &JsValue, key: &str) -> Option<js_sys::Function> {
    member(value, key)?.dyn_into().ok()
}

/// Sets member `key` of one of our own objects.
pub(crate) fn put(object: &JsValue, key: &str, value: &JsValue) {
    // Throws for non-objects and frozen objects. Ours is neither.
    object.unchecked_ref::<Members>().set_member(&word(key), value);
}
