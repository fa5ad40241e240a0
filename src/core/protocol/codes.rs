//! The codes of JSON-RPC errors, each written here and nowhere else.

/// The text is no JSON (JSON-RPC 2.0 §5.1, as the next four).
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const PARSE_ERROR: i32 = -32700;
/// The JSON is no message.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
/// The sentence that goes with it (JSON-RPC 2.0 §5.1).
pub(crate) const NO_SUCH_METHOD: &str = "Method not found";
/// The params are not those of the method.
pub(crate) const INVALID_PARAMS: i32 = -32602;
/// The handler failed.
pub(crate) const INTERNAL_ERROR: i32 = -32603;
/// The first of the codes that JSON-RPC leaves to servers: official servers give it to all that has no code of its own.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const SERVER_ERROR: i32 = -32000;
/// What official servers call a session that they do not know, and others a timeout.
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const SESSION_NOT_FOUND: i32 = -32001;
/// There is no such resource (2025-11-25 server/resources, "Error Handling").
pub(crate) const RESOURCE_NOT_FOUND: i32 = -32002;
/// What a header says differs from the body, because the tool's schema has changed (2026-07-28 streamable-http).
pub(crate) const HEADER_MISMATCH: i32 = -32020;
/// The client lacks a capability that the server needs (2026-07-28 basic).
pub(crate) const MISSING_CAPABILITY: i32 = -32021;
/// The server speaks other revisions (2026-07-28 basic/versioning): its data list those that are supported.
pub(crate) const UNSUPPORTED_VERSION: i32 = -32022;
/// The user has to visit a URL first (2025-11-25 client/elicitation, "URL Elicitation Required Errors").
pub(crate) const URL_ELICITATION_REQUIRED: i32 = -32042;

/// Whether the code of an error, as JSON has it, is this one.
pub(crate) fn is(code: Option<f64>, wanted: i32) -> bool {
    code == Some(f64::from(wanted))
}
