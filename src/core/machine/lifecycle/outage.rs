//! Outages: the server is unreachable. The session keeps its id, one canary at a time checks for the end, and calls
//! wait within their deadlines.

use crate::core::api::{CallId, Detail, Error, EventKind, Level, SessionRef, State};
use crate::core::kit::backoff::{STREAM_FLOOR, canary_delay, equal_jitter};
use crate::core::kit::text::{concat, decimal};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::Stage;
use crate::core::state::session::liveness::{Identity, Pong};
use crate::core::state::session::outage::{Failed, Outage};
use crate::core::state::session::transitions::SessionState;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// A POST of this generation met an outage, or perhaps a gateway's timeout for one slow tool. A canary decides at
    /// once.
    pub(crate) fn note_outage(&mut self, session: SessionRef, generation: u64, error: &Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if record.state == State::Ready && record.generation == generation && record.outage.is_none() {
            record.outage = Some(Box::new(Outage::new(now, error.clone())));
            self.send_canary(session);
        }
    }

    /// Whether the session waits for its server.
    pub(crate) fn is_out_of_reach(&self, session: SessionRef) -> bool {
        self.store.get(session).is_some_and(|record| record.outage.is_some())
    }

    /// A call was interrupted by an outage or not sent. If a retry is allowed it waits for the canary.
    pub(crate) fn wait_out(&mut self, call: CallId, error: Error<J>) {
        self.requeue_cut(call, Some(error));
    }

    /// Sends the canary: a ping with the session's id, or a handshake if the session is lost.
    pub(crate) fn send_canary(&mut self, session: SessionRef) {
        if self.is_cut_off(session) {
            return;
        }
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(outage) = record.outage.as_mut().filter(|_| !record.state.in_handshake()) else { return };
        outage.note_sent();
        if outage.is_lost() {
            return self.recover_again(session);
        }
        // A ping in flight for another reason serves as the canary.
        if record.check.is_none() && self.enters_lane(session) {
            self.ping_as(session, Identity::Current);
        }
    }

    /// The canary failed, or a ping for another reason failed before it.
    pub(crate) fn canary_failed(&mut self, session: SessionRef, pong: &Pong, error: Option<Error<J>>) {
        let now = self.now;
        let (Some(record), Some(error)) = (self.store.get_mut(session), error) else { return };
        if !matches!(record.state.name(), State::Ready | State::Outage) {
            record.outage = None;
            return;
        }
        let outage = record.outage.get_or_insert_with(|| Box::new(Outage::new(now, error.clone())));
        if *pong == Pong::Away {
            outage.note_away(error);
        }
        if *pong == Pong::Hidden {
            let was_shown = outage.note_hidden();
            return if was_shown { self.lose_hidden(session) } else { self.ping_as(session, Identity::Bare) };
        }
        self.count_failure(session);
    }

    /// The outcome of a ping without the session id, sent after the browser hid the response to one with it.
    pub(crate) fn on_bare_answered(&mut self, session: SessionRef, pong: &Pong) {
        if matches!(pong, Pong::Away | Pong::Hidden | Pong::Silent | Pong::Broken) {
            return self.count_failure(session);
        }
        // The outage may have ended between the two pings. Only another hidden response proves the loss.
        if let Some(outage) = self.store.get_mut(session).and_then(|record| record.outage.as_mut()) {
            outage.note_shown();
            self.ping_as(session, Identity::Current);
        }
    }

    /// A ping without the id is readable, and pings with it before and after are hidden: probably a 404 without CORS
    /// headers.
    fn lose_hidden(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let (generation, is_new) = (record.generation, record.early_losses > 0 && !record.has_answered);
        let hidden = record.outage.as_ref().map(|outage| outage.error().clone());
        // This is the same before and after a new handshake: every response to a request with an id lacks CORS headers.
        if let (true, Some(error)) = (is_new, hidden) {
            self.finish_outage(session);
            self.enter(session, SessionState::Recovering(None));
            self.forget_record(session);
            self.drop_generation(session);
            return self.fail_handshake(session, error);
        }
        let evidence = "the browser hides only responses to requests with the session id";
        self.lose_session(session, generation, ErrorCode::SessionTerminated, evidence);
    }

    fn count_failure(&mut self, session: SessionRef) {
        let now = self.now;
        self.announce_outage(session);
        self.enter(session, SessionState::Outage);
        let Some(record) = self.store.get_mut(session) else { return };
        let (attempts, first) = (record.server.session.retry_attempts, record.server.session.retry_delay);
        let Some(outage) = record.outage.as_mut() else { return };
        match outage.note_failed(attempts) {
            Failed::Again(failures) => {
                let at = now.after(equal_jitter(&mut self.rng, first, failures));
                outage.back_off(at);
                self.timers.arm(at, Timer::Canary(session));
            }
            Failed::Last { hidden: true } if self.begin_trial(session) => {}
            Failed::Last { .. } => self.fail_round(session, 0),
            Failed::Round(rounds) => self.fail_round(session, rounds),
        }
    }

    /// The last attempt failed: waiting calls fail. The session keeps its id, and the next call sends the next canary.
    pub(crate) fn fail_round(&mut self, session: SessionRef, rounds: u32) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let delay = equal_jitter(&mut self.rng, record.server.session.retry_delay, rounds).max(STREAM_FLOOR);
        let idle_deadline = record.idle_deadline();
        let Some(outage) = record.outage.as_mut() else { return };
        let by_itself = outage.is_lost().then(|| now.after(canary_delay(&mut self.rng, rounds)));
        outage.fail_round(rounds, now.after(delay), by_itself);
        let error = outage.error().clone();
        self.timers.arm(idle_deadline, Timer::Expiry(session));
        if let Some(at) = by_itself {
            self.timers.arm(at, Timer::Canary(session));
        }
        self.fail_waiting(session, &error);
    }

    /// A handshake of an established session cannot reach the server. This does not count as a failed recovery.
    pub(crate) fn suspend(&mut self, session: SessionRef, error: Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let outage = record.outage.get_or_insert_with(|| Box::new(Outage::new(now, error)));
        let rounds = outage.note_lost();
        self.announce_outage(session);
        self.enter(session, SessionState::Outage);
        self.fail_round(session, rounds);
    }

    /// A handshake attempt met an outage.
    pub(crate) fn note_handshake_away(&mut self, session: SessionRef, error: &Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session).filter(|record| record.has_lived()) else { return };
        record.outage.get_or_insert_with(|| Box::new(Outage::new(now, error.clone())));
        self.announce_outage(session);
    }

    fn announce_outage(&mut self, session: SessionRef) {
        let Some(outage) = self.store.get_mut(session).and_then(|record| record.outage.as_mut()) else { return };
        if !outage.announce() {
            return;
        }
        let (code, evidence) = (outage.error().code.as_str(), outage.error().evidence.clone());
        self.metrics.outages += 1;
        self.log(session, Level::Warn, &concat(&["Server unreachable: ", code, "; calls are waiting"]));
        self.event(session, EventKind::OutageStarted, Detail::new().code(code).evidence(evidence));
    }

    /// The server is reachable. Returns whether `outageStarted` had been emitted.
    pub(crate) fn finish_outage(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let waited = (record.queue.len() + record.connecting.len()) as u64;
        let Some(outage) = record.outage.take().filter(|outage| outage.is_announced()) else { return false };
        record.pace.narrow();
        let span = outage.span(self.now);
        self.log(
            session,
            Level::Info,
            &concat(&["Server reachable again after ", &decimal(span), " ms; waiting calls: ", &decimal(waited)]),
        );
        self.event(session, EventKind::OutageEnded, Detail::new().duration_ms(span).waited(waited));
        true
    }

    /// The canary succeeded: releases waiting calls. Calls that were interrupted before the outage was reported back
    /// off individually.
    pub(crate) fn end_outage(&mut self, session: SessionRef) {
        if !self.is_out_of_reach(session) {
            return;
        }
        let alone = self.take_cut(session);
        let was_announced = self.finish_outage(session);
        if !self.enter(session, SessionState::Ready) {
            return;
        }
        let connecting = self.store.get_mut(session).map(|record| std::mem::take(&mut record.connecting));
        for call in connecting.unwrap_or_default() {
            self.join(call, session);
        }
        for (call, refused, error) in alone {
            if refused { self.back_off_refused(call, error) } else { self.back_off_replay(call, error) }
        }
        // Its last call may end a session that is past its maximum age.
        let Some(record) = self.store.get(session).filter(|record| record.state == State::Ready) else { return };
        if !record.tools.waiting.is_empty() {
            self.fetch_tools(session);
        }
        // Otherwise the stream keeps its own backoff: perhaps only its GETs fail.
        if was_announced {
            self.open_at_once(session);
        }
        self.pump(session);
        self.expire_if_aged(session);
    }

    /// If the first canary succeeds, the server serves other requests, so only the interrupted calls were affected.
    /// They back off as after any failure. Takes them out of the queue, with their error and whether they were refused
    /// unread.
    fn take_cut(&mut self, session: SessionRef) -> Vec<(CallId, bool, Error<J>)> {
        let Some(record) = self.store.get_mut(session) else { return Vec::new() };
        if record.outage.as_deref().is_none_or(Outage::is_announced) {
            return Vec::new();
        }
        let mut cut = Vec::new();
        for call in record.queue.to_vec() {
            let Some(waiting) = self.calls.get_mut(call) else { continue };
            if let Stage::Queued(waits) = &mut waiting.stage
                && let Some(error) = waits.take()
            {
                record.queue.remove(call);
                record.active.insert(call);
                cut.push((call, waiting.refused, error));
            }
        }
        cut
    }

    /// A call or `connect` needs a session whose server is unreachable. While attempts are left, it waits.
    pub(crate) fn wake_outage(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(outage) = self.store.get(session).and_then(|record| record.outage.as_ref()) else { return };
        match outage.next() {
            Some(at) if outage.is_spent() && at <= now => self.send_canary(session),
            Some(at) => self.timers.arm(at, Timer::Canary(session)),
            None => {}
        }
    }

    /// The next canary may be due.
    pub(crate) fn on_canary_timer(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let Some(outage) = &record.outage else { return };
        if outage.is_due(now, record.is_wanted()) {
            self.send_canary(session);
        }
    }

    /// A stream of the session opened: the server may be reachable again.
    pub(crate) fn note_sign_of_life(&mut self, session: SessionRef) {
        let is_spent = |outage: &Outage<J>| outage.is_spent() && outage.next().is_some();
        if self.store.get(session).is_some_and(|record| record.outage.as_deref().is_some_and(is_spent)) {
            self.send_canary(session);
        }
    }
}
