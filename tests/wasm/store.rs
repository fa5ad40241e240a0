//! The store: one session for each user and server, its limits and counts.

use super::support::*;
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn each_user_has_a_session_of_their_own() {
    let world = World::in_memory("stateful", "{}", "{}");
    let (ann, bob) = (world.connect("ann").await, world.connect("bob").await);
    assert_ne!(text(&ann, "sessionId"), text(&bob, "sessionId"));
    assert_eq!(
        to_json(&sync(&world.manager, "getSessionStats", &[])),
        r#"{"totalUsers":2,"totalSessions":2,"activeSessions":2}"#
    );

    call(&world.manager, "terminate", &["ann".into(), "s".into()]).await.unwrap();
    assert_eq!((text(&ann, "state"), text(&bob, "state")), ("terminated".into(), "ready".into()));
    assert!(sync(&world.manager, "getSessionInfo", &["ann".into(), "s".into()]).is_undefined());
    assert_eq!(echo(&bob, "still there").await, "still there");
    assert_eq!(world.count("delete").await, 1.0);
}

/// Similar names, and names that would collide in a joined key.
#[wasm_bindgen_test]
async fn names_that_look_alike_are_different_users() {
    let world = World::in_memory("stateful", "{}", "{}");
    let names = ["ann", "Ann", "ann ", "ann:s", "ann/s", "ann\0s", "àn", "a\u{300}n", "__proto__", "constructor"];
    let mut ids = Vec::new();
    for name in names {
        ids.push(text(&world.connect(name).await, "sessionId"));
    }
    for (name, id) in names.iter().zip(&ids) {
        let info = sync(&world.manager, "getSessionInfo", &[(*name).into(), "s".into()]);
        assert_eq!((&text(&info, "userId"), &text(&info, "sessionId")), (&(*name).into(), id), "{name:?}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), names.len());
}

#[wasm_bindgen_test]
async fn the_second_connect_reuses_the_session() {
    let world = World::in_memory("stateful", "{}", "{}");
    let reused = world.events(&["sessionReused"]);
    let (first, second) = (world.connect("u").await, world.connect("u").await);
    assert_eq!(text(&first, "sessionId"), text(&second, "sessionId"));
    assert_eq!(world.count("initialize").await, 1.0);
    assert_eq!(reused.names(), ["sessionReused"]);
}

#[wasm_bindgen_test]
async fn a_terminated_session_is_replaced_by_the_next_connect() {
    let world = World::in_memory("stateful", "{}", "{}");
    let first = world.connect("u").await;
    call(&first, "terminate", &[]).await.unwrap();
    let second = world.connect("u").await;
    assert_eq!((text(&first, "state"), text(&second, "state")), ("terminated".into(), "ready".into()));
    assert_eq!(echo(&second, "hello").await, "hello");
    assert_eq!(world.count("initialize").await, 2.0);
}

#[wasm_bindgen_test]
async fn the_limit_of_users_counts_live_sessions() {
    let world = World::in_memory("stateful", "{}", r#"{"limits":{"maxUsers":2}}"#);
    world.connect("ann").await;
    world.connect("bob").await;
    let error = call(&world.manager, "connect", &["eve".into(), "s".into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "limit_exceeded", "{}", described(&error));
    call(&world.manager, "terminateUser", &["bob".into()]).await.unwrap();
    assert_eq!(text(&world.connect("eve").await, "state"), "ready");
}

#[wasm_bindgen_test]
async fn the_infos_of_sessions_are_plain_objects_without_secrets() {
    let world = World::in_memory("stateful", r#"{"headers":{"authorization":"Bearer SECRET"}}"#, "{}");
    world.connect("ann").await;
    world.connect("bob").await;
    let infos = Array::from(&sync(&world.manager, "getAllActiveSessions", &[]));
    let users: Vec<String> = infos.iter().map(|info| text(&info, "userId")).collect();
    assert_eq!(users, ["ann", "bob"]);
    for info in infos.iter() {
        assert_eq!((text(&info, "state"), number(&info, "generation")), ("ready".into(), 1.0));
        assert!(number(&info, "expiresAt") > number(&info, "createdAt"));
        assert!(Object::keys(info.unchecked_ref::<Object>()).length() >= 10);
        assert!(!to_json(&info).contains("SECRET"));
    }
}
