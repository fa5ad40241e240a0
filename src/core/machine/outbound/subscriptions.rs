//! `subscriptions/listen` (2026-07-28 basic/patterns/subscriptions): one stream for all that a server of that revision tells
//! unasked. It takes the place of the GET stream, and of `resources/subscribe`.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::{Json, texts};
use crate::core::state::call::Stage;
use crate::core::state::exchange::Wire;
use crate::core::state::session::Session;

/// What a server's capability is called, and what is asked for where it says `listChanged`.
const LISTS: [(&str, &str); 3] =
    [("tools", "toolsListChanged"), ("prompts", "promptsListChanged"), ("resources", "resourcesListChanged")];

impl<J: Json> Manager<J> {
    /// Opens the stream for what the server offers to tell and the client has subscribed to, if that is anything.
    pub(crate) fn open_subscriptions(&mut self, session: SessionRef) -> Option<ExchangeId> {
        let filter = self.store.get(session).and_then(filter)?;
        let id = self.next_request_id();
        let params = J::object().with("notifications", filter);
        let headers: HeaderList = self.mirrored(session, "subscriptions/listen", &params);
        let message = self.modern_message(session, id, "subscriptions/listen", params, None);
        self.open(session, Wire::Listen, "POST", Some(message), headers)
    }

    /// The client subscribes or unsubscribes: there is no request for that, but a new stream with another filter, after
    /// which the old one is closed. A subscriber is told when the server has acknowledged the new one.
    pub(crate) fn change_subscriptions(&mut self, call: CallId) -> bool {
        let Some(record) = self.calls.get_mut(call) else { return true };
        let session = record.session;
        let Some(owner) = self.store.get_mut(session) else { return true };
        let uri = record.params.as_ref().and_then(|params| params.get_str("uri"));
        // Without a URI it is not for us to say what is wrong.
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

    /// The first message of the stream: what the server agreed to tell.
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
            let error = Error::new(ErrorCode::RpcError, "the server does not tell of changes to this resource");
            self.settle(call, Err(error));
        }
        // Once the stream is gone the server knows nothing of it: it is written before anybody builds on it.
        if is_news {
            self.persist(session);
        }
    }

    /// There is no stream, and for the time being there will be none: subscribers are told why.
    pub(crate) fn refuse_subscribers(&mut self, session: SessionRef, why: &str) {
        let Some(record) = self.store.get_mut(session) else { return };
        for call in std::mem::take(&mut record.listen.waiting) {
            let error = Error::new(ErrorCode::NetworkError, "the server does not listen to subscriptions").seen(why);
            self.settle(call, Err(error));
        }
    }

    /// The stream was interrupted: what the server would have told is unknown, so nothing that was kept is fresh.
    pub(crate) fn note_gap(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session).filter(|record| record.is_modern()) else { return };
        record.cache.clear();
        record.tools.forget();
        if record.tools.has_before() {
            self.fetch_tools(session);
        }
    }
}

/// Everything that the server offers and somebody may want to hear; `None` where that is nothing.
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
