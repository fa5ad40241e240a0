//! HTTP exchanges: how they are opened, which session generation they belong to, and where their answers go.

use crate::core::api::error::{Error, ErrorCode};
use crate::core::api::io::{
    Body, CallId, ExchangeId, Failure, FailureKind, HeaderList, HttpRequest, Output, ResponseHead, SessionRef,
    StreamBlock, StreamData,
};
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::{Instant, Millis};
use crate::core::machine::inbound::outcome::{as_unknown, failure_error};
use crate::core::machine::lifecycle::http_sse::stream_gone;
use crate::core::machine::lifecycle::liveness::Identity;
use crate::core::machine::outbound::calls::{Call, Purpose, Stage};
use crate::core::machine::outbound::subscriptions::ACKNOWLEDGED;
use crate::core::manager::Manager;
use crate::core::protocol::headers::{self, SessionId};
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::{self, Head};
use crate::core::protocol::replay::Safety;
use crate::core::protocol::verdict;
use crate::core::state::session::{Agreed, Session};
use crate::core::state::timers::Timer;
use std::rc::Rc;

/// How long a notification, an answer to the server or the opening of a GET stream may take.
pub(crate) const SMALL_EXCHANGE: Millis = 30_000;
/// How long a response stream may stay open after its response; what still comes is read, then it is cut.
const LEFTOVER: Millis = 5_000;
/// A stream without a byte for so long, comments included, is cut and opened again.
pub(crate) const WATCHDOG: Millis = 300_000;

/// One request on the wire.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) session: SessionRef,
    /// Whose connections it takes (turns.rs).
    pub(crate) origin: usize,
    /// It counts as a long-lived response.
    pub(crate) is_long: bool,
    /// The generation that it was sent in. An older one can never touch a newer one.
    pub(crate) generation: u64,
    /// The session id of that generation, if it carried one.
    pub(crate) carried: Option<SessionId>,
    /// Where it went.
    pub(crate) url: Rc<str>,
    /// The endpoint of HTTP+SSE that it was posted to.
    pub(crate) endpoint: Option<Rc<str>>,
    /// The bearer token that it carried.
    pub(crate) token: Option<Rc<str>>,
    pub(crate) wire: Wire,
    pub(crate) head: Option<ResponseHead>,
    pub(crate) opened_at: Instant,
    /// When the last byte came.
    pub(crate) last_alive: Instant,
    deadline: Option<Instant>,
    /// Nothing more comes on it, so there is nothing to cut.
    is_over: bool,
    /// The driver reads nothing from it for now.
    pub(crate) paused: bool,
}

impl Exchange {
    fn new(session: SessionRef, origin: usize, wire: Wire, url: Rc<str>, now: Instant) -> Self {
        Self {
            session,
            origin,
            is_long: false,
            generation: 0,
            carried: None,
            url,
            endpoint: None,
            token: None,
            wire,
            head: None,
            opened_at: now,
            last_alive: now,
            deadline: None,
            is_over: false,
            paused: false,
        }
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A request or notification of a call.
    Call(CallId),
    /// A GET that resumes the response stream of a call.
    Resume(CallId),
    /// The GET stream of the session.
    Listen,
    /// The event stream of HTTP+SSE, which is the session.
    SessionStream,
    /// `notifications/initialized`.
    Initialized,
    /// A message of `answers.rs`, by its number.
    Aside(u64),
    /// What follows the response on a response stream.
    Leftover,
    /// DELETE of the session.
    Delete,
    /// `initialize` of a record that was ended meanwhile.
    Orphan,
    /// A GET without credentials that asks where a redirect leads, for a call or for the stream that is a session.
    Address(Option<CallId>),
}

impl Wire {
    /// Whether it goes on after the end of its record, so that the server's end is reached.
    pub(crate) const fn is_farewell(self) -> bool {
        matches!(self, Self::Delete | Self::Orphan)
    }

    /// Whether the response is expected to stay open from the beginning.
    const fn is_long(self) -> bool {
        matches!(self, Self::Listen | Self::SessionStream | Self::Resume(_))
    }

