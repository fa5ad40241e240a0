//! A small world for the machine: a virtual clock, a network that delivers a scripted server's replies, and a record of
//! all output of the machine. After quinn's `Pair`: step to the next event, drive until idle.

use super::reply::{Data, Reply, Step};
use mcp_tether::core::config::{self, Config};
use mcp_tether::core::headers::Media;
use mcp_tether::core::{
    CallId, ClientIdentity, ConnectOptions, Error, ErrorCode, Event, ExchangeId, HttpRequest, Input, Instant, Level,
    Manager, Output, RequestOptions, RpcError, SessionRef, StreamBlock, Target, Ticket, TokenRequest,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

/// The start of every world's clock: an ordinary day, so that HTTP dates can be written for it.
pub const START: u64 = 1_795_000_000_000;

/// The longest virtual time that a test waits for one condition.
const PATIENCE: u64 = 24 * 3_600_000;

/// One request as the machine sent it.
#[derive(Clone)]
pub struct Sent {
    pub at: u64,
    pub exchange: ExchangeId,
    pub verb: &'static str,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
}

impl Sent {
    fn new(at: u64, exchange: ExchangeId, request: &HttpRequest<Value>) -> Self {
        let headers: BTreeMap<String, String> =
            request.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(headers.len(), request.headers.len(), "no header is sent twice");
        Self { at, exchange, verb: request.method, url: request.url.to_string(), headers, body: request.body.clone() }
    }

    /// The JSON-RPC method; "answer" for an answer to the server, the HTTP method if there is no body.
    pub fn method(&self) -> &str {
        let Some(body) = &self.body else { return self.verb };
        body["method"].as_str().unwrap_or("answer")
    }

    pub fn id(&self) -> Option<u64> {
        self.body.as_ref()?["id"].as_u64()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn session(&self) -> Option<&str> {
        self.header("mcp-session-id")
    }

    pub fn cursor(&self) -> Option<&str> {
        self.header("last-event-id")
    }

    pub fn param(&self, name: &str) -> &Value {
        self.body.as_ref().map_or(&Value::Null, |body| &body["params"][name])
    }

    pub fn is_request(&self) -> bool {
        self.id().is_some() && self.method() != "answer"
    }
}

/// Answers the machine's requests.
pub trait Network {
    /// The reply on this exchange.
    fn answer(&mut self, sent: &Sent) -> Reply;
    /// The effects of the last request on other exchanges, each with a delay in milliseconds.
    fn elsewhere(&mut self) -> Vec<(ExchangeId, u64, Step)> {
        Vec::new()
    }
    /// A caller's call is settled.
    fn settled(&mut self, _call: CallId) {}
    /// The result of this request has arrived.
    fn arrived(&mut self, _sent: &Sent) {}
    /// The auth provider's answer and its delay in milliseconds. `None`: the test answers itself.
    fn token(&mut self, _session: SessionRef) -> Option<(u64, Option<String>)> {
        None
    }
}

/// The outcome of a call, and its time.
pub type Outcome = Result<Option<Value>, Error<Value>>;

/// An event with its time of arrival.
enum Coming {
    Step(ExchangeId, Step),
    Token(SessionRef, Option<String>),
}

/// The machine, its clock, its network, and its record of events.
pub struct World<N> {
    pub machine: Manager<Value>,
    pub network: N,
    pub now: u64,
    wait: Option<Instant>,
    coming: BTreeMap<(u64, u64), Coming>,
    open: BTreeMap<ExchangeId, Sent>,
    count: u64,
    ids: BTreeSet<u64>,
    streams: BTreeSet<ExchangeId>,
    /// Handshakes whose sessions were ended before they completed.
    disowned: BTreeSet<ExchangeId>,
    /// Pings of the machine's own.
    pings: BTreeSet<ExchangeId>,
    /// Exchanges on which a result arrived; their streams may still be open.
    answered: BTreeSet<ExchangeId>,
    /// The newest event id that each stream has delivered, or was opened with.
    pub newest: BTreeMap<ExchangeId, String>,
    pub sent: Vec<Sent>,
    pub aborted: Vec<ExchangeId>,
    /// Paused exchanges: their next steps are held back.
    pub paused: BTreeSet<ExchangeId>,
    held: Vec<(ExchangeId, Step)>,
    pub settled: BTreeMap<CallId, (u64, Outcome)>,
    pub connected: BTreeMap<CallId, (u64, SessionRef)>,
    pub waiting: BTreeSet<CallId>,
    pub progress: Vec<(CallId, Value)>,
    pub asked: Vec<(Ticket, SessionRef, String, Value)>,
    pub taken_back: Vec<Ticket>,
    pub notified: Vec<(SessionRef, String, Value)>,
    pub tokens_wanted: Vec<(SessionRef, Option<String>)>,
    /// The same, in full.
    pub token_requests: Vec<TokenRequest>,
    pub tokens_given_up: Vec<SessionRef>,
    pub storage: Storage,
    /// The latest slots of each origin reported to the page: used, wanted, and available.
    pub slots: BTreeMap<String, [usize; 3]>,
    pub events: Vec<Event>,
    pub log: Vec<(Level, String)>,
    /// Written during the run and printed when a test fails. `None` where thousands of worlds run.
    pub diary: Option<String>,
}

impl<N: Network> World<N> {
    pub fn new(config: Config, network: N, seed: u64) -> Self {
        let client = ClientIdentity { info: json!({"name": "world", "version": "1"}), capabilities: json!({}) };
        Self {
            machine: Manager::new(config, client, seed),
            network,
            now: START,
            wait: None,
            coming: BTreeMap::new(),
            open: BTreeMap::new(),
            count: 0,
            ids: BTreeSet::new(),
            streams: BTreeSet::new(),
            disowned: BTreeSet::new(),
            pings: BTreeSet::new(),
            answered: BTreeSet::new(),
            newest: BTreeMap::new(),
            sent: Vec::new(),
            aborted: Vec::new(),
            paused: BTreeSet::new(),
            held: Vec::new(),
            settled: BTreeMap::new(),
            connected: BTreeMap::new(),
            waiting: BTreeSet::new(),
            progress: Vec::new(),
            asked: Vec::new(),
            taken_back: Vec::new(),
            notified: Vec::new(),
            tokens_wanted: Vec::new(),
            token_requests: Vec::new(),
            tokens_given_up: Vec::new(),
            storage: Storage::default(),
            slots: BTreeMap::new(),
            events: Vec::new(),
            log: Vec::new(),
            diary: Some(String::new()),
        }
    }

    // Caller actions.

    /// The number of the next call.
    #[allow(dead_code, reason = "the simulation marks its calls with it")]
    pub fn next_number(&self) -> u64 {
        self.count + 1
    }

    /// The session id of an open exchange.
    #[allow(dead_code, reason = "the simulation's servers name their events by it")]
    pub fn session_of(&self, exchange: ExchangeId) -> Option<String> {
        Some(self.open.get(&exchange)?.session()?.to_owned())
    }

    pub fn next_call(&mut self) -> CallId {
        self.count += 1;
        let call = CallId(self.count);
        self.waiting.insert(call);
        call
    }

    pub fn begin_connect(&mut self, user: &str, server: &str, options: ConnectOptions<Value>) -> CallId {
        let call = self.next_call();
        self.note(|| format!("call {} connects {user} to {server}", call.0));
        self.input(Input::Connect { call, user: user.into(), server: server.into(), options });
        call
    }

    pub fn request(&mut self, session: SessionRef, method: &str, params: Value, options: RequestOptions) -> CallId {
        let call = self.next_call();
        self.note(|| format!("call {} requests {method} {params} of session {}", call.0, session.0));
        let params = Some(params).filter(|params| !params.is_null());
        self.input(Input::Request { call, session, method: method.into(), params, options });
        call
    }

    pub fn notify(&mut self, session: SessionRef, method: &str) -> CallId {
        let call = self.next_call();
        self.note(|| format!("call {} notifies {method} to session {}", call.0, session.0));
        self.input(Input::Notify { call, session, method: method.into(), params: None });
        call
    }

    pub fn cancel(&mut self, call: CallId) {
        self.note(|| format!("call {} is cancelled by its caller", call.0));
        self.input(Input::Cancel { call, reason: None });
    }

    pub fn terminate(&mut self, target: Target) -> CallId {
        let call = self.next_call();
        self.note(|| format!("call {} terminates {target:?}", call.0));
        self.input(Input::Terminate { call, target });
        // A handshake that was ended remains only until its id is deleted.
        let handshakes = self.open.iter().filter(|(_, sent)| sent.method() == "initialize");
        self.disowned.extend(handshakes.map(|(exchange, _)| *exchange));
        call
    }

    pub fn close(&mut self, terminate: bool) -> CallId {
        let call = self.next_call();
        self.note(|| format!("call {} closes the manager", call.0));
        self.input(Input::Close { call, terminate });
        call
    }

    pub fn answer_server(&mut self, ticket: Ticket, outcome: Result<Value, RpcError<Value>>) {
        self.input(Input::Answer { ticket, outcome });
    }

    /// Drops the page with everything in flight, and starts another one with the same storage.
    pub fn reload(&mut self, config: Config) {
        self.note(|| "the page is loaded again".into());
        let client = ClientIdentity { info: json!({"name": "world", "version": "1"}), capabilities: json!({}) };
        self.count += 1;
        self.machine = Manager::new(config, client, 7 + self.count);
        self.open.clear();
        self.coming.clear();
        self.waiting.clear();
        self.wait = None;
    }

    pub fn give_token(&mut self, session: SessionRef, token: Option<&str>) {
        self.input(Input::Token { session, outcome: Ok(token.map(Into::into)) });
    }

    /// The server sends something more on an open exchange, now.
    pub fn push(&mut self, exchange: ExchangeId, step: Step) {
        if self.open.contains_key(&exchange) {
            self.schedule(0, Coming::Step(exchange, step));
            self.run_for(0);
        }
    }

    // The clock.

    /// Processes the next event due before `end`, at its time. Returns `false` if there is none.
    fn step_until(&mut self, end: u64) -> bool {
        let coming = self.coming.keys().next().map(|(at, _)| *at);
        let wait = self.wait.map(|at| at.as_millis().max(self.now));
        match (coming, wait) {
            // An arrival at the time of a deadline is in time.
            (Some(at), wait) if wait.is_none_or(|wait| at <= wait) && at <= end => self.deliver(),
            (_, Some(at)) if at <= end => {
                self.now = at;
                self.input(Input::Wake);
            }
            _ => return false,
        }
        true
    }

    /// Advances the clock by `span` milliseconds.
    pub fn run_for(&mut self, span: u64) {
        let end = self.now + span;
        let mut steps = 0;
        while self.step_until(end) {
            steps += 1;
            assert!(steps < 1_000_000, "the machine never becomes idle");
        }
        self.now = end;
    }

    /// Jumps the clock, as when a laptop sleeps: everything due in between happens late.
    pub fn sleep(&mut self, span: u64) {
        self.now += span;
        self.note(|| format!("the clock jumps by {span} ms"));
        self.input(Input::Wake);
    }

    /// Runs until `done`; fails if that does not happen within a virtual day.
    pub fn run_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = self.now + PATIENCE;
        while !done(self) {
            assert!(self.step_until(end), "timed out waiting for: {what}");
        }
    }

    /// Runs until every call is settled.
    pub fn drive(&mut self) {
        self.run_until("every call to settle", |world| world.waiting.is_empty());
    }

    /// The machine's next wake-up time.
    pub fn next_wake(&self) -> Option<u64> {
        self.wait.map(Instant::as_millis)
    }

    /// Whether anything is still to arrive.
    #[allow(dead_code, reason = "the simulation asks what waiting calls wait for")]
    pub fn expects_something(&self) -> bool {
        !self.coming.is_empty()
    }

    /// Milliseconds since the start of the world.
    pub fn elapsed(&self) -> u64 {
        self.now.saturating_sub(START)
    }

    // The record of events.

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.now.saturating_sub(START);
        if let Some(diary) = &mut self.diary {
            let _ = writeln!(diary, "{now:>9} ms  {}", what());
        }
    }

    pub fn outcome(&self, call: CallId) -> &Outcome {
        &self.settled.get(&call).expect("the call has settled").1
    }

    pub fn settled_at(&self, call: CallId) -> u64 {
        self.settled.get(&call).expect("the call has settled").0 - START
    }

    /// The result of a call that must have succeeded.
    pub fn result(&self, call: CallId) -> Value {
        match self.outcome(call) {
            Ok(result) => result.clone().unwrap_or_default(),
            Err(error) => panic!("{error} ({:?})", error.evidence),
        }
    }

    /// The error of a call that must have failed.
    pub fn error(&self, call: CallId) -> &Error<Value> {
        self.outcome(call).as_ref().expect_err("the call has failed")
    }

    pub fn code(&self, call: CallId) -> ErrorCode {
        self.error(call).code
    }

    /// Every request with this JSON-RPC or HTTP method.
    pub fn sent_as(&self, method: &str) -> Vec<&Sent> {
        self.sent.iter().filter(|sent| sent.method() == method).collect()
    }

    pub fn count(&self, method: &str) -> usize {
        self.sent_as(method).len()
    }

    pub fn methods(&self) -> Vec<&str> {
        self.sent.iter().map(Sent::method).collect()
    }

    pub fn lines(&self) -> Vec<&str> {
        self.log.iter().map(|(_, line)| line.as_str()).collect()
    }

    /// The names of all events of these kinds, in order.
    pub fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.kind.as_str()).collect()
    }

    pub fn is_open(&self, exchange: ExchangeId) -> bool {
        self.open.contains_key(&exchange)
    }

    /// The exchanges whose headers have arrived and declare a stream.
    #[allow(dead_code, reason = "the simulation's servers write to them")]
    pub fn open_streams(&self) -> Vec<ExchangeId> {
        self.streams.iter().filter(|exchange| self.open.contains_key(exchange)).copied().collect()
    }

    /// The open GET streams.
    pub fn open_gets(&self) -> Vec<ExchangeId> {
        self.open.iter().filter(|(_, sent)| sent.verb == "GET").map(|(exchange, _)| *exchange).collect()
    }

    /// When the machine wants to be woken.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wait
    }

    // The drain contract.

    pub fn input(&mut self, input: Input<Value>) {
        self.machine.handle(Instant::from_millis(self.now), input);
        loop {
            match self.machine.poll() {
                Output::Wait(deadline) => {
                    self.wait = deadline;
                    break;
                }
                output => self.take(output),
            }
        }
        if let Some((session, name)) = self.storage.asked.pop_front() {
            let found = self.storage.entries.get(&name).cloned();
            self.input(Input::Restored { session, found });
        }
    }

    fn take(&mut self, output: Output<Value>) {
        match output {
            Output::Send { exchange, request } => self.send(exchange, &request),
            Output::Abort { exchange } => self.abort(exchange),
            Output::Pause { exchange } => drop(self.paused.insert(exchange)),
            Output::Resume { exchange } => self.resume(exchange),
            Output::Connected { call, session } => {
                self.note(|| format!("          call {} is connected: session {}", call.0, session.0));
                self.end(call);
                self.connected.insert(call, (self.now, session));
            }
            Output::Settle { call, outcome } => {
                self.note(|| format!("          call {} ends: {}", call.0, told(&outcome)));
                self.end(call);
                self.network.settled(call);
                self.settled.insert(call, (self.now, outcome));
            }
            Output::Progress { call, progress } => self.progress.push((call, progress)),
            Output::ServerRequest { ticket, session, method, message, .. } => {
                self.note(|| format!("          the server asks {method}: ticket {}", ticket.0));
                self.asked.push((ticket, session, method, message));
            }
            Output::CancelServerRequest { ticket } => self.taken_back.push(ticket),
            Output::Notification { session, method, message, .. } => self.notified.push((session, method, message)),
            Output::NeedToken { session, request } => {
                self.note(|| format!("          a token is wanted for session {}", session.0));
                self.tokens_wanted.push((session, request.challenge.clone()));
                self.token_requests.push(*request);
                if let Some((delay, token)) = self.network.token(session) {
                    self.schedule(delay, Coming::Token(session, token));
                }
            }
            Output::CancelToken { session } => self.tokens_given_up.push(session),
            Output::Restore { session, name } => self.storage.recall(session, name),
            Output::Persist { name, value } => self.storage.keep(name, value),
            Output::Turns { origin, counts } => {
                let [used, wanted, slots] = counts;
                self.note(|| format!("          {origin}: {used} of {wanted} slots used, {slots} in all"));
                self.slots.insert(origin, counts);
            }
            Output::Event(event) => {
                self.note(|| format!("          event {} {:?}", event.kind.as_str(), event.detail));
                self.events.push(*event);
            }
            Output::Log(level, line) => {
                self.note(|| format!("          log {} {line}", level.as_str()));
                self.log.push((level, line));
            }
            Output::Wait(_) => {}
        }
    }

    /// A call is settled once, and only if a caller waits for it.
    fn end(&mut self, call: CallId) {
        assert!(self.waiting.remove(&call), "call {} was settled twice, or was never made", call.0);
    }

    fn send(&mut self, exchange: ExchangeId, request: &HttpRequest<Value>) {
        let sent = Sent::new(self.now, exchange, request);
        self.check(&sent, request);
        self.note(|| {
            let id = sent.id().map(|id| format!(" id {id}")).unwrap_or_default();
            let name = sent.param("name").as_str().map(|name| format!(" {name}")).unwrap_or_default();
            let cursor = sent.cursor().map(|cursor| format!(", after {cursor}")).unwrap_or_default();
            let session = sent.session().unwrap_or("none").to_owned();
            format!("   --> [{}] {} {}{name}{id}, session {session}{cursor}", exchange.0, sent.url, sent.method())
        });
        assert!(self.open.insert(exchange, sent.clone()).is_none(), "an exchange number is used twice");
        let reply = self.network.answer(&sent);
        self.sent.push(sent);
        let mut after = 0;
        for (delay, step) in reply.steps {
            after += delay;
            self.schedule(after, Coming::Step(exchange, step));
        }
        for (exchange, delay, step) in self.network.elsewhere() {
            self.schedule(delay, Coming::Step(exchange, step));
        }
    }

    /// Invariants of every single request.
    fn check(&mut self, sent: &Sent, request: &HttpRequest<Value>) {
        let initialize = sent.method() == "initialize";
        assert_eq!(request.reads_session_id, initialize, "ids are read from the answer to initialize only");
        assert!(!initialize || sent.session().is_none(), "an id is never sent on initialize");
        assert!(!initialize || sent.header("mcp-protocol-version").is_none(), "nothing is negotiated yet");
        let same = |other: &Sent| {
            let is_live = !self.disowned.contains(&other.exchange);
            is_live
                && other.method() == "initialize"
                && other.url == sent.url
                && other.header("x-user") == sent.header("x-user")
        };
        let one_user = sent.header("x-user").is_some();
        assert!(!(initialize && one_user && self.open.values().any(same)), "one handshake at a time");
        if request.follows {
            // A redirect may lead anywhere, so no secret is sent along.
            assert_eq!((sent.verb, sent.headers.len(), sent.header("accept")), ("GET", 1, Some("application/json")));
            return;
        }
        let own = request.call.is_none_or(|call| call.0 >= 1 << 52);
        // Over HTTP+SSE the answer arrives on another exchange, so an open exchange proves nothing.
        let own = own && !sent.url.contains("?sessionId=");
        if own && one_user && sent.method() == "ping" {
            let same = |other: &Sent| {
                let is_pending = self.pings.contains(&other.exchange) && !self.answered.contains(&other.exchange);
                is_pending && other.url == sent.url && other.header("x-user") == sent.header("x-user")
            };
            assert!(!self.open.values().any(same), "the machine sends one ping at a time");
            self.pings.insert(sent.exchange);
        }
        let accept = match sent.verb {
            "POST" => Some("application/json, text/event-stream"),
            "GET" => Some("text/event-stream"),
            _ => None,
        };
        assert_eq!(sent.header("accept"), accept);
        assert_eq!(sent.header("content-type").is_some(), sent.verb == "POST");
        assert_eq!(sent.body.is_some(), sent.verb == "POST");
        if sent.header("mcp-protocol-version") == Some("2026-07-28") {
            check_modern(sent);
        }
        if let Some(cursor) = sent.cursor() {
            let of = self.newest.iter().find(|(_, newest)| *newest == cursor).map(|(exchange, _)| *exchange);
            self.newest.remove(&of.expect("a cursor is the newest id of a stream, and is used once"));
            self.newest.insert(sent.exchange, cursor.into());
        }
        if let Some(id) = sent.id().filter(|_| sent.is_request()) {
            assert!(self.ids.insert(id), "JSON-RPC ids are never used twice");
        }
    }

    fn abort(&mut self, exchange: ExchangeId) {
        self.note(|| format!("   -x- [{}] cut by the client", exchange.0));
        assert!(self.open.remove(&exchange).is_some(), "only what is open can be cut: {}", exchange.0);
        self.aborted.push(exchange);
    }

    fn schedule(&mut self, after: u64, what: Coming) {
        self.count += 1;
        self.coming.insert((self.now + after, self.count), what);
    }

    fn resume(&mut self, exchange: ExchangeId) {
        assert!(self.paused.remove(&exchange), "only a paused exchange is resumed");
        let (now, rest) = std::mem::take(&mut self.held).into_iter().partition(|(of, _)| *of == exchange);
        self.held = rest;
        let now: Vec<(ExchangeId, Step)> = now;
        now.into_iter().for_each(|(exchange, step)| self.schedule(0, Coming::Step(exchange, step)));
    }

    fn deliver(&mut self) {
        let Some(((at, _), what)) = self.coming.pop_first() else { return };
        self.now = self.now.max(at);
        let (exchange, step) = match what {
            Coming::Step(exchange, step) => (exchange, step),
            Coming::Token(session, token) => {
                self.note(|| format!("   <-- token for session {}: {}", session.0, token.is_some()));
                return self.give_token(session, token.as_deref());
            }
        };
        if self.paused.contains(&exchange) {
            return self.held.push((exchange, step));
        }
        let Some(sent) = self.open.get(&exchange) else { return };
        let id = sent.body.as_ref().map(|body| body["id"].clone()).unwrap_or_default();
        if matches!(step, Step::Result(_) | Step::Event(_, _, Data::Result(_))) {
            self.answered.insert(exchange);
            self.network.arrived(sent);
        }
        // An answer may arrive on another stream than its own.
        if let Step::Event(_, _, Data::Json(message)) = &step
            && message.get("result").is_some()
        {
            let is_answered = |sent: &&Sent| sent.id().is_some() && sent.id() == message["id"].as_u64();
            self.answered.extend(self.open.values().filter(is_answered).map(|sent| sent.exchange));
        }
        let input = step.into_input(exchange, &id);
        self.note(|| format!("   <-- [{}] {}", exchange.0, words(&input)));
        if let Input::Block { block: StreamBlock { id: Some(id), .. }, .. } = &input {
            // An older id would name a place before messages that have been delivered.
            match in_header(id) {
                Some(cursor) => self.newest.insert(exchange, cursor),
                None => self.newest.remove(&exchange),
            };
        }
        if let Input::Opened { head, .. } = &input
            && head.media == Media::EventStream
        {
            self.streams.insert(exchange);
        }
        if matches!(input, Input::Body { .. } | Input::Ended { .. } | Input::Failed { .. }) {
            self.open.remove(&exchange);
        }
        self.input(input);
    }
}

