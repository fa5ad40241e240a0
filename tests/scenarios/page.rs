//! Page life: hidden, offline, about to unload, and changes made by other tabs.

use super::reply::{Data, Step, http, refused, result};
use super::world::configured;
use super::{Tether, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, Input, Key, PageNotification, SessionRef, State};
use serde_json::{Value, json};

fn listening(options: Value) -> (Tether, SessionRef) {
    let mut world = world_with(json!({}), options);
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn tell(world: &mut Tether, notification: PageNotification<Value>) {
    world.input(Input::Page { notification, of: None });
}

fn note(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": text}})
}

fn stored() -> Value {
    json!({"storage": {}})
}

#[test]
fn a_parked_stream_is_closed_and_opened_again_where_it_was() {
    let (mut world, session) = listening(json!({}));
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("n3".into()), None, Data::Json(note("x"))));
    tell(&mut world, PageNotification::Park);
    assert!(!world.is_open(get));
    world.run_for(600_000);
    assert_eq!(world.count("GET"), 1, "nothing is sent while the page is hidden");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    tell(&mut world, PageNotification::Unpark);
    world.run_for(10);
    assert_eq!(world.sent_as("GET").last().unwrap().cursor(), Some("n3"));
    assert_eq!((world.count("GET"), world.open_gets().len()), (2, 1));
    tell(&mut world, PageNotification::Unpark);
    assert_eq!(world.count("GET"), 2);
}

#[test]
fn sessions_that_are_made_or_recovered_while_parked_have_no_stream_yet() {
    let mut world = world_with(json!({}), json!({}));
    world.server().listens = true;
    tell(&mut world, PageNotification::Park);
    let session = world.connect();
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("initialize"), world.count("GET")), (2, 0));
    world.input(Input::Page {
        notification: PageNotification::Unpark,
        of: Some(Key { user: "ann".into(), server: "db".into() }),
    });
    assert_eq!(world.count("GET"), 1);
}

#[test]
fn a_server_without_a_stream_gets_no_get_when_the_page_is_shown_again() {
    let mut world = world_with(json!({}), json!({}));
    world.connect();
    world.run_for(10);
    for _ in 0..5 {
        tell(&mut world, PageNotification::Park);
        tell(&mut world, PageNotification::Unpark);
    }
    world.run_for(60_000);
    assert_eq!(world.count("GET"), 1);
}

#[test]
fn offline_nothing_is_tried_and_online_everything_at_once() {
    let (mut world, session) = listening(json!({}));
    tell(&mut world, PageNotification::Offline);
    let get = world.open_gets()[0];
    world.push(get, Step::Fail(mcp_tether::core::FailureKind::Broken));
    let before = world.sent.len();
    let call = world.tool(session, "order");
    world.run_for(50_000);
    assert_eq!(world.sent.len(), before);
    tell(&mut world, PageNotification::Online);
    let at = world.now;
    world.finish(call);
    world.result(call);
    assert!(world.sent[before..].iter().all(|sent| sent.at == at));
    world.run_for(10);
    assert_eq!((world.open_gets().len(), world.count("initialize")), (1, 1));
}

#[test]
fn a_call_made_offline_waits_no_longer_than_its_deadline() {
    let (mut world, session) = listening(json!({}));
    tell(&mut world, PageNotification::Offline);
    let call = world.tool_within(session, "order", 5_000);
    let started = world.elapsed();
    world.finish(call);
    assert_eq!((world.code(call), world.settled_at(call) - started), (ErrorCode::RequestTimeout, 5_000));
    assert!(world.error(call).retryable, "it was never sent");
}

#[test]
fn a_connect_offline_waits_for_at_most_the_handshake_timeout() {
    let mut world = world_with(json!({"initTimeout": 20_000}), json!({}));
    tell(&mut world, PageNotification::Offline);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!((world.code(call), world.settled_at(call)), (ErrorCode::NetworkError, 20_000));
    assert!(world.sent.is_empty());
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(10_000);
    tell(&mut world, PageNotification::Online);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!(world.sent[0].at, world.connected[&call].0 - 2);
}

