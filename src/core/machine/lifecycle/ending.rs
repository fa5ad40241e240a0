//! Ends: expiry by idle time and age, termination by the owner, and closing the manager.

use crate::core::api::{CallId, Detail, Error, EventKind, ExchangeId, Key, Level, Output, SessionRef, State, Target};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::machine::log_lines;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::json::Json;
use crate::core::protocol::session_id::SessionId;
use crate::core::state::call::{Call, Purpose, Stage};
use crate::core::state::closing::PendingDelete;
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::Session;
use crate::core::state::session::transitions::SessionState;
use crate::core::state::timers::Timer;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// Terminates sessions for their owner.
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
        let found = self.store.of_key(&key.user, &key.server);
        // A stored session that was not restored yet must not be restored later.
        if found.is_empty() {
            self.forget_key(&key);
        }
        found
    }

    /// Closes the manager. From here on only the requested DELETEs are sent.
    pub(crate) fn close(&mut self, call: CallId, terminate: bool) {
        self.closing.closed = true;
        let sessions = self.store.references();
        self.end_all(call, &sessions, terminate, State::Closed);
        self.abort_where(&|exchange| !exchange.kind.outlives_record());
        self.closing.closers.push(call);
        self.settle_closers();
    }

    /// Callers of `close` wait for every DELETE, including those of earlier `terminate` and `close` calls.
    fn settle_closers(&mut self) {
        if self.deletes.is_empty() {
            let closers = std::mem::take(&mut self.closing.closers);
            closers.into_iter().for_each(|call| self.out.push_back(Output::Settle { call, outcome: Ok(None) }));
        }
    }

    /// Ends these records. Returns the number of DELETEs that the caller waits for.
    fn end_all(&mut self, call: CallId, sessions: &[SessionRef], sends_delete: bool, state: State) -> usize {
        let mut deletes = 0;
        for session in sessions {
            deletes += self.end(*session, Some(call), sends_delete, state);
        }
        deletes
    }

    /// Ends the session of the previous subject with its own token, after another subject has logged in.
    pub(crate) fn end_for_stranger(&mut self, session: SessionRef, token: Rc<str>) {
        if let Some(record) = self.store.get_mut(session) {
            record.credentials.put_back(token);
        }
        self.end(session, None, true, State::Terminated);
    }

    /// Ends one record. Returns the number of DELETEs that the caller waits for, including one that needs the id of a
    /// pending `initialize` first.
    fn end(&mut self, session: SessionRef, waiter: Option<CallId>, sends_delete: bool, state: State) -> usize {
        let detached = self.detach_handshake(session, waiter);
        let is_forgotten = sends_delete || state == State::Terminated;
        if is_forgotten {
            self.forget_record(session)
        } else {
            self.persist(session)
        }
        let Some(record) = self.store.get_mut(session) else { return 0 };
        record.credentials.stop_asking();
        record.state.end_handshake();
        record.restoring = 0;
        record.check = None;
        record.loss = None;
        record.outage = None;
        let id = record.id().map(SessionId::short);
        // The DELETE is sent first, because the following steps clear the id.
        let mut deletes = u32::from(detached);
        if sends_delete {
            // During a trial handshake there may be two sessions.
            deletes += u32::from(self.return_to_former(session, waiter));
            deletes += u32::from(self.send_delete(session, waiter).is_some());
        }
        let is_terminated = state == State::Terminated;
        self.enter(session, if is_terminated { SessionState::Terminated } else { SessionState::Closed });
        self.stop_everything(session);
        self.metrics.terminated += u64::from(is_terminated);
        self.event(session, EventKind::SessionTerminated, Detail::new().session_id(id));
        self.leave_lane(session);
        self.store.remove(session);
        deletes as usize
    }

    /// Deletes the session of an `initialize` in flight, because nothing else will use it. Without a response yet, the
    /// `initialize` is detached from its record, and its response decides. Returns whether to wait for either.
    fn detach_handshake(&mut self, session: SessionRef, waiter: Option<CallId>) -> bool {
        if self.delete_issued(session, waiter) {
            return true;
        }
        let is_asking = |call: &Call<J>| call.session == session && call.purpose == Purpose::Handshake;
        let Some(call) = self.calls.keys_where(&is_asking).first().copied() else { return false };
        let Some(exchange) = self.calls.get(call).and_then(Call::exchange) else { return false };
        let Some(record) = self.store.get(session).filter(|record| record.sse.is_none()) else { return false };
        // The response head is here and had no id, so there is no session to delete.
        if self.exchanges.get(exchange).is_some_and(|record| record.head.is_some()) {
            return false;
        }
        let mut headers = HeaderList::new();
        record.credentials.add_to(&mut headers);
        let line = log_lines::terminated(&record.key.server);
        if let Some(call) = self.calls.get_mut(call) {
            call.stage = Stage::Detached;
        }
        self.detach_exchange(exchange);
        self.deletes.insert(exchange, PendingDelete { line, waiter, detached: Some(headers) });
        true
    }

    /// The response head of a detached `initialize`. If it has an id, a DELETE follows, and the same caller waits for
    /// it.
    pub(crate) fn on_detached_opened(&mut self, exchange: ExchangeId, issued: Option<&str>) {
        let limit = self.config.limits.max_session_id_bytes;
        let Some(delete) = self.deletes.get_mut(exchange) else { return };
        let detached = delete.detached.take();
        let id = issued.and_then(|id| SessionId::parse(id, limit));
        if let (Some(mut headers), Some(id)) = (detached, id) {
            let line = concat(&[&delete.line, &id.short()]);
            let waiter = delete.waiter;
            headers::add(&mut headers, headers::SESSION_ID, id.as_text());
            if let Some(next) = self.open_delete(exchange, headers) {
                self.deletes.insert(next, PendingDelete { line, waiter, detached: None });
                if let Some(open) = waiter.and_then(|waiter| self.closing.waiting.get_mut(waiter)) {
                    *open += 1;
                }
            }
        }
        // No DELETE was sent, so none is logged.
        if let Some(delete) = self.deletes.get_mut(exchange) {
            delete.line.clear();
        }
        self.abort(exchange);
        self.on_deleted(exchange);
    }

    /// Deletes the session at the server, if it issued an id.
    pub(crate) fn send_delete(&mut self, session: SessionRef, waiter: Option<CallId>) -> Option<ExchangeId> {
        let id = self.store.get(session)?.id()?.clone();
        self.delete(session, &id, waiter)
    }

    /// Deletes a session of this record at the server.
    pub(crate) fn delete(&mut self, session: SessionRef, id: &SessionId, waiter: Option<CallId>) -> Option<ExchangeId> {
        let line = concat(&[&log_lines::terminated(&self.store.get(session)?.key.server), &id.short()]);
        let mut headers = HeaderList::new();
        headers::add(&mut headers, headers::SESSION_ID, id.as_text());
        // 2025-11-25 basic/transports, "Session Management" 5: DELETE at the MCP endpoint; servers may answer 405.
        let exchange = self.open(session, ExchangeKind::Delete, "DELETE", None, headers)?;
        self.log(session, Level::Debug, log_lines::TERMINATION_SENT);
        self.deletes.insert(exchange, PendingDelete { line, waiter, detached: None });
        Some(exchange)
    }

    /// All calls that wait for the server or the session.
    pub(crate) fn calls_of(&self, session: SessionRef) -> Vec<CallId> {
        self.calls.keys_where(&|call| call.session == session)
    }

    fn stop_everything(&mut self, session: SessionRef) {
        self.stop_listening(session);
        self.abandon_server_requests(session);
        let error = Error::new(ErrorCode::Closed, "the application ended the session");
        self.fail_waiting(session, &error);
        for call in self.calls_of(session) {
            self.settle(call, Err(error.clone()));
        }
        self.abort_where(&|exchange| exchange.session == session && !exchange.kind.outlives_record());
    }

    /// The DELETE got a response, failed or timed out. All of these end the session here; 404 and 405 are normal.
    pub(crate) fn on_deleted(&mut self, exchange: ExchangeId) {
        let Some(delete) = self.deletes.remove(exchange) else { return };
        if delete.detached.is_none() && !delete.line.is_empty() {
            self.log_line(Level::Info, delete.line);
        }
        let open = delete.waiter.and_then(|waiter| self.closing.waiting.get_mut(waiter));
        let last = open.is_some_and(|open| {
            *open -= 1;
            *open == 0
        });
        if let (true, Some(call)) = (last, delete.waiter) {
            self.closing.waiting.remove(call);
            self.out.push_back(Output::Settle { call, outcome: Ok(None) });
        }
        self.settle_closers();
    }

    /// Ends a session that is idle for too long or too old. Never with a call in flight.
    pub(crate) fn on_expiry(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        if !matches!(record.state.name(), State::Ready | State::Degraded | State::Outage) {
            return;
        }
        let is_old = record.age_deadline().is_some_and(|at| at <= now);
        let is_idle = record.idle_deadline() <= now && !record.is_busy();
        if is_idle || (is_old && !record.is_busy()) {
            // Another tab may have used the session.
            if !self.reads_before_end(session) {
                self.expire(session);
            }
            return;
        }
        // Calls in flight end by themselves. Each end checks the age of the session.
        let soon = now.after(record.server.session.timeout.min(1_000));
        let idle = if record.idle_deadline() > now { record.idle_deadline() } else { soon };
        let next = record.age_deadline().filter(|at| *at > now).map_or(idle, |age| age.min(idle));
        self.timers.arm(next, Timer::Expiry(session));
    }

    /// After a call: the last one ends a session that is past its maximum age.
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
        self.log(session, Level::Info, &log_lines::session_error(code));
        self.metrics.expired += 1;
        self.sleep_until_wanted(session);
        self.event(session, EventKind::SessionExpired, Detail::new().session_id(id).code(code.as_str()));
        self.drop_generation(session);
    }

    /// The page may never return, so the server's session is deleted. If the page returns, its next call creates
    /// another.
    pub(crate) fn retire_session(&mut self, session: SessionRef) {
        if self.store.get(session).is_some_and(|record| matches!(record.state.name(), State::Ready | State::Outage)) {
            self.sleep_until_wanted(session);
            self.drop_generation(session);
            self.interrupt_calls(session, "the session was ended with its page");
            // Waiting callers need a new handshake, because the canary ended with the session.
            if self.store.get(session).is_some_and(Session::is_wanted) {
                self.wake_session(session);
            }
        }
    }

    fn sleep_until_wanted(&mut self, session: SessionRef) {
        self.send_delete(session, None);
        self.forget_record(session);
        self.finish_outage(session);
        self.enter(session, SessionState::Expired);
    }
}
