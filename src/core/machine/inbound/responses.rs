//! HTTP exchanges: response heads, bodies and stream events, routed by what the exchange was opened for.

use crate::core::api::{
    Body, ExchangeId, Failure, FailureKind, Output, ResponseHead, StreamBlock, StreamData, failure_error,
};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers;
use crate::core::protocol::json::Json;
use crate::core::state::exchange::{WATCHDOG, Wire, is_success};
use crate::core::state::session::http_sse::stream_gone;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Status and headers of a response.
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
            // A notification was accepted; its response body is not needed.
            Wire::Initialized | Wire::Aside(_) | Wire::Delete | Wire::Leftover | Wire::Orphan | Wire::Address(_) => {
                self.out.push_back(Output::Abort { exchange });
                self.on_body(exchange, Body::Empty);
            }
        }
    }

    /// One event of an event stream.
    pub(crate) fn on_block(&mut self, exchange: ExchangeId, mut block: StreamBlock<J>) {
        // Servers reject headers over 8 to 16 KiB, so a longer id could not be sent back in `Last-Event-ID`.
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
        // Only `message` events are JSON-RPC. Other names are extensions.
        if block.event.as_deref().is_some_and(|event| event != "message") {
            return;
        }
        match block.data {
            StreamData::Json(message) => self.receive_all(exchange, message),
            // `data: ping`: servers and proxies keep streams open with such events. They are skipped, as in every
            // official SDK; the end of the stream decides.
            StreamData::Text(_) | StreamData::Empty => {}
        }
    }

    /// One message of a batch that the driver delivers in slices.
    pub(crate) fn on_message(&mut self, exchange: ExchangeId, message: J) {
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        self.receive(exchange, message);
    }

    /// An SSE comment: the stream is alive.
    pub(crate) fn on_alive(&mut self, exchange: ExchangeId) {
        let now = self.now;
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.last_alive = now;
        }
    }

    /// The whole body of a response that is not an event stream.
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

    /// An exchange failed.
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

    /// The deadline passed of an exchange that belongs to no call.
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

    /// Checks whether an open GET stream has been silent for too long.
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
}
