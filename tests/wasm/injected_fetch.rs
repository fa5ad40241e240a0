//! The contract with an injected `fetch` and an auth provider.

use super::support::*;
use js_sys::{Function, Object, Promise};
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn fetch_is_called_as_a_bare_function_with_plain_arguments() {
    let fake = Fake::server();
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap();
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    let (url, init) = fake.last("tools/call");
    assert_eq!(url, "http://fake.test/mcp");
    assert_eq!((text(&init, "method"), text(&init, "redirect")), ("POST".into(), "manual".into()));
    assert!(get(&get(&init, "signal"), "aborted").as_bool() == Some(false));
    assert_eq!(text(&get(&init, "headers"), "mcp-session-id"), "fake-session");
    assert!(text(&get(&init, "headers"), "accept").contains("text/event-stream"));
    // A wrapper's changes to its headers affect that request only.
    put(&get(&init, "headers"), "x-added", &"1".into());
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    assert!(get(&get(&fake.last("tools/call").1, "headers"), "x-added").is_undefined());
}

#[wasm_bindgen_test]
async fn the_auth_provider_is_called_and_its_token_is_sent() {
    let fake = Fake::server_that(|init| {
        let token = get(&get(init, "headers"), "authorization");
        (token != "Bearer good").then(|| response("", 401, r#"{"www-authenticate":"Bearer realm=\"x\""}"#))
    });
    let asked = Received::default();
    let listener: Function = asked.listener().unchecked_into();
    let token = function(move |context| {
        listener.call1(&JsValue::UNDEFINED, &context).unwrap();
        Ok(resolved(&"good".into()))
    });
    let (auth, options) = (Object::new(), Object::new());
    put(&auth, "token", &token);
    put(&options, "auth", &auth);
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into(), options.into()]).await.unwrap();
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    let context = asked.values()[0].clone();
    assert_eq!((text(&context, "userId"), text(&context, "serverName")), ("u".into(), "s".into()));
    assert!(get(&get(&context, "signal"), "aborted").as_bool() == Some(false));
}

#[wasm_bindgen_test]
async fn errors_of_fetch_are_repeated_without_secrets() {
    // Some hosts quote a header, or the URL with its credentials and query.
    let refused = json(
        r#"{"message":"fetch failed","cause":{"code":"ECONNREFUSED","message":"connect ECONNREFUSED 10.0.0.1:80"}}"#,
    );
    let quoted = js_sys::TypeError::new("Headers.append: \"Bearer SECRET\" is an invalid header value.");
    let url = js_sys::TypeError::new("error sending request for url (http://u:SECRET@fake.test/SECRET?key=SECRET)");
    let long = "x".repeat(5000);
    for reason in [
        refused,
        quoted.into(),
        url.into(),
        JsValue::UNDEFINED,
        JsValue::NULL,
        5.into(),
        long.into(),
        js_sys::Symbol::iterator().into(),
    ] {
        let fake = Fake::new(move |_, _| Promise::reject(&reason).into());
        let error =
            call(&fake.manager(r#"{"sessionConfig":{"retryAttempts":0}}"#), "connect", &["u".into(), "s".into()]).await;
        let error = described(&error.unwrap_err());
        assert!(error.starts_with("network_error"), "{error}");
        assert!(!error.contains("SECRET") && error.len() < 600, "{error}");
    }
}

#[wasm_bindgen_test]
async fn a_fetch_that_resolves_with_nonsense_is_an_error() {
    for nonsense in ["null", "5", "{}", r#"{"status":200}"#, r#"{"status":200,"headers":{}}"#] {
        let fake = Fake::new(move |_, _| resolved(&json(nonsense)));
        let manager = fake.manager(r#"{"sessionConfig":{"retryAttempts":0}}"#);
        let error = call(&manager, "connect", &["u".into(), "s".into()]).await.unwrap_err();
        assert!(error.is_instance_of::<js_sys::Error>(), "{nonsense}: {}", described(&error));
    }
}

#[wasm_bindgen_test]
async fn a_body_in_many_pieces_is_put_together() {
    let fake = Fake::server_with(|text| {
        let (bytes, place) = (text.as_bytes().to_vec(), Cell::new(0));
        let pull = function(move |controller| {
            let at = place.replace(place.get() + 3);
            if at >= bytes.len() {
                return Ok(sync(&controller, "close", &[]));
            }
            let piece = js_sys::Uint8Array::from(&bytes[at..bytes.len().min(at + 3)]);
            Ok(sync(&controller, "enqueue", &[piece.into()]))
        });
        let source = Object::new();
        put(&source, "pull", &pull);
        JsValue::from(ReadableStream::new(&source))
    });
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap();
    let result = call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    assert_eq!(text(&result, "greeting"), "grüße, 世界 🌍");
}