/// An event id as a header carries it, if one can: one character for each byte of its UTF-8 if Latin-1 cannot represent
/// it.
fn in_header(id: &str) -> Option<String> {
    let is_latin = id.chars().all(|character| character <= '\u{FF}');
    let sent: String = if is_latin { id.into() } else { id.bytes().map(char::from).collect() };
    let is_sendable = !id.is_empty() && sent.chars().count() <= 4096;
    Some(sent).filter(|_| is_sendable && id.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control()))
}

/// 2026-07-28: every request is self-contained, and its headers mirror its body.
fn check_modern(sent: &Sent) {
    assert_eq!((sent.verb, sent.session(), sent.cursor()), ("POST", None, None));
    assert_eq!(sent.header("mcp-method"), Some(sent.method()));
    if sent.is_request() {
        let meta = sent.param("_meta");
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
        assert!(meta["io.modelcontextprotocol/clientCapabilities"].is_object());
        assert!(meta["io.modelcontextprotocol/clientInfo"]["name"].is_string());
    }
    assert_ne!(sent.method(), "answer", "no server request is answered by a message");
}

/// A storage that outlives the page.
#[derive(Default)]
pub struct Storage {
    pub entries: BTreeMap<String, Value>,
    /// Never answers.
    pub hangs: bool,
    /// Ignores every removal.
    pub keeps_all: bool,
    /// The number of writes and removals.
    pub writes: usize,
    asked: VecDeque<(SessionRef, String)>,
}

