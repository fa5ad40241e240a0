//! A server that is out of reach: the session pauses, sends one canary at a time, and calls wait until their deadline.

use super::reply::{
    Reply, Step, fails, http, http_answer, http_json, http_rpc, redirect, refused, reset, result, rpc_error, silence,
};
use super::{Tether, modern_world, world, world_with};
use mcp_tether::core::{CallId, ConnectOptions, ErrorCode, Event, EventKind, FailureKind, SessionRef, State};
use serde_json::json;
use std::cell::Cell;

/// The forms of an outage: from behind a proxy, from the network, and from a page.
fn outages() -> Vec<Reply> {
    let mut all: Vec<Reply> = [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527].map(|code| http(code, "")).into();
    all.extend([http(502, "<html>Bad Gateway</html>"), refused()]);
    all.extend([fails(FailureKind::Unreachable), fails(FailureKind::Hidden)]);
    all
}

fn listed(mut world: Tether) -> (Tether, SessionRef) {
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    (world, session)
}

pub fn working() -> (Tether, SessionRef) {
    listed(world())
}

fn state(world: &Tether, session: SessionRef) -> State {
    world.machine.session(session).unwrap().state
}

fn events(world: &Tether, kind: EventKind) -> Vec<&Event> {
    world.events.iter().filter(|event| event.kind == kind).collect()
}

/// A gateway that speaks JSON-RPC, and gives its own failures the request's id.
#[test]
fn an_outage_told_with_the_requests_id_costs_no_safe_and_no_new_call() {
    for status in [502, 503, 504] {
        let (mut world, session) = working();
        world.server().down = Some(http_answer(status, -32000, "no upstream"));
        let (cut, read) = (world.tool(session, "order"), world.tool(session, "read"));
        world.run_for(500);
        let new = [world.tool(session, "order"), world.plain(session, "tools/list")];
        world.run_for(2_000);
        assert_eq!(state(&world, session), State::Outage, "{status}");
        world.server().down = None;
        world.drive();
        new.iter().chain(&[read]).for_each(|call| drop(world.result(*call)));
        assert_eq!((world.code(cut), world.error(cut).retryable), (ErrorCode::RpcError, false), "its own answer");
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1));

        world.server().down = Some(http_answer(status, -32000, "no upstream"));
        let calls = [world.tool(session, "read"), world.tool(session, "order")];
        world.drive();
        for call in calls {
            assert_eq!(world.error(call).status, Some(status));
        }
        assert!(world.error(calls[0]).retryable);
    }
}

#[test]
fn three_seconds_cost_no_safe_and_no_new_call() {
    for outage in outages() {
        let (mut world, session) = working();
        world.server().down = Some(outage.clone());
        let cut = world.tool(session, "order");
        let safe: Vec<CallId> =
            (0..20).flat_map(|_| [world.plain(session, "prompts/list"), world.tool(session, "read")]).collect();
        world.run_for(500);
        let new: Vec<CallId> = (0..20)
            .flat_map(|_| {
                [world.plain(session, "prompts/list"), world.tool(session, "read"), world.tool(session, "order")]
            })
            .collect();
        world.run_for(2_500);
        assert_eq!(state(&world, session), State::Outage);
        world.server().down = None;
        world.drive();
        safe.iter().chain(&new).for_each(|call| drop(world.result(*call)));
        // A provably unsent call is sent again; any other gets `outcome_unknown`.
        let is_honest = world.outcome(cut).is_ok() || world.code(cut) == ErrorCode::OutcomeUnknown;
        assert!(is_honest, "{:?}", world.outcome(cut));
        assert!(world.server().executed("order") <= 21);
        assert_eq!(world.server().executed("order"), 20 + u32::from(world.outcome(cut).is_ok()));
        assert_eq!(world.count("initialize"), 1, "the session keeps its id");
        assert_eq!(state(&world, session), State::Ready);
    }
}

