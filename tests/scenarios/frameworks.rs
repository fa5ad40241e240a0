//! What frameworks, gateways and platforms say about sessions, each in its own words.

use super::reply::{Reply, http, http_answer, http_json, http_rpc, redirect, result, rpc_error, stream};
use super::suspicion::working;
use super::world;
use mcp_tether::core::{ErrorCode, Kind, State};
use serde_json::{Value, json};

/// A JSON-RPC error whose id is a fixed text.
fn named(status: u16, id: &str, code: i32, message: &str) -> Reply {
    http_json(status, json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}))
}

/// The server forgets the session and says so like this. At most `most` unsafe calls fail before one succeeds on the
/// next session, and none runs twice. Returns what is wrong.
fn lost(who: &str, reply: Reply, most: usize, answers_pings: bool) -> Option<String> {
    let (mut world, session) = working();
    world.server().forget();
    world.server().lost = reply;
    if answers_pings {
        world.server().always("ping", result(json!({})));
    }
    for failures in 0..=most {
        let call = world.tool(session, "order");
        world.finish(call);
        if world.outcome(call).is_ok() {
            let info = world.machine.session(session).unwrap();
            let seen = (info.state, info.recoveries, world.server().executed("order"), world.count("initialize"));
            return (seen != (State::Ready, 1, 1, 2)).then(|| format!("{who}: {seen:?} after {failures} failures"));
        }
        world.run_for(1000);
    }
    Some(format!("{who}: {most} calls failed, and one more"))
}

