//! Support for the package's diagnosis (npm/diagnose.js).

use super::manager::McpManager;
use super::{error, options, sys};
use crate::core::config::{Protocol, Transport};
use js_sys::Object;
use wasm_bindgen::prelude::*;

/// The URL and headers of a user's requests to a server. The headers contain secrets, so no entry of the package
/// exports this function.
///
/// # Errors
/// `closed`; `config_error` for an unknown server and for headers without a value.
#[wasm_bindgen]
pub fn resolve(manager: &McpManager, server: &JsValue, user: &JsValue) -> Result<JsValue, JsValue> {
    let server = options::string(server, "serverName")?;
    let user = if user.is_undefined() { None } else { Some(options::string(user, "userId")?) };
    let resolved = manager.driver.look(|machine| machine.resolve(user.as_deref(), &server));
    let (config, headers) = resolved.ok_or(JsValue::UNDEFINED)?.map_err(|problem| error::to_js(&problem, None))?;
    let target = JsValue::from(Object::new());
    let js_headers = JsValue::from(Object::new());
    for (name, value) in headers {
        sys::put(&js_headers, &name, &JsValue::from_str(&value));
    }
    sys::put(&target, "url", &JsValue::from_str(&config.url));
    sys::put(&target, "headers", &js_headers);
    sys::put(&target, "fetch", &manager.driver.network.injected());
    sys::put(&target, "sse", &(config.transport == Transport::HttpSse).into());
    let version = match &config.protocol {
        Protocol::Auto => "auto",
        Protocol::Legacy => "legacy",
        Protocol::Pinned(version) => version,
    };
    sys::put(&target, "protocolVersion", &JsValue::from_str(version));
    Ok(target)
}