#[test]
fn one_canary_goes_at_a_time_and_nothing_else() {
    let (mut world, session) = working();
    world.server().down = Some(http(502, "").after(300));
    let calls = [0; 30].map(|_| world.tool(session, "read"));
    world.run_for(400);
    let before = world.sent.len();
    world.run_for(2_000);
    assert!(world.sent[before..].iter().all(|sent| sent.method() == "ping"));
    let pings: Vec<u64> = world.sent_as("ping").iter().map(|sent| sent.at).collect();
    assert!(pings.windows(2).all(|pair| pair[1] - pair[0] > 300), "one at a time: {pings:?}");
    world.server().down = None;
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
}

#[test]
fn an_outage_is_logged_once_with_its_duration_and_the_waiting_calls() {
    let (mut world, session) = working();
    world.server().down = Some(http(502, ""));
    let calls = [0; 7].map(|_| world.tool(session, "read"));
    world.run_for(3_000);
    world.server().down = None;
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    let started = events(&world, EventKind::OutageStarted);
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].detail.code, Some("http_error"));
    assert!(started[0].detail.evidence.as_deref().unwrap().starts_with("HTTP 502"));
    let ended = events(&world, EventKind::OutageEnded);
    assert_eq!((ended.len(), ended[0].detail.waited), (1, Some(7)));
    let span = ended[0].detail.duration_ms.unwrap();
    assert!((3_000..8_000).contains(&span), "{span}");
    let lines: Vec<&str> = world.lines().into_iter().filter(|line| line.contains("reach")).collect();
    assert_eq!(lines[0], "[MCP][db] Server unreachable: http_error; calls are waiting");
    assert_eq!(lines[1], format!("[MCP][db] Server reachable again after {span} ms; waiting calls: 7"));
    assert_eq!(lines.len(), 2);
    let changes: Vec<_> = events(&world, EventKind::StateChanged)
        .iter()
        .filter_map(|event| event.detail.from.map(|from| (from, event.detail.to.unwrap())))
        .collect();
    assert_eq!(changes[1..], [(State::Ready, State::Outage), (State::Outage, State::Ready)]);
}

#[test]
fn a_504_of_one_slow_tool_is_no_outage() {
    for status in [502, 503, 504, 524] {
        let (mut world, session) = working();
        world.server().next("tools/call", [http(status, "").after(60)]);
        let slow = world.tool(session, "order");
        world.run_for(50);
        let other = world.tool(session, "order");
        world.drive();
        assert_eq!(world.code(slow), ErrorCode::OutcomeUnknown);
        world.result(other);
        assert_eq!(world.count("ping"), 1, "the first canary goes at once");
        assert!(events(&world, EventKind::OutageStarted).is_empty());
        assert_eq!(events(&world, EventKind::StateChanged).len(), 2);
    }
}

#[test]
fn a_stream_that_cannot_be_opened_begins_it_before_a_call_does() {
    for kind in [FailureKind::Unsent, FailureKind::Unreachable] {
        let mut world = world();
        world.server().listens = true;
        let (mut world, session) = listed(world);
        world.run_for(10);
        world.server().down = Some(fails(kind));
        let get = world.open_gets()[0];
        world.push(get, Step::Fail(FailureKind::Broken));
        world.run_for(3_000);
        assert_eq!(state(&world, session), State::Outage, "{kind:?}");
        let call = world.tool(session, "order");
        world.run_for(1_000);
        world.server().down = None;
        world.finish(call);
        assert!(world.outcome(call).is_ok(), "{kind:?}: {:?}", world.outcome(call));
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1));
        world.run_for(60_000);
        assert_eq!(world.open_gets().len(), 1, "the stream is back");
    }
}

#[test]
fn gets_that_fail_alone_cost_one_ping_each() {
    let (mut world, session) = working();
    world.server().always("GET", fails(FailureKind::Unreachable));
    world.server().listens = true;
    let call = world.tool(session, "read");
    world.finish(call);
    world.run_for(120_000);
    assert_eq!(state(&world, session), State::Ready);
    assert!(world.count("ping") <= world.count("GET"), "{} pings", world.count("ping"));
    assert!(events(&world, EventKind::OutageStarted).is_empty());
}

