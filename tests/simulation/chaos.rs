//! A model MCP server with every fault that the verdict table knows. It keeps the truth: which ids it gave to whom, and how
//! often it has carried out what. What it must never see is asserted where it would be seen.

use crate::reply::{self, Data, Reply, Step, http, http_answer, http_json, http_rpc, rpc_error, stream};
use crate::world::{Network, Sent};
use mcp_tether::core::{CallId, ExchangeId, FailureKind, Rng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who owns an id, and whether it is still good.
struct Issued {
    user: String,
    server: String,
    alive: bool,
    /// The client has begun another handshake: it must never be seen again.
    retired: bool,
    /// But for one ping, which may show that it is still good: then the newer one is ended, and this one goes on.
    asked_last: bool,
}

/// Which revisions a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Those that begin with `initialize`.
    Legacy,
    /// 2026-07-28 alone.
    Modern,
    Both,
}

const MODERN: &str = "2026-07-28";

/// What a server is like for the whole run.
struct Manners {
    stateful: bool,
    get: u64,
    lost: u64,
    streams: bool,
    /// It speaks HTTP+SSE, of 2024-11-05.
    sse: bool,
}

/// All servers of a run.
pub struct Chaos {
    rng: Rng,
    manners: BTreeMap<String, Manners>,
    eras: BTreeMap<String, Era>,
    issued: BTreeMap<String, Issued>,
    /// Whoever began a handshake, by (user, server): until when nothing of it may be seen but the handshake.
    pub executed: BTreeMap<u64, u32>,
    pub unsafe_marks: BTreeSet<u64>,
    over: BTreeSet<u64>,
    /// The streams of HTTP+SSE, by session.
    sse_streams: BTreeMap<String, ExchangeId>,
    elsewhere: Vec<(ExchangeId, u64, Step)>,
    /// Results that wait to be fetched by a resume, by cursor.
    buffered: BTreeMap<String, Value>,
    /// Until when a server is down.
    down: BTreeMap<String, u64>,
    pub tools_version: u64,
    /// Percent of requests that go wrong.
    pub faults: u64,
    pub calm: bool,
    /// Requests by (user, server) and minute.
    pub load: BTreeMap<(String, String, u64), (u64, u64)>,
    count: u64,
}

impl Chaos {
    pub fn new(seed: u64, names: &[&str]) -> Self {
        let mut rng = Rng::seeded(seed ^ 0xC4A0_5000);
        let manners = names.iter().map(|name| {
            let manners = Manners {
                stateful: rng.up_to(9) > 0,
                get: rng.up_to(19),
                lost: rng.up_to(9),
                streams: rng.up_to(1) == 0,
                sse: rng.up_to(4) == 0,
            };
            ((*name).to_owned(), manners)
        });
        let manners = manners.collect();
        let era = |rng: &mut Rng| [Era::Legacy, Era::Legacy, Era::Modern, Era::Both][rng.up_to(3) as usize];
        let eras = names.iter().map(|name| ((*name).to_owned(), era(&mut rng))).collect();
        let faults = [0, 5, 20, 50][rng.up_to(3) as usize];
        Self {
            rng,
            manners,
            eras,
            issued: BTreeMap::new(),
            executed: BTreeMap::new(),
            unsafe_marks: BTreeSet::new(),
            over: BTreeSet::new(),
            sse_streams: BTreeMap::new(),
            elsewhere: Vec::new(),
            buffered: BTreeMap::new(),
            down: BTreeMap::new(),
            tools_version: 0,
            faults,
            calm: false,
            load: BTreeMap::new(),
            count: 0,
        }
    }

    /// Whether a server speaks HTTP+SSE.
    pub fn is_sse(&self, server: &str) -> bool {
        self.manners[server].sse
    }

    /// A server forgets everything, and may be away for a while. Returns the streams that end with it.
    pub fn restart(&mut self, server: &str, until: u64) -> Vec<ExchangeId> {
        self.down.insert(server.to_owned(), until);
        let gone = self.issued.iter_mut().filter(|(_, issued)| issued.server == server);
        let gone = gone.map(|(id, issued)| {
            issued.alive = false;
            id
        });
        gone.filter_map(|id| self.sse_streams.get(id).copied()).collect()
    }

