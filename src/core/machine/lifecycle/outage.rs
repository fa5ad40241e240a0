//! Outages: the server is out of reach. The session pauses and keeps its id, one canary request at a time finds out when
//! that ends, and calls wait within their deadlines.

use crate::core::api::{CallId, Detail, Error, EventKind, Level, SessionRef, State};
use crate::core::kit::backoff::{STREAM_FLOOR, canary_delay, equal_jitter};
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::Stage;
use crate::core::state::session::liveness::{Check, Identity, Pong};
use crate::core::state::session::outage::{Failed, Outage};
use crate::core::state::timers::Timer;

/// How long a canary may take: a server that is within reach answers a ping at once.
const CANARY_CAP: Millis = 5_000;

impl<J: Json> Manager<J> {
    /// A POST of this generation met an outage, or one slow tool did: a canary finds out, at once.
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

    /// A call was cut by an outage, or never left: it waits for the canary with the others if it may go again at all.
    pub(crate) fn wait_out(&mut self, call: CallId, error: Error<J>) {
        self.requeue_cut(call, Some(error));
    }

    /// Sends the canary: a ping on the session's own id, or a handshake where that was lost before.
    pub(crate) fn send_canary(&mut self, session: SessionRef) {
        if self.is_cut_off(session) {
            return;
        }
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(outage) = record.outage.as_mut().filter(|_| record.handshake.is_none()) else { return };
        outage.note_sent();
        if outage.is_lost() {
            return self.recover_again(session);
        }
        // A ping that is under way for another reason does as well.
        if record.check.is_none() && self.enters_lane(session) {
            self.ping_canary(session, Identity::Current);
        }
    }

    fn ping_canary(&mut self, session: SessionRef, identity: Identity) {
        let Some(record) = self.store.get(session) else { return };
        let cap = record.server.init_timeout.min(CANARY_CAP);
        self.ping(session, Check { identity, ..Check::default() }, cap);
    }

    /// The canary says that the server is still out of reach, or a ping that was sent for another reason says it first.
    pub(crate) fn canary_failed(&mut self, session: SessionRef, pong: &Pong, error: Option<Error<J>>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if !matches!(record.state, State::Ready | State::Outage) {
            record.outage = None;
            return;
        }
        let error = error.unwrap_or_else(|| Error::new(ErrorCode::NetworkError, "the server is out of reach"));
        let outage = record.outage.get_or_insert_with(|| Box::new(Outage::new(now, error)));
        if *pong == Pong::Hidden {
            let was_shown = outage.note_hidden();
            return if was_shown { self.lose_hidden(session) } else { self.ping_canary(session, Identity::Bare) };
        }
        self.count_failure(session);
    }

    /// What can be read of a ping without the session's id, after the browser hid the answer to one with it.
    pub(crate) fn on_bare_answered(&mut self, session: SessionRef, pong: &Pong) {
        if matches!(pong, Pong::Away | Pong::Hidden | Pong::Silent | Pong::Broken) {
            return self.count_failure(session);
        }
        // The outage may have ended between the two pings: the session is lost only if the next one is hidden again.
        if let Some(outage) = self.store.get_mut(session).and_then(|record| record.outage.as_mut()) {
            outage.note_shown();
            self.ping_canary(session, Identity::Current);
        }
    }

    /// A ping without the id can be read, between two with the id that cannot: a 404 without CORS headers, probably.
    fn lose_hidden(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let (generation, is_new) = (record.generation, record.barren > 0 && !record.fruitful);
        let hidden = record.outage.as_ref().map(|outage| outage.error().clone());
        // It was so before and after a new handshake: the headers are missing on every answer with an id.
        if let (true, Some(error)) = (is_new, hidden) {
            self.finish_outage(session);
            self.enter(session, State::Recovering);
            self.forget_record(session);
            self.drop_generation(session);
            return self.give_up(session, error);
        }
        let evidence = "the browser hides what is answered to the session id, and shows what is answered without one";
        self.lose_session(session, generation, ErrorCode::SessionTerminated, evidence);
    }

