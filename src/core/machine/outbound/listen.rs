//! The GET stream of a session, or its counterpart in 2026-07-28 (subscriptions.rs): opened after each handshake and
//! reopened with backoff. It also lets an idle client notice a lost session.

use crate::core::api::{Detail, EventKind, ExchangeId, Kind, Level, SessionRef, State, StreamBlock};
use crate::core::kit::backoff::{canary_delay, full_jitter};
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::{Instant, Millis};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{HeaderList, cursor_header};
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::error_response::ErrorResponse;
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::server::turns::UNREMARKABLE;
use crate::core::state::session::listen::Phase;
use crate::core::state::session::liveness::Check;
use crate::core::state::timers::Timer;

/// How long a recovery waits for its stream: some servers send no response head before the first event.
const OPENING_PATIENCE: Millis = 1_000;

impl<J: Json> Manager<J> {
    /// Opens the stream of a new generation. Some servers send messages of running calls here, so it is opened before
    /// the first call (2025-11-25 basic/transports, "Listening for Messages from the Server").
    pub(crate) fn start_listening(&mut self, session: SessionRef, cursor: Option<String>) {
        let Some(record) = self.store.get_mut(session) else { return };
        // HTTP+SSE opened its stream first.
        if record.sse.is_some() {
            return;
        }
        record.listen.start_generation(cursor);
        if record.kind != Kind::Stateless {
            self.open_stream(session);
        }
    }

    /// Closes the stream and cancels a planned opening.
    pub(crate) fn stop_listening(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.leave_endpoint();
        match std::mem::take(&mut record.listen.phase) {
            Phase::Opening(exchange) => self.abort(exchange),
            Phase::Open(exchange) => {
                self.abort(exchange);
                self.stream_event(session, false, Some("closed by the client"));
            }
            Phase::BackingOff(at) => self.timers.disarm(at, Timer::Listen(session)),
            Phase::Waiting { .. } => {
                let origin = record.origin;
                self.look_at_turns(origin);
            }
            Phase::Off | Phase::Parked => {}
        }
        self.retire(session);
    }

    /// Opens a second stream while the old one still delivers, so that no message is missed.
    pub(crate) fn replace_stream(&mut self, session: SessionRef) {
        self.retire(session);
        let Some(record) = self.store.get_mut(session) else { return };
        match std::mem::take(&mut record.listen.phase) {
            Phase::Opening(exchange) | Phase::Open(exchange) => {
                record.listen.retiring = Some(exchange);
                self.note_replaced(exchange);
            }
            Phase::BackingOff(at) => self.timers.disarm(at, Timer::Listen(session)),
            Phase::Off | Phase::Parked | Phase::Waiting { .. } => {}
        }
        self.open_stream(session);
        if self.store.get(session).is_some_and(|record| matches!(record.listen.phase, Phase::Off)) {
            self.retire(session);
        }
    }

