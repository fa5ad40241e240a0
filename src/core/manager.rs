//! The public methods of the machine: `handle` takes inputs, `poll` returns outputs.

use crate::core::api::{CallId, Input, Output, SessionInfo, SessionRef, Stats};
use crate::core::kit::time::Instant;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;
use crate::core::state::exchange::{Exchange, ExchangeKind};
use crate::core::state::session::Session;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Suppresses events until [`Input::EmitEvents`]; every call emits several.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.emits_events = false;
        self
    }

    /// Handles one input at `now`. Drain [`poll`](Self::poll) afterwards.
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
            Input::Token { session, outcome } => self.on_token(session, outcome),
            Input::EmitEvents => self.emits_events = true,
            Input::Page { notification, of } => self.on_page_notification(notification, of),
            Input::Restored { session, found } => self.on_restored_record(session, found.as_ref()),
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
        self.process_consequences();
        while let Some(timer) = self.timers.take_due(self.now) {
            self.on_timer(timer);
            self.process_consequences();
        }
    }

    /// The next output. [`Output::Wait`] means that the machine is idle until the next input or the given deadline.
    #[must_use]
    pub fn poll(&mut self) -> Output<J> {
        self.out.pop_front().unwrap_or_else(|| Output::Wait(self.next_deadline()))
    }

    /// Current counts of users and sessions.
    pub fn stats(&self) -> Stats {
        self.store.stats()
    }

    /// All ready or recovering sessions, in the order of users and servers.
    pub fn active_sessions(&self) -> Vec<SessionInfo> {
        self.sessions(false)
    }

    /// The same, or with `all` those in every other state, too.
    pub fn sessions(&self, all: bool) -> Vec<SessionInfo> {
        self.store.infos(all)
    }

    /// The session of (user, server), whatever its state.
    pub fn info(&self, user: &str, server: &str) -> Option<SessionInfo> {
        self.session(self.store.find(user, server)?)
    }

    /// One session record; `None` after it was terminated or closed.
    pub fn session(&self, session: SessionRef) -> Option<SessionInfo> {
        self.store.get(session).map(Session::info)
    }

    /// The result of the last handshake.
    pub fn initialize_result(&self, session: SessionRef) -> Option<J> {
        Some(self.store.get(session)?.agreed.as_ref()?.result.clone())
    }

    /// Whether a request was never sent.
    pub fn is_unsent(&self, call: CallId) -> bool {
        self.calls.get(call).is_some_and(|record| record.request_id == 0)
    }

    /// All counters with their public names.
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        self.metrics.entries()
    }

    /// Whether no call is pending and no exchange is open except GET streams.
    pub fn is_idle(&self) -> bool {
        let is_awaited = |exchange: &Exchange| {
            !matches!(exchange.kind, ExchangeKind::Listen | ExchangeKind::SessionStream | ExchangeKind::Trailing)
        };
        self.calls.is_empty() && !self.store.makes_session() && self.exchanges.keys_where(&is_awaited).is_empty()
    }

    /// The next deadline. `None` after the manager has closed, so that its timer does not keep a host process running.
    fn next_deadline(&self) -> Option<Instant> {
        if self.closing.closed && self.exchanges.is_empty() { None } else { self.timers.next() }
    }

    /// Handles the consequences of an input or a timer: ended calls, and free slots in the lanes.
    fn process_consequences(&mut self) {
        self.follow_ends();
        while self.advance_lane() {
            self.follow_ends();
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Deadline(call) => self.on_deadline(call),
            Timer::Backoff(call) => self.on_backoff_over(call),
            Timer::Exchange(exchange) => self.on_exchange_timeout(exchange),
            Timer::Watchdog(exchange) => self.on_watchdog(exchange),
            Timer::Expiry(session) => self.on_expiry(session),
            Timer::Handshake(session) => self.on_handshake_timer(session),
            Timer::Listen(session) => self.on_listen_timer(session),
            Timer::Pause(session) => self.on_pause_over(session),
            Timer::Persist(session) => self.on_persist_timer(session),
            Timer::Canary(session) => self.on_canary_timer(session),
            Timer::Turns(origin) => self.on_turns(origin as usize),
            Timer::Head(exchange) => self.on_long_post(exchange),
            Timer::Answers(session) => self.on_answers_backoff_over(session),
            Timer::Token(session) => self.on_token_overdue(session),
            Timer::Renewal(session) => self.on_renewal(session),
            Timer::KeepAlive(session) => self.keep_alive(session),
        }
    }
}