#[test]
fn any_answer_to_the_canary_ends_it() {
    for answer in [
        rpc_error(-32601, "Method not found"),
        http_answer(404, -32601, "Method not found"),
        http_answer(400, -32600, "what is a ping?"),
        http(500, "oops"),
        http(401, ""),
        http(403, ""),
        http(405, ""),
        http_rpc(429, -32000, "busy"),
        http(503, "").retry_after("soon"),
    ] {
        let (mut world, session) = working();
        world.server().down = Some(refused());
        let call = world.tool(session, "order");
        world.run_for(600);
        world.server().down = None;
        world.server().next("ping", [answer]);
        world.finish(call);
        world.result(call);
        assert_eq!((state(&world, session), world.count("initialize")), (State::Ready, 1));
        assert_eq!(world.server().executed("order"), 1);
    }
}

#[test]
fn a_canary_that_says_that_the_session_is_lost_leads_to_recovery() {
    for lost in
        [http_rpc(404, -32001, "Session not found"), http(404, "<html>"), rpc_error(-32600, "Session not found")]
    {
        let (mut world, session) = working();
        world.server().down = Some(http(502, ""));
        let calls = [0; 5].map(|_| world.tool(session, "read"));
        world.run_for(600);
        world.server().down = None;
        world.server().forget();
        world.server().lost = lost;
        let late = world.tool(session, "order");
        world.drive();
        calls.iter().chain([&late]).for_each(|call| drop(world.result(*call)));
        assert_eq!((world.count("initialize"), world.server().executed("order")), (2, 1));
        assert_eq!(events(&world, EventKind::OutageEnded).len(), 1);
        assert_eq!(world.machine.session(session).unwrap().recoveries, 1);
    }
}

#[test]
fn a_canary_without_an_answer_takes_five_seconds() {
    let (mut world, session) = working();
    world.server().next("tools/call", [http(502, "")]);
    world.server().always("ping", silence());
    let call = world.tool_within(session, "read", 60_000);
    world.run_until("the second canary", |world| world.count("ping") == 2);
    let pings = world.sent_as("ping");
    assert!((5_500..6_001).contains(&(pings[1].at - pings[0].at)));
    assert_eq!(world.count("notifications/cancelled"), 0);
    world.server().behave();
    world.finish(call);
    world.result(call);
}

#[test]
fn after_the_last_canary_calls_fail_and_the_id_is_kept() {
    let (mut world, session) = working();
    world.server().down = Some(http(502, ""));
    let calls = [world.tool(session, "read"), world.plain(session, "prompts/list")];
    let new = world.tool(session, "order");
    world.drive();
    let codes = [calls[0], calls[1]].map(|call| world.code(call));
    assert_eq!(codes, [ErrorCode::HttpError; 2]);
    assert!(calls.iter().all(|call| world.error(*call).retryable));
    assert_eq!(world.code(new), ErrorCode::OutcomeUnknown, "it was in flight when the outage began");
    assert_eq!(world.count("ping"), 1 + 3);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.state, info.session_id.as_deref()), (State::Outage, Some("00000001-db-secret")));
    assert!((3_500..7_100).contains(&world.settled_at(calls[0])), "{}", world.settled_at(calls[0]));

    // The next call is the next canary; no handshake is sent.
    world.run_for(60_000);
    assert_eq!(world.count("ping"), 4, "no canary is sent without a call");
    let fails = world.tool(session, "order");
    world.finish(fails);
    assert_eq!(world.count("ping"), 5);
    assert!(world.error(fails).retryable && world.code(fails) == ErrorCode::HttpError, "it was never sent");
    world.run_for(60_000);
    world.server().down = None;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("ping"), world.count("initialize"), world.server().executed("order")), (6, 1, 1));
    assert_eq!(world.sent.last().unwrap().session(), Some("00000001-db-secret"));
}

#[test]
fn calls_in_a_loop_after_the_last_canary_cause_no_storm() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    for _ in 0..2_000 {
        let call = world.tool_within(session, "read", 60_000);
        world.run_for(30);
        world.cancel(call);
    }
    assert!(world.count("ping") <= 20, "{} canaries in a minute", world.count("ping"));
    assert!(world.count("tools/call") <= 2);
}