    /// Whether a recovery waits for the stream. Server requests sent before it is open are lost at servers without an
    /// event store, and a released call may cause such a request.
    pub(crate) fn await_stream(&mut self, session: SessionRef) -> bool {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return false };
        let patience = match record.listen.phase {
            Phase::Opening(_) => OPENING_PATIENCE,
            // A free slot is assigned at once.
            Phase::Waiting { .. } => UNREMARKABLE,
            _ => 0,
        };
        let waits = record.kind == Kind::Stateful && patience > 0;
        let until = now.after(patience);
        if waits {
            record.listen.awaited = Some(until);
            self.timers.arm(until, Timer::Listen(session));
        }
        waits
    }

    /// The stream is open, not offered or late: the recovery stops waiting for it.
    fn stop_awaiting(&mut self, session: SessionRef) {
        let awaited = self.store.get_mut(session).and_then(|record| record.listen.awaited.take());
        if let Some(until) = awaited {
            self.timers.disarm(until, Timer::Listen(session));
            self.on_restored(session);
        }
    }

    /// Whether this stream is being replaced. It says nothing about the filter of its successor.
    pub(crate) fn is_retiring(&self, session: SessionRef, exchange: ExchangeId) -> bool {
        self.store.get(session).is_some_and(|record| record.listen.retiring == Some(exchange))
    }

    /// Closes the replaced stream.
    fn retire(&mut self, session: SessionRef) {
        let retiring = self.store.get_mut(session).and_then(|record| record.listen.retiring.take());
        if let Some(exchange) = retiring {
            self.abort(exchange);
            self.stream_event(session, false, Some("replaced by the next stream"));
        }
    }

    /// Parks the stream of a hidden page.
    pub(crate) fn park(&mut self, session: SessionRef) {
        self.persist(session);
        let Some(record) = self.store.get_mut(session) else { return };
        record.parked = true;
        // The stream of HTTP+SSE is the session, so it is never parked.
        if record.sse.is_none() && !matches!(record.listen.phase, Phase::Off) {
            self.stop_listening(session);
            self.open_stream(session);
        }
    }

    /// Reopens a parked stream, at the cursor of the tab that had it last.
    pub(crate) fn unpark(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if std::mem::take(&mut record.parked) && !self.read_again(session) {
            self.open_at_once(session);
        }
    }

    /// Opens a stream whose waiting condition is met.
    pub(crate) fn open_at_once(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.state == State::Ready && matches!(record.listen.phase, Phase::BackingOff(_) | Phase::Parked) {
            self.stop_listening(session);
            self.open_stream(session);
        }
    }

    fn open_stream(&mut self, session: SessionRef) {
        let cut_off = self.is_cut_off(session);
        let Some(record) = self.store.get_mut(session) else { return };
        if cut_off || record.parked {
            record.listen.phase = Phase::Parked;
        } else if self.waits_for_turn(session) {
            self.wait_for_turn(session);
        } else {
            self.send_stream(session);
        }
    }

    fn wait_for_turn(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get_mut(session) {
            record.listen.phase = Phase::Waiting { since: self.now, is_reported: false };
        }
    }

    /// Closes the stream to free its slot for another session. It is resumed later.
    pub(crate) fn leave_turn(&mut self, session: SessionRef) {
        self.stop_listening(session);
        self.wait_for_turn(session);
    }

    /// Opens the stream in its turn.
    pub(crate) fn take_turn(&mut self, session: SessionRef) {
        let until = self.now.after(OPENING_PATIENCE);
        let Some(record) = self.store.get_mut(session) else { return };
        record.listen.phase = Phase::Off;
        if let Some(awaited) = &mut record.listen.awaited {
            let before = std::mem::replace(awaited, until);
            self.timers.disarm(before, Timer::Listen(session));
            self.timers.arm(until, Timer::Listen(session));
        }
        self.send_stream(session);
    }

    fn send_stream(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        let exchange = if record.is_modern() {
            self.open_subscriptions(session)
        } else {
            let cursor = cursor_header(record.listen.cursor().cloned());
            self.open(session, ExchangeKind::Listen, "GET", None, cursor)
        };
        if let (Some(exchange), Some(record)) = (exchange, self.store.get_mut(session)) {
            record.listen.phase = Phase::Opening(exchange);
            record.listen.events_mut().reopen();
            self.metrics.streams_opened += 1;
        }
    }

    /// Opens the stream of HTTP+SSE. Only `retry:` carries over from the previous one.
    pub(crate) fn open_session_stream(&mut self, session: SessionRef) {
        self.stop_listening(session);
        let exchange = self.open(session, ExchangeKind::SessionStream, "GET", None, HeaderList::new());
        if let (Some(exchange), Some(record)) = (exchange, self.store.get_mut(session)) {
            record.listen.start_session(exchange);
            self.metrics.streams_opened += 1;
        }
    }

    /// The stream of HTTP+SSE is redirected and not open yet.
    pub(crate) fn reopening(&mut self, session: SessionRef, exchange: ExchangeId) {
        if let Some(record) = self.store.get_mut(session) {
            record.listen.phase = Phase::Opening(exchange);
        }
    }

    /// The stream ended or could not be opened.
    pub(crate) fn forget_stream(&mut self, session: SessionRef, how: Option<&str>) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.leave_endpoint();
        if let Phase::Open(_) = std::mem::take(&mut record.listen.phase) {
            self.stream_event(session, false, how);
        }
    }

    /// The GET was answered with an event stream.
    pub(crate) fn listen_opened(&mut self, session: SessionRef, exchange: ExchangeId) {
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(has_gap) = record.listen.open(exchange) else { return };
        self.retire(session);
        self.stream_event(session, true, None);
        self.note_sign_of_life(session);
        if has_gap {
            self.note_gap(session);
        }
        self.stop_awaiting(session);
    }

    /// Records the id and `retry` of an event.
    pub(crate) fn note_listen_block(&mut self, session: SessionRef, block: &StreamBlock<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        record.listen.note(block, now);
        self.persist_soon(session);
    }

    /// The stream ended, broke or could not be opened.
    pub(crate) fn listen_over(&mut self, session: SessionRef, exchange: ExchangeId, opened_at: Instant, how: &str) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(was_open) = record.listen.close(exchange, now.since(opened_at)) else { return };
        if was_open {
            self.stream_event(session, false, Some(how));
        }
        self.listen_later(session, None);
        self.stop_awaiting(session);
    }

    /// The GET was not answered with a stream: the server offers none. This is normal, and it is not retried.
    pub(crate) fn listen_refused(&mut self, session: SessionRef, status: u16, what: &str) {
        if let Some(record) = self.store.get_mut(session) {
            record.listen.phase = record.listen.retiring.take().map_or(Phase::Off, Phase::Open);
            self.refuse_subscribers(session, what);
            self.log(session, Level::Debug, &concat(&["No GET stream: HTTP ", &decimal(status.into()), ", ", what]));
        }
        self.interrupt_calls(session, what);
        self.stop_awaiting(session);
    }

    /// The server refuses the GET. At most this raises a suspicion: routers without a GET route answer 404 too.
    pub(crate) fn on_listen_refused(&mut self, session: SessionRef, response: &ErrorResponse<'_, J>) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.generation != response.generation {
            return;
        }
        let had_cursor = record.listen.cursor().is_some();
        match response.verdict {
            // The server may have dropped the event: the stream is opened without a cursor.
            Verdict::Lost(_) | Verdict::Doubtful(_) | Verdict::Answer | Verdict::Final if had_cursor => {
                record.listen.events_mut().set_cursor(None);
                record.listen.events_mut().fail();
                self.listen_later(session, None);
            }
            Verdict::Lost(_) | Verdict::Doubtful(_) => {
                record.listen.phase = Phase::Off;
                self.suspect_by_stream(session);
            }
            Verdict::Conflict => self.on_conflict(session, &response.evidence),
            Verdict::Refused(wait) => {
                record.listen.events_mut().fail();
                self.listen_later(session, wait);
            }
            // A later call may get new credentials. 501 says for good that there is no stream (RFC 9110 §15.6.2).
            Verdict::Unknown | Verdict::Outage | Verdict::Unauthorized if response.status != 501 => {
                record.listen.events_mut().fail();
                self.listen_later(session, None);
            }
            _ => self.listen_refused(session, response.status, "no stream is offered"),
        }
        self.stop_awaiting(session);
    }

    /// POSTs work and the GET does not, so the server probably offers no stream. It is retried slowly.
    pub(crate) fn listen_rarely(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let is_off = matches!(record.listen.phase, Phase::Off) && record.kind != Kind::Stateless;
        if is_off && record.state == State::Ready {
            record.listen.events_mut().fail_beyond(record.server.session.retry_attempts);
            self.refuse_subscribers(session, "the server refused the stream");
            self.listen_later(session, None);
        }
    }

    /// The server has another stream open for the session, usually our own previous one, which some servers keep for
    /// seconds after its connection broke. Asking again takes it from no other client.
    fn on_conflict(&mut self, session: SessionRef, evidence: &str) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.listen.conflict(record.server.session.retry_attempts) {
            self.report_session_error(session, ErrorCode::SessionConflict, Some(evidence.to_owned()));
        }
        self.listen_later(session, None);
    }

    /// Plans the next opening: soon after progress, with backoff after failures, slowly after the last attempt.
    fn listen_later(&mut self, session: SessionRef, wait: Option<Millis>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let settings = &record.server.session;
        let events = record.listen.events();
        let attempt = events.failures();
        let spent = attempt.checked_sub(settings.retry_attempts + 1);
        let delay = match spent {
            Some(count) => canary_delay(&mut self.rng, count),
            None => events.delay(&mut self.rng, settings.retry_delay),
        };
        let delay = delay.max(wait.unwrap_or(0));
        let at = self.now.after(delay);
        record.listen.phase = Phase::BackingOff(at);
        self.timers.arm(at, Timer::Listen(session));
        if spent == Some(0) {
            self.log(session, Level::Warn, "The GET stream delivers no messages; retrying slowly");
        }
        self.metrics.retries += 1;
        let detail = Detail::new().stream("listen").delay_ms(delay).attempt(attempt);
        self.event(session, EventKind::RetryScheduled, detail);
    }

    /// Opens the stream, or ends the wait for it.
    pub(crate) fn on_listen_timer(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        if record.listen.awaited.is_some_and(|until| until <= self.now) {
            return self.stop_awaiting(session);
        }
        if record.is_live(record.generation) && matches!(record.listen.phase, Phase::BackingOff(at) if at <= self.now) {
            self.open_stream(session);
        }
    }

    /// Reopens a stream that may be dead, each session after its own jitter.
    pub(crate) fn renew_stream(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        // The stream of HTTP+SSE is the session: it is not closed on a suspicion.
        if record.sse.is_some() {
            return self.check_session(session, Check { silence: true, ..Check::default() });
        }
        if !matches!(record.listen.phase, Phase::Open(_) | Phase::Opening(_)) {
            return;
        }
        let first = record.server.session.retry_delay;
        self.stop_listening(session);
        let at = self.now.after(full_jitter(&mut self.rng, first, 0));
        if let Some(record) = self.store.get_mut(session) {
            record.listen.phase = Phase::BackingOff(at);
            self.timers.arm(at, Timer::Listen(session));
        }
    }

    /// Plans an opening if none is planned, because the server may offer a stream after all.
    pub(crate) fn listen_again(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if matches!(record.listen.phase, Phase::Off) && record.kind == Kind::Stateful && record.state == State::Ready {
            record.listen.events_mut().fail();
            self.listen_later(session, None);
        }
    }

    /// Emits the opening or closing of a GET or subscription stream.
    fn stream_event(&mut self, session: SessionRef, opened: bool, how: Option<&str>) {
        let kind = if opened { EventKind::StreamOpened } else { EventKind::StreamClosed };
        let evidence = how.map(str::to_owned);
        self.event(session, kind, Detail::new().stream("listen").evidence(evidence));
    }
}
