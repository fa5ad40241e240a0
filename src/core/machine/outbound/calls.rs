//! The life of a call: queued, on the wire, resting before a retry, and settled exactly once.

use crate::core::api::error::{Error, ErrorCode};
use crate::core::api::event::{Detail, EventKind};
use crate::core::api::io::{CallId, ExchangeId, HeaderList, Output, RequestOptions, SessionRef, StreamBlock};
use crate::core::config::Replay;
use crate::core::kit::time::{Instant, Millis};
use crate::core::machine::inbound::deadlines::earlier;
use crate::core::machine::inbound::outcome::as_unknown;
use crate::core::machine::inbound::responses::Wire;
use crate::core::machine::lifecycle::liveness::Pong;
use crate::core::machine::outbound::resume::ResponseStream;
use crate::core::machine::outbound::rounds::Rounds;
use crate::core::manager::{Manager, OWN_CALLS, own_call};
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::protocol::replay::{Safety, method_safety};
use crate::core::state::session::Session;
use crate::core::state::timers::Timer;

/// One JSON-RPC request or notification and everybody who waits for it.
pub(crate) struct Call<J> {
    pub(crate) session: SessionRef,
    pub(crate) purpose: Purpose,
    pub(crate) method: String,
    pub(crate) params: Option<J>,
    pub(crate) stage: Stage,
    /// JSON-RPC id of the latest try; 0 before the first. A new try has a new id, so a late answer to an old one finds nobody.
    pub(crate) request_id: u64,
    /// The session generation of the latest try.
    pub(crate) generation: u64,
    pub(crate) replay: Replay,
    pub(crate) started: Instant,
    pub(crate) timeout: Millis,
    pub(crate) reset_on_progress: bool,
    pub(crate) wants_progress: bool,
    pub(crate) deadline: Instant,
    /// The end of all patience, however much progress there is.
    pub(crate) last_deadline: Option<Instant>,
    /// What was left until the deadline when the wait for a token began, where that has taken longer.
    pub(crate) left: Option<Millis>,
    /// Tries that were refused unread with the request to come back later.
    pub(crate) refusals: u32,
    /// Tries that were refused because the session was lost.
    pub(crate) losses: u32,
    /// How often it was sent to another address of the server.
    pub(crate) hops: u32,
    /// Tries after an unknown outcome.
    pub(crate) replays: u32,
    pub(crate) stream: ResponseStream,
    /// The rounds of a call that a server of 2026-07-28 answered with questions.
    pub(crate) rounds: Rounds<J>,
    /// The answer of a call that needs no request.
    pub(crate) answer: Option<J>,
    /// Whether its headers were refused once: the tool's schema had changed.
    pub(crate) mismatched: bool,
    /// Whether the latest try was provably refused unread.
    pub(crate) refused: bool,
    /// What is known of a try whose outcome nobody knows, while its replay is being decided.
    pub(crate) unknown: Option<Error<J>>,
    /// What its answer is if a ping shows that it is none about the session; and what it is otherwise.
    pub(crate) doubt: Option<(ErrorCode, Error<J>)>,
    /// What cut its latest try, while it waits for the end of an outage.
    pub(crate) cut: Option<Error<J>>,
    /// How it ended, of a ping.
    pub(crate) pong: Option<Pong>,
}

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A caller, for a result.
    User,
    /// A caller, for the server to take a notification.
    Notification,
    /// The handshake, for the answer to `server/discover`.
    Probe,
    /// The handshake, for the answer to `initialize`.
    Handshake,
    /// A recovery that puts something back.
    Restore,
    /// A recovery or a replay decision that needs the list of tools.
    Tools,
    /// The machine, which wants to know how session and server fare (liveness.rs).
    Ping,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// In the session's queue.
    Queued,
    /// Sent, or its stream being resumed.
    OnWire(ExchangeId),
    /// Accepted without an answer, which comes on the session's stream: over HTTP+SSE always, else where a GET stream is open.
    Accepted,
    /// Waits until then to be queued again.
    RestingToSend(Instant),
    /// Waits until then to resume its stream.
    RestingToResume(Instant),
    /// What becomes of it depends on the list of tools, or on the stream of subscriptions, which is being asked for.
    Undecided,
    /// The client is being asked what the server wants to know before it goes on.
    Asking,
    /// It is answered without a request: its end comes at that moment.
    Answered(Instant),
}

impl<J: Json> Call<J> {
    pub(crate) const fn is_notification(&self) -> bool {
        matches!(self.purpose, Purpose::Notification)
    }

    /// Whether it is a ping of the machine's own.
    pub(crate) const fn pings(&self) -> bool {
        matches!(self.purpose, Purpose::Ping)
    }

