//! How a model server handles a request that reaches it.

use super::faults::{GET_REFUSALS, NO_ANSWER, SILENCE};
use super::{Chaos, Class, Issued, MODERN, handshake, mark, refused_version, session};
use crate::reply::{self, Data, Reply, Step, http, http_json, http_rpc, stream};
use crate::world::Sent;
use mcp_tether::core::FailureKind;
use serde_json::{Value, json};

/// Servers with a GET number from here on refuse all GETs, each in one way, or in changing ways.
const FIRST_REFUSAL: u64 = 20;

impl Chaos {
    pub(super) fn initialize(&mut self, user: &str, server: &str) -> Reply {
        let answer = handshake(server);
        let manners = &self.manners[server];
        let (stateful, streams) = (manners.stateful, manners.streams);
        let reply = if streams { stream().streamed(0, answer).end(1) } else { reply::result(answer) };
        if !stateful {
            return reply;
        }
        self.count += 1;
        let id = format!("id{:05}-{}", self.count, self.rng.next_u64() % 1000);
        self.issued.insert(id.clone(), Issued::new(user, server));
        reply.head(|head| head.session_id = Some(id.clone()))
    }

    /// A request in the form of 2026-07-28 to a server that supports it. Some calls take several rounds.
    pub(super) fn serve_modern(&mut self, sent: &Sent, server: &str) -> Reply {
        let begins_round = sent.method() == "tools/call" && sent.param("requestState").is_null();
        match sent.method() {
            "server/discover" => {
                let scope = ["private", "public"][self.rng.up_to(1) as usize];
                reply::result(json!({
                    "resultType": "complete", "supportedVersions": [MODERN], "ttlMs": self.rng.up_to(1) * 60_000,
                    "cacheScope": scope, "capabilities": {"tools": {"listChanged": self.manners[server].streams}},
                }))
            }
            "subscriptions/listen" => {
                let granted = json!({"notifications": sent.param("notifications")});
                let method = "notifications/subscriptions/acknowledged";
                stream().event(1, "", json!({"jsonrpc": "2.0", "method": method, "params": granted}))
            }
            _ if begins_round && self.is_wild() && self.chance(20) => {
                self.rounds.extend(mark(sent));
                let mut wanted = json!({"resultType": "input_required", "requestState": "\u{e9}\"\\"});
                if self.chance(50) {
                    wanted["inputRequests"] = json!({"who": {"method": "elicitation/create", "params": {}}});
                }
                reply::result(wanted)
            }
            _ => {
                let state = sent.param("requestState");
                assert!(state.is_null() || state == "\u{e9}\"\\", "the state comes back unchanged");
                self.serve(sent, server)
            }
        }
    }

    /// A request in the form of 2026-07-28 to a server that does not support it.
    pub(super) fn misunderstood(&mut self, server: &str) -> Reply {
        match self.manners[server].lost {
            0 => http(404, "Cannot POST /mcp"),
            1 => http_rpc(400, -32000, "Bad Request: Unsupported protocol version: 2026-07-28"),
            2 => http(405, ""),
            _ => refused_version("2025-11-25"),
        }
    }

    pub(super) fn carry_out(&mut self, sent: &Sent, server: &str) -> Value {
        if let Some(mark) = mark(sent) {
            // A handler's answer that resembles a lost session, directly followed by a real loss: the client cannot
            // know that the first request was executed.
            let looked_lost = self.doubtful.get(&mark).is_some_and(|id| !self.issued[id].alive);
            *self.executed.entry(mark).or_default() += u32::from(!looked_lost);
        }
        match sent.method() {
            "initialize" => handshake(server),
            "tools/list" => json!({"tools": [
                {"name": "read", "annotations": {"readOnlyHint": true}},
                {"name": "set", "annotations": {"idempotentHint": true}},
                {"name": "order", "title": self.tools_version},
            ]}),
            _ => json!({}),
        }
    }

    pub(super) fn answered_correctly(&mut self, sent: &Sent, server: &str, result: Value) -> Reply {
        let lies = !self.calm && self.chance(5);
        let reply = if self.manners[server].streams {
            let progress = json!({
                "jsonrpc": "2.0", "method": "notifications/progress",
                "params": {"progressToken": sent.id(), "progress": 1},
            });
            let slow = if self.calm { 0 } else { self.rng.up_to(3000) };
            let begun = if self.chance(30) { stream().event(slow, "", progress) } else { stream() };
            begun.streamed(slow, result).end(1)
        } else {
            reply::result(result)
        };
        if lies { reply.head(|head| head.session_id = Some("a-lie".into())) } else { reply }
    }

    pub(super) fn get(&mut self, sent: &Sent, server: &str) -> Reply {
        let refusal = self.manners[server].get.checked_sub(FIRST_REFUSAL);
        if let Some(kind) = refusal.filter(|_| !self.calm) {
            let any = self.rng.up_to(2 * GET_REFUSALS);
            let kind = if kind < GET_REFUSALS { kind } else { any };
            // A stream may begin when there is a message to send. A call whose resume gets no answer waits for its
            // deadline, and one whose resume gets a response that is not a stream ends with that.
            let is_final = kind >= GET_REFUSALS || matches!(kind, SILENCE | NO_ANSWER);
            if !is_final || sent.cursor().is_none_or(|cursor| !self.buffered.contains_key(cursor)) {
                return self.refused_get(kind);
            }
        }
        if let Some(message) = sent.cursor().and_then(|cursor| self.buffered.get(cursor).cloned()) {
            return match self.rng.up_to(5) {
                0 if !self.calm => stream().end(1),
                1 if !self.calm => http(400, "no event store"),
                2 if !self.calm => stream().cut(1),
                _ => stream().then(5, Step::Event(None, None, Data::Json(message))).end(1),
            };
        }
        self.count += 1;
        let cursor = format!("{}+{}", sent.session().unwrap_or("none"), self.count);
        match self.manners[server].get {
            0 => http(405, ""),
            1 => stream().then(0, Step::Event(None, Some(0), Data::None)).end(0),
            2 => stream().end(0),
            3 => http(409, ""),
            4 => http(404, "Cannot GET /mcp"),
            5 => stream().priming(0, &cursor, Some(0)).cut(50),
            _ => stream(),
        }
    }

