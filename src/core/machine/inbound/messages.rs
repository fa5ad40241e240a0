//! Dispatch of JSON-RPC messages.

use crate::core::api::{Body, CallId, Error, ExchangeId, SessionRef};
use crate::core::kit::text::{concat, decimal};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::Media;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::{self, Head};
use crate::core::protocol::modern::ACKNOWLEDGED;
use crate::core::protocol::verdict;
use crate::core::state::call::{Purpose, Stage};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::Session;
use crate::core::state::session::suspicion::UNREADABLE;

impl<J: Json> Manager<J> {
    /// Receives a message or a batch (2025-03-26 basic: receivers MUST accept batches).
    pub(crate) fn receive_all(&mut self, exchange: ExchangeId, message: J) {
        for message in message.as_array().unwrap_or_else(|| vec![message]) {
            self.receive(exchange, message);
        }
    }

    pub(crate) fn receive(&mut self, exchange: ExchangeId, message: J) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let (session, kind, relation) = (record.session, record.kind, self.relation(record));
        let is_current = self.store.get(session).is_some_and(|session| session.handles_messages(record.generation));
        match jsonrpc::head(&message) {
            Head::Result { id, result } => {
                if let Some(call) = self.call_answered(session, kind, id, false) {
                    self.on_result(call, result);
                }
            }
            Head::Error { id, error } => {
                if let Some(call) = self.call_answered(session, kind, id, true) {
                    self.on_rpc_error(call, &error, relation);
                }
            }
            // Requests and notifications of an earlier generation must not reach the current one.
            Head::Request { .. } | Head::Notification { .. } if !is_current => self.metrics.stale_dropped += 1,
            // 2026-07-28 basic/transports/streamable-http: servers MUST NOT send requests, and clients MUST NOT send
            // responses.
            Head::Request { .. } if self.store.get(session).is_some_and(Session::is_modern) => {}
            Head::Request { id, method } => {
                self.on_server_request(session, Some(exchange), kind.call(), id, method, message);
            }
            Head::Notification { method } if method == ACKNOWLEDGED && self.is_retiring(session, exchange) => {}
            Head::Notification { method } => self.on_notification(session, kind.call(), method, message),
            // On a stream, for example `{"type":"heartbeat"}`. A body without any answer ends in
            // `on_success_without_answer`.
            Head::Malformed => {}
        }
    }

    /// The pending call of an answer: found by id. An error without an id belongs to its exchange.
    fn call_answered(
        &self,
        session: SessionRef,
        kind: ExchangeKind,
        id: Option<u64>,
        is_error: bool,
    ) -> Option<CallId> {
        let by_exchange = match kind {
            ExchangeKind::Call(call) | ExchangeKind::Resume(call) if is_error && id.is_none() => Some(call),
            _ => None,
        };
        let call = id.and_then(|id| self.by_request.get(id).copied()).or(by_exchange)?;
        self.calls.get(call).is_some_and(|record| record.session == session).then_some(call)
    }

    /// Whether the answer to a call accepted with 202 may arrive on the session's GET stream. Servers whose workers
    /// share one queue do this, and every official SDK accepts an answer from any stream of the session.
    fn answers_on_stream(&self, call: CallId) -> bool {
        let Some(record) = self.calls.get(call).filter(|record| !record.is_handshake()) else { return false };
        self.store
            .get(record.session)
            .is_some_and(|owner| owner.is_live(record.generation) && !owner.is_modern() && owner.listen.is_expected())
    }

    pub(crate) fn on_success_without_answer(
        &mut self,
        call: CallId,
        exchange: ExchangeId,
        (status, media): (u16, Media),
        body: &Body<J>,
    ) {
        let Some(record) = self.calls.get(call) else { return };
        if record.exchange() != Some(exchange) {
            return;
        }
        if record.is_notification() {
            return self.settle(call, Ok(None));
        }
        // An empty body of a JSON type was cut: by a proxy, or in its compression.
        let is_accepted = status == 202 || matches!(body, Body::Empty) && media != Media::Json;
        if is_accepted && self.answers_on_stream(call) {
            if let Some(record) = self.calls.get_mut(call) {
                record.stage = Stage::Accepted;
            }
            return;
        }
        let body = match body {
            Body::Text(text) => concat(&["\"", &verdict::excerpt(text), "\""]),
            Body::Json(_) => String::from("other JSON"),
            Body::Empty => String::from("an empty body"),
        };
        let what = concat(&[&body, " instead of JSON-RPC from an MCP endpoint"]);
        if record.purpose == Purpose::User {
            let (session, generation, speaks) = (record.session, record.generation, verdict::speaks(&what));
            self.note_odd(session, generation, UNREADABLE, speaks);
        }
        let evidence = concat(&["HTTP ", &decimal(status.into()), " with ", &what]);
        let error = Error::new(ErrorCode::ProtocolError, concat(&["the server answered with ", &what])).seen(evidence);
        self.settle_unreadable(call, error.status(status));
    }
}
