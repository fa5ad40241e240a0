//! Notifications and requests of the server, and their handlers.

use super::support::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn notifications_find_their_handlers_also_after_a_recovery() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let (messages, others) = (Received::default(), Received::default());
    sync(&session, "setNotificationHandler", &["notifications/message".into(), messages.listener()]);
    put(&session, "onnotification", &others.listener());
    assert!(get(&session, "onnotification").is_function());
    for round in 1..=2 {
        // The server drops notifications while there is no GET stream.
        until("the notifications", || async {
            call(&session, "callTool", &[tool("notify", "{}")]).await.unwrap();
            messages.values().len() >= round && others.values().len() >= round
        })
        .await;
        world.forget().await;
        messages.truncate(round);
        others.truncate(round);
    }
    assert!(to_json(&messages.values()[0]).contains("a log message"));
    assert_eq!(text(&others.values()[0], "method"), "notifications/tools/list_changed");
    // Another object for the same session shares its handlers.
    assert!(get(&world.connect("u").await, "onnotification").is_function());
}

#[wasm_bindgen_test]
async fn the_server_asks_and_is_answered() {
    let world = World::new("stateful", r#"{"capabilities":{"elicitation":{}}}"#);
    let listening = world.count("get").await;
    let session = world.connect("u").await;
    // The server asks on the GET stream, and drops its requests without one. `streamOpened` comes later: Firefox
    // delivers a response with its first byte.
    until("the stream", || async { world.count("get").await > listening }).await;
    let ask = || async { call(&session, "callTool", &[tool("ask", "{}")]).await };

    // Without a handler the server gets an error, and so does the caller of the tool.
    let unanswered = to_json(&ask().await.unwrap_or_else(|error| described(&error).into()));
    assert!(unanswered.contains("Method not found"), "{unanswered}");

    let answer = json(r#"{"action":"accept","content":{"name":"Ada"}}"#);
    let handler = function(move |_| Ok(resolved(&answer)));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    assert!(to_json(&ask().await.unwrap()).contains("hello Ada"));

    let handler = function(|_| Err(js_sys::Error::new("no names today").into()));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    let refused = to_json(&ask().await.unwrap_or_else(|error| described(&error).into()));
    assert!(refused.contains("no names today"), "{refused}");
}

#[wasm_bindgen_test]
async fn a_handlers_capability_is_declared_at_the_next_handshake() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let handler = function(|_| Ok(json(r#"{"action":"decline"}"#)));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    world.forget().await;
    // The tool never ends if the server asks before the new GET stream is open.
    let soon = json(r#"{"timeout":1000}"#);
    until("the server to ask", || async {
        let answer = call(&session, "callTool", &[tool("ask", "{}"), soon.clone()]).await;
        answer.is_ok_and(|answer| to_json(&answer).contains("decline"))
    })
    .await;
}
