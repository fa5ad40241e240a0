//! Refusals: answers outside 200–299, what they are evidence of, and who is told.

use crate::core::api::error::ErrorCode;
use crate::core::api::io::{Body, ExchangeId};
use crate::core::kit::text::{mentions, without};
use crate::core::machine::inbound::responses::{Exchange, Wire};
use crate::core::machine::lifecycle::suspicion::Oddity;
use crate::core::machine::outbound::modern::has_no_route;
use crate::core::manager::Manager;
use crate::core::protocol::endpoint;
use crate::core::protocol::headers;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::protocol::verdict::{self, Relation, RpcSeen, Seen, Verdict};
use crate::core::state::session::Session;
use std::rc::Rc;

/// A refusal with everything that its handlers need.
pub(crate) struct Refusal<'a, J> {
    pub(crate) verdict: Verdict,
    pub(crate) evidence: String,
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    /// The bearer token that was refused.
    pub(crate) token: Option<Rc<str>>,
    pub(crate) generation: u64,
    /// What to compare the next refusal with.
    pub(crate) oddity: Oddity,
    /// Whether its words are about the session.
    pub(crate) speaks: bool,
    pub(crate) body: &'a Body<J>,
}

impl<J: Json> Manager<J> {
    /// A status outside 200–299: the verdict table decides.
    pub(crate) fn on_refusal(&mut self, exchange: ExchangeId, body: &Body<J>) {
        let Some(record) = self.take_exchange(exchange) else { return };
        let head = record.head.clone().unwrap_or_default();
        let (rpc, text) = words(body, self.request_id_of(record.wire));
        let is_modern = self.store.get(record.session).is_some_and(Session::is_modern);
        let seen = Seen {
            status: head.status,
            relation: self.relation(&record),
            is_get: matches!(record.wire, Wire::Listen | Wire::SessionStream | Wire::Resume(_)) && !is_modern,
            rpc,
            is_bare: matches!(body, Body::Empty),
            text: &text,
            asks_to_wait: head.retry_after.is_some(),
            retry_after: head.retry_after.as_deref().and_then(|value| headers::retry_after(value, self.now)),
        };
        let evidence = self.discreet(&record, &verdict::evidence(&seen));
        let is_vendors = seen.relation == Relation::Current
            && self.store.get(record.session).is_some_and(|owner| owner.server.session.loses(head.status, &text));
        let verdict = match verdict::judge(&seen) {
            _ if is_vendors => Verdict::Lost(ErrorCode::SessionInvalid),
            // 2026-07-28 basic/versioning: an answer that no server of that revision gives has the era asked for again.
            Verdict::Final if is_modern && has_no_route(head.status) => Verdict::Doubtful(ErrorCode::SessionInvalid),
            verdict => verdict,
        };
        if matches!(verdict, Verdict::Lost(_) | Verdict::Doubtful(_)) && (is_modern || seen.is_version_refusal()) {
            self.doubt_era(record.session);
        }
        let oddity = Oddity { status: head.status, rpc_code: seen.rpc.as_ref().map(|rpc| rpc.code as i64) };
        let speaks = mentions(&text, "session");
        let refusal = Refusal {
            verdict,
            evidence,
            status: head.status,
            challenge: head.challenge,
            token: record.token,
            generation: record.generation,
            oddity,
            speaks,
            body,
        };
        match record.wire {
            Wire::Call(call) => self.on_call_refused(call, refusal),
            Wire::Resume(call) => self.on_resume_refused(call, &refusal),
            Wire::Listen => self.on_listen_refused(record.session, &refusal),
            Wire::SessionStream => self.on_session_stream_refused(record.session, refusal),
            Wire::Initialized => self.on_initialized_refused(record.session, &refusal),
            Wire::Delete | Wire::Orphan => self.on_deleted(exchange),
            Wire::Aside(number) => self.on_aside_refused(record.session, number, refusal),
            Wire::Leftover | Wire::Address(_) => {}
        }
    }

    /// How the id that an exchange carried relates to the session's current one.
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

    /// A server's words without what the request carried and the session carries by now.
    fn discreet(&self, exchange: &Exchange, text: &str) -> String {
        let text = exchange.carried.as_ref().map_or_else(|| text.to_owned(), |id| without(text, id.as_str()));
        let text = exchange.endpoint.as_ref().map_or(text.clone(), |endpoint| endpoint::discreet(&text, endpoint));
        self.store.get(exchange.session).map_or_else(|| text.clone(), |session| session.discreet(&text))
    }

    fn request_id_of(&self, wire: Wire) -> Option<u64> {
        match wire {
            Wire::Call(call) => Some(self.calls.get(call)?.request_id),
            _ => None,
        }
    }
}

/// Whether a body is a JSON-RPC error; other JSON may have an `error` too.
pub(crate) fn is_rpc_error<J: Json>(body: &Body<J>) -> bool {
    matches!(body, Body::Json(message) if message.get("error").is_some_and(|error| error.is_object()))
}

/// What the body of a refusal says: the JSON-RPC error in it, and its words.
fn words<J: Json>(body: &Body<J>, request_id: Option<u64>) -> (Option<RpcSeen>, String) {
    match body {
        Body::Json(message) => {
            let rpc = message.get("error").and_then(|error| {
                let id = message.get("id").and_then(|id| jsonrpc::as_own_number(&id));
                Some(RpcSeen { code: error.get("code")?.as_f64()?, for_this_request: id.is_some() && id == request_id })
            });
            let words = message.get("error").and_then(|error| error.get_str("message").or_else(|| error.as_str()));
            let words = words.or_else(|| message.get_str("message")).or_else(|| message.get_str("detail"));
            (rpc, words.unwrap_or_default())
        }
        Body::Text(text) => (None, text.clone()),
        Body::Empty => (None, String::new()),
    }
}
