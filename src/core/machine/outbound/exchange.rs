//! HTTP exchanges: opening and aborting.

use crate::core::api::{ExchangeId, HttpRequest, Output, SessionRef};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::machine::outbound::request_headers::request_headers;
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Purpose};
use crate::core::state::exchange::{DELETE_CAP, Exchange, ExchangeKind, SMALL_EXCHANGE, TRAILING};
use crate::core::state::session::Session;
use crate::core::state::session::liveness::Identity;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Sends `body` with `method`, with the headers of the session's generation and the `further` ones of this request.
    pub(crate) fn open(
        &mut self,
        session: SessionRef,
        kind: ExchangeKind,
        method: &'static str,
        body: Option<J>,
        further: HeaderList,
    ) -> Option<ExchangeId> {
        let record = self.store.get(session)?;
        let call = if let ExchangeKind::Call(call) = kind { self.calls.get(call) } else { None };
        let identity = match &record.check {
            Some(check) if call.is_some_and(Call::pings) => check.identity,
            _ => Identity::Current,
        };
        let carried = match identity {
            Identity::Current | Identity::Successor => record.id().cloned(),
            Identity::Bare => None,
            Identity::Former => record.former.as_ref().and_then(|former| former.id.clone()),
        };
        // 2025-11-25 basic/transports, "Session Management": a new `initialize` is sent without a session id.
        let is_handshake = call.is_some_and(Call::is_handshake);
        let reads_session_id = call.is_some_and(|call| call.purpose == Purpose::Handshake);
        let is_stream = matches!(kind, ExchangeKind::SessionStream);
        let agreed = match identity {
            Identity::Former => record.former.as_deref(),
            _ => record.agreed.as_ref().filter(|_| !is_handshake && !is_stream),
        };
        let mut headers = HeaderList::new();
        request_headers(&mut headers, record, kind, method, agreed);
        // A DELETE names its session itself.
        if identity == Identity::Bare || matches!(kind, ExchangeKind::Delete) {
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
            call: kind.call(),
            follows: matches!(kind, ExchangeKind::Address(_)),
        };
        // The stream of HTTP+SSE opens the next generation.
        let generation = record.generation + u64::from(is_stream);
        let (carried, token) = (carried.filter(|_| !is_handshake), record.credentials.token().cloned());
        let deadline = patience(record, kind).map(|patience| self.now.after(patience));
        let is_long = kind.is_long();
        let mut record = Exchange::new(session, record.origin, kind, url, self.now);
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

    /// Aborts an exchange and drops its later inputs.
    pub(crate) fn abort(&mut self, exchange: ExchangeId) {
        if self.take_exchange(exchange).is_some_and(|record| !record.is_over) {
            self.out.push_back(Output::Abort { exchange });
        }
    }

    /// Aborts all exchanges that `wanted` selects.
    pub(crate) fn abort_where(&mut self, wanted: &dyn Fn(&Exchange) -> bool) {
        for exchange in self.exchanges.keys_where(wanted) {
            self.abort(exchange);
        }
    }

    pub(crate) fn take_exchange(&mut self, exchange: ExchangeId) -> Option<Exchange> {
        let record = self.exchanges.remove(exchange)?;
        if let Some(deadline) = record.deadline {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
        #[cfg(any(feature = "gateway", not(target_family = "wasm")))]
        if let Some(due) = record.long_from {
            self.timers.disarm(due, Timer::Head(exchange));
        }
        self.note_over(record.is_long, record.origin, record.head.is_some());
        Some(record)
    }

    /// Reads the rest of a settled call's response stream, for a short time.
    pub(crate) fn read_trailing(&mut self, exchange: ExchangeId) {
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.kind = ExchangeKind::Trailing;
            self.hurry(exchange);
        }
    }

    /// Detaches an `initialize` from its call and record. It gets as much time as a DELETE.
    pub(crate) fn detach_exchange(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let until = self.now.after(DELETE_CAP);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.kind = ExchangeKind::Detached;
            record.deadline = Some(until);
            self.timers.arm(until, Timer::Exchange(exchange));
        }
    }

    /// Sends a DELETE for the session of a detached exchange. Both share one deadline.
    pub(crate) fn open_delete(&mut self, detached: ExchangeId, headers: HeaderList) -> Option<ExchangeId> {
        let mut record = self.exchanges.get(detached)?.clone();
        (record.kind, record.head, record.is_long) = (ExchangeKind::Delete, None, false);
        let (url, method, follows) = (record.url.clone(), "DELETE", false);
        let request = HttpRequest { method, url, headers, body: None, reads_session_id: false, call: None, follows };
        Some(self.send(record, request))
    }

    /// Gives the rest of an exchange a short deadline.
    pub(crate) fn hurry(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let deadline = self.now.after(TRAILING);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.deadline = Some(deadline);
            self.timers.arm(deadline, Timer::Exchange(exchange));
        }
    }

    /// Removes the deadline of an exchange.
    pub(crate) fn lift_deadline(&mut self, exchange: ExchangeId) {
        if let Some(deadline) = self.exchanges.get_mut(exchange).and_then(|record| record.deadline.take()) {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
    }
}

/// How long the response may take. A call has a deadline of its own.
fn patience<J>(session: &Session<J>, kind: ExchangeKind) -> Option<Millis> {
    match kind {
        ExchangeKind::Call(_) | ExchangeKind::Resume(_) => None,
        ExchangeKind::Delete => Some(DELETE_CAP),
        ExchangeKind::Initialized => Some(session.server.init_timeout.min(SMALL_EXCHANGE)),
        ExchangeKind::SessionStream => Some(session.endpoint_patience()),
        _ => Some(SMALL_EXCHANGE),
    }
}
