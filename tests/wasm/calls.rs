//! Options of a call: signal and progress; and its events.

use super::support::*;
use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn an_aborted_call_is_rejected_with_the_reason() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let controller = AbortController::new();
    let options = Object::new();
    put(&options, "signal", &controller.signal());
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#), options.clone().into()]);
    pause(100).await;
    let reason = JsValue::from(js_sys::Error::new("enough"));
    controller.abort(&reason);
    let error = JsFuture::from(Promise::from(slow)).await.unwrap_err();
    assert_eq!(text(&error, "code"), "cancelled");
    assert_eq!(get(&error, "cause"), reason);

    // Already aborted: nothing is sent.
    let sent = world.events(&["requestSent"]);
    let error = call(&session, "callTool", &[tool("echo", "{}"), options.into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "cancelled");
    assert_eq!(get(&error, "cause"), reason);
    assert!(sent.names().is_empty());
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn progress_is_reported() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let received = Received::default();
    let options = Object::new();
    put(&options, "onprogress", &received.listener());
    call(&session, "callTool", &[tool("slow", r#"{"ms":200}"#), options.into()]).await.unwrap();
    let steps: Vec<f64> = received.values().iter().map(|progress| number(progress, "progress")).collect();
    assert!(steps.len() >= 2 && steps.is_sorted(), "{steps:?}");
    assert_eq!(number(&received.values()[0], "total"), 10.0);
}

#[wasm_bindgen_test]
async fn events_come_in_order_and_are_plain_objects() {
    let world = World::new("stateful", "{}");
    let events = world.events(&["stateChanged", "sessionCreated", "sessionReused", "requestSent", "requestSettled"]);
    let session = world.connect("u").await;
    world.connect("u").await;
    echo(&session, "x").await;
    let names = events.names();
    let place =
        |name: &str| names.iter().position(|other| other == name).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    assert!(place("sessionCreated") < place("sessionReused"), "{names:?}");
    let settled =
        events.details("requestSettled").into_iter().find(|detail| text(detail, "method") == "tools/call").unwrap();
    assert_eq!(text(&settled, "outcome"), "result");
    assert!(number(&settled, "requestId") > 0.0 && number(&settled, "durationMs") >= 0.0);
    assert!(Object::keys(settled.unchecked_ref::<Object>()).length() >= 6);
    let info = Array::from(&sync(&world.manager, "getAllActiveSessions", &[])).get(0);
    assert_eq!((text(&info, "userId"), text(&info, "state")), ("u".into(), "ready".into()));
    assert_eq!(text(&info, "sessionId"), text(&session, "sessionId"));
}
