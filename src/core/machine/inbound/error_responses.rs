//! Responses outside 200–299: their verdicts, and whether the session, the call or the stream is affected.

use crate::core::api::{Body, ExchangeId};
use crate::core::kit::text::without;
use crate::core::machine::Manager;
use crate::core::protocol::endpoint;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers;
use crate::core::protocol::json::Json;
use crate::core::protocol::modern::has_no_route;
use crate::core::protocol::verdict::{self, Relation, Seen, Verdict};
use crate::core::state::error_response::{ErrorResponse, said};
use crate::core::state::exchange::{Exchange, ExchangeKind};
use crate::core::state::session::Session;
use crate::core::state::session::credentials::Wants;
use crate::core::state::session::suspicion::Oddity;

impl<J: Json> Manager<J> {
    /// A response outside 200–299 has arrived whole.
    pub(crate) fn on_error_response(&mut self, exchange: ExchangeId, body: &Body<J>) {
        // Frameworks give a failed tool's result a status of its own. A handler wrote it, so it is the answer.
        if let Body::Json(message) = body
            && message.get("result").is_some()
        {
            self.receive(exchange, message.clone());
        }
        let record = self.take_exchange(exchange).filter(|record| !matches!(record.kind, ExchangeKind::Trailing));
        let Some(record) = record else { return };
        let (session, kind) = (record.session, record.kind);
        let response = self.judged(record, body);
        match kind {
            ExchangeKind::Call(call) => self.on_call_refused(call, response),
            ExchangeKind::Resume(call) => self.on_resume_refused(call, &response),
            ExchangeKind::Listen => self.on_listen_refused(session, &response),
            ExchangeKind::SessionStream => self.on_session_stream_refused(session, response),
            ExchangeKind::Initialized => self.on_initialized_refused(session, response),
            ExchangeKind::Delete | ExchangeKind::Detached => self.on_deleted(exchange),
            ExchangeKind::Outgoing(number) => self.on_outgoing_refused(session, number, response),
            ExchangeKind::Trailing | ExchangeKind::Address(_) => {}
        }
    }

    /// Applies the verdict table.
    fn judged<'a>(&mut self, mut record: Exchange, body: &'a Body<J>) -> ErrorResponse<'a, J> {
        let head = record.head.take().unwrap_or_default();
        let (rpc, text) = said(body, self.request_id_of(record.kind));
        let is_modern = self.store.get(record.session).is_some_and(Session::is_modern);
        let seen = Seen {
            status: head.status,
            relation: self.relation(&record),
            is_get: matches!(record.kind, ExchangeKind::Listen | ExchangeKind::SessionStream | ExchangeKind::Resume(_))
                && !is_modern,
            rpc,
            is_bare: matches!(body, Body::Empty),
            text: &text,
            asks_to_wait: head.retry_after.is_some(),
            retry_after: head.retry_after.as_deref().and_then(|value| headers::retry_after(value, self.now)),
        };
        let evidence = verdict::evidence(&seen, head.challenge.as_deref());
        let evidence = self.discreet(&record, &evidence);
        let is_vendors = seen.relation == Relation::Current
            && self.store.get(record.session).is_some_and(|owner| owner.server.session.loses(head.status, &text));
        let wants = Wants::of(head.status, head.challenge.as_deref());
        let verdict = match verdict::judge(&seen) {
            _ if is_vendors => Verdict::Lost(ErrorCode::SessionInvalid),
            _ if wants == Wants::Token => Verdict::Unauthorized,
            // 2026-07-28 basic/versioning: no server of that revision answers so. Discovery runs again.
            Verdict::Final if is_modern && has_no_route(head.status) => Verdict::Doubtful(ErrorCode::SessionInvalid),
            verdict => verdict,
        };
        if matches!(verdict, Verdict::Lost(_) | Verdict::Doubtful(_)) && (is_modern || seen.is_version_refusal()) {
            self.doubt_revision(record.session);
        }
        let oddity = Oddity { status: head.status, rpc_code: seen.rpc.as_ref().map(|rpc| rpc.code as i32) };
        let speaks = verdict::speaks(&text);
        ErrorResponse {
            verdict,
            evidence,
            status: head.status,
            challenge: head.challenge,
            wants,
            token: record.token,
            generation: record.generation,
            oddity,
            speaks,
            body,
            answered: seen.rpc.as_ref().is_some_and(|rpc| rpc.for_this_request),
        }
    }

    /// How the session id of an exchange relates to the session's current id.
    pub(crate) fn relation(&self, exchange: &Exchange) -> Relation {
        if let Some(used) = &exchange.endpoint {
            return self.relation_of_endpoint(exchange.session, used);
        }
        if exchange.carried.is_none() {
            return Relation::Absent;
        }
        let current = self
            .store
            .get(exchange.session)
            .is_some_and(|session| session.generation == exchange.generation && session.id().is_some());
        if current { Relation::Current } else { Relation::Stale }
    }

    /// The server's text without header values of the request or of the session.
    fn discreet(&self, exchange: &Exchange, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(id) = &exchange.carried {
            text = without(&text, id.as_str());
        }
        if let Some(endpoint) = &exchange.endpoint {
            text = endpoint::discreet(&text, endpoint);
        }
        match self.store.get(exchange.session) {
            Some(session) => session.discreet(&text),
            None => text,
        }
    }

    fn request_id_of(&self, kind: ExchangeKind) -> Option<u64> {
        match kind {
            ExchangeKind::Call(call) => Some(self.calls.get(call)?.request_id),
            _ => None,
        }
    }
}
