//! The machine itself: one entrance for everything that happens, one exit for everything to be done.

use crate::core::api::error::Error;
use crate::core::api::event::{Detail, Event, EventKind};
use crate::core::api::io::{CallId, ExchangeId, Input, Level, Output, SessionRef, Ticket};
use crate::core::api::metrics::Metrics;
use crate::core::config::Config;
use crate::core::kit::queue::Queue;
use crate::core::kit::rng::Rng;
use crate::core::kit::table::Table;
use crate::core::kit::text::concat;
use crate::core::kit::time::Instant;
use crate::core::machine::inbound::page::Page;
use crate::core::machine::inbound::responses::Exchange;
use crate::core::machine::inbound::server_requests::Asked;
use crate::core::machine::lifecycle::discovery::Eras;
use crate::core::machine::lifecycle::ending::{Closing, Farewell};
use crate::core::machine::outbound::calls::Call;
use crate::core::machine::outbound::lanes::Lanes;
use crate::core::machine::outbound::redirects::Addresses;
use crate::core::machine::outbound::turns::Turns;
use crate::core::protocol::json::Json;
use crate::core::state::session::breaker::Breaker;
use crate::core::state::session::{SessionInfo, State};
use crate::core::state::store::{Key, Stats, Store};
use crate::core::state::timers::{Timer, Timers};
use std::rc::Rc;

/// Who we say we are in every handshake.
#[derive(Clone)]
pub struct ClientIdentity<J> {
    /// `clientInfo`: an object with `name` and `version`.
    pub info: J,
    /// `capabilities`: an object; handlers add theirs.
    pub capabilities: J,
}

/// All sessions of one I/O context: a deterministic machine without a clock, a socket or a thread.
///
/// **After every [`handle`](Self::handle), drain [`poll`](Self::poll) until it says [`Output::Wait`].**
pub struct Manager<J> {
    pub(crate) config: Config,
    pub(crate) client: ClientIdentity<J>,
    pub(crate) rng: Rng,
    pub(crate) now: Instant,
    pub(crate) store: Store<J>,
    pub(crate) calls: Table<CallId, Call<J>>,
    /// JSON-RPC id of the latest try of every call that is on the wire.
    pub(crate) by_request: Table<u64, CallId>,
    pub(crate) exchanges: Table<ExchangeId, Exchange>,
    pub(crate) tickets: Table<Ticket, Asked<J>>,
    pub(crate) farewells: Table<ExchangeId, Farewell>,
    pub(crate) closing: Closing,
    pub(crate) page: Page,
    /// Which servers speak 2026-07-28.
    pub(crate) eras: Eras<J>,
    /// Where servers are reached that redirect.
    pub(crate) addresses: Addresses,
    /// Breakers of connections that never came to be.
    pub(crate) breakers: Vec<(Rc<Key>, Breaker)>,
    /// After a sleep nobody is called late before then: the answers may be waiting behind the alarm clock.
    pub(crate) grace_until: Instant,
    /// How many sessions of a server try to reach it at once.
    pub(crate) lanes: Lanes,
    pub(crate) timers: Timers,
    /// The budgets of long-lived responses.
    pub(crate) turns: Turns,
    pub(crate) numbers: Numbers,
    /// The JSON-RPC id, and progress token, that was used last.
    last_request_id: u64,
    pub(crate) metrics: Metrics,
    /// Whether anybody may listen to events.
    tells_events: bool,
    pub(crate) out: Queue<Output<J>>,
}

impl<J: Json> Manager<J> {
    /// A manager that has done nothing yet. `seed` decides all jitter.
    pub fn new(config: Config, client: ClientIdentity<J>, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        // A session that is taken up from a storage has seen the ids of other managers, and an id MUST NOT be used twice in a
        // session (2025-11-25 basic, "Requests"): each manager begins at random below 2³⁰.
        let first = if config.keeps { rng.next_u64() >> 34 } else { 0 };
        Self {
            config,
            client,
            rng,
            now: Instant::default(),
            store: Store::new(seed),
            calls: Table::default(),
            by_request: Table::default(),
            exchanges: Table::default(),
            tickets: Table::default(),
            farewells: Table::default(),
            closing: Closing::default(),
            page: Page::default(),
            eras: Eras::default(),
            addresses: Addresses::default(),
            breakers: Vec::new(),
            grace_until: Instant::default(),
            lanes: Lanes::default(),
            timers: Timers::default(),
            turns: Turns::default(),
            numbers: Numbers(0),
            last_request_id: first,
            metrics: Metrics::default(),
            tells_events: true,
            out: Queue::default(),
        }
    }

