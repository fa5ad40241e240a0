//! Termination, closing, and the silence after it.

use super::reply::{http, reset, silence};
use super::{world, world_of, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, Target};
use serde_json::json;

#[test]
fn terminate_sends_delete_and_forgets_the_session() {
    let mut world = world();
    let session = world.connect();
    let end = world.terminate(Target::Session(session));
    world.finish(end);
    assert!(matches!(world.outcome(end), Ok(None)));
    assert_eq!(world.sent_as("DELETE")[0].session(), Some("00000001-db-secret"));
    assert!(world.machine.session(session).is_none());
    assert_eq!(world.machine.stats().total_sessions, 0);
    let call = world.tool(session, "order");
    world.drive();
    assert_eq!(world.code(call), ErrorCode::Closed);
    assert_ne!(world.connect(), session, "a new record gets a new number");
}

#[test]
fn a_delete_is_never_tried_again_whatever_is_answered() {
    for reply in [http(404, ""), http(405, ""), http(500, ""), http(401, ""), http(429, "").retry_after("1"), reset()] {
        let mut world = world();
        let session = world.connect();
        world.server().next("DELETE", [reply]);
        let end = world.terminate(Target::Session(session));
        world.finish(end);
        assert!(world.outcome(end).is_ok());
        world.run_for(600_000);
        assert_eq!((world.count("DELETE"), world.count("initialize")), (1, 1));
    }
}

#[test]
fn a_delete_without_an_answer_takes_five_seconds() {
    let mut world = world();
    let session = world.connect();
    world.server().next("DELETE", [silence()]);
    let from = world.elapsed();
    let end = world.terminate(Target::Session(session));
    world.finish(end);
    assert_eq!(world.settled_at(end) - from, 5000);
}

#[test]
fn terminate_settles_waiting_calls() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 1}}));
    let session = world.connect();
    world.server().always("tools/call", silence());
    let calls = [world.tool(session, "order"), world.tool(session, "order")];
    let end = world.terminate(Target::Key("ann".into(), "db".into()));
    world.drive();
    assert!(calls.iter().all(|call| world.code(*call) == ErrorCode::Closed));
    assert!(world.outcome(end).is_ok());
}

#[test]
fn terminating_a_user_ends_all_sessions_of_that_user_only() {
    let mut world = world_of(&["a", "b"], json!({}), json!({}));
    world.connect_as("ann", "a");
    world.connect_as("ann", "b");
    let bob = world.connect_as("bob", "a");
    let end = world.terminate(Target::User("ann".into()));
    world.finish(end);
    assert_eq!(world.count("DELETE"), 2);
    assert!(world.machine.session(bob).is_some());
    assert_eq!(world.machine.stats().total_users, 1);
}

#[test]
fn each_terminate_waits_for_its_own_delete() {
    let mut world = world_of(&["a", "b"], json!({"sessionConfig": {"timeout": 60_000}}), json!({}));
    let first = world.connect_as("ann", "a");
    world.connect_as("ann", "b");
    // b expires, and its DELETE is answered while a's is not.
    world.run_for(59_000);
    let call = world.tool(first, "read");
    world.finish(call);
    world.server_of("b").next("DELETE", [http(200, "").after(2000)]);
    world.server_of("a").next("DELETE", [silence()]);
    world.run_for(1100);
    let from = world.elapsed();
    let end = world.terminate(Target::Session(first));
    world.finish(end);
    assert_eq!(world.settled_at(end) - from, 5000);
}

#[test]
fn terminating_an_unknown_session_succeeds() {
    let mut world = world();
    for target in [Target::Key("ann".into(), "db".into()), Target::User("ann".into())] {
        let end = world.terminate(target);
        world.drive();
        assert!(world.outcome(end).is_ok());
    }
    assert!(world.sent.is_empty());
}

#[test]
fn terminate_during_the_handshake_ends_it() {
    let mut world = world();
    let connect = world.begin_connect("ann", "db", ConnectOptions::default());
    let end = world.terminate(Target::User("ann".into()));
    world.drive();
    assert_eq!(world.code(connect), ErrorCode::Closed);
    assert!(world.outcome(end).is_ok());
    world.run_for(600_000);
    assert_eq!(world.methods(), ["initialize", "DELETE"], "without the DELETE, the session would leak at the server");
    assert!(world.server().sessions.is_empty());
}

#[test]
fn an_end_waits_for_no_handshake_whose_answer_has_begun_without_an_id() {
    let close: [fn(&mut super::Tether) -> super::CallId; 3] =
        [|world| world.close(false), |world| world.close(true), |world| world.terminate(Target::User("ann".into()))];
    for end in close {
        let mut world = world();
        // A stateless server that streams: its headers have arrived, the answer has not.
        world.server().next("initialize", [super::reply::stream()]);
        let connect = world.begin_connect("ann", "db", ConnectOptions::default());
        world.run_for(50);
        let end = end(&mut world);
        world.run_for(1);
        assert!(world.outcome(end).is_ok());
        assert_eq!(world.code(connect), ErrorCode::Closed);
        world.run_for(600_000);
        assert_eq!(world.methods(), ["initialize"]);
        assert!(world.machine.is_idle());
    }
}

#[test]
fn after_close_there_is_silence() {
    for terminate in [false, true] {
        let mut world = world_of(&["a", "b", "c"], json!({}), json!({}));
        world.server_of("a").listens = true;
        let session = world.connect_as("ann", "a");
        let other = world.connect_as("ann", "b");
        world.server_of("b").forget();
        world.server_of("b").always("initialize", super::reply::refused());
        world.server_of("c").always("initialize", silence());
        let connect = world.begin_connect("ann", "c", ConnectOptions::default());
        let calls = [world.tool(session, "order"), world.tool(other, "order")];
        world.run_for(5);
        let deletes = world.count("DELETE");
        let end = world.close(terminate);
        world.finish(end);
        let sent = world.sent.len();
        assert_eq!(world.count("DELETE") - deletes, usize::from(terminate), "b's id is gone, c never had one");
        assert_eq!(world.code(connect), ErrorCode::Closed);
        assert!(calls.iter().all(|call| world.settled.contains_key(call)));
        world.run_for(10_000);
        assert_eq!(world.next_wake(), None, "no timer is left");
        assert!(world.open_gets().is_empty());
        let late = [
            world.begin_connect("ann", "a", ConnectOptions::default()),
            world.tool(session, "order"),
            world.notify(session, "notifications/x"),
        ];
        world.run_for(100_000);
        assert!(late.iter().all(|call| world.code(*call) == ErrorCode::Closed));
        assert_eq!(world.sent.len(), sent, "nothing more is sent");
    }
}

#[test]
fn a_second_close_waits_for_the_deletes_of_the_first() {
    let mut world = world();
    world.connect();
    world.server().next("DELETE", [silence()]);
    let first = world.close(true);
    let second = world.close(false);
    world.drive();
    assert_eq!(world.settled_at(first), world.settled_at(second));
    assert_eq!(world.count("DELETE"), 1);
}

#[test]
fn a_manager_that_connects_is_not_idle() {
    let mut world = world();
    world.server().next("initialize", [super::reply::refused()]);
    let connect = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(2);
    assert!(world.waiting.contains(&connect));
    assert!(!world.machine.is_idle(), "it waits for the next attempt");
    world.drive();
    world.run_for(10);
    assert!(world.machine.is_idle());
}
