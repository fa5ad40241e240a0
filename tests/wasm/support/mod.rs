//! Helpers for the tests.

mod fake;
mod world;

pub use fake::Fake;
pub use world::World;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use mcp_tether::web::McpManager;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The arguments that a callback was called with.
#[derive(Default)]
pub struct Received(Rc<RefCell<Vec<JsValue>>>);

impl Received {
    pub fn listener(&self) -> JsValue {
        let received = self.0.clone();
        function(move |value| {
            received.borrow_mut().push(value);
            Ok(JsValue::UNDEFINED)
        })
    }

    pub fn values(&self) -> Vec<JsValue> {
        self.0.borrow().clone()
    }

    pub fn truncate(&self, first: usize) {
        self.0.borrow_mut().truncate(first);
    }
}

pub fn manager(config: &str, options: &str) -> JsValue {
    let options = json(options);
    put(&options, "log", &function2(|_, _| {}));
    McpManager::new(json(config), options).unwrap_or_else(|error| panic!("{}", described(&error))).into()
}

/// A promise of a response.
pub fn response(body: &str, status: u16, headers: &str) -> JsValue {
    let init = Object::new();
    put(&init, "status", &status.into());
    put(&init, "headers", &json(headers));
    let body = if status == 202 { JsValue::NULL } else { body.into() };
    resolved(&Response::new(&body, &init))
}

/// Calls a method and awaits its result; a value that is not a promise is awaited as well.
pub async fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::from(resolved(&sync(object, method, arguments)))).await
}

pub fn resolved(value: &JsValue) -> JsValue {
    Promise::<JsValue>::resolve(value).into()
}

pub fn sync(object: &JsValue, method: &str, arguments: &[JsValue]) -> JsValue {
    let function: Function = get(object, method).dyn_into().unwrap_or_else(|_| panic!("there is no {method}()"));
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    function.apply(object, &list).unwrap_or_else(|error| panic!("{method}() threw {}", described(&error)))
}

pub async fn echo(session: &JsValue, words: &str) -> String {
    let params = tool("echo", &format!(r#"{{"text":{}}}"#, to_json(&words.into())));
    let result = call(session, "callTool", &[params]).await.unwrap_or_else(|error| panic!("{}", described(&error)));
    text(&Array::from(&get(&result, "content")).get(0), "text")
}

pub fn tool(name: &str, arguments: &str) -> JsValue {
    json(&format!(r#"{{"name":"{name}","arguments":{arguments}}}"#))
}

/// Checks every 50 ms; fails after 10 seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        pause(50).await;
    }
    panic!("timed out waiting for {what}");
}

pub async fn pause(millis: i32) {
    let promise = Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, millis)));
    JsFuture::from(promise).await.unwrap();
}

pub fn function(act: impl Fn(JsValue) -> Result<JsValue, JsValue> + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(act).into_js_value()
}

pub fn function2(act: impl Fn(JsValue, JsValue) + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue, JsValue)>::new(act).into_js_value()
}

pub fn define_getter(object: &JsValue, name: &str, getter: &JsValue) {
    let descriptor = json(r#"{"enumerable":true}"#);
    put(&descriptor, "get", getter);
    Object::<JsValue>::define_property(object.unchecked_ref(), &name.into(), descriptor.unchecked_ref());
}

pub fn json(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

pub fn to_json(value: &JsValue) -> String {
    JSON::stringify(value).map(String::from).unwrap_or_default()
}

pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

pub fn put(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).unwrap();
}

pub fn string(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

pub fn text(object: &JsValue, name: &str) -> String {
    string(&get(object, name))
}

pub fn number(object: &JsValue, name: &str) -> f64 {
    get(object, name).as_f64().unwrap_or(f64::NAN)
}

/// All text of an error.
pub fn described(error: &JsValue) -> String {
    [text(error, "code"), text(error, "message"), text(error, "evidence"), string(error)].join(" ")
}

#[wasm_bindgen]
extern "C" {
    pub fn fetch(url: &str, init: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = setTimeout)]
    pub fn set_timeout(act: &Function, millis: i32) -> JsValue;

    pub type AbortController;
    #[wasm_bindgen(constructor)]
    pub fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    pub fn abort(this: &AbortController, reason: &JsValue);

    pub type Response;
    #[wasm_bindgen(constructor)]
    pub fn new(body: &JsValue, init: &JsValue) -> Response;

    pub type ReadableStream;
    #[wasm_bindgen(constructor)]
    pub fn new(source: &JsValue) -> ReadableStream;
}