    fn count_failure(&mut self, session: SessionRef) {
        let now = self.now;
        self.announce_outage(session);
        self.enter(session, State::Outage);
        let Some(record) = self.store.get_mut(session) else { return };
        let (attempts, first) = (record.server.session.retry_attempts, record.server.session.retry_delay);
        let Some(outage) = record.outage.as_mut() else { return };
        match outage.note_failed(attempts) {
            Failed::Again(failures) => {
                let at = now.after(equal_jitter(&mut self.rng, first, failures));
                outage.rest(at);
                self.timers.arm(at, Timer::Canary(session));
            }
            Failed::Last { hidden: true } if self.begin_trial(session) => {}
            Failed::Last { .. } => self.fail_round(session, 0),
            Failed::Round(rounds) => self.fail_round(session, rounds),
        }
    }

    /// The last attempt failed: waiting calls are told. The session keeps its id, and the next call is the next canary.
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

    /// A handshake of a session that lived cannot reach the server. Nothing of this counts as a failed recovery.
    pub(crate) fn suspend(&mut self, session: SessionRef, error: Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let outage = record.outage.get_or_insert_with(|| Box::new(Outage::new(now, error)));
        let rounds = outage.note_lost();
        self.announce_outage(session);
        self.enter(session, State::Outage);
        self.fail_round(session, rounds);
    }

    /// An attempt of a handshake met an outage.
    pub(crate) fn note_handshake_away(&mut self, session: SessionRef, error: &Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session).filter(|record| record.generation > 0) else { return };
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
        self.log(session, Level::Warn, &concat(&["Server out of reach: ", code, "; calls wait"]));
        self.event(session, EventKind::OutageStarted, Detail::new().code(code).evidence(evidence));
    }

    /// The server is within reach. Returns whether an outage was told.
    pub(crate) fn finish_outage(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let waited = (record.queue.len() + record.connecting.len()) as u64;
        let Some(outage) = record.outage.take().filter(|outage| outage.is_announced()) else { return false };
        record.pace.narrow();
        let span = outage.span(self.now);
        self.log(
            session,
            Level::Info,
            &concat(&["Server within reach again after ", &decimal(span), " ms; waiting calls: ", &decimal(waited)]),
        );
        self.event(session, EventKind::OutageEnded, Detail::new().duration_ms(span).waited(waited));
        true
    }

    /// The canary was answered: what waits goes on. What was cut before anybody spoke of an outage goes at its own pace.
    pub(crate) fn end_outage(&mut self, session: SessionRef) {
        if !self.is_out_of_reach(session) {
            return;
        }
        let alone = self.take_cut(session);
        self.finish_outage(session);
        if !self.enter(session, State::Ready) {
            return;
        }
        let connecting = self.store.get_mut(session).map(|record| std::mem::take(&mut record.connecting));
        for call in connecting.unwrap_or_default() {
            self.join(call, session);
        }
        for (call, refused, error) in alone {
            if refused { self.rest_refused(call, error) } else { self.rest_replay(call, error) }
        }
        // With its last call a session may end that is too old.
        let Some(record) = self.store.get(session).filter(|record| record.state == State::Ready) else { return };
        if !record.tools.waiting.is_empty() {
            self.fetch_tools(session);
        }
        self.open_at_once(session);
        self.pump(session);
        self.expire_if_aged(session);
    }

    /// Where the first canary is answered, the server answers others: only the calls that were cut met trouble, so they rest
    /// as after any failure. Takes them out of the queue; of each, whether it was refused unread, and its error.
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

    /// A call, or a caller of `connect`, wants a session whose server is out of reach. While attempts are left it only waits.
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

    /// A stream of the session opened: the server may be within reach again.
    pub(crate) fn note_sign_of_life(&mut self, session: SessionRef) {
        let is_spent = |outage: &Outage<J>| outage.is_spent() && outage.next().is_some();
        if self.store.get(session).is_some_and(|record| record.outage.as_deref().is_some_and(is_spent)) {
            self.send_canary(session);
        }
    }
}
