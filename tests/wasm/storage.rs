//! Sessions that outlive their manager in a `storage`.

use super::support::*;
use js_sys::{Object, Promise};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// A storage in memory with the interface of the `storage` option.
#[derive(Default, Clone)]
struct Storage(Rc<RefCell<BTreeMap<String, String>>>);

impl Storage {
    fn holds(&self, id: &str) -> bool {
        self.0.borrow().values().any(|record| record.contains(id))
    }

    fn options(&self) -> JsValue {
        let (get_map, set_map, delete_map) = (self.0.clone(), self.0.clone(), self.0.clone());
        let storage = Object::new();
        let read =
            function(move |key| Ok(get_map.borrow().get(&string(&key)).map_or(JsValue::NULL, |text| text.into())));
        let write = function2(move |key, value| drop(set_map.borrow_mut().insert(string(&key), string(&value))));
        let remove = function(move |key| {
            delete_map.borrow_mut().remove(&string(&key));
            Ok(JsValue::UNDEFINED)
        });
        put(&storage, "get", &read);
        put(&storage, "set", &write);
        put(&storage, "delete", &remove);
        with_storage(&storage)
    }
}

fn with_storage(storage: &JsValue) -> JsValue {
    let options = Object::new();
    put(&options, "storage", storage);
    options.into()
}

/// Closes a manager and leaves its session stored.
async fn stored_session(storage: &Storage) -> (World, String) {
    let world = World::in_memory_with("stateful", "{}", storage.options());
    let id = text(&world.connect("u").await, "sessionId");
    call(&world.manager, "close", &[]).await.unwrap();
    assert!(storage.holds(&id));
    (world, id)
}

#[wasm_bindgen_test]
async fn the_next_manager_goes_on_without_a_handshake() {
    let storage = Storage::default();
    let (world, id) = stored_session(&storage).await;
    let next = world.next(storage.options());
    let session = next.connect("u").await;
    assert_eq!(text(&session, "sessionId"), id);
    assert_eq!(echo(&session, "hello").await, "hello");
    assert_eq!(world.count("initialize").await, 1.0);
}

#[wasm_bindgen_test]
async fn a_stored_session_of_another_user_is_not_taken() {
    let storage = Storage::default();
    let (world, id) = stored_session(&storage).await;
    let next = world.next(storage.options());
    assert_ne!(text(&next.connect("v").await, "sessionId"), id);
    assert_eq!(world.count("initialize").await, 2.0);
}

#[wasm_bindgen_test]
async fn a_stored_session_that_the_server_lost_costs_one_handshake() {
    let storage = Storage::default();
    let (world, id) = stored_session(&storage).await;
    world.forget().await;
    let next = world.next(storage.options());
    let session = next.connect("u").await;
    assert_eq!(echo(&session, "hello").await, "hello");
    assert_ne!(text(&session, "sessionId"), id);
    assert_eq!(world.count("initialize").await, 2.0);
}

#[wasm_bindgen_test]
async fn a_terminated_session_leaves_the_storage() {
    let storage = Storage::default();
    let world = World::in_memory_with("stateful", "{}", storage.options());
    let session = world.connect("u").await;
    let id = text(&session, "sessionId");
    until("the record", || async { storage.holds(&id) }).await;
    call(&session, "terminate", &[]).await.unwrap();
    call(&world.manager, "idle", &[]).await.unwrap();
    assert!(!storage.holds(&id), "{:?}", storage.0.borrow());
}

/// A storage that throws, rejects, or contains another program's records.
#[wasm_bindgen_test]
async fn a_broken_storage_costs_a_warning() {
    let throws = || function(|_| Err(js_sys::Error::new("quota exceeded").into()));
    let rejects = || function(|_| Ok(Promise::reject(&js_sys::Error::new("quota exceeded")).into()));
    let nonsense = || function(|_| Ok("{]".into()));
    for (name, read, write) in [
        ("throws", throws(), throws()),
        ("rejects", rejects(), rejects()),
        ("nonsense", nonsense(), function(|_| Ok(JsValue::UNDEFINED))),
    ] {
        let storage = Object::new();
        put(&storage, "get", &read);
        put(&storage, "set", &write);
        put(&storage, "delete", &write);
        let world = World::in_memory_with("stateful", "{}", with_storage(&storage));
        let session = world.connect("u").await;
        assert_eq!(echo(&session, "hello").await, "hello", "{name}");
        call(&world.manager, "idle", &[]).await.unwrap();
        let lines = world.lines.borrow().clone();
        assert!(lines.iter().any(|line| line.starts_with("warn [MCP]")), "{name}: {lines:?}");
    }
}
