//! Ends: expiry by our own deadlines, termination by the owner, and the closing of the whole manager.

use crate::core::api::{CallId, Detail, Error, EventKind, ExchangeId, Key, Level, Output, SessionRef, State, Target};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{self, HeaderList, SessionId};
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Purpose, Stage};
use crate::core::state::closing::Farewell;
use crate::core::state::exchange::Wire;
use crate::core::state::session::Session;
use crate::core::state::timers::Timer;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// The owner ends sessions.
    pub(crate) fn terminate(&mut self, call: CallId, target: Target) {
        let sessions = match target {
            Target::Session(session) => vec![session],
            Target::Key(user, server) => self.of_key(Key { user, server }),
            Target::User(user) => self.store.of_user(&user, usize::MAX),
        };
        let open = self.end_all(call, &sessions, true, State::Terminated);
        if open == 0 {
            return self.out.push_back(Output::Settle { call, outcome: Ok(None) });
        }
        self.closing.waiting.insert(call, open);
    }

    fn of_key(&mut self, key: Key) -> Vec<SessionRef> {
        let found = self.store.find(&key);
        // A session that nobody has taken up from the storage yet is not to be taken up any more.
        if found.is_none() {
            self.forget_key(&key);
        }
        found.map_or_else(Vec::new, |found| vec![found])
    }

    /// The owner closes the manager: nothing is sent any more but the DELETEs that are asked for.
    pub(crate) fn close(&mut self, call: CallId, terminate: bool) {
        self.closing.closed = true;
        let sessions = self.store.references();
        self.end_all(call, &sessions, terminate, State::Closed);
        let left = self.exchanges.keys_where(|exchange| !exchange.wire.is_farewell());
        left.into_iter().for_each(|exchange| self.abort(exchange));
        self.closing.closers.push(call);
        self.settle_closers();
    }

    /// Whoever closes waits for every DELETE, also for those of an earlier `terminate` or `close`.
    fn settle_closers(&mut self) {
        if self.farewells.is_empty() {
            let closers = std::mem::take(&mut self.closing.closers);
            closers.into_iter().for_each(|call| self.out.push_back(Output::Settle { call, outcome: Ok(None) }));
        }
    }

    /// Ends these records. Returns how many DELETEs are on the wire for that.
    fn end_all(&mut self, call: CallId, sessions: &[SessionRef], say_goodbye: bool, state: State) -> usize {
        let mut farewells = 0;
        for session in sessions {
            farewells += self.end(*session, Some(call), say_goodbye, state);
        }
        farewells
    }

    /// Ends one record. Returns how many DELETEs are on the wire for that, or may be soon.
    fn end(&mut self, session: SessionRef, waiter: Option<CallId>, say_goodbye: bool, state: State) -> usize {
        let orphan = self.disown_handshake(session, waiter);
        let Some(record) = self.store.get_mut(session) else { return 0 };
        record.credentials.stop_asking();
        record.handshake = None;
        record.check = None;
        record.restoring = 0;
        record.loss = None;
        record.outage = None;
        let id = record.id().map(SessionId::short);
        // In the middle of a trial there may be two sessions.
        let former = record.former.take().filter(|former| record.id() != former.id.as_ref());
        // The DELETE leaves first: what follows takes the id away.
        let mut farewells = u32::from(orphan);
        if say_goodbye && id.is_some() {
            farewells += u32::from(self.say_goodbye(session, waiter).is_some());
        }
        if let (true, Some(former), Some(record)) = (say_goodbye, former, self.store.get_mut(session)) {
            record.agreed = Some(*former);
            farewells += u32::from(self.say_goodbye(session, waiter).is_some());
        }
        if say_goodbye || state == State::Terminated {
            self.forget_record(session)
        } else {
            self.persist(session)
        }
        self.enter(session, state);
        self.stop_everything(session);
        self.metrics.terminated += u64::from(state == State::Terminated);
        self.event(session, EventKind::SessionTerminated, Detail::new().session_id(id));
        self.leave_lane(session);
        self.store.remove(session);
        farewells as usize
    }

    /// Leaves an `initialize` that is on the wire to itself: if its answer brings an id, that session is ended, because
    /// nobody will ever know of it. Returns whether there is one.
    fn disown_handshake(&mut self, session: SessionRef, waiter: Option<CallId>) -> bool {
        let is_asking = |call: &Call<J>| call.session == session && call.purpose == Purpose::Handshake;
        let Some(call) = self.calls.keys_where(is_asking).first().copied() else { return false };
        let Some(exchange) = self.calls.get(call).and_then(Call::exchange) else { return false };
        let Some(record) = self.store.get(session).filter(|record| record.sse.is_none()) else { return false };
        let issued = record.handshake.as_ref().and_then(|handshake| handshake.issued().cloned());
        // What came without an id brings none later.
        if issued.is_none() && self.exchanges.get(exchange).is_some_and(|record| record.head.is_some()) {
            return false;
        }
        let mut headers = HeaderList::new();
        record.credentials.add_to(&mut headers);
        let line = farewell_line(&record.key.server);
        if let Some(call) = self.calls.get_mut(call) {
            call.stage = Stage::Disowned;
        }
        self.disown_exchange(exchange);
        self.farewells.insert(exchange, Farewell { line, waiter, orphan: Some(headers) });
        if issued.is_some() {
            self.on_orphan_opened(exchange, issued.as_deref());
        }
        true
    }

    /// The answer to an `initialize` whose record is gone: with an id, a DELETE follows, for which the same caller waits.
    pub(crate) fn on_orphan_opened(&mut self, exchange: ExchangeId, issued: Option<&str>) {
        let limit = self.config.limits.max_session_id_bytes;
        let Some(farewell) = self.farewells.get_mut(exchange) else { return };
        let orphan = farewell.orphan.take();
        let id = issued.and_then(|id| SessionId::parse(id, limit));
        if let (Some(mut headers), Some(id)) = (orphan, id) {
            let line = concat(&[&farewell.line, &id.short()]);
            let waiter = farewell.waiter;
            headers.push((Rc::from(headers::SESSION_ID), Rc::from(id.as_str())));
            if let Some(next) = self.open_delete(exchange, headers) {
                self.farewells.insert(next, Farewell { line, waiter, orphan: None });
                if let Some(open) = waiter.and_then(|waiter| self.closing.waiting.get_mut(waiter)) {
                    *open += 1;
                }
            }
        }
        // Nothing was said of it: there is no line.
        if let Some(farewell) = self.farewells.get_mut(exchange) {
            farewell.line.clear();
        }
        self.abort(exchange);
        self.on_deleted(exchange);
    }

    pub(crate) fn say_goodbye(&mut self, session: SessionRef, waiter: Option<CallId>) -> Option<ExchangeId> {
        let record = self.store.get(session)?;
        let line = concat(&[&farewell_line(&record.key.server), &record.id()?.short()]);
        // 2025-11-25 basic/transports, "Session Management" 5: DELETE at the MCP endpoint; 405 is the server's right.
        let exchange = self.open(session, Wire::Delete, "DELETE", None, Vec::new())?;
        self.log(session, Level::Debug, "Session termination request sent");
        self.farewells.insert(exchange, Farewell { line, waiter, orphan: None });
        Some(exchange)
    }

    /// Whatever waits for the server or for the session.
    pub(crate) fn calls_of(&self, session: SessionRef) -> Vec<CallId> {
        self.calls.keys_where(|call| call.session == session)
    }

    fn stop_everything(&mut self, session: SessionRef) {
        self.stop_listening(session);
        self.abandon_server_requests(session);
        let error = Error::new(ErrorCode::Closed, "the session was ended by its owner");
        self.fail_waiting(session, &error);
        for call in self.calls_of(session) {
            self.settle(call, Err(error.clone()));
        }
        let left: Vec<ExchangeId> =
            self.exchanges.keys_where(|exchange| exchange.session == session && !exchange.wire.is_farewell());
        left.into_iter().for_each(|exchange| self.abort(exchange));
    }

    /// The DELETE was answered, broke, or took too long: all three are the end. 404 and 405 are fine.
    pub(crate) fn on_deleted(&mut self, exchange: ExchangeId) {
        let Some(farewell) = self.farewells.remove(exchange) else { return };
        if farewell.orphan.is_none() && !farewell.line.is_empty() {
            self.log_line(Level::Info, farewell.line);
        }
        let open = farewell.waiter.and_then(|waiter| self.closing.waiting.get_mut(waiter));
        let last = open.is_some_and(|open| {
            *open -= 1;
            *open == 0
        });
        if let (true, Some(call)) = (last, farewell.waiter) {
            self.closing.waiting.remove(call);
            self.out.push_back(Output::Settle { call, outcome: Ok(None) });
        }
        self.settle_closers();
    }

    /// A session may be idle for too long, or too old. Never while a call is in flight.
    pub(crate) fn on_expiry(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        if !matches!(record.state, State::Ready | State::Degraded | State::Outage) {
            return;
        }
        let is_old = record.age_deadline().is_some_and(|at| at <= now);
        let is_idle = record.idle_deadline() <= now && !record.is_busy();
        if is_idle || (is_old && !record.is_busy()) {
            // Another tab may have used it.
            if !self.reads_before_end(session) {
                self.expire(session);
            }
            return;
        }
        // Not yet: a call in flight ends by itself and looks again, if the session is too old by then.
        let soon = now.after(record.server.session.timeout.min(1_000));
        let idle = if record.idle_deadline() > now { record.idle_deadline() } else { soon };
        let next = record.age_deadline().filter(|at| *at > now).map_or(idle, |age| age.min(idle));
        self.timers.arm(next, Timer::Expiry(session));
    }

    /// A call has ended: a session that is past its age ends with the last of them.
    pub(crate) fn expire_if_aged(&mut self, session: SessionRef) {
        let now = self.now;
        let aged = |at| at <= now;
        let due = self.store.get(session).is_some_and(|record| {
            record.state == State::Ready && !record.is_busy() && record.age_deadline().is_some_and(aged)
        });
        if due {
            self.expire(session);
        }
    }

    fn expire(&mut self, session: SessionRef) {
        let code = ErrorCode::SessionExpired;
        let id = self.store.get(session).and_then(|record| record.id().map(SessionId::short));
        self.log(session, Level::Info, &concat(&["Session error: ", code.as_str(), " - ", code.session_sentence()]));
        self.metrics.expired += 1;
        self.sleep_until_wanted(session);
        self.event(session, EventKind::SessionExpired, Detail::new().session_id(id).code(code.as_str()));
        self.drop_generation(session);
    }

    /// The page may be gone for good: the server need not keep the session. If it comes back, its next call makes another.
    pub(crate) fn retire_session(&mut self, session: SessionRef) {
        if self.store.get(session).is_some_and(|record| matches!(record.state, State::Ready | State::Outage)) {
            self.sleep_until_wanted(session);
            self.drop_generation(session);
            self.strand_calls(session, "the session was given up");
            // In an outage callers wait, and nothing else will wake the session for them.
            if self.store.get(session).is_some_and(Session::is_wanted) {
                self.wake_session(session);
            }
        }
    }

    fn sleep_until_wanted(&mut self, session: SessionRef) {
        if self.store.get(session).is_some_and(|record| record.id().is_some()) {
            self.say_goodbye(session, None);
        }
        self.forget_record(session);
        self.finish_outage(session);
        self.enter(session, State::Expired);
    }
}

fn farewell_line(server: &str) -> String {
    concat(&["[MCP][", server, "] Session terminated: "])
}
