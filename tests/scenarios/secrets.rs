//! Plants secrets everywhere and searches all output for them: after str0m's `pii.rs`.

use super::reply::{Reply, http, http_json, http_rpc, result, rpc_error};
use super::{Servers, Tether, World};
use mcp_tether::core::{ConnectOptions, Target};
use serde_json::json;
use std::fmt::Write as _;

const ID: &str = "s3cr3tid-0123";
const TOKEN: &str = "s3cr3t-token-7";
const KEY: &str = "s3cr3t-key-9";
const ENV: &str = "s3cr3t-env-5";
const URL: &str = "s3cr3t-url-3";

fn world() -> (Tether, mcp_tether::core::SessionRef) {
    let config = json!({"mcpServers": {"db": {
        "url": format!("https://db.test/mcp?key={URL}"),
        "headers": {"x-env": "${SECRET}", "x-key": "plain"},
        "protocolVersion": "legacy",
    }}});
    let (config, _) = mcp_tether::core::config::parse(&config, &json!({"debug": true}), &|name| match name {
        "SECRET" => Some(ENV.into()),
        _ => None,
    })
    .unwrap();
    assert!(!format!("{config:?}").contains("s3cr3t"));
    let mut world = World::new(config, Servers::new(&["db"]), 3);
    let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
    world.server().always("initialize", result(answer).head(|head| head.session_id = Some(ID.into())));
    world.server().sessions.insert(ID.into());
    let options =
        ConnectOptions { headers: vec![("x-key".into(), KEY.into())], has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some(TOKEN));
    world.finish(call);
    (world, session)
}

/// All output of the machine except requests to the server.
fn told(world: &Tether) -> String {
    let mut all = String::new();
    for event in &world.events {
        let _ = writeln!(all, "{event:?}");
    }
    for (_, line) in &world.log {
        let _ = writeln!(all, "{line}");
    }
    for (_, outcome) in world.settled.values() {
        if let Err(error) = outcome {
            let _ = writeln!(all, "{error} {error:?} {:?} {}", error.evidence, error.message);
        }
    }
    all
}

/// What a careless server may echo.
fn echoes() -> Vec<Reply> {
    let text = format!("Session {ID} not found for Bearer {TOKEN} (x-key={KEY}, env '{ENV}')");
    vec![
        http(404, &text),
        http_rpc(404, -32001, &text),
        http_json(400, json!({"error": text})),
        http(401, &text),
        http(403, &text),
        http(409, &text),
        http(429, &text),
        http(500, &text),
        http(502, ID),
        http(418, &text),
        http_rpc(400, -32602, &text),
        rpc_error(-32600, "Session not found"),
        http(200, &text),
    ]
}

#[test]
fn no_output_contains_a_secret() {
    for echo in echoes() {
        for method in ["tools/call", "GET", "DELETE", "notifications/x"] {
            let (mut world, session) = world();
            assert_eq!(world.sent[0].header("x-env"), Some(ENV), "the header is sent");
            assert_eq!(world.sent[1].session(), Some(ID));
            world.server().always(method, echo.clone());
            let call = world.tool_within(session, "order", 20_000);
            let notify = world.notify(session, "notifications/x");
            world.run_for(100);
            if world.tokens_wanted.len() > 1 {
                world.give_token(session, Some(TOKEN));
            }
            world.run_for(120_000);
            assert!(world.settled.contains_key(&call) && world.settled.contains_key(&notify));
            let end = world.terminate(Target::User("ann".into()));
            world.finish(end);
            let told = told(&world);
            for secret in [ID, TOKEN, KEY, ENV, URL] {
                let at = told.find(secret);
                assert!(
                    at.is_none(),
                    "{secret} after {method}: {:?}",
                    at.map(|at| &told[at.saturating_sub(200)..at + 20])
                );
            }
        }
    }
}

#[test]
fn debug_of_what_holds_secrets_shows_none() {
    let (world, session) = world();
    let id = mcp_tether::core::headers::SessionId::parse(ID, 100).unwrap();
    assert!(!format!("{id:?}").contains(ID));
    assert!(world.machine.session(session).unwrap().session_id.as_deref() == Some(ID), "the owner may see it");
}