#[test]
fn what_the_application_says_of_the_network_counts_for_a_server_on_this_machine_too() {
    let config = configured(&json!({"mcpServers": {"db": {"url": "http://localhost:80/db.test"}}}), &json!({}));
    let mut world = super::World::new(config, super::Servers::new(&["http://localhost:80/db"]), 7);
    tell(&mut world, PageNotification::Offline);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(5_000);
    // The browser's online events do not override what the application has said.
    tell(&mut world, PageNotification::LooksOffline);
    tell(&mut world, PageNotification::LooksOnline);
    world.run_for(5_000);
    assert!(world.sent.is_empty());
    tell(&mut world, PageNotification::Online);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
}

#[test]
fn where_the_browser_is_wrong_about_the_network_nothing_waits() {
    let (mut world, session) = listening(json!({}));
    tell(&mut world, PageNotification::LooksOffline);
    for tool in ["read", "order"] {
        let call = world.tool(session, tool);
        world.finish(call);
        world.result(call);
    }
    let bob = world.connect_as("bob", "db");
    let call = world.tool(bob, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn where_the_browser_is_right_each_call_makes_one_attempt_and_waits() {
    let (mut world, session) = listening(json!({"storage": {}}));
    tell(&mut world, PageNotification::LooksOffline);
    world.server().always("tools/call", refused());
    let calls = ["order", "read", "order"].map(|tool| {
        let call = world.tool(session, tool);
        world.run_for(20);
        call
    });
    // A new call is an attempt on behalf of all waiting calls.
    assert_eq!(world.count("tools/call"), 1 + 2 + 3);
    world.run_for(40_000);
    assert_eq!(world.count("tools/call"), 6, "and then nothing is sent");
    world.server().always("tools/call", result(json!({})));
    tell(&mut world, PageNotification::LooksOnline);
    let at = world.elapsed();
    world.drive();
    for call in calls {
        world.result(call);
        assert!(world.settled_at(call) - at <= 10, "at once");
    }
}

#[test]
fn a_call_that_gets_through_lets_those_go_that_wait_for_the_network() {
    let (mut world, session) = listening(json!({}));
    tell(&mut world, PageNotification::LooksOffline);
    let get = world.open_gets()[0];
    world.server().next("tools/call", [refused()]);
    let first = world.tool(session, "order");
    world.run_for(20);
    world.push(get, Step::Fail(mcp_tether::core::FailureKind::Broken));
    world.run_for(5_000);
    assert_eq!((world.count("tools/call"), world.open_gets().len()), (1, 0));
    let second = world.tool(session, "order");
    world.finish(second);
    world.finish(first);
    world.result(first);
    world.result(second);
    world.run_for(5_000);
    assert_eq!(world.open_gets().len(), 1, "the stream as well");
}

#[test]
fn a_call_that_waits_for_the_network_keeps_its_deadline_and_its_attempts() {
    let config = json!({"sessionConfig": {"retryAttempts": 0, "replay": "never"}});
    let mut world = world_with(config, json!({}));
    let session = world.connect();
    tell(&mut world, PageNotification::LooksOffline);
    world.server().next("tools/call", [refused(), refused()]);
    let late = world.tool_within(session, "order", 5_000);
    let patient = world.tool_within(session, "order", 50_000);
    let started = world.elapsed();
    world.finish(late);
    assert_eq!((world.code(late), world.settled_at(late) - started), (ErrorCode::RequestTimeout, 5_000));
    assert!(world.error(late).retryable, "it was never sent");
    tell(&mut world, PageNotification::LooksOnline);
    world.finish(patient);
    world.result(patient);
}

#[test]
fn a_connect_where_the_browser_sees_no_network_makes_one_attempt_and_waits() {
    let mut world = world_with(json!({"initTimeout": 20_000}), json!({}));
    tell(&mut world, PageNotification::LooksOffline);
    world.server().always("initialize", refused());
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(15_000);
    assert_eq!(world.count("initialize"), 1);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::NetworkError);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(5_000);
    assert_eq!(world.count("initialize"), 2, "another connect makes another attempt");
    world.server().behave();
    tell(&mut world, PageNotification::LooksOnline);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
}

#[test]
fn a_backoff_that_began_offline_ends_when_the_network_is_back() {
    let (mut world, session) = listening(json!({}));
    world.server().next("tools/call", [refused()]);
    let call = world.tool(session, "order");
    world.run_for(5);
    tell(&mut world, PageNotification::Offline);
    world.run_for(30_000);
    let before = world.count("tools/call");
    tell(&mut world, PageNotification::Online);
    assert_eq!(world.count("tools/call"), before + 1);
    world.finish(call);
    world.result(call);
}

#[test]
fn a_retired_session_is_ended_at_its_server_and_replaced_by_the_next_call() {
    let (mut world, session) = listening(stored());
    tell(&mut world, PageNotification::Retire);
    world.run_for(10);
    assert_eq!((world.count("DELETE"), world.open_gets().len()), (1, 0));
    assert!(world.storage.entries.is_empty());
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn callers_that_wait_for_an_outage_to_end_get_a_new_session_where_theirs_is_retired() {
    let (mut world, session) = listening(stored());
    world.server().down = Some(http(502, ""));
    let cut = world.plain(session, "tools/list");
    world.run_until("the outage", |world| world.machine.session(session).unwrap().state == State::Outage);
    let connect = world.begin_connect("ann", "db", ConnectOptions::default());
    let new = world.tool(session, "order");
    tell(&mut world, PageNotification::Retire);
    world.server().down = None;
    world.drive();
    assert!(world.connected.contains_key(&connect));
    [cut, new].iter().for_each(|call| drop(world.result(*call)));
    assert_eq!((world.count("DELETE"), world.server().executed("order")), (1, 1));
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

#[test]
fn a_notified_save_is_written_at_once() {
    let (mut world, _) = listening(stored());
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("n9".into()), None, Data::Json(note("x"))));
    assert_eq!(world.storage.record().get("cursor"), None);
    tell(&mut world, PageNotification::Save);
    assert_eq!(world.storage.record()["cursor"], "n9");
}

#[test]
fn a_session_that_another_tab_has_recovered_is_followed_without_a_handshake() {
    let (mut world, session) = listening(stored());
    world.server().forget();
    world.server().sessions.insert("00000009-db-other".into());
    world.run_for(5_000);
    let created = world.now;
    let record = world.storage.record();
    record["sessionId"] = json!("00000009-db-other");
    record["createdAt"] = json!(created);
    let call = world.tool_within(session, "order", 60_000);
    tell(&mut world, PageNotification::StorageChanged);
    world.finish(call);
    world.result(call);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.session_id.as_deref(), info.generation), (Some("00000009-db-other"), 2));
    assert_eq!(world.count("initialize"), 1);
    assert_eq!(world.storage.record()["sessionId"], "00000009-db-other");
}

