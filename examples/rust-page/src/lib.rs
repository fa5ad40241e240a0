//! A page that calls a tool at every click, in Rust: `wasm-pack build --target web`, serve this folder, and open it with
//! `?mcp=` and the server's URL.

use mcp_tether::client::{Client, Error, ErrorCode};
use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen(start)]
fn start() -> Result<(), JsValue> {
    let location = web_sys::window().ok_or("this is a page's module")?.location();
    let query = web_sys::UrlSearchParams::new_with_str(&location.search()?)?;
    let url = query.get("mcp").ok_or("open the page with ?mcp=<URL of an MCP server>")?;
    spawn_local(async move {
        if let Err(error) = run(&url).await {
            show("state", &error.to_string());
        }
    });
    Ok(())
}

async fn run(url: &str) -> Result<(), Error> {
    let client = Client::connect(url).await?;
    show("tools", &client.list_tools().await?.len().to_string());
    watch(&client);
    show("state", "ready");

    let button = element("call");
    let clicked = Closure::<dyn Fn()>::new(move || {
        let client = client.clone();
        spawn_local(async move {
            match client.call_tool("echo", json!({ "text": "hello from Rust" })).await {
                Ok(result) => show("answer", result["content"][0]["text"].as_str().unwrap_or("no text")),
                // The server may have run the tool: the application asks its user, or looks it up.
                Err(error) if error.code == ErrorCode::OutcomeUnknown => show("answer", "perhaps"),
                Err(error) => show("answer", &error.to_string()),
            }
            let generation = client.session().map_or(0, |session| session.generation);
            show("generation", &generation.to_string());
        });
    });
    if let Some(button) = button {
        let _ = button.add_event_listener_with_callback("click", clicked.as_ref().unchecked_ref());
    }
    // It lives as long as the page.
    clicked.forget();
    Ok(())
}

/// Shows each change of the session's state.
fn watch(client: &Client) {
    let mut events = client.events();
    spawn_local(async move {
        while let Some(event) = events.next().await {
            if let Some(state) = event.detail.to {
                show("state", state.as_str());
            }
        }
    });
}

fn element(id: &str) -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}

fn show(id: &str, text: &str) {
    if let Some(element) = element(id) {
        element.set_text_content(Some(text));
    }
}