    /// A server is replaced by one that speaks something else, and keeps its sessions if it can.
    pub fn change_era(&mut self, server: &str, era: Era) {
        self.eras.insert(server.to_owned(), era);
        if era == Era::Modern {
            self.issued.values_mut().filter(|issued| issued.server == server).for_each(|issued| issued.alive = false);
        }
    }

    /// A server forgets one session.
    pub fn lose_one(&mut self) {
        let alive: Vec<String> =
            self.issued.iter().filter(|(_, issued)| issued.alive).map(|(id, _)| id.clone()).collect();
        if let Some(id) = self.pick(&alive) {
            self.issued.get_mut(&id).expect("it was there").alive = false;
        }
    }

    /// Whether the session whose id begins so is still good.
    pub fn is_alive(&self, short: &str) -> bool {
        let start = short.trim_end_matches('.');
        self.issued.iter().any(|(id, issued)| id.starts_with(start) && issued.alive)
    }

    /// Everything works from now on.
    pub fn calm_down(&mut self) {
        self.calm = true;
        self.down.clear();
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { from.get(self.rng.up_to(from.len() as u64 - 1) as usize).cloned() }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.rng.up_to(99) < percent
    }

    fn latency(&mut self) -> u64 {
        match self.rng.up_to(9) {
            0 if !self.calm => self.rng.up_to(20_000),
            1 => self.rng.up_to(500),
            _ => self.rng.up_to(20),
        }
    }

    fn check(&mut self, sent: &Sent, user: &str, server: &str) {
        let is_sse = self.is_sse(server);
        if if is_sse { sent.verb == "GET" } else { sent.method() == "initialize" } {
            let of = |issued: &&mut Issued| issued.user == user && issued.server == server;
            self.issued.values_mut().filter(of).for_each(|issued| issued.retired = true);
        }
        // A GET without a session asks for HTTP+SSE, and a ping without one whether only answers to an id are hidden.
        let may_be_bare = matches!(sent.method(), "initialize" | "ping") || sent.verb == "GET" || is_modern(sent);
        let keeps_sessions = self.manners[server].stateful || is_sse;
        assert!(!keeps_sessions || may_be_bare || session(sent).is_some(), "sent without a session");
        if let Some(id) = session(sent) {
            let issued = self.issued.get(id).expect("only ids that a server gave");
            assert_eq!((issued.user.as_str(), issued.server.as_str()), (user, server), "an id went to somebody else");
            let may_be_last = matches!(sent.method(), "ping" | "DELETE");
            assert!(!issued.retired || may_be_last, "an id was sent after another handshake had begun: {id}");
            self.note_trial(sent, id);
        }
        if let (Some(cursor), Some(id)) = (sent.cursor(), sent.session()) {
            assert!(cursor.starts_with(id), "cursor {cursor} was sent on session {id}");
        }
        if let Some(mark) = sent.param("arguments")["mark"].as_u64() {
            assert!(!self.over.contains(&mark), "call {mark} was sent after it had ended");
        }
    }

    /// In a trial the old session gets a last ping; if the newer one is ended then, it goes on.
    fn note_trial(&mut self, sent: &Sent, id: &str) {
        let issued = self.issued.get_mut(id).expect("checked before");
        if sent.method() == "ping" {
            issued.asked_last = issued.retired;
        } else if sent.verb == "DELETE" && !issued.retired {
            let (user, server) = (issued.user.clone(), issued.server.clone());
            let of = |issued: &&mut Issued| issued.asked_last && (&issued.user, &issued.server) == (&user, &server);
            for former in self.issued.values_mut().filter(of) {
                (former.retired, former.asked_last) = (false, false);
            }
        }
    }

    fn note_load(&mut self, sent: &Sent, user: &str, server: &str) {
        let minute = (sent.at - crate::world::START) / 60_000;
        let load = self.load.entry((user.to_owned(), server.to_owned(), minute)).or_default();
        match sent.method() {
            "initialize" | "server/discover" => load.0 += 1,
            "GET" | "subscriptions/listen" => load.1 += 1,
            _ => {}
        }
    }

