//! Faults: before a request is executed, after it, and instead of it.

use super::{Chaos, is_modern, mark, session};
use crate::reply::{self, Data, Reply, Step, fails, http, http_answer, http_json, http_rpc, result, rpc_error, stream};
use crate::world::Sent;
use mcp_tether::core::FailureKind;
use serde_json::{Value, json};

impl Chaos {
    /// A server's answer to an unknown id. Some of these answers are ambiguous.
    pub(super) fn lost(&mut self, sent: &Sent, server: &str) -> Reply {
        let is_request = sent.is_request();
        if sent.method() == "ping" {
            self.seen.push("a ping met a lost session");
        }
        // An ambiguous answer leads to a ping only if the session has worked, and never over HTTP+SSE. A result that
        // arrived during a trial does not count for the client, so the server names the session in the end.
        let calm = u32::from(self.calm);
        let may_be_vague = session(sent).and_then(|id| self.issued.get_mut(id)).is_some_and(|issued| {
            issued.told += calm;
            issued.worked && issued.told < PATIENCE
        });
        let has_worked = may_be_vague && !self.is_sse(server);
        match self.manners[server].lost {
            7..=11 | 17..=18 if !has_worked => http(404, "session not found"),
            14 | 19..=21 if self.is_sse(server) => http(404, "session not found"),
            0 => http(404, "session not found"),
            1 => http_rpc(400, -32000, "Bad Request: No valid session ID provided"),
            2 => http(404, "<html>nginx</html>"),
            3 => http(410, ""),
            4 => http_json(404, json!({"detail": "Not Found"})),
            5 => http(400, "Bad Request: No valid session ID provided"),
            6 => http_rpc(404, -32600, "Session not found"),
            7 => http(500, "the session is unknown here"),
            8 => http(401, ""),
            9 => http(503, "session closed"),
            10 => http(403, ""),
            11 if is_request => rpc_error(-32600, "the client is not attached"),
            12 if is_request => rpc_error(-32600, "Session not found"),
            13 if is_request => http_answer(400, -32000, "Bad Request: No valid session ID provided"),
            // A page can read no answer to a request with an id, and every answer to one without.
            14 if session(sent).is_some() => fails(FailureKind::Hidden),
            14 => http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required"),
            // The next two are configured as `lostWhen`.
            15 => http(419, "login first"),
            16 if is_request => rpc_error(-32055, "this Conversation is over, my friend"),
            17 if is_request => stream().end(1),
            18 => http_rpc(404, -32601, "Method not found"),
            19 => http_rpc(503, -32000, "session unknown, please reinitialize").retry_after("1"),
            // The next two take up an unknown session without its handshake, and answer pings.
            20..=21 if sent.method() == "ping" => result(json!({})),
            20 if is_request => rpc_error(-32602, "Invalid request parameters"),
            21 if is_request => rpc_error(-32601, "The first message must be \"initialize\""),
            _ => http_rpc(404, -32001, "Session not found"),
        }
    }

    /// A fault before the request is executed.
    pub(super) fn unexecuted(&mut self, sent: &Sent) -> Reply {
        match self.rng.up_to(19) {
            0 => reply::refused(),
            1 => reply::reset(),
            2 => http(502, "<html>Bad Gateway</html>"),
            3 => http(503, ""),
            4 => http(503, "").retry_after("3"),
            5 => http(429, ""),
            6 => http(429, "").retry_after("1"),
            7 => http(504, ""),
            8 => reply::silence(),
            9 => http(500, "oops"),
            10 => http_rpc(400, -32602, "invalid arguments: file not found"),
            11 => http(403, ""),
            12 => http(401, ""),
            13 => reply::fails(FailureKind::Hidden),
            14 if sent.is_request() => http_answer(404, -32601, "Method not found"),
            14 => http(413, ""),
            15 => fails(FailureKind::Unreachable),
            16 => http(520 + self.rng.up_to(7) as u16, ""),
            17 => http_json(429, json!({"error": "slow down"})),
            18 => http(421, "Misdirected Request"),
            _ => http(429, "").retry_after("100000"),
        }
    }

    /// A fault after the request was executed.
    pub(super) fn executed_with_fault(&mut self, sent: &Sent, result: &Value) -> Reply {
        match self.rng.up_to(19) {
            13..=15 if sent.method() == "tools/call" => self.handlers_words(sent),
            16 => fails(FailureKind::Hidden),
            17 => fails(FailureKind::Unreachable),
            18 => http(504, ""),
            0 => reply::reset(),
            1 => http(502, ""),
            2 => http(500, ""),
            3 => stream().end(5),
            4 => stream().cut(5),
            5..=7 => self.cut_stream(sent, result),
            8 => reply::silence(),
            9 => http(200, "<html>hello</html>"),
            10 => http(202, ""),
            11 => stream().then(0, Step::Event(None, None, Data::Text("nonsense".into()))),
            _ => rpc_error(-32001, "Request timed out"),
        }
    }