    /// A manager that tells no events until [`Input::TellEvents`]: of each call there are some.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.tells_events = false;
        self
    }

    /// Takes in one thing that happened at `now`. Then drain [`poll`](Self::poll).
    pub fn handle(&mut self, now: Instant, input: Input<J>) {
        self.now = now.max(self.now);
        self.notice_sleep();
        match input {
            Input::Connect { call, user, server, options } => self.connect(call, user, server, options),
            Input::Request { call, session, method, params, options } => {
                self.request(call, session, method, params, &options)
            }
            Input::Notify { call, session, method, params } => self.notify(call, session, method, params),
            Input::Cancel { call, reason } => self.cancel(call, reason.as_deref()),
            Input::Answer { ticket, outcome } => self.answer(ticket, outcome),
            Input::Declare { session, capability } => self.declare(session, capability),
            Input::Token { session, token } => self.on_token(session, token.as_deref()),
            Input::TellEvents => self.tells_events = true,
            Input::Page { news, of } => self.on_news(news, of),
            Input::Recalled { session, found } => self.on_recalled(session, found.as_ref()),
            Input::Terminate { call, target } => self.terminate(call, target),
            Input::Close { call, terminate } => self.close(call, terminate),
            Input::Opened { exchange, head } => self.on_opened(exchange, head),
            Input::Block { exchange, block } => self.on_block(exchange, block),
            Input::Message { exchange, message } => self.on_message(exchange, message),
            Input::Alive { exchange } => self.on_alive(exchange),
            Input::Body { exchange, body } => self.on_body(exchange, body),
            Input::Ended { exchange } => self.on_ended(exchange),
            Input::Failed { exchange, failure } => self.on_failed(exchange, &failure),
            Input::Wake => {}
        }
        self.advance_lanes();
        while let Some(timer) = self.timers.take_due(self.now) {
            self.on_timer(timer);
            self.advance_lanes();
        }
    }

    /// The next thing to do. [`Output::Wait`] means that there is nothing more until the network or the clock speaks.
    #[must_use]
    pub fn poll(&mut self) -> Output<J> {
        self.out.pop_front().unwrap_or_else(|| Output::Wait(self.next_deadline()))
    }

    /// Counts of users and sessions, taken from the store at this moment.
    pub fn stats(&self) -> Stats {
        self.store.stats()
    }

    /// Every session that is ready or being recovered, in the order of users and servers.
    pub fn active_sessions(&self) -> Vec<SessionInfo> {
        self.store.active_infos()
    }

    /// The session of (user, server), whatever its state.
    pub fn info(&self, user: &str, server: &str) -> Option<SessionInfo> {
        let key = Key { user: user.to_owned(), server: server.to_owned() };
        self.session(self.store.find(&key)?)
    }

    /// One session record; `None` once it is terminated or closed.
    pub fn session(&self, session: SessionRef) -> Option<SessionInfo> {
        self.store.get(session).map(crate::core::state::session::Session::info)
    }

    /// The server's whole answer to the last handshake.
    pub fn initialize_result(&self, session: SessionRef) -> Option<J> {
        Some(self.store.get(session)?.agreed.as_ref()?.result.clone())
    }

    /// Every counter with its public name.
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        self.metrics.entries()
    }

    /// Whether nobody waits and nothing is on the wire but GET streams.
    pub fn is_idle(&self) -> bool {
        use crate::core::machine::inbound::responses::Wire;
        let quiet = |exchange: &Exchange| matches!(exchange.wire, Wire::Listen | Wire::SessionStream | Wire::Leftover);
        self.calls.is_empty()
            && !self.store.makes_session()
            && self.exchanges.iter().all(|(_, exchange)| quiet(exchange))
    }

    /// After the end of everything no timer matters, so a host that waits for its last timer may go.
    fn next_deadline(&self) -> Option<Instant> {
        if self.closing.is_closed() && self.exchanges.is_empty() { None } else { self.timers.next() }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Deadline(call) => self.on_deadline(call),
            Timer::Rest(call) => self.on_rested(call),
            Timer::Exchange(exchange) => self.on_exchange_timeout(exchange),
            Timer::Watchdog(exchange) => self.on_watchdog(exchange),
            Timer::Expiry(session) => self.on_expiry(session),
            Timer::Handshake(session) => self.on_handshake_timer(session),
            Timer::Listen(session) => self.on_listen_timer(session),
            Timer::Hold(session) => self.on_hold_over(session),
            Timer::Keep(session) => self.on_keep_timer(session),
            Timer::Canary(session) => self.on_canary_timer(session),
            Timer::Turns(origin) => self.on_turns(origin as usize),
            Timer::Head(exchange) => self.on_long_post(exchange),
            Timer::Answers(session) => self.on_answers_rested(session),
            Timer::Token(session) => self.on_token_overdue(session),
            Timer::KeepAlive(session) => self.keep_alive(session),
        }
    }

    /// A JSON-RPC id that no pending request has. Servers and gateways read ids into 32 bits or print them with 14 digits, so
    /// all are below 2³¹; after the last one the sequence begins again.
    pub(crate) fn next_request_id(&mut self) -> u64 {
        loop {
            self.last_request_id = if self.last_request_id < MAX_REQUEST_ID { self.last_request_id + 1 } else { 1 };
            if !self.by_request.contains(self.last_request_id) {
                return self.last_request_id;
            }
        }
    }

    /// Reports an event of a session.
    pub(crate) fn event(&mut self, session: SessionRef, kind: EventKind, mut detail: Box<Detail>) {
        let Some(record) = self.store.get(session).filter(|_| self.tells_events) else { return };
        detail.evidence = detail.evidence.as_deref().map(|evidence| record.discreet(evidence));
        let (user_id, server_name) = (record.key.user.clone(), record.key.server.clone());
        let event =
            Event { kind, user_id, server_name, generation: record.generation, at: self.now.as_millis(), detail };
        self.out.push_back(Output::Event(Box::new(event)));
    }

    /// Whether events are worth making.
    pub(crate) const fn tells_events(&self) -> bool {
        self.tells_events
    }

    /// Prints `[MCP][server] text`.
    pub(crate) fn log(&mut self, session: SessionRef, level: Level, text: &str) {
        let Some(record) = self.store.get(session) else { return };
        let line = concat(&["[MCP][", &record.key.server, "] ", text]);
        self.log_line(level, line);
    }

    /// Prints a whole line; debug lines only where they are wanted.
    pub(crate) fn log_line(&mut self, level: Level, line: String) {
        if level != Level::Debug || self.config.debug {
            self.out.push_back(Output::Log(level, line));
        }
    }

    /// Moves a session to another state, and says so. The only place where a state changes: what the picture in session.rs
    /// does not allow is refused, so a session that was ended stays ended.
    pub(crate) fn enter(&mut self, session: SessionRef, to: State) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let from = record.state;
        if from == to {
            return true;
        }
        let is_legal = from.may_become(to);
        debug_assert!(is_legal, "a session goes from {} to {}", from.as_str(), to.as_str());
        if is_legal {
            record.state = to;
            self.event(session, EventKind::StateChanged, Detail::new().from(from).to(to));
        }
        is_legal
    }

    /// Ends the wait of a caller that has no call of its own (`connect`, `terminate`, `close`).
    pub(crate) fn reject(&mut self, call: CallId, error: Error<J>) {
        self.out.push_back(Output::Settle { call, outcome: Err(error) });
    }
}

