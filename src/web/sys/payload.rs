//! JSON as JavaScript values.

use super::value::Present;
use js_sys::{Array, JsString, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Any value with members.
    pub(super) type Members;
    #[wasm_bindgen(catch, method, indexing_getter)]
    fn member(this: &Members, key: &JsValue) -> Result<Option<Present>, JsValue>;
    #[wasm_bindgen(method, indexing_setter)]
    fn set_member(this: &Members, key: &JsValue, value: &JsValue);

    /// `JSON.parse` of a string that stays in the engine.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(crate) fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;
    /// `JSON.stringify`, which returns `undefined` for a function or a symbol.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = stringify)]
    pub(crate) fn write_json(value: &JsValue) -> Result<Option<JsString>, JsValue>;
}

#[wasm_bindgen(module = "/src/web/sys/host.js")]
extern "C" {
    /// Whether it is an object whose contents are its members.
    #[wasm_bindgen(js_name = isPlain)]
    pub(crate) fn is_object(value: &JsValue) -> bool;
    /// The JSON of a body; `undefined` for other text.
    #[wasm_bindgen(js_name = parseBody)]
    pub(crate) fn parse_body(text: &JsString) -> JsValue;
}

pub(super) fn get(value: &Members, key: &JsValue) -> Result<Option<Present>, JsValue> {
    value.member(key)
}

pub(super) fn set(object: &Members, key: &JsValue, value: &JsValue) {
    object.set_member(key, value);
}

/// The value of a number.
pub(crate) fn number(value: &JsValue) -> Option<f64> {
    value.as_f64()
}

/// The items of an array.
pub(crate) fn items(value: &JsValue) -> Option<Array> {
    value.dyn_ref::<Array>().cloned()
}

/// The own enumerable keys of an object.
pub(crate) fn keys(value: &JsValue) -> Option<Array> {
    is_object(value).then(|| Object::keys(value.unchecked_ref::<Object>()))
}

/// A shallow copy of an object; an empty object for other values.
pub(crate) fn copy(value: &JsValue) -> JsValue {
    let copy = Object::new();
    if is_object(value) {
        // A throwing getter ends the copy early.
        let _ = Object::try_assign(&copy, value.unchecked_ref());
    }
    copy.into()
}
