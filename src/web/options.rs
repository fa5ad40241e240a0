//! Validation of the public methods' arguments. Each fault is a `config_error` with its path.

use super::error::invalid;
use super::json::JsJson;
use super::sys::{self, AbortSignal};
use crate::core::Json;
use crate::core::Millis;
use crate::core::config::{Connections, MUST_BE_OBJECT, Replay};
use crate::core::kit::table::Named;
use crate::core::kit::text::concat;
use crate::core::{ConnectOptions, RequestOptions};
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

/// The options of `connect`.
pub(super) struct Connect {
    pub(super) options: ConnectOptions<JsJson>,
    pub(super) auth: Option<JsValue>,
    pub(super) signal: Option<AbortSignal>,
}

/// The options of a call.
#[derive(Default)]
pub(super) struct Call {
    pub(super) options: RequestOptions,
    pub(super) signal: Option<AbortSignal>,
    pub(super) on_progress: Option<Function>,
}

/// The manager options that the machine's own parser does not read.
pub(super) struct Host {
    pub(super) log: Option<Function>,
    pub(super) fetch: Option<Function>,
    pub(super) client_info: Option<JsValue>,
    pub(super) capabilities: Option<JsValue>,
    /// `undefined` where there is none.
    pub(super) env: JsValue,
    pub(super) storage: Option<JsValue>,
}

/// Reads `ConnectOptions`.
pub(super) fn connect(value: &JsValue) -> Result<Connect, JsValue> {
    let bag = Bag::full(value)?;
    let auth = bag.get("auth");
    if auth.as_ref().is_some_and(|auth| sys::method(auth, "token").is_none()) {
        return Err(invalid("options.auth", "must have a method token()"));
    }
    let mut vars = Named::default();
    for (name, value) in bag.strings("vars")? {
        vars.insert(name, value);
    }
    let options = ConnectOptions {
        headers: bag.strings("headers")?,
        vars,
        has_auth: auth.is_some(),
        capabilities: bag.object("capabilities")?.map(JsJson),
        client_info: bag.client_info()?.map(JsJson),
    };
    Ok(Connect { options, auth, signal: bag.signal()? })
}

/// Reads `RequestOptions`.
pub(super) fn call(value: &JsValue) -> Result<Call, JsValue> {
    let Some(bag) = Bag::of(value)? else { return Ok(Call::default()) };
    let options = RequestOptions {
        timeout: bag.millis("timeout")?,
        max_total_timeout: bag.millis("maxTotalTimeout")?,
        reset_on_progress: bag.flag("resetTimeoutOnProgress")?.unwrap_or(true),
        replay: bag.replay()?,
        wants_progress: true,
    };
    Ok(Call { options, signal: bag.signal()?, on_progress: bag.function("onprogress")? })
}

/// Reads the `terminate` of `close()`.
pub(super) fn close(value: &JsValue) -> Result<bool, JsValue> {
    Bag::of(value)?.map_or(Ok(None), |bag| bag.flag("terminate")).map(|terminate| terminate == Some(true))
}

/// Reads the host's part of `ManagerOptions`.
pub(super) fn host(value: &JsValue) -> Result<Host, JsValue> {
    let bag = Bag::full(value)?;
    Ok(Host {
        log: bag.function("log")?,
        fetch: bag.function("fetch")?,
        client_info: bag.client_info()?,
        capabilities: bag.object("capabilities")?,
        env: bag.object("env")?.unwrap_or_else(sys::env),
        storage: bag.storage()?,
    })
}

/// A required string argument.
pub(super) fn string(value: &JsValue, path: &str) -> Result<String, JsValue> {
    value.as_string().ok_or_else(|| invalid(path, "must be a string"))
}

/// A required string member of the object at `path`.
pub(super) fn text(value: &JsValue, name: &str, path: &str) -> Result<String, JsValue> {
    string(&sys::member(value, name).unwrap_or_default(), &concat(&[path, ".", name]))
}

/// The name of a user or of a server.
pub(super) fn name(value: &JsValue, path: &str) -> Result<String, JsValue> {
    let name = string(value, path)?;
    if name.is_empty() { Err(invalid(path, "must not be empty")) } else { Ok(name) }
}

