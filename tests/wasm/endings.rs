//! `free`, `close` and `idle` while a call is in flight.

use super::support::*;
use js_sys::Promise;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_call_in_flight_outlives_free() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":200}"#)]);
    let idle = sync(&world.manager, "idle", &[]);
    sync(&world.manager, "free", &[]);
    sync(&session, "free", &[]);
    assert!(to_json(&JsFuture::from(Promise::from(slow)).await.unwrap()).contains("took 200 ms"));
    JsFuture::from(Promise::from(idle)).await.unwrap();
}

#[wasm_bindgen_test]
async fn close_rejects_calls_in_flight_and_ends_the_sessions() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let deleted = world.count("delete").await;
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#)]);
    let closed = sync(&world.manager, "close", &[json(r#"{"terminate":true}"#)]);
    assert_eq!(text(&JsFuture::from(Promise::from(slow)).await.unwrap_err(), "code"), "closed");
    JsFuture::from(Promise::from(closed)).await.unwrap();
    // Not exactly one: Chromium sends a DELETE again when the server drops the connection that it went over.
    assert!(world.count("delete").await > deleted);
    assert_eq!(text(&session, "state"), "closed");
    let error = call(&session, "listTools", &[]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "closed");
    let error = call(&world.manager, "connect", &["u".into(), "s".into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "closed");
    call(&world.manager, "close", &[]).await.unwrap();
}

#[wasm_bindgen_test]
async fn idle_waits_for_calls_in_flight() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let ended = Rc::new(Cell::new(false));
    let flag = ended.clone();
    let slow = Promise::from(sync(&session, "callTool", &[tool("slow", r#"{"ms":100}"#)]));
    wasm_bindgen_futures::spawn_local(async move {
        JsFuture::from(slow).await.unwrap();
        flag.set(true);
    });
    call(&world.manager, "idle", &[]).await.unwrap();
    pause(0).await;
    assert!(ended.get());
    call(&world.manager, "idle", &[]).await.unwrap();
}