#[test]
fn an_older_session_in_the_storage_is_not_followed() {
    let (mut world, session) = listening(stored());
    let record = world.storage.record();
    record["sessionId"] = json!("00000000-db-old");
    record["createdAt"] = json!(1);
    tell(&mut world, PageNotification::StorageChanged);
    assert_eq!(world.machine.session(session).unwrap().generation, 1);
}

#[test]
fn a_session_that_another_tab_uses_does_not_expire_here() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), stored());
    let session = world.connect();
    let used = world.now + 50_000;
    world.storage.record()["lastUsedAt"] = json!(used);
    world.run_for(70_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    assert_eq!(world.count("DELETE"), 0);
    world.run_for(60_000);
    assert_eq!((world.machine.session(session).unwrap().state, world.count("DELETE")), (State::Expired, 1));
}

#[test]
fn a_storage_that_hangs_keeps_neither_the_stream_closed_nor_the_session_alive() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), stored());
    world.server().listens = true;
    let session = world.connect();
    tell(&mut world, PageNotification::Park);
    world.storage.hangs = true;
    tell(&mut world, PageNotification::Unpark);
    world.run_for(2_010);
    assert_eq!(world.open_gets().len(), 1);
    world.run_for(70_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
}

#[test]
fn a_tab_that_takes_over_the_stream_continues_at_the_other_tabs_cursor() {
    let mut world = world_with(json!({}), stored());
    world.server().listens = true;
    tell(&mut world, PageNotification::Park);
    world.connect();
    world.storage.record()["cursor"] = json!("n5");
    // The world asserts that it has seen every cursor on a stream.
    world.newest.insert(mcp_tether::core::ExchangeId(1), "n5".into());
    tell(&mut world, PageNotification::Unpark);
    assert_eq!(world.sent_as("GET")[0].cursor(), Some("n5"));
}

