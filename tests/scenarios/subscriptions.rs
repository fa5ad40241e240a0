//! `subscriptions/listen` of 2026-07-28 behind the same API calls as in older revisions.

use super::reply::{Data, Step, http_answer, stream};
use super::{Tether, modern_world};
use mcp_tether::core::{ErrorCode, ExchangeId, RequestOptions, SessionRef};
use serde_json::{Value, json};

fn connected() -> (Tether, SessionRef) {
    let mut world = modern_world();
    world.server().description =
        json!({"capabilities": {"tools": {"listChanged": true}, "resources": {"subscribe": true}}});
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn listens(world: &Tether) -> Vec<Value> {
    world.sent_as("subscriptions/listen").iter().map(|sent| sent.param("notifications").clone()).collect()
}

fn last_listen(world: &Tether) -> ExchangeId {
    world.sent_as("subscriptions/listen").last().unwrap().exchange
}

fn tell(world: &mut Tether, method: &str, params: Value) {
    let exchange = last_listen(world);
    world.push(
        exchange,
        Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "method": method, "params": params}))),
    );
}

fn subscribe(world: &mut Tether, session: SessionRef, method: &str, uri: &str) -> mcp_tether::core::CallId {
    world.request(session, method, json!({"uri": uri}), RequestOptions::default())
}

#[test]
fn what_the_server_offers_is_listened_to_and_nothing_else() {
    let (world, _) = connected();
    assert_eq!(listens(&world), [json!({"toolsListChanged": true})]);
    assert_eq!(world.event_names().iter().filter(|name| **name == "streamOpened").count(), 1);
    let mut silent = modern_world();
    silent.connect();
    assert_eq!(silent.count("subscriptions/listen"), 0);
}

#[test]
fn subscribing_opens_a_stream_with_more_in_it_before_the_old_one_is_closed() {
    let (mut world, session) = connected();
    let first = last_listen(&world);
    let call = subscribe(&mut world, session, "resources/subscribe", "x://1");
    assert!(world.aborted.is_empty(), "the old stream still delivers");
    world.finish(call);
    assert_eq!(world.result(call), json!({}));
    assert_eq!(listens(&world)[1], json!({"toolsListChanged": true, "resourceSubscriptions": ["x://1"]}));
    assert_eq!(world.aborted, [first]);
    tell(&mut world, "notifications/resources/updated", json!({"uri": "x://1"}));
    assert_eq!(world.notified.last().unwrap().1, "notifications/resources/updated");
    let again = subscribe(&mut world, session, "resources/subscribe", "x://1");
    world.finish(again);
    assert_eq!(listens(&world).len(), 2, "it is already subscribed");
    let gone = subscribe(&mut world, session, "resources/unsubscribe", "x://1");
    world.finish(gone);
    world.run_for(10);
    assert_eq!(listens(&world)[2], json!({"toolsListChanged": true}));
}

#[test]
fn what_the_old_stream_was_granted_says_nothing_about_the_new_one() {
    let mut world = modern_world();
    world.server().description =
        json!({"capabilities": {"tools": {"listChanged": true}, "resources": {"subscribe": true}}});
    // The first acknowledgement arrives after the second stream was requested.
    world.server().next("subscriptions/listen", [stream()]);
    let session = world.connect();
    let first = last_listen(&world);
    world.server().next("subscriptions/listen", [stream().after(50)]);
    let call = subscribe(&mut world, session, "resources/subscribe", "x://1");
    let acknowledged = |granted: Value| {
        let params = json!({"notifications": granted});
        let message = json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": params});
        Step::Event(None, None, Data::Json(message))
    };
    world.run_for(10);
    world.push(first, acknowledged(json!({"toolsListChanged": true})));
    assert!(world.waiting.contains(&call));
    world.run_for(100);
    let second = last_listen(&world);
    world.push(second, acknowledged(json!({"resourceSubscriptions": ["x://1"]})));
    world.finish(call);
    assert_eq!(world.result(call), json!({}));
}

#[test]
fn what_is_not_granted_is_an_error_and_not_requested_again() {
    let (mut world, session) = connected();
    let acknowledged = json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": {"notifications": {}}});
    world.server().next("subscriptions/listen", [stream().then(1, Step::Event(None, None, Data::Json(acknowledged)))]);
    let call = subscribe(&mut world, session, "resources/subscribe", "x://1");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RpcError);
    world.server().next("subscriptions/listen", [http_answer(404, -32601, "Method not found")]);
    let call = subscribe(&mut world, session, "resources/subscribe", "x://2");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::NetworkError);
}

#[test]
fn a_stream_that_ends_is_opened_again_under_a_new_id_and_what_was_kept_is_dropped() {
    let (mut world, session) = connected();
    let call = world.plain(session, "tools/list");
    world.finish(call);
    let exchange = last_listen(&world);
    world.push(exchange, Step::End);
    world.run_for(60_000);
    let all = world.sent_as("subscriptions/listen");
    assert_eq!(all.len(), 2);
    assert_ne!(all[0].id(), all[1].id());
    assert!(all[1].cursor().is_none());
    assert_eq!(world.count("tools/list"), 2, "changes may have been missed");
}

#[test]
fn notified_changes_drop_cached_results() {
    let (mut world, session) = connected();
    let mut page = json!({"tools": [], "ttlMs": 600_000});
    world.server().always("tools/list", super::reply::result(page.take()));
    page = Value::Null;
    assert!(page.is_null());
    for _ in 0..2 {
        let call = world.plain(session, "tools/list");
        world.finish(call);
    }
    assert_eq!(world.count("tools/list"), 1);
    tell(&mut world, "notifications/tools/list_changed", Value::Null);
    let call = world.plain(session, "tools/list");
    world.finish(call);
    assert_eq!(world.count("tools/list"), 2);
}

#[test]
fn a_subscription_made_before_an_upgrade_goes_on_after_it() {
    let mut world = super::world_that_asks();
    let session = world.connect();
    let call = subscribe(&mut world, session, "resources/subscribe", "x://1");
    world.finish(call);
    (world.server().modern, world.server().legacy) = (true, false);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(listens(&world), [json!({"resourceSubscriptions": ["x://1"]})]);
}