    /// Whether the machine made it for itself.
    pub(crate) const fn is_machines(&self) -> bool {
        !matches!(self.purpose, Purpose::User | Purpose::Notification)
    }

    /// What its caller is told if it is never found out what its answer, or the lack of one, means.
    pub(crate) fn undecided(&self) -> Option<Error<J>> {
        if !matches!(self.stage, Stage::Undecided) {
            return None;
        }
        if let Some(error) = self.unknown.clone() {
            return Some(if self.refused { error } else { as_unknown(error) });
        }
        self.doubt.as_ref().map(|(_, error)| error.clone())
    }

    /// Whether it is part of a handshake: it has no session, and its failure is the handshake's.
    pub(crate) const fn is_handshake(&self) -> bool {
        matches!(self.purpose, Purpose::Handshake | Purpose::Probe)
    }
}

impl<J: Json> Manager<J> {
    /// A caller's request.
    pub(crate) fn request(
        &mut self,
        call: CallId,
        session: SessionRef,
        method: String,
        params: Option<J>,
        options: &RequestOptions,
    ) {
        if method == "initialize" {
            return self
                .reject(call, Error::new(ErrorCode::ConfigError, "initialize: the session makes its own handshakes"));
        }
        self.admit(call, session, Purpose::User, method, params, options);
    }

