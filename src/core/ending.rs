//! Ends: expiry by our own deadlines, termination by the owner, and the closing of the whole manager.

use super::error::{Error, ErrorCode};
use super::event::{Detail, EventKind};
use super::exchange::Wire;
use super::headers::SessionId;
use super::io::{CallId, ExchangeId, Level, Output, SessionRef, Target};
use super::json::Json;
use super::manager::Manager;
use super::session::State;
use super::store::Key;
use super::table::Table;
use super::text::concat;
use super::time::Millis;
use super::timers::Timer;

/// A DELETE gets so long and is never tried again: a server that is gone needs no goodbye.
pub(super) const DELETE_CAP: Millis = 5_000;

/// A DELETE on the wire, after its record is gone.
pub(super) struct Farewell {
    /// The log line that says that it is done.
    line: String,
    /// Who waits for it.
    waiter: Option<CallId>,
}

/// Who waits for ends, and whether there is to be a beginning ever again.
#[derive(Default)]
pub(super) struct Closing {
    closed: bool,
    /// How many open DELETEs a caller of `terminate` waits for.
    waiting: Table<CallId, usize>,
    /// Callers of `close`, who wait for all of them.
    closers: Vec<CallId>,
}

impl Closing {
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }
}

impl<J: Json> Manager<J> {
    /// The owner ends sessions.
    pub(super) fn terminate(&mut self, call: CallId, target: Target) {
        let sessions = match target {
            Target::Session(session) => vec![session],
            Target::Key(user, server) => self.of_key(Key { user, server }),
            Target::User(user) => self.store.of_user(&user).collect(),
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
            self.unkeep_key(&key);
        }
        found.into_iter().collect()
    }

    /// The owner closes the manager: nothing is sent any more but the DELETEs that are asked for.
    pub(super) fn close(&mut self, call: CallId, terminate: bool) {
        self.closing.closed = true;
        let sessions = self.store.references();
        self.end_all(call, &sessions, terminate, State::Closed);
        let left = self.exchanges.keys_where(|exchange| exchange.wire != Wire::Delete);
        left.into_iter().for_each(|exchange| self.abort(exchange));
        self.closing.closers.push(call);
        self.tell_closers();
    }

    /// Whoever closes waits for every DELETE, also for those of an earlier `terminate` or `close`.
    fn tell_closers(&mut self) {
        if self.farewells.is_empty() {
            let closers = std::mem::take(&mut self.closing.closers);
            closers.into_iter().for_each(|call| self.out.push_back(Output::Settle { call, outcome: Ok(None) }));
        }
    }

    /// Ends these records. Returns how many DELETEs are on the wire for that.
    fn end_all(&mut self, call: CallId, sessions: &[SessionRef], say_goodbye: bool, state: State) -> usize {
        sessions.iter().filter(|session| self.end(**session, Some(call), say_goodbye, state)).count()
    }

    /// Ends one record. Returns whether a DELETE is on the wire.
    fn end(&mut self, session: SessionRef, waiter: Option<CallId>, say_goodbye: bool, state: State) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        record.awaiting_token = false;
        record.handshake = None;
        let id = record.id().map(SessionId::short);
        // The DELETE leaves first: what follows takes the id away.
        let farewell = if say_goodbye && id.is_some() { self.say_goodbye(session, waiter) } else { None };
        if say_goodbye || state == State::Terminated {
            self.unkeep(session)
        } else {
            self.keep(session)
        }
        self.enter(session, state);
        self.stop_everything(session);
        self.metrics.terminated += u64::from(state == State::Terminated);
        self.event(session, EventKind::SessionTerminated, Detail::new().session_id(id));
        self.store.remove(session);
        farewell.is_some()
    }

    pub(super) fn say_goodbye(&mut self, session: SessionRef, waiter: Option<CallId>) -> Option<ExchangeId> {
        let record = self.store.get(session)?;
        let line = concat(&["[MCP][", &record.key.server, "] Session terminated: ", &record.id()?.short()]);
        // 2025-11-25 basic/transports, "Session Management" 5: DELETE at the MCP endpoint; 405 is the server's right.
        let exchange = self.open(session, Wire::Delete, "DELETE", None, Vec::new())?;
        self.log(session, Level::Debug, "Session termination request sent");
        self.farewells.insert(exchange, Farewell { line, waiter });
        Some(exchange)
    }

    /// Whatever waits for the server or for the session.
    pub(super) fn calls_of(&self, session: SessionRef) -> Vec<CallId> {
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
            self.exchanges.keys_where(|exchange| exchange.session == session && exchange.wire != Wire::Delete);
        left.into_iter().for_each(|exchange| self.abort(exchange));
    }

    /// The DELETE was answered, broke, or took too long: all three are the end. 404 and 405 are fine.
    pub(super) fn on_deleted(&mut self, exchange: ExchangeId) {
        let Some(farewell) = self.farewells.remove(exchange) else { return };
        self.log_line(Level::Info, farewell.line);
        let open = farewell.waiter.and_then(|waiter| self.closing.waiting.get_mut(waiter));
        let last = open.is_some_and(|open| {
            *open -= 1;
            *open == 0
        });
        if let (true, Some(call)) = (last, farewell.waiter) {
            self.closing.waiting.remove(call);
            self.out.push_back(Output::Settle { call, outcome: Ok(None) });
        }
        self.tell_closers();
    }

    /// A session may be idle for too long, or too old. Never while a call is in flight.
    pub(super) fn on_expiry(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        if !matches!(record.state, State::Ready | State::Degraded) {
            return;
        }
        let is_old = record.age_deadline().is_some_and(|at| at <= now);
        let is_idle = record.idle_deadline() <= now && !record.is_busy();
        if is_idle || (is_old && !record.is_busy()) {
            // Another tab may have used it.
            if !self.looks_before_end(session) {
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
    pub(super) fn expire_if_aged(&mut self, session: SessionRef) {
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
    pub(super) fn retire_session(&mut self, session: SessionRef) {
        if self.store.get(session).is_some_and(|record| record.state == State::Ready) {
            self.sleep_until_wanted(session);
            self.drop_generation(session);
            self.strand_calls(session, "the session was given up");
        }
    }

    fn sleep_until_wanted(&mut self, session: SessionRef) {
        if self.store.get(session).is_some_and(|record| record.id().is_some()) {
            self.say_goodbye(session, None);
        }
        self.unkeep(session);
        self.enter(session, State::Expired);
    }
}
