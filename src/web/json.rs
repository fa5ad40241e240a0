//! JS values as the machine's payloads.

use super::sys;
use super::sys::word;
use crate::core::Json;
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

/// A JS value read as JSON. Reading never throws: members with a throwing getter or proxy count as missing.
#[derive(Clone)]
pub struct JsJson(pub JsValue);

impl Json for JsJson {
    fn object() -> Self {
        Self(Object::new().into())
    }
    fn string(text: &str) -> Self {
        Self(word(text))
    }
    fn number(number: f64) -> Self {
        Self(JsValue::from_f64(number))
    }
    fn boolean(value: bool) -> Self {
        Self(JsValue::from_bool(value))
    }
    fn array(items: Vec<Self>) -> Self {
        let array = Array::new();
        for item in items {
            array.push(&item.0);
        }
        Self(array.into())
    }

    /// For objects of the machine only. It may throw on `null`, frozen objects and proxies.
    fn set(&mut self, key: &str, value: Self) {
        sys::put(&self.0, key, &value.0);
    }
    fn shallow_copy(&self) -> Self {
        Self(sys::copy(&self.0))
    }

    /// Values without a readable JSON form do not come from a server and are not copied.
    fn deep_copy(&self) -> Self {
        let text = sys::write_json(&self.0).ok().flatten();
        Self(text.and_then(|text| sys::parse_json(&text).ok()).unwrap_or_else(|| self.0.clone()))
    }

    fn get(&self, key: &str) -> Option<Self> {
        sys::member(&self.0, key).map(Self)
    }
    fn as_str(&self) -> Option<String> {
        self.0.as_string()
    }
    fn as_f64(&self) -> Option<f64> {
        sys::number(&self.0)
    }
    fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }
    fn as_array(&self) -> Option<Vec<Self>> {
        Some(items(&sys::items(&self.0)?))
    }
    fn keys(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for key in items(&sys::keys(&self.0)?) {
            if let Some(name) = key.as_str() {
                names.push(name);
            }
        }
        Some(names)
    }
    fn is_object(&self) -> bool {
        sys::is_object(&self.0)
    }
    fn to_text(&self) -> String {
        sys::write_json(&self.0).ok().flatten().map(String::from).unwrap_or_default()
    }
}

fn items(array: &Array) -> Vec<JsJson> {
    let mut items = Vec::new();
    for at in 0..array.length() {
        items.push(JsJson(array.get(at)));
    }
    items
}