    /// A caller's notification.
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
                Error::new(ErrorCode::Closed, "the session was ended by its owner; connect again for a new one"),
            );
        };
        if record.queue.len() >= most && !record.may_send(Some(limit), now) {
            let error = Error::new(ErrorCode::LimitExceeded, "too many calls wait for this session (limits.maxQueued)")
                .of(&record.key.server);
            return self.reject(call, error);
        }
        // Waiting for a server that is out of reach is no use of the session.
        if record.outage.is_none() {
            record.last_used_at = now;
        }
        let waits = record.listen.waits_since().map(|_| record.origin);
        record.queue.insert(call);
        self.add_call(call, session, purpose, method, params, options, Stage::Queued);
        if let Some(origin) = waits {
            self.look_at_turns(origin);
        }
        self.try_network(session);
        self.wake_session(session);
        self.pump(session);
    }

    /// A call of the machine's own, sent at once whatever the session's state.
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
        self.add_call(call, session, purpose, method.to_owned(), params, &options, Stage::Queued);
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
        stage: Stage,
    ) {
        let Some(record) = self.store.get(session) else { return };
        let timeout = options.timeout.unwrap_or(record.server.timeout);
        let last_deadline = options.max_total_timeout.map(|total| self.now.after(total));
        let deadline = earlier(self.now.after(timeout), last_deadline);
        self.timers.arm(deadline, Timer::Deadline(call));
        // 2025-11-25 basic/utilities/progress: it is how a server says that it is alive, so nearly every call asks for it.
        let wants_progress = options.wants_progress && purpose == Purpose::User && method != "ping";
        let record = Call {
            session,
            purpose,
            method,
            params,
            stage,
            request_id: 0,
            generation: 0,
            replay: options.replay.unwrap_or(record.server.session.replay),
            started: self.now,
            timeout,
            reset_on_progress: options.reset_on_progress,
            wants_progress,
            deadline,
            last_deadline,
            left: None,
            refusals: 0,
            losses: 0,
            hops: 0,
            replays: 0,
            stream: ResponseStream::default(),
            rounds: Rounds::default(),
            answer: None,
            mismatched: false,
            refused: false,
            unknown: None,
            doubt: None,
            cut: None,
            pong: None,
        };
        self.calls.insert(call, record);
    }

    /// Sends what waits, as far as the session, its holds and its limits allow. First come, first served.
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
            record.probe = Some(call).filter(|_| record.probing);
            if own.is_some() {
                // The time that an outage took is not the server's.
                self.renew_deadline(call);
            }
            self.transmit(call);
        }
    }

    /// Puts one try of a call on the wire.
    pub(crate) fn transmit(&mut self, call: CallId) {
        let is_modern = self.goes_to_modern(call);
        if is_modern && self.answered_here(call) {
            return;
        }
        let id = self.next_request_id();
        let Some(record) = self.calls.get_mut(call) else { return };
        let replaced = std::mem::replace(&mut record.request_id, id);
        let session = record.session;
        let attempt = record.refusals + record.losses + record.replays + 1;
        record.stream = ResponseStream::default();
        record.cut = None;
        let message = if is_modern { self.modern_call(call, id) } else { self.legacy_call(call, id) };
        let Some((body, headers)) = message else { return };
        self.by_request.remove(replaced);
        self.by_request.insert(id, call);
        self.metrics.requests += 1;
        let Some(exchange) = self.open(session, Wire::Call(call), "POST", Some(body), headers) else { return };
        let generation = self.store.get(session).map_or(0, |owner| owner.generation);
        if let Some(record) = self.calls.get_mut(call) {
            record.generation = generation;
        }
        self.is_on_wire(call, exchange);
        self.report_sent(call, id, replaced, attempt);
    }

    pub(crate) fn is_on_wire(&mut self, call: CallId, exchange: ExchangeId) {
        if let Some(record) = self.calls.get_mut(call) {
            record.stage = Stage::OnWire(exchange);
        }
    }

    fn report_sent(&mut self, call: CallId, id: u64, replaced: u64, attempt: u32) {
        let Some(record) = self.calls.get(call).filter(|_| self.tells_events()) else { return };
        let detail = Detail::new()
            .method(record.method.clone())
            .request_id(id)
            .replaces(Some(replaced).filter(|id| *id != 0))
            .attempt(attempt);
        self.event(record.session, EventKind::RequestSent, detail);
    }

    /// Whether a call takes the form of 2026-07-28.
    pub(crate) fn goes_to_modern(&self, call: CallId) -> bool {
        let Some(record) = self.calls.get(call) else { return false };
        match record.purpose {
            Purpose::Probe => true,
            Purpose::Handshake => false,
            _ => self.store.get(record.session).is_some_and(Session::is_modern),
        }
    }

    /// A message of a call in the form of the revisions that have sessions: no header mirrors it.
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

    /// The end of a call, once and for all.
    pub(crate) fn settle(&mut self, call: CallId, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.calls.remove(call) else { return };
        self.timers.disarm(record.deadline, Timer::Deadline(call));
        self.by_request.remove(record.request_id);
        match record.stage {
            Stage::OnWire(exchange) if outcome.is_ok() => self.leave_over(exchange),
            Stage::OnWire(exchange) => self.abort(exchange),
            Stage::RestingToSend(at) | Stage::RestingToResume(at) | Stage::Answered(at) => {
                self.timers.disarm(at, Timer::Rest(call));
            }
            Stage::Asking => self.stop_asking(call),
            Stage::Queued | Stage::Accepted | Stage::Undecided => {}
        }
        let session = record.session;
        if let Some(owner) = self.store.get_mut(session) {
            owner.active.remove(call);
            owner.queue.remove(call);
            owner.probe_ended(call, outcome.is_ok());
        }
        self.report_settled(&record, &outcome);
        match record.purpose {
            Purpose::User | Purpose::Notification => self.tell_caller(call, &record, outcome),
            Purpose::Probe => self.on_probed(session, outcome),
            Purpose::Handshake => self.on_handshake_answered(session, outcome),
            Purpose::Restore => self.on_restored(session),
            Purpose::Tools => self.on_tools_answered(session, outcome),
            Purpose::Ping => self.on_pinged(session, record.pong, outcome.err()),
        }
        self.pump(session);
        self.expire_if_aged(session);
    }

    fn tell_caller(&mut self, call: CallId, record: &Call<J>, outcome: Result<Option<J>, Error<J>>) {
        let outcome = match (outcome, self.store.get(record.session)) {
            (Err(error), Some(owner)) => Err(owner.told(error)),
            (outcome, _) => outcome,
        };
        match &outcome {
            Ok(_) => self.metrics.succeeded += 1,
            Err(error) => {
                self.metrics.failed += 1;
                self.metrics.outcome_unknown += u64::from(error.code == ErrorCode::OutcomeUnknown);
            }
        }
        self.out.push_back(Output::Settle { call, outcome });
    }

    fn report_settled(&mut self, record: &Call<J>, outcome: &Result<Option<J>, Error<J>>) {
        if !self.tells_events() {
            return;
        }
        let detail = Detail::new()
            .method(record.method.clone())
            .request_id(Some(record.request_id).filter(|id| *id != 0))
            .outcome(outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "result"))
            .evidence(outcome.as_ref().err().and_then(|error| error.evidence.clone()))
            .duration_ms(self.now.since(record.started));
        self.event(record.session, EventKind::RequestSettled, detail);
    }

    /// A result came.
    pub(crate) fn on_result(&mut self, call: CallId, result: J) {
        self.note_answered(call);
        let Some(record) = self.calls.get_mut(call) else { return };
        if record.pings() {
            record.pong = Some(Pong::Alive);
            return self.settle(call, Ok(Some(result)));
        }
        let (session, is_probe) = (record.session, record.purpose == Purpose::Probe);
        if let Some(owner) = self.store.get_mut(session) {
            owner.suspicion.clear(owner.generation);
        }
        if self.goes_to_modern(call) && !is_probe {
            return self.on_modern_result(call, result);
        }
        self.remember(call, &result);
        self.settle(call, Ok(Some(result)));
    }

    /// Any answer proves that the session lives and that the server reads.
    /// But no handshake says that the session is kept, and no older generation says anything of this one.
    pub(crate) fn note_answered(&mut self, call: CallId) {
        let Some(answered) = self.calls.get(call).filter(|record| !record.is_handshake()) else { return };
        let (now, limit, pings) = (self.now, self.config.limits.max_in_flight, answered.pings());
        if let Some(record) = self.store.get_mut(answered.session).filter(|owner| owner.is_live(answered.generation)) {
            record.silent = 0;
            record.challenged = false;
            // What the machine wants to know is no use of the session, and pays for no retry.
            if !pings {
                record.last_used_at = now;
                record.budget.earn();
            }
            record.widen(limit);
            record.probe_ended(call, true);
            let session = answered.session;
            if !std::mem::replace(&mut record.fruitful, true) {
                self.note_kept(session);
            }
            self.keep_soon(session);
        }
    }

    /// Keeps what a recovery has to put back, and the list of tools.
    pub(crate) fn remember(&mut self, call: CallId, result: &J) {
        let Some(record) = self.calls.get(call) else { return };
        if !matches!(record.purpose, Purpose::User | Purpose::Tools) {
            return;
        }
        let Some(session) = self.store.get_mut(record.session) else { return };
        let uri = || record.params.as_ref().and_then(|params| params.get_str("uri"));
        match record.method.as_str() {
            "logging/setLevel" => session.remembered.log_level.clone_from(&record.params),
            "resources/subscribe" => {
                if let (Some(uri), Some(params)) = (uri(), &record.params) {
                    session.remembered.subscriptions.insert(uri, params.clone());
                }
            }
            "resources/unsubscribe" => {
                if let Some(uri) = uri() {
                    session.remembered.subscriptions.remove(&uri);
                }
            }
            // Annotations count for the generation that they were listed in, and for no other.
            "tools/list" if session.is_live(record.generation) => {
                let is_first = record.params.as_ref().and_then(|params| params.get("cursor")).is_none();
                session.tools.note_page(result, is_first);
            }
            _ => {}
        }
    }

    /// What a block says about the stream that it came on. Streams of 2026-07-28 are not resumed, whatever their ids are.
    pub(crate) fn note_call_block(&mut self, call: CallId, block: &StreamBlock<J>) {
        if self.goes_to_modern(call) {
            return;
        }
        if let Some(record) = self.calls.get_mut(call) {
            record.stream.note(block);
        }
    }

    /// Puts a call back into its session's queue, to be sent with a new id.
    pub(crate) fn requeue(&mut self, call: CallId) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = Stage::Queued;
        let session = record.session;
        if let Some(owner) = self.store.get_mut(session) {
            owner.active.remove(call);
            owner.queue.insert(call);
            owner.probe_ended(call, false);
        }
        self.wake_session(session);
        self.pump(session);
    }

    /// Lets a call rest for `delay`; past its deadline there is no point in resting.
    pub(crate) fn rest(&mut self, call: CallId, delay: Millis, to_resume: bool) {
        let until = self.now.after(delay);
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = if to_resume { Stage::RestingToResume(until) } else { Stage::RestingToSend(until) };
        let (session, method) = (record.session, record.method.clone());
        self.timers.arm(until, Timer::Rest(call));
        self.metrics.retries += 1;
        self.event(session, EventKind::RetryScheduled, Detail::new().method(method).delay_ms(delay));
    }

    /// A call has rested.
    pub(crate) fn on_rested(&mut self, call: CallId) {
        match self.calls.get(call).map(|record| record.stage) {
            Some(Stage::RestingToSend(until)) if until <= self.now => self.requeue(call),
            Some(Stage::RestingToResume(until)) if until <= self.now => self.resume_if_online(call),
            Some(Stage::Answered(_)) => {
                let answer = self.calls.get_mut(call).and_then(|record| record.answer.take());
                self.settle(call, Ok(answer));
            }
            _ => {}
        }
    }

    /// The safety of a call, as far as it is known.
    pub(crate) fn safety(&self, call: CallId) -> Safety {
        let Some(record) = self.calls.get(call) else { return Safety::Unsafe };
        match method_safety(&record.method) {
            Safety::ByTool => {
                let name = record.params.as_ref().and_then(|params| params.get_str("name"));
                let tools = self.store.get(record.session).map(|session| &session.tools);
                match (name, tools) {
                    (Some(name), Some(tools)) => tools.safety(&name),
                    _ => Safety::Unsafe,
                }
            }
            known => known,
        }
    }
}
