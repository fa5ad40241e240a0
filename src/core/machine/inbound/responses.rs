//! HTTP exchanges: response heads, bodies and stream events, routed by what the exchange was opened for.

use crate::core::api::{
    Body, ExchangeId, Failure, FailureKind, Output, ResponseHead, StreamBlock, StreamData, failure_error,
};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::state::exchange::{ExchangeKind, WATCHDOG};
use crate::core::state::session::http_sse::stream_gone;
use crate::core::state::stream::ENDED;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Status and headers of a response.
    pub(crate) fn on_opened(&mut self, exchange: ExchangeId, head: ResponseHead) {
        let (is_good, is_stream) = (head.is_success(), head.is_stream());
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        let (session, kind) = (record.session, record.kind);
        let (issued, hides_headers) = (head.session_id.clone().filter(|_| is_good), head.hides_headers);
        record.head = Some(head);
        if matches!(kind, ExchangeKind::Detached) {
            return self.on_detached_opened(exchange, issued.as_deref());
        }
        self.note_reached(session);
        if let ExchangeKind::Address(asker) = kind {
            return self.on_address(exchange, asker);
        }
        self.note_head(exchange, is_stream);
        if let ExchangeKind::Call(call) = kind {
            self.note_issued_id(session, call, issued, hides_headers);
        }
        if !is_stream {
            return;
        }
        if !matches!(kind, ExchangeKind::SessionStream) {
            self.lift_deadline(exchange);
        }
        match kind {
            ExchangeKind::Call(call) | ExchangeKind::Resume(call) => self.call_stream_event(session, call, true, None),
            ExchangeKind::Listen | ExchangeKind::SessionStream => {
                self.timers.arm(now.after(WATCHDOG), Timer::Watchdog(exchange));
                self.listen_opened(session, exchange);
            }
            // A notification was accepted; its response body is not needed.
            ExchangeKind::Initialized
            | ExchangeKind::Outgoing(_)
            | ExchangeKind::Delete
            | ExchangeKind::Trailing
            | ExchangeKind::Detached
            | ExchangeKind::Address(_) => {
                self.out.push_back(Output::Abort { exchange });
                self.on_body(exchange, Body::Empty);
            }
        }
    }

    /// One event of an event stream.
    pub(crate) fn on_block(&mut self, exchange: ExchangeId, block: StreamBlock<J>) {
        let now = self.now;
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        record.last_alive = now;
        let (kind, session) = (record.kind, record.session);
        match kind {
            ExchangeKind::Call(call) | ExchangeKind::Resume(call) => self.note_call_block(call, &block),
            ExchangeKind::Listen | ExchangeKind::SessionStream => self.note_listen_block(session, &block),
            _ => {}
        }
        if matches!(kind, ExchangeKind::SessionStream) && block.event.as_deref() == Some("endpoint") {
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
        let (status, media) = record.head.as_ref().map_or((0, headers::Media::Other), |head| (head.status, head.media));
        if !record.head.as_ref().is_some_and(ResponseHead::is_success) {
            let body = match body {
                Body::Json(message) => Body::Json(jsonrpc::response(message)),
                body => body,
            };
            if !self.goes_elsewhere(exchange, &body) {
                self.on_error_response(exchange, &body);
            }
            return;
        }
        let kind = record.kind;
        if let (ExchangeKind::Call(_) | ExchangeKind::Resume(_) | ExchangeKind::Trailing, Body::Json(message)) =
            (kind, &body)
        {
            self.receive_all(exchange, message.clone());
        }
        let Some(record) = self.take_exchange(exchange) else { return };
        match kind {
            ExchangeKind::Call(call) if record.endpoint.is_some() => self.on_posted(call, exchange, &record),
            ExchangeKind::Call(call) => {
                self.on_success_without_answer(call, exchange, (status, media), &body);
            }
            ExchangeKind::Resume(call) => self.resume_failed(call, "the response to the GET is not an event stream"),
            ExchangeKind::Listen => {
                self.listen_refused(record.session, status, "the response to the GET is not an event stream")
            }
            ExchangeKind::SessionStream => self.on_no_session_stream(&record, status),
            ExchangeKind::Initialized => self.begin_generation(record.session, record.generation),
            ExchangeKind::Delete | ExchangeKind::Detached => self.on_deleted(exchange),
            ExchangeKind::Outgoing(number) => self.on_outgoing_over(record.session, number),
            ExchangeKind::Trailing | ExchangeKind::Address(_) => {}
        }
    }

    /// An event stream ended.
    pub(crate) fn on_ended(&mut self, exchange: ExchangeId) {
        self.on_stream_over(exchange, ENDED);
    }

    /// An exchange failed.
    pub(crate) fn on_failed(&mut self, exchange: ExchangeId, failure: &Failure<J>) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let was_streaming = record.head.as_ref().is_some_and(ResponseHead::is_stream);
        if was_streaming && failure.kind != FailureKind::TooLarge {
            return self.on_stream_over(exchange, "the stream broke");
        }
        let Some(record) = self.take_exchange(exchange) else { return };
        let cut_off = self.is_cut_off_by(record.session, record.kind.call(), failure);
        match record.kind {
            ExchangeKind::Call(call) if cut_off => self.requeue(call),
            ExchangeKind::Call(call) => self.on_call_broken(call, failure),
            ExchangeKind::Resume(call) if failure.kind == FailureKind::TooLarge => self.on_call_broken(call, failure),
            ExchangeKind::Resume(call) => self.resume_failed(call, "the connection broke"),
            ExchangeKind::Listen => {
                // A canary finds out before a call does.
                if matches!(failure.kind, FailureKind::Unsent | FailureKind::Unreachable) {
                    self.note_outage(record.session, record.generation, &failure_error(failure));
                }
                self.listen_over(record.session, exchange, record.opened_at, "the connection broke");
            }
            ExchangeKind::SessionStream => self.on_session_stream_over(&record, failure_error(failure)),
            ExchangeKind::Initialized => self.on_initialized_broken(record.session, record.generation, failure),
            ExchangeKind::Delete | ExchangeKind::Detached => self.on_deleted(exchange),
            ExchangeKind::Address(asker) => self.no_address(record.session, asker),
            ExchangeKind::Outgoing(number) => self.on_outgoing_broken(record.session, number, failure),
            ExchangeKind::Trailing => {}
        }
    }

    /// The deadline passed of an exchange that belongs to no call.
    pub(crate) fn on_exchange_timeout(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let failure = Failure { kind: FailureKind::Broken, message: String::from("no answer in time"), cause: None };
        let kind = record.kind;
        self.out.push_back(Output::Abort { exchange });
        if matches!(kind, ExchangeKind::SessionStream) {
            return self.on_no_endpoint(exchange);
        }
        // The server holds the response back. Like one that fails on the notification, it may serve requests.
        if matches!(kind, ExchangeKind::Initialized)
            && let Some(record) = self.take_exchange(exchange)
        {
            return self.begin_generation(record.session, record.generation);
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
        if matches!(record.kind, ExchangeKind::SessionStream) {
            return self.on_quiet_session(exchange);
        }
        self.out.push_back(Output::Abort { exchange });
        self.on_stream_over(exchange, "no data for five minutes");
    }

    fn on_stream_over(&mut self, exchange: ExchangeId, how: &str) {
        let Some(record) = self.take_exchange(exchange) else { return };
        match record.kind {
            ExchangeKind::Call(call) | ExchangeKind::Resume(call) => {
                self.call_stream_event(record.session, call, false, Some(how));
                // Over HTTP+SSE the answer comes on the session's stream. Cloudflare's McpAgent accepts a POST with the type of a stream.
                match record.endpoint {
                    Some(_) => self.on_posted(call, exchange, &record),
                    None => self.on_response_stream_over(call, how),
                }
            }
            ExchangeKind::Listen => self.listen_over(record.session, exchange, record.opened_at, how),
            ExchangeKind::SessionStream => {
                self.on_session_stream_over(&record, stream_gone(ErrorCode::NetworkError, how))
            }
            ExchangeKind::Delete | ExchangeKind::Detached => self.on_deleted(exchange),
            _ => {}
        }
    }
}
