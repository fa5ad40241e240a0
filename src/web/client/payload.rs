//! Payloads between the program, which has `serde_json` values, and the machine, which has the engine's.
//!
//! They cross as text: one copy, and the engine's own parser on its side.

use super::Error;
use crate::core::ErrorCode;
use crate::web::json::JsJson;
use crate::web::{failure, sys};
use js_sys::JsString;
use serde_json::Value;
use wasm_bindgen::JsValue;

/// A value for the machine. Text of `serde_json` is always JSON.
pub(super) fn to_engine(value: &Value) -> JsJson {
    JsJson(sys::parse_json(&JsString::from(value.to_string())).unwrap_or(JsValue::NULL))
}

/// A value for the program.
///
/// # Errors
/// `protocol_error`: it is nested deeper than `serde_json` follows.
pub(super) fn to_value(value: &JsJson) -> Result<Value, Error> {
    let text = sys::write_json(&value.0).ok().flatten().map(String::from).unwrap_or_default();
    serde_json::from_str(&text).map_err(|error| Error::new(ErrorCode::ProtocolError, error.to_string()))
}

/// The machine's error for the program.
pub(super) fn to_error(error: crate::core::Error<JsJson>) -> Error {
    let mut given = Error::new(error.code, error.message.clone());
    given.evidence.clone_from(&error.evidence);
    given.retryable = error.retryable;
    given.status = error.status;
    given.rpc_code = error.rpc_code;
    given.data = error.data.as_ref().and_then(|data| to_value(data).ok());
    given.retry_after = error.retry_after;
    given.server.clone_from(&error.server);
    // An `Error` of JavaScript has no JSON form.
    given.cause = error.cause.as_ref().map(|cause| Value::String(failure::words(&cause.0)));
    given
}
