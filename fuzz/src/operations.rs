//! A run of the machine encoded by bytes: any input at any moment, including those that no server or driver produces.

use mcp_tether::core::config;
use mcp_tether::core::headers::Media;
use mcp_tether::core::{
    Body, CallId, ClientIdentity, ConnectOptions, ExchangeId, Failure, FailureKind, Input, Instant, Manager, Output,
    RequestOptions, ResponseHead, SessionRef, StreamBlock, StreamData, Target, Ticket,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Outputs of one input: more than that is a machine that does not become idle.
const MOST_OUTPUTS: usize = 10_000;

struct Run<'a> {
    bytes: &'a [u8],
    machine: Manager<Value>,
    now: u64,
    calls: u64,
    waiting: BTreeSet<CallId>,
    sessions: Vec<SessionRef>,
    /// Open exchanges, with the JSON-RPC id of their request.
    open: BTreeMap<ExchangeId, Value>,
    tickets: Vec<Ticket>,
}

/// Every call is settled once, nothing loops, and closing ends everything.
pub fn operations(bytes: &[u8]) {
    let mut run = Run::new(bytes);
    while !run.bytes.is_empty() {
        run.operate();
    }
    let call = run.call();
    run.input(Input::Close { call, terminate: false });
    // A handshake in flight has 5 seconds to return its session id, and the DELETE another 5.
    for _ in 0..2 {
        run.now += 5_000;
        run.input(Input::Wake);
    }
    assert!(run.waiting.is_empty(), "closing settles every call");
    assert!(run.open.is_empty(), "and ends every exchange");
}

