//! Conversion of the machine's errors to `McpError`, which is written in JavaScript (npm/error.js), because a class
//! exported from Rust cannot extend `Error`.

use super::{json::JsJson, sys};
use crate::core::kit::text::concat;
use crate::core::{Error, ErrorCode};
use js_sys::{Object, Promise};
use wasm_bindgen::prelude::*;

/// The JS error for `error`. `cause` is the reason of the caller's own code, for example of an abort.
pub(super) fn to_js(error: &Error<JsJson>, cause: Option<&JsValue>) -> JsValue {
    sys::error(&error.message, &fields(error, cause))
}

/// A `config_error` about the argument at `path`.
pub(super) fn invalid(path: &str, problem: &str) -> JsValue {
    config(concat(&[path, ": ", problem]))
}

/// A `config_error` with this message.
pub(super) fn config(message: String) -> JsValue {
    to_js(&Error::new(ErrorCode::ConfigError, message), None)
}

/// A rejected promise. Made as those of calls are, because npm/node.js gives their errors the caller's stack.
fn rejected(error: &JsValue) -> Promise {
    let deferred = sys::deferred();
    let _ = deferred.settle(error, &JsValue::UNDEFINED);
    deferred.promise()
}

/// The promise of a call, or one that is rejected with the reason why the call did not start.
pub(super) fn promised(started: Result<Promise, JsValue>) -> Promise {
    started.unwrap_or_else(|error| rejected(&error))
}

fn fields(error: &Error<JsJson>, cause: Option<&JsValue>) -> JsValue {
    let fields = JsValue::from(Object::new());
    let put = |name: &str, value: Option<JsValue>| {
        if let Some(value) = value {
            sys::put(&fields, name, &value);
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