#[test]
fn an_outage_counts_neither_for_the_breaker_nor_as_a_recovery() {
    let (mut world, session) = working();
    for _ in 0..10 {
        world.server().down = Some(http(502, ""));
        let call = world.tool(session, "read");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::HttpError);
        world.server().down = None;
        let call = world.tool(session, "read");
        world.finish(call);
        world.result(call);
    }
    for kind in [EventKind::BreakerOpened, EventKind::RecoveryStarted, EventKind::RecoveryFailed] {
        assert!(events(&world, kind).is_empty());
    }
    assert_eq!(world.machine.metrics().into_iter().find(|(name, _)| *name == "outages"), Some(("outages", 10)));
}

#[test]
fn replays_behind_an_outage_spend_no_budget() {
    let (mut world, session) = working();
    for _ in 0..3 {
        world.server().down = Some(http(502, ""));
        let calls: Vec<CallId> = (0..60).map(|_| world.tool(session, "read")).collect();
        world.run_for(1_000);
        world.server().down = None;
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
    }
}

#[test]
fn a_blip_that_is_over_before_the_first_canary_costs_no_safe_call() {
    for outage in outages().into_iter().chain([reset(), http(500, "")]) {
        let (mut world, session) = working();
        world.server().next("tools/call", vec![outage.clone().after(60); 60]);
        let calls: Vec<CallId> = (0..60).map(|_| world.tool(session, "read")).collect();
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
        assert_eq!(world.server().executed("read"), 60);
        assert!(events(&world, EventKind::OutageStarted).is_empty(), "{outage:?}");
    }
}

#[test]
fn calls_that_wait_for_the_budget_ask_for_it_at_a_bounded_rate() {
    let mut world = world_with(json!({"sessionConfig": {"retryDelay": 0}}), json!({}));
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().next("tools/call", vec![http(502, "").after(60); 60]);
    world.server().next("tools/call", vec![result(json!({})).after(5_000); 20]);
    let calls: Vec<CallId> = (0..60).map(|_| world.tool(session, "read")).collect();
    let steps = Cell::new(0);
    world.run_until("every call to settle", |world| {
        steps.set(steps.get() + 1);
        assert!(steps.get() < 5_000, "at {} ms", world.elapsed());
        world.waiting.is_empty()
    });
    calls.iter().for_each(|call| drop(world.result(*call)));
}

#[test]
fn a_server_that_answers_pings_alone_gets_what_the_budget_allows() {
    let (mut world, session) = working();
    world.server().always("tools/call", http(502, ""));
    let calls: Vec<CallId> = (0..60).map(|_| world.tool(session, "read")).collect();
    world.drive();
    calls.iter().for_each(|call| assert_eq!(world.code(*call), ErrorCode::HttpError));
    assert_eq!(world.count("tools/call"), 60 + 20);
}

#[test]
fn an_outage_interrupts_the_machines_own_list_of_tools() {
    // Between two pages, and at an address that a redirect led to.
    for (is_redirected, first) in
        [(false, result(json!({"tools": [], "nextCursor": "2"}))), (true, http(404, "session not found"))]
    {
        let mut world = world();
        if is_redirected {
            world.server().next("initialize", [redirect(308, Some("/mcp/"))]);
        }
        let session = world.connect();
        world.server().next("tools/call", [reset()]);
        world.server().next("tools/list", [first.after(200)]);
        let call = world.tool(session, "order");
        world.run_until("the list", |world| world.count("tools/list") == 1);
        world.server().down = Some(http(502, ""));
        let read = world.plain(session, "prompts/list");
        world.run_for(1_000);
        assert_eq!(state(&world, session), State::Outage);
        assert_eq!(world.count("tools/list"), 1, "redirected: {is_redirected}");
        world.server().down = None;
        world.drive();
        world.result(read);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
        assert!(world.count("tools/list") > 1, "it is fetched again");
    }
}