fn none(faults: impl IntoIterator<Item = Option<String>>) {
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn an_unknown_session_is_replaced_without_a_failed_call() {
    let java = json!({
        "jsonRpcError": {"code": -32603, "message": "Session not found: 6c9f", "data": null},
        "stackTrace": [{"methodName": "doPost"}], "message": "Session not found: 6c9f",
    });
    none(
        [
            ("python-sdk", named(404, "server-error", -32600, "Session not found")),
            ("python-sdk, terminated", named(404, "server-error", -32600, "Not Found: Session has been terminated")),
            ("python-sdk, another id", named(404, "server-error", -32600, "Not Found: Invalid or expired session ID")),
            ("python-sdk to 1.25", named(400, "server-error", -32600, "Bad Request: No valid session ID provided")),
            ("go-sdk", http(404, "session not found\n")),
            ("mcp-go", http(404, "Invalid session ID\n")),
            ("mcp-go, terminated", http(404, "Session terminated\n")),
            ("mcp-go, a response", http(404, "No active session found for the given session ID")),
            ("ruby-sdk", http_rpc(404, -32600, "Session not found")),
            ("csharp-sdk", http_answer(404, -32001, "Session not found")),
            ("php-sdk", named(404, "", -32600, "Session not found or has expired.")),
            ("php-mcp", http_answer(404, -32600, "Invalid or expired session. Please re-initialize the session.")),
            ("java-sdk", http_json(404, java)),
            ("quarkus", http(404, "<html><body><h1>Resource not found</h1></body></html>")),
            ("rmcp", http(404, "Not Found: Session not found")),
            ("kotlin-sdk", http_rpc(404, -32000, "Session not found")),
            ("kotlin-sdk, restarted", http_rpc(400, -32000, "Bad Request: Server not initialized")),
            ("swift-sdk", http_answer(404, -32600, "Not Found: Invalid or expired session ID")),
            ("swift-sdk, restarted", http_answer(400, -32600, "Bad Request: Session not initialized")),
            ("mcp-framework", http_rpc(404, -32001, "Session not found")),
            ("metamcp", http(404, "Session not found")),
            ("envoy ai gateway", http(400, "invalid session ID: session not found\n")),
            ("agentgateway", http(404, "session not found")),
            ("context forge", rpc_error(-32002, "Session not found")),
            ("omniroute", http_rpc(404, -32000, "Not Found: Unknown Mcp-Session-Id header")),
            ("dynamics", http_answer(404, -32001, "MCP session with ID '0f9b859b' could not be found.")),
            ("agentcore", http_json(404, json!({"message": "Session not found"}))),
            ("apim", http_json(404, json!({"statusCode": 404, "message": "Resource not found"}))),
            ("neotoma, restarting", http_rpc(503, -32000, "Session unknown, please reinitialize").retry_after("1")),
            ("supergateway", http(503, "session not found, please reinitialize").retry_after("2")),
            (
                "a platform",
                http_json(503, json!({"error": "invalid_session"})).retry_after("Wed, 21 Oct 2015 07:28:00 GMT"),
            ),
        ]
        .map(|(who, reply)| lost(who, reply, 0, false)),
    );
}

#[test]
fn an_unknown_session_that_is_told_ambiguously_costs_at_most_one_unsafe_call() {
    let proxied = "Error POSTing to endpoint (HTTP 400): Bad Request: No valid session ID provided";
    let other_user = "Forbidden: The currently authenticated user does not match the user who initiated the session.";
    none(
        [
            ("rmcp to 0.8", http(401, "Unauthorized: Session not found")),
            ("mcp-proxy", http_rpc(401, -32000, "Unauthorized: No valid session ID provided")),
            ("fastmcp behind a proxy", http_json(500, json!({"error": proxied}))),
            ("go-sdk, another user", http(403, "session user mismatch")),
            ("csharp-sdk, another user", http_answer(403, -32000, other_user)),
            ("ruby-sdk, another request", http_rpc(403, -32600, "Forbidden: session request validation failed")),
            ("rmcp, another message", http(422, "Unexpected message, expect initialize request")),
            ("a sandbox", http(500, "container not initialized")),
            ("neotoma", http_rpc(503, -32000, "Session unknown, please reinitialize")),
        ]
        .map(|(who, reply)| lost(who, reply, 1, false)),
    );
}

/// A server, or the platform below it, takes up an unknown id without its handshake. 2025-11-25 basic/lifecycle,
/// "Initialization", permits pings then.
#[test]
fn a_session_that_waits_for_its_handshake_again_is_found_though_it_answers_pings() {
    let python = json!({"code": -32602, "message": "Invalid request parameters", "data": ""});
    let hermes = json!({"code": -32600, "message": "Invalid Request", "data": {"message": "Server not initialized"}});
    let error = |error: Value| http_json(200, json!({"jsonrpc": "2.0", "id": null, "error": error}));
    none(
        [
            ("python-sdk", rpc_error(-32602, "Invalid request parameters"), 1),
            ("python-sdk behind a gateway", error(python), 1),
            ("python-sdk, 400", http_answer(400, -32602, "Invalid request parameters"), 1),
            ("go-sdk", rpc_error(0, "method \"tools/call\" is invalid during session initialization"), 1),
            ("quarkus", rpc_error(-32601, "The first message from the client must be \"initialize\": tools/call"), 1),
            ("hermes", error(hermes), 2),
            ("rmcp", rpc_error(-32600, "expect initialized request"), 1),
            ("typescript", rpc_error(-32603, "Client is not initialised"), 1),
            // Gateways answer pings themselves.
            ("swift-sdk behind a gateway", http_answer(400, -32600, "Bad Request: Session not initialized"), 1),
            ("csharp-sdk behind a gateway", http_answer(404, -32001, "Session not found"), 1),
            ("context forge", rpc_error(-32002, "Session not found"), 1),
        ]
        .map(|(who, reply, most)| lost(who, reply, most, true)),
    );
}

#[test]
fn an_unknown_session_that_is_told_without_a_word_about_it_costs_at_most_two_unsafe_calls() {
    none(
        [
            ("a login page", redirect(302, Some("/login"))),
            ("iis", http(440, "")),
            ("laravel", http_json(419, json!({"message": "CSRF token mismatch."}))),
            ("agentcore", http_json(424, json!({"message": "Received error (500) from runtime."}))),
            ("quarkus, another version", http(405, "")),
            ("a router of JSON-RPC", http_rpc(404, -32601, "Method not found")),
            ("a router with a name for the error", named(404, "none", -32601, "Method not found")),
            ("a crashed task", named(500, "server-error", -32603, "Internal error")),
            // The transport of the session is gone, and with it what would have written the answer.
            ("python-sdk, a crashed task", stream().end(1)),
            ("a stream with only a comment", stream().then(1, super::reply::Step::Comment).end(1)),
            ("a queue without a worker", http(202, "")),
            ("a queue that says so", http(202, "Accepted")),
        ]
        .map(|(who, reply)| lost(who, reply, 2, false)),
    );
}

/// The server had no sessions when the client connected, and has them now.
#[test]
fn a_server_that_now_requires_a_session_gets_a_handshake() {
    let new_session = "Bad Request: A new session can only be created by an initialize request. Include a valid Mcp-Session-Id header for non-initialize requests.";
    none(
        [
            ("python-sdk", named(400, "server-error", -32600, "Bad Request: Missing session ID")),
            ("rmcp", http(422, "Unexpected message, expect initialize request")),
            ("rmcp, another message", http(400, "Bad Request: Session ID is required")),
            ("csharp-sdk", http_rpc(400, -32000, new_session)),
            ("csharp-sdk, with the id", http_answer(400, -32000, new_session)),
            ("php-sdk", named(400, "", -32600, "A valid session id is REQUIRED for non-initialize requests.")),
            ("php-mcp", http_answer(400, -32600, "Mcp-Session-Id header required for POST requests.")),
            ("java-sdk", http_json(400, json!({"message": "Session ID required in mcp-session-id header"}))),
            ("swift-sdk", http_answer(400, -32600, "Bad Request: Missing Mcp-Session-Id header")),
            ("ruby-sdk", http_rpc(400, -32600, "Missing session ID")),
            ("kotlin-sdk", http_rpc(400, -32000, "Bad Request: Server not initialized")),
            ("cloudflare", http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required")),
            ("envoy ai gateway", http(400, "missing session ID\n")),
            ("agentgateway", http(422, "session header is required for non-initialize requests")),
            ("context forge", http_json(400, json!({"detail": "mcp-session-id header is required"}))),
        ]
        .map(|(who, reply)| {
            let mut world = world();
            world.server().stateful = false;
            let session = world.connect();
            let call = world.tool(session, "read");
            world.finish(call);
            world.server().stateful = true;
            world.server().lost = reply;
            let call = world.tool(session, "order");
            world.finish(call);
            let kind = world.machine.session(session).unwrap().kind;
            let seen = (world.outcome(call).is_ok(), kind, world.server().executed("order"), world.count("initialize"));
            (seen != (true, Kind::Stateful, 1, 2)).then(|| format!("{who}: {seen:?}"))
        }),
    );
}

/// The session is known, and the request is refused for another reason: told at once or sent again, and the session is
/// kept.
#[test]
fn a_refusal_that_is_not_about_the_session_costs_no_session() {
    none(
        [
            (
                "ruby-sdk, an id in flight",
                http_rpc(409, -32600, "Conflict: Request id is already in flight for this session"),
            ),
            (
                "ruby-sdk, too many",
                http_rpc(503, -32000, "Service unavailable: maximum concurrent sessions (5) reached"),
            ),
            ("go-sdk, too large", http(413, "request body exceeds 4194304 bytes")),
            ("mcp-proxy, too large", http_rpc(413, -32000, "Payload too large")),
            ("go-sdk, a header", http(400, "Accept must contain both 'application/json' and 'text/event-stream'")),
            ("csharp-sdk, a header", http_rpc(406, -32000, "Not Acceptable: Client must accept both")),
            ("swift-sdk, a header", http_answer(415, -32600, "Unsupported Media Type")),
            ("a rate limit for a session", http(429, "too many requests in this session").retry_after("1")),
            (
                "a rate limit in the words of a loss",
                http_rpc(429, -32000, "session expired its quota").retry_after("1"),
            ),
            ("a server that stops", http(503, "all sessions are being drained").retry_after("1")),
            ("java-sdk, stopping", http(503, "<html>Server is shutting down</html>")),
            (
                "python-sdk, ended in between",
                named(500, "server-error", -32603, "Session terminated before the request completed"),
            ),
            ("python-sdk, bad arguments", rpc_error(-32602, "Invalid request parameters")),
            ("quarkus, no such tool", rpc_error(-32601, "Unsupported method: tools/call")),
            ("a router of JSON-RPC", http_rpc(404, -32601, "Method not found")),
            ("a tool with a printer", rpc_error(-32603, "the printer is not initialized")),
            ("a stream cut by a proxy", stream().end(1)),
        ]
        .map(|(who, reply)| {
            let (mut world, session) = working();
            for _ in 0..4 {
                world.server().next("tools/call", [reply.clone()]);
                let call = world.tool(session, "order");
                world.finish(call);
                world.run_for(1000);
            }
            let call = world.tool(session, "order");
            world.finish(call);
            let generation = world.machine.session(session).unwrap().generation;
            let checks = world.count("ping") + world.count("tools/list");
            let seen = (world.outcome(call).is_ok(), generation, world.count("initialize"));
            (seen != (true, 1, 1) || checks > 5).then(|| format!("{who}: {seen:?}, {checks} checks"))
        }),
    );
}

#[test]
fn what_servers_say_to_a_second_get_stream_costs_no_session() {
    let multiple = "Bad Request: This server does not support multiple GET requests. Start a new session or use Last-Event-ID header to resume.";
    for (who, reply) in [
        ("csharp-sdk", http_rpc(400, -32000, multiple)),
        ("python-sdk", named(409, "server-error", -32600, "Conflict: Only one SSE stream is allowed per session")),
        ("ruby-sdk", http_rpc(409, -32600, "Conflict: Only one SSE stream is allowed per session")),
        ("go-sdk", http(409, "stream ID conflicts with ongoing stream")),
        ("mcp-proxy", http(405, "Method Not Allowed")),
        ("quarkus", http(404, "")),
        ("a gateway", http(501, "")),
        ("another gateway", http(406, "Not Acceptable: Client must accept text/event-stream")),
    ] {
        let mut world = world();
        world.server().always("GET", reply);
        let session = world.connect();
        world.run_for(120_000);
        let call = world.tool(session, "order");
        world.finish(call);
        assert!(world.outcome(call).is_ok(), "{who}: {:?}", world.outcome(call));
        assert_eq!(world.count("initialize"), 1, "{who}");
        assert!(world.count("GET") <= 8, "{who}: {}", world.count("GET"));
    }
}

/// An empty 404 may be a lost session or all that a framework says of a tool's exception. A ping decides.
#[test]
fn an_empty_404_after_a_tool_has_run_does_not_run_it_again() {
    for status in [404, 410] {
        let (mut world, session) = working();
        world.server().runs_then("order", http(status, ""));
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!((world.code(call), world.error(call).status), (ErrorCode::HttpError, Some(status)));
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1));
        // A safe call costs no ping.
        let (mut world, session) = working();
        world.server().forget();
        world.server().lost = http(status, "");
        let call = world.plain(session, "prompts/list");
        world.finish(call);
        world.result(call);
        assert_eq!((world.count("ping"), world.count("initialize")), (0, 2));
    }
}

#[test]
fn a_session_that_has_lasted_is_suspected_though_it_never_answered_a_call() {
    for (age, handshakes) in [(11_000, 2), (100, 1)] {
        let mut world = world();
        let session = world.connect();
        world.run_for(age);
        world.server().forget();
        world.server().lost = http(403, "forbidden");
        for _ in 0..3 {
            let call = world.tool(session, "order");
            world.finish(call);
        }
        assert_eq!(
            (world.server().executed("order"), world.count("initialize")),
            (handshakes - 1, handshakes as usize)
        );
    }
}