/// A session in an outage, and a change of it that is not written yet.
fn in_outage_after(cursor: &str) -> Tether {
    let mut world = world_with(json!({}), stored());
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("n1".into()), None, Data::Json(note("x"))));
    world.run_for(2_000);
    world.server().down = Some(http(502, ""));
    world.push(get, Step::Event(Some(cursor.into()), None, Data::Json(note("x"))));
    world.tool(session, "read");
    world.run_for(100);
    assert_eq!(world.machine.session(session).unwrap().state, State::Outage);
    assert_eq!(world.storage.record()["cursor"], "n1", "the change waits to be written");
    world
}

#[test]
fn changes_are_written_in_an_outage_too() {
    for notification in [PageNotification::Save, PageNotification::Park] {
        let mut world = in_outage_after("n3");
        tell(&mut world, notification);
        assert_eq!(world.storage.record()["cursor"], "n3");
    }
    let mut world = in_outage_after("n3");
    world.run_for(2_000);
    assert_eq!(world.storage.record()["cursor"], "n3", "by its timer");
    let mut world = in_outage_after("n3");
    world.close(false);
    assert_eq!(world.storage.record()["cursor"], "n3", "by close");
}

#[test]
fn a_stream_parked_in_an_outage_goes_on_where_it_was() {
    let mut world = in_outage_after("n3");
    tell(&mut world, PageNotification::Park);
    world.server().down = None;
    world.run_for(60_000);
    tell(&mut world, PageNotification::Unpark);
    world.run_for(10);
    assert_eq!(world.sent_as("GET").last().unwrap().cursor(), Some("n3"));
}

#[test]
fn a_page_shown_in_an_outage_takes_over_the_cursor_of_another_tab() {
    let mut world = in_outage_after("n3");
    tell(&mut world, PageNotification::Park);
    world.storage.record()["cursor"] = json!("n5");
    world.newest.insert(mcp_tether::core::ExchangeId(1), "n5".into());
    tell(&mut world, PageNotification::Unpark);
    world.server().down = None;
    world.run_for(60_000);
    assert_eq!(world.sent_as("GET").last().unwrap().cursor(), Some("n5"));
}

#[test]
fn messages_heard_by_another_tab_are_delivered_here() {
    let (mut world, _) = listening(json!({}));
    tell(&mut world, PageNotification::Received(note("from afar")));
    assert_eq!(world.notified[0].2["params"]["data"], "from afar");
    let ask = json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": {}});
    tell(&mut world, PageNotification::Received(ask));
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
    let answer = world.sent_as("answer")[0].body.clone().unwrap();
    assert_eq!(answer, json!({"jsonrpc": "2.0", "id": "q", "result": {"action": "accept"}}));
}
