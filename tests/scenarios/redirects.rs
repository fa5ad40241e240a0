//! Servers that redirect: redirects within the origin are followed, and no secret ever leaves it.

use super::reply::{Reply, http, http_rpc, redirect};
use super::{Tether, http_sse, world, world_of};
use mcp_tether::core::{ConnectOptions, ErrorCode};
use serde_json::json;

/// The paths of all requests of this method.
fn urls<'a>(world: &'a Tether, method: &str) -> Vec<&'a str> {
    world.sent_as(method).iter().map(|sent| sent.url.trim_start_matches("https://db.test")).collect()
}

/// How often the log reports the new address.
fn said(world: &Tether) -> usize {
    world.lines().iter().filter(|line| line.contains("redirects; requests are now sent to https://db.test/")).count()
}

fn fails(world: &mut Tether) {
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!((world.code(call), world.error(call).retryable), (ErrorCode::HttpError, false));
    assert!(world.error(call).message.contains("redirects"), "{}", world.error(call));
    assert!(world.sent.iter().all(|sent| sent.url.starts_with("https://db.test/")), "nothing goes to another origin");
}

#[test]
fn a_redirect_within_the_origin_is_followed_and_holds_for_all_users() {
    for status in [307, 308] {
        for (location, path) in [
            ("/mcp/", "/mcp/"),
            ("mcp/", "/mcp/"),
            ("https://db.test/mcp/", "/mcp/"),
            ("//db.test/v1/mcp?tenant=1#part", "/v1/mcp?tenant=1"),
        ] {
            let mut world = world();
            world.server().listens = true;
            world.server().next("initialize", [redirect(status, Some(location))]);
            let session = world.connect();
            let call = world.tool(session, "order");
            world.finish(call);
            world.result(call);
            assert_eq!(urls(&world, "initialize"), ["/mcp", path]);
            assert_eq!(world.sent[0].body.as_ref().unwrap()["params"], world.sent[1].body.as_ref().unwrap()["params"]);
            for method in ["notifications/initialized", "GET", "tools/call"] {
                assert_eq!(urls(&world, method), [path], "{method}");
            }
            world.connect_as("bob", "db");
            assert_eq!(urls(&world, "initialize"), ["/mcp", path, path]);
            assert_eq!(said(&world), 1);
        }
    }
}

#[test]
fn a_call_that_is_redirected_is_carried_out_once_and_keeps_its_session() {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    world.server().next("tools/call", (0..10).map(|_| redirect(307, Some("/mcp/"))));
    let calls: Vec<_> = (0..10).map(|_| world.tool(session, "order")).collect();
    world.drive();
    calls.into_iter().for_each(|call| drop(world.result(call)));
    assert_eq!((world.server().executed("order"), world.count("initialize"), said(&world)), (10, 1, 1));
    assert_eq!(urls(&world, "tools/call"), [["/mcp"; 10], ["/mcp/"; 10]].concat());
    assert!(world.sent_as("tools/call").iter().all(|sent| sent.session() == Some("00000001-db-secret")));
}

#[test]
fn a_redirect_that_may_change_the_method_is_followed_to_the_last_slash_alone() {
    for status in [301, 302] {
        let mut world = world();
        world.server().next("initialize", [redirect(status, Some("/mcp/"))]);
        world.connect();
        assert_eq!(urls(&world, "initialize"), ["/mcp", "/mcp/"]);
    }
    for (status, location) in
        [(301, "/login"), (302, "/login?next=/mcp/"), (303, "/mcp/"), (300, "/mcp/"), (304, "/mcp/")]
    {
        let mut world = world();
        world.server().always("initialize", redirect(status, Some(location)));
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.drive();
        assert_eq!(world.code(call), ErrorCode::HttpError, "{status} {location}");
        assert_eq!(urls(&world, "initialize"), ["/mcp"]);
    }
}

#[test]
fn another_origin_gets_nothing() {
    for location in [
        "https://evil.test/mcp/",
        "//evil.test/mcp/",
        "http://db.test/mcp/",
        "https://db.test:444/mcp/",
        "https://db.test.evil.test/",
        "https://db.test@evil.test/",
        "https://me@db.test/mcp/",
        "javascript:alert(1)",
        "/\\evil.test",
        "",
    ] {
        for status in [301, 307, 308] {
            let mut world = world();
            world.server().always("initialize", redirect(status, Some(location)));
            fails(&mut world);
            assert_eq!(world.methods(), ["initialize"], "{location}");
        }
    }
}

#[test]
fn loops_and_long_chains_end_in_an_error_and_are_not_remembered() {
    let chain = |_| {
        let mut world = world();
        let hops = (1..20).map(|hop| redirect(307, Some(&format!("/hop{hop}"))));
        world.server().next("initialize", hops);
        world
    };
    let circle = |_| {
        let mut world = world();
        world.server().next("initialize", (0..20).map(|hop| redirect(308, Some(["/mcp/", "/mcp"][hop % 2]))));
        world
    };
    let itself = |_| {
        let mut world = world();
        world.server().always("initialize", redirect(307, Some("/mcp")));
        world
    };
    let make: [&dyn Fn(()) -> Tether; 3] = [&chain, &circle, &itself];
    for make in make {
        let mut world = make(());
        fails(&mut world);
        assert_eq!(world.count("initialize"), 3);
        world.server().behave();
        world.connect();
        assert_eq!(urls(&world, "initialize").last(), Some(&"/mcp"));
    }
}

/// The answer to the GET that follows redirects, as reported by a host that hides them.
fn ends_at(status: u16, url: &str) -> Reply {
    http(status, "no").head(|head| head.location = Some(url.into()))
}