    /// A stream that ends early; a resume may fetch its answer.
    pub(super) fn cut_stream(&mut self, sent: &Sent, result: &Value) -> Reply {
        let message = json!({"jsonrpc": "2.0", "id": sent.id(), "result": result});
        self.count += 1;
        let cursor = format!("{}+{}", sent.session().unwrap_or("none"), self.count);
        self.buffered.insert(cursor.clone(), message);
        self.cut.extend(mark(sent));
        let retry = [None, Some(0), Some(1000)][self.rng.up_to(2) as usize];
        let begun = stream().priming(0, &cursor, retry);
        if self.chance(50) { begun.end(10) } else { begun.cut(10) }
    }

    /// A tool was executed, at least in part, and its handler or its framework reports that in its own words. None of
    /// them proves that a session is lost.
    fn handlers_words(&mut self, sent: &Sent) -> Reply {
        const WORDS: [&str; 9] = [
            "no such customer",
            "Session not found",
            "chat session 7 has expired",
            "file not found",
            "invalid session parameter",
            "Bad Request: No valid session ID provided",
            "unknown project",
            "the login session of the shop was closed",
            "gone",
        ];
        self.seen.push("a handler's own words");
        if let (Some(mark), Some(id)) = (mark(sent), session(sent)) {
            self.doubtful.insert(mark, id.to_owned());
        }
        let words = WORDS[self.rng.up_to(8) as usize];
        let status = [404, 410, 400, 409, 422, 200, 500][self.rng.up_to(6) as usize];
        let code = [-32001, -32600, -32602, -32000, -32603, 404, 1][self.rng.up_to(6) as usize];
        // 2026-07-28 reports a missing route like that, and the machine accepts it if the next discovery is refused too, in
        // whichever way.
        let any = if is_modern(sent) { 11 } else { self.rng.up_to(11) };
        // To a safe call an empty 404 is a lost session, as the specification has it.
        let is_unsafe = mark(sent).is_some_and(|mark| self.unsafe_marks.contains(&mark));
        match any {
            0 => http(404, "<html>404 Not Found</html>"),
            1 => http_json(404, json!({"detail": "customer 7 not found"})),
            2 => http_json(404, json!({"error": {"message": "no such row"}})),
            3 => http(400, "invalid session parameter"),
            4 => http_json(422, json!({"detail": [{"loc": ["body", "session"], "msg": "unknown field"}]})),
            5 => http(500, "<html>Traceback</html>"),
            6 => http(410, "that offer is gone"),
            7 if is_unsafe => http(404, ""),
            8 if is_unsafe => http(410, ""),
            _ => http_answer(status, code, words),
        }
    }

    /// The refusals of a GET, by number; numbers beyond them are streams.
    pub(super) fn refused_get(&mut self, kind: u64) -> Reply {
        self.seen.push("a GET was refused while POSTs work");
        match kind {
            0 => http(404, "Cannot GET /mcp"),
            1 => http(404, "<html>nginx</html>"),
            2 => http(404, ""),
            3 => http_json(404, json!({"error": {"message": "Route GET /mcp not found"}})),
            4 => http(410, ""),
            5 => http_rpc(410, -32001, "Session not found"),
            6 => http(400, "Bad Request: No valid session ID provided"),
            7 => http_rpc(404, -32001, "Session not found"),
            8 => http(401, ""),
            9 => http(403, ""),
            10 => http(405, ""),
            11 => http(409, "another stream"),
            12 => http(500, "oops"),
            13 => http(502, "<html>Bad Gateway</html>"),
            14 => http(200, "<html>hello</html>"),
            15 => reply::refused(),
            16 => reply::reset(),
            17 => fails(FailureKind::Hidden),
            18 => fails(FailureKind::Unreachable),
            19 => http_rpc(400, -32000, "Session expired"),
            20 => http_json(422, json!({"detail": "unknown session"})),
            21 => http(503, "").retry_after("2"),
            22 => http(429, ""),
            23 => http_rpc(400, -32022, "Unsupported protocol version"),
            SILENCE => reply::silence(),
            NO_ANSWER => http_json(200, json!({"status": "ok"})),
            _ => stream(),
        }
    }
}

/// Two numbers that are not refusals: no response, and a success without a stream.
pub(super) const SILENCE: u64 = 24;
pub(super) const NO_ANSWER: u64 = 25;
/// How many vague answers about one session a server gives after the faults have stopped.
const PATIENCE: u32 = 60;

/// The number of ways to refuse a GET.
pub(super) const GET_REFUSALS: u64 = 26;