    /// The call that it serves.
    pub(crate) const fn call(self) -> Option<CallId> {
        match self {
            Self::Call(call) | Self::Resume(call) => Some(call),
            _ => None,
        }
    }
}

impl<J: Json> Manager<J> {
    /// Sends `body` by `method` with the headers of the session's generation, and those that this request has `further`.
    pub(crate) fn open(
        &mut self,
        session: SessionRef,
        wire: Wire,
        method: &'static str,
        body: Option<J>,
        further: HeaderList,
    ) -> Option<ExchangeId> {
        let identity = self.speaks_as(session, wire);
        let carried = self.carried_id(session, identity);
        let record = self.store.get(session)?;
        let call = if let Wire::Call(call) = wire { self.calls.get(call) } else { None };
        let is_handshake = call.is_some_and(Call::is_handshake);
        let reads_session_id = call.is_some_and(|call| call.purpose == Purpose::Handshake);
        let is_stream = matches!(wire, Wire::SessionStream);
        let agreed = match identity {
            Identity::Former => record.former.as_ref(),
            _ => record.agreed.as_ref().filter(|_| !is_handshake && !is_stream),
        };
        let asks_for_address = matches!(wire, Wire::Address(_));
        let mut headers = HeaderList::new();
        if asks_for_address {
            headers::add(&mut headers, headers::ACCEPT, "application/json");
        } else {
            request_headers(&mut headers, record, method, agreed);
        }
        if identity == Identity::Bare {
            headers::take_out(&mut headers, headers::SESSION_ID);
        }
        headers::add_all(&mut headers, &further);
        let endpoint = record.endpoint().filter(|_| !is_stream).cloned();
        let url = endpoint.clone().unwrap_or_else(|| self.address(record));
        let request = HttpRequest {
            method,
            url: url.clone(),
            headers,
            body,
            reads_session_id,
            call: wire.call(),
            follows: asks_for_address,
        };
        // A stream that is a session is opened for the generation to come.
        let generation = record.generation + u64::from(is_stream);
        let (carried, token) = (carried.filter(|_| !is_handshake), record.token.clone());
        let deadline = match wire {
            Wire::Call(_) | Wire::Resume(_) => None,
            Wire::Delete => Some(self.now.after(crate::core::machine::lifecycle::ending::DELETE_CAP)),
            Wire::Initialized => Some(self.now.after(record.server.init_timeout.min(SMALL_EXCHANGE))),
            Wire::SessionStream => Some(self.now.after(record.endpoint_patience())),
            _ => Some(self.now.after(SMALL_EXCHANGE)),
        };
        let is_long = wire.is_long();
        let mut record = Exchange::new(session, record.origin, wire, url, self.now);
        (record.is_long, record.generation, record.deadline) = (is_long, generation, deadline);
        (record.carried, record.endpoint, record.token) = (carried, endpoint, token);
        Some(self.send(record, request))
    }

    fn send(&mut self, record: Exchange, request: HttpRequest<J>) -> ExchangeId {
        let exchange = ExchangeId(self.numbers.next());
        if let Some(deadline) = record.deadline {
            self.timers.arm(deadline, Timer::Exchange(exchange));
        }
        let (session, origin, is_long) = (record.session, record.origin, record.is_long);
        let now = self.now;
        if let Some(owner) = self.store.get_mut(session) {
            owner.last_sent_at = now;
        }
        self.exchanges.insert(exchange, record);
        self.note_sent(exchange, origin, is_long);
        self.out.push_back(Output::Send { exchange, request });
        exchange
    }

    /// Stops an exchange; nothing of it is heard again.
    pub(crate) fn abort(&mut self, exchange: ExchangeId) {
        if self.take_exchange(exchange).is_some_and(|record| !record.is_over) {
            self.out.push_back(Output::Abort { exchange });
        }
    }

    pub(crate) fn take_exchange(&mut self, exchange: ExchangeId) -> Option<Exchange> {
        let record = self.exchanges.remove(exchange)?;
        if let Some(deadline) = record.deadline {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
        self.note_over(record.is_long, record.origin, record.head.is_some());
        Some(record)
    }

    /// The response stream of a settled call goes on by itself for a moment.
    pub(crate) fn leave_over(&mut self, exchange: ExchangeId) {
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.wire = Wire::Leftover;
            self.hurry(exchange);
        }
    }

    /// The answer to a handshake is waited for without its call and its record, as long as a DELETE may take.
    pub(crate) fn disown_exchange(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let until = self.now.after(crate::core::machine::lifecycle::ending::DELETE_CAP);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.wire = Wire::Orphan;
            record.deadline = Some(until);
            self.timers.arm(until, Timer::Exchange(exchange));
        }
    }

    /// Sends a DELETE on behalf of the record that another exchange was left of. Both have the same deadline.
    pub(crate) fn open_delete(&mut self, orphan: ExchangeId, headers: HeaderList) -> Option<ExchangeId> {
        let mut record = self.exchanges.get(orphan)?.clone();
        (record.wire, record.head, record.is_long) = (Wire::Delete, None, false);
        let (url, method, follows) = (record.url.clone(), "DELETE", false);
        let request = HttpRequest { method, url, headers, body: None, reads_session_id: false, call: None, follows };
        Some(self.send(record, request))
    }

