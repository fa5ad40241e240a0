//! Unusual forms of values that servers send, and how each is read.

use super::leniency::{answer_to, listening, message};
use super::reply::{Data, Step, http, http_json, result, silence, stream};
use super::{Tether, world, world_with};
use mcp_tether::core::ErrorCode;
use serde_json::{Value, json};

/// The cursors of the machine's own listing, when each page names the next of these.
fn listing(cursors: &[Value]) -> (Tether, Vec<Value>) {
    let mut world = world();
    let session = world.connect();
    let page = |next: &Value| result(json!({"tools": [{"name": "x"}], "nextCursor": next}));
    world.server().next("tools/list", cursors.iter().map(page));
    world.server().always("tools/list", page(cursors.last().unwrap()));
    world.server().next("tools/call", [super::reply::reset()]);
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown, "a tool that is not listed is not safe");
    let asked = world.sent_as("tools/list").iter().map(|sent| sent.param("cursor").clone()).collect();
    (world, asked)
}

#[test]
fn a_repeated_cursor_ends_the_list_of_tools() {
    for (next, asked) in [
        (vec![json!("again")], vec![json!(null), json!("again")]),
        (vec![json!("a"), json!("b"), json!("a"), json!("b")], vec![json!(null), json!("a"), json!("b")]),
        (vec![json!("a"), json!("b"), json!("b")], vec![json!(null), json!("a"), json!("b")]),
        (vec![json!(2)], vec![json!(null), json!(2)]),
        (vec![json!("")], vec![json!(null)]),
        (vec![json!("a"), json!("")], vec![json!(null), json!("a")]),
    ] {
        assert_eq!(listing(&next).1, asked, "{next:?}");
    }
}

#[test]
fn a_list_ended_by_a_repeated_cursor_is_complete_and_the_next_one_starts_over() {
    let (mut world, _) = listing(&[json!("again")]);
    let session = world.connect();
    // Whether the tool is safe is known now: nothing is listed again for it.
    world.server().next("tools/call", [super::reply::reset()]);
    let call = world.tool(session, "x");
    world.finish(call);
    assert_eq!((world.code(call), world.count("tools/list")), (ErrorCode::OutcomeUnknown, 2));
    // The next session's list has the same cursors, and is the same list.
    world.server().forget();
    let call = world.tool(session, "x");
    world.finish(call);
    world.run_for(1000);
    assert_eq!(world.count("tools/list"), 4);
    assert!(!world.event_names().contains(&"toolsChanged"));
}

#[test]
fn an_event_id_beyond_latin_1_is_sent_as_the_bytes_of_its_utf_8() {
    for (id, sent) in [("€1", "\u{E2}\u{82}\u{AC}1"), ("событие", "Ñ\u{81}Ð¾Ð±Ñ\u{8B}Ñ\u{82}Ð¸Ðµ"), ("é1", "é1")]
    {
        let (mut world, _, get) = listening();
        world.push(get, Step::Event(Some(id.into()), None, Data::None));
        world.push(get, Step::End);
        world.run_until("the next stream", |world| world.count("GET") == 2);
        assert_eq!(world.sent_as("GET")[1].cursor(), Some(sent));

        let (mut world, session, _) = listening();
        world.server().next("tools/call", [stream().priming(0, id, None).end(1)]);
        let call = world.tool(session, "order");
        world.run_until("the resume", |world| world.count("GET") == 2);
        world.run_for(5);
        assert_eq!(world.sent_as("GET")[1].cursor(), Some(sent));
        let (resume, asked) = (world.sent_as("GET")[1].exchange, world.sent_as("tools/call")[0].id());
        world.push(resume, message(answer_to(&json!(asked), "resumed")));
        assert_eq!(world.result(call), json!({"text": "resumed"}));
    }
}

