//! JSON-RPC error codes, each defined only here.

/// The text is not JSON (JSON-RPC 2.0 §5.1, as for the next four).
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const PARSE_ERROR: i32 = -32700;
/// The JSON is not a JSON-RPC message.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// The method does not exist.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// The standard message of that code (JSON-RPC 2.0 §5.1).
pub(crate) const NO_SUCH_METHOD: &str = "Method not found";
/// The params are invalid for the method.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// The handler failed.
pub(crate) const INTERNAL_ERROR: i32 = -32603;
/// The first of JSON-RPC's implementation-defined server errors: official servers use it for all errors without a code
/// of their own.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const SERVER_ERROR: i32 = -32000;
/// Official servers use it for an unknown session, others for a timeout.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const SESSION_NOT_FOUND: i32 = -32001;
/// The resource does not exist (2025-11-25 server/resources, "Error Handling").
pub(crate) const RESOURCE_NOT_FOUND: i32 = -32002;
/// A header does not match the body because the tool's schema has changed (2026-07-28 streamable-http).
pub(crate) const HEADER_MISMATCH: i32 = -32020;
/// The client lacks a capability that the server requires (2026-07-28 basic).
pub(crate) const MISSING_CAPABILITY: i32 = -32021;
/// The server does not support the revision (2026-07-28 basic/versioning); `data` lists the supported ones.
pub(crate) const UNSUPPORTED_VERSION: i32 = -32022;
/// The user must visit a URL first (2025-11-25 client/elicitation, "URL Elicitation Required Errors").
pub(crate) const URL_ELICITATION_REQUIRED: i32 = -32042;

/// Whether a code from JSON equals `wanted`.
pub(crate) fn is(code: Option<f64>, wanted: i32) -> bool {
    code == Some(f64::from(wanted))
}