    /// What is left of an exchange gets a moment.
    pub(crate) fn hurry(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let deadline = self.now.after(LEFTOVER);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.deadline = Some(deadline);
            self.timers.arm(deadline, Timer::Exchange(exchange));
        }
    }

    /// An exchange may take as long as it likes.
    pub(crate) fn lift_deadline(&mut self, exchange: ExchangeId) {
        if let Some(deadline) = self.exchanges.get_mut(exchange).and_then(|record| record.deadline.take()) {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
    }

    /// Status and headers.
    pub(crate) fn on_opened(&mut self, exchange: ExchangeId, head: ResponseHead) {
        let is_stream = is_success(head.status) && head.media == headers::Media::EventStream;
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        let (session, wire) = (record.session, record.wire);
        let (issued, hides_headers) = (head.session_id.clone(), head.hides_headers);
        let is_good = is_success(head.status);
        record.head = Some(head);
        if matches!(wire, Wire::Orphan) {
            return self.on_orphan_opened(exchange, issued.as_deref().filter(|_| is_good));
        }
        self.note_reached(session);
        if let Wire::Address(asker) = wire {
            return self.on_address(exchange, asker);
        }
        self.note_head(exchange, is_stream);
        if let Wire::Call(call) = wire {
            self.note_issued_id(session, call, issued, hides_headers);
        }
        if !is_stream {
            return;
        }
        if !matches!(wire, Wire::SessionStream) {
            self.lift_deadline(exchange);
        }
        match wire {
            Wire::Call(call) | Wire::Resume(call) => self.call_stream_event(session, call, true, None),
            Wire::Listen | Wire::SessionStream => {
                self.timers.arm(now.after(WATCHDOG), Timer::Watchdog(exchange));
                self.listen_opened(session, exchange);
            }
            // A stream in answer to a notification: it was accepted, and there is nothing in the stream for us.
            Wire::Initialized | Wire::Aside(_) | Wire::Delete | Wire::Leftover | Wire::Orphan | Wire::Address(_) => {
                self.out.push_back(Output::Abort { exchange });
                self.on_body(exchange, Body::Empty);
            }
        }
    }

    /// One block of an event stream.
    pub(crate) fn on_block(&mut self, exchange: ExchangeId, mut block: StreamBlock<J>) {
        // Servers refuse headers beyond 8 to 16 KiB: such an id could not be sent back in `Last-Event-ID`.
        block.id = block.id.filter(|id| id.len() <= headers::LONGEST);
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        let (wire, session) = (record.wire, record.session);
        match wire {
            Wire::Call(call) | Wire::Resume(call) => self.note_call_block(call, &block),
            Wire::Listen | Wire::SessionStream => self.note_listen_block(session, &block),
            _ => {}
        }
        if matches!(wire, Wire::SessionStream) && block.event.as_deref() == Some("endpoint") {
            return self.on_endpoint(session, exchange, &block.data);
        }
        // Only `message` events are JSON-RPC; other names are somebody's extension.
        if block.event.as_deref().is_some_and(|event| event != "message") {
            return;
        }
        match block.data {
            StreamData::Json(message) => self.receive_all(exchange, message),
            // `data: ping`: servers and proxies keep streams open with events that are no message. As every official SDK does,
            // they are skipped; the end of the stream decides.
            StreamData::Text(_) | StreamData::Empty => {}
        }
    }

    /// One message of a batch that the driver has divided.
    pub(crate) fn on_message(&mut self, exchange: ExchangeId, message: J) {
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        self.receive(exchange, message);
    }

    /// A comment: somebody is still there.
    pub(crate) fn on_alive(&mut self, exchange: ExchangeId) {
        let now = self.now;
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.last_alive = now;
        }
    }

    /// The whole body of something that is no event stream.
    pub(crate) fn on_body(&mut self, exchange: ExchangeId, body: Body<J>) {
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.is_over = true;
        let status = record.head.as_ref().map_or(0, |head| head.status);
        if !is_success(status) {
            if !self.goes_elsewhere(exchange, &body) {
                self.on_refusal(exchange, &body);
            }
            return;
        }
        let wire = record.wire;
        if let (Wire::Call(_) | Wire::Resume(_) | Wire::Leftover, Body::Json(message)) = (wire, &body) {
            self.receive_all(exchange, message.clone());
        }
        let Some(record) = self.take_exchange(exchange) else { return };
        match wire {
            Wire::Call(call) if record.endpoint.is_some() => self.on_posted(call, exchange, &record),
            Wire::Call(call) => self.on_success_without_answer(call, exchange, status, &body),
            Wire::Resume(call) => self.resume_failed(call, "the resumed stream was answered without an event stream"),
            Wire::Listen => self.listen_refused(record.session, status, "an answer that is no event stream"),
            Wire::SessionStream => self.on_no_session_stream(&record, status),
            Wire::Initialized => self.on_initialized_accepted(record.session, record.generation),
            Wire::Delete | Wire::Orphan => self.on_deleted(exchange),
            Wire::Aside(number) => self.on_aside_over(record.session, number),
            Wire::Leftover | Wire::Address(_) => {}
        }
    }

    /// An event stream ended.
    pub(crate) fn on_ended(&mut self, exchange: ExchangeId) {
        self.on_stream_over(exchange, "the stream ended");
    }

    /// The exchange broke.
    pub(crate) fn on_failed(&mut self, exchange: ExchangeId, failure: &Failure<J>) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let was_streaming = record
            .head
            .as_ref()
            .is_some_and(|head| is_success(head.status) && head.media == headers::Media::EventStream);
        if was_streaming && failure.kind != FailureKind::TooLarge {
            return self.on_stream_over(exchange, "the stream was cut");
        }
        let Some(record) = self.take_exchange(exchange) else { return };
        let cut_off = self.is_cut_off_by(record.session, record.wire.call(), failure);
        match record.wire {
            Wire::Call(call) if cut_off => self.requeue(call),
            Wire::Call(call) => self.on_call_broken(call, failure),
            Wire::Resume(call) if failure.kind == FailureKind::TooLarge => self.on_call_broken(call, failure),
            Wire::Resume(call) => self.resume_failed(call, "the connection broke"),
            Wire::Listen => self.listen_over(record.session, exchange, record.opened_at, "the connection broke"),
            Wire::SessionStream => self.on_session_stream_over(&record, failure_error(failure)),
            Wire::Initialized => self.on_initialized_broken(record.session, record.generation, failure),
            Wire::Delete | Wire::Orphan => self.on_deleted(exchange),
            Wire::Address(asker) => self.no_address(record.session, asker),
            Wire::Aside(number) => self.on_aside_broken(record.session, number, failure),
            Wire::Leftover => {}
        }
    }

    /// The deadline of an exchange that no call guards has passed.
    pub(crate) fn on_exchange_timeout(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let failure = Failure { kind: FailureKind::Broken, message: String::from("no answer in time"), cause: None };
        let wire = record.wire;
        if matches!(wire, Wire::Leftover) {
            return self.abort(exchange);
        }
        self.out.push_back(Output::Abort { exchange });
        if matches!(wire, Wire::SessionStream) {
            return self.on_no_endpoint(exchange);
        }
        self.on_failed(exchange, &failure);
    }

    /// Looks whether an open GET stream has been silent for too long.
    pub(crate) fn on_watchdog(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let due = if record.paused { self.now } else { record.last_alive }.after(WATCHDOG);
        if due > self.now {
            return self.timers.arm(due, Timer::Watchdog(exchange));
        }
        if matches!(record.wire, Wire::SessionStream) {
            return self.on_quiet_session(exchange);
        }
        self.out.push_back(Output::Abort { exchange });
        self.on_stream_over(exchange, "nothing came for five minutes");
    }

    fn on_stream_over(&mut self, exchange: ExchangeId, how: &str) {
        let Some(record) = self.take_exchange(exchange) else { return };
        match record.wire {
            Wire::Call(call) | Wire::Resume(call) => {
                self.call_stream_event(record.session, call, false, Some(how));
                self.on_response_stream_over(call, how);
            }
            Wire::Listen => self.listen_over(record.session, exchange, record.opened_at, how),
            Wire::SessionStream => self.on_session_stream_over(&record, stream_gone(ErrorCode::NetworkError, how)),
            Wire::Delete | Wire::Orphan => self.on_deleted(exchange),
            _ => {}
        }
    }

    /// A message, or a batch of them (2025-03-26 basic: receivers MUST accept batches).
    fn receive_all(&mut self, exchange: ExchangeId, message: J) {
        for message in message.as_array().unwrap_or_else(|| vec![message]) {
            self.receive(exchange, message);
        }
    }

    fn receive(&mut self, exchange: ExchangeId, message: J) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let (session, wire, relation) = (record.session, record.wire, self.relation(record));
        let is_current = self.store.get(session).is_some_and(|session| session.hears(record.generation));
        match jsonrpc::head(&message) {
            Head::Result { id, result } => {
                if let Some(call) = self.call_answered(session, wire, id, false) {
                    self.on_result(call, result);
                }
            }
            Head::Error { id, error } => {
                if let Some(call) = self.call_answered(session, wire, id, true) {
                    self.on_rpc_error(call, &error, relation);
                }
            }
            // What a server asks or tells on behalf of a session that is gone must not reach the new one.
            Head::Request { .. } | Head::Notification { .. } if !is_current => self.metrics.stale_dropped += 1,
            // 2026-07-28 basic/transports/streamable-http: servers MUST NOT send requests, clients MUST NOT send responses.
            Head::Request { .. } if self.store.get(session).is_some_and(Session::is_modern) => {}
            Head::Request { id, method } => {
                self.on_server_request(session, Some(exchange), wire.call(), id, method, message);
            }
            Head::Notification { method } if method == ACKNOWLEDGED && self.is_retiring(session, exchange) => {}
            Head::Notification { method } => self.on_notification(session, wire.call(), method, message),
            // On a stream: `{"type":"heartbeat"}`. A body that holds nothing else ends in `on_success_without_answer`.
            Head::Malformed => {}
        }
    }

    /// Which pending call an answer belongs to: by its id; an error without one belongs to the exchange that it came on.
    fn call_answered(&self, session: SessionRef, wire: Wire, id: Option<u64>, is_error: bool) -> Option<CallId> {
        let by_exchange = match wire {
            Wire::Call(call) | Wire::Resume(call) if is_error && id.is_none() => Some(call),
            _ => None,
        };
        let call = id.and_then(|id| self.by_request.get(id).copied()).or(by_exchange)?;
        self.calls.get(call).is_some_and(|record| record.session == session).then_some(call)
    }

    /// The server took the request and gave an answer that cannot be read. It is not sent again, and only of a safe call
    /// does nobody have to wonder what it did.
    pub(crate) fn settle_unreadable(&mut self, call: CallId, error: Error<J>) {
        let is_users = self.calls.get(call).is_some_and(|record| record.purpose == Purpose::User);
        let error = if is_users && self.safety(call) != Safety::Safe { as_unknown(error) } else { error };
        self.settle(call, Err(error));
    }

    /// Whether the answer to a request that was accepted without one may come on the session's GET stream. Servers whose
    /// workers share one queue answer so, and every official SDK takes an answer from any stream of the session.
    fn answers_on_stream(&self, call: CallId) -> bool {
        let Some(record) = self.calls.get(call).filter(|record| !record.is_handshake()) else { return false };
        self.store
            .get(record.session)
            .is_some_and(|owner| owner.is_live(record.generation) && !owner.is_modern() && owner.listen.is_expected())
    }

    fn on_success_without_answer(&mut self, call: CallId, exchange: ExchangeId, status: u16, body: &Body<J>) {
        let Some(record) = self.calls.get(call) else { return };
        if !matches!(record.stage, Stage::OnWire(other) if other == exchange) {
            return;
        }
        if record.is_notification() {
            return self.settle(call, Ok(None));
        }
        if matches!(body, Body::Empty) && self.answers_on_stream(call) {
            if let Some(record) = self.calls.get_mut(call) {
                record.stage = Stage::Accepted;
            }
            return;
        }
        let what = match body {
            Body::Text(text) => concat(&[
                &verdict::excerpt(text),
                " instead of a JSON-RPC message; is this the URL of an MCP endpoint?",
            ]),
            Body::Json(_) => String::from("JSON that does not answer the request"),
            Body::Empty => String::from("nothing, where a request wants an answer"),
        };
        let evidence = concat(&["HTTP ", &decimal(status.into()), " with ", &what]);
        let error = Error::new(ErrorCode::ProtocolError, concat(&["the server answered with ", &what])).seen(evidence);
        self.settle_unreadable(call, error.status(status));
    }
}

/// Whether a status says that the request was accepted.
pub(crate) const fn is_success(status: u16) -> bool {
    status >= 200 && status < 300
}

/// A handshake never carries an old id: 2025-11-25 basic/transports, "Session Management": a new `initialize` without one.
fn request_headers<J>(headers: &mut HeaderList, session: &Session<J>, method: &str, agreed: Option<&Agreed<J>>) {
    session.add_credentials(headers);
    if let Some(agreed) = agreed {
        headers::add_all(headers, &agreed.headers);
    }
    match method {
        // 2025-11-25 basic/transports: a POST accepts both forms of an answer, a GET the stream alone.
        "POST" => {
            headers::add(headers, headers::ACCEPT, "application/json, text/event-stream");
            headers::add(headers, headers::CONTENT_TYPE, "application/json");
        }
        "GET" => headers::add(headers, headers::ACCEPT, "text/event-stream"),
        _ => {}
    }
}