#[test]
fn a_request_that_itself_brings_the_server_down_ends() {
    for outage in [http(502, ""), refused()] {
        let (mut world, session) = working();
        world.network.0.get_mut("db").unwrap().always("tools/call", outage);
        let call = world.tool_within(session, "read", 600_000);
        while world.waiting.contains(&call) {
            let before = world.count("tools/call");
            world
                .run_until("another try", |world| world.count("tools/call") > before || !world.waiting.contains(&call));
            // The server goes down, and comes back.
            world.server().next("ping", [http(502, ""), http(502, "")]);
        }
        assert!(world.outcome(call).is_err());
        assert_eq!(world.count("tools/call"), 1 + 3, "as often as configured");
    }
}

#[test]
fn what_waits_is_released_eight_at_once_and_twice_as_many_with_each_answer() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    let first = world.tool(session, "read");
    world.run_for(100);
    let calls: Vec<CallId> = (0..300).map(|_| world.tool(session, "order")).collect();
    world.server().down = None;
    world.server().always("tools/call", result(json!({})).after(50));
    let before = world.count("tools/call");
    world.run_until("the release", |world| world.count("tools/call") > before);
    assert_eq!(world.count("tools/call") - before, 8);
    world.run_for(60);
    let second = world.count("tools/call") - before;
    assert!((16..=8 + 64).contains(&second), "{second}");
    world.drive();
    calls.iter().chain([&first]).for_each(|call| drop(world.result(*call)));
}

#[test]
fn deadlines_go_on() {
    let (mut world, session) = working();
    world.server().down = Some(http(502, ""));
    let read = world.tool_within(session, "read", 900);
    let queued = world.tool_within(session, "order", 500);
    let patient = world.plain(session, "prompts/list");
    world.run_for(10);
    let late = world.tool_within(session, "order", 1_000);
    world.run_for(2_000);
    assert_eq!([read, late].map(|call| world.code(call)), [ErrorCode::RequestTimeout; 2]);
    assert!(world.error(late).retryable, "it was never sent");
    assert_eq!((world.settled_at(read), world.settled_at(late)), (900 + 3, 1_010 + 3));
    assert_eq!(world.code(queued), ErrorCode::OutcomeUnknown);
    world.server().down = None;
    world.drive();
    world.result(patient);
    assert_eq!(world.server().executed("order"), 0);
}

#[test]
fn the_replay_policy_decides_what_is_sent_twice() {
    for (replay, read_survives, unsent_order_survives) in
        [("refused", true, true), ("safe", true, false), ("never", false, false)]
    {
        let settings = json!({"sessionConfig": {"replay": replay}});
        for (outage, is_unsent) in [(http(502, ""), false), (refused(), true)] {
            let (mut world, session) = listed(world_with(settings.clone(), json!({})));
            world.server().down = Some(outage);
            let (read, order) = (world.tool(session, "read"), world.tool(session, "order"));
            world.run_for(100);
            let new = world.tool(session, "order");
            world.run_for(1_000);
            world.server().down = None;
            world.drive();
            assert_eq!(world.outcome(read).is_ok(), read_survives, "{replay}");
            assert_eq!(world.outcome(order).is_ok(), is_unsent && unsent_order_survives, "{replay}");
            world.result(new);
            let expected = if is_unsent { ErrorCode::NetworkError } else { ErrorCode::OutcomeUnknown };
            assert!(world.outcome(order).is_ok() || world.code(order) == expected, "{replay}");
        }
    }
}

#[test]
fn unknown_annotations_are_fetched_when_the_outage_is_over() {
    let mut world = world();
    let session = world.connect();
    world.server().down = Some(http(502, ""));
    let calls = [world.tool(session, "read"), world.tool(session, "order")];
    world.run_for(1_500);
    world.server().down = None;
    world.drive();
    world.result(calls[0]);
    assert_eq!(world.code(calls[1]), ErrorCode::OutcomeUnknown);
    assert_eq!(world.server().executed("order"), 0);
}