impl Storage {
    /// The only record.
    pub fn record(&mut self) -> &mut Value {
        assert_eq!(self.entries.len(), 1);
        self.entries.values_mut().next().expect("one record")
    }

    fn recall(&mut self, session: SessionRef, name: String) {
        if !self.hangs {
            self.asked.push_back((session, name));
        }
    }

    fn keep(&mut self, name: String, value: Option<Value>) {
        self.writes += 1;
        match value {
            Some(value) => self.entries.insert(name, value),
            None if self.keeps_all => None,
            None => self.entries.remove(&name),
        };
    }
}

impl<N> Drop for World<N> {
    fn drop(&mut self) {
        if let (true, Some(diary)) = (std::thread::panicking(), &self.diary) {
            let skipped = diary.lines().count().saturating_sub(400);
            let tail: Vec<&str> = diary.lines().skip(skipped).collect();
            eprintln!("--- trace ({skipped} lines left out) ---\n{}", tail.join("\n"));
        }
    }
}

/// A configuration from the JSON that JavaScript would pass. Unless a test says otherwise, discovery is off: it has
/// scenarios of its own.
pub fn configured(config: &Value, options: &Value) -> Config {
    let mut config = config.clone();
    for (_, server) in config["mcpServers"].as_object_mut().into_iter().flatten() {
        if server.get("protocolVersion").is_none() {
            server["protocolVersion"] = json!("legacy");
        }
    }
    match config::parse(&config, options, &|_| None) {
        Ok((config, _)) => config,
        Err(problems) => panic!("{problems:?}"),
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Ok(_) => String::from("result"),
        Err(error) => format!("{error} [{}]", error.evidence.as_deref().unwrap_or("")),
    }
}

fn words(input: &Input<Value>) -> String {
    match input {
        Input::Opened { head, .. } => format!("HTTP {} {:?}", head.status, head.media),
        Input::Block { block, .. } => {
            let data = match &block.data {
                mcp_tether::core::StreamData::Json(value) => value.to_string(),
                mcp_tether::core::StreamData::Text(text) => text.clone(),
                mcp_tether::core::StreamData::Empty => String::new(),
            };
            format!("block id {:?} retry {:?} {data}", block.id, block.retry)
        }
        Input::Alive { .. } => String::from("comment"),
        Input::Body { body, .. } => match body {
            mcp_tether::core::Body::Json(value) => value.to_string(),
            mcp_tether::core::Body::Text(text) => format!("{text:?}"),
            mcp_tether::core::Body::Empty => String::from("no body"),
        },
        Input::Ended { .. } => String::from("end of stream"),
        Input::Failed { failure, .. } => format!("{:?}", failure.kind),
        _ => String::from("?"),
    }
}
