//! JSON that stays text, for the gateway, which passes on what it does not understand as it was written
//! (gateway/raw-json.js). The functions have the names of those for JavaScript values in payload.rs.

use super::value::Present;
use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "raw-json")]
extern "C" {
    #[wasm_bindgen(catch, js_name = parse)]
    pub(crate) fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = parseBody)]
    pub(crate) fn parse_body(text: &JsString) -> JsValue;
    #[wasm_bindgen(catch, js_name = write)]
    pub(crate) fn write_json(value: &JsValue) -> Result<Option<JsString>, JsValue>;
    #[wasm_bindgen(catch, js_name = memberOf)]
    pub(super) fn get(value: &JsValue, key: &JsValue) -> Result<Option<Present>, JsValue>;
    #[wasm_bindgen(js_name = put)]
    pub(super) fn set(object: &JsValue, key: &JsValue, value: &JsValue);
    #[wasm_bindgen(js_name = numberOf)]
    pub(crate) fn number(value: &JsValue) -> Option<f64>;
    #[wasm_bindgen(js_name = itemsOf)]
    pub(crate) fn items(value: &JsValue) -> Option<Array>;
    #[wasm_bindgen(js_name = keysOf)]
    pub(crate) fn keys(value: &JsValue) -> Option<Array>;
    #[wasm_bindgen(js_name = isObject)]
    pub(crate) fn is_object(value: &JsValue) -> bool;
    #[wasm_bindgen(js_name = copyOf)]
    pub(crate) fn copy(value: &JsValue) -> JsValue;
    /// The data of an event stream that consists of one message.
    #[wasm_bindgen(js_name = soleData)]
    pub(crate) fn sole_data(stream: &JsString) -> Option<JsString>;
}
