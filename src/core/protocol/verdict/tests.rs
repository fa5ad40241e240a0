//! The verdict table, response by response.

use super::*;
use proptest::prelude::*;

fn seen(status: u16, relation: Relation, text: &str) -> Seen<'_> {
    Seen {
        status,
        relation,
        is_get: false,
        rpc: None,
        is_bare: text.is_empty(),
        text,
        asks_to_wait: false,
        retry_after: None,
    }
}

fn rpc(code: f64, for_this_request: bool) -> Option<RpcSeen> {
    Some(RpcSeen { code, for_this_request })
}

#[test]
fn a_404_with_the_current_id_ends_the_session() {
    for text in ["", "Session not found", "Invalid session ID\n", "Not Found: Session has been terminated"] {
        for status in [404, 410] {
            let verdict = judge(&seen(status, Relation::Current, text));
            assert_eq!(verdict, Verdict::Lost(ErrorCode::SessionTerminated), "{status} {text}");
        }
    }
    let answer = Seen { rpc: rpc(-32001.0, false), ..seen(404, Relation::Current, "Session not found") };
    assert_eq!(judge(&answer), Verdict::Lost(ErrorCode::SessionTerminated));
}

#[test]
fn a_404_that_a_router_or_a_handler_may_have_written_is_doubtful() {
    for text in ["<html>nginx</html>", "Not Found", "Cannot POST /mcp", "customer 7 not found", "session is closing"] {
        for status in [404, 410] {
            let verdict = judge(&seen(status, Relation::Current, text));
            assert_eq!(verdict, Verdict::Doubtful(ErrorCode::SessionTerminated), "{status} {text}");
        }
    }
    let words = seen(404, Relation::Current, "Browser session 7 not found");
    for rpc in [None, rpc(-32001.0, false), rpc(-32001.0, true)] {
        let verdict = judge(&Seen { rpc, ..words.clone() });
        assert_eq!(verdict, Verdict::Doubtful(ErrorCode::SessionTerminated));
    }
}

#[test]
fn a_404_with_the_requests_own_id_is_the_handlers_answer_unless_it_speaks_of_the_session() {
    for status in [404, 410] {
        for code in [-32601.0, -32001.0, -32600.0, -32000.0, 404.0] {
            let answer = Seen { rpc: rpc(code, true), ..seen(status, Relation::Current, "no such customer") };
            assert_eq!(judge(&answer), Verdict::Answer, "{status} {code}");
            let answer = Seen { rpc: rpc(code, true), ..seen(status, Relation::Current, "Session not found") };
            assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionTerminated), "{status} {code}");
        }
    }
}

#[test]
fn a_stale_id_never_ends_the_current_session() {
    assert_eq!(judge(&seen(404, Relation::Stale, "")), Verdict::Stale { is_certain: false });
    assert_eq!(judge(&seen(404, Relation::Stale, "Session not found")), Verdict::Stale { is_certain: true });
    assert_eq!(judge(&seen(404, Relation::Stale, "no such customer")), Verdict::Stale { is_certain: false });
    assert_eq!(
        judge(&seen(400, Relation::Stale, "Bad Request: No valid session ID provided")),
        Verdict::Stale { is_certain: true }
    );
}

#[test]
fn a_404_without_an_id_is_a_wrong_address() {
    assert_eq!(judge(&seen(404, Relation::Absent, "")), Verdict::Final);
}

#[test]
fn a_400_that_names_the_session_makes_it_invalid() {
    for text in ["Bad Request: No valid session ID provided", "Session expired", "Bad Request: Server not initialized"]
    {
        assert_eq!(judge(&seen(400, Relation::Current, text)), Verdict::Lost(ErrorCode::SessionInvalid), "{text}");
    }
    for text in ["Invalid session", "unknown session id", "chat session 7 has expired"] {
        let verdict = judge(&seen(400, Relation::Current, text));
        assert_eq!(verdict, Verdict::Doubtful(ErrorCode::SessionInvalid), "{text}");
    }
}

#[test]
fn a_400_or_422_without_an_id_that_speaks_of_a_session_is_doubtful() {
    for text in ["Unexpected message, expect initialize request", "Mcp-Session-Id header required for POST requests."] {
        for (status, rpc) in [(400, None), (400, rpc(-32600.0, true)), (422, None), (422, rpc(-32600.0, false))] {
            let answer = Seen { rpc, ..seen(status, Relation::Absent, text) };
            assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionInvalid), "{status} {text}");
        }
    }
    assert_eq!(judge(&seen(422, Relation::Absent, "the amount is missing")), Verdict::Final);
}

#[test]
fn a_400_that_no_longer_knows_our_version_asks_for_a_new_handshake() {
    let text = "Bad Request: Unsupported protocol version: 2025-06-18 (supported versions: 2025-11-25)";
    for relation in [Relation::Current, Relation::Absent] {
        assert_eq!(judge(&seen(400, relation, text)), Verdict::Lost(ErrorCode::SessionInvalid));
    }
}

#[test]
fn a_400_that_names_the_version_header_is_doubtful() {
    for text in ["Bad Request: Unsupported MCP-Protocol-Version: 2025-11-25", "Invalid mcp-protocol-version header"] {
        for rpc in [None, rpc(-32000.0, false), rpc(-32600.0, true)] {
            let answer = Seen { rpc, ..seen(400, Relation::Current, text) };
            assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionInvalid), "{text}");
        }
    }
}

