//! Suspicion: answers that the verdict table does not take for a lost session, but that may mean one. A ping confirms
//! or clears it; if confirmed, one trial handshake follows, and a last ping with the old id checks whether the old
//! session still exists.

use crate::core::api::{CallId, Error, Level, SessionRef, State};
use crate::core::kit::backoff::STREAM_FLOOR;
use crate::core::kit::text::concat;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::session::liveness::{Check, Identity, Pong};
use crate::core::state::session::recovery::{AT_ONCE, Loss};
use crate::core::state::session::suspicion::Oddity;
use crate::core::state::session::transitions::SessionState;
use crate::core::state::timers::Timer;

/// Minimum time between two checks of equal odd answers of one session.
const ONCE_IN: Millis = 60_000;

/// The same for different ones, which may have different causes.
const OTHER_IN: Millis = 10_000;

/// This many equal odd answers in a row raise a suspicion.
const IN_A_ROW: u32 = 2;

impl<J: Json> Manager<J> {
    /// A call of this generation got an odd answer. `speaks`: its text mentions the session.
    pub(crate) fn note_odd(&mut self, session: SessionRef, generation: u64, oddity: Oddity, speaks: bool) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let is_kept = record.id().is_some() && record.sse.is_none();
        if record.state != State::Ready || record.generation != generation || record.outage.is_some() || !is_kept {
            return;
        }
        let is_proven = record.has_answered || now.since(record.created_at) >= AT_ONCE;
        let suspicion = record.suspicion.get_or_insert_default();
        suspicion.times = if suspicion.last == oddity { suspicion.times + 1 } else { 1 };
        suspicion.last = oddity;
        // An unproven session is not suspected for repeated answers, only if the text mentions it.
        let repeats = suspicion.times >= IN_A_ROW && is_proven;
        let may_ask =
            suspicion.asked.is_none_or(|(at, _, of)| now.since(at) >= if of == oddity { ONCE_IN } else { OTHER_IN });
        if (speaks || repeats) && may_ask {
            suspicion.asked = Some((now, generation, oddity));
            self.check_session(session, Check { suspected: Some(oddity), ..Check::default() });
        }
    }

    /// A GET was refused as if the session were lost. That is evidence about the stream; only a ping tests the session.
    pub(crate) fn suspect_by_stream(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if record.state != State::Ready || record.outage.is_some() {
            return self.listen_again(session);
        }
        let suspicion = record.suspicion.get_or_insert_default();
        if suspicion.asked_by_stream.is_none_or(|at| now.since(at) >= ONCE_IN) {
            suspicion.asked_by_stream = Some(now);
            self.check_session(session, Check { stream: true, ..Check::default() });
        } else {
            self.listen_rarely(session);
        }
    }

    /// The ping got the same odd answer: starts one trial handshake and keeps the old session until its loss is proven.
    /// Returns `false` if no trial is possible.
    pub(crate) fn begin_trial(&mut self, session: SessionRef) -> bool {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return false };
        let has_session = record.id().is_some() && record.sse.is_none() && record.former.is_none();
        if !has_session || record.breaker.open_until(now).is_some() {
            return false;
        }
        record.former = record.agreed.clone().map(Box::new);
        record.loss.get_or_insert(Loss { code: ErrorCode::SessionInvalid, at: now });
        if record.breaker.note_cycle(now) {
            self.note_breaker_opened(session);
        }
        self.log(session, Level::Warn, "The session may be lost; trying a new handshake");
        self.stop_listening(session);
        self.begin_handshake(session);
        true
    }

    /// The trial handshake succeeded: checks whether the old session still exists.
    pub(crate) fn ask_former(&mut self, session: SessionRef) {
        self.ping_as(session, Identity::Former);
    }

    /// The outcome of the last ping with the old id.
    pub(crate) fn on_former_answered(&mut self, session: SessionRef, pong: &Pong) {
        let Some(record) = self.store.get(session) else { return };
        let same = Pong::Odd(record.suspicion.as_ref().map(|suspicion| suspicion.last).unwrap_or_default());
        match pong {
            Pong::Lost(_) => self.replace_former(session),
            Pong::Alive | Pong::Busy(_) => self.keep_former(session),
            Pong::Odd(_) if *pong != same => self.keep_former(session),
            // The server may answer all sessions like this for a while, so the new session is tested too.
            _ => self.ping_as(session, Identity::Successor),
        }
    }

    /// The outcome of the first ping with the new id.
    pub(crate) fn on_successor_answered(&mut self, session: SessionRef, pong: &Pong) {
        if *pong == Pong::Alive { self.replace_former(session) } else { self.keep_former(session) }
    }

    /// The old session is lost: continues as an ordinary recovery.
    pub(crate) fn replace_former(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.former = None;
        let (generation, code) = (record.generation, ErrorCode::SessionInvalid);
        let evidence = String::from("requests with the old id still fail");
        self.report_session_error(session, code, Some(evidence));
        self.forget_record(session);
        self.forget_generation(session);
        self.announce_recovery(session, code);
        self.begin_generation(session, generation);
    }

    /// The old session still exists, or the new one is no better: the new one is deleted.
    fn keep_former(&mut self, session: SessionRef) {
        self.return_to_former(session, None);
        self.log(session, Level::Info, "The session is kept; the new one was deleted");
        self.keep_session(session);
    }

    /// Ends a trial: the former session is the current one again. The other one, if there is one, is deleted, unless
    /// the server has issued the same id twice. Returns whether a DELETE was sent.
    pub(crate) fn return_to_former(&mut self, session: SessionRef, waiter: Option<CallId>) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let Some(former) = record.former.take() else { return false };
        let is_other = record.id() != former.id.as_ref();
        let is_deleted = is_other && self.send_delete(session, waiter).is_some();
        if let Some(record) = self.store.get_mut(session) {
            record.agreed = Some(*former);
        }
        is_deleted
    }

    /// The trial handshake failed with `error`: the session continues as before.
    pub(crate) fn end_failed_trial(&mut self, session: SessionRef, error: &Error<J>) {
        self.return_to_former(session, None);
        let Some(record) = self.store.get_mut(session) else { return };
        let is_away = record.outage.is_some();
        record.loss = None;
        self.log(
            session,
            Level::Warn,
            &concat(&["The new handshake failed, so the session is kept: ", error.code.as_str()]),
        );
        if !is_away {
            return self.keep_session(session);
        }
        self.enter(session, SessionState::Outage);
        self.fail_round(session, 0);
    }

    /// Continues the old session.
    fn keep_session(&mut self, session: SessionRef) {
        let now = self.now;
        self.finish_outage(session);
        let Some(record) = self.store.get_mut(session) else { return };
        record.state.end_handshake();
        record.loss = None;
        let suspicion = record.suspicion.get_or_insert_default();
        suspicion.times = 0;
        suspicion.asked = Some((now, record.generation, suspicion.last));
        let (cursor, expiry) = (record.listen.cursor().cloned(), record.expiry());
        self.timers.arm(expiry.max(now.after(STREAM_FLOOR)), Timer::Expiry(session));
        self.start_listening(session, cursor);
        self.release(session);
    }
}