/// The largest JSON-RPC id: that of a signed integer of 32 bits.
const MAX_REQUEST_ID: u64 = (1 << 31) - 1;

/// Numbers for exchanges, tickets, records and the machine's own calls: one sequence, no number is used twice.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// The machine's own calls are numbered from here on: the driver's never come so far.
pub(crate) const OWN_CALLS: u64 = 1 << 52;

/// A call of the machine's own.
pub(crate) const fn own_call(number: u64) -> CallId {
    CallId(OWN_CALLS + number)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn manager(options: &Value, seed: u64) -> Manager<Value> {
        let (config, _) = crate::core::config::parse(&json!({"mcpServers": {}}), options, &|_| None).unwrap();
        Manager::new(config, ClientIdentity { info: json!({}), capabilities: json!({}) }, seed)
    }

    #[test]
    fn request_ids_wrap_below_2_to_the_31_and_pass_over_those_that_are_pending() {
        let mut manager = manager(&json!({}), 7);
        manager.last_request_id = MAX_REQUEST_ID - 2;
        manager.by_request.insert(1, CallId(1));
        manager.by_request.insert(2, CallId(2));
        let ids = [(); 4].map(|()| manager.next_request_id());
        assert_eq!(ids, [0x7FFF_FFFE, 0x7FFF_FFFF, 3, 4]);
    }

    #[test]
    fn managers_with_a_storage_begin_at_random_below_2_to_the_30() {
        let ids: Vec<u64> = (0..100).map(|seed| manager(&json!({"storage": true}), seed).next_request_id()).collect();
        assert!(ids.iter().all(|id| (1..=1 << 30).contains(id)), "{ids:?}");
        assert!(ids.iter().filter(|id| **id < 1 << 20).count() < 5, "{ids:?}");
    }
}
