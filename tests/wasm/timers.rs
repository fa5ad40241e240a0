//! Deadlines, delays and expiry, on the host's timer.

use super::support::*;
use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_call_has_a_deadline() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let options = json(r#"{"timeout":150,"resetTimeoutOnProgress":false}"#);
    let error = call(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#), options]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "request_timeout");
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn progress_extends_the_deadline_up_to_the_total() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let with_progress = |options: &str| {
        let options = json(options);
        put(&options, "onprogress", &Received::default().listener());
        options
    };
    // Ten steps of 200 ms.
    let options = with_progress(r#"{"timeout":1000}"#);
    let result = call(&session, "callTool", &[tool("slow", r#"{"ms":2000}"#), options]).await.unwrap();
    assert!(to_json(&result).contains("took 2000 ms"));

    let options = with_progress(r#"{"timeout":60000,"maxTotalTimeout":500}"#);
    let error = call(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#), options]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "request_timeout");
}

/// A delay that does not fit into 32 bits makes `setTimeout` fire at once (HTML, timers: `timeout` is a `long`). The
/// machine then finds nothing to do and arms it again, so the failure would be a busy loop.
#[wasm_bindgen_test]
async fn delays_beyond_32_bits_are_split() {
    for millis in [2_147_483_647_u64, 2_147_483_648, 4_294_967_296, 9_000_000_000] {
        // One timer is armed for the nearest deadline, so all of them have to be far away: no discovery, no GET stream.
        let settings = format!(r#"{{"protocolVersion":"legacy","timeout":{millis},"initTimeout":{millis}}}"#);
        let spied = SpiedTimers::new();
        let world = World::in_memory("stateless", &settings, "{}");
        let session = world.connect("u").await;
        let result = call(&session, "callTool", &[tool("slow", r#"{"ms":100}"#)]).await;
        assert!(result.is_ok(), "{millis}: {}", described(&result.unwrap_err()));
        let delays = spied.delays();
        assert!(delays.iter().all(|delay| (0.0..=2_147_483_647.0).contains(delay)), "{millis}: {delays:?}");
        assert!(delays.iter().any(|delay| *delay > 2_000_000_000.0), "{millis}: {delays:?}");
        // The tool of the server arms five.
        assert!((6..20).contains(&delays.len()), "{millis}: {delays:?}");
    }
}

/// Records the delay of every `setTimeout` in this realm.
struct SpiedTimers {
    original: JsValue,
    delays: Received,
}

impl SpiedTimers {
    fn new() -> Self {
        let delays = Received::default();
        let original = get(&js_sys::global(), "setTimeout");
        let spy = js_sys::eval(
            "(original, record) => (act, delay, ...rest) => { record(delay); return original.call(globalThis, act, delay, ...rest); }",
        );
        let spy = Function::from(spy.unwrap()).call2(&JsValue::NULL, &original, &delays.listener()).unwrap();
        put(&js_sys::global(), "setTimeout", &spy);
        Self { original, delays }
    }

    fn delays(&self) -> Vec<f64> {
        self.delays.values().iter().filter_map(JsValue::as_f64).collect()
    }
}

impl Drop for SpiedTimers {
    fn drop(&mut self) {
        put(&js_sys::global(), "setTimeout", &self.original);
    }
}

#[wasm_bindgen_test]
async fn an_unused_session_expires_and_the_next_call_makes_another() {
    let world = World::in_memory("stateful", r#"{"sessionConfig":{"timeout":300}}"#, "{}");
    let session = world.connect("u").await;
    let first = text(&session, "sessionId");
    until("the expiry", || async { text(&session, "state") == "expired" }).await;
    until("the DELETE", || async { world.count("delete").await == 1.0 }).await;
    assert_eq!(world.count("initialize").await, 1.0);

    assert_eq!(echo(&session, "again").await, "again");
    assert_ne!(text(&session, "sessionId"), first);
    assert_eq!(world.count("initialize").await, 2.0);
}

#[wasm_bindgen_test]
async fn a_call_in_flight_keeps_its_session_from_expiring() {
    let world = World::in_memory("stateful", r#"{"sessionConfig":{"timeout":100}}"#, "{}");
    let session = world.connect("u").await;
    let result = call(&session, "callTool", &[tool("slow", r#"{"ms":1000}"#)]).await.unwrap();
    assert!(to_json(&result).contains("took 1000 ms"));
    assert_eq!(world.count("initialize").await, 1.0);
}

#[wasm_bindgen_test]
async fn a_call_that_waits_for_the_server_can_be_aborted() {
    let world = World::in_memory("stateful", "{}", "{}");
    let session = world.connect("u").await;
    world.fault("tools/call", r#"{"status":429,"headers":{"retry-after":"120"}}"#);
    let controller = AbortController::new();
    let options = Object::new();
    put(&options, "signal", &controller.signal());
    let waiting = Promise::from(sync(&session, "callTool", &[tool("increment", "{}"), options.into()]));
    until("the first attempt", || async { world.arrivals("tools/call").len() == 1 }).await;
    controller.abort(&JsValue::from_str("enough"));
    let error = JsFuture::from(waiting).await.unwrap_err();
    assert_eq!((text(&error, "code"), get(&error, "cause")), ("cancelled".into(), "enough".into()));
    assert_eq!(world.count("runs").await, 0.0);
}