/// An optional object argument, such as a request's params.
pub(super) fn object(value: JsValue, path: &str) -> Result<Option<JsValue>, JsValue> {
    if sys::is_object(&value) {
        return Ok(Some(value));
    }
    if value.is_undefined() || value.is_null() { Ok(None) } else { Err(invalid(path, MUST_BE_OBJECT)) }
}

/// The params of a tool's call. Most servers run a tool that lacks its arguments: a promise, a `Map` or a JSON text would be sent as none.
pub(super) fn tool(params: &JsValue) -> Result<(), JsValue> {
    text(params, "name", "params")?;
    let arguments = sys::member(params, "arguments").unwrap_or_default();
    object(arguments, "params.arguments").map(drop)
}

/// An options object. Unknown options are ignored, so that code for a later version runs with this one.
struct Bag(JsValue);

impl Bag {
    fn of(value: &JsValue) -> Result<Option<Self>, JsValue> {
        object(value.clone(), "options").map(|object| object.map(Self))
    }

    /// Without options, an empty object: less code, where it is not called for each request.
    fn full(value: &JsValue) -> Result<Self, JsValue> {
        Ok(Self::of(value)?.unwrap_or_else(|| Self(Object::new().into())))
    }

    fn get(&self, name: &str) -> Option<JsValue> {
        sys::member(&self.0, name)
    }

    fn function(&self, name: &str) -> Result<Option<Function>, JsValue> {
        self.get(name).map(|value| value.dyn_into().map_err(|_| wrong(name, "must be a function"))).transpose()
    }

    fn object(&self, name: &str) -> Result<Option<JsValue>, JsValue> {
        self.get(name).map_or(Ok(None), |value| object(value, &path(name)))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, JsValue> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| wrong(name, "must be true or false"))).transpose()
    }

    fn millis(&self, name: &str) -> Result<Option<Millis>, JsValue> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_f64() {
            // The cast maps infinity to the longest timeout.
            Some(millis) if millis > 0.0 => Ok(Some(millis.ceil() as Millis)),
            _ => Err(wrong(name, "must be a number of milliseconds greater than 0")),
        }
    }

    fn replay(&self) -> Result<Option<Replay>, JsValue> {
        let Some(value) = self.get("replay") else { return Ok(None) };
        let replay = value.as_string().and_then(|text| Replay::parse(&text));
        replay.map(Some).ok_or_else(|| wrong("replay", Replay::RULE))
    }

    fn signal(&self) -> Result<Option<AbortSignal>, JsValue> {
        let Some(value) = self.get("signal") else { return Ok(None) };
        // Duck typing, because the signal may come from another realm.
        if sys::member(&value, "aborted").is_some_and(|aborted| aborted.as_bool().is_some()) {
            return Ok(Some(value.unchecked_into()));
        }
        Err(wrong("signal", "must be an AbortSignal"))
    }

    fn strings(&self, name: &str) -> Result<Vec<(String, String)>, JsValue> {
        let Some(record) = self.object(name)? else { return Ok(Vec::new()) };
        let mut strings = Vec::new();
        for key in JsJson(record.clone()).keys().unwrap_or_default() {
            let value = text(&record, &key, &path(name))?;
            strings.push((key, value));
        }
        Ok(strings)
    }

    fn storage(&self) -> Result<Option<JsValue>, JsValue> {
        let storage = self.get("storage");
        let has = |method: &str| storage.as_ref().is_none_or(|storage| sys::method(storage, method).is_some());
        if has("get") && has("set") && has("delete") {
            return Ok(storage);
        }
        Err(wrong("storage", "must have the methods get(), set() and delete()"))
    }

    fn client_info(&self) -> Result<Option<JsValue>, JsValue> {
        let Some(info) = self.object("clientInfo")? else { return Ok(None) };
        for name in ["name", "version"] {
            text(&info, name, "options.clientInfo")?;
        }
        Ok(Some(info))
    }
}

fn path(name: &str) -> String {
    concat(&["options.", name])
}

fn wrong(name: &str, problem: &str) -> JsValue {
    invalid(&path(name), problem)
}

/// The connection limits of the host.
pub(super) fn connections() -> Connections {
    match sys::connections() {
        0 => Connections::Worker,
        1 => Connections::Page,
        _ => Connections::Unlimited,
    }
}