#[test]
fn a_server_without_sessions_has_outages_too() {
    for mut world in [world(), modern_world()] {
        world.server().stateful = false;
        let session = world.connect();
        let list = world.plain(session, "tools/list");
        world.finish(list);
        let canary = if world.server().modern { "server/discover" } else { "ping" };
        let before = world.count(canary);
        world.server().down = Some(http(502, ""));
        let safe = world.tool(session, "read");
        world.run_for(100);
        let new = world.tool(session, "order");
        world.run_for(2_900);
        world.server().down = None;
        world.drive();
        [safe, new].iter().for_each(|call| drop(world.result(*call)));
        assert!((2..=4).contains(&(world.count(canary) - before)));
        assert_eq!(world.server().executed("order"), 1);
    }
}

#[test]
fn resets_and_cut_answers_are_no_outage() {
    let (mut world, session) = working();
    world.server().next("tools/call", [reset(), reset()]);
    let calls = [world.tool(session, "read"), world.tool(session, "order")];
    world.drive();
    world.result(calls[0]);
    assert_eq!(world.code(calls[1]), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("ping"), 0);
}

#[test]
fn notifications_wait_as_calls_do() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    let unsent = world.notify(session, "notifications/x");
    world.run_for(100);
    let new = world.notify(session, "notifications/y");
    world.run_for(2_000);
    world.server().down = None;
    world.drive();
    [unsent, new].iter().for_each(|call| assert!(world.outcome(*call).is_ok()));
}

/// A restart behind a proxy: one call meets the proxy, the other the new server, which has other words than most.
#[test]
fn a_call_refused_in_an_outage_waits_for_the_canary_and_goes_again_if_the_session_was_lost() {
    for (is_lost, expected) in [(true, 1), (false, 0)] {
        let mut world = world();
        let session = world.connect();
        let refusal = http_json(404, json!({"detail": "this session has moved on"}));
        world.server().next("tools/call", [refusal.after(50), http(502, "")]);
        let refused = world.tool(session, "order");
        world.run_for(1);
        world.server().next("ping", [http(502, "")]);
        let read = world.tool(session, "read");
        world.run_for(40);
        assert_eq!(world.machine.session(session).unwrap().state, State::Outage);
        if is_lost {
            world.server().forget();
        }
        world.finish(refused);
        world.finish(read);
        world.result(read);
        assert_eq!((world.outcome(refused).is_ok(), world.server().executed("order")), (is_lost, expected));
        assert_eq!(world.count("initialize"), 1 + expected as usize);
    }
}

/// One error for all of them: a safe call that was cut, one that never went, and a `connect`.
#[test]
fn the_error_of_an_outage_says_of_no_call_what_is_not_true_of_it() {
    let may_be_read = || fails(FailureKind::Unreachable);
    for (first, later) in [(may_be_read(), refused()), (http(502, ""), refused()), (refused(), may_be_read())] {
        for is_lost in [false, true] {
            let (mut world, session) = working();
            world.server().next("tools/call", [first.clone()]);
            world.server().next("ping", [later.clone()]);
            let cut = world.tool(session, "read");
            world.run_for(1);
            if is_lost {
                world.server().next("ping", [http_rpc(404, -32001, "Session not found")]);
                world.server().always("initialize", later.clone());
            } else {
                world.server().down = Some(later.clone());
            }
            world.run_for(100);
            assert_eq!(state(&world, session), State::Outage);
            let calls = [world.tool(session, "order"), world.tool(session, "read"), cut];
            let connect = world.begin_connect("ann", "db", ConnectOptions::default());
            world.drive();
            for call in calls.into_iter().chain([connect]) {
                assert_eq!((world.code(call), world.error(call).retryable), (ErrorCode::NetworkError, true));
                let message = &world.error(call).message;
                assert!(!message.contains("sent") && !message.contains("read"), "{first:?}, {later:?}: {message}");
            }
            assert_eq!(world.server().executed("order"), 0);
        }
    }
}

#[test]
fn a_session_that_the_application_ends_in_an_outage_gives_its_calls_that_reason() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    let calls = [world.tool(session, "read"), world.tool(session, "order")];
    world.run_for(500);
    let late = world.tool(session, "order");
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.drive();
    assert!(world.outcome(end).is_ok());
    for call in calls.into_iter().chain([late]) {
        assert_eq!(world.error(call).message, "the application ended the session");
    }
}
