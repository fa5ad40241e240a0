//! No user can see, slow down or break another user's sessions.

use super::reply::{Data, Step, http, http_rpc, refused, silence};
use super::{world, world_of};
use mcp_tether::core::{ConnectOptions, RequestOptions, State};
use serde_json::json;

#[test]
fn each_user_has_a_session_of_their_own_and_ids_never_cross() {
    let mut world = world_of(&["a", "b"], json!({}), json!({}));
    let users = ["ann", "bob", "eve"];
    let sessions: Vec<_> = users.iter().flat_map(|user| ["a", "b"].map(|server| (*user, server))).collect();
    let sessions: Vec<_> = sessions.into_iter().map(|(user, server)| world.connect_as(user, server)).collect();
    for session in &sessions {
        let from = world.sent.len();
        let call = world.tool(*session, "order");
        world.finish(call);
        let id = world.machine.session(*session).unwrap().session_id;
        assert_eq!(world.sent[from].session(), id.as_deref());
    }
    let mut ids: Vec<_> = sessions.iter().map(|session| world.machine.session(*session).unwrap().session_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn headers_belong_to_the_user() {
    let mut world = world();
    let with =
        |value: &str| ConnectOptions { headers: vec![("x-user".into(), value.into())], ..ConnectOptions::default() };
    let ann = world.begin_connect("ann", "db", with("ann"));
    let bob = world.begin_connect("bob", "db", with("bob"));
    world.drive();
    let (ann, bob) = (world.connected[&ann].1, world.connected[&bob].1);
    for (session, user) in [(ann, "ann"), (bob, "bob")] {
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.sent.last().unwrap().header("x-user"), Some(user));
    }
}

#[test]
fn a_diagnosis_sends_the_users_own_headers() {
    let mut world = world();
    let options =
        ConnectOptions { headers: vec![("x-user".into(), "ann".into())], has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("of-ann"));
    world.finish(call);
    let headers = |user: Option<&str>| {
        let (_, headers) = world.machine.resolve(user, "db").unwrap();
        headers.iter().map(|(name, value)| format!("{}: {}", &**name, &**value)).collect::<Vec<_>>()
    };
    assert_eq!(headers(Some("ann")), ["x-user: ann", "authorization: Bearer of-ann"]);
    assert!(headers(Some("bob")).is_empty() && headers(None).is_empty());
}

#[test]
fn one_users_failing_server_does_not_slow_others() {
    let mut world = world_of(&["bad", "good"], json!({}), json!({}));
    let bad = world.connect_as("ann", "bad");
    let good = world.connect_as("ann", "good");
    let bob = world.connect_as("bob", "good");
    world.server_of("bad").forget();
    world.server_of("bad").always("initialize", refused());
    world.server_of("bad").always("tools/call", http(429, "").retry_after("60"));
    (0..50).for_each(|_| {
        world.tool(bad, "order");
    });
    for session in [good, bob] {
        let from = world.elapsed();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert!(world.elapsed() - from <= 2);
    }
}

#[test]
fn one_users_lost_session_is_not_anothers() {
    let mut world = world();
    let ann = world.connect_as("ann", "db");
    let bob = world.connect_as("bob", "db");
    let lost = world.machine.session(ann).unwrap().session_id.unwrap();
    world.server().sessions.remove(&lost);
    let call = world.tool(ann, "order");
    world.finish(call);
    assert_eq!(world.machine.session(ann).unwrap().generation, 2);
    assert_eq!(world.machine.session(bob).unwrap().generation, 1);
}

#[test]
fn one_servers_messages_do_not_touch_another_servers_calls() {
    let mut world = world_of(&["a", "b"], json!({}), json!({}));
    world.server_of("b").listens = true;
    let a = world.connect_as("ann", "a");
    world.connect_as("bob", "b");
    world.run_for(10);
    world.server_of("a").next("tools/call", [silence()]);
    let call = world.request(
        a,
        "tools/call",
        json!({"name": "x"}),
        RequestOptions { timeout: Some(5000), ..RequestOptions::default() },
    );
    let id = world.sent.last().unwrap().id();
    let from = world.elapsed();
    world.run_for(3000);
    let get = world.open_gets()[0];
    for message in [
        json!({"jsonrpc": "2.0", "id": id, "result": {"stolen": true}}),
        json!({"jsonrpc": "2.0", "id": id, "error": {"code": 1, "message": "stolen"}}),
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": id, "progress": 1}}),
    ] {
        world.push(get, Step::Event(None, None, Data::Json(message)));
    }
    assert!(world.progress.is_empty(), "b cannot report progress of a call to a");
    world.finish(call);
    assert_eq!(world.settled_at(call) - from, 5000, "nor extend its deadline");
}

#[test]
fn names_that_look_alike_are_different_users() {
    let mut world = world();
    let users = ["a", "a\u{0}", "A", "a ", "", "a:db"];
    let sessions: Vec<_> = users.iter().map(|user| world.connect_as(user, "db")).collect();
    assert_eq!(world.machine.stats().total_users, users.len());
    let end = world.terminate(mcp_tether::core::Target::User("a".into()));
    world.finish(end);
    let alive = sessions.iter().filter(|session| world.machine.session(**session).is_some()).count();
    assert_eq!(alive, users.len() - 1);
}

#[test]
fn stats_count_users_as_users_and_sessions_as_sessions() {
    let mut world = world_of(&["a", "b"], json!({}), json!({}));
    let ann = world.connect_as("ann", "a");
    world.connect_as("ann", "b");
    world.connect_as("bob", "a");
    let stats = world.machine.stats();
    assert_eq!((stats.total_users, stats.total_sessions, stats.active_sessions), (2, 3, 3));
    world.server_of("a").always("initialize", http(500, ""));
    world.server_of("a").always("tools/call", http_rpc(404, -32001, "Session not found"));
    let call = world.tool(ann, "order");
    world.finish(call);
    assert_eq!(world.machine.session(ann).unwrap().state, State::Degraded);
    let stats = world.machine.stats();
    assert_eq!((stats.total_users, stats.total_sessions, stats.active_sessions), (2, 3, 2));
    assert_eq!(world.machine.active_sessions().len(), 2);
}
