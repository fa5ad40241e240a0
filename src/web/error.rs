//! The machine's errors as JS errors of the package's own class.

use super::{js, json::JsJson};
use crate::core::kit::text::concat;
use crate::core::{Error, ErrorCode};
use js_sys::{Function, Object, Promise};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static CLASS: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

/// Hands over the class of all errors, `McpError(message, fields)`. The package's entries do; without it, errors are
/// plain `Error`s with the same fields. (A class made in Rust could not extend `Error`.)
#[wasm_bindgen(js_name = setErrorClass)]
pub fn set_error_class(class: Function) {
    CLASS.with(|slot| slot.replace(class.into()));
}

/// The JS error for `error`; `cause` is what the caller's own code gave as the reason, if it did.
pub(super) fn to_js(error: &Error<JsJson>, cause: Option<&JsValue>) -> JsValue {
    let fields = fields(error, cause);
    let class = CLASS.with(|slot| slot.borrow().clone());
    js::error(&class, &error.message, &fields)
}

/// A `config_error` about the argument at `path`.
pub(super) fn invalid(path: &str, problem: &str) -> JsValue {
    config(concat(&[path, ": ", problem]))
}

/// A `config_error` with this message.
pub(super) fn config(message: String) -> JsValue {
    to_js(&Error::new(ErrorCode::ConfigError, message), None)
}

/// A promise that was never going to work.
pub(super) fn rejected(error: &JsValue) -> Promise {
    Promise::reject(error)
}

fn fields(error: &Error<JsJson>, cause: Option<&JsValue>) -> JsValue {
    let fields = JsValue::from(Object::new());
    let put = |name: &str, value: Option<JsValue>| {
        if let Some(value) = value {
            js::put(&fields, name, &value);
        }
    };
    put("code", Some(error.code.as_str().into()));
    put("retryable", Some(error.retryable.into()));
    put("serverName", error.server.as_deref().map(Into::into));
    put("status", error.status.map(Into::into));
    put("rpcCode", error.rpc_code.map(Into::into));
    put("data", error.data.as_ref().map(|data| data.0.clone()));
    put("retryAfterMs", error.retry_after.map(|wait| JsValue::from_f64(wait as f64)));
    put("evidence", error.evidence.as_deref().map(Into::into));
    put("cause", cause.or_else(|| error.cause.as_ref().map(|cause| &cause.0)).cloned());
    fields
}