    fn initialize(&mut self, user: &str, server: &str) -> Reply {
        let answer = handshake(server);
        let manners = &self.manners[server];
        let (stateful, streams) = (manners.stateful, manners.streams);
        let reply = if streams { stream().streamed(0, answer).end(1) } else { reply::result(answer) };
        if !stateful {
            return reply;
        }
        self.count += 1;
        let id = format!("id{:05}-{}", self.count, self.rng.next_u64() % 1000);
        let issued =
            Issued { user: user.into(), server: server.into(), alive: true, retired: false, asked_last: false };
        self.issued.insert(id.clone(), issued);
        reply.head(|head| head.session_id = Some(id.clone()))
    }

    /// A request in the form of 2026-07-28 to a server that speaks it. Some calls take several rounds.
    fn serve_modern(&mut self, sent: &Sent, server: &str) -> Reply {
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
            _ if begins_round && !self.calm && self.chance(20) => {
                let mut wanted = json!({"resultType": "input_required", "requestState": "\u{e9}\"\\"});
                if self.chance(50) {
                    wanted["inputRequests"] = json!({"who": {"method": "elicitation/create", "params": {}}});
                }
                reply::result(wanted)
            }
            _ => {
                let state = sent.param("requestState");
                assert!(state.is_null() || state == "\u{e9}\"\\", "the state comes back as it went");
                self.serve(sent, server)
            }
        }
    }

    /// A request in the form of 2026-07-28 to a server that does not speak it.
    fn misunderstood(&mut self, server: &str) -> Reply {
        match self.manners[server].lost {
            0 => http(404, "Cannot POST /mcp"),
            1 => http_rpc(400, -32000, "Bad Request: Unsupported protocol version: 2026-07-28"),
            2 => http(405, ""),
            _ => refused_version("2025-11-25"),
        }
    }

    fn lost(&mut self, server: &str) -> Reply {
        match self.manners[server].lost {
            0 => http(404, "session not found"),
            1 => http_rpc(400, -32000, "Bad Request: No valid session ID provided"),
            2 => http(404, "<html>nginx</html>"),
            3 => http(410, ""),
            4 => http_json(404, json!({"detail": "Not Found"})),
            5 => http(400, "Bad Request: No valid session ID provided"),
            6 => http_rpc(404, -32600, "Session not found"),
            _ => http_rpc(404, -32001, "Session not found"),
        }
    }

    /// Something that goes wrong before the request is carried out.
    fn unexecuted(&mut self, sent: &Sent) -> Reply {
        match self.rng.up_to(15) {
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
            _ => http(429, "").retry_after("100000"),
        }
    }

    fn carry_out(&mut self, sent: &Sent, server: &str) -> Value {
        if let Some(mark) = sent.param("arguments")["mark"].as_u64() {
            *self.executed.entry(mark).or_default() += 1;
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

    /// What goes wrong after the request was carried out.
    fn executed_badly(&mut self, sent: &Sent, result: &Value) -> Reply {
        let message = json!({"jsonrpc": "2.0", "id": sent.id(), "result": result});
        self.count += 1;
        let cursor = format!("{}+{}", sent.session().unwrap_or("none"), self.count);
        match self.rng.up_to(12) {
            0 => reply::reset(),
            1 => http(502, ""),
            2 => http(500, ""),
            3 => stream().end(5),
            4 => stream().cut(5),
            5..=7 => {
                self.buffered.insert(cursor.clone(), message);
                let retry = [None, Some(0), Some(1000)][self.rng.up_to(2) as usize];
                let begun = stream().priming(0, &cursor, retry);
                if self.chance(50) { begun.end(10) } else { begun.cut(10) }
            }
            8 => reply::silence(),
            9 => http(200, "<html>hello</html>"),
            10 => http(202, ""),
            11 => stream().then(0, Step::Event(None, None, Data::Text("nonsense".into()))),
            _ => rpc_error(-32001, "Request timed out"),
        }
    }

    fn well(&mut self, sent: &Sent, server: &str, result: Value) -> Reply {
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

    fn get(&mut self, sent: &Sent, server: &str) -> Reply {
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
    fn begin_sse(&mut self, sent: &Sent, user: &str, server: &str) -> Reply {
        self.count += 1;
        let id = format!("id{:05}-{}", self.count, self.rng.next_u64() % 1000);
        let issued =
            Issued { user: user.into(), server: server.into(), alive: true, retired: false, asked_last: false };
        self.issued.insert(id.clone(), issued);
        self.sse_streams.insert(id.clone(), sent.exchange);
        let endpoint = Step::Endpoint(format!("/messages?sessionId={id}"));
        match self.rng.up_to(9) {
            0 if !self.calm => stream(),
            1 if !self.calm => stream().end(5),
            2 if !self.calm => stream().then(2, endpoint).cut(5),
            3 => stream().then(0, Step::Event(None, Some(2000), Data::None)).then(0, endpoint),
            _ => stream().then(self.rng.up_to(50), endpoint),
        }
    }

    /// A message to an endpoint of HTTP+SSE: its answer comes on the stream.
    fn post_sse(&mut self, sent: &Sent, server: &str, id: &str) -> Reply {
        if !self.issued[id].alive {
            return self.lost(server);
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

    fn serve_sse(&mut self, sent: &Sent, user: &str, server: &str) -> Reply {
        match session(sent) {
            Some(id) => self.post_sse(sent, server, id),
            None if sent.verb == "GET" => self.begin_sse(sent, user, server),
            None => http(405, ""),
        }
    }

    fn serve(&mut self, sent: &Sent, server: &str) -> Reply {
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
        let result = self.carry_out(sent, server);
        let goes_wrong = !self.calm && self.chance(self.faults);
        if goes_wrong { self.executed_badly(sent, &result) } else { self.well(sent, server, result) }
    }
}

fn is_modern(sent: &Sent) -> bool {
    sent.header("mcp-protocol-version") == Some(MODERN)
}

fn refused_version(supported: &str) -> Reply {
    let data = json!({"supported": [supported], "requested": "?"});
    let error = json!({"code": -32022, "message": "Unsupported protocol version", "data": data});
    http_json(400, json!({"jsonrpc": "2.0", "id": null, "error": error}))
}

/// The session that a request is for: its header says so, or its endpoint.
fn session(sent: &Sent) -> Option<&str> {
    sent.session().or_else(|| Some(sent.url.split_once("?sessionId=")?.1))
}

fn handshake(server: &str) -> Value {
    json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": server, "version": "1"}})
}

impl Network for Chaos {
    fn answer(&mut self, sent: &Sent) -> Reply {
        let server = sent.url.trim_start_matches("https://").split('.').next().unwrap_or_default().to_owned();
        let user = sent.header("x-user").expect("every request says whose it is").to_owned();
        self.check(sent, &user, &server);
        self.note_load(sent, &user, &server);
        let latency = self.latency();
        let down = self.down.get(&server).is_some_and(|until| *until > sent.at);
        let reply = if down {
            match self.rng.up_to(2) {
                0 => reply::refused(),
                1 => http(502, ""),
                _ => reply::reset(),
            }
        } else if !self.calm && self.chance(self.faults) {
            self.unexecuted(sent)
        } else if self.is_sse(&server) {
            self.serve_sse(sent, &user, &server)
        } else if is_modern(sent) && self.eras[&server] == Era::Legacy {
            self.misunderstood(&server)
        } else if is_modern(sent) {
            self.serve_modern(sent, &server)
        } else if self.eras[&server] == Era::Modern {
            if sent.verb == "POST" { refused_version(MODERN) } else { http(405, "") }
        } else if sent.verb == "GET" && sent.session().is_none() {
            http(if self.chance(50) { 405 } else { 400 }, "")
        } else if sent.method() == "initialize" {
            self.initialize(&user, &server)
        } else if self.manners[&server].stateful && !sent.session().is_some_and(|id| self.issued[id].alive) {
            self.lost(&server)
        } else {
            self.serve(sent, &server)
        };
        reply.after(latency)
    }

    fn elsewhere(&mut self) -> Vec<(ExchangeId, u64, Step)> {
        std::mem::take(&mut self.elsewhere)
    }

    fn settled(&mut self, call: CallId) {
        self.over.insert(call.0);
    }
}