#[test]
fn an_event_id_that_no_header_may_carry_is_left_out_and_ends_nothing() {
    for id in ["a\u{1}b", "\u{7F}", &"x".repeat(5000)] {
        let (mut world, _, get) = listening();
        world.push(get, Step::Event(Some(id.into()), None, Data::None));
        world.push(get, Step::End);
        world.run_until("the next stream", |world| world.count("GET") == 2);
        assert_eq!(world.sent_as("GET")[1].cursor(), None);

        let (mut world, session, _) = listening();
        world.server().next("tools/call", [stream().priming(0, id, None).streamed(10, json!({"done": true}))]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.result(call), json!({"done": true}));
    }
}

#[test]
fn an_error_that_is_no_object_keeps_its_words() {
    for (error, words) in [
        (json!("boom"), "boom"),
        (json!(["boom", 1]), "[\"boom\",1]"),
        (json!(42), "42"),
        (json!(true), "true"),
        (json!({"detail": "boom"}), "{\"detail\":\"boom\"}"),
        (json!({"code": -32000, "message": "no"}), "no"),
        (json!(""), "an error without a message"),
        (json!({"code": -32000, "message": " "}), "an error without a message"),
    ] {
        let mut world = world();
        let session = world.connect();
        for reply in [
            http_json(200, json!({"jsonrpc": "2.0", "error": error})),
            stream().then(0, message(json!({"error": error}))),
        ] {
            world.server().next("tools/call", [reply]);
            let call = world.tool(session, "order");
            world.finish(call);
            assert_eq!((world.code(call), world.error(call).message.as_str()), (ErrorCode::RpcError, words), "{error}");
        }
    }
}

#[test]
fn a_server_that_stumbles_over_initialized_is_used_all_the_same() {
    for reply in [
        http(500, "oops"),
        http(501, ""),
        http(502, ""),
        http_json(500, json!({"error": "boom"})),
        http(404, ""),
        http(408, ""),
    ] {
        let mut world = world();
        world.server().stateful = false;
        world.server().next("notifications/initialized", [reply.clone()]);
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 1, "{reply:?}");
    }
}

#[test]
fn a_server_with_sessions_that_has_no_place_for_initialized_is_used_all_the_same() {
    for status in [404, 405, 410] {
        let mut world = world();
        world.server().always("notifications/initialized", http(status, ""));
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 1, "{status}");
    }
}

#[test]
fn a_server_that_holds_back_its_response_to_initialized_is_used_after_the_timeout_of_a_handshake() {
    for (server, most) in [(json!({"initTimeout": 2_000}), 2_100), (json!({}), 30_100)] {
        let mut world = world_with(server, json!({}));
        world.server().always("notifications/initialized", silence());
        let session = world.connect();
        assert!(world.elapsed() <= most, "{}", world.elapsed());
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 1);
    }
}

#[test]
fn a_server_that_is_busy_at_initialized_is_sent_it_later() {
    let mut world = world();
    world.server().next("notifications/initialized", [http(503, "").retry_after("2")]);
    world.connect();
    assert_eq!((world.count("initialize"), world.count("notifications/initialized")), (1, 2));
    assert!(world.elapsed() >= 2000);
}

#[test]
fn a_retry_after_with_a_fraction_or_a_unit_is_waited_out() {
    for (value, least) in [("1.5", 1500), ("0.25", 250), ("2s", 2000), ("1m", 60_000), ("500ms", 500)] {
        for status in [429, 503] {
            let mut world = world_with(json!({"timeout": 100_000}), json!({}));
            let session = world.connect();
            world.run_for(10);
            world.server().next("tools/call", [http(status, "").retry_after(value)]);
            let call = world.tool(session, "order");
            world.finish(call);
            world.result(call);
            let [first, second] = [0, 1].map(|nth| world.sent_as("tools/call")[nth].at);
            assert!(second - first >= least, "{status} {value}: after {} ms", second - first);
            assert_eq!(world.count("initialize"), 1);
        }
    }
}
