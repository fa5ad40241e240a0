//! The life of a call: queued, in flight, backing off before a retry, settled exactly once.

use crate::core::api::{CallId, Detail, Error, EventKind, ExchangeId, RequestOptions, SessionRef};
use crate::core::kit::time::{Millis, earlier};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::state::call::{Call, OWN_CALLS, Purpose, Stage, own_call};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::Session;
use crate::core::state::stream::EventStream;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// A request of the application.
    pub(crate) fn request(
        &mut self,
        call: CallId,
        session: SessionRef,
        method: String,
        params: Option<J>,
        options: &RequestOptions,
    ) {
        if method == "initialize" {
            return self.reject(
                call,
                Error::new(ErrorCode::ConfigError, "request.method: must not be initialize: connect() sends it"),
            );
        }
        self.admit(call, session, Purpose::User, method, params, options);
    }

    /// A notification of the application.
    pub(crate) fn notify(&mut self, call: CallId, session: SessionRef, method: String, params: Option<J>) {
        self.admit(call, session, Purpose::Notification, method, params, &RequestOptions::default());
    }

    fn admit(
        &mut self,
        call: CallId,
        session: SessionRef,
        purpose: Purpose,
        method: String,
        params: Option<J>,
        options: &RequestOptions,
    ) {
        let (most, limit, now) = (self.config.limits.max_queued, self.config.limits.max_in_flight, self.now);
        let Some(record) = self.store.get_mut(session) else {
            return self.reject(
                call,
                Error::new(ErrorCode::Closed, "the application ended the session; call connect() for a new one"),
            );
        };
        if record.queue.len() >= most && !record.may_send(Some(limit), now) {
            let error = Error::new(ErrorCode::LimitExceeded, "the queue of this session is full (limits.maxQueued)")
                .of(&record.key.server);
            return self.reject(call, error);
        }
        // Waiting for an unreachable server does not count as use of the session.
        if record.outage.is_none() {
            record.last_used_at = now;
        }
        let waits = record.listen.waits_since().map(|_| record.origin);
        record.queue.insert(call);
        self.add_call(call, session, purpose, method, params, options);
        if let Some(origin) = waits {
            self.look_at_turns(origin);
        }
        self.try_network(session);
        self.wake_session(session);
        self.pump(session);
    }

    /// Starts one of the machine's own calls. It is sent at once in any state of the session.
    pub(crate) fn own_request(
        &mut self,
        session: SessionRef,
        purpose: Purpose,
        method: &str,
        params: Option<J>,
        timeout: Millis,
    ) {
        let call = own_call(self.numbers.next());
        let options = RequestOptions { timeout: Some(timeout), ..RequestOptions::default() };
        self.add_call(call, session, purpose, method.to_owned(), params, &options);
        self.transmit(call);
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the one place where a call is made; a struct of arguments would be Call itself"
    )]
    fn add_call(
        &mut self,
        call: CallId,
        session: SessionRef,
        purpose: Purpose,
        method: String,
        params: Option<J>,
        options: &RequestOptions,
    ) {
        let Some(record) = self.store.get(session) else { return };
        let timeout = options.timeout.unwrap_or(record.server.timeout);
        let last_deadline = options.max_total_timeout.map(|total| self.now.after(total));
        let deadline = earlier(self.now.after(timeout), last_deadline);
        self.timers.arm(deadline, Timer::Deadline(call));
        // 2025-11-25 basic/utilities/progress: progress shows that the server works on the call, so nearly every call
        // requests it.
        let wants_progress = options.wants_progress && purpose == Purpose::User && method != "ping";
        let record = Call {
            params,
            replay: options.replay.unwrap_or(record.server.session.replay),
            started: self.now,
            timeout,
            reset_on_progress: options.reset_on_progress,
            wants_progress,
            deadline,
            last_deadline,
            ..Call::new(session, purpose, method)
        };
        self.calls.insert(call, record);
    }

    /// Sends queued calls in order, within the limits, unless the session is paused.
    pub(crate) fn pump(&mut self, session: SessionRef) {
        if self.is_cut_off(session) {
            return;
        }
        self.send_answers(session);
        loop {
            let (limit, now) = (self.config.limits.max_in_flight, self.now);
            let Some(record) = self.store.get_mut(session) else { return };
            let own = record.queue.first_from(OWN_CALLS);
            if !record.may_send(Some(limit).filter(|_| own.is_none()), now) {
                return;
            }
            let Some(call) = own.or_else(|| record.queue.first_from(0)) else { return };
            record.queue.remove(call);
            record.active.insert(call);
            record.pace.note_sent(call);
            if own.is_some() {
                // The time of the outage does not count against the call.
                self.renew_deadline(call);
            }
            self.transmit(call);
        }
    }

    /// Sends one attempt of a call.
    pub(crate) fn transmit(&mut self, call: CallId) {
        let is_modern = self.goes_to_modern(call);
        if is_modern && self.answered_here(call) {
            return;
        }
        let id = self.next_request_id();
        let Some(record) = self.calls.get_mut(call) else { return };
        // The next page, or the same one after a redirect. The list is fetched again after the outage.
        if record.purpose == Purpose::Tools
            && let Some(outage) = self.store.get(record.session).and_then(|owner| owner.outage.as_deref())
        {
            let error = outage.error().clone();
            return self.settle(call, Err(error));
        }
        let replaced = std::mem::replace(&mut record.request_id, id);
        let session = record.session;
        let attempt = record.refusals + record.losses + record.replays + 1;
        record.stream = EventStream::default();
        let message = if is_modern { self.modern_call(call, id) } else { self.legacy_call(call, id) };
        let Some((body, headers)) = message else { return };
        self.by_request.remove(replaced);
        self.by_request.insert(id, call);
        self.metrics.requests += 1;
        let Some(exchange) = self.open(session, ExchangeKind::Call(call), "POST", Some(body), headers) else { return };
        let generation = self.store.get(session).map_or(0, |owner| owner.generation);
        if let Some(record) = self.calls.get_mut(call) {
            record.generation = generation;
        }
        self.is_on_wire(call, exchange);
        self.report_sent(call, id, replaced, attempt);
    }

    pub(crate) fn is_on_wire(&mut self, call: CallId, exchange: ExchangeId) {
        if let Some(record) = self.calls.get_mut(call) {
            record.stage = Stage::Sent(exchange);
        }
    }

    fn report_sent(&mut self, call: CallId, id: u64, replaced: u64, attempt: u32) {
        let Some(record) = self.calls.get(call).filter(|_| self.emits_events) else { return };
        let detail = Detail::new()
            .method(record.method.clone())
            .request_id(id)
            .replaces(Some(replaced).filter(|id| *id != 0))
            .attempt(attempt);
        self.event(record.session, EventKind::RequestSent, detail);
    }

    /// Whether a call is sent in the format of 2026-07-28.
    pub(crate) fn goes_to_modern(&self, call: CallId) -> bool {
        let Some(record) = self.calls.get(call) else { return false };
        match record.purpose {
            Purpose::Discovery => true,
            Purpose::Handshake => false,
            _ => self.store.get(record.session).is_some_and(Session::is_modern),
        }
    }

    /// The message of a call in the format of older revisions, which mirror nothing in headers.
    fn legacy_call(&self, call: CallId, id: u64) -> Option<(J, HeaderList)> {
        let record = self.calls.get(call)?;
        let (method, params) = (&record.method, record.params.as_ref());
        let body = if record.is_notification() {
            jsonrpc::notification(method, params)
        } else {
            jsonrpc::request(id, method, params, Some(id).filter(|_| record.wants_progress))
        };
        Some((body, HeaderList::new()))
    }

    /// Requeues a call. It will be sent with a new id.
    pub(crate) fn requeue(&mut self, call: CallId) {
        self.requeue_cut(call, None);
    }

    /// Requeues a call that an outage interrupted (`cut`).
    pub(crate) fn requeue_cut(&mut self, call: CallId, cut: Option<Error<J>>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = Stage::Queued(cut);
        let session = record.session;
        if let Some(owner) = self.store.get_mut(session) {
            owner.active.remove(call);
            owner.queue.insert(call);
            owner.pace.note_over(call, false);
        }
        self.wake_session(session);
        self.pump(session);
    }

    /// Delays a call by `delay`, but not beyond its deadline.
    pub(crate) fn back_off(&mut self, call: CallId, delay: Millis, to_resume: bool) {
        let until = self.now.after(delay);
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = if to_resume { Stage::BackoffToResume(until) } else { Stage::BackoffToSend(until) };
        let (session, method) = (record.session, record.method.clone());
        self.timers.arm(until, Timer::Backoff(call));
        self.metrics.retries += 1;
        self.event(session, EventKind::RetryScheduled, Detail::new().method(method).delay_ms(delay));
    }

    /// The delay of a call is over.
    pub(crate) fn on_backoff_over(&mut self, call: CallId) {
        match self.calls.get(call).map(|record| &record.stage) {
            Some(Stage::BackoffToSend(until)) if *until <= self.now => self.requeue(call),
            Some(Stage::BackoffToReplay(until, error)) if *until <= self.now => {
                let error = error.clone();
                self.back_off_replay(call, error);
            }
            Some(Stage::BackoffToResume(until)) if *until <= self.now => self.resume_if_online(call),
            _ => {}
        }
    }
}