    /// A stream of HTTP+SSE, which is a session.
    pub(super) fn begin_sse(&mut self, sent: &Sent, user: &str, server: &str) -> Reply {
        self.count += 1;
        let id = format!("id{:05}-{}", self.count, self.rng.next_u64() % 1000);
        self.issued.insert(id.clone(), Issued::new(user, server));
        self.sse_streams.insert(id.clone(), sent.exchange);
        let endpoint = Step::Endpoint(format!("/messages?sessionId={id}"));
        match self.rng.up_to(9) {
            0 if self.is_wild() => stream(),
            1 if self.is_wild() => stream().end(5),
            2 if self.is_wild() => stream().then(2, endpoint).cut(5),
            3 => stream().then(0, Step::Event(None, Some(2000), Data::None)).then(0, endpoint),
            _ => stream().then(self.rng.up_to(50), endpoint),
        }
    }

    /// A message to an endpoint of HTTP+SSE: its answer arrives on the stream.
    pub(super) fn post_sse(&mut self, sent: &Sent, server: &str, id: &str) -> Reply {
        if !self.issued[id].alive {
            return self.lost(sent, server);
        }
        if !sent.is_request() {
            return http(202, "Accepted");
        }
        let result = self.carry_out(sent, server);
        let answer = Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": sent.id(), "result": result})));
        let (stream, slow) = (self.sse_streams[id], if self.calm { 1 } else { self.rng.up_to(3000) });
        let goes_wrong = !self.calm && self.chance(self.faults);
        match self.rng.up_to(5) {
            0 if goes_wrong => return reply::reset(),
            1 if goes_wrong => return http(202, "Accepted"),
            2 if goes_wrong => self.elsewhere.push((stream, slow, Step::Fail(FailureKind::Broken))),
            3 if goes_wrong => self.elsewhere.push((stream, slow, Step::End)),
            4 if goes_wrong => return http(502, ""),
            5 if goes_wrong => {
                self.elsewhere.push((stream, slow, answer));
                return reply::silence();
            }
            _ => self.elsewhere.push((stream, slow, answer)),
        }
        http(202, "Accepted")
    }

    pub(super) fn serve_sse(&mut self, sent: &Sent, user: &str, server: &str) -> Reply {
        match session(sent) {
            Some(id) => self.post_sse(sent, server, id),
            None if sent.verb == "GET" => self.begin_sse(sent, user, server),
            None => http(405, ""),
        }
    }

    pub(super) fn serve(&mut self, sent: &Sent, server: &str) -> Reply {
        if sent.verb == "GET" {
            return self.get(sent, server);
        }
        if sent.verb == "DELETE" {
            sent.session().and_then(|id| self.issued.get_mut(id)).expect("checked before").alive = false;
            return http([200, 204, 405, 404][self.rng.up_to(3) as usize], "");
        }
        if !sent.is_request() {
            return http(202, "");
        }
        if self.chance(5) {
            return self.oddly_well(sent, server);
        }
        let result = self.carry_out(sent, server);
        // Once each: a stream that is cut every time fails in the end.
        let may_be_cut = self.class == Class::Gets && mark(sent).is_some_and(|mark| !self.cut.contains(&mark));
        if may_be_cut && self.chance(10) {
            return self.cut_stream(sent, &result);
        }
        let goes_wrong = !self.calm && self.chance(self.faults);
        if goes_wrong { self.executed_with_fault(sent, &result) } else { self.answered_correctly(sent, server, result) }
    }

    /// The correct answer in a form that no specification defines, and that every official SDK accepts.
    fn oddly_well(&mut self, sent: &Sent, server: &str) -> Reply {
        let result = self.carry_out(sent, server);
        let answer = json!({"jsonrpc": "2.0", "id": sent.id(), "result": result});
        let foreign = [json!({"type": "heartbeat"}), json!("ping"), json!(17)];
        match self.rng.up_to(4) {
            0 => {
                let id = sent.id().map(|id| id.to_string());
                http_json(200, json!({"jsonrpc": "2.0", "id": id, "result": result}))
            }
            1 => stream().then(1, Step::Event(None, None, Data::Text("ping".into()))).streamed(1, result).end(1),
            2 => {
                let data = Data::Json(foreign[self.rng.up_to(2) as usize].clone());
                stream().then(1, Step::Event(None, None, data)).streamed(1, result).end(1)
            }
            _ => match sent.session().and_then(|id| self.gets.get(id)).copied() {
                // If that stream is cut or hidden too, the outcome of the call is unknown.
                Some(get) if self.class == Class::Everything => {
                    self.elsewhere.push((get, 5, Step::Event(None, None, Data::Json(answer))));
                    http(202, "")
                }
                _ => reply::result(result),
            },
        }
    }
}
