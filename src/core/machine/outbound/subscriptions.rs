//! `subscriptions/listen` (2026-07-28 basic/patterns/subscriptions): one stream for all notifications outside of
//! requests. It replaces the GET stream and `resources/subscribe`.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::{Json, texts};
use crate::core::state::call::Stage;
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::Session;

/// Server capabilities with `listChanged`, and the filter that each one enables.
const LISTS: [(&str, &str); 3] =
    [("tools", "toolsListChanged"), ("prompts", "promptsListChanged"), ("resources", "resourcesListChanged")];

impl<J: Json> Manager<J> {
    /// Opens the stream for the notifications that the server offers and the client has subscribed to, if any.
    pub(crate) fn open_subscriptions(&mut self, session: SessionRef) -> Option<ExchangeId> {
        let filter = self.store.get(session).and_then(filter)?;
        let id = self.next_request_id();
        let params = J::object().with("notifications", filter);
        let headers: HeaderList = self.mirrored(session, "subscriptions/listen", &params);
        let message = self.modern_message(session, id, "subscriptions/listen", params, None);
        self.open(session, ExchangeKind::Listen, "POST", Some(message), headers)
    }

    /// Handles subscribe and unsubscribe. There is no request for them: a new stream with another filter replaces the
    /// old one. The call is settled when the server has acknowledged the new stream.
    pub(crate) fn change_subscriptions(&mut self, call: CallId) -> bool {
        let Some(record) = self.calls.get_mut(call) else { return true };
        let session = record.session;
        let Some(owner) = self.store.get_mut(session) else { return true };
        let uri = record.params.as_ref().and_then(|params| params.get_str("uri"));
        // A call without a URI goes to the server, which rejects it.
        let (Some(uri), Some(params)) = (uri, &record.params) else { return false };
        let subscriptions = &mut owner.remembered.subscriptions;
        let is_known = subscriptions.get(&uri).is_some();
        if record.method == "resources/unsubscribe" {
            subscriptions.remove(&uri);
            self.persist(session);
            self.settle(call, Ok(Some(J::object())));
        } else if is_known && owner.listen.waiting.is_empty() {
            self.settle(call, Ok(Some(J::object())));
            return true;
        } else {
            subscriptions.insert(uri, params.clone());
            record.stage = Stage::Subscribing;
            owner.listen.waiting.push(call);
        }
        self.replace_stream(session);
        true
    }

    /// The first message of the stream: the filter that the server accepted.
    pub(crate) fn on_subscribed(&mut self, session: SessionRef, params: Option<&J>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let waiting = std::mem::take(&mut record.listen.waiting);
        let is_news = !waiting.is_empty();
        let granted = params.and_then(|params| params.get("notifications")?.get("resourceSubscriptions"));
        let granted = granted.as_ref().and_then(texts).unwrap_or_default();
        for call in waiting {
            let uri = self.calls.get(call).and_then(|call| call.params.as_ref()?.get_str("uri")).unwrap_or_default();
            if granted.contains(&uri) {
                self.settle(call, Ok(Some(J::object())));
                continue;
            }
            if let Some(record) = self.store.get_mut(session) {
                record.remembered.subscriptions.remove(&uri);
            }
            let error = Error::new(ErrorCode::RpcError, "the server sends no notifications for this resource");
            self.settle(call, Err(error));
        }
        // The server forgets subscriptions with the stream, so they are persisted before the caller relies on them.
        if is_news {
            self.persist(session);
        }
    }

    /// There is no stream for now: pending subscribers fail.
    pub(crate) fn refuse_subscribers(&mut self, session: SessionRef, why: &str) {
        let Some(record) = self.store.get_mut(session) else { return };
        for call in std::mem::take(&mut record.listen.waiting) {
            let error = Error::new(ErrorCode::NetworkError, "the server opened no stream for subscriptions").seen(why);
            self.settle(call, Err(error));
        }
    }

    /// The stream was interrupted and notifications may be missing, so all cached results are stale.
    pub(crate) fn note_gap(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session).filter(|record| record.is_modern()) else { return };
        record.cache.clear();
        record.tools.forget();
        if record.tools.has_before() {
            self.fetch_tools(session);
        }
    }
}

/// The filter: all notifications that the server offers and the client can use. `None` if there are none.
fn filter<J: Json>(record: &Session<J>) -> Option<J> {
    let capabilities = record.agreed.as_ref()?.result.get("capabilities");
    let mut filter = J::object();
    for (capability, wanted) in LISTS {
        let offered = capabilities.as_ref().and_then(|all| all.get(capability)?.get("listChanged")?.as_bool());
        if offered == Some(true) {
            filter.set(wanted, J::boolean(true));
        }
    }
    let mut uris = Vec::new();
    for (uri, _) in record.remembered.subscriptions.iter() {
        uris.push(J::string(uri));
    }
    if !uris.is_empty() {
        filter.set("resourceSubscriptions", J::array(uris));
    }
    filter.keys().is_some_and(|keys| !keys.is_empty()).then_some(filter)
}