#[test]
fn where_the_host_hides_the_target_one_bare_get_finds_out() {
    for status in [200, 401, 404, 405, 406, 500] {
        let mut world = world();
        world.server().next("initialize", [redirect(302, None)]);
        world.server().next("GET", [ends_at(status, "https://db.test/mcp/")]);
        world.connect();
        world.connect_as("bob", "db");
        assert_eq!(urls(&world, "initialize"), ["/mcp", "/mcp/", "/mcp/"]);
        assert_eq!(urls(&world, "GET"), ["/mcp", "/mcp/", "/mcp/"], "one to find the target, and the streams");
        assert_eq!(said(&world), 1);
    }
}

#[test]
fn a_hidden_redirect_that_leads_nowhere_is_an_error() {
    let answers: [Reply; 5] = [
        ends_at(200, "https://evil.test/mcp/"),
        ends_at(200, "http://db.test/mcp/"),
        ends_at(405, "https://db.test/mcp"),
        http(200, "from a host that does not report the URL"),
        super::reply::reset(),
    ];
    for answer in answers {
        let mut world = world();
        world.server().always("initialize", redirect(302, None));
        world.server().always("GET", answer);
        fails(&mut world);
        assert_eq!(world.methods(), ["initialize", "GET"]);
    }
    // The GET is never answered.
    let mut world = world();
    world.server().always("initialize", redirect(302, None));
    world.server().always("GET", super::reply::silence());
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert!(world.outcome(call).is_err());
    assert!(world.elapsed() < 300_000);
}

#[test]
fn a_cancelled_call_ends_the_redirect_lookup() {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    world.server().next("tools/call", [redirect(302, None)]);
    world.server().next("GET", [super::reply::silence()]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let get = world.sent_as("GET").last().unwrap().exchange;
    world.cancel(call);
    assert_eq!(world.code(call), ErrorCode::Cancelled);
    assert!(world.aborted.contains(&get));
}

#[test]
fn a_404_at_a_learnt_address_is_delivered_and_the_next_call_uses_the_configured_one() {
    for reply in [http(404, "Not Found"), super::reply::http_json(404, json!({"detail": "Not Found"})), http(405, "")] {
        let mut world = world();
        world.server().next("initialize", [redirect(307, Some("/mcp/"))]);
        let session = world.connect();
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::HttpError);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(urls(&world, "tools/call"), ["/mcp/", "/mcp"]);
        assert_eq!(world.count("initialize"), 2, "the redirected one, and one handshake");
    }
}

/// Found by the simulation: the 404 of a handler was taken for a missing route, and the tool ran twice.
#[test]
fn a_tool_behind_a_redirect_that_sends_404_is_run_once() {
    for stateful in [true, false] {
        let mut world = world();
        world.server().stateful = stateful;
        world.server().next("initialize", [redirect(307, Some("/mcp/"))]);
        let session = world.connect();
        world.server().runs_then("order", http(404, "no such customer"));
        for times in 1..=3 {
            let call = world.tool(session, "order");
            world.finish(call);
            assert!(world.outcome(call).is_err());
            assert_eq!(world.server().executed("order"), times);
        }
        assert_eq!(world.lines().iter().filter(|line| line.contains("redirects")).count(), 1);
    }
}

#[test]
fn a_404_that_a_server_of_mcp_gives_at_a_learnt_address_is_a_lost_session() {
    let mut world = world();
    world.server().next("initialize", [redirect(307, Some("/mcp/"))]);
    let session = world.connect();
    world.server().forget();
    world.server().lost = http_rpc(404, -32001, "Session not found");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(urls(&world, "tools/call"), ["/mcp/", "/mcp/"]);
    assert_eq!(urls(&world, "initialize"), ["/mcp", "/mcp/", "/mcp/"]);
}

#[test]
fn each_server_has_its_own_address() {
    let mut world = world_of(&["db", "web"], json!({}), json!({}));
    world.server_of("db").next("initialize", [redirect(307, Some("/mcp/"))]);
    world.connect_as("ann", "db");
    world.connect_as("ann", "web");
    let initialized: Vec<&str> =
        world.sent_as("notifications/initialized").iter().map(|sent| sent.url.as_str()).collect();
    assert_eq!(initialized, ["https://db.test/mcp/", "https://web.test/mcp"]);
}

#[test]
fn the_stream_that_is_a_session_is_followed_as_well() {
    for hidden in [false, true] {
        let mut world = http_sse::world();
        world.network.next(
            "GET",
            [redirect(307, Some("/v1/sse/"))].map(|reply| if hidden { redirect(302, None) } else { reply }),
        );
        if hidden {
            world.network.next("GET", [ends_at(405, "https://db.test/v1/sse/")]);
        }
        world.network.endpoint = Some("messages?sessionId={id}".into());
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.sent_as("GET").last().unwrap().url, "https://db.test/v1/sse/");
        let posted = &world.sent_as("tools/call")[0].url;
        assert!(posted.starts_with("https://db.test/v1/sse/messages?"), "relative to the new address: {posted}");
    }
}

#[test]
fn a_redirect_to_where_nothing_is_leaves_the_error_of_what_is_there() {
    let mut world = world();
    world.server().next("initialize", [redirect(307, Some("/mcp/")), http(404, "Not Found")]);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!(world.error(call).status, Some(404));
    assert_eq!(urls(&world, "initialize"), ["/mcp", "/mcp/"]);
    assert_eq!(urls(&world, "GET"), ["/mcp/"], "it could have been an HTTP+SSE server");

    // After a loss there, the new session is opened at the configured address.
    let mut world = self::world();
    world.server().next("initialize", [redirect(307, Some("/mcp/"))]);
    let session = world.connect();
    world.server().next("tools/call", [http(404, "session not found")]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(urls(&world, "tools/call"), ["/mcp/", "/mcp"]);
    assert_eq!(world.count("initialize"), 3);
}
