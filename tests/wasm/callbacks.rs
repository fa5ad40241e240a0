//! Callbacks of the application may call the API, throw, and end the session that they are called for.

use super::support::*;
use js_sys::{Object, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_listener_may_call_back() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let (inner, calls) = (session.clone(), Rc::new(RefCell::new(Vec::new())));
    let made = calls.clone();
    let listener = function(move |_| {
        assert_eq!(text(&inner, "state"), "ready");
        if made.borrow().len() < 3 {
            made.borrow_mut().push(sync(&inner, "callTool", &[tool("echo", r#"{"text":"inner"}"#)]));
        }
        Ok(JsValue::UNDEFINED)
    });
    sync(&get(&world.manager, "events"), "addEventListener", &["requestSent".into(), listener]);
    assert_eq!(echo(&session, "outer").await, "outer");
    until("the inner calls", || async { calls.borrow().len() == 3 }).await;
    for call in calls.take() {
        assert!(to_json(&JsFuture::from(Promise::from(call)).await.unwrap()).contains("inner"));
    }
}

#[wasm_bindgen_test]
async fn a_getter_on_params_may_call_back_and_throw() {
    let world = World::new("json", "{}");
    let session = world.connect("u").await;
    let (inner, manager) = (session.clone(), world.manager.clone());
    let getter = function(move |_| {
        text(&inner, "state");
        sync(&manager, "getSessionStats", &[]);
        sync(&manager, "getMetrics", &[]);
        sync(&inner, "terminate", &[]);
        Ok("echo".into())
    });
    let params = json(r#"{"arguments":{"text":"x"}}"#);
    define_getter(&params, "name", &getter);
    // The getter ends the session, so the outcome of the call is open; it only has to settle.
    drop(call(&session, "callTool", &[params]).await);

    let session = world.connect("u").await;
    let params = json("{}");
    define_getter(&params, "name", &function(|_| Err("never".into())));
    assert!(call(&session, "callTool", &[params]).await.is_err());
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn a_callback_that_throws_is_logged_and_changes_nothing() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let thrower = function(|_| Err(js_sys::Error::new("on purpose").into()));
    let options = Object::new();
    put(&options, "onprogress", &thrower);
    call(&session, "callTool", &[tool("slow", r#"{"ms":60}"#), options.into()]).await.unwrap();
    let lines = world.lines.borrow().concat();
    assert!(lines.contains("error [MCP] onprogress threw: on purpose"), "{lines}");
}