#[test]
fn a_400_about_something_else_does_not() {
    for text in ["Bad Request: Mcp-Session-Id header is required", "invalid arguments", "file not found"] {
        assert_eq!(judge(&seen(400, Relation::Current, text)), Verdict::Final, "{text}");
    }
    let answer = Seen { rpc: rpc(-32602.0, true), ..seen(400, Relation::Current, "invalid session parameter") };
    assert_eq!(judge(&answer), Verdict::Doubtful(ErrorCode::SessionInvalid), "a ping decides");
}

#[test]
fn the_rest_of_the_table() {
    assert_eq!(judge(&Seen { is_get: true, ..seen(409, Relation::Current, "") }), Verdict::Conflict);
    assert_eq!(judge(&seen(401, Relation::Current, "")), Verdict::Unauthorized);
    assert_eq!(judge(&seen(403, Relation::Current, "")), Verdict::Forbidden);
    assert_eq!(judge(&seen(429, Relation::Current, "")), Verdict::Refused(None));
    let later = Seen { asks_to_wait: true, retry_after: Some(1000), ..seen(503, Relation::Current, "") };
    assert_eq!(judge(&later), Verdict::Refused(Some(1000)));
    let some_time = Seen { asks_to_wait: true, ..seen(503, Relation::Current, "") };
    assert_eq!(judge(&some_time), Verdict::Refused(None));
    for status in [408, 499, 500, 501, 505, 519, 528] {
        assert_eq!(judge(&seen(status, Relation::Current, "")), Verdict::Unknown);
    }
    for status in [502, 503, 504, 520, 527] {
        assert_eq!(judge(&seen(status, Relation::Current, "")), Verdict::Outage);
    }
    for (status, verdict) in [
        (408, Verdict::Unknown),
        (499, Verdict::Unknown),
        (500, Verdict::Answer),
        (501, Verdict::Answer),
        (502, Verdict::Outage),
        (504, Verdict::Outage),
    ] {
        let failed = Seen { rpc: rpc(-32603.0, true), ..seen(status, Relation::Current, "upstream API failed") };
        assert_eq!(judge(&failed), verdict, "a gateway, or a tool that relays its own upstream's error: {status}");
    }
    for text in ["Session unavailable on this replica", "no such session", "session store is down"] {
        assert_eq!(judge(&seen(503, Relation::Current, text)), Verdict::Unknown, "{text}");
    }
    let crashed = Seen {
        rpc: rpc(-32603.0, true),
        ..seen(500, Relation::Current, "Session terminated before the request completed")
    };
    assert_eq!(judge(&crashed), Verdict::Unknown, "Python's JSON mode, session killed in mid-request");
    assert_eq!(judge(&seen(0, Relation::Current, "")), Verdict::Final);
}

#[test]
fn a_misdirected_request_is_refused_unread_unless_its_handler_answers() {
    for relation in [Relation::Current, Relation::Stale, Relation::Absent] {
        for text in ["", "Misdirected Request", "<html>421 Misdirected Request</html>", "Invalid Host header"] {
            assert_eq!(judge(&seen(421, relation, text)), Verdict::Refused(None), "{relation:?} {text}");
        }
        let refused = Seen { rpc: rpc(-32000.0, false), ..seen(421, relation, "Misdirected Request") };
        assert_eq!(judge(&refused), Verdict::Refused(None), "{relation:?}");
        let answer = Seen { rpc: rpc(-32000.0, true), ..seen(421, relation, "Misdirected Request") };
        assert_eq!(judge(&answer), Verdict::Answer, "{relation:?}: a tool that relays its own upstream's status");
    }
}

#[test]
fn a_tool_that_speaks_of_sessions_does_not_end_ours() {
    assert!(answer_names_lost_session("Session not found"));
    assert!(answer_names_lost_session("Bad Request: No valid session ID provided"));
    assert!(!answer_names_lost_session("browser session not found: tab 4"));
    assert!(!answer_names_lost_session("file not found"));
}

proptest! {
    #[test]
    fn every_response_has_a_verdict(
        status in 0u16..=999, relation in 0..3, is_get: bool, code in proptest::option::of(-40000i32..0),
        for_this_request: bool, text in ".{0,200}", retry in proptest::option::of(0u64..1_000_000),
        challenge in proptest::option::of("(Bearer )?(error_description=\")?.{0,200}\"?"),
    ) {
        let relation = [Relation::Current, Relation::Stale, Relation::Absent][relation as usize];
        let rpc = code.map(|code| RpcSeen { code: f64::from(code), for_this_request });
        let seen = Seen { status, relation, is_get, rpc, is_bare: text.is_empty(), text: &text, asks_to_wait: retry.is_some(), retry_after: retry };
        let verdict = judge(&seen);
        // Only a request with the current id, or one without an id that must bring one, can lose a session.
        if let Verdict::Lost(_) | Verdict::Doubtful(_) = verdict {
            prop_assert!(relation == Relation::Current || (relation == Relation::Absent && status == 400));
        }
        // A response with the request's own id never loses a session by itself.
        prop_assert!(!(for_this_request && code.is_some() && matches!(verdict, Verdict::Lost(_))));
        prop_assert!(evidence(&seen, challenge.as_deref()).len() < 320);
    }
}