impl<'a> Run<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let config = json!({"mcpServers": {"a": {
            "url": "https://a.test/mcp", "timeout": 5000,
            "sessionConfig": {"retryAttempts": 2, "retryDelay": 100, "timeout": 60_000},
        }}});
        let options = json!({"limits": {"maxInFlight": 2, "maxQueued": 4}});
        let (config, _) = config::parse(&config, &options, &|_| None).expect("a good configuration");
        let client = ClientIdentity { info: json!({}), capabilities: json!({}) };
        Self {
            bytes,
            machine: Manager::new(config, client, 1),
            now: 1_795_000_000_000,
            calls: 0,
            waiting: BTreeSet::new(),
            sessions: Vec::new(),
            open: BTreeMap::new(),
            tickets: Vec::new(),
        }
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    fn call(&mut self) -> CallId {
        self.calls += 1;
        self.waiting.insert(CallId(self.calls));
        CallId(self.calls)
    }

    fn user(&mut self) -> String {
        String::from(["ann", "bob"][usize::from(self.byte() % 2)])
    }

    fn session(&mut self) -> SessionRef {
        let at = usize::from(self.byte());
        self.sessions.get(at % self.sessions.len().max(1)).copied().unwrap_or(SessionRef(at as u64))
    }

    fn exchange(&mut self) -> ExchangeId {
        let at = usize::from(self.byte());
        self.open.keys().nth(at % self.open.len().max(1)).copied().unwrap_or(ExchangeId(at as u64))
    }

    fn operate(&mut self) {
        let input = match self.byte() % 20 {
            0 | 1 => {
                let (call, user) = (self.call(), self.user());
                let options = ConnectOptions { has_auth: self.byte() == 7, ..ConnectOptions::default() };
                Input::Connect { call, user, server: "a".into(), options }
            }
            2..=4 => self.request(),
            5 => Input::Notify { call: self.call(), session: self.session(), method: "n".into(), params: None },
            6 => Input::Cancel { call: CallId(u64::from(self.byte())), reason: None },
            7 => {
                let (call, session, user) = (self.call(), self.session(), self.user());
                let target = if self.byte() % 2 == 0 { Target::Session(session) } else { Target::User(user) };
                Input::Terminate { call, target }
            }
            8 => Input::Token { session: self.session(), outcome: Ok(Some("t".into())) },
            9 => {
                let ticket = self.tickets.pop().unwrap_or(Ticket(0));
                Input::Answer { ticket, outcome: Ok(json!({})) }
            }
            10 => Input::Alive { exchange: self.exchange() },
            11 | 12 => self.opened(),
            13 | 14 => self.body(),
            15 => self.block(),
            16 => Input::Ended { exchange: self.exchange() },
            17 => {
                let kinds = [
                    FailureKind::Unsent,
                    FailureKind::Broken,
                    FailureKind::Unreachable,
                    FailureKind::Hidden,
                    FailureKind::TooLarge,
                    FailureKind::Thrown,
                ];
                let kind = kinds[usize::from(self.byte() % 6)];
                Input::Failed { exchange: self.exchange(), failure: Failure { kind, message: String::new(), cause: None } }
            }
            18 => {
                self.now += 1 << (self.byte() % 24);
                Input::Wake
            }
            _ => Input::Wake,
        };
        if let Input::Body { exchange, .. } | Input::Ended { exchange } | Input::Failed { exchange, .. } = &input {
            self.open.remove(exchange);
        }
        self.input(input);
    }

    fn request(&mut self) -> Input<Value> {
        let methods = ["tools/call", "tools/list", "ping", "logging/setLevel", "resources/subscribe", "initialize"];
        let method = methods[usize::from(self.byte() % 6)].into();
        let params = Some(json!({"name": "x", "uri": "u", "level": "info"}));
        Input::Request {
            call: self.call(),
            session: self.session(),
            method,
            params,
            options: RequestOptions::default(),
        }
    }

    fn opened(&mut self) -> Input<Value> {
        let statuses = [200, 202, 302, 307, 400, 401, 403, 404, 409, 410, 429, 500, 502, 503, 0];
        let status = statuses[usize::from(self.byte() % 15)];
        let media = [Media::Json, Media::EventStream, Media::Other][usize::from(self.byte() % 3)];
        let session_id = (self.byte() % 2 == 0).then(|| String::from("some-id"));
        let retry_after = (self.byte() % 4 == 0).then(|| String::from("1"));
        let targets = ["/mcp/", "/other", "https://evil.test/mcp", ""];
        let location = (self.byte() % 2 == 0).then(|| String::from(targets[usize::from(self.byte() % 4)]));
        let hides_headers = self.byte() % 8 == 0;
        let head = ResponseHead { status, media, session_id, hides_headers, retry_after, challenge: None, location };
        Input::Opened { exchange: self.exchange(), head }
    }

    fn message(&mut self, id: &Value) -> Value {
        let answer = json!({
            "protocolVersion": "2025-11-25", "tools": [{"name": "x", "annotations": {"readOnlyHint": true}}],
        });
        match self.byte() % 10 {
            0..=2 => json!({"jsonrpc": "2.0", "id": id, "result": answer}),
            3 => json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32600, "message": "Session not found"}}),
            4 => json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32001, "message": "x"}}),
            5 => json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}),
            6 => json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": id}}),
            7 => json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}),
            8 => json!([{"jsonrpc": "2.0", "id": id, "result": {}}, {"method": "notifications/tools/list_changed"}, 5]),
            _ => json!({"id": id, "result": {"protocolVersion": "1999"}, "nextCursor": "x"}),
        }
    }

    fn body(&mut self) -> Input<Value> {
        let exchange = self.exchange();
        let id = self.open.get(&exchange).cloned().unwrap_or_default();
        let body = match self.byte() % 4 {
            0 => Body::Empty,
            1 => Body::Text("No valid session ID".into()),
            _ => Body::Json(self.message(&id)),
        };
        Input::Body { exchange, body }
    }

    fn block(&mut self) -> Input<Value> {
        let exchange = self.exchange();
        let id = self.open.get(&exchange).cloned().unwrap_or_default();
        let data = match self.byte() % 4 {
            0 => StreamData::Empty,
            1 => StreamData::Text("x".into()),
            _ => StreamData::Json(self.message(&id)),
        };
        let cursor = (self.byte() % 2 == 0).then(|| self.byte().to_string());
        let retry = (self.byte() % 3 == 0).then_some(0);
        Input::Block { exchange, block: StreamBlock { event: None, id: cursor, retry, data } }
    }

    fn input(&mut self, input: Input<Value>) {
        self.machine.handle(Instant::from_millis(self.now), input);
        for _ in 0..MOST_OUTPUTS {
            match self.machine.poll() {
                Output::Wait(_) => return,
                output => self.take(output),
            }
        }
        panic!("the machine does not become idle");
    }

    fn take(&mut self, output: Output<Value>) {
        match output {
            Output::Send { exchange, request } => {
                let initialize = request.body.as_ref().is_some_and(|body| body["method"] == "initialize");
                let carries_id = request.headers.iter().any(|(name, _)| &**name == "mcp-session-id");
                assert!(!(initialize && carries_id));
                let id = request.body.map(|body| body["id"].clone()).unwrap_or_default();
                assert!(self.open.insert(exchange, id).is_none());
            }
            Output::Abort { exchange } => drop(self.open.remove(&exchange)),
            Output::Connected { call, session } => {
                assert!(self.waiting.remove(&call), "a call is settled once");
                self.sessions.push(session);
            }
            Output::Settle { call, .. } => assert!(self.waiting.remove(&call), "a call is settled once"),
            Output::ServerRequest { ticket, .. } => self.tickets.push(ticket),
            _ => {}
        }
    }
}
